"""Cases loaded, locked and saved. A case is locked before anything of it is looked at, its callers before itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.cases import runs
from engine.cases.tables import case, task
from engine.definitions import store as definitions
from engine.definitions.store import Definition
from engine.engine import Clash, Read, Transaction
from engine.errors import Conflict, NotFound
from engine.history import chain
from engine.prepared import Answer, Prepared

LIVE = ("active", "suspended")


@dataclass(slots=True)
class Case:
    """A case in hand. `data` is the machine's state; `version` counts its steps."""

    id: int
    number: str
    definition: Definition
    business_key: str | None
    title: str
    status: str | None
    party: str | None
    area: str | None
    sealed_to: int | None
    state: str
    data: dict[str, Any]
    version: int
    readers: dict[str, list[str]]
    started_at: datetime
    started_by: int | None
    changed_at: datetime
    ended_at: datetime | None
    outcome: str | None
    parent_id: int | None
    parent_wait: int | None
    history_seq: int
    history_head: str
    stored_facts: tuple[Any, ...] = ()
    """Of `_FACTS`, what the database holds."""

    @property
    def all_readers(self) -> list[str]:
        return [candidate for group in self.readers.values() for candidate in group]


_BY_ID = sa.select(case).where(case.c.id == bindparam("case_id"))
_LOAD = Prepared(_BY_ID)
_LOCK_ALONE = Prepared(_BY_ID.where(case.c.parent_id.is_(None)).with_for_update(key_share=True))
_OF_TASK = sa.select(task.c.case_id).where(task.c.id == bindparam("task_id")).scalar_subquery()
_LOCK_ALONE_OF_TASK = Prepared(
    sa.select(case).where(case.c.id == _OF_TASK, case.c.parent_id.is_(None)).with_for_update(key_share=True)
)
_ID_OF_TASK = sa.select(task.c.case_id).where(task.c.id == bindparam("task_id"))

_up = sa.select(case.c.id, case.c.parent_id).where(case.c.id == bindparam("case_id")).cte("up", recursive=True)
_up = _up.union_all(sa.select(case.c.id, case.c.parent_id).join(_up, case.c.id == _up.c.parent_id))
# A caller is older than what it calls: by id means callers first.
_LOCK_FAMILY = (
    sa.select(case).where(case.c.id.in_(sa.select(_up.c.id))).order_by(case.c.id).with_for_update(key_share=True)
)

_OF_EACH_STEP = ("data", "changed_at", "history_seq", "history_head")
_FACTS = (
    "business_key", "title", "status", "party", "area", "sealed_to", "state", "readers", "ended_at", "outcome",
)  # fmt: skip
_SAVED = (*_OF_EACH_STEP, *_FACTS)
# An index is touched where one of its columns is set, also to the same value: most steps change no fact.
_SAVE_STEP, _SAVE = (
    Prepared(
        case.update()
        .where(case.c.id == bindparam("saved_id"), case.c.version == bindparam("read_version"))
        .values(version=case.c.version + 1, **{name: bindparam(name) for name in names})
    )
    for names in (_OF_EACH_STEP, _SAVED)
)
_INSERT = Prepared(case.insert().returning(case.c.id))


def not_found() -> NotFound:
    """The same for a case that is not there and for one that is not for this actor."""
    return NotFound("Expected a case to be there, but it is not.", "Ärendet finns inte, eller är inte öppet för dig.")


def load(read: Read, case_id: int) -> Case:
    """As it is now, without a lock: for queries."""
    row = _LOAD.first(read.connection, {"case_id": case_id})
    if row is None:
        raise not_found()
    return _case(read, row)


def lock(tx: Transaction, case_id: int) -> Case:
    """The case, and the cases that called it, for this transaction alone."""
    held = _held(tx)
    if case_id not in held:
        row = _LOCK_ALONE.first(tx.connection, {"case_id": case_id})
        for one in [row] if row else tx.connection.execute(_LOCK_FAMILY, {"case_id": case_id}).all():
            held.setdefault(one.id, _case(tx, one))
    if case_id not in held:
        raise not_found()
    return held[case_id]


def lock_of_task(tx: Transaction, task_id: int, then: Callable[[], Answer]) -> tuple[Case, Any]:
    """The case of a task, locked, and the first row of what `then` asks, which sees all that the lock waited for.

    NotFound where there is no such task.
    """
    locked = _LOCK_ALONE_OF_TASK.ask(tx.connection, {"task_id": task_id})
    answer = then()
    row = locked.first()
    if row:
        return _held(tx).setdefault(row.id, _case(tx, row)), answer.first()
    case_id = tx.connection.execute(_ID_OF_TASK, {"task_id": task_id}).scalar()
    return lock(tx, case_id or 0), then().first()


def insert(tx: Transaction, new: Case) -> None:
    """Store a case for the first time; gives it its id."""
    values = {name: getattr(new, name) for name in _SAVED}
    is_big = runs.is_big(new.data)
    if is_big:
        values["data"] = {}
    row = {
        **values,
        "number": new.number,
        "definition_id": new.definition.id,
        "process": new.definition.key,
        "version": new.version,
        "started_at": new.started_at,
        "started_by": new.started_by,
        "parent_id": new.parent_id,
        "parent_wait": new.parent_wait,
    }
    new.id = _INSERT.first(tx.connection, row).id
    new.stored_facts = _facts(new)
    _held(tx)[new.id] = new
    if is_big:
        data = runs.stored(tx.connection, new.id, new.data)
        tx.connection.execute(case.update().where(case.c.id == new.id).values(data=data))


def save(tx: Transaction, changed: Case) -> Answer:
    """To be confirmed once the database has answered."""
    facts = _facts(changed)
    has_new_facts = facts != changed.stored_facts
    changed.stored_facts = facts
    values = {name: getattr(changed, name) for name in (_SAVED if has_new_facts else _OF_EACH_STEP)}
    values |= {"saved_id": changed.id, "read_version": changed.version}
    if runs.is_big(changed.data):
        values["data"] = runs.stored(tx.connection, changed.id, changed.data)
    changed.version += 1
    return (_SAVE if has_new_facts else _SAVE_STEP).ask(tx.connection, values)


_facts: Callable[[Case], tuple[Any, ...]] = attrgetter(*_FACTS)


class Shown(NamedTuple):
    """What lists find a case by. `is_live` is None for one that is not stored yet."""

    title: str = ""
    party: str | None = None
    area: str | None = None
    is_live: bool | None = None


def shown_before(one: Case) -> Shown:
    """As the database has it."""
    if not one.stored_facts:
        return Shown()
    title, party, area, ended_at = _FOUND_BY(one.stored_facts)
    return Shown(title, party, area, ended_at is None)


_FOUND_BY = itemgetter(*map(_FACTS.index, ("title", "party", "area", "ended_at")))


def confirm(saved: Answer) -> None:
    """Clash where somebody else saved it since it was read; the lock should not let that happen, this proves it.

    A step that leaves history need not ask: the next row of a case is there only once, its key proves the same.
    """
    if saved.rowcount != 1:
        raise Clash


def new(definition: Definition, number: str, now: datetime, **known: Any) -> Case:
    """A case not stored yet."""
    blank: dict[str, Any] = {
        "business_key": None,
        "started_by": None,
        "parent_id": None,
        "parent_wait": None,
    }
    return Case(
        id=0,
        number=number,
        definition=definition,
        title=definition.name,
        status=None,
        party=None,
        area=None,
        sealed_to=None,
        state="active",
        data={},
        version=1,
        readers={},
        started_at=now,
        changed_at=now,
        ended_at=None,
        outcome=None,
        history_seq=0,
        history_head=chain.seed(number),
        **{**blank, **known},
    )


def require_active(one: Case) -> None:
    """Conflict where the case is suspended or over."""
    if one.state == "suspended":
        raise Conflict(
            f"Expected an active case, but {one.number} is suspended.",
            f"Ärende {one.number} är pausat. Inget kan göras i det förrän det återupptas.",
        )
    if one.state != "active":
        raise Conflict(
            f"Expected an active case, but {one.number} is {one.state}.", f"Ärende {one.number} är redan avslutat."
        )


def _held(tx: Transaction) -> dict[int, Case]:
    held: dict[int, Case] = tx.memory.setdefault("cases", {})
    return held


def _case(read: Read, row: Any) -> Case:
    found = Case(
        id=row.id,
        number=row.number,
        definition=definitions.load(read, row.definition_id),
        business_key=row.business_key,
        title=row.title,
        status=row.status,
        party=row.party,
        area=row.area,
        sealed_to=row.sealed_to,
        state=row.state,
        data=runs.opened(read.connection, row.id, row.data),
        version=row.version,
        readers=row.readers,
        started_at=row.started_at,
        started_by=row.started_by,
        changed_at=row.changed_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        parent_id=row.parent_id,
        parent_wait=row.parent_wait,
        history_seq=row.history_seq,
        history_head=row.history_head,
    )
    found.stored_facts = _facts(found)
    return found
