"""Cases and tasks as those may see them who ask. What one may not see is not there: the same NotFound for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import forms
from engine.actor import Actor
from engine.bpmn import machine
from engine.cases import facts, runs, store
from engine.cases.store import Case
from engine.cases.tables import case, case_link, case_reader, comment, offer, task, task_draft
from engine.contract import CaseSummary
from engine.db import loads
from engine.engine import Read
from engine.errors import NotFound
from engine.forms import Form
from engine.history.tables import history, rows_of
from engine.identity import permissions
from engine.identity.permissions import Standing
from engine.identity.queries import log_read, matching
from engine.identity.tables import person

# --- who may read ----------------------------------------------------------------------------------------------------


def readable(actor: Actor) -> sa.ColumnElement[bool]:
    """SQL: the cases that the actor may read; for lists."""
    if permissions.reads_everything(actor):
        return sa.true()
    if actor.person_id is None:
        return sa.false()
    me = actor.person_id
    own = sa.select(task.c.case_id).where(sa.or_(task.c.assignee == me, task.c.closed_by == me))
    offered = sa.select(offer.c.case_id).where(offer.c.role == "", offer.c.scope == str(me), offer.c.side == "")
    read = sa.select(case_reader.c.case_id).where(matching(case_reader, actor))
    return sa.and_(
        sa.or_(case.c.sealed_to.is_(None), case.c.sealed_to == me),
        sa.or_(case.c.started_by == me, case.c.sealed_to == me, case.c.id.in_(read), case.c.id.in_(own.union(offered))),
    )


def may_read(read: Read, one: Case) -> bool:
    may = permissions.may_read(read.actor, readers=one.all_readers, started_by=one.started_by, sealed_to=one.sealed_to)
    return may or (one.sealed_to is None and _worked_in(read, one))


def _worked_in(read: Read, one: Case) -> bool:
    me = read.actor.person_id
    if me is None:
        return False
    own = sa.select(task.c.id).where(task.c.case_id == one.id, sa.or_(task.c.assignee == me, task.c.closed_by == me))
    offered = sa.select(offer.c.wait).where(
        offer.c.case_id == one.id, offer.c.role == "", offer.c.scope == str(me), offer.c.side == ""
    )
    return any(read.connection.execute(rows.limit(1)).first() for rows in (own, offered))


def require_readable(read: Read, case_id: int) -> Case:
    one = store.load(read, case_id)
    if not may_read(read, one):
        raise store.not_found()
    return one


def only_for(read: Read, one: Case, variables: Mapping[str, Any]) -> dict[str, list[str]]:
    """Variables that not every reader may see, with the candidates who may."""
    world = facts.functions_of(read)
    return {
        name: facts.candidates(facts.evaluate(template, variables, world))
        for name, template in one.definition.graph.visible.items()
    }


def visible_variables(read: Read, one: Case, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables as this actor may see them; none of a case that is sealed to somebody else."""
    if not permissions.may_see_data(read.actor, one.sealed_to):
        return {}
    root = machine.root_variables(one.data)
    return permissions.visible(read.actor, variables, only_for(read, one, root))


# --- cases -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case as one of its readers sees it; variables withheld are `permissions.WITHHELD`, a sealed case shows none."""

    id: int
    number: str
    process: str
    process_name: str
    definition_id: int
    definition_version: int
    business_key: str | None
    title: str
    status: str | None
    party: str | None
    area: str | None
    state: str
    outcome: str | None
    version: int
    started_at: datetime
    started_by: int | None
    changed_at: datetime
    ended_at: datetime | None
    parent_id: int | None
    is_sealed: bool
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CaseById:
    case_id: int

    def run(self, read: Read) -> CaseDetail:
        one = require_readable(read, self.case_id)
        log_read(read, f"ärende {one.number}", one.id)
        return _detail(read, one)


@dataclass(frozen=True, slots=True)
class CaseByNumber:
    number: str

    def run(self, read: Read) -> CaseDetail:
        case_id = read.connection.execute(sa.select(case.c.id).where(case.c.number == self.number)).scalar()
        return CaseById(case_id or 0).run(read)


def _detail(read: Read, one: Case) -> CaseDetail:
    return CaseDetail(
        id=one.id,
        number=one.number,
        process=one.definition.key,
        process_name=one.definition.name,
        definition_id=one.definition.id,
        definition_version=one.definition.version,
        business_key=one.business_key,
        title=one.title,
        status=one.status,
        party=one.party,
        area=one.area,
        state=one.state,
        outcome=one.outcome,
        version=one.version,
        started_at=one.started_at,
        started_by=one.started_by,
        changed_at=one.changed_at,
        ended_at=one.ended_at,
        parent_id=one.parent_id,
        is_sealed=one.sealed_to is not None,
        variables=visible_variables(read, one, machine.root_variables(one.data)),
    )


@dataclass(frozen=True, slots=True)
class RelatedCase:
    """`relation`: caller, called, or the word a link was made with; `is_outgoing`: this case points to the other."""

    id: int
    number: str
    process: str
    title: str
    status: str | None
    state: str
    relation: str
    is_outgoing: bool


@dataclass(frozen=True, slots=True)
class RelatedCases:
    """The cases around a case that the actor may read: its caller, those it called, those it is linked with."""

    case_id: int

    def run(self, read: Read) -> list[RelatedCase]:
        one = require_readable(read, self.case_id)
        columns = (case.c.id, case.c.number, case.c.process, case.c.title, case.c.status, case.c.state)
        called = sa.select(*columns, sa.literal("called"), sa.true()).where(case.c.parent_id == one.id)
        caller = sa.select(*columns, sa.literal("caller"), sa.false()).where(case.c.id == (one.parent_id or 0))
        out = (
            sa.select(*columns, case_link.c.relation, sa.true())
            .join(case_link, case_link.c.other_id == case.c.id)
            .where(case_link.c.case_id == one.id)
        )
        back = (
            sa.select(*columns, case_link.c.relation, sa.false())
            .join(case_link, case_link.c.case_id == case.c.id)
            .where(case_link.c.other_id == one.id)
        )
        mine = readable(read.actor)
        parts = [part.where(mine) for part in (caller, called, out, back)]
        rows = read.connection.execute(sa.union_all(*parts)).all()
        found = [RelatedCase(*row) for row in rows]
        return sorted(found, key=lambda one: (one.relation, one.id))


@dataclass(frozen=True, slots=True)
class CaseSummaries:
    """Cases of a process for a handler, oldest first; `business_key` finds one. For the house itself."""

    process: str
    statuses: Sequence[str] = ()
    state: str | None = "active"
    business_key: str | None = None

    def run(self, read: Read) -> list[CaseSummary]:
        permissions.require(read.actor, to="list all cases of a process", att="lista alla ärenden i en process")
        wanted = sa.select(case).where(case.c.process == self.process).order_by(case.c.id)
        if self.statuses:
            wanted = wanted.where(case.c.status.in_(self.statuses))
        if self.state is not None:
            wanted = wanted.where(case.c.state == self.state)
        if self.business_key is not None:
            wanted = wanted.where(case.c.business_key == self.business_key)
        return [
            CaseSummary(
                row.id,
                row.number,
                row.process,
                row.business_key,
                row.title,
                row.status,
                row.state,
                row.version,
                machine.root_variables(runs.opened(read.connection, row.id, row.data)),
            )
            for row in read.connection.execute(wanted)
        ]


# --- history and comments ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """`data` as `engine.history.chain.Note` has it; without what the actor may not see."""

    seq: int
    at: datetime
    kind: str
    element: str | None
    element_name: str | None
    outcome: str | None
    person_id: int | None
    person_name: str
    role: str | None
    party: str | None
    definition_key: str
    definition_version: int
    data: dict[str, Any] | None
    hash: str


@dataclass(frozen=True, slots=True)
class HistoryOf:
    """What happened in a case, oldest first."""

    case_id: int
    after_seq: int = 0
    limit: int | None = None

    def run(self, read: Read) -> list[HistoryRow]:
        one = require_readable(read, self.case_id)
        log_read(read, f"historik för {one.number}", one.id)
        withheld = _withheld(read, one)
        rows = sa.select(history).where(rows_of(one.id, self.after_seq)).order_by(history.c.id).limit(self.limit)
        may_see = permissions.may_see_data(read.actor, one.sealed_to)
        return [
            HistoryRow(
                row.seq,
                row.at,
                row.kind,
                row.element,
                row.element_name,
                row.outcome,
                row.person_id,
                row.person_name,
                row.role,
                row.party,
                row.definition_key,
                row.definition_version,
                _without(loads(row.data), withheld) if may_see and row.data else None,
                row.hash,
            )
            for row in read.connection.execute(rows)
        ]


def _withheld(read: Read, one: Case) -> frozenset[str]:
    if permissions.reads_everything(read.actor):
        return frozenset()
    restricted = only_for(read, one, machine.root_variables(one.data))
    return frozenset(name for name, allowed in restricted.items() if not permissions.standing(read.actor, allowed))


def _without(data: dict[str, Any], withheld: frozenset[str]) -> dict[str, Any]:
    data.pop("input", None)  # for the replay, and it may hold what is withheld
    if not withheld or "changes" not in data:
        return data
    changes = {
        name: dict.fromkeys(change, permissions.WITHHELD) if name in withheld else change
        for name, change in data["changes"].items()
    }
    return {**data, "changes": changes}


@dataclass(frozen=True, slots=True)
class CommentRow:
    id: int
    task_id: int | None
    person_id: int
    person_name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class CommentsOf:
    """What was said about a case, oldest first."""

    case_id: int

    def run(self, read: Read) -> list[CommentRow]:
        one = require_readable(read, self.case_id)
        if not permissions.may_see_data(read.actor, one.sealed_to):
            return []
        rows = (
            sa.select(comment, person.c.name)
            .join(person, person.c.id == comment.c.person_id)
            .where(comment.c.case_id == one.id)
            .order_by(comment.c.id)
        )
        return [
            CommentRow(row.id, row.task_id, row.person_id, row.name, row.at, row.text)
            for row in read.connection.execute(rows)
        ]


# --- tasks -----------------------------------------------------------------------------------------------------------

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
        return TaskDetail(
            task=found,
            case=_detail(read, one),
            standing=standing,
            documentation=node.documentation,
            properties=node.properties,
            form=one.definition.form(found.form) if found.form else None,
            variables=visible_variables(read, one, variables),
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
