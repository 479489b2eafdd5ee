"""More blocks (`builder.py`): what passes at once, what ends others early or comes beside them, what is undone, what
people choose, what carries data, and the ways into a process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.bpmn.expressions import compile_expression, template
from engine.bpmn.model import (
    AdHoc,
    Assignment,
    Correlation,
    DataAssociation,
    DataFlow,
    DataSet,
    DataStore,
    Decision,
    Event,
    Graph,
    MultiInstance,
)
from tests.bpmn.builder import (
    CAUGHT,
    WORK,
    Block,
    Drawing,
    Rules,
    Sequence_,
    Sub,
    Wait,
    becomes,
    event,
    repeated,
    script,
    total,
)

COMPENSATE = Event("compensate")


def thrown(kind: str, code: str) -> Event:
    """Nobody waits for it, unless it is for that code."""
    if kind == "multiple":
        return Event(kind, parts=(thrown("message", code), thrown("signal", code), thrown("escalation", code)))
    if kind in ("none", "terminate", "cancel"):
        return Event(kind)
    return Event(kind, code if kind in ("error", "escalation") else "ut")


# --- at once ---------------------------------------------------------------------------------------------------------


@dataclass
class Done(Block):
    """Passed as soon as it is reached: `kind` is a task, or the event that is thrown."""

    name: str
    kind: str

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        if self.kind == "sendTask":
            made = on.add(self.kind, scope, name=self.name, event=thrown("message", self.name))
        elif self.kind == "task":
            made = on.add(self.kind, scope, name=self.name)
        else:
            made = on.add("intermediateThrowEvent", scope, name=self.name, event=thrown(self.kind, self.name))
        on.connect(before, made, condition)
        return made

    def passed(self) -> Counter[str]:
        return Counter([self.name])


@dataclass
class Shown(Block):
    """Behind the body, a task only a right answer leads to; `name` is passed where it was right."""

    name: str

    def check(self, on: Drawing, scope: str, before: str, holds: str) -> str:
        split, merge = on.add("exclusiveGateway", scope), on.add("exclusiveGateway", scope)
        on.connect(before, split)
        right, wrong = on.add("task", scope, name=self.name), on.add("task", scope, name=f"{self.name}?")
        on.connect(split, right, holds)
        on.change(split, default=on.connect(split, wrong))
        on.connect(right, merge)
        on.connect(wrong, merge)
        return merge

    def passed(self) -> Counter[str]:
        return Counter([self.name])


@dataclass
class Decided(Shown):
    """A decision table decides."""

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        made = on.add("businessRuleTask", scope, decision=Decision("sju", f"v_{self.name}", "singleEntry"))
        on.connect(before, made, condition)
        return self.check(on, scope, made, f"v_{self.name} == 7")


# --- data ------------------------------------------------------------------------------------------------------------


def emptied(on: Drawing, scope: str, before: str, name: str, condition: str | None = None) -> str:
    """A task that writes 0 to the data store of block `name`."""
    store = f"S_{name}"
    on.stores[store] = DataStore(store, is_written=True, is_watched=True)
    nothing = DataAssociation((), store, assignments=(Assignment(template("${0}")),), store=store)
    made = on.add("task", scope, data=DataFlow(given=(nothing,)))
    on.connect(before, made, condition)
    return made


def conditional_on(name: str, more: str = "") -> Event:
    """Another case writes 1 to the data store of block `name`."""
    store = f"S_{name}"
    return Event("conditional", condition=compile_expression(f"{store} == 1{more}"), stores={store: store})


@dataclass
class Stored(Shown):
    """Something goes to a data store and comes back from it."""

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        variable, store = f"v_{self.name}", f"S_{self.name}"
        on.stores[store] = DataStore(store, is_written=True)
        put = DataFlow(given=(DataAssociation((), store, assignments=(Assignment(template("${[7]}")),), store=store),))
        writing = on.add("task", scope, data=put)
        on.connect(before, writing, condition)
        on.keep(scope, variable)
        own = f"i_{self.name}"
        taken = DataAssociation((), own, template(f"${{{store}}}"), stores={store: store})
        given = DataAssociation((own,), variable, template(f"${{{own}}}"))
        get = DataFlow(
            (own,), (), (DataSet((own,)),), (DataSet(),), taken=(taken,), given=(given,), own=frozenset([own])
        )
        reading = on.add("task", scope, data=get)
        on.connect(writing, reading)
        return self.check(on, scope, reading, f"{variable} == [7]")


@dataclass
class Awaited(Shown):
    """Work beside another block that is given its input by what follows on that: by a `giver` with which it comes from
    outside, or that has it.

    The work cannot begin before (`when` is "first"), or it takes the input while it is under way ("meanwhile"), and an
    event at its edge may wait for that ("edge")."""

    doing: Block
    kind: str = "userTask"
    giver: str = "task"
    when: str = "first"

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        variable, own, shown = (f"{kind}_{self.name}" for kind in "div")
        on.keep(scope, variable)
        on.keep(scope, shown)
        split, join = on.add("parallelGateway", scope), on.add("parallelGateway", scope)
        on.connect(before, split, condition)
        taken = DataAssociation((variable,), own, template(f"${{{variable}}}"))
        passes = DataAssociation((own,), shown, template(f"${{{own}}}"))
        wanted = DataSet((own,)) if self.when == "first" else DataSet((), (own,), (own,))
        needs = DataFlow((own,), (), (wanted,), (DataSet(),), taken=(taken,), given=(passes,), own=frozenset([own]))
        working = Wait(f"{self.name}{'-' if self.when == 'edge' else '+'}", self.kind).draw(on, scope, split)
        on.change(working, data=needs)
        on.connect(self._edge(on, scope, working) if self.when == "edge" else working, join)
        on.connect(self._give(on, scope, self.doing.draw(on, scope, split), variable), join)
        return self.check(on, scope, join, f"{variable if self.when == 'edge' else shown} == 1")

    def _edge(self, on: Drawing, scope: str, host: str) -> str:
        came = becomes(f"i_{self.name} == 1")
        edge = on.add("boundaryEvent", scope, name=f"{self.name}+", event=came, attached_to=host)
        merge = on.add("exclusiveGateway", scope)
        on.connect(host, merge)
        on.connect(edge, merge)
        return merge

    def _give(self, on: Drawing, scope: str, before: str, variable: str) -> str:
        if self.giver == "task":
            one = DataAssociation((), variable, assignments=(Assignment(template("${1}")),))
            made = on.add("task", scope, data=DataFlow(given=(one,)))
            on.connect(before, made)
            return made
        made, own = Wait(f"{self.name}*", self.giver).draw(on, scope, before), f"o_{self.name}"
        gives = DataAssociation((own,), variable, template(f"${{{own}}}"))
        needs = () if self.giver in CAUGHT else (DataSet(),)
        on.change(made, data=DataFlow((), (own,), needs, (DataSet((own,)),), given=(gives,)))
        return made

    def passed(self) -> Counter[str]:
        given = Counter([f"{self.name}*"] if self.giver != "task" else [])
        return super().passed() + self.doing.passed() + Counter([f"{self.name}+"]) + given

    def undone(self) -> Counter[str]:
        return self.doing.undone()

    def inside(self) -> Sequence[Block]:
        return [self.doing]

    def rule(self, rules: Rules) -> None:
        rules.gives[f"{self.name}*"] = {f"o_{self.name}": 1}
        if self.when == "edge":
            rules.never |= {f"{self.name}-", f"{self.name}+"}
        else:
            rules.takes[f"{self.name}+"] = f"i_{self.name}"


@dataclass
class Collected(Shown):
    """Each of a list gives its part of the answer."""

    body: Block
    size: int
    sequential: bool

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        name = self.name
        begin = script(on, scope, before, f"l_{name} = {list(range(self.size))}\no_{name} = None", condition)
        loop = MultiInstance(
            self.sequential,
            collection=compile_expression(f"l_{name}"),
            element_variable=f"e_{name}",
            output_collection=f"o_{name}",
            output_element=compile_expression(f"e_{name} * 2"),
        )
        made = on.add("subProcess", scope, loop=loop)
        on.connect(begin, made)
        start = on.add("startEvent", made, event=Event())
        on.connect(self.body.draw(on, made, start), on.add("endEvent", made, event=Event()))
        return self.check(on, scope, made, f"o_{name} == {[2 * n for n in range(self.size)]}")

    def passed(self) -> Counter[str]:
        return repeated(self.size, self.body.passed()) + Counter([self.name])

    def undone(self) -> Counter[str]:
        return repeated(self.size, self.body.undone())

    def inside(self) -> Sequence[Block]:
        return [self.body]


# --- early ends, and what comes beside -------------------------------------------------------------------------------


AMONG = {"errorAmong": "error", "escalationAmong": "escalation"}
"""An error or escalation from inside among all that must come; a message and a signal come from outside."""


class Around(Block):
    """A sub-process with something inside, and an event."""

    name: str
    kind: str

    @property
    def edge(self) -> str:
        return f"{self.name}!"

    def prepare(self, on: Drawing, scope: str, before: str, condition: str | None) -> tuple[str, str | None]:
        """What a condition reads is there, and does not hold."""
        if self.kind == "store":
            before, condition = emptied(on, scope, before, self.name, condition), None
        if self.kind in ("conditional", "store"):
            before, condition = script(on, scope, before, f"c_{self.name} = 0", condition), None
        return before, condition

    def handle(
        self, on: Drawing, host: str, after: Block, when: Event, interrupting: bool, name: str | None = None
    ) -> None:
        """An event sub-process in `host`."""
        inner = on.add("subProcess", host, triggered_by_event=True)
        first = on.add("startEvent", inner, name=name or self.edge, event=when, interrupting=interrupting)
        on.connect(after.draw(on, inner, first), on.add("endEvent", inner, event=Event()))

    def throw(self, on: Drawing, host: str, before: str) -> str:
        """An escalation, in the flow."""
        made = on.add("intermediateThrowEvent", host, event=Event("escalation", self.name))
        on.connect(before, made)
        return made

    def caught(self, kind: str, any_code: bool = False) -> Event:
        if kind in AMONG:
            parts = (event("message"), self.caught(AMONG[kind], any_code), event("signal"))
            return Event("parallelMultiple", parts=parts)
        if kind == "conditional":
            return becomes(f"c_{self.name} == 1")
        if kind == "store":
            return conditional_on(self.name, f" and c_{self.name} == 0")
        if kind in ("error", "escalation"):
            return Event(kind, None if any_code else self.name)
        return event(kind)


@dataclass
class Once(Block):
    """A script, then the block: the condition that led here does not hold any more."""

    text: str
    block: Block

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        return self.block.draw(on, scope, script(on, scope, before, self.text, condition))


@dataclass
class Interrupted(Around):
    """`doing` is done while `never` waits beside it; then `kind` ends both, and `after` follows: behind an event at the
    edge, or in an event sub-process (`inside`). Cancel and terminate are what they are.

    Where an error or escalation is one of all that must come (`AMONG`), the others come before it or after, or never,
    and an event further out catches what is thrown then: an error at once, an escalation the second time."""

    name: str
    doing: Block
    never: Block
    after: Block
    kind: str
    inside_: bool = False
    any_code: bool = False
    others: str = ""
    """"before", "after" or "never"; empty where there are none."""

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        before, condition = self.prepare(on, scope, before, condition)
        host = on.add("transaction" if self.kind == "cancel" else "subProcess", scope)
        on.connect(before, host, condition)
        start = on.add("startEvent", host, event=Event())
        if self.others == "never":
            self._in_vain(on, host, start)
        else:
            self._doing(on, host, start)
        if self.kind == "terminate":
            return self.after.draw(on, scope, host)
        if self._is_inside:
            self.handle(on, host, self.after, self._caught, interrupting=True)
            return host
        merge = on.add("exclusiveGateway", scope)
        edge = on.add("boundaryEvent", scope, name=self.edge, event=self._caught, attached_to=host)
        on.connect(host, merge)
        on.connect(self.after.draw(on, scope, edge), merge)
        return merge

    def _doing(self, on: Drawing, host: str, start: str) -> None:
        split = on.add("parallelGateway", host)
        on.connect(start, split)
        on.connect(self.never.draw(on, host, split), on.add("endEvent", host, event=Event()))
        last = Sub(self.doing).draw(on, host, split)
        if self.kind == "conditional":
            last = script(on, host, last, f"c_{self.name} = 1")
        if self.others == "before":
            last = Wait(f"{self.name}.").draw(on, host, last)
        if self.others == "never" and self.kind == "escalationAmong":
            last = self.throw(on, host, last)
        name = self.edge if self.kind == "terminate" else ""
        end = thrown(self._thrown if self._comes_from_inside else "none", self.name)
        on.connect(last, on.add("endEvent", host, name=name, event=end))

    def _in_vain(self, on: Drawing, host: str, start: str) -> None:
        """A sub-process with the event for which not all comes."""
        inner = on.add("subProcess", host)
        on.connect(start, inner)
        self._doing(on, inner, on.add("startEvent", inner, event=Event()))
        end, name, event_ = on.add("endEvent", host, event=Event()), f"{self.name}-", self.caught(self.kind)
        on.connect(inner, end)
        if self._is_inside:
            self.handle(on, inner, Sequence_([]), event_, interrupting=True, name=name)
        else:
            on.connect(on.add("boundaryEvent", host, name=name, event=event_, attached_to=inner), end)

    @property
    def _thrown(self) -> str:
        return AMONG.get(self.kind, self.kind)

    @property
    def _comes_from_inside(self) -> bool:
        return self._thrown in ("error", "escalation", "cancel", "terminate")

    @property
    def _caught(self) -> Event:
        if self.others == "never":
            return Event(self._thrown, None if self.any_code else self.name)
        return Event("cancel") if self.kind == "cancel" else self.caught(self.kind, self.any_code)

    @property
    def _is_inside(self) -> bool:
        return self.inside_ and self.kind not in ("cancel", "terminate")

    def passed(self) -> Counter[str]:
        undone = self.doing.undone() if self.kind == "cancel" else Counter()
        waited = Counter([f"{self.name}."] if self.others == "before" else [])
        return self.doing.passed() + undone + self.after.passed() + Counter([self.edge]) + waited

    def undone(self) -> Counter[str]:
        """What did not come to its good end is not compensated; what follows is, where it follows outside."""
        return Counter() if self._is_inside else self.after.undone()

    def inside(self) -> Sequence[Block]:
        return self.doing, self.never, self.after

    def rule(self, rules: Rules) -> None:
        for block in self.never.all():
            rules.never |= {block.name, f"{block.name}!"} if isinstance(block, Wait | Sub) else set()
        if self.others == "before":
            rules.gated[f"{self.name}."] = self.edge
        elif self.others == "never":
            rules.never.add(f"{self.name}-")
        elif self.others != "after" and (self._comes_from_inside or self.kind == "conditional"):
            rules.never.add(self.edge)
        else:
            rules.last.add(self.edge)


@dataclass
class Beside(Around):
    """An event at the edge of a sub-process, or in it (`inside_`), is followed by `after`, beside the rest.

    Where an escalation is one of all that must come, the others come `before` it or after; and where they come after it
    may be thrown once more (`times`), which an event further out catches."""

    name: str
    body: Block
    after: Block
    kind: str
    inside_: bool = False
    times: int = 1
    before: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        before, condition = self.prepare(on, scope, before, condition)
        after = Once(f"c_{self.name} = 1", self.after) if self.kind == "store" else self.after
        around = host = on.add("subProcess", scope)
        on.connect(before, host, condition)
        last = on.add("startEvent", host, event=Event())
        if self._is_thrown_again:
            host = on.add("subProcess", around)
            on.connect(last, host)
            on.connect(host, on.add("endEvent", around, event=Event()))
            self._catch(on, scope, around, Sequence_([]), self.caught("escalation"), f"{self.name}-")
            last = on.add("startEvent", host, event=Event())
        if self.kind == "conditional":
            last = script(on, host, last, f"c_{self.name} = 1")
        if self.kind == "escalation":
            last = self.throw(on, host, last)
        if self.kind == "escalationAmong" and not self.before:
            for _ in range(self.times):
                last = self.throw(on, host, last)
        last = Wait(f"{self.name}.").draw(on, host, last)  # so that there is something for it to be beside
        if self.kind == "escalationAmong" and self.before:
            last = self.throw(on, host, last)
        on.connect(self.body.draw(on, host, last), on.add("endEvent", host, event=Event()))
        self._catch(on, scope if host == around else around, host, after, self.caught(self.kind), self.edge)
        return around

    def _catch(self, on: Drawing, scope: str, host: str, after: Block, when: Event, name: str) -> None:
        if self.inside_:
            self.handle(on, host, after, when, interrupting=False, name=name)
        else:
            edge = on.add("boundaryEvent", scope, name=name, event=when, attached_to=host, interrupting=False)
            on.connect(after.draw(on, scope, edge), on.add("endEvent", scope, event=Event()))

    @property
    def _is_thrown_again(self) -> bool:
        return self.kind == "escalationAmong" and not self.before and self.times > 1

    @property
    def _times(self) -> int:
        return {"timeCycle": 2, "message": self.times, "signal": self.times, "multiple": self.times}.get(self.kind, 1)

    def passed(self) -> Counter[str]:
        beside = self.after.passed() + Counter([self.edge])
        again = Counter([f"{self.name}-"] if self._is_thrown_again else [])
        return self.body.passed() + repeated(self._times, beside) + Counter([f"{self.name}."]) + again

    def undone(self) -> Counter[str]:
        return self.body.undone() + repeated(self._times, self.after.undone())

    def inside(self) -> Sequence[Block]:
        return self.body, self.after

    def rule(self, rules: Rules) -> None:
        (rules.never if self.kind in ("escalation", "conditional") else rules.first).add(self.edge)


@dataclass
class Ended(Block):
    """A sub-process whose end throws something."""

    name: str
    body: Block
    kind: str

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        host = on.add("subProcess", scope)
        on.connect(before, host, condition)
        last = self.body.draw(on, host, on.add("startEvent", host, event=Event()))
        on.connect(last, on.add("endEvent", host, name=self.name, event=thrown(self.kind, self.name)))
        return host

    def passed(self) -> Counter[str]:
        return self.body.passed() + Counter([self.name])

    def undone(self) -> Counter[str]:
        return self.body.undone()

    def inside(self) -> Sequence[Block]:
        return [self.body]


# --- undone ----------------------------------------------------------------------------------------------------------


@dataclass
class Undoable(Wait):
    """A task with somebody to undo it: `name` and a tilde."""

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        made = super().draw(on, scope, before, condition)
        handler = on.add("userTask", scope, name=f"{self.name}~", work=WORK, for_compensation=True)
        on.add("boundaryEvent", scope, event=COMPENSATE, attached_to=made, compensated_by=(handler,))
        return made

    def undone(self) -> Counter[str]:
        return Counter([f"{self.name}~"])


@dataclass
class Undoing(Block):
    """A sub-process that is undone by an event sub-process inside, whatever was done in it."""

    name: str
    body: Block
    handler: Block

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        made = on.add("subProcess", scope)
        on.connect(before, made, condition)
        start = on.add("startEvent", made, event=Event())
        on.connect(self.body.draw(on, made, start), on.add("endEvent", made, event=Event()))
        inner = on.add("subProcess", made, triggered_by_event=True)
        first = on.add("startEvent", inner, name=f"{self.name}~", event=COMPENSATE)
        on.connect(self.handler.draw(on, inner, first), on.add("endEvent", inner, event=Event()))
        return made

    def passed(self) -> Counter[str]:
        return self.body.passed()

    def undone(self) -> Counter[str]:
        return self.handler.passed() + Counter([f"{self.name}~"])

    def inside(self) -> Sequence[Block]:
        return self.body, self.handler


@dataclass
class Undo(Block):
    """What was done is undone: all of it, by an event in the flow or at the end, or by an event that names it. Or the
    event throws something else too (`among`)."""

    name: str
    body: Block
    kind: str = "intermediateThrowEvent"
    named: bool = False
    among: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        host = on.add("subProcess", scope)
        on.connect(before, host, condition)
        body = Sub(self.body).draw(on, host, on.add("startEvent", host, event=Event()))
        asks = Event("compensate", body if self.named else None)
        if self.among:
            asks = Event("multiple", parts=(thrown("signal", self.name), asks, thrown("escalation", self.name)))
        throw = on.add(self.kind, host, name=self.name, event=asks)
        on.connect(body, throw)
        if self.kind != "endEvent":
            on.connect(throw, on.add("endEvent", host, event=Event()))
        return host

    def passed(self) -> Counter[str]:
        return self.body.passed() + self.body.undone() + Counter([self.name])

    def inside(self) -> Sequence[Block]:
        return [self.body]


# --- chosen ----------------------------------------------------------------------------------------------------------


@dataclass
class Chosen(Block):
    """An ad-hoc sub-process: each of `activities` is begun so often. `until`: a condition ends it, else somebody does.
    `chained`: a flow leads from the first to the second. `event`: one of this kind is waited for all the while. It
    comes twice, and may lead to another activity (`behind`), for each time or for both (`gathered`)."""

    name: str
    activities: Sequence[tuple[Wait | Sub, int]]
    sequential: bool = False
    until: bool = False
    chained: bool = False
    event: str | None = None
    behind: Wait | Sub | None = None
    gathered: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        count = f"n_{self.name}"
        begin = script(on, scope, before, f"{count} = 0", condition)
        ends = compile_expression(f"{count} >= {sum(times for _, times in self._all())}") if self.until else None
        made = on.add("adHocSubProcess", scope, name=self.name, work=WORK, ad_hoc=AdHoc(self.sequential, ends))
        on.connect(begin, made)
        last = self._event(on, made) if self.event else ""
        drawn = [activity.draw(on, made, last if activity is self.behind else "") for activity, _ in self._all()]
        for activity, (_, times) in zip(drawn, self._all(), strict=True):
            counts = {count: template(f"${{{count} + 1}}")}
            on.change(activity, outputs=counts, properties={"times": str(times)})
        if self.chained:
            on.connect(drawn[0], drawn[1])
        if self.gathered:
            on.change(drawn[-1], start_quantity=2)
        return made

    def _event(self, on: Drawing, scope: str) -> str:
        marks = {"comes": "2"} if self.behind else {}
        came = on.add(
            "intermediateCatchEvent", scope, name=f"{self.name}!", event=event(self.event or ""), properties=marks
        )
        thrown_ = on.add("intermediateThrowEvent", scope, name=f"{self.name}.", event=Event())
        on.connect(came, thrown_)
        return thrown_

    def _all(self) -> list[tuple[Wait | Sub, int]]:
        """With how often each is begun."""
        times = [times for _, times in self.activities]
        times = [times[0], times[0], *times[2:]] if self.chained else times
        found = [(activity, often) for (activity, _), often in zip(self.activities, times, strict=True)]
        return [*found, (self.behind, 1 if self.gathered else 2)] if self.behind else found

    def passed(self) -> Counter[str]:
        came = Counter([f"{self.name}!", f"{self.name}."] * 2 if self.event else [])
        return total(self._each(lambda activity: activity.passed())) + Counter([self.name]) + came

    def undone(self) -> Counter[str]:
        return total(self._each(lambda activity: activity.undone()))

    def _each(self, ask: Callable[[Block], Counter[str]]) -> Iterator[Counter[str]]:
        for activity, times in self._all():
            yield repeated(times, ask(activity))

    def inside(self) -> Sequence[Block]:
        return [activity for activity, _ in self._all()]

    def rule(self, rules: Rules) -> None:
        if not self.behind:
            rules.first.add(f"{self.name}!")


# --- a process -------------------------------------------------------------------------------------------------------


@dataclass
class Way:
    """How a process begins: a start event of `kind`, or message events behind an event-based gateway, of which one
    (exclusive) or all (parallel) come. `undoing`: it is compensated afterwards, by this and all that it can undo."""

    kind: str = "none"
    other: str = "other"
    undoing: Wait | None = None


def _begun_by(kind: str) -> Event:
    if kind == "conversation":
        return Event("message", "fraga_start", correlation=CONVERSATION)
    if kind == "store":
        return conditional_on("start")
    return Event() if kind == "none" else event(kind)


CONVERSATION = Correlation("K_start", (template("${nr}"),))
"""What a process begins with may set the key of what it waits for in the end."""
SETS_KEY = {"nr": 4}


def process_by(block: Block, way: Way) -> tuple[Graph, str | None, Counter[str]]:
    """The graph, where it begins (None: without an event), and what is to be passed."""
    on = Drawing()
    at: str | None = None
    passed = block.passed()
    if way.kind in ("exclusive", "parallel"):
        gateway = on.add("eventBasedGateway", "process", instantiate=True, parallel=way.kind == "parallel")
        first, other = Wait("first", "message").draw(on, "process", gateway), Wait("other", way.other)
        second = other.draw(on, "process", gateway)
        before = on.add("exclusiveGateway" if way.kind == "exclusive" else "parallelGateway", "process")
        on.connect(first, before)
        on.connect(second, before)
        at = first
        passed += Counter(["first"] if way.kind == "exclusive" else ["first", "other"])
    elif way.kind == "receiveTask":
        before = at = on.add("receiveTask", "process", name="first", event=event("message"), instantiate=True)
        passed += Counter(["first"])
    else:
        before = on.add("startEvent", "process", event=_begun_by(way.kind))
        at = None if way.kind == "none" else before
    if way.kind == "store":
        on.stores["S_start"] = DataStore("S_start", is_watched=True)
    last = block.draw(on, "process", before)
    if way.kind == "conversation":
        caught = on.add(
            "receiveTask", "process", name="sist", event=Event("message", "svar_start", correlation=CONVERSATION)
        )
        on.connect(last, caught)
        last, passed = caught, passed + Counter(["sist"])
    on.connect(last, on.add("endEvent", "process", event=Event()))
    if way.undoing:
        inner = on.add("subProcess", "process", triggered_by_event=True)
        last = way.undoing.draw(on, inner, on.add("startEvent", inner, event=COMPENSATE))
        on.connect(last, on.add("endEvent", inner, event=COMPENSATE))
        passed += way.undoing.passed() + block.undone()
    return on.graph("process"), at, passed
