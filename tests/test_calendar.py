"""Working days, quarters, durations and timers, as people in Sweden count them."""

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from engine.calendar import (
    STOCKHOLM,
    Duration,
    Quarter,
    TimerRule,
    add_working_days,
    easter,
    holidays,
    is_working_day,
    local,
    midnight,
    parse_instant,
    utc,
    working_days_between,
)
from engine.errors import BadTime, TrappaError
from tests.speed import in_time, taken

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


def at(text: str) -> datetime:
    """An instant by what the wall in Stockholm shows."""
    return parse_instant(text)


def walls(instants: list[datetime]) -> list[str]:
    """What the wall in Stockholm shows, with its offset."""
    return [local(instant).isoformat(timespec="minutes") for instant in instants]


# --- working days --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [
        (1961, 4, 2),
        (2000, 4, 23),
        (2008, 3, 23),
        (2019, 4, 21),
        (2024, 3, 31),
        (2025, 4, 20),
        (2026, 4, 5),
        (2027, 3, 28),
        (2028, 4, 16),
        (2038, 4, 25),
        (2049, 4, 18),
        (2076, 4, 19),
        (2285, 3, 22),
    ],
)
def test_easter_sunday(year: int, month: int, day: int) -> None:
    assert easter(year) == date(year, month, day)


def test_holidays_of_2026() -> None:
    assert {day.isoformat(): name for day, name in sorted(holidays(2026).items())} == {
        "2026-01-01": "nyårsdagen",
        "2026-01-06": "trettondedag jul",
        "2026-04-03": "långfredagen",
        "2026-04-05": "påskdagen",
        "2026-04-06": "annandag påsk",
        "2026-05-01": "första maj",
        "2026-05-14": "Kristi himmelsfärdsdag",
        "2026-05-24": "pingstdagen",
        "2026-06-06": "Sveriges nationaldag",
        "2026-06-19": "midsommarafton",
        "2026-06-20": "midsommardagen",
        "2026-10-31": "alla helgons dag",
        "2026-12-24": "julafton",
        "2026-12-25": "juldagen",
        "2026-12-26": "annandag jul",
        "2026-12-31": "nyårsafton",
    }


@pytest.mark.parametrize(
    ("year", "midsommarafton", "alla_helgons_dag"),
    [(2020, "06-19", "10-31"), (2021, "06-25", "11-06"), (2025, "06-20", "11-01"), (2027, "06-25", "11-06")],
)
def test_holidays_that_move(year: int, midsommarafton: str, alla_helgons_dag: str) -> None:
    by_name = {name: day for day, name in holidays(year).items()}
    assert by_name["midsommarafton"] == date.fromisoformat(f"{year}-{midsommarafton}")
    assert by_name["alla helgons dag"] == date.fromisoformat(f"{year}-{alla_helgons_dag}")


def test_holidays_cannot_be_changed_by_who_asks() -> None:
    with pytest.raises(TypeError):
        holidays(2026)[date(2026, 2, 2)] = "min födelsedag"  # type: ignore[index]


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-04-02", True),
        ("2026-04-03", False),
        ("2026-04-04", False),
        ("2026-04-06", False),
        ("2026-04-07", True),
        ("2026-06-18", True),
        ("2026-06-19", False),
        ("2026-12-23", True),
        ("2026-12-24", False),
        ("2026-12-31", False),
    ],
)
def test_working_day(day: str, works: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(("year", "count"), [(2024, 251), (2025, 249), (2026, 251), (2027, 253)])
def test_working_days_in_a_year(year: int, count: int) -> None:
    """2026: 261 weekdays, of which ten are holidays."""
    assert (
        sum(is_working_day(date(year, 1, 1) + timedelta(days=each)) for each in range(365 + (year % 4 == 0))) == count
    )


def test_datetime_is_no_day() -> None:
    """A datetime is a date to Python, but never in the list of holidays."""
    for ask in (is_working_day, lambda day: add_working_days(day, 1), lambda day: working_days_between(day, day)):
        with pytest.raises(TypeError, match="Expected"):
            ask(datetime(2026, 12, 24, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-03-31", 2, "2026-04-02"),
        ("2026-04-02", 1, "2026-04-07"),  # over Easter
        ("2026-04-04", 1, "2026-04-07"),
        ("2026-06-18", 2, "2026-06-23"),  # over midsummer
        ("2026-12-23", 10, "2027-01-13"),  # over Christmas, New Year and trettondedag jul
        ("2026-04-07", 0, "2026-04-07"),
        ("2026-04-04", 0, "2026-04-07"),  # nothing can be done before Tuesday
        ("2026-04-07", -1, "2026-04-02"),
        ("2026-04-05", -1, "2026-04-02"),
        ("2027-01-13", -10, "2026-12-23"),
    ],
)
def test_adding_working_days(start: str, count: int, end: str) -> None:
    assert add_working_days(date.fromisoformat(start), count) == date.fromisoformat(end)


@given(DAYS, st.integers(-300, 300))
def test_added_working_days_are_counted_again(start: date, count: int) -> None:
    start = add_working_days(start, 0)
    end = add_working_days(start, count)
    assert is_working_day(end)
    assert working_days_between(start, end) == count
    assert working_days_between(end, start) == -count


@given(DAYS, st.integers(0, 900))
def test_counting_at_once_is_counting_one_by_one(start: date, length: int) -> None:
    days = [start + timedelta(days=each) for each in range(1, length + 1)]
    assert working_days_between(start, start + timedelta(days=length)) == sum(map(is_working_day, days))


@pytest.mark.parametrize("count", [10_001, -10_001, 10**30])
def test_working_days_are_bounded(count: int) -> None:
    with pytest.raises(BadTime, match="at most 10000 working days"):
        add_working_days(date(2026, 1, 1), count)


def test_working_days_end_with_the_calendar() -> None:
    for day, count in ((date(9999, 12, 30), 5), (date(1, 1, 2), -5), (date(9999, 12, 31), 0)):
        with pytest.raises(BadTime):
            add_working_days(day, count)


# --- quarters ------------------------------------------------------------------------------------------------------


def test_quarter_of_an_instant_is_decided_in_stockholm() -> None:
    """Reports 07 and 10: twelve minutes past midnight on 1 April is still 31 March in UTC."""
    assert Quarter.of(datetime.fromisoformat("2026-04-01T00:12:00+02:00")) == Quarter(2026, 2)
    assert Quarter.of(datetime(2026, 3, 31, 22, 12, tzinfo=UTC)) == Quarter(2026, 2)
    assert Quarter.of(datetime(2026, 3, 31, 21, 59, 59, 999_999, tzinfo=UTC)) == Quarter(2026, 1)
    assert Quarter.of(date(2026, 3, 31)) == Quarter(2026, 1)


@pytest.mark.parametrize(
    ("key", "first", "last", "closes"),
    [
        ("2026-Q1", "2026-01-01", "2026-03-31", "2026-03-31T22:00:00+00:00"),
        ("2026-Q2", "2026-04-01", "2026-06-30", "2026-06-30T22:00:00+00:00"),
        ("2026-Q3", "2026-07-01", "2026-09-30", "2026-09-30T22:00:00+00:00"),
        ("2026-Q4", "2026-10-01", "2026-12-31", "2026-12-31T23:00:00+00:00"),
    ],
)
def test_quarter_knows_its_days(key: str, first: str, last: str, closes: str) -> None:
    quarter = Quarter.parse(key)
    assert (quarter.key, str(quarter)) == (key, key)
    assert (quarter.first_day.isoformat(), quarter.last_day.isoformat()) == (first, last)
    assert quarter.closes_at.isoformat() == closes


@given(INSTANTS)
def test_every_instant_lies_in_exactly_one_quarter(instant: datetime) -> None:
    quarter = Quarter.of(instant)
    assert quarter.opens_at <= instant < quarter.closes_at
    assert instant in quarter
    assert instant not in quarter.previous
    assert instant not in quarter.next
    assert quarter.next.opens_at == quarter.closes_at
    assert quarter.previous.closes_at == quarter.opens_at
    assert quarter.previous < quarter < quarter.next
    assert quarter.next.previous == quarter.previous.next == quarter == Quarter.parse(quarter.key)


@pytest.mark.parametrize(
    "key", ["", "2026", "2026-Q0", "2026-Q5", "26-Q1", "2026-q1", "2026-Q1 ", "9999-Q1", "٢٠٢٦-Q1"]
)
def test_what_is_no_quarter_is_refused(key: str) -> None:
    with pytest.raises(BadTime, match=r"^Expected a quarter"):
        Quarter.parse(key)


def test_quarter_needs_a_time_with_zone() -> None:
    with pytest.raises(BadTime, match="zone"):
        Quarter.of(datetime(2026, 4, 1))  # noqa: DTZ001 - that is the point


# --- instants and durations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-01", "2025-12-31T23:00:00+00:00"),
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
        ("2026-01-01T08:00", "2026-01-01T07:00:00+00:00"),
        ("2026-07-01T08:00:00", "2026-07-01T06:00:00+00:00"),
        ("2026-07-01T08:00Z", "2026-07-01T08:00:00+00:00"),
        ("2026-07-01T08:00:00.5-05:00", "2026-07-01T13:00:00.500000+00:00"),
        (" 2026-07-01 ", "2026-06-30T22:00:00+00:00"),
        ("2026-03-29T02:30", "2026-03-29T01:30:00+00:00"),  # does not exist: one hour later by the wall
        ("2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),  # exists twice: the first
    ],
)
def test_date_without_zone_is_swedish_time(text: str, instant: str) -> None:
    assert parse_instant(text).isoformat() == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-13-01",
        "2026-02-29",
        "2026-W01-1",
        "20260101",
        "2026-01-01T24:00",
        "2026-01-01T08",
        "1899-12-31",
        "2201-01-01",
        "9999-12-31",
        "0000-01-01",
        "٢٠٢٦-٠١-٠١",
        "2026-01-01T08:00+99:00",
        "2026-01-01\n2026-01-02",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadTime, match=r"^Expected a date"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("P10D", Duration(0, 10, timedelta())),
        ("P2W", Duration(0, 14, timedelta())),
        ("P1Y2M3W4DT5H6M7S", Duration(14, 25, timedelta(hours=5, minutes=6, seconds=7))),
        ("PT36H", Duration(0, 0, timedelta(hours=36))),
        ("PT0.5H", Duration(0, 0, timedelta(minutes=30))),
        ("PT1,5S", Duration(0, 0, timedelta(seconds=1.5))),
        ("P1M", Duration(1, 0, timedelta())),
        ("PT1M", Duration(0, 0, timedelta(minutes=1))),
        ("PT0S", Duration(0, 0, timedelta())),
        ("P100Y", Duration(1200, 0, timedelta())),
    ],
)
def test_duration_is_read(text: str, duration: Duration) -> None:
    assert Duration.parse(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1",
        "1D",
        "P1DT",
        "-P1D",
        "P-1D",
        "P1.5D",
        "P0.5M",
        "PT1.5H30M",
        "PT1S1M",
        "P1M1Y",
        "p1d",
        "P 1D",
        "P1S",
        "PT1D",
        "P٣D",
        "P1D\nP2D",
        "PT1.H",
        "P1H",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadTime, match=r"^Expected a duration"):
        Duration.parse(text)


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28T00:00+01:00"),
        ("2028-01-31", "P1M", "2028-02-29T00:00+01:00"),
        ("2026-11-30", "P3M", "2027-02-28T00:00+01:00"),
        ("2028-02-29", "P1Y", "2029-02-28T00:00+01:00"),
        ("2026-03-31T12:00", "P1M", "2026-04-30T12:00+02:00"),
        ("2026-03-28T12:00", "P1D", "2026-03-29T12:00+02:00"),  # 23 hours
        ("2026-03-28T12:00", "PT24H", "2026-03-29T13:00+02:00"),
        ("2026-10-24T12:00", "P1D", "2026-10-25T12:00+01:00"),  # 25 hours
        ("2026-10-24T12:00", "PT24H", "2026-10-25T11:00+01:00"),
        ("2026-03-28T02:30", "P1D", "2026-03-29T03:30+02:00"),  # 02:30 is skipped that night
        ("2026-10-24T02:30", "P1D", "2026-10-25T02:30+02:00"),  # the first 02:30 of two
        ("2026-03-01", "P1M1DT1H", "2026-04-02T01:00+02:00"),
        ("2026-12-31T23:59", "PT2M", "2027-01-01T00:01+01:00"),
    ],
)
def test_duration_counts_days_on_the_calendar_and_hours_on_the_stopwatch(start: str, duration: str, end: str) -> None:
    assert walls([Duration.parse(duration).after(at(start))]) == [end]


def test_many_months_are_one_leap() -> None:
    month = Duration.parse("P1M")
    assert walls([month.after(at("2026-01-31"), times) for times in (0, 1, 2, 3)]) == [
        "2026-01-31T00:00+01:00",
        "2026-02-28T00:00+01:00",
        "2026-03-31T00:00+02:00",
        "2026-04-30T00:00+02:00",
    ]


def test_no_duration_at_all_stays_in_the_second_hour_of_two() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert walls([second]) == ["2026-10-25T02:30+01:00"]
    assert Duration.parse("P1D").after(second, 0) == second


# --- timers --------------------------------------------------------------------------------------------------------

NOW = at("2026-05-15T10:00")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2026-04-01", "date"),
        ("P10D", "duration"),
        ("R3/PT12H", "cycle"),
        ("R/2026-01-01/P3M", "cycle"),
        ("0 8 * * mon-fri", "cron"),
    ],
)
def test_timer_knows_its_kind(text: str, kind: str) -> None:
    rule = TimerRule.parse(f"  {text}\n")
    assert (rule.kind, rule.text) == (kind, text)


def test_date_fires_once_even_when_past() -> None:
    rule = TimerRule.parse("2026-04-01")
    assert rule.first(NOW) == at("2026-04-01")
    assert rule.next(at("2026-04-01"), 1, NOW) is None


def test_duration_fires_once_counted_from_now() -> None:
    rule = TimerRule.parse("P10D")
    assert walls(rule.upcoming(NOW)) == ["2026-05-25T10:00+02:00"]


def test_quarters_are_real_quarters() -> None:
    """A fixed number of seconds would drift to 30 June, 28 September, 27 December."""
    assert [wall[:16] for wall in walls(TimerRule.parse("R8/2026-01-01/P3M").upcoming(at("2026-01-01"), 99))] == [
        f"{year}-{month:02}-01T00:00" for year in (2026, 2027) for month in (1, 4, 7, 10)
    ]


def test_last_of_each_month() -> None:
    assert [wall[:10] for wall in walls(TimerRule.parse("R5/2026-01-31/P1M").upcoming(at("2026-01-01")))] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]


def test_series_that_has_begun_keeps_its_dates_and_its_end() -> None:
    rule = TimerRule.parse("R8/2026-01-01/P3M")
    assert [wall[:10] for wall in walls(rule.upcoming(NOW, 99))] == [
        "2026-07-01",
        "2026-10-01",
        "2027-01-01",
        "2027-04-01",
        "2027-07-01",
        "2027-10-01",
    ]
    assert rule.first(at("2027-10-01")) == at("2027-10-01")
    assert rule.first(at("2027-10-01") + timedelta(microseconds=1)) is None


@pytest.mark.parametrize("text", ["R4/P3M/2027-01-01", "R/P3M/2027-01-01T08:00", "R4/2026-01-01/2027-01-01"])
def test_a_repetition_that_says_its_end_is_refused_in_a_sentence(text: str) -> None:
    """ISO 8601 has these too; whoever draws one is told how to say it instead."""
    with pytest.raises(BadTime, match=r"with a start, such as R4/2026-01-01/P3M, but .* says when it ends") as refused:
        TimerRule.parse(text)
    assert "säger när den slutar" in refused.value.sv


def test_repetition_without_start_begins_after_one_period() -> None:
    assert walls(TimerRule.parse("R3/PT12H").upcoming(NOW)) == [
        "2026-05-15T22:00+02:00",
        "2026-05-16T10:00+02:00",
        "2026-05-16T22:00+02:00",
    ]


def test_missed_firings_are_caught_up_with_or_skipped_as_the_caller_wishes() -> None:
    rule = TimerRule.parse("R6/P7D")
    first = rule.first(NOW)
    assert first == at("2026-05-22T10:00")
    woken = at("2026-06-20T00:00")
    assert rule.next(first, 1, NOW) == at("2026-05-29T10:00")
    assert rule.next(woken, 1, NOW) == at("2026-06-26T10:00")
    assert rule.next(at("2026-06-26T10:00"), 2, NOW) is None  # that was the sixth week


def test_repetition_never_fires_more_often_than_it_says() -> None:
    rule = TimerRule.parse("R3/P1D")
    assert rule.next(NOW + timedelta(hours=1), 2, NOW) is not None
    assert rule.next(NOW + timedelta(hours=1), 3, NOW) is None


def test_old_series_finds_today_at_once() -> None:
    old, young = (TimerRule.parse(f"R/{year}-01-31T06:00/PT1M") for year in (1950, 2026))
    assert old.first(NOW + timedelta(seconds=1)) == NOW + timedelta(minutes=1)
    seconds = [[taken(partial(rule.first, NOW)) for rule in (old, young)] for _ in range(20)]
    assert min(pair[0] for pair in seconds) < 15 * min(pair[1] for pair in seconds), "firings lie behind it"


@given(
    st.sampled_from(["PT1M", "PT90S", "PT7H", "P1D", "P3DT5H", "P1W", "P1M", "P1M1D", "P5M", "P1Y", "P1Y1DT1H"]),
    INSTANTS,
    INSTANTS,
)
@example("P1D", at("2026-03-20T02:30"), at("2026-03-29T01:00"))
@example("P1D", at("2026-10-20T02:30"), at("2026-10-25T02:00"))
def test_next_firing_is_the_nearest_in_the_series(period: str, start: datetime, after: datetime) -> None:
    assume(abs(start - after) < timedelta(days=700) or "PT" not in period)
    due = TimerRule.parse(f"R/{period}").next(after, 0, start)
    assert due is not None
    assert due > after
    duration = Duration.parse(period)
    if due == duration.after(start):
        return
    guess = max(1, (due - start) // duration.shortest)
    numbers = range(max(1, int(guess * 0.88) - 3), guess + 2)
    number = next(each for each in numbers if duration.after(start, each) == due)
    assert duration.after(start, number - 1) <= after


def test_daily_timer_stays_at_its_hour_and_fires_once_a_day_over_both_changes() -> None:
    for begin in ("2026-03-27", "2026-10-23"):
        for rule in (f"R5/{begin}T02:30/P1D", "30 2 * * *"):
            due = TimerRule.parse(rule).upcoming(at(begin), 5)
            days = [local(each).date() for each in due]
            assert days == [date.fromisoformat(begin) + timedelta(days=each) for each in range(5)]
            skipped = date(2026, 3, 29)
            assert [local(each).hour for each in due] == [3 if day == skipped else 2 for day in days]


def test_hourly_timers_count_real_hours_over_both_changes() -> None:
    for begin in (at("2026-03-28T20:00"), at("2026-10-24T20:00")):
        hours = [begin + timedelta(hours=each) for each in range(13)]
        assert TimerRule.parse("R/PT1H").upcoming(begin, 12) == hours[1:]
        assert TimerRule.parse("0 * * * *").upcoming(begin, 13) == hours


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 8 * * mon", ["2026-05-18", "2026-05-25", "2026-06-01"]),
        ("0 8 * * 1", ["2026-05-18", "2026-05-25", "2026-06-01"]),
        ("0 8 * * 0", ["2026-05-17", "2026-05-24", "2026-05-31"]),
        ("0 8 * * 7", ["2026-05-17", "2026-05-24", "2026-05-31"]),
        ("0 8 * * 5-7", ["2026-05-16", "2026-05-17", "2026-05-22"]),
        ("0 8 * * MON-FRI", ["2026-05-18", "2026-05-19", "2026-05-20"]),
        ("0 8 25-31 3 fri", ["2027-03-26", "2028-03-31", "2029-03-30"]),  # the last Friday of March
        ("0 8 last 3,6,9,12 *", ["2026-06-30", "2026-09-30", "2026-12-31"]),
        ("0 8 15,last feb *", ["2027-02-15", "2027-02-28", "2028-02-15"]),
        ("0 8 1 */3 *", ["2026-07-01", "2026-10-01", "2027-01-01"]),
        ("0 8 1 jan-mar *", ["2027-01-01", "2027-02-01", "2027-03-01"]),
        ("0 8 29 2 *", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("0 8 29 2 mon", ["2044-02-29", "2072-02-29", "2112-02-29"]),
    ],
)
def test_cron_days(text: str, days: list[str]) -> None:
    assert walls(TimerRule.parse(text).upcoming(NOW, 3)) == [
        local(at(f"{day}T08:00")).isoformat(timespec="minutes") for day in days
    ]


def test_cron_minutes() -> None:
    assert [wall[11:16] for wall in walls(TimerRule.parse("*/20,5 9-11/2 * * *").upcoming(at("2026-05-15"), 9))] == [
        f"{hour}:{minute:02}".rjust(5, "0") for hour in (9, 11) for minute in (0, 5, 20, 40)
    ] + ["09:00"]


def test_cron_step_from_a_number_goes_on_to_the_end() -> None:
    assert [wall[11:16] for wall in walls(TimerRule.parse("5/20 8 * * *").upcoming(at("2026-05-15"), 4))] == [
        "08:05",
        "08:25",
        "08:45",
        "08:05",
    ]


def test_cron_fires_now_when_now_is_the_minute_and_not_again() -> None:
    rule = TimerRule.parse("0 8 * * *")
    eight = at("2026-05-15T08:00")
    assert rule.first(eight) == eight
    assert rule.next(eight, 1, eight) == at("2026-05-16T08:00")
    assert rule.first(eight + timedelta(microseconds=1)) == at("2026-05-16T08:00")


def test_cron_of_a_skipped_hour_fires_each_of_its_minutes_once() -> None:
    rule = TimerRule.parse("0,30 2 * * *")
    assert walls(rule.upcoming(at("2026-03-29"), 3)) == [
        "2026-03-29T03:00+02:00",
        "2026-03-29T03:30+02:00",
        "2026-03-30T02:00+02:00",
    ]


def test_cron_of_a_skipped_hour_and_the_next_fires_once_for_both() -> None:
    assert walls(TimerRule.parse("30 2,3 * * *").upcoming(at("2026-03-29"), 2)) == [
        "2026-03-29T03:30+02:00",
        "2026-03-30T02:30+02:00",
    ]


def test_cron_set_in_the_second_hour_of_two_waits_for_the_next_day() -> None:
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert walls([second]) == ["2026-10-25T02:15+01:00"]
    assert walls(TimerRule.parse("30 2 * * *").upcoming(second, 1)) == ["2026-10-26T02:30+01:00"]
    assert walls(TimerRule.parse("30 * * * *").upcoming(second, 1)) == ["2026-10-25T02:30+01:00"]


@given(
    st.sampled_from(["*", "0", "30", "*/20", "10,50"]),
    st.sampled_from(["*", "2", "3", "1-4", "2,3", "*/2", "0-23"]),
    st.sampled_from(["2026-03-29", "2026-10-25", "2026-06-19"]),
    st.integers(-180, 600),
)
def test_cron_agrees_with_walking_minute_by_minute(minute: str, hour: str, day: str, offset: int) -> None:
    """Each wall time once, in the order of real time; rules for every hour count the long night's hour twice."""
    start = midnight(date.fromisoformat(day)) + timedelta(minutes=offset)
    minutes = {"*": range(60), "0": [0], "30": [30], "*/20": [0, 20, 40], "10,50": [10, 50]}[minute]
    every_hour = hour in ("*", "0-23")
    hours = {"2": [2], "3": [3], "1-4": [1, 2, 3, 4], "2,3": [2, 3], "*/2": range(0, 24, 2)}.get(hour, range(24))
    expected = set()
    for each in range(-2, 3):
        wall = local(start).replace(tzinfo=None, fold=0) + timedelta(days=each)
        for h in hours:
            for m in minutes:
                shown = wall.replace(hour=h, minute=m, second=0, microsecond=0, tzinfo=STOCKHOLM)
                expected.add(utc(shown))
                if every_hour and utc(shown.replace(fold=1)) > utc(shown):
                    expected.add(utc(shown.replace(fold=1)))
    found = TimerRule.parse(f"{minute} {hour} * * *").upcoming(start, 25)
    until = min(found[-1], start + timedelta(hours=36))
    assert [due for due in found if due <= until] == sorted(due for due in expected if start <= due <= until)


@pytest.mark.parametrize("text", ["R/PT0S", "R1000/PT0S", "R/PT59S", "R3/2026-01-01/PT59.999S", "R/P0D", "R/PT0.9M"])
def test_cycle_shorter_than_a_minute_is_refused(text: str) -> None:
    with pytest.raises(BadTime, match=r"^Expected a timer to repeat at most once a minute, but ") as refusal:
        TimerRule.parse(text)
    assert "högst en gång i minuten" in refusal.value.sv


HOSTILE = [
    "P10000000Y",
    "P" + "9" * 90 + "Y",
    "PT99999999999999999999S",
    "P36526D",
    "P1201M",
    "P99Y999M",
    "R1000000000/PT0S",
    "R1000001/P1D",
    "R0/P1D",
    "R-1/P1D",
    "R/P1D/2026-01-01",
    "R/2026-01-01/2026-02-01",
    "R3",
    "R/",
    "R//P1D",
    "R/2026-02-30/P1D",
    "R/2026-01-01/P10000000Y",
    "0 0 30 2 *",
    "0 0 31 2,4 *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "* * * * mon#2",
    "* * lastfoo * *",
    "* * * * fri-mon",
    "*/0 * * * *",
    "*/99 * * * *",
    "5-1 * * * *",
    ", * * * *",
    "1,, * * * *",
    "* * * * * *",
    "@daily",
    "* * * *",
    "٣ * * * *",
    "0 0 1-31,* * " + "1," * 500 + "1",
    "2026-01-01/P1D",
    "x" * 100_000,
    "R" * 100_000,
    "P" * 100_000,
    "1" * 100_000 + " * * * *",
    "\0",
    "",
    "i morgon",
    "__import__('os')",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:24])
def test_hostile_timer_is_refused_at_once_in_a_full_sentence(text: str) -> None:
    with pytest.raises(BadTime) as refusal:
        in_time(lambda: TimerRule.parse(text))
    assert str(refusal.value).startswith("Expected ")
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 300
    assert refusal.value.sv.endswith(".")


@given(st.text(max_size=40) | st.text(alphabet="R0123456789/PYMWDTHS.:-+*, ZanJmo", max_size=40))
def test_any_text_is_a_timer_or_refused(text: str) -> None:
    try:
        rule = TimerRule.parse(text)
    except TrappaError:
        return
    due = rule.upcoming(NOW, 3)
    assert due == sorted(due)
    assert all(each.tzinfo is UTC for each in due)


def test_timers_far_ahead_end_and_do_not_overflow() -> None:
    far = at("2200-12-31")
    assert len(TimerRule.parse("R/P100Y").upcoming(far, 99)) == 2  # 2300 and 2400
    assert TimerRule.parse("R/P1D").next(datetime(9999, 12, 30, tzinfo=UTC), 1, NOW) is None
    assert TimerRule.parse("0 8 * * *").first(datetime(2600, 1, 1, tzinfo=UTC)) is None
    with pytest.raises(BadTime, match="before the year 2500"):
        TimerRule.parse("P100Y").first(datetime(2450, 1, 1, tzinfo=UTC))


def test_timers_need_a_now_with_zone() -> None:
    for text in ("P1D", "R/P1D", "0 8 * * *"):
        with pytest.raises(BadTime, match="zone"):
            TimerRule.parse(text).first(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
