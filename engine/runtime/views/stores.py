"""Data stores (§10.4.1) for those who keep the house: what each holds, who wrote it, and all that was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.cases.tables import case
from engine.data_stores import data_store
from engine.db import Moment, dumps, loads
from engine.definitions import store as definitions
from engine.definitions.tables import definition
from engine.engine import Read
from engine.errors import NotFound
from engine.history.tables import history
from engine.identity import permissions
from engine.identity.queries import log_read, swedish
from engine.runtime.views.common import PAGE

READERS = ("admin", "revisor")


@dataclass(frozen=True, slots=True)
class Writing:
    """One write: by which case and step, and who took that step. `value` is what the store held from then on.

    `is_sealed`: a case that is sealed to somebody else wrote it, or wrote before; then `value` is None (R3).
    """

    id: int
    case_id: int
    number: str
    at: datetime
    step: str
    person: str
    role: str | None
    value: Any
    is_sealed: bool


@dataclass(frozen=True, slots=True)
class User:
    """A process whose newest version reads the store, or writes it too."""

    key: str
    name: str
    is_writer: bool


@dataclass(frozen=True, slots=True)
class StoreRow:
    """`last`: what wrote the present value; None where nobody has. `count`: how often it was written."""

    name: str
    count: int
    last: Writing | None
    used_by: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class StorePage:
    """Newest first. `older_than`: where the page after this one begins, None at the end."""

    store: StoreRow
    writings: tuple[Writing, ...]
    older_than: int | None


def _require(read: Read) -> None:
    permissions.require(read.actor, *READERS, to="see the data stores", att="se datalagren")


@dataclass(frozen=True, slots=True)
class DataStores:
    """Every store that a process in use speaks of or that somebody has written to, by name."""

    def run(self, read: Read) -> list[StoreRow]:
        _require(read)
        users = _users(read)
        stored = {row.name: row.version for row in read.connection.execute(sa.select(data_store))}
        last = _last(read)
        log_read(read, "datalagren")
        names = sorted({*stored, *users}, key=swedish)
        return [StoreRow(name, stored.get(name, 0), last.get(name), tuple(users.get(name, ()))) for name in names]


@dataclass(frozen=True, slots=True)
class DataStoreByName:
    """One store with its writes; NotFound where no process in use speaks of it and nobody has written to it."""

    name: str
    before: int | None = None
    """Older than this row of history."""

    def run(self, read: Read) -> StorePage:
        _require(read)
        users = _users(read).get(self.name, [])
        count = read.connection.execute(
            sa.select(data_store.c.version).where(data_store.c.name == self.name)
        ).scalar_one_or_none()
        if count is None and not users:
            raise NotFound("Expected a data store of this name, but there is none.", "Datalagret finns inte.")
        of_store = _WRITES.where(history.c.data.startswith(_told_as(self.name), autoescape=True))
        since = _sealed_since(read, self.name)
        (newest,) = _written(read, of_store.limit(1), since) or (None,)
        if self.before:
            at = sa.select(history.c.at).where(history.c.id == self.before).scalar_subquery()
            of_store = of_store.where(
                sa.or_(history.c.at < at, sa.and_(history.c.at == at, history.c.id < self.before))
            )
        found = _written(read, of_store.limit(PAGE + 1), since)
        log_read(read, f"datalagret {self.name}")
        row = StoreRow(self.name, count or 0, newest, tuple(users))
        return StorePage(row, tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None)


# --- who uses them ---------------------------------------------------------------------------------------------------

_newer = definition.alias("newer")
_IN_USE = sa.select(definition.c.id).where(
    definition.c.state == "active",
    ~sa.exists().where(_newer.c.key == definition.c.key, _newer.c.version > definition.c.version),
)


def _users(read: Read) -> Mapping[str, list[User]]:
    users: dict[str, list[User]] = {}
    for definition_id in read.connection.execute(_IN_USE).scalars().all():
        one = definitions.load(read, definition_id)
        for name, store in one.graph.stores.items():
            users.setdefault(name, []).append(User(one.key, one.name, store.is_written))
    return {name: sorted(found, key=lambda user: swedish(user.name)) for name, found in users.items()}


# --- what was written ------------------------------------------------------------------------------------------------

_WRITES = (
    sa.select(
        history.c.id,
        history.c.case_id,
        history.c.at,
        history.c.element,
        history.c.element_name,
        history.c.person_name,
        history.c.role,
        history.c.data,
        case.c.number,
        case.c.sealed_to,
    )
    .join(case, case.c.id == history.c.case_id)
    .where(history.c.kind == "store:written")
    .order_by(history.c.at.desc(), history.c.id.desc())
)


def _told_as(name: str) -> str:
    """How the data of a row begin that tells of this store: it tells of one, first of all (canonical JSON)."""
    return '{"changes":{' + dumps(name) + ":"


def _last(read: Read) -> Mapping[str, Writing]:
    """Store -> what wrote its present value."""
    newest = _WRITES.join(
        data_store, sa.and_(data_store.c.case_id == history.c.case_id, data_store.c.written_at == history.c.at)
    )
    rows = read.connection.execute(newest.add_columns(data_store.c.name.label("store")).distinct()).all()
    found: dict[str, Writing] = {}
    for row in rows:
        if row.store not in found and row.data.startswith(_told_as(row.store)):
            found[row.store] = _writing(read, row, _sealed_since(read, row.store))
    return found


def _written(read: Read, rows: sa.Select[Any], sealed_since: datetime | None) -> list[Writing]:
    return [_writing(read, row, sealed_since) for row in read.connection.execute(rows)]


def _writing(read: Read, row: Any, sealed_since: datetime | None) -> Writing:
    is_sealed = sealed_since is not None and row.at >= sealed_since
    (change,) = loads(row.data)["changes"].values()
    return Writing(
        id=row.id,
        case_id=row.case_id,
        number=row.number,
        at=row.at,
        step=row.element_name or row.element or "",
        person=row.person_name,
        role=row.role,
        value=None if is_sealed else change.get("after"),
        is_sealed=is_sealed,
    )


def _sealed_since(read: Read, name: str) -> datetime | None:
    """Since a case that is sealed to somebody else wrote: what was written later may hold what it wrote (R3)."""
    first = (
        sa.select(case.c.sealed_to, sa.func.min(history.c.at, type_=Moment).label("at"))
        .join(case, case.c.id == history.c.case_id)
        .where(history.c.kind == "store:written", case.c.sealed_to.is_not(None))
        .where(history.c.data.startswith(_told_as(name), autoescape=True))
        .group_by(case.c.sealed_to)
    )
    rows = read.connection.execute(first).all()
    return min((row.at for row in rows if not permissions.may_see_data(read.actor, row.sealed_to)), default=None)
