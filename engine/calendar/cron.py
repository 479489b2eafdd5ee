"""The five fields of a cron rule, read into the trigger of APScheduler that finds its next time."""

from __future__ import annotations

import re
from datetime import UTC

from apscheduler.triggers.cron import CronTrigger

from engine.calendar.refusals import shown
from engine.errors import BadTime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_CRON_ITEM = re.compile(r"(?:\*|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,2}))?", re.ASCII)
_MOST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def read_cron(text: str) -> tuple[bool, CronTrigger]:
    """Whether the rule is for every hour, and its trigger.

    Read here, not by `from_crontab`: that takes 0 for Monday and "mon#2" for "mon", and hunts for 30 February.
    """
    minute, hour, day, month, weekday = text.lower().split()
    minutes = _cron_field(text, minute, 0, 59)
    hours = _cron_field(text, hour, 0, 23)
    last, numbered = "last" in day.split(","), [item for item in day.split(",") if item != "last"]
    days = _cron_field(text, ",".join(numbered), 1, 31) if numbered else set()
    months = _cron_field(text, month, 1, 12, _MONTHS)
    weekdays = {number % 7 for number in _cron_field(text, weekday, 0, 7, _WEEKDAYS)}
    if not last and not any(number <= _MOST_DAYS[number_of_month - 1] for number in days for number_of_month in months):
        raise BadTime(
            f"Expected a cron rule with a date that exists, but {shown(text)} names none.",
            f"Cron-regeln ska ange ett datum som finns, men {shown(text)} gör inte det.",
        )
    trigger = CronTrigger(
        minute=_listed(minutes, 60),
        hour=_listed(hours, 24),
        day=",".join([_listed(days, 31)] * bool(days) + ["last"] * last),
        month=_listed(months, 12),
        day_of_week=",".join(_WEEKDAYS[number] for number in sorted(weekdays)),
        timezone=UTC,
    )
    return len(hours) == 24, trigger


def _cron_field(text: str, items: str, lowest: int, highest: int, names: tuple[str, ...] = ()) -> set[int]:
    numbers: set[int] = set()
    for item in items.split(","):
        match = _CRON_ITEM.fullmatch(item)
        if not match:
            raise _bad_cron(text, item)
        first, last, step = match.groups()
        low = _cron_number(text, first, lowest, names) if first else lowest
        high = _cron_number(text, last, lowest, names) if last else low if first and not step else highest
        if not (lowest <= low <= high <= highest and 1 <= int(step or 1) <= highest):
            raise _bad_cron(text, item)
        numbers.update(range(low, high + 1, int(step or 1)))
    return numbers


def _cron_number(text: str, item: str, lowest: int, names: tuple[str, ...]) -> int:
    if item.isdigit():
        return int(item)
    if item not in names:
        raise _bad_cron(text, item)
    return lowest + names.index(item)


def _bad_cron(text: str, item: str) -> BadTime:
    return BadTime(
        f"Expected a cron rule such as 0 8 * * mon-fri, but {shown(item)} in {shown(text)} cannot be read.",
        f"En cron-regel skrivs som 0 8 * * mon-fri, men {shown(item)} i {shown(text)} går inte att tolka.",
    )


def _listed(numbers: set[int], all_of_them: int) -> str:
    return "*" if len(numbers) == all_of_them else ",".join(map(str, sorted(numbers)))
