"""Data stores (§10.4.1): values known by name, which outlive the cases that read and write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

from engine.bpmn.model import DataStore
from engine.cases.tables import data_store
from engine.engine import Read, Transaction
from engine.prepared import Prepared

_READ = sa.select(data_store.c.value).where(data_store.c.name == bindparam("store"))
_LOOK = Prepared(_READ)
_LOCK = Prepared(_READ.with_for_update())
_MAKE = {
    name: insert.values(name=bindparam("store"), version=0).on_conflict_do_nothing()
    for name, insert in (("sqlite", sqlite.insert(data_store)), ("postgresql", postgresql.insert(data_store)))
}
_WRITE = Prepared(
    data_store.update()
    .where(data_store.c.name == bindparam("store"))
    .values(
        value=bindparam("value"),
        version=data_store.c.version + 1,
        written_at=bindparam("written_at"),
        case_id=bindparam("case_id"),
    )
)


class Stores(Mapping[str, Any]):
    """What the data stores that a graph speaks of hold now, each fetched when first asked for.

    One that the graph may write is locked for this transaction as it is fetched: of two cases that add to it, the
    second sees what the first added.
    """

    def __init__(self, read: Read, known: Mapping[str, DataStore]) -> None:
        self._read = read
        self._known = known
        self._values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            self._values[name] = self._fetched(self._known[name])
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def _fetched(self, store: DataStore) -> Any:
        connection, asked = self._read.connection, {"store": store.name}
        if not store.is_written or not isinstance(self._read, Transaction):
            row = _LOOK.first(connection, asked)
            return row.value if row else None
        row = _LOCK.first(connection, asked)
        if row is None:  # make it, so that there is something to lock
            connection.execute(_MAKE[connection.dialect.name], asked)
            row = _LOCK.first(connection, asked)
        return row.value


def write(tx: Transaction, case_id: int, values: Mapping[str, Any]) -> None:
    """Store what a step of the case wrote; it has fetched, and so locked, each of them."""
    rows = [{"store": name, "value": value, "written_at": tx.now, "case_id": case_id} for name, value in values.items()]
    _WRITE.many(tx.connection, rows)
