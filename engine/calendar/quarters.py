"""Quarters of a year, as the calendar in Stockholm has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.calendar.instants import FIRST_YEAR, LAST_YEAR, local, midnight
from engine.calendar.refusals import unreadable
from engine.errors import BadTime


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of a year. What arrives at `closes_at` or later belongs to the next one (R20)."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 4 and FIRST_YEAR <= self.year <= LAST_YEAR):
            raise BadTime(
                f"Expected a quarter 1 to 4 of {FIRST_YEAR} to {LAST_YEAR}, but got {self.key}.",
                f"Kvartalet ska vara 1 till 4 under åren {FIRST_YEAR} till {LAST_YEAR}, men är {self.key}.",
            )

    @classmethod
    def of(cls, moment: date) -> Quarter:
        """The quarter of an instant, as the calendar in Stockholm has it, or of a day."""
        day = local(moment) if isinstance(moment, datetime) else moment
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def parse(cls, key: str) -> Quarter:
        match = re.fullmatch(r"([0-9]{4})-Q([1-4])", key)
        if not match:
            raise unreadable("a quarter such as 2026-Q1", "ett kvartal som 2026-Q1", key)
        return cls(int(match[1]), int(match[2]))

    @property
    def key(self) -> str:
        return f"{self.year}-Q{self.number}"

    def __str__(self) -> str:
        return self.key

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, 3 * self.number, 31 if self.number in (1, 4) else 30)

    @property
    def opens_at(self) -> datetime:
        return midnight(self.first_day)

    @property
    def closes_at(self) -> datetime:
        """The first instant that no longer belongs to it."""
        return midnight(self.last_day + timedelta(days=1))

    @property
    def previous(self) -> Quarter:
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)

    @property
    def next(self) -> Quarter:
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)

    def __contains__(self, instant: datetime) -> bool:
        return self.opens_at <= instant < self.closes_at
