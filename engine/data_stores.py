"""Data stores (§10.4.1): values known by name, which outlive the cases that read and write them.

Who waits for a condition on a store is in an index, so that a write finds those cases and looks at no others. Whoever
begins to wait shares a lock on the store while it looks, and whoever writes has it alone: neither misses the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

from engine.bpmn.model import DataStore
from engine.db import Id, Json, Moment, metadata
from engine.engine import Read, Transaction
from engine.prepared import Prepared, Rows

data_store = sa.Table(
    "data_store",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", Json, comment="null: nobody has written to it yet, or somebody has emptied it"),
    sa.Column("version", sa.Integer, nullable=False, comment="how often it was written"),
    sa.Column("written_at", Moment),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), comment="the case that wrote it last"),
)

data_store_watch = sa.Table(
    "data_store_watch",
    metadata,
    sa.Column("store", sa.Text, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), primary_key=True),
    sa.Column("wait", sa.Integer, primary_key=True),
    sa.Index("ix_data_store_watch_case_id", "case_id", "wait"),
    comment="which cases wait for a condition on the store",
)

_READ = sa.select(data_store.c.value).where(data_store.c.name == bindparam("store"))
_LOOK = Prepared(_READ)
_LOCK = Prepared(_READ.with_for_update())
_SHARE = Prepared(_READ.with_for_update(read=True))
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
    second sees what the first added. One that a condition looks into is locked against those who would write it.
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
        if not (store.is_written or store.is_watched) or not isinstance(self._read, Transaction):
            row = _LOOK.first(connection, asked)
            return row.value if row else None
        lock = _LOCK if store.is_written else _SHARE
        row = lock.first(connection, asked)
        if row is None:  # make it, so that there is something to lock
            connection.execute(_MAKE[connection.dialect.name], asked)
            row = lock.first(connection, asked)
        return row.value


def write(tx: Transaction, case_id: int, values: Mapping[str, Any]) -> None:
    """Store what a step of the case wrote; it has fetched, and so locked, each of them."""
    rows = [{"store": name, "value": value, "written_at": tx.now, "case_id": case_id} for name, value in values.items()]
    _WRITE.many(tx.connection, rows)


# --- who waits for a condition on one ---------------------------------------------------------------------------------

_WATCH = Rows(data_store_watch)
_UNWATCH = Prepared(
    data_store_watch.delete().where(
        data_store_watch.c.case_id == bindparam("of_case"), data_store_watch.c.wait == bindparam("at_wait")
    )
)
_WATCHERS = Prepared(
    sa.select(data_store_watch.c.case_id)
    .where(data_store_watch.c.store == bindparam("of_store"), data_store_watch.c.case_id != bindparam("writer"))
    .distinct()
    .order_by(data_store_watch.c.case_id)
)


def watch(tx: Transaction, case_id: int, closed: Sequence[int], opened: Mapping[int, Sequence[str]]) -> None:
    """The waits `closed` of the case look into no store any more; those `opened`, from now on, into these."""
    _UNWATCH.many(tx.connection, [{"of_case": case_id, "at_wait": number} for number in closed])
    rows = [{"store": name, "case_id": case_id, "wait": number} for number, names in opened.items() for name in names]
    if rows:
        _WATCH.many(tx.connection, rows)


def watchers(tx: Transaction, name: str, writer: int) -> list[int]:
    """The cases, but for the one that writes, in which somebody waits for a condition on the store."""
    return [row.case_id for row in _WATCHERS.all(tx.connection, {"of_store": name, "writer": writer})]
