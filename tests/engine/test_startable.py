"""The inbox of ad-hoc work: what each may begin, as the case's page says it, without a look into the case."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import (
    BeginActivity,
    CancelCase,
    CompleteTask,
    Conflict,
    EndAdHoc,
    NotFound,
    ResumeCase,
    StartCase,
    SuspendCase,
    TasksOf,
)
from engine.cases import runs
from engine.cases.tables import case as case_table
from engine.runtime.inbox import STARTABLE, InboxCounts, Search
from engine.runtime.startable import Startable, StartablePage
from engine.runtime.views import CasePage, Cases
from tests.engine.house import House

WHO = ("Sara", "Hans", "Vera", "Ada", "Rut")


@pytest.fixture
def house(house: House) -> House:
    house.deploy("fritt")
    furnish(house)
    return house


def furnish(house: House) -> None:
    for name, role in zip(WHO, ("storsthlm", "hsf", "vis", "admin", "revisor"), strict=True):
        house.person(name, role)


def listed(house: House, who: str, **asked: Any) -> list[tuple[str, tuple[str, ...]]]:
    """(number, activities) of what somebody's inbox offers; its count says as many."""
    page: StartablePage = house.ask(Startable(**asked), house.person(who))
    if not asked:
        assert house.ask(InboxCounts(), house.person(who))[STARTABLE] == len(page.rows)
    return [(row.number, row.activities) for row in page.rows]


def shown(house: House, cases: list[int], who: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """(case, wait, activities) by the pages of the cases, which ask the machine."""
    found = []
    for case in cases:
        try:
            page = house.ask(CasePage(case), house.person(who))
        except NotFound:
            continue
        found += [
            (case, work.wait, tuple(sorted(name for _, name in work.activities)))
            for work in page.open_work
            if work.activities
        ]
    return sorted(found)


def agree(house: House, *cases: int) -> None:
    for who in WHO:
        rows = house.ask(Startable(limit=500), house.person(who)).rows
        offered = sorted((row.case_id, row.wait, tuple(sorted(row.activities))) for row in rows)
        assert offered == shown(house, list(cases), who), who


def test_each_finds_what_they_may_begin(house: House) -> None:
    case = house.start("fritt", antal=0)
    assert listed(house, "Sara") == [("TT-2026-0001", ("Fråga regionen", "Räkna"))]
    assert listed(house, "Hans") == [("TT-2026-0001", ("Fråga regionen",))]
    assert listed(house, "Vera") == listed(house, "Ada") == listed(house, "Rut") == []
    row = house.ask(Startable("hsf"), house.person("Hans")).rows[0]
    assert (row.name, row.case_id, row.wait, row.since) == ("Utredning", case, 1, house.clock.now())
    assert str(row.why) == "hsf"
    assert house.ask(Startable()).rows == (), "the house itself has no inbox"
    with pytest.raises(NotFound):
        house.ask(Startable("hsf"), house.person("Sara"))
    agree(house, case)


def test_it_follows_the_steps(house: House) -> None:
    begun = house.clock.now()
    case = house.start("fritt", antal=0)
    house.clock.advance(timedelta(hours=1))
    house.do(BeginActivity(case, 1, "fraga"), house.person("Hans"))
    house.do(CompleteTask(house.ask(TasksOf(case))[0].id, {}), house.person("Hans"))
    assert listed(house, "Sara")[0][1] == ("Fråga regionen", "Sammanställ", "Räkna"), "the flow has enabled it"
    assert house.ask(Startable(), house.person("Sara")).rows[0].since == begun
    agree(house, case)
    house.do(SuspendCase(case, "Paus"), house.person("Ada"))
    assert listed(house, "Sara") == []
    agree(house, case)
    house.do(ResumeCase(case), house.person("Ada"))
    assert len(listed(house, "Sara")) == 1
    house.do(EndAdHoc(case, 1), house.person("Sara"))
    assert listed(house, "Sara") == listed(house, "Hans") == []
    assert offers(house) == 0
    other = house.start("fritt", antal=0)
    house.do(CancelCase(other, "Fel"), house.person("Ada"))
    assert offers(house) == 0


def offers(house: House) -> int:
    with house.engine._database.connect() as connection:
        return int(connection.execute(sa.text("SELECT COUNT(*) FROM offer")).scalar_one())


def test_one_at_a_time_offers_nothing_meanwhile(house: House) -> None:
    house.deploy("fritt", change={"fritt.bpmn": ('name="Utredning"', 'name="Utredning" ordering="Sequential"')})
    case = house.start("fritt", antal=0)
    house.clock.advance(timedelta(hours=1))
    house.do(BeginActivity(case, 1, "fraga"), house.person("Hans"))
    assert listed(house, "Sara") == listed(house, "Hans") == []
    agree(house, case)
    house.do(CompleteTask(house.ask(TasksOf(case))[0].id, {}), house.person("Hans"))
    assert len(listed(house, "Sara")) == 1
    assert house.ask(Startable(), house.person("Sara")).rows[0].since == house.clock.now(), "since it may be again"
    agree(house, case)


def test_who_comes_in_later_finds_the_case_too(house: House) -> None:
    old = '<userTask id="sammanstall" name="Sammanställ" camunda:candidateGroups="storsthlm" />'
    house.deploy("fritt", change={"fritt.bpmn": (old, old.replace("storsthlm", "${vem}"))})
    case = house.start("fritt", antal=0, vem="vis")
    with pytest.raises(NotFound):
        house.ask(CasePage(case), house.person("Vera"))
    house.do(BeginActivity(case, 1, "fraga"), house.person("Hans"))
    house.do(CompleteTask(house.ask(TasksOf(case))[0].id, {}), house.person("Hans"))
    assert listed(house, "Vera") == [("TT-2026-0001", ("Sammanställ",))]
    agree(house, case)
    house.do(BeginActivity(case, 1, "sammanstall"), house.person("Vera"))
    assert listed(house, "Vera") == []


def test_what_is_for_one_person_is_in_their_inbox_alone(house: House) -> None:
    house.deploy("fritt", change={"fritt.bpmn": ('candidateGroups="hsf"', 'assignee="vera"')})
    case = house.start("fritt", antal=0)
    assert listed(house, "Hans") == []
    assert listed(house, "Vera") == listed(house, "Vera", place="all") == [("TT-2026-0001", ("Fråga regionen",))]
    assert listed(house, "Vera", place="vis") == [], "by name, not by role"
    assert house.ask(Startable(), house.person("Vera")).rows[0].why is None
    assert [row.id for row in house.ask(Cases(), house.person("Vera")).rows] == [case]
    agree(house, case)
    house.do(BeginActivity(case, 1, "fraga"), house.person("Vera"))
    assert [task.assignee for task in house.ask(TasksOf(case))] == [house.people["Vera"]]


def test_a_role_cannot_pass_for_a_person(house: House) -> None:
    number = house.people["Vera"]
    house.deploy("fritt", change={"fritt.bpmn": ('candidateGroups="hsf"', f'candidateGroups="hsf,:{number}"')})
    house.start("fritt", antal=0)
    assert listed(house, "Vera") == []


def test_R3_what_is_sealed_to_another_is_not_offered(house: House) -> None:
    case = house.start("fritt", antal=0)
    with house.engine._database.begin() as connection:
        connection.execute(case_table.update().values(sealed_to=house.people["Hans"]))
    assert listed(house, "Sara") == []
    assert len(listed(house, "Hans")) == 1
    agree(house, case)


def test_pages_and_search(house: House) -> None:
    for number in range(7):
        house.clock.advance(timedelta(minutes=number % 2))
        house.start("fritt", antal=number)
    seen: list[int] = []
    after: str | None = None
    while True:
        page = house.ask(Startable(after=after, limit=3), house.person("Sara"))
        seen += [row.case_id for row in page.rows]
        after = page.next_key
        if after is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert listed(house, "Sara", search=Search(text="TT-2026-0003")) == [("TT-2026-0003", ("Fråga regionen", "Räkna"))]
    for search, count in (
        (Search(text="utredn"), 7),
        (Search(text="finns inte"), 0),
        (Search(text="%"), 0),
        (Search(process="fritt"), 7),
        (Search(process="annan"), 0),
        (Search(party="nacka"), 0),
        (Search(late=True), 0),
        (Search(held="taken"), 0),
        (Search(held="free"), 7),
    ):
        assert len(listed(house, "Sara", search=search)) == count, search
    for nonsense in ("", "-", "1", "9" * 17 + ".1.1", "²", "x.y.z"):
        assert len(listed(house, "Sara", after=nonsense)) in (0, 7)


def test_it_agrees_with_the_pages_whatever_happens(house: House) -> None:
    numbers = random.Random(11)
    cases = [house.start("fritt", antal=number) for number in range(3)]
    for _ in range(40):
        case, who = numbers.choice(cases), house.person(numbers.choice(("Sara", "Hans")))
        tasks = house.ask(TasksOf(case))
        acts: list[Any] = [BeginActivity(case, 1, element) for element in ("fraga", "rakna", "sammanstall")] * 4
        acts += [CompleteTask(task.id, {}) for task in tasks] * 3
        acts.append(EndAdHoc(case, 1))
        try:
            house.do(numbers.choice(acts), who)
        except (Conflict, NotFound):
            continue
        agree(house, *cases)


def test_a_big_case_is_followed_where_it_is_touched(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "APART", 3)
    monkeypatch.setattr(runs, "FEW", 1)
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>6</loopCardinality></multiInstanceLoopCharacteristics>"
    lanes = '<laneSet id="inre_banor">'
    house.deploy("fritt", change={"fritt.bpmn": (lanes, loop + lanes)})
    case = house.do(StartCase("fritt", {"antal": 0}))
    assert len(listed(house, "Sara")) == 6
    waits = [row.wait for row in house.ask(Startable(), house.person("Sara")).rows]
    house.do(BeginActivity(case, waits[2], "fraga"), house.person("Hans"))
    house.do(CompleteTask(house.ask(TasksOf(case))[0].id, {}), house.person("Hans"))
    agree(house, case)
    house.do(EndAdHoc(case, waits[2]), house.person("Sara"))
    assert len(listed(house, "Sara")) == 5
    agree(house, case)


def test_the_steps_of_other_processes_ask_for_nothing(house: House) -> None:
    from tests.web.conftest import statements

    house.deploy("arende")
    with statements() as seen:
        house.start("arende")
    assert not [text for text in seen if "offer" in text]
