"""What must not grow: a loop's state, the cost of one among many, of a full house, of a long day."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median
from time import perf_counter, process_time
from typing import Any

import sqlalchemy as sa

from engine import db
from engine.bench import diagrams, ladder
from engine.bench.house import MORNING, SYSTEM, House
from engine.bench.ladder import PROCESS, Ours, Spent
from engine.bpmn import machine
from engine.bpmn.machine import Environment
from engine.cases.tables import case, task
from engine.definitions.commands import Deploy
from engine.engine import Read
from engine.history.tables import ROWS_PER_CASE
from engine.jobs.tables import job
from engine.runtime.inbox import ALL, Inbox
from engine.settings import functions


def machine_cost(house: House) -> float:
    """Milliseconds of the processor for a step without SQL: state out of its text, machine, state into its text."""
    cases = [house.start(PROCESS) for _ in range(40)]
    found = [house.engine.ask(_Stored(case_id), actor=SYSTEM) for case_id in cases]
    env = Environment(MORNING, functions(MORNING, {}))
    costs: list[list[float]] = [[] for _ in range(ladder.STEPS)]
    for graph, text in found:
        for step in costs:
            begun = process_time()
            state = db.loads(text)
            wait = next(int(number) for number, run in state["runs"].items() if run.get("open") == "task")
            text = db.dumps(machine.complete(graph, state, env, wait, diagrams.ANSWER).state, is_finite=True)
            step.append(process_time() - begun)
    return 1000 * mean(map(min, costs))  # what others do on the machine can only add


class _Stored:
    def __init__(self, case_id: int) -> None:
        self.case_id = case_id

    def run(self, read: Read) -> Any:
        from engine.cases import store

        one = store.load(read, self.case_id)
        return one.definition.graph, db.dumps({**one.data, "runs": dict(one.data["runs"])})


def loop(house: House, turns: int, samples: int) -> dict[str, Any]:
    """One case turns; then its turns and the first ones of new cases in turns."""
    house.deploy(diagrams.loop())
    old = house.start("bench_loop")
    size = _state_size(house, old)
    for _ in range(turns):
        _turn(house, old)
    last, first = Spent(), Spent()
    for _ in range(samples):
        young = house.start("bench_loop")
        for case_id, spent in ((young, first), (old, last)):
            spent.step(house.complete, house.tasks(case_id)[0])
    grown = _state_size(house, old)
    return {
        "turns": turns,
        "last_to_first": round(median(last.each) / median(first.each), 2),
        "state_bytes": [size, grown],
    }


def _turn(house: House, case_id: int) -> None:
    house.complete(house.tasks(case_id)[0])


def _state_size(house: House, case_id: int) -> int:
    return len(house.engine.ask(_Stored(case_id), actor=SYSTEM)[1])


def multi(house: House, children: int, samples: int) -> dict[str, Any]:
    """One completion among many, beside one among ten; both through the database, in turns."""
    house.deploy(diagrams.many())
    begun = perf_counter()
    big = house.tasks(house.start("bench_many", delar=list(range(children))))
    starting = perf_counter() - begun
    many, few = Spent(), Spent()
    small: list[int] = []
    for task_id in big[: 2 * samples : 2]:
        if len(small) < 5:  # never the last of the ten, which ends the case
            small = house.tasks(house.start("bench_many", delar=list(range(10))))
        few.step(house.complete, small.pop())
        many.step(house.complete, task_id)
    return {
        "children": children,
        "cost_to_10": round(median(many.each) / median(few.each), 2),
        "ms": round(1000 * median(many.each), 2),
        "start_seconds": round(starting, 2),
    }


def deploy(house: House, elements: int = 500) -> dict[str, Any]:
    source = diagrams.large(elements)
    begun = process_time()
    files = {"large.bpmn": source, "forms/steg.json": diagrams.FORM}
    house.engine.execute(Deploy(files), actor=SYSTEM)
    return {"elements": elements, "seconds": round(process_time() - begun, 3)}


def memory(house: House, steps: int) -> dict[str, Any]:
    """Megabytes that this process holds after a tenth of the steps and after all of them."""
    house.deploy(diagrams.ladder())
    ours, held, done = Ours(house), [], 0
    for part in (steps // 10, steps - steps // 10):
        spent = Spent()
        while spent.steps < part:
            ours.play(10, spent)
            spent.each.clear()
        done += spent.steps
        gc.collect()
        held.append(_resident())
    return {"steps": done, "megabytes": [round(one, 1) for one in held], "grown": round(held[1] / held[0], 2)}


def _resident() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


# --- a full house ----------------------------------------------------------------------------------------------------


def size(empty: House, full: House, finished: int, live: int, samples: int) -> dict[str, Any]:
    """A step and an inbox page in a house with so many cases, beside those in an empty one, in turns."""
    for house in (empty, full):
        house.deploy(diagrams.ladder())
        Ours(house).play(2, Spent())
    begun = perf_counter()
    fill(full, finished, live)
    filling = perf_counter() - begun
    spent = {"step": (Spent(), Spent()), "inbox": (Spent(), Spent())}
    for house in (empty, full):
        for _ in range(45):
            house.start(PROCESS)
    for _ in range(samples):
        for place, house in enumerate((empty, full)):
            Ours(house).play(1, spent["step"][place])
            spent["inbox"][place].step(_look, house)
    ratios = {f"{name}_to_empty": round(median(b.each) / median(a.each), 2) for name, (a, b) in spent.items()}
    return {"finished": finished, "live": live, **ratios, "filling_seconds": round(filling)}


def _look(house: House) -> None:
    house.engine.ask(Inbox(ALL), actor=house.actor)


def fill(house: House, finished: int, live: int) -> None:
    """Copies of a finished case and of a live one, with all their rows, by SQL alone. Their chains do not hold."""
    database = db.create(house.url)
    with _connected(database) as connection:
        newest = sa.select(sa.func.max(case.c.id))
        done = connection.execute(newest.where(case.c.state == "completed")).scalar_one()
    open_case = house.start(PROCESS)
    try:
        for model, count in ((done, finished), (open_case, live)):
            with _connected(database) as connection:
                _copy(connection, model, count)
                connection.commit()
        with _connected(database) as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    finally:
        database.dispose()


@contextmanager
def _connected(database: sa.Engine) -> Iterator[Any]:
    with database.connect() as connection:
        yield connection


def _copy(connection: Any, model: int, count: int) -> None:
    """Case `model` so many times over: each copy has its own numbers for case and tasks, beyond all that are there."""
    numbers = (
        f"WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {count}) "  # noqa: S608
        if connection.dialect.name == "sqlite"
        else f"WITH n(k) AS (SELECT * FROM generate_series(1::bigint, {count})) "  # noqa: S608
    )
    tops: dict[str, int] = {}
    for table in ladder.TABLES:
        if "id" in table.c and table.name != "history":
            tops[table.name] = connection.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))).scalar_one()
    span: dict[str, str] = {}
    for table in (task, job):
        first, last = connection.execute(
            sa.select(sa.func.min(table.c.id), sa.func.max(table.c.id)).where(table.c.case_id == model)
        ).one()
        span[table.name] = f"{tops[table.name]} + (n.k - 1) * {last - first + 1} - {first} + 1"
    case_id = f"{tops['case']} + n.k"
    owns: dict[str, dict[str, str]] = {
        "case": {"id": case_id, "number": f"'COPY-' || {model} || '-' || n.k"},
        "case_reader": {"case_id": case_id},
        "task": {"id": f"{span['task']} + o.id", "case_id": case_id},
        "task_candidate": {"task_id": f"{span['task']} + o.task_id"},
        "job": {"id": f"{span['job']} + o.id", "case_id": case_id},
        "history": {"id": f"({case_id}) * {ROWS_PER_CASE} + o.seq", "case_id": case_id},
    }
    belongs: dict[str, str] = {"case": "o.id", "task_candidate": "(SELECT case_id FROM task WHERE id = o.task_id)"}
    for table in ladder.TABLES:
        names = [column.name for column in table.c]
        values = ", ".join(owns[table.name].get(name, f'o."{name}"') for name in names)
        listed = ", ".join(f'"{name}"' for name in names)
        connection.exec_driver_sql(
            f'INSERT INTO "{table.name}" ({listed}) {numbers} SELECT {values} FROM "{table.name}" AS o, n '  # noqa: S608
            f"WHERE {belongs.get(table.name, 'o.case_id')} = {model}"
        )
    if connection.dialect.name == "postgresql":
        for name, key in (("case", "id"), ("task", "id"), ("job", "id")):
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('\"{name}\"', '{key}'), (SELECT max(id) FROM \"{name}\"))"  # noqa: S608
            )
