"""Time as people in Sweden count it: the zone, working days, quarters, and the rules that timers follow.

Instants are aware and in UTC; what a rule says in hours and dates is meant in Europe/Stockholm, and becomes an instant
anew at each firing. So "every day at 08:00" stays at 08:00 when summer time begins, and the third month after
30 November ends on the last of February.

A local time that a spring night skips (02:30 on 29 March 2026) happens one hour later by the wall, as `zoneinfo` has
it; one that an autumn night has twice happens the first time only.

Knows no clock: "now" always comes in from outside. The only user of APScheduler, and only of its `CronTrigger`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from engine.bpmn.limits import LIMITS
from engine.errors import BadTime

STOCKHOLM = ZoneInfo("Europe/Stockholm")

_FIRST_YEAR, _LAST_YEAR = 1900, 2200  # what a rule may name
_HORIZON = datetime(2500, 1, 1, tzinfo=UTC)  # where every series ends, "for ever" included
_NEVER = datetime.max.replace(tzinfo=UTC)
_LONGEST = 36_525  # days: a hundred years
_MONTH = Fraction(_LONGEST, 1200)
_MOST_REPEATS = 1_000_000
_MOST_WORKING_DAYS = 10_000
_HOUR = timedelta(hours=1)
_INSTANTLY = timedelta(microseconds=1)


# --- instants ------------------------------------------------------------------------------------------------------


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
        raise _unreadable(
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
        raise _unreadable(
            "a date such as 2026-04-01 or 2026-04-01T08:00", "ett datum som 2026-04-01 eller 2026-04-01T08:00", text
        ) from None
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise BadTime(
            f"Expected a date between the years {_FIRST_YEAR} and {_LAST_YEAR}, but got {_shown(text)}.",
            f"Datumet ska ligga mellan åren {_FIRST_YEAR} och {_LAST_YEAR}, men här står {_shown(text)}.",
        )
    return utc(instant if instant.tzinfo else instant.replace(tzinfo=STOCKHOLM))


def _unreadable(en: str, sv: str, text: str) -> BadTime:
    return BadTime(f"Expected {en}, but got {_shown(text)}.", f"Här behövs {sv}, men det står {_shown(text)}.")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")


# --- working days --------------------------------------------------------------------------------------------------


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


# --- quarters ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of a year. What arrives at `closes_at` or later belongs to the next one (R20)."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 4 and _FIRST_YEAR <= self.year <= _LAST_YEAR):
            raise BadTime(
                f"Expected a quarter 1 to 4 of {_FIRST_YEAR} to {_LAST_YEAR}, but got {self.key}.",
                f"Kvartalet ska vara 1 till 4 under åren {_FIRST_YEAR} till {_LAST_YEAR}, men är {self.key}.",
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
            raise _unreadable("a quarter such as 2026-Q1", "ett kvartal som 2026-Q1", key)
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


# --- durations -----------------------------------------------------------------------------------------------------

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
            raise _unreadable(
                "a duration such as P10D, P3M or PT1H30M", "en tidslängd som P10D, P3M eller PT1H30M", text
            )
        years, months, weeks, days = (int(part) for part in parts[:4])
        hours, minutes, seconds = (Fraction(part) for part in parts[4:])
        length = hours * 3600 + minutes * 60 + seconds
        if (years * 12 + months) * _MONTH + weeks * 7 + days + length / 86_400 > _LONGEST:
            raise BadTime(
                f"Expected a duration of at most 100 years, but got {_shown(text)}.",
                f"En tidslängd får vara högst 100 år, men här står {_shown(text)}.",
            )
        return cls(years * 12 + months, weeks * 7 + days, timedelta(microseconds=int(length * 1_000_000)))

    def after(self, instant: datetime, times: int = 1) -> datetime:
        """`times` durations after `instant`, counted in one leap: twice P1M after 31 January is 31 March."""
        moved = self.leap(utc(instant), times)
        if moved >= _HORIZON:
            raise BadTime(
                f"Expected a time before the year {_HORIZON.year}, but the duration leads past it.",
                f"Tiden ska infalla före år {_HORIZON.year}, men tidslängden leder förbi det.",
            )
        return moved

    def leap(self, start: datetime, times: int) -> datetime:
        """Like `after`, with `_NEVER` for what lies too far ahead."""
        try:
            if not (times and (self.months or self.days)):
                return start + self.clock * times
            wall = local(start)
            if self.months:
                year, month = divmod(wall.year * 12 + wall.month - 1 + self.months * times, 12)
                if year >= _HORIZON.year:
                    return _NEVER
                wall = wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))
            return utc(wall + timedelta(days=self.days * times)) + self.clock * times
        except (OverflowError, BadTime):
            return _NEVER

    @property
    def shortest(self) -> timedelta:
        """No real length of this duration is less: February has 28 days, and one day a year 23 hours."""
        return timedelta(days=28 * self.months, hours=23 * self.days) + self.clock


def _last_given(match: re.Match[str]) -> str:
    """Only the smallest unit given may have a fraction: PT1.5H, but not PT1.5H10M."""
    return [part for part in match.groups() if part][-1].replace(",", ".")


# --- timers --------------------------------------------------------------------------------------------------------

Kind = Literal["date", "duration", "cycle", "cron"]


class TimerRule(ABC):
    """When a timer fires, and fires again. Made by `TimerRule.parse` from what the diagram says:

    | kind       | example                                     | fires                                          |
    | ---------- | ------------------------------------------- | ---------------------------------------------- |
    | `date`     | `2026-04-01`, `2026-04-01T08:00`            | once, then; at once where that is past         |
    | `duration` | `P10D`, `PT2H30M`                           | once, that long after the timer was set        |
    | `cycle`    | `R4/2026-01-01/P3M`, `R/2026-01-01/P3M`     | 4 times or without end, the first on 1 January |
    | `cycle`    | `R3/PT12H`                                  | 3 times, the first after 12 hours              |
    | `cron`     | `0 8 * * mon-fri`, `0 0 last 3,6,9,12 *`    | whenever the wall in Stockholm shows it        |

    In a cron rule all five fields must hold, day of month and weekday too: `0 8 25-31 3 fri` is the last Friday of
    March. Sunday is 0, 7 or `sun`. At night when summer time ends, only rules for every hour count the extra hour.
    """

    text: str
    kind: ClassVar[Kind]

    @staticmethod
    def parse(text: str) -> TimerRule:
        text = text.strip()
        if len(text) <= 200:
            if text.startswith("R"):
                return _parse_cycle(text)
            if text.startswith("P"):
                return _Duration(text, Duration.parse(text))
            if re.match(r"[0-9]{4}-", text):
                return _Date(text, parse_instant(text))
            if len(text.split()) == 5:
                return _parse_cron(text)
        raise _unreadable(
            "a timer such as 2026-04-01, P10D, R4/2026-01-01/P3M or 0 8 * * mon",
            "en tidsregel som 2026-04-01, P10D, R4/2026-01-01/P3M eller 0 8 * * mon",
            text,
        )

    @abstractmethod
    def first(self, now: datetime) -> datetime | None:
        """The first firing of a timer that is set `now`; None where its whole series is past."""

    @abstractmethod
    def next(self, after: datetime, fired_count: int, anchor: datetime) -> datetime | None:
        """The first firing after `after`, of a timer set at `anchor` that fired `fired_count` times; None: it is done.

        With `after` = the last due time, each missed firing is caught up with; with `after` = now, those are skipped.
        Skipped or not, the series ends where it would have ended.
        """

    def upcoming(self, now: datetime, count: int = 8) -> list[datetime]:
        """The next firings of a timer that is set `now`, for a preview."""
        found: list[datetime] = []
        due = self.first(now)
        while due is not None and len(found) < count:
            found.append(due)
            due = self.next(due, len(found), now)
        return found


@dataclass(frozen=True, slots=True)
class _Date(TimerRule):
    text: str
    instant: datetime
    kind: ClassVar[Kind] = "date"

    def first(self, now: datetime) -> datetime | None:
        return self.instant

    def next(self, after: datetime, fired_count: int, anchor: datetime) -> datetime | None:
        return None


@dataclass(frozen=True, slots=True)
class _Duration(TimerRule):
    text: str
    length: Duration
    kind: ClassVar[Kind] = "duration"

    def first(self, now: datetime) -> datetime | None:
        return self.length.after(now)

    def next(self, after: datetime, fired_count: int, anchor: datetime) -> datetime | None:
        return None


@dataclass(frozen=True, slots=True)
class _Cycle(TimerRule):
    """The firings are numbered: 0, 1, 2 … from a given start, else 1, 2 … from when the timer was set."""

    text: str
    times: int | None
    start: datetime | None
    length: Duration
    kind: ClassVar[Kind] = "cycle"

    def first(self, now: datetime) -> datetime | None:
        return self._from(utc(now), utc(now))

    def next(self, after: datetime, fired_count: int, anchor: datetime) -> datetime | None:
        if self.times is not None and fired_count >= self.times:
            return None
        return self._from(utc(after) + _INSTANTLY, utc(anchor))

    def _from(self, moment: datetime, anchor: datetime) -> datetime | None:
        """The first firing at `moment` or later. Firing n lies n durations from the start: errors never add up."""
        start = self.start or anchor
        lowest = 0 if self.start else 1
        enough = max(lowest, (moment - start) // self.length.shortest + 2)
        number = lowest + bisect_left(range(lowest, enough), moment, key=lambda n: self.length.leap(start, n))
        if self.times is not None and number >= lowest + self.times:
            return None
        return _before_horizon(self.length.leap(start, number))


def _parse_cycle(text: str) -> TimerRule:
    match = re.fullmatch(r"R([0-9]{0,10})/(?:([0-9][^/]*)/)?(P[^/]*)", text)
    if not match and re.fullmatch(r"R[0-9]*/[^/]+/[0-9][^/]*", text):
        raise BadTime(
            f"Expected a repetition with a start, such as R4/2026-01-01/P3M, but {_shown(text)} says when it ends.",
            f"En upprepning ska ha en start, som R4/2026-01-01/P3M, men {_shown(text)} säger när den slutar.",
        )
    if not match:
        raise _unreadable(
            "a repetition such as R/2026-01-01/P3M or R3/PT12H",
            "en upprepning som R/2026-01-01/P3M eller R3/PT12H",
            text,
        )
    times = int(match[1]) if match[1] else None
    if times is not None and not 1 <= times <= _MOST_REPEATS:
        raise BadTime(
            f"Expected 1 to {_MOST_REPEATS} repetitions (R/ repeats without end), but got {times}.",
            f"Antalet upprepningar ska vara 1 till {_MOST_REPEATS} (R/ upprepar utan slut), men är {times}.",
        )
    length = Duration.parse(match[3])
    if length.shortest < timedelta(seconds=LIMITS.shortest_cycle):
        raise BadTime(
            f"Expected a timer to repeat at most once a minute, but {_shown(text)} repeats more often.",
            f"En tidsregel får upprepas högst en gång i minuten, men {_shown(text)} upprepas oftare.",
        )
    return _Cycle(text, times, parse_instant(match[2]) if match[2] else None, length)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_CRON_ITEM = re.compile(r"(?:\*|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,2}))?", re.ASCII)
_MOST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class _Cron(TimerRule):
    """APScheduler finds the next time on the wall; the wall is its UTC, so that it need not know of summer time.

    Left to the zone itself, it fires what is due at 02:30 twice in the night when summer time ends.
    """

    text: str
    every_hour: bool
    trigger: CronTrigger = field(compare=False, repr=False)
    kind: ClassVar[Kind] = "cron"

    def first(self, now: datetime) -> datetime | None:
        return self._from(utc(now))

    def next(self, after: datetime, fired_count: int, anchor: datetime) -> datetime | None:
        return self._from(utc(after) + _INSTANTLY)

    def _from(self, moment: datetime) -> datetime | None:
        """The first firing at `moment` or later."""
        if moment >= _HORIZON:
            return None
        # Where the wall jumps, its order is not the order of time: look at all of its times around the jump.
        jump = local(moment - 2 * _HOUR).utcoffset() != local(moment + 2 * _HOUR).utcoffset()
        wall = local(moment).replace(tzinfo=UTC) - 2 * _HOUR * jump
        best = _NEVER
        while best == _NEVER or (jump and wall <= local(best).replace(tzinfo=UTC) + _HOUR):
            found: datetime | None = self.trigger.get_next_fire_time(None, wall)
            if found is None:
                break
            best = min([best, *(due for due in self._instants(found) if due >= moment)])
            wall = found + _INSTANTLY
        return _before_horizon(best)

    def _instants(self, wall: datetime) -> list[datetime]:
        """When the wall shows this: once, or for a rule for every hour twice in the one long night."""
        once = wall.replace(tzinfo=STOCKHOLM, fold=0)
        again = wall.replace(tzinfo=STOCKHOLM, fold=1)
        return [utc(once), utc(again)] if self.every_hour and utc(again) > utc(once) else [utc(once)]


def _parse_cron(text: str) -> TimerRule:
    """Read here, not by `from_crontab`: that takes 0 for Monday and "mon#2" for "mon", and hunts for 30 February."""
    minute, hour, day, month, weekday = text.lower().split()
    minutes = _cron_field(text, minute, 0, 59)
    hours = _cron_field(text, hour, 0, 23)
    last, numbered = "last" in day.split(","), [item for item in day.split(",") if item != "last"]
    days = _cron_field(text, ",".join(numbered), 1, 31) if numbered else set()
    months = _cron_field(text, month, 1, 12, _MONTHS)
    weekdays = {number % 7 for number in _cron_field(text, weekday, 0, 7, _WEEKDAYS)}
    if not last and not any(number <= _MOST_DAYS[number_of_month - 1] for number in days for number_of_month in months):
        raise BadTime(
            f"Expected a cron rule with a date that exists, but {_shown(text)} names none.",
            f"Cron-regeln ska ange ett datum som finns, men {_shown(text)} gör inte det.",
        )
    trigger = CronTrigger(
        minute=_listed(minutes, 60),
        hour=_listed(hours, 24),
        day=",".join([_listed(days, 31)] * bool(days) + ["last"] * last),
        month=_listed(months, 12),
        day_of_week=",".join(_WEEKDAYS[number] for number in sorted(weekdays)),
        timezone=UTC,
    )
    return _Cron(text, len(hours) == 24, trigger)


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
        f"Expected a cron rule such as 0 8 * * mon-fri, but {_shown(item)} in {_shown(text)} cannot be read.",
        f"En cron-regel skrivs som 0 8 * * mon-fri, men {_shown(item)} i {_shown(text)} går inte att tolka.",
    )


def _listed(numbers: set[int], all_of_them: int) -> str:
    return "*" if len(numbers) == all_of_them else ",".join(map(str, sorted(numbers)))


def _before_horizon(due: datetime) -> datetime | None:
    return due if due < _HORIZON else None
