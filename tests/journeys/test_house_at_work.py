"""Work that people choose themselves, data that cases share, a designer's findings: by keyboard, wide and narrow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import processes
from engine import Actor, Deploy, StartCase
from tests.browser import axe
from tests.journeys.conftest import House

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

DIAGRAMS = Path(__file__).parents[1] / "engine"


@pytest.fixture
def busy(house: House) -> House:
    for name, given in (("fritt", {"antal": 0}), ("ko", {"namn": "Ada"})):
        house.engine.execute(Deploy({f"{name}.bpmn": (DIAGRAMS / f"{name}.bpmn").read_bytes()}), actor=Actor.system())
        house.engine.execute(StartCase(name, given), actor=Actor.system())
    return house


def narrow(page: Page) -> None:
    """A phone, in the dark, in English."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="In English").click()


def is_clean(page: Page) -> None:
    assert axe(page) == [], page.url
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), page.url


def test_what_can_be_started_is_begun_by_keyboard_alone(busy: House, page: Page) -> None:
    busy.be(page, "HSF, handläggare")
    row = page.locator("[data-task]").filter(has_text="Kan startas")
    expect(row).to_contain_text("Fråga regionen")
    is_clean(page)
    for _ in range(page.locator("[data-task]").count()):
        page.keyboard.press("j")
    expect(row).to_have_attribute("data-chosen", "")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/cases/\d+#work-1"))
    page.get_by_role("button", name="Starta ”Fråga regionen”").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#story")).to_contain_text("HSF startade ”Fråga regionen”")
    is_clean(page)
    busy.visit(page, "/inbox?place=startable")
    narrow(page)
    expect(page.get_by_role("heading", name="What can be started")).to_be_visible()
    is_clean(page)


def test_a_case_leads_the_administrator_to_its_data_store(busy: House, page: Page) -> None:
    busy.be(page, "Administratör")
    busy.visit(page, "/stores")
    is_clean(page)
    page.get_by_role("link", name="Kön").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kön")
    expect(page.locator("pre.value")).to_contain_text("Ada")
    is_clean(page)
    narrow(page)
    is_clean(page)
    busy.be(page, "Revisor")
    busy.visit(page, "/cases/2")
    page.locator("summary").filter(has_text="datalagret").click()
    page.get_by_role("link", name="Kön", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kön")


def unsound() -> bytes:
    """One of two signatures is chosen, and the join waits for both."""
    text = (processes.HERE / "kvartalsanalys" / "kvartalsanalys.bpmn").read_text(encoding="utf-8")
    text = re.sub(
        r'<bpmn:parallelGateway id="bada_sidor"(.*?)</bpmn:parallelGateway>',
        r'<bpmn:exclusiveGateway id="bada_sidor" default="bada_sidor__signera_hsf"\1</bpmn:exclusiveGateway>',
        text,
        flags=re.S,
    )
    condition = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${1 == 2}</bpmn:conditionExpression>'
    return re.sub(
        r'(<bpmn:sequenceFlow id="bada_sidor__signera_storsthlm"[^>]*?)/>', rf"\1>{condition}</bpmn:sequenceFlow>", text
    ).encode()


def test_a_designer_sees_the_way_to_what_is_wrong(house: House, page: Page, tmp_path: Path) -> None:
    diagram = tmp_path / "kvartalsanalys.bpmn"
    diagram.write_bytes(unsound())
    forms = sorted((processes.HERE / "kvartalsanalys" / "forms").glob("*.json"))
    house.be(page, "Processdesigner")
    house.visit(page, "/processes/new")
    page.get_by_label("Filer").set_input_files([diagram, *forms])
    page.get_by_role("button", name="Kontrollera").click()
    page.locator("[data-drawn=done]").wait_for()
    is_clean(page)
    page.get_by_role("link", name="Visa vägen i bilden").focus()
    page.keyboard.press("Enter")
    drawing = page.locator("#drawing-0")
    expect(drawing).to_be_focused()
    expect(drawing.locator(".found")).to_have_attribute("data-element-id", "bada_svarat")
    on_way = drawing.locator(".djs-shape.on-way").evaluate_all("all => all.map((one) => one.dataset.elementId)")
    assert {"bada_sidor", "bada_svarat"} & set(on_way), on_way
    expect(page.locator("[aria-live]").last).to_have_text("Båda har svarat visas i bilden")
    page.get_by_role("link", name=re.compile("Visa i bilden.*godkanner_bada")).click()
    expect(drawing.locator(".on-way")).to_have_count(0)
    expect(drawing.locator(".found")).to_have_attribute("data-element-id", "godkanner_bada")
    is_clean(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_timeout(500)  # colours fade over
    is_clean(page)
