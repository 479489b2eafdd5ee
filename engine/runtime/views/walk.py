"""The path that a case has walked, for its diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine.cases import store as cases
from engine.cases.store import Case
from engine.db import loads
from engine.engine import Read
from engine.history.tables import history, rows_of
from engine.runtime.views.case_page import require_sight

WALKED_LIMIT = 5000


@dataclass(frozen=True, slots=True)
class Walk:
    """For the diagram: ids of elements and flows passed, and of elements where the case stands now."""

    number: str
    process_name: str
    definition_id: int
    visited: tuple[str, ...]
    current: tuple[str, ...]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CaseWalk:
    case_id: int

    def run(self, read: Read) -> Walk:
        one = cases.load(read, self.case_id)
        require_sight(read, one)
        rows = read.connection.execute(
            sa.select(history.c.element, history.c.data)
            .where(rows_of(one.id), history.c.kind == "element:passed")
            .order_by(history.c.id.desc())
            .limit(WALKED_LIMIT)
        )
        visited: dict[str, None] = {}
        for row in rows:
            visited[row.element] = None
            visited.update(dict.fromkeys(_flows(row.data)))
        nodes = one.definition.graph.nodes
        current = _places(one)
        names = {name: nodes[name].name or name for name in (*visited, *current) if name in nodes}
        return Walk(one.number, one.definition.name, one.definition.id, tuple(visited), current, names)


def _flows(data: str | None) -> Sequence[str]:
    return loads(data).get("flows", ()) if data else ()


def _places(one: Case) -> tuple[str, ...]:
    """The elements at which the case stands now; what only listens beside the work is left out."""
    runs = one.data.get("runs", {}) if one.data else {}
    at = {
        run["at"]: None
        for run in runs.values()
        if "at" in run and "on" not in run and (run.get("open") or run.get("stuck"))
    }
    joins = {node: None for run in runs.values() for node in run.get("joins", ())}
    return tuple({**at, **joins})
