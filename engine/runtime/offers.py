"""What may be begun now in ad-hoc sub-processes, and by whom: rows that follow each step, so that an inbox finds it by
an index and looks into no case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.bpmn import machine
from engine.cases import facts, runs
from engine.cases.store import Case
from engine.cases.tables import offer
from engine.engine import Transaction
from engine.identity import permissions
from engine.identity.permissions import Candidate
from engine.identity.queries import person_named
from engine.prepared import Prepared, Rows

Offers = dict[int, dict[Candidate, list[str]]]
"""Wait -> who -> the activities that they may begin. Without role: the person whose id the scope is."""


def by_name(person_id: int) -> Candidate:
    """How an offer stands for one person."""
    return Candidate("", str(person_id))


def of(tx: Transaction, case: Case) -> Offers:
    """What the case's open ad-hoc sub-processes offer, of those that the step just taken may have changed.

    In a case so big that its runs lie apart, what others in it wrote meanwhile is not followed; its page always is.
    """
    env = facts.environment(tx, case.definition)
    found: Offers = {}
    for number in [number for number, run in runs.in_hand(case.data).items() if run.get("open") == "ad_hoc"]:
        work = machine.ad_hoc_work(case.definition.graph, case.data, env, int(number))
        whom = found[int(number)] = {}
        for activity in work.activities if work else ():
            for one in _whom(tx, activity):
                whom.setdefault(one, []).append(activity.element)
    return found


def _whom(tx: Transaction, activity: machine.Offered) -> Collection[Candidate]:
    candidates = {one: None for one in map(permissions.parse, activity.candidates) if one.role}
    person_id = person_named(tx, activity.assignee)
    return candidates if person_id is None else {**candidates, by_name(person_id): None}


def asked(offers: Offers) -> Iterable[str]:
    """The candidates as texts."""
    return (str(one) for whom in offers.values() for one in whom if one.role)


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows to write: over for good, no longer offered to somebody, offered to somebody new, other activities."""

    over: list[dict[str, Any]]
    gone: list[dict[str, Any]]
    new: list[dict[str, Any]]
    other: list[dict[str, Any]]


_NOTHING = Changed([], [], [], [])
_BEFORE = sa.select(offer).where(
    offer.c.case_id == bindparam("of_case"), offer.c.wait.in_(bindparam("waits", expanding=True))
)
_OF_WAIT = sa.and_(offer.c.case_id == bindparam("of_case"), offer.c.wait == bindparam("of_wait"))
_THIS = sa.and_(
    _OF_WAIT, offer.c.role == bindparam("r"), offer.c.scope == bindparam("s"), offer.c.side == bindparam("d")
)
_INSERT = Rows(offer)
_UPDATE = Prepared(offer.update().where(_THIS).values(elements=bindparam("offered")))
_DELETE = Prepared(offer.delete().where(_THIS))
_DELETE_ALL = Prepared(offer.delete().where(_OF_WAIT))


def changes(tx: Transaction, case_id: int, offers: Offers, closed: Collection[int]) -> Changed:
    """How the rows of the case differ from what it offers now."""
    if not offers and not closed:
        return _NOTHING
    changed = Changed([{"of_case": case_id, "of_wait": number} for number in closed], [], [], [])
    rows = tx.connection.execute(_BEFORE, {"of_case": case_id, "waits": list(offers)}).all() if offers else ()
    before: dict[int, dict[Candidate, Any]] = {number: {} for number in offers}
    for row in rows:
        before[row.wait][Candidate(row.role, row.scope, row.side)] = row
    for number, whom in offers.items():
        _compare(tx, changed, {"of_case": case_id, "of_wait": number}, before[number], whom)
    return changed


def _compare(
    tx: Transaction,
    changed: Changed,
    at: Mapping[str, int],
    before: Mapping[Candidate, Any],
    now: Mapping[Candidate, list[str]],
) -> None:
    since = min((row.offered_at for row in before.values()), default=tx.now)
    for one, row in before.items():
        this = {**at, "r": one.role, "s": one.scope, "d": one.side}
        if one not in now:
            changed.gone.append(this)
        elif row.elements != now[one]:
            changed.other.append({**this, "offered": now[one]})
    changed.new.extend(
        {
            "case_id": at["of_case"],
            "wait": at["of_wait"],
            "role": one.role,
            "scope": one.scope,
            "side": one.side,
            "elements": elements,
            "offered_at": since,
        }
        for one, elements in now.items()
        if one not in before
    )


def write(tx: Transaction, changed: Changed) -> None:
    for statement, rows in (
        (_DELETE_ALL, changed.over),
        (_DELETE, changed.gone),
        (_UPDATE, changed.other),
        (_INSERT, changed.new),
    ):
        statement.many(tx.connection, rows)
