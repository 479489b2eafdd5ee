"""A step of the machine becomes rows: the case, its tasks, waits, jobs and incidents, and its history, chained.

What a step's changes leave to write is collected in `engine.runtime.writer`; `write` then stores everything in few
statements, the case first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine import data_stores
from engine.cases import store, words
from engine.cases.store import Case, Shown
from engine.cases.tables import case_reader, task, task_candidate, wait
from engine.definitions import conditions
from engine.engine import Transaction
from engine.history import chain
from engine.history.chain import Doer, Note
from engine.identity import permissions
from engine.jobs import store as jobs
from engine.prepared import Prepared, Rows
from engine.runtime import kept, offers
from engine.runtime.writer import Writer


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
        had = "" if before.is_live is None else f"{case.number} {before.title}"
        words.follow(tx, case.id, (had, before.is_live is True), (f"{case.number} {case.title}", is_live))


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
            early = kept.oldest(writer.tx, row["name"], row["key"])
            if early is not None:
                writer.loose_jobs.append(jobs.row("message", writer.tx.now, payload={"message": early}))
