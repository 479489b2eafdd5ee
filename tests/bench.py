"""`trappa bench` with a PostgreSQL of its own: what `make bench` and `make bench-short` run.

With `--readme` every part is measured, and the table of README's Figures is written from what came out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from engine.bench import PARTS, Plan, run
from engine.bench.tell import GOALS, flat
from tests.database import postgresql
from tests.documents import README
from web.cli import main

ROWS: Mapping[str, tuple[str, ...]] = {
    "a step beside bare SQL (Core), SQLite NORMAL": ("ratio_to_bare_sql.sqlite",),
    "the same, SQLite FULL": ("ratio_to_bare_sql.sqlite_full",),
    "the same, PostgreSQL": ("ratio_to_bare_sql.postgresql",),
    "2 workers at once, a step beside bare SQL with as many, SQLite; PostgreSQL": (
        "ladder.sqlite.workers_2.ratio_to_bare_sql",
        "ladder.postgresql.workers_2.ratio_to_bare_sql",
    ),
    "4 workers at once, likewise": (
        "ladder.sqlite.workers_4.ratio_to_bare_sql",
        "ladder.postgresql.workers_4.ratio_to_bare_sql",
    ),
    "a step, ms: SQLite NORMAL, FULL, PostgreSQL": (
        "ladder.sqlite.ms.ours",
        "ladder.sqlite_full.ms.ours",
        "ladder.postgresql.ms.ours",
    ),
    "the machine alone, state read and written as text, ms: at a quick pace of the processor; as it was": (
        "ladder.sqlite.machine_ms_at_pace",
        "ladder.sqlite.machine_ms",
    ),
    "times as fast as SpiffWorkflow's own run-time (which writes one row), SQLite NORMAL": (
        "ladder.sqlite.ratio_to_spiffworkflow",
    ),
    "the same beside SpiffWorkflow, PostgreSQL": ("ladder.postgresql.ratio_to_spiffworkflow",),
    "bare SQL with our rows, times as fast as SpiffWorkflow, SQLite NORMAL; PostgreSQL": (
        "ladder.sqlite.bare_to_spiffworkflow",
        "ladder.postgresql.bare_to_spiffworkflow",
    ),
    "turn 10,000 of a loop beside a first one": ("loop.last_to_first",),
    "one of 5,000 parallel children beside one of 10": ("multi.cost_to_10",),
    "500 elements read, checked and deployed, s": ("deploy.seconds",),
    "1,000,000 finished and 100,000 live cases: a step beside one in an empty house, SQLite; PostgreSQL": (
        "size.sqlite.step_to_empty",
        "size.postgresql.step_to_empty",
    ),
    "the same: the dearest inbox page": ("size.sqlite.inbox_to_empty", "size.postgresql.inbox_to_empty"),
    "a worker's memory after 100,000 steps beside that before": ("memory.grown",),
}
"""What README tells, and the figures it is told by; one that is measured on one database only stands alone."""


def table(told: Mapping[str, Any]) -> str:
    found = dict(flat(told))
    lines = ["| What | Goal | Measured |", "|---|---|---|"]
    lines += [f"| {what} | {_goal(names)} | {_values(names, found)} |" for what, names in ROWS.items()]
    return "\n".join(lines)


def _goal(names: tuple[str, ...]) -> str:
    goal, at_least = GOALS.get(names[0], (None, False))
    return "" if goal is None else f"{'≥' if at_least else '≤'} {goal:g}"


def _values(names: tuple[str, ...], found: Mapping[str, Any]) -> str:
    return "; ".join(_told(name, found) for name in names if name in found) or "not measured"


def _told(name: str, found: Mapping[str, Any]) -> str:
    goal, at_least = GOALS.get(name, (None, False))
    value = found[name]
    is_missed = goal is not None and (value < goal if at_least else value > goal)
    return f"{value}: **not reached**" if is_missed else str(value)


def _write(told: Mapping[str, Any]) -> None:
    text = README.read_text()
    block = f"<!-- figures -->\n{table(told)}\n<!-- /figures -->"
    README.write_text(re.sub("<!-- figures -->.*<!-- /figures -->", lambda _: block, text, flags=re.DOTALL))


if __name__ == "__main__":
    with postgresql() as server:
        if sys.argv[1:2] == ["--readme"]:
            measured = run(Plan(tuple(sys.argv[2:]) or PARTS, server.url))
            print(json.dumps(measured, indent=1))
            _write(measured)
            raise SystemExit(0)
        raise SystemExit(main(["bench", "--postgresql", server.url, *sys.argv[1:]]))
