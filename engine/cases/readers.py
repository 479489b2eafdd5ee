"""Who may read a case. What one may not see is not there: the same NotFound for both."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.cases import store
from engine.cases.sight import may_look_into
from engine.cases.store import Case
from engine.cases.tables import case, case_reader, offer, task
from engine.db import at_most
from engine.engine import Read
from engine.identity import permissions
from engine.identity.queries import matches, matching


def readable(actor: Actor) -> sa.ColumnElement[bool]:
    """SQL: the cases that the actor may read; for lists. Asked of each case by its own rows, so that a list which stops
    after a page looks at few; how many an actor may read at all does not matter."""
    if permissions.reads_everything(actor):
        return sa.true()
    if actor.person_id is None:
        return sa.false()
    me = actor.person_id
    own = _first_of(task, sa.or_(task.c.assignee == me, task.c.closed_by == me))
    offered = _first_of(offer, sa.and_(offer.c.role == "", offer.c.scope == str(me), offer.c.side == ""))
    read = _first_of(case_reader, matching(case_reader, actor))
    return sa.and_(
        may_look_into(actor),
        sa.or_(
            case.c.started_by == me, case.c.sealed_to == me, read.is_not(None), own.is_not(None), offered.is_not(None)
        ),
    )


def _first_of(table: sa.Table, condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """A row of the case's own that fits, or null. No EXISTS and no IN: PostgreSQL would gather them for all cases."""
    return sa.select(table.c.case_id).where(table.c.case_id == case.c.id, condition).limit(at_most(1)).scalar_subquery()


_UNDONE = ("'open'", "'cancelled'")  # what is completed was closed by the one who had it; written out for the indexes


def readable_ids(actor: Actor, limit: int) -> sa.Select[Any]:
    """SQL: the ids of cases that the actor may read and perhaps of some sealed to others; of each reason for it no more
    than `limit`. For who may read few of them: so these are found without looking at the others."""
    me = actor.person_id
    reasons = [
        sa.select(table.c.case_id if "case_id" in table.c else table.c.id).where(condition).limit(at_most(limit))
        for table, condition in (
            *((case_reader, one) for one in matches(case_reader, actor)),
            *((task, sa.and_(task.c.assignee == me, task.c.state == sa.literal_column(one))) for one in _UNDONE),
            (task, task.c.closed_by == me),
            (offer, sa.and_(offer.c.role == "", offer.c.scope == str(me), offer.c.side == "")),
            (case, case.c.started_by == me),
            (case, case.c.sealed_to == me),
        )
    ]
    parts = [sa.select(reason.subquery().c[0]) for reason in reasons]
    return sa.select(sa.union(*parts).subquery().c[0])


def may_read(read: Read, one: Case) -> bool:
    may = permissions.may_read(read.actor, readers=one.all_readers, started_by=one.started_by, sealed_to=one.sealed_to)
    return may or (one.sealed_to is None and _worked_in(read, one))


def _worked_in(read: Read, one: Case) -> bool:
    me = read.actor.person_id
    if me is None:
        return False
    own = sa.select(task.c.id).where(task.c.case_id == one.id, sa.or_(task.c.assignee == me, task.c.closed_by == me))
    offered = sa.select(offer.c.wait).where(
        offer.c.case_id == one.id, offer.c.role == "", offer.c.scope == str(me), offer.c.side == ""
    )
    return any(read.connection.execute(rows.limit(1)).first() for rows in (own, offered))


def require_readable(read: Read, case_id: int) -> Case:
    one = store.load(read, case_id)
    if not may_read(read, one):
        raise store.not_found()
    return one
