"""What handlers do for cases: called by the worker outside any transaction, reported back here, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.cases import numbers, store
from engine.cases.store import Case
from engine.cases.tables import case_link
from engine.contract import Call, Link, Mail, Message, Number, Reader, Result, Start
from engine.db import dumps
from engine.definitions import store as definitions
from engine.engine import Read, Transaction
from engine.errors import NotFound, Refused
from engine.history.chain import Note
from engine.history.inputs import Input
from engine.identity import permissions
from engine.jobs import store as jobs
from engine.jobs.store import Job
from engine.jobs.tables import mail
from engine.runtime import apply, steps
from engine.runtime.held import Held, go_on, hold, taken
from engine.settings.stored import Settings


@dataclass(frozen=True, slots=True)
class CallFor:
    """All that a handler is to be told about a leased service job."""

    job: Job
    house: Reader

    def run(self, read: Read) -> Call:
        permissions.require(read.actor, to="carry out a job", att="utföra systemets jobb")
        job = self.job
        case = store.load(read, job.case_id or 0)
        node = case.definition.graph.nodes[job.element or ""]
        return Call(
            topic=job.topic or "",
            case_id=case.id,
            case_number=case.number,
            business_key=case.business_key,
            element=node.id,
            variables=(job.payload or {}).get("variables", {}),
            properties=node.properties,
            now=read.now,
            idempotency_key=f"job-{job.id}",
            attempt=job.attempts,
            house=self.house,
        )


@dataclass(frozen=True, slots=True)
class FinishService:
    """Job: the handler is done. Its variables and effects land together with the end of the service task.

    Refused where the result is not plain JSON or an effect cannot be had; the worker then reports a failure.
    """

    job_id: int
    fence: int
    result: Result

    def execute(self, tx: Transaction) -> None:
        held = taken(tx, self.job_id, self.fence)
        if held is None:
            return
        variables = {**self.result.variables, **_carry_out(tx, held.of_case, self.result.effects)}
        _require_plain(variables)
        go_on(tx, held, Input("complete", held.wait, variables))


@dataclass(frozen=True, slots=True)
class ThrowBpmnError:
    """Job: the handler failed in a way that the diagram may know, by `code`."""

    job_id: int
    fence: int
    code: str
    message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)

    def execute(self, tx: Transaction) -> None:
        held = taken(tx, self.job_id, self.fence)
        if held is None:
            return
        variables = dict(self.variables)
        _require_plain(variables)
        message = self.message or self.code
        go_on(tx, held, Input("fail", held.wait, variables, code=self.code, message=message))


@dataclass(frozen=True, slots=True)
class Continue:
    """Job: go on at an asynchronous point, or start a called case, or its compensation, that had to wait."""

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> None:
        held = taken(tx, self.job_id, self.fence)
        if held is None:
            return
        called, element = held.payload.get("call"), held.job.element or ""
        # The job is done by now: the called case may end at once, and its caller then wants no job any more.
        doer = steps.doer_of(tx.actor)
        if called is not None:
            problem = steps.call(tx, held.of_case, called, held.wait, doer)
            if problem is not None:
                steps.park_call(tx, held.of_case, called, problem, doer, wait=held.wait, element=element)
        elif "compensate" in held.payload:
            problem = steps.compensate(tx, held.of_case, held.wait, doer)
            if problem is not None:
                steps.park_compensation(tx, held.of_case, problem, doer, wait=held.wait, element=element)
        else:
            go_on(tx, held, Input("complete", held.wait))


@dataclass(frozen=True, slots=True)
class FailService:
    """Job (of any kind): it did not work. Tried again later, or, after the last attempt, an incident.

    `message` says why in Swedish, `message_en` in English. The pauses are the setting `retry.minutes`; `retry_after`
    takes the place of the next one.
    """

    job_id: int
    fence: int
    message: str
    retry_after: timedelta | None = None
    message_en: str = ""

    def execute(self, tx: Transaction) -> None:
        held = hold(tx, self.job_id)
        pause = jobs.back_off(Settings(tx.connection)["retry.minutes"], held.job.attempts)
        if pause is None:
            _give_up(tx, held, self.fence, self.message, self.message_en)
            return
        held.put_off(
            tx,
            self.fence,
            tx.now + (self.retry_after or pause),
            attempts=held.job.attempts,
            error=self.message,
            error_en=self.message_en,
        )


@dataclass(frozen=True, slots=True)
class FinishMail:
    """Job: the mail has left the house."""

    job_id: int
    fence: int

    def execute(self, tx: Transaction) -> None:
        held = hold(tx, self.job_id, lock=False)
        held.take(tx, self.fence)
        _mark_mail(tx, held.job, "sent")


# --- shared --------------------------------------------------------------------------------------------------------


def _give_up(tx: Transaction, held: Held, fence: int, message: str, message_en: str) -> None:
    jobs.give_up(tx, held.job, fence, message, message_en)
    doer = steps.doer_of(tx.actor)
    if held.case is not None and held.case.state in store.LIVE:
        job = held.job
        steps.open_incident(tx, held.case, doer, message, message_en, wait=job.wait, element=job.element, job_id=job.id)
    else:
        of_job = {"job_id": held.job.id, "case_id": held.job.case_id}
        jobs.open_incidents(tx, [jobs.incident_row(message, message_en, tx.now, **of_job)])
    if held.job.kind == "service" and held.case is not None:
        node = held.case.definition.graph.nodes.get(held.job.element or "")
        note = Note("service:failed", held.job.element, node.name if node else None, None, {"message": message})
        apply.note_down(tx, held.case, doer, note)
    if held.job.kind == "mail":
        _mark_mail(tx, held.job, "failed")


_MARK_MAIL = (
    mail.update().where(mail.c.job_id == bindparam("of_job")).values(status=bindparam("now"), sent_at=bindparam("at"))
)


def _mark_mail(tx: Transaction, job: Job, status: str) -> None:
    at = tx.now if status == "sent" else None
    tx.connection.execute(_MARK_MAIL, {"of_job": job.id, "now": status, "at": at})


def _require_plain(variables: Mapping[str, Any]) -> None:
    try:
        dumps(dict(variables))
    except (TypeError, ValueError, RecursionError) as problem:
        raise Refused(
            f"Expected plain JSON from the handler, but got something else ({type(problem).__name__}).",
            "Tjänsten svarade med uppgifter som inte kan sparas.",
        ) from None


# --- effects -------------------------------------------------------------------------------------------------------


def _carry_out(tx: Transaction, case: Case, effects: Any) -> dict[str, Any]:
    """Store what the handler wants done; gives the variables that effects fill (numbers taken)."""
    given: dict[str, Any] = {}
    mails: list[Mail] = []
    rows: list[dict[str, Any]] = []
    for effect in effects:
        match effect:
            case Mail():
                mails.append(effect)
            case Message():
                payload = {"name": effect.name, "key": effect.key, "variables": dict(effect.variables)}
                rows.append(jobs.row("message", tx.now, payload=payload))
            case Number():
                given[effect.into] = _number(tx, effect.series)
            case Start():
                link(tx, case.id, _start(tx, effect), "startade")
            case Link():
                link(tx, case.id, effect.case_id, effect.relation)
            case _:
                raise Refused(
                    f"Expected an effect of engine.contract, but got {type(effect).__name__}.",
                    "Tjänsten bad om något som huset inte känner till.",
                )
    jobs.send(tx, mails, case.id)
    jobs.add(tx, rows)
    return given


def _number(tx: Transaction, series: str) -> str:
    year, number = numbers.take(tx, series)
    return f"{series} {year}-{number:04d}"


def _start(tx: Transaction, wanted: Start) -> int:
    """The new case, or the one that was started with this key before."""
    definition = definitions.newest(tx, wanted.process)
    if definition is None:
        raise NotFound(
            f"Expected the process {wanted.process} to be deployed, but it is not.",
            f"Processen {wanted.process} är inte i bruk.",
        )
    try:
        doer = steps.doer_of(tx.actor)
        return steps.begin(tx, definition, doer, dict(wanted.variables), business_key=wanted.business_key).id
    except steps.AlreadyStarted as taken:
        return int(taken.details["case_id"])


_LINKED = sa.select(case_link.c.relation).where(
    case_link.c.case_id == bindparam("one"), case_link.c.other_id == bindparam("other")
)


def link(tx: Transaction, case_id: int, other_id: int, relation: str) -> None:
    """Relate two cases; a relation that is there already stays as it is. NotFound where there is no such case."""
    known = tx.connection.execute(_LINKED, {"one": case_id, "other": other_id}).scalars().all()
    if relation not in known:
        store.load(tx, other_id)
        row = {"case_id": case_id, "other_id": other_id, "relation": relation}
        tx.connection.execute(case_link.insert(), row)
