"""The demo: somebody for each role, and something to see on each rung, whatever day it is opened."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import (
    AddPerson,
    Engine,
    Incidents,
    MoveClock,
    People,
    Refused,
    RetryIncident,
    VirtualClock,
    Worker,
)
from engine.clock import ShiftedClock, SystemClock
from engine.identity import permissions
from engine.scenarios import look
from engine.scenarios.play import SYSTEM
from web import demo, house

NOVEMBER = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def opened(url: str, at: datetime) -> Engine:
    return Engine(url, VirtualClock(at), kept_mail=True, demo=True)


def roles_with_work(engine: Engine) -> set[str]:
    tasks = engine.ask(look.OpenTasks(), actor=SYSTEM)
    return {permissions.parse(candidate).role for task in tasks for candidate in task.candidates}


def processes_in_hand(engine: Engine) -> dict[str | None, set[str | None]]:
    found: dict[str | None, set[str | None]] = {}
    for process in ("problem_i_samverkan", "strukturellt_problem", "arshjul"):
        for case_id in engine.ask(look.CasesOf(process), actor=SYSTEM):
            found.setdefault(process, set()).add(engine.ask(look.See(case_id), actor=SYSTEM).case.status)
    return found


@pytest.fixture(scope="module")
def furnished(sqlite_template, tmp_path_factory) -> str:
    url = sqlite_template.fresh(tmp_path_factory.mktemp("demo") / "trappa.sqlite") + "?synchronous=normal"
    assert demo.furnish(database_url=url, now=NOVEMBER) == NOVEMBER
    return url


def test_every_rung_shows_something(furnished: str) -> None:
    engine = opened(furnished, NOVEMBER)
    assert {"lokal_samverkan", "storsthlm", "hsf", "sekretariat", "tsg", "vis"} <= roles_with_work(engine)
    shown = processes_in_hand(engine)
    reports = {"avslutad", "bevakas", "hanvisad_egen_avvikelse", "inkommen", "lokalt", "lost_lokalt", "vantar_analys"}
    assert reports <= shown["problem_i_samverkan"]
    assert {"avslutad", "hos_sekretariat", "hos_tsg", "rapporterad_vis"} <= shown["strukturellt_problem"]
    assert shown["arshjul"] == {"uppdrag", "prioritering"}
    engine.close()


def test_one_report_has_stopped_and_goes_on_when_somebody_lets_it(furnished: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with sqlite3.connect(sa.make_url(furnished).database or "") as source, sqlite3.connect(copy) as target:
        source.backup(target)
    engine = opened(f"sqlite:///{copy}", NOVEMBER)
    assert [where for where, _ in engine.ask(look.Trouble(), actor=SYSTEM)] == ["diariefor"]
    admin = next(one for one in engine.ask(People(demo=True), actor=SYSTEM) if one.username == "admin")
    (incident,) = engine.ask(Incidents(), actor=SYSTEM)
    assert "Diariet svarade inte" in incident.message
    engine.execute(RetryIncident(incident.id), actor=engine.actor_for(admin.id))
    Worker(engine, "test").run_until_idle()
    assert engine.ask(look.Trouble(), actor=SYSTEM) == []
    assert any(
        one.case_id == incident.case_id and one.element == "ta_emot_storsthlm"
        for one in engine.ask(look.OpenTasks(), actor=SYSTEM)
    )
    engine.close()


def test_there_is_an_account_for_each_role_that_works_in_a_process(furnished: str) -> None:
    engine = opened(furnished, NOVEMBER)
    held = {str(role.role) for person in engine.ask(People(demo=True), actor=SYSTEM) for role in person.roles}
    assert held >= {
        *("rapportor_kommun", "rapportor_vardgivare", "lokal_samverkan", "storsthlm", "hsf", "sekretariat"),
        *("samradsgrupp", "tsg", "vis", "socialtjanstnatverk", "part", "dialogdeltagare"),
        *("revisor", "processdesigner", "admin"),
    }
    engine.close()


def test_nobody_plays_in_the_examples_who_cannot_be_picked(furnished: str) -> None:
    engine = opened(furnished, NOVEMBER)
    everybody = engine.ask(People(), actor=SYSTEM)
    assert [person.username for person in everybody if not person.demo] == []
    engine.close()


def test_a_second_start_changes_nothing_and_goes_on_with_the_clock(furnished: str) -> None:
    engine = opened(furnished, NOVEMBER)
    before = len(engine.ask(People(), actor=SYSTEM)), len(engine.ask(look.CasesOf("problem_i_samverkan"), actor=SYSTEM))
    later = NOVEMBER.replace(day=25)
    assert demo.furnish(database_url=furnished, now=later) == later
    assert demo.furnish(database_url=furnished, now=NOVEMBER.replace(day=1)) == NOVEMBER
    after = len(engine.ask(People(), actor=SYSTEM)), len(engine.ask(look.CasesOf("problem_i_samverkan"), actor=SYSTEM))
    assert after == before
    engine.close()


def test_every_process_of_the_demo_has_its_clock(furnished: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail taken in by `trappa ingest-mail` comes on the day that the pages show; a restart goes on there."""
    engine = Engine(furnished, ShiftedClock(SystemClock(), NOVEMBER), demo=True)
    engine.execute(MoveClock(NOVEMBER + timedelta(days=40)), actor=SYSTEM)
    engine.close()
    monkeypatch.setenv("TRAPPA_DATABASE_URL", furnished)
    other = house.open_engine()
    assert timedelta(0) <= other.clock.now() - (NOVEMBER + timedelta(days=40)) < timedelta(minutes=1)
    other.close()
    later = SystemClock().now() + timedelta(hours=2)
    moment = demo.furnish(database_url=furnished, now=later)
    assert timedelta(hours=2) <= moment - (NOVEMBER + timedelta(days=40)) < timedelta(hours=2, minutes=1)


@pytest.mark.parametrize("day", ["2025-12-20", "2026-03-01", "2027-02-02"])
def test_what_lies_ahead_of_the_day_has_not_happened(sqlite_url: str, day: str) -> None:
    now = datetime.fromisoformat(day).replace(tzinfo=UTC)
    url = f"{sqlite_url}?synchronous=normal"
    assert demo.furnish(database_url=url, now=now) == now
    engine = opened(url, now)
    assert [where for where, _ in engine.ask(look.Trouble(), actor=SYSTEM)] == ["diariefor"]
    assert roles_with_work(engine)
    engine.close()


def test_start_begins_without_cases_on_that_day(sqlite_url: str) -> None:
    start = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)
    assert demo.furnish(database_url=sqlite_url, now=NOVEMBER, start=start) == start
    engine = opened(sqlite_url, start)
    assert engine.ask(look.CasesOf("problem_i_samverkan"), actor=SYSTEM) == []
    assert engine.ask(look.OpenTasks(), actor=SYSTEM) == []
    engine.close()


def test_interrupted_demo_is_refused_in_a_sentence(sqlite_url: str) -> None:
    engine = opened(sqlite_url, NOVEMBER)
    engine.execute(AddPerson("storsthlm", "Anna Ahl", demo=True), actor=SYSTEM)
    with pytest.raises(Refused, match="interrupted while it was filled"):
        demo.furnish(database_url=sqlite_url, now=NOVEMBER)
    engine.close()
