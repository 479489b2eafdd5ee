"""What starts a case without a person: timers as jobs, messages and signals by name in the newest versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from engine.bpmn.model import Event, Graph, Node
from engine.calendar import TimerRule, iso
from engine.definitions import store
from engine.definitions.store import Definition
from engine.definitions.tables import start_arrival
from engine.engine import Read, Transaction
from engine.errors import BadTime, ExpressionError
from engine.jobs import store as jobs
from engine.jobs.tables import job
from engine.settings.functions import functions
from engine.settings.stored import Settings


def start_events(graph: Graph, kind: str, name: str | None = None) -> list[Node]:
    """What a process may start at by one trigger of a kind (none, message, timer, signal), and of a name where given:
    start events, receive tasks that instantiate, and what follows event-based gateways that do."""
    return [node for node in graph.ways_in if any(_is(event, kind, name) for event in _triggers(node))]


def start_triggers(graph: Graph, kind: str, name: str | None = None) -> list[tuple[Node, int, Event]]:
    """The same with each trigger, and its place among those of its event; also where all of them must come."""
    return [
        (node, part, event)
        for node in graph.ways_in
        for part, event in enumerate(node.event.triggers if node.event else ())
        if _is(event, kind, name)
    ]


def _triggers(node: Node) -> Sequence[Event]:
    """The triggers any of which is enough."""
    return () if needs_all(node) else (node.event or Event()).triggers


def needs_all(node: Node) -> bool:
    """Must all triggers have come before the process starts?"""
    return node.event is not None and node.event.kind == "parallelMultiple"


def _is(event: Event, kind: str, name: str | None) -> bool:
    return event.kind == kind and name in (None, event.name)


def message_starts(read: Read, name: str) -> Iterator[tuple[Definition, Node]]:
    for definition in store.all_newest(read):
        for node in start_events(definition.graph, "message", name):
            yield definition, node


def gathering_starts(read: Read, name: str) -> Iterator[tuple[Definition, Node, list[str]]]:
    """Start events that need several triggers, one of them a message `name`; with the names of the other messages."""
    for definition in store.all_newest(read):
        for node in definition.graph.ways_in:
            if needs_all(node):
                names = messages_of(node)
                if name in names:
                    names.remove(name)
                    yield definition, node, names


def messages_of(node: Node) -> list[str]:
    return [part.name or "" for part in (node.event or Event()).triggers if part.kind == "message"]


def signal_starts(read: Read, name: str, variables: dict[str, Any]) -> list[dict[str, Any]]:
    """One job per process that a signal of this name starts, or helps to start."""
    return [
        jobs.row(
            "signal",
            read.now,
            topic=definition.key,
            element=node.id,
            payload={"process": definition.key, "event": node.id, "variables": variables, "part": part},
        )
        for definition in store.all_newest(read)
        for node, part in _once_each(start_triggers(definition.graph, "signal", name))
    ]


def _once_each(found: Sequence[tuple[Node, int, Event]]) -> Iterator[tuple[Node, int]]:
    """Where any trigger is enough, two of one name are one."""
    seen: set[str] = set()
    for node, part, _ in found:
        if needs_all(node) or node.id not in seen:
            yield node, part
        seen.add(node.id)


# --- timers --------------------------------------------------------------------------------------------------------

_OPEN_STARTS = sa.select(job.c.id, job.c.element, job.c.due_at, job.c.payload).where(
    job.c.kind == "start_timer", job.c.topic == sa.bindparam("key"), job.c.state.in_(("waiting", "leased"))
)
_CANCEL = job.update().where(job.c.id == sa.bindparam("job_id")).values(state="cancelled")
_BY_KEY = sa.select(job.c.id, job.c.state).where(job.c.idempotency_key == sa.bindparam("key"))
_REVIVE = (
    job.update()
    .where(job.c.id == sa.bindparam("job_id"))
    .values(state="waiting", attempts=0, payload=sa.bindparam("given", type_=job.c.payload.type))
)


def replace_start_timers(tx: Transaction, key: str, graph: Graph | None) -> None:
    """The newest version's timers take the place of the older one's (None: no version starts any more).

    What is already due stays: the newest version starts it, so that no occurrence falls between two versions.
    """
    timers = start_timers(graph) if graph else {}
    overdue = set()
    for open_start in tx.connection.execute(_OPEN_STARTS, {"key": key}).all():
        which = (open_start.element, open_start.payload.get("timer", 0))
        if which in timers and open_start.due_at <= tx.now:
            overdue.add(which)
        else:
            tx.connection.execute(_CANCEL, {"job_id": open_start.id})
    for which, start in timers.items():
        text = rule_text(tx, start)
        if which not in overdue and text is not None:
            set_start_timer(tx, key, start, text, TimerRule.parse(text).first(tx.now), anchor=tx.now, fired=0)
    _forget_arrivals(tx, key, graph)


class StartTimer(NamedTuple):
    """A timer of a start event: the `nth` of its timers, the `part`-th of its triggers."""

    node: Node
    nth: int
    part: int
    event: Event


def start_timers(graph: Graph) -> dict[tuple[str, int], StartTimer]:
    """Start event and place among its timers -> the timer."""
    timers: dict[tuple[str, int], StartTimer] = {}
    for node, part, event in start_triggers(graph, "timer"):
        nth = sum(known == node.id for known, _ in timers)
        timers[node.id, nth] = StartTimer(node, nth, part, event)
    return timers


_ARRIVED = sa.select(start_arrival.c.element, start_arrival.c.part).where(start_arrival.c.process == sa.bindparam("of"))
_FORGET = start_arrival.delete().where(
    start_arrival.c.process == sa.bindparam("of"),
    start_arrival.c.element == sa.bindparam("at"),
    start_arrival.c.part == sa.bindparam("nth"),
)


def _forget_arrivals(tx: Transaction, key: str, graph: Graph | None) -> None:
    """What came for a start event of an older version, and is nothing that the newest one waits for."""
    awaited = {
        (node.id, part)
        for kind in ("signal", "timer", "conditional")
        for node, part, _ in (start_triggers(graph, kind) if graph else ())
        if needs_all(node)
    }
    for row in tx.connection.execute(_ARRIVED, {"of": key}).all():
        if (row.element, row.part) not in awaited:
            tx.connection.execute(_FORGET, {"of": key, "at": row.element, "nth": row.part})


def rule_text(read: Read, start: StartTimer) -> str | None:
    """What the start timer says now; None where it cannot be read (refused at deployment, unless a setting changed)."""
    timer = start.event.timer
    if timer is None:
        return None
    try:
        text = str(timer.evaluate({}, functions(read.now, Settings(read.connection))))
        TimerRule.parse(text)
    except (ExpressionError, BadTime):
        return None
    return text


def set_start_timer(
    tx: Transaction, key: str, start: StartTimer, rule: str, due: datetime | None, *, anchor: datetime, fired: int
) -> None:
    """One job per process, timer and due time, whatever happens: an occurrence starts at most once (R19)."""
    node, which = start.node, f"#{start.nth}" if start.nth else ""
    while due is not None:
        unique = f"start:{key}:{node.id}{which}:{iso(due)}"
        payload = {"process": key, "event": node.id, "rule": rule, "anchor": iso(anchor), "fired": fired}
        if start.nth:
            payload["timer"] = start.nth
        known = tx.connection.execute(_BY_KEY, {"key": unique}).one_or_none()
        if known is None:
            row = jobs.row(
                "start_timer", tx.now, due_at=due, topic=key, element=node.id, payload=payload, idempotency_key=unique
            )
            return jobs.add(tx, [row])
        if known.state != "done":
            tx.connection.execute(_REVIVE, {"job_id": known.id, "given": payload})
            return None
        fired += 1
        due = TimerRule.parse(rule).next(due, fired, anchor)
    return None
