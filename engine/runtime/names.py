"""All reference data valid today by one statement: pages name many parties, areas, roles and codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.calendar import local
from engine.engine import Read
from engine.reference import reference

_VALID = (
    sa.select(reference.c.kind, reference.c.data)
    .where(
        sa.or_(reference.c.valid_from.is_(None), reference.c.valid_from <= bindparam("day")),
        sa.or_(reference.c.valid_to.is_(None), reference.c.valid_to >= bindparam("day")),
    )
    .order_by(reference.c.position, reference.c.id)
)


@dataclass(frozen=True, slots=True)
class Names:
    """Kind -> its rows, in the order of the file. A code list's kind is `kodlistor.<name>`."""

    def run(self, read: Read) -> dict[str, list[dict[str, Any]]]:
        kinds: dict[str, list[dict[str, Any]]] = {}
        for row in read.connection.execute(_VALID, {"day": local(read.now).date()}):
            kinds.setdefault(row.kind, []).append(row.data)
        return kinds
