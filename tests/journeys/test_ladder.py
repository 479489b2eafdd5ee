"""By browser alone: a kommun reports, the quarter is analysed, TSG and VIS decide, the kommun reads its feedback."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def open_task(page: Page, name: str) -> None:
    """Open the task from the inbox, which it may reach a moment later: messages between cases go by the worker."""
    row = page.locator("[data-task]").filter(has_text=re.compile(name))
    for _ in range(40):
        if row.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    row.first.get_by_role("link").first.click()
    page.get_by_role("link", name="Öppna på en egen sida").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(name))


def say(page: Page, field: str, value: str) -> None:
    """Fill in the field of this name, whatever kind it is."""
    box = page.locator(f"[name='{field}']:not(button)")
    kind = box.first.evaluate("element => element.type || element.tagName.toLowerCase()")
    if kind in {"radio", "checkbox"}:
        page.locator(f"[name='{field}'][value='{value}']").check()
    elif kind.startswith("select"):
        box.select_option(value)
    else:
        box.fill(value)


def send(page: Page) -> None:
    with page.expect_navigation():
        page.locator("form[data-autosave] button.primary, form button.primary").first.click()
    assert not page.locator("[data-error-summary]").count(), page.locator("[data-error-summary]").inner_text()


def test_a_report_goes_from_the_kommun_to_vis_and_its_feedback_comes_back(house, page, clean):
    house.be(page, "kommun, Huddinge")
    clean()
    house.visit(page, "/start/problem_i_samverkan")
    clean()
    say(page, "ingang", "rapport")
    for field, value in {
        "funktion": "Verksamhetschef",
        "tjanste_epost": "verksamhetschef@huddinge.example.org",
        "rubrik": "Utskrivningsdatum ändras sent",
        "beskrivning": "Preliminära utskrivningsdatum ändras flera gånger och går inte att planera efter.",
        "principiell.svar": "ja",
        "principiell.motivering": "Gäller alla kommuner som tar emot från samma sjukhus.",
    }.items():
        say(page, field, value)
    page.get_by_label("Rapporten gäller inte en enskild individ").check()
    page.get_by_label(re.compile("Egna avvikelser")).check()
    send(page)
    clean()
    expect(page.locator("main")).to_contain_text("PS-2026-0001")

    house.be(page, "Storsthlm, handl")
    open_task(page, "Ta emot rapporten")
    clean()
    say(page, "beslut_mottagning", "registrera")
    send(page)
    house.be(page, "Storsthlm, handl")
    open_task(page, "Stäm av rapporten")
    say(page, "avstamning", "Rapporten tas upp i analysen av första kvartalet.")
    send(page)

    house.be(page, "HSF, handl")
    assert not page.locator("[data-task]").count()
    house.visit(page, "/clock")
    clean()
    say(page, "to", "2026-04-20T09:00")
    page.get_by_role("button", name="Flytta klockan").click()
    expect(page.get_by_role("status")).to_contain_text("Klockan är nu", timeout=30_000)

    house.be(page, "HSF, handl")
    open_task(page, "Bedöm")
    clean()
    say(page, "bedomningar.0.bedomning", "strukturellt")
    say(page, "bedomningar.0.motivering", "Samma fråga finns i flera kommuner.")
    say(page, "bedomningar.0.problem.nyckel", "nytt:P1")
    say(page, "bedomningar.0.problem.titel", "Utskrivningsdatum som inte går att planera efter")
    say(page, "bedomningar.0.problem.orsak", "olika styrimpulser")
    send(page)
    for side in ("Storsthlm", "HSF"):
        house.be(page, f"{side}, handl")
        open_task(page, "Signera")
        clean()
        say(page, "signatur", "godkanner")
        send(page)

    house.be(page, "sekretariat")
    open_task(page, "Bedöm nästa steg")
    clean()
    for field, value in {
        "underlag": "Underlag från sekretariatet.",
        "nasta_steg": "till_tsg",
        "motivering": "Frågan kräver en gemensam rutin.",
    }.items():
        say(page, field, value)
    send(page)
    decision = {
        "datum": "2026-04-20",
        "narvaro.kommun": "5",
        "narvaro.region": "4",
        "grunder": "Sekretariatets underlag.",
    }
    house.be(page, "TSG, sek")
    open_task(page, "TSG")
    clean()
    for field, value in (decision | {"stallningstagande": "bekraftar", "lydelse": "TSG bekräftar problemet."}).items():
        say(page, field, value)
    send(page)
    house.be(page, "VIS, sek")
    open_task(page, "VIS")
    clean()
    for field, value in (decision | {"utfall": "noterar", "lydelse": "VIS har tagit emot rapporten."}).items():
        say(page, field, value)
    send(page)

    house.be(page, "kommun, Huddinge")
    house.visit(page, "/cases")
    clean()
    page.get_by_role("link", name=re.compile("PS-2026-0001")).click()
    clean()
    story = page.locator("main").inner_text()
    for told in ("Mottagning", "avstämning", "kvartalsanalys", "sekretariatet", "TSG", "VIS har tagit emot rapporten"):
        assert told in story, told
