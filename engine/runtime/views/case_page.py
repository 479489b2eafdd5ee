"""One case with all that its page shows, in six statements. Who may not read it gets the same as for one that is not there.

The administrator, who must be able to stop and mend a case, sees how it stands, and nothing of what was written in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn.model import Graph
from engine.cases import store as cases
from engine.cases.store import Case
from engine.cases.tables import case, case_link, comment, task, wait
from engine.db import Json, Moment, loads
from engine.engine import Read
from engine.history.tables import ROWS_PER_CASE, history
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.identity.tables import person
from engine.jobs.tables import incident, job, mail
from engine.runtime.views.case_list import CaseRow, row_of, select_rows
from engine.runtime.views.common import readable
from engine.runtime.views.sight import seen_variables
from engine.runtime.views.story import TOLD, Event, Story, read_story

STORY_PAGE = 40
WALKED_LIMIT = 5000
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Open:
    """Something the case waits for: `kind` task, message, signal, timer, service, continue or incident."""

    kind: str
    id: int
    element: str | None
    name: str
    candidates: tuple[str, ...]
    due_at: datetime | None
    since: datetime | None
    holder: str | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A comment."""

    at: datetime
    name: str
    text: str
    task: str | None


@dataclass(frozen=True, slots=True)
class MailRow:
    """A message that went out. `body` is None in lists, and where the case is sealed to somebody else."""

    id: int
    case_id: int | None
    number: str | None
    to: str
    subject: str
    body: str | None
    kind: str
    rung: str | None
    status: str
    created_at: datetime
    sent_at: datetime | None
    error: str | None = None
    attempts: int = 0
    next_try: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseStory:
    """`may_look`: the actor sees what was written; where not (administrator), `title` and the like are None, lists empty."""

    case: CaseRow
    definition_id: int
    business_key: str | None
    outcome: str | None
    started_by: str | None
    newest_version: int
    may_look: bool
    may_comment: bool
    variables: Mapping[str, Any]
    waiting: Sequence[Open]
    related: Sequence[CaseRow]
    mails: Sequence[MailRow]
    comments: Sequence[Note]
    story: Story
    graph: Graph


@dataclass(frozen=True, slots=True)
class CasePageOf:
    """`before`: the history page older than that row; `all_steps`: every row, not only what tells people something."""

    case_id: int
    before: int | None = None
    all_steps: bool = False

    def run(self, read: Read) -> CaseStory:
        one = cases.load(read, self.case_id)
        head = _require(read, one)
        may_look = head.title is not None
        log_read(read, "ärendet", one.id)
        kinds = None if self.all_steps else TOLD
        may_read = _may_read(read, one)
        return CaseStory(
            case=head,
            definition_id=one.definition.id,
            business_key=one.business_key if may_look else None,
            outcome=one.outcome,
            started_by=head_extra(read, one)[0],
            newest_version=head_extra(read, one)[1],
            may_look=may_look,
            may_comment=may_look and not permissions.reads_everything(read.actor),
            variables=seen_variables(read, one) if may_look else {},
            waiting=_waiting(read, one),
            related=_related(read, one) if may_read else (),
            mails=_mails(read, one) if may_look else (),
            comments=_comments(read, one) if may_look else (),
            story=read_story(read, one, before=self.before, limit=STORY_PAGE, kinds=kinds) if may_read else Story((), None),
            graph=one.definition.graph,
        )
