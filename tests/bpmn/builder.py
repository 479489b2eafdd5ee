"""Block-structured processes made by hand, for tests that need many: each block knows what will happen in it.

A block draws itself into a graph between two nodes, and foretells which elements will be passed how often. Decisions
lie in the conditions, so a process has one outcome, whatever the order in which things happen. What ends others early,
undoes, chooses or carries data is in `blocks.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from engine.bpmn.expressions import compile_expression, compile_script, template
from engine.bpmn.model import (
    SUB_PROCESSES,
    Call,
    ComplexBehavior,
    DataElement,
    DataStore,
    Event,
    Flow,
    Graph,
    HumanWork,
    MultiInstance,
    Node,
    Scope,
    StandardLoop,
)

WORK = HumanWork(candidates=template("handlaggare"))
DECISION = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="https://tvistetrappa/test">
  <decision id="sju" name="Sju"><decisionTable id="t"><output id="o" name="svar" typeRef="number"/>
    <rule id="r"><outputEntry id="oe"><text>7</text></outputEntry></rule></decisionTable></decision>
</definitions>
"""
FILES = {"sju.dmn": DECISION}
"""What is deployed beside a process."""
CALLED = "anropad"
"""The process that is called."""


class Drawing:
    """A graph in the making."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.flows: list[Flow] = []
        self.data: list[DataElement] = []
        self.stores: dict[str, DataStore] = {}
        self.links: Counter[str] = Counter()

    def add(self, kind: str, scope: str, /, **details: object) -> str:
        """A node; its id is its kind and a number."""
        made = f"{kind}{len(self.nodes)}"
        self.nodes[made] = Node(id=made, kind=kind, scope=scope, **details)  # type: ignore[arg-type]
        return made

    def connect(self, source: str, target: str, condition: str | None = None) -> str:
        """A flow; none from nowhere."""
        if not source:
            return ""
        made = f"flow{len(self.flows)}"
        self.flows.append(Flow(made, source, target, condition=compile_expression(condition) if condition else None))
        return made

    def link(self, scope: str) -> str:
        """The name of one more link in that scope; the same names are used in all scopes."""
        self.links[scope] += 1
        return f"lank{self.links[scope]}"

    def lead(self, source: str, scope: str, link: str, condition: str | None = None) -> str:
        """A throwing link event behind `source`."""
        made = self.add("intermediateThrowEvent", scope, event=Event("link", link))
        self.connect(source, made, condition)
        return made

    def led(self, sources: Sequence[str], scope: str, link: str, name: str = "") -> str:
        """The catching link event to which they lead."""
        made = self.add("intermediateCatchEvent", scope, name=name, event=Event("link", link))
        for source in sources:
            self.flows.append(Flow(f"{source}→{made}", source, made, is_link=True))  # as the reader calls it
        return made

    def change(self, node: str, **details: object) -> None:
        self.nodes[node] = replace(self.nodes[node], **details)  # type: ignore[arg-type]

    def keep(self, scope: str, variable: str) -> None:
        """A data object."""
        self.data.append(DataElement(f"object_{variable}", "dataObject", scope, variable, variable))

    def graph(self, key: str) -> Graph:
        for node in self.nodes.values():
            attached = tuple(other.id for other in self.nodes.values() if other.attached_to == node.id)
            incoming = tuple(flow for flow in self.flows if flow.target == node.id)
            outgoing = tuple(flow for flow in self.flows if flow.source == node.id)
            self.change(node.id, incoming=incoming, outgoing=outgoing, boundary=attached)
        scopes = {key, *(node.id for node in self.nodes.values() if node.kind in SUB_PROCESSES)}
        around = {scope: self._scope(scope) for scope in sorted(scopes)}
        return Graph(key, key, self.nodes, around, data=tuple(self.data), stores=self.stores)

    def _scope(self, scope: str) -> Scope:
        inside = [node for node in self.nodes.values() if node.scope == scope]
        starts = [node.id for node in inside if node.kind == "startEvent" or node.instantiate]
        starts = starts or [node.id for node in inside if _may_start(node)]
        kept = frozenset(one.variable for one in self.data if one.scope == scope)
        return Scope(scope, tuple(starts), tuple(node.id for node in inside if node.triggered_by_event), kept)


def _may_start(node: Node) -> bool:
    return not (node.incoming or node.attached_to or node.triggered_by_event or node.for_compensation)


@dataclass
class Rules:
    """What a player must know so that all comes that is foretold, by the names of elements."""

    never: set[str] = field(default_factory=set)
    """Not for the player: it never comes, or comes by itself."""
    first: set[str] = field(default_factory=set)
    """Events that come beside, as often as foretold, before what they stand at or in goes on."""
    last: set[str] = field(default_factory=set)
    """Events that come when nothing else is left to do inside of what they interrupt."""
    gated: dict[str, str] = field(default_factory=dict)
    """Waits -> the event around of which all must have come before that comes from outside."""
    takes: dict[str, str] = field(default_factory=dict)
    """Work -> the variable that it must have been given before it is done."""
    gives: dict[str, dict[str, int]] = field(default_factory=dict)
    """What comes with work and events."""
    fails: set[str] = field(default_factory=set)
    """Work and called cases that end with an error, whose code is their name."""
    escalates: set[str] = field(default_factory=set)
    """Called cases that escalate as often as is foretold, likewise."""
    keys: dict[str, str] = field(default_factory=dict)
    """Message events -> the variable whose value is the key they are to expect."""


class Block:
    """A piece of process with one way in and one way out."""

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        """Draw it behind node `before`; its last node."""
        raise NotImplementedError

    def passed(self) -> Counter[str]:
        """The names of waits and joins -> how often each is to be passed."""
        raise NotImplementedError

    def undone(self) -> Counter[str]:
        """Likewise, what compensation passes when the scope around is compensated."""
        return Counter()

    def inside(self) -> Sequence[Block]:
        return ()

    def rule(self, rules: Rules) -> None:
        """Add what is to be known of this block, without those inside."""

    def all(self) -> Iterator[Block]:
        yield self
        for block in self.inside():
            yield from block.all()

    def rules(self) -> Rules:
        rules = Rules()
        for block in self.all():
            block.rule(rules)
        return rules


def repeated(count: int, passed: Counter[str]) -> Counter[str]:
    return Counter({name: n * count for name, n in passed.items()})


def total(counts: Iterator[Counter[str]]) -> Counter[str]:
    return sum(counts, Counter())


@dataclass
class Wait(Block):
    """Something that waits for the outside: `kind` is an element, or the event that is caught. `later`: it first waits
    for the worker."""

    name: str
    kind: str = "userTask"
    later: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        return self._element(on, scope, before, condition)

    def _element(self, on: Drawing, scope: str, before: str, condition: str | None) -> str:
        made = self.element(on, scope)
        on.connect(before, made, condition)
        return made

    def element(self, on: Drawing, scope: str) -> str:
        """The element alone, without a flow to it."""
        if self.kind in CAUGHT:
            return on.add("intermediateCatchEvent", scope, name=self.name, event=event(self.kind))
        details: dict[str, object] = {"topic": "topic"} if self.kind in BY_HANDLER else {}
        if self.kind in ("userTask", "manualTask"):
            details["work"] = WORK
        if self.kind == "receiveTask":
            details["event"] = event("message")
        if self.kind == "callActivity":
            details["call"] = Call(template(CALLED))
        return on.add(self.kind, scope, name=self.name, async_before=self.later, **details)

    def passed(self) -> Counter[str]:
        return Counter([self.name])


CAUGHT = ("message", "other", "keyed", "signal", "timer", "timeDate", "multiple", "parallelMultiple")
BY_HANDLER = ("serviceTask", "sendTask", "businessRuleTask")


def event(kind: str) -> Event:
    if kind in TIMES:
        name, rule = TIMES[kind]
        return Event("timer", timer=template(rule), timer_kind=name)
    if kind in ("multiple", "parallelMultiple"):
        return Event(kind, parts=(event("message"), event("signal")))
    if kind == "other":
        return Event("message", "ut")
    if kind == "keyed":
        return Event("message", "namn", key=template("7"))
    return Event(kind, "namn")


TIMES = {
    "timer": ("timeDuration", "P1D"),
    "timeDate": ("timeDate", "2031-04-01T09:00:00+02:00"),
    "timeCycle": ("timeCycle", "R2/P1D"),
}


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
        beside = Counter([f"{self.name}!"]) + (self.after.passed() if self.after else Counter())
        return repeated(self.times, beside) + Counter([self.name]) if self.times else beside

    def undone(self) -> Counter[str]:
        return repeated(self.times or 1, self.after.undone()) if self.after else Counter()

    def inside(self) -> Sequence[Block]:
        return [self.after] if self.after else []

    def rule(self, rules: Rules) -> None:
        if self.times:
            rules.first.add(f"{self.name}!")
        else:
            rules.never.add(self.name)


@dataclass
class Sequence_(Block):
    parts: Sequence[Block]

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        for part in self.parts:
            before, condition = part.draw(on, scope, before, condition), None
        return before

    def passed(self) -> Counter[str]:
        return total(part.passed() for part in self.parts)

    def undone(self) -> Counter[str]:
        return total(part.undone() for part in self.parts)

    def inside(self) -> Sequence[Block]:
        return self.parts


@dataclass
class Condition(Block):
    """Two branches beside each other: one waits until what the other does has made a condition true. What that reads
    is not there before (`absent`), or is something else."""

    name: str
    waiting: Block
    doing: Block
    absent: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        flag, marks = f"c_{self.name}", {"absent": "yes"} if self.absent else {}
        if not self.absent:
            before, condition = script(on, scope, before, f"{flag} = 0", condition), None
        split, join = on.add("parallelGateway", scope), on.add("parallelGateway", scope)
        on.connect(before, split, condition)
        event_ = becomes(f"{flag} == 1")
        catch = on.add("intermediateCatchEvent", scope, name=self.name, event=event_, properties=marks)
        on.connect(split, catch)
        on.connect(self.waiting.draw(on, scope, catch), join)
        on.connect(script(on, scope, self.doing.draw(on, scope, split), f"{flag} = 1"), join)
        return join

    def passed(self) -> Counter[str]:
        return self.waiting.passed() + self.doing.passed() + Counter([self.name])

    def undone(self) -> Counter[str]:
        return self.waiting.undone() + self.doing.undone()

    def inside(self) -> Sequence[Block]:
        return self.waiting, self.doing


def script(on: Drawing, scope: str, before: str, text: str, condition: str | None = None) -> str:
    made = on.add("scriptTask", scope, script=compile_script(text))
    on.connect(before, made, condition)
    return made


def becomes(condition: str) -> Event:
    return Event("conditional", condition=compile_expression(condition))


@dataclass
class Link(Block):
    """A pair of link events."""

    name: str

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        link = on.link(scope)
        return on.led([on.lead(before, scope, link, condition)], scope, link, self.name)

    def passed(self) -> Counter[str]:
        return Counter([self.name])


@dataclass
class Links(Block):
    """Several links lead to one place: of some ways one is `taken`; or all are, and an activity takes their tokens."""

    name: str
    branches: Sequence[Block]
    taken: int | None = None

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        link, sources = on.link(scope), []
        split = on.add("parallelGateway" if self.taken is None else "exclusiveGateway", scope)
        on.connect(before, split, condition)
        for number, branch in enumerate(self.branches):
            holds = None if self.taken is None else f"{number} == {self.taken}"
            sources.append(on.lead(branch.draw(on, scope, split, holds), scope, link))
        led = on.led(sources, scope, link, self.name)
        if self.taken is not None:
            return led
        taking = on.add("task", scope, name=f"{self.name}+", start_quantity=len(self.branches))
        on.connect(led, taking)
        return taking

    def passed(self) -> Counter[str]:
        come = Counter([self.name])
        if self.taken is None:
            come = repeated(len(self.branches), come) + Counter([f"{self.name}+"])
        return total(branch.passed() for branch in self._taken()) + come

    def undone(self) -> Counter[str]:
        return total(branch.undone() for branch in self._taken())

    def _taken(self) -> Sequence[Block]:
        return self.branches if self.taken is None else [self.branches[self.taken]]

    def inside(self) -> Sequence[Block]:
        return self.branches


@dataclass
class Fork(Block):
    """A gateway and its join; `taken` are the branches that are. Without a gateway the flows leave an activity."""

    name: str
    kind: str
    branches: Sequence[Block]
    taken: frozenset[int]

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        splits, joins = PAIRS.get(self.kind, (self.kind, self.kind))
        split = on.add(splits, scope)
        on.connect(before, split, condition)
        all_taken = compile_expression(f"activationCount >= {len(self.taken)}")
        activation = all_taken if self.kind == "complexGateway" else None
        join = on.add(joins, scope, name=self.name, activation=activation)
        for number, branch in enumerate(self.branches):
            holds = None if joins == "parallelGateway" else f"{number} in {sorted(self.taken)}"
            on.connect(branch.draw(on, scope, split, holds), join)
        return join

    def passed(self) -> Counter[str]:
        return total(branch.passed() for branch in self._taken()) + Counter([self.name])

    def undone(self) -> Counter[str]:
        return total(branch.undone() for branch in self._taken())

    def _taken(self) -> Iterator[Block]:
        return (branch for number, branch in enumerate(self.branches) if number in self.taken)

    def inside(self) -> Sequence[Block]:
        return self.branches


PAIRS = {"flows": ("task", "parallelGateway"), "conditional flows": ("task", "inclusiveGateway")}


@dataclass
class Loop(Block):
    """Round and round, `times` in all; the way back may be a link (`linked`)."""

    name: str
    body: Block
    times: int
    linked: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        count = f"n_{self.name}"
        begin = script(on, scope, before, f"{count} = 0", condition)
        head = on.add("exclusiveGateway", scope)
        on.connect(begin, head)
        add = script(on, scope, self.body.draw(on, scope, head), f"{count} = {count} + 1")
        tail = on.add("exclusiveGateway", scope)
        on.connect(add, tail)
        back = f"{count} < {self.times}"
        if self.linked:
            link = on.link(scope)
            on.connect(on.led([on.lead(tail, scope, link, back)], scope, link), head)
        else:
            on.connect(tail, head, back)
        behind = on.add("task", scope)
        on.change(tail, default=on.connect(tail, behind))
        return behind

    def passed(self) -> Counter[str]:
        return repeated(self.times, self.body.passed())

    def undone(self) -> Counter[str]:
        return repeated(self.times, self.body.undone())

    def inside(self) -> Sequence[Block]:
        return [self.body]


@dataclass
class Sub(Block):
    """A sub-process, `count` times where that is given, or `turns` times one after the other, as a standard loop; with
    an event sub-process that comes `handled` times beside.

    `each` follows beside on each of the `count` that ends, or where `behavior` is One on the first. With `enough` so
    many are, and then the rest is cancelled; where `behavior` is Complex, `each` follows on that.
    """

    body: Block
    count: int | None = None
    sequential: bool = False
    handler: Block | None = None
    handled: int = 0
    name: str = "handler"
    turns: int | None = None
    test_before: bool = False
    each: Wait | None = None
    behavior: str = "None"
    enough: int | None = None
    counted: bool = False
    """The standard loop has a maximum, and no condition."""

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        made = on.add("subProcess", scope, loop=self._instances(), standard_loop=self._turns())
        on.connect(before, made, condition)
        if self.each:
            signal = Event("signal", "ut" if self.behavior == "Complex" else None)
            edge = on.add("boundaryEvent", scope, event=signal, attached_to=made, interrupting=False, name=self._edge)
            on.connect(self.each.draw(on, scope, edge), on.add("endEvent", scope))
        start = on.add("startEvent", made, event=Event())
        on.connect(self.body.draw(on, made, start), on.add("endEvent", made, event=Event()))
        if self.handler:
            inner = on.add("subProcess", made, triggered_by_event=True)
            first = on.add("startEvent", inner, name=self.name, event=event("message"), interrupting=False)
            on.connect(self.handler.draw(on, inner, first), on.add("endEvent", inner, event=Event()))
        return made

    @property
    def _edge(self) -> str:
        return f"{self.name}!"

    def _instances(self) -> MultiInstance | None:
        if self.count is None:
            return None
        enough = compile_expression(f"numberOfCompletedInstances >= {self.enough}") if self.enough else None
        many = MultiInstance(self.sequential, compile_expression(str(self.count)), completion=enough)
        if not self.each:
            return many
        if self.behavior == "Complex" and enough:
            behavior = (ComplexBehavior(enough, Event("signal", "ut")),)
            return replace(many, completion=None, behavior="Complex", complex=behavior)
        return replace(many, behavior=self.behavior, thrown=Event("signal"))

    def _turns(self) -> StandardLoop | None:
        if self.turns is None:
            return None
        if self.counted and self.turns:
            return StandardLoop(None, self.test_before, self.turns)
        return StandardLoop(compile_expression(f"loopCounter < {self.turns}"), self.test_before)

    def passed(self) -> Counter[str]:
        once = self.body.passed()
        if self.handler and self.handled:
            once += repeated(self.handled, self.handler.passed() + Counter([self.name]))
        beside = self.each.passed() + Counter([self._edge]) if self.each else Counter()
        return repeated(self._times(), once) + repeated(self._thrown(), beside)

    def undone(self) -> Counter[str]:
        once = self.body.undone()
        if self.handler and self.handled:
            once += repeated(self.handled, self.handler.undone())
        beside = self.each.undone() if self.each else Counter()
        return repeated(self._times(), once) + repeated(self._thrown(), beside)

    def _times(self) -> int:
        if self.count is not None:
            return min(self.count, self.enough or self.count)
        if self.turns is None:
            return 1
        return self.turns if self.test_before else max(self.turns, 1)

    def _thrown(self) -> int:
        ended = self._times()
        if self.behavior == "Complex":
            return int(ended == self.enough)
        return ended if self.behavior == "None" else min(ended, 1)

    def inside(self) -> Sequence[Block]:
        return [block for block in (self.body, self.handler, self.each) if block]

    def rule(self, rules: Rules) -> None:
        rules.first.add(self.name)
        rules.never.add(self._edge)


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
        return repeated(self.size, self.body.passed()) + Counter([self.name])

    def undone(self) -> Counter[str]:
        return repeated(self.size, self.body.undone())

    def inside(self) -> Sequence[Block]:
        return [self.body]


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

    def undone(self) -> Counter[str]:
        return self.branches[self.winner][1].undone()

    def inside(self) -> Sequence[Block]:
        return [block for branch in self.branches for block in branch]

    def rule(self, rules: Rules) -> None:
        rules.never |= {first.name for number, (first, _) in enumerate(self.branches) if number != self.winner}


def process(block: Block, key: str = "process") -> Graph:
    on = Drawing()
    start = on.add("startEvent", key, event=Event())
    on.connect(block.draw(on, key, start), on.add("endEvent", key, event=Event()))
    return on.graph(key)
