"""The inbox: which tasks wait for whom, page by page, with counts; and the searches people save.

Made for a hundred thousand open tasks. Every list walks an index in the order shown and stops after one page; every
count stops at `COUNT_LIMIT`. The indexes:

    task_candidate (role, scope, side, due_at, task_id)     of open tasks only; a role's tasks in order of due date
    task_candidate (role, scope, side, task_id)             the same, the newest first
    task (assignee, due_at) where open                      mine
    task (closed_by, closed_at)                             done
    case (ended_at, sealed_to) where sealed                 the few whose tasks are not shown to others (R3)

What is sealed is left out by a list of its own: so lists and counts need not look at each task's case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor, Membership
from engine.cases.tables import case, offer, task, task_candidate
from engine.db import Id, Json, Moment, Words, at_most, metadata
from engine.definitions.tables import definition
from engine.engine import Read, Transaction
from engine.errors import Invalid, NotFound, Refused
from engine.identity import permissions
from engine.identity.tables import person
from engine.runtime.views.common import CASE_NUMBER, contains

PAGE = 40
COUNT_LIMIT = 1000
BRANCH_LIMIT = 60
SAVED_LIMIT = 30

saved_filter = sa.Table(
    "saved_filter",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("search", Json, nullable=False, comment="the fields of Search that were set"),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("person_id", "name", name="uq_saved_filter_person_id_name"),
)


@dataclass(frozen=True, slots=True)
class Search:
    """What narrows a list. `held`: "free" for tasks nobody has taken, "taken" for those somebody has."""

    text: str = ""
    process: str = ""
    party: str = ""
    held: str = ""
    late: bool = False
    order: str = "due"

    @property
    def is_empty(self) -> bool:
        return replace(self, order="due") == Search()


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
    rows: Sequence[TaskRow]
    next_key: str | None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


# --- places ----------------------------------------------------------------------------------------------------------

MINE, ALL, LATE, DONE = "mine", "all", "late", "done"
"""The places that everybody has; besides them one per membership, named by its text: "lokal_samverkan:nacka@kommun"."""

STARTABLE = "startable"
"""What may be begun in ad-hoc work (`engine.runtime.startable`): no place of tasks, and counted with them."""


def working_roles(actor: Actor) -> list[Membership]:
    """The memberships that have an inbox, each once."""
    return [held for held in dict.fromkeys(actor.memberships) if held.role not in permissions.NEVER_WORK]


def role_of_place(actor: Actor, place: str) -> Membership | None:
    return next((held for held in working_roles(actor) if str(held) == place), None)


def _patterns(held: Membership) -> list[tuple[str, str, str]]:
    """The candidates that a membership matches, as they stand in the index."""
    scopes = ["", held.scope] if held.scope else [""]
    sides = ["", held.side] if held.side else [""]
    return [(held.role, scope, side) for scope in scopes for side in sides]


_ROLE: sa.ColumnElement[Any] = task_candidate.c.role
_ANY_ROLE = task_candidate.c.role.concat("")
"""The same in words no index knows: else SQLite would go through a role's tasks where it should look at one case's."""


def _branches(actor: Actor, place: str, its_role: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool] | None]:
    """Conditions whose tasks together are a place's; None stands for those given to the actor by name."""
    roles = [role_of_place(actor, place)] if place not in (MINE, ALL, LATE, DONE) else working_roles(actor)
    patterns = dict.fromkeys(pattern for held in roles if held for pattern in _patterns(held))
    by_role: list[sa.ColumnElement[bool] | None] = [
        sa.and_(its_role == role, task_candidate.c.scope == scope, task_candidate.c.side == side)
        for role, scope, side in patterns
    ]
    if place == MINE:
        return [None]
    return [*by_role, None] if place in (ALL, LATE) else by_role


def _ordered_branches(actor: Actor, place: str, its_role: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool] | None]:
    """One index range each, as long as there are few: a statement holds no more than so many branches."""
    branches = _branches(actor, place, its_role)
    return branches if len(branches) <= BRANCH_LIMIT else _whole_branches(actor, place, its_role)


_OPEN = task.c.state == sa.literal_column("'open'")
"""Written out, not bound: only so can PostgreSQL's prepared statements use the indexes over open tasks."""


def _sealed(actor: Actor) -> sa.Select[Any]:
    """Open tasks of cases that are sealed to somebody else (R3): not even their titles are shown."""
    sealed = sa.select(case.c.id).where(
        case.c.sealed_to > 0, case.c.ended_at.is_(None), case.c.sealed_to != actor.person_id
    )
    return sa.select(task.c.id).where(task.c.case_id.in_(sealed), _OPEN)


def _of_case(number: str) -> sa.Select[Any]:
    """The tasks of the case with this number: few, whatever the inbox holds."""
    found = sa.select(case.c.id).where(case.c.number == number.upper()).scalar_subquery()
    return sa.select(task.c.id).where(task.c.case_id == found)


def _source(read: Read, branch: sa.ColumnElement[bool] | None, search: Search) -> tuple[sa.Select[Any], Any, Any]:
    """A select of open tasks in one branch that fit the search, with its columns for due date and id, which follow an
    index."""
    rows: Any
    due: Any
    key: Any
    if branch is None:
        rows = sa.select(task.c.id.label("task_id"), task.c.due_at.label("due_at"))
        rows = rows.where(task.c.assignee == read.actor.person_id, _OPEN)
        due, key = task.c.due_at, task.c.id
    else:
        rows = sa.select(task_candidate.c.task_id.label("task_id"), task_candidate.c.due_at.label("due_at"))
        rows = rows.where(branch)
        due, key = task_candidate.c.due_at, task_candidate.c.task_id
    if CASE_NUMBER.fullmatch(search.text):
        rows = rows.where(key.in_(_of_case(search.text)))
        search = replace(search, text="")
    if search.text or search.process or search.party or search.held:
        if branch is not None:
            rows = rows.join(task, task.c.id == task_candidate.c.task_id)
        rows = _narrowed(read, rows.join(case, case.c.id == task.c.case_id), search)
        rows = rows.where(sa.or_(case.c.sealed_to.is_(None), case.c.sealed_to == read.actor.person_id))
    else:
        rows = rows.where(key.not_in(_sealed(read.actor)))
    return (rows.where(due < read.now) if search.late else rows), due, key


def _narrowed(read: Read, rows: sa.Select[Any], search: Search) -> sa.Select[Any]:
    if search.text:
        rows = rows.where(contains(read, search.text, case.c.number, case.c.title, task.c.name))
    if search.process:
        rows = rows.where(case.c.process == search.process)
    if search.party:
        rows = rows.where(sa.or_(case.c.party == search.party, case.c.area == search.party))
    if search.held == "free":
        rows = rows.where(task.c.assignee.is_(None))
    if search.held == "taken":
        rows = rows.where(task.c.assignee.is_not(None))
    return rows


# --- lists -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of a place. `after` is the `next_key` of the page before; one without sense starts at the beginning."""

    place: str = MINE
    search: Search = Search()
    after: str | None = None
    limit: int = PAGE

    def run(self, read: Read) -> InboxPage:
        if read.actor.person_id is None:
            return InboxPage((), None)
        if self.place not in (MINE, ALL, LATE, DONE) and role_of_place(read.actor, self.place) is None:
            raise NotFound("Expected an inbox of one's own, but it is not.", "Inkorgen finns inte, eller är inte din.")
        chosen = self._done(read) if self.place == DONE else self._open(read)
        rows = read.connection.execute(_with_details(chosen, self.limit)).all()
        shown = [_row(read.actor, row) for row in rows[: self.limit]]
        return InboxPage(shown, shown[-1].next_key if len(rows) > self.limit else None)

    def _open(self, read: Read) -> sa.Subquery:
        search = replace(self.search, late=True) if self.place == LATE else self.search
        its_role = _ANY_ROLE if CASE_NUMBER.fullmatch(search.text) else _ROLE
        parts = [
            part
            for branch in _ordered_branches(read.actor, self.place, its_role)
            for part in self._parts(read, branch, search)
        ]
        together = (sa.union(*parts) if len(parts) > 1 else parts[0]).subquery("together")
        undated = sa.case((together.c.due_at.is_(None), 1), else_=0)
        newest = search.order == "newest"
        order: list[Any] = [together.c.task_id.desc()] if newest else [undated, together.c.due_at, together.c.task_id]
        return self._in_order(together, order)

    def _parts(self, read: Read, branch: sa.ColumnElement[bool] | None, search: Search) -> list[sa.Select[Any]]:
        if CASE_NUMBER.fullmatch(search.text):
            return [_source(read, branch, search)[0]]  # one case's: in no order, else SQLite would walk them all in it
        return self._newest(read, branch, search) if search.order == "newest" else self._by_due(read, branch, search)

    def _by_due(self, read: Read, branch: sa.ColumnElement[bool] | None, search: Search) -> list[sa.Select[Any]]:
        """First those with a due date, in its order; then those without, which the index holds apart."""
        after = _read_key(self.after)
        parts = []
        for dated in (True, False):
            rows, due, key = _source(read, branch, search)
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

    def _newest(self, read: Read, branch: sa.ColumnElement[bool] | None, search: Search) -> list[sa.Select[Any]]:
        after = _read_key(self.after)
        rows, _, key = _source(read, branch, search)
        if after:
            rows = rows.where(key < after[1])
        return [_first(rows.order_by(key.desc()), self.limit + 1)]

    def _done(self, read: Read) -> sa.Subquery:
        after = _read_key(self.after)
        rows: sa.Select[Any] = (
            sa.select(task.c.id.label("task_id"), task.c.closed_at.label("due_at"))
            .join(case, case.c.id == task.c.case_id)
            .where(task.c.closed_by == read.actor.person_id, task.c.state == "completed")
            .where(sa.or_(case.c.sealed_to.is_(None), case.c.sealed_to == read.actor.person_id))
        )
        search = replace(self.search, held="")
        if CASE_NUMBER.fullmatch(search.text):
            rows = rows.where(task.c.id.in_(_of_case(search.text)))
            search = replace(search, text="")
        rows = _narrowed(read, rows, search)
        if after and after[0]:
            rows = rows.where(_beyond(task.c.closed_at, task.c.id) < _place(*after))
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


def membership_for(actor: Actor, candidates: Sequence[str]) -> Membership | None:
    """The membership by which a task is the actor's."""
    wanted = [permissions.parse(candidate) for candidate in candidates]
    return next((held for held in actor.memberships if any(permissions.covers(held, one) for one in wanted)), None)


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


# --- counts ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """Place -> how many open tasks, at most COUNT_LIMIT; all of them by one statement. STARTABLE: how many ad-hoc
    sub-processes in which the actor may begin something."""

    def run(self, read: Read) -> dict[str, int]:
        if read.actor.person_id is None:
            return {}
        places = [MINE, LATE, *(str(held) for held in working_roles(read.actor))]
        counted = [self._count(read, place).label(f"n{index}") for index, place in enumerate(places)]
        row = read.connection.execute(sa.select(*counted, _count_startable(read.actor).label(STARTABLE))).one()
        return dict(zip([*places, STARTABLE], row, strict=True))

    def _count(self, read: Read, place: str) -> sa.ScalarSelect[int]:
        parts = []
        for branch in _whole_branches(read.actor, place):
            rows, _, _ = _source(read, branch, Search(late=place == LATE))
            inner = rows.limit(at_most(COUNT_LIMIT)).subquery()
            parts.append(sa.select(inner.c.task_id))
        # A union counts a task once, by however many of its candidates it is found.
        together = sa.union(*parts).limit(at_most(COUNT_LIMIT)).subquery()
        return sa.select(sa.func.count()).select_from(together).scalar_subquery()


def _whole_branches(
    actor: Actor, place: str, its_role: sa.ColumnElement[Any] = _ROLE
) -> list[sa.ColumnElement[bool] | None]:
    """Like `_branches`, one condition a membership: where no order is asked for, nothing needs to be apart."""
    roles: list[Membership | None] = []
    if place in (ALL, LATE):
        roles = [*working_roles(actor)]
    elif place != MINE:
        roles = [role_of_place(actor, place)]
    by_role: list[sa.ColumnElement[bool] | None] = [
        sa.and_(
            its_role == held.role,
            task_candidate.c.scope.in_({"", held.scope or ""}),
            task_candidate.c.side.in_({"", held.side or ""}),
        )
        for held in roles
        if held
    ]
    return [*by_role, None] if place in (MINE, ALL, LATE) else by_role


def offered(actor: Actor, place: str) -> list[sa.ColumnElement[bool]]:
    """Conditions, one index range each, whose offers together are those of a place."""
    roles = [role_of_place(actor, place)] if place not in (ALL, STARTABLE) else working_roles(actor)
    patterns = dict.fromkeys(pattern for held in roles if held for pattern in _patterns(held))
    if place in (ALL, STARTABLE):
        patterns["", str(actor.person_id), ""] = None  # by name
    triple = sa.tuple_(offer.c.role, offer.c.scope, offer.c.side)
    if len(patterns) > BRANCH_LIMIT:
        return [triple.in_(list(patterns))]
    return [
        sa.and_(offer.c.role == role, offer.c.scope == scope, offer.c.side == side) for role, scope, side in patterns
    ]


def begun_in(rows: sa.Select[Any], actor: Actor) -> sa.Select[Any]:
    """With their cases, as far as something may be begun in them: not suspended, not sealed to somebody else (R3)."""
    rows = rows.join(case, case.c.id == offer.c.case_id).where(case.c.state == "active")
    return rows.where(sa.or_(case.c.sealed_to.is_(None), case.c.sealed_to == actor.person_id))


def _count_startable(actor: Actor) -> sa.ScalarSelect[int]:
    parts = []
    for branch in offered(actor, STARTABLE):
        rows = begun_in(sa.select(offer.c.case_id, offer.c.wait), actor).where(branch)
        # In the order of the index: else SQLite, where it has statistics, may walk through all cases instead.
        first = rows.order_by(offer.c.offered_at, offer.c.case_id, offer.c.wait).limit(COUNT_LIMIT).subquery()
        parts.append(sa.select(first.c.case_id, first.c.wait))
    together = sa.union(*parts).subquery()
    each_once = sa.select(together).distinct().limit(COUNT_LIMIT).subquery()
    return sa.select(sa.func.count()).select_from(each_once).scalar_subquery()


@dataclass(frozen=True, slots=True)
class ProcessNames:
    """Key -> name of the processes in use, for the filter; the newest version's name."""

    def run(self, read: Read) -> dict[str, str]:
        rows = sa.select(definition.c.key, definition.c.name).order_by(definition.c.version)
        return {row.key: row.name for row in read.connection.execute(rows)}


# --- saved searches --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SavedFilter:
    id: int
    name: str
    place: str
    search: Search


@dataclass(frozen=True, slots=True)
class SavedFilters:
    """Those of the person who asks, oldest first."""

    def run(self, read: Read) -> list[SavedFilter]:
        rows = (
            sa.select(saved_filter).where(saved_filter.c.person_id == read.actor.person_id).order_by(saved_filter.c.id)
        )
        return [_saved(row) for row in read.connection.execute(rows)]


def _saved(row: Any) -> SavedFilter:
    kept = {name: value for name, value in row.search.items() if name in Search.__slots__}
    return SavedFilter(row.id, row.name, str(row.search.get("place", MINE)), Search(**kept))


@dataclass(frozen=True, slots=True)
class SaveFilter:
    """Keep a search under a name; the same name again replaces it. Gives its id."""

    name: str
    place: str
    search: Search

    def execute(self, tx: Transaction) -> int:
        name = " ".join(self.name.split())
        if not 1 <= len(name) <= 60:
            problem = "Ge filtret ett namn med högst 60 tecken."
            raise Invalid("Expected a name of 1 to 60 characters, but it is not.", problem, fields={"name": problem})
        mine = saved_filter.c.person_id == tx.actor.person_id
        tx.connection.execute(saved_filter.delete().where(mine, saved_filter.c.name == name))
        count = tx.connection.execute(sa.select(sa.func.count()).select_from(saved_filter).where(mine)).scalar_one()
        if count >= SAVED_LIMIT:
            raise Refused(
                f"Expected at most {SAVED_LIMIT} saved filters, but there are as many.",
                f"Du har redan {SAVED_LIMIT} sparade filter. Ta bort ett först.",
            )
        kept = {field: getattr(self.search, field) for field in Search.__slots__}
        row = {
            "person_id": tx.actor.person_id,
            "name": name,
            "search": {"place": self.place, **kept},
            "created_at": tx.now,
        }
        return int(tx.connection.execute(saved_filter.insert().returning(saved_filter.c.id), row).scalar_one())


@dataclass(frozen=True, slots=True)
class DeleteFilter:
    filter_id: int

    def execute(self, tx: Transaction) -> None:
        theirs = saved_filter.delete().where(
            saved_filter.c.id == self.filter_id, saved_filter.c.person_id == tx.actor.person_id
        )
        if not tx.connection.execute(theirs).rowcount:
            raise NotFound("Expected a saved filter of one's own, but there is none.", "Filtret finns inte.")
