"""The worker as a loop: woken by a commit, stopped at once, deterred by nothing, never holding more than it can do."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import Jobs, Worker, contract
from engine import worker as room
from engine.engine import Read
from engine.runtime import leases
from tests.engine.house import House


@contextmanager
def running(worker: Worker) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=20)
        assert not thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[contract.Call], Any]]:
    found: dict[str, Callable[[contract.Call], Any]] = {"test.tjanst": lambda call: None}
    monkeypatch.setattr(contract, "_handlers", found)
    return found


def test_work_that_a_commit_leaves_is_done_at_once_and_stopping_stops(house: House, answers) -> None:
    house.deploy("tjanst")
    with running(house.worker):
        case = house.start("tjanst")
        until(lambda: house.elements(case) == ["se"])


def test_a_worker_whose_database_is_away_goes_on_when_it_is_back(house: House, answers, monkeypatch, caplog) -> None:
    house.deploy("tjanst")
    real, troubles = house.worker.run_once, [ConnectionError("away"), ConnectionError("away")]

    def run_once() -> int:
        if troubles:
            raise troubles.pop()
        return real()

    monkeypatch.setattr(house.worker, "run_once", run_once)
    with running(house.worker):
        case = house.start("tjanst")
        until(lambda: house.elements(case) == ["se"])
    assert "The worker could not go on" in caplog.text


def test_slow_work_gives_back_what_would_outlive_its_lease(house: House, answers, monkeypatch) -> None:
    house.deploy("tjanst")
    for _ in range(4):
        house.start("tjanst")
    monkeypatch.setattr(room, "LEASE_SECONDS", 0.2)
    answers["test.tjanst"] = lambda call: time.sleep(0.15)
    assert house.worker.run_once() == 1
    waiting = [(job.state, job.attempts) for job in house.ask(Jobs())]
    assert waiting == [("waiting", 0)] * 3
    assert house.work() == 3


def test_a_topic_without_a_handler_waits_for_one(house: House, answers) -> None:
    house.deploy("tjanst")
    case = house.start("tjanst")
    handler = answers.pop("test.tjanst")
    house.work()
    assert [(job.state, job.last_error) for job in house.ask(Jobs())] == [
        ("waiting", "Ingen tjänst tar hand om test.tjanst.")
    ]
    answers["test.tjanst"] = handler
    house.wait(minutes=1)
    assert house.elements(case) == ["se"]


def test_mails_wait_where_there_is_no_mailer(house: House, answers) -> None:
    answers["test.tjanst"] = lambda call: contract.Result({}, (contract.Mail("a@example.org", "Hej", "Hej"),))
    house.deploy("tjanst")
    house.start("tjanst")
    Worker(house.engine, "mute").run_until_idle()
    assert [(job.kind, job.last_error) for job in house.ask(Jobs())] == [("mail", "Ingen e-postserver är inställd.")]
    house.wait(minutes=5)
    assert len(house.outbox.sent) == 1


def test_a_year_passes_from_due_time_to_due_time(house: House, answers) -> None:
    house.deploy("arende")
    house.start()
    began = house.clock.now()
    seen = []

    def move(to: datetime) -> None:
        seen.append(to)
        house.clock.set(to)

    house.worker.live_until(began + timedelta(days=100), move)
    assert [moment - began for moment in seen] == [timedelta(days=10), timedelta(days=100)]


def test_leasing_looks_at_due_jobs_only(postgresql_house: House) -> None:
    """A million jobs done and a hundred thousand timers to come must not slow the tick."""

    class Plan:
        def run(self, read: Read) -> str:
            connection = read.connection
            values = {"now": read.now, "at_most": 20, "owner": "x", "until": read.now}
            statement = leases._LEASE.compile(connection.engine, compile_kwargs={"render_postcompile": True})
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", {**statement.params, **values})
            return "\n".join(row[0] for row in rows)

    assert "ix_job_due_at" in postgresql_house.ask(Plan())
    indexes = {"ix_job_due_at", "ix_job_lease_until"}

    class Partial:
        def run(self, read: Read) -> set[str]:
            found = read.connection.execute(
                sa.text("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'job'")
            )
            return {row[0] for row in found if "WHERE" in row[1]}

    assert indexes <= postgresql_house.ask(Partial())
