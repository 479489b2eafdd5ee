"""One case with all that its page shows, in five statements. To those who may not read it, it is not there.

The administrator, who must be able to stop and mend a case, sees how it stands, and nothing of what was written in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn import machine
from engine.bpmn.model import Graph
from engine.cases import readers
from engine.cases import store as cases
from engine.cases.sight import sight_of
from engine.cases.store import Case
from engine.cases.tables import case, case_link, comment, task, wait
from engine.db import Json, Moment, Words
from engine.definitions.tables import definition
from engine.engine import Read
from engine.forms import Form
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.identity.tables import person
from engine.jobs.queries import ADDRESSEE, who_asks
from engine.jobs.tables import incident, job, mail
from engine.runtime.adhoc import OpenWork, open_to
from engine.runtime.views.case_list import CaseRow, row_of, select_rows
from engine.runtime.views.common import readable
from engine.runtime.views.story import TOLD, Story, read_story

STORY_PAGE = 40
RELATED_LIMIT = 100
POSTS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something the case waits for. `kind`: task, message, signal, condition, timer, service, continue, ad_hoc or
    incident.

    `is_aside`: it only listens beside the work (the timer of a reminder), and holds nothing up.
    """

    kind: str
    id: int
    element: str | None
    name: str
    candidates: tuple[str, ...]
    due_at: datetime | None
    since: datetime | None
    holder: str | None
    is_mine: bool
    is_aside: bool
    wait: int | None = None
    """Its number in the case."""


@dataclass(frozen=True, slots=True)
class Post:
    """A comment (kind comment; `who` wrote it), or a mail in short: `title` its subject, `who` its address or empty."""

    kind: str
    id: int
    at: datetime
    who: str
    title: str
    text: str
    status: str
    rung: str | None


@dataclass(frozen=True, slots=True)
class CaseStory:
    """`may_look`: the actor sees what was written. Where not, the title is None and what could tell of it is empty."""

    case: CaseRow
    definition_id: int
    business_key: str | None
    outcome: str | None
    started_by: str | None
    newest_version: int
    may_look: bool
    may_comment: bool
    variables: Mapping[str, Any]
    waiting: Sequence[Waiting]
    related: Sequence[CaseRow]
    mails: Sequence[Post]
    comments: Sequence[Post]
    story: Story
    graph: Graph
    open_work: Sequence[OpenWork]
    """Ad-hoc sub-processes in which the actor may begin or end something now."""
    asked: Form | None
    """What the one who started it was asked, so that it can be told with its questions."""


@dataclass(frozen=True, slots=True)
class CasePage:
    """`before`: the history older than that row; `all_steps`: every row of it, not only what tells people something."""

    case_id: int
    before: int | None = None
    all_steps: bool = False

    def run(self, read: Read) -> CaseStory:
        one = cases.load(read, self.case_id)
        may_read = require_sight(read, one)
        sight = sight_of(read, one)
        may_look = may_read and sight.may_look
        own, *related = _with_relatives(read, one)
        posts = _posts(read, one) if may_look else []
        waiting = _waiting(read, one)
        kinds = None if self.all_steps else TOLD
        log_read(read, f"ärendet {one.number}", one.id)
        return CaseStory(
            case=row_of(own),
            definition_id=one.definition.id,
            business_key=one.business_key if may_look else None,
            outcome=one.outcome,
            started_by=own.started_name,
            newest_version=own.newest,
            may_look=may_look,
            may_comment=may_look and not permissions.reads_everything(read.actor),
            variables=sight.variables(machine.root_variables(one.data)) if may_look else {},
            waiting=waiting,
            related=tuple(map(row_of, related)),
            mails=tuple(post for post in posts if post.kind != "comment"),
            comments=tuple(post for post in posts if post.kind == "comment"),
            story=read_story(read, one, sight, before=self.before, limit=STORY_PAGE, kinds=kinds)
            if may_read
            else Story((), None),
            graph=one.definition.graph,
            open_work=tuple(open_to(read, one)) if may_look and any(one.kind == "ad_hoc" for one in waiting) else (),
            asked=_asked(one),
        )


def _asked(one: Case) -> Form | None:
    graph = one.definition.graph
    works = (graph.nodes[start].work for start in graph.scopes[graph.key].starts)
    key = next((work.form for work in works if work and work.form), None)
    return one.definition.form(key) if key else None


def require_sight(read: Read, one: Case) -> bool:
    """Whether the actor may read the case; NotFound where they may not even know that it is there."""
    may_read = readers.may_read(read, one)
    if not may_read and not read.actor.holds("admin"):
        raise cases.not_found()
    return may_read


# --- the case and its relatives --------------------------------------------------------------------------------------

_starter = person.alias("starter")
_other = definition.alias("other")
_newest = sa.select(sa.func.max(_other.c.version)).where(_other.c.key == definition.c.key).scalar_subquery()


def _with_relatives(read: Read, one: Case) -> Sequence[Any]:
    """The case itself first, then those it is linked to, was called by, or calls, as far as the actor may read them."""
    kin = sa.union_all(
        sa.select(sa.literal(one.id).label("id"), sa.literal("").label("relation")),
        sa.select(case.c.parent_id, sa.literal("parent")).where(case.c.id == one.id, case.c.parent_id.is_not(None)),
        sa.select(case.c.id, sa.literal("child")).where(case.c.parent_id == one.id),
        sa.select(case_link.c.other_id, case_link.c.relation).where(case_link.c.case_id == one.id),
        sa.select(case_link.c.case_id, "of:" + case_link.c.relation).where(case_link.c.other_id == one.id),
    ).subquery("kin")
    rows = (
        select_rows(read.actor, kin.c.relation, _starter.c.name.label("started_name"), _newest.label("newest"))
        .join(kin, kin.c.id == case.c.id)
        .outerjoin(_starter, _starter.c.id == case.c.started_by)
        .where(sa.or_(kin.c.relation == "", readable(read.actor)))
        .order_by(sa.case((kin.c.relation == "", 0), else_=1), kin.c.relation, case.c.id)
        .limit(RELATED_LIMIT + 1)
    )
    return read.connection.execute(rows).all()


# --- what it waits for -----------------------------------------------------------------------------------------------


def _null(type_: Any) -> sa.ColumnElement[Any]:
    return sa.cast(sa.null(), type_)


_holder = person.alias("holder")
_IN_WAIT = ("waiting", "leased", "failed")


def _waiting(read: Read, one: Case) -> tuple[Waiting, ...]:
    tasks = (
        sa.select(
            sa.literal("task").label("kind"),
            task.c.id,
            task.c.element,
            task.c.name,
            task.c.candidates,
            task.c.due_at,
            task.c.opened_at.label("since"),
            _holder.c.name.label("holder"),
            task.c.assignee,
            task.c.wait,
        )
        .outerjoin(_holder, _holder.c.id == task.c.assignee)
        .where(task.c.case_id == one.id, task.c.state == "open")
    )
    none_of_tasks = (_null(Words), _null(sa.BigInteger))
    waits = sa.select(
        wait.c.kind,
        wait.c.id,
        wait.c.element,
        wait.c.name,
        _null(Json),
        _null(Moment),
        _null(Moment),
        *none_of_tasks,
        wait.c.wait,
    ).where(wait.c.case_id == one.id)
    jobs = sa.select(
        job.c.kind,
        job.c.id,
        job.c.element,
        sa.func.coalesce(job.c.topic, ""),
        _null(Json),
        job.c.due_at,
        job.c.created_at,
        *none_of_tasks,
        job.c.wait,
    ).where(job.c.case_id == one.id, job.c.state.in_(_IN_WAIT), job.c.kind.in_(("service", "continue", "timer")))
    incidents = sa.select(
        sa.literal("incident"),
        incident.c.id,
        incident.c.element,
        incident.c.message,
        _null(Json),
        _null(Moment),
        incident.c.opened_at,
        *none_of_tasks,
        incident.c.wait,
    ).where(incident.c.case_id == one.id, incident.c.state == "open")
    rows = read.connection.execute(sa.union_all(tasks, waits, jobs, incidents)).all()
    return tuple(sorted((_open(read, one, row) for row in rows), key=_order))


def _open(read: Read, one: Case, row: Any) -> Waiting:
    node = one.definition.graph.nodes.get(row.element or "")
    candidates = tuple(row.candidates or ())
    is_mine = row.kind == "task" and permissions.standing_at_task(read.actor, candidates, row.assignee) is not None
    is_aside = node is not None and node.kind in ("boundaryEvent", "startEvent")
    name = row.name if row.kind in ("task", "incident") else (node.name if node and node.name else row.name)
    return Waiting(
        row.kind, row.id, row.element, name, candidates, row.due_at, row.since, row.holder, is_mine, is_aside, row.wait
    )


def _order(one: Waiting) -> tuple[Any, ...]:
    kinds = {"incident": 0, "task": 1}
    return kinds.get(one.kind, 2), one.due_at is None, one.due_at.timestamp() if one.due_at else 0, one.id


# --- mails and comments ----------------------------------------------------------------------------------------------

_writer = person.alias("writer")
_POSTS = sa.union_all(
    sa.select(
        mail.c.kind.label("kind"),
        mail.c.id.label("id"),
        mail.c.created_at.label("at"),
        ADDRESSEE.label("who"),
        mail.c.subject.label("title"),
        sa.literal("").label("text"),
        mail.c.status.label("status"),
        mail.c.rung.label("rung"),
    ).where(mail.c.case_id == sa.bindparam("case_id")),
    sa.select(
        sa.literal("comment"),
        comment.c.id,
        comment.c.at,
        _writer.c.name,
        sa.func.coalesce(task.c.name, ""),
        comment.c.text,
        sa.literal(""),
        _null(sa.Text),
    )
    .join(_writer, _writer.c.id == comment.c.person_id)
    .outerjoin(task, task.c.id == comment.c.task_id)
    .where(comment.c.case_id == sa.bindparam("case_id")),
).subquery("posts")
_NEWEST_POSTS = sa.select(_POSTS).order_by(_POSTS.c.at.desc(), _POSTS.c.id.desc()).limit(POSTS_LIMIT)


def _posts(read: Read, one: Case) -> list[Post]:
    rows = read.connection.execute(_NEWEST_POSTS, {"case_id": one.id, **who_asks(read.actor)}).all()
    return [Post(row.kind, row.id, row.at, row.who, row.title, row.text, row.status, row.rung) for row in rows]
