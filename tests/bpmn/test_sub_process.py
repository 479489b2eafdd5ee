"""Embedded sub-processes (§13.3.4): a scope of their own, done when their last token is."""

from engine.bpmn.changes import (
    CallClosed,
    ElementPassed,
    JobClosed,
    TaskClosed,
    TimerCancelled,
    TimerFired,
    WaitClosed,
)


def test_it_is_done_when_its_last_token_is(play):
    case = play("plain").complete("b")
    assert case.waiting == ["a"]
    assert case.complete("a").waiting == ["efter"]
    assert case.complete("efter").outcome == "completed"
    assert case.passed == ["start", "istart", "idela", "b", "islut", "a", "islut", "del", "efter", "slut"]


def test_inside_each_other(play):
    case = play("nested")
    assert case.waiting == ["a"]
    assert case.complete("a").passed == ["start", "ystart", "istart", "a", "islut", "inre", "yslut", "yttre", "slut"]
    assert case.outcome == "completed"


def test_interrupting_cancels_everything_inside_at_once(play):
    """SpiffWorkflow lets the sub-process end first (design.md §5)."""
    case = play("timed")
    assert case.waiting == ["a", "afrist", "b", "c", "d", "e", "f", "frist"]
    case.fire("frist")
    closed = [c.element for kind in (TaskClosed, JobClosed, WaitClosed, CallClosed) for c in case.found(kind)]
    assert [element.removeprefix("timed.") for element in closed] == ["a", "b", "c", "e", "f"]
    assert [type(change) for change in case.last[:1]] == [TimerFired]
    assert len(case.found(TimerCancelled)) == 2
    assert case.outcomes("cancelled") == ["a", "b", "c", "d", "e", "f", "inre", "yttre"]
    assert case.waiting == ["efter"]
    assert case.complete("efter").outcome == "completed"


def test_its_inputs_are_its_own_and_only_outputs_come_out(play):
    case = play("mapped", {"x": 1})
    assert case.outcome == "completed"
    assert case.variables == {"x": 9, "y": 2, "ut": 2}


def test_without_start_and_end_events(play):
    case = play("unmarked")
    assert case.waiting == ["a", "b"]
    assert case.complete("a").complete("b").outcome == "completed"


def test_an_empty_one_is_passed(play):
    assert play("empty").outcome == "completed"


def test_a_deadlock_inside_is_found(play):
    case = play("deadlock")
    assert case.stuck_at == ["samla"]
    assert case.skip("samla").outcome == "completed"


def test_nothing_of_a_finished_one_stays(play):
    case = play("again")
    case.complete("a", mer=True)
    size = len(str(case.state))
    for _ in range(30):
        case.fire("frist").complete("a", mer=True)
        assert len(case.state["runs"]) == 4
        assert len(str(case.state)) <= size + 20, "only numbers get longer"
    assert case.complete("a", mer=False).outcome == "completed"
    assert case.found(ElementPassed, "del")
