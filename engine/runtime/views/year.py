"""The year's wheel: its case, the work open in it and in what it called, who has answered, the quarters' analyses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn import machine
from engine.calendar import local
from engine.cases import store as cases
from engine.cases.readers import may_read
from engine.cases.sight import sight_of
from engine.cases.tables import case, task
from engine.engine import Read
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.runtime.views.common import readable

WHEEL, REQUEST, ANALYSIS = "arshjul", "partsuppgifter", "kvartalsanalys"
PERIODS = ("prioritering", "inhamtning", "dialog", "rapport", "uppdrag")
"""The periods of the wheel (riktlinjen §8.1); the first lies before the year."""

_OF_PROCESS = {"prioriteringsbeslut": "prioritering", REQUEST: "inhamtning", "uppfoljningsdialog": "dialog"}
_LAST_MONTH = {"inhamtning": 3, "dialog": 5, "rapport": 9, "uppdrag": 12}


@dataclass(frozen=True, slots=True)
class YearTask:
    """An open task of the wheel, with the period it belongs to."""

    id: int
    case_id: int
    name: str
    period: str
    due_at: datetime | None
    candidates: tuple[str, ...]
    process: str
    party: str | None
    is_late: bool
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One party's part in the data request. `given`: when its case ended; None while it is awaited."""

    case_id: int
    party: str | None
    title: str
    status: str | None
    given: datetime | None


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter's analysis, where there is one and the actor may read it."""

    key: str
    case_id: int
    number: str
    state: str
    status: str | None
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class YearStory:
    """`case_id` None: the year has no wheel, or none the actor may read; then there is nothing but its calendar."""

    year: int
    case_id: int | None = None
    number: str | None = None
    state: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    tasks: Sequence[YearTask] = ()
    answers: Sequence[Answer] = ()
    quarters: Sequence[Quarter] = ()


@dataclass(frozen=True, slots=True)
class Year:
    year: int

    def run(self, read: Read) -> YearStory:
        quarters = self._quarters(read)
        found = read.connection.execute(_WHEEL, {"process": WHEEL, "key": str(self.year)}).scalar()
        one = cases.load(read, found) if found else None
        if one is None or not may_read(read, one):
            return YearStory(self.year, quarters=quarters)
        log_read(read, "årshjulet", one.id)
        periods = {
            name: node.properties["period"]
            for name, node in one.definition.graph.nodes.items()
            if "period" in node.properties
        }
        return YearStory(
            self.year,
            one.id,
            one.number,
            one.state,
            sight_of(read, one).variables(machine.root_variables(one.data)),
            tasks=_tasks(read, one.id, self.year, periods),
            answers=_answers(read, one.id),
            quarters=quarters,
        )

    def _quarters(self, read: Read) -> list[Quarter]:
        keys = [f"{self.year}-Q{number}" for number in (1, 2, 3, 4)]
        rows = sa.select(
            case.c.business_key,
            case.c.id,
            case.c.number,
            case.c.state,
            case.c.status,
            case.c.started_at,
            case.c.ended_at,
        ).where(case.c.process == ANALYSIS, case.c.business_key.in_(keys), readable(read.actor))
        return [Quarter(*row) for row in read.connection.execute(rows.order_by(case.c.business_key))]


_WHEEL = sa.select(case.c.id).where(
    case.c.process == sa.bindparam("process"), case.c.business_key == sa.bindparam("key")
)
_family = sa.select(case.c.id).where(case.c.id == sa.bindparam("case_id")).cte("family", recursive=True)
_family = _family.union_all(sa.select(case.c.id).join(_family, case.c.parent_id == _family.c.id))
_TASKS = (
    sa.select(
        task.c.id,
        task.c.case_id,
        task.c.name,
        task.c.element,
        task.c.due_at,
        task.c.candidates,
        task.c.assignee,
        task.c.opened_at,
        case.c.process,
        case.c.party,
    )
    .join(case, case.c.id == task.c.case_id)
    .where(task.c.state == "open", task.c.case_id.in_(sa.select(_family.c.id)))
    .order_by(task.c.due_at, task.c.id)
)
_ANSWERS = (
    sa.select(case.c.id, case.c.party, case.c.title, case.c.status, case.c.ended_at)
    .where(case.c.parent_id == sa.bindparam("case_id"), case.c.process == REQUEST)
    .order_by(case.c.id)
)


def _tasks(read: Read, wheel: int, year: int, periods: Mapping[str, str]) -> list[YearTask]:
    return [
        YearTask(
            id=row.id,
            case_id=row.case_id,
            name=row.name,
            period=_period(row, year, periods),
            due_at=row.due_at,
            candidates=tuple(row.candidates or ()),
            process=row.process,
            party=row.party,
            is_late=row.due_at is not None and row.due_at < read.now,
            is_mine=permissions.standing_at_task(read.actor, row.candidates or (), row.assignee) is not None,
        )
        for row in read.connection.execute(_TASKS, {"case_id": wheel})
    ]


def _period(row: Any, year: int, periods: Mapping[str, str]) -> str:
    """By the process called, else what the diagram says of the step, else the months in which it is due."""
    known = _OF_PROCESS.get(row.process) or periods.get(row.element)
    if known in PERIODS:
        return str(known)
    day = local(row.due_at or row.opened_at)
    if day.year != year:
        return "prioritering" if day.year < year else "uppdrag"
    return next(period for period, last in _LAST_MONTH.items() if day.month <= last)


def _answers(read: Read, wheel: int) -> list[Answer]:
    return [Answer(*row) for row in read.connection.execute(_ANSWERS, {"case_id": wheel})]
