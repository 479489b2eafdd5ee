"""What can be started in ad-hoc work, in the inbox of those who may: shown, found, counted, and fast."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import Actor, BeginActivity, Deploy, StartCase
from engine.cases.tables import case, offer, wait
from tests.speed import cheapest
from tests.web.conftest import World, build, statements
from tests.web.inspector import Element, Inspector
from tests.web.test_inbox import _multiply, places

FRITT = Path(__file__).parents[1] / "engine" / "fritt.bpmn"
HSF = "/inbox?place=hsf:hsf@region"


def deploy(world: World) -> None:
    world.engine.execute(Deploy({"fritt.bpmn": FRITT.read_bytes()}), actor=Actor.system())


def begin(world: World) -> int:
    case_id: int = world.engine.execute(StartCase("fritt", {"antal": 0}), actor=Actor.system())
    return case_id


@pytest.fixture
def free(world: World) -> World:
    deploy(world)
    return world


def rows(client: Inspector) -> list[Element]:
    return [one for one in client.page.all("li") if "data-task" in one.attributes]


def test_it_is_in_the_inbox_of_those_who_may_and_of_nobody_else(free: World) -> None:
    begin(free)
    for who in ("karin", "rut", "adam", "petra", "ingen"):
        client = free.client(who)
        assert "Kan startas" not in client.see("/inbox").text, who
        assert rows(client) == [], who
        assert "Inget kan startas just nu" in client.see("/inbox?place=startable").text
    for who in ("anna", "cecilia"):
        client = free.client(who)
        client.see("/inbox")
        assert len(rows(client)) == 1, who
        assert places(client)["Kan startas"] == "1 som kan startas"


def test_a_row_says_what_where_since_when_and_why(free: World) -> None:
    begin(free)
    client = free.client("anna")
    text = client.see("/inbox").text
    assert rows(client)[0].text == (
        "Utredning sedan tis 14 apr TT-2026-0001 · Utred fritt Kan startas: Fråga regionen Du är handläggare hos HSF."
    )
    assert "Ingen uppgift väntar här just nu." in text
    assert "Inget väntar här just nu" not in text
    link = rows(client)[0].first("a")
    assert link
    assert "Starta ”Fråga regionen”" in client.see(link["href"]).text
    assert link["href"].endswith("#work-1")


def test_beside_tasks_come_the_newest_and_a_way_to_the_rest(free: World) -> None:
    for _ in range(5):
        begin(free)
    free.do("anna", BeginActivity(1, 1, "fraga"))
    client = free.client("anna")
    client.see(HSF)
    assert len(rows(client)) == 1 + 3
    link = next(one for one in client.page.all("a") if one.text == "Visa allt som kan startas")
    client.see(link["href"])
    assert len(rows(client)) == 5
    client.see("/inbox?place=startable&q=TT-2026-0004")
    assert [row.first("h2") is not None and "TT-2026-0004" in row.text for row in rows(client)] == [True]
    client.see("/inbox?place=startable&q=finns+inte")
    assert "Inget passar sökningen" in client.page.text
    for place in ("mine", "late", "done"):
        assert "Här väljer du själv" not in client.see(f"/inbox?place={place}").text


def test_it_asks_nothing_more_of_those_who_have_none(free: World) -> None:
    free.start()
    client = free.client("bo")
    client.see(HSF)
    with statements() as without:
        client.see(HSF)
    begin(free)
    with statements() as with_some:
        client.see(HSF)
    assert len(rows(client)) == 2
    assert len(with_some) == len(without) + 1
    assert len([text for text in without if "offer" in text]) == 1, "the counts, all in one statement"


def test_a_saved_filter_may_be_of_what_can_be_started(free: World) -> None:
    begin(free)
    client = free.client("anna")
    client.see("/inbox?place=startable&process=fritt")
    client.submit("/inbox/filters", {"name": "Fritt arbete"})
    client.see("/inbox")
    link = next(one for one in client.page.all("a") if one.text == "Fritt arbete")
    client.see(link["href"])
    assert len(rows(client)) == 1


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_it_is_fast_with_a_hundred_thousand(database: str, request: pytest.FixtureRequest) -> None:
    world = build(request.getfixturevalue(f"{database}_url"))
    request.addfinalizer(world.engine.close)
    deploy(world)
    begin(world)
    client = world.client("anna")

    def seconds(address: str) -> float:
        with statements() as seen:
            client.see(address)
        assert len(seen) <= 10
        return cheapest(lambda: client.see(address), wall=database == "postgresql")

    few, many = 10_000, 100_000
    measured: dict[int, list[float]] = {}
    for begun, count in ((1, few), (few, many)):
        fill(world, begun, count)
        client.see("/inbox?place=startable")
        after = next(one for one in client.page.all("a") if one.text == "Fler →")["href"]
        searched = (f"/inbox?place=startable&q={one}" for one in (f"TT-2026-{count - 1}", f"nr+{count - 2}"))
        pages = (HSF, "/inbox?place=startable", after, *searched, "/cases")
        measured[count] = [seconds(one) for one in pages]
    # Hardly dearer with ten times as many; in the worst case of a search each title is looked at.
    for page, small, big, bound in zip(pages, measured[few], measured[many], (4, 4, 4, 15, 15, 4), strict=True):
        again = (seconds(page) for _ in range(5))  # a busy machine can only add
        assert any(one < bound * small for one in chain([big], again)), page
    client.see("/inbox?place=startable")
    assert len(rows(client)) == 40
    assert places(client)["Kan startas"] == "1 000+ som kan startas"


def fill(world: World, begun: int, count: int) -> None:
    """As many cases with something that can be started; so many are there already."""
    first = sa.select(sa.literal(begun + 1).label("n")).cte("series", recursive=True)
    n = first.union_all(sa.select(first.c.n + 1).where(first.c.n < count)).c.n
    text = sa.cast(n, sa.String)
    with world.engine._database.begin() as connection:
        of_one = offer.c.case_id == connection.execute(sa.select(sa.func.min(case.c.id))).scalar_one()
        _multiply(connection, case, {"id": n, "number": "TT-2026-" + text, "title": "Utredning nr " + text})
        _multiply(connection, wait, {"id": n, "case_id": n})
        # The one case has several offers.
        names = [column.name for column in offer.columns if column.name != "case_id"]
        copies = sa.select(n, *(offer.c[name] for name in names)).select_from(offer.join(n.table, sa.true()))
        connection.execute(offer.insert().from_select(["case_id", *names], copies.where(of_one)))
    with world.engine._database.begin() as connection:
        connection.execute(sa.text("ANALYZE"))
