"""Is a process sound? Found out by playing every way that its tokens can go, before anybody runs it.

Sound (van der Aalst 1997; for BPMN: Dijkman, Dumas, Ouyang 2008) means that from wherever a case may come to it can
still end, that nothing waits in vain, that each element can be reached, and that no element is at work twice at once
without a word of it in the drawing.

Only tokens are played, not data: each condition may hold or not. What is found can hence be impossible for a reason
that lies in the data; what is not found cannot happen. Each scope is played by itself: a sub-process inside it is one
step, which ends as it can end; what a non-interrupting boundary event leads to is too, where it leads to nothing else.
A state is the tokens on the sequence flows of a scope.

Of steps that cannot disturb each other only one order is played (a persistent set, Godefroid 1996): the flows into an
element are its own, so that it suffices to play one element alone, the earliest first, that tokens meet where they can.
Only what an inclusive or complex join looks out for is played in every order. Past `MAX_STATES` the answer is: not
decided; and so it is where a complex gateway asks for more than tokens (`engine.bpmn.complex_joins`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import or_

from engine.bpmn.complex_joins import HAD, WAITING, ComplexJoin, Leaving, some_of, splits_at_start
from engine.bpmn.model import SYNCHRONIZING, Event, Graph, Node

MAX_STATES = 4_000
"""States looked at in one process; each takes some 50 µs."""

MAX_NODES = 1_500
"""Elements of one process; a larger one is not looked at."""

MAX_TOKENS = 2
"""Tokens on one flow beyond which a state is not followed any more: they pile up. Quantities may ask for more."""

_MAX_WAITING = 6
"""Tokens that wait on one flow of a complex gateway, beyond which a state is not followed."""

State = tuple[tuple[str, int], ...]
"""Place -> tokens, by name. A place is a sequence flow, or `@node` where a token comes without one."""

DEADLOCK = "deadlock"
LEFT_BEHIND = "left-behind"
ENDLESS = "endless"
DEAD = "dead"
TWICE = "twice"
NEVER_ENDS = "never-ends"
UNDECIDED = "undecided"

TOO_LARGE = "too-large"
ON_DATA = "on-data"
BY_PEOPLE = "by-people"
"""Why something is not decided: too many states; a complex gateway that asks for data; an ad-hoc sub-process."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`kind` at `node` (a scope's id for never-ends). `path`: the elements passed until it shows.

    `missing`: the flows for which a join waits in vain. `why`: of what is not decided; `node` is then where that lies.
    """

    kind: str
    node: str
    path: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: str = ""


def problems(graph: Graph) -> list[Problem]:
    """All that is wrong with the flow of tokens in a process that has no errors by itself."""
    if len(graph.nodes) > MAX_NODES:
        return [Problem(UNDECIDED, graph.key, why=TOO_LARGE)]
    search = _Search(graph)
    search.explore(graph.key)
    return search.found


@dataclass(frozen=True, slots=True)
class _Way:
    """One way an element can end: the places that get a token, and the boundary events that came on the way.

    `ends`: the whole scope ends with it, normally (True) or by an error or cancellation (False).
    """

    puts: tuple[str, ...]
    edges: tuple[str, ...] = ()
    ends: bool | None = None


@dataclass(frozen=True, slots=True)
class _Able:
    """A node that can be played now: the places it takes a token from, and how it can end. Where a token only comes to
    a complex gateway and waits, it `passes` nothing."""

    node: str
    takes: tuple[str, ...]
    ways: Sequence[_Way]
    passes: bool = True


@dataclass
class _Search:
    graph: Graph
    found: list[Problem] = field(default_factory=list)
    states: int = 0

    def explore(self, scope: str) -> bool:
        """Play a scope and those inside it; whether it can end normally."""
        inside = [node for node in self.graph.nodes.values() if node.scope == scope]
        endings = {node.id: self.explore(node.id) for node in inside if node.id in self.graph.scopes}
        if scope != self.graph.key and self.graph.nodes[scope].kind == "adHocSubProcess":
            if any(_collects(node) for node in inside):
                self.found.append(Problem(UNDECIDED, scope, why=BY_PEOPLE))
            return True  # its activities begin when people say so
        net = _Net(self.graph, inside, endings)
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


# --- what elements do with tokens ------------------------------------------------------------------------------------


class _Net:
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
        return any(self._graph.nodes[start].interrupting for start in self._graph.scopes[handler.id].starts)

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

    def _ways(self, node: Node) -> list[_Way]:
        triggers = node.event.triggers if node.event and node.kind == "endEvent" else ()
        if any(event.kind in _ENDS for event in triggers):
            return [_Way((), ends=all(_ENDS.get(event.kind, True) or self._is_handled(event) for event in triggers))]
        splits = _splits(node) if self._endings.get(node.id, True) else []
        ways = [_Way(split) for split in splits]
        edges = [self.nodes[edge] for edge in node.boundary if edge in self.nodes and edge not in self.detached]
        edges = [edge for edge in edges if not edge.event or edge.event.kind != "compensate"]
        beside = [edge for edge in edges if not edge.interrupting]
        for some in [[edge] for edge in beside] + ([beside] if len(beside) > 1 else []):
            more = tuple(place for edge in some for place in _splits(edge)[0])
            names = tuple(edge.id for edge in some)
            ways += [_Way(split + more, names) for split in splits or [()]]
        for edge in edges:
            if edge.interrupting:
                ways += [_Way(split, (edge.id,)) for split in _splits(edge)]
        return ways

    def _is_handled(self, event: Event) -> bool:
        """Whether an event sub-process of this scope catches the error: then the scope ends with that (§13.5.4)."""
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

    def at_complex_joins(self, tokens: Mapping[str, int]) -> Iterator[_Able]:
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


def _able_to(join: ComplexJoin, leaving: Leaving) -> _Able:
    ways = [_Way(puts) for puts in leaving.ways]
    return _Able(join.node.id, leaving.takes, ways, leaving.passes)


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


def _collects(node: Node) -> bool:
    """Whether tokens can wait there for others."""
    return node.start_quantity > 1 or (node.kind in SYNCHRONIZING and len(node.incoming) > 1)


def _is_beside(node: Node) -> bool:
    """Reached by no token of the scope itself."""
    is_compensation = node.event is not None and node.event.kind == "compensate" and node.attached_to is not None
    return node.triggered_by_event or is_compensation or getattr(node, "for_compensation", False)


# --- all states of a scope -------------------------------------------------------------------------------------------


def _state(tokens: Mapping[str, int]) -> State:
    return tuple(sorted((place, count) for place, count in tokens.items() if count))


_DONE: State = (("", 1),)
"""The scope has ended; by its last token, a terminate event or an error."""


class _Run:
    """The states of one scope, with how each was first come to."""

    def __init__(self, net: _Net, search: _Search, name: str) -> None:
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
        able = [_Able(node, takes, net.ways[node]) for node, takes in places if takes]
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

    def _alone(self, able: Sequence[_Able], tokens: Mapping[str, int]) -> _Able | None:
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

    def _ends_of(self, able: _Able, state: State, tokens: Mapping[str, int]) -> Iterator[State]:
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


def _dead(net: _Net, reached: set[str]) -> Iterator[Problem]:
    """Elements that are never reached though one before them is; what follows on them is not told."""
    for node in net.nodes.values():
        before = {flow.source for flow in node.incoming} | ({node.attached_to} if node.attached_to else set())
        if node.id not in reached and not _is_beside(node) and before & reached:
            yield Problem(DEAD, node.id)


def named(graph: Graph, path: Iterable[str]) -> list[str]:
    """A path as people read it: the names of what has one, else ids."""
    return [graph.nodes[node].name or node for node in path]
