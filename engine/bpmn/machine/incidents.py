"""What happens to a token whose element cannot be played: it is parked, tried again, or helped past."""

from __future__ import annotations

from collections.abc import Callable

from engine.bpmn.changes import IncidentRaised, Variables
from engine.bpmn.machine import events, loops, multi, tokens, waits
from engine.bpmn.machine.play import Move, Play, Stuck
from engine.bpmn.machine.runs import Run
from engine.bpmn.model import Flow, Node

_IN_ITS_RUN = frozenset({"finish", "ended", "body", "expect", "undo", "throw", "begin", "loop", "looped", "ad_hoc"})
"""These moves concern a run that is there and stays; the others a token on its way, which gets a run to wait in."""


def park(play: Play, move: Move, why: Stuck) -> None:
    """Keep the token where it is, with all that the move needs to be made again."""
    name, number = move[0], move[1]
    if name not in _IN_ITS_RUN:
        number = _run_for(play, move)
    run = play.run(number)
    if name == "ad_hoc":  # nobody begins anything while it is not known whether it is done
        waits.close(play, number, run, "cancelled")
        run.pop("open", None)
    if name in ("finish", "body", "looped"):
        waits.close(play, number, run, "completed")
        run.pop("open", None)
        run["given"] = move[2]
    if name == "finish":
        run["direct"] = move[3]
    run["stuck"] = name
    play.changes.append(IncidentRaised(number, run["at"], why.sv, why.en))


def _run_for(play: Play, move: Move) -> int:
    name, scope = move[0], move[1]
    if name == "instance":
        return multi.add_instance(play, scope, move[2], move[3], checked=False)
    if name == "turn":
        return loops.add_turn(play, scope, checked=False)
    run: Run = {"at": move[2].id, "scope": scope}
    if name in ("arrive", "enter") and move[3] is not None:
        run["via"] = move[3].id
    elif name in ("caught", "handle"):
        run["given"] = move[3]
    if name == "caught":
        run["direct"] = move[4]
    return play.add(run)


def again(play: Play, number: int) -> None:
    """Make the move again that got stuck at run `number`."""
    run = play.run(number)
    waits.close(play, number, run, "cancelled")
    name = run.pop("stuck")
    if name not in _IN_ITS_RUN:
        play.drop(number)
    if name == "join":
        play.touched[run["on"]] = None
    else:
        play.queue.append(_AGAIN[name](number, run, play.node(run)))


_AGAIN: dict[str, Callable[[int, Run, Node], Move]] = {
    "arrive": lambda number, run, node: ("arrive", run["scope"], node, flow_of(run, node)),
    "enter": lambda number, run, node: ("enter", run["scope"], node, flow_of(run, node)),
    "gathered": lambda number, run, node: ("gathered", run["scope"], node),
    "leave": lambda number, run, node: ("leave", run["scope"], node),
    "reset": lambda number, run, node: ("reset", run["scope"], node),
    "caught": lambda number, run, node: ("caught", run["scope"], node, run["given"], run["direct"]),
    "listen": lambda number, run, node: ("listen", run["scope"], node),
    "handle": lambda number, run, node: ("handle", run["scope"], node, run["given"]),
    "instance": lambda number, run, node: ("instance", run["scope"], run["index"], multi.item_of(run, node)),
    "finish": lambda number, run, node: ("finish", number, run.pop("given"), run.pop("direct")),
    "body": lambda number, run, node: ("body", number, run.pop("given")),
    "loop": lambda number, run, node: ("loop", number),
    "ad_hoc": lambda number, run, node: ("ad_hoc", number),
    "turn": lambda number, run, node: ("turn", run["scope"]),
    "looped": lambda number, run, node: ("looped", number, run.pop("given")),
    "ended": lambda number, run, node: ("ended", number),
    "expect": lambda number, run, node: ("expect", number),
    "undo": lambda number, run, node: ("undo", number),
    "throw": lambda number, run, node: ("throw", number),
    "begin": lambda number, run, node: ("begin", number),
}


def let_in(play: Play, number: int, run: Run) -> None:
    """The worker has come by: a token that waited before its element goes in."""
    node = play.node(run)
    waits.close(play, number, run, "completed")
    if "asked" in run:
        del run["open"]
        play.queue.append(("begin", number))
        return
    play.drop(number)
    play.queue.append(("enter", run["scope"], node, flow_of(run, node)))


def flow_of(run: Run, node: Node) -> Flow | None:
    """The flow on which a token that is held before its element came."""
    return next((flow for flow in node.incoming if flow.id == run.get("via")), None)


def past(play: Play, number: int, given: Variables) -> None:
    """Go on from run `number` as if its element were done and had given `given`; mappings are not asked."""
    run = play.run(number)
    node, name = play.node(run), run.get("stuck", run.get("open"))
    if name == "join":
        tokens.fire(play, run["on"], node)
        play.queue.append(("caught", run["on"], node, given, True))
    elif name in _ON_THE_WAY and "asked" not in run:
        waits.close(play, number, run, "completed")
        play.drop(number)
        play.queue.append(("caught", run["scope"], node, given, True))
    elif name in ("listen", "handle"):
        waits.close(play, number, run, "completed")
        play.drop(number)
        play.write(play.plan(run["scope"], given))
        tokens.spread(play, run["scope"], ())
    elif name == "expect" and "on" in run:
        waits.close(play, number, run, "completed")
        del run["stuck"]
        events.came(play, number, given)
    else:
        if "stuck" in run:
            waits.close(play, number, run, "completed")
            del run["stuck"]
        if name == "ad_hoc":
            waits.clear(play, number)
        end = _WHOLE.get(name or "")
        play.queue.append((end, number, given) if end else ("finish", number, given, True))


_WHOLE = {"body": "body", "loop": "looped", "looped": "looped"}
"""Stuck between instances or turns, it is the whole activity that is helped past."""
_ON_THE_WAY = frozenset({"arrive", "enter", "gathered", "leave", "reset", "caught", "go_on", "data"})
"""A token that waits to begin or to leave: helped past, it goes on behind the element."""
