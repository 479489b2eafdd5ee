"""What can be set while the house runs, and the functions that expressions in diagrams may call.

A setting has its default here or comes with the reference data (key `installningar`); whoever is admin may change it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.calendar import Duration
from engine.errors import BadTime

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
