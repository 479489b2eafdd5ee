"""Parallel multiple events: all of their triggers must come, in any order (§10.5.1, §13.5.2).

Each is waited for by a run of its own; one that has come keeps what it carried until the last is there. What comes
again before that finds nobody waiting: a message is kept for the next round, a signal passes by.

At an edge, or at the start of an event sub-process, errors and escalations may be among them (Table 10.93). They come
from inside and need no wait: an escalation that comes is noted, and goes on to the next that catches it where it has
come already. An error ends what it comes from (§10.5.6), and with it the waiting; hence it is caught when all else has
come, and else goes on outwards.
"""

from __future__ import annotations

from engine.bpmn.changes import Variables
from engine.bpmn.machine import waits
from engine.bpmn.machine.play import Play
from engine.bpmn.machine.runs import Run
from engine.bpmn.model import Node


def is_last(play: Play, number: int, given: Variables) -> bool:
    """One trigger has come; true where that makes the event complete."""
    run = play.run(number)
    run.pop("open", None)
    node = play.node(run)
    run["came"] = 1 + len(_come(play, run["on"], node))
    run["given"] = given
    return node.event is not None and run["came"] == len(node.event.parts)


def is_awaited(play: Play, holder: int, node: Node, part: int) -> bool:
    """Whether event `node`, which listens on run `holder`, still needs this error or escalation of its triggers."""
    if node.event is None or node.event.kind != "parallelMultiple":
        return True
    come = [run["part"] for run in _come(play, holder, node)]
    if node.event.parts[part].kind == "error":
        return len(come) == len(node.event.parts) - 1
    return part not in come


def note(play: Play, holder: int, node: Node, part: int) -> int:
    """A run for an escalation that has come."""
    return play.add({"at": node.id, "on": holder, "part": part})


def all_given(play: Play, number: int) -> Variables:
    """What all triggers carried; where several give one variable, what came last."""
    run = play.run(number)
    return given_by(play, run["on"], play.node(run))


def given_by(play: Play, holder: int, node: Node) -> Variables:
    """The same, of those triggers of event `node` that have come."""
    given: Variables = {}
    for run in sorted(_come(play, holder, node), key=lambda run: run["came"]):
        given |= run["given"]
    return given


def begin_anew(play: Play, number: int) -> None:
    """Where the event may come many times, all is waited for again; else the wait is over."""
    for other in _all(play, number):
        run = play.run(other)
        if not waits.comes_again(play, run) or waits.event_of(run, play.node(run)).kind not in waits.WAITED_FOR:
            play.drop(other)
            continue
        del run["came"], run["given"]
        play.queue.append(("expect", other))


def _all(play: Play, number: int) -> list[int]:
    """The runs that wait, or waited, for the triggers of the same event."""
    run = play.run(number)
    return _at(play, run["on"], play.node(run))


def _at(play: Play, holder: int, node: Node) -> list[int]:
    return [other for other in play.run(holder).get("watch", ()) if play.run(other)["at"] == node.id]


def _come(play: Play, holder: int, node: Node) -> list[Run]:
    return [run for run in map(play.run, _at(play, holder, node)) if "came" in run]
