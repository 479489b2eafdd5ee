"""Incidents: what failed and waits for somebody's decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.cases.tables import case
from engine.db import at_most
from engine.definitions import store as definitions
from engine.definitions.tables import definition
from engine.engine import Read
from engine.errors import NotFound
from engine.identity import permissions
from engine.identity.tables import person
from engine.jobs.tables import incident, job
from engine.runtime.views.common import PAGE

READERS = ("admin", "revisor", "processdesigner")


@dataclass(frozen=True, slots=True)
class Trouble:
    """An incident. `step`: the element's name; `topic`: which handler failed, None where it is not a service's."""

    id: int
    case_id: int | None
    number: str | None
    process: str | None
    process_name: str | None
    version: int | None
    element: str | None
    step: str
    topic: str | None
    attempts: int
    message: str
    message_en: str | None
    opened_at: datetime
    state: str
    closed_at: datetime | None
    closed_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class TroublePage:
    rows: tuple[Trouble, ...]
    open_count: int
    page: int
    has_more: bool


_closer = person.alias("closer")
_ROWS = (
    sa.select(
        incident,
        case.c.number,
        case.c.definition_id,
        case.c.process,
        definition.c.name.label("process_name"),
        definition.c.version,
        job.c.topic,
        job.c.attempts,
        job.c.kind.label("job_kind"),
        _closer.c.name.label("closer"),
    )
    .outerjoin(case, case.c.id == incident.c.case_id)
    .outerjoin(definition, definition.c.id == case.c.definition_id)
    .outerjoin(job, job.c.id == incident.c.job_id)
    .outerjoin(_closer, _closer.c.id == incident.c.closed_by)
)


_OLDEST = (incident.c.opened_at, incident.c.id)


def _require(read: Read) -> None:
    permissions.require(read.actor, *READERS, to="see the incidents", att="se störningarna")


@dataclass(frozen=True, slots=True)
class Troubles:
    """Open ones, oldest first; or those that are dealt with, latest first."""

    closed: bool = False
    page: int = 1

    def run(self, read: Read) -> TroublePage:
        _require(read)
        is_open = incident.c.state == sa.literal_column("'open'")  # written out, so that their index is used
        rows = _ROWS.where(sa.not_(is_open) if self.closed else is_open)
        order = (incident.c.closed_at.desc(), incident.c.id.desc()) if self.closed else _OLDEST
        start = at_most((self.page - 1) * PAGE)
        found = read.connection.execute(rows.order_by(*order).limit(at_most(PAGE + 1)).offset(start)).all()
        count = sa.select(sa.func.count()).select_from(incident).where(is_open)
        open_count = read.connection.execute(count).scalar_one()
        return TroublePage(tuple(_trouble(read, row) for row in found[:PAGE]), open_count, self.page, len(found) > PAGE)


@dataclass(frozen=True, slots=True)
class TroubleById:
    incident_id: int

    def run(self, read: Read) -> Trouble:
        _require(read)
        row = read.connection.execute(_ROWS.where(incident.c.id == self.incident_id)).one_or_none()
        if row is None:
            raise NotFound("Expected an incident, but there is none.", "Störningen finns inte.")
        return _trouble(read, row)


def _trouble(read: Read, row: Any) -> Trouble:
    step = row.element or ""
    if row.definition_id and row.element:
        node = definitions.load(read, row.definition_id).graph.nodes.get(row.element)
        step = node.name if node and node.name else row.element
    return Trouble(
        id=row.id,
        case_id=row.case_id,
        number=row.number,
        process=row.process,
        process_name=row.process_name,
        version=row.version,
        element=row.element,
        step=step,
        topic=row.topic or row.job_kind,
        attempts=row.attempts or 0,
        message=row.message,
        message_en=row.message_en,
        opened_at=row.opened_at,
        state=row.state,
        closed_at=row.closed_at,
        closed_by=row.closer,
        note=row.note,
    )
