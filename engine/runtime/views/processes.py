"""Processes and their versions, with how many cases run where; diagrams; what the checks say of a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn.model import Graph
from engine.cases.tables import case, task, wait
from engine.db import at_most
from engine.definitions import store as definitions
from engine.definitions.tables import definition
from engine.engine import Read
from engine.identity import permissions
from engine.jobs.tables import incident, job

WALK = 2_000
"""Cases of which a process's page tells where they stand."""
READERS = ("processdesigner", "admin", "revisor")


@dataclass(frozen=True, slots=True)
class Version:
    """A deployed version. `running`: cases that are not over."""

    id: int
    key: str
    version: int
    name: str
    state: str
    deployed_at: datetime
    deployed_by: str
    running: int
    incidents: int


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process by its newest version, with sums over all of them."""

    newest: Version
    versions: int
    running: int
    running_on_older: int
    incidents: int


@dataclass(frozen=True, slots=True)
class ProcessPage:
    """One version, its sisters, and element -> how many cases stand there (on this version).

    `looked_at`: there are more cases than that; only so many, those started last, were looked at. Else None.
    """

    shown: Version
    versions: Sequence[Version]
    graph: Graph
    files: Mapping[str, bytes]
    counts: Mapping[str, int]
    looked_at: int | None = None


def _require(read: Read) -> None:
    permissions.require(read.actor, *READERS, to="see the processes", att="se processerna")


@dataclass(frozen=True, slots=True)
class Processes:
    """Every process, by name."""

    def run(self, read: Read) -> list[ProcessRow]:
        _require(read)
        by_key: dict[str, list[Version]] = {}
        for version in _versions(read):
            by_key.setdefault(version.key, []).append(version)
        return sorted(map(_summed, by_key.values()), key=lambda row: row.newest.name)


@dataclass(frozen=True, slots=True)
class Process:
    """One process; `version` None: its newest."""

    key: str
    version: int | None = None

    def run(self, read: Read) -> ProcessPage:
        _require(read)
        versions = _versions(read, self.key)
        shown = next((one for one in versions if self.version in (None, one.version)), None)
        if shown is None:
            raise definitions.not_found()
        loaded = definitions.load(read, shown.id)
        looked_at = WALK if shown.running > WALK else None
        return ProcessPage(shown, versions, loaded.graph, loaded.files, _standing(read, shown.id), looked_at)


_CASES = (
    sa.select(case.c.definition_id, sa.func.count().label("running"))
    .where(case.c.ended_at.is_(None))
    .group_by(case.c.definition_id)
    .subquery("cases")
)
_INCIDENTS = (
    sa.select(case.c.definition_id, sa.func.count().label("open"))
    .join(incident, incident.c.case_id == case.c.id)
    .where(incident.c.state == sa.literal_column("'open'"))
    .group_by(case.c.definition_id)
    .subquery("incidents")
)
_VERSIONS = (
    sa.select(
        definition.c.id,
        definition.c.key,
        definition.c.version,
        definition.c.name,
        definition.c.state,
        definition.c.deployed_at,
        definition.c.deployed_by,
        _CASES.c.running,
        _INCIDENTS.c.open,
    )
    .outerjoin(_CASES, _CASES.c.definition_id == definition.c.id)
    .outerjoin(_INCIDENTS, _INCIDENTS.c.definition_id == definition.c.id)
    .order_by(definition.c.key, definition.c.version.desc())
)


def _versions(read: Read, key: str | None = None) -> list[Version]:
    """Newest first within each process."""
    rows = _VERSIONS if key is None else _VERSIONS.where(definition.c.key == key)
    return [
        Version(
            row.id,
            row.key,
            row.version,
            row.name,
            row.state,
            row.deployed_at,
            row.deployed_by,
            running=row.running or 0,
            incidents=row.open or 0,
        )
        for row in read.connection.execute(rows)
    ]


def _summed(versions: Sequence[Version]) -> ProcessRow:
    newest = next((one for one in versions if one.state == "active"), versions[0])
    running = sum(one.running for one in versions)
    return ProcessRow(newest, len(versions), running, running - newest.running, sum(one.incidents for one in versions))


def _standing(read: Read, definition_id: int) -> dict[str, int]:
    """Element -> cases that stand there: at a task, a message, a timer, a service or an incident."""
    of_version = sa.select(case.c.id).where(case.c.definition_id == definition_id, case.c.ended_at.is_(None))
    newest = of_version.order_by(case.c.id.desc()).limit(at_most(WALK)).cte("live")
    live = sa.select(newest.c.id)
    places: list[sa.Select[Any]] = [
        sa.select(table.c.case_id, table.c.element).where(table.c.case_id.in_(live), condition)
        for table, condition in (
            (task, task.c.state == "open"),
            (wait, sa.true()),
            (job, sa.and_(job.c.state.in_(("waiting", "leased", "failed")), job.c.element.is_not(None))),
            (incident, sa.and_(incident.c.state == "open", incident.c.element.is_not(None))),
        )
    ]
    together = sa.union(*places).subquery("places")
    rows = sa.select(together.c.element, sa.func.count()).group_by(together.c.element)
    return {row[0]: row[1] for row in read.connection.execute(rows)}


@dataclass(frozen=True, slots=True)
class Diagram:
    """The BPMN of a version as it was deployed. How work flows is no secret among those who sign in."""

    definition_id: int

    def run(self, read: Read) -> bytes:
        row = read.connection.execute(
            sa.select(definition.c.source).where(definition.c.id == self.definition_id)
        ).one_or_none()
        if row is None or read.actor.person_id is None:
            raise definitions.not_found()
        return bytes(row.source)
