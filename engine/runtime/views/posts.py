"""What left the house: every mail, kept, queued, sent or failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.cases.tables import case
from engine.engine import Read
from engine.errors import NotFound
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.identity.tables import person
from engine.jobs.tables import job, mail
from engine.runtime.views.common import PAGE, contains, open_to, readable

KEEPERS = ("admin", "revisor")
"""They see every mail; the others those of cases they may read."""
OFFICES = ("storsthlm", "hsf", "sekretariat")
STATUSES = ("queued", "sent", "failed", "kept")


@dataclass(frozen=True, slots=True)
class MailRow:
    """`to`: empty where the address is not for the actor (R33). `body`: None in lists, and where the case is sealed."""

    id: int
    case_id: int | None
    number: str | None
    to: str
    subject: str
    body: str | None
    kind: str
    rung: str | None
    status: str
    created_at: datetime
    sent_at: datetime | None
    error: str | None
    attempts: int
    next_try: datetime | None


@dataclass(frozen=True, slots=True)
class MailPage:
    """`counts`: status -> how many, of all that the actor may see."""

    rows: tuple[MailRow, ...]
    page: int
    has_more: bool
    counts: dict[str, int]


_columns = (
    mail.c.id,
    mail.c.case_id,
    mail.c.to,
    mail.c.subject,
    mail.c.kind,
    mail.c.rung,
    mail.c.status,
    mail.c.created_at,
    mail.c.sent_at,
    case.c.number,
    case.c.sealed_to,
    job.c.last_error,
    job.c.attempts,
    job.c.due_at.label("next_try"),
)


def is_own(actor: Actor) -> sa.ColumnElement[bool]:
    """SQL: mails to the actor's own address. Other addresses are contact data, and not for everybody (R33)."""
    own = sa.select(person.c.email).where(person.c.id == actor.person_id).scalar_subquery()
    return sa.and_(own != "", sa.func.lower(mail.c.to) == sa.func.lower(own))


def _mails(actor: Actor, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    rows = sa.select(*columns).select_from(mail).outerjoin(case, case.c.id == mail.c.case_id)
    rows = rows.outerjoin(job, job.c.id == mail.c.job_id)
    return rows if actor.holds(*KEEPERS) else rows.where(readable(actor))


@dataclass(frozen=True, slots=True)
class Mails:
    """All mails by filters, newest first; for those who work with the reports, the administrator and the auditor."""

    search: str = ""
    status: str = ""
    kind: str = ""
    page: int = 1

    def run(self, read: Read) -> MailPage:
        permissions.require(read.actor, *OFFICES, *KEEPERS, to="see what was sent", att="se utskicken")
        rows = _mails(read.actor, *_columns, is_own(read.actor).label("is_own"))
        counts = read.connection.execute(
            _mails(read.actor, mail.c.status, sa.func.count().label("count")).group_by(mail.c.status)
        )
        if self.search:
            rows = rows.where(contains(read, self.search, mail.c.to, mail.c.subject, case.c.number))
        if self.status:
            rows = rows.where(mail.c.status == self.status)
        if self.kind:
            rows = rows.where(mail.c.kind == self.kind)
        rows = rows.order_by(mail.c.id.desc()).limit(PAGE + 1).offset((self.page - 1) * PAGE)
        found = read.connection.execute(rows).all()
        log_read(read, "utskicken")
        told = tuple(_row(read.actor, row, None) for row in found[:PAGE])
        return MailPage(told, self.page, len(found) > PAGE, {row.status: row[1] for row in counts})


@dataclass(frozen=True, slots=True)
class MailById:
    """One mail whole. Who may read its case may read it; offices, administrator and auditor as in `Mails`."""

    mail_id: int

    def run(self, read: Read) -> MailRow:
        may_look = sa.or_(mail.c.case_id.is_(None), open_to(read.actor)).label("may_look")
        rows = _mails(read.actor, *_columns, mail.c.body, may_look, is_own(read.actor).label("is_own")).where(
            mail.c.id == self.mail_id
        )
        row = read.connection.execute(rows).one_or_none()
        if row is None:
            raise NotFound("Expected a mail, but there is none.", "Utskicket finns inte, eller är inte öppet för dig.")
        log_read(read, "ett utskick", row.case_id)
        return _row(read.actor, row, row.body if row.may_look else None)


def _row(actor: Actor, row: Any, body: str | None) -> MailRow:
    return MailRow(
        id=row.id,
        case_id=row.case_id,
        number=row.number,
        to=row.to if row.is_own or actor.holds(*KEEPERS) else "",
        subject=row.subject,
        body=body,
        kind=row.kind,
        rung=row.rung,
        status=row.status,
        created_at=row.created_at,
        sent_at=row.sent_at,
        error=row.last_error,
        attempts=row.attempts or 0,
        next_try=row.next_try if row.status == "queued" else None,
    )
