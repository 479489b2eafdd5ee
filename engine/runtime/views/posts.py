"""What left the house: every mail, kept, queued, sent or failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.cases.sight import may_look_into
from engine.cases.tables import case
from engine.db import at_most
from engine.engine import Read
from engine.errors import NotFound
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.jobs.queries import ADDRESSEE, KEEPERS, who_asks
from engine.jobs.tables import job, mail
from engine.runtime.views.common import CASE_NUMBER, PAGE, contains, readable

OFFICES = ("storsthlm", "hsf", "sekretariat")
STATUSES = ("queued", "sent", "failed", "kept")
UNDONE = ("queued", "failed")
COUNT_LIMIT = 1000
WALK = 5_000
"""What no index knows is looked for among so many mails, the newest."""


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
    error_en: str | None
    attempts: int
    next_try: datetime | None


@dataclass(frozen=True, slots=True)
class MailPage:
    """`counts`: of those that wait or failed, status -> how many the actor may see, at most COUNT_LIMIT.

    `looked_at`: there are more mails than that; only so many, the newest, were looked at. Else None.
    """

    rows: tuple[MailRow, ...]
    page: int
    has_more: bool
    counts: dict[str, int]
    looked_at: int | None = None


_columns = (
    mail.c.id,
    mail.c.case_id,
    ADDRESSEE.label("to"),
    mail.c.subject,
    mail.c.kind,
    mail.c.rung,
    mail.c.status,
    mail.c.created_at,
    mail.c.sent_at,
    case.c.number,
    case.c.sealed_to,
    job.c.last_error,
    job.c.last_error_en,
    job.c.attempts,
    job.c.due_at.label("next_try"),
)


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
        rows = _mails(read.actor, *_columns)
        looked_at = None
        if CASE_NUMBER.fullmatch(self.search):
            number = sa.select(case.c.id).where(case.c.number == self.search.upper()).scalar_subquery()
            rows = rows.where(mail.c.case_id == number)
        elif self.search or self.kind or self.status:
            looked_at, first = _walk(read, self.status)
            rows = rows.where(mail.c.id >= first)
            if self.search:
                rows = rows.where(contains(self.search, ADDRESSEE, mail.c.subject, case.c.number))
        if self.status:
            rows = rows.where(_in_status(self.status))
        if self.kind:
            rows = rows.where(mail.c.kind == self.kind)
        rows = rows.order_by(mail.c.id.desc()).limit(at_most(PAGE + 1)).offset(at_most((self.page - 1) * PAGE))
        found = read.connection.execute(rows, who_asks(read.actor)).all()
        counts = {status: _count(read, status) for status in UNDONE}
        log_read(read, "utskicken")
        told = tuple(_row(row, None) for row in found[:PAGE])
        return MailPage(told, self.page, len(found) > PAGE, counts, looked_at)


_WAITS = mail.c.status.in_([sa.literal_column(f"'{status}'") for status in UNDONE])


def _in_status(status: str) -> sa.ColumnElement[bool]:
    """Those that are undone by their index, whose own words are there too: only so is it used."""
    return sa.and_(mail.c.status == status, _WAITS) if status in UNDONE else mail.c.status == status


def _walk(read: Read, status: str) -> tuple[int | None, int]:
    """Where the newest WALK mails begin; and how many that is, where there are more."""
    ids = sa.select(mail.c.id).order_by(mail.c.id.desc()).offset(at_most(WALK)).limit(at_most(1))
    beyond = None if status in UNDONE else read.connection.execute(ids).scalar()
    return (None, 0) if beyond is None else (WALK, beyond + 1)


def _count(read: Read, status: str) -> int:
    some = _mails(read.actor, mail.c.id).where(_in_status(status)).limit(at_most(COUNT_LIMIT)).subquery()
    return int(read.connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


@dataclass(frozen=True, slots=True)
class MailById:
    """One mail whole. Who may read its case may read it; offices, administrator and auditor as in `Mails`."""

    mail_id: int

    def run(self, read: Read) -> MailRow:
        may_look = sa.or_(mail.c.case_id.is_(None), may_look_into(read.actor)).label("may_look")
        rows = _mails(read.actor, *_columns, mail.c.body, may_look).where(mail.c.id == self.mail_id)
        row = read.connection.execute(rows, who_asks(read.actor)).one_or_none()
        if row is None:
            raise NotFound("Expected a mail, but there is none.", "Utskicket finns inte, eller är inte öppet för dig.")
        log_read(read, "ett utskick", row.case_id)
        return _row(row, row.body if row.may_look else None)


def _row(row: Any, body: str | None) -> MailRow:
    return MailRow(
        id=row.id,
        case_id=row.case_id,
        number=row.number,
        to=row.to,
        subject=row.subject,
        body=body,
        kind=row.kind,
        rung=row.rung,
        status=row.status,
        created_at=row.created_at,
        sent_at=row.sent_at,
        error=row.last_error,
        error_en=row.last_error_en,
        attempts=row.attempts or 0,
        next_try=row.next_try if row.status == "queued" else None,
    )
