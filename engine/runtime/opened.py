"""A task as its page shows it: `TaskById`, with what earlier steps answered, what was said, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.actor import Membership
from engine.bpmn.expressions import template
from engine.bpmn.model import Graph
from engine.cases import facts
from engine.cases.queries import CaseDetail
from engine.cases.sight import Sight
from engine.cases.tables import comment
from engine.cases.tasks import TaskById, TaskDetail, TaskRow
from engine.definitions import store as definitions
from engine.definitions.starts import start_events
from engine.definitions.store import Definition
from engine.engine import Read
from engine.errors import Refused
from engine.forms import Form
from engine.history.tables import ROWS_PER_CASE, history
from engine.identity import permissions
from engine.identity.tables import person
from engine.runtime.inbox import membership_for

STORY_LIMIT = 40
COMMENT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Said:
    """A comment."""

    name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An earlier step's answer: who, in which role, and what they filled in (`form` says what it means)."""

    name: str
    at: datetime
    person: str
    role: str | None
    party: str | None
    form: Form | None
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """`why`: the membership by which it is the actor's. `may_do`: may take it and, unless others hold it, finish it."""

    detail: TaskDetail
    why: Membership | None
    is_theirs: bool
    may_do: bool
    confirm: str | None
    story: Sequence[Answered]
    comments: Sequence[Said]

    @property
    def task(self) -> TaskRow:
        return self.detail.task

    @property
    def case(self) -> CaseDetail:
        return self.detail.case

    @property
    def is_open(self) -> bool:
        return self.detail.task.state == "open"


@dataclass(frozen=True, slots=True)
class TaskPage:
    """NotFound as `TaskById` has it."""

    task_id: int

    def run(self, read: Read) -> OpenedTask:
        detail = TaskById(self.task_id).run(read)
        row, actor = detail.task, read.actor
        is_theirs = permissions.standing_at_task(actor, row.candidates, row.assignee) is not None
        definition = definitions.load(read, detail.case.definition_id)
        is_free = row.state == "open" and detail.case.state == "active"
        return OpenedTask(
            detail=detail,
            why=membership_for(actor, row.candidates),
            is_theirs=is_theirs,
            may_do=is_theirs and is_free and not detail.is_barred and actor.person_id is not None,
            confirm=told_text(read, detail.properties.get("confirm"), detail.variables),
            story=_story(read, detail.case, definition) if detail.case.sight.may_look else (),
            comments=_comments(read, detail.case.id) if detail.case.sight.may_look else (),
        )


def told_text(read: Read, source: str | None, variables: Mapping[str, Any]) -> str | None:
    """A sentence out of the diagram; one that cannot be computed now is not said."""
    if not source:
        return None
    try:
        value = template(source).evaluate(variables, facts.functions_of(read))
    except Refused:
        return None
    return str(value) if value else None


_COMMENTS = (
    sa.select(comment.c.text, comment.c.at, person.c.name)
    .join(person, person.c.id == comment.c.person_id)
    .where(comment.c.case_id == bindparam("case_id"))
    .order_by(comment.c.id.desc())
    .limit(COMMENT_LIMIT)
)
_ANSWERS = (
    sa.select(history)
    .where(
        history.c.id > bindparam("first"),
        history.c.id < bindparam("last"),
        history.c.kind.in_(("task:completed", "case:started")),
    )
    .order_by(history.c.id.desc())
    .limit(STORY_LIMIT)
)


def _comments(read: Read, case_id: int) -> list[Said]:
    return [Said(row.name, row.at, row.text) for row in read.connection.execute(_COMMENTS, {"case_id": case_id})]


def _story(read: Read, shown: CaseDetail, definition: Definition) -> list[Answered]:
    """Newest first; what is withheld from this actor is left out."""
    span = {"first": shown.id * ROWS_PER_CASE, "last": (shown.id + 1) * ROWS_PER_CASE}
    told = [_answered(row, definition, shown.sight) for row in read.connection.execute(_ANSWERS, span)]
    return [one for one in told if one.answers]


def _answered(row: Any, definition: Definition, sight: Sight) -> Answered:
    form_key = _form_of(definition.graph, row)
    changes = (sight.told(row.data) or {}).get("changes", {})
    return Answered(
        name=row.element_name or "",
        at=row.at,
        person=row.person_name,
        role=row.role,
        party=row.party,
        form=definition.form(form_key) if form_key else None,
        answers={name: change.get("after") for name, change in changes.items() if name not in sight.withheld},
    )


def _form_of(graph: Graph, row: Any) -> str | None:
    """Which form was filled in; a case that was started by hand says so without naming the start event."""
    nodes = start_events(graph, "none") if row.kind == "case:started" else [graph.nodes.get(row.element or "")]
    return next((node.work.form for node in nodes if node and node.work), None)
