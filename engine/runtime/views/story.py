"""A case's history as its readers may see it: what is withheld from them, or sealed, is marked as such."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn.model import Graph
from engine.cases.sight import Sight
from engine.cases.store import Case
from engine.engine import Read
from engine.history.tables import ROWS_PER_CASE, history
from engine.jobs.tables import incident

TOLD = frozenset(
    {
        "case:started",
        "case:ended",
        "case:suspended",
        "case:resumed",
        "case:cancelled",
        "case:called",
        "case:returned",
        "case:reopened",
        "compensation:called",
        "activity:begun",
        "ad_hoc:opened",
        "ad_hoc:ended",
        "ad_hoc:closed",
        "task:completed",
        "task:delegated",
        "task:cancelled",
        "message:received",
        "message:sent",
        "signal:received",
        "signal:sent",
        "condition:met",
        "store:written",
        "service:finished",
        "element:compensated",
        "incident:opened",
        "incident:retried",
        "incident:resolved",
        "wait:skipped",
        "comment:added",
    }
)
"""Kinds of rows that tell people something; the others only prove how the case moved, but for those of `turns_of`."""

_TURNS = frozenset({"escalation", "error", "terminate"})

SEALED = {"forseglad": True}
"""What stands instead of data in a case that is sealed to somebody else (R3)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of history. `changes`: variable -> (before, after), absent ones None; `data`: what else the row tells."""

    seq: int
    at: datetime
    kind: str
    element: str | None
    element_name: str | None
    outcome: str | None
    person: str
    person_id: int | None
    role: str | None
    party: str | None
    definition_key: str
    version: int
    changes: Mapping[str, tuple[Any, Any]]
    data: Mapping[str, Any]
    hash: str
    is_sealed: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """Newest first. `older_than`: the number to ask from for the page after this one, None at the beginning."""

    events: tuple[Event, ...]
    older_than: int | None


def turns_of(graph: Graph) -> sa.ColumnElement[bool]:
    """SQL: rows where the case took a turn: what was thrown up the scopes or caught there, a transaction that was
    cancelled, all ended at once, a service's error."""
    events = [
        node.id
        for node in graph.nodes.values()
        if node.event is not None and any(event.kind in _TURNS for event in node.event.triggers)
    ]
    cancelled = [node.id for node in graph.nodes.values() if node.kind == "transaction"]
    passed = history.c.kind == "element:passed"
    return sa.or_(
        sa.and_(passed, history.c.element.in_(events), history.c.outcome == "completed"),
        sa.and_(passed, history.c.element.in_(cancelled), history.c.outcome == "cancelled"),
        sa.and_(history.c.kind == "service:failed", history.c.outcome == "failed"),
    )


def read_story(
    read: Read, one: Case, sight: Sight, *, before: int | None, limit: int, kinds: Collection[str] | None
) -> Story:
    first = one.id * ROWS_PER_CASE
    rows = (
        sa.select(history)
        .where(history.c.id.between(first + 1, first + (before or ROWS_PER_CASE) - 1))
        .order_by(history.c.id.desc())
        .limit(limit + 1)
    )
    if kinds is not None:
        rows = rows.where(sa.or_(history.c.kind.in_(kinds), turns_of(one.definition.graph)))
    found = read.connection.execute(rows).all()
    shown = found[:limit]
    english = _in_english(read, one) if any(row.kind in _FAILED for row in shown) else {}
    events = tuple(_event(row, sight, english) for row in shown)
    return Story(events, shown[-1].seq if len(found) > limit else None)


_FAILED = ("incident:opened", "service:failed")


def _in_english(read: Read, one: Case) -> dict[str, str]:
    """What went wrong in the case, in English by the Swedish: history tells it in Swedish only."""
    rows = sa.select(incident.c.message, incident.c.message_en).where(
        incident.c.case_id == one.id, incident.c.message_en.is_not(None)
    )
    return {row.message: row.message_en for row in read.connection.execute(rows)}


def _event(row: Any, sight: Sight, english: Mapping[str, str]) -> Event:
    data = sight.told(row.data) or {}
    changes = data.pop("changes", {})
    if row.kind in _FAILED and data.get("message") in english:
        data["message_en"] = english[data["message"]]
    return Event(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        element=row.element,
        element_name=row.element_name,
        outcome=row.outcome,
        person=row.person_name,
        person_id=row.person_id,
        role=row.role,
        party=row.party,
        definition_key=row.definition_key,
        version=row.definition_version,
        changes={name: (change.get("before"), change.get("after")) for name, change in changes.items()},
        data=data,
        hash=row.hash,
        is_sealed=bool(row.data) and not sight.may_look,
    )
