"""Searches that people keep under a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.db import Id, Json, Moment, Words, metadata
from engine.engine import Read, Transaction
from engine.errors import Invalid, NotFound, Refused
from engine.runtime.inbox.places import MINE
from engine.runtime.inbox.search import Search

SAVED_LIMIT = 30

saved_filter = sa.Table(
    "saved_filter",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("search", Json, nullable=False, comment="the fields of Search that were set"),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("person_id", "name", name="uq_saved_filter_person_id_name"),
)


@dataclass(frozen=True, slots=True)
class SavedFilter:
    id: int
    name: str
    place: str
    search: Search


@dataclass(frozen=True, slots=True)
class SavedFilters:
    """Those of the person who asks, oldest first."""

    def run(self, read: Read) -> list[SavedFilter]:
        rows = (
            sa.select(saved_filter).where(saved_filter.c.person_id == read.actor.person_id).order_by(saved_filter.c.id)
        )
        return [_saved(row) for row in read.connection.execute(rows)]


def _saved(row: Any) -> SavedFilter:
    kept = {name: value for name, value in row.search.items() if name in Search.__slots__}
    return SavedFilter(row.id, row.name, str(row.search.get("place", MINE)), Search(**kept))


@dataclass(frozen=True, slots=True)
class SaveFilter:
    """Keep a search under a name; the same name again replaces it. Gives its id."""

    name: str
    place: str
    search: Search

    def execute(self, tx: Transaction) -> int:
        name = " ".join(self.name.split())
        if not 1 <= len(name) <= 60:
            problem = "Ge filtret ett namn med högst 60 tecken."
            raise Invalid("Expected a name of 1 to 60 characters, but it is not.", problem, fields={"name": problem})
        mine = saved_filter.c.person_id == tx.actor.person_id
        tx.connection.execute(saved_filter.delete().where(mine, saved_filter.c.name == name))
        count = tx.connection.execute(sa.select(sa.func.count()).select_from(saved_filter).where(mine)).scalar_one()
        if count >= SAVED_LIMIT:
            raise Refused(
                f"Expected at most {SAVED_LIMIT} saved filters, but there are as many.",
                f"Du har redan {SAVED_LIMIT} sparade filter. Ta bort ett först.",
            )
        kept = {field: getattr(self.search, field) for field in Search.__slots__}
        row = {
            "person_id": tx.actor.person_id,
            "name": name,
            "search": {"place": self.place, **kept},
            "created_at": tx.now,
        }
        return int(tx.connection.execute(saved_filter.insert().returning(saved_filter.c.id), row).scalar_one())


@dataclass(frozen=True, slots=True)
class DeleteFilter:
    filter_id: int

    def execute(self, tx: Transaction) -> None:
        theirs = saved_filter.delete().where(
            saved_filter.c.id == self.filter_id, saved_filter.c.person_id == tx.actor.person_id
        )
        if not tx.connection.execute(theirs).rowcount:
            raise NotFound("Expected a saved filter of one's own, but there is none.", "Filtret finns inte.")
