"""Words that cases have lost, forgotten by the worker."""

from __future__ import annotations

from dataclasses import dataclass

from engine.cases import words
from engine.engine import Transaction
from engine.runtime.held import hold


@dataclass(frozen=True, slots=True)
class ForgetWords:
    """Job: a case has lost words by which it was found. Those that no other case has are nowhere afterwards."""

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> None:
        held = hold(tx, self.job_id)
        held.take(tx, self.fence)
        words.forget(tx, held.payload["words"])
