"""Event-based gateways (§13.4.4): wait for several events, go on from the first, withdraw the others."""

from datetime import timedelta

import pytest

from engine.bpmn.changes import ElementPassed, TimerCancelled, WaitClosed, WaitOpened
from tests.bpmn.driver import MORNING


def test_all_alternatives_are_waited_for_at_once(play):
    case = play("choice", {"nummer": 7})
    assert case.waiting == ["brev", "frist", "stopp", "svar"]
    assert case.opened("frist").due == MORNING + timedelta(days=3)
    assert case.opened("svar") == WaitOpened(2, "choice.svar", "message", "svar", "7")


@pytest.mark.parametrize(("event", "waiting"), [("svar", "a"), ("frist", "b"), ("stopp", "c"), ("brev", "d")])
def test_the_first_wins_and_the_others_are_withdrawn(play, event, waiting):
    case = play("choice", {"nummer": 7})
    if event == "frist":
        case.fire(event)
    else:
        case.receive(event, text="T")
    assert case.waiting == [waiting]
    assert len(case.found(TimerCancelled)) == (event != "frist")
    withdrawn = [change.element for change in case.found(WaitClosed) if change.outcome == "cancelled"]
    assert len(withdrawn) == (3 if event == "frist" else 2)
    assert case.found(ElementPassed)[0] == ElementPassed("choice.vanta", flows=(f"choice.vanta-{event}",))
    assert case.complete(waiting).outcome == "completed"


def test_the_event_takes_what_it_carries(play):
    assert play("choice", {"nummer": 7}).receive("svar", text="T").variables == {"nummer": 7, "fick": "T"}
    assert play("choice", {"nummer": 7}).receive("brev", text="T").variables == {"nummer": 7, "text": "T"}


def test_where_one_cannot_be_waited_for_none_is(play):
    case = play("choice")
    assert (case.waiting, case.stuck_at) == ([], ["vanta"])
    assert case.found(WaitOpened) == []


def test_cancelling_withdraws_all(play):
    case = play("choice", {"nummer": 7}).cancel()
    assert case.outcome == "cancelled"
    assert case.outcomes("cancelled") == ["vanta"]


def test_one_that_starts_the_process_is_passed_with_the_event_that_came(play):
    """§10.6.6: the first event begins a case, and the others are not waited for."""
    case = play("begins", at="begins.svar", payload={"text": "T"})
    assert case.waiting == ["a"]
    assert case.passed == ["val", "svar"]
    assert case.found(ElementPassed, "val") == [ElementPassed("begins.val", flows=("begins.val-svar",))]
    assert case.variables == {"fick": "T"}
    assert play("begins", at="begins.brev").waiting == ["b"]


@pytest.mark.parametrize(("first", "second"), [("svar", "brev"), ("brev", "svar")])
def test_a_parallel_one_waits_for_the_others_in_the_case_that_the_first_began(play, first, second):
    """§10.6.6: all of them must come before the case can end; what they have in common is their key."""
    case = play("both", at=f"both.{first}", payload={"nummer": 7, first: 1})
    assert case.waiting == [second]
    assert case.opened(second).key == "7"
    assert case.found(ElementPassed, "val") == [ElementPassed("both.val", flows=("both.val-svar", "both.val-brev"))]
    case.receive(second, **{second: 2})
    assert case.waiting == ["a"]
    assert case.variables == {"nummer": 7, first: 1, second: 2}
    assert case.complete("a").outcome == "completed"


def test_a_parallel_one_without_any_event_waits_for_all(play):
    """As where another process calls this one."""
    case = play("both", {"nummer": 7})
    assert case.waiting == ["brev", "svar"]
    assert case.receive("svar").receive("brev").waiting == ["a"]
