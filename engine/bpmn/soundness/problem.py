"""What can be wrong with the flow of tokens."""

from __future__ import annotations

from dataclasses import dataclass

DEADLOCK = "deadlock"
LEFT_BEHIND = "left-behind"
ENDLESS = "endless"
DEAD = "dead"
TWICE = "twice"
NEVER_ENDS = "never-ends"
UNDECIDED = "undecided"

TOO_LARGE = "too-large"
ON_DATA = "on-data"
BY_PEOPLE = "by-people"
"""Why something is not decided: too many states; a complex gateway that asks for data; an ad-hoc sub-process."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`kind` at `node` (a scope's id for never-ends). `path`: the elements passed until it shows.

    `missing`: the flows for which a join waits in vain. `why`: of what is not decided; `node` is then where that lies.
    """

    kind: str
    node: str
    path: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: str = ""
