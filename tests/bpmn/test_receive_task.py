"""Receive tasks (§13.3.3): wait for a message, with its correlation key if they have one."""

import pytest

from engine.bpmn.changes import ABSENT, WaitClosed, WaitOpened


def test_it_waits_for_its_message_and_takes_what_it_carries(play):
    case = play("wait", {"nummer": "PS-7"})
    assert case.found(WaitOpened) == [WaitOpened(1, "wait.invanta", "message", "svar", "PS-7")]
    case.receive("invanta", text="hej", annat=1)
    assert case.found(WaitClosed) == [WaitClosed(1, "wait.invanta", "completed", {"svaret": (ABSENT, "hej")})]
    assert case.outcome == "completed"
    assert case.variables == {"nummer": "PS-7", "svaret": "hej"}


def test_without_a_key_any_message_of_the_name_will_do(play):
    assert play("any").opened("invanta").key is None


@pytest.mark.parametrize("key", ["", "  ", None, 1.5, True, ["x"]])
def test_an_empty_key_would_meet_any_other_empty_key_and_is_refused(play, key):
    """SpiffWorkflow lets a catcher without key take any case's message (peers.md E1)."""
    assert play("wait", {"nummer": key}).stuck_at == ["invanta"]
