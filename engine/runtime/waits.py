"""What a case waits for, and an administrator says has happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import guard
from engine.cases import store
from engine.engine import Transaction
from engine.errors import Conflict
from engine.history.chain import Note
from engine.history.inputs import Input
from engine.identity import permissions
from engine.jobs import store as jobs
from engine.runtime import steps, texts

EVENTS = frozenset({"message", "signal", "timer", "condition", "data"})


@dataclass(frozen=True, slots=True)
class SkipWait:
    """Let a case go on as if what it waits for under `wait` had come with `variables`; `note` says why, in the history.

    A message, signal, timer, condition or data; also one of several triggers of an event, one of the alternatives of an
    event-based gateway, and what listens at an activity's edge. Conflict where nothing waits there any more.
    """

    case_id: int
    wait: int
    note: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    def execute(self, tx: Transaction) -> None:
        permissions.require(tx.actor, "admin", to="let a case go on", att="låta ärenden gå vidare")
        note = texts.free_text(self.note, path="note", what="varför ärendet går vidare")
        guard.check_free_text(self.variables)
        case = store.lock(tx, self.case_id)
        store.require_active(case)
        run = case.data["runs"].get(str(self.wait), {})
        if run.get("open") not in EVENTS:
            raise Conflict(
                f"Expected an event to be waited for under number {self.wait}, but none is.",
                "Det som ärendet väntade på har redan kommit, eller behövs inte längre.",
            )
        node = case.definition.graph.nodes[run["at"]]
        told = Note("wait:skipped", node.id, node.name or None, None, {"note": note})
        is_timer = run["open"] == "timer"
        played = steps.play(tx, case, Input("skip", self.wait, dict(self.variables)))
        steps.advance(tx, case, played, steps.doer_of(tx.actor), told)
        if is_timer:
            jobs.cancel(tx, case.id, [self.wait])
