"""Ad-hoc sub-processes: what lies open in a case for somebody, begun and ended by those who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.bpmn import machine
from engine.bpmn.machine import AdHocWork, Offered, Stale
from engine.cases import facts, store
from engine.cases.store import Case
from engine.cases.tables import wait
from engine.engine import Read, Transaction
from engine.errors import Conflict
from engine.history.chain import Note
from engine.history.inputs import Input
from engine.identity import permissions
from engine.identity.permissions import Standing
from engine.identity.queries import person_named
from engine.runtime import steps


@dataclass(frozen=True, slots=True)
class BeginActivity:
    """Begin `element`, an activity of the ad-hoc sub-process that lies open under `wait`.

    NotFound for whoever may not begin it; Conflict where it cannot be begun now, or no longer.
    """

    case_id: int
    wait: int
    element: str

    def execute(self, tx: Transaction) -> None:
        case = store.lock(tx, self.case_id)
        work = _work(tx, case, self.wait)
        chosen = next((one for one in work.activities if one.element == self.element), None) if work else None
        standing = _standing(tx, chosen) if chosen else None
        if standing is None:
            raise _not_now(tx, case)
        store.require_active(case)
        try:
            played = steps.play(tx, case, Input("begin", self.wait, at=self.element))
        except Stale:
            raise _not_now(tx, case) from None
        note = Note("activity:begun", self.element, case.definition.graph.nodes[self.element].name or None)
        steps.advance(tx, case, played, steps.doer_of(tx.actor, standing), note)


@dataclass(frozen=True, slots=True)
class EndAdHoc:
    """Say that the work under `wait` is done: where the diagram has no condition for that, people decide.

    NotFound for whoever may not; Conflict where it lies open no longer; Refused where its condition decides.
    """

    case_id: int
    wait: int

    def execute(self, tx: Transaction) -> None:
        case = store.lock(tx, self.case_id)
        work = _work(tx, case, self.wait)
        standing = permissions.standing(tx.actor, work.candidates) if work else None
        if work is None or standing is None or tx.actor.person_id is None:
            raise _not_now(tx, case)
        store.require_active(case)
        played = steps.play(tx, case, Input("end", self.wait))
        note = Note("ad_hoc:ended", work.element, work.name)
        steps.advance(tx, case, played, steps.doer_of(tx.actor, standing), note)


@dataclass(frozen=True, slots=True)
class OpenWork:
    """An ad-hoc sub-process as one person sees it: what they may begin now (element, name), and may they end it?"""

    wait: int
    name: str
    activities: tuple[tuple[str, str], ...]
    may_end: bool


def open_to(read: Read, case: Case) -> Iterator[OpenWork]:
    """What the actor may begin or end in the case now; nothing while it is suspended."""
    if case.state != "active" or read.actor.person_id is None:
        return
    for number in read.connection.execute(_LYING_OPEN, {"of_case": case.id}).scalars().all():
        work = _work(read, case, number)
        if work is None:
            continue
        mine = tuple((one.element, one.name) for one in work.activities if _standing(read, one))
        may_end = work.ends_by_hand and permissions.standing(read.actor, work.candidates) is not None
        if mine or may_end:
            yield OpenWork(number, work.name, mine, may_end)


_LYING_OPEN = (
    sa.select(wait.c.wait).where(wait.c.case_id == bindparam("of_case"), wait.c.kind == "ad_hoc").order_by(wait.c.wait)
)


def _work(read: Read, case: Case, number: int) -> AdHocWork | None:
    if not case.data:
        return None
    return machine.ad_hoc_work(case.definition.graph, case.data, facts.environment(read, case.definition), number)


def _standing(read: Read, one: Offered) -> Standing | None:
    if read.actor.person_id is None:
        return None
    return permissions.standing_at_task(read.actor, one.candidates, person_named(read, one.assignee))


def _not_now(read: Read, case: Case) -> Exception:
    """To those who read the case it is told that somebody was faster; to others it is not there."""
    if not permissions.may_read(
        read.actor, readers=case.all_readers, started_by=case.started_by, sealed_to=case.sealed_to
    ):
        return store.not_found()
    return Conflict(
        "Expected an activity that this actor may begin now, but there is none of that kind.",
        "Det går inte att starta eller avsluta just nu. Någon kan ha hunnit före: så här ser ärendet ut nu.",
    )
