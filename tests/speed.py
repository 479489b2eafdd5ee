"""How long things take, without a time that a busy machine could fail: a limit that is promised is held by the cheapest
of three, and everything else is measured beside the same work in small. A busy machine can only add.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import TypeVar

Answer = TypeVar("Answer")
LIMIT = 2.0
"""Seconds of the processor that any input may take."""


def taken(work: Callable[[], object], clock: Callable[[], float] = thread_time) -> float:
    """Seconds of the processor, of this thread alone, and without the collector, which is at work for others too."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        begun = clock()
        work()
        return clock() - begun
    finally:
        if was_on:
            gc.enable()


def cheapest(work: Callable[[], object], times: int = 3, wall: bool = False) -> float:
    """Seconds: of the processor, or where others do the work (a database's server), of the clock on the wall."""
    return min(taken(work, perf_counter if wall else thread_time) for _ in range(times))


def in_time(work: Callable[[], Answer], limit: float = LIMIT) -> Answer:
    """What the work gives, which takes no longer than the limit: the cheapest of three times, where the first does."""
    answers: list[Answer] = []
    seconds: list[float] = []
    while len(seconds) < 3 and not (seconds and seconds[-1] < limit):
        seconds.append(taken(lambda: answers.append(work())))
    assert min(seconds) < limit, f"{min(seconds):.2f} s"
    return answers[-1]


def growth(of: Callable[[int], Callable[[], object]], small: int, factor: int = 10, times: int = 5) -> float:
    """How much dearer work of `factor` times the size is: 10 where it grows with its size, 100 where with its square.

    `of` prepares work of a size; it is done in turns, after a first time for what is made only once."""
    works = [of(small), of(small * factor)]
    for work in works:
        work()
    pairs = [[taken(work) for work in works] for _ in range(times)]
    return min(pair[1] for pair in pairs) / min(pair[0] for pair in pairs)
