"""Terminate end events (§13.5.6): everything in their scope ends at once, with a change each."""

from engine.bpmn.changes import (
    CaseEnded,
    ElementPassed,
    JobClosed,
    TaskClosed,
    TimerCancelled,
    WaitClosed,
)


def test_the_whole_process(play):
    case = play("whole", {"x": 1})
    assert case.waiting == ["a", "b", "c", "frist", "i", "sist"]
    case.complete("sist")
    assert case.outcome == "terminated"
    assert case.last[-1] == CaseEnded("terminated", None, {"x": 1})
    closed = [(c.element, c.outcome) for kind in (TaskClosed, JobClosed, WaitClosed) for c in case.found(kind)]
    assert closed == [
        ("whole.sist", "completed"),
        ("whole.a", "cancelled"),
        ("whole.i", "cancelled"),
        ("whole.b", "cancelled"),
        ("whole.c", "cancelled"),
    ]
    assert len(case.found(TimerCancelled)) == 1
    assert case.outcomes("cancelled") == ["a", "b", "c", "i", "del"]


def test_a_sub_process_ends_only_itself(play):
    case = play("part").complete("a")
    assert case.outcomes("cancelled") == ["b"]
    assert case.found(ElementPassed, "del") == [ElementPassed("part.del", flows=("part.del-efter",))]
    assert case.waiting == ["efter", "ute"]
    assert case.complete("ute").complete("efter").outcome == "completed"


def test_an_instance_ends_only_itself(play):
    """§13.3.7: a terminate end event touches only the instance it is in."""
    case = play("instance")
    assert case.waiting == ["a", "a", "b", "b"]
    assert case.complete("a", nth=0).waiting == ["a", "b"]
    assert case.complete("b").complete("a").outcome == "completed"


def test_a_token_on_its_way_does_not_arrive(play):
    assert play("race").outcome == "terminated"
    assert "race.a" not in [getattr(change, "element", None) for change in play("race").changes]
    assert play("race_inside").waiting == ["efter"]
