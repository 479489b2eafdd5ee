"""Who waits for a signal, and its delivery: to each token by a job of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.cases.tables import wait
from engine.engine import Transaction
from engine.jobs import store as jobs

_WAITING = sa.select(wait.c.case_id, wait.c.wait, wait.c.element).where(
    wait.c.kind == "signal", wait.c.name == bindparam("name")
)


def waiting(tx: Transaction, name: str) -> Sequence[tuple[int, int, str]]:
    """Every token that waits for the signal now: (case, wait, element)."""
    return [(row[0], row[1], row[2]) for row in tx.connection.execute(_WAITING, {"name": name})]


def job(tx: Transaction, case_id: int, number: int, element: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Each delivery is a job of its own, and locks one case only."""
    return jobs.row("signal", tx.now, case_id=case_id, wait=number, element=element, payload={"variables": variables})
