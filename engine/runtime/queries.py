"""Reads that several rooms feed, with who may ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from engine.bpmn.model import Graph
from engine.cases import store
from engine.cases.readers import require_readable
from engine.cases.sight import may_look_into
from engine.cases.tables import case, task, wait
from engine.definitions import store as definitions
from engine.definitions.starts import start_events
from engine.definitions.tables import definition
from engine.engine import Read
from engine.forms import Form
from engine.history.replay import Known
from engine.history.verify import Report, Stored, verify
from engine.identity import permissions
from engine.jobs import queries as jobs
from engine.jobs.queries import IncidentRow, JobRow, MailRow
from engine.jobs.tables import incident, job

# --- processes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """A version of a process; `running` counts its live cases."""

    id: int
    key: str
    version: int
    name: str
    state: str
    deployed_at: datetime
    deployed_by: str
    running: int


@dataclass(frozen=True, slots=True)
class Definitions:
    """All versions of all processes (or of one), by key, the newest first. For everybody: the drawings are public."""

    key: str | None = None

    def run(self, read: Read) -> list[DefinitionRow]:
        running = (
            sa.select(case.c.definition_id, sa.func.count().label("running"))
            .where(case.c.ended_at.is_(None))
            .group_by(case.c.definition_id)
            .subquery()
        )
        rows = (
            sa.select(
                definition.c.id,
                definition.c.key,
                definition.c.version,
                definition.c.name,
                definition.c.state,
                definition.c.deployed_at,
                definition.c.deployed_by,
                sa.func.coalesce(running.c.running, 0),
            )
            .join(running, running.c.definition_id == definition.c.id, isouter=True)
            .order_by(definition.c.key, definition.c.version.desc())
        )
        if self.key is not None:
            rows = rows.where(definition.c.key == self.key)
        return [DefinitionRow(*row) for row in read.connection.execute(rows)]


@dataclass(frozen=True, slots=True)
class DefinitionDetail:
    """A version with its diagram and files. `running`: live cases per element that waits for something."""

    id: int
    key: str
    version: int
    name: str
    state: str
    deployed_at: datetime
    deployed_by: str
    source: bytes
    files: dict[str, bytes]
    graph: Graph
    running: dict[str, int]


@dataclass(frozen=True, slots=True)
class DefinitionById:
    definition_id: int

    def run(self, read: Read) -> DefinitionDetail:
        found = definitions.load(read, self.definition_id)
        row = read.connection.execute(sa.select(definition).where(definition.c.id == found.id)).one()
        return DefinitionDetail(
            id=found.id,
            key=found.key,
            version=found.version,
            name=found.name,
            state=row.state,
            deployed_at=row.deployed_at,
            deployed_by=row.deployed_by,
            source=bytes(row.source),
            files=dict(found.files),
            graph=found.graph,
            running=_running(read, found),
        )


def _running(read: Read, found: definitions.Definition) -> dict[str, int]:
    live = sa.select(case.c.id).where(case.c.definition_id == found.id, case.c.ended_at.is_(None)).subquery()
    places = (
        sa.select(task.c.element, task.c.case_id).where(task.c.state == "open"),
        sa.select(wait.c.element, wait.c.case_id),
        sa.select(job.c.element, job.c.case_id).where(job.c.state.in_(("waiting", "leased", "failed"))),
        sa.select(incident.c.element, incident.c.case_id).where(incident.c.state == "open"),
    )
    at = sa.union(*(place.where(sa.column("case_id").in_(sa.select(live.c.id))) for place in places)).subquery()
    counted = sa.select(at.c.element, sa.func.count()).where(at.c.element.is_not(None)).group_by(at.c.element)
    return {row[0]: row[1] for row in read.connection.execute(counted) if _holds_a_token(found.graph, row[0])}


def _holds_a_token(graph: Graph, element: str) -> bool:
    """Boundary events and starts of event sub-processes only listen."""
    return element in graph.nodes and graph.nodes[element].kind not in ("boundaryEvent", "startEvent")


@dataclass(frozen=True, slots=True)
class Startable:
    """A process that the actor may start by hand, with its start form where it has one."""

    definition_id: int
    key: str
    version: int
    name: str
    documentation: str
    form_key: str | None
    form: Form | None


@dataclass(frozen=True, slots=True)
class StartableProcesses:
    """What the actor may start, by name."""

    def run(self, read: Read) -> list[Startable]:
        found = [
            startable
            for one in definitions.all_newest(read)
            if permissions.standing_at_start(read.actor, one.graph.starter_roles) and (startable := _startable(one))
        ]
        return sorted(found, key=lambda one: one.name)


def _startable(one: definitions.Definition) -> Startable | None:
    starts = start_events(one.graph, "none")
    if not starts:
        return None
    form = starts[0].work.form if starts[0].work else None
    return Startable(
        one.id, one.key, one.version, one.name, one.graph.documentation, form, one.form(form) if form else None
    )


# --- operation -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Jobs:
    """Jobs by due time; `states` empty: the open ones. For admin and revisor."""

    states: tuple[str, ...] = ("waiting", "leased", "failed")
    case_id: int | None = None
    limit: int = 200

    def run(self, read: Read) -> list[JobRow]:
        permissions.require(read.actor, "admin", "revisor", to="see the jobs", att="se systemets jobb")
        return jobs.jobs(read, states=self.states, case_id=self.case_id, limit=self.limit)


@dataclass(frozen=True, slots=True)
class Incidents:
    """Incidents, the newest first; `state` None: closed ones too. For admin and revisor."""

    state: str | None = "open"
    case_id: int | None = None
    limit: int = 200

    def run(self, read: Read) -> list[IncidentRow]:
        permissions.require(read.actor, "admin", "revisor", to="see the incidents", att="se incidenterna")
        return jobs.incidents(read, state=self.state, case_id=self.case_id, limit=self.limit)


@dataclass(frozen=True, slots=True)
class Mails:
    """What was sent, the newest first: all of it for admin and revisor, that of a case for its readers.

    Readers see whom it went to only where that is themselves (R33). Of a case that is sealed to somebody else `body` is
    empty for everybody (R3).
    """

    case_id: int | None = None
    status: str | None = None
    before_id: int | None = None
    limit: int = 200

    def run(self, read: Read) -> list[MailRow]:
        sees_all = read.actor.is_system or read.actor.holds(*jobs.KEEPERS)
        if self.case_id is not None and not sees_all:
            require_readable(read, self.case_id)
        else:
            permissions.require(read.actor, *jobs.KEEPERS, to="see the mails", att="se utskicken")
        rows = jobs.mails(read, case_id=self.case_id, status=self.status, before_id=self.before_id, limit=self.limit)
        sealed = _sealed_among(read, {row.case_id for row in rows})
        return [replace(row, body="") if row.case_id in sealed else row for row in rows]


def _sealed_among(read: Read, case_ids: Iterable[int | None]) -> set[int]:
    """Those of the cases that are sealed to somebody else (R3)."""
    found = sa.select(case.c.id).where(case.c.id.in_([one for one in case_ids if one]), ~may_look_into(read.actor))
    return set(read.connection.execute(found).scalars())


@dataclass(frozen=True, slots=True)
class VerifyHistory:
    """Prove the history of every case, or of the one given. For revisor, admin and the house itself.

    `replay`: play each case again from its history, and see that it leads to the same rows and the same state.
    """

    case_id: int | None = None
    replay: bool = False

    def run(self, read: Read) -> Report:
        permissions.require(read.actor, "revisor", "admin", to="verify the history", att="kontrollera historiken")
        return verify(read, self.case_id, Stored(_known(read), partial(_state_of, read)) if self.replay else None)


def _known(read: Read) -> Known:
    found: dict[tuple[str, int], tuple[Graph, Mapping[str, bytes]]] = {}

    def known(key: str, version: int) -> tuple[Graph, Mapping[str, bytes]]:
        if (key, version) not in found:
            one = definitions.of_version(read, key, version)
            if one is None:
                raise definitions.not_found()
            found[key, version] = one.graph, one.files
        return found[key, version]

    return known


def _state_of(read: Read, case_id: int) -> dict[str, Any]:
    state = store.load(read, case_id).data
    return {name: dict(value) if name == "runs" else value for name, value in state.items() if name != "apart"}
