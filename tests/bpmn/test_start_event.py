"""Start events (§13.5.1): each is a way in of its own; an event's payload comes with it."""

from datetime import UTC, datetime

import pytest

from engine.bpmn.changes import ABSENT, ElementPassed
from engine.errors import Refused


def test_by_hand_a_case_begins_at_the_event_without_trigger(play):
    case = play("several", {"a": 1})
    assert case.waiting == ["a"]
    assert case.found(ElementPassed) == [
        ElementPassed("several.sjalv", flows=("several.sjalv-a",), data={"a": (ABSENT, 1)})
    ]
    assert case.complete("a").outcome == "completed"


def test_by_message_with_its_mapping(play):
    case = play("several", {"nummer": 1}, at="several.brev", payload={"brevtext": "Hej", "annat": 2})
    assert case.waiting == ["b"]
    assert case.variables == {"nummer": 1, "text": "Hej"}


def test_by_timer(play):
    case = play("several", {"planerad_tid": "2026-04-01T00:00:00+02:00"}, at="several.kvartal")
    assert case.waiting == ["c"]


def test_by_signal(play):
    case = play("several", at="several.larm", payload={"plats": "Nacka"})
    assert case.waiting == ["d"]
    assert case.variables == {"plats": "Nacka"}


def test_a_way_in_that_is_none_is_refused(play):
    with pytest.raises(Refused):
        play("several", at="several.slut")
    with pytest.raises(Refused):
        play("timed")


def test_a_payload_that_cannot_be_mapped_starts_nothing(play):
    with pytest.raises(Refused):
        play("several", at="several.brev", payload={})


def test_no_id_is_reserved(play):
    """SpiffWorkflow stumbles over elements called Start, End and Root (design.md §5)."""
    case = play("System")
    assert case.waiting == ["Root"]
    assert case.complete("Root").passed == ["Start", "Root", "End"]
    assert case.outcome == "completed"


def test_the_machine_has_no_clock_of_its_own(play):
    assert play("several").now == datetime(2026, 3, 2, 8, tzinfo=UTC)
