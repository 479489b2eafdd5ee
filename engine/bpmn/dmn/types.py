"""typeRef: what a column may hold (DMN 1.3 §7.3.2, §10.3.2.3). Null is of every type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from engine.bpmn.dmn import feel, times
from engine.bpmn.expressions import NO_FUNCTIONS, Budget, Functions, Variables
from engine.bpmn.expressions.values import is_number
from engine.errors import ExpressionError, Refused

VALUE = "__v"
"""The inner name under which a value is held against what is allowed."""


@dataclass(frozen=True, slots=True)
class Type:
    """`fits` says of a value whether it is of this type; `time` reads it, where it is a time. `allowed`: tests on it,
    of the type and of the column."""

    en: str
    sv: str
    fits: Callable[[Any], bool]
    time: times.Kind | None = None
    many: bool = False
    allowed: tuple[feel.Cell, ...] = ()

    def taken(self, value: Any, variables: Variables, functions: Functions, budget: Budget) -> Any:
        """`value` as the decision reckons with it: a time where the type is one. Refused where it does not fit."""
        if value is None:
            return None
        if self.many:
            if not isinstance(value, list):
                raise Refused(
                    "Expected a list, but the value is none.", "Här behövs en lista, men värdet är något annat."
                )
            return [replace(self, many=False).taken(item, variables, functions, budget) for item in value]
        if self.time is not None:
            value = times.read(self.time, value)
        elif not self.fits(value):
            raise Refused(
                f"Expected {self.en}, but the value is something else.",
                f"Här behövs {self.sv}, men värdet är något annat.",
            )
        for cell in self.allowed:
            if cell.test and not cell.test.evaluate({**variables, VALUE: value}, functions, budget):
                raise Refused(
                    f"Expected one of the allowed values ({cell.text}), but the value is another.",
                    f"Värdet finns inte bland de tillåtna: {cell.text}.",
                )
        return value

    def refuses(self, value: Any) -> Refused | None:
        """What `taken` says against a value that is known already."""
        try:
            self.taken(value, {}, NO_FUNCTIONS, Budget())
        except ExpressionError as error:  # what is allowed may rest on the case
            return None if self.time is None else error
        except Refused as error:
            return error
        return None


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_whole(value: Any) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


ANY = Type("anything", "vad som helst", lambda value: True)
_TEXT = Type("a text", "en text", _is_text)
_NUMBER = Type("a number", "ett tal", is_number)
_WHOLE = Type("a whole number", "ett heltal", _is_whole)
_TRUTH = Type("true or false", "sant eller falskt", lambda value: value is True or value is False)
_OBJECT = Type("an object", "ett objekt", lambda value: isinstance(value, dict))
_LIST = Type("a list", "en lista", lambda value: isinstance(value, list))


def _of_time(kind: times.Kind) -> Type:
    return Type(kind.en, kind.sv, lambda value: False, kind)


TYPES: Mapping[str, Type] = MappingProxyType(
    {
        "": ANY,
        "any": ANY,
        "string": _TEXT,
        "number": _NUMBER,
        "double": _NUMBER,
        "integer": _WHOLE,
        "long": _WHOLE,
        "boolean": _TRUTH,
        "date": _of_time(times.DATE),
        "time": _of_time(times.TIME),
        "datetime": _of_time(times.INSTANT),
        "dateandtime": _of_time(times.INSTANT),
        "duration": _of_time(times.DURATION),
        "daytimeduration": _of_time(times.DURATION),
        "daysandtimeduration": _of_time(times.DURATION),
        "yearmonthduration": _of_time(times.DURATION),
        "yearsandmonthsduration": _of_time(times.DURATION),
        "context": _OBJECT,
        "list": _LIST,
    }
)
"""Without blanks and in lower case, since tools write `dateTime`, `date and time` and `feel:date and time`."""


def named(reference: str, own: Mapping[str, Type]) -> Type | None:
    """The type a typeRef means: one of the file's own, or FEEL's; None where there is none."""
    name = reference.strip()
    if name in own:
        return own[name]
    return TYPES.get("".join(name.rpartition(":")[2].split()).lower())
