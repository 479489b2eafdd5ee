"""The ladder workload, by our engine and by bare SQL that leaves the same rows, in turns.

The bare side is SQLAlchemy Core with statements made once, on the same tables: in each step it reads and locks the
case with its task, and writes what our step wrote, in one transaction. What it writes was taken down from a case that
our engine played, so it computes nothing. `counts` proves that both left as many rows in every table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from engine import db
from engine.bench.diagrams import RUNGS
from engine.bench.house import House
from engine.cases.tables import case, case_reader, case_word, task, task_candidate, word_part
from engine.history.tables import ROWS_PER_CASE, history
from engine.jobs.tables import job

Given = TypeVar("Given")

PROCESS = "bench_ladder"
STEPS = len(RUNGS)
TABLES = (case, case_reader, case_word, task, task_candidate, job, history)


@dataclass(slots=True)
class Spent:
    """Steps done, and what they took: seconds on the wall, and of the processor in this process."""

    steps: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    each: list[float] = field(default_factory=list)

    def step(self, do: Callable[..., Given], *given: Any) -> Given:
        cpu, wall = process_time(), perf_counter()
        gave = do(*given)
        taken = perf_counter() - wall
        self.cpu += process_time() - cpu
        self.wall += taken
        self.steps += 1
        self.each.append(taken)
        return gave


class Ours:
    """Cases of our engine, each played to its end."""

    def __init__(self, house: House) -> None:
        self.house = house

    def play(self, cases: int, spent: Spent) -> None:
        started = [self.house.start(PROCESS) for _ in range(cases)]
        for case_id in started:
            for _ in range(STEPS):
                (task_id,) = self.house.tasks(case_id)
                spent.step(self.house.complete, task_id)


# --- the bare side ---------------------------------------------------------------------------------------------------

_OF_EACH_STEP = ("data", "changed_at", "history_seq", "history_head")
_FACTS = ("title", "status", "party", "area", "sealed_to", "state", "readers", "ended_at", "outcome")
_READ = (
    sa.select(case, task.c.state.label("task_state"), task.c.wait, task.c.candidates)
    .join(task, task.c.case_id == case.c.id)
    .where(task.c.id == bindparam("task_id"))
    .with_for_update(key_share=True, of=case)
)
_SAVE_STEP, _SAVE_FACTS = (
    case.update()
    .where(case.c.id == bindparam("saved_id"))
    .values(version=case.c.version + 1, **{name: bindparam(name) for name in names})
    for names in (_OF_EACH_STEP, (*_OF_EACH_STEP, *_FACTS))
)
_CLOSE_TASK = (
    task.update()
    .where(task.c.id == bindparam("closed_id"))
    .values(state="completed", closed_at=bindparam("at"), closed_by=bindparam("by"), version=task.c.version + 1)
)
_DROP_CANDIDATES = task_candidate.delete().where(task_candidate.c.task_id == bindparam("of_task"))
_CANCEL_JOB = (
    job.update()
    .where(job.c.case_id == bindparam("of_case"), job.c.wait == bindparam("at_wait"), job.c.state == "waiting")
    .values(state="cancelled", payload=None)
)
_INSERT_TASK = task.insert().returning(task.c.id)
_INSERT_CANDIDATE = task_candidate.insert()
_INSERT_JOB = job.insert()
_INSERT_HISTORY = history.insert()
_INSERT_CASE = case.insert().returning(case.c.id)
_INSERT_READER = case_reader.insert()
_INSERT_WORD = case_word.insert()
_INSERT_PART = word_part.insert()
_MARK_WORD = (
    case_word.update()
    .where(
        case_word.c.word == bindparam("of_word"),
        case_word.c.is_live == sa.true(),
        case_word.c.case_id == bindparam("of_case"),
    )
    .values(is_live=False)
)


@dataclass(slots=True)
class _Wrote:
    """What one transaction of our engine wrote for the model case: rows as dicts, without what belongs to the case."""

    case: dict[str, Any]
    has_new_facts: bool = True
    tasks: list[dict[str, Any]] = field(default_factory=list)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    closed_waits: list[int] = field(default_factory=list)
    readers: list[dict[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """What it is found by besides the last part of its number, which is its own."""


class Bare:
    """The same rows by Core alone."""

    def __init__(self, house: House) -> None:
        self.person = house.person
        self.database = db.create(house.url)
        self.model = _taken_down(house, self.database)
        self.begun = 0
        self.words: dict[int, list[str]] = {}

    def play(self, cases: int, spent: Spent) -> None:
        started = [self._start() for _ in range(cases)]
        for case_id, task_id in started:
            for wrote in self.model[1:]:
                task_id = spent.step(self._step, case_id, task_id, wrote)

    def _start(self) -> tuple[int, int]:
        self.begun += 1
        wrote = self.model[0]
        with self.database.connect() as connection:
            serial = f"{self.person}x{id(self)}x{self.begun}"
            case_id = connection.execute(_INSERT_CASE, {**wrote.case, "number": f"BENCH-{serial}"}).scalar_one()
            self.words[case_id] = [serial, *wrote.words]
            found_by = [{"word": word, "is_live": True, "case_id": case_id} for word in self.words[case_id]]
            connection.execute(_INSERT_WORD, found_by)
            connection.execute(_INSERT_PART, [{"part": serial[-letters:], "word": serial} for letters in (1, 2, 3, 4)])
            connection.execute(_INSERT_READER, [{**row, "case_id": case_id} for row in wrote.readers])
            task_id = _write_new(connection, case_id, wrote)
            connection.commit()
        return case_id, task_id

    def _step(self, case_id: int, task_id: int, wrote: _Wrote) -> int:
        with self.database.connect() as connection:
            connection.execute(_READ, {"task_id": task_id}).one()
            connection.execute(_SAVE_FACTS if wrote.has_new_facts else _SAVE_STEP, {**wrote.case, "saved_id": case_id})
            closed = {"closed_id": task_id, "at": wrote.case["changed_at"], "by": self.person}
            connection.execute(_CLOSE_TASK, closed)
            connection.execute(_DROP_CANDIDATES, {"of_task": task_id})
            for wait in wrote.closed_waits:
                connection.execute(_CANCEL_JOB, {"of_case": case_id, "at_wait": wait})
            opened = _write_new(connection, case_id, wrote)
            if wrote.case["ended_at"]:
                over = [{"of_word": word, "of_case": case_id} for word in self.words.pop(case_id)]
                connection.execute(_MARK_WORD, over)
            connection.commit()
        return opened

    def close(self) -> None:
        self.database.dispose()


def _write_new(connection: Connection, case_id: int, wrote: _Wrote) -> int:
    task_id = 0
    for row in wrote.tasks:
        task_id = connection.execute(_INSERT_TASK, {**row, "case_id": case_id}).scalar_one()
    if wrote.candidates:
        connection.execute(_INSERT_CANDIDATE, [{**row, "task_id": task_id} for row in wrote.candidates])
    if wrote.jobs:
        connection.execute(_INSERT_JOB, [{**row, "case_id": case_id} for row in wrote.jobs])
    first = case_id * ROWS_PER_CASE
    connection.execute(
        _INSERT_HISTORY, [{**row, "case_id": case_id, "id": first + row["seq"]} for row in wrote.history]
    )
    return task_id


# --- the model -------------------------------------------------------------------------------------------------------


def _taken_down(house: House, database: sa.Engine) -> list[_Wrote]:
    """Play one case and note, transaction by transaction, which rows came and which changed."""
    case_id = house.start(PROCESS)
    seen = _Seen(case_id)
    model = [seen.look(database)]
    for _ in range(STEPS):
        (task_id,) = house.tasks(case_id)
        house.complete(task_id)
        model.append(seen.look(database))
    return model


class _Seen:
    def __init__(self, case_id: int) -> None:
        self.case_id = case_id
        self.ids: dict[str, set[int]] = {"task": set(), "job": set(), "history": set()}
        self.waiting: set[int] = set()
        self.facts: list[Any] = []

    def look(self, database: sa.Engine) -> _Wrote:
        with database.connect() as connection:
            one = dict(connection.execute(sa.select(case).where(case.c.id == self.case_id)).mappings().one())
            del one["id"]
            serial = one.pop("number").rpartition("-")[2]
            facts = [one[name] for name in _FACTS]
            wrote = _Wrote(one, facts != self.facts)
            self.facts = facts
            wrote.tasks = self._new(connection, task)
            wrote.jobs = self._new(connection, job)
            wrote.history = self._new(connection, history)
            waiting = self._of_case(connection, job)
            open_jobs = {row["wait"] for row in waiting if row["state"] == "waiting"}
            wrote.closed_waits = sorted(self.waiting - open_jobs)
            self.waiting = open_jobs
            candidates = sa.select(task_candidate).join(task, task.c.id == task_candidate.c.task_id)
            for row in connection.execute(candidates.where(task.c.case_id == self.case_id)).mappings():
                wrote.candidates.append({name: value for name, value in row.items() if name != "task_id"})
            wrote.readers = [
                {name: value for name, value in row.items() if name != "case_id"}
                for row in self._of_case(connection, case_reader)
            ]
            wrote.words = [row["word"] for row in self._of_case(connection, case_word) if row["word"] != serial]
        return wrote

    def _of_case(self, connection: Connection, table: sa.Table) -> Sequence[Any]:
        return connection.execute(sa.select(table).where(table.c.case_id == self.case_id)).mappings().all()

    def _new(self, connection: Connection, table: sa.Table) -> list[dict[str, Any]]:
        rows = [dict(row) for row in self._of_case(connection, table) if row["id"] not in self.ids[table.name]]
        self.ids[table.name] |= {row.pop("id") for row in rows}
        return [{name: value for name, value in row.items() if name != "case_id"} for row in rows]


def counts(database: sa.Engine) -> dict[str, int]:
    """How many rows each table has."""
    with database.connect() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in TABLES
        }
