"""Looking through the history of all cases, for the auditor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.cases.tables import case
from engine.db import Id, Moment, at_most
from engine.engine import Read
from engine.history.tables import history, rows_of
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.runtime.views.common import CASE_NUMBER, PAGE, contains


@dataclass(frozen=True, slots=True)
class Trace:
    """One row of history with its case; without data, which the case's own page shows."""

    id: int
    case_id: int
    number: str
    seq: int
    at: datetime
    kind: str
    element_name: str | None
    outcome: str | None
    person: str
    role: str | None
    party: str | None
    definition_key: str
    version: int
    has_data: bool
    hash: str


Place = tuple[datetime, int]
"""Where a page of the search ended: instant and id of its last row."""


@dataclass(frozen=True, slots=True)
class HistorySearch:
    """Newest first. `text` is a whole case number, or looked for in number, step and person; times are UTC, `until`
    exclusive.

    What no index knows is looked for in `WALK` rows at a time: so a page may hold few rows, or none, and still tell the
    place to go on from.
    """

    text: str = ""
    kind: str = ""
    role: str = ""
    process: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: Place | None = None

    def run(self, read: Read) -> tuple[list[Trace], Place | None]:
        permissions.require(read.actor, "revisor", to="search the history", att="söka i historiken")
        log_read(read, "sökning i historiken")
        walked = sa.select(history.c.id, history.c.at).where(*self._places(read)).order_by(*_NEWEST)
        rows, end = _ROWS.where(*self._places(read)), None
        filters = self._filters(read)
        if filters and not CASE_NUMBER.fullmatch(self.text):
            last = read.connection.execute(walked.offset(at_most(WALK - 1)).limit(at_most(1))).first()
            end = (last.at, last.id) if last else None
            if last:
                rows = rows.where(_place((last.at, last.id)) <= _PLACE)
        found = read.connection.execute(rows.where(*filters).order_by(*_NEWEST).limit(at_most(PAGE + 1))).all()
        shown = [_trace(row) for row in found[:PAGE]]
        return shown, (shown[-1].at, shown[-1].id) if len(found) > PAGE else end

    def _places(self, read: Read) -> list[sa.ColumnElement[bool]]:
        """What an index knows: when, and of which case."""
        places: list[sa.ColumnElement[bool]] = []
        if self.since:
            places.append(history.c.at >= self.since)
        if self.until:
            places.append(history.c.at < self.until)
        if self.before:
            places.append(_place(self.before) > _PLACE)
        if CASE_NUMBER.fullmatch(self.text):
            number = sa.select(case.c.id).where(case.c.number == self.text.upper())
            places.append(rows_of(read.connection.execute(number).scalar() or 0))
        return places

    def _filters(self, read: Read) -> list[sa.ColumnElement[bool]]:
        filters: list[sa.ColumnElement[bool]] = []
        if self.text and not CASE_NUMBER.fullmatch(self.text):
            filters.append(contains(self.text, case.c.number, history.c.element_name, history.c.person_name))
        if self.kind:
            filters.append(history.c.kind == self.kind)
        if self.role:
            bound = (history.c.role.startswith(self.role + sign, autoescape=True) for sign in ":@")
            filters.append(sa.or_(history.c.role == self.role, *bound))
        if self.process:
            filters.append(history.c.definition_key == self.process)
        return filters


WALK = 20_000
_NEWEST = (history.c.at.desc(), history.c.id.desc())
_PLACE = sa.tuple_(history.c.at, history.c.id)


def _place(given: Place) -> sa.ColumnElement[Any]:
    return sa.tuple_(sa.bindparam(None, given[0], type_=Moment), sa.bindparam(None, given[1], type_=Id))


_ROWS = sa.select(
    history.c.id,
    history.c.case_id,
    history.c.seq,
    history.c.at,
    history.c.kind,
    history.c.element_name,
    history.c.outcome,
    history.c.person_name,
    history.c.role,
    history.c.party,
    history.c.definition_key,
    history.c.definition_version,
    history.c.data_hash,
    history.c.hash,
    case.c.number,
).join(case, case.c.id == history.c.case_id)


def _trace(row: Any) -> Trace:
    return Trace(
        id=row.id,
        case_id=row.case_id,
        number=row.number,
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        element_name=row.element_name,
        outcome=row.outcome,
        person=row.person_name,
        role=row.role,
        party=row.party,
        definition_key=row.definition_key,
        version=row.definition_version,
        has_data=row.data_hash is not None,
        hash=row.hash,
    )
