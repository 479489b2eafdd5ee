"""Messages, which find exactly one case or wait for it, and signals, which reach every token that waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine import guard
from engine.bpmn.machine import Stale
from engine.cases import store
from engine.cases.tables import case as case_table
from engine.cases.tables import wait
from engine.definitions import store as definitions
from engine.definitions.starts import message_starts, needs_all, signal_starts, start_triggers
from engine.engine import Clash, Transaction
from engine.history.inputs import Input
from engine.identity import permissions
from engine.jobs import store as jobs
from engine.runtime import gathering, kept, signals, steps
from engine.runtime.held import Held, go_on, hold, taken


@dataclass(frozen=True, slots=True)
class PublishMessage:
    """Give a message to the case that waits for `name` with `key`; gives that case's id.

    Nobody waits: the process that starts by it starts, with the key as business key; was it ever started, the message
    has reached it. Else it is kept, for at most `ttl_days`, until somebody waits (gives None).
    """

    name: str
    key: str | None
    variables: Mapping[str, Any] = field(default_factory=dict)
    ttl_days: int = 365

    def execute(self, tx: Transaction) -> int | None:
        permissions.require(tx.actor, "admin", to="publish a message", att="skicka meddelanden till ärenden")
        guard.check_free_text(self.variables)
        return publish(tx, self.name, self.key, dict(self.variables), self.ttl_days)


@dataclass(frozen=True, slots=True)
class BroadcastSignal:
    """Give a signal to everybody who waits for it now, and to the processes that start by it; gives how many."""

    name: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    def execute(self, tx: Transaction) -> int:
        permissions.require(tx.actor, "admin", to="broadcast a signal", att="skicka signaler till ärenden")
        guard.check_free_text(self.variables)
        variables = dict(self.variables)
        waiting = signals.waiting(tx, self.name)
        rows = [signals.job(tx, case_id, number, element, variables) for case_id, number, element in waiting]
        rows += signal_starts(tx, self.name, variables)
        jobs.add(tx, rows)
        return len(rows)


@dataclass(frozen=True, slots=True)
class DeliverMessage:
    """Job: a message that a case threw or a handler published, or one that was kept until somebody waited."""

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> int | None:
        held = hold(tx, self.job_id, lock=False)
        held.take(tx, self.fence)
        message_id = held.payload.get("message")
        if message_id is None:
            return publish(tx, held.payload["name"], held.payload["key"], held.payload["variables"])
        row = kept.still(tx, message_id)
        if row is None:
            return None  # somebody else got it, or it has expired
        case_id = _hand_over(tx, row.name, row.key, row.variables)
        if case_id is not None:
            kept.delivered(tx, message_id, case_id)
        return case_id


@dataclass(frozen=True, slots=True)
class DeliverSignal:
    """Job: a signal for one token, or for one process that it starts. Where nobody waits any more, nothing happens."""

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> None:
        held = taken(tx, self.job_id, self.fence)
        if held is None:
            return
        variables = held.payload["variables"]
        if held.case is None:
            _start_by_signal(tx, held, variables)
        else:
            go_on(tx, held, Input("trigger", held.wait, variables))


def _start_by_signal(tx: Transaction, held: Held, variables: dict[str, Any]) -> None:
    definition = definitions.newest(tx, held.payload["process"])
    triggers = start_triggers(definition.graph, "signal") if definition else []
    node = next((one for one, _, _ in triggers if one.id == held.payload["event"]), None)
    if definition is None or node is None:
        return
    if not needs_all(node):
        steps.begin(tx, definition, steps.doer_of(tx.actor), {}, at=node.id, payload=variables)
    elif (node, held.payload["part"]) in [(one, part) for one, part, _ in triggers]:
        gathering.arrived(tx, definition, node, held.payload["part"], variables)


# --- who gets a message ----------------------------------------------------------------------------------------------

_WAITING = (
    sa.select(wait.c.case_id, wait.c.wait)
    .join(case_table, case_table.c.id == wait.c.case_id)
    .where(wait.c.kind == "message", wait.c.name == bindparam("name"), case_table.c.state == "active")
    .order_by(wait.c.id)
    .limit(1)
)
_WAITING_WITH_KEY = _WAITING.where(wait.c.key == bindparam("key"))
_WAITING_WITHOUT_KEY = _WAITING.where(wait.c.key.is_(None))


def publish(tx: Transaction, name: str, key: str | None, variables: dict[str, Any], ttl_days: int = 365) -> int | None:
    kept.meet(tx, name, key)
    case_id = _hand_over(tx, name, key, variables)
    if case_id is None:
        case_id, is_new = _start_by_message(tx, name, key, variables)
        if not is_new:
            kept.keep(tx, name, key, variables, ttl_days, case_id)
    return case_id


def _hand_over(tx: Transaction, name: str, key: str | None, variables: dict[str, Any]) -> int | None:
    """To the one that has waited longest. Its case is locked and asked again: it may have gone on meanwhile."""
    for _ in range(_TRIES):
        if key is None:
            row = tx.connection.execute(_WAITING_WITHOUT_KEY, {"name": name}).one_or_none()
        else:
            row = tx.connection.execute(_WAITING_WITH_KEY, {"name": name, "key": key}).one_or_none()
        if row is None:
            return None
        case = store.lock(tx, row.case_id)
        if case.state != "active":
            return None
        try:
            played = steps.play(tx, case, Input("trigger", row.wait, variables))
        except Stale:
            continue  # it went on while we waited for the lock; its row is gone for whoever looks now
        steps.advance(tx, case, played, steps.doer_of(tx.actor))
        return case.id
    raise Clash


_TRIES = 10


def _start_by_message(
    tx: Transaction, name: str, key: str | None, variables: dict[str, Any]
) -> tuple[int | None, bool]:
    """(the case that the message starts or once started, or None; whether it was started now)."""
    for definition, node in message_starts(tx, name):
        try:
            case = steps.begin(
                tx, definition, steps.doer_of(tx.actor), {}, business_key=key, at=node.id, payload=variables
            )
        except steps.AlreadyStarted as taken:
            return int(taken.details["case_id"]), False
        return case.id, True
    return gathering.message_came(tx, name, key, variables)
