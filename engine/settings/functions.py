"""What an expression in a diagram may call, besides what the language itself has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from engine.calendar import Duration, Quarter, add_working_days, iso, local, parse_instant
from engine.errors import ExpressionError


def functions(
    now: datetime, settings: Mapping[str, Any], asked: dict[str, Any] | None = None
) -> dict[str, Callable[..., Any]]:
    """What an expression may call besides its variables. Dates and instants go in and come out as ISO text.

    Nothing but `now` and `settings` decides what they give; the settings that were asked for are left in `asked`.
    """
    here = local(now)
    today = here.date()

    def value_of(name: str) -> Any:
        if name not in settings:
            raise ExpressionError(
                f"Expected a setting called {name!r}, but there is none.",
                f"Det finns ingen inställning som heter {name!r}.",
            )
        value = settings[name]
        if asked is not None:
            asked[name] = value
        return value

    return {
        "setting": value_of,
        "now": lambda: iso(now),
        "today": today.isoformat,
        "workdays": lambda count: add_working_days(today, count).isoformat(),
        "workdays_from": lambda day, count: add_working_days(_day(day), count).isoformat(),
        "date_plus": _date_plus,
        "days_between": lambda start, end: (_day(end) - _day(start)).days,
        "year": lambda moment=None: _day(moment).year if moment else today.year,
        "quarter": lambda moment=None: Quarter.of(_day(moment) if moment else today).key,
        "quarter_before": lambda moment=None: _quarter(moment or today.isoformat()).previous.key,
        "quarter_end": lambda key: _quarter(key).last_day.isoformat(),
    }


def _day(text: str) -> date:
    return local(parse_instant(text)).date()


def _quarter(text: str) -> Quarter:
    return Quarter.parse(text) if "Q" in text else Quarter.of(_day(text))


def _date_plus(moment: str, duration: str) -> str:
    later = Duration.parse(duration).after(parse_instant(moment))
    return iso(later) if "T" in moment else local(later).date().isoformat()
