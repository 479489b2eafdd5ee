"""A small house for the pages: the reference data, one process made for these tests, and people in its roles."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import event

import processes
from engine import Actor, AddPerson, Deploy, Engine, GrantRole, LoadReference, StartCase, VirtualClock
from engine.prepared import Prepared
from tests import database
from tests.web.inspector import Inspector
from web import create_app

HERE = Path(__file__).parent
START = datetime(2026, 4, 14, 8, 30, tzinfo=UTC)
PEOPLE: Mapping[str, tuple[str, tuple[tuple[str | None, ...], ...]]] = {
    "karin": ("Karin Lund", (("rapportor_kommun", "huddinge", "kommun", "huddinge"),)),
    "nils": ("Nils Nacka", (("rapportor_kommun", "nacka", "kommun", "nacka"),)),
    "anna": ("Anna Berg", (("hsf", "hsf", "region", "region_stockholm"),)),
    "bo": ("Bo Ek", (("hsf", "hsf", "region", "region_stockholm"), ("lokal_samverkan", "huddinge", "region", None))),
    "cecilia": ("Cecilia Dahl", (("storsthlm", "storsthlm", "kommun", None),)),
    "rut": ("Rut Revisor", (("revisor", None, None, None),)),
    "adam": ("Adam Admin", (("admin", None, None, None),)),
    "petra": ("Petra Process", (("processdesigner", None, None, None),)),
    "ingen": ("Ingen Roll", ()),
}
TEMPLATES = FileSystemBytecodeCache(tempfile.mkdtemp(prefix="trappa-templates-"))
PASSWORD = "ett långt lösenord 2026"


def report(**changed: Any) -> dict[str, Any]:
    """The answers of a complete report."""
    return {
        "rubrik": "Utskrivningsdatum ändras",
        "lokalt_omrade": "huddinge",
        "tjanste_epost": "samordnare@huddinge.example.org",
        "verksamhetstyp": ["akutsjukhus"],
        "beskrivning": "Datum ändras flera gånger under samma vårdtillfälle.",
        "lokal_hantering": {"vad": "Frågan togs upp på samverkansmötet.", "nar": ["2026-01-22"]},
        "principiell": {"svar": "nej", "motivering": ""},
        "kontakter": [],
        "intyg_ej_individ": True,
        **changed,
    }


@dataclass
class World:
    engine: Engine
    clock: VirtualClock
    app: Flask
    people: dict[str, int] = field(default_factory=dict)

    def client(self, who: str | None = None) -> Inspector:
        """A browser, signed in as somebody."""
        client = self.app.test_client()
        assert isinstance(client, Inspector)
        if who:
            client.see("/login?q=" + PEOPLE[who][0].split()[0])
            client.submit("/login/demo", {"person": self.people[who]})
        return client

    def actor(self, who: str) -> Actor:
        return self.engine.actor_for(self.people[who])

    def do(self, who: str, command: Any) -> Any:
        return self.engine.execute(command, actor=self.actor(who))

    def ask(self, who: str, query: Any) -> Any:
        return self.engine.ask(query, actor=self.actor(who))

    def start(self, who: str = "karin", **changed: Any) -> int:
        case_id: int = self.do(who, StartCase("prov", report(**changed)))
        return case_id

    def rows(self, table: str) -> list[Any]:
        """A table as it stands, to see what a request changed."""
        with self.engine._database.connect() as connection:
            return list(connection.execute(sa.text(f"SELECT * FROM {table} ORDER BY 1, 2")))


def build(database_url: str, *, demo: bool = True) -> World:
    """The house on a migrated database, filled."""
    engine = Engine(database_url, VirtualClock(START), kept_mail=True, demo=demo)
    system = Actor.system()
    engine.execute(LoadReference(processes.reference()), actor=system)
    engine.execute(Deploy(processes.files(HERE / "prov")), actor=system)
    people = {}
    for username, (name, roles) in PEOPLE.items():
        people[username] = engine.execute(AddPerson(username, name, f"{username}@example.org", demo=True), actor=system)
        for role, scope, side, party in roles:
            grant = GrantRole(people[username], str(role), scope, side, party, valid_from=date(2026, 1, 1))
            engine.execute(grant, actor=system)
    return _opened(engine, people, demo)


def _opened(engine: Engine, people: dict[str, int], demo: bool) -> World:
    assert isinstance(engine.clock, VirtualClock)
    app = create_app(engine, demo=demo, secret_key="k" * 40)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WRITES_PER_MINUTE=10_000)
    app.test_client_class = Inspector
    app.jinja_env.bytecode_cache = TEMPLATES  # each test has an application of its own; templates are compiled once
    return World(engine, engine.clock, app, people)


@pytest.fixture(scope="session")
def filled(sqlite_template: database.SQLite, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A database file with the house in it, built once; tests work on copies."""
    path = tmp_path_factory.mktemp("world") / "world.sqlite"
    world = build(sqlite_template.fresh(path))
    world.engine.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path, world.people


def open_copy(filled: tuple[Path, dict[str, int]], folder: Path, *, demo: bool = True) -> World:
    path, people = filled
    copy = folder / "copy.sqlite"
    shutil.copy(path, copy)
    engine = Engine(f"sqlite:///{copy}?synchronous=normal", VirtualClock(START), kept_mail=True, demo=demo)
    return _opened(engine, dict(people), demo)


@pytest.fixture
def world(filled: tuple[Path, dict[str, int]], tmp_path: Path) -> Iterator[World]:
    world = open_copy(filled, tmp_path)
    yield world
    world.engine.close()


@pytest.fixture
def real_world(filled: tuple[Path, dict[str, int]], tmp_path: Path) -> Iterator[World]:
    """The same, not run as a demo."""
    world = open_copy(filled, tmp_path, demo=False)
    yield world
    world.engine.close()


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent to any database meanwhile; what only begins or ends a transaction is not counted."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.lstrip().upper().startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SET ")):
            seen.append(statement)

    def look_up(prepared: Prepared, connection: Any, values: Any) -> Any:
        compiled = found(prepared, connection, values)
        seen.append(compiled.text)
        return compiled

    found = Prepared._for
    event.listen(sa.Engine, "before_cursor_execute", note)
    Prepared._for = look_up  # type: ignore[assignment, method-assign]  # these go past SQLAlchemy's events
    try:
        yield seen
    finally:
        Prepared._for = found  # type: ignore[method-assign]
        event.remove(sa.Engine, "before_cursor_execute", note)


def later(days: int) -> datetime:
    return START + timedelta(days=days)
