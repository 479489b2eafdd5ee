"""What is measured on which database. Everything is a ratio of two things done in turns, so that noise hits both."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from engine.bench import diagrams, house, shapes, size
from engine.bench.crowd import crowd
from engine.bench.house import House
from engine.bench.ladder import Bare, Ours, Spent, counts
from engine.bench.peer import Peer

PARTS = ("ladder", "loop", "multi", "deploy", "size", "memory")
USUAL = ("ladder", "loop", "multi", "deploy")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `postgresql`: the address of a server on which databases may be made; None: leave it out.

    `short` takes samples that are good enough to tell half of a goal from the goal.
    """

    parts: tuple[str, ...] = USUAL
    postgresql: str | None = None
    short: bool = False


Databases = dict[str, Any]


def run(plan: Plan) -> dict[str, Any]:
    """The figures, as plain JSON. Ratios over 1 mean that ours is faster, but for those called `…_to_…`."""
    told: dict[str, Any] = {"machine": machine()}
    databases: dict[str, Any] = {
        "sqlite": partial(house.sqlite, "normal"),
        "sqlite_full": partial(house.sqlite, "full"),
    }
    if plan.postgresql:
        databases["postgresql"] = partial(house.postgresql, plan.postgresql)
    for part in plan.parts:
        _MEASURE[part](plan, databases, told)
    return told


def machine() -> dict[str, Any]:
    return {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}


@contextmanager
def _house(database: Any, *diagram: bytes) -> Iterator[House]:
    with database() as url:
        one = House(url)
        try:
            for source in diagram:
                one.deploy(source)
            yield one
        finally:
            one.close()


# --- the ladder ------------------------------------------------------------------------------------------------------


def _ladder(plan: Plan, databases: Databases, told: dict[str, Any]) -> None:
    told["ratio_to_bare_sql"], told["ladder"] = {}, {}
    rounds = 15 if plan.short else 80
    for name, database in databases.items():
        with _house(database, diagrams.ladder()) as one:
            # First: where SpiffWorkflow has played, the process holds its leavings, which slow the machine down.
            alone = shapes.machine_cost(one) if name == "sqlite" else {}
            measured = _side_by_side(one, rounds) | alone
            if not plan.short:
                for workers in (2, 4):
                    rates = crowd(one.url, one.person, workers, rounds=4, cases=15)
                    measured[f"workers_{workers}"] = {
                        "steps_a_second": round(rates.steps[0]),
                        "ratio_to_bare_sql": round(rates.steps[0] / rates.steps[1], 2),
                        "ratio_with_starts": round(rates.whole[0] / rates.whole[1], 2),
                    }
        told["ratio_to_bare_sql"][name] = measured.pop("ratio")
        told["ladder"][name] = measured


def _side_by_side(one: House, rounds: int, cases: int = 2) -> dict[str, Any]:
    """Ours, bare SQL and the peer take turns of a few cases; the medians of their steps are compared.

    `ratio_of_cpu` compares what this process computed: on a busy machine it tells more than the clock on the wall.
    """
    ours, bare, peer = Ours(one), Bare(one), Peer(one.url)
    spent = {"ours": Spent(), "bare": Spent(), "peer": Spent()}
    for side in (ours, bare, peer):
        side.play(cases, Spent())
    left = [_left(bare, side, cases) for side in (ours, bare)]
    for turn in range(rounds):
        for name, side in (("ours", ours), ("bare", bare)) if turn % 2 else (("bare", bare), ("ours", ours)):
            side.play(cases, spent[name])
        if turn % 5 == 0:
            peer.play(1, spent["peer"])
    ended = peer.ended()
    bare.close()
    peer.close()
    medians = {name: median(one.each) for name, one in spent.items()}
    return {
        "ratio": round(medians["bare"] / medians["ours"], 2),
        "ratio_of_cpu": round((spent["bare"].cpu / spent["bare"].steps) / (spent["ours"].cpu / spent["ours"].steps), 2),
        "same_rows": left[0] == left[1],
        "steps": spent["ours"].steps,
        "ms": {name: round(1000 * value, 3) for name, value in medians.items()},
        "steps_a_second": {name: round(one.steps / one.wall) for name, one in spent.items()},
        "cpu_ms": {name: round(1000 * one.cpu / one.steps, 3) for name, one in spent.items()},
        "ratio_to_spiffworkflow": round(medians["peer"] / medians["ours"], 1) if ended else None,
        "bare_to_spiffworkflow": round(medians["peer"] / medians["bare"], 1) if ended else None,
    }


def _left(bare: Bare, side: Ours | Bare, cases: int) -> dict[str, int]:
    """How many rows a side leaves behind."""
    before = counts(bare.database)
    side.play(cases, Spent())
    after = counts(bare.database)
    return {table: after[table] - before[table] for table in before}


# --- the others ------------------------------------------------------------------------------------------------------


def _loop(plan: Plan, databases: Databases, told: dict[str, Any]) -> None:
    turns = 1000 if plan.short else 10_000
    with _house(databases["sqlite"]) as one:
        told["loop"] = shapes.loop(one, turns, samples=100 if plan.short else 300)


def _multi(plan: Plan, databases: Databases, told: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    for name in ("sqlite", "postgresql"):
        if name in databases:
            with _house(databases[name]) as one:
                found[name] = shapes.multi(one, 5000, samples=60 if plan.short else 300)
    worst = max(found.values(), key=lambda one: float(one["cost_to_10"]))
    told["multi"] = {"children": worst["children"], "cost_to_10": worst["cost_to_10"], **found}


def _deploy(plan: Plan, databases: Databases, told: dict[str, Any]) -> None:
    with _house(databases["sqlite"]) as one:
        told["deploy"] = shapes.deploy(one)


def _size(plan: Plan, databases: Databases, told: dict[str, Any]) -> None:
    told["size"] = {}
    finished, live = (20_000, 2_000) if plan.short else (1_000_000, 100_000)
    for name in ("sqlite", "postgresql"):
        if name in databases:
            with ExitStack() as both:
                empty, full = (both.enter_context(_house(databases[name])) for _ in range(2))
                told["size"][name] = size.size(empty, full, finished, live, samples=20 if plan.short else 60)


def _memory(plan: Plan, databases: Databases, told: dict[str, Any]) -> None:
    with _house(databases["sqlite"]) as one:
        told["memory"] = shapes.memory(one, 10_000 if plan.short else 100_000)


_MEASURE = {
    "ladder": _ladder,
    "loop": _loop,
    "multi": _multi,
    "deploy": _deploy,
    "size": _size,
    "memory": _memory,
}
