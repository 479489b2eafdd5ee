"""Where a token can go next, sub-processes and edges included; what reachability and the rules about paths walk on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.bpmn.compensation import throws
from engine.bpmn.model import Graph, Node

_NO_WAY_OUT = frozenset({"error", "cancel"})  # such an end is caught on an edge, or ends the case


class Paths:
    """Steps are node ids; the end of a sub-process is a step of its own, `exit_of(id)`.

    Without `interruptions` only what sequence flows say: nothing that happens on an edge or in an event sub-process.
    """

    def __init__(self, graph: Graph, interruptions: bool = True) -> None:
        self._graph = graph
        self._interruptions = interruptions
        self._throws = [throw.id for throw, _ in throws(graph)]
        self._next: dict[str, list[str]] = {}
        for node in graph.nodes.values():
            self._add(node)
        root = graph.scopes[graph.key]
        self.first: tuple[str, ...] = root.starts + root.event_sub_processes

    @staticmethod
    def exit_of(node: str) -> str:
        return f"{node}\x00"  # no id can hold this character

    def after(self, step: str) -> list[str]:
        return self._next.get(step, [])

    def _add(self, node: Node) -> None:
        if node.compensated_by:
            self._next[node.id] = list(node.compensated_by)
            return
        onwards = [flow.target for flow in node.outgoing]
        if node.for_compensation:  # who asked for it goes on
            onwards += self._throws
        edges = node.boundary if self._interruptions else ()
        inside = self._graph.scopes.get(node.id)
        if inside is None:
            self._next[node.id] = [*onwards, *edges]
        else:
            starts = [*inside.starts, *(inside.event_sub_processes if self._interruptions else ())]
            self._next[node.id] = [*(starts or [self.exit_of(node.id)]), *edges]
            again = starts if node.ad_hoc else []  # people go on with another of its activities
            self._next[self.exit_of(node.id)] = [*onwards, *again]
        ends_here = not (onwards or node.for_compensation) and not (
            node.event and any(event.kind in _NO_WAY_OUT for event in node.event.triggers) and node.kind == "endEvent"
        )
        if ends_here and node.scope != self._graph.key:
            own = self.exit_of(node.id) if inside is not None else node.id
            self._next[own] = [*self._next[own], self.exit_of(node.scope)]

    def reachable(self, starts: Iterable[str], stop: Callable[[str], bool] = lambda step: False) -> set[str]:
        """All steps from `starts` on; those where `stop` holds are reached, but not gone beyond."""
        return set(self._walk(starts, stop))

    def _walk(self, starts: Iterable[str], stop: Callable[[str], bool]) -> Iterator[str]:
        seen: set[str] = set()
        ahead = list(starts)
        while ahead:
            step = ahead.pop()
            if step in seen:
                continue
            seen.add(step)
            yield step
            if not stop(step):
                ahead.extend(self.after(step))
