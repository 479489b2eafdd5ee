"""How a complex gateway that joins flows takes and gives tokens, where only tokens are played (§10.6.5, §13.4.5).

The same as `engine.bpmn.machine.complex_gateway` does, for `engine.bpmn.soundness`: without data, which can be done
where the activation condition asks for nothing but how many tokens have come.

A token on one of its flows is on its way; one that has come waits on a place of its own. While the gateway waits for
reset, a mark stands for each flow that had its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from engine.bpmn.expressions import BUILTINS, Expression
from engine.bpmn.model import Flow, Node
from engine.errors import ExpressionError

MAX_BRANCHES = 6
"""Conditional flows of which all combinations are played; of more, each alone and all together."""

WAITING, HAD = "+", "-"
"""What the names of those places begin with; no flow's id does."""

Tokens = Mapping[str, int]
"""Place -> how many tokens are on it."""


def some_of(flows: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The sets of flows, each of at least one, that may be taken."""
    if len(flows) > MAX_BRANCHES:
        yield from ((flow,) for flow in flows)
        yield tuple(flows)
    else:
        yield from (some for size in range(1, len(flows) + 1) for some in combinations(flows, size))


@dataclass(frozen=True, slots=True)
class Leaving:
    """The places that a token is taken from, and in each way this can end, those that get one."""

    takes: tuple[str, ...]
    ways: Sequence[tuple[str, ...]]
    passes: bool = True


class ComplexJoin:
    """A complex gateway with several incoming flows."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.waiting = {flow.id: f"{WAITING}{flow.id}" for flow in node.incoming}
        self._had = {flow.id: f"{HAD}{flow.id}" for flow in node.incoming}
        self._known: dict[tuple[int, ...], bool] = {}

    @property
    def places(self) -> tuple[str, ...]:
        """Those beside its flows."""
        return (*self.waiting.values(), *self._had.values())

    @cached_property
    def is_decidable(self) -> bool:
        """Whether its activation condition asks for tokens only, and always has an answer."""
        condition = self.node.activation
        names = {"activationCount", *self.waiting}
        if condition is None or condition.names - names or condition.calls - BUILTINS.keys():
            return False
        counts = (tuple(int(number < some) for number in range(len(self.waiting))) for some in range(len(names)))
        try:
            return all(self._value(condition, count).__class__ is bool for count in counts)
        except ExpressionError:
            return False

    def _value(self, condition: Expression, counts: Sequence[int]) -> object:
        return condition.evaluate({**dict(zip(self.waiting, counts, strict=True)), "activationCount": sum(counts)}, {})

    def _holds(self, tokens: Tokens) -> bool:
        counts = tuple(tokens.get(flow, 0) for flow in self.waiting)
        if counts not in self._known:
            try:
                held = self.node.activation is not None and self._value(self.node.activation, counts) is True
            except ExpressionError:
                held = False
            self._known[counts] = held
        return self._known[counts]

    def _waiting_on(self, tokens: Tokens) -> dict[str, int]:
        return {flow: tokens[place] for flow, place in self.waiting.items() if tokens.get(place)}

    def arrivals(self, tokens: Tokens) -> Iterator[Leaving]:
        """Each token on its way comes, and the gateway fires where that makes its condition hold."""
        there = self._waiting_on(tokens)
        is_reset = not any(tokens.get(place) for place in self._had.values())
        for flow in self.waiting:
            if not tokens.get(flow):
                continue
            now = {**there, flow: there.get(flow, 0) + 1}
            if is_reset and self._holds(now):
                others = tuple(place for other, place in self.waiting.items() if other in now and other != flow)
                yield self._fired((flow, *others), now)
            else:
                yield Leaving((flow,), [(self.waiting[flow],)], passes=False)

    def _fired(self, takes: tuple[str, ...], now: Collection[str]) -> Leaving:
        marks = tuple(place for flow, place in self._had.items() if flow in now)
        return Leaving(takes, [(*marks, *split) for split in splits_at_start(self.node)])

    def at_rest(self, tokens: Tokens, is_awaited: Callable[[Collection[str]], bool]) -> Leaving | None:
        """With no token on its way to a complex gateway: it is reset where none can come to a flow that had none
        (`is_awaited`, asked with those that had one), or fires by what had to wait for that."""
        there = self._waiting_on(tokens)
        had = {flow: place for flow, place in self._had.items() if tokens.get(place)}
        if not had:
            return self._fired(tuple(self.waiting[flow] for flow in there), there) if self._holds(there) else None
        if is_awaited({*had, *there}):
            return None
        late = tuple(self.waiting[flow] for flow in there if flow not in had)
        return Leaving((*had.values(), *late), _splits_at_reset(self.node) if late else [()], passes=bool(late))


# --- the ways on -----------------------------------------------------------------------------------------------------


def splits_at_start(node: Node) -> list[tuple[str, ...]]:
    """By which flows a complex gateway can be left as it fires: as an inclusive gateway."""
    always, open_ = _taken(node, node.outgoing, waiting_for_start=True)
    splits = [*([always] if always else []), *(always + some for some in some_of(open_))]
    default = _default(node)
    return splits + ([default] if not always and (default or not splits) else [])


def _splits_at_reset(node: Node) -> list[tuple[str, ...]]:
    """A flow without condition takes no part."""
    conditional = [flow for flow in node.outgoing if flow.condition is not None]
    always, open_ = _taken(node, conditional, waiting_for_start=False)
    splits = [always, *(always + some for some in some_of(open_))]
    return [split or _default(node) for split in splits]


def _default(node: Node) -> tuple[str, ...]:
    return tuple(flow.id for flow in node.outgoing if flow.id == node.default)


def _taken(node: Node, flows: Sequence[Flow], *, waiting_for_start: bool) -> tuple[tuple[str, ...], list[str]]:
    """The flows that are taken in this state of the gateway, and those that data decide about."""
    held = {flow.id: _known(flow.condition, waiting_for_start) for flow in flows if flow.id != node.default}
    return tuple(flow for flow, is_held in held.items() if is_held), [
        flow for flow, is_held in held.items() if is_held is None
    ]


def _known(condition: Expression | None, waiting_for_start: bool) -> bool | None:
    if condition is None:
        return True
    if condition.names - {"waitingForStart"} or condition.calls - BUILTINS.keys():
        return None
    try:
        return condition.evaluate({"waitingForStart": waiting_for_start}, {}) is True
    except ExpressionError:
        return None
