"""Fixtures for tests of the engine: the house runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.engine.house import House


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    one = House(database_url)
    yield one
    one.engine.close()


@pytest.fixture
def postgresql_house(postgresql_url: str) -> Iterator[House]:
    one = House(postgresql_url)
    yield one
    one.engine.close()
