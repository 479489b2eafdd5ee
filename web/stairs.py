"""The ladder's place on paper, for case/_ladder.html and _ladder_small.html."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from web.ladder import NOW, PASSED, SKIPPED, Feedback, Ladder, Rung


@dataclass(frozen=True, slots=True)
class Step:
    """A rung with its place: the left end of its tread, and where its mark stands."""

    rung: Rung
    x: int
    y: int
    mark_x: int
    drops: tuple[tuple[int, Feedback], ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    run: int
    ground: int
    steps: tuple[Step, ...]
    risers: str = ""
    walked: str = ""
    skip: str = ""
    points: Sequence[Any] = field(default_factory=tuple)


def drawing(ladder: Ladder, *, small: bool = False) -> Drawing:
    """Places in the picture's own units; the large one is drawn at its size on a wide screen."""
    run, rise, left, top = (58, 15, 4, 34) if small else (186, 36, 10, 90)
    bottom = top + rise * (len(ladder.rungs) - 1)
    ground = bottom + (16 if small else 62)
    steps = []
    for index, rung in enumerate(ladder.rungs):
        x, y = left + index * run, bottom - index * rise
        count = len(rung.feedback)
        gap = run // (count + 1)
        drops = tuple((x + gap * (number + 1), one) for number, one in enumerate(rung.feedback))
        steps.append(Step(rung, x, y, x + (10 if small else 18), drops))
    return Drawing(
        width=left * 2 + run * len(steps),
        height=ground + (6 if small else 34),
        run=run,
        ground=ground,
        steps=tuple(steps),
        risers=_stairs(steps, run, ground),
        walked=_stairs([step for step in steps if step.rung.state in (PASSED, NOW, SKIPPED)], run, None),
        skip=_bypass(steps) if ladder.skips else "",
    )


def _stairs(steps: Sequence[Step], run: int, ground: int | None) -> str:
    """The line of the stairs, from the ground up where `ground` is given."""
    if not steps:
        return ""
    path = [f"M{steps[0].x} {ground if ground is not None else steps[0].y}"]
    for step in steps:
        path.append(f"V{step.y}H{step.x + run}")
    return "".join(path)


def _bypass(steps: Sequence[Step]) -> str:
    """A curve past the first rung to the second."""
    first, second = steps[0], steps[1]
    start, bend, end = f"{first.x} {first.y + 24}", f"{first.x + 60} {first.y + 34}", f"{second.x - 2} {second.y + 8}"
    return f"M{start}C{bend} {second.x - 60} {first.y + 20} {end}"
