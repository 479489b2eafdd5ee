"""Tasks as those may see them who ask: the rows of a list, and one task with its form, its draft and its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import forms
from engine.actor import Actor
from engine.bpmn import machine
from engine.cases import store
from engine.cases.queries import CaseDetail, detail_of
from engine.cases.readers import require_readable
from engine.cases.store import Case
from engine.cases.tables import task, task_draft
from engine.engine import Read
from engine.errors import NotFound
from engine.forms import Form
from engine.identity import permissions
from engine.identity.permissions import Standing
from engine.identity.queries import log_read
from engine.identity.tables import person

_assignee = person.alias("assignee_person")
_closer = person.alias("closing_person")


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as a list shows it."""

    id: int
    case_id: int
    wait: int
    element: str
    name: str
    candidates: tuple[str, ...]
    assignee: int | None
    assignee_name: str | None
    claimed_at: datetime | None
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    form: str | None
    state: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: int | None
    closed_by_name: str | None
    instance: int | None
    version: int

    def is_overdue(self, now: datetime) -> bool:
        return self.state == "open" and self.due_at is not None and self.due_at < now


TASK_COLUMNS = (
    task.c.id, task.c.case_id, task.c.wait, task.c.element, task.c.name, task.c.candidates, task.c.assignee,
    _assignee.c.name, task.c.claimed_at, task.c.due_at, task.c.follow_up_at, task.c.priority, task.c.form, task.c.state,
    task.c.opened_at, task.c.closed_at, task.c.closed_by, _closer.c.name, task.c.instance, task.c.version,
)  # fmt: skip
TASKS = (
    sa.select(*TASK_COLUMNS)
    .join(_assignee, _assignee.c.id == task.c.assignee, isouter=True)
    .join(_closer, _closer.c.id == task.c.closed_by, isouter=True)
)


def task_row(row: Any) -> TaskRow:
    """A row of `TASKS`."""
    values = list(row)
    values[5] = tuple(values[5])
    return TaskRow(*values)


@dataclass(frozen=True, slots=True)
class TasksOf:
    """The tasks of a case, oldest first; by default the open ones."""

    case_id: int
    state: str | None = "open"

    def run(self, read: Read) -> list[TaskRow]:
        one = require_readable(read, self.case_id)
        rows = TASKS.where(task.c.case_id == one.id).order_by(task.c.id)
        if self.state is not None:
            rows = rows.where(task.c.state == self.state)
        return [task_row(row) for row in read.connection.execute(rows)]


@dataclass(frozen=True, slots=True)
class Draft:
    data: dict[str, Any]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """A task for the one who may do it. `standing` says why one may; `variables` are what can be seen at the task.

    `form` is parsed; `properties` are those of the element (view, confirm, by, notBy …). `is_barred`: R31, see `notBy`.
    """

    task: TaskRow
    case: CaseDetail
    standing: Standing
    documentation: str
    properties: Mapping[str, str]
    form: Form | None
    variables: dict[str, Any]
    draft: Draft | None
    is_barred: bool


@dataclass(frozen=True, slots=True)
class TaskById:
    """A task, open or closed, for whoever may do it or did it (and the auditor); NotFound for everybody else."""

    task_id: int

    def run(self, read: Read) -> TaskDetail:
        row = read.connection.execute(TASKS.where(task.c.id == self.task_id)).one_or_none()
        found = task_row(row) if row else None
        standing = _standing(read.actor, found) if found else None
        if found is None or standing is None:
            raise task_not_found()
        one = store.load(read, found.case_id)
        if not permissions.may_see_data(read.actor, one.sealed_to) and found.state != "open":
            raise task_not_found()
        log_read(read, f"uppgift i {one.number}", one.id)
        node = one.definition.graph.nodes[found.element]
        variables = _seen(one, found)
        case = detail_of(read, one)
        return TaskDetail(
            task=found,
            case=case,
            standing=standing,
            documentation=node.documentation,
            properties=node.properties,
            form=one.definition.form(found.form) if found.form else None,
            variables=case.sight.variables(variables),
            draft=_draft(read, found.id),
            is_barred=_is_barred(read.actor, node.properties, variables),
        )


def task_not_found() -> NotFound:
    """The same for a task that is not there and for one that is for others."""
    return NotFound("Expected a task to be there, but it is not.", "Uppgiften finns inte, eller är inte öppen för dig.")


def _standing(actor: Actor, found: TaskRow) -> Standing | None:
    standing = permissions.standing_at_task(actor, found.candidates, found.assignee)
    if standing is None and (
        permissions.reads_everything(actor) or (actor.person_id is not None and found.closed_by == actor.person_id)
    ):
        return Standing(actor.role, actor.party)
    return standing


def _seen(one: Case, found: TaskRow) -> dict[str, Any]:
    """At an open task what it sees there; at a closed one what the case has come to."""
    wait = found.wait if found.state == "open" and one.state in store.LIVE else None
    return machine.variables_at(one.definition.graph, one.data, wait)


def _draft(read: Read, task_id: int) -> Draft | None:
    if read.actor.person_id is None:
        return None
    row = read.connection.execute(
        sa.select(task_draft.c.data, task_draft.c.saved_at).where(
            task_draft.c.task_id == task_id, task_draft.c.person_id == read.actor.person_id
        )
    ).one_or_none()
    return Draft(row.data, row.saved_at) if row else None


def _is_barred(actor: Actor, properties: Mapping[str, str], seen: Mapping[str, Any]) -> bool:
    name = properties.get("notBy")
    return bool(name) and permissions.is_barred(actor, forms.lookup(seen, name or ""))
