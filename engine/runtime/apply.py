"""A step of the machine becomes rows: the case, its tasks, waits, jobs and incidents, and its history, chained.

One small function per change collects; `write` then stores everything in few statements, the case first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine import data_stores
from engine.bpmn import changes as c
from engine.cases import store, words
from engine.cases.facts import refresh
from engine.cases.store import Case, Shown
from engine.cases.tables import case_reader, message, task, task_candidate, wait
from engine.definitions import conditions
from engine.definitions.starts import signal_starts
from engine.engine import Transaction
from engine.history import chain, inputs, notes
from engine.history.chain import Doer, Note
from engine.history.inputs import Played
from engine.identity import permissions
from engine.identity.queries import person_named
from engine.jobs import store as jobs
from engine.prepared import Prepared, Rows
from engine.runtime import offers
from engine.runtime.offers import Offers

NAME = 500
"""Characters of a task's name that lists show, as of a case's title: what more there is, history tells."""


@dataclass(slots=True)
class Writer:
    """What one step does to one case, collected. What opens and closes in the same step leaves history, but no row."""

    tx: Transaction
    case: Case
    doer: Doer
    notes: list[Note]
    readers_before: list[str]
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    closed_tasks: dict[int, str] = field(default_factory=dict)
    waits: dict[int, dict[str, Any]] = field(default_factory=dict)
    closed_waits: list[int] = field(default_factory=list)
    jobs: dict[int, dict[str, Any]] = field(default_factory=dict)
    loose_jobs: list[dict[str, Any]] = field(default_factory=list)
    """Deliveries, to whichever case they are for."""
    cancelled_jobs: list[int] = field(default_factory=list)
    incidents: dict[int, dict[str, Any]] = field(default_factory=dict)
    cleared: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Candidates of ad-hoc sub-processes: as those of tasks they may read the case from then on."""
    stores: dict[str, Any] = field(default_factory=dict)
    """What data stores hold from now on."""
    watched: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The data stores that waits for a condition look into."""
    offers: Offers = field(default_factory=dict)
    """What ad-hoc sub-processes offer from now on, of those that lie open and that the step may have changed."""
    closed_work: list[int] = field(default_factory=list)
    """Ad-hoc sub-processes that offer nothing any more."""
    others: list[c.Change] = field(default_factory=list)
    """Changes that concern other cases: called ones, and the one that called."""

    def note(self, change: c.Change) -> bool:
        told = notes.note_of(self.case.definition.graph, change)
        if told:
            self.notes.append(told)
        return told is not None


def collect(tx: Transaction, case: Case, played: Played, doer: Doer, before: Sequence[Note] = ()) -> Writer:
    """All changes of a step, in their order; `before` is what led to it. The case shows its new facts."""
    writer = Writer(tx, case, doer, list(before), readers_before=case.all_readers)
    place: int | None = None
    for change in played.step.changes:
        if writer.note(change) and place is None and inputs.is_told_by(played, change):
            place = len(writer.notes) - 1
        _APPLY[type(change)](writer, change)
    if case.definition.graph.has_ad_hoc_work:
        writer.offers = offers.of(tx, case)
    if writer.notes:
        inputs.tell(writer.notes, place or 0, played)
    refresh(tx, case)
    return writer


def write(writer: Writer) -> None:
    """Store what was collected; where the case is new it gets its id here."""
    tx, case = writer.tx, writer.case
    asked = (text for row in writer.tasks.values() for text in row["candidates"])
    _let_candidates_read(case, [*writer.asked, *asked, *offers.asked(writer.offers)])
    rows = _link(writer)
    before = store.shown_before(case)
    is_new = not case.id
    if is_new:
        store.insert(tx, case)
    told = _tell_watchers(writer)
    offered = offers.changes(tx, case.id, writer.offers, writer.closed_work)
    # Nothing here reads an answer of the database: on PostgreSQL all of it leaves with the commit.
    saved = None if is_new else store.save(tx, case)
    _sync_readers(tx, case, writer.readers_before)
    _sync_words(tx, case, before)
    _close_tasks(writer)
    _sync_parties(tx, case, before)
    _open_tasks(writer)
    _close_waits(writer)
    _open_waits(writer)
    offers.write(tx, offered)
    jobs.cancel(tx, case.id, writer.cancelled_jobs)
    jobs.clear_incidents(tx, case.id, writer.cleared)
    jobs.add(tx, [*({**row, "case_id": case.id} for row in writer.jobs.values()), *writer.loose_jobs, *told])
    jobs.open_incidents(tx, [{**row, "case_id": case.id} for row in writer.incidents.values()])
    data_stores.write(tx, case.id, writer.stores)
    if any(one.is_watched for one in case.definition.graph.stores.values()):
        data_stores.watch(tx, case.id, writer.closed_waits, writer.watched)
    chain.write(tx, case.id, rows)
    if saved and not rows:
        store.confirm(saved)


def note_down(tx: Transaction, case: Case, doer: Doer, *notes: Note) -> None:
    """History without a step of the machine: a claim, a comment, a suspension."""
    write(Writer(tx, case, doer, list(notes), readers_before=case.all_readers))


def _link(writer: Writer) -> list[dict[str, Any]]:
    case = writer.case
    case.changed_at = writer.tx.now
    rows, case.history_seq, case.history_head = chain.link(
        writer.notes,
        case=case.number,
        definition=(case.definition.key, case.definition.version),
        doer=writer.doer,
        at=writer.tx.now,
        seq=case.history_seq,
        head=case.history_head,
    )
    return rows


# --- elements and tasks --------------------------------------------------------------------------------------------


def _task_opened(writer: Writer, change: c.TaskOpened) -> None:
    candidates = notes.candidates(change)
    writer.tasks[change.wait] = {
        "wait": change.wait,
        "element": change.element,
        "name": change.name[:NAME],
        "candidates": candidates,
        "assignee": person_named(writer.tx, change.assignee),
        "claimed_at": None,
        "due_at": change.due,
        "follow_up_at": change.follow_up,
        "priority": change.priority,
        "form": change.form,
        "state": "open",
        "opened_at": writer.tx.now,
        "instance": change.instance,
        "version": 1,
    }
    if not candidates and writer.tasks[change.wait]["assignee"] is None:
        nobody = c.IncidentRaised(change.wait, change.element, "Det finns ingen som kan göra uppgiften.")
        writer.note(nobody)
        _incident_raised(writer, nobody)


def _task_closed(writer: Writer, change: c.TaskClosed) -> None:
    if not writer.tasks.pop(change.wait, None):
        writer.closed_tasks[change.wait] = change.outcome


# --- jobs and timers -----------------------------------------------------------------------------------------------


def _job_added(writer: Writer, change: c.JobAdded) -> None:
    kind = "service" if change.topic is not None else "continue"
    payload = {"variables": dict(change.variables)} if kind == "service" else None
    writer.jobs[change.wait] = jobs.row(
        kind, writer.tx.now, wait=change.wait, element=change.element, topic=change.topic, payload=payload
    )


def _job_closed(writer: Writer, change: c.JobClosed) -> None:
    if not writer.jobs.pop(change.wait, None) and change.outcome != "completed":
        writer.cancelled_jobs.append(change.wait)


def _timer_set(writer: Writer, change: c.TimerSet) -> None:
    writer.jobs[change.wait] = jobs.row(
        "timer", writer.tx.now, due_at=change.due, wait=change.wait, element=change.element
    )


def _timer_cancelled(writer: Writer, change: c.TimerCancelled) -> None:
    if not writer.jobs.pop(change.wait, None):
        writer.cancelled_jobs.append(change.wait)


# --- messages and signals ------------------------------------------------------------------------------------------


def _wait_opened(writer: Writer, change: c.WaitOpened) -> None:
    writer.waits[change.wait] = {
        "wait": change.wait,
        "element": change.element,
        "kind": change.kind,
        "name": change.name,
        "key": change.key,
    }
    if change.stores:
        writer.watched[change.wait] = change.stores


def _wait_closed(writer: Writer, change: c.WaitClosed) -> None:
    if not writer.waits.pop(change.wait, None):
        writer.closed_waits.append(change.wait)
    writer.watched.pop(change.wait, None)


def _ad_hoc_opened(writer: Writer, change: c.AdHocOpened) -> None:
    writer.waits[change.wait] = {
        "wait": change.wait,
        "element": change.element,
        "kind": "ad_hoc",
        "name": change.name,
        "key": None,
    }
    writer.asked.extend(change.candidates)


def _ad_hoc_closed(writer: Writer, change: c.AdHocClosed) -> None:
    if not writer.waits.pop(change.wait, None):
        writer.closed_waits.append(change.wait)
        writer.closed_work.append(change.wait)


def _message_thrown(writer: Writer, change: c.MessageThrown) -> None:
    payload = {"name": change.name, "key": change.key, "variables": dict(change.payload)}
    writer.loose_jobs.append(jobs.row("message", writer.tx.now, element=change.element, payload=payload))


def _signal_thrown(writer: Writer, change: c.SignalThrown) -> None:
    own = [
        row
        for row in writer.waits.values()
        if row["kind"] == "signal" and row["name"] == change.name and row["wait"] not in change.caught
    ]
    waiting = waiting_for_signal(writer.tx, change.name)
    closed = {(writer.case.id, number) for number in (*writer.closed_waits, *change.caught)}
    for case_id, number, element in waiting:
        if (case_id, number) not in closed:
            writer.loose_jobs.append(signal_job(writer.tx, case_id, number, element, dict(change.payload)))
    for row in own:
        job = signal_job(writer.tx, writer.case.id, row["wait"], row["element"], dict(change.payload))
        writer.loose_jobs.append(job)
    writer.loose_jobs.extend(signal_starts(writer.tx, change.name, dict(change.payload)))


_WAITING_FOR_SIGNAL = sa.select(wait.c.case_id, wait.c.wait, wait.c.element).where(
    wait.c.kind == "signal", wait.c.name == bindparam("name")
)


def waiting_for_signal(tx: Transaction, name: str) -> Sequence[tuple[int, int, str]]:
    """Every token that waits for the signal now: (case, wait, element)."""
    return [(row[0], row[1], row[2]) for row in tx.connection.execute(_WAITING_FOR_SIGNAL, {"name": name})]


def signal_job(tx: Transaction, case_id: int, number: int, element: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Each delivery is a job of its own, and locks one case only."""
    return jobs.row("signal", tx.now, case_id=case_id, wait=number, element=element, payload={"variables": variables})


def _store_written(writer: Writer, change: c.StoreWritten) -> None:
    writer.stores[change.name] = change.after


def _tell_watchers(writer: Writer) -> list[dict[str, Any]]:
    """A job for each other case that waits for a condition on what this step leaves in a data store, and for each
    process that starts by one."""
    if not writer.stores:
        return []
    told: dict[int, dict[str, Any]] = {}
    for name, value in writer.stores.items():
        for case_id in data_stores.watchers(writer.tx, name, writer.case.id):
            told.setdefault(case_id, {})[name] = value
    looks = [
        jobs.row("condition", writer.tx.now, case_id=case_id, payload={"stores": stores})
        for case_id, stores in told.items()
    ]
    return looks + conditions.after_write(writer.tx, writer.stores)


# --- other cases, incidents, the end -------------------------------------------------------------------------------


def _case_called(writer: Writer, change: c.CaseCalled | c.CompensationCalled) -> None:
    writer.others.append(change)


def _call_closed(writer: Writer, change: c.CallClosed) -> None:
    if change.outcome == "cancelled":
        writer.others.append(change)
    writer.cancelled_jobs.append(change.wait)  # one that could not be started yet


def _incident_raised(writer: Writer, change: c.IncidentRaised) -> None:
    writer.incidents[change.wait] = jobs.incident_row(
        change.message, writer.tx.now, wait=change.wait, element=change.element
    )


def _incident_cleared(writer: Writer, change: c.IncidentCleared) -> None:
    if not writer.incidents.pop(change.wait, None):
        writer.cleared.append(change.wait)


def _escalation_uncaught(writer: Writer, change: c.EscalationUncaught) -> None:
    writer.others.append(change)


def _ended(writer: Writer, change: c.CaseEnded) -> None:
    writer.case.state = "completed" if change.outcome == "compensated" else change.outcome
    writer.case.outcome = change.code or change.outcome
    writer.case.ended_at = writer.tx.now
    writer.others.append(change)


def _reopened(writer: Writer, change: c.CaseReopened) -> None:
    writer.case.state = "active"
    writer.case.outcome = writer.case.ended_at = None


def _only_told(writer: Writer, change: c.Change) -> None:
    """Nothing but history shows it."""


_APPLY: Mapping[type, Callable[[Writer, Any], None]] = {
    c.ElementPassed: _only_told,
    c.TimerFired: _only_told,
    c.TaskOpened: _task_opened,
    c.TaskClosed: _task_closed,
    c.JobAdded: _job_added,
    c.JobClosed: _job_closed,
    c.TimerSet: _timer_set,
    c.TimerCancelled: _timer_cancelled,
    c.AdHocOpened: _ad_hoc_opened,
    c.AdHocClosed: _ad_hoc_closed,
    c.WaitOpened: _wait_opened,
    c.WaitClosed: _wait_closed,
    c.ConditionLapsed: _only_told,
    c.StoreWritten: _store_written,
    c.MessageThrown: _message_thrown,
    c.SignalThrown: _signal_thrown,
    c.CaseCalled: _case_called,
    c.CallClosed: _call_closed,
    c.CompensationCalled: _case_called,
    c.IncidentRaised: _incident_raised,
    c.IncidentCleared: _incident_cleared,
    c.EscalationUncaught: _escalation_uncaught,
    c.CaseEnded: _ended,
    c.CaseReopened: _reopened,
}


# --- rows ----------------------------------------------------------------------------------------------------------

_INSERT_TASK = Rows(task)
_THIS_TASK = sa.and_(task.c.case_id == bindparam("of_case"), task.c.wait == bindparam("at_wait"))
_ITS_ID = sa.select(task.c.id).where(_THIS_TASK).scalar_subquery()
_INSERT_CANDIDATE = Prepared(
    task_candidate.insert().values(
        task_id=_ITS_ID, **{name: bindparam(name) for name in ("role", "scope", "side", "due_at", "party", "area")}
    )
)
_CLOSE_TASK = Prepared(
    task.update()
    .where(_THIS_TASK)
    .values(state=bindparam("to"), closed_at=bindparam("at"), closed_by=bindparam("by"), version=task.c.version + 1)
)
_DROP_CANDIDATES = Prepared(task_candidate.delete().where(task_candidate.c.task_id == _ITS_ID))
_CHANGE_PARTIES = Prepared(
    task_candidate.update()
    .where(
        task_candidate.c.task_id.in_(
            sa.select(task.c.id).where(task.c.case_id == bindparam("of_case"), task.c.state == "open")
        )
    )
    .values(party=bindparam("party"), area=bindparam("area"))
)
_INSERT_READER = Rows(case_reader)
_DROP_READER = Prepared(
    case_reader.delete().where(
        case_reader.c.case_id == bindparam("of_case"),
        case_reader.c.role == bindparam("r"),
        case_reader.c.scope == bindparam("s"),
        case_reader.c.side == bindparam("d"),
    )
)
_INSERT_WAIT = Rows(wait)
_DROP_WAIT = Prepared(wait.delete().where(wait.c.case_id == bindparam("of_case"), wait.c.wait == bindparam("at_wait")))


def _open_tasks(writer: Writer) -> None:
    if not writer.tasks:
        return
    rows = [{**row, "case_id": writer.case.id} for row in writer.tasks.values()]
    _INSERT_TASK.many(writer.tx.connection, rows)
    about = _about(writer.case)
    candidates = [
        {
            "of_case": writer.case.id,
            "at_wait": row["wait"],
            "role": one.role,
            "scope": one.scope,
            "side": one.side,
            "due_at": row["due_at"],
            **about,
        }
        for row in rows
        for one in {permissions.parse(text) for text in row["candidates"]}
    ]
    _INSERT_CANDIDATE.many(writer.tx.connection, candidates)


def _close_tasks(writer: Writer) -> None:
    if not writer.closed_tasks:
        return
    at = {"of_case": writer.case.id, "at": writer.tx.now}
    closed = [
        {**at, "at_wait": number, "to": outcome, "by": writer.doer.person_id if outcome == "completed" else None}
        for number, outcome in writer.closed_tasks.items()
    ]
    _CLOSE_TASK.many(writer.tx.connection, closed)
    dropped = [{"of_case": writer.case.id, "at_wait": number} for number in writer.closed_tasks]
    _DROP_CANDIDATES.many(writer.tx.connection, dropped)


def _about(case: Case) -> dict[str, str | None]:
    """Whom its tasks are about, as the inbox finds them."""
    return {"party": case.party, "area": case.area if case.area != case.party else None}


def _sync_parties(tx: Transaction, case: Case, before: Shown) -> None:
    """The tasks that were open before are about others now."""
    if (before.party, before.area) != (case.party, case.area) and before.is_live:
        _CHANGE_PARTIES.ask(tx.connection, {"of_case": case.id, **_about(case)})


def _sync_words(tx: Transaction, case: Case, before: Shown) -> None:
    is_live = case.ended_at is None
    if (before.title, before.is_live) != (case.title, is_live):
        had = f"{case.number} {before.title}" if before.is_live else ""
        words.follow(tx, case.id, had, f"{case.number} {case.title}" if is_live else "")


def _let_candidates_read(case: Case, asked: Sequence[str]) -> None:
    """Whoever was once asked to do something in a case may read it from then on (R32)."""
    known = case.readers.get("task", [])
    more = [text for text in asked if text not in known]
    if more:
        case.readers = {**case.readers, "task": [*known, *dict.fromkeys(more)]}


def _sync_readers(tx: Transaction, case: Case, before: Sequence[str]) -> None:
    after = case.all_readers
    if after == before:
        return
    had, has = ({permissions.parse(text) for text in texts} for texts in (before, after))
    if gone := [{"of_case": case.id, "r": one.role, "s": one.scope, "d": one.side} for one in had - has]:
        _DROP_READER.many(tx.connection, gone)
    if new := [{"case_id": case.id, "role": one.role, "scope": one.scope, "side": one.side} for one in has - had]:
        _INSERT_READER.many(tx.connection, new)


def _close_waits(writer: Writer) -> None:
    rows = [{"of_case": writer.case.id, "at_wait": number} for number in writer.closed_waits]
    _DROP_WAIT.many(writer.tx.connection, rows)


def _open_waits(writer: Writer) -> None:
    if not writer.waits:
        return
    rows = [{**row, "case_id": writer.case.id} for row in writer.waits.values()]
    _INSERT_WAIT.many(writer.tx.connection, rows)
    for row in rows:
        if row["kind"] == "message":
            kept = kept_message(writer.tx, row["name"], row["key"])
            if kept is not None:
                writer.loose_jobs.append(jobs.row("message", writer.tx.now, payload={"message": kept}))


# --- messages that came before somebody waited -----------------------------------------------------------------------

_KEPT = (
    sa.select(message.c.id)
    .where(
        message.c.name == bindparam("name"),
        message.c.delivered_to.is_(None),
        message.c.expires_at > bindparam("now"),
    )
    .order_by(message.c.id)
    .limit(1)
)
_KEPT_WITH_KEY = Prepared(_KEPT.where(message.c.key == bindparam("key")))
_KEPT_WITHOUT_KEY = Prepared(_KEPT.where(message.c.key.is_(None)))


def kept_message(tx: Transaction, name: str, key: str | None) -> int | None:
    meet(tx, name, key)
    values = {"name": name, "now": tx.now}
    if key is None:
        found = _KEPT_WITHOUT_KEY.first(tx.connection, values)
    else:
        found = _KEPT_WITH_KEY.first(tx.connection, {**values, "key": key})
    return found.id if found else None


def meet(tx: Transaction, name: str, key: str | None) -> None:
    """Who publishes a message and who begins to wait for it take turns: else each might miss the other's row.

    SQLite lets one write at a time anyhow.
    """
    if tx.is_postgresql:
        digest = sha256(f"{name}\0{key or ''}".encode("utf-8", "replace")).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        _MEET.ask(tx.connection, {"number": number})


_MEET = Prepared(sa.select(sa.func.pg_advisory_xact_lock(bindparam("number", type_=sa.BigInteger)).label("met")))
