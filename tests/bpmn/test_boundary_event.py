"""Boundary events (§13.5.3): listen as long as their activity is open; interrupting take its token, else add one."""

import pytest

from engine.bpmn.changes import CallClosed, ElementPassed, JobClosed, TaskClosed, TimerCancelled, TimerFired, WaitClosed


@pytest.mark.parametrize(
    ("host", "closed"),
    [("a", TaskClosed), ("b", JobClosed), ("c", WaitClosed), ("d", CallClosed), ("e", TaskClosed), ("f", TaskClosed)],
)
def test_every_kind_of_activity_can_be_interrupted(play, host, closed):
    case = play("kinds").fire(f"sent_{host}")
    assert [type(change) for change in case.last[:2]] == [TimerFired, closed]
    assert case.found(closed)[0].outcome == "cancelled"
    assert case.outcomes("cancelled") == (["i", "e"] if host == "e" else [host])
    assert len(case.waiting) == 10, "of six activities and six timers"
    assert case.last[-2] == ElementPassed(f"kinds.sent_{host}", flows=(f"kinds.sent_{host}-slut",))


def test_several_at_one_activity(play):
    case = play("several").fire("paminn").receive("notera").receive("notera")
    assert case.waiting == ["a", "avbryt", "b", "b", "b", "notera", "sent"]
    case.receive("avbryt")
    assert case.waiting == ["b", "b", "b", "c"]
    assert len(case.found(TimerCancelled)) == 1


def test_done_all_of_them_go(play):
    case = play("several").complete("a")
    assert case.outcome == "completed"
    assert (len(case.found(TimerCancelled)), len(case.found(WaitClosed))) == (2, 2)


def test_back_to_the_same_activity(play):
    case = play("back", {"varv": 0})
    for count in range(1, 4):
        case.receive("om")
        assert case.variables == {"varv": count}
        assert case.waiting == ["a", "om"]
    assert len(case.state["runs"]) == 3
    assert case.complete("a").outcome == "completed"


def test_several_flows_out_of_one(play):
    case = play("split").fire("sent")
    assert case.waiting == ["b", "c"]
    assert case.complete("b").complete("c").outcome == "completed"


def test_a_token_beside_may_end_before_its_activity(play):
    case = play("dead_end").receive("notera")
    assert case.waiting == ["a", "notera"]
    assert case.complete("a").outcome == "completed"
