"""A leased job in the hands of a command: its case is locked first, then the lease is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.cases import store
from engine.cases.store import Case
from engine.engine import Transaction
from engine.identity import permissions
from engine.jobs import store as jobs
from engine.jobs.store import Job


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
        self, tx: Transaction, fence: int, due_at: datetime, *, attempts: int, error: str | None = None
    ) -> None:
        jobs.put_off(tx, self.job, fence, due_at, attempts=attempts, error=error)


def hold(tx: Transaction, job_id: int, *, lock: bool = True) -> Held:
    """The job, with its case locked; only the house's own workers may."""
    permissions.require(tx.actor, to="carry out a job", att="utföra systemets jobb")
    found = jobs.find(tx, job_id)
    return Held(found, store.lock(tx, found.case_id) if lock and found.case_id is not None else None)
