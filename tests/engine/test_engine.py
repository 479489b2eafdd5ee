"""One command, one transaction, one commit: and what happens when it cannot be had at once."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

import engine as face
from engine import Actor, Conflict, Engine, NotAllowed, Refused, SystemClock
from engine.engine import Clash, Transaction
from engine.identity.tables import person
from tests.engine.house import SYSTEM, House


class Write:
    """Stores a person, then does what it is told."""

    def __init__(self, then=lambda tx: None) -> None:
        self.then = then
        self.tries = 0

    def execute(self, tx: Transaction) -> int:
        self.tries += 1
        tx.connection.execute(person.insert().values(username=f"p{self.tries}", name="X", email=""))
        self.then(tx)
        return self.tries


class Count:
    def run(self, read) -> int:
        return read.connection.execute(sa.select(sa.func.count()).select_from(person)).scalar_one()


def raises(error: Exception):
    def then(tx: Transaction) -> None:
        raise error

    return then


def test_a_command_commits_once_and_hooks_run_after(house: House) -> None:
    seen: list[int] = []
    house.do(Write(lambda tx: tx.after_commit.append(lambda: seen.append(house.ask(Count())))))
    assert seen == [1]


def test_a_refused_command_leaves_nothing(house: House) -> None:
    hooks: list[int] = []

    def then(tx: Transaction) -> None:
        tx.after_commit.append(lambda: hooks.append(1))
        raise Refused("Expected.", "Nej.")

    with pytest.raises(Refused):
        house.do(Write(then))
    assert (house.ask(Count()), hooks) == (0, [])


def test_a_defect_leaves_nothing_either(house: House) -> None:
    with pytest.raises(ZeroDivisionError):
        house.do(Write(raises(ZeroDivisionError())))
    assert house.ask(Count()) == 0


def test_a_clash_runs_the_command_again_from_its_start(house: House) -> None:
    def then(tx: Transaction) -> None:
        if command.tries < 3:
            raise Clash

    command = Write(then)
    assert house.do(command) == 3
    assert house.ask(Count()) == 1


def test_after_many_clashes_the_caller_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.engine.time.sleep", lambda seconds: None)
    with pytest.raises(Conflict, match="others were faster 8 times"):
        house.do(Write(raises(Clash())))


def test_a_refusal_may_come_after_the_commit(house: House) -> None:
    def then(tx: Transaction) -> None:
        tx.refusal = NotAllowed("Expected.", "Nej.")

    with pytest.raises(NotAllowed):
        house.do(Write(then))
    assert house.ask(Count()) == 1


def test_a_hook_that_fails_harms_nobody(house: House, caplog) -> None:
    house.do(Write(lambda tx: tx.after_commit.append(lambda: 1 / 0)))
    assert house.ask(Count()) == 1
    assert "A hook after the commit failed" in caplog.text


def test_a_query_writes_nothing(house: House) -> None:
    class Sly:
        def run(self, read) -> None:
            read.connection.execute(person.insert().values(username="x", name="X", email=""))

    if house.url.startswith("postgresql"):
        with pytest.raises(Exception, match="25006"):
            house.ask(Sly())
    else:
        house.ask(Sly())
    assert house.ask(Count()) == 0


def test_what_the_database_refuses_is_told_without_the_row(house: House, caplog) -> None:
    class Bad:
        def execute(self, tx: Transaction) -> None:
            tx.connection.execute(sa.text("INSERT INTO person (username, name) VALUES (:u, NULL)"), {"u": "hemligt"})

    with pytest.raises(Exception, match="Expected the database to carry out a statement") as told:
        house.do(Bad())
    assert "hemligt" not in f"{told.value!r}{told.value}{caplog.text}"
    assert told.value.__suppress_context__


def test_the_database_may_be_away_for_a_moment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def then(tx: Transaction) -> None:
        if command.tries == 1:
            raise OperationalError("SELECT 1", None, Exception("database is locked"))

    command = Write(then)
    assert house.do(command) == 2


def test_statements_never_reach_the_log(sqlite_url: str, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy").setLevel(logging.NOTSET)
    house = House(sqlite_url)
    house.person("Anna Hemlig", "hsf")
    house.engine.close()
    assert "Hemlig" not in caplog.text


def test_the_face_has_what_it_says() -> None:
    for name in dir(face):
        assert getattr(face, name).__name__.rpartition(".")[2] == name
    told = re.findall(r" as (\w+)$", Path(face.__file__).read_text(), re.MULTILINE)
    assert sorted({*told} - {"contract"}) == sorted(dir(face))


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = face.Nothing


def _sources() -> Iterator[tuple[str, str]]:
    root = Path(face.__file__).parent
    for path in root.rglob("*.py"):
        yield path.relative_to(root).as_posix(), path.read_text()


def test_real_time_is_read_in_one_file() -> None:
    for name, source in _sources():
        if name != "clock.py":
            assert not re.search(r"datetime\.(now|utcnow)\(|date\.today\(|time\.time\(", source), name


def test_an_engine_runs_on_real_time(sqlite_url: str) -> None:
    engine = Engine(sqlite_url, SystemClock())
    assert engine.ask(Count(), actor=SYSTEM) == 0
    assert Actor.nobody().is_system is False
    engine.close()
