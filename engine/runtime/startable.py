"""What somebody may begin in ad-hoc work, page by page: beside the tasks of their inbox (`engine.runtime.inbox`).

offer (role, scope, side, offered_at, case_id, wait)     a role's offers, in order of time
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor, Membership
from engine.cases.tables import case, offer, wait
from engine.cases.words import words
from engine.definitions import store as definitions
from engine.engine import Read
from engine.identity import permissions
from engine.identity.permissions import Candidate
from engine.runtime.inbox import ALL, EVERYTHING, PAGE, STARTABLE, Search, begun_in, offered, require_place
from engine.runtime.offers import by_name
from engine.runtime.views.common import CASE_NUMBER, has_words


@dataclass(frozen=True, slots=True)
class StartableRow:
    """An ad-hoc sub-process in which the actor may begin `activities` now. `why`: the membership by which, None where
    they are theirs by name."""

    wait: int
    name: str
    activities: tuple[str, ...]
    case_id: int
    number: str
    title: str
    process: str
    party: str | None
    area: str | None
    since: datetime
    why: Membership | None
    next_key: str


@dataclass(frozen=True, slots=True)
class StartablePage:
    rows: Sequence[StartableRow]
    next_key: str | None


@dataclass(frozen=True, slots=True)
class Startable:
    """Newest first. `place`: STARTABLE or ALL for all of the actor's roles, or one of them as in `Inbox`."""

    place: str = STARTABLE
    search: Search = EVERYTHING
    after: str | None = None
    limit: int = PAGE

    def run(self, read: Read) -> StartablePage:
        if read.actor.person_id is None:
            return StartablePage((), None)
        require_place(read.actor, self.place, ALL, STARTABLE)
        found = read.connection.execute(_with_details(self._chosen(read))).all()
        whole = groupby(found, key=lambda row: (row.case_id, row.wait))
        rows = [_row(read, list(offers)) for _, offers in whole]
        shown = [row for row in rows[: self.limit] if row.activities]
        return StartablePage(shown, rows[self.limit - 1].next_key if len(rows) > self.limit else None)

    def _chosen(self, read: Read) -> sa.Subquery:
        """The first of each branch, and of these together the first."""
        newest = (offer.c.offered_at.desc(), offer.c.case_id.desc(), offer.c.wait.desc())
        parts = []
        for branch in offered(read.actor, self.place):
            rows = begun_in(sa.select(offer.c.offered_at, offer.c.case_id, offer.c.wait), read.actor)
            rows = self._narrowed(read, rows.where(branch)).distinct().order_by(*newest).limit(self.limit + 1)
            inner = rows.subquery()
            parts.append(sa.select(inner.c.offered_at, inner.c.case_id, inner.c.wait))
        together = sa.union(*parts).subquery("together")
        order = (together.c.offered_at.desc(), together.c.case_id.desc(), together.c.wait.desc())
        return sa.select(together).order_by(*order).limit(self.limit + 1).subquery("chosen")

    def _narrowed(self, read: Read, rows: sa.Select[Any]) -> sa.Select[Any]:
        search, after = self.search, _read_key(self.after)
        if search.late or search.held == "taken":
            rows = rows.where(sa.false())  # nothing is late here, or anybody's
        if CASE_NUMBER.fullmatch(search.text):
            rows = rows.where(case.c.number == search.text.upper())
        elif search.text:
            rows = rows.join(wait, _OF_OFFER).where(
                has_words(words(search.text) or [search.text], case.c.number, case.c.title, wait.c.name)
            )
        if search.process:
            rows = rows.where(case.c.process == search.process)
        if search.party:
            rows = rows.where(sa.or_(case.c.party == search.party, case.c.area == search.party))
        if after:
            at, case_id, number = after
            before = sa.or_(offer.c.case_id < case_id, sa.and_(offer.c.case_id == case_id, offer.c.wait < number))
            rows = rows.where(offer.c.offered_at <= at, sa.or_(offer.c.offered_at < at, before))
        return rows


_OF_OFFER = sa.and_(wait.c.case_id == offer.c.case_id, wait.c.wait == offer.c.wait)
_DETAILS = (
    offer.c.case_id, offer.c.wait, offer.c.role, offer.c.scope, offer.c.side, offer.c.elements, offer.c.offered_at,
    wait.c.name, case.c.number, case.c.title, case.c.process, case.c.party, case.c.area, case.c.definition_id,
)  # fmt: skip


def _with_details(chosen: sa.Subquery) -> sa.Select[Any]:
    """All offers under the waits that were chosen: whose they are is one rule, in Python."""
    return (
        sa.select(*_DETAILS)
        .select_from(chosen)
        .join(offer, sa.and_(offer.c.case_id == chosen.c.case_id, offer.c.wait == chosen.c.wait))
        .join(wait, _OF_OFFER)
        .join(case, case.c.id == offer.c.case_id)
        .order_by(chosen.c.offered_at.desc(), chosen.c.case_id.desc(), chosen.c.wait.desc())
    )


def _row(read: Read, offers: Sequence[Any]) -> StartableRow:
    one = offers[0]
    mine = [row for row in offers if _is_mine(read.actor, Candidate(row.role, row.scope, row.side))]
    elements = {element for row in mine for element in row.elements}
    nodes = definitions.load(read, one.definition_id).graph.nodes
    return StartableRow(
        wait=one.wait,
        name=one.name,
        activities=tuple(node.name or node.id for node in nodes.values() if node.id in elements),
        case_id=one.case_id,
        number=one.number,
        title=one.title,
        process=one.process,
        party=one.party,
        area=one.area,
        since=one.offered_at,
        why=_why(read.actor, [Candidate(row.role, row.scope, row.side) for row in mine]),
        next_key=_key(one),
    )


def _is_mine(actor: Actor, whom: Candidate) -> bool:
    if not whom.role:
        return actor.person_id is not None and whom == by_name(actor.person_id)
    return any(permissions.covers(held, whom) for held in actor.memberships)


def _why(actor: Actor, candidates: Iterable[Candidate]) -> Membership | None:
    wanted = [one for one in candidates if one.role]
    return next((held for held in actor.memberships if any(permissions.covers(held, one) for one in wanted)), None)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"([0-9]{1,17})\.([0-9]{1,18})\.([0-9]{1,9})", re.ASCII)


def _key(row: Any) -> str:
    return f"{(row.offered_at - _EPOCH) // timedelta(microseconds=1)}.{row.case_id}.{row.wait}"


def _read_key(text: str | None) -> tuple[datetime, int, int] | None:
    """Where a page ended; None for what is no such place."""
    found = _KEY.fullmatch(text or "")
    if not found:
        return None
    at, case_id, number = map(int, found.groups())
    try:
        return _EPOCH + timedelta(microseconds=at), case_id, number
    except OverflowError:
        return None
