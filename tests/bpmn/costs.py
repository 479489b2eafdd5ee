"""What steps cost beside each other: taken in turns, the cheapest of each compared. A busy machine can only add."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from time import process_time
from typing import Any

from engine.bpmn import machine
from engine.bpmn.changes import Change, TaskOpened
from engine.bpmn.machine import Environment, Step
from engine.bpmn.model import Graph
from tests.bpmn.driver import MORNING

NOW = Environment(MORNING)


def opened(changes: list[Change]) -> list[int]:
    return [change.wait for change in changes if isinstance(change, TaskOpened)]


def ratio(one: Iterator[float], other: Iterator[float], times: int = 300) -> float:
    """How much dearer the steps of `one` are than those of `other`; both give seconds of the processor."""
    pairs = list(islice(zip(one, other, strict=False), times))
    return min(pair[0] for pair in pairs) / min(pair[1] for pair in pairs)


def turns(graph: Graph, step: Step, tasks: int = 1) -> Iterator[float]:
    """A loop goes on, turn after turn of so many tasks."""
    while True:
        spent = 0.0
        for _ in range(tasks):
            begun = process_time()
            step = machine.complete(graph, step.state, NOW, opened(step.changes)[0], {})
            spent += process_time() - begun
        yield spent


def first_turns(graph: Graph, variables: dict[str, Any], tasks: int = 1) -> Iterator[float]:
    """The first ten turns of one case after the other."""
    while True:
        yield from islice(turns(graph, machine.start(graph, NOW, variables), tasks), 10)
