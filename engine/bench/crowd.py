"""Several workers, each a process of its own, at the same work at the same time: ours, then bare SQL, in turns."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier
from time import perf_counter

from engine.bench.house import House
from engine.bench.ladder import STEPS, Bare, Ours, Spent


def crowd(url: str, person: int, workers: int, rounds: int, cases: int) -> tuple[float, float]:
    """Steps a second, all workers together: ours, and bare."""
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(workers + 1)
    processes = [
        context.Process(target=_work, args=(url, person, gate, rounds, cases), daemon=True) for _ in range(workers)
    ]
    for process in processes:
        process.start()
    taken = [0.0, 0.0]
    gate.wait(120)
    for _ in range(rounds):
        for side in (0, 1):
            begun = perf_counter()
            gate.wait(600)
            taken[side] += perf_counter() - begun
    for process in processes:
        process.join(30)
    steps = workers * rounds * cases * (STEPS + 1)  # a start counts as one here
    return steps / taken[0], steps / taken[1]


def _work(url: str, person: int, gate: Barrier, rounds: int, cases: int) -> None:
    house = House(url, person)
    sides = (Ours(house), Bare(house))
    for side in sides:
        side.play(1, Spent())
    gate.wait(120)
    for _ in range(rounds):
        for side in sides:
            side.play(cases, Spent())
            gate.wait(600)
    house.close()
