"""Block-structured processes made by hand, for tests that need many: each block knows what will happen in it.

A block draws itself into a graph between two nodes, and foretells which elements will be passed how often. Decisions
lie in the conditions, so a process has one outcome, whatever the order in which things happen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.bpmn.expressions import compile_expression, compile_script, template
from engine.bpmn.model import SUB_PROCESSES, Event, Flow, Graph, HumanWork, MultiInstance, Node, Scope, StandardLoop

WORK = HumanWork(candidates=template("handlaggare"))


class Drawing:
    """A graph in the making."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.flows: list[Flow] = []
        self.handlers: dict[str, list[str]] = {}

    def add(self, kind: str, scope: str, /, **details: object) -> str:
        """A node; its id is its kind and a number."""
        made = f"{kind}{len(self.nodes)}"
        self.nodes[made] = Node(id=made, kind=kind, scope=scope, **details)  # type: ignore[arg-type]
        return made

    def connect(self, source: str, target: str, condition: str | None = None) -> str:
        made = f"flow{len(self.flows)}"
        self.flows.append(Flow(made, source, target, condition=compile_expression(condition) if condition else None))
        return made

    def change(self, node: str, **details: object) -> None:
        self.nodes[node] = replace(self.nodes[node], **details)  # type: ignore[arg-type]

    def graph(self, key: str) -> Graph:
        for node in self.nodes.values():
            attached = tuple(other.id for other in self.nodes.values() if other.attached_to == node.id)
            incoming = tuple(flow for flow in self.flows if flow.target == node.id)
            outgoing = tuple(flow for flow in self.flows if flow.source == node.id)
            self.change(node.id, incoming=incoming, outgoing=outgoing, boundary=attached)
        scopes = {key, *(node.id for node in self.nodes.values() if node.kind in SUB_PROCESSES)}
        return Graph(key, key, self.nodes, {scope: self._scope(scope) for scope in sorted(scopes)})

    def _scope(self, scope: str) -> Scope:
        inside = [node for node in self.nodes.values() if node.scope == scope]
        starts = tuple(node.id for node in inside if node.kind == "startEvent")
        return Scope(scope, starts, tuple(node.id for node in inside if node.triggered_by_event))


class Block:
    """A piece of process with one way in and one way out."""

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        """Draw it behind node `before`; its last node."""
        raise NotImplementedError

    def passed(self) -> Counter[str]:
        """The names of waits and joins -> how often each is to be passed."""
        raise NotImplementedError


@dataclass
class Wait(Block):
    """Something that waits for the outside: `kind` is an element, or message, signal or timer for a catch event."""

    name: str
    kind: str = "userTask"

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        return self._element(on, scope, before, condition)

    def _element(self, on: Drawing, scope: str, before: str, condition: str | None) -> str:
        if self.kind in ("message", "signal", "timer", "multiple", "parallelMultiple"):
            made = on.add("intermediateCatchEvent", scope, name=self.name, event=event(self.kind))
        elif self.kind == "receiveTask":
            made = on.add("receiveTask", scope, name=self.name, event=event("message"))
        else:
            made = on.add(self.kind, scope, name=self.name, work=WORK, topic="topic")
        on.connect(before, made, condition)
        return made

    def passed(self) -> Counter[str]:
        return Counter([self.name])


def event(kind: str) -> Event:
    if kind == "timer":
        return Event("timer", timer=template("P1D"), timer_kind="timeDuration")
    if kind in ("multiple", "parallelMultiple"):
        return Event(kind, parts=(event("message"), event("signal")))
    return Event(kind, "namn")


@dataclass
class Bounded(Wait):
    """A task with an event at its boundary that comes before the task can be done: interrupting, or `times` beside."""

    boundary: str = "timer"
    times: int = 0
    after: Block | None = None

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        host = self._element(on, scope, before, condition)
        edge = on.add(
            "boundaryEvent",
            scope,
            name=f"{self.name}!",
            event=event(self.boundary),
            attached_to=host,
            interrupting=not self.times,
        )
        after = self.after.draw(on, scope, edge) if self.after else edge
        if self.times:
            on.connect(after, on.add("endEvent", scope))
            return host
        merge = on.add("exclusiveGateway", scope)
        on.connect(host, merge)
        on.connect(after, merge)
        return merge

    def passed(self) -> Counter[str]:
        times = self.times or 1
        beside = self.after.passed() if self.after else Counter()
        done = Counter({f"{self.name}!": times}) + Counter({name: n * times for name, n in beside.items()})
        return done + Counter([self.name]) if self.times else done


@dataclass
class Sequence_(Block):
    parts: Sequence[Block]

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        for part in self.parts:
            before, condition = part.draw(on, scope, before, condition), None
        return before

    def passed(self) -> Counter[str]:
        return sum((part.passed() for part in self.parts), Counter())


@dataclass
class Condition(Block):
    """Two branches beside each other: one waits until what the other does has made a condition true."""

    name: str
    waiting: Block
    doing: Block

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        flag = f"c_{self.name}"
        begin = on.add("scriptTask", scope, script=compile_script(f"{flag} = 0"))
        split, join = on.add("parallelGateway", scope), on.add("parallelGateway", scope)
        on.connect(before, begin, condition)
        on.connect(begin, split)
        awaited = Event("conditional", condition=compile_expression(f"{flag} == 1"))
        catch = on.add("intermediateCatchEvent", scope, name=self.name, event=awaited)
        on.connect(split, catch)
        on.connect(self.waiting.draw(on, scope, catch), join)
        done = on.add("scriptTask", scope, script=compile_script(f"{flag} = 1"))
        on.connect(self.doing.draw(on, scope, split), done)
        on.connect(done, join)
        return join

    def passed(self) -> Counter[str]:
        return self.waiting.passed() + self.doing.passed() + Counter([self.name])


@dataclass
class Link(Block):
    """A pair of link events."""

    name: str

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        source = on.add("intermediateThrowEvent", scope, event=Event("link", self.name))
        target = on.add("intermediateCatchEvent", scope, name=self.name, event=Event("link", self.name))
        on.connect(before, source, condition)
        on.connect(source, target)
        on.flows[-1] = replace(on.flows[-1], is_link=True)
        return target

    def passed(self) -> Counter[str]:
        return Counter([self.name])


@dataclass
class Fork(Block):
    """A gateway and its join; `taken` are the branches that are."""

    name: str
    kind: str
    branches: Sequence[Block]
    taken: frozenset[int]

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        split = on.add(self.kind, scope)
        on.connect(before, split, condition)
        all_taken = compile_expression(f"activationCount >= {len(self.taken)}")
        activation = all_taken if self.kind == "complexGateway" else None
        join = on.add(self.kind, scope, name=self.name, activation=activation)
        for number, branch in enumerate(self.branches):
            holds = None if self.kind == "parallelGateway" else f"{number} in {sorted(self.taken)}"
            on.connect(branch.draw(on, scope, split, holds), join)
        return join

    def passed(self) -> Counter[str]:
        taken = (branch.passed() for number, branch in enumerate(self.branches) if number in self.taken)
        return sum(taken, Counter([self.name]))


@dataclass
class Loop(Block):
    """Round and round, `times` in all."""

    name: str
    body: Block
    times: int

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        count = f"n_{self.name}"
        begin = on.add("scriptTask", scope, script=compile_script(f"{count} = 0"))
        on.connect(before, begin, condition)
        head = on.add("exclusiveGateway", scope)
        on.connect(begin, head)
        add = on.add("scriptTask", scope, script=compile_script(f"{count} = {count} + 1"))
        on.connect(self.body.draw(on, scope, head), add)
        tail = on.add("exclusiveGateway", scope)
        on.connect(add, tail)
        on.connect(tail, head, f"{count} < {self.times}")
        behind = on.add("task", scope)
        on.change(tail, default=on.connect(tail, behind))
        return behind

    def passed(self) -> Counter[str]:
        return Counter({name: n * self.times for name, n in self.body.passed().items()})


@dataclass
class Sub(Block):
    """A sub-process, `count` times where that is given, or `turns` times one after the other, as a standard loop; with
    an event sub-process that comes `handled` times beside. `each` follows beside on each of the `count` that ends."""

    body: Block
    count: int | None = None
    sequential: bool = False
    handler: Block | None = None
    handled: int = 0
    name: str = "handler"
    turns: int | None = None
    test_before: bool = False
    each: Wait | None = None

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        loop = None if self.count is None else MultiInstance(self.sequential, compile_expression(str(self.count)))
        if loop and self.each:
            loop = replace(loop, behavior="None", thrown=Event("signal"))
        turns = None
        if self.turns is not None:
            turns = StandardLoop(compile_expression(f"loopCounter < {self.turns}"), self.test_before)
        made = on.add("subProcess", scope, loop=loop, standard_loop=turns)
        on.connect(before, made, condition)
        if self.each:
            signal = Event("signal")
            edge = on.add("boundaryEvent", scope, event=signal, attached_to=made, interrupting=False)
            on.connect(self.each.draw(on, scope, edge), on.add("endEvent", scope))
        start = on.add("startEvent", made, event=Event())
        on.connect(self.body.draw(on, made, start), on.add("endEvent", made, event=Event()))
        if self.handler:
            inner = on.add("subProcess", made, triggered_by_event=True)
            first = on.add("startEvent", inner, name=self.name, event=event("message"), interrupting=False)
            on.connect(self.handler.draw(on, inner, first), on.add("endEvent", inner, event=Event()))
        return made

    def passed(self) -> Counter[str]:
        once = self.body.passed()
        if self.handler and self.handled:
            beside = self.handler.passed() + Counter([self.name])
            once += Counter({name: n * self.handled for name, n in beside.items()})
        once += self.each.passed() if self.each else Counter()
        times = self.count if self.count is not None else 1 if self.turns is None else self._turns_done()
        return Counter({name: n * times for name, n in once.items()})

    def _turns_done(self) -> int:
        return self.turns or 0 if self.test_before else max(self.turns or 0, 1)


@dataclass
class Lots(Block):
    """`size` tokens leave an activity, each goes through the body, and so many begin the next activity.

    The body is a multi-instance sub-process, so that joins and variables in it are those of one token."""

    name: str
    body: Sub
    size: int

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        split = on.add("task", scope, completion_quantity=self.size)
        on.connect(before, split, condition)
        join = on.add("task", scope, name=self.name, start_quantity=self.size)
        on.connect(self.body.draw(on, scope, split), join)
        return join

    def passed(self) -> Counter[str]:
        return Counter({name: n * self.size for name, n in self.body.passed().items()}) + Counter([self.name])


@dataclass
class Race(Block):
    """An event-based gateway; `winner` comes first."""

    branches: Sequence[tuple[Wait, Block]]
    winner: int

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        split, merge = on.add("eventBasedGateway", scope), on.add("exclusiveGateway", scope)
        on.connect(before, split, condition)
        for first, then in self.branches:
            on.connect(then.draw(on, scope, first.draw(on, scope, split)), merge)
        return merge

    def passed(self) -> Counter[str]:
        first, then = self.branches[self.winner]
        return first.passed() + then.passed()


def process(block: Block) -> Graph:
    on = Drawing()
    start = on.add("startEvent", "process", event=Event())
    on.connect(block.draw(on, "process", start), on.add("endEvent", "process", event=Event()))
    return on.graph("process")
