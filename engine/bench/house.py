"""A house for the benchmark: a fresh database, a clock that stands, one person who does everything."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from engine import db
from engine.actor import Actor
from engine.bench import diagrams
from engine.cases.tasks import TasksOf
from engine.clock import VirtualClock
from engine.definitions.commands import Deploy
from engine.engine import Engine
from engine.errors import Refused
from engine.identity.commands import AddPerson, GrantRole
from engine.runtime.lifecycle import StartCase
from engine.runtime.tasks import CompleteTask

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SYSTEM = Actor.system("Mätningen")


class House:
    """`person`: an actor known from before, where another process has set the house up."""

    def __init__(self, url: str, person: int | None = None) -> None:
        self.url = url
        self.engine = Engine(url, VirtualClock(MORNING))
        if person is None:
            person = self.engine.execute(AddPerson("bench", "Bengt Bänk", "bench@example.org"), actor=SYSTEM)
            self.engine.execute(GrantRole(person, diagrams.ROLE), actor=SYSTEM)
        self.person = person
        self.actor = self.engine.actor_for(person)

    def deploy(self, source: bytes) -> None:
        self.engine.execute(Deploy({"bench.bpmn": source, "forms/steg.json": diagrams.FORM}), actor=SYSTEM)

    def start(self, process: str, **given: Any) -> int:
        return self.engine.execute(StartCase(process, {**diagrams.GIVEN, **given}), actor=SYSTEM)

    def tasks(self, case_id: int) -> list[int]:
        return [row.id for row in self.engine.ask(TasksOf(case_id), actor=SYSTEM)]

    def complete(self, task_id: int, answer: Mapping[str, Any] = diagrams.ANSWER) -> None:
        self.engine.execute(CompleteTask(task_id, answer), actor=self.actor)

    def close(self) -> None:
        self.engine.close()


@contextmanager
def sqlite(synchronous: str) -> Iterator[str]:
    """The address of a fresh file, migrated."""
    with tempfile.TemporaryDirectory(prefix="trappa-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite'}?synchronous={synchronous}"
        db.migrate(url)
        yield url


@contextmanager
def postgresql(server: str) -> Iterator[str]:
    """The address of a database of its own on the server, dropped afterwards: nothing else there is touched."""
    address = make_url(server).set(drivername="postgresql")
    name = f"trappa_bench_{secrets.token_hex(4)}"
    _on(address.render_as_string(hide_password=False), "CREATE DATABASE {}", name)
    try:
        url = address.set(database=name).render_as_string(hide_password=False)
        db.migrate(url)
        yield url
    finally:
        _on(address.render_as_string(hide_password=False), "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _on(address: str, statement: str, name: str) -> None:
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise Refused(
            f"Expected to make a database for the benchmark on the server, but it said {error.sqlstate}.",
            "Mätningen behöver en egen databas på servern, men fick inte skapa en."
            " Ange en användare med rätten CREATEDB.",
        ) from None
