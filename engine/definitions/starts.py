"""What starts a case without a person: timers as jobs, messages and signals by name in the newest versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn.model import Event, Graph, Node
from engine.calendar import TimerRule, iso
from engine.definitions import store
from engine.definitions.store import Definition
from engine.engine import Read, Transaction
from engine.errors import BadTime, ExpressionError
from engine.jobs import store as jobs
from engine.jobs.tables import job
from engine.settings import Settings, functions


def start_events(graph: Graph, kind: str, name: str | None = None) -> list[Node]:
    """What a process may start at by one trigger of a kind (none, message, timer, signal), and of a name where given:
    start events, receive tasks that instantiate, and what follows event-based gateways that do."""
    return [node for node in graph.ways_in if any(_is(event, kind, name) for event in _triggers(node))]


def _triggers(node: Node) -> Sequence[Event]:
    """The triggers any of which is enough."""
    event = node.event or Event()
    return () if event.kind == "parallelMultiple" else event.triggers


def _is(event: Event, kind: str, name: str | None) -> bool:
    return event.kind == kind and name in (None, event.name)


def message_starts(read: Read, name: str) -> Iterator[tuple[Definition, Node]]:
    for definition in store.all_newest(read):
        for node in start_events(definition.graph, "message", name):
            yield definition, node


def gathering_starts(read: Read, name: str) -> Iterator[tuple[Definition, Node, list[str]]]:
    """Start events that need several messages, one of them called `name`; with the names of the others."""
    for definition in store.all_newest(read):
        for node in definition.graph.ways_in:
            if node.event is not None and node.event.kind == "parallelMultiple":
                names = [part.name or "" for part in node.event.parts]
                if name in names:
                    names.remove(name)
                    yield definition, node, names


def signal_starts(read: Read, name: str, variables: dict[str, Any]) -> list[dict[str, Any]]:
    """One job per process that a signal of this name starts."""
    return [
        jobs.row(
            "signal",
            read.now,
            topic=definition.key,
            element=node.id,
            payload={"process": definition.key, "event": node.id, "variables": variables},
        )
        for definition in store.all_newest(read)
        for node in start_events(definition.graph, "signal", name)
    ]


# --- timers --------------------------------------------------------------------------------------------------------

_OPEN_STARTS = sa.select(job.c.id, job.c.element, job.c.due_at).where(
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
    events = {node.id: node for node in start_events(graph, "timer")} if graph else {}
    overdue = set()
    for open_start in tx.connection.execute(_OPEN_STARTS, {"key": key}).all():
        if open_start.element in events and open_start.due_at <= tx.now:
            overdue.add(open_start.element)
        else:
            tx.connection.execute(_CANCEL, {"job_id": open_start.id})
    for node in events.values():
        text = rule_text(tx, node)
        if node.id not in overdue and text is not None:
            set_start_timer(tx, key, node, text, TimerRule.parse(text).first(tx.now), anchor=tx.now, fired=0)


def rule_text(read: Read, node: Node) -> str | None:
    """What the start timer says now; None where it cannot be read (refused at deployment, unless a setting changed)."""
    timer = next((event.timer for event in _triggers(node) if event.timer is not None), None)
    if timer is None:
        return None
    try:
        text = str(timer.evaluate({}, functions(read.now, Settings(read.connection))))
        TimerRule.parse(text)
    except (ExpressionError, BadTime):
        return None
    return text


def set_start_timer(
    tx: Transaction, key: str, node: Node, rule: str, due: datetime | None, *, anchor: datetime, fired: int
) -> None:
    """One job per process, event and due time, whatever happens: an occurrence starts at most once (R19)."""
    while due is not None:
        unique = f"start:{key}:{node.id}:{iso(due)}"
        payload = {"process": key, "event": node.id, "rule": rule, "anchor": iso(anchor), "fired": fired}
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
