"""Conditional events: a wait that the case itself ends, when a variable it reads is written (§10.5.5, §13.5.2).

A condition is looked at when its wait opens, and after each move in which one of the variables it names was written:
not sooner, so that it sees what the move leaves behind, and not later, so that no change is overlooked. What interrupts
nothing happens each time the condition goes from false to true. A condition that reads what is not there does not hold.
"""

from __future__ import annotations

from engine.bpmn.changes import IncidentRaised
from engine.bpmn.expressions import Expression
from engine.bpmn.machine import events, waits
from engine.bpmn.machine.play import Play, Run, Stuck
from engine.bpmn.model import Node


def look(play: Play) -> None:
    """Evaluate the conditions that may have changed; what has come true happens before anything else moves."""
    numbers = sorted(play.looking)
    play.looking.clear()
    met = [number for number in numbers if _has_come_true(play, number)]
    play.queue.extendleft(("met", number) for number in reversed(met))


def _has_come_true(play: Play, number: int) -> bool:
    run = play.runs.get(str(number))
    if run is None or run.get("open") != "condition":
        return False
    node = play.node(run)
    condition = waits.event_of(run, node).condition
    try:
        holds = condition is not None and _holds(play, number, condition)
    except Stuck as why:
        _give_up(play, number, run, why)
        return False
    held = run.pop("held", False)
    if holds and _goes_on(node):
        run["held"] = True
    return holds and not held


def _holds(play: Play, number: int, condition: Expression) -> bool:
    seen = play.visible(number)
    if not condition.required <= seen.keys():
        return False
    held = play.value(condition, seen)
    if held.__class__ is not bool:
        raise Stuck(
            "Expected the condition of the event to be true or false, but it is neither.",
            "Händelsens villkor ska vara sant eller falskt, men är något annat.",
        )
    return bool(held)


def _goes_on(node: Node) -> bool:
    return node.kind in ("boundaryEvent", "startEvent") and not node.interrupting


def _give_up(play: Play, number: int, run: Run, why: Stuck) -> None:
    """A condition that has no value: nobody listens any more until somebody retries."""
    waits.close(play, number, run, "cancelled")
    del run["open"]
    run["stuck"] = "expect"
    play.changes.append(IncidentRaised(number, run["at"], why.sv, why.en))


def met(play: Play, number: int) -> None:
    """The condition has come true. What waited for it may be gone by now: interrupted by another that came with it. It
    is a step, so that events whose writing makes each other's conditions true use up the budget."""
    run = play.runs.get(str(number))
    if run is None or run.get("open") != "condition":
        return
    play.steps_left -= 1
    try:
        play.check_steps()
    except Stuck as why:
        run.pop("held", None)  # it has not happened: a retry looks anew
        _give_up(play, number, run, why)
        return
    if "on" in run:
        waits.close(play, number, run, "completed")
        events.came(play, number, {})
    else:
        play.queue.appendleft(("finish", number, {}, False))
