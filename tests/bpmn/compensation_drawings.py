"""Drawings that break the rules of compensation and of transactions, for `test_checks.py`; and some that break none."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

from tests.bpmn.drawing import chain

COMPENSATE = "<compensateEventDefinition/>"
CANCEL = "<cancelEventDefinition/>"
TASK = '<task id="a"/>'
CAUGHT = f'<boundaryEvent id="k" attachedToRef="a">{COMPENSATE}</boundaryEvent>'
HANDLER = '<task id="h" isForCompensation="true"/>'
THROW = f'<intermediateThrowEvent id="t">{COMPENSATE}</intermediateThrowEvent>'
LINK = '<association id="l" associationDirection="One" sourceRef="k" targetRef="h"/>'


def drawn(inside: str, artifacts: str = LINK, beside: str = "") -> str:
    """start, a, t, end with what else is given; associations come last, as the schema wants."""
    return chain(inside + THROW + "\na -> t\n" + beside, "a", "t") + artifacts


def transaction(inside: str, edge: str = f'<boundaryEvent id="k" attachedToRef="x">{CANCEL}</boundaryEvent>') -> str:
    kept = "\nk -> e" if 'id="k"' in edge else ""
    kind = f'<transaction id="x"><startEvent id="i"/><endEvent id="f"/>{inside}</transaction>{edge}'
    return chain(kind) + kept


CANCELS = f'<endEvent id="c">{CANCEL}</endEvent><parallelGateway id="w"/>\ni -> w\nw -> f\nw -> c\n'
EVENT = f'<subProcess id="{{0}}" triggeredByEvent="true"><startEvent id="{{0}}s">{COMPENSATE}</startEvent><endEvent id="{{0}}e"/>\n{{0}}s -> {{0}}e\n</subProcess>'
SUB = '<subProcess id="a"><startEvent id="i"/><task id="b"/><endEvent id="f"/>\ni -> b\nb -> f\n{}</subProcess>'
NAMED = '<intermediateThrowEvent id="t"><compensateEventDefinition activityRef="{}"/></intermediateThrowEvent>'

SOUND: list[str] = [
    drawn(TASK + CAUGHT + HANDLER),
    drawn(TASK + CAUGHT + HANDLER, '<association id="l" sourceRef="h" targetRef="k"/>'),
    drawn(SUB.format(EVENT.format("v")), ""),
    drawn(SUB.format(EVENT.format("v")), "").replace(THROW, NAMED.format("a")),
    drawn(TASK + CAUGHT + HANDLER + EVENT.format("v")),
    drawn('<callActivity id="a" calledElement="p"/>', ""),
    transaction(CANCELS),
]

BROKEN: list[tuple[str, list[tuple[str, str, str]]]] = [
    (drawn(TASK + CAUGHT, ""), [("compensation-handler", "error", "k"), ("compensation-target", "warning", "t")]),
    (drawn(TASK + CAUGHT + HANDLER + '<task id="h2" isForCompensation="true"/>', LINK + '<association id="l2" sourceRef="k" targetRef="h2"/>'), [("compensation-handler", "error", "k")]),
    (drawn(TASK + CAUGHT + HANDLER, '<association id="l" associationDirection="One" sourceRef="h" targetRef="k"/>'), [("compensation-handler", "error", "k"), ("compensation-handler", "error", "h"), ("compensation-target", "warning", "t")]),
    (drawn(TASK + CAUGHT + '<task id="h"/>', LINK), [("compensation-handler", "error", "k"), ("no-incoming", "error", "h"), ("no-outgoing", "warning", "h")]),
    (drawn(TASK + CAUGHT + '<parallelGateway id="h"/>', LINK), [("compensation-handler", "error", "k"), ("no-incoming", "error", "h"), ("no-outgoing", "warning", "h")]),
    (drawn(TASK + CAUGHT + f'<subProcess id="y"><startEvent id="i"/><endEvent id="f"/>\ni -> f\n{HANDLER}</subProcess>', LINK, "t -> y\n").replace("t -> e", "y -> e"), [("compensation-handler", "error", "k")]),
    (drawn(TASK + CAUGHT + HANDLER, LINK, "k -> t\n"), [("compensation-flow", "error", "k")]),
    (drawn(TASK + CAUGHT + HANDLER, LINK, "h -> t\n"), [("compensation-flow", "error", "h")]),
    (drawn(TASK + CAUGHT + HANDLER + '<task id="h2" isForCompensation="true"/>', LINK), [("compensation-handler", "error", "h2")]),
    (drawn(TASK + CAUGHT + HANDLER + f'<boundaryEvent id="k2" attachedToRef="h">{COMPENSATE}</boundaryEvent><task id="h2" isForCompensation="true"/>', LINK + '<association id="l2" sourceRef="k2" targetRef="h2"/>'), [("compensation-handler", "error", "k2")]),
    (drawn(TASK + CAUGHT + HANDLER + f'<boundaryEvent id="k2" attachedToRef="a">{COMPENSATE}</boundaryEvent><task id="h2" isForCompensation="true"/>', LINK + '<association id="l2" sourceRef="k2" targetRef="h2"/>'), [("several-handlers", "error", "k2")]),
    (drawn(SUB.format(EVENT.format("v")) + CAUGHT + HANDLER), [("several-handlers", "error", "vs")]),
    (drawn(SUB.format(EVENT.format("v") + EVENT.format("w")), ""), [("several-handlers", "error", "ws")]),
    (drawn(TASK + CAUGHT + HANDLER + EVENT.format("v") + EVENT.format("w")), [("several-handlers", "error", "ws")]),
    (drawn(TASK, ""), [("compensation-target", "warning", "t")]),
    (drawn(TASK + CAUGHT + HANDLER + '<task id="b"/>', LINK, "t -> b\n").replace("t -> e", "b -> e").replace(THROW, NAMED.format("b")), [("compensation-target", "warning", "t")]),
    (drawn(SUB.format(EVENT.format("v")), "").replace(THROW, NAMED.format("b")), [("compensation-target", "error", "t")]),
    (drawn(TASK + CAUGHT + HANDLER).replace(THROW, NAMED.format("s")), [("compensation-target", "error", "t")]),
    (drawn(TASK + CAUGHT + HANDLER).replace(THROW, NAMED.format("borta")), [("dangling-reference", "error", "t")]),
    (f'<startEvent id="s"/><endEvent id="e">{CANCEL}</endEvent>\ns -> e', [("cancel-end", "error", "e")]),
    (chain(f'<subProcess id="x"><startEvent id="i"/><endEvent id="f">{CANCEL}</endEvent>\ni -> f\n</subProcess>'), [("cancel-end", "error", "f"), ("unreachable", "error", "e")]),
    (chain(f'<subProcess id="x"><startEvent id="i"/><endEvent id="f"/>\ni -> f\n</subProcess><boundaryEvent id="k" attachedToRef="x">{CANCEL}</boundaryEvent>\nk -> e'), [("cancel-boundary", "error", "k")]),
    (transaction(CANCELS, f'<boundaryEvent id="k" cancelActivity="false" attachedToRef="x">{CANCEL}</boundaryEvent>'), [("cancel-boundary", "error", "k")]),
    (transaction(CANCELS, ""), [("cancel-boundary", "error", "x")]),
    (transaction("\ni -> f\n"), [("cancel-boundary", "warning", "k")]),
    (transaction(CANCELS) + f'\n<boundaryEvent id="k2" attachedToRef="x">{CANCEL}</boundaryEvent>\nk2 -> e', [("cancel-boundary", "error", "k2")]),
    (chain(TASK, "a", "a") + f'<transaction id="x" triggeredByEvent="true"><startEvent id="i">{COMPENSATE}</startEvent><endEvent id="f"/>\ni -> f\n</transaction>', [("transaction-event", "error", "x")]),
]  # fmt: skip
