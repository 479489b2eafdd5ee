"""A whole house for a browser: the demo's people and processes, the web and a worker, on a clock that moves."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from waitress.server import create_server

import handlers
from engine import Engine, db
from engine.clock import STOCKHOLM, ShiftedClock, SystemClock
from engine.worker import Worker
from tests.browser import axe
from web import create_app, demo

BEGUN = datetime(2026, 2, 2, 8, 0, tzinfo=STOCKHOLM)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory) -> Path:
    """A database with people and processes and no cases, made once."""
    path = tmp_path_factory.mktemp("furnished") / "house.sqlite"
    address = f"sqlite:///{path}?synchronous=normal"
    db.migrate(address)
    demo.furnish(database_url=address, now=SystemClock().now(), start=BEGUN)
    return path


@dataclass
class House:
    address: str
    engine: Engine

    def visit(self, page: Page, path: str) -> None:
        page.goto(self.address + path)

    def be(self, page: Page, role: str) -> None:
        """Sign in as the first account whose role has these words."""
        page.context.clear_cookies()
        self.visit(page, "/login")
        page.get_by_label("Sök roll, kommun eller namn").fill(role)
        page.get_by_role("button", name="Sök").click()
        page.locator(".accounts button").first.click()
        page.wait_for_url("**/inbox**")


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[House]:
    path = tmp_path / "house.sqlite"
    shutil.copyfile(furnished, path)
    handlers.register()
    clock = ShiftedClock(SystemClock(), BEGUN)
    engine = Engine(f"sqlite:///{path}?synchronous=normal", clock, kept_mail=True, demo=True)
    server: Any = create_server(create_app(engine, demo=True), host="127.0.0.1", port=0, threads=4)
    stop = threading.Event()
    worker = Worker(engine, "journey", None)
    threads = [
        threading.Thread(target=server.run, daemon=True),
        threading.Thread(target=worker.run_forever, args=(stop,), daemon=True),
    ]
    for thread in threads:
        thread.start()
    yield House(f"http://127.0.0.1:{server.effective_port}", engine)
    stop.set()
    server.close()
    for thread in threads:
        thread.join(timeout=5)
    engine.close()


@pytest.fixture
def clean(page: Page):
    """Asserts that axe finds nothing on the page as it stands."""

    def check() -> None:
        assert axe(page) == [], page.url

    return check
