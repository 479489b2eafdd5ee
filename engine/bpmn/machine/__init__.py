"""The machine: (graph, state, event) in, (state, changes) out. Plays BPMN 2.0.2 as chapter 13 has it.

Pure: time and functions come in by `Environment`, numbers from the state, so the same events give the same state.

    start      a case begins                complete   a task, job, call or asynchronous point is done
    trigger    a timer, message or signal   fail       a BPMN error comes out of a job or called case
    escalate   likewise an escalation       retry      what an incident holds is tried again
    skip       it goes on without           cancel     everything ends
    begin_activity  of ad-hoc work is chosen           end        that work is done
    look       other cases wrote to data stores     compensate  a called case is undone, having been completed

State, one JSON object:

    {"next": 9, "bytes": 120, "runs": {"0": {"live": 1, "kids": [7], "vars": {...}},
                                       "7": {"at": "granska", "scope": 0, "open": "task", "watch": [8]},
                                       "8": {"at": "paminn", "on": 7, "open": "timer", "due": "2026-..."}}}

`runs` holds what is alive and nothing else, hence its size does not grow with time: tokens at rest, scopes, listeners,
each with what it has to remember (`runs.Run` names every field). A run's number is its `wait` outside; none is used
twice, so a late event meets nothing (`Stale`). User data lies under `vars` only. `next` is the next number, `bytes` the
size of all variables, `watched` by name the first of those who wait for a condition on it, `ended` the outcome once
there is one; then only the variables of the process are left, and where it is `undoable` what is kept. `kept` counts
the completed activities that are remembered because the diagram has somebody who may ask for their compensation; only
they let a state grow.

Each step touches a run, those around it, those that listen on it and those it makes; none looks at `runs` as a whole.
5,000 instances of a multi-instance activity are 5,000 small runs that know their body, while the body knows only how
many; a store may therefore keep runs apart and fetch them one by one through any mutable mapping.

Walk on in `moves.py`: what each kind of element does with a token. From there `activities.py` (with `people.py` and
`multi.py`), `events.py` (thrown, caught, up the scopes), `compensation.py` and `tokens.py` (splits, joins, deadlocks);
below them `waits.py` (what is asked of the world outside, and its cancelling), `play.py` (runs and variables at work)
and `runs.py` (what a run is). `incidents.py` parks what cannot be played.

A state that is passed in is used up: go on with the one that comes back. A call that is refused changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from engine.bpmn.changes import CaseEnded, Change, ElementPassed, Variables
from engine.bpmn.machine import activities, adhoc, compensation, conditions, correlation, data, events, incidents, waits
from engine.bpmn.machine.adhoc import AdHocWork, Offered
from engine.bpmn.machine.moves import play_on
from engine.bpmn.machine.play import Environment, Move, Play, Stuck, plain, size_of
from engine.bpmn.machine.runs import ROOT, Run, visible
from engine.bpmn.model import Event, Graph, Node
from engine.errors import Refused

__all__ = [
    "AdHocWork",
    "Environment",
    "Offered",
    "Stale",
    "Step",
    "Unready",
    "ad_hoc_work",
    "begin_activity",
    "cancel",
    "compensate",
    "complete",
    "end",
    "escalate",
    "fail",
    "look",
    "retry",
    "root_variables",
    "skip",
    "start",
    "trigger",
    "variables_at",
]

State = dict[str, Any]


@dataclass(slots=True)
class Step:
    """What came of an event: the state after it, and what is to be done about it, in order."""

    state: State
    changes: list[Change]


class Unready(Refused):
    """The process should be given more than it is, by its own inputs (§10.4.1). Nothing has happened."""


class Stale(Refused):
    """The wait is not open any more, or not for this: somebody or something was faster."""


# --- events ----------------------------------------------------------------------------------------------------------


def start(
    graph: Graph,
    env: Environment,
    variables: Mapping[str, Any],
    *,
    at: str | None = None,
    payload: Mapping[str, Any] | None = None,
) -> Step:
    """A new case, at start event `at` (the one without event where None), with what the event carried."""
    nodes = _starts(graph, at)
    play = Play(graph, env, {"next": 1, "bytes": 0, "runs": {str(ROOT): {"live": 0, "kids": [], "vars": {}}}})
    given, carried = _taken(play, ROOT, variables), _taken(play, ROOT, payload or {})
    try:
        if graph.takes and (lacking := data.missing_at_start(graph.takes, {**given, **carried})):
            raise Unready(lacking.en, lacking.sv)
        given |= events.mapped(play, nodes[0], {**given, **carried}, carried)
        by = nodes[0].event
        if at is not None and by is not None:
            _begin_conversation(play, by, carried)
        written = play.write(play.plan(ROOT, given))
    except Stuck as why:
        raise Refused(why.en, why.sv) from None
    if nodes[0].kind == "startEvent" or at is not None:
        entries: list[Move] = [("leave", ROOT, nodes[0], written), *_alternatives(play, nodes[0])]
    else:
        entries = [("arrive", ROOT, node, None) for node in nodes]
    activities.open_scope(play, ROOT, graph.key, entries)
    return _played(play)


def complete(
    graph: Graph, state: State, env: Environment, wait: int, variables: Mapping[str, Any], *, undoable: bool = False
) -> Step:
    """A task, job or called case is done and gave `variables`; or an asynchronous point may go on.

    `undoable`: of a called case, it can compensate itself, and will be asked to (`CompensationCalled`) where the call
    is to be compensated. That done, it is completed once more.
    """
    play = _resume(graph, state, env)
    run = _open(play, wait, "task", "job", "call", "go_on")
    given = _taken(play, wait, variables)
    if undoable and run["open"] == "call":
        run["undoable"] = True
    if run["open"] == "go_on":
        incidents.let_in(play, wait, run)
    else:
        play.queue.append(("finish", wait, given, False))
    return _played(play)


def trigger(graph: Graph, state: State, env: Environment, wait: int, payload: Mapping[str, Any]) -> Step:
    """The timer has fired, the message or signal has come, with what it carries."""
    play = _resume(graph, state, env)
    run = _open(play, wait, "timer", "message", "signal")
    given = _taken(play, wait, payload)
    if "on" in run:
        waits.close(play, wait, run, "completed")
        events.came(play, wait, given)
    else:
        play.queue.append(("finish", wait, given, False))
    return _played(play)


def fail(
    graph: Graph,
    state: State,
    env: Environment,
    wait: int,
    code: str | None,
    message: str,
    variables: Mapping[str, Any],
) -> Step:
    """A job or called case ended with a BPMN error; the nearest to catch `code` goes on, else the case failed."""
    play = _resume(graph, state, env)
    run = _open(play, wait, "task", "job", "call")
    given = activities.left_behind(play, wait, _taken(play, wait, variables))
    waits.close(play, wait, run, "failed")
    del run["open"]
    events.fail(play, wait, code, message, given)
    return _played(play)


def escalate(
    graph: Graph, state: State, env: Environment, wait: int, code: str | None, variables: Mapping[str, Any]
) -> Step:
    """A called case (or a job) escalates. It goes on, unless who catches that interrupts it."""
    play = _resume(graph, state, env)
    run = _open(play, wait, "task", "job", "call")
    given = activities.left_behind(play, wait, _taken(play, wait, variables))
    events.escalate(play, wait, run["at"], code, given)
    return _played(play)


def look(graph: Graph, state: State, env: Environment, stores: Mapping[str, Any]) -> Step:
    """Other cases have left `stores` so: conditions on them are looked at. No changes: nothing came of it."""
    play = _resume(graph, state, env)
    conditions.look_into(play, stores)
    return _played(play)


def compensate(graph: Graph, state: State, env: Environment) -> Step:
    """Whoever called this case, which is completed, asks for its compensation: it is reopened for that (§10.7.1)."""
    if "undoable" not in state:
        raise Stale(
            "Expected a completed case whose process can compensate it, but it is none, or that has been done.",
            "Ärendet kan inte göras ogjort: det är inte slutfört, det är redan gjort ogjort, eller så saknas ett sätt.",
        )
    play = Play(graph, env, state)
    compensation.undo_process(play)
    return _played(play)


# --- hands on --------------------------------------------------------------------------------------------------------


def retry(graph: Graph, state: State, env: Environment, wait: int) -> Step:
    """What an incident holds is tried again; it may get stuck again, under a new number."""
    play = _resume(graph, state, env)
    if "stuck" not in play.runs.get(str(wait), {}):
        raise _stale(wait)
    incidents.again(play, wait)
    return _played(play)


def skip(graph: Graph, state: State, env: Environment, wait: int, variables: Mapping[str, Any]) -> Step:
    """Go on from a wait or an incident as if its element were done and had given `variables`, whatever mappings say.

    At a gateway its conditions decide, with these variables; a dead join goes on with the tokens it has. For what
    listens (one of several triggers, an alternative of an event-based gateway, an event at an edge) it is as if that
    had come with them.
    """
    play = _resume(graph, state, env)
    run = play.runs.get(str(wait), {})
    if "on" in run and run.get("open") in _COMES:
        given = _taken(play, wait, variables)
        waits.close(play, wait, run, "completed")
        events.came(play, wait, given)
        return _played(play)
    if "stuck" not in run and ("open" not in run or "on" in run):
        raise _stale(wait)
    incidents.past(play, wait, _taken(play, wait, variables))
    return _played(play)


def cancel(graph: Graph, state: State, env: Environment) -> Step:
    """Everything in the case ends."""
    play = _resume(graph, state, env)
    waits.end_case(play, CaseEnded("cancelled", None, root_variables(state)), "cancelled")
    return Step(play.state, play.changes)


def begin_activity(graph: Graph, state: State, env: Environment, wait: int, element: str) -> Step:
    """Somebody begins an activity of an ad-hoc sub-process that lies open. Refused where it cannot be begun now."""
    play = _resume(graph, state, env)
    _open(play, wait, "ad_hoc")
    adhoc.begin(play, wait, element)
    return _played(play)


def end(graph: Graph, state: State, env: Environment, wait: int) -> Step:
    """Somebody says that an ad-hoc sub-process is done. Refused where its completion condition decides that."""
    play = _resume(graph, state, env)
    _open(play, wait, "ad_hoc")
    adhoc.end(play, wait)
    return _played(play)


# --- questions -------------------------------------------------------------------------------------------------------


def variables_at(graph: Graph, state: State, wait: int | None) -> Variables:
    """What is visible at a wait (None: in the process itself). The values are the state's own: read, don't change."""
    if str(wait or ROOT) not in state["runs"]:
        raise _stale(wait or ROOT)
    return dict(visible(state["runs"], wait or ROOT))


def ad_hoc_work(graph: Graph, state: State, env: Environment, wait: int) -> AdHocWork | None:
    """What may be begun in an ad-hoc sub-process just now; None where it does not lie open. Changes nothing."""
    play = Play(graph, env, state)
    run = play.runs.get(str(wait))
    if run is None or run.get("open") != "ad_hoc":
        return None
    try:
        return adhoc.work_at(play, wait)
    except Stuck:
        return None


def root_variables(state: State) -> Variables:
    """The variables of the process, also when it has ended."""
    return dict(state["runs"][str(ROOT)]["vars"])


_COMES = frozenset({"timer", "message", "signal", "condition"})


# --- within ----------------------------------------------------------------------------------------------------------


def _starts(graph: Graph, at: str | None) -> list[Node]:
    nodes = [graph.nodes[start] for start in graph.scopes[graph.key].starts]
    if at is not None:
        chosen = [node for node in graph.ways_in if node.id == at]
    elif any(node.kind == "startEvent" for node in nodes):
        chosen = [node for node in nodes if (node.event or events.NONE).kind == "none" and not node.instantiate][:1]
    else:
        chosen = nodes
    if not chosen:
        raise Refused(
            f"Expected process {graph.key!r} to have a start event {at or 'without trigger'!r}, but it has none.",
            f"Processen ”{graph.name}” kan inte startas på det sättet.",
        )
    return chosen


def _begin_conversation(play: Play, by: Event, carried: Variables) -> None:
    """The message that a case starts by sets its correlation keys; of several, those that what has come can set."""
    for event in by.triggers:
        if event.correlation is not None:
            with suppress(Stuck) if by.kind == "multiple" else nullcontext():
                correlation.carried(play, ROOT, event.correlation, carried)


def _alternatives(play: Play, node: Node) -> Iterator[Move]:
    """A case that begins behind an event-based gateway has passed that; a parallel one waits for the others too."""
    for flow in node.incoming:
        gateway = play.graph.nodes[flow.source]
        if gateway.kind == "eventBasedGateway":
            taken = gateway.outgoing if gateway.parallel else (flow,)
            play.changes.append(ElementPassed(gateway.id, "completed", tuple(one.id for one in taken)))
            others = (one for one in taken if one is not flow)
            yield from (("arrive", ROOT, play.graph.nodes[one.target], one) for one in others)


def _resume(graph: Graph, state: State, env: Environment) -> Play:
    if "ended" in state:
        raise Stale(f"Expected the case to be open, but it has ended ({state['ended']}).", "Ärendet är redan avslutat.")
    return Play(graph, env, state)


def _open(play: Play, wait: int, *kinds: str) -> Run:
    run = play.runs.get(str(wait))
    if run is None or run.get("open") not in kinds:
        raise _stale(wait)
    return run


def _stale(wait: int) -> Stale:
    return Stale(
        f"Expected something to wait under number {wait}, but nothing does any more.",
        "Det som skulle göras är redan gjort eller behövs inte längre.",
    )


def _taken(play: Play, wait: int, variables: Mapping[str, Any]) -> Variables:
    """Variables from outside, checked before anything happens: plain JSON, and not too much of it."""
    taken, size = {}, 0
    try:
        for name, value in variables.items():
            taken[name], length = plain(name, value)
            size += length
        if not play.has_room(size):
            seen = play.visible(wait)
            play.weigh(size - sum(size_of(seen[name]) for name in taken if name in seen))
    except Stuck as why:
        raise Refused(why.en, why.sv) from None
    return taken


def _played(play: Play) -> Step:
    play_on(play)
    return Step(play.state, play.changes)
