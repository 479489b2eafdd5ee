"""Cases as those may see them who ask, with what happened in them and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn import machine
from engine.cases import runs
from engine.cases.readers import readable, require_readable
from engine.cases.sight import Sight, sight_of
from engine.cases.store import Case
from engine.cases.tables import case, case_link, comment
from engine.contract import CaseSummary
from engine.engine import Read
from engine.history.tables import history, rows_of
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.identity.tables import person


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
    sight: Sight
    """What of the case the actor may see."""


@dataclass(frozen=True, slots=True)
class CaseById:
    case_id: int

    def run(self, read: Read) -> CaseDetail:
        one = require_readable(read, self.case_id)
        log_read(read, f"ärende {one.number}", one.id)
        return detail_of(read, one)


@dataclass(frozen=True, slots=True)
class CaseByNumber:
    number: str

    def run(self, read: Read) -> CaseDetail:
        case_id = read.connection.execute(sa.select(case.c.id).where(case.c.number == self.number)).scalar()
        return CaseById(case_id or 0).run(read)


def detail_of(read: Read, one: Case) -> CaseDetail:
    sight = sight_of(read, one)
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
        variables=sight.variables(machine.root_variables(one.data)),
        sight=sight,
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


# --- history and comments ---------------------------------------------------------------------------------------------


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
        sight = sight_of(read, one)
        rows = sa.select(history).where(rows_of(one.id, self.after_seq)).order_by(history.c.id).limit(self.limit)
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
                sight.told(row.data),
                row.hash,
            )
            for row in read.connection.execute(rows)
        ]


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
