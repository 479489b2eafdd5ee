"""Every shipped scenario holds, and one that does not hold says where."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import handlers
import processes
from engine import Actor, Engine, VerifyHistory, VirtualClock
from engine.scenarios import play, tell
from web.house import ingest

SCENARIOS = sorted(processes.HERE.glob("*/scenarios/*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=[f"{path.parts[-3]}-{path.stem}" for path in SCENARIOS])
def test_scenario_holds_and_its_cases_can_be_played_again_from_their_history(path: Path, sqlite_url: str) -> None:
    handlers.register()
    url = f"{sqlite_url}?synchronous=normal"
    (played,) = play([path], database_url=url, ingest=ingest)
    assert played.passed, tell([played])
    engine = Engine(url, VirtualClock(datetime(2030, 1, 1, tzinfo=UTC)))
    report = engine.ask(VerifyHistory(replay=True), actor=Actor.system())
    engine.close()
    assert report.first_bad is None, report.sentence_en
    assert report.replayed == report.cases > 0


def test_every_process_has_a_scenario() -> None:
    without = [folder.name for folder in processes.folders() if not list(folder.glob("scenarios/*.yaml"))]
    assert without == []


def test_scenario_holds_on_postgresql(postgresql_url: str) -> None:
    handlers.register()
    path = processes.HERE / "partsuppgifter" / "scenarios" / "sen_och_saknad.yaml"
    (played,) = play([path], database_url=postgresql_url)
    assert played.passed, tell([played])
