"""Definitions as the rest of the house uses them: read from their bytes once, then shared by all cases of a version."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine import forms
from engine.bpmn.model import Graph
from engine.bpmn.read import read as read_bpmn
from engine.definitions.tables import definition, definition_file
from engine.engine import Read, Transaction
from engine.errors import NotFound
from engine.forms import Form


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, ready to play. `files` are its forms, decisions and README by name."""

    id: int
    key: str
    version: int
    name: str
    graph: Graph
    deployed_at: datetime
    files: dict[str, bytes]
    _forms: dict[str, Form] = field(default_factory=dict)

    def form(self, key: str) -> Form:
        """The form by its key, parsed once. Checked at deployment, so it is there and can be read."""
        if key not in self._forms:
            self._forms[key] = forms.parse(self.files[form_file(key)])
        return self._forms[key]


def form_file(key: str) -> str:
    """Under which name a form is stored."""
    return f"forms/{key}.json"


_BY_ID = sa.select(definition).where(definition.c.id == bindparam("definition_id"))
_FILES = sa.select(definition_file.c.name, definition_file.c.content).where(
    definition_file.c.definition_id == bindparam("definition_id")
)
_NEWEST = (
    sa.select(definition.c.id)
    .where(definition.c.key == bindparam("key"), definition.c.state == "active")
    .order_by(definition.c.version.desc())
    .limit(1)
)
_AS_OF = (
    sa.select(definition.c.id)
    .where(definition.c.key == bindparam("key"), definition.c.deployed_at <= bindparam("at"))
    .order_by(definition.c.version.desc())
    .limit(1)
)
_OF_VERSION = sa.select(definition.c.id).where(
    definition.c.key == bindparam("key"), definition.c.version == bindparam("version")
)
_ALL_NEWEST = sa.select(sa.func.max(definition.c.id)).where(definition.c.state == "active").group_by(definition.c.key)


def load(read: Read, definition_id: int) -> Definition:
    """NotFound where there is none. A definition never changes, so one that was read once is read for good."""
    key = ("definition", definition_id)
    known: Definition | None = read.engine.cache.get(key) or read.memory.get(key)
    if known is None:
        known = _read(read, definition_id)
        if isinstance(read, Transaction):
            # It may have been deployed by this very transaction: for others it is there once that has committed.
            read.memory[key] = known
            read.after_commit.append(partial(read.engine.cache.setdefault, key, known))
        else:
            read.engine.cache[key] = known
    return known


def _read(read: Read, definition_id: int) -> Definition:
    row = read.connection.execute(_BY_ID, {"definition_id": definition_id}).one_or_none()
    if row is None:
        raise not_found()
    found = read.connection.execute(_FILES, {"definition_id": definition_id})
    files = {file.name: bytes(file.content) for file in found}
    graphs = {graph.key: graph for graph in read_bpmn(bytes(row.source), name=f"{row.key}.bpmn").graphs}
    return Definition(row.id, row.key, row.version, row.name, graphs[row.key], row.deployed_at, files)


def not_found() -> NotFound:
    return NotFound("Expected a deployed process, but there is none.", "Processen finns inte, eller är inte i bruk.")


def newest(read: Read, key: str) -> Definition | None:
    """The version that new cases get."""
    return _found(read, read.connection.execute(_NEWEST, {"key": key}).scalar())


def as_of(read: Read, key: str, at: datetime) -> Definition | None:
    """The version that was the newest at `at`: what a definition deployed then was deployed together with."""
    return _found(read, read.connection.execute(_AS_OF, {"key": key, "at": at}).scalar())


def of_version(read: Read, key: str, version: int) -> Definition | None:
    return _found(read, read.connection.execute(_OF_VERSION, {"key": key, "version": version}).scalar())


def all_newest(read: Read) -> list[Definition]:
    """The newest active version of each process, by key."""
    ids = read.connection.execute(_ALL_NEWEST).scalars().all()
    return sorted((load(read, definition_id) for definition_id in ids), key=lambda one: one.key)


def _found(read: Read, definition_id: Any) -> Definition | None:
    return None if definition_id is None else load(read, definition_id)
