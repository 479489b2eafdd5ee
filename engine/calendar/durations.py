"""Lengths of time as ISO 8601 writes them, and what they lead to from an instant."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from engine.calendar.instants import HORIZON, NEVER, local, utc
from engine.calendar.refusals import shown, unreadable
from engine.errors import BadTime

_LONGEST = 36_525  # days: a hundred years
_MONTH = Fraction(_LONGEST, 1200)

_DURATION = re.compile(
    r"P(?=.)(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?=.)(?:([0-9]+(?:[.,][0-9]+)?)H)?(?:([0-9]+(?:[.,][0-9]+)?)M)?(?:([0-9]+(?:[.,][0-9]+)?)S)?)?"
)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as ISO 8601 writes it. Months and days count on the calendar, hours and less on the stopwatch.

    From noon before summer time begins, `P1D` leads to noon and `PT24H` to one o'clock.
    """

    months: int
    days: int
    clock: timedelta

    @classmethod
    def parse(cls, text: str) -> Duration:
        text = text.strip()
        match = _DURATION.fullmatch(text) if len(text) <= 100 else None
        parts = [part.replace(",", ".") if part else "0" for part in match.groups()] if match else []
        if not match or any("." in part for part in parts[:-1] if part != _last_given(match)):
            raise unreadable(
                "a duration such as P10D, P3M or PT1H30M", "en tidslängd som P10D, P3M eller PT1H30M", text
            )
        years, months, weeks, days = (int(part) for part in parts[:4])
        hours, minutes, seconds = (Fraction(part) for part in parts[4:])
        length = hours * 3600 + minutes * 60 + seconds
        if (years * 12 + months) * _MONTH + weeks * 7 + days + length / 86_400 > _LONGEST:
            raise BadTime(
                f"Expected a duration of at most 100 years, but got {shown(text)}.",
                f"En tidslängd får vara högst 100 år, men här står {shown(text)}.",
            )
        return cls(years * 12 + months, weeks * 7 + days, timedelta(microseconds=int(length * 1_000_000)))

    def after(self, instant: datetime, times: int = 1) -> datetime:
        """`times` durations after `instant`, counted in one leap: twice P1M after 31 January is 31 March."""
        moved = self.leap(utc(instant), times)
        if moved >= HORIZON:
            raise BadTime(
                f"Expected a time before the year {HORIZON.year}, but the duration leads past it.",
                f"Tiden ska infalla före år {HORIZON.year}, men tidslängden leder förbi det.",
            )
        return moved

    def leap(self, start: datetime, times: int) -> datetime:
        """Like `after`, with `NEVER` for what lies too far ahead."""
        try:
            if not (times and (self.months or self.days)):
                return start + self.clock * times
            wall = local(start)
            if self.months:
                year, month = divmod(wall.year * 12 + wall.month - 1 + self.months * times, 12)
                if year >= HORIZON.year:
                    return NEVER
                wall = wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
            return utc(wall + timedelta(days=self.days * times)) + self.clock * times
        except (OverflowError, BadTime):
            return NEVER

    @property
    def shortest(self) -> timedelta:
        """No real length of this duration is less: February has 28 days, and one day a year 23 hours."""
        return timedelta(days=28 * self.months, hours=23 * self.days) + self.clock


def _last_given(match: re.Match[str]) -> str:
    """Only the smallest unit given may have a fraction: PT1.5H, but not PT1.5H10M."""
    return [part for part in match.groups() if part][-1].replace(",", ".")
