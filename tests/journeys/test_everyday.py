"""A working day in the browser: the inbox by keyboard, forms that help while one types, and all without scripts too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from engine import Actor, ChangeSetting, Deploy, PeopleHolding, StartCase
from tests.browser import axe
from tests.journeys.conftest import House

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

REPORT = {
    "ingang": "rapport",
    "rapporterande_part": "huddinge",
    "lokalt_omrade": "huddinge",
    "funktion": "Verksamhetschef",
    "tjanste_epost": "chef@huddinge.example.org",
    "rubrik": "Utskrivningsdatum ändras",
    "beskrivning": "Preliminära utskrivningsdatum ändras flera gånger.",
    "lokal_hantering": {"vad": "Togs upp på samverkansmötet.", "nar": ["2026-01-22"]},
    "principiell": {"svar": "nej"},
    "intyg_ej_individ": True,
    "intyg_egen_avvikelse": True,
}


def person(house: House, candidate: str) -> Actor:
    found = house.engine.ask(PeopleHolding((candidate,)), actor=Actor.system())
    return house.engine.actor_for(found[0].id)


def report(house: House, **changed: object) -> None:
    house.engine.execute(
        StartCase("problem_i_samverkan", {**REPORT, **changed}), actor=person(house, "rapportor_kommun:huddinge")
    )


def wait_for_rows(page: Page, count: int) -> None:
    """Reports reach the inbox when the worker has numbered them."""
    for _ in range(40):
        if page.locator("[data-task]").count() >= count:
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(f"Expected {count} tasks, but there are {page.locator('[data-task]').count()}")


@pytest.fixture
def inbox(house: House, page: Page) -> Page:
    report(house, rubrik="Första rapporten")
    report(house, rubrik="Andra rapporten")
    house.be(page, "Storsthlm, handläggare")
    wait_for_rows(page, 2)
    return page


def test_the_inbox_is_worked_by_keyboard_alone(inbox: Page) -> None:
    page = inbox
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-task][data-chosen]")).to_contain_text("Andra rapporten")
    page.keyboard.press("k")
    expect(page.locator("[data-task][data-chosen]")).to_contain_text("Första rapporten")
    page.keyboard.press("Enter")
    pane = page.locator("#pane")
    expect(pane.get_by_role("heading", level=2).first).to_be_focused()
    expect(pane).to_contain_text("Första rapporten")
    assert axe(page) == []
    page.keyboard.press("t")
    expect(page.get_by_role("status")).to_contain_text("Du har tagit uppgiften.")
    page.keyboard.press("/")
    expect(page.get_by_label("Sök ärendenummer, rubrik eller uppgift")).to_be_focused()
    page.keyboard.type("andra")
    page.keyboard.press("Enter")
    expect(page.locator("[data-task]")).to_have_count(1)
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("nästa, föregående uppgift")
    assert axe(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_typing_saves_takes_the_task_and_says_so(inbox: Page, house: House) -> None:
    page = inbox
    page.locator("[data-task] a").first.click()
    pane = page.locator("#pane")
    pane.get_by_label("Ja, den är komplett och registreras").check()
    expect(pane.locator("[data-saved]")).to_have_text(re.compile("sparat [0-9]{2}:[0-9]{2}"))
    expect(page.locator("p[aria-live='polite']").first).to_have_text("Du har tagit uppgiften.")
    page.reload()
    page.locator("[data-task]").filter(has_text="Du har tagit den").get_by_role("link").click()
    expect(pane.get_by_label("Ja, den är komplett och registreras")).to_be_checked()


def test_a_form_shows_what_concerns_one_and_counts_rows(house: House, page: Page) -> None:
    house.be(page, "kommun, Huddinge")
    house.visit(page, "/start/problem_i_samverkan")
    why = page.get_by_label(re.compile("Vilka andra parter kan påverkas"))
    expect(why).to_be_hidden()
    page.locator("[name='principiell.svar'][value='ja']").check()
    expect(why).to_be_visible()
    dates = page.locator("[name^='lokal_hantering.nar.']")
    expect(dates).to_have_count(1)
    page.get_by_role("button", name="Lägg till en rad").click()
    expect(dates).to_have_count(2)
    expect(dates.nth(1)).to_be_focused()
    page.get_by_role("button", name="Ta bort raden").first.click()
    expect(dates).to_have_count(1)
    assert axe(page) == []


def test_R2_a_personnummer_is_stopped_while_one_types(house: House, page: Page) -> None:
    house.be(page, "kommun, Huddinge")
    house.visit(page, "/start/problem_i_samverkan")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    box = page.get_by_label("Beskriv problemet i samverkan")
    box.fill("Det gäller 19121212-1212 på avdelningen.")
    expect(page.locator(".field-error")).to_contain_text("personnummer")
    page.get_by_role("button", name="Skicka").last.click()
    expect(box).to_be_focused()
    assert sent == []
    box.fill("Det gäller avdelningen.")
    expect(page.locator(".field-error")).to_have_count(0)


def test_the_focus_goes_to_what_must_be_mended(house: House, page: Page) -> None:
    house.be(page, "kommun, Huddinge")
    house.visit(page, "/start/problem_i_samverkan")
    page.get_by_role("button", name="Skicka").last.click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name=re.compile("Beskriv problemet")).click()
    expect(page).to_have_url(re.compile("#beskrivning$"))
    assert axe(page) == []


def test_two_browsers_on_one_task(inbox: Page, browser: Browser, house: House) -> None:
    context = browser.new_context(locale="sv-SE")
    other = context.new_page()
    address = inbox.locator("[data-task] a").first.get_attribute("href")
    assert address
    house.be(other, "Storsthlm, handläggare")
    for page in (inbox, other):
        house.visit(page, address)
    other.context.clear_cookies()
    other.goto(house.address + "/login?q=storsthlm")
    other.locator(".accounts button").nth(1).click()
    house.visit(other, address)
    inbox.get_by_label("Ja, den är komplett och registreras").check()
    inbox.locator("form[data-autosave] button.primary.large").click()
    expect(inbox.get_by_role("status")).to_contain_text("Klart: Ta emot")
    other.get_by_label("Nej, rapportören behöver komplettera den").check()
    other.get_by_label("Vad behöver kompletteras?").fill("Skriv mer om hur ofta det händer.")
    other.locator("form[data-autosave] button.primary.large").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Någon annan hann före")
    expect(other.locator("main")).to_contain_text("Skriv mer om hur ofta det händer.")
    assert axe(other) == []
    context.close()


def test_it_asks_whether_one_is_still_there_before_it_signs_out(house: House, page: Page) -> None:
    house.engine.execute(ChangeSetting("session.idle_minutes", 2.08), actor=Actor.system())
    house.be(page, "Storsthlm, handläggare")
    question = page.get_by_role("dialog", name="Är du kvar?")
    expect(question).to_be_visible(timeout=15_000)
    assert axe(page) == []
    question.get_by_role("button", name="Stanna kvar").click()
    expect(question).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "zoom"), [(320, 1), (390, 1), (820, 1), (640, 2)])
def test_R56_pages_hold_at_every_width_in_both_schemes(
    house: House, browser: Browser, width: int, zoom: int, scheme: Literal["light", "dark"]
) -> None:
    report(house)
    context = browser.new_context(
        locale="sv-SE", viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    house.be(page, "Storsthlm, handläggare")
    wait_for_rows(page, 1)
    task = page.locator("[data-task] a").first.get_attribute("href")
    for path in ("/inbox?q=ut", str(task), f"{task}/delegate", "/start", "/nowhere", "/login"):
        house.visit(page, path)
        if zoom > 1:
            page.evaluate("size => document.documentElement.style.setProperty('font-size', size)", f"{zoom * 100}%")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert axe(page) == [], path
    context.close()


def test_the_main_things_work_without_scripts(house: House, browser: Browser) -> None:
    context = browser.new_context(locale="sv-SE", java_script_enabled=False)
    page = context.new_page()
    house.be(page, "kommun, Huddinge")
    house.visit(page, "/start/problem_i_samverkan")
    page.get_by_role("button", name="Lägg till en rad").first.click()
    for name, value in {
        "funktion": "Chef",
        "tjanste_epost": "chef@huddinge.example.org",
        "rubrik": "Utan skript",
        "beskrivning": "Ett problem.",
    }.items():
        page.locator(f"[name='{name}']").fill(value)
    page.locator("[name='ingang'][value='rapport']").check()
    page.locator("[name='lokal_hantering.vad']").fill("Möte.")
    page.locator("[name='intyg_ej_individ']").check()
    page.locator("[name='intyg_egen_avvikelse']").check()
    page.get_by_role("button", name="Skicka").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tack, det är mottaget")
    house.be(page, "Storsthlm, handläggare")
    wait_for_rows(page, 1)
    page.get_by_role("button", name=re.compile("^Ta ")).click()
    expect(page.get_by_role("status")).to_contain_text("Du har tagit uppgiften.")
    page.locator("[data-task] a").first.click()
    page.locator("[name='beslut_mottagning'][value='registrera']").check()
    page.get_by_role("button", name="Spara utkast").click()
    expect(page.locator("[name='beslut_mottagning'][value='registrera']")).to_be_checked()
    page.get_by_role("button", name="Lämna besked").last.click()
    expect(page.get_by_role("status")).to_contain_text("Klart: Ta emot")
    context.close()


def test_work_that_people_choose_is_begun_and_ended_by_keyboard(house: House, page: Page) -> None:
    diagram = (Path(__file__).parents[1] / "engine" / "fritt.bpmn").read_bytes()
    house.engine.execute(Deploy({"fritt.bpmn": diagram}), actor=Actor.system())
    case = house.engine.execute(StartCase("fritt", {"antal": 0}), actor=Actor.system())
    house.be(page, "Storsthlm, handläggare")
    house.visit(page, f"/cases/{case}")
    expect(page.get_by_role("heading", name="Kan startas nu: Utredning")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Starta ”Fråga regionen”").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Startad.")
    expect(page.locator(".now-list")).to_contain_text("Fråga regionen")
    page.get_by_text("Allt är gjort …").focus()
    page.keyboard.press("Enter")
    assert axe(page) == []
    page.get_by_role("button", name="Avsluta ”Utredning”").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Arbetet är avslutat")
    expect(page.get_by_text("Kan startas nu")).to_have_count(0)
