"""Manual tasks (§13.3.3): work away from the screen. Here somebody says when it is done, as for a user task."""

from engine.bpmn.changes import TaskOpened


def test_it_is_a_task_for_people(play):
    case = play("hand")
    assert case.found(TaskOpened) == [TaskOpened(1, "hand.ring", "Ring upp", ("handlaggare",))]
    assert case.complete("ring").outcome == "completed"
