"""The house rules that a reviewer would otherwise have to remember, and proof that the set-up works."""

import ast
import configparser
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route
from sqlalchemy import create_engine, text

from tests.browser import ROOT, axe
from tests.database import PostgreSQL

PYTHON = [path for room in ("engine", "handlers", "web") for path in sorted((ROOT / room).rglob("*.py"))]


def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return config


def words(value: str) -> set[str]:
    return set(value.split())


# --- What may stand where


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Every call in a file as dotted text: ("session.commit", 12)."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def breaches(forbidden: str, *, allowed: tuple[str, ...] = ()) -> list[str]:
    pattern = re.compile(forbidden)
    return [
        f"{path.relative_to(ROOT)}:{line}: {name}()"
        for path in PYTHON
        if not path.relative_to(ROOT).as_posix().startswith(allowed)
        for name, line in calls(path)
        if pattern.search(name)
    ]


def test_only_the_engine_opens_and_commits_transactions() -> None:
    # engine/bpmn/ cannot reach a database, see the contracts; its `begin` begins an activity, and `steps.begin` a case.
    # The benchmark commits what it measures beside ours.
    allowed = ("engine/engine.py", "engine/migrations/", "engine/bpmn/", "engine/bench/")
    assert breaches(r"(?<!\bsteps)\.(begin|begin_nested|commit)$", allowed=allowed) == []


def test_only_the_clock_reads_the_clock() -> None:
    reading = r"(^|\.)(datetime\.(now|today|utcnow)|date\.today|time\.time)$"
    assert breaches(reading, allowed=("engine/clock.py",)) == []


def test_no_text_is_run_as_code() -> None:
    assert breaches(r"^(builtins\.)?(eval|exec|compile|__import__)$") == []


def test_nothing_is_pickled() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in PYTHON
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and {"pickle", "shelve", "marshal"} & {getattr(node, "module", None), *(alias.name for alias in node.names)}
    ]
    assert found == []


# --- What may be in the repository


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_large_file_is_tracked(tracked: list[str]) -> None:
    # Drawn or gathered by a program, not written by hand: diagrams with their layout, the catalogue of translations.
    may_be_large = ("package-lock.json", ".lock", ".woff2", ".bpmn", ".po")
    large = [name for name in tracked if (ROOT / name).stat().st_size > 100_000 and not name.endswith(may_be_large)]
    assert large == []


def test_nothing_built_is_tracked(tracked: list[str]) -> None:
    built = re.compile(r"\.min\.|\.mo$|^web/static/build/")
    assert [name for name in tracked if built.search(name)] == []


def test_the_licence_is_the_official_text() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert licence.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert "15.Applicable Law" in licence
    assert "‘Compatible Licences’ according to Article 5 EUPL are:" in licence


# --- Settings that matter, and that nothing shadows them


def test_no_second_settings_file_wins_over_setup_cfg() -> None:
    rivals = "pytest.ini .pytest.ini pytest.toml .pytest.toml tox.ini mypy.ini .mypy.ini .importlinter"
    assert [name for name in rivals.split() if (ROOT / name).exists()] == []
    assert "[tool" not in (ROOT / "pyproject.toml").read_text()


def test_warnings_are_errors(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.inipath == ROOT / "setup.cfg"
    assert pytestconfig.getini("filterwarnings") == ["error"]


def test_types_are_strict_where_others_build() -> None:
    config = setup_cfg()
    assert config.getboolean("mypy", "strict")
    relaxed = [name for name in config.sections() if config.has_option(name, "disallow_untyped_defs")]
    assert relaxed == ["mypy-web.*,tests.*"]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_every_requirement_is_pinned_and_locked(lock: str) -> None:
    config = setup_cfg()
    wanted = config["options"]["install_requires"].split("\n")[1:]
    if "test" in lock:
        wanted += config["options.extras_require"]["test"].split("\n")[1:]
    locked = dict(re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==([^ ;]+)", (ROOT / lock).read_text(), re.MULTILINE))
    for requirement in wanted:
        name, version = re.fullmatch(r"([\w-]+)(?:\[\w+\])? == (\S+)", requirement).groups()  # type: ignore[union-attr]
        assert locked[name.lower()] == version, f"{requirement}: run `make lock`"


# --- The import contracts bite: a small copy of the house, with one breach planted each time

ROOMS = ["cases", "definitions", "jobs", "history", "identity"]
CONTAINERS = ["runtime", "bpmn", "bpmn/read"]
"""Rooms with contracts about what is inside them."""
MODULES = [
    *(f"engine/{module}" for module in ("engine", "worker", "contract", "db", "clock", "errors", "calendar")),
    "handlers/mail",
    "web/inbox",
]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for package in ["engine", "handlers", "web", *(f"engine/{room}" for room in (*ROOMS, *CONTAINERS))]:
        (tmp_path / package).mkdir(exist_ok=True)
        (tmp_path / package / "__init__.py").touch()
    for module in MODULES:
        (tmp_path / f"{module}.py").touch()
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


def kept(house: Path) -> tuple[bool, str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=house, check=False, capture_output=True, text=True)
    return run.returncode == 0, run.stdout + run.stderr


def test_contracts_hold_for_an_honest_house(house: Path) -> None:
    (house / "handlers/mail.py").write_text("from engine.contract import handler\nfrom engine import errors\n")
    (house / "engine/contract.py").write_text("from engine import errors, clock\n")
    (house / "engine/bpmn/__init__.py").write_text("import SpiffWorkflow\n")
    (house / "engine/cases/__init__.py").write_text("import sqlalchemy\nfrom engine import definitions, bpmn, engine\n")
    (house / "web/inbox.py").write_text("import flask\nfrom engine import runtime\nfrom handlers import mail\n")
    good, said = kept(house)
    assert good, said


def test_contracts_bear_rooms_that_are_not_built_yet(house: Path) -> None:
    for room in ROOMS:
        shutil.rmtree(house / "engine" / room)
    (house / "engine/worker.py").unlink()
    good, said = kept(house)
    assert good, said


@pytest.mark.parametrize(
    ("module", "breach"),
    [
        ("engine/engine.py", "import web.inbox"),
        ("engine/engine.py", "import handlers.mail"),
        ("engine/engine.py", "import flask"),
        ("engine/cases/__init__.py", "from engine import runtime"),
        ("engine/history/__init__.py", "from engine import jobs"),
        ("engine/errors.py", "from engine import clock"),
        ("engine/cases/__init__.py", "import SpiffWorkflow.bpmn"),
        ("engine/bpmn/__init__.py", "import sqlalchemy"),
        ("engine/bpmn/__init__.py", "from engine import clock"),
        ("handlers/mail.py", "from engine import engine"),
        ("handlers/mail.py", "from engine.runtime import tasks"),
        ("handlers/mail.py", "import flask"),
        ("handlers/mail.py", "import sqlalchemy"),
        ("web/inbox.py", "from sqlalchemy.orm import Session"),
    ],
)
def test_contract_names_the_breach(house: Path, module: str, breach: str) -> None:
    (house / "engine/runtime/tasks.py").touch()
    (house / module).write_text(breach + "\n")
    good, said = kept(house)
    assert not good
    assert "1 broken" in said, said
    assert f"{module[:-3].removesuffix('/__init__').replace('/', '.')} ->" in said, said


# --- Databases


def test_each_database_is_fresh_and_answers(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE mark (name text)"))
        connection.execute(text("INSERT INTO mark VALUES ('å')"))
        assert connection.execute(text("SELECT name FROM mark")).scalar_one() == "å"
    engine.dispose()


def test_postgresql_databases_are_copies_that_vanish(postgresql_server: PostgreSQL) -> None:
    with postgresql_server.fresh(migrated=False) as one, postgresql_server.fresh(migrated=False) as two:
        assert one != two
        assert one.startswith("postgresql+psycopg://")
    engine = create_engine(postgresql_server.url)
    with engine.connect() as connection:
        names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
        assert not {one.rsplit("/")[-1], two.rsplit("/")[-1]} & set(names)
    engine.dispose()


# --- The browser, and the scripts under the policy that the pages are served with

SITE = "http://trappa.test/"
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
SHELL = """<!doctype html><html lang="sv"><head><meta charset="utf-8"><title>Prov</title>
<meta name="csrf-token" content="fr0">
<link rel="stylesheet" href="/build/fonts.css"><link rel="stylesheet" href="/build/viewer.css">
<script type="module" src="/build/app.js"></script><script type="module" src="/build/viewer.js"></script></head>
<body><main><h1>Prov</h1>{}</main></body></html>"""
TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}


class Site:
    """Answers for a whole site from memory, and remembers what was posted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.body = ""
        self.posted: list[str] = []
        self.answers: dict[str, dict[str, object]] = {}
        page.route(SITE + "**", self.answer)

    def show(self, body: str) -> Page:
        self.body = body
        self.page.goto(SITE)
        return self.page

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        built = ROOT / "web/static" / path
        if route.request.method == "POST":
            self.posted.append(route.request.post_data or "")
        if path in self.answers:
            route.fulfill(**self.answers[path])  # type: ignore[arg-type]
        elif built.is_file():
            route.fulfill(body=built.read_bytes(), content_type=TYPES[built.suffix])
        else:
            page = SHELL.format(self.body)
            route.fulfill(body=page, content_type="text/html", headers={"Content-Security-Policy": POLICY})


@pytest.fixture
def site(page: Page) -> Site:
    return Site(page)


def test_axe_sees_what_is_wrong_and_nothing_else(site: Site) -> None:
    assert axe(site.show("<p>Gott</p>")) == []
    assert any(line.startswith("label ") for line in axe(site.show("<input name=a>")))


def test_guard_speaks_at_once_and_lets_nothing_leave(site: Site) -> None:
    page = site.show(
        "<form method=post action=/send data-guard data-autosave=/draft><label for=a>Text</label>"
        "<textarea id=a name=a></textarea><p data-saved></p><button>Skicka</button></form>"
    )
    page.locator("#a").press_sequentially("Hon (19121212-1212)")
    assert "ser ut som ett personnummer" in page.locator("#a-guard[aria-live]").inner_text()
    assert page.locator("#a").get_attribute("aria-invalid") == "true"
    page.get_by_role("button", name="Skicka").click()
    page.wait_for_timeout(1_200)
    assert page.evaluate("document.activeElement.id") == "a"
    assert not any("1912" in sent and "1212-1212" in sent for sent in site.posted)
    page.locator("#a").fill("Hon ringde")
    assert page.locator("#a-guard").inner_text() == ""
    with page.expect_navigation():
        page.get_by_role("button", name="Skicka").click()
    assert "a=Hon+ringde" in site.posted[-1]


def test_draft_is_saved_while_one_types(site: Site) -> None:
    site.answers["draft"] = {"json": {"saved": "10:42", "message": "Du har tagit uppgiften"}}
    page = site.show('<form data-autosave="/draft"><label>Text <input name=a></label><p data-saved></p></form>')
    page.locator("input").press_sequentially("åäö")
    page.get_by_text("sparat 10:42").wait_for()
    assert site.posted == ["a=%C3%A5%C3%A4%C3%B6"]
    assert page.get_by_text("Du har tagit uppgiften").count() == 1
    site.answers["draft"] = {"status": 409, "json": {"message": "Ada tog uppgiften 10:43"}}
    page.locator("input").fill("mer")
    page.locator("[data-saved=stopped]").wait_for()
    assert page.locator("[data-saved]").inner_text() == "Ada tog uppgiften 10:43"
    assert page.locator("input").input_value() == "mer"


def test_draft_is_tried_again_when_the_network_fails(site: Site) -> None:
    site.answers["draft"] = {"status": 503, "body": ""}
    page = site.show('<form data-autosave="/draft"><label>Text <input name=a></label><p data-saved></p></form>')
    page.locator("input").fill("kvar")
    page.get_by_text("försöker igen").wait_for()
    site.answers["draft"] = {"status": 204, "body": ""}
    page.locator("[data-saved=saved]").wait_for()
    assert set(site.posted) == {"a=kvar"}


def test_rows_come_and_go_without_ever_sharing_a_name(site: Site) -> None:
    row = '<li data-row><input name="r-{0}-a" aria-label="a"> <button data-remove>Ta bort</button></li>'
    rows = f"<ul data-rows>{''.join(row.format(i) for i in range(3))}</ul><template>{row.format('__i__')}</template>"
    page = site.show(f"<form><div data-repeat data-max=4>{rows}<button data-add>Ny</button></div></form>")
    page.locator("[data-remove]").first.click()
    page.get_by_role("button", name="Ny").click()
    page.keyboard.type("fjärde")
    names = page.locator("[data-row] input").evaluate_all("fields => fields.map(field => field.name + field.value)")
    assert names == ["r-1-a", "r-2-a", "r-3-afjärde"]
    page.get_by_role("button", name="Ny").click()
    assert page.get_by_role("button", name="Ny").is_disabled()
    assert page.get_by_text("Rad 4 tillagd").count() == 1


INBOX = """<input data-search aria-label="Sök"><ul>
<li data-task><a href="#ett">Ett</a> <button data-take type=button>Ta</button></li>
<li data-task><a href="#tva">Två</a> <button data-take type=button>Ta</button></li></ul>
<dialog data-shortcuts aria-label="Hjälp">
<label><input type=checkbox data-shortcuts-off> Av</label><button data-close>Stäng</button></dialog>"""


def test_inbox_is_walked_by_keys(site: Site) -> None:
    page = site.show(INBOX)
    page.evaluate("document.addEventListener('click', e => document.title = e.target.textContent + location.hash)")
    for key in "jjjk":
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.textContent") == "Ett"
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#tva")
    page.keyboard.press("t")
    assert page.title() == "Ta#tva"
    page.keyboard.press("/")
    page.keyboard.type("jt?")
    assert page.locator("[data-search]").input_value() == "jt?"


def test_shortcuts_can_be_turned_off(site: Site) -> None:
    page = site.show(INBOX)
    page.keyboard.press("?")
    page.get_by_label("Av").check()
    page.get_by_role("button", name="Stäng").click()
    page.reload()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_focus_goes_to_the_error_summary(site: Site) -> None:
    page = site.show('<div data-error-summary role="alert"><h2>Två fel</h2></div>')
    assert page.evaluate("document.activeElement.textContent") == "Två fel"


DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"
 xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:dd="http://www.omg.org/spec/DD/20100524/DI"
 targetNamespace="t"><process id="p">
<startEvent id="s"/><userTask id="u" name="Bedöm"/><sequenceFlow id="f" sourceRef="s" targetRef="u"/></process>
<di:BPMNDiagram><di:BPMNPlane bpmnElement="p">
<di:BPMNShape bpmnElement="s"><dc:Bounds x="100" y="100" width="36" height="36"/></di:BPMNShape>
<di:BPMNShape bpmnElement="u"><dc:Bounds x="200" y="78" width="100" height="80"/></di:BPMNShape>
<di:BPMNEdge bpmnElement="f"><dd:waypoint x="136" y="118"/><dd:waypoint x="200" y="118"/></di:BPMNEdge>
</di:BPMNPlane></di:BPMNDiagram></definitions>"""


def test_diagram_waits_until_it_is_opened_then_shows_the_path(site: Site) -> None:
    site.answers["p.bpmn"] = {"body": DIAGRAM, "content_type": "application/xml"}
    marks = """data-visited='["s", "f", "gone"]' data-current='["u"]' data-counts='{"u": 3}'"""
    diagram = f"<div role='img' aria-label='Karta' data-diagram='/p.bpmn' {marks}></div>"
    page = site.show(f"<details><summary>Bild</summary>{diagram}</details>")
    assert page.locator("[data-diagram] svg").count() == 0
    page.get_by_text("Bild").click()
    page.locator("[data-drawn=done]").wait_for()
    assert page.locator(".visited").evaluate_all("all => all.map(it => it.dataset.elementId)") == ["s", "f"]
    assert page.locator(".current").get_attribute("data-element-id") == "u"
    assert page.locator(".diagram-count").inner_text() == "3"
    assert page.locator(".bjs-powered-by").is_visible()
    for name in ("Större", "Hela bilden", "Läget nu"):
        page.get_by_role("button", name=name).click()
    assert axe(page) == []


def test_diagram_that_cannot_be_read_says_so(site: Site) -> None:
    site.answers["p.bpmn"] = {"body": "<nej>", "content_type": "application/xml"}
    page = site.show("<div data-diagram='/p.bpmn'></div>")
    page.get_by_text("Bilden kunde inte visas").wait_for()
