"""Conditions on data stores: the cases that wait for one are told what another case wrote, each write in its turn. And
the processes that start by a condition, begun when it has become true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from engine.bpmn.machine import Stale
from engine.definitions import conditions
from engine.definitions import store as definitions
from engine.definitions.starts import needs_all
from engine.engine import Transaction
from engine.history.inputs import Input
from engine.jobs import store as jobs
from engine.runtime import gathering, steps
from engine.runtime.held import hold


@dataclass(frozen=True, slots=True)
class LookIntoStores:
    """Job: another case has written to data stores that conditions of this case look into.

    The job carries what was written: a condition that became true counts, even where the store was written again before
    the worker came. One write after the other, as they were made, whichever worker is first.
    """

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> None:
        held = hold(tx, self.job_id)
        if not held.is_ready(tx, self.fence):
            return
        if jobs.has_earlier(tx, held.job):
            held.put_off(tx, self.fence, tx.now + _SOON, attempts=held.job.attempts - 1)
            return
        held.take(tx, self.fence)
        case = held.of_case
        try:
            played = steps.play(tx, case, Input("look", given=held.payload["stores"]))
        except Stale:
            return
        if played.step.changes:
            steps.advance(tx, case, played, steps.doer_of(tx.actor))


_SOON = timedelta(seconds=1)
"""The worker that has the earlier one is at work on it, or will be once its lease has run out."""


@dataclass(frozen=True, slots=True)
class StartByCondition:
    """Job: the condition of a start event has become true; a case of the newest version begins. One that exists already
    (its business key) is left alone, quietly."""

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> int | None:
        held = hold(tx, self.job_id)
        held.take(tx, self.fence)
        definition, element = definitions.newest(tx, held.payload["process"]), held.payload["event"]
        starts = conditions.conditional_starts(definition.graph) if definition else ()
        if definition is None or (element, held.payload["part"]) not in {(one.element, one.part) for one in starts}:
            return None
        node = definition.graph.nodes[element]
        if needs_all(node):
            return gathering.arrived(tx, definition, node, held.payload["part"], {})
        try:
            return steps.begin(tx, definition, steps.doer_of(tx.actor), {}, at=element).id
        except steps.AlreadyStarted:
            return None


@dataclass(frozen=True, slots=True)
class TickStarts:
    """Job: time has passed for the conditions on it that a process starts by. After an outage they are tried once."""

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> None:
        held = hold(tx, self.job_id)
        held.take(tx, self.fence)
        definition = definitions.newest(tx, held.payload["process"])
        if definition is None:
            return
        jobs.add(tx, conditions.after_time(tx, definition))
        starts = conditions.conditional_starts(definition.graph)
        conditions.set_tick(tx, definition.key, starts, after=held.job.id)
