"""The case's page: the ladder of real cases, who may see what, what is withheld, how it is stopped."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.web.conftest import statements
from tests.web.inspector import Element, Inspector
from tests.web.pages.conftest import Opener

RUNGS = ("Lokal nivå", "Rapport", "Kvartalsanalys", "Sekretariatet", "TSG", "VIS")


def ladder(page: Element) -> dict[str, str]:
    """Rung -> its state, as the list says it."""
    found = next(one for one in page.all("ol") if one["class"] == "ladder-list")
    return {
        next(child.text for child in item.all("strong")): item["class"] for item in found.children if item.tag == "li"
    }


def states(page: Element) -> list[str]:
    found = ladder(page)
    return [found[name] for name in RUNGS]


def all_text(page: Element) -> str:
    main = page.first("main")
    assert main
    return main.text


# --- the ladder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "example", "expected"),
    [
        ("analysis", "01", ["passed", "passed", "now", "ahead", "ahead", "ahead"]),
        ("tsg", "01", ["passed", "passed", "passed", "passed", "now", "ahead"]),
        ("tsg", "03", ["passed", "passed", "passed", "now", "ahead", "ahead"]),
        ("end", "01", ["passed"] * 6),
        ("tsg", "02", ["skipped", "passed", "passed", "passed", "now", "ahead"]),
        ("tsg", "10", ["passed", "passed", "now", "ahead", "ahead", "ahead"]),
        ("end", "07", ["passed", "passed", "passed", "unneeded", "unneeded", "unneeded"]),
        ("end", "09", ["passed"] + ["unneeded"] * 5),
        ("end", "12", ["passed", "passed", "passed", "now", "ahead", "ahead"]),
    ],
)
def test_ladder_of_a_played_report(at: Opener, moment: str, example: str, expected: list[str]) -> None:
    world = at(moment)
    who = "lokal_samverkan:danderyd@kommun" if example == "09" else "storsthlm" if example != "12" else "hsf"
    page = world.client(who).see(f"/cases/{world.names[example]}")
    assert states(page) == expected, ladder(page)


def test_ladder_shows_each_feedback_with_its_date(at: Opener) -> None:
    world = at("end")
    page = world.client("rapportor_kommun:huddinge").see(f"/cases/{world.names['01']}")
    given = [one.text for one in page.all("span") if "ladder-feedback" in one["class"]]
    assert len(given) == 6, given
    assert given[0].startswith("↓ Återkoppling 11 feb")
    picture = page.first("svg", **{"class": "ladder-picture"})
    assert picture
    assert sum(one["class"] == "ladder-drop" for one in picture.all("path")) == 6


def test_R25_matter_of_principle_is_seen_to_pass_the_local_rung(at: Opener) -> None:
    world = at("tsg")
    page = world.client("storsthlm").see(f"/cases/{world.names['02']}")
    assert any(one["class"] == "ladder-skip" for one in page.all("path"))
    assert "Principiell fråga" in all_text(page)


def test_ladder_of_a_problem_and_of_an_analysis(at: Opener) -> None:
    world = at("tsg")
    client = world.client("sekretariat")
    problem = world.one("SELECT id FROM \"case\" WHERE process = 'strukturellt_problem' AND status = 'hos_tsg' LIMIT 1")
    assert states(client.see(f"/cases/{problem}"))[2:] == ["passed", "passed", "now", "ahead"]
    analysis = world.case_of("kvartalsanalys", "2026-Q1")
    assert states(client.see(f"/cases/{analysis}"))[:3] == ["passed"] * 3
    assert "Båda sidor har signerat" in all_text(client.page)
    rungs = [one.text for one in client.page.all("li") if one["class"] in ("passed", "now", "ahead")]
    assert "Passerat 31 mars" in rungs[1]
    assert "Passerat 21 apr" in rungs[2]


def test_a_task_of_a_report_shows_the_small_ladder(at: Opener) -> None:
    world = at("tsg")
    page = world.client("tsg").see(f"/tasks/{world.task('tsg_beslutar')}")
    assert any("ladder-small-figure" in one["class"] for one in page.all("figure"))


# --- story, relatives, who has it ------------------------------------------------------------------------------------


def test_history_in_plain_sentences(at: Opener) -> None:
    world = at("end")
    client = world.client("storsthlm")
    page = client.see(f"/cases/{world.names['01']}")
    told = [one.text for one in page.all("span") if one["class"] == "timeline-what"]
    for sentence in (
        "Kvartalsanalysen bedömde problemet som strukturellt",
        "Storsthlm tog emot rapporten",
        "VIS beslutade om problemet: noterar",
        "Rapportören i Huddinge lämnade rapporten",
        "Rapporten fick diarienummer Storsthlm 2026-0002",
    ):
        assert sentence in told, told
    assert told.index("VIS beslutade om problemet: noterar") < told.index("Storsthlm tog emot rapporten"), (
        "newest first"
    )
    client.see(f"/cases/{world.names['01']}?steps=all")
    assert len([one for one in client.page.all("span") if one["class"] == "timeline-what"]) == 40
    for _ in range(2):
        older = next(one["href"] for one in client.page.all("a") if "before=" in one["href"])
        client.see(older)
    assert "tog upp frågan lokalt" in all_text(client.page)


def test_what_repeats_is_one_line_that_opens(at: Opener) -> None:
    """Neighbours in the story that say the same are one line, and so is one mail to many beside it."""
    page = at("end").client("sekretariat").see("/cases/1")
    whole, *within = [one for one in page.all("ol") if one["class"] == "timeline"]
    told = [one.text for one in whole.all("span") if one["class"] == "timeline-what"]
    assert "3 gånger: ”Flagga ofullständigt underlag” är gjort" in told
    assert 3 in [len(list(one.all("li"))) for one in within]
    assert any(one.text.endswith(" mottagare") for one in page.all("summary"))


def test_who_has_it_now_and_related_cases(at: Opener) -> None:
    world = at("tsg")
    page = world.client("sekretariat").see(f"/cases/{world.names['01']}")
    text = all_text(page)
    assert "Problemet behandlas i SP-2026-" in text
    assert "Kvartalsanalys 2026-Q1" in text
    waiting = world.client("tsg").see(
        f"/cases/{world.one('SELECT case_id FROM task WHERE element = :e', e='tsg_beslutar')}"
    )
    assert "Registrera TSG:s beslut" in all_text(waiting)
    assert "Väntar på dig" in all_text(waiting)


def test_diagram_is_a_page_and_a_part(at: Opener) -> None:
    world = at("tsg")
    client = world.client("storsthlm")
    page = client.see(f"/cases/{world.names['01']}/diagram")
    drawn = next(one for one in page.all("div") if one["data-diagram"])
    assert "ta_emot_storsthlm" in drawn["data-visited"]
    assert "vanta_pa_beslut" in drawn["data-current"]
    answer = client.get(drawn["data-diagram"])
    assert answer.mimetype == "application/xml"
    assert b"problem_i_samverkan" in answer.data
    part = client.get(f"/cases/{world.names['01']}/diagram", headers={"HX-Request": "true"})
    assert b"<html" not in part.data


# --- who may see what ------------------------------------------------------------------------------------------------


def test_wrong_party_and_nonexistent_answer_alike(at: Opener) -> None:
    world = at("tsg")
    client = world.client("rapportor_kommun:nacka")
    foreign = client.get(f"/cases/{world.names['01']}")
    told = client.page.first("main")
    missing = client.get("/cases/999999")
    again = client.page.first("main")
    assert foreign.status_code == missing.status_code == 404
    assert told
    assert again
    assert _without_id(told.text) == _without_id(again.text)
    for path in ("diagram", "decisions/1"):
        assert client.get(f"/cases/{world.names['01']}/{path}").status_code == 404
    assert client.post(f"/cases/{world.names['01']}/comments", data={"csrf_token": token(client)}).status_code == 404


def _without_id(text: str) -> str:
    return " ".join(word for word in text.split() if len(word.strip(".")) != 10)


def token(client: Inspector) -> str:
    client.see("/cases")
    found = client.page.first("meta", name="csrf-token")
    assert found
    return found["content"]


def test_R5_R32_list_holds_only_what_one_may_read(at: Opener) -> None:
    world = at("tsg")
    seen = {
        who: {one.text for one in world.client(who).see("/cases").all("th") if one["scope"] == "row"}
        for who in ("rapportor_kommun:huddinge", "rapportor_kommun:nacka", "tsg", "processdesigner", "part:huddinge")
    }
    assert seen["rapportor_kommun:huddinge"] == {"PS-2025-0002"}
    assert seen["rapportor_kommun:nacka"] == {"PS-2025-0001"}
    assert seen["processdesigner"] == set()
    assert len(seen["part:huddinge"]) == 1
    assert not any(number.startswith("PS") for number in seen["tsg"])


def test_R3_sealed_case_is_for_one_person(at: Opener) -> None:
    world = at("tsg")
    case_id = world.names["08b"]
    words = str(world.one('SELECT data FROM "case" WHERE id = :id', id=case_id))
    secret = next(part for part in ("hemtjänsten", "grannen", "dottern", "ringde") if part in words)
    owner = world.client("storsthlm").see(f"/cases/{case_id}")
    assert secret in all_text(owner)
    assert "Bara du ser vad som skrevs" in all_text(owner)
    for who in ("storsthlm#2", "hsf", "rapportor_kommun:taby", "sekretariat"):
        assert world.client(who).get(f"/cases/{case_id}").status_code == 404, who
    auditor = world.client("revisor")
    page = auditor.see(f"/cases/{case_id}")
    assert "förseglat" in all_text(page)
    assert "Förseglade: bara den som tog emot rapporten" in all_text(page)
    assert secret not in auditor.html
    listed = world.client("revisor").see(f"/cases?q={secret}")
    assert "Inget ärende passar" in all_text(listed)


def test_R33_addresses_are_withheld_in_words(at: Opener) -> None:
    world = at("tsg")
    case_id = world.names["02"]  # from Värmdö, to Storsthlm
    address = "example.org"
    own = world.client("storsthlm").see(f"/cases/{case_id}")
    assert address in all_text(own)
    other = world.client("hsf")
    page = other.see(f"/cases/{case_id}")
    assert "Visas inte för din roll" in all_text(page)
    assert address not in other.html
    other.see("/mail")
    assert address not in other.html.replace("hsf@example.org", "")
    assert address in world.client("revisor").see(f"/cases/{case_id}").text


def test_administrator_sees_how_it_stands_and_nothing_of_what_was_written(at: Opener) -> None:
    world = at("tsg")
    client = world.client("admin")
    page = client.see(f"/cases/{world.names['01']}")
    assert "eftersom du är administratör" in all_text(page)
    for word in ("utskrivningsdatum", "Huddinge", "Biståndshandläggarna"):
        assert word not in client.html
    client.see("/cases")
    assert "PS-2025-0002" in client.html
    assert "utskrivningsdatum" not in client.html
    client.see("/cases?q=utskrivningsdatum")
    assert "Inget ärende passar" in client.html


def test_R34_auditor_reads_all_and_it_is_logged(at: Opener) -> None:
    world = at("tsg")
    client = world.client("revisor")
    page = client.see(f"/cases/{world.names['01']}")
    assert "Preliminära utskrivningsdatum" in all_text(page)
    assert not [one for one in page.all("form") if "comments" in one["action"]], "the auditor writes nothing"
    client.see("/audit/reads")
    assert "Revisor" in all_text(client.page)
    assert any(one["href"] == f"/cases/{world.names['01']}" for one in client.page.all("a"))


# --- list ------------------------------------------------------------------------------------------------------------


def test_list_filters_and_sorts(at: Opener) -> None:
    world = at("end")
    client = world.client("sekretariat")

    def numbers(query: str) -> list[str]:
        return [one.text for one in client.see(f"/cases?{query}").all("th") if one["scope"] == "row"]

    assert numbers("q=kallelse till SIP") == numbers("q=KALLELSE till sip") != []
    assert all(number.startswith("SP") for number in numbers("process=strukturellt_problem"))
    assert numbers("q=PS-2026-0001") == ["PS-2026-0001"]
    assert set(numbers("state=open")).isdisjoint(numbers("state=closed"))
    assert numbers("party=nacka") == ["PS-2025-0001"]
    assert numbers("sort=number") == sorted(numbers("sort=number"))
    assert not any(number.startswith("PU") for number in numbers(""))
    assert any(number.startswith("PU") for number in numbers("parts=1"))
    assert numbers("q=%25") == []
    assert numbers("page=500&state=nonsense&sort=;drop") == []


# --- comments --------------------------------------------------------------------------------------------------------

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&{{7*7}}"


def test_the_list_says_how_far_back_it_has_looked_and_offers_the_rest(
    at: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = at("end").client("storsthlm")

    def numbers(address: str) -> list[str]:
        return [one.text for one in client.see(address).all("th") if one["scope"] == "row"]

    every = numbers("/cases?q=ps+2026")
    assert (len(every) > 6, "längre bak" in client.html) == (True, False)
    monkeypatch.setattr("engine.runtime.views.case_list.FEW", 0)
    for name, few in (("FEW", 6), ("SHORTEST", 1), ("WIDER", 2)):
        monkeypatch.setattr(f"engine.runtime.views.case_search.{name}", few)
    seen, pages = numbers("/cases?q=ps+2026"), 1
    assert "Det du söker på finns i många ärenden" in all_text(client.page)
    while older := next((one["href"] for one in client.page.all("a") if one.text == "Sök längre bak"), None):
        seen += numbers(older)
        pages += 1
        assert ("eller tidigare" in all_text(client.page)) == ("Sök längre bak" not in client.html)
        assert "Till de senaste" in {one.text for one in client.page.all("a")}
    assert sorted(seen) == sorted(every)
    assert pages >= 3
    client.set_cookie("sprak", "en")
    assert "Search further back" in {one.text for one in client.see("/cases?q=ps+2026").all("a")}
    for address in (
        "/cases?q=ps&before=0",
        "/cases?q=ps&before=nej",
        f"/cases?q=ps&before={10**30}",
        "/cases?before=5",
    ):
        assert client.get(address).status_code == 200, address


def test_comment_is_kept_and_escaped(at: Opener) -> None:
    world = at("tsg")
    client = world.client("storsthlm")
    path = f"/cases/{world.names['01']}"
    client.see(path)
    client.submit(f"{path}/comments", {"text": SCRIPT})
    client.is_hostile = True
    client.see(path)
    assert "&lt;script&gt;alert(1)" in client.html
    assert "<script>alert" not in client.html
    assert "<img" not in client.html
    assert "49" not in next(one.text for one in client.page.all("ul") if one["class"] == "comments")


def test_R2_personnummer_in_a_comment_is_refused_and_not_repeated(at: Opener) -> None:
    world = at("tsg")
    client = world.client("storsthlm")
    path = f"/cases/{world.names['01']}"
    client.see(path)
    client.submit(f"{path}/comments", {"text": "Gäller 19121212-1212 i Huddinge"}, status=422)
    assert "19121212" not in client.html
    assert client.errors()
    assert not world.rows("comment")
    client.submit(f"{path}/comments", {"text": "   "}, status=422)
    assert client.errors()


def test_hostile_texts_of_a_report_are_text_on_every_page(at: Opener) -> None:
    world = at("tsg")
    problem = world.one("SELECT case_id FROM task WHERE element = 'tsg_beslutar' AND state = 'open'")
    with world.engine._database.begin() as connection:
        for statement in (
            'UPDATE "case" SET title = :text, status = :text, outcome = :text WHERE id = :id',
            'UPDATE mail SET subject = :text, body = :text, "to" = :text WHERE case_id = :id',
            "UPDATE task SET name = :text WHERE case_id = :problem",
            "UPDATE person SET name = :text WHERE id = :person",
        ):
            values = {"text": SCRIPT, "id": world.names["01"], "person": world.people["hsf#2"], "problem": problem}
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(sa.text(statement), used)
    mail = world.one("SELECT id FROM mail WHERE case_id = :id", id=world.names["01"])
    for who, paths in {
        "revisor": [f"/cases/{world.names['01']}", "/cases", "/audit", f"/mail/{mail}", "/mail?q=script"],
        "admin": ["/people", f"/people/{world.people['hsf#2']}", "/cases", "/mail"],
        "tsg": [f"/tasks/{world.task('tsg_beslutar')}", "/year/2026"],
    }.items():
        client = world.client(who, is_hostile=True)
        for path in paths:
            client.see(path)
            assert "<script>alert" not in client.html, path
            assert "onerror=alert(2)>" not in client.html.replace("&gt;", ""), path


# --- paused and ended by the administrator ---------------------------------------------------------------------------


def test_administrator_lets_a_case_go_on_without_what_it_waits_for(at: Opener) -> None:
    world = at("tsg")
    client = world.client("admin")
    timer = world.one("SELECT max(id) FROM job WHERE kind = 'timer' AND state = 'waiting'")
    case_id, wait = (world.one(f"SELECT {name} FROM job WHERE id = :id", id=timer) for name in ("case_id", "wait"))
    client.see(f"/cases/{case_id}")
    client.submit(f"/cases/{case_id}/waits/{wait}/skip", {"reason": "Det är redan sent"})
    client.see(f"/cases/{case_id}")
    assert "Ärendet går vidare." in client.flashes()
    office = world.client("sekretariat")
    office.see(f"/cases/{case_id}")
    assert "Administratören lät ärendet gå vidare från" in all_text(office.page)
    assert "Det är redan sent" in all_text(office.page)
    state = "SELECT state FROM job WHERE case_id = :id AND wait = :wait"
    assert world.one(state, id=case_id, wait=wait) == "cancelled"


def test_administrator_pauses_resumes_and_cancels_with_a_reason(at: Opener) -> None:
    world = at("tsg")
    case_id = world.one("SELECT case_id FROM task WHERE element = 'tsg_beslutar' AND state = 'open'")
    client = world.client("admin")
    client.see(f"/cases/{case_id}")
    client.submit(f"/cases/{case_id}/suspend", {"reason": " "})
    client.see(f"/cases/{case_id}")
    assert "Skriv varför" in client.flashes()
    client.submit(f"/cases/{case_id}/suspend", {"reason": "Fel underlag"})
    client.see(f"/cases/{case_id}")
    assert "Vilande" in all_text(client.page)
    office = world.client("sekretariat")
    office.see(f"/cases/{case_id}")
    assert "Administratören pausade ärendet" in all_text(office.page)
    assert "Fel underlag" in all_text(office.page)
    client.submit(f"/cases/{case_id}/resume")
    client.see(f"/cases/{case_id}")
    client.submit(f"/cases/{case_id}/cancel", {"reason": "Hör inte hit"})
    client.see(f"/cases/{case_id}")
    assert "Avbrutet" in all_text(client.page)
    assert world.one('SELECT state FROM "case" WHERE id = :id', id=case_id) == "cancelled"


def test_others_cannot_stop_a_case(at: Opener) -> None:
    world = at("tsg")
    for who in ("sekretariat", "revisor", "processdesigner", "tsg"):
        client = world.client(who)
        given = {"csrf_token": token(client), "reason": "x"}
        for verb in ("suspend", "resume", "cancel"):
            assert client.post(f"/cases/{world.names['01']}/{verb}", data=given).status_code == 404
    assert world.one('SELECT state FROM "case" WHERE id = :id', id=world.names["01"]) == "active"


# --- cost ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        (
            "sekretariat",
            ["/cases", "/cases/{01}", "/cases/{01}?steps=all", "/cases/{01}/diagram", "/year/2026", "/mail"],
        ),
        ("revisor", ["/cases", "/cases/{01}", "/audit", "/audit/reads", "/incidents"]),
        ("admin", ["/people", "/settings", "/incidents", "/processes", "/processes/arshjul", "/mail"]),
        ("rapportor_kommun:huddinge", ["/cases", "/cases/{01}"]),
    ],
)
def test_no_page_takes_more_than_ten_queries(at: Opener, who: str, paths: list[str]) -> None:
    world = at("end")
    client = world.client(who, is_hostile=True)  # a README may say }}
    for path in paths:
        path = path.replace("{01}", str(world.names["01"]))
        client.see(path)  # definitions are read once in a process's life
        with statements() as sent:
            client.see(path)
        assert len(sent) <= 10, f"{path}: {len(sent)}\n" + "\n".join(sent)


def test_reading_pages_changes_nothing(at: Opener) -> None:
    world = at("tsg")
    tables = ('"case"', "task", "history", "mail", "comment", "job", "incident", "membership", "setting")
    before = {name: world.rows(name) for name in tables}
    client = world.client("sekretariat")
    for path in ("/cases", f"/cases/{world.names['01']}", "/year/2026", "/mail", f"/cases/{world.names['01']}/diagram"):
        client.see(path)
    assert {name: world.rows(name) for name in tables} == before


def test_only_hsf_is_asked_when_a_mail_came(at: Opener) -> None:
    """Left out by the server, so that it is right without scripts too."""
    world = at("tsg")
    asked = {
        role: "epost_inkom_tid" in str([one["name"] for one in world.client(role).see(START_FORM).all("input")])
        for role in ("hsf", "rapportor_kommun:huddinge", "rapportor_kommun:norrtalje")
    }
    assert asked == {"hsf": True, "rapportor_kommun:huddinge": False, "rapportor_kommun:norrtalje": False}


def test_R8_the_form_knows_that_kson_acts_for_norrtalje(at: Opener) -> None:
    page = at("tsg").client("rapportor_kommun:norrtalje").see(START_FORM)
    [party] = [one for one in page.all("select") if one["name"] == "rapporterande_part"]
    assert [one["value"] for one in party.all("option") if "selected" in one.attributes] == ["kson"]


START_FORM = "/start/problem_i_samverkan"
