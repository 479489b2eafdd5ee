"""kill -9 in the middle of work: what was acknowledged is there exactly once, what was not is done by the next."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from engine import HistoryOf, Incidents, Jobs, TasksOf, VerifyHistory, contract
from engine.calendar import iso
from tests.engine.house import House

ROUNDS = int(os.environ.get("TRAPPA_TEST_KILLS", "3"))


def test_a_worker_killed_at_any_moment_loses_and_doubles_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "_handlers", {"test.tjanst": lambda call: {"svar": call.case_number}})
    house.deploy("tjanst")
    hanna = house.person("Hanna", "hsf")
    cases = [house.start("tjanst") for _ in range(10 * ROUNDS)]
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    acknowledged: list[str] = []
    for _ in range(ROUNDS):
        acknowledged += _live_and_die(house, hanna.person_id or 0, chance.randrange(1, 20))
        house.clock.advance(timedelta(seconds=31))
    house.work()
    for case in cases:
        for task in house.ask(TasksOf(case)):
            house.complete(case, task.element, hanna)
    done = Counter(row.kind for case in cases for row in house.ask(HistoryOf(case)))
    assert {house.state(case) for case in cases} == {"completed"}
    assert [done[kind] for kind in ("service:finished", "task:completed", "case:ended")] == [len(cases)] * 3
    assert len(acknowledged) == len(set(acknowledged))
    assert acknowledged
    assert house.ask(Jobs()) == []
    assert house.ask(Incidents()) == []
    assert house.ask(VerifyHistory()).first_bad is None


def _live_and_die(house: House, person: int, after: int) -> list[str]:
    """Let a victim work until it has told of so many deeds; what it told of was acknowledged."""
    command = [sys.executable, "-m", "tests.engine.victim", house.url, iso(house.clock.now()), str(person)]
    root = Path(__file__).parents[2]
    victim = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
    told: list[str] = []
    assert victim.stdout is not None
    with victim.stdout:
        assert victim.stdout.readline() == "ready\n"
        for _ in range(after):
            told.append(victim.stdout.readline())
        victim.send_signal(signal.SIGKILL)
        told += [line for line in victim.stdout if line.endswith("\n")]
    victim.wait()
    assert victim.returncode == -signal.SIGKILL
    return told
