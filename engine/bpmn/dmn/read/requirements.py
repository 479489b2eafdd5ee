"""What decisions rest on, and the order that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from engine.bpmn.dmn.read.drafts import Draft
from engine.bpmn.findings import shown


def required_by(draft: Draft, kind: str) -> Iterator[tuple[etree._Element, str]]:
    for requirement in draft.element.iterchildren("{*}informationRequirement"):
        for child in requirement.iterchildren(f"{{*}}{kind}"):
            yield child, child.get("href", "").rpartition("#")[2].strip()


def in_order(drafts: Mapping[str, Draft]) -> list[Draft]:
    """Those that are required before those that require them; those in a circle are told so, and left out."""
    waits = {
        key: {one for _, one in required_by(draft, "requiredDecision") if one in drafts}
        for key, draft in drafts.items()
    }
    needed_by: dict[str, list[str]] = {key: [] for key in drafts}
    for key, needs in waits.items():
        for one in needs:
            needed_by[one].append(key)
    ordered: list[Draft] = []
    ready = [key for key, needs in waits.items() if not needs]
    while waits:
        while ready:
            key = ready.pop()
            if waits.pop(key, None) is None:
                continue
            if not drafts[key].broken:
                ordered.append(drafts[key])
            for other in needed_by[key]:
                if other in waits:
                    waits[other].discard(key)
                    if not waits[other]:
                        ready.append(other)
        if waits:
            circle = _circle(waits)
            text = shown(" → ".join((*circle, circle[0])), 200)
            for key in circle:
                drafts[key].say(
                    f": den bygger på sig själv ({text})",
                    f": it rests on itself ({text})",
                    "Ta bort ett av sambanden.",
                    "Remove one of the requirements.",
                    "dmn-circle",
                )
                waits[key].clear()
            ready = list(circle)
    return ordered


def _circle(waits: Mapping[str, set[str]]) -> list[str]:
    """Decisions that wait for each other; there are some, since every one waits for another of them."""
    way: dict[str, None] = {}
    key = next(iter(waits))
    while key not in way:
        way[key] = None
        key = min(waits[key])
    circle = list(way)
    return circle[circle.index(key) :]
