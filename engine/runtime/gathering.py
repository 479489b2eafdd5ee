"""Start events all of whose triggers must come (Table 10.84, Parallel Multiple), in any order.

Messages are kept, as they are for any process, and belong together by their key. Signals, timers and conditions have no
key: one of each is remembered until the rest is there, and then used up. What comes again before that finds nobody
waiting and passes by, as it does inside a case.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.bpmn.model import Node
from engine.definitions.starts import gathering_starts, messages_of
from engine.definitions.store import Definition
from engine.definitions.tables import start_arrival
from engine.engine import Transaction
from engine.runtime import kept, steps

_THIS = sa.and_(start_arrival.c.process == bindparam("of_process"), start_arrival.c.element == bindparam("of_element"))
_ARRIVED = sa.select(start_arrival).where(_THIS).order_by(start_arrival.c.arrived_at, start_arrival.c.part)
_USED_UP = start_arrival.delete().where(_THIS)


def arrived(tx: Transaction, definition: Definition, node: Node, part: int, variables: dict[str, Any]) -> int | None:
    """A signal, timer or condition has come for a start event; the case that it completes, or None."""
    _alone(tx, definition)
    known = {row.part for row in _arrivals(tx, definition, node)}
    if part not in known:
        row = {"process": definition.key, "element": node.id, "part": part, "variables": variables}
        tx.connection.execute(start_arrival.insert(), {**row, "arrived_at": tx.now})
    if not _all_others_came(tx, definition, node):
        return None
    names = messages_of(node)
    for key in kept.keys(tx, names[0]) if names else [None]:
        early = kept.of_each(tx, names, key)
        if len(early) == len(names) and not (key and steps.existing(tx, definition.key, key)):
            return _begin(tx, definition, node, key, early, {})[0]
    return None


def message_came(tx: Transaction, name: str, key: str | None, variables: dict[str, Any]) -> tuple[int | None, bool]:
    """(the case that a message of this name completes the start of, or once did, or None; whether it started now)."""
    for definition, node, others in gathering_starts(tx, name):
        _alone(tx, definition)
        begun = steps.existing(tx, definition.key, key) if key else None
        if begun is not None:
            return int(begun.id), False
        early = kept.of_each(tx, others, key)
        if len(early) == len(others) and _all_others_came(tx, definition, node):
            return _begin(tx, definition, node, key, early, variables)
    return None, False


def _alone(tx: Transaction, definition: Definition) -> None:
    """Of two triggers that come at once, one is the last."""
    kept.meet(tx, f"\0start {definition.key}", None)


def _arrivals(tx: Transaction, definition: Definition, node: Node) -> list[Any]:
    values = {"of_process": definition.key, "of_element": node.id}
    return list(tx.connection.execute(_ARRIVED, values).all())


def _all_others_came(tx: Transaction, definition: Definition, node: Node) -> bool:
    """All but messages."""
    triggers = node.event.triggers if node.event else ()
    wanted = {part for part, event in enumerate(triggers) if event.kind != "message"}
    return not wanted or wanted <= {row.part for row in _arrivals(tx, definition, node)}


def _begin(
    tx: Transaction, definition: Definition, node: Node, key: str | None, early: list[Any], last: dict[str, Any]
) -> tuple[int, bool]:
    """The case begins with what all have carried; where several give one variable, what came last. One that there is
    already, by its business key, is left alone, and has got it all."""
    came = [(row.arrived_at, row.variables) for row in _arrivals(tx, definition, node)]
    came += [(row.published_at, row.variables) for row in early]
    came.sort(key=lambda one: one[0])
    payload = {name: value for _, given in came for name, value in given.items()} | last
    doer = steps.doer_of(tx.actor)
    try:
        case_id = steps.begin(tx, definition, doer, {}, business_key=key, at=node.id, payload=payload).id
        is_new = True
    except steps.AlreadyStarted as taken:
        case_id, is_new = int(taken.details["case_id"]), False
    for row in early:
        kept.delivered(tx, row.id, case_id)
    tx.connection.execute(_USED_UP, {"of_process": definition.key, "of_element": node.id})
    return case_id, is_new
