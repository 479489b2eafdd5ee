"""The figures in words, and where they miss half of a goal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

GOALS: Mapping[str, tuple[float, bool]] = {
    "ratio_to_bare_sql.sqlite": (0.8, True),
    "ratio_to_bare_sql.postgresql": (0.8, True),
    "ladder.sqlite.ratio_to_spiffworkflow": (10, True),
    "ladder.postgresql.ratio_to_spiffworkflow": (3, True),
    "ladder.sqlite.machine_ms_at_pace": (0.1, False),
    "loop.last_to_first": (1.2, False),
    "multi.cost_to_10": (2, False),
    "deploy.seconds": (1, False),
    "size.sqlite.step_to_empty": (1.5, False),
    "size.sqlite.inbox_to_empty": (1.5, False),
    "size.postgresql.step_to_empty": (1.5, False),
    "size.postgresql.inbox_to_empty": (1.5, False),
    "memory.grown": (1.1, False),
}
"""What is to be reached (the issue of the machine, section Cost): at least where true, at most where false."""


NOT_JUDGED = frozenset({"ladder.sqlite.ratio_to_spiffworkflow"})
"""Told, but no reason to fail: at its half, with the rows that a step leaves, any noise would decide."""


def tell(told: Mapping[str, Any]) -> str:
    """One line a figure, with its goal where it has one."""
    lines = []
    for name, value in flat(told):
        goal, at_least = GOALS.get(name, (None, False))
        aim = "" if goal is None else f"   (goal: {'at least' if at_least else 'at most'} {goal:g})"
        lines.append(f"{name:<48} {value}{aim}")
    return "\n".join(lines)


def misses(told: Mapping[str, Any]) -> list[str]:
    """What falls below half of its goal: a sentence each.

    A busy machine may spoil the clock on the wall, but not what the processor did for both sides: the better counts.
    """
    found = dict(flat(told))
    for database in ("sqlite", "postgresql"):
        name = f"ratio_to_bare_sql.{database}"
        if name in found:
            found[name] = max(found[name], found.get(f"ladder.{database}.ratio_of_cpu", 0))
    missed = []
    for name, (goal, at_least) in GOALS.items():
        value = found.get(name)
        bound = goal / 2 if at_least else goal * 2
        if name not in NOT_JUDGED and value is not None and (value < bound if at_least else value > bound):
            side = "at least" if at_least else "at most"
            missed.append(f"Expected {name} to be {side} {bound:g}, half of its goal, but it is {value}.")
    if any(name.endswith("same_rows") and value is False for name, value in found.items()):
        missed.append("Expected bare SQL to leave as many rows as our steps, but it does not: the ratio says nothing.")
    return missed


def flat(told: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Each figure by its whole name, e.g. `ladder.sqlite.ms.ours`."""
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}.")
        else:
            yield before + name, value
