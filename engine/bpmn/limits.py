"""How much may be done at once (trust.md C 23). Passing a limit becomes an incident or a refusal, never a hang."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _limit(value: Any, what: str) -> Any:
    return field(default=value, metadata={"what": what})


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of one call of the machine, that is of one transaction, and of one case or value where it says so."""

    steps: int = _limit(
        10_000,
        "elements that tokens reach, turns of loops and conditions come true, in one transaction; what waits for"
        " nothing ends here",
    )
    steps_per_instance: int = _limit(20, "elements more for each multi-instance instance begun")
    instances: int = _limit(10_000, "multi-instance instances begun in one transaction")
    depth: int = _limit(20, "sub-processes inside each other")
    call_depth: int = _limit(20, "cases that call each other in a chain")
    follow_ups: int = _limit(1_000, "steps in other cases in one transaction; what is more goes on in the worker")
    compensations: int = _limit(
        10_000, "completed activities that a case remembers because they may have to be compensated"
    )
    variable_bytes: int = _limit(1_000_000, "bytes of all variables of a case, as JSON")
    store_bytes: int = _limit(1_000_000, "bytes that a data store holds, as JSON")
    shortest_cycle: int = _limit(60, "seconds at least, between two times that a timer fires by its cycle")
    expression_steps: int = _limit(20_000_000, "steps of all expressions in one transaction")
    expression_size: int = _limit(50_000_000, "characters and items that they make in one transaction")
    cpu_seconds: float = _limit(1.0, "seconds that they take in one transaction")
    one_expression_steps: int = _limit(
        50_000, "steps of an expression that stands alone: a form's rule, a case's title"
    )
    one_expression_size: int = _limit(1_000_000, "characters and items that it makes")
    one_expression_seconds: float = _limit(1.0, "seconds that it takes")
    source: int = _limit(4_000, "characters of one expression")
    template: int = _limit(40_000, "characters of a text with expressions in it, or of a script")
    nesting: int = _limit(60, "levels of an expression")
    value_depth: int = _limit(64, "levels of a value that an expression gives")
    text: int = _limit(100_000, "characters of a text that an expression gives")
    items: int = _limit(10_000, "items of a list or object that an expression gives")
    cell: int = _limit(1_000, "characters of one cell of a decision table")
    cells: int = _limit(200_000, "characters of all cells of a deployment together")
    decisions: int = _limit(50, "decisions that one decision rests on")


def told() -> list[tuple[str, str, str]]:
    """(name, value, what it bounds) of every limit, for people."""
    return [(one.name, _shown(one.default), one.metadata["what"]) for one in fields(Limits)]


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


LIMITS = Limits()
