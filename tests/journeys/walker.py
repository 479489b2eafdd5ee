"""Plays a scenario in a real browser: each step is what a person does on pages, each look is at what pages say.

`python -m tests.journeys.walker` (make walk) serves a fresh demo and plays the twelve example reports through two
quarters, by clicks and typing alone and by `trappa ingest-mail`. It takes minutes, so it is no part of `make test`.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

import processes
from engine.clock import STOCKHOLM as ZONE
from engine.scenarios.play import _NOT_IN_A_FORM, _attempt
from engine.scenarios.read import Scenario, read
from handlers.words import PROCESS
from tests.browser import launched

WHO = {
    "storsthlm": "storsthlm, handläggare",
    "storsthlm#2": "storsthlm.2",
    "hsf": "hsf, handläggare",
    "sekretariat": "gemensamma sekretariatet",
    "tsg": "tsg, sekreterare",
    "vis": "vis, sekreterare",
}
"""What one types on the demo's sign-in page to find somebody; others are found by the name of their account."""

RECEIVERS = {"storsthlm": "Storsthlm", "hsf": "HSF", "lokal_samverkan": "Lokal samverkan"}
RUNGS = ("lokalt", "rapport", "kvartalsanalys", "sekretariat", "tsg", "vis")
LETTERS = dict(zip("LRASTV", RUNGS, strict=True))
CODES = processes.reference()["kodlistor"]
BODIES = {one["nyckel"]: one for one in processes.reference()["organ"]}
LOCAL = {
    "hoppas_over": "Hoppas över",
    "dokumenterat_i_rapport": "Prövat före rapporten",
    "lost": "Löst lokalt",
    "ej_lost": "Inte löst",
    "delvis_lost": "Delvis löst",
}
ASSESSED = {
    "strukturellt": "strukturellt problem",
    "ej_strukturellt": "inte strukturellt",
    "utvecklingsfraga": "utvecklingsfråga",
}
ON_THE_SCREEN = {"ater_lokalt": "går åter till lokal samverkan", "bevaka": "bevakas"}
"""Outcomes that the feedback says in a sentence of its own."""


class Walker:
    """`ingest`: takes in an e-mail as `trappa ingest-mail` does and gives its case's number."""

    def __init__(self, browser: Browser, address: str, ingest: Callable[[Path], str]) -> None:
        self.browser = browser
        self.address = address
        self.ingest = ingest
        self.numbers: dict[str, str] = {}
        self.pages: dict[str, Page] = {}
        self.new_problems: dict[str, int] = {}
        self.hitches: list[str] = []

    def play(self, scenario: Scenario) -> None:
        self.folder = scenario.path.parent
        for step in scenario.steps:
            try:
                getattr(self, f"_{step.verb}")(step.given)
            except Exception as error:
                raise AssertionError(f"{scenario.path.name}:{step.line}: {error}") from error

    # --- what people do

    def be(self, candidate: str) -> Page:
        """The browser of whoever holds the candidate: signed in once, and then left open."""
        if candidate not in self.pages:
            page = self.browser.new_context(locale="sv-SE", viewport={"width": 1280, "height": 900}).new_page()
            page.goto(self.address + "/login")
            page.get_by_label("Sök roll, kommun eller namn").fill(
                WHO.get(candidate) or re.sub(r"[^\w.+-]", ".", candidate)
            )
            page.get_by_role("button", name="Sök").click()
            page.locator(".accounts button").first.click()
            page.wait_for_url("**/inbox**")
            self.pages[candidate] = page
        return self.pages[candidate]

    def _klocka(self, given: Mapping[str, Any]) -> None:
        page = self.be("storsthlm")
        page.goto(self.address + "/clock")
        page.get_by_label("Dag och klockslag").fill(f"{given['till'].astimezone(ZONE):%Y-%m-%dT%H:%M}")
        page.get_by_role("button", name="Flytta klockan").click()
        page.get_by_role("status").get_by_text("Klockan är nu").wait_for()

    def _starta(self, given: Mapping[str, Any]) -> None:
        page = self._begin(given)
        number = page.locator(".receipt-number")
        assert number.count(), self._errors(page)
        self.numbers[given["namn"]] = number.inner_text()

    def _begin(self, given: Mapping[str, Any]) -> Page:
        page = self.be(given["som"])
        page.goto(self.address + "/start")
        process = given["process"]
        page.locator(f"a[href$='/start/{process}']").first.click()
        self.fill(page, self._data(given))
        self.send(page)
        return page

    def _mejl(self, given: Mapping[str, Any]) -> None:
        number = self.ingest(self.folder / given["fil"])
        if "namn" in given:
            self.numbers[given["namn"]] = number
        else:
            assert number in self.numbers.values(), f"the same mail became another case, {number}"

    def _gor(self, given: Mapping[str, Any]) -> None:
        page = self._open(given)
        said = self._data(given)
        if "bedomningar" in said:
            self.new_problems = {}
            for one in said["bedomningar"]:
                self.assess(page, one)
        else:
            self.fill(page, said)
        self.send(page)
        assert not page.locator("[data-error-summary]").count(), self._errors(page)

    def _open(self, given: Mapping[str, Any]) -> Page:
        """From the inbox: the row of the case."""
        page, number = self.be(given["som"]), self.number(given["arende"])
        for _ in range(40):
            page.goto(f"{self.address}/inbox?place=all&q={number}")
            row = page.locator("[data-task] h2 a")
            if row.count():
                page.goto(self.address + str(row.first.get_attribute("href")))
                return page
            page.wait_for_timeout(250)
        raise AssertionError(f"{given['som']} sees no task of {number}")

    def _vagra(self, given: Mapping[str, Any]) -> None:
        if "process" in given:
            page = self._begin(given)
            assert given["varfor"] in self._errors(page).lower(), self._errors(page)
            assert not page.locator(".receipt-number").count()
            return
        page, number = self.be(given["som"]), self.number(given["arende"])
        if given["varfor"] == "finns inte":
            page.goto(f"{self.address}/inbox?place=all&q={number}")
            assert not page.locator("[data-task]").count()
            return
        page = self._open(given)
        for one in self._data(given)["bedomningar"]:
            self.assess(page, one, first=True)
        self.send(page)
        assert page.locator("[data-error-summary]").count(), "what is half done was taken"
        page.goto(self.address + "/inbox")

    def fill(self, page: Page, said: Mapping[str, Any], prefix: str = "") -> None:
        for name in self._in_order(page, said, prefix):
            value = said[name]
            if isinstance(value, Mapping):
                self.fill(page, value, f"{prefix}{name}.")
            elif value is not None:
                self.say(page, prefix + name, value)

    def _in_order(self, page: Page, said: Mapping[str, Any], prefix: str) -> Iterator[str]:
        """The answers in the order of the page, as one fills in a form: what is asked for further down may depend on
        what is said above. What the page does not ask for is noted."""
        names: list[str] = page.locator("main form").evaluate_all(
            "forms => forms.flatMap(form => [...form.elements].map(element => element.name))"
        )
        places = {
            name: next((at for at, one in enumerate(names) if f"{one}.".startswith(f"{prefix}{name}.")), None)
            for name in said
        }
        for name, at in places.items():
            if at is None and said[name] not in (None, [], {}):
                self.hitches.append(f"{page.url}: asks for no {prefix}{name}")
        yield from sorted((name for name, at in places.items() if at is not None), key=lambda name: places[name] or 0)

    def say(self, page: Page, name: str, value: Any) -> None:
        if isinstance(value, list) and not page.locator(f"input[type=checkbox][name='{name}']").count():
            return self._list(page, name, value)
        if isinstance(value, list):
            for box in page.locator(f"input[type=checkbox][name='{name}']").all():
                box.set_checked(box.get_attribute("value") in value)
            return None
        box = page.locator(f"[name='{name}']:not(button):not([type=hidden])")
        if not box.locator("visible=true").count():
            self.hitches.append(f"{page.url}: does not show {name}")
            return None
        kind = box.first.evaluate("element => element.type")
        if kind == "radio":
            word = {True: "ja", False: "nej"}.get(value, value)
            page.locator(f"[name='{name}'][value='{word}']").check()
        elif kind == "checkbox":
            box.set_checked(value)
        elif kind.startswith("select"):
            box.select_option(value)
        else:
            box.fill(str(value))
        return None

    def _list(self, page: Page, name: str, values: list[Any]) -> None:
        group = page.locator(f"[id='{name}']")
        for _ in range(max(0, len(values) - group.locator("[data-row]").count())):
            group.get_by_role("button", name="Lägg till en rad").click()
        for box, value in zip(group.locator("[data-row] input").all(), values, strict=False):
            box.fill(str(value))

    def assess(self, page: Page, one: Mapping[str, Any], first: bool = False) -> None:
        row = (
            page.locator("li.assess").first
            if first
            else page.locator("li.assess").filter(has_text=self.number(one["nummer"]))
        )
        row.locator(f"[name$='.bedomning'][value='{one['bedomning']}']").check()
        for outcome in one.get("utfall", []):
            row.locator(f"[name$='.utfall'][value='{outcome}']").check()
        if problem := one.get("problem"):
            place = self.new_problems.setdefault(problem["nyckel"], len(self.new_problems) + 1)
            row.locator("[name$='.problem.nyckel']").select_option(f"nytt:P{place}")
            row.locator("[name$='.problem.titel']").fill(problem["titel"])
            row.locator("[name$='.problem.orsak']").select_option(problem["orsak"])
        row.locator("[name$='.motivering']").fill(one["motivering"])

    def send(self, page: Page) -> None:
        page.locator("main form button.primary").last.click()
        page.wait_for_load_state()

    # --- what is seen

    def number(self, name: str) -> str:
        """A case by the name that a step gave it, its number, or its process and key as the list of cases finds it."""
        if name in self.numbers:
            return self.numbers[name]
        process, _, key = name.partition("/")
        if not key:
            return name
        page = self.be("revisor")
        words = {"kvartalsanalys": f"Kvartalsanalys {key}"}.get(process) or PROBLEMS[key]
        for _ in range(40):
            page.goto(f"{self.address}/cases?process={process}&q={words}")
            found = page.locator("tbody th a")
            if found.count() == 1:
                self.numbers[name] = found.inner_text()
                return self.numbers[name]
            page.wait_for_timeout(250)
        raise AssertionError(f"{found.count()} cases for {name}")

    def case(self, name: str, som: str = "revisor") -> Page:
        page = self.be(som)
        page.goto(f"{self.address}/cases?parts=1&q={self.number(name)}")
        page.locator("tbody th a").first.click()
        page.wait_for_load_state()
        return page

    def _kolla(self, given: Mapping[str, Any]) -> None:
        name = str(given.get("arende"))
        for candidate, wanted in given.get("inkorg", {}).items():
            is_wanted = wanted in ("ja", True)
            assert self._waits_in_the_inbox(candidate, name, is_wanted) is is_wanted, f"inbox of {candidate}"
        if "tillstand" in given or "titel" in given:
            text = self.case(name, "storsthlm" if "titel" in given else "revisor").locator(".case-head").inner_text()
            words = {"completed": "Avslutat", "active": "Pågår"}
            for wanted in (words.get(given.get("tillstand", "")), given.get("titel")):
                assert not wanted or wanted in text, f"{wanted}: {text}"
        for process, count in given.get("antal_arenden", {}).items():
            page = self.be("revisor")
            page.goto(f"{self.address}/cases?process={process}")
            assert page.locator("tbody tr").count() == count, f"{process}: {page.locator('tbody tr').count()}"

    def _waits_in_the_inbox(self, candidate: str, name: str, is_awaited: bool) -> bool:
        """What the worker of the house has to do before a task opens may take a moment."""
        page = self.be(candidate)
        for _ in range(40 if is_awaited else 1):
            page.goto(f"{self.address}/inbox?place=all&q={self.number(name)}")
            if page.locator("[data-task]").count():
                return True
            page.wait_for_timeout(250)
        return False

    def _forvantat(self, given: Mapping[str, Any]) -> None:
        expected = _attempt(self.folder / given["fil"])["expected"]
        if expected["slutstatus"] is None:
            assert given["arende"] not in self.numbers
            return
        found = list(self.differences(given["arende"], expected))
        assert not found, f"{given['arende']}: {'; '.join(found)}"

    def differences(self, name: str, expected: Mapping[str, Any]) -> Iterator[str]:
        """The case's pages against the block `expected` (the README of the reports explains each key)."""
        page = self.case(name, "storsthlm" if expected["avvisning"] else "revisor")
        text = page.locator("main").inner_text()
        rungs = dict(zip(RUNGS, page.locator(".ladder-list li").all_inner_texts(), strict=True))
        feedback = page.locator("ol.feedback h3").all_inner_texts()
        yield from self._ladder(expected, text, rungs)
        yield from self._feedback(expected["aterkoppling"], feedback)
        yield from self._analysis(expected, text)
        if problem := expected["strukturellt_problem"]:
            yield from _says("strukturellt_problem", text, problem["titel"])
            page.locator("aside a", has_text=problem["titel"]).first.click()
            page.wait_for_load_state()
            yield from self._problem(name, expected, page)
        for role in expected["aldrig_i_inkorg"]:
            if role in ("storsthlm", "hsf") and not expected["kvartalsanalys"]:
                inbox = self.be(role)
                for place in ("all", "done"):
                    inbox.goto(f"{self.address}/inbox?place={place}&q={self.numbers[name]}")
                    if inbox.locator("[data-task]").count():
                        yield f"aldrig_i_inkorg: {role} has it in {place}"

    def _ladder(self, expected: Mapping[str, Any], text: str, rungs: Mapping[str, str]) -> Iterator[str]:
        yield from _says("slutstatus", text, self._word("status", expected["slutstatus"]))
        for letter, rung in LETTERS.items():
            walked = "Passerat" in rungs[rung] or "Här" in rungs[rung]
            if letter != "L" and walked is not (letter in expected["vag"]):
                yield f"vag: {rung} is ”{rungs[rung]}”"
        yield from _says("lokal_niva", rungs["lokalt"], LOCAL[expected["lokal_niva"]])
        place = text if expected["inkorg"] == "lokal_samverkan" else rungs["rapport"]
        yield from _says("inkorg", place, RECEIVERS[expected["inkorg"]])
        if expected["avvisning"]:
            yield from _says("avvisning", text, "egen avvikelse")

    def _feedback(self, expected: Mapping[str, Any], headings: list[str]) -> Iterator[str]:
        told = [self._word("aterkopplingssteg", rung) for rung in expected["steg"]]
        found = [one.partition(":")[0] for one in reversed(headings)]
        if found != told or len(found) != expected["antal"]:
            yield f"aterkoppling: {found}, not {told}"

    def _analysis(self, expected: Mapping[str, Any], text: str) -> Iterator[str]:
        if expected["bedomning"]:
            yield from _says("bedomning", text, ASSESSED[expected["bedomning"]])
        for outcome in expected["utfall_analys"]:
            word = ON_THE_SCREEN.get(outcome) or self._word("utfall_analys", outcome)
            yield from _says("utfall_analys", text, word)
        if expected["kvartalsanalys"]:
            yield from _says("kvartalsanalys", text, f"Kvartalsanalys {expected['kvartalsanalys']}")

    def _problem(self, name: str, expected: Mapping[str, Any], page: Page) -> Iterator[str]:
        text = page.locator("main").inner_text()
        yield from _says("orsak", text, expected["strukturellt_problem"]["orsak"])
        yield from _says("strukturellt_problem", text, self.numbers[name])
        decisions = page.locator("section[aria-labelledby=decisions-title] h3").all_inner_texts()
        for body, title in (("sekretariat", "Sekretariatet"), ("tsg", "TSG"), ("vis", "VIS")):
            said = " ".join(one for one in decisions if one.startswith(title))
            for outcome in expected[body]:
                yield from _says(body, said, self._word(f"utfall_{body}", outcome))
        for key in ("sakkunskap_fran", "uppdrag_till"):
            if held := BODIES.get(expected.get(key)):
                yield from _says(key, text, held.get("kortnamn") or held["namn"])
        if expected.get("nasta_bedomning"):
            day = int(expected["nasta_bedomning"].rpartition("-")[2])
            yield from _says("nasta_bedomning", text, f"{day} dec")
        if expected["foljdprocess"]:
            yield from _says("foljdprocess", text, PROCESS[expected["foljdprocess"]])

    def _word(self, kind: str, key: str) -> str:
        return str(CODES[kind][key])

    def _data(self, given: Mapping[str, Any]) -> dict[str, Any]:
        said = _attempt(self.folder / given["fil"]) if "fil" in given else {}
        return {
            **{name: value for name, value in said.items() if name not in _NOT_IN_A_FORM},
            **(given.get("med") or {}),
        }

    @staticmethod
    def _errors(page: Page) -> str:
        return page.locator("main").inner_text()[:600]


def _says(key: str, text: str, *words: str) -> Iterator[str]:
    for word in words:
        if word.casefold() not in text.casefold():
            yield f"{key}: it does not say ”{word}”: {text[:200]!r}"


PROBLEMS = {
    "2026-Q1-P1": "Preliminära utskrivningsdatum som inte",
    "2026-Q1-P2": "Läkemedelsansvar vid korttidsvistelse",
    "2026-Q1-P3": "Kallelse till SIP uteblir vid",
    "2026-Q1-P4": "Lokal samverkan når inte",
    "2026-Q1-P5": "Upphörda överenskommelser",
    "2026-Q2-P6": "Delegeringar lämnas tillbaka utan gemensam",
}


REPORTS = processes.HERE / "problem_i_samverkan" / "scenarios" / "tolv_rapporter.yaml"


def main() -> None:
    scenario = read(REPORTS)
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        env = {**os.environ, "TRAPPA_DATABASE_URL": f"sqlite:///{folder}/walk.sqlite"}
        trappa = [sys.executable, "-m", "web.cli"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        start = f"{scenario.start.astimezone(ZONE):%Y-%m-%dT%H:%M}"
        serve = [*trappa, "serve", "--demo", "--start", start, "--port", port]
        with subprocess.Popen(serve, env=env, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            print(server.stdout.readline().strip())

            def ingest(path: Path) -> str:
                told = subprocess.run([*trappa, "ingest-mail"], input=path.read_bytes(), env=env, capture_output=True)
                found = re.search(r"PS-\d+-\d+", told.stdout.decode())
                assert found, told.stderr.decode()
                return found[0]

            try:
                Walker(browser, f"http://127.0.0.1:{port}", ingest).play(scenario)
                print(f"All {len(scenario.steps)} steps are as {scenario.path.name} says, seen on pages.")
                subprocess.run([*trappa, "verify"], env=env, check=True)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
