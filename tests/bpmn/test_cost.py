"""What a step costs: the same on day one and in year ten, with ten children and with five thousand.

Coarse on purpose, for a busy machine; `trappa bench` measures.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import process_time

import orjson
import pytest

from engine.bpmn import machine
from engine.bpmn.changes import CaseEnded
from engine.bpmn.machine import Step
from tests.bpmn.costs import NOW, first_turns, opened, ratio, turns
from tests.bpmn.driver import graph_of

DIAGRAM = Path(__file__).with_name("cost.bpmn")


def test_ten_thousand_turns_of_a_loop():
    """SpiffWorkflow stops without a word after 333 (trust.md D3b), and slows down and grows on the way."""
    graph = graph_of(DIAGRAM, "loop")
    step = machine.start(graph, NOW, {"varv": 0, "nog": False})
    sizes = []
    for _ in range(10_000):
        step = machine.complete(graph, step.state, NOW, opened(step.changes)[0], {})
        sizes.append(len(orjson.dumps(step.state)))
    assert machine.root_variables(step.state)["varv"] == 10_000
    assert max(sizes) <= sizes[0] + 40, "a few numbers have become longer"
    text, last = orjson.dumps(step.state), opened(step.changes)[0]
    assert ratio(turns(graph, step), first_turns(graph, {"varv": 0, "nog": False})) <= 1.5
    ended = machine.complete(graph, orjson.loads(text), NOW, last, {"nog": True})
    assert isinstance(ended.changes[-1], CaseEnded)


@pytest.mark.parametrize("process", ["many", "many_scopes"])
def test_one_of_five_thousand_children_costs_what_one_of_ten_does(process):
    assert ratio(costs_of(process, 5000), costs_of(process, 10), times=2000) <= 2


def costs_of(process: str, children: int) -> Iterator[float]:
    """What it costs to complete each of them, up to half of them: then all are still in the state."""
    graph = graph_of(DIAGRAM, process)
    for _ in count():
        step = machine.start(graph, NOW, {"parter": [f"part {number}" for number in range(children)]})
        for wait in opened(step.changes)[: children // 2]:
            begun = process_time()
            step = machine.complete(graph, step.state, NOW, wait, {"svar": "ja"})
            yield process_time() - begun


def test_a_step_touches_only_what_it_concerns():
    """The runs of all other children may lie elsewhere: a store can fetch runs one by one."""
    graph = graph_of(DIAGRAM, "many_scopes")
    step = machine.start(graph, NOW, {"parter": list(range(100))})
    runs = Asked(step.state["runs"])
    step.state["runs"] = runs
    machine.complete(graph, step.state, NOW, opened(step.changes)[50], {})
    assert len(runs.asked) <= 8, "the root, the body, the instance, its task and its timer, and what is new"


class Asked(dict):
    """Notes which runs are asked for, and never shows them all."""

    def __init__(self, runs: dict[str, object]) -> None:
        super().__init__(runs)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> object:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: object = None) -> object:
        self.asked.add(key)
        return super().get(key, default)

    def __iter__(self):
        raise AssertionError("a step looks at all runs")

    items = values = keys = __iter__


def test_five_rungs_come_to_their_end():
    graph = graph_of(DIAGRAM, "ladder")
    step: Step = machine.start(graph, NOW, {"omrade": "huddinge", "frist": "2026-03-31", "antal": 0})
    for _ in range(5):
        (wait,) = opened(step.changes)
        step = machine.complete(graph, step.state, NOW, wait, {"svar": "vidare"})
    assert step.state == {
        "next": 16,
        "bytes": step.state["bytes"],
        "runs": {"0": {"live": 0, "vars": machine.root_variables(step.state)}},
        "ended": "completed",
    }
    assert machine.root_variables(step.state)["antal"] == 5
