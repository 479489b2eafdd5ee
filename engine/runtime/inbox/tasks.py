"""The tasks of a place, page by page: every list walks an index in the order shown and stops after one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor, Membership
from engine.cases.sight import may_look_into
from engine.cases.tables import case, task
from engine.db import Id, Moment, at_most
from engine.engine import Read
from engine.identity.tables import person
from engine.runtime.inbox.places import (
    ALL,
    ANY_ROLE,
    DONE,
    LATE,
    MINE,
    ROLE,
    Branch,
    branches,
    membership_for,
    require_place,
)
from engine.runtime.inbox.search import EVERYTHING, Search, few, narrowed, of_case, open_tasks

PAGE = 40
WALK = 1_000
"""Done tasks among which words, a process or a party are looked for."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One row of the inbox. `why`: the actor's membership that makes it theirs, None where it is theirs by name."""

    id: int
    name: str
    case_id: int
    number: str
    title: str
    process: str
    party: str | None
    area: str | None
    status: str | None
    is_suspended: bool
    due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    assignee: int | None
    holder: str | None
    is_open: bool
    why: Membership | None
    next_key: str


@dataclass(frozen=True, slots=True)
class InboxPage:
    """`looked_at`: of what the actor has done there is more than that; only so much, the newest, was looked at. Else
    None."""

    rows: Sequence[TaskRow]
    next_key: str | None
    looked_at: int | None = None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


# --- lists -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of a place. `after` is the `next_key` of the page before; one without sense starts at the beginning."""

    place: str = MINE
    search: Search = EVERYTHING
    after: str | None = None
    limit: int = PAGE

    def run(self, read: Read) -> InboxPage:
        if read.actor.person_id is None:
            return InboxPage((), None)
        require_place(read.actor, self.place, MINE, ALL, LATE, DONE)
        if self.search.text and not (self.search.number or self.search.words):
            return InboxPage((), None)  # nothing but signs, and no word has those
        end = self._end(read) if self.place == DONE else None
        chosen = self._done(read, end) if self.place == DONE else self._open(read)
        rows = read.connection.execute(_with_details(chosen, self.limit)).all()
        shown = [_row(read.actor, row) for row in rows[: self.limit]]
        return InboxPage(shown, shown[-1].next_key if len(rows) > self.limit else None, WALK if end else None)

    def _open(self, read: Read) -> sa.Subquery:
        search = replace(self.search, late=True) if self.place == LATE else self.search
        among, search = few(read, search)
        its_role = ROLE if among is None or read.is_postgresql else ANY_ROLE
        parts = [
            part
            for branch in branches(read.actor, self.place, its_role, search.party)
            for part in self._parts(read, branch, search, among)
        ]
        together = (sa.union(*parts) if len(parts) > 1 else parts[0]).subquery("together")
        undated = sa.case((together.c.due_at.is_(None), 1), else_=0)
        newest = search.order == "newest"
        order: list[Any] = [together.c.task_id.desc()] if newest else [undated, together.c.due_at, together.c.task_id]
        return self._in_order(together, order)

    def _parts(self, read: Read, branch: Branch, search: Search, among: sa.Select[Any] | None) -> list[sa.Select[Any]]:
        if among is not None:
            return [self._of_few(read, branch, search, among)]
        return self._newest(read, branch, search) if search.order == "newest" else self._by_due(read, branch, search)

    def _of_few(self, read: Read, branch: Branch, search: Search, among: sa.Select[Any]) -> sa.Select[Any]:
        """All of them, in no order: else SQLite would walk all tasks in it."""
        rows, due, key = open_tasks(read, branch, search, among)
        after = _read_key(self.after)
        if not after:
            return rows
        at, last = after
        if search.order == "newest":
            return rows.where(key < last)
        if at is None:
            return rows.where(due.is_(None), key > last)
        return rows.where(sa.or_(due.is_(None), _beyond(due, key) > _place(at, last)))

    def _by_due(self, read: Read, branch: Branch, search: Search) -> list[sa.Select[Any]]:
        """First those with a due date, in its order; then those without, which the index holds apart."""
        after = _read_key(self.after)
        parts = []
        for dated in (True, False):
            rows, due, key = open_tasks(read, branch, search)
            rows = rows.where(due.is_not(None) if dated else due.is_(None))
            if after and dated:
                if after[0] is None:
                    continue
                rows = rows.where(_beyond(due, key) > _place(*after))
            elif after and after[0] is None:
                rows = rows.where(key > after[1])
            elif not dated and search.late:
                continue
            parts.append(_first(rows.order_by(due, key), self.limit + 1))
        return parts

    def _newest(self, read: Read, branch: Branch, search: Search) -> list[sa.Select[Any]]:
        after = _read_key(self.after)
        rows, _, key = open_tasks(read, branch, search)
        if after:
            rows = rows.where(key < after[1])
        # One party's are sorted: else SQLite would walk all tasks in this order to find them.
        newest = key + 0 if search.party and branch is not None else key
        return [_first(rows.order_by(newest.desc()), self.limit + 1)]

    def _end(self, read: Read) -> Any:
        """Where a search among what is done ends, if before all of it: no index knows its words."""
        if not (self.search.words or self.search.process or self.search.party):
            return None
        done = sa.select(task.c.closed_at, task.c.id).where(task.c.closed_by == read.actor.person_id)
        beyond = done.order_by(task.c.closed_at.desc(), task.c.id.desc()).offset(at_most(WALK)).limit(at_most(1))
        return read.connection.execute(beyond).first()

    def _done(self, read: Read, end: Any) -> sa.Subquery:
        after = _read_key(self.after)
        rows: sa.Select[Any] = (
            sa.select(task.c.id.label("task_id"), task.c.closed_at.label("due_at"))
            .join(case, case.c.id == task.c.case_id)
            .where(task.c.closed_by == read.actor.person_id, task.c.state == "completed")
            .where(may_look_into(read.actor))
        )
        search = replace(self.search, held="")
        if search.number:
            rows = rows.where(task.c.id.in_(of_case(search.number)))
        rows = narrowed(rows, search)
        if after and after[0]:
            rows = rows.where(_beyond(task.c.closed_at, task.c.id) < _place(*after))
        if end:
            rows = rows.where(_beyond(task.c.closed_at, task.c.id) > _place(end.closed_at, end.id))
        first = rows.order_by(task.c.closed_at.desc(), task.c.id.desc()).limit(at_most(self.limit + 1)).subquery("done")
        return self._in_order(first, [first.c.due_at.desc(), first.c.task_id.desc()])

    def _in_order(self, found: sa.Subquery, order: Sequence[Any]) -> sa.Subquery:
        """The first of what was found, each with its place, which outlasts the joins to come."""
        place = sa.func.row_number().over(order_by=order).label("place")
        rows = sa.select(found.c.task_id, found.c.due_at.label("order_at"), place)
        return rows.order_by(*order).limit(at_most(self.limit + 1)).subquery("chosen")


def _beyond(at: sa.ColumnElement[Any], key: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A place in the order of an index, to be compared as a whole: so the database goes straight there."""
    return sa.tuple_(at, key)


def _place(at: datetime | None, key: int) -> sa.ColumnElement[Any]:
    return sa.tuple_(sa.bindparam(None, at, type_=Moment), sa.bindparam(None, key, type_=Id))


def _first(rows: sa.Select[Any], limit: int) -> sa.Select[Any]:
    """A branch of a union with an order and an end of its own."""
    inner = rows.limit(at_most(limit)).subquery()
    return sa.select(inner.c.task_id, inner.c.due_at)


_holder = person.alias("holder")


_DETAILS = (
    task.c.id, task.c.name, task.c.case_id, task.c.candidates, task.c.due_at, task.c.opened_at, task.c.closed_at,
    task.c.assignee, task.c.state, case.c.number, case.c.title, case.c.process, case.c.party, case.c.area,
    case.c.status, case.c.state.label("case_state"), _holder.c.name.label("holder"),
)  # fmt: skip


def _with_details(chosen: sa.Subquery, limit: int) -> sa.Select[Any]:
    return (
        sa.select(*_DETAILS, chosen.c.order_at)
        .select_from(chosen)
        .join(task, task.c.id == chosen.c.task_id)
        .join(case, case.c.id == task.c.case_id)
        .outerjoin(_holder, _holder.c.id == task.c.assignee)
        .order_by(chosen.c.place)
        .limit(at_most(limit + 1))
    )


def _row(actor: Actor, row: Any) -> TaskRow:
    return TaskRow(
        id=row.id,
        name=row.name,
        case_id=row.case_id,
        number=row.number,
        title=row.title,
        process=row.process,
        party=row.party,
        area=row.area,
        status=row.status,
        is_suspended=row.case_state == "suspended",
        due_at=row.due_at,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        assignee=row.assignee,
        holder=row.holder,
        is_open=row.state == "open",
        why=membership_for(actor, row.candidates),
        next_key=_key(row.order_at, row.id),
    )


def _key(at: datetime | None, task_id: int) -> str:
    return f"{(at - _EPOCH) // _MICROSECOND if at else '-'}.{task_id}"


def _read_key(text: str | None) -> tuple[datetime | None, int] | None:
    """The instant and id in a `next_key`; None for what is none."""
    at, _, task_id = (text or "").partition(".")
    if not (task_id.isascii() and task_id.isdigit() and len(task_id) <= 18):
        return None
    if at == "-":
        return None, int(task_id)
    if not (at.isascii() and at.isdigit() and len(at) <= 17):
        return None
    try:
        return _EPOCH + _MICROSECOND * int(at), int(task_id)
    except OverflowError:
        return None
