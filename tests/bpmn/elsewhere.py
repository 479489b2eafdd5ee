"""Plays single steps for a test, each in an operating-system process of its own that knows only what it is sent.

    {"source": a diagram, "state": a state, "now": "…", "kind": "trigger", "wait": 7, "activity": "", "stores": {}}

comes in as a line, {"state": the state after it, "told": its changes, "process": its number} goes out. A child is
forked for each line, from a process that has loaded the engine and the schema of BPMN, but no diagram and no state.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.bpmn.changes import ABSENT, Change
from engine.bpmn.machine import Environment, begin_activity, complete, end, trigger
from engine.bpmn.read import read
from tests.bpmn.builder import FILES
from tests.bpmn.written import HEAD

ACTS: dict[str, Any] = {"complete": complete, "trigger": trigger}


def told(changes: Iterable[Change]) -> Any:
    """Changes as JSON."""
    named = [[type(one).__name__, {part.name: getattr(one, part.name) for part in fields(one)}] for one in changes]
    return json.loads(json.dumps(named, default=lambda value: "absent" if value is ABSENT else str(value)))


def play(line: str) -> str:
    asked = json.loads(line)
    (graph,) = read(asked["source"].encode(), name="p.bpmn").graphs
    env = Environment(datetime.fromisoformat(asked["now"]), files=FILES, stores=asked["stores"])
    state, wait = asked["state"], asked["wait"]
    if asked["kind"] in ACTS:
        step = ACTS[asked["kind"]](graph, state, env, wait, {})
    elif asked["kind"] == "begin":
        step = begin_activity(graph, state, env, wait, asked["activity"])
    else:
        step = end(graph, state, env, wait)
    return json.dumps({"state": step.state, "told": told(step.changes), "process": os.getpid()})


class Elsewhere:
    """The other end, for a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bpmn.elsewhere"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def play(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate()


def main() -> None:
    read(HEAD.encode() + b"</definitions>", name="p.bpmn")
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if not child:
            sys.stdout.write(play(line) + "\n")
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
