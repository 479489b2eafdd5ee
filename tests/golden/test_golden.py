"""Cases stored by earlier releases load, go on and come to what they came to then (`collect.py` stored them).

What a release may change is what is told, never what a stored state means.
"""

import json
import re
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine import CaseById, HistoryOf, PublishMessage, VerifyHistory, db
from engine.bpmn.read import read
from engine.history.inputs import Input
from tests.documents import elements
from tests.engine.house import MONDAY, House
from tests.golden.collect import DIAGRAMS, HERE, collect, constructs, shown_in, version, world

CASES = sorted(HERE.glob("*/*.json"))
HOUSES = sorted(HERE.glob("*/house.sql"))


def graph_of(path: Path, process: str) -> Any:
    graphs = read(path.read_bytes(), name=path.name).graphs
    return next(graph for graph in graphs if graph.key == process)


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}-{path.stem}" for path in CASES])
def test_a_stored_case_goes_on_as_it_would_have_then(path: Path) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))
    graph, state = graph_of(path.with_suffix(".bpmn"), stored["process"]), stored["state"]
    for step in stored["then"]:
        what = Input(step["kind"], step["wait"], step["given"], at=step["element"])
        state = what.play(graph, state, world(datetime.fromisoformat(step["at"]), step.get("stores"))).state
        state = json.loads(json.dumps(state))
    assert state == stored["comes"]


MEND = "collect it: python -m tests.golden.collect"


def test_this_release_has_a_stored_case_of_every_construct() -> None:
    """All that the tests of elements draw."""
    drawn: set[str] = set()
    for diagram in DIAGRAMS:
        drawn |= {name for graph in read(diagram.read_bytes(), name=diagram.name).graphs for name in constructs(graph)}
    shown, _ = shown_in(HERE / version())
    assert sorted(drawn - shown) == [], MEND


def test_this_release_has_a_stored_case_of_every_element() -> None:
    """All rows of README's table of elements."""
    proofs = set(re.findall(r"`tests/bpmn/test_(\w+)\.py`", elements()))
    _, shown = shown_in(HERE / version())
    assert len(proofs) > 45
    assert sorted(proofs - shown) == [], MEND


def test_a_new_release_is_collected_whole_and_an_old_one_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "9.9.9"
    folder.mkdir()
    for kind in (".bpmn", ".json"):
        (folder / f"kept.x{kind}").write_bytes(min(HERE.glob(f"{version()}/*{kind}")).read_bytes())
    before = {path: path.read_bytes() for path in folder.iterdir()}
    collect(folder)
    assert {path: path.read_bytes() for path in before} == before
    (constructs_, elements_), (all_, elements_all) = shown_in(folder), shown_in(HERE / version())
    assert all_ <= constructs_
    assert elements_all <= elements_
    assert (folder / "house.sql").is_file()


@pytest.fixture(params=HOUSES, ids=[path.parent.name for path in HOUSES])
def old_house(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    path = tmp_path / "house.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    db.migrate(f"sqlite:///{path}")
    house = House(f"sqlite:///{path}", MONDAY.replace(hour=12))
    yield house
    house.engine.close()


def test_a_stored_house_migrates_and_its_cases_go_on(old_house: House) -> None:
    anna, hanna = (old_house.engine.actor_for(person) for person in (1, 2))
    old_house.people = {"Anna Berg": 1, "Hanna Lund": 2}
    assert (anna.name, hanna.name) == ("Anna Berg", "Hanna Lund")
    assert old_house.elements(1) == ["aterkoppla"]
    old_house.complete(1, "aterkoppla", anna)
    old_house.complete(2, "granska", anna, beslut="nej", motivering="Nej")
    assert old_house.state(1) == "completed"
    called = next(case for case in range(3, 6) if old_house.ask(CaseById(case)).process == "anropad")
    old_house.complete(called, "svara", anna, svar="Bra")
    assert old_house.state(called) == "completed"
    waiting = next(case for case in range(3, 6) if old_house.ask(CaseById(case)).process == "vantar")
    assert old_house.do(PublishMessage("svar", "7", {"text": "hej"})) == waiting
    assert old_house.variables(waiting)["text"] == "hej"
    assert len(old_house.ask(HistoryOf(1))) > 5
    report = old_house.ask(VerifyHistory(replay=True))
    assert (report.first_bad, report.replayed) == (None, report.cases)
