"""The search: all states that the tokens of a scope can come to, and of each scope inside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from engine.bpmn.model import Graph
from engine.bpmn.soundness.complex_joins import HAD, WAITING
from engine.bpmn.soundness.net import Able, Net, collects, is_beside
from engine.bpmn.soundness.problem import (
    BY_PEOPLE,
    DEAD,
    DEADLOCK,
    ENDLESS,
    LEFT_BEHIND,
    NEVER_ENDS,
    ON_DATA,
    TOO_LARGE,
    TWICE,
    UNDECIDED,
    Problem,
)

MAX_STATES = 4_000
"""States looked at in one process; each takes some 50 µs."""

_MAX_WAITING = 6
"""Tokens that wait on one flow of a complex gateway, beyond which a state is not followed."""

State = tuple[tuple[str, int], ...]
"""Place -> tokens, by name. A place is a sequence flow, or `@node` where a token comes without one."""


@dataclass
class Search:
    graph: Graph
    found: list[Problem] = field(default_factory=list)
    states: int = 0

    def explore(self, scope: str) -> bool:
        """Play a scope and those inside it; whether it can end normally."""
        inside = [node for node in self.graph.nodes.values() if node.scope == scope]
        endings = {node.id: self.explore(node.id) for node in inside if node.id in self.graph.scopes}
        if scope != self.graph.key and self.graph.nodes[scope].kind == "adHocSubProcess":
            if any(collects(node) for node in inside):
                self.found.append(Problem(UNDECIDED, scope, why=BY_PEOPLE))
            return True  # its activities begin when people say so
        net = Net(self.graph, inside, endings)
        if unclear := [join for join in net.complex.values() if not join.is_decidable]:
            self.found += [Problem(UNDECIDED, join.node.id, why=ON_DATA) for join in unclear]
            return True
        run = _Run(net, self, scope)
        for start in self._beginnings(scope):
            run.play(start)
        reached = run.reached
        for edge in net.detached:
            beside = _Run(net, self, edge)
            beside.play(_state({f"@{edge}": 1}))
            reached |= beside.reached
            self.found += beside.problems()
        self.found += run.problems()
        self.found += _dead(net, reached) if not run.cut else ()
        return run.ends_well or run.cut

    def _beginnings(self, scope: str) -> list[State]:
        """A process and an event sub-process begin at one of their start events, a sub-process at all it has."""
        starts = self.graph.scopes[scope].starts
        first = self.graph.nodes[starts[0]] if starts else None
        around = self.graph.nodes.get(scope)
        one_by_one = first is not None and (first.kind == "startEvent" or first.instantiate)
        if one_by_one and (around is None or around.triggered_by_event):
            return [_state({f"@{start}": 1}) for start in starts]
        return [_state({f"@{start}": 1 for start in starts})]


def _state(tokens: Mapping[str, int]) -> State:
    return tuple(sorted((place, count) for place, count in tokens.items() if count))


_DONE: State = (("", 1),)
"""The scope has ended; by its last token, a terminate event or an error."""


class _Run:
    """The states of one scope, with how each was first come to."""

    def __init__(self, net: Net, search: Search, name: str) -> None:
        self._net = net
        self._search = search
        self._name = name
        self._came: dict[State, tuple[State | None, tuple[str, ...]]] = {}
        self._next: dict[State, list[State]] = {}
        self._stuck: dict[str, State] = {}
        self._twice: dict[str, State] = {}
        self.visited: set[str] = set()
        self.ends_well = False
        self.cut = False

    def play(self, beginning: State) -> None:
        ahead = deque([beginning])
        self._came.setdefault(beginning, (None, ()))
        while ahead:
            state = ahead.popleft()
            if state in self._next:
                continue
            if self._search.states >= MAX_STATES:
                self.cut = True
                return
            self._search.states += 1
            self._next[state] = after = list(self._step(state))
            ahead.extend(after)

    def _step(self, state: State) -> Iterator[State]:
        tokens = dict(state)
        net = self._net
        if any(count > self._most(place) for place, count in tokens.items()):
            self.cut = True
            return
        if net.complex and (first := list(net.at_complex_joins(tokens))):
            for one in first:
                yield from self._ends_of(one, state, tokens)
            return
        places = ((node, net.takes(node, tokens)) for node in self._waiting(tokens) if node not in net.complex)
        able = [Able(node, takes, net.ways[node]) for node, takes in places if takes]
        if not able:
            for place in tokens:
                if not place.startswith(HAD):  # a gateway that waits for reset holds up no token
                    self._stuck.setdefault(net.target[place], state)
            return
        alone = self._alone(able, tokens)
        first, rest = (able, []) if alone is None else ([alone], able)
        goes_round = True
        for one in first:
            for state_after in self._ends_of(one, state, tokens):
                goes_round = goes_round and one.node in net.loops and state_after in self._next
                yield state_after
        if goes_round:  # else what stands beside a loop would never be looked at
            for one in rest:
                yield from self._ends_of(one, state, tokens)

    def _most(self, place: str) -> int:
        return _MAX_WAITING if place.startswith(WAITING) else self._net.most_tokens

    def _alone(self, able: Sequence[Able], tokens: Mapping[str, int]) -> Able | None:
        """The step to play by itself: one that leads to nothing another token can come to, and of those the one that is
        over soonest; else the earliest, unless a token that is watched may still come to it, and meet the one there."""
        bound = self._net.watched | self._net.ending
        free = [one for one in able if one.node not in bound]
        ahead = [self._net.ahead[self._net.target[place]] for place in tokens]
        own = [one for one in free if sum(bool(self._net.ahead[one.node] & other) for other in ahead) <= 1]
        if own:
            return min(own, key=lambda one: self._net.ahead[one.node].bit_count())
        held = reduce(or_, (self._net.ahead[one.node] for one in able if one.node in bound), 0)
        return next((one for one in free if not held >> self._net.order[one.node] & 1), None)

    def _waiting(self, tokens: Mapping[str, int]) -> list[str]:
        return sorted({self._net.target[place] for place in tokens}, key=self._net.order.__getitem__)

    def _ends_of(self, able: Able, state: State, tokens: Mapping[str, int]) -> Iterator[State]:
        passed = (able.node,) if able.passes else ()
        self.visited.update(passed)
        for way in able.ways:
            self.visited.update(way.edges)
            after = dict(tokens)
            for place in able.takes:
                after[place] -= 1
            for place in way.puts:
                after[place] = after.get(place, 0) + 1
            made = _DONE if way.ends is not None else _state(after) or _DONE
            self.ends_well = self.ends_well or (made is _DONE and way.ends is not False)
            if made not in self._came:
                self._came[made] = (state, (*passed, *way.edges))
            if made is _DONE:
                self._next.setdefault(_DONE, [])
            else:
                self._note_twice(made)
            yield made

    def _note_twice(self, state: State) -> None:
        for place, count in state:
            if count > 1:
                self._twice.setdefault(self._net.target[place], state)

    # --- what it comes to

    def problems(self) -> list[Problem]:
        found = list(self._joins())
        found += self._done_twice()
        if self.cut:
            found.append(Problem(UNDECIDED, self._name, why=TOO_LARGE))
        elif not self._net.stoppable:
            found += self._endless() if _DONE in self._next else [Problem(NEVER_ENDS, self._name)]
        return found

    def _done_twice(self) -> Iterator[Problem]:
        """What several tokens come to, unless the drawing says so itself (completionQuantity)."""
        for node, state in self._twice.items():
            path = self._path(state)
            if self._counts(node) and all(self._net.nodes[one].completion_quantity == 1 for one in path):
                yield Problem(TWICE, node, path)

    def _counts(self, node: str) -> bool:
        """Whether it makes a difference that two tokens come to a node."""
        element = self._net.nodes[node]
        return element.kind != "endEvent" and element.start_quantity == 1 and node not in self._net.complex

    @property
    def reached(self) -> set[str]:
        return self.visited | self._stuck.keys()

    def _joins(self) -> Iterator[Problem]:
        for node, state in self._stuck.items():
            path = self._path(state)
            kind = LEFT_BEHIND if node in path else DEADLOCK
            yield Problem(kind, node, path, self._net.missing(node, dict(state)))

    def _endless(self) -> Iterator[Problem]:
        """The first state from which neither an end nor a deadlock, which is told already, can be reached."""
        before: dict[State, list[State]] = {}
        for state, after in self._next.items():
            for one in after:
                before.setdefault(one, []).append(state)
        good = {state for state, after in self._next.items() if not after}
        ahead = list(good)
        while ahead:
            for state in before.get(ahead.pop(), ()):
                if state not in good:
                    good.add(state)
                    ahead.append(state)
        for state in self._next:
            if state not in good:
                yield Problem(ENDLESS, self._waiting(dict(state))[0], self._path(state))
                return

    def _path(self, state: State) -> tuple[str, ...]:
        path: list[str] = []
        at: State | None = state
        while at is not None:
            at, passed = self._came[at]
            path[:0] = passed
        return tuple(path)


def _dead(net: Net, reached: set[str]) -> Iterator[Problem]:
    """Elements that are never reached though one before them is; what follows on them is not told."""
    for node in net.nodes.values():
        before = {flow.source for flow in node.incoming} | ({node.attached_to} if node.attached_to else set())
        if node.id not in reached and not is_beside(node) and before & reached:
            yield Problem(DEAD, node.id)
