"""What elements do with tokens: one scope as a net."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_

from engine.bpmn.compensation import is_compensation
from engine.bpmn.model import SYNCHRONIZING, Event, Graph, Node
from engine.bpmn.soundness.complex_joins import HAD, ComplexJoin, Leaving, some_of, splits_at_start

MAX_TOKENS = 2
"""Tokens on one flow beyond which a state is not followed any more: they pile up. Quantities may ask for more."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way an element can end: the places that get a token, and the boundary events that came on the way.

    `ends`: the whole scope ends with it, normally (True) or by an error or cancellation (False).
    """

    puts: tuple[str, ...]
    edges: tuple[str, ...] = ()
    ends: bool | None = None


@dataclass(frozen=True, slots=True)
class Able:
    """A node that can be played now: the places it takes a token from, and how it can end. Where a token only comes to
    a complex gateway and waits, it `passes` nothing."""

    node: str
    takes: tuple[str, ...]
    ways: Sequence[Way]
    passes: bool = True


class Net:
    """One scope as a net: the places before each element, and the ways in which it can end."""

    def __init__(self, graph: Graph, inside: Sequence[Node], endings: Mapping[str, bool]) -> None:
        self._graph = graph
        self._endings = endings
        self.nodes = {node.id: node for node in inside}
        joins = [node for node in inside if node.kind == "complexGateway" and len(node.incoming) > 1]
        self.complex = {node.id: ComplexJoin(node) for node in joins}
        self.stoppable = any(node.triggered_by_event and self._interrupts(node) for node in inside)
        self.order = {node: number for number, node in enumerate(self._in_order(inside))}
        self.before = {
            node.id: (*(flow.id for flow in node.incoming), *self._own_places(node))
            for node in sorted(inside, key=lambda node: self.order[node.id])
            if not node.triggered_by_event
        }
        self.target = {place: node for node, places in self.before.items() for place in places}
        self.ahead = self._ahead()
        self.loops = {node for node in self.nodes if self._beyond(node) >> self.order[node] & 1}
        self.detached = self._detached()
        self.ways = {node.id: self._ways(node) for node in inside}
        self.watched = self._watched(inside)
        self.ending = {node for node, ways in self.ways.items() if any(way.ends is not None for way in ways)}
        """What ends the scope ends the others with it: it comes last, or in every order."""
        quantities = (max(node.start_quantity, node.completion_quantity) for node in inside)
        self.most_tokens = max(MAX_TOKENS, *quantities, 0)

    def _own_places(self, node: Node) -> tuple[str, ...]:
        return self.complex[node.id].places if node.id in self.complex else (f"@{node.id}",)

    def _interrupts(self, handler: Node) -> bool:
        starts = (self._graph.nodes[start] for start in self._graph.scopes[handler.id].starts)
        return any(start.interrupting and not is_compensation(start) for start in starts)  # what is undone is over

    def _in_order(self, inside: Sequence[Node]) -> list[str]:
        """Elements so that, loops aside, each comes after those before it."""
        done: dict[str, None] = {}
        entered: set[str] = set()
        for root in sorted(inside, key=lambda node: bool(node.incoming) or node.attached_to is not None):
            ahead = [(root.id, False)]
            while ahead:
                node, left = ahead.pop()
                if left:
                    done[node] = None
                elif node not in entered:
                    entered.add(node)
                    ahead.append((node, True))
                    ahead += [(after, False) for after in self._after(node) if after not in entered]
        return list(reversed(done))

    def _after(self, node: str) -> Iterator[str]:
        yield from (flow.target for flow in self.nodes[node].outgoing)
        yield from self.nodes[node].boundary

    def _detached(self) -> set[str]:
        """Non-interrupting boundary events whose tokens never meet those of the scope around, or of another one."""
        beside = {node.id for node in self.nodes.values() if node.attached_to and not node.interrupting}
        first = [node.id for node in self.nodes.values() if not node.incoming and not node.attached_to]
        around = self._reached(first, beside)
        alone = {edge: self._reached([edge], beside - {edge}) for edge in beside}
        return {edge for edge, reached in alone.items() if not reached & around and not self._is_met(reached)}

    def _is_met(self, reached: set[str]) -> bool:
        """Whether a join among these elements takes tokens from elsewhere too."""
        joins = [self.nodes[node] for node in reached if self.nodes[node].kind in SYNCHRONIZING]
        return any(flow.source not in reached for join in joins for flow in join.incoming)

    def _ahead(self) -> dict[str, int]:
        """Node -> all that a token there can come to, a bit each. End events are left out: there tokens do not meet."""
        own = {node.id: 0 if node.kind == "endEvent" else 1 << self.order[node.id] for node in self.nodes.values()}
        self.ahead = dict(own)
        changed = True
        while changed:  # twice, and once more for each loop within a loop
            changed = False
            for node in reversed(self.order):
                more = own[node] | self._beyond(node)
                changed = changed or more != self.ahead[node]
                self.ahead[node] = more
        return self.ahead

    def _beyond(self, node: str) -> int:
        return reduce(or_, (self.ahead[after] for after in self._after(node)), 0)

    def _reached(self, starts: Iterable[str], but: Collection[str]) -> set[str]:
        """All elements after those, but not end events."""
        reached: set[str] = set()
        ahead = list(starts)
        while ahead:
            node = ahead.pop()
            if node not in reached and self.nodes[node].kind != "endEvent":
                reached.add(node)
                ahead += [after for after in self._after(node) if after not in but]
        return reached

    def _watched(self, inside: Sequence[Node]) -> set[str]:
        """Joins that look out for tokens, and all that they see: there the order of steps makes a difference."""
        kinds = ("inclusiveGateway", "complexGateway")
        joins = [node for node in inside if node.kind in kinds and len(node.incoming) > 1]
        sources = self._graph.sources
        return {join.id for join in joins}.union(*(sources[flow.id] for join in joins for flow in join.incoming))

    def _ways(self, node: Node) -> list[Way]:
        triggers = node.event.triggers if node.event and node.kind == "endEvent" else ()
        if any(event.kind in _ENDS for event in triggers):
            return [Way((), ends=all(_ENDS.get(event.kind, True) or self._is_handled(event) for event in triggers))]
        splits = _splits(node) if self._endings.get(node.id, True) else []
        ways = [Way(split) for split in splits]
        edges = [self.nodes[edge] for edge in node.boundary if edge in self.nodes and edge not in self.detached]
        edges = [edge for edge in edges if not edge.event or edge.event.kind != "compensate"]
        beside = [edge for edge in edges if not edge.interrupting]
        for some in [[edge] for edge in beside] + ([beside] if len(beside) > 1 else []):
            more = tuple(place for edge in some for place in _splits(edge)[0])
            names = tuple(edge.id for edge in some)
            ways += [Way(split + more, names) for split in splits or [()]]
        for edge in edges:
            if edge.interrupting:
                ways += [Way(split, (edge.id,)) for split in _splits(edge)]
        return ways

    def _is_handled(self, event: Event) -> bool:
        """Whether an event sub-process of this scope can catch the error: then the scope ends with that (§13.5.4).

        Where the error is one of all that must come, the others may have."""
        handlers = (node for node in self.nodes.values() if node.triggered_by_event and self._endings.get(node.id))
        starts = (self._graph.nodes[start] for one in handlers for start in self._graph.scopes[one.id].starts)
        triggers = (trigger for start in starts if start.event for trigger in start.event.triggers)
        return event.kind == "error" and any(
            trigger.kind == "error" and trigger.name in (None, event.name) for trigger in triggers
        )

    def takes(self, node: str, tokens: Mapping[str, int]) -> tuple[str, ...]:
        """The places a node takes a token from now; none where it has to wait."""
        marked = [place for place in self.before[node] if tokens.get(place)]
        if not marked:
            return ()
        element = self.nodes[node]
        if len(element.incoming) < 2 or marked[0].startswith("@"):
            return self._enough(element, marked, tokens)
        if element.kind == "parallelGateway":
            return tuple(marked) if len(marked) == len(element.incoming) else ()
        if element.kind == "inclusiveGateway":
            return () if self._is_awaited(element, marked, tokens) else tuple(marked)
        return self._enough(element, marked, tokens)

    def _enough(self, node: Node, marked: Sequence[str], tokens: Mapping[str, int]) -> tuple[str, ...]:
        """As many tokens as an activity needs to begin (startQuantity)."""
        there = [place for place in marked for _ in range(tokens[place])]
        return tuple(there[: node.start_quantity]) if len(there) >= node.start_quantity else ()

    def at_complex_joins(self, tokens: Mapping[str, int]) -> Iterator[Able]:
        """What goes before all else: tokens that come to complex gateways, and gateways that fire or are reset."""
        here = {self.target[place] for place in tokens} & self.complex.keys()
        joins = [self.complex[node] for node in sorted(here, key=self.order.__getitem__)]
        arrivals = [(join, leaving) for join in joins for leaving in join.arrivals(tokens)]
        for join in joins if not arrivals else ():
            at_rest = join.at_rest(tokens, partial(self._is_awaited, join.node, tokens=tokens))
            if at_rest is not None:
                arrivals = [(join, at_rest)]
                break
        for join, leaving in arrivals:
            yield _able_to(join, leaving)

    def _is_awaited(self, node: Node, marked: Collection[str], tokens: Mapping[str, int]) -> bool:
        """Whether another token can still come to an empty flow of an inclusive join (Table 13.3)."""
        sources = self._graph.sources
        empty = [flow.id for flow in node.incoming if flow.id not in marked]
        places = {self.target[place] for place in tokens if not place.startswith(HAD)} - {node.id}
        return any(
            any(place in sources[flow] for flow in empty) and not any(place in sources[flow] for flow in marked)
            for place in places
        )

    def missing(self, node: str, tokens: Mapping[str, int]) -> tuple[str, ...]:
        places = {flow.id: {flow.id} for flow in self.nodes[node].incoming}
        if node in self.complex:
            places = {flow: {self.complex[node].waiting[flow]} for flow in places}
        return tuple(flow for flow, own in places.items() if own.isdisjoint(tokens))


def _able_to(join: ComplexJoin, leaving: Leaving) -> Able:
    ways = [Way(puts) for puts in leaving.ways]
    return Able(join.node.id, leaving.takes, ways, leaving.passes)


_ENDS = {"terminate": True, "error": False, "cancel": False}
_ONE_OF = frozenset({"exclusiveGateway", "eventBasedGateway"})


def _splits(node: Node) -> list[tuple[str, ...]]:
    """The sets of flows by which an element can be left."""
    if node.kind == "complexGateway":
        return splits_at_start(node)
    flows = [flow.id for flow in node.outgoing]
    if node.kind in _ONE_OF and not node.parallel:
        return [(flow,) for flow in flows] or [()]
    open_ = [flow.id for flow in node.outgoing if flow.condition is not None]
    if node.kind == "parallelGateway" or not open_:
        return [tuple(flow for flow in flows for _ in range(node.completion_quantity))]
    always = tuple(flow for flow in flows if flow not in open_ and flow != node.default)
    splits = [always + some for some in some_of(open_)]
    if always or node.default is None:
        return splits + ([always] if always else [])
    return [*splits, (node.default,)]


def collects(node: Node) -> bool:
    """Whether tokens can wait there for others."""
    return node.start_quantity > 1 or (node.kind in SYNCHRONIZING and len(node.incoming) > 1)


def is_beside(node: Node) -> bool:
    """Reached by no token of the scope itself."""
    is_compensation = node.event is not None and node.event.kind == "compensate" and node.attached_to is not None
    return node.triggered_by_event or is_compensation or getattr(node, "for_compensation", False)
