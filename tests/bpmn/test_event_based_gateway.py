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
