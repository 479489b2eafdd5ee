"""The clock, what an instant looks like as text, and the shape of what is raised."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import errors
from engine.bpmn.findings import Place
from engine.clock import STOCKHOLM, Clock, SystemClock, VirtualClock, iso, local, parse_iso, utc
from engine.errors import (
    BadTime,
    BudgetSpent,
    CheckFailed,
    Conflict,
    ExpressionError,
    Guarded,
    Invalid,
    NotAllowed,
    NotFound,
    Refused,
    TrappaError,
)

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
NAIVE = datetime(2026, 3, 31, 12)  # noqa: DTZ001 - a time without zone is what is tested


def test_real_time_is_aware_utc_and_moves_on() -> None:
    clock: Clock = SystemClock()
    before = clock.now()
    assert before.tzinfo is UTC
    assert clock.now() >= before


def test_virtual_time_stands_still_until_told() -> None:
    clock = VirtualClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)
    clock.set(NOON + timedelta(days=2))
    assert clock.now() == NOON + timedelta(days=2)
    clock.set(clock.now())
    assert clock.now() == NOON + timedelta(days=2)


def test_virtual_time_is_utc_whatever_zone_it_was_set_in() -> None:
    clock = VirtualClock(datetime(2026, 4, 1, 0, 12, tzinfo=STOCKHOLM))
    assert clock.now() == datetime(2026, 3, 31, 22, 12, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize("by", [timedelta(microseconds=-1), timedelta(days=-400)])
def test_virtual_time_never_goes_back(by: timedelta) -> None:
    clock = VirtualClock(NOON)
    with pytest.raises(BadTime, match=r"^Expected to set the clock forward from 2026-03-31T12:00:00\.000000Z, but "):
        clock.advance(by)
    with pytest.raises(BadTime):
        clock.set(NOON + by)
    assert clock.now() == NOON


def test_virtual_time_stays_within_the_calendar() -> None:
    clock = VirtualClock(NOON)
    with pytest.raises(BadTime, match="within the years 1 to 9999"):
        clock.advance(timedelta.max)
    assert clock.now() == NOON


def test_time_without_zone_is_refused_everywhere() -> None:
    for refuses in (utc, local, iso, VirtualClock, VirtualClock(NOON).set):
        with pytest.raises(BadTime, match="Expected a time with its zone"):
            refuses(NAIVE)


def test_time_beyond_the_calendar_is_refused_not_an_overflow() -> None:
    with pytest.raises(BadTime):
        utc(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))
    with pytest.raises(BadTime):
        local(datetime.max.replace(tzinfo=UTC))


def test_local_time_follows_summer_time() -> None:
    assert local(datetime(2026, 1, 1, 12, tzinfo=UTC)).isoformat() == "2026-01-01T13:00:00+01:00"
    assert local(datetime(2026, 7, 1, 12, tzinfo=UTC)).isoformat() == "2026-07-01T14:00:00+02:00"


def test_instant_as_text_is_utc_and_of_one_width() -> None:
    assert iso(NOON) == "2026-03-31T12:00:00.000000Z"
    assert iso(datetime(2026, 4, 1, 0, 12, 0, 5, tzinfo=STOCKHOLM)) == "2026-03-31T22:12:00.000005Z"


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1900, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001 - hypothesis adds the zone
def test_instant_survives_being_text(instant: datetime) -> None:
    assert parse_iso(iso(instant)) == utc(instant)


@given(*[st.datetimes(timezones=st.just(UTC))] * 2)
def test_texts_sort_as_their_instants_do(one: datetime, other: datetime) -> None:
    assert (iso(one) < iso(other)) == (one < other)


def test_instant_is_read_in_other_forms_too() -> None:
    for text in ("2026-03-31T12:00Z", "2026-03-31T14:00:00+02:00", "2026-03-31 12:00:00.000+00:00"):
        assert parse_iso(text) == NOON
        assert parse_iso(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "i morgon", "2026-03-31", "2026-03-31T12:00", "2026-02-29T00:00Z", "9" * 5000])
def test_text_that_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(BadTime) as refusal:
        parse_iso(text)
    assert len(str(refusal.value)) < 200


# --- errors --------------------------------------------------------------------------------------------------------


def test_refusal_speaks_both_languages_and_keeps_what_is_known() -> None:
    refusal = Refused("Expected to complete task 7, but it is done.", "Uppgift 7 är redan klar.", task_id=7)
    assert str(refusal) == refusal.en == "Expected to complete task 7, but it is done."
    assert refusal.sv == "Uppgift 7 är redan klar."
    assert refusal.details == {"task_id": 7}


@pytest.mark.parametrize("kind", [NotFound, NotAllowed, Conflict, ExpressionError, BudgetSpent, BadTime])
def test_every_refusal_can_be_caught_as_one(kind: type[Refused]) -> None:
    refusal = kind("Expected this, but that.", "Nej.", who="Ada Ek", when=NOON)
    assert isinstance(refusal, Refused)
    assert isinstance(refusal, TrappaError)
    assert refusal.details["who"] == "Ada Ek"


def test_bad_time_is_a_value_error_to_those_who_expect_one() -> None:
    assert issubclass(BadTime, ValueError)


def test_invalid_names_each_field_with_its_messages() -> None:
    refusal = Invalid("Expected this, but that.", "Nej.", fields={"a.b": ["Ett.", "Två."], "c": "Tre."})
    assert refusal.fields == {"a.b": ("Ett.", "Två."), "c": ("Tre.",)}


@pytest.mark.parametrize(("count", "words"), [(1, "1 stands"), (3, "3 stand")])
def test_failed_check_carries_all_findings_and_counts_the_errors(count: int, words: str) -> None:
    place = Place("p.bpmn", 1, "p")
    findings = [place.error("e", "fel", "Wrong.", "Rätta.", "Mend.") for _ in range(count)]
    findings.append(place.warning("w", "märkligt", "Odd.", "Tänk efter.", "Think."))
    refusal = CheckFailed(iter(findings))
    assert refusal.findings == tuple(findings)
    assert words in str(refusal)
    assert refusal.sv == f"Processen kan inte tas i bruk: {count} fel måste rättas."


def test_guarded_tells_where_and_what_to_do() -> None:
    refusal = Guarded("beskrivning")
    assert str(refusal) == (
        "Expected a text without a personnummer or samordningsnummer at 'beskrivning', but there is one."
    )
    assert refusal.sv.startswith("Texten innehåller ett personnummer")
    assert refusal.fields == {"beskrivning": (refusal.sv,)}
    assert "e-postadress" in Guarded("beskrivning", "kontaktuppgift").sv
    assert not isinstance(refusal, Invalid)


def test_each_error_says_what_it_is() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, TrappaError)]
    assert len(kinds) >= 11
    assert all(kind.__doc__ for kind in kinds)
