"""The quarterly analysis as a working table, its signatures; decisions recorded and shown as minutes."""

from __future__ import annotations

from typing import Any

import pytest

from engine import TaskById
from tests.web.inspector import Element, fields_of
from tests.web.pages.conftest import Opener, Played
from web import assess

REASON = "Samma sak på flera håll."


def rows(page: Element) -> list[Element]:
    return [one for one in page.all("li") if one["class"] == "assess"]


def number_of(row: Element) -> str:
    return next(one["value"] for one in row.all("input") if one["name"].endswith(".nummer"))


def answers(page: Element, how: str = "") -> dict[str, Any]:
    """All reports assessed: the first two to one new problem that is named once, the last not structural."""
    given: dict[str, Any] = {}
    found = rows(page)
    for index in range(len(found)):
        name = f"bedomningar.{index}"
        given[f"{name}.motivering"] = REASON
        given[f"{name}.bedomning"] = "strukturellt"
        given[f"{name}.problem.nyckel"] = "nytt:P1" if index < 2 else "nytt:P2"
    given["bedomningar.0.problem.titel"] = "Datum som inte går att planera efter"
    given["bedomningar.0.problem.orsak"] = "implementering"
    given["bedomningar.2.problem.titel"] = "Läkemedel vid korttidsvistelse"
    given["bedomningar.2.problem.orsak"] = "sekretess"
    last = f"bedomningar.{len(found) - 1}"
    given |= {f"{last}.bedomning": "ej_strukturellt", f"{last}.utfall": ["bevaka"], f"{last}.problem.nyckel": ""}
    return given


def text_of(page: Element) -> str:
    main = page.first("main")
    assert main
    return main.text


def test_the_table_shows_every_report_of_the_frozen_list(at: Opener) -> None:
    world = at("analysis")
    page = world.client("hsf").see(f"/tasks/{world.task('bedom')}")
    assert len(rows(page)) == 8
    first = rows(page)[0].text
    for part in ("Äldre överenskommelser", "Norrtälje", "Andningshjälp", "Varje gång hjälpmedel", "PS-2026-0001"):
        assert part in first, first
    assert "0 av 8 bedömda" in text_of(page)
    assert "Analysen är klar först när både Storsthlm och HSF har signerat" in text_of(page)


def test_a_draft_is_kept_and_counted(at: Opener) -> None:
    world = at("analysis")
    task_id = world.task("bedom")
    client = world.client("hsf")
    client.see(f"/tasks/{task_id}")
    form = client.form(f"/tasks/{task_id}/complete")
    values = dict(fields_of(form))
    given = {name: value for name, value in answers(client.page).items() if name.split(".")[1] in "012"}
    sent = {name: value for name, value in (values | given).items() if not isinstance(value, list)}
    answer = client.post(f"/tasks/{task_id}/draft", data=sent, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.data
    page = client.see(f"/tasks/{task_id}")
    assert "3 av 8 bedömda" in text_of(page)
    chosen = [one["value"] for one in rows(page)[1].all("option") if "selected" in one.attributes]
    assert "nytt:P1" in chosen
    kept = dict(fields_of(client.form(f"/tasks/{task_id}/complete")))
    assert kept["bedomningar.1.problem.titel"] == "Datum som inte går att planera efter", (
        "named on one, taken over by all"
    )
    assert kept["bedomningar.0.motivering"] == REASON


def test_what_is_missing_is_said_at_its_report(at: Opener) -> None:
    world = at("analysis")
    task_id = world.task("bedom")
    client = world.client("storsthlm")
    client.see(f"/tasks/{task_id}")
    given = answers(client.page) | {"bedomningar.3.motivering": "", "bedomningar.4.bedomning": None}
    client.submit(f"/tasks/{task_id}/complete", given, status=422)
    numbers = [number_of(row) for row in rows(client.page)]
    wanted = {f"{numbers[3]}: Fyll i ”Motivering”.", f"{numbers[4]}: Välj ett alternativ under ”Bedömning”."}
    assert wanted <= set(client.errors())
    assert "has-error" in next(one["class"] for one in rows(client.page)[3].all("div") if "has-error" in one["class"])
    kept = dict(fields_of(client.form(f"/tasks/{task_id}/complete")))
    assert kept["bedomningar.0.motivering"] == REASON


def test_a_structural_problem_needs_to_be_chosen_in_the_tables_own_words(at: Opener) -> None:
    world = at("analysis")
    task_id = world.task("bedom")
    client = world.client("storsthlm")
    client.see(f"/tasks/{task_id}")
    given = answers(client.page) | {"bedomningar.0.bedomning": "strukturellt", "bedomningar.0.problem.nyckel": ""}
    client.submit(f"/tasks/{task_id}/complete", given, status=422)
    number = number_of(rows(client.page)[0])
    assert f"{number}: Välj vilket problem rapporten förs till, eller ett nytt." in client.errors()


def test_R2_personnummer_in_a_reason_is_refused(at: Opener) -> None:
    world = at("analysis")
    task_id = world.task("bedom")
    client = world.client("storsthlm")
    client.see(f"/tasks/{task_id}")
    given = answers(client.page) | {"bedomningar.3.motivering": "Gäller 19121212-1212"}
    client.submit(f"/tasks/{task_id}/complete", given, status=422)
    assert "19121212" not in client.html


def test_R18_assessed_signed_by_both_and_told(at: Opener) -> None:
    world = at("analysis")
    case_id = world.case_of("kvartalsanalys", "2026-Q1")
    task_id = world.task("bedom")
    client = world.client("hsf")
    client.see(f"/tasks/{task_id}")
    client.submit(f"/tasks/{task_id}/complete", answers(client.page))
    for who, other in (("storsthlm", "HSF"), ("hsf", None)):
        signer = world.client(who)
        signing = world.task(f"signera_{who}")
        page = signer.see(f"/tasks/{signing}")
        assert REASON in text_of(page), "whoever signs sees what is signed"
        assert "Strukturellt problem: Läkemedel vid korttidsvistelse" in text_of(page)
        signer.submit(f"/tasks/{signing}/complete", {"signatur": "godkanner"})
        if other:
            signer.see(f"/cases/{case_id}")
            assert f"{other} behöver signera" in text_of(signer.page)
    world.work()
    page = world.client("sekretariat").see(f"/cases/{case_id}")
    assert "Båda sidor har signerat" in text_of(page)
    assert world.one("SELECT count(*) FROM \"case\" WHERE process = 'strukturellt_problem'") == 2


def test_R31_only_those_with_the_role_open_it(at: Opener) -> None:
    world = at("analysis")
    task_id = world.task("bedom")
    for who in ("rapportor_kommun:huddinge", "tsg", "part:huddinge"):
        assert world.client(who).get(f"/tasks/{task_id}").status_code == 404


def test_tidied_reads_the_one_choice_of_problem(at: Opener) -> None:
    world = at("analysis")
    task = world.engine.ask(TaskById(world.task("bedom")), actor=world.engine.actor_for(world.people["hsf"]))
    given = {
        "bedomningar": [
            {"nummer": "A", "problem": {"nyckel": "nytt:P1", "titel": "", "orsak": ""}},
            {"nummer": "B", "problem": {"nyckel": "nytt:P1", "titel": "Namn", "orsak": "sekretess"}},
            {"nummer": "C", "problem": {"nyckel": "befintligt:SP-2026-0001"}},
            {"nummer": "D", "problem": {"nyckel": "vad:som:helst"}},
            {"nummer": "E", "problem": {"nyckel": ""}},
            {"nummer": "F"},
            "inte en rad",
        ]
    }
    found = [row.get("problem") for row in assess.tidied(task, given)["bedomningar"] if isinstance(row, dict)]
    assert found[0] == {"nyckel": "P1", "val": "nytt", "titel": "Namn", "orsak": "sekretess"}
    assert found[2] == {"nyckel": "SP-2026-0001", "val": "befintligt"}
    assert found[3] == {"nyckel": "vad:som:helst"}
    assert found[4] == {"nyckel": ""}
    assert found[5] is None
    assert assess.tidied(task, {"bedomningar": "text"}) == {"bedomningar": "text"}


# --- decisions -------------------------------------------------------------------------------------------------------

DECISION = {
    "datum": "2026-05-08",
    "narvaro.kommun": "5",
    "narvaro.region": "4",
    "stallningstagande": "bekraftar",
    "lydelse": "TSG bekräftar problemet.",
    "grunder": "Sekretariatets underlag.",
}


def tsg_task(world: Played) -> tuple[int, int]:
    task_id = world.task("tsg_beslutar")
    case_id = world.one("SELECT case_id FROM task WHERE id = :id", id=task_id)
    assert isinstance(case_id, int)
    return task_id, case_id


def test_a_decision_is_recorded_beside_its_reports_and_becomes_a_minute(at: Opener) -> None:
    world = at("tsg")
    task_id, case_id = tsg_task(world)
    client = world.client("tsg")
    page = client.see(f"/tasks/{task_id}")
    for part in ("Underlag", "Sekretariatets beredning", "ligger bakom", "PS-20"):
        assert part in text_of(page)
    client.submit(f"/tasks/{task_id}/complete", DECISION)
    world.work()
    client.see(f"/cases/{case_id}")
    assert "TSG: rapportera till VIS" in text_of(client.page)
    link = [one["href"] for one in client.page.all("a") if "/decisions/" in one["href"]][-1]
    minute = text_of(client.see(link))
    for part in (
        "5 från kommunerna, 4 från regionen",
        "TSG bekräftar problemet.",
        "Sekretariatets underlag.",
        "Beslut 2",
    ):
        assert part in minute, minute
    assert client.get(f"/cases/{case_id}/decisions/99").status_code == 404


def test_R29_one_side_absent_needs_a_reason(at: Opener) -> None:
    world = at("tsg")
    task_id, _ = tsg_task(world)
    client = world.client("tsg")
    client.see(f"/tasks/{task_id}")
    client.submit(f"/tasks/{task_id}/complete", DECISION | {"narvaro.region": "0"}, status=422)
    assert any("En sida saknas" in error for error in client.errors())


@pytest.mark.parametrize("who", ["rapportor_kommun:huddinge", "vis", "part:huddinge"])
def test_a_minute_is_for_those_who_may_read_the_case(at: Opener, who: str) -> None:
    world = at("tsg")
    _, case_id = tsg_task(world)
    assert world.client(who).get(f"/cases/{case_id}/decisions/1").status_code == 404
