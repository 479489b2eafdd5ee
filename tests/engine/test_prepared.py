"""Statements that the driver carries out itself: the same rows, values and errors as by SQLAlchemy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.exc import IntegrityError

from engine import db
from engine.cases.tables import message, number
from engine.engine import Engine, Transaction
from engine.pipeline import pipelined
from engine.prepared import Prepared, Rows
from tests.engine.house import SYSTEM, House

WHEN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_FIND = Prepared(sa.select(message).where(message.c.name == bindparam("wanted")).order_by(message.c.id))
_COUNT = Prepared(number.update().where(number.c.series == bindparam("of")).values(last=number.c.last + 1))


def row(name: str, **more: Any) -> dict[str, Any]:
    plain = {"name": name, "key": None, "variables": {"a": [1, "å"]}, "published_at": WHEN, "expires_at": WHEN}
    return {**plain, **more}


class Do:
    def __init__(self, what: Any) -> None:
        self.what = what

    def execute(self, tx: Transaction) -> Any:
        return self.what(tx.connection)


@pytest.mark.parametrize("count", [1, 2, 40])
def test_rows_come_back_as_sqlalchemy_would_give_them(house: House, count: int) -> None:
    rows = [
        row("n", key=f"{place}\x00'\"\\", variables={"text": "\ud800 \u2028", "big": 2**70}) for place in range(count)
    ]
    house.do(Do(lambda connection: Rows(message).many(connection, rows)))
    found = house.do(Do(lambda connection: _FIND.all(connection, {"wanted": "n"})))
    same = house.do(Do(lambda connection: connection.execute(sa.select(message).order_by(message.c.id)).all()))
    assert [tuple(one) for one in found] == [tuple(one) for one in same]
    assert (found[0].published_at, found[0].variables["big"], found[0].key) == (WHEN, 2**70, "0\ufffd'\"\\")


def test_answers_of_statements_that_leave_together(house: House) -> None:
    def work(connection: sa.Connection) -> tuple[int, int, Any]:
        Rows(number).many(connection, [{"series": "A", "year": year, "last": 1} for year in (2025, 2026)])
        both = _COUNT.ask(connection, {"of": "A"})
        none = _COUNT.ask(connection, {"of": "B"})
        found = _FIND.ask(connection, {"wanted": "nobody"})
        return both.rowcount, none.rowcount, found.first()

    assert house.do(Do(work)) == (2, 0, None)


@pytest.mark.parametrize("in_a_row", [True, False])
def test_what_the_database_refuses_is_told_without_the_row(house: House, in_a_row: bool) -> None:
    def work(connection: sa.Connection) -> None:
        given = [{"series": "hemligt", "year": 2026, "last": 1}]
        if in_a_row:
            with pipelined(connection):
                Rows(number).many(connection, given)
                Rows(number).many(connection, given)
                _FIND.ask(connection, {"wanted": "nobody"})
        else:
            Rows(number).many(connection, given)
            Rows(number).many(connection, given)

    database = db.create(house.url)
    with database.connect() as connection:
        connection.begin()
        with pytest.raises(IntegrityError) as refused:
            work(connection)
        assert "[parameters" not in str(refused.value)
        connection.rollback()
        assert connection.execute(sa.select(number)).all() == []
    database.dispose()


def test_a_value_that_is_missing_is_a_defect(house: House) -> None:
    with pytest.raises(TypeError, match="Expected a value for 'wanted'"):
        house.do(Do(lambda connection: _FIND.all(connection, {"want": "n"})))


def test_a_connection_that_broke_is_not_used_again(postgresql_house: House) -> None:
    engine: Engine = postgresql_house.engine
    tries = []

    def work(connection: sa.Connection) -> int:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        tries.append(pid)
        if len(tries) == 1:
            database = db.create(postgresql_house.url)
            with database.connect() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
            database.dispose()
        return len(_FIND.all(connection, {"wanted": "n"}))

    assert engine.execute(Do(work), actor=SYSTEM) == 0
    assert len(set(tries)) == 2, "the command ran again on a new connection"
