"""What each kind of element does with a token, and the loop in which tokens move until all are at rest."""

from __future__ import annotations

from collections.abc import Callable

from engine.bpmn.changes import JobAdded
from engine.bpmn.machine import (
    activities,
    adhoc,
    compensation,
    complex_gateway,
    conditions,
    data,
    events,
    incidents,
    loops,
    multi,
    tokens,
    waits,
)
from engine.bpmn.machine.play import Move, Play, Stuck
from engine.bpmn.model import ACTIVITIES, Flow, Node


def play_on(play: Play) -> None:
    """Make all moves, oldest first, and those that follow from them; in between, conditions that may have changed are
    looked at. Then joins are: they need the whole picture."""
    queue, looking = play.queue, play.looking
    while True:
        while queue or looking:
            if looking:
                conditions.look(play)
            if queue:
                _make(play, queue.popleft())
        data.settle(play)
        if queue or looking:
            continue
        scopes = tokens.unsettled(play)
        if scopes and (complex_gateway.settle(play, scopes) or tokens.settle(play, scopes)):
            continue
        play.touched.clear()
        data.find_deadlock(play)
        return


def _make(play: Play, move: Move) -> None:
    changes, moves = len(play.changes), len(play.queue)
    play.created.clear()
    try:
        _MOVES[move[0]](play, *move[1:])
    except Stuck as why:
        play.undo(changes, moves)
        incidents.park(play, move, why)


def _arrive(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    play.steps_left -= 1
    if node.async_before:
        _wait_for_worker(play, scope, node, flow)
    else:
        _enter(play, scope, node, flow)


def _wait_for_worker(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """camunda:asyncBefore: the token goes on in a transaction of its own."""
    number = play.add({"at": node.id, "scope": scope, "open": "go_on"})
    if flow is not None:
        play.run(number)["via"] = flow.id
    play.changes.append(JobAdded(number, node.id, None))


def _enter(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    play.check_steps()
    if node.data is None or data.is_ready(play, scope, node):
        _ELEMENTS[node.kind](play, scope, node, flow)
    else:
        data.wait(play, scope, node, flow)


def _pass_through(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    tokens.leave(play, scope, node)


_ELEMENTS: dict[str, Callable[[Play, int, Node, Flow | None], None]] = {
    "startEvent": _pass_through,
    "intermediateCatchEvent": events.catch,
    "intermediateThrowEvent": events.throw,
    "endEvent": events.throw,
    "exclusiveGateway": _pass_through,
    "parallelGateway": tokens.arrive_at_parallel,
    "inclusiveGateway": tokens.arrive_at_inclusive,
    "complexGateway": complex_gateway.arrive,
    "eventBasedGateway": events.choice,
    **dict.fromkeys(ACTIVITIES, activities.arrive),
}

_MOVES: dict[str, Callable[..., None]] = {
    "arrive": _arrive,  # scope, node, flow: a token comes to an element
    "enter": _enter,  # … and is let in, having waited for the worker
    "gathered": activities.enter,  # scope, node: an activity has all the tokens it waited for
    "leave": tokens.leave,  # scope, node: a token goes on from a join
    "reset": complex_gateway.leave_again,  # scope, node: tokens go on that came to a complex gateway after it fired
    "caught": events.caught,  # scope, node, given, direct: a token starts from an event that came
    "finish": activities.finish,  # run, given, direct: an activity or event is done
    "ended": activities.ended,  # scope: its last token is gone
    "listen": activities.listen,  # scope, event: an event sub-process, or an event in an ad-hoc one, begins to listen
    "expect": waits.expect_again,  # run: what it waits for is asked for anew
    "met": conditions.met,  # run: the condition it waits for holds
    "handle": activities.handle,  # scope, start event, given: an event sub-process starts
    "instance": activities.begin_instance,  # body, index, item
    "body": multi.end_body,  # body, given: all instances are done
    "undo": compensation.undo_next,  # run: it compensates the next of what it has to, or is done with it
    "throw": events.throw_next,  # run: it throws the next of its triggers, having compensated
    "begin": activities.begin_handler,  # run: a compensation activity begins
    "loop": loops.go_on,  # body: one more turn of a standard loop, or none
    "turn": activities.begin_turn,  # body
    "ad_hoc": adhoc.after_activity,  # scope: something in it is done
    "over": adhoc.over,  # scope: nothing is under way in it any more
    "looped": loops.end,  # body, given: the loop is done
}
