"""One task as its page shows it: what is to be done, what is known, what earlier steps answered, who holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.actor import Membership
from engine.bpmn import machine
from engine.bpmn.expressions import template
from engine.cases import store as cases
from engine.cases.store import Case
from engine.cases.tables import comment, task, task_draft
from engine.db import loads
from engine.engine import Read
from engine.errors import NotFound, Refused
from engine.forms import Form
from engine.history.tables import history
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.identity.tables import person
from engine.runtime.inbox import membership_for
from engine.settings import Settings, functions

STORY_LIMIT = 40
COMMENT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Told:
    """A comment."""

    name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An earlier step's answer: who, in which role, and what they filled in (`form` says what it means)."""

    element: str
    name: str
    at: datetime
    person: str
    role: str | None
    party: str | None
    form: Form | None
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """`may_do`: it is open, theirs, and nothing bars them; else `barred` or the state says why not."""

    id: int
    name: str
    element: str
    state: str
    opened_at: datetime
    due_at: datetime | None
    assignee: int | None
    holder: str | None
    closed_at: datetime | None
    closed_by: str | None
    candidates: Sequence[str]
    why: Membership | None
    is_mine_by_name: bool
    may_do: bool
    is_barred: bool
    case: Case
    form: Form | None
    variables: Mapping[str, Any]
    properties: Mapping[str, str]
    confirm: str | None
    documentation: str
    draft: Mapping[str, Any] | None
    draft_at: datetime | None
    comments: Sequence[Told] = ()
    story: Sequence[Answered] = field(default_factory=tuple)

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def view(self) -> str | None:
        """The name of a page of its own (property `view`): kvartalsanalys, beslut."""
        return self.properties.get("view")


_holder, _closer = person.alias("holder"), person.alias("closer")
_TASK = (
    sa.select(
        task,
        _holder.c.name.label("holder"),
        _closer.c.name.label("closer"),
        task_draft.c.data.label("draft"),
        task_draft.c.saved_at,
    )
    .outerjoin(_holder, _holder.c.id == task.c.assignee)
    .outerjoin(_closer, _closer.c.id == task.c.closed_by)
    .outerjoin(task_draft, sa.and_(task_draft.c.task_id == task.c.id, task_draft.c.person_id == bindparam("person_id")))
    .where(task.c.id == bindparam("task_id"))
)
_COMMENTS = (
    sa.select(comment.c.text, comment.c.at, person.c.name)
    .join(person, person.c.id == comment.c.person_id)
    .where(comment.c.case_id == bindparam("case_id"))
    .order_by(comment.c.id.desc())
    .limit(COMMENT_LIMIT)
)
_ANSWERS = (
    sa.select(history)
    .where(history.c.case_id == bindparam("case_id"), history.c.kind.in_(("task:completed", "case:started")))
    .order_by(history.c.seq.desc())
    .limit(STORY_LIMIT)
)


def not_found() -> NotFound:
    """The same for a task that is not there and for one that is not for this actor."""
    return NotFound("Expected a task to be there, but it is not.", "Uppgiften finns inte, eller är inte öppen för dig.")


@dataclass(frozen=True, slots=True)
class TaskById:
    """The task's page, for those who may do it and those who may read its case."""

    task_id: int

    def run(self, read: Read) -> OpenedTask:
        key = {"task_id": self.task_id, "person_id": read.actor.person_id}
        row = read.connection.execute(_TASK, key).one_or_none()
        if row is None:
            raise not_found()
        found = cases.load(read, row.case_id)
        standing = permissions.standing_at_task(read.actor, row.candidates, row.assignee)
        _require_sight(read, found, is_theirs=standing is not None)
        return _opened(read, row, found, is_theirs=standing is not None)


def _require_sight(read: Read, found: Case, is_theirs: bool) -> None:
    actor = read.actor
    if not permissions.may_see_data(actor, found.sealed_to):
        raise not_found()
    readers = found.all_readers
    if not is_theirs and not permissions.may_read(
        actor, readers=readers, started_by=found.started_by, sealed_to=found.sealed_to
    ):
        raise not_found()
    log_read(read, "uppgift", found.id)


def _opened(read: Read, row: Any, found: Case, is_theirs: bool) -> OpenedTask:
    graph = found.definition.graph
    node = graph.nodes.get(row.element)
    properties = dict(node.properties) if node else {}
    wait = row.wait if row.state == "open" else None
    known = machine.variables_at(graph, found.data, wait)
    only_for = readers_of_variables(read, found, known)
    shown = permissions.visible(read.actor, known, only_for)
    is_barred = permissions.is_barred(read.actor, known.get(properties.get("notBy", "")))
    is_free = row.state == "open" and found.state == "active"
    return OpenedTask(
        id=row.id,
        name=row.name,
        element=row.element,
        state=row.state,
        opened_at=row.opened_at,
        due_at=row.due_at,
        assignee=row.assignee,
        holder=row.holder,
        closed_at=row.closed_at,
        closed_by=row.closer,
        candidates=row.candidates,
        why=membership_for(read.actor, row.candidates),
        is_mine_by_name=row.assignee is not None and row.assignee == read.actor.person_id,
        may_do=is_theirs and is_free and not is_barred,
        is_barred=is_barred and is_theirs,
        case=found,
        form=found.definition.form(row.form) if row.form else None,
        variables=shown,
        properties=properties,
        confirm=_text(read, properties.get("confirm"), shown),
        documentation=node.documentation if node else "",
        draft=row.draft,
        draft_at=row.saved_at,
        comments=_comments(read, found.id),
        story=story_of(read, found, only_for),
    )


def readers_of_variables(read: Read, found: Case, variables: Mapping[str, Any]) -> dict[str, list[str]]:
    """Variable -> candidates who may see it, for those that are not for everyone (process properties `visible.*`)."""
    restricted: dict[str, list[str]] = {}
    for name, who in found.definition.graph.visible.items():
        given = _value(read, who, variables)
        texts = given if isinstance(given, list) else str(given or "").split(",")
        restricted[name] = [str(text).strip() for text in texts if str(text).strip()]
    return restricted


def _value(read: Read, what: Any, variables: Mapping[str, Any]) -> Any:
    try:
        return what.evaluate(variables, functions(read.now, Settings(read.connection)))
    except Refused:
        return None  # what cannot be computed is for nobody


def _text(read: Read, source: str | None, variables: Mapping[str, Any]) -> str | None:
    """A sentence out of the diagram; one that cannot be computed now is not shown."""
    if not source:
        return None
    try:
        value = template(source).evaluate(variables, functions(read.now, Settings(read.connection)))
    except Refused:
        return None
    return str(value) if value else None


def _comments(read: Read, case_id: int) -> list[Told]:
    return [Told(row.name, row.at, row.text) for row in read.connection.execute(_COMMENTS, {"case_id": case_id})]


def story_of(read: Read, found: Case, only_for: Mapping[str, Sequence[str]]) -> list[Answered]:
    """What earlier steps answered, newest first; what is not for this actor is left out."""
    rows = read.connection.execute(_ANSWERS, {"case_id": found.id})
    told = [_answered(read, row, found, only_for) for row in rows]
    return [one for one in told if one.answers]


def _answered(read: Read, row: Any, found: Case, only_for: Mapping[str, Sequence[str]]) -> Answered:
    node = found.definition.graph.nodes.get(row.element or "")
    form_key = (node.work.form if node.work else None) or node.properties.get("formKey") if node else None
    changes = (loads(row.data) if row.data else {}).get("changes", {})
    after = {name: change.get("after") for name, change in changes.items() if isinstance(change, Mapping)}
    shown = permissions.visible(read.actor, after, only_for)
    answers = {name: value for name, value in shown.items() if value != permissions.WITHHELD}
    return Answered(
        element=row.element or "",
        name=row.element_name or "",
        at=row.at,
        person=row.person_name,
        role=row.role,
        party=row.party,
        form=found.definition.form(form_key) if form_key else None,
        answers=answers,
    )
