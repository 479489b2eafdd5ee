"""Statements of a PostgreSQL transaction that leave together: their order, their errors, their end."""

from __future__ import annotations

import os
import socket
from threading import Timer
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.exc import DataError, IntegrityError

from engine import db
from engine.cases.tables import number
from engine.engine import Transaction
from engine.errors import Unsure
from engine.pipeline import pipelined
from engine.prepared import Prepared
from tests.engine.house import SYSTEM, House

_ADD = Prepared(number.insert())
_COUNT = Prepared(number.update().where(number.c.series == bindparam("of")).values(last=number.c.last + 1))
_OF = Prepared(sa.select(number.c.last).where(number.c.series == bindparam("of")).order_by(number.c.last))


class Do:
    def __init__(self, what: Any) -> None:
        self.what = what

    def execute(self, tx: Transaction) -> Any:
        return self.what(tx.connection)


@pytest.fixture
def house(postgresql_house: House) -> House:
    return postgresql_house


def add(connection: sa.Connection, series: str, last: int = 1, year: int = 2026) -> None:
    _ADD.ask(connection, {"series": series, "year": year, "last": last})


def stored(house: House) -> list[tuple[str, int]]:
    def look(connection: sa.Connection) -> list[tuple[str, int]]:
        rows = connection.execute(sa.select(number.c.series, number.c.last).order_by(number.c.series))
        return [(series, last) for series, last in rows]

    found: list[tuple[str, int]] = house.do(Do(look))
    return found


def test_what_sqlalchemy_carries_out_comes_in_its_turn(house: House) -> None:
    def work(connection: sa.Connection) -> int:
        add(connection, "A")
        found = connection.execute(sa.select(number.c.last)).scalar_one()
        _COUNT.ask(connection, {"of": "A"})
        return int(found)

    assert house.do(Do(work)) == 1
    assert stored(house) == [("A", 2)]


def test_each_answer_is_that_of_its_own_statement(house: House) -> None:
    def work(connection: sa.Connection) -> list[Any]:
        for last in range(3):
            add(connection, "A", last, 2020 + last)
        every, none, first = (_OF.ask(connection, {"of": of}) for of in ("A", "B", "A"))
        counted = _COUNT.ask(connection, {"of": "A"})
        return [first.first().last, [row.last for row in every.all()], none.all(), first.first().last, counted.rowcount]

    assert house.do(Do(work)) == [0, [0, 1, 2], [], 1, 3]


def test_the_first_error_stops_all_and_nothing_is_left(house: House) -> None:
    def work(connection: sa.Connection) -> None:
        add(connection, "A")
        add(connection, "hemligt")
        add(connection, "hemligt")
        add(connection, "B")

    with pytest.raises(Exception, match="Expected") as refused:
        house.engine.execute(Do(work), actor=SYSTEM)
    assert "hemligt" not in str(refused.value)
    assert stored(house) == []


def test_an_error_names_the_statement_that_failed(house: House) -> None:
    def work(connection: sa.Connection) -> None:
        add(connection, "A")
        add(connection, "A")
        with pytest.raises(IntegrityError) as refused:
            _OF.all(connection, {"of": "A"})
        assert str(refused.value.statement).startswith("INSERT INTO number")
        raise KeyError

    with pytest.raises(KeyError):
        house.engine.execute(Do(work), actor=SYSTEM)
    assert stored(house) == []


def test_a_command_that_refuses_sends_nothing(house: House) -> None:
    def work(connection: sa.Connection) -> None:
        add(connection, "A")
        raise KeyError

    with pytest.raises(KeyError):
        house.engine.execute(Do(work), actor=SYSTEM)
    assert house.do(Do(lambda connection: add(connection, "B"))) is None
    assert stored(house) == [("B", 1)]


def test_text_that_the_database_cannot_keep_is_told_at_once(house: House) -> None:
    def work(connection: sa.Connection) -> None:
        add(connection, "A")
        with pytest.raises(DataError):
            add(connection, "B\x00C")
        _COUNT.ask(connection, {"of": "A"})

    house.do(Do(work))
    assert stored(house) == [("A", 2)]


def test_statements_are_prepared_anew_after_a_rollback(house: House) -> None:
    """psycopg lets the server forget them all."""
    database = db.create(house.url)
    with database.connect() as connection:
        for _ in range(3):
            with pipelined(connection):
                add(connection, "A")
                assert _COUNT.ask(connection, {"of": "A"}).rowcount == 1
            for _ in range(8):
                connection.execute(sa.select(number)).all()  # often enough that psycopg prepares it too
            connection.rollback()
    database.dispose()
    assert stored(house) == []


def test_more_than_the_wires_hold_at_once(house: House) -> None:
    """Megabytes both ways: neither side waits for the other to read."""
    long = "å" * 1000

    def work(connection: sa.Connection) -> int:
        answers = []
        for year in range(2000):
            add(connection, long, 1, year)
            answers.append(_OF.ask(connection, {"of": long}))
        return sum(len(answer.all()) for answer in answers[:3]) + len(answers[-1].all())

    assert house.do(Do(work)) == 1 + 2 + 3 + 2000


@pytest.mark.parametrize("reads", [True, False])
def test_a_command_runs_again_when_its_connection_broke_before_the_commit(house: House, reads: bool) -> None:
    tries: list[int] = []

    def work(connection: sa.Connection) -> None:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        tries.append(pid)
        add(connection, "A")
        if len(tries) == 1:
            hang_up(house, pid)
        counted = _COUNT.ask(connection, {"of": "A"})
        if reads:
            assert counted.rowcount == 1

    house.engine.execute(Do(work), actor=SYSTEM)
    assert stored(house) == [("A", 2)]
    assert len(set(tries)) == 2


def test_nobody_knows_whether_a_commit_came_through_that_was_not_answered(house: House) -> None:
    """The server is still at it as the connection breaks: the command does not run again."""
    database = db.create(house.url)
    with database.begin() as connection:
        for words in _SLOW_COMMIT:
            connection.exec_driver_sql(words)
    database.dispose()
    tries: list[int] = []
    timers: list[Timer] = []

    def work(connection: sa.Connection) -> None:
        tries.append(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
        add(connection, "A")
        timers.append(Timer(0.5, hang_up, (house, tries[0])))
        timers[0].start()

    with pytest.raises(Unsure):
        house.engine.execute(Do(work), actor=SYSTEM)
    timers[0].join()
    assert len(tries) == 1


def test_nobody_knows_when_the_answers_to_the_writes_were_lost_too(house: House) -> None:
    """The writes and the commit have left, and nothing comes back: that no answer came to the first is no proof."""
    tries: list[int] = []

    def work(connection: sa.Connection) -> None:
        tries.append(1)
        add(connection, f"{len(tries)}")
        driver: Any = connection.connection.driver_connection
        with socket.socket(fileno=os.dup(driver.fileno())) as wire:
            wire.shutdown(socket.SHUT_RD)

    house.do(Do(lambda connection: None))
    with pytest.raises(Unsure):
        house.engine.execute(Do(work), actor=SYSTEM)
    assert len(tries) == 1


_SLOW_COMMIT = (
    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'",
    "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON number INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
)


def hang_up(house: House, pid: int) -> None:
    database = db.create(house.url)
    with database.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
    database.dispose()
