"""A case played again from its history alone: the same inputs at the same times give the same state, and the same rows.

What expressions ask of the house is the time, which each row has, and settings and data stores, which the row of the
step keeps as they were. Holidays and the rules of the clock are those of this release. An incident because the
processor was too slow does not come again; every other limit does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.bpmn.limits import Limits
from engine.bpmn.machine import Environment
from engine.bpmn.model import Graph
from engine.calendar import parse_iso
from engine.db import dumps, loads
from engine.errors import TrappaError
from engine.history import inputs, notes
from engine.history.chain import Note
from engine.settings.functions import functions

Known = Callable[[str, int], tuple[Graph, Mapping[str, bytes]]]
"""The graph and the files of a process by key and version."""

_LIMITS = Limits(cpu_seconds=60)

_BESIDE = frozenset({"incident:opened", "service:failed"})
"""Rows that the machine leaves, but others too: nobody who may do a task, a handler that gave up, a call that cannot
be made."""

_MACHINE = frozenset(
    f"{noun}:{verb}"
    for noun, verbs in {
        "element": ("passed", "compensated", "reached"),
        "escalation": ("received",),
        "task": ("opened", "completed", "cancelled"),
        "service": ("added", "finished", "cancelled"),
        "timer": ("set", "fired", "cancelled"),
        "ad_hoc": ("opened", "closed"),
        "wait": ("opened", "cancelled"),
        "message": ("received", "sent"),
        "signal": ("received", "sent"),
        "data": ("received",),
        "condition": ("met", "lapsed"),
        "store": ("written",),
        "case": ("called", "returned", "ended", "reopened"),
        "compensation": ("called",),
    }.items()
    for verb in verbs
)
"""Rows that only the machine leaves."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The state that the rows lead to. `wrong`: the first row (seq) that tells what the process does not do; None for
    none. `is_told`: false where the case began before history kept inputs; then there is nothing to say."""

    state: dict[str, Any]
    wrong: int | None = None
    is_told: bool = True


def replay(rows: Iterable[Mapping[str, Any]], known: Known) -> Replayed:
    """Play `rows`, all of a case, as the table has them; `at` an aware time or its ISO text."""
    state: dict[str, Any] = {}
    seq = 0
    found: deque[tuple[int, Note]] = deque()
    expected: deque[Note] = deque()
    for row in rows:
        seq, data = row["seq"], loads(row["data"]) if row["data"] else {}
        if seq == 1 and "input" not in data:
            return Replayed({}, is_told=False)
        told = {name: value for name, value in data.items() if name != "input"}
        found.append((seq, Note(row["kind"], row["element"], row["element_name"], row["outcome"], told)))
        if "input" in data:
            try:
                graph, files = known(row["definition_key"], row["definition_version"])
                what, asked = inputs.understood(data, graph, state)
                now = row["at"] if isinstance(row["at"], datetime) else parse_iso(row["at"])
                env = Environment(now, functions(now, asked), _LIMITS, files, data["input"].get("stores", {}))
                step = what.play(graph, state, env)
            except (TrappaError, LookupError, TypeError, ValueError, AttributeError):
                return Replayed(state, seq)
            state = step.state
            told_again = [note for change in step.changes if (note := notes.note_of(graph, change))]
            expected.extend(told_again or filter(None, [inputs.untold(graph, what, step)]))
        wrong = _compare(found, expected)
        if wrong:
            return Replayed(state, wrong)
    left = next((place for place, note in found if note.kind in _MACHINE), None)
    return Replayed(state, left or (seq if expected else None))


def _compare(found: deque[tuple[int, Note]], expected: deque[Note]) -> int | None:
    """Take away what agrees; the first row that does not. Rows of a step may come before the one that starts it."""
    while found and (expected or found[0][1].kind not in _MACHINE | _BESIDE):
        seq, note = found[0]
        if expected and _agree(note, expected[0]):
            expected.popleft()
        elif note.kind in _MACHINE:
            return seq
        found.popleft()
    return None


def _agree(note: Note, other: Note) -> bool:
    one, two = (
        (n.kind, n.element, n.element_name or None, n.outcome, dumps(n.data or {}, sort_keys=True))
        for n in (note, other)
    )
    return one == two
