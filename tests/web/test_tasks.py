"""The page of a task: its form and story, taken, released, handed on, drafted, done; and what the slower one sees."""

from __future__ import annotations

import json

from werkzeug.test import TestResponse

from engine import ClaimTask, Comment, CompleteTask, SuspendCase
from tests.web.conftest import World, build
from tests.web.inspector import Inspector
from tests.web.test_forms_shown import FILLED, field

ANSWERS = {"bedomning": "ja", "motivering": "Rapporten är tydlig.", "hemligt": "Bara för HSF"}
JSON = {"Accept": "application/json"}


def opened(world: World, who: str = "anna", task: int = 1) -> Inspector:
    client = world.client(who)
    client.see(f"/tasks/{task}")
    return client


def said(response: TestResponse) -> dict[str, str]:
    assert isinstance(response.json, dict)
    return response.json


def test_the_form_stands_beside_what_was_reported(world: World) -> None:
    world.start(rubrik="Utskrivningsdatum ändras")
    page = opened(world).page
    assert page.first("h1").text == "Granska rapporten"  # type: ignore[union-attr]
    assert "Kontrollera att rapporten går att förstå" in page.text
    assert "Lokalt område Huddinge" in page.text
    assert "Verksamhet hos motparten Akutsjukhus" in page.text
    assert "Är frågan av principiell karaktär, så att den kan antas påverka andra parter? Nej" in page.text
    assert "tors 22 jan" in page.text
    assert "Går till Storsthlm, som bedömer ”Utskrivningsdatum ändras”." in page.text
    assert "Skicka till Storsthlm" in page.text


def test_a_task_is_done_and_says_what_happens_next(world: World) -> None:
    world.start(rubrik="Datum")
    client = opened(world)
    response = client.submit("/tasks/1/complete", ANSWERS)
    page = client.see(response.location)
    assert "Klart: Granska rapporten. Går till Storsthlm, som bedömer ”Datum”." in page.text
    story = world.client("cecilia").see("/tasks/2").text
    assert "Motivering Rapporten är tydlig." in story
    assert "Anna Berg, HSF, handläggare" in story
    assert "Bara för HSF" not in story
    assert client.see("/tasks/1").text.count("Uppgiften gjordes klar av Anna Berg.") == 1
    assert [one for one in client.page.all("form") if "complete" in one["action"]] == []


def test_one_is_led_back_to_where_one_came_from(world: World) -> None:
    world.start()
    client = world.client("anna")
    client.see("/tasks/1?next=/inbox?place=late")
    assert client.submit("/tasks/1/complete", ANSWERS).location == "/inbox?place=late"


def test_what_is_missing_stays_on_the_page_to_be_mended(world: World) -> None:
    world.start()
    client = opened(world)
    client.submit("/tasks/1/complete", {"motivering": "Klar text"}, status=422)
    assert client.errors() == ["Välj ett alternativ under ”Går rapporten att förstå?”."]
    assert field(client.page, "motivering").raw_text.strip() == "Klar text"
    assert world.rows("task")[0].state == "open"


def test_a_task_for_others_looks_like_one_that_is_not_there(world: World) -> None:
    world.start()
    for who in ("cecilia", "nils", "adam", "petra", "ingen"):
        client = world.client(who)
        client.see("/inbox")
        html = [client.get(path).text for path in ("/tasks/1", "/tasks/4711")]
        assert html[0].split("<h1>")[1].split("uppge numret")[0] == html[1].split("<h1>")[1].split("uppge numret")[0]
        token = client.page.first("meta", name="csrf-token")
        assert token
        for verb in ("complete", "claim", "release", "draft", "comment", "delegate"):
            response = client.post(
                f"/tasks/1/{verb}", data={"csrf_token": token["content"], "comment": "x", "person": "1"}
            )
            assert response.status_code == 404, (who, verb)
    assert world.rows("task")[0].assignee is None


def test_the_auditor_reads_but_cannot_do(world: World) -> None:
    world.start()
    client = opened(world, "rut")
    assert "Uppgiften görs av någon annan. Du kan läsa men inte ändra." in client.page.text
    assert [one["action"] for one in client.page.all("form") if one["action"].startswith("/tasks")] == []
    assert world.rows("read_log")


def test_taken_released_and_handed_on(world: World) -> None:
    world.start()
    client = opened(world)
    client.submit("/tasks/1/claim")
    assert "Du har tagit den" in client.see("/tasks/1").text
    client.submit("/tasks/1/release")
    assert "Ingen har tagit den" in client.see("/tasks/1").text
    page = client.see("/tasks/1/delegate")
    assert [label.text for label in page.all("label")] == ["Bo Ek"]
    client.submit("/tasks/1/delegate", {"person": world.people["bo"]})
    assert world.rows("task")[0].assignee == world.people["bo"]
    page = client.see("/tasks/1")
    assert "Bo Ek har tagit uppgiften." in page.text
    assert [one for one in page.all("form") if "complete" in one["action"]] == []
    client.submit("/tasks/1/release")
    assert world.rows("task")[0].assignee is None


def test_a_task_is_not_handed_to_somebody_without_the_role(world: World) -> None:
    world.start()
    client = opened(world)
    client.see("/tasks/1/delegate")
    client.submit("/tasks/1/delegate", {"person": world.people["cecilia"]})
    assert "bara lämnas över till någon som har rätt roll" in client.see("/inbox").text
    client.see("/tasks/1/delegate")
    client.submit("/tasks/1/delegate", {"person": None})
    assert "Välj vem som ska ta över" in client.see("/tasks/1/delegate").text


def test_a_draft_is_kept_for_oneself_and_takes_the_task(world: World) -> None:
    world.start()
    client = opened(world)
    response = client.submit("/tasks/1/draft", {"motivering": "Halvvägs"}, status=200, headers=JSON)
    assert response.json == {"saved": "10:30", "message": "Du har tagit uppgiften."}
    assert world.rows("task")[0].assignee == world.people["anna"]
    page = client.see("/tasks/1")
    assert field(page, "motivering").raw_text.strip() == "Halvvägs"
    assert "Ditt utkast från tis 14 apr 10:30 är ifyllt." in page.text
    assert client.submit("/tasks/1/draft", {}, status=200, headers=JSON).json == {"saved": "10:30", "message": None}
    world.do("anna", CompleteTask(1, ANSWERS))
    assert world.rows("task_draft") == []


def test_a_draft_is_saved_by_a_button_without_scripts(world: World) -> None:
    world.start()
    client = opened(world)
    client.submit("/tasks/1/draft", {"motivering": "Senare"})
    assert "Utkastet är sparat. Bara du ser det." in client.see("/tasks/1").text
    assert "Senare" not in world.client("bo").see("/tasks/1").text


def test_R2_a_draft_with_a_personnummer_is_not_kept(world: World) -> None:
    world.start()
    client = opened(world)
    response = client.submit("/tasks/1/draft", {"motivering": "Se 19121212-1212"}, status=422, headers=JSON)
    assert "personnummer" in said(response)["message"]
    assert "1212" not in json.dumps(said(response)).replace("2026", "")
    assert world.rows("task_draft") == []
    client.see("/tasks/1")
    client.submit("/tasks/1/complete", {**ANSWERS, "motivering": "Se 19121212-1212"}, status=422)
    assert "19121212" not in client.html
    assert "Se [borttaget nummer]" in client.html
    client.see("/tasks/1")
    client.submit("/tasks/1/comment", {"comment": "Se 19121212-1212"})
    assert "19121212" not in client.see("/tasks/1").text
    assert world.rows("comment") == []


def test_the_slower_of_two_is_told_who_was_faster_and_keeps_the_text(world: World) -> None:
    world.start()
    anna, bo = opened(world), opened(world, "bo")
    anna.submit("/tasks/1/complete", ANSWERS)
    bo.submit("/tasks/1/complete", {"bedomning": "nej", "motivering": "Min långa text"}, status=409)
    assert bo.heading() == "Någon annan hann före"
    assert "avslutades av Anna Berg" in bo.page.text
    assert "Motivering Min långa text" in bo.page.text
    assert len(world.rows("task")) == 2


def test_whoever_types_while_another_takes_the_task_keeps_the_text(world: World) -> None:
    world.start()
    bo = opened(world, "bo")
    world.do("anna", ClaimTask(1))
    response = bo.submit("/tasks/1/draft", {"motivering": "Min text"}, status=409, headers=JSON)
    assert said(response)["message"] == "Anna Berg har tagit uppgiften. Din text är sparad som utkast."
    bo.submit("/tasks/1/complete", {"bedomning": "ja", "motivering": "Min text"}, status=409)
    assert "har tagits av Anna Berg" in bo.page.text
    assert "Min text" in bo.page.text


def test_R31_whoever_is_barred_is_told_why_and_gets_no_form(world: World) -> None:
    from datetime import date

    from engine import GrantRole

    world.do("adam", GrantRole(world.people["karin"], "storsthlm", "storsthlm", "kommun", valid_from=date(2026, 1, 1)))
    world.start("karin")
    world.do("anna", CompleteTask(1, ANSWERS))
    client = opened(world, "karin", 2)
    assert "Du har rapporterat det som uppgiften gäller" in client.page.text
    assert [one for one in client.page.all("form") if "complete" in one["action"]] == []
    assert "Skicka" not in [button.text for button in client.page.all("button")]


def test_a_suspended_case_says_so(world: World) -> None:
    case_id = world.start()
    client = opened(world)
    world.do("adam", SuspendCase(case_id, "Väntar på besked."))
    assert "Ärendet vilar" in client.see("/inbox").text
    assert "Uppgiften går att göra när det återupptas." in client.see("/tasks/1").text


def test_the_pages_work_on_both_databases(database_url: str) -> None:
    world = build(database_url)
    karin = world.client("karin")
    karin.see("/start/prov")
    response = karin.submit("/start/prov", {**FILLED, "rubrik": "Åäö och 漢字"})
    assert "Åäö och 漢字" in karin.see(response.location).text
    anna = world.client("anna")
    for path in ("/inbox", "/inbox?place=late", "/inbox?q=ÅÄÖ&order=newest", "/inbox?place=mine"):
        anna.see(path)
    anna.see("/tasks/1")
    anna.submit("/tasks/1/draft", {"motivering": "Halvvägs"})
    anna.see("/tasks/1")
    anna.submit("/tasks/1/complete", ANSWERS)
    assert "Åäö" in anna.see("/inbox?place=done").text
    assert "Rapporten är tydlig." in world.client("cecilia").see("/tasks/2").text
    world.engine.close()


def test_comments_are_seen_by_those_who_read_the_case(world: World) -> None:
    case_id = world.start()
    client = opened(world)
    client.submit("/tasks/1/comment", {"comment": "Stämt av med kommunen."})
    assert "Stämt av med kommunen." in world.client("bo").see("/tasks/1").text
    client.see("/tasks/1")
    client.submit("/tasks/1/comment", {"comment": "  "})
    assert "Skriv en kommentar först." in client.see("/tasks/1").text
    world.do("karin", Comment(case_id, "Tack."))
    assert "Tack." in client.see("/tasks/1").text


def test_in_the_pane_of_the_inbox_a_task_is_a_part_of_a_page(world: World) -> None:
    world.start()
    client = world.client("anna")
    response = client.get(
        "/tasks/1", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/inbox?place=late"}
    )
    assert response.status_code == 200
    assert client.page.first("html") is None
    assert client.page.first("h1") is None
    assert client.submit("/tasks/1/complete", ANSWERS).location == "/inbox?place=late"
    gone = client.get("/tasks/99", headers={"HX-Request": "true"})
    assert gone.status_code == 404
    assert client.page.first("html") is None
    stranger = world.client()
    sent = stranger.get("/tasks/1", headers={"HX-Request": "true"})
    assert sent.headers["HX-Redirect"].startswith("/login")
