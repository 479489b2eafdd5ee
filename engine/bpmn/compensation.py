"""Which activities of a process can be compensated, how, and which may ever be asked to be (§10.7, §13.5.5).

Worked out once per graph. The machine remembers a completed activity only where it stands in `asked`: elsewhere nothing
could ever come of it, and a loop leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.bpmn.model import Event, Graph, Node


@dataclass(frozen=True, slots=True)
class Compensation:
    """How the activities of a process are compensated.

    `by_activity`: activity -> the compensation activity of its boundary event, which sees the activity as a black box.
    `by_event`: sub-process, or the process itself -> the start event of the compensation event sub-process inside it. A
    sub-process that has neither is compensated by compensating what was completed inside it (default compensation), a
    call activity by the process that it called, if that has one.
    `asked`: the activities that have one of these ways and that a throwing event, or the cancelling of a transaction,
    may reach.
    `cancelled`: the transactions that may be cancelled from inside; then their finished instances are undone too.
    """

    by_activity: Mapping[str, str]
    by_event: Mapping[str, str]
    asked: frozenset[str]
    cancelled: frozenset[str]


def compensation_in(graph: Graph) -> Compensation:
    by_activity = {
        node.attached_to: node.compensated_by[0]
        for node in graph.nodes.values()
        if node.attached_to and node.compensated_by
    }
    by_event = {
        graph.nodes[start.scope].scope: start.id
        for start in graph.nodes.values()
        if start.kind == "startEvent" and is_compensation(start) and start.scope in graph.nodes
    }
    inside: dict[str, list[Node]] = {scope: [] for scope in graph.scopes}
    for node in graph.nodes.values():
        inside[node.scope].append(node)
    ways = _Ways(graph, inside, by_activity, by_event)
    return Compensation(by_activity, by_event, frozenset(ways.asked()), frozenset(ways.cancelled))


def is_compensation(node: Node) -> bool:
    return node.event is not None and node.event.kind == "compensate"


def throws(graph: Graph) -> Iterator[tuple[Node, Event]]:
    """What asks for compensation: an event, and that one of its triggers."""
    for node in graph.nodes.values():
        if node.kind in ("endEvent", "intermediateThrowEvent") and node.event is not None:
            yield from ((node, event) for event in node.event.triggers if event.kind == "compensate")


def visible_from(graph: Graph, throw: Node) -> tuple[str, ...]:
    """The scopes whose completed activities a throwing event may ask for: its own, and where that is an event
    sub-process, the one around it (§10.5.3, §10.7.2)."""
    around = graph.nodes.get(throw.scope)
    return (throw.scope, around.scope) if around is not None and around.triggered_by_event else (throw.scope,)


def cancelled_by(graph: Graph, end: Node) -> str | None:
    """The transaction that a cancel end event is in; None where it is in none that could still be cancelled."""
    scope = end.scope
    while scope in graph.nodes:
        node = graph.nodes[scope]
        if node.kind == "transaction" and not node.triggered_by_event:
            return scope
        if _handles(graph, node):
            return None
        scope = node.scope
    return None


def _handles(graph: Graph, node: Node) -> bool:
    """It compensates others: a compensation activity, or a compensation event sub-process."""
    starts = graph.scopes[node.id].starts if node.triggered_by_event and node.id in graph.scopes else ()
    return node.for_compensation or any(is_compensation(graph.nodes[start]) for start in starts)


class _Ways:
    def __init__(
        self,
        graph: Graph,
        inside: Mapping[str, list[Node]],
        by_activity: Mapping[str, str],
        by_event: Mapping[str, str],
    ) -> None:
        self._graph, self._inside = graph, inside
        self._by_activity, self._by_event = by_activity, by_event
        self._by_name: set[str] = set()
        self._whole: set[str] = set()
        """Scopes in which everything may be asked for."""
        self.cancelled: set[str] = set()
        """In these transactions everything may be asked for, at any depth."""
        for throw, event in throws(graph):
            if event.name:
                self._by_name.add(event.name)
            else:
                self._whole.update(visible_from(graph, throw))
        for node in graph.nodes.values():
            if node.kind == "endEvent" and node.event is not None and node.event.kind == "cancel":
                transaction = cancelled_by(graph, node)
                self.cancelled |= {transaction} if transaction else set()

    def asked(self) -> Iterator[str]:
        yield from self._asked_in(self._graph.key, whole=False, deep=False)

    def _asked_in(self, scope: str, whole: bool, deep: bool) -> Iterator[str]:
        whole, deep = whole or scope in self._whole, deep or scope in self.cancelled
        for node in self._inside[scope]:
            handles = _handles(self._graph, node)
            may_be = not handles and (whole or deep or node.id in self._by_name)
            if may_be and self._has_way(node):
                yield node.id
            if node.id in self._inside:
                by_default = node.id not in self._by_activity and node.id not in self._by_event
                yield from self._asked_in(node.id, whole=may_be and by_default, deep=deep and not handles)

    def _has_way(self, node: Node) -> bool:
        if node.id in self._by_activity or node.id in self._by_event:
            return True
        if node.kind == "callActivity":
            return True  # it may call a process that can compensate itself
        inside = self._inside.get(node.id, ())
        return any(self._has_way(inner) for inner in inside if not _handles(self._graph, inner))
