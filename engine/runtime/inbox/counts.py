"""How much stands in each place."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.actor import Actor
from engine.cases.tables import offer
from engine.db import at_most
from engine.definitions.tables import definition
from engine.engine import Read
from engine.runtime.inbox.places import LATE, MINE, STARTABLE, begun_in, offered, whole_branches, working_roles
from engine.runtime.inbox.search import Search, open_tasks

COUNT_LIMIT = 1000


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
        for branch in whole_branches(read.actor, place):
            rows, _, _ = open_tasks(read, branch, Search(late=place == LATE))
            inner = rows.limit(at_most(COUNT_LIMIT)).subquery()
            parts.append(sa.select(inner.c.task_id))
        # A union counts a task once, by however many of its candidates it is found.
        together = sa.union(*parts).limit(at_most(COUNT_LIMIT)).subquery()
        return sa.select(sa.func.count()).select_from(together).scalar_subquery()


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
