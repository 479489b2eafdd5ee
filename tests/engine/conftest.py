"""Fixtures for tests of the engine: the house runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from engine import VerifyHistory
from tests.engine.house import House


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    """Whatever a test did in it, each case's history, played again, must lead to the state that is stored."""
    one = House(database_url)
    yield one
    bad = one.ask(VerifyHistory(replay=True)).bad
    one.engine.close()
    assert [str(row) for row in bad if row.wrong in ("told", "state")] == []


@pytest.fixture
def postgresql_house(postgresql_url: str) -> Iterator[House]:
    one = House(postgresql_url)
    yield one
    one.engine.close()
