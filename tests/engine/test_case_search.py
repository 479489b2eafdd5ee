"""What a search in the list of cases finds: live and finished ones, however old, and only what the reader may see."""

from __future__ import annotations

from threading import Thread

import pytest
import sqlalchemy as sa

from engine import Actor, CompleteTask, Worker
from engine.runtime.inbox import Inbox, Search
from engine.runtime.views import CaseList, Cases
from tests.engine.house import House

ROLE = "storsthlm"


@pytest.fixture
def byter(house: House) -> House:
    house.deploy("byter")
    return house


def start(house: House, title: str) -> int:
    return house.start("byter", rubrik=title, part="huddinge", omrade="huddinge")


def end(house: House, *cases: int) -> None:
    for case_id in cases:
        for element in ("yttra", "flytta"):
            house.do(CompleteTask(house.task(case_id, element), {}), official(house))


def official(house: House) -> Actor:
    return house.person("Ove", ROLE)


def ids(page: CaseList) -> list[int]:
    return [row.id for row in page.rows]


def found(house: House, text: str, **more: object) -> list[int]:
    return sorted(ids(house.ask(Cases(search=text, **more), official(house))))  # type: ignore[arg-type]


def test_finished_cases_are_found_by_their_words(byter: House) -> None:
    live, ended, other = start(byter, "Oklart ansvar"), start(byter, "Sena besked"), start(byter, "Något annat")
    end(byter, ended)  # its title is another one by then
    assert found(byter, "hemsjukvård") == found(byter, "HEMSJUK helg") == found(byter, "0002 vård") == [ended]
    assert found(byter, "besked") == []
    assert found(byter, "ansvar") == [live]
    assert found(byter, "by 2026") == found(byter, "n") == sorted([live, ended, other])
    assert found(byter, "hemsjukvård", state="closed") == found(byter, "hemsjukvård", state="completed") == [ended]
    assert found(byter, "hemsjukvård", state="open") == found(byter, "hemsjukvård", state="suspended") == []
    assert found(byter, "%") == found(byter, "§") == []
    assert byter.ask(Inbox(ROLE, Search(text="hemsjukvård")), official(byter)).rows == []


@pytest.mark.parametrize("spellings", [2000, 0], ids=["words looked up", "words too short to be"])
def test_where_words_are_common_one_looks_further_back(
    byter: House, monkeypatch: pytest.MonkeyPatch, spellings: int
) -> None:
    monkeypatch.setattr("engine.runtime.views.case_list.FEW", 0)  # the official may read many cases
    for name, few in (("FEW", 4), ("SHORTEST", 1), ("WIDER", 2), ("UNKNOWN", 3), ("SPELLINGS", spellings)):
        monkeypatch.setattr(f"engine.runtime.views.case_search.{name}", few)
    started = []
    for number in range(12):
        started.append(start(byter, "Läkemedel" if number % 3 else f"Ambulans {number}"))
        byter.wait(days=1)
    end(byter, *started[::2])  # those have one title now
    for text, wanted in (
        ("by", started),
        ("hemsjukvård", started[::2]),
        ("hemsjukvård by", started[::2]),
        ("läkemedel", [one for place, one in enumerate(started) if place % 2 and place % 3]),
        ("ambulans", [started[3], started[9]]),
        ("hemsjukvård läkemedel", []),
    ):
        seen: list[int] = []
        before, pages = None, 0
        while True:
            page = byter.ask(Cases(search=text, before=before), official(byter))
            assert len(page.rows) <= 4
            assert (page.since is None) == (page.older is None)
            assert (page.until is None) == (before is None)
            seen += ids(page)
            before, pages = page.older, pages + 1
            if before is None:
                break
        assert sorted(seen) == sorted(wanted), text
        assert len(seen) == len(set(seen)), text
        assert (pages == 1) == (len(wanted) <= 4 and spellings > 0), (text, pages)


def test_a_stretch_tells_when_its_cases_started(byter: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.views.case_list.FEW", 0)
    for name, few in (("FEW", 2), ("SHORTEST", 1), ("WIDER", 2)):
        monkeypatch.setattr(f"engine.runtime.views.case_search.{name}", few)
    at = []
    for _ in range(5):
        at.append(byter.clock.now())
        start(byter, "Läkemedel")
        byter.wait(days=1)
    page = byter.ask(Cases(search="läkemedel"), official(byter))
    assert (page.since, page.until, len(page.rows)) == (at[3], None, 2)
    page = byter.ask(Cases(search="läkemedel", before=page.older), official(byter))
    assert (page.since, page.until) == (at[1], at[2])
    page = byter.ask(Cases(search="läkemedel", before=page.older), official(byter))
    assert (page.since, page.until, page.older, len(page.rows)) == (None, at[0], None, 1)


def test_who_may_not_look_finds_by_number_only(byter: House) -> None:
    case_id = start(byter, "Sena besked")
    admin = byter.person("Ada", "admin")
    assert ids(byter.ask(Cases(search="0001"), admin)) == [case_id]
    assert ids(byter.ask(Cases(search="besked"), admin)) == ids(byter.ask(Cases(search="besked 0001"), admin)) == []
    stranger = byter.person("Siv", "hsf")
    assert ids(byter.ask(Cases(search="0001"), stranger)) == ids(byter.ask(Cases(search="besked"), stranger)) == []


def test_words_that_no_case_has_any_more_are_forgotten(byter: House) -> None:
    first, second = start(byter, "Anna Svensson fick vänta"), start(byter, "Svensson igen")
    assert ("nna", "anna") in byter.word_parts()
    for case_id in (first, second):
        byter.do(CompleteTask(byter.task(case_id, "flytta"), {}), official(byter))
        byter.work()
        assert ("nna", "anna") not in byter.word_parts()
        assert (("svensson", "svensson") in byter.word_parts()) == (case_id == first), "another case has it still"
    byter.require_words_as_they_are()
    with byter.engine._database.connect() as connection:
        told = connection.execute(sa.text("SELECT count(*) FROM job WHERE kind = 'words' AND payload IS NOT NULL"))
        assert told.scalar() == 0, "nor does the job keep them"


def test_a_word_comes_back_with_all_its_parts(byter: House) -> None:
    """It was known, it was forgotten, and it is given to a case again."""
    for _ in range(2):
        case_id = start(byter, "Korttidsboende")
        assert found(byter, "tidsboende") == [case_id]
        byter.do(CompleteTask(byter.task(case_id, "flytta"), {}), official(byter))
        byter.work()
        assert found(byter, "tidsboende") == []
    byter.require_words_as_they_are()


def test_a_word_is_never_forgotten_while_a_case_is_given_it(byter: House) -> None:
    failed: list[BaseException] = []

    def turn() -> None:
        try:
            for _ in range(8):
                end(byter, start(byter, "Korttidsboende i Åsö"))
        except BaseException as failure:
            failed.append(failure)

    def forget() -> None:
        try:
            worker = Worker(byter.engine, "glömmer")
            while any(one.is_alive() for one in turning):
                worker.run_once()
        except BaseException as failure:
            failed.append(failure)

    official(byter)
    turning = [Thread(target=turn) for _ in range(3)]
    forgetting = Thread(target=forget)
    for one in (*turning, forgetting):
        one.start()
    for one in (*turning, forgetting):
        one.join()
    assert failed == []
    start(byter, "Korttidsboende i Åsö")
    byter.work()
    byter.require_words_as_they_are()
