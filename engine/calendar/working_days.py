"""Working days in Sweden: the holidays of a year, and counting from one day to another past them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from engine.errors import BadTime

_MOST_WORKING_DAYS = 10_000


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (Meeus/Jones/Butcher)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leaps, off = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * off + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=512)
def holidays(year: int) -> Mapping[date, str]:
    """The days of `year` on which the public sector is closed, whatever the weekday, with their Swedish names.

    The law's helgdagar (since 2005, when nationaldagen replaced annandag pingst) and the three eves that are free.
    """
    paskdagen = easter(year)
    midsommarafton = _weekday_from(date(year, 6, 19), 4)
    return MappingProxyType(
        {
            date(year, 1, 1): "nyårsdagen",
            date(year, 1, 6): "trettondedag jul",
            paskdagen - timedelta(days=2): "långfredagen",
            paskdagen: "påskdagen",
            paskdagen + timedelta(days=1): "annandag påsk",
            date(year, 5, 1): "första maj",
            paskdagen + timedelta(days=39): "Kristi himmelsfärdsdag",
            paskdagen + timedelta(days=49): "pingstdagen",
            date(year, 6, 6): "Sveriges nationaldag",
            midsommarafton: "midsommarafton",
            midsommarafton + timedelta(days=1): "midsommardagen",
            _weekday_from(date(year, 10, 31), 5): "alla helgons dag",
            date(year, 12, 24): "julafton",
            date(year, 12, 25): "juldagen",
            date(year, 12, 26): "annandag jul",
            date(year, 12, 31): "nyårsafton",
        }
    )


def _weekday_from(day: date, weekday: int) -> date:
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def is_working_day(day: date) -> bool:
    """Monday to Friday and no holiday."""
    if isinstance(
        day, datetime
    ):  # a date to Python, but never equal to one: every holiday would pass for a working day
        raise TypeError("Expected a date, but got a datetime: say which day it is with local(...).date().")
    return day.weekday() < 5 and day not in holidays(day.year)


@lru_cache(maxsize=4096, typed=True)
def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`, or before it where `count` is negative.

    `count` 0 gives `day` itself where that is a working day, else the next one: the day on which it can be done.
    """
    if abs(count) > _MOST_WORKING_DAYS:
        raise BadTime(
            f"Expected at most {_MOST_WORKING_DAYS} working days, but got {count}.",
            f"Antalet arbetsdagar får vara högst {_MOST_WORKING_DAYS}, men är {count}.",
        )
    try:
        if count == 0:
            while not is_working_day(day):
                day += timedelta(days=1)
        step = timedelta(days=1 if count > 0 else -1)
        for _ in range(abs(count)):
            day += step
            while not is_working_day(day):
                day += step
    except OverflowError:
        raise BadTime(
            "Expected a working day within the years 1 to 9999, but this one falls outside them.",
            "Arbetsdagen ligger utanför åren 1 till 9999.",
        ) from None
    return day


def working_days_between(start: date, end: date) -> int:
    """How many working days lie after `start`, up to and with `end`; negative where `end` comes first.

    The reverse of `add_working_days`: from one working day to another, `add_working_days(start, n) == end`.
    """
    if end < start:
        return -working_days_between(end, start)
    if isinstance(start, datetime) or isinstance(end, datetime):
        raise TypeError("Expected dates, but got a datetime: say which day it is with local(...).date().")
    free = (day for year in range(start.year, end.year + 1) for day in holidays(year))
    return _weekdays_until(end) - _weekdays_until(start) - sum(start < day <= end and day.weekday() < 5 for day in free)


def _weekdays_until(day: date) -> int:
    """Mondays to Fridays from 1 January of year 1, a Monday, up to and with `day`."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * 5 + min(rest, 5)
