"""Conditional events: a wait that the case itself ends, when a variable it reads is written (§10.5.5, §13.5.2).

A condition is looked at when its wait opens, and after each move in which one of the variables it names was written:
not sooner, so that it sees what the move leaves behind, and not later, so that no change is overlooked. What interrupts
nothing happens each time the condition goes from false to true. A condition that reads what is not there does not hold.

A condition may look into data stores. What the case itself writes there is seen like a variable; of what other cases
write the case is told (`machine.look`), with what the store then held: it counts for the condition even where the store
has been written again since, while all that follows works with what the store holds now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.bpmn.changes import ConditionLapsed, IncidentRaised
from engine.bpmn.machine import events, waits
from engine.bpmn.machine.play import Play, Stuck, as_watched
from engine.bpmn.machine.runs import Run
from engine.bpmn.model import Event


def look(play: Play) -> None:
    """Evaluate the conditions that may have changed; what has come true happens before anything else moves."""
    numbers = sorted(play.looking)
    play.looking.clear()
    met = [number for number in numbers if _has_come_true(play, number)]
    play.queue.extendleft(("met", number) for number in reversed(met))


def look_into(play: Play, stores: Mapping[str, Any]) -> None:
    """The same for those that wait for what others have now left in `stores`. What no longer holds is told: nothing
    else would tell that the case has seen it."""
    for name in stores:
        play.look_at(as_watched(name))
    held = [number for number in sorted(play.looking) if play.run(number).get("held")]
    play.glimpsed = stores
    look(play)
    play.glimpsed = {}
    for number in held:
        run = play.run(number)
        if run.get("open") == "condition" and "held" not in run:
            play.changes.append(ConditionLapsed(number, run["at"]))


def _has_come_true(play: Play, number: int) -> bool:
    run = play.runs.get(str(number))
    if run is None or run.get("open") != "condition":
        return False
    node = play.node(run)
    try:
        holds = _holds(play, number, waits.event_of(run, node))
    except Stuck as why:
        _give_up(play, number, run, why)
        return False
    held = run.pop("held", False)
    if holds and waits.comes_again(play, run):
        run["held"] = True
    return holds and not held


def _holds(play: Play, number: int, event: Event) -> bool:
    condition, seen = event.condition, play.visible(number)
    looked_into = {name: _seen_in(play, store) for name, store in event.stores.items()}
    if looked_into:
        seen = {**seen, **looked_into}
    if condition is None or not condition.required <= seen.keys():
        return False
    try:
        held = play.value(condition, seen)
    except Stuck:
        if None in looked_into.values():
            return False  # nobody has written there yet
        raise
    if held.__class__ is not bool:
        raise Stuck(
            "Expected the condition of the event to be true or false, but it is neither.",
            "Händelsens villkor ska vara sant eller falskt, men är något annat.",
        )
    return bool(held)


def _seen_in(play: Play, store: str) -> Any:
    return play.glimpsed[store] if store in play.glimpsed else play.in_store(store)


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
