"""Random block-structured processes, played on random paths: each does exactly what it must and comes to its end.

Two cases of a process take the same path; one of them through JSON and with a graph of its own before every step. They
must be equal after each. What is done how often is foretold by the blocks (`builder.py`), which know no tokens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn.machine import complete, trigger
from tests.bpmn.builder import Block, Bounded, Condition, Fork, Link, Loop, Lots, Race, Sequence_, Sub, Wait, process
from tests.bpmn.driver import Case

KINDS = ["userTask", "serviceTask", "receiveTask", "message", "signal", "timer", "multiple"]


@dataclass
class Blocks:
    """Draws blocks. Notes what an element must wait for: a boundary event or handler that is to come before it."""

    draw: st.DrawFn
    names: count = field(default_factory=count)

    def any(self, depth: int) -> Block:
        kinds: list[Callable[[int], Block]] = [self._wait, self._bounded, self._all, self._link]
        if depth > 0:
            kinds += [self._sequence, self._fork, self._loop, self._sub, self._race, self._condition, self._lots]
        return self.draw(st.sampled_from(kinds))(depth - 1)

    def _name(self) -> str:
        return f"w{next(self.names)}"

    def _wait(self, depth: int) -> Wait:
        return Wait(self._name(), self.draw(st.sampled_from(KINDS)))

    def _all(self, depth: int) -> Wait:
        return Wait(self._name(), "parallelMultiple")

    def _link(self, depth: int) -> Link:
        return Link(self._name())

    def _condition(self, depth: int) -> Condition:
        return Condition(self._name(), self.any(depth), self.any(depth))

    def _bounded(self, depth: int) -> Bounded:
        times = self.draw(st.integers(0, 1))
        kinds = ["timer", "message", "signal", *([] if times else ["multiple"])]  # each of several would come by itself
        return Bounded(
            self._name(),
            self.draw(st.sampled_from(["userTask", "serviceTask"])),
            boundary=self.draw(st.sampled_from(kinds)),
            times=times,
            after=self.any(0) if self.draw(st.booleans()) else None,
        )

    def _sequence(self, depth: int) -> Sequence_:
        return Sequence_([self.any(depth) for _ in range(self.draw(st.integers(1, 3)))])

    def _fork(self, depth: int) -> Fork:
        kind = self.draw(st.sampled_from(["parallelGateway", "exclusiveGateway", "inclusiveGateway", "complexGateway"]))
        branches = [self.any(depth) for _ in range(self.draw(st.integers(2, 3)))]
        numbers = st.integers(0, len(branches) - 1)
        taken = {
            "parallelGateway": st.just(set(range(len(branches)))),
            "exclusiveGateway": numbers.map(lambda number: {number}),
            "inclusiveGateway": st.sets(numbers, min_size=1),
            "complexGateway": st.sets(numbers, min_size=1),
        }[kind]
        return Fork(self._name(), kind, branches, frozenset(self.draw(taken)))

    def _loop(self, depth: int) -> Loop:
        return Loop(self._name(), self.any(depth), self.draw(st.integers(1, 3)))

    def _sub(self, depth: int) -> Sub:
        many = self.draw(st.none() | st.integers(0, 3))
        turns = self.draw(st.none() | st.integers(0, 3)) if many is None else None
        handled = self.draw(st.integers(0, 2)) if many is None and turns is None else 0
        body = self.any(depth)
        return Sub(
            Sequence_([self._wait(0), body]) if handled else body,  # something to wait for, so that it can be asked
            many,
            self.draw(st.booleans()),
            handler=self.any(0) if handled else None,
            handled=handled,
            name=self._name(),
            turns=turns,
            each=self._wait(0) if many is not None and self.draw(st.booleans()) else None,
            test_before=turns is not None and self.draw(st.booleans()),
        )

    def _lots(self, depth: int) -> Lots:
        return Lots(self._name(), Sub(self.any(depth), count=1), self.draw(st.integers(1, 3)))

    def _race(self, depth: int) -> Race:
        kinds = [kind for kind in KINDS if kind not in ("userTask", "serviceTask")]
        waits = [Wait(self._name(), self.draw(st.sampled_from(kinds))) for _ in range(self.draw(st.integers(2, 3)))]
        branches = [(wait, self.any(depth - 1) if depth > 0 else self._wait(0)) for wait in waits]
        return Race(branches, self.draw(st.integers(0, len(branches) - 1)))


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    return Blocks(draw).any(3)


def holding(block: Block) -> tuple[dict[str, str], set[str]]:
    """Names of waits that must stay open until another one has come (host -> its boundary event), and of those that
    never come."""
    held: dict[str, str] = {}
    never: set[str] = set()
    todo: list[Block] = [block]
    while todo:
        now = todo.pop()
        if isinstance(now, Bounded):
            held[now.name] = f"{now.name}!"
            todo += [now.after] if now.after else []
        elif isinstance(now, Race):
            never |= {first.name for number, (first, _) in enumerate(now.branches) if number != now.winner}
            todo += [then for _, then in now.branches]
        elif isinstance(now, Sequence_):
            todo += now.parts
        elif isinstance(now, Condition):
            todo += [now.waiting, now.doing]
        elif isinstance(now, Fork):
            todo += now.branches
        elif isinstance(now, Loop | Lots):
            todo.append(now.body)
        elif isinstance(now, Sub):
            todo += [now.body, *([now.handler] if now.handler else [])]
    return held, never


class Player:
    """Takes both cases along one path."""

    def __init__(self, block: Block) -> None:
        self.graph = process(block)
        self.straight = Case(lambda: self.graph, {})
        self.restored = Case(lambda: replace(self.graph), {}, restored=True)  # its parts are immutable
        self.held, self.never = holding(block)
        self.left = block.passed()
        self.fired: set[int] = set()

    def name(self, wait: int) -> str:
        return self.graph.nodes[self.straight.open[wait].element].name

    def ready(self) -> list[int]:
        """The waits that may come next, so that in the end all has come that must."""
        return [wait for wait in self.straight.open if self._may(wait)]

    def _may(self, wait: int) -> bool:
        name = self.name(wait)
        if getattr(self.straight.open[wait], "kind", None) == "condition":
            return False  # the case itself will meet it
        if name in self.never or (name.endswith("!") and wait in self.fired):
            return False
        node = self.graph.nodes[self.straight.open[wait].element]
        if name in self.held:  # its boundary event comes first, once
            edge = self.graph.nodes[node.boundary[0]]
            return not edge.interrupting and self._host_is_done_with(wait, edge.id)
        if node.kind == "startEvent":
            return self.left[name] > 0
        return not self._last_in_scope_of_a_handler(wait)

    def _host_is_done_with(self, host: int, edge: str) -> bool:
        listeners = self.straight.state["runs"][str(host)].get("watch", ())
        return all(listener in self.fired for listener in listeners)

    def _last_in_scope_of_a_handler(self, wait: int) -> bool:
        """A handler that has still to come must not lose its scope before."""
        runs = self.straight.state["runs"]
        number = runs[str(wait)].get("scope", runs[str(wait)].get("on"))
        while number:
            for listener in runs[str(number)].get("watch", ()):
                node = self.graph.nodes[runs[str(listener)]["at"]]
                if node.kind == "startEvent" and self.left[node.name] > 0:
                    return True
            number = runs[str(number)].get("scope", runs[str(number)].get("on"))
        return False

    def take(self, wait: int) -> None:
        name, opened = self.name(wait), type(self.straight.open[wait]).__name__
        act = complete if opened in ("TaskOpened", "JobAdded") else trigger
        for case in (self.straight, self.restored):
            if opened == "TimerSet":
                case.now = max(case.now, case.open[wait].due)
            case.step(lambda graph, state, env: act(graph, state, env, wait, {}))
        if name.endswith("!"):
            self.fired.add(wait)
        self.left[name] -= 1
        assert self.straight.state == self.restored.state
        assert self.straight.last == self.restored.last


@settings(max_examples=150)
@given(blocks(), st.data())
def test_every_process_does_what_it_must_and_ends(block: Block, data: st.DataObject) -> None:
    player = Player(block)
    while player.straight.ended is None:
        ready = player.ready()
        assert ready, f"nothing can happen, but {player.straight.waiting} wait"
        player.take(data.draw(st.sampled_from(ready)))
    assert player.straight.outcome == "completed"
    assert not player.straight.incidents
    names = (player.graph.nodes[element].name for element in player.straight.passed)
    assert Counter(name for name in names if name) == +block.passed()
