"""Parallel multiple events: all of their triggers must come, in any order (§10.5.1, §13.5.2).

Each is waited for by a run of its own; one that has come keeps what it carried until the last is there. What comes
again before that finds nobody waiting: a message is kept for the next round, a signal passes by.
"""

from __future__ import annotations

from engine.bpmn.changes import Variables
from engine.bpmn.machine import waits
from engine.bpmn.machine.play import Play


def is_last(play: Play, number: int, given: Variables) -> bool:
    """One trigger has come; true where that makes the event complete."""
    run = play.run(number)
    run.pop("open", None)
    others = [play.run(other) for other in _all(play, number)]
    run["came"] = 1 + sum("came" in other for other in others)
    run["given"] = given
    return all("came" in other for other in others)


def all_given(play: Play, number: int) -> Variables:
    """What all triggers carried; where several give one variable, what came last."""
    given: Variables = {}
    for run in sorted((play.run(other) for other in _all(play, number)), key=lambda run: run["came"]):
        given |= run["given"]
    return given


def begin_anew(play: Play, number: int) -> None:
    """Where the event may come many times, all is waited for again; else the wait is over."""
    for other in _all(play, number):
        run = play.run(other)
        if not waits.comes_again(play, run):
            play.drop(other)
            continue
        del run["came"], run["given"]
        play.queue.append(("expect", other))


def _all(play: Play, number: int) -> list[int]:
    """The runs that wait, or waited, for the triggers of the same event."""
    run = play.run(number)
    return [other for other in play.run(run["on"])["watch"] if play.run(other)["at"] == run["at"]]
