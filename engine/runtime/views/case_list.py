"""The list of cases: only what the actor may read; for the administrator the others too, without their content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.cases.tables import case
from engine.definitions.tables import definition
from engine.engine import Read
from engine.identity.queries import log_read
from engine.runtime.views.common import ACTIVE, PAGE, contains, open_to, readable

SORTS = ("changed", "started", "number", "title")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list. `title` is None where its content is not for the actor; so are status, party and area then."""

    id: int
    number: str
    title: str | None
    process: str
    process_name: str
    version: int
    status: str | None
    party: str | None
    area: str | None
    state: str
    is_sealed: bool
    started_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    relation: str | None = None


@dataclass(frozen=True, slots=True)
class CaseList:
    """One page of a list. `count`: all that match, counted to 1000 at most. `processes`: (key, name) to filter by."""

    rows: tuple[CaseRow, ...]
    count: int
    page: int
    processes: tuple[tuple[str, str], ...]

    @property
    def has_more(self) -> bool:
        return self.page * PAGE < self.count and len(self.rows) == PAGE


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases by filters that all must hold. `search`: in number and title. `state`: open, closed or one state."""

    search: str = ""
    process: str = ""
    status: str = ""
    party: str = ""
    state: str = ""
    sort: str = "changed"
    page: int = 1
    parts: bool = True
    """Also cases that another one called: twenty-seven parties answer one request."""

    def run(self, read: Read) -> CaseList:
        wanted = sa.and_(listed(read.actor), *self._filters(read))
        some = sa.select(case.c.id).where(wanted).limit(1000).subquery()
        count = read.connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
        rows = select_rows(read.actor).where(wanted).order_by(*_ORDER.get(self.sort, _ORDER["changed"]))
        found = read.connection.execute(rows.limit(PAGE).offset((self.page - 1) * PAGE)).all()
        names = read.connection.execute(_NAMES).all()
        log_read(read, "ärendelistan")
        return CaseList(
            tuple(map(row_of, found)),
            count,
            self.page,
            tuple(sorted(((one.key, one.name) for one in names), key=lambda one: one[1])),
        )

    def _filters(self, read: Read) -> Sequence[sa.ColumnElement[bool]]:
        may_look_within = sa.and_(readable(read.actor), open_to(read.actor))
        filters = []
        if self.search:
            inside = sa.and_(may_look_within, contains(read, self.search, case.c.title))
            filters.append(sa.or_(contains(read, self.search, case.c.number), inside))
        if not self.parts:
            filters.append(case.c.parent_id.is_(None))
        if self.process:
            filters.append(case.c.process == self.process)
        for column, value in ((case.c.status, self.status), (case.c.party, self.party)):
            if value:
                filters.append(sa.and_(may_look_within, column == value))
        if self.state in ("open", "closed"):
            filters.append(case.c.state.in_(ACTIVE) if self.state == "open" else case.c.state.not_in(ACTIVE))
        elif self.state:
            filters.append(case.c.state == self.state)
        return filters


_ORDER: dict[str, tuple[sa.ColumnElement[Any], ...]] = {
    "changed": (case.c.changed_at.desc(), case.c.id.desc()),
    "started": (case.c.started_at.desc(), case.c.id.desc()),
    "number": (case.c.number,),
    "title": (sa.func.lower(case.c.title), case.c.id),
}
_newest = sa.select(sa.func.max(definition.c.id)).group_by(definition.c.key)
_NAMES = sa.select(definition.c.key, definition.c.name).where(definition.c.id.in_(_newest))


def listed(actor: Actor) -> sa.ColumnElement[bool]:
    """SQL: cases that may be in a list at all. The administrator sees that every case is there, not what it says."""
    return sa.true() if actor.holds("admin") else readable(actor)


def select_rows(actor: Actor, *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Columns for `row_of`; its caller adds which cases."""
    may_look = sa.and_(readable(actor), open_to(actor)).label("may_look")
    columns = (
        case.c.id,
        case.c.number,
        case.c.title,
        case.c.process,
        case.c.status,
        case.c.party,
        case.c.area,
        case.c.state,
        case.c.sealed_to,
        case.c.started_at,
        case.c.changed_at,
        case.c.ended_at,
    )
    return sa.select(*columns, definition.c.name.label("process_name"), definition.c.version, may_look, *more).join(
        definition, definition.c.id == case.c.definition_id
    )


def row_of(row: Any) -> CaseRow:
    may_look = bool(row.may_look)
    return CaseRow(
        id=row.id,
        number=row.number,
        title=row.title if may_look else None,
        process=row.process,
        process_name=row.process_name,
        version=row.version,
        status=row.status if may_look else None,
        party=row.party if may_look else None,
        area=row.area if may_look else None,
        state=row.state,
        is_sealed=row.sealed_to is not None,
        started_at=row.started_at,
        changed_at=row.changed_at,
        ended_at=row.ended_at,
        relation=getattr(row, "relation", None),
    )
