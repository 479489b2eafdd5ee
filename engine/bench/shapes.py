"""What must not grow: a loop's state, the cost of one among many, of a long day."""

from __future__ import annotations

import gc
from pathlib import Path
from statistics import mean, median
from time import perf_counter, process_time
from typing import Any

from engine import db
from engine.bench import diagrams, ladder
from engine.bench.house import MORNING, SYSTEM, House
from engine.bench.ladder import PROCESS, Ours, Spent
from engine.bpmn import machine
from engine.bpmn.machine import Environment
from engine.definitions.commands import Deploy
from engine.engine import Read
from engine.settings.functions import functions


def machine_cost(house: House) -> dict[str, float]:
    """Milliseconds of the processor for a step without SQL: state out of its text, machine, state into its text.

    `machine_ms` as they are, `machine_ms_at_pace` as they would be in a quick spell: the yardstick beside each step
    tells how quick the processor is just now.
    """
    cases = [house.start(PROCESS) for _ in range(40)]
    found = [house.engine.ask(_Stored(case_id), actor=SYSTEM) for case_id in cases]
    env = Environment(MORNING, functions(MORNING, {}))
    costs: list[list[float]] = [[] for _ in range(ladder.STEPS)]
    paces: list[float] = []
    for graph, text in found:
        for step in costs:
            begun = process_time()
            state = db.loads(text)
            wait = next(int(number) for number, run in state["runs"].items() if run.get("open") == "task")
            text = db.dumps(machine.complete(graph, state, env, wait, diagrams.ANSWER).state, is_finite=True)
            step.append(process_time() - begun)
            paces.append(_yardstick())
    taken = 1000 * mean(map(min, costs))  # what others do on the machine can only add
    return {"machine_ms": round(taken, 3), "machine_ms_at_pace": round(taken * YARDSTICK_MS / (1000 * min(paces)), 3)}


YARDSTICK_MS = 0.126
"""What the yardstick takes on this project's hardware in a quick spell; in slow ones it takes more than twice that."""


def _yardstick() -> float:
    """Seconds of the processor for a fixed amount of what a machine is made of: calls, dictionaries, texts."""
    runs: dict[str, dict[str, int]] = {}
    begun = process_time()
    for number in range(300):
        _note(runs, number)
    return process_time() - begun


def _note(runs: dict[str, dict[str, int]], number: int) -> None:
    run = runs.setdefault(str(number % 17), {})
    run["live"] = run.get("live", 0) + 1
    if len(run) > 1:
        run.pop("last")
    run["last"] = number


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
