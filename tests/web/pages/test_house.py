"""Pages for those who keep the house: mails, incidents, processes, people, settings, audit; and the year."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

import processes
from engine import ChangeSetting, contract
from engine.actor import Actor
from engine.contract import Call, Result, Retry
from tests.web.inspector import Element, Inspector
from tests.web.pages.conftest import Opener, Played

ROLES = (
    "storsthlm", "hsf", "sekretariat", "tsg", "vis", "admin", "revisor", "processdesigner", "rapportor_kommun:huddinge",
    "part:huddinge",
)  # fmt: skip
OFFICES = {"storsthlm", "hsf", "sekretariat"}
ALLOWED: dict[str, set[str]] = {
    "/cases": set(ROLES),
    "/year/2026": set(ROLES),
    "/mail": OFFICES | {"admin", "revisor"},
    "/incidents": {"admin", "revisor"},
    "/processes": {"admin", "revisor", "processdesigner"},
    "/processes/arshjul": {"admin", "revisor", "processdesigner"},
    "/processes/new": {"admin", "processdesigner"},
    "/stores": {"admin", "revisor"},
    "/people": {"admin"},
    "/people/new": {"admin"},
    "/people/1": {"admin"},
    "/settings": {"admin"},
    "/audit": {"revisor"},
    "/audit/reads": {"admin", "revisor"},
}


def text_of(page: Element) -> str:
    main = page.first("main")
    assert main
    return main.text


def token(client: Inspector) -> str:
    client.see("/cases")
    found = client.page.first("meta", name="csrf-token")
    assert found
    return found["content"]


# --- who may use what ------------------------------------------------------------------------------------------------


def test_each_page_is_there_for_its_roles_and_for_nobody_else(at: Opener) -> None:
    world = at("tsg")
    for who in ROLES:
        client = world.client(who, is_hostile=True)
        for path, allowed in ALLOWED.items():
            status = client.get(path).status_code
            assert status == (200 if who in allowed else 404), f"{who} {path}: {status}"


WRITES = {
    "/incidents/1/retry": {"admin"},
    "/incidents/1/resolve": {"admin"},
    "/processes/new": {"admin", "processdesigner"},
    "/definitions/1/retire": {"processdesigner"},
    "/people": {"admin"},
    "/people/1": {"admin"},
    "/people/1/password": {"admin"},
    "/people/1/deactivate": {"admin"},
    "/people/1/reactivate": {"admin"},
    "/people/1/roles": {"admin"},
    "/people/1/roles/1/end": {"admin"},
    "/settings/registrering": {"admin"},
    "/audit/verify": {"admin", "revisor"},
}


def test_what_changes_something_is_for_its_roles(at: Opener) -> None:
    world = at("tsg")
    for who in ("storsthlm", "sekretariat", "tsg", "revisor", "processdesigner", "rapportor_kommun:huddinge"):
        client = world.client(who)
        given = {"csrf_token": token(client)}
        for path, allowed in WRITES.items():
            if who not in allowed:
                assert client.post(path, data=given).status_code == 404, f"{who} {path}"
    guest = world.client()
    for path in (*ALLOWED, "/mail/1", "/definitions/1/diagram.xml", f"/cases/{world.names['01']}"):
        assert guest.get(path).status_code == 303, path


# --- mails -----------------------------------------------------------------------------------------------------------


def test_mails_are_listed_found_and_read(at: Opener) -> None:
    world = at("tsg")
    client = world.client("admin")
    page = client.see("/mail?q=PS-2025-0002&kind=aterkoppling")
    links = [one["href"] for one in page.all("a") if one["href"].startswith("/mail/")]
    assert len(links) == 4
    text = text_of(client.see(links[0]))
    assert "Kvar här" in text
    assert "Hej!" in text
    assert "Inget utskick passar" in text_of(client.see("/mail?q=finns%20inte&status=failed"))
    client.see("/mail?page=2")


def test_R33_a_rapportor_reads_the_mails_of_the_own_case_only(at: Opener) -> None:
    world = at("tsg")
    own = world.one("SELECT id FROM mail WHERE case_id = :id AND kind = 'aterkoppling'", id=world.names["01"])
    other = world.one("SELECT id FROM mail WHERE case_id = :id AND kind = 'aterkoppling'", id=world.names["03"])
    client = world.client("rapportor_kommun:huddinge")
    assert "Hej!" in text_of(client.see(f"/mail/{own}"))
    assert client.get(f"/mail/{other}").status_code == 404
    assert client.get("/mail/999999").status_code == 404


def test_R3_the_mail_of_a_sealed_case_shows_no_text(at: Opener) -> None:
    world = at("tsg")
    mail = world.one("SELECT id FROM mail WHERE case_id = :id", id=world.names["08b"])
    assert "Texten är förseglad" in text_of(world.client("admin").see(f"/mail/{mail}"))
    assert "Hej!" in text_of(world.client("storsthlm").see(f"/mail/{mail}"))
    assert world.client("hsf").get(f"/mail/{mail}").status_code == 404


# --- incidents -------------------------------------------------------------------------------------------------------


@contextmanager
def broken(topic: str, en: str = "") -> Iterator[None]:
    """A service that fails, as long as this lasts."""

    def fail(call: Call) -> Result:
        raise Retry("Tjänsten svarar inte <script>", en=en)

    working = contract._handlers[topic]
    contract._handlers[topic] = fail
    try:
        yield
    finally:
        contract._handlers[topic] = working


def stopped(world: Played, en: str = "") -> tuple[int, int]:
    """A case that stopped because a service failed: incident and case."""
    world.engine.execute(ChangeSetting("retry.minutes", []), actor=Actor.system())
    client = world.client("tsg")
    task_id = world.task("tsg_beslutar")
    case_id = world.one("SELECT case_id FROM task WHERE id = :id", id=task_id)
    with broken("aterkoppling_beslut", en):
        client.see(f"/tasks/{task_id}")
        given = {"datum": "2026-05-08", "narvaro.kommun": "5", "narvaro.region": "4", "stallningstagande": "bekraftar"}
        client.submit(f"/tasks/{task_id}/complete", given | {"lydelse": "Ja.", "grunder": "Underlag."})
        world.work()
    incident = world.one("SELECT id FROM incident WHERE state = 'open'")
    assert isinstance(incident, int)
    assert isinstance(case_id, int)
    return incident, case_id


def test_an_incident_is_seen_and_tried_again(at: Opener) -> None:
    world = at("tsg")
    incident, case_id = stopped(world)
    client = world.client("admin")
    assert "Återkoppla TSG:s beslut" in text_of(client.see("/incidents"))
    page = client.see(f"/incidents/{incident}")
    assert "Tjänsten svarar inte <script>" in text_of(page)
    assert "<script>" not in client.html.replace('<script type="module"', "")
    client.see(f"/cases/{case_id}")
    assert "Ärendet har stannat" in text_of(client.page)
    reader = world.client("revisor")
    reader.see(f"/incidents/{incident}")
    assert not [one for one in reader.page.all("form") if "retry" in one["action"]]
    client.see(f"/incidents/{incident}")
    client.submit(f"/incidents/{incident}/retry")
    world.work()
    assert world.one("SELECT count(*) FROM incident WHERE state = 'open'") == 0
    assert "Allt fungerar" in text_of(client.see("/incidents"))
    assert "Försöktes igen" in text_of(client.see("/incidents?state=closed"))
    client.post(f"/incidents/{incident}/retry", data={"csrf_token": token(client)})
    client.see("/incidents")
    assert "redan hanterad" in client.flashes()


def test_what_went_wrong_is_told_in_the_readers_language(at: Opener) -> None:
    world = at("tsg")
    incident, case_id = stopped(world, "The service does not answer <script>")
    admin, office = world.client("admin"), world.client("sekretariat")
    sv, en = "Tjänsten svarar inte <script>", "The service does not answer <script>"
    for client, page in ((admin, "/incidents"), (admin, f"/incidents/{incident}"), (office, f"/cases/{case_id}")):
        assert sv in text_of(client.see(page)), page
        assert en not in text_of(client.page), page
        client.set_cookie("sprak", "en")
        assert en in text_of(client.see(page)), page
        assert sv not in text_of(client.page), page
        assert "<script>" not in client.html.replace('<script type="module"', "")
        client.set_cookie("sprak", "sv")


def test_what_nobody_said_in_english_is_marked_as_swedish(at: Opener) -> None:
    world = at("tsg")
    incident, _ = stopped(world)
    client = world.client("admin")
    client.set_cookie("sprak", "en")
    for page in ("/incidents", f"/incidents/{incident}"):
        client.see(page)
        assert [one.text for one in client.page.all("span") if one["lang"] == "sv" and "svarar inte" in one.text], page


def test_an_incident_is_passed_by_hand_with_a_note(at: Opener) -> None:
    world = at("tsg")
    incident, case_id = stopped(world)
    client = world.client("admin")
    client.see(f"/incidents/{incident}")
    client.submit(f"/incidents/{incident}/resolve", {"note": " ", "variables": "{nej"}, status=422)
    assert len(client.errors()) == 2
    client.submit(f"/incidents/{incident}/resolve", {"note": "Gäller 19121212-1212", "variables": ""}, status=422)
    assert "19121212" not in client.html
    client.submit(f"/incidents/{incident}/resolve", {"note": "Ringde rapportörerna.", "variables": ""})
    assert "Ringde rapportörerna." in text_of(client.see(f"/incidents/{incident}"))
    office = world.client("sekretariat")
    assert "löste stoppet" in text_of(office.see(f"/cases/{case_id}"))


# --- processes -------------------------------------------------------------------------------------------------------


def sent(client: Inspector, action: str, files: dict[str, bytes], status: int) -> str:
    client.see("/processes/new")
    field = client.page.first("input", name="csrf_token")
    assert field
    data: dict[str, Any] = {"csrf_token": field["value"], "action": action}
    data["files"] = [(io.BytesIO(content), name) for name, content in files.items()]
    answer = client.post("/processes/new", data=data, content_type="multipart/form-data")
    assert answer.status_code == status, (answer.status_code, client.errors())
    return text_of(client.page) if status != 303 else ""


def bundle(key: str) -> dict[str, bytes]:
    return processes.files(processes.HERE / key)


def test_processes_with_versions_diagram_and_counts(at: Opener) -> None:
    world = at("tsg")
    client = world.client("processdesigner", is_hostile=True)
    assert "Problem i samverkan" in text_of(client.see("/processes"))
    page = client.see("/processes/strukturellt_problem")
    drawn = next(one for one in page.all("div") if one["data-diagram"])
    assert '"tsg_beslutar": 4' in drawn["data-counts"]
    assert "Registrera TSG:s beslut" in text_of(page)
    # The clock that listens beside the step is no place of its own; the picture comes as text too.
    assert '"forsenad' not in drawn["data-counts"].lower()
    steps = next(one.text for one in page.all("li") if one.text.startswith("Registrera TSG:s beslut"))
    assert "→" in steps
    assert client.get("/processes/finns_inte").status_code == 404
    assert client.get("/processes/arshjul/99").status_code == 404
    answer = client.get("/definitions/1/diagram.xml")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/definitions/999/diagram.xml").status_code == 404


def test_files_are_checked_and_all_findings_told(at: Opener) -> None:
    world = at("tsg")
    client = world.client("admin", is_hostile=True)
    files = bundle("prioriteringsbeslut")
    broken_one = {
        name: content.replace(b'camunda:candidateGroups="tsg"', b'camunda:candidateGroups="ingen_roll"')
        for name, content in files.items()
    }
    told = sent(client, "check", broken_one, 200)
    assert "behöver rättas" in told
    assert "ingen_roll" in told
    assert "Filerna kan tas i bruk" in sent(client, "check", files, 200)
    assert "Välj minst en processfil" in sent(client, "check", {"README.md": b"x"}, 422)
    assert "Bara den som är processdesigner" in sent(client, "deploy", files, 403)
    for ending in (".bpmn2", ".xml", ".XML"):  # as `trappa check` takes them
        renamed = {name.replace(".bpmn", ending): content for name, content in files.items()}
        assert "Inga fel" in sent(client, "check", renamed, 200)
    for content in (b"", b"<a", b"\xff\xfe\x00", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"):
        assert "behöver rättas" in sent(client, "check", {"../../x.bpmn": content}, 200)


def test_findings_of_an_element_stand_together_and_lead_into_the_diagram(at: Opener) -> None:
    client = at("tsg").client("processdesigner")
    files = bundle("kvartalsanalys")
    name = "kvartalsanalys.bpmn"
    # One of two signatures is chosen, and the join waits for both.
    text = files[name].decode().replace('parallelGateway id="bada_sidor"', 'exclusiveGateway id="bada_sidor"', 1)
    start = text.index('exclusiveGateway id="bada_sidor"')
    end = text.index("</bpmn:parallelGateway>", start)
    text = text[:end] + text[end:].replace("</bpmn:parallelGateway>", "</bpmn:exclusiveGateway>", 1)
    text = text.replace('id="bada_sidor"', 'id="bada_sidor" default="bada_sidor__signera_hsf"', 1)
    flow = re.search(r'<bpmn:sequenceFlow id="bada_sidor__signera_storsthlm"[^>]*?/>', text)
    assert flow
    condition = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${1 == 2}</bpmn:conditionExpression>'
    text = text.replace(flow[0], f"{flow[0][:-2].rstrip()}>{condition}</bpmn:sequenceFlow>")
    sent(client, "check", files | {name: text.encode()}, 200)
    links = [one for one in client.page.all("a") if one.attributes.get("data-show")]
    assert {"kvartalsanalys", "bada_svarat"} <= {one["data-show"] for one in links}
    assert {one["href"] for one in links} == {"#drawing-0"}
    way = next(json.loads(one["data-path"]) for one in links if one.attributes.get("data-path"))
    assert way[-2:] == ["bada_sidor", "signera_hsf"] or way[-2:] == ["bada_sidor", "signera_storsthlm"]
    assert any(one["id"] == "drawing-0-source" for one in client.page.all("template"))
    many = files | {name: files[name].replace(b"camunda:topic=", b"camunda:emne=").replace(b"formKey=", b"formeln=")}
    sent(client, "check", many, 200)
    heads = [one.text for one in client.page.all("p") if one["class"] == "finding-place"]
    assert len(heads) == len(set(heads)) > 2, "each element once"


def test_a_file_without_a_picture_has_findings_without_links(at: Opener) -> None:
    client = at("tsg").client("processdesigner")
    plain = re.sub(
        rb"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", b"", bundle("kvartalsanalys")["kvartalsanalys.bpmn"], flags=re.S
    )
    told = sent(client, "check", {"kvartalsanalys.bpmn": plain}, 200)
    assert "behöver rättas" in told
    assert not [one for one in client.page.all("a") if one.attributes.get("data-show")]


def test_a_new_version_is_deployed_by_the_designer_and_retired(at: Opener) -> None:
    world = at("tsg")
    client = world.client("processdesigner", is_hostile=True)
    files = bundle("prioriteringsbeslut")
    sent(client, "deploy", files, 303)
    client.see("/processes/prioriteringsbeslut")
    assert "Ingen ny version skapades" in client.flashes()
    changed = {
        name: content + b"\n<!-- ny -->\n" if name.endswith(".bpmn") else content for name, content in files.items()
    }
    sent(client, "deploy", changed, 303)
    page = client.see("/processes/prioriteringsbeslut")
    assert "prioriteringsbeslut 2" in client.flashes()
    assert "Version 2, nyaste" in text_of(page)
    old = client.see("/processes/prioriteringsbeslut/1")
    assert "Det finns en nyare version" in text_of(old)
    wrong = {name: content.replace(b"<bpmn:process", b"<bpmn:proces") for name, content in files.items()}
    assert "behöver rättas" in sent(client, "deploy", wrong, 422)
    client.see("/processes/prioriteringsbeslut/1")
    client.submit(client_form(client, "/retire"))
    assert world.one("SELECT state FROM definition WHERE key = 'prioriteringsbeslut' AND version = 1") == "retired"
    assert world.one("SELECT state FROM definition WHERE key = 'prioriteringsbeslut' AND version = 2") == "active"


def client_form(client: Inspector, ending: str) -> str:
    return next(one["action"] for one in client.page.all("form") if one["action"].endswith(ending))


# --- people and settings ---------------------------------------------------------------------------------------------


def test_a_person_is_added_given_a_role_that_bites_at_once_and_ends(at: Opener) -> None:
    world = at("tsg")
    client = world.client("admin")
    client.see("/people/new")
    client.submit("/people", {"name": "", "username": "é!", "email": "fel"}, status=422)
    assert client.errors()
    client.see("/people/new")
    answer = client.submit("/people", {"name": "Åsa Öst", "username": "asa", "password": "ett långt lösenord 9"})
    path = answer.headers["Location"]
    client.see(path)
    client.submit(f"{path}/roles", {"role": "sekretariat", "scope": "sekretariat", "valid_from": "2026-01-01"})
    assert "Gemensamma sekretariatet" in text_of(client.see(path))
    client.submit(f"{path}/roles", {"role": "processdesigner"}, status=422)
    assert any("processdesigner" in error for error in client.errors())
    client.see(path)
    client.submit(f"{path}/roles", {"role": "tsg", "valid_from": "2026-02-30"}, status=422)
    client.see(path)
    client.submit(f"{path}/roles", {"role": "tsg", "valid_from": "2026-05-01", "valid_to": "2026-04-01"}, status=422)
    assert client.errors()

    guest = world.client()
    guest.see("/login/password")
    guest.submit("/login", {"username": "asa", "password": "ett långt lösenord 9"})
    assert guest.see("/mail")
    client.see(path)
    client.submit(client_form(client, "/end"), {"valid_to": "2026-05-01"})
    assert guest.get("/mail").status_code == 404, "the role is over at the next request"
    client.see(path)
    client.submit(f"{path}/password", {"password": "kort"}, status=422)
    client.see(path)
    client.submit(f"{path}/deactivate")
    assert guest.get("/inbox").status_code == 303
    client.see(path)
    client.submit(f"{path}/reactivate")
    client.see(path)
    client.submit(path, {"name": "Åsa Väst", "email": "asa@example.org"})
    assert "Åsa Väst" in text_of(client.see("/people?q=åsa"))
    assert client.get("/people/99999").status_code == 404


def test_settings_are_changed_by_value_of_the_same_kind(at: Opener) -> None:
    world = at("tsg")
    client = world.client("admin")
    page = client.see("/settings")
    assert "Registrering och komplettering" in text_of(page)
    client.submit("/settings/registrering", {"value": "12"})
    client.see("/settings")
    field = next(one for one in client.page.all("input") if one["id"] == "value-registrering")
    assert field["value"] == "12"
    client.submit("/settings/registrering", {"value": "tolv"}, status=422)
    assert client.errors()
    client.see("/settings")
    client.submit("/settings/retry.minutes", {"value": "[1, 2"}, status=422)
    client.see("/settings")
    client.submit("/settings/retry.minutes", {"value": "[1, 2]"})
    for name, value in (
        ("data_sista_dag", "hej"),
        ("data_sista_dag", "02-29"),
        ("data_paminnelse_mellanrum", "14"),
        ("registrering", "-1"),
        ("analys_klar_dag", "31"),
    ):
        client.see("/settings")
        client.submit(f"/settings/{name}", {"value": value}, status=422)
        assert client.errors(), value
    client.see("/settings")
    client.submit("/settings/data_sista_dag", {"value": "03-01"})
    assert client.post("/settings/finns_inte", data={"csrf_token": token(client), "value": "1"}).status_code in (
        404,
        422,
    )


# --- audit -----------------------------------------------------------------------------------------------------------


def test_history_is_searched(at: Opener) -> None:
    world = at("tsg")
    client = world.client("revisor")

    def cases(query: str) -> set[str]:
        page = client.see(f"/audit?{query}")
        return {one.text for one in page.all("a") if one["href"].startswith("/cases/")}

    assert cases("q=PS-2025-0002") == {"PS-2025-0002"}
    assert cases("kind=case:ended&since=2026-04-01&until=2026-04-30")
    assert cases("role=tsg&since=2030-01-01") == set()
    assert cases("since=inte+ett+datum&until=0001-01-01&before=nonsens|x")
    page = client.see("/audit")
    older = next(one["href"] for one in page.all("a") if "before=" in one["href"])
    first = [one.text for one in page.all("code")]
    assert set(first).isdisjoint(one.text for one in client.see(older).all("code"))


def test_R37_tampering_is_shown_with_the_first_bad_row(at: Opener) -> None:
    world = at("tsg")
    client = world.client("revisor")
    client.see("/audit")
    client.submit("/audit/verify", status=200)
    assert "Historiken är hel" in text_of(client.page)
    number = world.one('SELECT number FROM "case" WHERE id = :id', id=world.names["01"])
    with world.engine._database.begin() as connection:
        triggers = connection.execute(
            sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'history'")
        )
        for name in [row[0] for row in triggers]:
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        connection.execute(
            sa.text("UPDATE history SET person_name = 'Någon annan' WHERE case_id = :id AND seq = 13"),
            {"id": world.names["01"]},
        )
    client.see("/audit")
    client.submit("/audit/verify", status=200)
    assert "Historiken är inte hel" in text_of(client.page)
    assert "Historiken är oskyddad" in text_of(client.page)
    assert f"{number}, rad 13" in text_of(client.page)


# --- the year --------------------------------------------------------------------------------------------------------


def test_the_year_shows_periods_late_work_and_who_has_not_answered(at: Opener) -> None:
    world = at("tsg")
    client = world.client("sekretariat")
    page = client.see("/year/2026")
    text = text_of(page)
    assert "Sammanställda uppgifter från januari–mars saknas" in text
    assert "0 av 27 parter har lämnat sina uppgifter" in text
    assert "Huddinge" in text
    ring = next(one for one in page.all("svg") if one["role"] == "img")
    arcs = {one["class"].split()[1]: one["class"].split()[2] for one in ring.all("g") if one["class"].startswith("arc")}
    assert arcs == {"inhamtning": "missed", "dialog": "now", "rapport": "ahead", "uppdrag": "ahead"}
    assert any("ring-hand" in one["class"] for one in ring.all("path"))
    assert "öppna uppgifter, varav" in next(one.text for one in ring.all("title"))
    last = client.see("/year/2025")
    assert not any("ring-hand" in one["class"] for one in last.all("path"))
    for path in ("/year/1800", "/year/99999"):
        assert client.get(path).status_code == 404
    assert client.get("/year").headers["Location"].endswith("/year/2026")


def test_the_year_of_a_party_says_nothing_of_the_others(at: Opener) -> None:
    world = at("tsg")
    client = world.client("part:huddinge")
    text = text_of(client.see("/year/2026"))
    assert "Inhämtning" in text
    assert "läses av andra roller" in text
    assert "Nacka" not in text
    assert not [one for one in client.page.all("span") if "late" in one["class"]]


def test_the_hand_stands_where_the_day_is() -> None:
    from web.year import _at, _turn

    assert _turn(date(2026, 1, 1)) == pytest.approx(0, abs=0.002)
    assert _turn(date(2026, 7, 1)) == pytest.approx(0.5, abs=0.002)
    assert _turn(date(2026, 12, 31)) == pytest.approx(1, abs=0.002)
    assert _at(0.25, 100) == (310.0, 210.0)


# --- the demo's clock ------------------------------------------------------------------------------------------------


def test_moving_the_clock_says_what_happened_on_the_way(at: Opener) -> None:
    world = at("tsg")
    for name in ("session.hours", "session.idle_minutes"):  # as the demo has it
        world.engine.execute(ChangeSetting(name, 200_000), actor=Actor.system())
    client = world.client("sekretariat")
    client.see("/clock")
    client.submit("/clock", {"to": "2026-05-11T10:45"})
    client.see("/clock")
    assert "Inget hände på vägen." in client.flashes()
    client.submit("/clock", {"to": "2026-07-01T08:00"})
    client.see("/clock")
    told = client.flashes()
    assert "ett ärende startade" in told, "the next quarter's analysis"
    assert "utskick gick ut" in told
    assert "ons 1 juli" in told
    client.submit("/clock", {"to": "2026-01-01T08:00"}, status=422)
    assert client.errors()
