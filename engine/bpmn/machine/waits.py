"""What a token waits for: opened, closed and cancelled here, each with its change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache

from engine.bpmn.changes import (
    AdHocClosed,
    CallClosed,
    CaseEnded,
    Change,
    Data,
    ElementPassed,
    IncidentCleared,
    JobClosed,
    TaskClosed,
    TimerCancelled,
    TimerFired,
    TimerSet,
    WaitClosed,
    WaitOpened,
)
from engine.bpmn.machine import correlation
from engine.bpmn.machine.play import Play, Stuck, as_watched
from engine.bpmn.machine.runs import ROOT, Run
from engine.bpmn.machine.tokens import NO_DATA
from engine.bpmn.model import Event, Node
from engine.calendar import TimerRule
from engine.errors import BadTime

# --- events to come --------------------------------------------------------------------------------------------------

WAITED_FOR = frozenset({"message", "timer", "signal", "conditional"})
"""Events that come from outside the case, or when a condition comes true. Errors and escalations come from inside and
need no wait."""


def is_waited_for(node: Node) -> bool:
    return node.event is not None and any(event.kind in WAITED_FOR for event in node.event.triggers)


def listen(play: Play, number: int, nodes: Iterable[str]) -> None:
    """Let run `number` listen for those of the events `nodes` that are waited for: a run for each of their triggers."""
    for node in map(play.graph.nodes.__getitem__, nodes):
        for part, event in enumerate(node.event.triggers if node.event else ()):
            if event.kind in WAITED_FOR and not is_default_signal(event):
                run: Run = {"at": node.id, "on": number}
                if node.event and node.event.parts:
                    run["part"] = part
                _expect(play, play.add(run), node, event)


def comes_again(play: Play, run: Run) -> bool:
    """Whether what a run waits for may come many times: it interrupts nothing, or is an event in an ad-hoc sub-process
    that no flow leads to (§13.3.5)."""
    node = play.node(run)
    if node.kind == "intermediateCatchEvent":
        return "on" in run and "ad_hoc" in play.run(run["on"])
    return node.kind in ("boundaryEvent", "startEvent") and not node.interrupting


def event_of(run: Run, node: Node) -> Event:
    """What a run at `node` waits for: the event, or the one of its triggers that the run is for."""
    event = node.event or Event()
    return event.parts[run["part"]] if "part" in run else event


def is_default_signal(event: Event) -> bool:
    """What a multi-instance activity throws at its own boundary where no event is named (§10.3.8)."""
    return event.kind == "signal" and event.name is None


def expect(play: Play, number: int, node: Node) -> None:
    """Run `number` stands at `node`, an event or receive task, and waits for what it says."""
    _expect(play, number, node, event_of(play.run(number), node))


def _expect(play: Play, number: int, node: Node, event: Event) -> None:
    if event.parts:
        listen(play, number, [node.id])
    elif event.kind == "timer":
        _set_timer(play, number, node, event)
    elif event.kind == "conditional":
        _await_condition(play, number, node, event)
    else:
        key = correlation.expected(play, number, event, play.visible(number)) if event.kind == "message" else None
        _await(play, number, node, event, key)


def expect_again(play: Play, number: int) -> None:
    """What could not be waited for, or has come and may come again; unless what it listened on is over by now."""
    if play.exists(number):
        expect(play, number, play.node(play.run(number)))


def _await_condition(play: Play, number: int, node: Node, event: Event) -> None:
    play.run(number)["open"] = "condition"
    source, names = (event.condition.source, event.condition.names) if event.condition else ("", frozenset[str]())
    stores = tuple(sorted(set(event.stores.values())))
    play.changes.append(WaitOpened(number, node.id, "condition", source, stores=stores))
    play.watch(number, (names - event.stores.keys()) | set(map(as_watched, stores)))


def _await(play: Play, number: int, node: Node, event: Event, key: str | None) -> None:
    run = play.run(number)
    run["open"] = event.kind
    if key is not None:
        run["key"] = key
    play.changes.append(WaitOpened(number, node.id, event.kind, event.name or "", key))


rule_of = lru_cache(maxsize=1024)(TimerRule.parse)
"""A process sets the same few timers again and again."""


def _set_timer(play: Play, number: int, node: Node, event: Event) -> None:
    if event.timer is None:
        raise Stuck("Expected a timer with a time, but it has none.", "Tidshändelsen saknar tid.")
    text = event.timer.literal or play.value(event.timer, play.visible(number))
    now = play.env.now
    try:
        rule = rule_of(text if isinstance(text, str) else "")
        due = rule.first(now)
    except BadTime as reason:
        raise Stuck(reason.en, reason.sv) from None
    if due is None:
        raise Stuck(
            "Expected a timer that fires some day, but its last time is past.",
            "Tidshändelsens sista tillfälle har redan passerat.",
        )
    run = play.run(number)
    run["open"] = "timer"
    run["due"] = due.isoformat()
    if rule.kind in ("cycle", "cron"):
        run.update({"rule": rule.text, "anchor": now.isoformat(), "fired": 0})
    play.changes.append(TimerSet(number, node.id, due))


def listen_again(play: Play, number: int, node: Node) -> None:
    """A listener whose event may come again goes on listening: all but timers under the old number, a cycle under a
    new one, so that a firing that comes twice finds nothing."""
    run = play.run(number)
    event = event_of(run, node)
    if event.kind == "timer":
        play.drop(number)
        if "rule" in run:
            _set_next(play, run, node)
    elif event.kind == "conditional":  # which holds just now, and must become false before it is looked at for more
        _await_condition(play, number, node, event)
        play.looking.pop(number, None)
    else:
        _await(play, number, node, event, run.get("key"))


def _set_next(play: Play, run: Run, node: Node) -> None:
    fired = run["fired"] + 1
    # From the last due time the rhythm stays; after an outage what was missed is one firing, not a burst.
    after = max(datetime.fromisoformat(run["due"]), play.env.now)
    due = rule_of(run["rule"]).next(after, fired, datetime.fromisoformat(run["anchor"]))
    if due is not None:
        again = play.add({**run, "due": due.isoformat(), "fired": fired})
        play.changes.append(TimerSet(again, node.id, due, fired))


# --- closing ---------------------------------------------------------------------------------------------------------

_Closed = Callable[[int, str, str, Data], Change]

_CLOSED: dict[str, _Closed] = {
    "task": TaskClosed,
    "job": JobClosed,
    "go_on": JobClosed,
    "call": CallClosed,
    "ad_hoc": AdHocClosed,
    "message": WaitClosed,
    "signal": lambda wait, element, outcome, data: WaitClosed(wait, element, outcome, data, "signal"),
    "condition": lambda wait, element, outcome, data: WaitClosed(wait, element, outcome, data, "condition"),
    "data": lambda wait, element, outcome, data: WaitClosed(wait, element, outcome, data, "data"),
    "timer": lambda wait, element, outcome, data: (
        TimerFired(wait, element) if outcome == "completed" else TimerCancelled(wait, element)
    ),
}


def close(play: Play, number: int, run: Run, outcome: str, data: Data = NO_DATA) -> None:
    """What the world outside was asked for is no longer open; nothing where nothing is."""
    if "stuck" in run:
        play.changes.append(IncidentCleared(number, run["at"]))
    if "open" in run:
        play.changes.append(_CLOSED[run["open"]](number, run["at"], outcome, data))
        if "reads" in run:
            play.unwatch(number, run)


def taken_over(play: Play, number: int, run: Run, data: Data) -> Data:
    """A run has come to its good end: nothing listens on it any more. Gives what of `data` no change has told yet."""
    stop_listening(play, run)
    close(play, number, run, "completed", data)
    return data if run.get("open", "timer") == "timer" else NO_DATA


# --- cancelling ------------------------------------------------------------------------------------------------------


def stop_listening(play: Play, run: Run) -> None:
    """The listeners of a run that has come to its end."""
    for number in list(run.get("watch", ())):
        listener = play.run(number)
        close(play, number, listener, "cancelled")
        play.drop(number)


def cancel(play: Play, number: int, outcome: str = "cancelled") -> None:
    """End a run with everything inside, innermost first; each leaves a change."""
    run = play.run(number)
    clear(play, number)
    stop_listening(play, run)
    close(play, number, run, outcome)
    play.give_back(number, run)
    play.drop(number)
    asked = run.get("asked", ROOT)
    if "out" not in run and asked is not None:  # else it was passed before
        play.changes.append(ElementPassed(run["at"], outcome))
    if asked:
        play.queue.append(("undo", asked))


def clear(play: Play, number: int) -> None:
    """End everything inside a scope: its runs, its tokens at joins and on their way, its event sub-processes.

    What listens on the scope from outside, its boundary events, goes on; what is completed can still be compensated.
    """
    run = play.run(number)
    for kid in play.kids(run):
        if "kept" not in play.run(kid):
            cancel(play, kid)
    run.pop("resets", None)
    for node in run.pop("joins", {}):
        play.changes.append(ElementPassed(node, "cancelled"))
    for listener in list(run.get("watch", ())):
        if play.node(play.run(listener)).kind != "boundaryEvent":
            close(play, listener, play.run(listener), "cancelled")
            play.drop(listener)
    if "live" in run:
        run["live"] = 0
    if "live" in run or "total" in run or "turns" in run:
        recall(play, number)


def recall(play: Play, number: int) -> None:
    """Tokens on their way inside run `number` do not arrive."""
    if any(move[1] == number for move in play.queue):
        moves = [move for move in play.queue if move[1] != number]
        play.queue.clear()
        play.queue.extend(moves)


def end_case(play: Play, change: CaseEnded, outcome: str) -> None:
    """Nothing is left but the variables of the process, and what it needs to compensate itself where it can."""
    clear(play, ROOT)
    play.state["ended"] = outcome
    play.end(change.undoable)
    play.queue.clear()
    play.touched.clear()
    play.changes.append(change)
