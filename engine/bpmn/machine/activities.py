"""Activities: begun by kind, ended alike (§13.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.bpmn.changes import ABSENT, CaseCalled, CaseEnded, ElementPassed, JobAdded, TaskOpened, Variables
from engine.bpmn.machine import multi, throws, tokens, waits
from engine.bpmn.machine.play import ROOT, Play, Run, Stuck, around
from engine.bpmn.model import Flow, HumanWork, Node
from engine.calendar import TimerRule, midnight
from engine.errors import BadTime

# --- begin -----------------------------------------------------------------------------------------------------------


def arrive(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """Each token starts a run of its own: an implicit merge does not wait (§13.3.2)."""
    number = play.add({"at": node.id, "scope": scope})
    if node.loop:
        waits.listen(play, number, node.boundary)
        multi.begin(play, number, node)
    else:
        begin(play, number, node, listening=True)


def begin(play: Play, number: int, node: Node, listening: bool = False) -> None:
    """Start the work of one run, on its own or as an instance. Boundary events see the activity's inputs."""
    run = play.run(number)
    if node.inputs:
        set_locals(play, number, play.values(node.inputs, play.visible(number)))
    if listening and node.boundary:
        waits.listen(play, number, node.boundary)
    BEGIN[node.kind](play, number, run, node)


def set_locals(play: Play, number: int, values: Mapping[str, Any]) -> None:
    """Variables that live and die with run `number`."""
    run = play.run(number)
    home = run.setdefault("vars", {})
    play.write([(home, name, home.get(name, ABSENT), value) for name, value in play.plain(values).items()])


def _nothing(play: Play, number: int, run: Run, node: Node) -> None:
    end(play, number, {})


def _person(play: Play, number: int, run: Run, node: Node) -> None:
    seen = play.visible(number)
    work = node.work or HumanWork()
    candidates = _candidates(play, work, seen)
    assignee = _text(play, work.assignee, seen)
    if work.candidates and not candidates and not assignee:
        raise Stuck("Expected a role or person to do the task, but there is none.", "Det finns ingen som uppgiften kan gå till.")
    run["open"] = "task"
    play.changes.append(
        TaskOpened(
            wait=number,
            element=node.id,
            name=node.name or node.id,
            candidates=candidates,
            assignee=assignee,
            due=_due(play, work.due, seen),
            follow_up=_due(play, work.follow_up, seen),
            priority=_priority(play, work, seen),
            form=work.form,
            instance=run.get("index"),
        )
    )


def _candidates(play: Play, work: HumanWork, seen: Variables) -> tuple[str, ...]:
    value = play.value(work.candidates, seen) if work.candidates else None
    texts = value if isinstance(value, list) else [value]
    return tuple(part.strip() for text in texts if isinstance(text, str) for part in text.split(",") if part.strip())


def _text(play: Play, template: Any, seen: Variables) -> str | None:
    value = play.value(template, seen) if template else None
    return str(value).strip() or None if value is not None else None


def _due(play: Play, template: Any, seen: Variables) -> datetime | None:
    """A date means the last second of that day in Stockholm; a duration counts from now."""
    text = _text(play, template, seen)
    if text is None:
        return None
    try:
        due = TimerRule.parse(text).first(play.env.now)
    except BadTime as reason:
        raise Stuck(reason.en, reason.sv) from None
    if due is not None and len(text) == len("2026-03-31"):
        ...
    return due


def _priority(play: Play, work: HumanWork, seen: Variables) -> int:
    text = _text(play, work.priority, seen)
    if text is None:
        return 50
    if not text.isdecimal() or int(text) > 100:
        raise Stuck("Expected a priority from 0 to 100, but it is something else.", "Prioriteten ska vara ett heltal från 0 till 100.")
    return int(text)
