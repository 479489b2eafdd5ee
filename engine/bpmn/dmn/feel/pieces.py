"""What constant tests let through, and whether two cells can hold at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.bpmn.dmn.feel.constants import constant_of
from engine.bpmn.dmn.feel.dialect import FREE, Range, less, same
from engine.bpmn.expressions import Compiled
from engine.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class Piece:
    """What a constant test lets through: all from `low` to `high`; None: no end on that side."""

    low: Any
    low_in: bool
    high: Any
    high_in: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """An input entry. `test` is None where anything will do. `pieces`: what it lets through, or None where that depends
    on the case; `negated`: all but that."""

    text: str
    test: Compiled | None
    pieces: tuple[Piece, ...] | None
    negated: bool = False


def compared(sign: str, value: str) -> Piece | None:
    found = constant_of(value)
    if found is None or sign == "!=":
        return None
    (end,) = found
    if sign == "==":
        return point_of(end)
    return Piece(None, True, end, sign == "<=") if "<" in sign else Piece(end, sign == ">=", None, True)


def point_of(value: Any) -> Piece | None:
    return None if value is None or isinstance(value, dict | list | Range) else Piece(value, True, value, True)


def overlap(first: Cell, second: Cell) -> bool | None:
    """Whether some value passes both tests; None where that cannot be told."""
    if first.test is None or second.test is None:
        return None if (first.negated or second.negated) else True
    if first.pieces is None or second.pieces is None:
        return None
    if first.negated and second.negated:
        return None
    if not first.negated and not second.negated:
        return any(_meet(one, other) for one in first.pieces for other in second.pieces)
    kept, barred = (second, first) if first.negated else (first, second)
    if not all(piece.low == piece.high for piece in (*(kept.pieces or ()), *(barred.pieces or ()))):
        return None
    return any(not any(_meet(piece, bar) for bar in barred.pieces or ()) for piece in kept.pieces or ())


def _meet(one: Piece, other: Piece) -> bool:
    pairs = ((one, other), (other, one))
    return all(is_below(first.low, second.high, first.low_in and second.high_in) for first, second in pairs)


def is_below(low: Any, high: Any, may_be_equal: bool) -> bool:
    if low is None or high is None:
        return True
    try:
        return same(low, high, FREE) if may_be_equal and same(low, high, FREE) else less(low, high, FREE)
    except ExpressionError:
        return False  # of different kinds: no value is both
