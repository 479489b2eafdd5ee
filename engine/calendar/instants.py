"""Instants: in UTC, as the wall in Stockholm shows them, and as text.

A local time that a spring night skips (02:30 on 29 March 2026) happens one hour later by the wall, as `zoneinfo` has
it; one that an autumn night has twice happens the first time only.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.calendar.refusals import shown, unreadable
from engine.errors import BadTime

STOCKHOLM = ZoneInfo("Europe/Stockholm")

FIRST_YEAR, LAST_YEAR = 1900, 2200  # what a rule may name
HORIZON = datetime(2500, 1, 1, tzinfo=UTC)  # where every series ends, "for ever" included
NEVER = datetime.max.replace(tzinfo=UTC)


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. A datetime without zone is refused: nobody can know when it is."""
    return _in_zone(instant, UTC)


def local(instant: datetime) -> datetime:
    """The same instant as the wall clocks of Stockholm show it."""
    return _in_zone(instant, STOCKHOLM)


def _in_zone(instant: datetime, zone: tzinfo) -> datetime:
    if instant.tzinfo is zone:
        return instant
    if instant.utcoffset() is None:
        raise BadTime(
            "Expected a time with its zone, but this one has none.",
            "Tidpunkten saknar tidszon, så det går inte att veta när den infaller.",
        )
    try:
        return instant.astimezone(zone)
    except OverflowError:
        raise BadTime(
            "Expected a time within the years 1 to 9999, but this one falls outside them.",
            "Tidpunkten ligger utanför åren 1 till 9999.",
        ) from None


def iso(instant: datetime) -> str:
    """`2026-03-31T22:12:00.000000Z`: always UTC and of one width, so sorting the texts sorts the instants."""
    return utc(instant).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """What `iso` wrote, and any other ISO 8601 instant that names its offset; comes back in UTC."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise unreadable(
            "an instant such as 2026-03-31T22:12:00Z", "en tidpunkt som 2026-03-31T22:12:00Z", text
        ) from None
    return utc(instant)


@lru_cache(maxsize=1024)
def midnight(day: date) -> datetime:
    """The instant at which `day` begins in Stockholm."""
    return utc(datetime(day.year, day.month, day.day, tzinfo=STOCKHOLM))


_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?P<time>T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)


def parse_instant(text: str) -> datetime:
    """The instant that an ISO date or datetime means here: a date begins at midnight, a bare time is Stockholm time."""
    text = text.strip()
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise unreadable(
            "a date such as 2026-04-01 or 2026-04-01T08:00", "ett datum som 2026-04-01 eller 2026-04-01T08:00", text
        ) from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise BadTime(
            f"Expected a date between the years {FIRST_YEAR} and {LAST_YEAR}, but got {shown(text)}.",
            f"Datumet ska ligga mellan åren {FIRST_YEAR} och {LAST_YEAR}, men här står {shown(text)}.",
        )
    return utc(instant if instant.tzinfo else instant.replace(tzinfo=STOCKHOLM))
