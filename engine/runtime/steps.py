"""Steps, and what follows of them in other cases: a call starts a case, its end goes back to the one that called."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.actor import Actor
from engine.bpmn import changes as c
from engine.bpmn import machine
from engine.bpmn.limits import LIMITS
from engine.bpmn.machine import Stale, Unready
from engine.calendar import local
from engine.cases import facts, numbers, store
from engine.cases.store import Case
from engine.cases.tables import case as case_table
from engine.definitions import store as definitions
from engine.definitions.store import Definition
from engine.engine import Read, Transaction
from engine.errors import Conflict, Refused
from engine.history import inputs
from engine.history.chain import Doer, Note
from engine.history.inputs import Input, Played
from engine.identity.permissions import Standing
from engine.jobs import store as jobs
from engine.runtime import apply, writer


def doer_of(actor: Actor, standing: Standing | None = None) -> Doer:
    """Who history names: the role in which, and the party for which, the actor did this."""
    if standing:
        return Doer(actor.person_id, actor.name, standing.role, standing.party)
    return Doer(actor.person_id, actor.name, actor.role, actor.party)


def as_variable(read: Read, doer: Doer) -> dict[str, Any]:
    """What a diagram may know of a person (`startad_av`, and the variable a task names with `by`)."""
    return {
        "person": doer.person_id,
        "namn": doer.name,
        "roll": doer.role,
        "part": doer.party,
        "tid": local(read.now).isoformat(),
    }


def seen_at_start(read: Read, doer: Doer) -> dict[str, Any]:
    """What a start form's conditions may look at besides its own answers: who starts, and the roles that they hold."""
    return {"startad_av": as_variable(read, doer), "roller": sorted({held.role for held in read.actor.memberships})}


def play(tx: Transaction, case: Case, what: Input) -> Played:
    """A step of a case that is there; store it with `advance`."""
    definition = case.definition
    env = facts.environment(tx, definition)
    return inputs.play(what, definition.graph, case.data, env, facts.settings_asked(tx))


def advance(tx: Transaction, case: Case, played: Played, doer: Doer, *before: Note) -> None:
    """Store a step and everything that follows of it, in this transaction."""
    _take(tx, case, played, doer, before)
    follow_ups: deque[tuple[Case, c.Change]] = tx.memory.setdefault("follow_ups", deque())
    if tx.memory.get("following"):
        return  # the outermost call sees to the rest
    tx.memory["following"] = True
    followed = 0
    while follow_ups:
        one, change = follow_ups.popleft()
        _FOLLOW[type(change)](tx, one, change, doer, followed < LIMITS.follow_ups)
        followed += 1
    tx.memory["following"] = False


def _take(tx: Transaction, case: Case, played: Played, doer: Doer, before: Sequence[Note]) -> None:
    case.data = played.step.state
    collected = writer.collect(tx, case, played, doer, before)
    apply.write(collected)
    tx.memory.setdefault("follow_ups", deque()).extend((case, change) for change in collected.others)


# --- a case begins ---------------------------------------------------------------------------------------------------

_BY_KEY = sa.select(case_table.c.id, case_table.c.number, case_table.c.started_at).where(
    case_table.c.process == bindparam("process"), case_table.c.business_key == bindparam("business_key")
)


class AlreadyStarted(Conflict):
    """The process has, or had, a case with this business key: `case_id` and `number` say which (R19)."""


def begin(
    tx: Transaction,
    definition: Definition,
    doer: Doer,
    variables: Mapping[str, Any],
    *,
    business_key: str | None = None,
    at: str | None = None,
    payload: Mapping[str, Any] | None = None,
    caller: tuple[int, int] | None = None,
) -> Case:
    """Start a case, at the start event `at` (None: the one without trigger). `caller` is (case, wait) of a call."""
    given = {**variables, "startad_av": as_variable(tx, doer)}
    graph, known = definition.graph, {**given, **(payload or {})}
    key = business_key or facts.business_key(tx, graph.facts.business_key, known)
    _refuse_second(tx, definition.key, key)
    what = Input("start", given=given, payload=dict(payload or {}), at=at)
    played = inputs.play(what, graph, {}, facts.environment(tx, definition), facts.settings_asked(tx))
    year, number = numbers.take(tx, graph.number_series or "TT")
    case = store.new(
        definition,
        f"{graph.number_series or 'TT'}-{year}-{number:04d}",
        tx.now,
        business_key=key,
        started_by=doer.person_id,
        parent_id=caller[0] if caller else None,
        parent_wait=caller[1] if caller else None,
    )
    started = Note("case:started", data={"changes": {name: {"after": value} for name, value in known.items()}})
    advance(tx, case, played, doer, started)
    return case


def existing(read: Read, process: str, business_key: str) -> Any:
    """The one case of the process with this key: a row with id, number and started_at, or None."""
    return read.connection.execute(_BY_KEY, {"process": process, "business_key": business_key}).one_or_none()


def _refuse_second(tx: Transaction, process: str, business_key: str | None) -> None:
    found = existing(tx, process, business_key) if business_key else None
    if found:
        when = jobs.clock_time(found.started_at, tx.now)
        raise AlreadyStarted(
            f"Expected to start a case of {process}, but {found.number} has the same business key.",
            f"Det finns redan ett ärende för detta: {found.number}, startat {when}.",
            case_id=found.id,
            number=found.number,
            when=found.started_at,
        )


# --- what follows in other cases -------------------------------------------------------------------------------------


def _call(tx: Transaction, caller: Case, change: c.CaseCalled, doer: Doer, now: bool) -> None:
    problem = call(tx, caller, _as_payload(change), change.wait, doer) if now else None
    if problem or not now:
        park_call(tx, caller, _as_payload(change), problem, doer, wait=change.wait, element=change.element)


def call(tx: Transaction, caller: Case, called: Mapping[str, Any], wait: int, doer: Doer) -> Refused | None:
    """Start the called case. Where that cannot be done, why: the call then waits as an incident."""
    if _depth(tx, caller) >= LIMITS.call_depth:
        return Refused(
            f"Expected cases to call each other at most {LIMITS.call_depth} levels deep, but they go deeper.",
            f"Ärenden kan inte anropa varandra djupare än {LIMITS.call_depth} nivåer.",
        )
    definition = _bound(tx, caller, called)
    if definition is None:
        return Refused(
            f"Expected the called process {called['key']} to be in use, but it is not.",
            f"Den anropade processen {called['key']} är inte i bruk.",
        )
    try:
        begin(tx, definition, doer, called["variables"], business_key=called["business_key"], caller=(caller.id, wait))
    except (AlreadyStarted, Unready) as refused:
        return refused
    return None


def _as_payload(change: c.CaseCalled) -> dict[str, Any]:
    return {
        "key": change.key,
        "binding": change.binding,
        "version": change.version,
        "business_key": change.business_key,
        "variables": dict(change.variables),
    }


def _bound(tx: Transaction, caller: Case, called: Mapping[str, Any]) -> Definition | None:
    match called["binding"]:
        case "deployment":
            return definitions.as_of(tx, called["key"], caller.definition.deployed_at)
        case "version":
            return definitions.of_version(tx, called["key"], called["version"] or 0)
        case _:
            return definitions.newest(tx, called["key"])


def _depth(tx: Transaction, case: Case) -> int:
    depth = 0
    while case.parent_id is not None:
        case, depth = store.lock(tx, case.parent_id), depth + 1
    return depth


def park_call(
    tx: Transaction,
    caller: Case,
    called: Mapping[str, Any],
    problem: Refused | None,
    doer: Doer,
    *,
    wait: int,
    element: str,
) -> None:
    """The call as a job: for the worker to go on with, or, where there is a problem, for somebody to decide."""
    _park(tx, caller, {"call": called}, problem, doer, wait=wait, element=element)


def park_compensation(
    tx: Transaction, caller: Case, problem: Refused | None, doer: Doer, *, wait: int, element: str
) -> None:
    """Likewise the compensation of a call."""
    _park(tx, caller, {"compensate": True}, problem, doer, wait=wait, element=element)


def _park(
    tx: Transaction,
    caller: Case,
    payload: Mapping[str, Any],
    problem: Refused | None,
    doer: Doer,
    *,
    wait: int,
    element: str,
) -> None:
    row = jobs.row(
        "continue",
        tx.now,
        case_id=caller.id,
        wait=wait,
        element=element,
        payload=dict(payload),
        state="failed" if problem else "waiting",
        last_error=problem.sv if problem else None,
        last_error_en=problem.en if problem else None,
    )
    job_id = jobs.add_one(tx, row)
    if problem:
        open_incident(tx, caller, doer, problem.sv, problem.en, wait=wait, element=element, job_id=job_id)


def open_incident(
    tx: Transaction,
    case: Case,
    doer: Doer,
    message: str,
    message_en: str,
    *,
    wait: int | None,
    element: str | None,
    job_id: int,
) -> None:
    row = jobs.incident_row(message, message_en, tx.now, case_id=case.id, job_id=job_id, wait=wait, element=element)
    jobs.open_incidents(tx, [row])
    node = case.definition.graph.nodes.get(element or "")
    note = Note("incident:opened", element, node.name if node else None, None, {"message": message})
    apply.note_down(tx, case, doer, note)


_CALLED = sa.select(case_table.c.id).where(
    case_table.c.parent_id == bindparam("caller"), case_table.c.parent_wait == bindparam("at_wait")
)


def _cancel_called(tx: Transaction, caller: Case, change: c.CallClosed, doer: Doer, now: bool) -> None:
    case_id = tx.connection.execute(_CALLED, {"caller": caller.id, "at_wait": change.wait}).scalar()
    called = store.lock(tx, case_id) if case_id else None
    if called and called.state in store.LIVE:
        cancelled = play(tx, called, Input("cancel"))
        advance(tx, called, cancelled, doer, Note("case:cancelled", data={"reason": f"av {caller.number}"}))


def _compensate_called(tx: Transaction, caller: Case, change: c.CompensationCalled, doer: Doer, now: bool) -> None:
    problem = compensate(tx, caller, change.wait, doer) if now else None
    if problem or not now:
        park_compensation(tx, caller, problem, doer, wait=change.wait, element=change.element)


def compensate(tx: Transaction, caller: Case, wait: int, doer: Doer) -> Refused | None:
    """Reopen the completed case that was called, for its compensation. Where that cannot be done, why."""
    case_id = tx.connection.execute(_CALLED, {"caller": caller.id, "at_wait": wait}).scalar()
    called = store.lock(tx, case_id) if case_id else None
    try:
        played = play(tx, called, Input("compensate")) if called else None
    except Stale as refused:
        return refused
    if called is None or played is None:
        return Refused(
            "Expected the case that was called, to compensate it, but it is not there.",
            "Det anropade ärendet finns inte, så det kan inte göras ogjort.",
        )
    advance(tx, called, played, doer)
    return None


def _return(tx: Transaction, called: Case, change: c.CaseEnded, doer: Doer, now: bool) -> None:
    """The end of a called case is the end of the call: done, undone, or an error that the caller may catch."""
    if called.parent_id is None or called.parent_wait is None or change.outcome == "cancelled":
        return
    given = dict(change.variables)
    if change.outcome == "failed":
        message = f"{called.number} gick fel"
        what = Input("fail", called.parent_wait, given, code=change.code, message=message)
    elif change.outcome == "compensated":
        what = Input("complete", called.parent_wait)
    else:
        what = Input("complete", called.parent_wait, given, undoable=change.undoable)
    _step_in_caller(tx, called.parent_id, what, doer)


def _escalate(tx: Transaction, called: Case, change: c.EscalationUncaught, doer: Doer, now: bool) -> None:
    if called.parent_id is None or called.parent_wait is None:
        return
    what = Input("escalate", called.parent_wait, machine.root_variables(called.data), code=change.code)
    _step_in_caller(tx, called.parent_id, what, doer)


def _step_in_caller(tx: Transaction, case_id: int, what: Input, doer: Doer) -> None:
    caller = store.lock(tx, case_id)
    if caller.state not in store.LIVE:
        return
    try:
        played = play(tx, caller, replace(what, given=_let_through(caller, what)))
    except Stale:
        return  # the caller went on without it
    advance(tx, caller, played, doer)


def _let_through(caller: Case, what: Input) -> Mapping[str, Any]:
    """Of a called case's variables those that the call looks at: no other concerns the caller, or its history."""
    run = caller.data["runs"].get(str(what.wait))
    node = caller.definition.graph.nodes[run["at"]] if run else None
    if node is None or node.call is None or node.call.all_out:
        return what.given
    names = {name for output in node.call.outputs.values() for name in output.names}
    names.update(node.data.outputs if node.data else ())
    return {name: value for name, value in what.given.items() if name in names}


_FOLLOW: Mapping[type, Callable[[Transaction, Case, Any, Doer, bool], None]] = {
    c.CaseCalled: _call,
    c.CallClosed: _cancel_called,
    c.CompensationCalled: _compensate_called,
    c.CaseEnded: _return,
    c.EscalationUncaught: _escalate,
}
