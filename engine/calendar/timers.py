"""The rules that timers follow: a date, a duration, a repetition, a cron rule."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

from apscheduler.triggers.cron import CronTrigger

from engine.bpmn.limits import LIMITS
from engine.calendar.cron import read_cron
from engine.calendar.durations import Duration
from engine.calendar.instants import HORIZON, NEVER, STOCKHOLM, local, parse_instant, utc
from engine.calendar.refusals import shown, unreadable
from engine.errors import BadTime

_MOST_REPEATS = 1_000_000
_HOUR = timedelta(hours=1)
_INSTANTLY = timedelta(microseconds=1)

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
                return _Cron(text, *read_cron(text))
        raise unreadable(
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
            f"Expected a repetition with a start, such as R4/2026-01-01/P3M, but {shown(text)} says when it ends.",
            f"En upprepning ska ha en start, som R4/2026-01-01/P3M, men {shown(text)} säger när den slutar.",
        )
    if not match:
        raise unreadable(
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
            f"Expected a timer to repeat at most once a minute, but {shown(text)} repeats more often.",
            f"En tidsregel får upprepas högst en gång i minuten, men {shown(text)} upprepas oftare.",
        )
    return _Cycle(text, times, parse_instant(match[2]) if match[2] else None, length)


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
        if moment >= HORIZON:
            return None
        # Where the wall jumps, its order is not the order of time: look at all of its times around the jump.
        jump = local(moment - 2 * _HOUR).utcoffset() != local(moment + 2 * _HOUR).utcoffset()
        wall = local(moment).replace(tzinfo=UTC) - 2 * _HOUR * jump
        best = NEVER
        while best == NEVER or (jump and wall <= local(best).replace(tzinfo=UTC) + _HOUR):
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


def _before_horizon(due: datetime) -> datetime | None:
    return due if due < HORIZON else None
