"""Script tasks (§13.3.3): lines of `name = expression`, all of them or none."""

from engine.bpmn.changes import ABSENT, ElementPassed


def test_each_line_sees_the_ones_before(play):
    case = play("count", {"a": 1, "b": 2, "summa": 3})
    assert case.variables == {"a": 1, "b": 2, "summa": 3, "dubbelt": 6}
    (passed,) = case.found(ElementPassed, "rakna")
    assert passed.data == {"dubbelt": (ABSENT, 6)}


def test_a_line_that_fails_leaves_nothing_behind(play):
    """SpiffWorkflow leaves half-written data and says nothing afterwards (peers.md C2)."""
    case = play("wrong")
    assert case.stuck_at == ["rakna"]
    assert case.variables == {}
    assert "saknas" in case.incidents[case.stuck("rakna")].message
    assert case.retry("rakna").stuck_at == ["rakna"]
    assert case.skip("rakna", y=2).variables == {"y": 2}
    assert case.outcome == "completed"
