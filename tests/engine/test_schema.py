"""The schema: what the migrations make is what the tables say, on both databases; and what is stored comes back."""

import random
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine import db
from engine.schema import metadata


def test_the_migrated_schema_is_what_the_tables_say(empty_database_url: str) -> None:
    db.migrate(empty_database_url)
    engine = db.create(empty_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, metadata)
        checks = sa.inspect(connection).get_check_constraints("history")
    engine.dispose()
    assert differences == []
    assert [check["name"] for check in checks] == ["ck_history_id"]


def test_migrating_again_changes_nothing_and_may_happen_at_once(empty_database_url: str) -> None:
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            db.migrate(empty_database_url)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///x.db?synchronous=off"])
def test_an_address_that_will_not_do_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="Expected"):
        db.create(url)


def test_sqlite_writes_ahead_and_syncs(sqlite_url: str) -> None:
    engine = db.create(sqlite_url)
    with engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    engine.dispose()
    assert found == ["wal", 2, 1]


def test_json_comes_back_as_it_went_in() -> None:
    numbers = random.Random(7)

    def value(depth: int):
        kinds = ["", "å\x00\u202e", "\ud800", 2**70, -(2**63), 0.1, 1e308, True, None, "null", " ", "NaN"]
        if depth == 0:
            return numbers.choice(kinds)
        size = numbers.randrange(4)
        if numbers.random() < 0.5:
            return [value(depth - 1) for _ in range(size)]
        return {numbers.choice(["a", "__proto__", "typename", "", "å"]) + str(i): value(depth - 1) for i in range(size)}

    for _ in range(500):
        one = value(4)
        again = db.loads(db.dumps(one))
        assert again == one
        assert db.dumps(one, sort_keys=True) == db.dumps(again, sort_keys=True)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {"a": object()}, [{"b": {1, 2}}], {"å": b"x"}])
def test_what_is_not_json_is_refused(value) -> None:
    with pytest.raises((TypeError, ValueError)):
        db.dumps(value)
