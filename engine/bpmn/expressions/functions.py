"""The functions that every expression may call."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import GeneratorType, MappingProxyType
from typing import Any

from engine.bpmn.expressions.values import (
    MAX_TEXT,
    Budget,
    bounded_number,
    equal,
    holds,
    is_number,
    plain,
    within,
    wrong_count,
    wrong_kind,
)
from engine.errors import ExpressionError


def as_text(value: Any, budget: Budget) -> str:
    """A value as people read it: null is nothing, truth is `true`, lists and objects are JSON."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is int:
        return str(bounded_number(value))
    return json.dumps(plain(value, budget), ensure_ascii=False)


def joined(pieces: list[str], between: str, budget: Budget) -> str:
    length = sum(map(len, pieces)) + len(between) * max(0, len(pieces) - 1)
    within(length, MAX_TEXT)
    budget.take(1 + len(pieces), length)
    return between.join(pieces)


def _items(name: str, value: Any, budget: Budget) -> list[Any]:
    if isinstance(value, GeneratorType):
        return list(value)
    if not isinstance(value, list):
        wrong_kind(f"{name}()", f"{name}()", value)
    budget.take(1 + len(value))
    return value


def _alike(name: str, items: list[Any]) -> list[Any]:
    """Numbers only, or texts only, and at least one."""
    if not items:
        raise ExpressionError(f"Expected items for {name}(), but there are none.", f"Listan till {name}() är tom.")
    if not (all(map(is_number, items)) or all(type(item) is str for item in items)):
        raise ExpressionError(
            f"Expected numbers only or texts only for {name}(), but there are other kinds.",
            f"Funktionen {name}() behöver bara tal eller bara texter.",
        )
    return items


def _string(name: str, value: Any) -> str:
    return value if type(value) is str else wrong_kind(f"{name}()", f"{name}()", value)


def _length(budget: Budget, value: Any) -> int:
    return len(value) if isinstance(value, (str, dict)) else len(_items("len", value, budget))


def _smallest(budget: Budget, *values: Any) -> Any:
    return min(_alike("min", _items("min", values[0], budget) if len(values) == 1 else list(values)))


def _largest(budget: Budget, *values: Any) -> Any:
    return max(_alike("max", _items("max", values[0], budget) if len(values) == 1 else list(values)))


def _total(budget: Budget, value: Any) -> Any:
    items = _items("sum", value, budget)
    if not all(map(is_number, items)):
        wrong_kind("sum()", "sum()", next(item for item in items if not is_number(item)))
    try:
        return bounded_number(sum(items))
    except OverflowError:
        return bounded_number(float("inf"))


def _rounded(budget: Budget, value: Any, digits: Any = None) -> Any:
    if not is_number(value) or not (digits is None or (type(digits) is int and -20 <= digits <= 20)):
        wrong_kind("round()", "round()", value, digits)
    return bounded_number(round(value, digits))


_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")


def _whole(budget: Budget, value: Any) -> Any:
    if is_number(value) or type(value) is bool or (type(value) is str and _WHOLE.fullmatch(value.strip())):
        return bounded_number(int(value))
    return wrong_kind("int()", "int()", value)


def _decimal(budget: Budget, value: Any) -> Any:
    if type(value) is int:
        return float(bounded_number(value))
    if type(value) in (float, bool) or (type(value) is str and _DECIMAL.fullmatch(value.strip())):
        return bounded_number(float(value))
    return wrong_kind("float()", "float()", value)


def _absolute(budget: Budget, value: Any) -> Any:
    return bounded_number(abs(value)) if is_number(value) else wrong_kind("abs()", "abs()", value)


def _any(budget: Budget, value: Any) -> bool:
    return any(value if isinstance(value, GeneratorType) else _items("any", value, budget))


def _all(budget: Budget, value: Any) -> bool:
    return all(value if isinstance(value, GeneratorType) else _items("all", value, budget))


def _sorted(budget: Budget, value: Any) -> list[Any]:
    items = _items("sorted", value, budget)
    budget.take(4 * len(items), len(items))
    return sorted(_alike("sorted", items)) if items else []


def _starts(budget: Budget, value: Any, part: Any) -> bool:
    return _string("startswith", value).startswith(_string("startswith", part))


def _ends(budget: Budget, value: Any, part: Any) -> bool:
    return _string("endswith", value).endswith(_string("endswith", part))


def _changed(name: str, change: Callable[[str], str]) -> Callable[[Budget, Any], str]:
    def run(budget: Budget, value: Any) -> str:
        text = change(_string(name, value))
        budget.take(1, len(text))
        return text

    return run


def _get(budget: Budget, value: Any, key: Any, default: Any = None) -> Any:
    if value is None:
        return default
    if isinstance(value, dict) and type(key) is str:
        return value.get(key, default)
    if isinstance(value, (list, str)) and type(key) is int:
        return value[key] if -len(value) <= key < len(value) else default
    return wrong_kind("get()", "get()", value, key)


def _keys(budget: Budget, value: Any) -> list[str]:
    if not isinstance(value, dict):
        wrong_kind("keys()", "keys()", value)
    budget.take(1 + len(value), len(value))
    return list(value)


def _values(budget: Budget, value: Any) -> list[Any]:
    if not isinstance(value, dict):
        wrong_kind("values()", "values()", value)
    budget.take(1 + len(value), len(value))
    return list(value.values())


def _count(budget: Budget, value: Any, item: Any) -> int:
    if type(value) is str:
        return value.count(_string("count", item))
    return sum(equal(item, other, budget) for other in _items("count", value, budget))


def _join(budget: Budget, value: Any, between: Any = "") -> str:
    texts = [as_text(item, budget) for item in _items("join", value, budget)]
    return joined(texts, _string("join", between), budget)


def _shorten(budget: Budget, value: Any, most: Any) -> str:
    """At most `most` characters on one line, cut between two words and marked with an ellipsis."""
    if type(most) is not int or most < 1:
        wrong_kind("shorten()", "shorten()", most)
    text = _string("shorten", value)
    budget.take(1, len(text))
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    words = line[: most + 1].rpartition(" ")[0].rstrip(_STOPS)
    if len(words) == most:
        words = words.rpartition(" ")[0].rstrip(_STOPS)
    return (words or line[: most - 1]) + "…"


_STOPS = " ,.;:–-"


BUILTINS: Mapping[str, tuple[Callable[..., Any], int, int]] = MappingProxyType(
    {
        "len": (_length, 1, 1),
        "min": (_smallest, 1, 99),
        "max": (_largest, 1, 99),
        "sum": (_total, 1, 1),
        "round": (_rounded, 1, 2),
        "int": (_whole, 1, 1),
        "float": (_decimal, 1, 1),
        "str": (lambda budget, value: as_text(value, budget), 1, 1),
        "abs": (_absolute, 1, 1),
        "any": (_any, 1, 1),
        "all": (_all, 1, 1),
        "sorted": (_sorted, 1, 1),
        "lower": (_changed("lower", str.lower), 1, 1),
        "upper": (_changed("upper", str.upper), 1, 1),
        "strip": (_changed("strip", str.strip), 1, 1),
        "contains": (lambda budget, container, item: holds(item, container, budget), 2, 2),
        "startswith": (_starts, 2, 2),
        "endswith": (_ends, 2, 2),
        "get": (_get, 2, 3),
        "keys": (_keys, 1, 1),
        "values": (_values, 1, 1),
        "count": (_count, 2, 2),
        "join": (_join, 1, 2),
        "shorten": (_shorten, 2, 2),
        "defined": (wrong_count, 1, 1),  # compiled as a form of its own: it looks before it reads
    }
)
"""Name -> (function, fewest arguments, most arguments): what every expression may call."""

TAKES_ITEMS = frozenset({"len", "min", "max", "sum", "any", "all", "sorted", "join"})
