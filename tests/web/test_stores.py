"""Data stores for the administrator and the auditor: what they hold, who wrote it in which case, what was before."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from engine import Actor, CompleteTask, Deploy, NotAllowed, StartCase
from engine.cases.tables import case
from engine.runtime.views import DataStoreByName, DataStores
from tests.web.conftest import HERE, World, statements
from tests.web.inspector import Inspector

KON = "/stores/store?name=" + quote("Kön")
EVERYBODY = ("karin", "anna", "cecilia", "petra", "ingen", "adam", "rut")


def deploy(world: World, *changes: tuple[str, str]) -> None:
    text = (HERE.parent / "engine" / "ko.bpmn").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    world.engine.execute(Deploy({"ko.bpmn": text.encode()}), actor=Actor.system())


@pytest.fixture
def stored(world: World) -> World:
    deploy(world)
    world.do("anna", CompleteTask(_begin(world, "Ada"), {}))
    return world


def _begin(world: World, name: str) -> int:
    world.engine.execute(StartCase("ko", {"namn": name}), actor=Actor.system())
    rows = world.rows("task")
    return int(rows[-1].id)


def main(client: Inspector) -> str:
    found = client.page.first("main")
    assert found
    return found.text


def test_they_are_for_the_administrator_and_the_auditor_alone(stored: World) -> None:
    for who in EVERYBODY:
        client = stored.client(who)
        expected = 200 if who in ("adam", "rut") else 404
        for path in ("/stores", KON):
            assert client.get(path).status_code == expected, (who, path)
        assert ("Datalager" in client.get("/processes").text) == (who in ("adam", "rut"))
    for query in (DataStores(), DataStoreByName("Kön")):
        with pytest.raises(NotAllowed):
            stored.ask("petra", query)


def test_the_list_says_what_each_holds_and_who_wrote_it(stored: World) -> None:
    client = stored.client("adam")
    client.see("/stores")
    text = main(client)
    assert 'Kön Ställ i kö skriver ["Ada"] tis 14 apr' in text
    assert "Systemet TT-2026-0001 Lägg till" in text
    link = next(one for one in client.page.all("a") if one.text == "Kön")
    client.see(link["href"])
    assert "Skrivet en gång" in main(client)


def test_a_store_shows_all_that_was_written_the_newest_first(stored: World) -> None:
    _begin(stored, "Bo")
    _begin(stored, "Cia")
    client = stored.client("rut")
    client.see(KON)
    text = main(client)
    assert text.index('["Ada", "Bo", "Cia"]') < text.index('["Ada", "Bo"]') < text.index('["Ada"]')
    assert [row.first("a") is not None for row in list(client.page.all("tr"))[1:]] == [True] * 3
    logged = [row.what for row in stored.rows("read_log")]
    assert "datalagret Kön" in logged, "the auditor's reading is seen (R34)"


def test_a_store_that_nobody_has_written_to_is_told_so(world: World) -> None:
    deploy(world)
    client = world.client("adam")
    client.see("/stores")
    assert "Ingen har skrivit här än." in main(client)
    client.see(KON)
    assert "Ingen har skrivit här än." in main(client)
    for name in ("", "finns inte", "%", "K_n", 'Kön":'):
        assert client.get("/stores/store?name=" + quote(name)).status_code == 404, name


def test_no_store_at_all(world: World) -> None:
    client = world.client("adam")
    client.see("/stores")
    assert "Inga datalager" in main(client)


def test_stores_whose_names_begin_alike_are_kept_apart(world: World) -> None:
    deploy(world)
    _begin(world, "Ada")
    deploy(world, ('name="Kön"', 'name="K%n&quot;\\ /x"'), ("(Kön or [])", "[]"))
    _begin(world, "Bo")
    page = world.ask("adam", DataStoreByName('K%n"\\ /x'))
    assert [one.value for one in page.writings] == [["Bo"]]
    assert [one.value for one in world.ask("adam", DataStoreByName("Kön")).writings] == [["Ada"]]
    client = world.client("adam")
    client.see("/stores")
    link = next(one for one in client.page.all("a") if one.text.startswith("K%n"))
    client.see(link["href"])
    assert '["Bo"]' in main(client)


def test_R3_what_a_sealed_case_wrote_is_not_shown_nor_what_was_written_after(stored: World) -> None:
    stored.clock.advance(timedelta(minutes=1))
    _begin(stored, "Bo")
    with stored.engine._database.begin() as connection:
        connection.execute(case.update().where(case.c.id == 2).values(sealed_to=stored.people["anna"]))
    stored.clock.advance(timedelta(minutes=1))
    _begin(stored, "Cia")
    for who in ("adam", "rut"):
        client = stored.client(who)
        client.see(KON)
        assert "Bo" not in main(client).replace("Bo Ek", "")
        assert '["Ada"]' in main(client)
        assert main(client).count("Förseglat: ") == 1 + 2
        client.see("/stores")
        assert "Förseglat: " in main(client)
        assert "Bo" not in main(client)


def test_the_story_of_a_case_leads_to_the_store(stored: World) -> None:
    for who in ("rut", "anna"):
        client = stored.client(who)
        text = client.see("/cases/1").text
        assert "”Lägg till” skrev i datalagret ”Kön”" in text
        links = [one["href"] for one in client.page.all("a") if one.text == "Kön"]
        assert len(links) == (1 if who == "rut" else 0), "only for those who may see it"


def test_many_writes_come_in_pages_and_are_found_by_an_index(world: World) -> None:
    deploy(world)
    for number in range(60):
        _begin(world, str(number))
    client = world.client("adam")
    client.see("/stores")
    with statements() as seen:
        client.see(KON)
    assert len(seen) <= 10
    assert len(list(client.page.all("tr"))) == 51
    link = next(one for one in client.page.all("a") if one.text == "Fler →")
    client.see(link["href"])
    assert len(list(client.page.all("tr"))) == 11
    with world.engine._database.connect() as connection:
        plan = connection.execute(
            sa.text("EXPLAIN QUERY PLAN SELECT id FROM history WHERE kind = 'store:written' ORDER BY at DESC, id DESC")
        )
        assert "ix_history_store" in str(plan.all())


def test_a_long_value_can_be_opened(world: World) -> None:
    deploy(world)
    _begin(world, "x" * 400)
    client = world.client("adam")
    client.see(KON)
    assert client.page.first("details")
