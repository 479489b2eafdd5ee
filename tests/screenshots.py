"""Pictures of every page of a running demo (`make run`), at two widths, light and dark, in both languages.

`make screenshots` puts them in screenshots/, for the one who built a page to look at.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

from tests import browser

ADDRESS = os.environ.get("TRAPPA_DEMO", "http://127.0.0.1:8000")
TARGET = Path(__file__).parent.parent / "screenshots"
PAGES = {
    "Storsthlm, handl": ("inbox", "start", "cases", "cases/2", "year", "mail"),
    "kommun, Huddinge": ("inbox", "start/problem_i_samverkan"),
    "TSG, sek": ("inbox",),
    "Revisor": ("audit", "audit/reads"),
    "Administrat": ("incidents", "processes", "people", "settings", "clock"),
}


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    with browser.launched() as chromium:
        for width in (1280, 390):
            for scheme in ("light", "dark"):
                context = chromium.new_context(viewport={"width": width, "height": 900}, locale="sv-SE")
                page = context.new_page()
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                _all(page, f"{width}-{scheme}")
                context.close()


def _all(page: Page, suffix: str) -> None:
    for role, paths in PAGES.items():
        page.context.clear_cookies()
        page.goto(f"{ADDRESS}/login")
        page.get_by_label("Sök roll, kommun eller namn").fill(role)
        page.get_by_role("button", name="Sök").click()
        page.locator(".accounts button").first.click()
        page.wait_for_url("**/inbox**")
        for path in paths:
            _shoot(page, path, f"{role.split(',')[0]}-{path}-{suffix}-sv")
        page.get_by_role("button", name="In English").click()
        for path in paths:
            _shoot(page, path, f"{role.split(',')[0]}-{path}-{suffix}-en")


def _shoot(page: Page, path: str, name: str) -> None:
    page.goto(f"{ADDRESS}/{path}")
    page.screenshot(path=str(TARGET / f"{name.replace('/', '_').replace(' ', '_')}.png"), full_page=True)


if __name__ == "__main__":
    main()
