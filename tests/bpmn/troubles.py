"""Blocks (`builder.py`) in which something goes wrong, and what people, other cases and called cases do about it; and
conversations by correlation key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from engine.bpmn.expressions import compile_expression, compile_script, template
from engine.bpmn.model import (
    AdHoc,
    Call,
    Correlation,
    DataAssociation,
    DataFlow,
    DataSet,
    Event,
    Graph,
    MultiInstance,
    StandardLoop,
)
from tests.bpmn.blocks import Shown, conditional_on, emptied
from tests.bpmn.builder import CALLED, WORK, Block, Drawing, Rules, Wait, becomes, script

# --- what cannot be played -------------------------------------------------------------------------------------------


@dataclass
class Trouble(Shown):
    """An element that cannot be played as long as `m_name` is what it is at first; somebody beside it mends that.

    `way`: how it goes on, if it comes to an incident: "retry" once it is mended, or "skip", helped past by hand."""

    name: str
    kind: str
    way: str = "retry"

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        mended = f"m_{self.name}"
        doubled = [f"{mended} = '{64 * 'a'}'", *[f"{mended} = {mended} + {mended}"] * 10]
        at_first = doubled if self.kind == "budget" else [f"{mended} = None"]
        begin = script(on, scope, before, "\n".join([f"x_{self.name} = None", *at_first]), condition)
        split, join = on.add("parallelGateway", scope), on.add("parallelGateway", scope)
        on.connect(begin, split)
        last = TROUBLES[self.kind](self, on, scope, split)
        if self.kind not in GIVES:
            last = script(on, scope, last, f"x_{self.name} = 7")
        on.connect(last, join)
        fix = Wait(f"{self.name}+").draw(on, scope, split)
        if self.kind == "conversation":
            fix = Send(self.name, f"${{{mended}}}").draw(on, scope, script(on, scope, fix, f"{mended} = 5"))
        good = {"timer": "'P1D'", "edge": "'P1D'", "handler": "'P1D'", "call": repr(CALLED), "budget": "'aaa'"}
        on.connect(script(on, scope, fix, f"{mended} = {good.get(self.kind, 6)}"), join)
        return self.check(on, scope, join, f"x_{self.name} == 7")

    def element(self, on: Drawing, kind: str, scope: str, before: str, **details: object) -> str:
        """The element that gets stuck."""
        marks = {"trouble": self.name, "kind": self.kind, "way": self.way}
        made = on.add(kind, scope, properties=marks, **details)
        on.connect(before, made)
        return made

    def passed(self) -> Counter[str]:
        often = 2 if self.kind in ("ended each", "ended turn") else 1
        waited = Counter({f"{self.name}.": often} if self.kind in WAITS else {})
        return super().passed() + Counter([f"{self.name}+"]) + waited

    def rule(self, rules: Rules) -> None:
        if self.kind in ("edge", "handler"):
            rules.never.add(f"{self.name}-")


TOO_MUCH = 65_536 * "a"
"""Twice that is more than an expression may give."""
ENDED = ("ended", "ended each", "ended turn")
GIVES = ("script", "budget", "output", "gateway", "inclusive", "lacking", *ENDED, "ended ad hoc")
"""Kinds that give `x_name` themselves; or the way taken shows it."""
WAITS = ("timer", "key", "conversation", "input", "output", "call", "condition", "edge", "handler", "lacking", *ENDED)
"""Kinds with one element that waits (or is interrupted) in the end, called `name` and a full stop."""

Drawn = Callable[[Trouble, Drawing, str, str], str]


def _script(text: str) -> Drawn:
    def draw(self: Trouble, on: Drawing, scope: str, before: str) -> str:
        return self.element(on, "scriptTask", scope, before, script=compile_script(text.format(self.name)))

    return draw


def _gateway(kind: str) -> Drawn:
    def draw(self: Trouble, on: Drawing, scope: str, before: str) -> str:
        split, merge = self.element(on, kind, scope, before), on.add("exclusiveGateway", scope)
        for value, condition in ((7, f"m_{self.name} == 6"), (0, f"m_{self.name} < 6")):
            way = script(on, scope, split, f"x_{self.name} = {value}", condition)
            on.connect(way, merge)
        return merge

    return draw


def _catch(made: Callable[[Trouble], Event]) -> Drawn:
    def draw(self: Trouble, on: Drawing, scope: str, before: str) -> str:
        return self.element(on, "intermediateCatchEvent", scope, before, name=f"{self.name}.", event=made(self))

    return draw


def _timer(self: Trouble) -> Event:
    return Event("timer", timer=template(f"${{m_{self.name}}}"), timer_kind="timeDuration")


def _task(**details: Callable[[str], object]) -> Drawn:
    """Details by what is wrong in them."""

    def draw(self: Trouble, on: Drawing, scope: str, before: str) -> str:
        made = {name: make(f"m_{self.name}") for name, make in details.items()}
        return self.element(on, "task", scope, before, **made)

    return draw


def _input(self: Trouble, on: Drawing, scope: str, before: str) -> str:
    inputs = {f"i_{self.name}": template(f"${{m_{self.name} + 1}}")}
    return self.element(on, "serviceTask", scope, before, name=f"{self.name}.", topic="topic", inputs=inputs)


def _output(self: Trouble, on: Drawing, scope: str, before: str) -> str:
    outputs = {f"x_{self.name}": template(f"${{m_{self.name} + 1}}")}
    return self.element(on, "userTask", scope, before, name=f"{self.name}.", work=WORK, outputs=outputs)


def _call(self: Trouble, on: Drawing, scope: str, before: str) -> str:
    call = Call(template(f"${{m_{self.name}}}"))
    return self.element(on, "callActivity", scope, before, name=f"{self.name}.", call=call)


def _edge(self: Trouble, on: Drawing, scope: str, before: str) -> str:
    """A task cannot begin while nothing can listen at its edge."""
    host = self.element(on, "userTask", scope, before, name=f"{self.name}-", work=WORK)
    edge = on.add("boundaryEvent", scope, name=f"{self.name}.", event=_timer(self), attached_to=host)
    merge = on.add("exclusiveGateway", scope)
    on.connect(host, merge)
    on.connect(edge, merge)
    return merge


def _handler(self: Trouble, on: Drawing, scope: str, before: str) -> str:
    """An event sub-process that is to interrupt what nobody does."""
    host = on.add("subProcess", scope)
    on.connect(before, host)
    never = Wait(f"{self.name}-").draw(on, host, on.add("startEvent", host, event=Event()))
    on.connect(never, on.add("endEvent", host, event=Event()))
    inner = on.add("subProcess", host, triggered_by_event=True)
    first = self.element(on, "startEvent", inner, "", name=f"{self.name}.", event=_timer(self))
    on.connect(first, on.add("endEvent", inner, event=Event()))
    return host


def _lacking(self: Trouble, on: Drawing, scope: str, before: str) -> str:
    """A task that is done without what it should have given: that never comes."""
    on.keep(scope, f"x_{self.name}")
    gives = DataAssociation((f"o_{self.name}",), f"x_{self.name}", template(f"${{o_{self.name}}}"))
    flow = DataFlow((), (f"o_{self.name}",), (DataSet(),), (DataSet((f"o_{self.name}",)),), given=(gives,))
    return self.element(on, "userTask", scope, before, name=f"{self.name}.", work=WORK, data=flow)


def _ended(**details: object) -> Drawn:
    """A sub-process that cannot end, having been done: once, or each of two."""

    def draw(self: Trouble, on: Drawing, scope: str, before: str) -> str:
        outputs = {f"x_{self.name}": template(f"${{m_{self.name} + 1}}")}
        host = self.element(on, "subProcess", scope, before, outputs=outputs, **details)
        inside = Wait(f"{self.name}.").draw(on, host, on.add("startEvent", host, event=Event()))
        on.connect(inside, on.add("endEvent", host, event=Event()))
        return host

    return draw


def _ended_ad_hoc(self: Trouble, on: Drawing, scope: str, before: str) -> str:
    """Work that cannot end: whether it is done is not known."""
    done = AdHoc(completion=compile_expression(f"m_{self.name} > 5"))
    outputs = {f"x_{self.name}": template(f"${{m_{self.name} + 1}}")}
    host = self.element(on, "adHocSubProcess", scope, before, work=WORK, ad_hoc=done, outputs=outputs)
    on.add("task", host, properties={"times": "1"})
    return host


TROUBLES: dict[str, Drawn] = {
    "script": _script("x_{0} = m_{0} + 1"),
    "budget": _script("x_{0} = len(m_{0} + m_{0}) + 1"),
    "gateway": _gateway("exclusiveGateway"),
    "inclusive": _gateway("inclusiveGateway"),
    "timer": _catch(_timer),
    "key": _catch(lambda self: Event("message", "namn", key=template(f"${{m_{self.name}}}"))),
    "conversation": _catch(lambda self: answer(self.name)),
    "condition": _catch(lambda self: becomes(f"m_{self.name} + 1 == 7")),
    "input": _input,
    "output": _output,
    "call": _call,
    "cardinality": _task(loop=lambda mended: MultiInstance(False, compile_expression(mended))),
    "completion": _task(
        loop=lambda mended: MultiInstance(True, compile_expression("1"), completion=compile_expression(f"{mended} > 5"))
    ),
    "loop": _task(standard_loop=lambda mended: StandardLoop(compile_expression(f"{mended} > 99"))),
    "edge": _edge,
    "handler": _handler,
    "lacking": _lacking,
    "ended": _ended(),
    "ended each": _ended(loop=MultiInstance(False, compile_expression("2"))),
    "ended turn": _ended(standard_loop=StandardLoop(None, False, 2)),
    "ended ad hoc": _ended_ad_hoc,
}
NOT_SKIPPED = ("edge", "handler")
"""Helped past, what cannot begin to listen would never come."""
NOT_RETRIED = ("lacking",)
"""Tried again, it lacks the same."""


# --- what fails, called or done --------------------------------------------------------------------------------------

FAILING, ESCALATING = "misslyckas", "eskalerar"
"""Processes that are called, and do so."""


def called(key: str) -> Graph:
    """What a process calls: after a service task it ends with an error, or it escalates before that, or neither."""
    on = Drawing()
    before = on.add("startEvent", key, event=Event())
    if key == ESCALATING:
        throws = on.add("intermediateThrowEvent", key, event=Event("escalation", "obs"))
        on.connect(before, throws)
        before = throws
    end = Event("error", "fel") if key == FAILING else Event()
    on.connect(Wait("svara", "serviceTask").draw(on, key, before), on.add("endEvent", key, event=end))
    return on.graph(key)


@dataclass
class Wrong(Wait):
    """Work, or a called case, that ends with an error: an event at its edge catches it, or one around (`climbs`)."""

    climbs: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        host, inside = on.add("subProcess", scope) if self.climbs else "", scope
        if host:
            on.connect(before, host, condition)
            before, condition, inside = on.add("startEvent", host, event=Event()), None, host
        made = super().draw(on, inside, before, condition)
        on.change(made, properties={"fails": self.name})
        if host:
            on.connect(made, on.add("endEvent", host, event=Event()))
        caught = Event("error", self.name)
        if self.kind == "callActivity":
            on.change(made, call=Call(template(FAILING)))
            caught = Event("error")
        edge = on.add("boundaryEvent", scope, name=f"{self.name}!", event=caught, attached_to=host or made)
        merge = on.add("exclusiveGateway", scope)
        on.connect(host or made, merge)
        on.connect(edge, merge)
        return merge

    def passed(self) -> Counter[str]:
        return Counter([f"{self.name}!"])

    def rule(self, rules: Rules) -> None:
        rules.fails.add(self.name)


@dataclass
class Escalating(Wait):
    """A called case that escalates so many times, and then comes back; or once, which ends it (`interrupting`)."""

    times: int = 1
    interrupting: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        made = super().draw(on, scope, before, condition)
        on.change(made, call=Call(template(ESCALATING)))
        edge = on.add(
            "boundaryEvent",
            scope,
            name=f"{self.name}!",
            event=Event("escalation"),
            attached_to=made,
            interrupting=self.interrupting,
        )
        if not self.interrupting:
            on.connect(edge, on.add("endEvent", scope, event=Event()))
            return made
        merge = on.add("exclusiveGateway", scope)
        on.connect(made, merge)
        on.connect(edge, merge)
        return merge

    def passed(self) -> Counter[str]:
        if self.interrupting:
            return Counter([f"{self.name}!"])
        return Counter([self.name]) + Counter({f"{self.name}!": self.times})

    def rule(self, rules: Rules) -> None:
        rules.escalates.add(self.name)


# --- conversations ---------------------------------------------------------------------------------------------------


def correlation(name: str, expected: str | None = None) -> Correlation:
    """A key of its own for each block: what its messages call `nr`."""
    by_context = (template(f"${{{expected}}}"),) if expected else ()
    return Correlation(f"K_{name}", (template("${nr}"),), by_context)


def answer(name: str, expected: str | None = None) -> Event:
    return Event("message", f"svar_{name}", correlation=correlation(name, expected))


@dataclass
class Send(Block):
    """A message that sets the key of a conversation to the value of `number`."""

    name: str
    number: str
    kind: str = "intermediateThrowEvent"
    expected: str | None = None

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        asks = Event(
            "message",
            f"fraga_{self.name}",
            correlation=correlation(self.name, self.expected),
            payload={"nr": template(self.number)},
        )
        made = on.add(self.kind, scope, event=asks)
        on.connect(before, made, condition)
        return made


@dataclass
class Conversation(Block):
    """So many conversations at a time, each `turns` long and with a key of its own, which each turn sets anew; or as a
    subscription says (`by_context`)."""

    name: str
    size: int
    sequential: bool = False
    turns: int = 1
    kind: str = "sendTask"
    by_context: bool = False

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        number = f"n_{self.name}"
        expected = number if self.by_context else None
        begin = script(on, scope, before, f"l_{self.name} = {[10 * one for one in range(self.size)]}", condition)
        each = MultiInstance(self.sequential, collection=compile_expression(f"l_{self.name}"), element_variable=number)
        host = on.add("subProcess", scope, loop=each)
        on.connect(begin, host)
        last = on.add("startEvent", host, event=Event())
        for _ in range(self.turns):
            last = script(on, host, last, f"{number} = {number} + 1")
            last = Send(self.name, f"${{{number}}}", self.kind, expected).draw(on, host, last)
            caught = on.add("receiveTask", host, name=self.name, event=answer(self.name, expected))
            on.connect(last, caught)
            last = caught
        on.connect(last, on.add("endEvent", host, event=Event()))
        return host

    def passed(self) -> Counter[str]:
        return Counter({self.name: self.size * self.turns})

    def rule(self, rules: Rules) -> None:
        rules.keys[self.name] = f"n_{self.name}"


# --- what other cases write ------------------------------------------------------------------------------------------


@dataclass
class Told(Block):
    """A token waits until another case has written something to a data store."""

    name: str

    def draw(self, on: Drawing, scope: str, before: str, condition: str | None = None) -> str:
        empty = emptied(on, scope, before, self.name, condition)
        made = on.add("intermediateCatchEvent", scope, name=self.name, event=conditional_on(self.name))
        on.connect(empty, made)
        return made

    def passed(self) -> Counter[str]:
        return Counter([self.name])
