"""What went wrong and waits for a decision: tried again, or helped past by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine import guard
from engine.bpmn.machine import Stale
from engine.cases import store
from engine.cases.store import Case
from engine.engine import Transaction
from engine.errors import Conflict, NotFound, Refused
from engine.history.chain import Note
from engine.history.inputs import Input
from engine.identity import permissions
from engine.jobs.store import clock_time
from engine.jobs.tables import incident, job, mail
from engine.runtime import apply, steps, texts


@dataclass(frozen=True, slots=True)
class RetryIncident:
    """Try again what failed: the job goes back into the queue, the parked element is played anew."""

    incident_id: int

    def execute(self, tx: Transaction) -> None:
        row, case = _in_hand(tx, self.incident_id)
        _close(tx, row, "retried")
        doer = steps.doer_of(tx.actor)
        if case is not None and row.job_id is None:
            played = steps.play(tx, case, Input("retry", row.wait))
            steps.advance(tx, case, played, doer, _note(case, row, "incident:retried"))
        elif case is not None:
            apply.note_down(tx, case, doer, _note(case, row, "incident:retried"))
        if row.job_id is not None:
            _queue_again(tx, row.job_id)


@dataclass(frozen=True, slots=True)
class ResolveIncident:
    """Go on as if the element had completed with `variables`; `note` says why, for the history.

    A mail or message that could not be delivered is given up.
    """

    incident_id: int
    note: str
    variables: Mapping[str, Any] = field(default_factory=dict)

    def execute(self, tx: Transaction) -> None:
        note = texts.free_text(self.note, path="note", what="hur det löstes")
        guard.check_free_text(self.variables)
        row, case = _in_hand(tx, self.incident_id)
        _close(tx, row, "resolved", note)
        if row.job_id is not None:
            tx.connection.execute(_DROP_JOB, {"of_job": row.job_id})
        if case is None:
            return
        told = _note(case, row, "incident:resolved", {"note": note})
        if row.wait is None:
            apply.note_down(tx, case, steps.doer_of(tx.actor), told)
            return
        try:
            played = steps.play(tx, case, Input("skip", row.wait, dict(self.variables)))
        except Stale:
            apply.note_down(tx, case, steps.doer_of(tx.actor), told)
            return
        steps.advance(tx, case, played, steps.doer_of(tx.actor), told)


_BY_ID = sa.select(incident).where(incident.c.id == bindparam("incident_id"))
_CLOSE = (
    incident.update()
    .where(incident.c.id == bindparam("of_incident"), incident.c.state == "open")
    .values(state=bindparam("to"), closed_at=bindparam("at"), closed_by=bindparam("by"), note=bindparam("why"))
)
_QUEUE_AGAIN = (
    job.update()
    .where(job.c.id == bindparam("of_job"), job.c.state == "failed")
    .values(state="waiting", attempts=0, due_at=bindparam("at"))
)
_QUEUE_MAIL = mail.update().where(mail.c.job_id == bindparam("of_job")).values(status="queued")
_DROP_JOB = (
    job.update().where(job.c.id == bindparam("of_job"), job.c.state == "failed").values(state="cancelled", payload=None)
)


def _in_hand(tx: Transaction, incident_id: int) -> tuple[Any, Case | None]:
    """The open incident, with its case locked. Conflict where somebody has decided about it already."""
    permissions.require(tx.actor, "admin", to="decide about an incident", att="avgöra incidenter")
    row = tx.connection.execute(_BY_ID, {"incident_id": incident_id}).one_or_none()
    if row is None:
        raise NotFound(f"Expected an incident {incident_id}, but there is none.", "Incidenten finns inte.")
    case = store.lock(tx, row.case_id) if row.case_id is not None else None
    if case is not None:  # it may have been closed while we waited for the lock
        row = tx.connection.execute(_BY_ID, {"incident_id": incident_id}).one()
    if row.state != "open":
        when = clock_time(row.closed_at, tx.now)
        raise Conflict(
            f"Expected an open incident, but it was {row.state} {when}.",
            f"Incidenten är redan hanterad, {when}.",
            when=row.closed_at,
        )
    if case is not None and case.state == "suspended":
        store.require_active(case)
    return row, case


def _close(tx: Transaction, row: Any, state: str, note: str | None = None) -> None:
    values = {"of_incident": row.id, "to": state, "at": tx.now, "by": tx.actor.person_id, "why": note}
    if not tx.connection.execute(_CLOSE, values).rowcount:
        raise Refused("Expected an open incident, but it was closed just now.", "Incidenten är redan hanterad.")


def _note(case: Case, row: Any, kind: str, data: Mapping[str, Any] | None = None) -> Note:
    node = case.definition.graph.nodes.get(row.element or "")
    return Note(kind, row.element, node.name if node else None, None, data)


def _queue_again(tx: Transaction, job_id: int) -> None:
    tx.connection.execute(_QUEUE_AGAIN, {"of_job": job_id, "at": tx.now})
    tx.connection.execute(_QUEUE_MAIL, {"of_job": job_id})
    tx.after_commit.append(tx.engine.wake)
