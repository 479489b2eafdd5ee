"""The twelve reports and a year's wheel, played once and kept at three moments; pages are tested on copies.

analysis   20 April 2026: the quarter's reports wait to be assessed
tsg        11 May 2026: problems lie with TSG and sekretariatet
end        1 December 2026: everything is over but what is watched
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import handlers
import processes
from engine import Engine, StartCase, VirtualClock, Worker
from engine.calendar import STOCKHOLM
from engine.scenarios.read import Step, read
from engine.scenarios.run import furnished
from tests import database
from tests.web.conftest import World
from tests.web.inspector import Inspector
from web import create_app
from web.house import ingest

SCENARIO = processes.HERE / "problem_i_samverkan" / "scenarios" / "tolv_rapporter.yaml"
OTHERS = ("tsg", "vis", "admin", "revisor", "processdesigner", "part:huddinge", "part:nacka", "hsf#2", "storsthlm#2")
TSG = datetime(2026, 5, 11, 10, 30, tzinfo=STOCKHOLM)


@dataclass(frozen=True)
class Snapshot:
    path: Path
    now: datetime
    people: Mapping[str, int]
    names: Mapping[str, int]
    definitions: Mapping[Any, Any]
    """Read once for all tests."""


@dataclass
class Played(World):
    """`names`: example ("01", "08b") -> case id; people are named by what they hold ("rapportor_kommun:huddinge")."""

    names: dict[str, int] = field(default_factory=dict)

    def client(self, who: str | None = None, *, is_hostile: bool = False) -> Inspector:
        client = self.app.test_client()
        assert isinstance(client, Inspector)
        client.is_hostile = is_hostile
        if who:
            client.see("/login")
            client.submit("/login/demo", {"person": self.people[who]})
        return client

    def one(self, statement: str, **values: object) -> object:
        with self.engine._database.connect() as connection:
            return connection.execute(sa.text(statement), values).scalar()

    def task(self, element: str, case_id: int | None = None) -> int:
        """The id of an open task by its element, in that case or the first there is."""
        where = "AND case_id = :case_id" if case_id else ""
        found = self.one(
            f"SELECT id FROM task WHERE state = 'open' AND element = :element {where} ORDER BY id",
            element=element,
            **({"case_id": case_id} if case_id else {}),
        )
        assert isinstance(found, int), element
        return found

    def case_of(self, process: str, key: str) -> int:
        found = self.one(
            'SELECT id FROM "case" WHERE process = :process AND business_key = :key', process=process, key=key
        )
        assert isinstance(found, int), (process, key)
        return found

    def work(self) -> int:
        """Let the worker do what is due."""
        return Worker(self.engine, "test").run_until_idle()


@pytest.fixture(scope="session")
def snapshots(sqlite_template: database.SQLite, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Snapshot]:
    folder = tmp_path_factory.mktemp("played")
    path = folder / "played.sqlite"
    scenario = read(SCENARIO)
    clock = VirtualClock(scenario.start)
    engine = Engine(sqlite_template.fresh(path) + "?synchronous=normal", clock, kept_mail=True, demo=True)
    handlers.register()
    player = furnished(engine, clock, [one.name for one in processes.folders()], ingest=ingest)
    player._folder = SCENARIO.parent
    for som in OTHERS:
        player.person(som)
    engine.execute(StartCase("arshjul", {"ar": 2026}), actor=player.person("sekretariat"))
    player.settle()
    kept: dict[str, Snapshot] = {}

    def keep(moment: str) -> None:
        with engine._database.begin() as connection:
            connection.execute(sa.text("UPDATE person SET demo = TRUE"))
        copy = folder / f"{moment}.sqlite"
        with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        kept[moment] = Snapshot(copy, clock.now(), dict(player.people), dict(player.names), dict(engine.cache))

    for step in scenario.steps:
        if "analysis" not in kept and step.given.get("uppgift") == "bedom":
            keep("analysis")
        if "tsg" not in kept and _is_after(step, TSG):
            keep("tsg")
        if step.verb not in ("kolla", "forvantat", "vagra"):
            getattr(player, f"_{step.verb}")(step)
            player.settle()
    keep("end")
    engine.close()
    return kept


def _is_after(step: Step, moment: datetime) -> bool:
    return step.verb == "klocka" and bool(step.given.get("till")) and step.given["till"] > moment


Opener = Callable[[str], Played]


@pytest.fixture
def at(snapshots: dict[str, Snapshot], tmp_path: Path) -> Iterator[Opener]:
    """Opens the house as it stood at a moment."""
    open_ones: list[Played] = []

    def open_at(moment: str) -> Played:
        kept = snapshots[moment]
        copy = tmp_path / f"{moment}.sqlite"
        shutil.copy(kept.path, copy)
        clock = VirtualClock(kept.now)
        engine = Engine(f"sqlite:///{copy}?synchronous=normal", clock, kept_mail=True, demo=True)
        engine.cache.update(kept.definitions)
        app = create_app(engine, demo=True, secret_key="k" * 40)
        app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WRITES_PER_MINUTE=10_000)
        app.test_client_class = Inspector
        world = Played(engine, clock, app, dict(kept.people), dict(kept.names))
        open_ones.append(world)
        return world

    yield open_at
    for world in open_ones:
        world.engine.close()
