"""Message events (§13.5): thrown with key and payload, caught by name and key."""

import pytest

from engine.bpmn.changes import ABSENT, ElementPassed, MessageThrown, TaskClosed, WaitClosed, WaitOpened


def test_an_intermediate_event_waits_and_takes_what_comes(play):
    case = play("catch", {"nummer": "PS-1"})
    assert case.found(WaitOpened) == [WaitOpened(1, "catch.invanta", "message", "svar", "PS-1")]
    case.receive("invanta", text="hej")
    assert case.found(WaitClosed) == [WaitClosed(1, "catch.invanta", "completed", {"text": (ABSENT, "hej")})]
    assert case.waiting == ["efter"]


def test_an_intermediate_event_throws_and_goes_on(play):
    case = play("throw", {"nummer": "1", "hej": [1]})
    assert case.found(MessageThrown) == [
        MessageThrown("throw.skicka", "svar", "PS-1", {"text": [1], "bas": "Konstant"})
    ]
    assert case.outcome == "completed"


def test_an_interrupting_boundary_event_takes_the_token(play):
    case = play("boundary", {"nummer": 1}).receive("avbryt", skal="fel")
    assert case.found(TaskClosed) == [TaskClosed(1, "boundary.a", "cancelled")]
    assert case.outcomes("cancelled") == ["a"]
    assert case.waiting == ["b"]
    assert case.variables == {"nummer": 1, "skal": "fel"}
    assert case.complete("b").outcome == "completed"


def test_one_that_does_not_interrupt_goes_on_listening_under_its_number(play):
    case = play("boundary", {"nummer": 1})
    wait = case.wait("notera", WaitOpened)
    for count in (1, 2, 3):
        case.receive("notera")
        assert case.found(WaitClosed) == [WaitClosed(wait, "boundary.notera", "completed")]
        assert case.found(WaitOpened) == [WaitOpened(wait, "boundary.notera", "message", "notera", "1")]
        assert case.waiting == ["a", "avbryt", *["c"] * count, "notera"]
    case.complete("a")
    assert case.waiting == ["c", "c", "c"]
    for _ in range(3):
        case.complete("c", nth=0)
    assert case.outcome == "completed"


def test_the_boundary_goes_with_its_activity(play):
    case = play("boundary", {"nummer": 1}).complete("a")
    assert [change.outcome for change in case.found(WaitClosed)] == ["cancelled", "cancelled"]
    assert case.outcome == "completed"


@pytest.mark.parametrize("key", ["nummer", None])
def test_a_key_that_is_missing_holds_the_activity_back(play, key):
    case = play("boundary", {"nummer": ""} if key else {})
    assert (case.waiting, case.stuck_at) == ([], ["a"])
    assert case.found(ElementPassed, "a") == []
