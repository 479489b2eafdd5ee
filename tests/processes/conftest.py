"""A house with the shipped processes, and somebody who plays everybody in it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import handlers
from engine import Engine, VirtualClock
from engine.calendar import parse_instant
from engine.scenarios.play import Player
from engine.scenarios.run import furnished

Furnish = Callable[..., Player]


@pytest.fixture
def furnish(sqlite_url: str) -> Iterator[Furnish]:
    """`furnish("arshjul", start="2026-09-30T12:00", settings={…})`: the player of a house with these processes."""
    handlers.register()
    engines: list[Engine] = []

    def make(*names: str, start: str, settings: dict[str, Any] | None = None) -> Player:
        clock = VirtualClock(parse_instant(start))
        engines.append(Engine(f"{sqlite_url}?synchronous=normal", clock, kept_mail=True))
        return furnished(engines[-1], clock, names, settings=settings)

    yield make
    for engine in engines:
        engine.close()
