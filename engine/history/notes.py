"""What history tells of each change that the machine decided. Pure: the same change, the same words, always."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.bpmn import changes as c
from engine.bpmn.model import Graph, Node
from engine.calendar import iso
from engine.history.chain import Note


def note_of(graph: Graph, change: c.Change) -> Note | None:
    """The row that tells of a change; None for one that only others see."""
    element: str | None = getattr(change, "element", None)
    node = graph.nodes.get(element) if element else None
    told = _TELL[type(change)](node, change)
    return told and Note(told[0], element, node.name or None if node else None, told[1], told[2])


def candidates(change: c.TaskOpened) -> list[str]:
    return [candidate.strip() for candidate in change.candidates]


_Told = tuple[str, str | None, Mapping[str, Any] | None]
"""Kind, outcome and data of a row."""


def _changed(data: c.Data) -> dict[str, Any]:
    """{"changes": …} as history has it; nothing where nothing changed."""
    told = {
        name: {side: value for side, value in (("before", before), ("after", after)) if value is not c.ABSENT}
        for name, (before, after) in data.items()
    }
    return {"changes": told} if told else {}


def _passed(node: Node | None, change: c.ElementPassed) -> _Told:
    flows = {"flows": list(change.flows)} if change.flows else {}
    kind = "element:compensated" if change.outcome == "compensated" else "element:passed"
    return kind, change.outcome, {**flows, **_changed(change.data)}


def _task_opened(node: Node | None, change: c.TaskOpened) -> _Told:
    told = {
        "candidates": candidates(change),
        "due": iso(change.due) if change.due else None,
        "instance": change.instance,
    }
    return "task:opened", None, {name: value for name, value in told.items() if value is not None}


def _task_closed(node: Node | None, change: c.TaskClosed) -> _Told:
    kind = "task:completed" if change.outcome == "completed" else "task:cancelled"
    return kind, change.outcome, _changed(change.data)


def _job_added(node: Node | None, change: c.JobAdded) -> _Told | None:
    return None if change.topic is None else ("service:added", None, None)


def _job_closed(node: Node | None, change: c.JobClosed) -> _Told | None:
    if node is None or node.topic is None:
        return None
    kind = {"completed": "service:finished", "failed": "service:failed"}.get(change.outcome, "service:cancelled")
    return kind, change.outcome, _changed(change.data)


def _wait_closed(node: Node | None, change: c.WaitClosed) -> _Told:
    received = "condition:met" if change.kind == "condition" else f"{change.kind}:received"
    return received if change.outcome == "completed" else "wait:cancelled", change.outcome, _changed(change.data)


_TELL: Mapping[type, Callable[[Node | None, Any], _Told | None]] = {
    c.ElementPassed: _passed,
    c.TaskOpened: _task_opened,
    c.TaskClosed: _task_closed,
    c.JobAdded: _job_added,
    c.JobClosed: _job_closed,
    c.TimerSet: lambda node, change: ("timer:set", None, {"due": iso(change.due), "repetition": change.repetition}),
    c.TimerFired: lambda node, change: ("timer:fired", None, None),
    c.TimerCancelled: lambda node, change: ("timer:cancelled", None, None),
    c.WaitOpened: lambda node, change: ("wait:opened", change.kind, {"name": change.name, "key": change.key}),
    c.WaitClosed: _wait_closed,
    c.ConditionLapsed: lambda node, change: ("condition:lapsed", None, None),
    c.MessageThrown: lambda node, change: ("message:sent", None, {"name": change.name, "key": change.key}),
    c.SignalThrown: lambda node, change: ("signal:sent", None, {"name": change.name}),
    c.StoreWritten: lambda node, change: (
        "store:written",
        None,
        _changed({change.name: (change.before, change.after)}),
    ),
    c.CaseCalled: lambda node, change: (
        "case:called",
        None,
        {"process": change.key, "business_key": change.business_key},
    ),
    c.AdHocOpened: lambda node, change: ("ad_hoc:opened", None, {"candidates": list(change.candidates)}),
    c.AdHocClosed: lambda node, change: ("ad_hoc:closed", change.outcome, _changed(change.data)),
    c.CallClosed: lambda node, change: ("case:returned", change.outcome, _changed(change.data)),
    c.IncidentRaised: lambda node, change: ("incident:opened", None, {"message": change.message}),
    c.IncidentCleared: lambda node, change: None,  # who cleared it has a row of their own
    c.EscalationUncaught: lambda node, change: None,
    c.CompensationCalled: lambda node, change: ("compensation:called", None, None),
    c.CaseEnded: lambda node, change: ("case:ended", change.code or change.outcome, None),
    c.CaseReopened: lambda node, change: ("case:reopened", None, None),
}
