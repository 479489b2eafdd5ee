"""`trappa bench` measures what it says: both sides leave the same rows, the peer ends, and half a goal fails."""

from __future__ import annotations

import json

import pytest

from engine.bench import diagrams, misses, tell
from engine.bench.house import House
from engine.bench.run import _side_by_side
from web.cli import main


def test_bare_sql_leaves_the_rows_that_our_steps_leave(database_url: str) -> None:
    house = House(database_url)
    house.deploy(diagrams.ladder())
    told = _side_by_side(house, rounds=2, cases=1)
    house.close()
    assert told["same_rows"] is True
    assert told["steps"] == 10
    assert told["ratio"] > 0
    assert told["ratio_to_spiffworkflow"] is not None, "SpiffWorkflow's case came to its end too"


def test_the_figures_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--only", "deploy", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["deploy"]["elements"] == 500
    assert set(told) == {"machine", "deploy"}


def test_a_part_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--only", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_half_a_goal_is_the_bound() -> None:
    fine = {"ratio_to_bare_sql": {"sqlite": 0.41}, "multi": {"cost_to_10": 3.9}}
    assert misses(fine) == []
    assert "at least 0.8" in tell(fine)
    poor = {"ratio_to_bare_sql": {"sqlite": 0.39}, "multi": {"cost_to_10": 4.1}}
    assert len(misses(poor)) == 2
    assert len(misses({"ladder": {"sqlite": {"same_rows": False}}})) == 1
