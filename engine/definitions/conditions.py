"""Conditional start events (§10.5.2, Table 10.84): a process starts when a condition on its world becomes true.

"The condition Expression … MUST NOT refer to the data context or instance attribute of the Process (as the Process
instance has not yet been created). Instead, it MAY refer to … states of entities in the environment": here
data stores, settings and the time. It is tried in the transaction that writes to a store or changes a setting; where it
asks the time, by a job each minute, or each midnight where only the day counts. Whether it held is kept for each, so
that it starts one case each time it becomes true after having been false. As it is taken into use it
starts none: it may hold already, but has not become true.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.bpmn.conditions import OF_SETTINGS, OF_THE_DAY, OF_THE_MINUTE
from engine.bpmn.model import Event, Graph
from engine.calendar import local, midnight
from engine.data_stores import Stores
from engine.definitions import store
from engine.definitions.store import Definition
from engine.definitions.tables import start_condition
from engine.engine import Transaction
from engine.errors import ExpressionError, Refused
from engine.jobs import store as jobs
from engine.jobs.tables import job
from engine.settings.functions import functions
from engine.settings.stored import Settings


class ConditionalStart(NamedTuple):
    """A trigger of a start event: the `part`-th of several, 0 where it is the only one."""

    process: str
    element: str
    part: int
    event: Event

    @property
    def source(self) -> str:
        return self.event.condition.source if self.event.condition else ""

    @property
    def calls(self) -> frozenset[str]:
        return frozenset(self.event.condition.calls) if self.event.condition else frozenset()


def conditional_starts(graph: Graph) -> Iterator[ConditionalStart]:
    for node in graph.ways_in:
        for part, event in enumerate(node.event.triggers if node.event else ()):
            if event.kind == "conditional":
                yield ConditionalStart(graph.key, node.id, part, event)


# --- tried -----------------------------------------------------------------------------------------------------------

_THIS = sa.and_(
    start_condition.c.process == bindparam("of_process"),
    start_condition.c.element == bindparam("of_element"),
    start_condition.c.part == bindparam("of_part"),
)
_HELD = sa.select(start_condition).where(_THIS).with_for_update()
_NOTE = start_condition.update().where(_THIS).values(held=bindparam("now_held"), is_broken=bindparam("now_broken"))
_FORGET = start_condition.delete().where(_THIS)
_OF_PROCESS = sa.select(start_condition).where(start_condition.c.process == bindparam("of_process"))


def after_write(tx: Transaction, written: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Data stores are about to hold `written`: a job for each start that this makes."""
    return _tried(tx, lambda start: not written.keys().isdisjoint(start.event.stores.values()), written)


def after_setting(tx: Transaction) -> list[dict[str, Any]]:
    """The same where a setting has changed."""
    return _tried(tx, lambda start: not start.calls.isdisjoint(OF_SETTINGS), {})


def after_time(tx: Transaction, definition: Definition) -> list[dict[str, Any]]:
    """The same for one process, where time has passed."""
    starts = [one for one in conditional_starts(definition.graph) if _asks_time(one)]
    return [row for one in starts for row in _try(tx, definition.graph, one, {})]


def _asks_time(start: ConditionalStart) -> bool:
    return not start.calls.isdisjoint(OF_THE_MINUTE | OF_THE_DAY)


def _tried(
    tx: Transaction, concerns: Callable[[ConditionalStart], bool], written: Mapping[str, Any]
) -> list[dict[str, Any]]:
    graphs = [one.graph for one in store.all_newest(tx)]
    found = [(graph, one) for graph in graphs for one in conditional_starts(graph) if concerns(one)]
    return [row for graph, one in found for row in _try(tx, graph, one, written)]


def _try(tx: Transaction, graph: Graph, start: ConditionalStart, written: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who tries a condition does so alone, and so sees what those before it have written."""
    known = tx.connection.execute(_HELD, _names(start)).one_or_none()
    if known is None or known.source != start.source:
        return []  # another version has just come into use, and has tried its own
    holds, problem = _holds(tx, graph, start, written)
    if (holds, problem is not None) != (known.held, known.is_broken):
        values = {**_names(start), "now_held": holds, "now_broken": problem is not None}
        tx.connection.execute(_NOTE, values)
    if problem is not None and not known.is_broken:
        sv = f"Villkoret som startar processen ”{graph.name}” går inte att pröva: {problem.sv}"
        en = f"The condition that starts the process “{graph.name}” cannot be tried: {problem.en}"
        jobs.open_incidents(tx, [jobs.incident_row(sv, en, tx.now, element=start.element)])
    if not holds or known.held:
        return []
    payload = {"process": start.process, "event": start.element, "part": start.part}
    return [jobs.row("start", tx.now, topic=start.process, element=start.element, payload=payload)]


def _holds(
    tx: Transaction, graph: Graph, start: ConditionalStart, written: Mapping[str, Any], shares: bool = False
) -> tuple[bool, Refused | None]:
    """Whether it holds; and why that cannot be said. `shares`: nobody may write to its stores meanwhile."""
    stores = {name: replace(one, is_written=False, is_watched=shares) for name, one in graph.stores.items()}
    held_by = ChainMap(dict(written), Stores(tx, stores))  # type: ignore[arg-type]
    seen = {name: held_by[own] for name, own in start.event.stores.items()}
    if start.event.condition is None:
        return False, None
    try:
        held = start.event.condition.evaluate(seen, functions(tx.now, Settings(tx.connection)))
    except ExpressionError as error:
        return False, None if None in seen.values() else error  # else nobody has written there yet
    return (held, None) if isinstance(held, bool) else (False, _NO_ANSWER)


_NO_ANSWER = Refused(
    "Expected it to be true or false, but it is neither.", "det ska vara sant eller falskt, men är något annat."
)


def _names(start: ConditionalStart) -> dict[str, Any]:
    return {"of_process": start.process, "of_element": start.element, "of_part": start.part}


# --- taken into use --------------------------------------------------------------------------------------------------


def replace_start_conditions(tx: Transaction, key: str, graph: Graph | None) -> None:
    """The newest version's conditions take the place of the older one's (None: no version starts any more). One that
    says the same as before goes on from what it was."""
    known = {(row.element, row.part): row for row in tx.connection.execute(_OF_PROCESS, {"of_process": key})}
    starts = list(conditional_starts(graph)) if graph else []
    begun = []
    for start in starts:
        row = known.pop((start.element, start.part), None)
        if graph and row is not None and row.source == start.source:
            begun += _try(tx, graph, start, {})
            continue
        if row is not None:
            tx.connection.execute(_FORGET, _names(start))
        if graph:
            _begin(tx, graph, start)
    for element, part in known:
        tx.connection.execute(_FORGET, {"of_process": key, "of_element": element, "of_part": part})
    jobs.add(tx, begun)
    tx.connection.execute(_CANCEL_TICKS, {"key": key})
    set_tick(tx, key, starts)


def _begin(tx: Transaction, graph: Graph, start: ConditionalStart) -> None:
    holds, _ = _holds(tx, graph, start, {}, shares=True)
    row = {"process": start.process, "element": start.element, "part": start.part}
    tx.connection.execute(start_condition.insert(), {**row, "source": start.source, "held": holds, "is_broken": False})


# --- time ------------------------------------------------------------------------------------------------------------

_TICKS = sa.and_(
    job.c.kind == "start_tick", job.c.topic == bindparam("key"), sa.text("job.state IN ('waiting', 'leased')")
)
_CANCEL_TICKS = job.update().where(_TICKS).values(state="cancelled")
_LATER_TICK = sa.select(job.c.id).where(_TICKS, job.c.id > bindparam("than")).limit(1)


def set_tick(tx: Transaction, key: str, starts: Iterable[ConditionalStart], after: int | None = None) -> None:
    """When the process's conditions on the time are tried next; `after` the tick that is done, unless another one is
    set already."""
    calls = frozenset[str]().union(*(one.calls for one in starts))
    due = _next_change(calls, tx.now)
    if due is None or (after is not None and tx.connection.execute(_LATER_TICK, {"key": key, "than": after}).first()):
        return
    jobs.add(tx, [jobs.row("start_tick", tx.now, due_at=due, topic=key, payload={"process": key})])


def _next_change(calls: frozenset[str], now: datetime) -> datetime | None:
    """When what these functions say may be something else."""
    if not calls.isdisjoint(OF_THE_MINUTE):
        return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return midnight(local(now).date() + timedelta(days=1)) if not calls.isdisjoint(OF_THE_DAY) else None
