"""What a search in the inbox finds: words anywhere in number, title and task, and parties, as they are now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from engine import CompleteTask, db
from engine.cases import words
from engine.runtime.inbox import ALL, DONE, Inbox, Search, TaskRow
from tests.engine.house import House

ROLE = "storsthlm"


@pytest.fixture
def byter(house: House) -> House:
    house.deploy("byter")
    return house


def start(house: House, title: str, party: str = "huddinge", area: str = "huddinge") -> int:
    return house.start("byter", rubrik=title, part=party, omrade=area)


def finder(house: House) -> Callable[..., list[str]]:
    official = house.person("Ove", ROLE)

    def found(text: str = "", place: str = ROLE, **search: Any) -> list[str]:
        page = house.ask(Inbox(place, Search(text=text, **search)), official)
        return [f"{row.number[-1]} {row.name}" for row in page.rows]

    return found


BOTH = ["1 Flytta ärendet", "1 Skriv yttrande"]


def test_every_word_must_be_there_whole_or_in_part_in_any_order(byter: House) -> None:
    start(byter, "Oklart läkemedelsansvar: Åsö §12, korttidsvistelse")
    start(byter, "Sena besked om utskrivning")
    found = finder(byter)
    for text in (
        "läkemedelsansvar",
        "LÄKEMEDEL",
        "ansvar",  # in a compound
        "åsö",
        "ÅSÖ",
        "12",
        "§ 12",
        "vistelse läkemedel oklart",
        "by 0001 oklart",
        "BY-2026-0001",
        "2026-0001",
        "ä m d å",  # letters are parts, too
    ):
        assert found(text) == BOTH, text
    assert found("yttrande") == ["1 Skriv yttrande", "2 Skriv yttrande"]
    assert found("yttrande utskrivning") == ["2 Skriv yttrande"]
    assert found("läkemedel utskrivning") == []
    assert found("§", place=ALL) == []
    assert found("%") == found("_") == found("läke%saknas") == []


def test_a_search_finds_the_same_by_the_index_and_along_the_list(byter: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for title in ("Oklart läkemedelsansvar", "Sena besked", "Läkemedel i hemmet", "Besked om Ösmo"):
        start(byter, title)
    found = finder(byter)
    asked = [
        {"text": text, **more}
        for text in ("läkemedel", "besked", "ösmo", "skriv", "flytta besked", "2026", "saknas", "e")
        for more in ({}, {"order": "newest"}, {"place": ALL}, {"party": "huddinge"}, {"held": "free"})
    ]
    by_index = [found(**one) for one in asked]
    monkeypatch.setattr("engine.runtime.inbox.search._LIMITS", (-1, -1, -1))
    assert [found(**one) for one in asked] == by_index
    assert sum(map(len, by_index)) > 100


def test_pages_of_few_follow_each_other(byter: House) -> None:
    for _ in range(3):
        start(byter, "Läkemedel")
    official = byter.person("Ove", ROLE)
    for order in ("due", "newest"):
        whole = byter.ask(Inbox(ROLE, Search(text="läkemedel", order=order)), official).rows
        seen: list[TaskRow] = []
        after = None
        for _ in range(3):
            page = byter.ask(Inbox(ROLE, Search(text="läkemedel", order=order), after, limit=2), official)
            seen, after = [*seen, *page.rows], page.next_key
        assert [row.id for row in seen] == [row.id for row in whole], order
        assert after is None


def test_title_and_party_that_change_are_found_as_they_are_now(byter: House) -> None:
    case_id = start(byter, "Sena besked", party="region_stockholm", area="huddinge")
    start(byter, "Något annat")
    found = finder(byter)
    assert found(party="region_stockholm") == BOTH
    assert found(party="huddinge") == [*BOTH, "2 Flytta ärendet", "2 Skriv yttrande"], "areas, too"
    byter.do(CompleteTask(byter.task(case_id, "flytta"), {}), byter.person("Ove", ROLE))
    assert found("besked") == []
    assert found("hemsjukvård helg") == found(party="nacka") == ["1 Skriv yttrande"]
    assert found("hemsjukvård", party="nacka", order="newest", place=ALL) == ["1 Skriv yttrande"]
    assert found(party="region_stockholm") == []
    assert found("hemsjukvård", place=DONE) == found(party="nacka", place=DONE) == ["1 Flytta ärendet"]


def test_among_what_is_done_the_newest_are_looked_at(byter: House, monkeypatch: pytest.MonkeyPatch) -> None:
    official = byter.person("Ove", ROLE)
    for _ in range(3):
        byter.do(CompleteTask(byter.task(start(byter, "Sena besked"), "flytta"), {}), official)
    wanted = Search(text="hemsjukvård")
    assert byter.ask(Inbox(DONE, wanted), official).looked_at is None
    monkeypatch.setattr("engine.runtime.inbox.tasks.WALK", 2)
    page = byter.ask(Inbox(DONE, wanted), official)
    assert ([row.number[-1] for row in page.rows], page.looked_at) == (["3", "2"], 2)
    assert len(byter.ask(Inbox(DONE), official).rows) == 3, "a list that nothing narrows goes on"
    assert len(byter.ask(Inbox(DONE, Search(text="BY-2026-0001")), official).rows) == 1, "a number finds its case"


def test_a_case_that_is_over_is_no_longer_found(byter: House) -> None:
    case_id = start(byter, "Sena besked")
    official = byter.person("Ove", ROLE)
    byter.do(CompleteTask(byter.task(case_id, "flytta"), {}), official)
    assert finder(byter)("hemsjukvård") == ["1 Skriv yttrande"]
    byter.do(CompleteTask(byter.task(case_id, "yttra"), {}), official)
    assert finder(byter)("hemsjukvård") == []


def test_what_people_write_as_a_title_is_kept_however_long_and_odd(byter: House) -> None:
    found = finder(byter)
    title = "İstanbul straße " + "x" * 250 + "y" * 220
    start(byter, title)
    for text in ("straße", "istanbul"[1:], "x" * 100, "x" * 30):
        assert found(text) == BOTH, text
    start(byter, "\U0001f600 \ufffd 日本語 " + "日" * 400)
    assert found("日本") == ["2 Flytta ärendet", "2 Skriv yttrande"]


def test_the_migrations_keep_the_words_that_steps_would_have_kept(house: House) -> None:
    house.deploy("byter")
    start(house, "Oklart läkemedelsansvar: Åsö §12", party="region_stockholm", area="huddinge")
    ended = start(house, "Över")
    for element in ("flytta", "yttra"):
        house.do(CompleteTask(house.task(ended, element), {}), house.person("Ove", ROLE))
    house.work()
    house.require_words_as_they_are()
    config = Config()
    config.set_main_option("script_location", "engine/migrations")
    config.attributes["engine"] = database = db.create(house.url)
    command.downgrade(config, "0014")
    with database.connect() as connection:
        live = connection.execute(sa.text("SELECT word FROM case_word")).scalars().all()
    assert sorted(live) == ["0001", "12", "2026", "by", "läkemedelsansvar", "oklart", "åsö"]
    command.downgrade(config, "0012")
    command.upgrade(config, "head")
    database.dispose()
    house.require_words_as_they_are()
    found = finder(house)
    assert found("ansvar") == found(party="huddinge") == found(party="region_stockholm") == BOTH


def test_words_are_what_stands_between_signs() -> None:
    assert words.words("Sena besked, sena-2 (åäö_x) 100 %") == ["Sena", "besked", "sena", "2", "åäö", "x", "100"]
    assert words.folded("Sena SENA Straße") == {"sena", "strasse"}
    assert list(words.parts("åsö")) == [("åsö", "åsö"), ("sö", "åsö"), ("ö", "åsö")]
