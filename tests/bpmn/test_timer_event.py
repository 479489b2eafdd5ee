"""Timer events (§13.5): set when they are reached, in the time of Stockholm; fired by whoever has a clock."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import TimerCancelled, TimerFired, TimerSet
from engine.bpmn.machine import Stale
from tests.bpmn.driver import MORNING


def test_a_date_is_midnight_in_stockholm(play):
    case = play("date")
    assert case.found(TimerSet) == [TimerSet(1, "date.vanta", datetime(2026, 3, 31, 22, tzinfo=UTC))]
    case.fire("vanta")
    assert case.found(TimerFired) == [TimerFired(1, "date.vanta")]
    assert case.outcome == "completed"


@pytest.mark.parametrize(("text", "days"), [("P10D", 10), ("PT48H", 2), ("P1W", 7)])
def test_a_duration_counts_from_when_it_is_reached(play, text, days):
    assert play("duration", {"tid": text}).opened("vanta").due == MORNING + timedelta(days=days)


@pytest.mark.parametrize(
    "text", ["i morgon", "", None, 5, "P10000000Y", "R/PT0S", "R3/2020-01-01/P1D", "R4/P3M/2027-01-01"]
)
def test_a_time_that_is_none_becomes_an_incident(play, text):
    """SpiffWorkflow raises whatever it likes, or fires for ever (trust.md D6)."""
    case = play("duration", {"tid": text})
    assert (case.waiting, case.stuck_at) == ([], ["vanta"])
    assert case.skip("vanta").outcome == "completed"


def test_interrupting_it_takes_the_token_at_once(play):
    case = play("interrupting").fire("frist")
    assert case.outcomes("cancelled") == ["a"]
    assert case.waiting == ["b"]
    assert case.now == MORNING + timedelta(days=10)


def test_done_in_time_it_is_cancelled(play):
    case = play("interrupting").complete("a")
    assert case.found(TimerCancelled) == [TimerCancelled(2, "interrupting.frist")]
    assert case.outcome == "completed"


def test_what_fires_twice_or_too_late_meets_nothing(play):
    case = play("interrupting")
    wait = case.wait("frist", TimerSet)
    case.fire("frist")
    with pytest.raises(Stale):
        case.step(lambda graph, state, env: machine.trigger(graph, state, env, wait, {}))
    assert case.waiting == ["b"]


def test_a_cycle_reminds_as_often_as_it_says(play):
    case = play("reminder", {"paminnelser": 0})
    for count in (1, 2, 3):
        assert case.opened("paminn").due == MORNING + timedelta(days=7 * count)
        assert case.opened("paminn").repetition == count - 1
        old = case.wait("paminn", TimerSet)
        case.fire("paminn")
        assert case.variables == {"paminnelser": count}
        with pytest.raises(Stale):
            case.step(lambda graph, state, env, old=old: machine.trigger(graph, state, env, old, {}))
    assert case.waiting == ["a"]
    assert case.complete("a").outcome == "completed"


def test_after_an_outage_what_was_missed_is_one_reminder(play):
    """SpiffWorkflow fires all missed ones in a burst (peers.md T4)."""
    case = play("weekly")
    assert case.opened("paminn").due == datetime(2026, 3, 9, 7, tzinfo=UTC)
    case.later(days=30).fire("paminn")
    assert case.opened("paminn").due == datetime(2026, 4, 6, 6, tzinfo=UTC), "the next Monday, 8 o'clock in summer time"
    assert case.state["runs"]["0"]["kids"] == [1]


def test_one_that_does_not_interrupt_and_does_not_repeat_fires_once(play):
    case = play("once").fire("paminn")
    assert case.waiting == ["a", "b"]
    assert case.complete("a").complete("b").outcome == "completed"


def test_it_sees_the_inputs_of_its_activity(play):
    """SpiffWorkflow reads the timer before the task's own script has run (peers.md T5)."""
    assert play("own", {"antal": 3}).opened("frist").due == MORNING + timedelta(days=3)


def test_several_timers_at_one_activity_keep_their_own_time(play):
    case = play("clocks")
    assert case.waiting == ["a", "dag", "frist", "vecka"]
    case.fire("vecka").fire("vecka")
    assert case.waiting == ["a", "dag", "frist"], "a cycle that has an end ends"
    assert case.opened("dag").due == datetime(2026, 3, 2, 8, tzinfo=UTC), "untouched"
    for _ in range(3):
        case.fire("dag")
    assert case.opened("dag").due == datetime(2026, 3, 19, 8, tzinfo=UTC), "once after the pause, then each day"
    case.fire("frist")
    assert case.waiting == ["b"]
    assert case.complete("b").outcome == "completed"
