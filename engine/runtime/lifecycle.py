"""Cases as a whole: started, suspended, resumed, cancelled."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine import guard
from engine.bpmn.model import Node
from engine.cases import store
from engine.cases.store import Case
from engine.cases.tables import case as case_table
from engine.cases.tables import case_start, wait
from engine.db import dumps
from engine.definitions import store as definitions
from engine.definitions.starts import start_events
from engine.definitions.store import Definition
from engine.engine import Transaction
from engine.errors import Conflict, NotFound, Refused
from engine.history.chain import Note
from engine.history.inputs import Input
from engine.identity import permissions
from engine.jobs import store as jobs
from engine.runtime import apply, kept, steps, texts

_STARTED_BY = sa.select(case_start.c.case_id).where(case_start.c.form == sa.bindparam("sent"))


@dataclass(frozen=True, slots=True)
class StartCase:
    """Start a case of the process's newest version; gives its id.

    By hand: the start form decides what may be said; without a form, nothing. The house itself may give any variables.
    Conflict where the process has a case with the same business key already (R19).

    `once`: a token of the form that was sent. The same form with the same answers, sent again by the same person,
    starts nothing and gives the case that it started.
    """

    process: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    business_key: str | None = None
    message: str | None = None
    once: str | None = None

    def execute(self, tx: Transaction) -> int:
        definition = definitions.newest(tx, self.process)
        standing = permissions.standing_at_start(tx.actor, definition.graph.starter_roles) if definition else None
        if definition is None or standing is None:
            raise definitions.not_found()
        node = self._start_event(definition)
        doer = steps.doer_of(tx.actor, standing)
        data = self._data(tx, definition, node, steps.seen_at_start(tx, doer))
        sent = self._sent(tx, data)
        started: int | None = tx.connection.execute(_STARTED_BY, {"sent": sent}).scalar() if sent else None
        if started is not None:
            return started
        at = node.id if self.message else None
        case = steps.begin(tx, definition, doer, data, business_key=self.business_key, at=at)
        if sent:
            # Of two at the same moment the second finds the row taken, is run again, and gives the first one's case.
            tx.connection.execute(case_start.insert(), {"form": sent, "case_id": case.id})
        return case.id

    def _sent(self, tx: Transaction, data: Mapping[str, Any]) -> str | None:
        if not self.once:
            return None
        return hashlib.sha256(dumps([self.process, tx.actor.person_id, self.once, data]).encode()).hexdigest()

    def _start_event(self, definition: Definition) -> Node:
        kind = "message" if self.message else "none"
        for node in start_events(definition.graph, kind, self.message):
            return node
        raise NotFound(
            f"Expected a start event of {self.process} for this, but there is none.",
            "Processen kan inte startas på det sättet.",
        )

    def _data(self, tx: Transaction, definition: Definition, node: Node, seen: Mapping[str, Any]) -> dict[str, Any]:
        form = node.work.form if node.work else None
        if form is not None and not (tx.actor.is_system and self.message):
            return texts.validated(tx, definition.form(form), self.variables, seen)
        if self.variables and not tx.actor.is_system:
            raise texts.no_form()
        guard.check_free_text(self.variables)
        return dict(self.variables)


@dataclass(frozen=True, slots=True)
class SuspendCase:
    """Nothing can be done in the case, and in those it called, and none of its timers fires, until it is resumed."""

    case_id: int
    reason: str

    def execute(self, tx: Transaction) -> None:
        _require_admin(tx, "suspend a case", "pausa ärenden")
        reason = texts.reason(self.reason)
        case = store.lock(tx, self.case_id)
        store.require_active(case)
        for one in _family(tx, case):
            if one.state == "active":
                one.state = "suspended"
                apply.note_down(tx, one, steps.doer_of(tx.actor), Note("case:suspended", data={"reason": reason}))


@dataclass(frozen=True, slots=True)
class ResumeCase:
    case_id: int

    def execute(self, tx: Transaction) -> None:
        _require_admin(tx, "resume a case", "återuppta ärenden")
        case = store.lock(tx, self.case_id)
        if case.state != "suspended":
            raise Conflict(
                f"Expected a suspended case, but {case.number} is {case.state}.",
                f"Ärende {case.number} är inte pausat.",
            )
        for one in _family(tx, case):
            if one.state == "suspended":
                one.state = "active"
                apply.note_down(tx, one, steps.doer_of(tx.actor), Note("case:resumed"))
                _hand_out_kept_messages(tx, one)
        tx.after_commit.append(tx.engine.wake)


@dataclass(frozen=True, slots=True)
class CancelCase:
    """End the case, and those it called, with everything that is open in them. Nothing is deleted (R53)."""

    case_id: int
    reason: str

    def execute(self, tx: Transaction) -> None:
        _require_admin(tx, "cancel a case", "avbryta ärenden")
        reason = texts.reason(self.reason)
        case = store.lock(tx, self.case_id)
        if case.state not in store.LIVE:
            raise Conflict(
                f"Expected a live case, but {case.number} is {case.state}.", f"Ärende {case.number} är redan avslutat."
            )
        if case.parent_id is not None and (caller := store.lock(tx, case.parent_id)).state in store.LIVE:
            raise Refused(
                f"Expected a case of its own, but {case.number} was called by {caller.number}.",
                f"Ärende {case.number} är en del av {caller.number}. Avbryt det ärendet i stället.",
            )
        played = steps.play(tx, case, Input("cancel"))
        steps.advance(tx, case, played, steps.doer_of(tx.actor), Note("case:cancelled", data={"reason": reason}))


def _require_admin(tx: Transaction, to: str, att: str) -> None:
    permissions.require(tx.actor, "admin", to=to, att=att)


_CALLED_BY = sa.select(case_table.c.id).where(
    case_table.c.parent_id == sa.bindparam("caller"), case_table.c.state.in_(store.LIVE)
)


def _family(tx: Transaction, case: Case) -> list[Case]:
    """The case and all live cases below it, callers first."""
    family = [case]
    for one in family:
        called = tx.connection.execute(_CALLED_BY, {"caller": one.id}).scalars().all()
        family.extend(store.lock(tx, case_id) for case_id in called)
    return family


_MESSAGE_WAITS = sa.select(wait.c.name, wait.c.key).where(
    wait.c.case_id == sa.bindparam("of_case"), wait.c.kind == "message"
)


def _hand_out_kept_messages(tx: Transaction, case: Case) -> None:
    """What came while the case was suspended."""
    waits = tx.connection.execute(_MESSAGE_WAITS, {"of_case": case.id}).all()
    early = {one for row in waits if (one := kept.oldest(tx, row.name, row.key)) is not None}
    jobs.add(tx, [jobs.row("message", tx.now, payload={"message": one}) for one in sorted(early)])
