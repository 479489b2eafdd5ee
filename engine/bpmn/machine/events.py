"""Events: thrown, caught, and looked for up the scopes (§13.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.bpmn.changes import (
    CaseEnded,
    Data,
    ElementPassed,
    EscalationUncaught,
    MessageThrown,
    SignalThrown,
    Variables,
)
from engine.bpmn.machine import compensation, correlation, data, several, tokens, waits
from engine.bpmn.machine.play import Play
from engine.bpmn.machine.runs import ROOT, Run
from engine.bpmn.model import Event, Flow, Node

NONE = Event()

# --- catch -----------------------------------------------------------------------------------------------------------


def catch(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """An intermediate catch event: the token waits here (§13.5.2), unless it came over a link."""
    if node.event is not None and node.event.kind == "link":
        tokens.leave(play, scope, node)
    else:
        waits.expect(play, play.add({"at": node.id, "scope": scope}), node)


def choice(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """An event-based gateway waits for all its alternatives at once; the first to come wins (§13.4.4).

    A parallel one is no choice: each of its events is waited for by a token of its own.
    """
    if node.parallel:
        tokens.leave(play, scope, node)
        return
    number = play.add({"at": node.id, "scope": scope})
    waits.listen(play, number, [flow.target for flow in node.outgoing])


def caught(play: Play, scope: int, node: Node, given: Variables, direct: bool) -> None:
    """An event came: take over what it carries (through its output mapping unless `direct`), and go on."""
    result = given if direct else mapped(play, node, {**play.visible(scope), **given}, given)
    flows, written = land(play, scope, node, result)
    tokens.go(play, scope, node, flows, written)


def mapped(play: Play, node: Node, seen: Variables, given: Variables, began: int | None = None) -> Variables:
    """Where an element has output mappings or data outputs, only they reach the scope around it."""
    result = play.values(node.outputs, seen) if node.outputs else given
    return result if node.data is None else data.given(play, node, {**seen, **result}, result, began)


def land(play: Play, scope: int, node: Node, result: Mapping[str, Any], freed: int = 0) -> tuple[Sequence[Flow], Data]:
    """Write `result` into the scope and choose the flows that follow from it: both, or Stuck and neither."""
    writes = play.plan(scope, result, freed)
    flows = tokens.choose(play, scope, node, result)
    return flows, play.write(writes)


# --- throw -----------------------------------------------------------------------------------------------------------


def throw(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """An intermediate throw event or an end event: what it throws first, then on with the token, or an end of it."""
    event = node.event or NONE
    if event.kind == "compensate":
        compensation.throw(play, scope, node)
        return
    if event.kind == "link":
        play.changes.append(ElementPassed(node.id))
        tokens.spread(play, scope, node.outgoing)
        return
    if any(one.kind == "compensate" for one in event.triggers):
        play.queue.append(("undo", play.add({"at": node.id, "scope": scope, "undo": [], "part": 0})))
        return
    for one in event.triggers:
        if one.kind in _SENT:
            send(play, scope, node, one)
    _throw_up(play, scope, node, tokens.choose(play, scope, node))


def throw_next(play: Play, number: int) -> None:
    """One by one, as they are drawn: what follows on a compensation that is waited for is thrown when that is done.
    What may end the thrower comes last."""
    if not play.exists(number):
        return
    run = play.run(number)
    scope, node = run["scope"], play.node(run)
    event = node.event or NONE
    beside = [one for one in event.triggers if one.kind not in _THROWN_UP]
    if run["part"] < len(beside):
        one = beside[run["part"]]
        if one.kind in _SENT:
            send(play, number, node, one)
            play.queue.append(("undo", number))
        else:
            compensation.throw_among_others(play, number, one)
        run["part"] += 1
        return
    flows = tokens.choose(play, scope, node)
    data.carried(play, scope, node)  # Stuck, if at all, while there is a token to wait for it
    play.drop(number)
    _throw_up(play, scope, node, flows)


def _throw_up(play: Play, scope: int, node: Node, flows: Sequence[Flow]) -> None:
    """What is left to throw concerns the scopes around, or there is nothing left."""
    upwards = [one for one in (node.event or NONE).triggers if one.kind in _THROWN_UP]
    if not upwards:
        tokens.go(play, scope, node, flows)
        return
    play.changes.append(ElementPassed(node.id, "completed", tuple(flow.id for flow in flows)))
    upwards.sort(key=lambda one: _LAST.index(one.kind))
    if all(_THROWN_UP[one.kind](play, scope, node, one) for one in upwards):
        tokens.spread(play, scope, flows)


def send(play: Play, number: int, node: Node, event: Event) -> None:
    """A message or signal leaves the case, as seen from run `number`."""
    own = data.carried(play, number, node)
    seen = {**play.visible(number), **own}
    payload = {**own, **play.values(event.payload, seen)}
    if event.kind == "message":
        play.changes.append(
            MessageThrown(node.id, event.name or "", correlation.sent(play, number, event, seen, payload), payload)
        )
    else:
        play.changes.append(SignalThrown(node.id, event.name or "", payload))


class Implicit(NamedTuple):
    """An implicit throw event of a multi-instance activity (§10.3.8), with all that it carries worked out."""

    event: Event
    key: str | None
    payload: Variables


def implicit(play: Play, number: int, event: Event, counters: Variables) -> Implicit:
    """`event` as seen from run `number`. The default signal, which has no name, carries the counters."""
    seen = play.visible(number)
    payload = play.values(event.payload, seen) if event.name else counters
    key = correlation.sent(play, number, event, seen, payload) if event.kind == "message" else None
    return Implicit(event, key, payload)


def throw_at(play: Play, holder: int, node: Node, thrown: Implicit) -> None:
    """Throw at activity `holder`: its boundary events catch it at once. A signal goes to everybody else too, a message
    on where the boundary did not take it, an escalation up the scopes."""
    event, name = thrown.event, thrown.event.name
    if event.kind == "escalation":
        escalate(play, holder, node.id, name, thrown.payload)
        return
    caught = _listening(play, holder, thrown)
    if event.kind == "signal" and name:
        play.changes.append(SignalThrown(node.id, name, thrown.payload, tuple(caught)))
    elif event.kind == "message" and not caught:
        play.changes.append(MessageThrown(node.id, name or "", thrown.key, thrown.payload))
    for number in caught:
        if play.exists(number):
            waits.close(play, number, play.run(number), "completed")
            came(play, number, thrown.payload)
    if not name:
        _catch_default(play, holder, node, thrown.payload)


def _listening(play: Play, holder: int, thrown: Implicit) -> list[int]:
    """The boundary events of `holder` that take what is thrown, those that interrupt last; of a message only one."""
    event, found = thrown.event, []
    for number in play.run(holder).get("watch", ()):
        run = play.run(number)
        node = play.node(run)
        waited = (run.get("open"), waits.event_of(run, node).name, run.get("key"))
        fits = waited == (event.kind, event.name, thrown.key)
        if node.kind == "boundaryEvent" and fits:
            found.append(number)
    found.sort(key=lambda number: play.node(play.run(number)).interrupting)
    return found[:1] if event.kind == "message" else found


def _catch_default(play: Play, holder: int, node: Node, given: Variables) -> None:
    """The default signal has no name; no one else can wait for it, so no wait is set up for it either."""
    edges = [play.graph.nodes[edge] for edge in node.boundary]
    catchers = [edge for edge in edges if any(map(waits.is_default_signal, (edge.event or NONE).triggers))]
    for edge in sorted(catchers, key=lambda edge: edge.interrupting):
        if play.exists(holder):
            _react(play, _Catcher(edge, holder, play.run(holder)["scope"]), given, "cancelled")


def _terminate(play: Play, scope: int, node: Node, event: Event) -> bool:
    """Everything in the scope ends, the scope itself as usual; around it all goes on (§13.5.6)."""
    if scope == ROOT:
        waits.end_case(play, CaseEnded("terminated", None, dict(play.root["vars"])), "terminated")
    else:
        waits.clear(play, scope)
        play.run(scope)["interrupted"] = True
        play.queue.append(("ended", scope))
    return False


def _error(play: Play, scope: int, node: Node, event: Event) -> bool:
    fail(play, scope, event.name, "", data.carried(play, scope, node))
    return False


def _escalation(play: Play, scope: int, node: Node, event: Event) -> bool:
    return escalate(play, scope, node.id, event.name, data.carried(play, scope, node))


def _cancel(play: Play, scope: int, node: Node, event: Event) -> bool:
    return compensation.cancel(play, scope, node)


_SENT = ("message", "signal")
_THROWN_UP = {"terminate": _terminate, "error": _error, "escalation": _escalation, "cancel": _cancel}
"""These concern the scopes around; true: the token that threw is still there."""
_LAST = ("escalation", "cancel", "error", "terminate")
"""Of several, what leaves the thrower alive comes first; behind what does not, there is nobody left to throw."""


# --- up the scopes ---------------------------------------------------------------------------------------------------


def fail(play: Play, number: int, code: str | None, message: str, variables: Variables) -> None:
    """A BPMN error, thrown inside scope `number` or by the activity `number`, ends all up to who catches it, else the
    case (§10.5.6)."""
    found = _catcher(play, "error", code, number)
    if found is not None and (found.node.event or NONE).kind == "parallelMultiple":
        variables = {**several.given_by(play, found.holder, found.node), **variables}
    if number != ROOT and "live" not in play.run(number):
        waits.cancel(play, number, "failed")
    if found is None:
        waits.end_case(play, CaseEnded("failed", code, dict(play.root["vars"])), "failed")
    else:
        _react(play, found, {**variables, **_caught_as(found.event, code, message)}, "failed")


def escalate(play: Play, number: int, element: str, code: str | None, variables: Variables) -> bool:
    """An escalation interrupts only where its catcher says so; true: the thrower goes on."""
    found = _catcher(play, "escalation", code, number)
    if found is None:
        play.changes.append(EscalationUncaught(element, code))
        return True
    given = {**variables, **_caught_as(found.event, code, "")}
    if (found.node.event or NONE).kind == "parallelMultiple":
        number = several.note(play, found.holder, found.node, found.part)
        if not several.is_last(play, number, given):
            return True
        given = several.all_given(play, number)
        several.begin_anew(play, number)
    _react(play, found, given, "cancelled")
    return not found.node.interrupting


def _caught_as(event: Event, code: str | None, message: str) -> Variables:
    values = {event.code_variable: code, event.message_variable: message}
    return {name: value for name, value in values.items() if name}


class _Catcher(NamedTuple):
    """`node`, a boundary event on run `holder`, or inside it an event of an ad-hoc sub-process or the start of an event
    sub-process; `scope` is where the token that it starts belongs, `event` the one of its triggers, the
    `part`-th, that came from inside the case."""

    node: Node
    holder: int
    scope: int
    part: int = 0

    @property
    def event(self) -> Event:
        return (self.node.event or NONE).triggers[self.part]


def _catcher(play: Play, kind: str, code: str | None, number: int) -> _Catcher | None:
    """The nearest that catches, from run `number` outwards: on each level event sub-processes inside a scope come
    before the boundary of the activity, and one that names the code before one that takes any. What a handler throws
    goes past itself."""
    past = ""
    while True:
        run = play.run(number)
        found = _match(play, kind, code, number, _event_sub_processes(play, number, run, past))
        if found is not None:
            return _Catcher(found[0], number, number, found[1])
        if number == ROOT:
            return None
        found = _match(play, kind, code, number, _boundary(play, run))
        if found is not None:
            return _Catcher(found[0], number, run["scope"], found[1])
        past, number = run["at"], run["scope"]


def _event_sub_processes(play: Play, number: int, run: Run, past: str) -> Iterable[str]:
    """Start events that listen inside a scope, but for the one `past`; none once an interrupting one took over."""
    if "live" not in run or run.get("interrupted"):
        return ()
    scopes = play.graph.scopes
    inside = scopes[play.graph.key if number == ROOT else run["at"]]
    handlers = (handler for handler in inside.event_sub_processes if handler != past)
    return [start for handler in handlers for start in scopes[handler].starts]


def _boundary(play: Play, run: Run) -> Sequence[str]:
    """An activity that repeats has its boundary events once, on the whole; one that is compensated has none left."""
    node = play.node(run)
    return () if {"index", "turn"} & run.keys() or compensation.is_again(run, node) else node.boundary


def _match(play: Play, kind: str, code: str | None, number: int, candidates: Iterable[str]) -> tuple[Node, int] | None:
    """Which event of those that listen on run `number`, and the how-manieth of its triggers."""
    nodes = [play.graph.nodes[candidate] for candidate in candidates]
    for wanted in (code, None):
        for node in nodes:
            for part, event in enumerate((node.event or NONE).triggers):
                fits = event.kind == kind and event.name == wanted
                if fits and several.is_awaited(play, number, node, part):
                    return node, part
    return None


# --- reactions -------------------------------------------------------------------------------------------------------


def came(play: Play, number: int, given: Variables) -> None:
    """What listener `number` waited for has come."""
    run = play.run(number)
    node, holder = play.node(run), run["on"]
    held = play.run(holder)
    needs_all = node.event is not None and node.event.kind == "parallelMultiple"
    if needs_all:
        if not several.is_last(play, number, given):
            return
        given = several.all_given(play, number)
    if node.kind not in ("boundaryEvent", "startEvent") and "ad_hoc" not in held:  # one token stands there, and goes on
        if held["at"] == node.id:  # an event with several triggers, and no gateway before it
            play.drop(number)
            waits.stop_listening(play, held)
            play.queue.appendleft(("finish", holder, given, False))
        else:
            _chosen(play, holder, number, given)
        return
    if needs_all:
        several.begin_anew(play, number)
    elif waits.comes_again(play, run):
        waits.listen_again(play, number, node)
    else:
        play.drop(number)
    _react(play, _Catcher(node, holder, held["scope"] if node.kind == "boundaryEvent" else holder), given, "cancelled")


def _chosen(play: Play, gateway: int, number: int, given: Variables) -> None:
    """One alternative of an event-based gateway: the others are withdrawn, and the token goes on from this one."""
    run, event = play.run(gateway), play.node(play.run(number))
    flows = tuple(flow.id for flow in play.node(run).outgoing if flow.target == event.id)
    play.drop(number)
    waits.stop_listening(play, run)
    play.drop(gateway)
    play.changes.append(ElementPassed(run["at"], "completed", flows))
    play.queue.append(("caught", run["scope"], event, given, False))


def _react(play: Play, catcher: _Catcher, given: Variables, outcome: str) -> None:
    """Interrupting, the catcher's token takes the place of what it interrupts; else it is one more."""
    node, holder, scope = catcher.node, catcher.holder, catcher.scope
    if node.kind == "intermediateCatchEvent":  # in an ad-hoc sub-process
        play.run(scope)["live"] += 1
        play.queue.append(("caught", scope, node, given, False))
    elif node.kind == "boundaryEvent":
        if not node.interrupting:
            play.run(scope)["live"] += 1
        elif play.exists(holder):
            waits.cancel(play, holder, outcome)
        play.queue.append(("caught", scope, node, given, False))
    else:
        if node.interrupting:
            waits.clear(play, scope)
            play.run(scope)["interrupted"] = True
        play.run(scope)["live"] += 1
        play.queue.append(("handle", scope, node, given))
    play.touched[scope] = None
