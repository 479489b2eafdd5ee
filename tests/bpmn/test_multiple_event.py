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


def test_a_trigger_that_cannot_be_waited_for_again_is_helped_past_as_if_it_had_come(play):
    case = play("edgeall", {"tid": "P1D"}).receive("notera").fire("notera").complete("b", tid="snart")
    case.receive("notera").fire("notera").complete("b").skip("notera")
    assert (case.waiting, case.stuck_at) == (["arbete", "avbryt", "avbryt", "notera"], [])
    assert case.receive("notera").waiting.count("b") == 1, "the last of them"


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


def test_compensation_among_what_is_thrown_is_waited_for(play):
    """Table 10.88: "all of the Triggers will be thrown"; in the order in which they are drawn, which the specification
    leaves open, but that what may end the thrower comes last. What follows on a compensation that is waited for comes
    when that is done."""
    case = play("undo").complete("a").complete("b")
    assert ([change.name for change in case.found(MessageThrown)], case.waiting) == (["svar"], ["ha"])
    assert case.found(SignalThrown) == []
    case.complete("ha")
    assert [change.name for change in (*case.found(MessageThrown), *case.found(SignalThrown))] == ["klar", "stopp"]
    assert case.waiting == ["c", "efter", "hb"], "what is not waited for goes on beside; the escalation is caught"
    assert case.passed[-2:] == ["angra", "hojd"]
    case.complete("hb").complete("efter")
    assert case.waiting == ["c", "d"], "nothing is left to undo, and the error comes last"


def test_what_ends_the_thrower_ends_what_it_did_not_wait_for(play):
    case = play("undo").complete("a").complete("b").complete("ha").complete("efter")
    assert (case.waiting, case.outcomes("cancelled")) == (["c", "d"], ["hb"])


def test_an_error_waits_for_the_compensation_that_is_thrown_with_it(play):
    case = play("undo_text", {"titel": "T"}).complete("a").complete("ha").complete("b").complete("efter")
    assert (case.waiting, case.outcome) == (["hb"], None)
    assert (case.complete("hb").outcome, case.ended.code) == ("failed", "fel")


def test_a_trigger_that_cannot_be_thrown_is_tried_again_and_nothing_undone_twice(play):
    case = play("undo_text").complete("a").complete("ha")
    assert (case.waiting, case.stuck_at) == ([], ["angra"])
    case.skip("angra")
    assert (case.waiting, case.outcomes("completed")) == (["b"], ["angra"])
    case = play("undo_text").complete("a").complete("ha", titel="T")
    assert [change.payload for change in case.found(MessageThrown)] == [{"text": "T"}]
    assert case.waiting == ["b"]


def test_cancelled_while_it_compensates_among_others(play):
    assert play("undo").complete("a").complete("b").cancel().outcome == "cancelled"


# --- errors and escalations among all that must come -------------------------------------------------------------


def test_an_error_is_caught_with_all_else_that_has_come(play):
    """Table 10.93 lets an error be one of the triggers at an edge. It ends what it comes from (§10.5.6), and so comes
    last: what has not come by then, never comes."""
    case = play("edgeerror").receive("bada", text="T").fail("arbete", "fel")
    assert (case.waiting, case.variables) == (["a"], {"text": "T", "kod": "fel"})
    assert case.outcomes("failed") == ["arbete"]


def test_an_error_that_comes_before_the_others_goes_on_to_the_next_that_catches_it(play):
    case = play("edgeerror").fail("arbete", "fel")
    assert (case.waiting, case.variables) == (["c"], {"kod": "fel"})
    assert play("handlererror").fail("arbete", "fel").outcome == "failed"


def test_an_escalation_is_noted_until_all_has_come(play):
    """It does not end what it comes from (§10.5.6), which therefore goes on while the others are waited for."""
    case = play("edgeerror").escalate("arbete", "hoj")
    assert (case.waiting, case.found(EscalationUncaught)) == (["arbete", "bada", "notera"], [])
    case.escalate("arbete", "hoj")
    assert case.waiting == ["arbete", "bada", "d", "notera"], "come again, it goes on to the next"
    case.receive("notera", text="T")
    assert case.waiting == ["arbete", "b", "bada", "d", "notera"]
    assert case.variables == {"vad": "hoj", "hojd": "hoj", "text": "T"}
    case.receive("notera").escalate("arbete", "hoj")
    assert case.waiting.count("b") == 2, "all of them are waited for again"
    assert case.complete("arbete").waiting == ["b", "b", "d"]


def test_errors_and_escalations_at_the_start_of_event_sub_processes(play):
    case = play("handlererror").receive("bada").fail("arbete", "fel")
    assert (case.waiting, case.variables) == (["a"], {"kod": "fel"})
    assert case.complete("a").outcome == "completed"
    case = play("handlererror").escalate("arbete", "hoj")
    assert case.waiting == ["arbete", "bada"]
    case.escalate("arbete", "mer")
    assert (case.waiting, case.outcomes("cancelled")) == (["b"], ["arbete"]), "it interrupts once all have come"


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
