"""Activities: begun by kind, ended alike (§13.3)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from engine.bpmn import dmn
from engine.bpmn.changes import CaseCalled, CaseEnded, JobAdded, Variables
from engine.bpmn.machine import adhoc, compensation, data, events, loops, multi, people, tokens, waits
from engine.bpmn.machine.play import Move, Play, Stuck
from engine.bpmn.machine.runs import ROOT, around
from engine.bpmn.model import OVER_AT_ONCE, Call, Flow, Node
from engine.errors import Refused

# --- begin -----------------------------------------------------------------------------------------------------------


def arrive(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """Each token starts a run of its own: an implicit merge does not wait (§13.3.2), unless it takes several. In an
    ad-hoc sub-process people let it in."""
    if play.graph.has_ad_hoc_work and "ad_hoc" in play.run(scope):
        tokens.rest(play, scope, node, flow)
    elif node.start_quantity == 1:
        enter(play, scope, node)
    elif tokens.gather(play, scope, node, flow):
        play.queue.append(("gathered", scope, node))


def enter(play: Play, scope: int, node: Node) -> None:
    if node.id in play.graph.fleeting:
        _pass(play, scope, node)
    else:
        start(play, play.add({"at": node.id, "scope": scope}), node)


def _pass(play: Play, scope: int, node: Node) -> None:
    """An activity that is over as it begins needs no run."""
    play.come_and_go(scope)
    flows, written = events.land(play, scope, node, _scripted(play, scope, node))
    tokens.go(play, scope, node, flows, written)


def start(play: Play, number: int, node: Node) -> None:
    """The activity `node` that run `number` is at begins, once or again and again."""
    if node.data is not None:
        data.take(play, number, node.data)
    if node.loop is None and node.standard_loop is None:
        begin(play, number, node, node.boundary)
        return
    waits.listen(play, number, node.boundary)  # once, on the whole
    if node.loop is not None:
        multi.begin(play, number, node, node.loop)
    else:
        loops.begin(play, number)


def begin_handler(play: Play, number: int) -> None:
    """A compensation activity begins. Its run is there before it does: where it cannot, that is as it was, so that a
    retry does not take for data what the attempt before has made of it."""
    if not play.exists(number):
        return
    play.steps_left -= 1
    play.check_steps()
    had = dict(play.run(number).get("vars", {}))
    try:
        start(play, number, play.node(play.run(number)))
    except Stuck:
        play.put_back(number, had)
        data.take_back(play, number)
        raise


def begin_instance(play: Play, body: int, index: int, item: object) -> None:
    number = multi.add_instance(play, body, index, item)
    begin(play, number, play.node(play.run(number)))


def begin_turn(play: Play, body: int) -> None:
    number = loops.add_turn(play, body)
    begin(play, number, play.node(play.run(number)))


def begin(play: Play, number: int, node: Node, boundary: tuple[str, ...] = ()) -> None:
    """Start the work of one run. Its inputs come first: boundary events see them."""
    if node.inputs:
        play.keep_local(number, play.values(node.inputs, play.visible(number)))
    if boundary and node.kind not in OVER_AT_ONCE:
        waits.listen(play, number, boundary)
    _BEGIN[node.kind](play, number, node)


def _nothing(play: Play, number: int, node: Node) -> None:
    finish(play, number, {})


def _job(play: Play, number: int, node: Node) -> None:
    """Work for a handler, which sees the task's inputs, or where it has none all that can be seen from here."""
    if not node.topic:
        raise Stuck("Expected a service task with a topic, but it has none.", "Tjänsteuppgiften saknar ämne (topic).")
    run = play.run(number)
    run["open"] = "job"
    seen, inputs = play.visible(number), (*node.inputs, *(node.data.inputs if node.data else ()))
    variables = {name: seen[name] for name in inputs if name in seen} if inputs else dict(seen)
    play.changes.append(JobAdded(number, node.id, node.topic, variables))


def _send(play: Play, number: int, node: Node) -> None:
    if node.topic:
        _job(play, number, node)
    else:
        events.send(play, number, node, node.event or events.NONE)
        finish(play, number, {})


def _script(play: Play, number: int, node: Node) -> None:
    finish(play, number, _scripted(play, number, node))


def _scripted(play: Play, number: int, node: Node) -> Variables:
    """What its script gives as seen from run `number`; nothing where it has none."""
    return play.script(node.script, play.visible(number)) if node.script else {}


def _decide(play: Play, number: int, node: Node) -> None:
    """A decision table of the same deployment decides, or a handler does."""
    if node.decision is None:
        _job(play, number, node)
        return
    decision, files = node.decision, play.env.files
    try:
        result = dmn.decide(
            files,
            decision.key,
            play.visible(number),
            play.env.functions,
            mapping=decision.mapping,
            budget=play.budget,
        )
    except Refused as reason:
        raise Stuck(reason.en, reason.sv) from None
    finish(play, number, {decision.result_variable: result})


def _call(play: Play, number: int, node: Node) -> None:
    call, seen = node.call, play.visible(number)
    key = play.value(call.key, seen) if call else None
    if call is None or not isinstance(key, str) or not key:
        raise Stuck(
            "Expected the key of a process to call, but there is none.",
            "Anropet säger inte vilken process som ska startas.",
        )
    business_key = play.value(call.business_key, seen) if call.business_key else None
    called = CaseCalled(
        wait=number,
        element=node.id,
        key=key,
        binding=call.binding,
        version=call.version,
        business_key=None if business_key is None else str(business_key),
        variables={
            **(seen if call.all_in else {}),
            **{name: seen[name] for name in (node.data.inputs if node.data else ()) if name in seen},
            **play.values(call.inputs, seen),
        },
    )
    play.run(number)["open"] = "call"
    play.changes.append(called)


def _returned(play: Play, node: Node, call: Call, outcome: Variables) -> Variables:
    """What a called case gives back: by the mapping of the call, and by name to the outputs it has drawn."""
    drawn = {name: outcome[name] for name in (node.data.outputs if node.data else ()) if name in outcome}
    return {**(outcome if call.all_out else {}), **drawn, **play.values(call.outputs, outcome)}


def left_behind(play: Play, number: int, outcome: Variables) -> Variables:
    """What comes along with an error or escalation: all a job says; of a called case what the mapping of the call lets
    through, as far as it got."""
    call = play.node(play.run(number)).call
    if call is None:
        return outcome
    through = dict(outcome) if call.all_out else {}
    for name, template in call.outputs.items():
        with suppress(Stuck):
            through[name] = play.value(template, outcome)
    return through


# --- scopes ----------------------------------------------------------------------------------------------------------


def _sub_process(play: Play, number: int, node: Node) -> None:
    starts = play.graph.scopes[node.id].starts
    open_scope(play, number, node.id, [("arrive", number, play.graph.nodes[start], None) for start in starts])


def _ad_hoc(play: Play, number: int, node: Node) -> None:
    adhoc.offer(play, number, node)
    open_scope(play, number, node.id, [("listen", number, event) for event in adhoc.events_in(play, node)])


def open_scope(play: Play, number: int, scope: str, entries: list[Move]) -> None:
    """Run `number` becomes a scope with a token for each of `entries`. Before they move, the event sub-processes inside
    begin to listen (§13.5.4)."""
    depth = sum("live" in play.run(outer) for outer in around(play.runs, number))
    if depth > play.env.limits.depth:
        raise Stuck(
            f"Expected sub-processes at most {play.env.limits.depth} deep inside each other, but these lie deeper.",
            f"Delprocesser får ligga högst {play.env.limits.depth} djupt i varandra, men här blir det fler.",
        )
    scopes, nodes = play.graph.scopes, play.graph.nodes
    handlers = [nodes[start] for handler in scopes[scope].event_sub_processes for start in scopes[handler].starts]
    outside = [start for start in handlers if waits.is_waited_for(start)]
    moves: list[Move] = [("listen", number, start) for start in outside] + entries
    play.run(number)["live"] = len(moves)
    play.queue.extend(moves or [("ended", number)])


def listen(play: Play, scope: int, start: Node) -> None:
    """An event sub-process, or an event of an ad-hoc one, begins to listen. Until it does, the scope is held open as by
    a token."""
    waits.listen(play, scope, [start.id])
    tokens.spread(play, scope, ())


def handle(play: Play, scope: int, start: Node, given: Variables) -> None:
    """An event sub-process starts by the event that came; for its scope it is a token like any other."""
    sub_process = play.graph.nodes[start.scope]
    number = play.add({"at": sub_process.id, "scope": scope})
    if sub_process.inputs:
        play.keep_local(number, play.values(sub_process.inputs, play.visible(number)))
    open_scope(play, number, sub_process.id, [("caught", number, start, given, False)])


def ended(play: Play, number: int) -> None:
    """No token is left in a scope: it is done (§13.2, §13.3.4)."""
    run = play.run(number)
    if run["live"] or "undo" in run or ("ad_hoc" in run and not run.get("interrupted")):
        return
    if number == ROOT:
        outcome = "compensated" if "undoing" in run else "completed"
        undoable = compensation.can_undo_process(play)
        waits.end_case(play, CaseEnded(outcome, None, dict(run["vars"]), undoable), outcome)
    else:
        finish(play, number, {})


_BEGIN: dict[str, Callable[[Play, int, Node], None]] = {
    "task": _nothing,
    "userTask": people.open_task,
    "manualTask": people.open_task,
    "serviceTask": _job,
    "sendTask": _send,
    "receiveTask": waits.expect,
    "scriptTask": _script,
    "businessRuleTask": _decide,
    "callActivity": _call,
    "subProcess": _sub_process,
    "transaction": _sub_process,
    "adHocSubProcess": _ad_hoc,
}


# --- end -------------------------------------------------------------------------------------------------------------


def finish(play: Play, number: int, given: Variables, direct: bool = False) -> None:
    """The work of a run is done and gave `given`: take it over (past all mappings where `direct`), and go on."""
    run = play.run(number)
    node = play.node(run)
    if compensation.is_again(run, node):
        compensation.done(play, number, node, {})
        return
    if not direct:
        given = _result(play, number, node, given)
    if "asked" in run:
        compensation.done(play, number, node, given)
        return
    keeps = compensation.keeps(play, run, node, direct)
    if "index" in run and node.loop is not None:
        multi.end_instance(play, number, node, node.loop, given, keeps)
        return
    if "turn" in run:
        loops.end_turn(play, number, node, given, keeps)
        return
    flows, written = events.land(play, run["scope"], node, given)
    written = waits.taken_over(play, number, run, written)
    compensation.retire(play, number, run, keeps)
    tokens.go(play, run["scope"], node, flows, written)


def _result(play: Play, number: int, node: Node, given: Variables) -> Variables:
    if node.call is not None:
        given = _returned(play, node, node.call, given)
    if not node.outputs and node.data is None:
        return given
    run = play.run(number)
    whole = play.run(run["scope"]) if {"index", "turn"} & run.keys() else run
    return events.mapped(play, node, {**play.visible(number), **given}, given, whole.get("began"))
