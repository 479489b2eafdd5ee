"""Script tasks (§13.3.3): lines of `name = expression`, all of them or none."""

from pathlib import Path

from engine.bpmn import machine
from engine.bpmn.changes import ABSENT, AdHocOpened, ElementPassed
from engine.bpmn.machine import Environment
from tests.bpmn.driver import MORNING, graph_of


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


def test_what_comes_and_goes_at_once_leaves_the_state_that_it_always_left():
    """It needs no run, but a history from when it had one must lead to the same state: to the number, to the key."""
    graph = graph_of(Path(__file__).with_name("ad_hoc_sub_process.bpmn"), "by_hand")
    step = machine.start(graph, Environment(MORNING), {"n": 1})
    (opened,) = (change for change in step.changes if isinstance(change, AdHocOpened))
    step = machine.begin_activity(graph, step.state, Environment(MORNING), opened.wait, "by_hand.rakna")
    assert machine.root_variables(step.state) == {"n": 2}
    assert step.state["next"] == opened.wait + 2
    assert step.state["runs"][str(opened.wait)]["kids"] == []
