"""What can be set while the house runs, and the functions that expressions in diagrams may call.

A setting has its default here or comes with the reference data (key `installningar`); whoever is admin may change it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine.calendar import Duration, Quarter, add_working_days, iso, local, parse_instant
from engine.db import Json, metadata
from engine.errors import BadTime, ExpressionError

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", Json),
)

DEFAULTS: Mapping[str, Any] = {
    "retry.minutes": [1, 5, 30, 120, 720],  # the pauses before a failed job is tried again; after the last an incident
    "session.idle_minutes": 30,
    "session.hours": 12,
    "login.tries": 5,  # wrong passwords in a row before an account must wait
    "demo.clock": 0,  # seconds since 1970: what a demo's clock was last set to
    "demo.wall": 0,  # seconds since 1970: the time on the wall when it was, so that every process of the demo agrees
    "login.wait_minutes": 1,  # doubled for each further wrong one, to at most an hour
}

_RANGES: Mapping[str, tuple[int, int]] = {
    "arbetsdagar": (0, 1000),
    "dagar": (0, 1000),
    "antal": (0, 1000),
    "dag i månaden": (1, 28),
}

_ALL = sa.select(setting.c.name, setting.c.value)


class Settings(Mapping[str, Any]):
    """All settings as of this transaction; read when first asked for, since most steps ask for none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._values: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Any]:
        if self._values is None:
            stored = {row.name: row.value for row in self._connection.execute(_ALL)}
            self._values = {**DEFAULTS, **stored}
        return self._values


def wrong_for_unit(value: Any, unit: str) -> tuple[str, str] | None:
    """What is wrong with a setting's value as one of its unit (`enhet` in the reference data): the same in Swedish and
    in English. None where nothing is, or the unit is none that we know."""
    if unit in _RANGES:
        least, most = _RANGES[unit]
        if isinstance(value, (int, float)) and not least <= value <= most:
            return f"Värdet ska vara {least} till {most}.", f"Expected {least} to {most}, but got {value}."
    elif unit == "datum" and not _is_day_of_each_year(value):
        return (
            "Värdet ska vara en dag som finns varje år, skriven månad-dag: 11-30 är 30 november.",
            "Expected a day that exists each year, as month-day such as 11-30, but got something else.",
        )
    elif unit == "period":
        try:
            Duration.parse(str(value))
        except BadTime as bad:
            return bad.sv, bad.en
    return None


def _is_day_of_each_year(value: Any) -> bool:
    try:
        return bool(re.fullmatch(r"[0-9]{2}-[0-9]{2}", str(value)) and date.fromisoformat(f"2027-{value}"))
    except ValueError:
        return False


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
