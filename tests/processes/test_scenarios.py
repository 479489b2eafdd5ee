"""Every shipped scenario holds, and one that does not hold says where."""

from pathlib import Path

import pytest

import handlers
import processes
from engine.scenarios import play, tell
from web.house import ingest

SCENARIOS = sorted(processes.HERE.glob("*/scenarios/*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=[f"{path.parts[-3]}-{path.stem}" for path in SCENARIOS])
def test_scenario_holds(path: Path) -> None:
    handlers.register()
    (played,) = play([path], ingest=ingest)
    assert played.passed, tell([played])


def test_every_process_has_a_scenario() -> None:
    without = [folder.name for folder in processes.folders() if not list(folder.glob("scenarios/*.yaml"))]
    assert without == []


def test_scenario_holds_on_postgresql(postgresql_url: str) -> None:
    handlers.register()
    path = processes.HERE / "partsuppgifter" / "scenarios" / "sen_och_saknad.yaml"
    (played,) = play([path], database_url=postgresql_url)
    assert played.passed, tell([played])
