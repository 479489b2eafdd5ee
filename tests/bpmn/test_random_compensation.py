"""Random processes whose tasks can be undone, played on random paths: what was completed is undone, in reverse order.

The model is a list of lists that knows no tokens and no runs: it reads what was passed, and tells what must be undone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from engine.bpmn.changes import ElementPassed
from engine.bpmn.machine import complete, trigger
from engine.bpmn.model import Event, Graph
from tests.bpmn.blocks import COMPENSATE, Undoable
from tests.bpmn.builder import WORK, Block, Drawing, Fork, Loop, Sequence_, Sub, Wait
from tests.bpmn.driver import Case
from tests.examples import examples


@dataclass
class Blocks:
    draw: st.DrawFn
    names: count = field(default_factory=count)

    def any(self, depth: int) -> Block:
        kinds = [self._wait, self._wait]
        if depth > 0:
            kinds += [self._sequence, self._sequence, self._fork, self._loop, self._sub]
        return self.draw(st.sampled_from(kinds))(depth - 1)

    def _wait(self, depth: int) -> Block:
        kind = self.draw(st.sampled_from([Undoable, Undoable, Wait]))
        return kind(f"w{next(self.names)}", self.draw(st.sampled_from(["userTask", "serviceTask", "receiveTask"])))

    def _sequence(self, depth: int) -> Block:
        return Sequence_([self.any(depth) for _ in range(self.draw(st.integers(1, 3)))])

    def _fork(self, depth: int) -> Block:
        kind = self.draw(st.sampled_from(["parallelGateway", "inclusiveGateway"]))
        branches = [self.any(depth) for _ in range(self.draw(st.integers(2, 3)))]
        every = set(range(len(branches)))
        taken = every if kind == "parallelGateway" else self.draw(st.sets(st.sampled_from(sorted(every)), min_size=1))
        return Fork(f"f{next(self.names)}", kind, branches, frozenset(taken))

    def _loop(self, depth: int) -> Block:
        return Loop(f"l{next(self.names)}", self.any(depth), self.draw(st.integers(1, 3)))

    def _sub(self, depth: int) -> Block:
        return Sub(self.any(depth), self.draw(st.none() | st.integers(0, 3)), sequential=True)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    return Blocks(draw).any(4)


def asked_afterwards(block: Block) -> Graph:
    on = Drawing()
    last = block.draw(on, "process", on.add("startEvent", "process", event=Event()))
    on.connect(last, on.add("endEvent", "process", name="slut", event=COMPENSATE))
    return on.graph("process")


def cancelled_meanwhile(block: Block) -> Graph:
    on = Drawing()
    around = on.add("transaction", "process")
    on.connect(on.add("startEvent", "process", event=Event()), around)
    on.connect(around, on.add("endEvent", "process", event=Event()))
    edge = on.add("boundaryEvent", "process", name="avbruten", event=Event("cancel"), attached_to=around)
    on.connect(edge, on.add("endEvent", "process", event=Event()))
    split = on.add("parallelGateway", around)
    on.connect(on.add("startEvent", around, event=Event()), split)
    on.connect(block.draw(on, around, split), on.add("endEvent", around, event=Event()))
    stop = on.add("userTask", around, name="stopp", work=WORK)
    on.connect(split, stop)
    on.connect(stop, on.add("endEvent", around, event=Event("cancel")))
    return on.graph("process")


class Model:
    """What is to be undone, as nested lists in the order of completion; the names of their handlers."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._handlers = {
            node.attached_to: node.compensated_by[0] for node in graph.nodes.values() if node.compensated_by
        }
        self._inside: dict[str, list] = {}
        self._instances: dict[str, int] = {}

    def passed(self, element: str) -> None:
        node = self._graph.nodes[element]
        into = self._inside.setdefault(node.scope, [])
        if element in self._graph.scopes:
            self._sub_process(element, into)
        elif not node.for_compensation and self._handlers.get(element):
            into.append(self._graph.nodes[self._handlers[element]].name)

    def _sub_process(self, element: str, into: list) -> None:
        loop = self._graph.nodes[element].loop
        if loop is not None and loop.cardinality is not None:
            ended = self._instances.get(element, 0)
            if ended < int(loop.cardinality.source):
                self._instances[element] = ended + 1
                self._inside.setdefault(f"{element}[]", []).append(self._inside.pop(element, []))
                return
            self._instances[element] = 0
            element = f"{element}[]"
        into.append(self._inside.pop(element, []))

    def undone(self) -> list[str]:
        """All of the process, the last first."""
        return list(_backwards(self._inside.get("process", [])))

    def orders(self) -> list[list[str]]:
        """Wherever it is: each list in the order in which it is undone. Those of different scopes may mix."""
        return [list(_backwards(found)) for found in self._inside.values()]


def _backwards(found: list) -> list[str]:
    return [name for one in reversed(found) for name in ([one] if isinstance(one, str) else _backwards(one))]


class Player:
    """Takes two cases along one path, one of them through JSON before every step."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.straight = Case(lambda: graph, {})
        self.restored = Case(lambda: replace(graph), {}, restored=True)
        self.model = Model(graph)
        self.undone: list[str] = []
        self._note()

    def name(self, wait: int) -> str:
        return self.graph.nodes[self.straight.open[wait].element].name

    def take(self, wait: int) -> None:
        name, opened = self.name(wait), type(self.straight.open[wait]).__name__
        act = complete if opened in ("TaskOpened", "JobAdded") else trigger
        for case in (self.straight, self.restored):
            case.step(lambda graph, state, env: act(graph, state, env, wait, {}))
        assert self.straight.state == self.restored.state
        assert self.straight.last == self.restored.last
        if name.endswith("~"):
            self.undone.append(name)
        self._note()

    def _note(self) -> None:
        for change in self.straight.last:
            if isinstance(change, ElementPassed) and change.outcome == "completed":
                self.model.passed(change.element)

    def undo_all(self) -> None:
        while self.straight.ended is None:
            (wait,) = self.straight.open
            assert self.name(wait).endswith("~")
            self.take(wait)
        assert not self.straight.incidents
        assert self.straight.outcome == "completed"


@examples(60)
@given(blocks(), st.data())
def test_asked_at_the_end_all_is_undone_in_reverse_order(block: Block, data: st.DataObject) -> None:
    player = Player(asked_afterwards(block))
    while player.straight.ended is None and not any(player.name(wait).endswith("~") for wait in player.straight.open):
        player.take(data.draw(st.sampled_from(sorted(player.straight.open))))
    expected = player.model.undone()
    player.undo_all()
    assert player.undone == expected


@examples(60)
@given(blocks(), st.data())
def test_cancelled_at_any_moment_what_was_completed_is_undone(block: Block, data: st.DataObject) -> None:
    player = Player(cancelled_meanwhile(block))
    steps = data.draw(st.integers(0, 12))
    while steps and len(player.straight.open) > 1:
        steps -= 1
        open_ = [wait for wait in player.straight.open if player.name(wait) != "stopp"]
        player.take(data.draw(st.sampled_from(open_)))
    orders = player.model.orders()
    player.take(player.straight.wait(next(node.id for node in player.graph.nodes.values() if node.name == "stopp")))
    player.undo_all()
    assert sorted(player.undone) == sorted(name for order in orders for name in order)
    for order in orders:
        left = iter(player.undone)
        assert all(name in left for name in order), (order, player.undone)
    assert "avbruten" in {player.graph.nodes[element].name for element in player.straight.passed}
