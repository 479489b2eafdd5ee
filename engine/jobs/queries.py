"""Work of the worker, incidents and mails, as the administrator and the auditor see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.engine import Read
from engine.identity.tables import person
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
    message_en: str | None
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
_INCIDENTS: sa.Select[Any] = sa.select(
    incident.c.id, incident.c.case_id, incident.c.job_id, incident.c.wait, incident.c.element, incident.c.message,
    incident.c.message_en, incident.c.opened_at, incident.c.state, incident.c.closed_at, incident.c.closed_by,
    incident.c.note,
)  # fmt: skip


# --- to whom a mail went ----------------------------------------------------------------------------------------------

KEEPERS = ("admin", "revisor")
"""They see every mail and to whom it went; the others mails of cases that they may read."""
_own = sa.select(sa.func.lower(person.c.email)).where(person.c.id == sa.bindparam("asks")).scalar_subquery()
_is_own = sa.and_(_own != "", sa.func.lower(mail.c.to) == _own)
ADDRESSEE: sa.ColumnElement[str] = sa.case(
    (sa.or_(sa.bindparam("sees_all", type_=sa.Boolean), _is_own), mail.c.to), else_=""
)
"""SQL: a mail's address, empty where it is not for the one who asks: those of others are contact data (R33). Its
parameters are those of `who_asks`."""


def who_asks(actor: Actor) -> dict[str, Any]:
    return {"asks": actor.person_id, "sees_all": actor.is_system or actor.holds(*KEEPERS)}


# --- lists ------------------------------------------------------------------------------------------------------------


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


_MAIL = (
    mail.c.subject, mail.c.body, mail.c.kind, mail.c.rung, mail.c.status, mail.c.created_at, mail.c.sent_at,
    mail.c.idempotency_key,
)  # fmt: skip
_MAILS = sa.select(mail.c.id, mail.c.case_id, mail.c.to, *_MAIL)
_TOLD_MAILS = sa.select(mail.c.id, mail.c.case_id, ADDRESSEE, *_MAIL)


def mails(
    read: Read,
    *,
    case_id: int | None = None,
    status: str | None = None,
    before_id: int | None = None,
    limit: int = 200,
) -> list[MailRow]:
    """The newest first; `to` as far as the actor may know."""
    rows = _TOLD_MAILS.order_by(mail.c.id.desc()).limit(limit)
    if case_id is not None:
        rows = rows.where(mail.c.case_id == case_id)
    if status is not None:
        rows = rows.where(mail.c.status == status)
    if before_id is not None:
        rows = rows.where(mail.c.id < before_id)
    return [MailRow(*row) for row in read.connection.execute(rows, who_asks(read.actor))]


def mail_of_job(read: Read, job_id: int) -> MailRow:
    return MailRow(*read.connection.execute(_MAILS.where(mail.c.job_id == job_id)).one())
