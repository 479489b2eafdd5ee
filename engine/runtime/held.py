"""A leased job in the hands of a command: its case is locked first, then the lease is asked for; then it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.bpmn.machine import Stale
from engine.cases import store
from engine.cases.store import Case
from engine.engine import Transaction
from engine.history.inputs import Input
from engine.identity import permissions
from engine.jobs import store as jobs
from engine.jobs.store import Job
from engine.runtime import steps


@dataclass(frozen=True, slots=True)
class Held:
    job: Job
    case: Case | None

    @property
    def wait(self) -> int:
        return self.job.wait or 0

    @property
    def payload(self) -> dict[str, Any]:
        return self.job.payload or {}

    @property
    def of_case(self) -> Case:
        """The case of a job that has one."""
        if self.case is None:
            raise store.not_found()
        return self.case

    def is_ready(self, tx: Transaction, fence: int) -> bool:
        """False where the case was suspended meanwhile: the job then goes back into the queue, and waits."""
        if self.case is not None and self.case.state == "suspended":
            self.put_off(tx, fence, self.job.due_at, attempts=self.job.attempts - 1)
            return False
        return True

    def take(self, tx: Transaction, fence: int) -> None:
        """The job is done, with this transaction. Conflict under an old lease."""
        jobs.take(tx, self.job, fence)

    def put_off(
        self,
        tx: Transaction,
        fence: int,
        due_at: datetime,
        *,
        attempts: int,
        error: str | None = None,
        error_en: str | None = None,
    ) -> None:
        jobs.put_off(tx, self.job, fence, due_at, attempts=attempts, error=error, error_en=error_en)


def hold(tx: Transaction, job_id: int, *, lock: bool = True) -> Held:
    """The job, with its case locked; only the house's own workers may."""
    permissions.require(tx.actor, to="carry out a job", att="utföra systemets jobb")
    found = jobs.find(tx, job_id)
    return Held(found, store.lock(tx, found.case_id) if lock and found.case_id is not None else None)


def taken(tx: Transaction, job_id: int, fence: int) -> Held | None:
    """The job, held and done with this transaction; None where it was put back: its case was suspended meanwhile."""
    held = hold(tx, job_id)
    if not held.is_ready(tx, fence):
        return None
    held.take(tx, fence)
    return held


def go_on(tx: Transaction, held: Held, what: Input) -> None:
    """Give the job's case what came of it. Nothing happens where the case went on without it."""
    case = held.of_case
    try:
        played = steps.play(tx, case, what)
    except Stale:
        return
    steps.advance(tx, case, played, steps.doer_of(tx.actor))
