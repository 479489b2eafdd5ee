"""Timers: each due time fires exactly once, starts by the calendar too."""

from datetime import UTC, datetime, timedelta

import pytest

from engine import (
    CancelCase,
    Conflict,
    FireTimer,
    Jobs,
    LeaseJobs,
    Retire,
    StartByTimer,
    contract,
)
from engine.bpmn import machine
from engine.cases.queries import CaseSummaries
from tests.engine.house import House


def quarters(house: House) -> list[str | None]:
    return [one.business_key for one in house.ask(CaseSummaries("klocka", state=None))]


def test_a_timer_fires_when_it_is_due_and_not_before(house: House) -> None:
    house.deploy("arende")
    case = house.start()
    house.wait(days=9, hours=23)
    assert house.elements(case) == ["granska"]
    house.wait(hours=1)
    assert house.elements(case) == ["granska", "paminn"]
    assert house.wait(days=100) == 0


def test_a_timer_that_nobody_waits_for_is_closed_quietly(house: House) -> None:
    house.deploy("arende")
    case = house.start()
    house.clock.advance(timedelta(days=11))
    leased = house.do(LeaseJobs("w"))[0]
    house.complete(case, "granska", house.person("Anna", "storsthlm"), beslut="ja")
    with pytest.raises(Conflict):
        house.do(FireTimer(leased.id, leased.fence))
    assert house.elements(case) == ["aterkoppla"]
    assert house.ask(Jobs()) == []


def test_R19_the_calendar_starts_one_case_per_quarter(house: House) -> None:
    house.deploy("klocka")
    house.wait(days=29)
    assert quarters(house) == []
    house.wait(days=2)
    assert quarters(house) == ["2026-Q1"]
    house.wait(days=365)
    assert quarters(house) == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4", "2027-Q1"]


def test_R19_a_restart_or_a_double_firing_makes_no_second_case(house: House) -> None:
    house.deploy("klocka")
    house.clock.set(datetime(2026, 4, 1, 6, 0, tzinfo=UTC))
    leased = house.do(LeaseJobs("dies"))[0]
    house.clock.advance(timedelta(minutes=1))
    again = House(house.url, house.clock.now())
    again.work()
    with pytest.raises(Conflict):
        house.do(StartByTimer(leased.id, leased.fence))
    house.deploy("klocka", change={"klocka.bpmn": ('name="Gör analysen"', 'name="Analysera"')})
    house.work()
    assert quarters(house) == ["2026-Q1"]
    assert [(job.state, job.due_at.isoformat()) for job in house.ask(Jobs())] == [
        ("waiting", "2026-06-30T22:00:00+00:00")
    ]
    again.engine.close()


def test_what_an_outage_missed_is_caught_up_with_each_once(house: House) -> None:
    house.deploy("klocka")
    house.clock.set(datetime(2026, 11, 20, 8, 0, tzinfo=UTC))
    house.work()
    assert quarters(house) == ["2026-Q1", "2026-Q2", "2026-Q3"]


def test_a_start_that_is_already_due_survives_a_new_version(house: House) -> None:
    house.deploy("klocka")
    house.clock.set(datetime(2026, 4, 2, 8, 0, tzinfo=UTC))
    house.deploy("klocka", change={"klocka.bpmn": ('name="Gör analysen"', 'name="Analysera"')})
    house.work()
    assert quarters(house) == ["2026-Q1"]
    case = house.ask(CaseSummaries("klocka"))[0]
    assert case.variables["planerad_tid"] == "2026-04-01T00:00:00+02:00"
    assert case.title == "Kvartal 2026-Q1"


def test_the_newest_version_decides_when(house: House) -> None:
    house.deploy("klocka")
    house.deploy("klocka", change={"klocka.bpmn": ("0 0 1 1,4,7,10 *", "0 0 1 5 *")})
    house.wait(days=60)
    assert quarters(house) == ["2026-Q1"]
    assert house.clock.now() == datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def test_a_retired_process_starts_no_more(house: House) -> None:
    deployed = house.deploy("klocka").definitions[0]
    house.do(Retire(deployed.id))
    house.wait(days=365)
    assert quarters(house) == []
    assert house.deploy("klocka").definitions[0].version == 2
    house.wait(days=90)
    assert len(quarters(house)) == 1


def test_a_cancelled_case_is_not_started_anew_for_its_quarter(house: House) -> None:
    house.deploy("klocka")
    house.wait(days=31)
    house.do(CancelCase(house.ask(CaseSummaries("klocka"))[0].id, "Fel"), house.person("Ada", "admin"))
    house.deploy("klocka", change={"klocka.bpmn": ('name="Gör analysen"', 'name="Analysera"')})
    house.wait(days=30)
    assert quarters(house) == ["2026-Q1"]


def test_a_timer_that_fails_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "_handlers", {})
    house.deploy("arende")
    case = house.start()
    real = machine.trigger
    monkeypatch.setattr(machine, "trigger", lambda *given: 1 / 0)
    house.wait(days=10)
    assert [(job.state, job.attempts) for job in house.ask(Jobs())] == [("waiting", 1)]
    monkeypatch.setattr(machine, "trigger", real)
    house.wait(minutes=1)
    assert house.elements(case) == ["granska", "paminn"]
