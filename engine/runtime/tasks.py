"""Work for people: taken, given back, handed on, drafted, done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

from engine import forms, reference
from engine.actor import Actor
from engine.actor import load as load_actor
from engine.bpmn import machine
from engine.bpmn.machine import Stale
from engine.cases import store
from engine.cases.store import Case
from engine.cases.tables import comment, task, task_draft
from engine.cases.tasks import task_not_found
from engine.db import dumps
from engine.engine import Clash, Read, Transaction
from engine.errors import Conflict, Invalid, NotAllowed, NotFound
from engine.history.chain import Note
from engine.history.inputs import Input
from engine.history.tables import history, rows_of
from engine.identity import permissions
from engine.identity.permissions import Standing
from engine.identity.tables import person
from engine.jobs.store import clock_time
from engine.prepared import Answer, Prepared
from engine.runtime import apply, steps, texts

DRAFT_LIMIT = 200_000

_DRAFTED = (
    sa.select(sa.func.count())
    .select_from(task_draft)
    .where(task_draft.c.task_id == task.c.id, task_draft.c.person_id == bindparam("person_id"))
    .scalar_subquery()
    .label("drafts")
)
_BY_ID = Prepared(sa.select(task, _DRAFTED).where(task.c.id == bindparam("task_id")))


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """Do the task: its form filled in with `data`. Gives the case's id.

    NotFound for whoever has nothing to do with it; Conflict, naming who and when, where it is done or taken; Invalid by
    field; Guarded where the text holds what must not be stored; NotAllowed for the one who may not do this one (R31).
    """

    task_id: int
    data: Mapping[str, Any]

    def execute(self, tx: Transaction) -> int:
        case, row, standing = _in_hand(tx, self.task_id)
        _require_free(tx, row)
        definition = case.definition
        node = definition.graph.nodes[row.element]
        seen = machine.variables_at(definition.graph, case.data, row.wait)
        _refuse_barred(tx.actor, node.properties, seen)
        doer = steps.doer_of(tx.actor, standing)
        variables = self._answers(tx, case, row, seen)
        if "by" in node.properties:
            variables[node.properties["by"]] = steps.as_variable(tx, doer)
        try:
            played = steps.play(tx, case, Input("complete", row.wait, variables))
        except Stale:
            raise Clash from None
        steps.advance(tx, case, played, doer)
        if row.drafts:
            tx.connection.execute(_DROP_DRAFT, {"of_task": self.task_id, "by_person": tx.actor.person_id})
        return case.id

    def _answers(self, tx: Transaction, case: Case, row: Any, seen: Mapping[str, Any]) -> dict[str, Any]:
        if row.form is not None:
            return texts.validated(tx, case.definition.form(row.form), self.data, seen)
        if self.data:
            raise texts.no_form()
        return {}


@dataclass(frozen=True, slots=True)
class ClaimTask:
    """Take a task: from now on it is this person's. Nothing happens where it already is."""

    task_id: int

    def execute(self, tx: Transaction) -> None:
        case, row, standing = _in_hand(tx, self.task_id)
        _require_free(tx, row)
        if row.assignee == tx.actor.person_id:
            return
        node = case.definition.graph.nodes[row.element]
        _refuse_barred(tx.actor, node.properties, machine.variables_at(case.definition.graph, case.data, row.wait))
        _assign(tx, row, tx.actor.person_id)
        apply.note_down(tx, case, steps.doer_of(tx.actor, standing), Note("task:claimed", row.element, row.name))


@dataclass(frozen=True, slots=True)
class ReleaseTask:
    """Give a task back to all who may do it. A colleague may do so too, when the one who took it is away."""

    task_id: int

    def execute(self, tx: Transaction) -> None:
        case, row, standing = _in_hand(tx, self.task_id)
        if row.assignee is None:
            return
        if not row.candidates:
            raise NotAllowed(
                "Expected a task of a role, but this one was given to one person by name.",
                "Uppgiften är given till en bestämd person och kan inte lämnas tillbaka, bara över till någon annan.",
            )
        _assign(tx, row, None)
        apply.note_down(tx, case, steps.doer_of(tx.actor, standing), Note("task:released", row.element, row.name))


@dataclass(frozen=True, slots=True)
class DelegateTask:
    """Hand a task on to somebody who may do it."""

    task_id: int
    person_id: int

    def execute(self, tx: Transaction) -> None:
        case, row, standing = _in_hand(tx, self.task_id)
        other = _delegate(tx, self.person_id)
        if other is None or (row.candidates and permissions.standing(other, row.candidates) is None):
            raise NotAllowed(
                "Expected somebody who may do the task, but this person may not.",
                "Uppgiften kan bara lämnas över till någon som har rätt roll för den.",
            )
        node = case.definition.graph.nodes[row.element]
        _refuse_barred(other, node.properties, machine.variables_at(case.definition.graph, case.data, row.wait))
        _assign(tx, row, self.person_id)
        note = Note("task:delegated", row.element, row.name, None, {"to": self.person_id, "to_name": other.name})
        apply.note_down(tx, case, steps.doer_of(tx.actor, standing), note)


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Keep what somebody has typed so far, as it is; one draft per task and person.

    Possible on a closed task too: whoever was overtaken loses nothing.
    """

    task_id: int
    data: Mapping[str, Any]

    def execute(self, tx: Transaction) -> None:
        row = _find(tx, self.task_id)
        if tx.actor.person_id is None or permissions.standing_at_task(tx.actor, row.candidates, row.assignee) is None:
            raise task_not_found()
        self._check(tx, row)
        draft = {
            "task_id": self.task_id,
            "person_id": tx.actor.person_id,
            "data": dict(self.data),
            "saved_at": tx.now,
        }
        tx.connection.execute(_SAVE_DRAFT[tx.connection.dialect.name], draft)

    def _check(self, tx: Transaction, row: Any) -> None:
        try:
            is_short = len(dumps(dict(self.data))) <= DRAFT_LIMIT
        except (TypeError, ValueError, RecursionError):
            is_short = False
        if not is_short:
            told = "Utkastet kan inte sparas: det är för stort."
            raise Invalid("Expected a draft of plain data within the limit, but it is not.", told, fields={"": told})
        case = store.load(tx, row.case_id)
        texts.guarded(case.definition.form(row.form) if row.form else None, self.data)


@dataclass(frozen=True, slots=True)
class Comment:
    """Say something about a case, or about one of its tasks; everybody who may read the case sees it. Gives its id."""

    case_id: int
    text: str
    task_id: int | None = None

    def execute(self, tx: Transaction) -> int:
        case = store.lock(tx, self.case_id)
        standing = permissions.standing(tx.actor, case.all_readers)
        is_reader = permissions.may_read(
            tx.actor, readers=case.all_readers, started_by=case.started_by, sealed_to=case.sealed_to
        )
        if tx.actor.person_id is None or not is_reader:
            raise store.not_found()
        if standing is None and case.started_by != tx.actor.person_id:
            raise NotAllowed(
                "Expected a participant of the case, but the auditor only reads.", "Revisorn läser, men skriver inget."
            )
        text = texts.free_text(self.text, what="en kommentar")
        if self.task_id is not None and _find(tx, self.task_id).case_id != case.id:
            raise task_not_found()
        row = {
            "case_id": case.id,
            "task_id": self.task_id,
            "person_id": tx.actor.person_id,
            "at": tx.now,
            "text": text,
        }
        comment_id = tx.connection.execute(comment.insert().returning(comment.c.id), row).scalar_one()
        note = Note("comment:added", data={"comment": comment_id, "text": text})
        apply.note_down(tx, case, steps.doer_of(tx.actor, standing), note)
        return int(comment_id)


# --- shared --------------------------------------------------------------------------------------------------------

_ASSIGN = (
    task.update()
    .where(task.c.id == bindparam("of_task"))
    .values(assignee=bindparam("to"), claimed_at=bindparam("at"), version=task.c.version + 1)
)
_DROP_DRAFT = task_draft.delete().where(
    task_draft.c.task_id == bindparam("of_task"), task_draft.c.person_id == bindparam("by_person")
)
_SAVE_DRAFT = {
    name: insert.on_conflict_do_update(
        index_elements=[task_draft.c.task_id, task_draft.c.person_id],
        set_={"data": insert.excluded.data, "saved_at": insert.excluded.saved_at},
    )
    for name, insert in (("sqlite", sqlite.insert(task_draft)), ("postgresql", postgresql.insert(task_draft)))
}


def _ask(read: Read, task_id: int) -> Answer:
    return _BY_ID.ask(read.connection, {"task_id": task_id, "person_id": read.actor.person_id})


def _find(read: Read, task_id: int) -> Any:
    row = _ask(read, task_id).first()
    if row is None:
        raise task_not_found()
    return row


def _in_hand(tx: Transaction, task_id: int) -> tuple[Case, Any, Standing]:
    """The open task of an active case, with the actor's standing at it; its case is locked first."""
    try:
        case, row = store.lock_of_task(tx, task_id, lambda: _ask(tx, task_id))
    except NotFound:
        raise task_not_found() from None
    standing = permissions.standing_at_task(tx.actor, row.candidates, row.assignee)
    if standing is None or tx.actor.person_id is None:
        raise task_not_found()
    if row.state != "open":
        raise _closed(tx, row)
    store.require_active(case)
    return case, row, standing


def _closed(read: Read, row: Any) -> Conflict:
    when = clock_time(row.closed_at, read.now)
    if row.state == "cancelled":
        return Conflict(
            f"Expected an open task, but it was cancelled {when}.",
            f"Uppgiften behövs inte längre: den avbröts {when}.",
            when=row.closed_at,
        )
    who = _who(read, row)
    return Conflict(
        f"Expected an open task, but it was completed by {who}, {when}.",
        f"Uppgiften avslutades av {who} {when}.",
        who=who,
        when=row.closed_at,
    )


_DONE_BY = (
    sa.select(history.c.person_name, history.c.role, history.c.party)
    .where(
        rows_of(bindparam("of_case", type_=history.c.case_id.type)),
        history.c.kind == "task:completed",
        history.c.element == bindparam("element"),
        history.c.person_id == bindparam("by_person"),
        history.c.at == bindparam("at"),
    )
    .limit(1)
)


def _who(read: Read, row: Any) -> str:
    """Name and party of the one who closed the task, as history has it: "Anna Berg (Storsthlm)"."""
    given = {"of_case": row.case_id, "element": row.element, "by_person": row.closed_by, "at": row.closed_at}
    found = read.connection.execute(_DONE_BY, given).one_or_none()
    if found is None:
        return _name(read, row.closed_by)
    return _with_party(read, found.person_name, found.role, found.party)


def _with_party(read: Read, name: str, role: str | None, party: str | None) -> str:
    whose = reference.name_of(read, party) or reference.name_of_role(read, role)
    return f"{name} ({whose})" if whose else name


def _name(read: Read, person_id: int | None) -> str:
    if person_id is None:
        return "systemet"
    return str(read.connection.execute(sa.select(person.c.name).where(person.c.id == person_id)).scalar_one())


def _require_free(read: Read, row: Any) -> None:
    """Conflict, naming who and since when, where somebody else has taken the task."""
    if row.assignee is None or row.assignee == read.actor.person_id:
        return
    holder = load_actor_or_none(read, row.assignee)
    name = _name(read, row.assignee)
    standing = permissions.standing(holder, row.candidates) if holder else None
    who = _with_party(read, name, standing.role, standing.party) if standing else name
    since = f" {clock_time(row.claimed_at, read.now)}" if row.claimed_at else ""
    raise Conflict(
        f"Expected a task that is free, but {who} took it{since}.",
        f"Uppgiften har tagits av {who}{since}.",
        who=who,
        when=row.claimed_at,
    )


def load_actor_or_none(read: Read, person_id: int) -> Actor | None:
    try:
        return load_actor(read.connection, person_id, read.now)
    except NotFound:
        return None


def _delegate(read: Read, person_id: int) -> Actor | None:
    return load_actor_or_none(read, person_id)


def _assign(tx: Transaction, row: Any, person_id: int | None) -> None:
    at = tx.now if person_id is not None else None
    tx.connection.execute(_ASSIGN, {"of_task": row.id, "to": person_id, "at": at})


def _refuse_barred(actor: Actor, properties: Mapping[str, str], seen: Mapping[str, Any]) -> None:
    """R31: the task's property `notBy` names a variable that holds whoever must not do it."""
    name = properties.get("notBy")
    if name and permissions.is_barred(actor, forms.lookup(seen, name)):
        raise NotAllowed(
            f"Expected somebody else for this task, but {actor.name} is named by {name} (R31).",
            f"{actor.name} har själv en del i det som ska bedömas, och kan därför inte göra den här uppgiften."
            " Någon annan med samma roll behöver göra den.",
        )
