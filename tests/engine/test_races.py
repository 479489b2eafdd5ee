"""Many at once on PostgreSQL: threads with connections of their own, no order but the one the database gives."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from engine import (
    Actor,
    ClaimTask,
    CompleteTask,
    Conflict,
    FireTimer,
    HistoryOf,
    Jobs,
    LeaseJobs,
    PublishMessage,
    Refused,
    RelatedCases,
    StartCase,
    TasksOf,
    VerifyHistory,
    Worker,
    contract,
)
from engine.cases.queries import CaseSummaries
from tests.engine.house import House
from tests.engine.test_data import InStore, deploy


def at_once(deeds: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do them all at the same moment; what each gave, or what it raised."""
    outcomes: list[Any] = [None] * len(deeds)
    gate = threading.Barrier(len(deeds))

    def run(place: int) -> None:
        gate.wait()
        try:
            outcomes[place] = deeds[place]()
        except Exception as raised:
            outcomes[place] = raised

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def staff(house: House, count: int) -> list[Actor]:
    return [house.person(f"Anna {number}", "storsthlm") for number in range(count)]


def whole(house: House) -> None:
    assert house.ask(VerifyHistory()).first_bad is None


def test_two_complete_one_task_and_one_is_told_who_did(postgresql_house: House) -> None:
    house = postgresql_house
    house.deploy("arende")
    people = staff(house, 4)
    for _ in range(10):
        case = house.start()
        task = house.task(case, "granska")
        outcomes = at_once([partial(house.do, CompleteTask(task, {"beslut": "ja"}), one) for one in people])
        assert outcomes.count(case) == 1
        winner = people[outcomes.index(case)]
        losers = [outcome for outcome in outcomes if outcome != case]
        assert all(isinstance(lost, Conflict) for lost in losers), losers
        assert {lost.details["who"] for lost in losers} == {f"{winner.name} (storsthlm)"}
        assert Counter(house.kinds(case))["task:completed"] == 1
    whole(house)


def test_one_claims_and_the_rest_are_told(postgresql_house: House) -> None:
    house = postgresql_house
    house.deploy("arende")
    people = staff(house, 6)
    task = house.task(house.start(), "granska")
    outcomes = at_once([partial(house.do, ClaimTask(task), one) for one in people])
    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 5


def test_siblings_completed_at_once_lose_nothing(postgresql_house: House) -> None:
    house = postgresql_house
    house.deploy("parallellt")
    people = staff(house, 8)
    case = house.start("parallellt", parter=list("abcdefgh"))
    tasks = house.ask(TasksOf(case))
    deeds = [
        partial(house.do, CompleteTask(task.id, {"svar": str(task.instance)}), one)
        for task, one in zip(tasks, people, strict=True)
    ]
    assert at_once(deeds) == [case] * 8
    assert (house.state(case), house.variables(case)["svaren"]) == ("completed", list("01234567"))
    whole(house)


def test_a_task_completed_while_its_timer_fires_goes_one_way(postgresql_house: House) -> None:
    house = postgresql_house
    house.deploy("parallellt")
    anna = staff(house, 1)[0]
    for _ in range(5):
        case = house.start("parallellt", parter=["a"])
        task = house.task(case, "svara")
        house.clock.advance(timedelta(days=31))
        job = house.do(LeaseJobs("w"))[0]
        at_once(
            [
                partial(house.do, CompleteTask(task, {"svar": "x"}), anna),
                partial(house.do, FireTimer(job.id, job.fence)),
            ]
        )
        assert house.state(case) == "completed"
        counted = Counter(house.kinds(case))
        assert counted["task:completed"] + counted["task:cancelled"] == 1
        assert counted["case:ended"] == 1
    whole(house)


def test_a_called_case_that_ends_while_its_caller_is_interrupted(postgresql_house: House) -> None:
    house = postgresql_house
    house.deploy("anropar", "anropad")
    anna = staff(house, 1)[0]
    for _ in range(5):
        caller = house.start("anropar", fraga="?")
        called = house.ask(RelatedCases(caller))[0].id
        task = house.task(called, "svara")
        house.clock.advance(timedelta(days=6))
        job = house.do(LeaseJobs("w"))[0]
        at_once(
            [
                partial(house.do, CompleteTask(task, {"svar": "x"}), anna),
                partial(house.do, FireTimer(job.id, job.fence)),
            ]
        )
        assert (house.state(called), house.state(caller)) in {("completed", "active"), ("cancelled", "completed")}
    whole(house)


def test_one_form_sent_many_times_at_once_starts_one_case(postgresql_house: House) -> None:
    house = postgresql_house
    house.deploy("arende")
    sent = StartCase("arende", {"rubrik": "R", "omrade": "huddinge"}, once="ett formulär")
    outcomes = at_once([partial(house.do, sent)] * 6)
    assert {one.id for one in house.ask(CaseSummaries("arende"))} == set(outcomes)
    assert len(set(outcomes)) == 1
    whole(house)


def test_R19_one_of_many_starts_wins(postgresql_house: House) -> None:
    house = postgresql_house
    house.deploy("arende")
    data = {"rubrik": "R", "omrade": "huddinge"}
    outcomes = at_once([partial(house.do, StartCase("arende", data, business_key="2026-Q1"))] * 6)
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 5
    more = at_once([partial(house.do, StartCase("arende", data))] * 6)
    assert all(isinstance(outcome, int) for outcome in more)
    numbers = sorted(one.number for one in house.ask(CaseSummaries("arende")))
    assert numbers == [f"PS-2026-{number:04d}" for number in range(1, 8)]


def test_a_message_and_the_one_who_begins_to_wait_never_miss_each_other(postgresql_house: House) -> None:
    house = postgresql_house
    house.deploy("vantar")
    for number in range(15):
        key = f"K{number}"
        outcomes = at_once([
            partial(house.do, PublishMessage("svar", key, {"text": key})),
            partial(house.do, StartCase("vantar", {"nyckel": key})),
        ])  # fmt: skip
        assert not any(isinstance(outcome, Exception) for outcome in outcomes), outcomes
        house.work()
        assert house.variables(outcomes[1])["text"] == key


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    calls: Counter[int] = Counter()
    lock = threading.Lock()

    def handle(call: contract.Call) -> dict[str, int]:
        with lock:
            calls[call.case_id] += 1
        return {"n": call.case_id}

    monkeypatch.setattr(contract, "_handlers", {"test.tjanst": handle})
    return calls


def test_four_workers_share_300_jobs_and_do_each_once(postgresql_house: House, counted: Counter[int]) -> None:
    house = postgresql_house
    house.deploy("tjanst", "arende")
    services = [house.start("tjanst") for _ in range(150)]
    timers = [house.start() for _ in range(150)]
    house.clock.advance(timedelta(days=10))
    houses = [House(house.url, house.clock.now()) for _ in range(4)]
    done = at_once([Worker(one.engine, f"worker-{place}").run_until_idle for place, one in enumerate(houses)])
    assert sum(done) == 300, done
    assert counted == Counter(services)
    for case in services:
        assert Counter(house.kinds(case))["service:finished"] == 1
    for case in timers:
        assert Counter(house.kinds(case))["timer:fired"] == 1
    assert house.ask(Jobs()) == []
    whole(house)
    for one in houses:
        one.engine.close()


def test_workers_and_people_at_once_leave_a_whole_history(postgresql_house: House, counted: Counter[int]) -> None:
    house = postgresql_house
    house.deploy("arende")
    people = staff(house, 3)
    cases = [house.start() for _ in range(30)]
    house.clock.advance(timedelta(days=10))
    other = House(house.url, house.clock.now())
    tasks = [house.task(case, "granska") for case in cases]

    def complete(actor: Actor) -> int:
        won = 0
        for task in tasks:
            try:
                house.do(CompleteTask(task, {"beslut": "ja"}), actor)
                won += 1
            except Refused:
                pass
        return won

    won = at_once([*(partial(complete, one) for one in people), other.worker.run_until_idle])
    assert sum(won[:3]) == 30
    for case in cases:
        kinds = Counter(row.kind for row in house.ask(HistoryOf(case)))
        assert kinds["timer:fired"] + kinds["timer:cancelled"] == 1
    whole(house)
    other.engine.close()


def test_cases_that_add_to_one_data_store_lose_nothing(postgresql_house: House) -> None:
    """From its first value on: the store is not there yet when they all begin."""
    house = postgresql_house
    deploy(house, "data_store", "adds")
    names = [f"nr {number}" for number in range(12)]
    outcomes = at_once([partial(house.do, StartCase("adds", {"namn": name})) for name in names])
    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    ((_, found, writes, _),) = house.ask(InStore())
    assert sorted(found) == sorted([*names, *["sist"] * 12])
    assert [one for one in found if one != "sist"] == found[::2], "each case adds its two together"
    assert writes == 12
    whole(house)
