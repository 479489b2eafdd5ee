"""The settings that somebody changed, and all of them as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine.db import Json, metadata
from engine.settings import DEFAULTS

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", Json),
)

_ALL = sa.select(setting.c.name, setting.c.value)


class Settings(Mapping[str, Any]):
    """All settings as of this transaction; read when first asked for, since most steps ask for none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._values: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Any]:
        if self._values is None:
            stored = {row.name: row.value for row in self._connection.execute(_ALL)}
            self._values = {**DEFAULTS, **stored}
        return self._values
