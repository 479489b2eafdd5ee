"""Work for people: who may do it, until when, how urgent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from engine.bpmn.changes import TaskOpened, Variables
from engine.bpmn.expressions import Template
from engine.bpmn.machine.play import Play, Stuck
from engine.bpmn.machine.waits import rule_of
from engine.bpmn.model import HumanWork, Node
from engine.calendar import midnight
from engine.errors import BadTime

_NO_WORK = HumanWork()


def open_task(play: Play, number: int, node: Node) -> None:
    """A user or manual task goes to those who may do it (§13.3.3)."""
    run, seen, work = play.run(number), play.visible(number), node.work or _NO_WORK
    opened = TaskOpened(
        wait=number,
        element=node.id,
        name=node.name or node.id,
        candidates=_candidates(play, work, seen),
        assignee=_text(play, work.assignee, seen),
        due=_time(play, work.due, seen),
        follow_up=_time(play, work.follow_up, seen),
        priority=_priority(play, work.priority, seen),
        form=work.form,
        instance=run.get("index"),
    )
    if work.candidates and not opened.candidates and not opened.assignee:
        raise Stuck(
            "Expected roles or a person to do the task, but the diagram's expressions give none.",
            "Det finns ingen som kan få uppgiften: diagrammets uttryck ger varken roller eller person.",
        )
    run["open"] = "task"
    play.changes.append(opened)


def candidates_of(play: Play, node: Node, seen: Variables) -> tuple[str, ...]:
    """Who may do it, as far as the node says; also of what no person does."""
    return _candidates(play, node.work or _NO_WORK, seen)


def assignee_of(play: Play, node: Node, seen: Variables) -> str | None:
    return _text(play, (node.work or _NO_WORK).assignee, seen)


def _candidates(play: Play, work: HumanWork, seen: Variables) -> tuple[str, ...]:
    value = play.value(work.candidates, seen) if work.candidates is not None else None
    texts = value if isinstance(value, list) else [value]
    return tuple(part.strip() for text in texts if isinstance(text, str) for part in text.split(",") if part.strip())


def _time(play: Play, template: Template | None, seen: Variables) -> datetime | None:
    """A date means the last second of that day in Stockholm; a duration counts from now."""
    text = None if template is None else _text(play, template, seen)
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-31") and text[0] != "P":
            return _end_of(text)
        return rule_of(text).first(play.env.now)
    except (BadTime, ValueError, OverflowError):
        raise Stuck(
            "Expected a date or time by which the task should be done, but it is something else.",
            "Uppgiftens tidsgräns ska vara ett datum eller en tidpunkt, men är något annat.",
        ) from None


@lru_cache(maxsize=1024)
def _end_of(day: str) -> datetime:
    """Many tasks are due on the same day."""
    return midnight(date.fromisoformat(day) + timedelta(days=1)) - timedelta(seconds=1)


def _priority(play: Play, template: Template | None, seen: Variables) -> int:
    text = None if template is None else _text(play, template, seen)
    if text is None:
        return 50
    if not text.isdecimal() or int(text) > 100:
        raise Stuck(
            "Expected a priority from 0 to 100, but it is something else.",
            "Prioriteten ska vara ett heltal från 0 till 100, men är något annat.",
        )
    return int(text)


def _text(play: Play, template: Template | None, seen: Variables) -> str | None:
    if template is None:
        return None
    value = play.value(template, seen)
    return None if value is None else str(value).strip() or None
