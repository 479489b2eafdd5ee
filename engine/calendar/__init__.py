"""Time as people in Sweden count it: the zone, working days, quarters, and the rules that timers follow.

Instants are aware and in UTC; what a rule says in hours and dates is meant in Europe/Stockholm, and becomes an instant
anew at each firing. So "every day at 08:00" stays at 08:00 when summer time begins, and the third month after
30 November ends on the last of February.

Knows no clock: "now" always comes in from outside. Of APScheduler only the `CronTrigger` is used.
"""

from engine.calendar.durations import Duration
from engine.calendar.instants import STOCKHOLM, iso, local, midnight, parse_instant, parse_iso, utc
from engine.calendar.quarters import Quarter
from engine.calendar.timers import TimerRule
from engine.calendar.working_days import add_working_days, easter, holidays, is_working_day, working_days_between

__all__ = [
    "STOCKHOLM",
    "Duration",
    "Quarter",
    "TimerRule",
    "add_working_days",
    "easter",
    "holidays",
    "is_working_day",
    "iso",
    "local",
    "midnight",
    "parse_instant",
    "parse_iso",
    "utc",
    "working_days_between",
]
