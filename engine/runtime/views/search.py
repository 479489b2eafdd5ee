"""Looking through the history of all cases, for the auditor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.cases.tables import case
from engine.engine import Read
from engine.history.tables import history
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.runtime.views.common import PAGE, contains


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
    """Newest first. `text` is looked for in case number, step and person; times are UTC, `until` exclusive."""

    text: str = ""
    kind: str = ""
    role: str = ""
    process: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: Place | None = None

    def run(self, read: Read) -> tuple[list[Trace], Place | None]:
        permissions.require(read.actor, "revisor", to="search the history", att="söka i historiken")
        order = (history.c.at.desc(), history.c.id.desc())
        rows = _ROWS.where(*self._filters(read)).order_by(*order).limit(PAGE + 1)
        found = read.connection.execute(rows).all()
        log_read(read, "sökning i historiken")
        shown = [_trace(row) for row in found[:PAGE]]
        return shown, (shown[-1].at, shown[-1].id) if len(found) > PAGE else None

    def _filters(self, read: Read) -> list[sa.ColumnElement[bool]]:
        filters: list[sa.ColumnElement[bool]] = []
        if self.text:
            filters.append(contains(read, self.text, case.c.number, history.c.element_name, history.c.person_name))
        if self.kind:
            filters.append(history.c.kind == self.kind)
        if self.role:
            bound = (history.c.role.startswith(self.role + sign, autoescape=True) for sign in ":@")
            filters.append(sa.or_(history.c.role == self.role, *bound))
        if self.process:
            filters.append(history.c.definition_key == self.process)
        if self.since:
            filters.append(history.c.at >= self.since)
        if self.until:
            filters.append(history.c.at < self.until)
        if self.before:
            at, last = self.before
            filters.append(sa.or_(history.c.at < at, sa.and_(history.c.at == at, history.c.id < last)))
        return filters


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
