"""Timers: those a case has set, and those that start cases. Each due time fires once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from engine.calendar import TimerRule, local, parse_iso
from engine.definitions import store as definitions
from engine.definitions.starts import StartTimer, needs_all, rule_text, set_start_timer, start_timers
from engine.engine import Transaction
from engine.history.inputs import Input
from engine.jobs.store import Job
from engine.runtime import gathering, steps
from engine.runtime.held import go_on, hold, taken


@dataclass(frozen=True, slots=True)
class FireTimer:
    """Job: the case's timer is due. A timer that nobody waits for any more is closed quietly."""

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> None:
        held = taken(tx, self.job_id, self.fence)
        if held is not None:
            go_on(tx, held, Input("trigger", held.wait))


@dataclass(frozen=True, slots=True)
class StartByTimer:
    """Job: the calendar starts a case of the newest version, with `planerad_tid`, and sets the timer for the next one.

    The next is counted from when this one was due, not from now: what an outage missed is caught up with, each once. A
    case that already exists for the occurrence (its business key) is left alone, quietly (R19).
    """

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> int | None:
        held = hold(tx, self.job_id)
        held.take(tx, self.fence)
        payload, due = held.payload, held.job.due_at
        definition = definitions.newest(tx, payload["process"])
        timers = start_timers(definition.graph) if definition else {}
        timer = timers.get((payload["event"], payload.get("timer", 0)))
        if definition is None or timer is None:
            return None
        self._set_next(tx, held.job, timer)
        planned = {"planerad_tid": local(due).isoformat()}
        if needs_all(timer.node):
            return gathering.arrived(tx, definition, timer.node, timer.part, planned)
        try:
            return steps.begin(tx, definition, steps.doer_of(tx.actor), planned, at=timer.node.id).id
        except steps.AlreadyStarted:
            return None

    def _set_next(self, tx: Transaction, job: Job, timer: StartTimer) -> None:
        rule, payload = rule_text(tx, timer), job.payload
        if rule is None:
            return
        anchor, fired, after = parse_iso(payload["anchor"]), payload["fired"] + 1, job.due_at
        if rule != payload["rule"]:  # a newer version, or a changed setting: counted anew from here
            anchor, fired = tx.now, 0
            following = TimerRule.parse(rule).first(max(after + _AN_INSTANT, tx.now))
        else:
            following = TimerRule.parse(rule).next(after, fired, anchor)
        set_start_timer(tx, payload["process"], timer, rule, following, anchor=anchor, fired=fired)


_AN_INSTANT = timedelta(microseconds=1)
