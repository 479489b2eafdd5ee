"""Rows of work: added, leased, taken and closed. A report about a job counts only under the fence of its last lease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.calendar import local
from engine.contract import Mail
from engine.engine import Read, Transaction
from engine.errors import Conflict, NotFound
from engine.jobs.tables import incident, job, mail
from engine.prepared import Prepared, Rows


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. `attempts` counts leases, this one included."""

    id: int
    kind: str
    case_id: int | None
    wait: int | None
    element: str | None
    topic: str | None
    due_at: datetime
    state: str
    fence: int
    attempts: int
    payload: Any


COLUMNS = (
    job.c.id, job.c.kind, job.c.case_id, job.c.wait, job.c.element, job.c.topic, job.c.due_at, job.c.state,
    job.c.fence, job.c.attempts, job.c.payload,
)  # fmt: skip

_INSERT = Rows(job)
_INSERT_RETURNING = job.insert().returning(job.c.id, sort_by_parameter_order=True)
_BY_ID = Prepared(sa.select(*COLUMNS).where(job.c.id == bindparam("job_id")))
_CANCEL, _CANCEL_FAILED = (
    Prepared(
        job.update()
        .where(job.c.case_id == bindparam("of_case"), job.c.wait == bindparam("at_wait"), sa.text(state))
        .values(state="cancelled", payload=None)
    )
    for state in ("job.state IN ('waiting', 'leased')", "job.state = 'failed'")
)
_HELD = sa.and_(job.c.id == bindparam("job_id"), job.c.fence == bindparam("held"), job.c.state == "leased")
_TAKE = Prepared(job.update().where(_HELD).values(state=bindparam("to"), payload=None, lease_until=None))
_PUT_OFF = (
    job.update()
    .where(_HELD)
    .values(
        state="waiting",
        due_at=bindparam("at"),
        attempts=bindparam("tries"),
        last_error=bindparam("error"),
        last_error_en=bindparam("error_en"),
        lease_until=None,
    )
)
_GIVE_UP = (
    job.update()
    .where(_HELD)
    .values(state="failed", last_error=bindparam("error"), last_error_en=bindparam("error_en"), lease_until=None)
)


def row(kind: str, now: datetime, **columns: Any) -> dict[str, Any]:
    """A new job, due now unless `due_at` says otherwise."""
    return {
        "kind": kind,
        "case_id": None,
        "wait": None,
        "element": None,
        "topic": None,
        "due_at": now,
        "state": "waiting",
        "fence": 0,
        "attempts": 0,
        "payload": None,
        "idempotency_key": None,
        "created_at": now,
        **columns,
    }


def add(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        _INSERT.many(tx.connection, rows)
        if any(row["due_at"] <= tx.now for row in rows):
            tx.after_commit.append(tx.engine.wake)


def add_one(tx: Transaction, row: dict[str, Any]) -> int:
    """Give the id of the new job."""
    tx.after_commit.append(tx.engine.wake)
    return int(tx.connection.execute(_INSERT_RETURNING, row).scalar_one())


def find(read: Read, job_id: int) -> Job:
    found = _BY_ID.first(read.connection, {"job_id": job_id})
    if found is None:
        raise NotFound(f"Expected a job {job_id}, but there is none.", "Jobbet finns inte.")
    return Job(*found)


_EARLIER = Prepared(
    sa.select(job.c.id)
    .where(
        job.c.case_id == bindparam("of_case"),
        job.c.kind == bindparam("of_kind"),
        job.c.id < bindparam("than"),
        sa.text("job.state IN ('waiting', 'leased')"),
    )
    .limit(1)
)


def has_earlier(read: Read, one: Job) -> bool:
    """Is there an older job of the same kind for the same case, not yet done?"""
    values = {"of_case": one.case_id, "of_kind": one.kind, "than": one.id}
    return _EARLIER.first(read.connection, values) is not None


def take(tx: Transaction, job: Job, fence: int, to: str = "done") -> None:
    """The job is over, with what this transaction does. Conflict where the lease is no longer the last one."""
    if not _TAKE.ask(tx.connection, {"job_id": job.id, "held": fence, "to": to}).rowcount:
        raise _no_longer_held(job, fence)


def put_off(
    tx: Transaction,
    job: Job,
    fence: int,
    due_at: datetime,
    *,
    attempts: int,
    error: str | None = None,
    error_en: str | None = None,
) -> None:
    """Back into the queue until `due_at`."""
    told = {"error": error, "error_en": error_en or None}
    values = {"job_id": job.id, "held": fence, "at": due_at, "tries": attempts, **told}
    if not tx.connection.execute(_PUT_OFF, values).rowcount:
        raise _no_longer_held(job, fence)


def give_up(tx: Transaction, job: Job, fence: int, error: str, error_en: str) -> None:
    """No further attempt until somebody decides about the incident."""
    values = {"job_id": job.id, "held": fence, "error": error, "error_en": error_en or None}
    if not tx.connection.execute(_GIVE_UP, values).rowcount:
        raise _no_longer_held(job, fence)


def _no_longer_held(job: Job, fence: int) -> Conflict:
    return Conflict(
        f"Expected to report on job {job.id} under its lease {fence}, but it is closed or leased anew.",
        "Jobbet är redan avslutat, eller har tagits över av en annan arbetare.",
        job_id=job.id,
    )


def cancel(tx: Transaction, case_id: int, waits: Sequence[int]) -> None:
    """Close what is not done for these waits of the case, and the incident where it had failed. A worker that holds a
    lease on such a job will be refused."""
    rows = [{"of_case": case_id, "at_wait": wait} for wait in waits]
    if tx.is_postgresql:  # to ask whether one was open would be to wait for the answer
        _CANCEL.many(tx.connection, rows)
    else:  # here that costs nothing, and what is seldom needed a twentieth of a step
        rows = [row for row in rows if not _CANCEL.ask(tx.connection, row).rowcount]
    _CANCEL_FAILED.many(tx.connection, rows)
    clear_incidents(tx, case_id, [row["at_wait"] for row in rows])


# --- incidents -----------------------------------------------------------------------------------------------------

_INSERT_INCIDENT = Rows(incident)
_CLEAR = Prepared(
    incident.update()
    .where(
        incident.c.case_id == bindparam("of_case"), incident.c.wait == bindparam("at_wait"), incident.c.state == "open"
    )
    .values(state="resolved", closed_at=bindparam("at"))
)


def incident_row(message: str, message_en: str, now: datetime, **columns: Any) -> dict[str, Any]:
    """A new incident. `message_en` is empty where nobody said it in English, as a handler may not."""
    return {
        "case_id": None,
        "job_id": None,
        "wait": None,
        "element": None,
        "message": message,
        "message_en": message_en or None,
        "opened_at": now,
        "state": "open",
        **columns,
    }


def open_incidents(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    _INSERT_INCIDENT.many(tx.connection, rows)


def clear_incidents(tx: Transaction, case_id: int, waits: Sequence[int]) -> None:
    """What was open at these waits is over, because the case went on or ended."""
    _CLEAR.many(tx.connection, [{"of_case": case_id, "at_wait": wait, "at": tx.now} for wait in waits])


# --- mails ---------------------------------------------------------------------------------------------------------

_INSERT_MAIL = mail.insert()


def send(tx: Transaction, mails: Sequence[Mail], case_id: int | None = None) -> None:
    """Queue mails with this transaction; the worker sends them after its commit. In a demo they are only kept."""
    if not mails:
        return
    jobs = [row("mail", tx.now, case_id=case_id, state="done" if tx.engine.kept_mail else "waiting") for _ in mails]
    ids = tx.connection.execute(_INSERT_RETURNING, jobs).scalars().all()
    status = "kept" if tx.engine.kept_mail else "queued"
    tx.connection.execute(
        _INSERT_MAIL,
        [
            {
                "case_id": case_id,
                "job_id": job_id,
                "to": one.to,
                "subject": one.subject,
                "body": one.body,
                "kind": one.kind,
                "rung": one.rung,
                "status": status,
                "created_at": tx.now,
                "idempotency_key": f"job-{job_id}",
            }
            for one, job_id in zip(mails, ids, strict=True)
        ],
    )
    tx.after_commit.append(tx.engine.wake)


def back_off(pauses: Sequence[float], attempts: int) -> timedelta | None:
    """How long to wait after this many attempts; None: that was the last one."""
    return timedelta(minutes=pauses[attempts - 1]) if attempts <= len(pauses) else None


def clock_time(moment: datetime, now: datetime) -> str:
    """As a sentence says it: "kl 10:02", or with the day where that is not today."""
    here, today = local(moment), local(now)
    return f"kl {here:%H:%M}" if here.date() == today.date() else f"{here:%Y-%m-%d} kl {here:%H:%M}"
