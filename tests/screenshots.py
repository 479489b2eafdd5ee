"""Pictures of every page of a running demo (`make run`), at two widths, light and dark, in both languages.

`make screenshots` puts them in screenshots/, for the one who built a page to look at. `TRAPPA_DEMO` is the demo's
address; words on the command line keep to the pictures whose names hold one of them:
`python -m tests.screenshots 390-light-sv`.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from playwright.sync_api import Page

from tests import browser

ADDRESS = os.environ.get("TRAPPA_DEMO", "http://127.0.0.1:8000")
TARGET = Path(__file__).parent.parent / "screenshots"
FIRST_TASK = ".task-row h2 a"
PAGES: dict[str, tuple[str | tuple[str, str], ...]] = {
    "": ("login", "login/password", "help", "missing"),
    "Storsthlm, handl": (
        "inbox", "inbox?place=mine", "inbox?place=late", "inbox?place=done", "inbox?q=rapport&held=free", "start",
        "cases", "cases?state=closed", "cases/1", "cases/2", "cases/4", "cases/40", "cases/46", "cases/50", "cases/56",
        "cases/57", "cases/57/diagram", "cases/46/decisions/1", "year", "mail", "missing",
        ("inbox", FIRST_TASK), ("inbox?q=Bedöm", FIRST_TASK), ("mail", "main table a"),
    ),
    "HSF, handl": (("inbox", FIRST_TASK),),
    "Gemensamma sek": ("inbox", ("inbox", FIRST_TASK), "start"),
    "kommun, Huddinge": ("inbox", "start", "start/problem_i_samverkan", "cases", "cases/4"),
    "kommun, Lidingö": (("inbox?place=all", FIRST_TASK),),
    "TSG, sek": ("inbox", ("inbox", FIRST_TASK)),
    "Revisor": ("inbox", "cases/57", "audit", "audit/reads"),
    "Processdesigner": ("processes", "processes/problem_i_samverkan", "processes/new"),
    "Administrat": (
        "incidents", ("incidents", "main table a"), "incidents?state=closed", "processes", "people",
        ("people", "main table a"), "people/new", "settings", "clock", "cases/57",
    ),
}  # fmt: skip
"""Who (a search on the sign-in page; nobody before it) and what: a path, or the first link of a kind there."""


def main(wanted: list[str]) -> None:
    TARGET.mkdir(exist_ok=True)
    with browser.launched() as chromium:
        for width in (1280, 390):
            for scheme in ("light", "dark"):
                for language in ("sv", "en"):
                    suffix = f"{width}-{scheme}-{language}"
                    if wanted and not any(word in suffix or not re.match(r"\d", word) for word in wanted):
                        continue
                    context = chromium.new_context(viewport={"width": width, "height": 900}, locale=f"{language}-SE")
                    page = context.new_page()
                    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                    _all(page, language, suffix, wanted)
                    context.close()


def _all(page: Page, language: str, suffix: str, wanted: list[str]) -> None:
    for who, pages in PAGES.items():
        names = {one: _name(who, one, suffix) for one in pages}
        shot = [one for one in pages if not wanted or any(word in names[one] for word in wanted)]
        if not shot:
            continue
        page.context.clear_cookies()
        if who:
            _sign_in(page, who)
        page.context.add_cookies([{"name": "sprak", "value": language, "url": ADDRESS}])
        for one in shot:
            path, link = (one, None) if isinstance(one, str) else one
            page.goto(f"{ADDRESS}/{path}")
            if link and page.locator(link).count():
                page.goto(f"{ADDRESS}{page.locator(link).first.get_attribute('href')}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=str(TARGET / f"{names[one]}.png"), full_page=True)


def _sign_in(page: Page, who: str) -> None:
    page.goto(f"{ADDRESS}/login?q={who}")
    page.locator(".accounts button").first.click()
    page.wait_for_url("**/inbox**")


def _name(who: str, one: str | tuple[str, str], suffix: str) -> str:
    path, link = (one, "") if isinstance(one, str) else (one[0], "-first")
    return re.sub(r"[^\w-]+", "_", f"{who.split(',')[0]}-{path}{link}-{suffix}".lower()).strip("_-")


if __name__ == "__main__":
    main(sys.argv[1:])
