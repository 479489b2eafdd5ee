"""How values compare and compute in FEEL: the dialect of our compiler that decisions are written in.

Null is no error to a comparison (§10.3.2.5): it is neither less nor greater than anything, and equal to itself only.
True is not 1.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.bpmn.dmn import times
from engine.bpmn.dmn.feel.unread import Unread
from engine.bpmn.expressions import BUILTINS, Budget
from engine.bpmn.expressions.compiler import Compiler
from engine.bpmn.expressions.values import ARITHMETIC, COMPARISONS, equal, holds, unlimited, wrong_kind

INNER = re.compile(r"__[a-z][a-z0-9_]*")
"""Names that no text can write: the values of columns and of required decisions."""


@dataclass(frozen=True, slots=True)
class Range:
    low_in: bool
    low: Any
    high: Any
    high_in: bool


def same(left: Any, right: Any, budget: Budget) -> bool:
    if isinstance(left, times.TEMPORAL) or isinstance(right, times.TEMPORAL):
        if left is None or right is None:
            return False
        found = times.pair(left, right)
        return found is not None and bool(found[0] == found[1])
    if (left is True or left is False) != (right is True or right is False):
        return False
    return equal(left, right, budget)


def _ordered(sign: type[ast.cmpop], compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Budget], bool]:
    stock = COMPARISONS[sign]

    def run(left: Any, right: Any, budget: Budget) -> bool:
        if left is None or right is None:
            return False
        found = times.pair(left, right)
        return compare(*found) if found is not None else stock(left, right, budget)

    return run


less = _ordered(ast.Lt, operator.lt)
_at_most = _ordered(ast.LtE, operator.le)


def _inside(item: Any, container: Any, budget: Budget) -> bool:
    if isinstance(container, Range):
        low, high = container.low, container.high
        above = _at_most(low, item, budget) if container.low_in else less(low, item, budget)
        return above and (_at_most(item, high, budget) if container.high_in else less(item, high, budget))
    if isinstance(container, list):
        budget.take(1 + len(container))
        return any(_matches(budget, item, other) for other in container)
    if container is None:
        return False
    return holds(item, container, budget)


def _matches(budget: Budget, value: Any, wanted: Any) -> bool:
    """A value as a test (§7.3.8): the input is it, or is in it."""
    if isinstance(wanted, Range):
        return _inside(value, wanted, budget)
    if isinstance(wanted, list):
        budget.take(1 + len(wanted))
        return same(value, wanted, budget) or any(_matches(budget, value, one) for one in wanted)
    return same(value, wanted, budget)


def _truth(budget: Budget, value: Any) -> bool:
    if value is None:
        return False
    if value is not True and value is not False:
        wrong_kind("a test", "ett villkor", value)
    return bool(value)


def _add(left: Any, right: Any, budget: Budget) -> Any:
    moved = times.add(left, right)
    return ARITHMETIC[ast.Add](left, right, budget) if moved is None else moved


def _subtract(left: Any, right: Any, budget: Budget) -> Any:
    moved = times.add(left, right, -1)
    if moved is None:
        moved = times.between(left, right)
    return ARITHMETIC[ast.Sub](left, right, budget) if moved is None else moved


def _reads(kind: times.Kind) -> tuple[Callable[..., Any], int, int]:
    return lambda budget, value: None if value is None else times.read(kind, value), 1, 1


FREE = unlimited()
_TIMES = {
    "date": _reads(times.DATE),
    "date_and_time": _reads(times.INSTANT),
    "time": _reads(times.TIME),
    "duration": _reads(times.DURATION),
}
PURE = frozenset({*_TIMES, "__range"})
OWN = frozenset({*_TIMES, "__range", "__matches", "__true"})
"""Functions that only decisions have."""


class Dialect(Compiler):
    arithmetic = {**ARITHMETIC, ast.Add: _add, ast.Sub: _subtract}
    comparisons = {
        **COMPARISONS,
        ast.Eq: same,
        ast.NotEq: lambda left, right, budget: not same(left, right, budget),
        ast.Lt: less,
        ast.LtE: _at_most,
        ast.Gt: _ordered(ast.Gt, operator.gt),
        ast.GtE: _ordered(ast.GtE, operator.ge),
        ast.In: _inside,
        ast.NotIn: lambda left, right, budget: not _inside(left, right, budget),
    }
    builtins = {
        **BUILTINS,
        **_TIMES,
        "__range": (lambda budget, low_in, low, high, high_in: Range(low_in, low, high, high_in), 4, 4),
        "__matches": (_matches, 2, 2),
        "__true": (_truth, 1, 1),
    }

    def allow_name(self, name: str) -> None:
        if not INNER.fullmatch(name):
            super().allow_name(name)

    def allow_place(self, place: ast.expr) -> None:
        if not (isinstance(place, ast.Constant) and type(place.value) is str):
            raise Unread(
                "Expected a key, but this is a place in a list or a filter, which FEEL counts from 1 and we from 0.",
                "Platser i en lista räknas från 1 i FEEL men från 0 i våra uttryck, och läses därför inte här.",
                "Write get(list, 0) for the first item.",
                "Skriv get(lista, 0) för det första värdet.",
            )
