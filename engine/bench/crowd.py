"""Several workers, each a process of its own, at the same work at the same time: ours, then bare SQL, in turns."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from time import perf_counter

from engine.bench.house import House
from engine.bench.ladder import STEPS, Bare, Ours, Spent


@dataclass(frozen=True, slots=True)
class Rates:
    """A second, all workers together: (ours, bare). `steps`: of each worker the time inside its steps counts, as for
    one alone. `whole`: by the clock on the wall, where a start counts as a step, and our side's question which task is
    next (bare SQL knows it) as nothing but time."""

    steps: tuple[float, float]
    whole: tuple[float, float]


def crowd(url: str, person: int, workers: int, rounds: int, cases: int) -> Rates:
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(workers + 1)
    told: Queue[tuple[float, float]] = context.Queue()
    processes = [
        context.Process(target=_work, args=(url, person, gate, told, rounds, cases), daemon=True)
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    for _ in range(2):
        gate.wait(120)  # both sides warm
    taken = [0.0, 0.0]
    for _ in range(rounds):
        for side in (0, 1):
            begun = perf_counter()
            gate.wait(600)
            taken[side] += perf_counter() - begun
    rates = [told.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(30)
    done = workers * rounds * cases * (STEPS + 1)
    steps = sum(ours for ours, _ in rates), sum(bare for _, bare in rates)
    return Rates(steps, (done / taken[0], done / taken[1]))


def _work(url: str, person: int, gate: Barrier, told: Queue[tuple[float, float]], rounds: int, cases: int) -> None:
    house = House(url, person)
    sides: tuple[Ours | Bare, ...] = (Ours(house), Bare(house))
    spent = (Spent(), Spent())
    for side in sides:
        side.play(1, Spent())
        gate.wait(120)
    for _ in range(rounds):
        for side, one in zip(sides, spent, strict=True):
            side.play(cases, one)
            gate.wait(600)
    told.put((spent[0].steps / spent[0].wall, spent[1].steps / spent[1].wall))
    house.close()
