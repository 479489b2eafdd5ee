"""Work of the worker, incidents and mails, as the administrator and the auditor see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.engine import Read
from engine.jobs.tables import incident, job, mail


@dataclass(frozen=True, slots=True)
class JobRow:
    id: int
    kind: str
    case_id: int | None
    wait: int | None
    element: str | None
    topic: str | None
    due_at: datetime
    state: str
    attempts: int
    last_error: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentRow:
    id: int
    case_id: int | None
    job_id: int | None
    wait: int | None
    element: str | None
    message: str
    opened_at: datetime
    state: str
    closed_at: datetime | None
    closed_by: int | None
    note: str | None


@dataclass(frozen=True, slots=True)
class MailRow:
    id: int
    case_id: int | None
    to: str
    subject: str
    body: str
    kind: str
    rung: str | None
    status: str
    created_at: datetime
    sent_at: datetime | None
    idempotency_key: str


_JOBS = sa.select(
    job.c.id, job.c.kind, job.c.case_id, job.c.wait, job.c.element, job.c.topic, job.c.due_at, job.c.state,
    job.c.attempts, job.c.last_error, job.c.created_at,
)  # fmt: skip
_INCIDENTS = sa.select(
    incident.c.id, incident.c.case_id, incident.c.job_id, incident.c.wait, incident.c.element, incident.c.message,
    incident.c.opened_at, incident.c.state, incident.c.closed_at, incident.c.closed_by, incident.c.note,
)  # fmt: skip
_MAILS = sa.select(
    mail.c.id, mail.c.case_id, mail.c.to, mail.c.subject, mail.c.body, mail.c.kind, mail.c.rung, mail.c.status,
    mail.c.created_at, mail.c.sent_at, mail.c.idempotency_key,
)  # fmt: skip


def jobs(read: Read, *, states: tuple[str, ...] = (), case_id: int | None = None, limit: int = 200) -> list[JobRow]:
    """By due time."""
    rows = _JOBS.order_by(job.c.due_at, job.c.id).limit(limit)
    if states:
        rows = rows.where(job.c.state.in_(states))
    if case_id is not None:
        rows = rows.where(job.c.case_id == case_id)
    return [JobRow(*row) for row in read.connection.execute(rows)]


def incidents(
    read: Read, *, state: str | None = "open", case_id: int | None = None, limit: int = 200
) -> list[IncidentRow]:
    """The newest first."""
    rows = _INCIDENTS.order_by(incident.c.id.desc()).limit(limit)
    if state is not None:
        rows = rows.where(incident.c.state == state)
    if case_id is not None:
        rows = rows.where(incident.c.case_id == case_id)
    return [IncidentRow(*row) for row in read.connection.execute(rows)]


def mails(
    read: Read,
    *,
    case_id: int | None = None,
    status: str | None = None,
    before_id: int | None = None,
    limit: int = 200,
) -> list[MailRow]:
    """The newest first."""
    rows = _MAILS.order_by(mail.c.id.desc()).limit(limit)
    if case_id is not None:
        rows = rows.where(mail.c.case_id == case_id)
    if status is not None:
        rows = rows.where(mail.c.status == status)
    if before_id is not None:
        rows = rows.where(mail.c.id < before_id)
    return [MailRow(*row) for row in read.connection.execute(rows)]


def mail_of_job(read: Read, job_id: int) -> MailRow:
    return MailRow(*read.connection.execute(_MAILS.where(mail.c.job_id == job_id)).one())
