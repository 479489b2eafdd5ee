"""What came of a start: the receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn import machine
from engine.bpmn.model import Graph, Node
from engine.cases.readers import require_readable
from engine.cases.sight import sight_of
from engine.cases.tables import task
from engine.definitions import store as definitions
from engine.definitions.starts import start_events
from engine.definitions.store import Definition
from engine.engine import Read
from engine.forms import Form
from engine.identity import permissions
from engine.identity.permissions import Standing
from engine.runtime.opened import told_text
from engine.runtime.steps import doer_of, seen_at_start


@dataclass(frozen=True, slots=True)
class Way:
    """A process that the actor may start. `about` is its documentation; `properties` those of its start event."""

    process: str
    name: str
    version: int
    about: str
    start_name: str
    form: Form | None
    properties: Mapping[str, str]
    seen: Mapping[str, Any]
    """What the form's conditions may look at besides its own answers: `startad_av` and `roller`, who starts."""


def _plain_start(graph: Graph) -> Node | None:
    """The start event by which a person starts: the one that waits for nothing."""
    return next(iter(start_events(graph, "none")), None)


def _way(read: Read, found: Definition, standing: Standing) -> Way | None:
    node = _plain_start(found.graph)
    if node is None:
        return None
    form = node.work.form if node.work else None
    return Way(
        process=found.key,
        name=found.name,
        version=found.version,
        about=found.graph.documentation,
        start_name=node.name,
        form=found.form(form) if form else None,
        properties=dict(node.properties),
        seen=seen_at_start(read, doer_of(read.actor, standing)),
    )


@dataclass(frozen=True, slots=True)
class WaysIn:
    """What the actor may start by hand, by name."""

    def run(self, read: Read) -> list[Way]:
        found = (
            (one, permissions.standing(read.actor, one.graph.starter_roles)) for one in definitions.all_newest(read)
        )
        theirs = (_way(read, one, standing) for one, standing in found if standing)
        return sorted((way for way in theirs if way), key=lambda way: way.name)


@dataclass(frozen=True, slots=True)
class WayIn:
    """One of them; NotFound where it is not there, or not for the actor to start."""

    process: str

    def run(self, read: Read) -> Way:
        found = definitions.newest(read, self.process)
        standing = permissions.standing(read.actor, found.graph.starter_roles) if found else None
        way = _way(read, found, standing) if found and standing else None
        if way is None:
            raise definitions.not_found()
        return way


@dataclass(frozen=True, slots=True)
class NextStep:
    """What the case waits for now."""

    name: str
    candidates: Sequence[str]
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """`confirm`: the start event's own words on what happens next (property `confirm`)."""

    case_id: int
    number: str
    title: str
    process: str
    process_name: str
    started_at: datetime
    state: str
    confirm: str | None
    variables: Mapping[str, Any]
    next_steps: Sequence[NextStep]


@dataclass(frozen=True, slots=True)
class ReceiptOf:
    """For whoever may read the case: who started it, or sent its report."""

    case_id: int

    def run(self, read: Read) -> Receipt:
        found = require_readable(read, self.case_id)
        variables = sight_of(read, found).variables(machine.root_variables(found.data))
        node = _plain_start(found.definition.graph)
        return Receipt(
            case_id=found.id,
            number=found.number,
            title=found.title,
            process=found.definition.key,
            process_name=found.definition.name,
            started_at=found.started_at,
            state=found.state,
            confirm=told_text(read, node.properties.get("confirm") if node else None, variables),
            variables=variables,
            next_steps=_next_steps(read, found.id),
        )


def _next_steps(read: Read, case_id: int) -> list[NextStep]:
    rows = sa.select(task.c.name, task.c.candidates, task.c.due_at).where(task.c.case_id == case_id)
    found = read.connection.execute(rows.where(task.c.state == "open").order_by(task.c.id))
    return [NextStep(row.name, row.candidates, row.due_at) for row in found]
