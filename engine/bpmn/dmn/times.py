"""Dates, times and durations in decisions. A case holds them as ISO text; a decision compares them as what they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from engine.calendar import Duration, iso, local, midnight, parse_instant
from engine.errors import BadTime, ExpressionError

TEMPORAL = (date, time, Duration)
"""`datetime` is a `date` to Python."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of time: its type, its word, how it is read from text, and what orders it."""

    type: type
    en: str
    sv: str
    read: Callable[[str], Any]
    order: Callable[[Any], Any]


def _read_date(text: str) -> date:
    return local(parse_instant(text)).date()


def _read_time(text: str) -> time:
    moment = time.fromisoformat(text.strip())
    if moment.tzinfo:
        raise ValueError(text)
    return moment


def _length(duration: Duration) -> tuple[int, timedelta]:
    """Months are not days (DMN 1.3 §10.3.2.3.6): a duration is ordered among its own kind."""
    return duration.months, timedelta(days=duration.days) + duration.clock


DATE = Kind(date, "a date", "ett datum", _read_date, lambda value: value)
INSTANT = Kind(datetime, "a date and time", "en tidpunkt", parse_instant, lambda value: value)
TIME = Kind(time, "a time of day", "ett klockslag", _read_time, lambda value: value)
DURATION = Kind(Duration, "a duration", "en tidslängd", Duration.parse, _length)
_KINDS = (INSTANT, DATE, TIME, DURATION)


def kind_of(value: Any) -> Kind | None:
    return next((kind for kind in _KINDS if isinstance(value, kind.type)), None)


def read(kind: Kind, value: Any) -> Any:
    """`value` as this kind of time: it is one, or a text that says one. ExpressionError where it is neither."""
    own = kind_of(value)
    if own is kind:
        return value
    if own is INSTANT and kind is DATE:
        return local(value).date()
    if own is DATE and kind is INSTANT:
        return midnight(value)
    if type(value) is str and len(value) <= 100:
        try:
            return kind.read(value)
        except (ValueError, BadTime):
            pass
    raise ExpressionError(
        f"Expected {kind.en}, but the value is none.", f"Här behövs {kind.sv}, men värdet är något annat."
    )


def pair(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Two values in comparable form where at least one is a time; None where neither is."""
    first, second = kind_of(left), kind_of(right)
    if first is None and second is None:
        return None
    kind = second if first is None else first
    assert kind is not None
    if {first, second} == {DATE, INSTANT}:
        kind = DATE
    if first is not None and second is not None and first is not second and kind is not DATE:
        raise ExpressionError(
            f"Expected two times of one kind, but one is {first.en} and the other {second.en}.",
            f"Det går inte att jämföra {first.sv} med {second.sv}.",
        )
    one, other = kind.order(read(kind, left)), kind.order(read(kind, right))
    if kind is DURATION and bool(one[0]) != bool(other[0]) and (one[1] or other[1]):
        raise ExpressionError(
            "Expected two durations in months, or two in days and hours, but they are mixed.",
            "Månader går inte att jämföra med dagar och timmar.",
        )
    return one, other


def as_text(value: Any) -> str:
    """As a case keeps it: ISO 8601."""
    if isinstance(value, Duration):
        return _duration_text(value)
    return iso(value) if isinstance(value, datetime) else str(value.isoformat())


def _duration_text(duration: Duration) -> str:
    years, months = divmod(duration.months, 12)
    seconds = duration.clock.total_seconds()
    hours, minutes = int(seconds // 3600), int(seconds % 3600 // 60)
    rest = seconds % 60
    day = f"{years}Y" * bool(years) + f"{months}M" * bool(months) + f"{duration.days}D" * bool(duration.days)
    clock = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes) + f"{rest:g}S" * bool(rest)
    return f"P{day}T{clock}" if clock else f"P{day}" if day else "PT0S"


def add(left: Any, right: Any, sign: int = 1) -> Any:
    """A date or instant and a duration, later or earlier; None where it is something else."""
    if not isinstance(right, Duration):
        return None
    kind = kind_of(left)
    if kind not in (DATE, INSTANT):
        return None
    moved = right.leap(midnight(left) if kind is DATE else left, sign)
    if not 1900 <= moved.year < 2500:
        raise ExpressionError(
            "Expected a date between 1900 and 2500, but the duration leads past it.",
            "Tidslängden leder utanför åren 1900 till 2500.",
        )
    return local(moved).date() if kind is DATE else moved


def between(later: Any, earlier: Any) -> Duration | None:
    """The days and hours from one to the other; None where they are no dates."""
    first, second = kind_of(later), kind_of(earlier)
    if first is DATE and second is DATE:
        return Duration(0, (later - earlier).days, timedelta()) if later >= earlier else None
    if first is INSTANT and second is INSTANT:
        return Duration(0, 0, later - earlier) if later >= earlier else None
    return None
