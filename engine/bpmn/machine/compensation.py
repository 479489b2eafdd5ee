"""Compensation: what was completed is undone, the last first (§10.7, §13.5.5); transactions are cancelled (§10.3.5).

A completed activity that may have to be compensated is kept as its run: that is its snapshot. Who asks for compensation
takes such runs out of the scopes it sees, so that each is compensated once, and works them off one by one (`undo`). One
that has a handler of its own starts it; one that has none becomes a scope again and works off what is kept inside it.
What works for somebody says for whom (`asked`).

A process may have an event sub-process that compensates it (§10.7.1). What called it asks for that: the case it called
is reopened with its data as they were when it completed, and what was kept in it, and the call waits for its end.

The specification contradicts itself on multi-instance activities with a compensation activity: once for each instance
(§10.7.2) or once for all (§13.5.5). Here it is once for each, which alone can see the data of its instance.
An error that leaves a sub-process compensates nothing in it by itself (§10.3.5; §10.7.3 says otherwise): its handler
asks for that.
"""

from __future__ import annotations

from engine.bpmn.changes import CaseReopened, CompensationCalled, ElementPassed, JobAdded, Variables
from engine.bpmn.machine import tokens, waits
from engine.bpmn.machine.play import Play, Stuck, size_of
from engine.bpmn.machine.runs import ROOT, Run
from engine.bpmn.model import Event, Node

# --- completed -------------------------------------------------------------------------------------------------------


def keeps(play: Play, run: Run, node: Node, direct: bool = False) -> bool:
    """Whether the activity, about to be completed, must be remembered; Stuck where too much is already, unless somebody
    helps it past (`direct`): then it cannot be compensated."""
    ways = play.graph.compensation
    asked = node.id in ways.asked or (node.id in ways.cancelled and _is_one_of_many(run))
    if not asked or run.get("interrupted"):
        return False
    if _is_body(run, node):
        return "completed" in run
    if node.id not in ways.by_activity and node.id not in ways.by_event and not {"completed", "undoable"} & run.keys():
        return False
    limit = play.env.limits.compensations
    if play.state.get("kept", 0) < limit:
        return True
    if direct:
        return False
    raise Stuck(
        f"Expected at most {limit} completed activities that may have to be compensated, but there would be more.",
        f"Ett ärende kan komma ihåg högst {limit} genomförda steg som kan behöva göras ogjorda, men här blir det fler.",
    )


def retire(play: Play, number: int, run: Run, kept: bool) -> None:
    """An activity is completed: its run goes, or is kept with what was its own."""
    if not kept:
        play.drop(number)
        return
    node = play.node(run)
    snapshot: Run = {"at": run["at"], "scope": run["scope"]}
    if "vars" in run:
        snapshot["vars"] = run["vars"]
    for own in ("index", "turn", "undoable"):
        if own in run:
            snapshot[own] = run[own]
    inside = run.get("completed", [])
    if node.id in play.graph.compensation.by_activity and not _is_body(run, node):
        for number_inside in inside:  # to its handler it is a black box
            play.drop(number_inside)
    elif inside:
        snapshot["completed"] = inside
    play.keep(number, snapshot)


def _is_body(run: Run, node: Node) -> bool:
    return (node.loop is not None or node.standard_loop is not None) and not _is_one_of_many(run)


def _is_one_of_many(run: Run) -> bool:
    """An instance or a turn."""
    return "index" in run or "turn" in run


# --- thrown ----------------------------------------------------------------------------------------------------------


def throw(play: Play, scope: int, node: Node) -> None:
    """A throwing event asks for one activity or all, and waits for it, or not (§10.5.3, §10.7.2). Where nothing that it
    means is completed, there is nothing to do."""
    event = node.event or Event()
    flows = tokens.choose(play, scope, node)
    asked = _take(play, scope, event.name)
    if not asked:
        tokens.go(play, scope, node, flows)
        return
    if event.waits:
        play.queue.append(("undo", play.add({"at": node.id, "scope": scope, "undo": asked})))
    else:
        _undo_beside(play, scope, node, asked)
        tokens.go(play, scope, node, flows)


def throw_among_others(play: Play, number: int, event: Event) -> None:
    """The same for one of the triggers of the event where run `number` stands, which then goes on with the others."""
    run = play.run(number)
    asked = _take(play, run["scope"], event.name)
    if event.waits:
        run["undo"] = asked
    elif asked:
        _undo_beside(play, run["scope"], play.node(run), asked)
    play.queue.append(("undo", number))


def _undo_beside(play: Play, scope: int, node: Node, asked: list[int]) -> None:
    play.run(scope)["live"] += 1
    play.queue.append(("undo", play.add({"at": node.id, "scope": scope, "undo": asked, "asked": None})))


def _take(play: Play, scope: int, activity: str | None) -> list[int]:
    """The kept runs that are meant, the one to begin with last: those of the scope, and before them of the one around
    where the scope is an event sub-process."""
    run = play.run(scope)
    seen = [scope]
    if scope != ROOT and play.node(run).triggered_by_event:
        seen.insert(0, run["scope"])
    taken: list[int] = []
    for number in seen:
        holder = play.run(number)
        kept = holder.pop("completed", [])
        taken += [one for one in kept if activity in (None, play.run(one)["at"])]
        rest = [one for one in kept if activity not in (None, play.run(one)["at"])]
        if rest:
            holder["completed"] = rest
    return taken


# --- undone ----------------------------------------------------------------------------------------------------------


def undo_next(play: Play, number: int) -> None:
    """Run `number` compensates the next of what it has to, or goes on when that was all."""
    if not play.exists(number):
        return
    run = play.run(number)
    node = play.node(run)
    if run["undo"]:
        _compensate(play, run["undo"].pop(), number)
    elif "cancelling" in run:
        _leave_cancelled(play, number, run, node)
    elif "part" in run:
        play.queue.append(("throw", number))
    elif "asked" not in run:
        flows = tokens.choose(play, run["scope"], node)
        play.drop(number)
        tokens.go(play, run["scope"], node, flows)
    elif run["asked"] is None:
        play.drop(number)
        tokens.spread(play, run["scope"], ())
    else:
        done(play, number, node, {})


def _compensate(play: Play, number: int, asker: int) -> None:
    """The kept run `number` is compensated: by its compensation activity, by the event sub-process inside it or inside
    the process that it called, or by compensating what is kept inside it."""
    run, ways = play.run(number), play.graph.compensation
    node = play.node(run)
    by_default = "partial" in run or _is_body(run, node)
    if node.id in ways.by_activity and not by_default:
        _begin_activity(play, number, run, asker, play.graph.nodes[ways.by_activity[node.id]])
        return
    if "undoable" in run:
        play.revive(number)
        run.update({"asked": asker, "open": "call"})
        play.changes.append(CompensationCalled(number, node.id))
        return
    play.revive_scope(number)
    run["asked"] = asker
    if node.id in ways.by_event and not by_default:
        run["live"] = 1
        play.queue.append(("handle", number, play.graph.nodes[ways.by_event[node.id]], {}))
    else:
        run["undo"] = run.pop("completed", [])
        play.queue.append(("undo", number))


def _begin_activity(play: Play, number: int, run: Run, asker: int, handler: Node) -> None:
    """A compensation activity works beside the activity it undoes, and sees what that one had to itself."""
    scope = play.run(run["scope"])["scope"] if _is_one_of_many(run) else run["scope"]
    own: Run = {"at": handler.id, "scope": scope, "asked": asker, "undoes": run["at"]}
    if "vars" in run:
        own["vars"] = run.pop("vars")
    play.drop(number)
    begun = play.add(own)
    play.run(scope)["live"] += 1
    if handler.async_before:
        own["open"] = "go_on"
        play.changes.append(JobAdded(begun, handler.id, None))
    else:
        play.queue.append(("begin", begun))


def is_again(run: Run, node: Node) -> bool:
    """A completed activity that became a scope again in order to be compensated."""
    return "asked" in run and not node.for_compensation


def done(play: Play, number: int, node: Node, given: Variables, freed: int = 0) -> None:
    """What run `number` was to compensate is undone; who asked for it goes on."""
    run = play.run(number)
    written = play.write(play.plan(run["scope"], given, freed))
    data = waits.taken_over(play, number, run, written)
    for kid in play.kids(run):
        play.drop(kid)
    play.drop(number)
    if "undoes" in run:
        play.changes.append(ElementPassed(node.id, "completed", (), data))
    if "partial" not in run:
        play.changes.append(ElementPassed(run.get("undoes", node.id), "compensated"))
    tokens.spread(play, run["scope"], ())
    play.queue.append(("undo", run["asked"]))


# --- processes -------------------------------------------------------------------------------------------------------


def can_undo_process(play: Play) -> bool:
    """Whether the case, about to be completed, could compensate itself later. As with a sub-process, not where anything
    cut it short, and not twice."""
    return play.graph.key in play.graph.compensation.by_event and not play.root.get("interrupted")


def undo_process(play: Play) -> None:
    """The completed case is open again, for its event sub-process."""
    del play.state["ended"], play.state["undoable"]
    play.root.update({"live": 1, "interrupted": True, "undoing": True})
    play.changes.append(CaseReopened())
    start = play.graph.nodes[play.graph.compensation.by_event[play.graph.key]]
    play.queue.append(("handle", ROOT, start, {}))


# --- transactions ----------------------------------------------------------------------------------------------------


def cancel(play: Play, scope: int, node: Node) -> bool:
    """A cancel end event: all that is under way in the transaction around it ends, what was completed there is undone,
    and the token leaves by the cancel event on its edge (§10.3.5, §13.5.6)."""
    number = _transaction_around(play, scope)
    run = play.run(number)
    completed = _completed_inside(play, number)
    waits.clear(play, number)
    waits.stop_listening(play, run)
    for name in ("total", "first", "done", "base", "items", "sequential"):
        run.pop(name, None)  # type: ignore[misc]
    run.setdefault("kids", [])
    run.update({"live": 0, "undo": completed, "interrupted": True, "cancelling": True})
    play.queue.append(("undo", number))
    return False


def _transaction_around(play: Play, scope: int) -> int:
    """The innermost; of one with instances the whole."""
    while scope != ROOT:
        run = play.run(scope)
        if play.node(run).kind == "transaction":
            return run["scope"] if "index" in run else scope
        scope = run["scope"]
    raise Stuck(
        "Expected the cancel end event to be inside a transaction, but it is not.",
        "Sluthändelsen som avbryter ligger inte i någon transaktion.",
    )


def _completed_inside(play: Play, number: int) -> list[int]:
    """The kept runs in what is about to be cancelled; what is completed of an activity that is not stays together."""
    run = play.run(number)
    found = [*run.pop("completed", ()), *run.pop("undo", ())]
    for kid in play.kids(run):
        inside = play.run(kid)
        is_handler = "asked" in inside and ("undo" not in inside or play.node(inside).for_compensation)
        if "kept" in inside or is_handler:
            continue
        kept = _completed_inside(play, kid)
        if kept:
            found.append(_part(play, number, inside, kept))
    return found


def _part(play: Play, scope: int, run: Run, kept: list[int]) -> int:
    number = play.reserve()
    part: Run = {"at": run["at"], "scope": scope, "kept": True, "partial": True, "completed": kept}
    if "vars" in run:
        part["vars"] = dict(run["vars"])
        play.state["bytes"] += sum(map(size_of, part["vars"].values()))
    for one in kept:
        play.run(one)["scope"] = number
    play.runs[str(number)] = part
    play.remember(1)
    return number


def _leave_cancelled(play: Play, number: int, run: Run, node: Node) -> None:
    edges = (play.graph.nodes[edge] for edge in node.boundary)
    edge = next((edge for edge in edges if edge.event is not None and edge.event.kind == "cancel"), None)
    if edge is None:
        raise Stuck(
            "Expected the cancelled transaction to have a cancel event on its boundary, but it has none.",
            "Transaktionen är avbruten, men har ingen avbrottshändelse på kanten som visar vägen vidare.",
        )
    waits.cancel(play, number)
    play.queue.append(("caught", run["scope"], edge, {}, False))
    play.touched[run["scope"]] = None
