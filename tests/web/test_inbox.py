"""The inbox: what waits for whom and why, in order, found again, and fast however much there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import ClaimTask, CompleteTask, Membership
from engine.cases.tables import case, case_word, task, task_candidate, word_part
from engine.errors import NotFound
from engine.runtime.inbox import Inbox, InboxCounts, SavedFilters, SaveFilter, Search
from tests.speed import cheapest
from tests.web.conftest import START, World, later, statements
from tests.web.inspector import Element, Inspector

GRANSKAD = {"bedomning": "ja", "motivering": "Tydlig.", "hemligt": ""}


def rows(client: Inspector) -> list[Element]:
    return [one for one in client.page.all("li") if "data-task" in one.attributes]


def names(client: Inspector) -> list[str]:
    return [heading.text for row in rows(client) for heading in row.all("h2")]


def places(client: Inspector) -> dict[str, str]:
    nav = next(one for one in client.page.all("nav") if one["class"] == "places")
    return {
        link.children[0].text: link.children[1].text.removesuffix(" uppgifter") if len(link.children) > 1 else ""
        for link in nav.all("a")
        if link.children
    }


def test_a_task_is_in_the_inbox_of_its_role_and_of_nobody_else(world: World) -> None:
    world.start()
    for who, count in {"anna": 1, "bo": 1, "karin": 0, "cecilia": 0, "rut": 0, "adam": 0, "petra": 0}.items():
        client = world.client(who)
        client.see("/inbox")
        assert len(rows(client)) == count, who


def test_a_row_says_what_is_to_be_done_where_until_when_and_who_has_it(world: World) -> None:
    world.start(rubrik="Utskrivningsdatum")
    client = world.client("anna")
    client.see("/inbox")
    assert rows(client)[0].text == (
        "Granska rapporten tors 16 apr (om 2 dagar) PX-2026-0001 · Utskrivningsdatum · Huddinge Ingen har tagit den Ta"
    )
    client.submit("/tasks/1/claim")
    assert "Du har tagit uppgiften." in client.see("/inbox").text
    assert "Du har tagit den" in rows(client)[0].text
    other = world.client("bo")
    other.see("/inbox?place=hsf:hsf@region")
    assert "Anna Berg har den" in rows(other)[0].text


def test_it_says_why_a_task_is_mine(world: World) -> None:
    world.start()
    client = world.client("bo")
    client.see("/inbox?place=all")
    assert "Du är handläggare hos HSF." in rows(client)[0].text
    assert "Du är handläggare hos HSF." in client.see("/tasks/1").text


def test_the_places_have_counts(world: World) -> None:
    for number in range(3):
        world.start(rubrik=f"Rapport {number}")
    world.do("bo", ClaimTask(2))
    client = world.client("bo")
    client.see("/inbox")
    assert places(client) == {
        "Mina": "1",
        "Alla mina roller": "",
        "HSF, handläggare": "3",
        "Lokal samverkan, Huddinge (regionens sida)": "0",
        "Försenade": "0",
        "Klara": "",
    }
    world.clock.set(later(2) + timedelta(hours=15))
    client = world.client("bo")  # the session has ended meanwhile
    client.see("/inbox?place=late")
    assert places(client)["Försenade"] == "3"
    assert rows(client)[0].text.startswith("Granska rapporten Försenad: tors 16 apr (i går)")


def test_overdue_comes_first_then_due_then_what_has_no_date(world: World) -> None:
    for number in range(4):
        world.start(rubrik=f"Rapport {number}")
        world.clock.advance(timedelta(days=1))
    set_due(world, {1: None, 2: later(9), 3: later(-3), 4: later(1)})
    client = world.client("anna")
    client.see("/inbox")
    assert order(client) == [3, 4, 2, 1]
    client.see("/inbox?order=newest")
    assert order(client) == [4, 3, 2, 1]


def order(client: Inspector) -> list[int]:
    return [int(row["data-task"]) for row in rows(client)]


def set_due(world: World, dates: dict[int, object]) -> None:
    with world.engine._database.begin() as connection:
        for task_id, at in dates.items():
            connection.execute(task.update().where(task.c.id == task_id).values(due_at=at))
            connection.execute(task_candidate.update().where(task_candidate.c.task_id == task_id).values(due_at=at))


def test_what_i_have_done_is_kept_in_done(world: World) -> None:
    world.start(rubrik="Första")
    world.do("anna", CompleteTask(1, GRANSKAD))
    client = world.client("anna")
    client.see("/inbox?place=done")
    assert "Första" in rows(client)[0].text
    assert "Klar" in rows(client)[0].text
    client.see("/inbox")
    assert "Inget väntar här just nu" in client.page.text


def test_search_finds_number_title_and_task(world: World) -> None:
    world.start(rubrik="Läkemedelsansvar vid korttidsvistelse")
    world.start(rubrik="Kallelse till SIP uteblir")
    client = world.client("anna")
    for wanted, found in {
        "PX-2026-0002": [2],
        "läkemedel": [1],
        "LÄKEMEDEL": [1],
        "granska": [1, 2],
        "100%": [],
        "_": [],
    }.items():
        client.see(f"/inbox?q={wanted.replace('%', '%25')}")
        assert order(client) == found, wanted
    assert "Inget passar sökningen" in client.page.text


def test_filters_narrow_the_list(world: World) -> None:
    world.start(lokalt_omrade="huddinge")
    world.start(lokalt_omrade="nacka")
    world.do("anna", ClaimTask(1))
    client = world.client("bo")
    for query, found in {
        "party=nacka": [2],
        "held=free": [2],
        "held=taken": [1],
        "process=prov": [1, 2],
        "process=annan": [],
        "late=1": [],
        "held=%3Cscript%3E": [1, 2],
    }.items():
        client.see(f"/inbox?place=hsf:hsf@region&{query}")
        assert order(client) == found, query


def test_a_filter_is_saved_found_again_and_taken_away(world: World) -> None:
    world.start(lokalt_omrade="nacka", rubrik="I Nacka")
    world.start(lokalt_omrade="huddinge")
    client = world.client("anna")
    client.see("/inbox?party=nacka")
    client.submit("/inbox/filters", {"name": "Bara Nacka"})
    client.see("/inbox")
    link = next(one for one in client.page.all("a") if one.text == "Bara Nacka")
    client.see(link["href"])
    assert order(client) == [1]
    assert world.ask("bo", SavedFilters()) == []
    other = world.client("bo")
    other.see("/inbox")
    token = other.page.first("meta", name="csrf-token")
    assert token
    assert other.post("/inbox/filters/1/delete", data={"csrf_token": token["content"]}).status_code == 404
    client.submit("/inbox/filters/1/delete")
    assert world.ask("anna", SavedFilters()) == []


def test_saving_under_the_same_name_replaces_and_there_is_an_end(world: World) -> None:
    world.do("anna", SaveFilter("Samma", "mine", Search(text="a")))
    world.do("anna", SaveFilter("Samma", "mine", Search(text="b")))
    assert [one.search.text for one in world.ask("anna", SavedFilters())] == ["b"]
    client = world.client("anna")
    client.see("/inbox?q=x")
    client.submit("/inbox/filters", {"name": " "})
    assert "Ge filtret ett namn" in client.see("/inbox").text
    for number in range(29):
        world.do("anna", SaveFilter(f"F{number}", "mine", Search()))
    client.see("/inbox?q=x")
    client.submit("/inbox/filters", {"name": "Ett till"})
    assert "Du har redan 30 sparade filter." in client.see("/inbox").text


def test_the_inbox_of_a_role_that_is_not_mine_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        world.ask("anna", Inbox("storsthlm:storsthlm@kommun"))
    world.client("anna").see("/inbox?place=storsthlm:storsthlm@kommun", 404)


def test_somebody_with_very_many_roles_has_an_inbox_too(world: World) -> None:
    for number in range(3):
        world.start(rubrik=f"Rapport {number}")
    anna = world.actor("anna")
    areas = tuple(Membership("lokal_samverkan", f"omrade_{number}", "kommun", "huddinge") for number in range(90))
    many = replace(anna, memberships=(*anna.memberships, *areas))
    assert [row.id for row in world.engine.ask(Inbox("all"), actor=many).rows] == [1, 2, 3]
    assert world.engine.ask(InboxCounts(), actor=many)["hsf:hsf@region"] == 3


def test_a_case_that_is_sealed_is_in_nobody_elses_inbox(world: World) -> None:
    world.start(rubrik="Hemlig rubrik")
    with world.engine._database.begin() as connection:
        connection.execute(case.update().values(sealed_to=world.people["anna"]))
    assert len(world.ask("anna", Inbox("hsf:hsf@region")).rows) == 1
    assert world.ask("bo", Inbox("hsf:hsf@region")).rows == []
    assert world.ask("bo", InboxCounts())["hsf:hsf@region"] == 0


def test_pages_follow_each_other_without_gap_or_repeat(world: World) -> None:
    fill(world, 130)
    for query in ("", "order=newest&", "q=rapport&"):
        seen: list[int] = []
        address: str | None = f"/inbox?{query}"
        client = world.client("anna")
        while address:
            client.see(address)
            seen += order(client)
            link = next((one for one in client.page.all("a") if one.text == "Fler →"), None)
            address = link["href"] if link else None
        assert len(seen) == len(set(seen)) == 130, query


def fill(world: World, count: int, begun: int = 1) -> None:
    """Many open tasks at once, every third without a due date, in the shape that the engine gives them. So many are
    there already."""
    if begun == 1:
        world.start(rubrik="Rapport 1 om samverkan")
    first = sa.select(sa.literal(begun + 1).label("n")).cte("series", recursive=True)
    series = first.union_all(sa.select(first.c.n + 1).where(first.c.n < count))
    n = series.c.n
    days = [(n % 7 == rest, sa.literal(START + timedelta(days=rest * 4 - 10), task.c.due_at.type)) for rest in range(7)]
    due = sa.case((n % 3 == 0, sa.null()), *days)
    text = sa.cast(n, sa.String)
    with world.engine._database.begin() as connection:
        _multiply(
            connection, case, {"id": n, "number": "PX-2026-" + text, "title": "Rapport " + text + " om samverkan"}
        )
        _multiply(connection, task, {"id": n, "case_id": n, "due_at": due})
        _multiply(connection, task_candidate, {"task_id": n, "due_at": due})
        found: dict[sa.Table, dict[str, Any]] = {
            case_word: {"word": text, "is_live": sa.true(), "case_id": n},
            word_part: {"part": text, "word": text},
        }
        for table, row in found.items():
            of_each = sa.select(*row.values()).select_from(series).where(n > 1, n != 2026)
            connection.execute(table.insert().from_select(list(row), of_each))


def _multiply(connection: sa.Connection, table: sa.Table, changed: dict[str, Any]) -> None:
    """Copies of the table's first row, differing by what is `changed`."""
    columns = [changed.get(column.name, column).label(column.name) for column in table.columns]
    key = next(iter(table.primary_key.columns))
    first = table.c[key.name] == sa.select(sa.func.min(key)).scalar_subquery()
    rows = sa.select(*columns).select_from(table.join(series_of(changed), sa.true())).where(first)
    connection.execute(table.insert().from_select([column.name for column in table.columns], rows))


def series_of(changed: dict[str, Any]) -> Any:
    return next(iter(changed.values())).table


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_it_is_fast_with_a_hundred_thousand_open_tasks(database: str, request: pytest.FixtureRequest) -> None:
    from tests.web.conftest import build

    world: World = build(request.getfixturevalue(f"{database}_url"))
    request.addfinalizer(world.engine.close)
    client = world.client("bo")
    hsf = "/inbox?place=hsf:hsf@region"

    def seconds(address: str, shown: int) -> float:
        with statements() as seen:
            client.see(address)
        assert len(seen) <= 10
        assert len(rows(client)) == shown, address
        return cheapest(lambda: client.see(address), wall=database == "postgresql")

    few, many = 10_000, 100_000
    measured: dict[int, list[float]] = {}
    for begun, count in ((1, few), (few, many)):
        fill(world, count, begun)
        with world.engine._database.begin() as connection:
            connection.execute(sa.text("ANALYZE"))
        client.see(hsf)
        after = next(one for one in client.page.all("a") if one.text == "Fler →")["href"]
        lists = [hsf, "/inbox?place=all", "/inbox?place=late", "/inbox", after]
        lists += [hsf + more for more in ("&q=rapport", "&party=huddinge", "&order=newest")]
        rare = [f"&q=PX-2026-{count - 1}", f"&q=Rapport+{count - 2}", f"&q={count - 2}+rapport"]
        measured[count] = [
            *(seconds(address, 40) for address in lists),
            *(seconds(hsf + search, 1) for search in rare),
            seconds(hsf + "&q=finnsinte", 0),
        ]
    ratios = [big / small for small, big in zip(measured[few], measured[many], strict=True)]
    assert max(ratios) < 4, "ten times as many, and hardly dearer"
    assert places(client)["HSF, handläggare"] == "1 000+"
