"""Values of expressions: plain JSON within bounds, and what operators make of them."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from math import inf, isfinite
from time import thread_time
from types import MappingProxyType
from typing import Any, NoReturn

from engine.bpmn.limits import LIMITS
from engine.errors import BudgetSpent, ExpressionError

MAX_NESTING = LIMITS.nesting
MAX_DEPTH = LIMITS.value_depth
MAX_TEXT = LIMITS.text
MAX_ITEMS = LIMITS.items
MAX_NUMBER = 2**63 - 1

Variables = Mapping[str, Any]
Functions = Mapping[str, Callable[..., Any]]

NO_FUNCTIONS: Functions = MappingProxyType({})


class Budget:
    """How much an evaluation may take, or many that share one; it counts down as they go.

    `steps`: nodes and items touched. `size`: characters and items made. `seconds`: of the processor, in this thread,
    from the first look at its clock; a machine that is busy with others takes nothing away.
    """

    __slots__ = ("_look", "_started", "seconds", "size", "steps")

    def __init__(
        self,
        steps: int = LIMITS.one_expression_steps,
        size: int = LIMITS.one_expression_size,
        seconds: float = LIMITS.one_expression_seconds,
    ) -> None:
        self.steps = steps
        self.size = size
        self.seconds = seconds
        self._look = max(0, steps - _STEPS_BETWEEN_LOOKS)
        self._started: float | None = None

    def take(self, steps: int, size: int = 0) -> None:
        self.steps -= steps
        self.size -= size
        if (self.steps < self._look or self.size < 0) and self._is_spent():
            raise BudgetSpent(
                "Expected an expression to end within its budget, but this takes too many steps, space or time.",
                "Uttrycket avbröts eftersom det kräver för många steg, för mycket utrymme eller för lång tid.",
            )

    def _is_spent(self) -> bool:
        """A closer look, also at the clock, which costs more than a step does."""
        now = thread_time()
        if self._started is None:
            self._started = now
        self._look = max(0, self.steps - _STEPS_BETWEEN_LOOKS)
        return now - self._started > self.seconds or self.steps < 0 or self.size < 0


_STEPS_BETWEEN_LOOKS = 500


class Missing(ExpressionError):
    """A variable, key or place is not there. `defined` turns it into false."""


def too_deep() -> ExpressionError:
    return ExpressionError(
        "Expected an expression of moderate depth, but it is nested too deeply.",
        "Uttrycket är för djupt nästlat.",
    )


def unlimited() -> Budget:
    return Budget(seconds=inf)


def plain(value: Any, budget: Budget, depth: int = 0) -> Any:
    """A copy that is nothing but JSON and within bounds, or a refusal."""
    kind = type(value)
    if kind is str:
        budget.take(1, len(value))
        return _storable(value)
    if kind is bool or value is None:
        return value
    if kind is int or kind is float:
        return bounded_number(value)
    if depth >= MAX_DEPTH:
        raise too_deep()
    if kind is list or kind is tuple:
        within(len(value), MAX_ITEMS)
        budget.take(1 + len(value), len(value))
        return [plain(item, budget, depth + 1) for item in value]
    if kind is dict:
        within(len(value), MAX_ITEMS)
        budget.take(1 + len(value), len(value))
        return {_key(key, budget): plain(item, budget, depth + 1) for key, item in value.items()}
    raise ExpressionError(
        f"Expected a value that JSON has, but this is a {kind.__name__}.",
        "Värdet är av ett slag som inte kan sparas.",
    )


def _key(key: Any, budget: Budget) -> str:
    if type(key) is not str:
        wrong_kind("a key of an object", "en nyckel i ett objekt", key)
    return str(plain(key, budget))


_HALVES = re.compile("[\ud800-\udfff]")


def _storable(text: str) -> str:
    """Half a surrogate pair and NUL are no text to a database."""
    within(len(text), MAX_TEXT)
    if "\0" in text or not (text.isascii() or _HALVES.search(text) is None):
        raise ExpressionError(
            "Expected a text that can be stored, but it holds half a character or NUL.",
            "Texten innehåller tecken som inte kan sparas.",
        )
    return text


def bounded_number(value: Any) -> Any:
    if -MAX_NUMBER <= value <= MAX_NUMBER if type(value) is int else isfinite(value):
        return value
    raise ExpressionError(
        "Expected a number of at most 64 bits, but it is larger or not a number.",
        "Talet är för stort.",
    )


_NUMBERS = frozenset({int, float})


def is_number(value: Any) -> bool:
    return type(value) in _NUMBERS


def within(count: int, limit: int) -> None:
    if count > limit:
        raise BudgetSpent(
            f"Expected at most {limit} characters or items in one value, but there are {count}.",
            f"Ett värde får ha högst {limit} tecken eller delar, men har {count}.",
        )


_KINDS: Mapping[type, tuple[str, str]] = {
    bool: ("true or false", "sant eller falskt"),
    int: ("a number", "ett tal"),
    float: ("a number", "ett tal"),
    str: ("a text", "en text"),
    list: ("a list", "en lista"),
    dict: ("an object", "ett objekt"),
    type(None): ("null", "tomt"),
}


def kind_of(value: Any) -> tuple[str, str]:
    return _KINDS.get(type(value), ("something else", "något annat"))


def wrong_kind(what_en: str, what_sv: str, *values: Any) -> NoReturn:
    en, sv = zip(*map(kind_of, values), strict=True)
    raise ExpressionError(
        f"Expected values that {what_en} works on, but got {' and '.join(en)}.",
        f"Här går det inte att använda {what_sv}, eftersom värdet är {' och '.join(sv)}.",
    )


def not_there(value: Any, shown: str, fits: bool) -> ExpressionError:
    if fits:
        return Missing(f"Expected {shown!r} to be there, but it is not.", f"{shown!r} saknas.")
    en, sv = kind_of(value)
    return (Missing if value is None else ExpressionError)(
        f"Expected {shown!r} to be a part of something, but what it is taken from is {en}.",
        f"{shown!r} går inte att hämta, eftersom det som det hämtas ur är {sv}.",
    )


def wrong_count(name: str, fewest: int, most: int, count: int) -> ExpressionError:
    wanted = str(fewest) if fewest == most else f"{fewest} to {most}" if most < 99 else f"{fewest} or more"
    return ExpressionError(
        f"Expected {wanted} arguments for {name}(), but there are {count}.",
        f"Funktionen {name}() har fel antal argument: {count}.",
    )


def _calculates(sign: str, compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Budget], Any]:
    def run(left: Any, right: Any, budget: Budget) -> Any:
        if type(left) in _NUMBERS and type(right) in _NUMBERS:
            try:
                return bounded_number(compute(left, right))
            except ZeroDivisionError:
                raise ExpressionError("Expected to divide, but by zero.", "Det går inte att dela med noll.") from None
            except OverflowError:
                return bounded_number(float("inf"))
        wrong_kind(f"`{sign}`", sign, left, right)

    return run


_add_numbers = _calculates("+", operator.add)


def add(left: Any, right: Any, budget: Budget) -> Any:
    kind = type(left)
    if (kind is str or kind is list) and type(right) is kind:
        length = len(left) + len(right)
        within(length, MAX_TEXT if kind is str else MAX_ITEMS)
        budget.take(1 + length // 8, length)
        return left + right
    return _add_numbers(left, right, budget)


ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any, Budget], Any]] = {
    ast.Add: add,
    ast.Sub: _calculates("-", operator.sub),
    ast.Mult: _calculates("*", operator.mul),
    ast.Div: _calculates("/", operator.truediv),
    ast.FloorDiv: _calculates("//", operator.floordiv),
    ast.Mod: _calculates("%", operator.mod),
}


def equal(left: Any, right: Any, budget: Budget) -> bool:
    if type(left) is list and type(right) is list:
        budget.take(1 + min(len(left), len(right)))
        return len(left) == len(right) and all(equal(a, b, budget) for a, b in zip(left, right, strict=True))
    if type(left) is dict and type(right) is dict:
        budget.take(1 + min(len(left), len(right)))
        return left.keys() == right.keys() and all(equal(left[key], right[key], budget) for key in left)
    return bool(left == right)


def orders(sign: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Budget], bool]:
    def run(left: Any, right: Any, budget: Budget) -> bool:
        kind, other = type(left), type(right)
        if kind is int or kind is float:
            if other is int or other is float:
                return compare(left, right)
        elif kind is str and other is str:
            return compare(left, right)
        wrong_kind(f"`{sign}`", sign, left, right)

    return run


def holds(item: Any, container: Any, budget: Budget) -> bool:
    if isinstance(container, list):
        budget.take(1 + len(container))
        return any(equal(item, other, budget) for other in container)
    if isinstance(container, (str, dict)) and type(item) is str:
        return item in container
    wrong_kind("`in`", "in", item, container)


COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any, Budget], bool]] = {
    ast.Eq: equal,
    ast.NotEq: lambda left, right, budget: not equal(left, right, budget),
    ast.Lt: orders("<", operator.lt),
    ast.LtE: orders("<=", operator.le),
    ast.Gt: orders(">", operator.gt),
    ast.GtE: orders(">=", operator.ge),
    ast.In: holds,
    ast.NotIn: lambda left, right, budget: not holds(left, right, budget),
    ast.Is: lambda left, right, budget: left is right,
    ast.IsNot: lambda left, right, budget: left is not right,
}
