"""Standard loops: a body that counts its turns, and one turn at a time (§10.3.8, §13.3.6).

The body is all that stays; a turn is a run of its own, gone when it is done. So turn 10,000 costs what the first did.
"""

from __future__ import annotations

from engine.bpmn.changes import ElementPassed, Variables
from engine.bpmn.machine import compensation, events, tokens, waits
from engine.bpmn.machine.play import Play, Stuck
from engine.bpmn.model import Node, StandardLoop


def begin(play: Play, body: int) -> None:
    play.run(body)["turns"] = 0
    play.queue.append(("loop", body))


def go_on(play: Play, body: int) -> None:
    """Another turn, or the end of the activity. A turn is a step: a loop that waits for nothing uses up the budget."""
    run = play.run(body)
    node = play.node(run)
    if _has_another(play, body, node, node.standard_loop or StandardLoop()):
        play.steps_left -= 1
        play.check_steps()
        play.queue.append(("turn", body))
    else:
        play.queue.append(("looped", body, {}))


def _has_another(play: Play, body: int, node: Node, loop: StandardLoop) -> bool:
    turns = play.run(body)["turns"]
    if loop.maximum is not None and turns >= loop.maximum:
        return False
    if not turns and not loop.test_before:
        return True
    if loop.condition is None:
        if loop.maximum is not None:
            return True
        raise Stuck(
            "Expected the loop to have a condition or a maximum, but it has neither.",
            "Upprepningen har varken villkor eller högsta antal varv.",
        )
    holds = play.value(loop.condition, {**play.visible(body), "loopCounter": turns})
    if holds.__class__ is not bool:
        raise Stuck(
            "Expected the condition of the loop to be true or false, but it is neither.",
            "Villkoret för ett varv till ska vara sant eller falskt, men är något annat.",
        )
    return bool(holds)


def add_turn(play: Play, body: int, checked: bool = True) -> int:
    """A run for the next turn, with its counter."""
    held = play.run(body)
    number = play.add({"at": held["at"], "scope": body, "turn": held["turns"]})
    play.keep_local(number, {"loopCounter": held["turns"]}, checked)
    return number


def end_turn(play: Play, number: int, node: Node, result: Variables, keeps: bool) -> None:
    """A turn is done: what it gave is the case's from now on, and the condition may see it. With `keeps` it may have to
    be compensated."""
    run = play.run(number)
    body = run["scope"]
    written = play.write(play.plan(play.run(body)["scope"], result))
    data = waits.taken_over(play, number, run, written)
    compensation.retire(play, number, run, keeps)
    play.changes.append(ElementPassed(node.id, "completed", (), data))
    play.run(body)["turns"] += 1
    play.queue.append(("loop", body))


def end(play: Play, body: int, given: Variables) -> None:
    """No further turn: the token goes on from the whole."""
    run = play.run(body)
    node = play.node(run)
    if "asked" in run:
        compensation.done(play, body, node, given)
        return
    flows, data = events.land(play, run["scope"], node, given)
    waits.stop_listening(play, run)
    compensation.retire(play, body, run, compensation.keeps(play, run, node))
    tokens.go(play, run["scope"], node, flows, data)
