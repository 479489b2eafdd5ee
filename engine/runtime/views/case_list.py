"""The list of cases: only what the actor may read; for the administrator the others too, without their content.

Made for a million cases. Where few may be the answer (who may read few; a process or state that few have; a whole case
number; a word) those are found by an index and sorted; else the list walks an index in the order shown, and stops after
a page. Words that many have are looked for in one stretch of time after the other (`case_search`); what no index knows
(statuses, parties) in the `WALK` cases changed last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.cases import words
from engine.cases.readers import readable_ids
from engine.cases.sight import may_look_into
from engine.cases.tables import case
from engine.db import at_most
from engine.definitions.tables import definition
from engine.engine import Read
from engine.identity import permissions
from engine.identity.queries import log_read
from engine.runtime.views.case_search import Stretch, stretch
from engine.runtime.views.common import ACTIVE, CASE_NUMBER, PAGE, has_words, readable

SORTS = ("changed", "started", "number", "title")
UNUSUAL = ("suspended", "cancelled", "failed", "terminated")
COUNT_LIMIT = 250
FEW = 2000
"""So many cases are fetched and sorted at once."""
WALK = 5_000
SORTED_BY_TITLE = COUNT_LIMIT


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list. `title` is None where its content is not for the actor; so are status, party and area then."""

    id: int
    number: str
    title: str | None
    process: str
    process_name: str
    version: int
    status: str | None
    party: str | None
    area: str | None
    state: str
    is_sealed: bool
    started_at: datetime
    changed_at: datetime
    ended_at: datetime | None
    relation: str | None = None


@dataclass(frozen=True, slots=True)
class CaseList:
    """One page of a list. `count`: all that match, counted to COUNT_LIMIT at most. `processes`: (key, name) to filter
    by.

    `looked_at`: there are more cases than that; only so many, those changed last, were looked at. Else None.
    `older`: the words are common, and were looked for in cases started from `since` on; what to ask for as `before`, to
    look further back. Else None. `until`: the same at the other end, where one has looked further back.
    """

    rows: tuple[CaseRow, ...]
    count: int
    page: int
    has_more: bool
    processes: tuple[tuple[str, str], ...]
    looked_at: int | None = None
    older: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Among:
    """Which cases the list shows, and where it looked for them if not everywhere."""

    wanted: sa.ColumnElement[bool]
    looked_at: int | None = None
    stretch: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases by filters that all must hold. `search`: words in number and title, each whole or a part, in any order.
    `state`: open, closed or one state. `before`: where words are common, the `older` of the page one looks back from.
    """

    search: str = ""
    process: str = ""
    status: str = ""
    party: str = ""
    state: str = ""
    sort: str = "changed"
    page: int = 1
    parts: bool = True
    """Also cases that another one called: twenty-seven parties answer one request."""
    before: int | None = None

    def run(self, read: Read) -> CaseList:
        among = self._among(read)
        stretch = among.stretch
        order, first = _ORDER.get(self.sort, _ORDER["changed"]), (self.page - 1) * PAGE
        # Found once, for the count and for the page: what it takes is to find them.
        some = sa.select(case.c.id).where(among.wanted).order_by(*order)
        if stretch is None:  # there they are few, and with a limit PostgreSQL would rather walk all in their order
            some = some.limit(at_most(max(COUNT_LIMIT, first + PAGE + 1)))
        ids = read.connection.execute(some).scalars().all()
        rows = select_rows(read.actor).where(case.c.id.in_(ids[first : first + PAGE])).order_by(*order)
        found = read.connection.execute(rows).all()
        names = read.connection.execute(_NAMES).all()
        log_read(read, "ärendelistan")
        return CaseList(
            tuple(map(row_of, found)),
            min(len(ids), COUNT_LIMIT),
            self.page,
            len(ids) > first + PAGE,
            tuple(sorted(((one.key, one.name) for one in names), key=lambda one: one[1])),
            among.looked_at,
            stretch.first if stretch else None,
            stretch.since if stretch else None,
            stretch.until if stretch else None,
        )

    def _among(self, read: Read) -> _Among:
        few = self._few(read)
        if few is not None:
            return _Among(sa.and_(case.c.id.in_(few), self._found(read)))
        wanted = words.words(self.search)
        if wanted:
            where = stretch(read, wanted, self._live, self.before)
            return _Among(sa.and_(where.cases, self._found(read, where.word)), stretch=where)
        found = self._found(read)
        if self.status or self.party:
            newest = sa.select(case.c.id).order_by(*_ORDER["changed"]).limit(at_most(WALK)).subquery()
            is_all = _is_few(read, sa.select(case.c.id), WALK)
            return _Among(sa.and_(case.c.id.in_(sa.select(newest.c.id)), found), None if is_all else WALK)
        if self.sort == "title":
            latest = sa.select(case.c.id).where(found).order_by(*_ORDER["changed"]).limit(at_most(SORTED_BY_TITLE + 1))
            ids = read.connection.execute(latest).scalars().all()
            is_all = len(ids) <= SORTED_BY_TITLE
            return _Among(case.c.id.in_(ids[:SORTED_BY_TITLE]), None if is_all else SORTED_BY_TITLE)
        return _Among(found)

    @property
    def _live(self) -> tuple[bool, ...]:
        """Whether cases in the wanted state are live ones."""
        if self.state in ("open", *ACTIVE):
            return (True,)
        return (False,) if self.state else (True, False)

    def _found(self, read: Read, known: str = "") -> sa.ColumnElement[bool]:
        return sa.and_(listed(read.actor), *self._known(), *self._filters(read, known))

    def _few(self, read: Read) -> sa.Select[Any] | None:
        """Ids among which the answer is, where an index tells that they are few."""
        every = sa.select(case.c.id)
        ways = []
        if CASE_NUMBER.fullmatch(self.search):
            ways.append(every.where(case.c.number == self.search.upper()))
        if self.process:
            ways.append(every.where(case.c.process == self.process))
        if self.state in UNUSUAL:
            ways.append(every.where(case.c.state == self.state, _UNUSUAL))
        if not (read.actor.holds("admin") or permissions.reads_everything(read.actor)):
            ways.append(readable_ids(read.actor, FEW + 1))
        return next((way for way in ways if _is_few(read, way, FEW)), None)

    def _known(self) -> Sequence[sa.ColumnElement[bool]]:
        """What the case's own row tells, in words no index knows: else SQLite would fetch all that have them."""
        filters: list[sa.ColumnElement[bool]] = []
        state, process = case.c.state.concat(""), case.c.process.concat("")
        if not self.parts:
            filters.append(case.c.parent_id.is_(None))
        if self.process:
            filters.append(process == self.process)
        if self.state in ("open", "closed"):
            filters.append(state.in_(ACTIVE) if self.state == "open" else state.not_in(ACTIVE))
        elif self.state:
            filters.append(state == self.state)
        return filters

    def _filters(self, read: Read, known: str) -> Sequence[sa.ColumnElement[bool]]:
        """What may only be looked for where the actor may look. `known`: a word that number or title have."""
        may_look_within = sa.and_(readable(read.actor), may_look_into(read.actor))
        filters: list[sa.ColumnElement[bool]] = []
        if self.search:
            wanted = words.words(self.search)
            rest = [word for word in wanted if word != known]
            inside = sa.and_(may_look_within, has_words(rest, case.c.number, case.c.title))
            filters.append(sa.or_(has_words(wanted, case.c.number), inside) if wanted else sa.false())
        for column, value in ((case.c.status, self.status), (case.c.party, self.party)):
            if value:
                filters.append(sa.and_(may_look_within, column == value))
        return filters


_UNUSUAL = case.c.state.not_in((sa.literal_column("'active'"), sa.literal_column("'completed'")))


def _is_few(read: Read, ids: sa.Select[Any], few: int) -> bool:
    beyond = ids.offset(at_most(few)).limit(at_most(1))
    return read.connection.execute(beyond).first() is None


_ORDER: dict[str, tuple[sa.ColumnElement[Any], ...]] = {
    "changed": (case.c.changed_at.desc(), case.c.id.desc()),
    "started": (case.c.id.desc(),),  # as they were numbered
    "number": (case.c.number,),
    "title": (sa.func.lower(case.c.title), case.c.id),
}
_newest = sa.select(sa.func.max(definition.c.id)).group_by(definition.c.key)
_NAMES = sa.select(definition.c.key, definition.c.name).where(definition.c.id.in_(_newest))


def listed(actor: Actor) -> sa.ColumnElement[bool]:
    """SQL: cases that may be in a list at all. The administrator sees that every case is there, not what it says."""
    return sa.true() if actor.holds("admin") else readable(actor)


def select_rows(actor: Actor, *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Columns for `row_of`; its caller adds which cases."""
    may_look = sa.and_(readable(actor), may_look_into(actor)).label("may_look")
    columns = (
        case.c.id,
        case.c.number,
        case.c.title,
        case.c.process,
        case.c.status,
        case.c.party,
        case.c.area,
        case.c.state,
        case.c.sealed_to,
        case.c.started_at,
        case.c.changed_at,
        case.c.ended_at,
    )
    return sa.select(*columns, definition.c.name.label("process_name"), definition.c.version, may_look, *more).join(
        definition, definition.c.id == case.c.definition_id
    )


def row_of(row: Any) -> CaseRow:
    may_look = bool(row.may_look)
    return CaseRow(
        id=row.id,
        number=row.number,
        title=row.title if may_look else None,
        process=row.process,
        process_name=row.process_name,
        version=row.version,
        status=row.status if may_look else None,
        party=row.party if may_look else None,
        area=row.area if may_look else None,
        state=row.state,
        is_sealed=row.sealed_to is not None,
        started_at=row.started_at,
        changed_at=row.changed_at,
        ended_at=row.ended_at,
        relation=getattr(row, "relation", None),
    )
