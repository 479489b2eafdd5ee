"""Drawings that break the rules of `engine/bpmn/checks/` about events, links and gateways, with all that is found in each."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

from tests.bpmn.drawing import chain

_A = '<task id="a"/>'


def _throw(name: str, link: str) -> str:
    return f'<intermediateThrowEvent id="{name}"><linkEventDefinition name="{link}"/></intermediateThrowEvent>'


def _catch(name: str, link: str) -> str:
    return f'<intermediateCatchEvent id="{name}"><linkEventDefinition name="{link}"/></intermediateCatchEvent>'


def _condition(text: str) -> str:
    return (
        f"<conditionalEventDefinition><condition>{text.replace('>', '&gt;')}</condition></conditionalEventDefinition>"
    )


MESSAGE, MESSAGE2 = '<messageEventDefinition messageRef="m"/>', '<messageEventDefinition messageRef="m2"/>'
SIGNAL, ERROR = '<signalEventDefinition signalRef="g"/>', '<errorEventDefinition errorRef="e1"/>'
_TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
_KEY = '<extensionElements><camunda:properties><camunda:property name="correlationKey" value="nummer"/></camunda:properties></extensionElements>'


def _starting(one: str, other: str, more: str) -> str:
    """A process that an event-based gateway starts."""
    events = "".join(
        f'<intermediateCatchEvent id="{name}">{event}</intermediateCatchEvent>'
        for name, event in (("a", one), ("b", other))
    )
    return f'<eventBasedGateway id="gw" instantiate="true" {more}/>{events}<endEvent id="e"/>\ngw -> a\ngw -> b\na -> e\nb -> e'


_SUB = '<subProcess id="x"><startEvent id="i"/>{}<endEvent id="f"/>\ni -> f\n{}</subProcess>'

DRAWINGS: list[tuple[str, list[tuple[str, str, str]]]] = [
    (chain(_throw("t", "l") + _catch("c", "l"), "t", "c"), []),
    (chain(_throw("t", "") + _catch("c", "l"), "t", "c"), [("link-name", "error", "t"), ("link-without-source", "error", "c")]),
    (chain(_throw("t", "l") + _catch("c", ""), "t", "c"), [("link-without-target", "error", "t"), ("link-name", "error", "c")]),
    (chain(_throw("t", "l") + _catch("c", "m"), "t", "c"), [("link-without-target", "error", "t"), ("link-without-source", "error", "c")]),
    (chain(_throw("t", "l") + _catch("c", "l") + _catch("d", "l") + "\nd -> e", "t", "c"), [("link-target-twice", "error", "d")]),
    (chain(_A + _throw("t", "l") + _SUB.format(_catch("c", "l") + '<task id="b"/>', "c -> b\nb -> f\n") + "\na -> t\nx -> e", "a", "a").replace("a -> e\n", "a -> x\n"), [("link-crosses-scope", "error", "t"), ("link-without-source", "error", "c")]),
    (chain(_throw("t", "l") + _catch("c", "l") + "\nt -> e", "t", "c"), [("link-flow", "error", "t")]),
    (chain(_A + _throw("t", "l") + _catch("c", "l") + "\na -> t\na -> c", "a", "c"), [("link-flow", "error", "c")]),
    ('<startEvent id="s"><linkEventDefinition name="l"/></startEvent><endEvent id="e"/>\ns -> e', [("event-type", "error", "s")]),
    (chain(f'<intermediateCatchEvent id="x">{_condition("antal > 3")}</intermediateCatchEvent>'), []),
    (chain(f'<intermediateCatchEvent id="x">{_condition("")}</intermediateCatchEvent>'), [("condition-missing", "error", "x")]),
    (chain(f'<intermediateCatchEvent id="x">{_condition("1 > 0")}</intermediateCatchEvent>'), [("condition-without-variable", "error", "x")]),
    (chain(f'<intermediateCatchEvent id="x">{MESSAGE}{SIGNAL}</intermediateCatchEvent>'), []),
    (chain(f'<intermediateCatchEvent id="x">{MESSAGE}<linkEventDefinition name="l"/></intermediateCatchEvent>'), [("not-alone", "error", "x")]),
    (chain(f'<intermediateCatchEvent id="x">{MESSAGE}{ERROR}</intermediateCatchEvent>'), [("event-type", "error", "x")]),
    (chain(f'<intermediateCatchEvent id="x" parallelMultiple="true">{MESSAGE}{SIGNAL}{_condition("a")}</intermediateCatchEvent>'), []),
    (chain(f'<intermediateCatchEvent id="x" parallelMultiple="true">{MESSAGE}{ERROR}</intermediateCatchEvent>'), [("event-type", "error", "x")]),
    (f'<startEvent id="s" parallelMultiple="true">{MESSAGE}{ERROR}</startEvent><endEvent id="e"/>\ns -> e', [("event-type", "error", "s")]),
    (chain(f'{_A}<boundaryEvent id="x" attachedToRef="a" parallelMultiple="true">{MESSAGE}{ERROR}</boundaryEvent>\nx -> e', "a", "a"), []),
    (chain(f'{_A}<boundaryEvent id="x" attachedToRef="a" parallelMultiple="true">{ERROR}{ERROR}</boundaryEvent>\nx -> e', "a", "a"), [("parallel-multiple", "error", "x")]),
    (chain(f'{_A}<boundaryEvent id="x" attachedToRef="a" cancelActivity="false">{MESSAGE}{ERROR}</boundaryEvent>\nx -> e', "a", "a"), [("error-interrupts", "error", "x")]),
    (chain(f'{_A}<boundaryEvent id="x" attachedToRef="a">{MESSAGE}{ERROR}</boundaryEvent><boundaryEvent id="y" attachedToRef="a">{ERROR}</boundaryEvent>\nx -> e\ny -> e', "a", "a"), [("caught-twice", "error", "y")]),
    (f'<startEvent id="s" parallelMultiple="true">{MESSAGE}{MESSAGE2}</startEvent><endEvent id="e"/>\ns -> e', []),
    (f'<startEvent id="s" parallelMultiple="true">{MESSAGE}{SIGNAL}</startEvent><endEvent id="e"/>\ns -> e', []),
    (f'<startEvent id="s">{MESSAGE}{SIGNAL}</startEvent><startEvent id="t">{MESSAGE2}{MESSAGE}</startEvent><endEvent id="e"/>\ns -> e\nt -> e', [("message-started-twice", "error", "t")]),
    (f'<startEvent id="s">{MESSAGE}{_condition("a")}</startEvent><endEvent id="e"/>\ns -> e', [("start-condition", "error", "s")]),
    (f'<startEvent id="s">{_TIMER}{_TIMER}</startEvent><endEvent id="e"/>\ns -> e', []),
    (chain('<parallelGateway id="gw"/><task id="a"/><task id="b"/><complexGateway id="x"/>\ngw -> a\ngw -> b\na -> x\nb -> x', "gw", "x"), [("activation-condition", "error", "x")]),
    (chain('<complexGateway id="x"><activationCondition>true</activationCondition></complexGateway><task id="a"/><task id="b"/>\nx -> a if y\nx -> b\na -> e\nb -> e', "x", "a").replace("a -> e\n", "", 1), [("activation-condition", "warning", "x")]),
    (chain('<complexGateway id="x"/><task id="a"/><task id="b"/>\nx -> a if y\nx -> b if z\nb -> e', "x", "a"), [("no-default", "warning", "x")]),
    (chain('<complexGateway id="x"/>'), [("idle-gateway", "warning", "x")]),
    (_starting(MESSAGE, MESSAGE2, ""), []),
    (_starting(MESSAGE, _TIMER, ""), []),
    (_starting(_KEY + MESSAGE, _KEY + MESSAGE2, "eventGatewayType='Parallel'"), []),
    (_starting(_KEY + MESSAGE, MESSAGE2, "eventGatewayType='Parallel'"), [("starting-event-key", "warning", "b")]),
    (_starting(_KEY + MESSAGE, SIGNAL, "eventGatewayType='Parallel'"), [("starting-event", "error", "b")]),
    (_starting(MESSAGE, _condition("a"), ""), [("starting-event", "error", "b")]),
    ('<startEvent id="s"/>' + _starting(MESSAGE, MESSAGE2, "eventGatewayType='Parallel'").replace('instantiate="true"', "") + "\ns -> gw", [("event-gateway-type", "error", "gw")]),
    ('<startEvent id="s"/>' + _starting(MESSAGE, MESSAGE2, "") + "\ns -> gw", [("starting-gateway", "error", "gw")]),
    (_starting(MESSAGE, MESSAGE, ""), [("message-started-twice", "error", "b")]),
]  # fmt: skip
