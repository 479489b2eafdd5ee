"""Jobs leased by workers. A lease is a hint; what counts is its fence, one more each time the job is leased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.cases.tables import case
from engine.db import at_most
from engine.engine import Read, Transaction
from engine.identity import permissions
from engine.jobs.store import COLUMNS, Job
from engine.jobs.tables import job

# Written out, not bound: only so can PostgreSQL's prepared statements use the indexes over open jobs.
_WAITING = job.c.state == sa.literal_column("'waiting'")
_LEASED = job.c.state == sa.literal_column("'leased'")

_SUSPENDED = sa.exists().where(case.c.id == job.c.case_id, case.c.state == "suspended")
_DUE = (
    sa.select(job.c.id)
    .where(_WAITING, job.c.due_at <= bindparam("now"), ~_SUSPENDED)
    .order_by(job.c.due_at, job.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True, of=job)
    .cte("due")
)
_LEASE = (
    job.update()
    .where(job.c.id.in_(sa.select(_DUE.c.id)))
    .values(
        state="leased",
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
        fence=job.c.fence + 1,
        attempts=job.c.attempts + 1,
    )
    .returning(*COLUMNS)
)
_STALLED = job.update().where(_LEASED, job.c.lease_until <= bindparam("now")).values(state="waiting", lease_until=None)
_RETURN = (
    job.update()
    .where(job.c.id == bindparam("job_id"), job.c.fence == bindparam("held"), _LEASED)
    .values(state="waiting", lease_until=None, attempts=job.c.attempts - 1)
)


@dataclass(frozen=True, slots=True)
class LeaseJobs:
    """Up to `limit` due jobs, the oldest first, for `owner` alone during `seconds`.

    Leases that ran out are taken back first: what a worker left behind when it died is done by the next one.
    """

    owner: str
    limit: int = 20
    seconds: float = 30

    def execute(self, tx: Transaction) -> list[Job]:
        permissions.require(tx.actor, to="lease jobs", att="utföra systemets jobb")
        tx.connection.execute(_STALLED, {"now": tx.now})
        values: dict[str, Any] = {
            "now": tx.now,
            "at_most": self.limit,
            "owner": self.owner,
            "until": tx.now + timedelta(seconds=self.seconds),
        }
        leased = [Job(*row) for row in tx.connection.execute(_LEASE, values)]
        return sorted(leased, key=lambda one: (one.due_at, one.id))


@dataclass(frozen=True, slots=True)
class NextDue:
    """When the next job is due that could be done; None where there is none. For whoever moves a virtual clock."""

    def run(self, read: Read) -> datetime | None:
        found: datetime | None = read.connection.execute(_NEXT_DUE).scalar()
        return found


_NEXT_DUE = sa.select(job.c.due_at).where(_WAITING, ~_SUSPENDED).order_by(job.c.due_at).limit(at_most(1))


@dataclass(frozen=True, slots=True)
class ReturnJobs:
    """Jobs leased but not begun, back into the queue; that attempt does not count."""

    leased: Sequence[Job]

    def execute(self, tx: Transaction) -> None:
        if self.leased:
            tx.connection.execute(_RETURN, [{"job_id": one.id, "held": one.fence} for one in self.leased])
