"""Multiple events (any of several triggers) and parallel multiple ones (all of them, in any order): §10.5.1, §13.5."""

from datetime import timedelta

import pytest

from engine.bpmn.changes import EscalationUncaught, MessageThrown, SignalThrown, TimerCancelled, TimerSet, WaitClosed
from engine.bpmn.machine import skip
from tests.bpmn.driver import MORNING


def outcomes(case):
    return [(change.kind, change.outcome) for change in case.found(WaitClosed)]


@pytest.mark.parametrize("nth", [0, 1])
def test_any_of_the_triggers_is_enough_and_the_others_are_withdrawn(play, nth):
    case = play("any")
    assert case.waiting == ["vanta", "vanta", "vanta"]
    case.receive("vanta", nth, text="T")
    assert case.waiting == ["a"]
    assert case.variables == {"text": "T"}
    assert sorted(outcomes(case)) == sorted(
        [(["message", "signal"][nth], "completed"), (["signal", "message"][nth], "cancelled")]
    )
    assert len(case.found(TimerCancelled)) == 1
    assert case.passed == ["start", "vanta"]


def test_a_timer_may_be_one_of_them(play):
    assert play("any").fire("vanta").waiting == ["a"]


def test_all_must_come_in_any_order(play):
    case = play("all", {"klart": False})
    assert case.waiting == ["b", "vanta", "vanta", "vanta"]
    case.receive("vanta", 1, text="signalen", a=1)
    assert case.waiting == ["b", "vanta", "vanta"]
    assert case.variables == {"klart": False}, "nothing is taken over before all are there"
    case.complete("b", klart=True)
    assert case.waiting == ["vanta"]
    case.receive("vanta", text="meddelandet", b=2)
    assert case.waiting == ["a"]
    assert case.variables == {"klart": True, "text": "meddelandet", "a": 1, "b": 2}, "what came last counts"
    assert case.complete("a").outcome == "completed"


def test_all_with_the_condition_last(play):
    case = play("all", {"klart": False}).receive("vanta").receive("vanta")
    assert case.waiting == ["b", "vanta"]
    assert case.complete("b", klart=True).waiting == ["a"]


def test_a_condition_that_holds_already_has_come(play):
    case = play("all", {"klart": True})
    assert case.waiting == ["b", "vanta", "vanta"]
    assert case.receive("vanta").receive("vanta").waiting == ["a", "b"]


def test_at_an_edge_interrupting_by_any(play):
    case = play("edge").fail("arbete", "fel")
    assert (case.waiting, case.variables) == (["a"], {"kod": "fel"})
    case = play("edge").receive("avbryt", 1)
    assert case.waiting == ["a"]
    assert sorted(outcomes(case)) == [("message", "cancelled"), ("message", "cancelled"), ("signal", "completed")]


def test_at_an_edge_not_interrupting_each_as_often_as_it_comes(play):
    case = play("edge").receive("notera").receive("notera")
    assert case.waiting == ["arbete", "avbryt", "avbryt", "b", "b", "notera", "notera"]
    case.fire("notera")
    assert case.found(TimerSet)[0].due == MORNING + timedelta(days=2), "the cycle goes on; the others are untouched"
    assert case.waiting.count("b") == 3
    case.escalate("arbete", "hoj")
    assert (case.waiting.count("b"), case.variables) == (4, {"kod": "hoj"})
    assert case.found(EscalationUncaught) == []
    assert case.complete("arbete").waiting == ["b"] * 4


def test_all_at_an_edge_interrupting(play):
    case = play("edgeall", {"tid": "P1D"}).receive("avbryt", 1)
    assert case.waiting == ["arbete", "avbryt", "notera", "notera"]
    case.receive("avbryt")
    assert case.waiting == ["a"]


def test_what_came_is_forgotten_with_the_activity(play):
    case = play("edgeall", {"tid": "P1D"}).receive("avbryt").receive("notera")
    assert case.complete("arbete").outcome == "completed"


def test_all_at_an_edge_again_and_again(play):
    case = play("edgeall", {"tid": "P1D"})
    for times in (1, 2):
        case.receive("notera").fire("notera")
        assert case.waiting == ["arbete", "avbryt", "avbryt", *["b"] * times, "notera", "notera"]
        assert case.found(TimerSet)[0].due == MORNING + timedelta(days=times + 1)


def test_a_trigger_that_cannot_be_waited_for_again_is_an_incident(play):
    case = play("edgeall", {"tid": "P1D"}).receive("notera").fire("notera").complete("b", tid="snart")
    case.receive("notera").fire("notera")
    assert (case.waiting, case.stuck_at) == (["arbete", "avbryt", "avbryt", "b", "notera"], ["notera"])
    case.complete("b", tid="P2D").retry("notera")
    assert (case.waiting, case.stuck_at) == (["arbete", "avbryt", "avbryt", "notera", "notera"], [])


def test_event_sub_processes_by_any_and_by_all(play):
    case = play("handler").receive("no").receive("no")
    assert case.waiting == ["a", "av", "av", "n", "n", "no"]
    case.receive("av")
    assert case.waiting == ["a", "av", "n", "n", "no"]
    case.receive("av")
    assert case.waiting == ["b"]
    assert case.complete("b").outcome == "completed"


def test_all_are_thrown(play):
    case = play("throw", {"titel": "T"})
    assert case.found(MessageThrown) == [MessageThrown("throw.kasta", "svar", None, {"text": "T"})]
    assert case.found(SignalThrown) == [SignalThrown("throw.kasta", "stopp", {"text": "T"})]
    assert case.waiting == ["a", "b"]
    case.complete("a")
    assert [change.name for change in case.found(MessageThrown)] == ["klar"]
    assert case.waiting == ["b", "c"], "the error is thrown; after it there is nothing left to terminate"


def test_behind_an_event_based_gateway(play):
    case = play("choice")
    assert case.waiting == ["ett", "ett", "tva"]
    case.receive("ett", 1)
    assert case.waiting == ["a"]
    assert case.passed == ["start", "val", "ett"]


def test_a_process_starts_by_any(play):
    case = play("begins", at="begins.start", payload={"text": "T"})
    assert (case.waiting, case.variables) == (["a"], {"text": "T"})


def test_somebody_says_that_one_of_them_has_come(play):
    """Where any is enough, the event goes on; where all are needed, the rest is still waited for."""
    case = play("any")
    wait = case.waits("vanta")[1]
    case.step(lambda graph, state, env: skip(graph, state, env, wait, {"text": "T"}))
    assert (case.waiting, case.variables) == (["a"], {"text": "T"})
    case = play("all", {"klart": False})
    for left in (2, 1, 0):
        wait = case.waits("vanta")[0]
        case.step(lambda graph, state, env, wait=wait: skip(graph, state, env, wait, {}))
        assert case.waiting.count("vanta") == left
    assert case.waiting == ["a", "b"]
