"""Fixtures for everyone. Databases and browsers are real, and nothing leaves this machine."""

import ipaddress
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page, ViewportSize

from tests import browser as chromium
from tests import database
from tests.examples import OF_EXPLORE, OF_MAKE_TEST

# The same examples each time, so that what lands is judged by its change alone; `make explore` draws new ones.
settings.register_profile("trappa", deadline=None, derandomize=True, max_examples=OF_MAKE_TEST)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=OF_EXPLORE)
settings.load_profile("trappa")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[database.PostgreSQL]:
    """One per session and worker, started by the first test that asks."""
    with database.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> database.SQLite:
    return database.SQLite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def sqlite_url(sqlite_template: database.SQLite, tmp_path: Path) -> str:
    return sqlite_template.fresh(tmp_path / "trappa.sqlite")


@pytest.fixture
def postgresql_url(postgresql_server: database.PostgreSQL) -> Iterator[str]:
    with postgresql_server.fresh() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same without any schema, for tests of the migrations themselves."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
    else:
        server: database.PostgreSQL = request.getfixturevalue("postgresql_server")
        with server.fresh(migrated=False) as url:
            yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.launched() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with its own cookies. An error in a script, or a breach of the content security policy, fails the test."""
    window = ViewportSize(width=1280, height=900)
    context = browser.new_context(locale="sv-SE", timezone_id="Europe/Stockholm", viewport=window)
    context.set_default_timeout(10_000)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert not troubles, "\n".join(troubles)


def _stay_home(event: str, arguments: tuple[Any, ...]) -> None:
    """No test reaches out: not for mail, not for a page, not for a name. But a database that was asked for is home."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name not in AT_HOME and not _is_local(str(name)):
        raise ConnectionRefusedError(f"Expected tests to stay on this machine, but one asked for {name}")


def _is_local(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    return ip.is_loopback or ip.is_unspecified


AT_HOME = {None, "", "localhost", urlsplit(os.environ.get("TEST_DATABASE_URL", "")).hostname}
sys.addaudithook(_stay_home)
