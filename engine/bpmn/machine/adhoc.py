"""Ad-hoc sub-processes (§10.3.5, §13.3.5): people choose which of the enabled activities are done, and when.

Enabled are the activities that no flow leads to, any number of times, and those before which enough tokens wait: in it
a flow enables what it leads to and does not begin it. Where the order is sequential, nothing is while one is under way.
After each activity the completion condition is asked; where there is none, a person says when the work is done.

An event that no flow leads to is waited for as long as the sub-process lies open, and may come many times:
"Intermediate Events will have outgoing Sequence Flows and they can be triggered multiple times while the Ad-Hoc
Sub-Process is active".
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from engine.bpmn.changes import AdHocOpened, Variables
from engine.bpmn.machine import people, tokens, waits
from engine.bpmn.machine.play import Play, Stuck
from engine.bpmn.model import ACTIVITIES, AdHoc, Node
from engine.errors import Refused

_PLAIN = AdHoc()


@dataclass(frozen=True, slots=True)
class Offered:
    """An activity that may be begun now, and by whom: as it says itself, or any of those of the whole."""

    element: str
    name: str
    candidates: tuple[str, ...]
    assignee: str | None


@dataclass(frozen=True, slots=True)
class AdHocWork:
    """An ad-hoc sub-process that lies open. `candidates` may say that it is done, where `ends_by_hand`: its own, or
    where it has none those of its activities."""

    wait: int
    element: str
    name: str
    candidates: tuple[str, ...]
    activities: tuple[Offered, ...]
    ends_by_hand: bool


def offer(play: Play, number: int, node: Node) -> None:
    """Run `number` lies open for those who may begin something in it."""
    seen = play.visible(number)
    candidates = dict.fromkeys((*people.candidates_of(play, node, seen), *_of_activities(play, node, seen)))
    if not candidates:
        raise Stuck(
            "Expected roles that may begin the activities, but the diagram gives none.",
            "Det finns ingen som kan börja med något här: diagrammet ger inga roller.",
        )
    run = play.run(number)
    run["ad_hoc"] = "open"
    run["open"] = "ad_hoc"
    play.changes.append(AdHocOpened(number, node.id, node.name or node.id, tuple(candidates)))


def _of_activities(play: Play, node: Node, seen: Variables) -> list[str]:
    """Who may begin one of its activities, as far as that can be said now; where an event comes before each, of all."""
    candidates: list[str] = []
    for inner in _free(play, node) or [one for one in play.graph.nodes.values() if _is_in(node, one)]:
        with suppress(Stuck):  # what it asks for may be written later
            candidates += people.candidates_of(play, inner, seen)
    return candidates


def work_at(play: Play, number: int) -> AdHocWork:
    """What may be begun under `number` now. Changes nothing."""
    seen, node = play.visible(number), play.node(play.run(number))
    whole = people.candidates_of(play, node, seen)
    return AdHocWork(
        wait=number,
        element=node.id,
        name=node.name or node.id,
        candidates=whole or tuple(dict.fromkeys(_of_activities(play, node, seen))),
        activities=tuple(_offered(play, number, whole, seen)),
        ends_by_hand=_ends_by_hand(play, number, node),
    )


def _offered(play: Play, number: int, whole: tuple[str, ...], seen: Variables) -> list[Offered]:
    found = []
    for node in enabled(play, number):
        own: tuple[str, ...] = ()
        assignee = None
        with suppress(Stuck):
            own, assignee = people.candidates_of(play, node, seen), people.assignee_of(play, node, seen)
        found.append(Offered(node.id, node.name or node.id, tuple(dict.fromkeys((*own, *whole))), assignee))
    return found


def enabled(play: Play, number: int) -> list[Node]:
    run = play.run(number)
    node = play.node(run)
    if run.get("open") != "ad_hoc" or run.get("interrupted") or (_how(node).is_sequential and _is_busy(play, number)):
        return []
    reached = [play.graph.nodes[waiting] for waiting in run.get("joins", ())]
    ready = [one for one in reached if one.kind in ACTIVITIES and _tokens_at(play, number, one) >= one.start_quantity]
    return _free(play, node) + ready


def begin(play: Play, number: int, element: str) -> None:
    """Somebody chose an activity."""
    node = next((node for node in enabled(play, number) if node.id == element), None)
    if node is None:
        raise Refused(
            f"Expected an activity that can be begun now, but {element!r} cannot.",
            "Det går inte att starta just nu. Ladda om sidan för att se vad som går.",
        )
    if node.incoming:
        tokens.take(play, number, node, node.start_quantity)
    play.run(number)["live"] += 1
    play.queue.append(("gathered", number, node))


def end(play: Play, number: int) -> None:
    """Somebody says that the work is done."""
    node = play.node(play.run(number))
    if not _ends_by_hand(play, number, node):
        raise Refused(
            f"Expected work that people say is done, but that of {node.id!r} ends by a condition or an event.",
            "När det här är klart avgörs av processen.",
        )
    _close(play, number, node)


def _ends_by_hand(play: Play, number: int, node: Node) -> bool:
    """Where no condition says when, and no event sub-process has taken over."""
    return _how(node).completion is None and not play.run(number).get("interrupted")


def after_activity(play: Play, number: int) -> None:
    """§13.3.5: "After each completion of an inner Activity, a condition specified through the completionCondition
    attribute is evaluated"."""
    if not play.exists(number):
        return  # an event sub-process that interrupts has ended it
    run = play.run(number)
    node = play.node(run)
    condition = _how(node).completion
    if run["ad_hoc"] != "open" or "stuck" in run or run.get("interrupted") or condition is None:
        return
    is_done = play.value(condition, play.visible(number))
    if is_done.__class__ is not bool:
        raise Stuck(
            "Expected the completion condition to be true or false, but it is neither.",
            "Villkoret för när arbetet är klart ska vara sant eller falskt, men är något annat.",
        )
    if is_done:
        _close(play, number, node)
    elif "open" not in run:  # it got stuck before
        offer(play, number, node)


def _close(play: Play, number: int, node: Node) -> None:
    """Nothing more begins; what is under way is cancelled, or comes to its end first."""
    run = play.run(number)
    how = _how(node)
    waits.close(play, number, run, "completed")
    run.pop("open", None)
    run["ad_hoc"] = "closing"
    _stop_events(play, number)
    if how.cancel_remaining and not how.is_sequential:
        waits.clear(play, number)
    play.touched[number] = None


def events_in(play: Play, node: Node) -> list[Node]:
    """What is waited for while it lies open: events that no flow leads to."""
    starts = map(play.graph.nodes.__getitem__, play.graph.scopes[node.id].starts)
    return [start for start in starts if start.kind == "intermediateCatchEvent"]


def _stop_events(play: Play, number: int) -> None:
    """Its events are not waited for any more, nor is one that could not be."""
    run = play.run(number)
    own = {event.id for event in events_in(play, play.node(run))}
    for one in (*run.get("watch", ()), *play.kids(run)):
        waiting = play.run(one)
        if waiting["at"] in own and ("on" in waiting or waiting.get("stuck") == "listen"):
            waits.close(play, one, waiting, "cancelled")
            play.drop(one)
            run["live"] -= "on" not in waiting


def over(play: Play, number: int) -> None:
    """Nothing is under way any more; tokens that wait for something to begin go with the rest."""
    waits.clear(play, number)
    play.queue.append(("finish", number, {}, False))


def _how(node: Node) -> AdHoc:
    return node.ad_hoc or _PLAIN


def _free(play: Play, node: Node) -> list[Node]:
    """What may be begun any number of times: no flow leads to it."""
    starts = map(play.graph.nodes.__getitem__, play.graph.scopes[node.id].starts)
    return [start for start in starts if start.kind in ACTIVITIES]


def _is_in(node: Node, one: Node) -> bool:
    return one.scope == node.id and one.kind in ACTIVITIES and not (one.triggered_by_event or one.for_compensation)


def _is_busy(play: Play, number: int) -> bool:
    inside = (play.node(play.run(kid)) for kid in play.kids(play.run(number)))
    return any(node.kind in ACTIVITIES and not node.triggered_by_event for node in inside)


def _tokens_at(play: Play, number: int, node: Node) -> int:
    return sum(play.run(number)["joins"][node.id].values())
