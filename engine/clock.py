"""Where "now" comes from. `SystemClock` is the only place in the house that reads the real time.

Everything else is handed an instant, so a test or a scenario can live through a year in a second.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from engine.calendar import STOCKHOLM, iso, local, parse_iso, utc
from engine.errors import BadTime

__all__ = ["STOCKHOLM", "Clock", "ShiftedClock", "SystemClock", "VirtualClock", "iso", "local", "parse_iso", "utc"]


class Clock(Protocol):
    def now(self) -> datetime:
        """This instant, aware and in UTC."""
        ...


class SystemClock:
    """The time on the wall."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock:
    """The time that a test or a scenario says it is. It stands still until told, and never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = utc(start)

    def now(self) -> datetime:
        return self._now

    def set(self, instant: datetime) -> None:
        instant = utc(instant)
        if instant < self._now:
            raise _backwards(self._now, instant)
        self._now = instant

    def advance(self, by: timedelta) -> None:
        try:
            instant = self._now + by
        except OverflowError:
            raise BadTime(
                f"Expected to advance the clock within the years 1 to 9999, but {by} leads out of them.",
                f"Klockan kan inte ställas så långt bort som {by}.",
            ) from None
        self.set(instant)


class ShiftedClock:
    """The time on the wall, moved to `start`: a demo's clock. It goes on from where it was set, and never back."""

    def __init__(self, wall: Clock, start: datetime) -> None:
        self._wall = wall
        self._shift = utc(start) - wall.now()

    def now(self) -> datetime:
        return self._wall.now() + self._shift

    def wall(self) -> datetime:
        return self._wall.now()

    def set(self, instant: datetime) -> None:
        instant = utc(instant)
        if instant < self.now():
            raise _backwards(self.now(), instant)
        self._shift += instant - self.now()


def _backwards(now: datetime, instant: datetime) -> BadTime:
    return BadTime(
        f"Expected to set the clock forward from {iso(now)}, but {iso(instant)} lies before it.",
        f"Klockan kan inte ställas tillbaka från {iso(now)} till {iso(instant)}.",
    )
