"""What a step leaves to write: tasks, waits, jobs and incidents, collected by one small function a change.

`engine.runtime.apply` stores what is collected here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.bpmn import changes as c
from engine.cases.facts import refresh
from engine.cases.store import Case
from engine.definitions.starts import signal_starts
from engine.engine import Transaction
from engine.history import inputs, notes
from engine.history.chain import Doer, Note
from engine.history.inputs import Played
from engine.identity.queries import person_named
from engine.jobs import store as jobs
from engine.runtime import offers, signals
from engine.runtime.offers import Offers

NAME = 500
"""Characters of a task's name that lists show, as of a case's title: what more there is, history tells."""


@dataclass(slots=True)
class Writer:
    """What one step does to one case, collected. What opens and closes in the same step leaves history, but no row."""

    tx: Transaction
    case: Case
    doer: Doer
    notes: list[Note]
    readers_before: list[str]
    tasks: dict[int, dict[str, Any]] = field(default_factory=dict)
    closed_tasks: dict[int, str] = field(default_factory=dict)
    waits: dict[int, dict[str, Any]] = field(default_factory=dict)
    closed_waits: list[int] = field(default_factory=list)
    jobs: dict[int, dict[str, Any]] = field(default_factory=dict)
    loose_jobs: list[dict[str, Any]] = field(default_factory=list)
    """Deliveries, to whichever case they are for."""
    cancelled_jobs: list[int] = field(default_factory=list)
    incidents: dict[int, dict[str, Any]] = field(default_factory=dict)
    cleared: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Candidates of ad-hoc sub-processes: as those of tasks they may read the case from then on."""
    stores: dict[str, Any] = field(default_factory=dict)
    """What data stores hold from now on."""
    watched: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The data stores that waits for a condition look into."""
    offers: Offers = field(default_factory=dict)
    """What ad-hoc sub-processes offer from now on, of those that lie open and that the step may have changed."""
    closed_work: list[int] = field(default_factory=list)
    """Ad-hoc sub-processes that offer nothing any more."""
    others: list[c.Change] = field(default_factory=list)
    """Changes that concern other cases: called ones, and the one that called."""

    def note(self, change: c.Change) -> bool:
        told = notes.note_of(self.case.definition.graph, change)
        if told:
            self.notes.append(told)
        return told is not None


def collect(tx: Transaction, case: Case, played: Played, doer: Doer, before: Sequence[Note] = ()) -> Writer:
    """All changes of a step, in their order; `before` is what led to it. The case shows its new facts."""
    writer = Writer(tx, case, doer, list(before), readers_before=case.all_readers)
    place: int | None = None
    for change in played.step.changes:
        if writer.note(change) and place is None and inputs.is_told_by(played, change):
            place = len(writer.notes) - 1
        _COLLECT[type(change)](writer, change)
    if len(writer.notes) == len(before):
        writer.notes += filter(None, [inputs.untold(case.definition.graph, played.what, played.step)])
    if case.definition.graph.has_ad_hoc_work:
        writer.offers = offers.of(tx, case)
    if writer.notes:
        inputs.tell(writer.notes, place or 0, played)
    refresh(tx, case)
    return writer


# --- elements and tasks --------------------------------------------------------------------------------------------


def _task_opened(writer: Writer, change: c.TaskOpened) -> None:
    candidates = notes.candidates(change)
    writer.tasks[change.wait] = {
        "wait": change.wait,
        "element": change.element,
        "name": change.name[:NAME],
        "candidates": candidates,
        "assignee": person_named(writer.tx, change.assignee),
        "claimed_at": None,
        "due_at": change.due,
        "follow_up_at": change.follow_up,
        "priority": change.priority,
        "form": change.form,
        "state": "open",
        "opened_at": writer.tx.now,
        "instance": change.instance,
        "version": 1,
    }
    if not candidates and writer.tasks[change.wait]["assignee"] is None:
        told = "Det finns ingen som kan göra uppgiften.", "There is nobody who can do the task."
        nobody = c.IncidentRaised(change.wait, change.element, *told)
        writer.note(nobody)
        _incident_raised(writer, nobody)


def _task_closed(writer: Writer, change: c.TaskClosed) -> None:
    if not writer.tasks.pop(change.wait, None):
        writer.closed_tasks[change.wait] = change.outcome


# --- jobs and timers -----------------------------------------------------------------------------------------------


def _job_added(writer: Writer, change: c.JobAdded) -> None:
    kind = "service" if change.topic is not None else "continue"
    payload = {"variables": dict(change.variables)} if kind == "service" else None
    writer.jobs[change.wait] = jobs.row(
        kind, writer.tx.now, wait=change.wait, element=change.element, topic=change.topic, payload=payload
    )


def _job_closed(writer: Writer, change: c.JobClosed) -> None:
    if not writer.jobs.pop(change.wait, None) and change.outcome != "completed":
        writer.cancelled_jobs.append(change.wait)


def _timer_set(writer: Writer, change: c.TimerSet) -> None:
    writer.jobs[change.wait] = jobs.row(
        "timer", writer.tx.now, due_at=change.due, wait=change.wait, element=change.element
    )


def _timer_cancelled(writer: Writer, change: c.TimerCancelled) -> None:
    if not writer.jobs.pop(change.wait, None):
        writer.cancelled_jobs.append(change.wait)


# --- messages and signals ------------------------------------------------------------------------------------------


def _wait_opened(writer: Writer, change: c.WaitOpened) -> None:
    writer.waits[change.wait] = {
        "wait": change.wait,
        "element": change.element,
        "kind": change.kind,
        "name": change.name,
        "key": change.key,
    }
    if change.stores:
        writer.watched[change.wait] = change.stores


def _wait_closed(writer: Writer, change: c.WaitClosed) -> None:
    if not writer.waits.pop(change.wait, None):
        writer.closed_waits.append(change.wait)
    writer.watched.pop(change.wait, None)


def _ad_hoc_opened(writer: Writer, change: c.AdHocOpened) -> None:
    writer.waits[change.wait] = {
        "wait": change.wait,
        "element": change.element,
        "kind": "ad_hoc",
        "name": change.name,
        "key": None,
    }
    writer.asked.extend(change.candidates)


def _ad_hoc_closed(writer: Writer, change: c.AdHocClosed) -> None:
    if not writer.waits.pop(change.wait, None):
        writer.closed_waits.append(change.wait)
        writer.closed_work.append(change.wait)


def _message_thrown(writer: Writer, change: c.MessageThrown) -> None:
    payload = {"name": change.name, "key": change.key, "variables": dict(change.payload)}
    writer.loose_jobs.append(jobs.row("message", writer.tx.now, element=change.element, payload=payload))


def _signal_thrown(writer: Writer, change: c.SignalThrown) -> None:
    own = [
        row
        for row in writer.waits.values()
        if row["kind"] == "signal" and row["name"] == change.name and row["wait"] not in change.caught
    ]
    waiting = signals.waiting(writer.tx, change.name)
    closed = {(writer.case.id, number) for number in (*writer.closed_waits, *change.caught)}
    for case_id, number, element in waiting:
        if (case_id, number) not in closed:
            writer.loose_jobs.append(signals.job(writer.tx, case_id, number, element, dict(change.payload)))
    for row in own:
        job = signals.job(writer.tx, writer.case.id, row["wait"], row["element"], dict(change.payload))
        writer.loose_jobs.append(job)
    writer.loose_jobs.extend(signal_starts(writer.tx, change.name, dict(change.payload)))


def _store_written(writer: Writer, change: c.StoreWritten) -> None:
    writer.stores[change.name] = change.after


# --- other cases, incidents, the end -------------------------------------------------------------------------------


def _case_called(writer: Writer, change: c.CaseCalled | c.CompensationCalled) -> None:
    writer.others.append(change)


def _call_closed(writer: Writer, change: c.CallClosed) -> None:
    if change.outcome == "cancelled":
        writer.others.append(change)
    writer.cancelled_jobs.append(change.wait)  # one that could not be started yet


def _incident_raised(writer: Writer, change: c.IncidentRaised) -> None:
    writer.incidents[change.wait] = jobs.incident_row(
        change.message, change.message_en, writer.tx.now, wait=change.wait, element=change.element
    )


def _incident_cleared(writer: Writer, change: c.IncidentCleared) -> None:
    if not writer.incidents.pop(change.wait, None):
        writer.cleared.append(change.wait)


def _escalation_uncaught(writer: Writer, change: c.EscalationUncaught) -> None:
    writer.others.append(change)


def _ended(writer: Writer, change: c.CaseEnded) -> None:
    writer.case.state = "completed" if change.outcome == "compensated" else change.outcome
    writer.case.outcome = change.code or change.outcome
    writer.case.ended_at = writer.tx.now
    writer.others.append(change)


def _reopened(writer: Writer, change: c.CaseReopened) -> None:
    writer.case.state = "active"
    writer.case.outcome = writer.case.ended_at = None


def _only_told(writer: Writer, change: c.Change) -> None:
    """Nothing but history shows it."""


_COLLECT: Mapping[type, Callable[[Writer, Any], None]] = {
    c.ElementPassed: _only_told,
    c.TimerFired: _only_told,
    c.TaskOpened: _task_opened,
    c.TaskClosed: _task_closed,
    c.JobAdded: _job_added,
    c.JobClosed: _job_closed,
    c.TimerSet: _timer_set,
    c.TimerCancelled: _timer_cancelled,
    c.AdHocOpened: _ad_hoc_opened,
    c.AdHocClosed: _ad_hoc_closed,
    c.WaitOpened: _wait_opened,
    c.WaitClosed: _wait_closed,
    c.ConditionLapsed: _only_told,
    c.StoreWritten: _store_written,
    c.MessageThrown: _message_thrown,
    c.SignalThrown: _signal_thrown,
    c.CaseCalled: _case_called,
    c.CallClosed: _call_closed,
    c.CompensationCalled: _case_called,
    c.IncidentRaised: _incident_raised,
    c.IncidentCleared: _incident_cleared,
    c.EscalationUncaught: _escalation_uncaught,
    c.CaseEnded: _ended,
    c.CaseReopened: _reopened,
}
