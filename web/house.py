"""Puts one house together from its environment: engine, handlers, processes, mail."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import handlers
import processes
from engine import (
    Actor,
    AddPerson,
    CaseById,
    Deploy,
    Deployed,
    Engine,
    GrantRole,
    LoadReference,
    PublishMessage,
    Refused,
    SettingsList,
    VerifyHistory,
    db,
)
from engine.clock import Clock, ShiftedClock, SystemClock

MAIL_LIMIT = 30_000_000
"""Bytes of an e-mail that are read at most."""

ENVIRONMENT: Mapping[str, str] = {
    "TRAPPA_DATABASE_URL": "Database: `sqlite:///file` (default `sqlite:///trappa.db`) or `postgresql://…`",
    "TRAPPA_SECRET_KEY": "Key of at least 32 characters against forged requests; needed without `--demo`",
    "TRAPPA_SMTP_URL": "Outgoing mail: `smtp://user:password@host:port` or `smtps://…`; without it, none is sent",
    "TRAPPA_MAIL_FROM": "Sender of outgoing mail (default `tvistetrappa@example.org`)",
    "TRAPPA_TRUSTED_PROXY": "IP address of the reverse proxy whose `X-Forwarded-For`, `-Proto` and `-Host` are believed"
    " (default: nobody's)",
    "TRAPPA_INSECURE_COOKIES": "`1` lets the session cookie go over http; the demo sets it",
}
"""Every environment variable the house reads, with what it means; a test holds the README to it."""


def setting(name: str, default: str = "") -> str:
    if name not in ENVIRONMENT:
        raise KeyError(name)
    return os.environ.get(name, "") or default


def database_url() -> str:
    return setting("TRAPPA_DATABASE_URL", "sqlite:///trappa.db")


def postgresql_url() -> str | None:
    """The database of the house where that is PostgreSQL: a server on which a benchmark may make one of its own."""
    url = database_url()
    return url if url.startswith("postgresql") else None


def migrate() -> None:
    db.migrate(database_url())


def open_engine(clock: Clock | None = None, *, demo: bool = False) -> Engine:
    """The engine on the configured database, with all handlers registered; without `clock` on the database's own time.

    That is the time on the wall, and for the database of a demo what its clock shows: a mail that `trappa ingest-mail`
    takes in must not come months after the day that the pages show.
    """
    handlers.register()
    wall = SystemClock()
    engine = Engine(database_url(), clock or wall, kept_mail=demo or not setting("TRAPPA_SMTP_URL"), demo=demo)
    if clock is None:
        settings = engine.ask(SettingsList(), actor=Actor.system("trappa"))
        if settings["demo.clock"]:
            engine.clock = ShiftedClock(wall, demo_moment(settings, wall.now()))
    return engine


def demo_moment(settings: Mapping[str, Any], wall: datetime) -> datetime:
    """What a demo's clock shows when it is `wall` on the wall: it goes on from where it was set, and never back."""
    passed = wall.timestamp() - settings["demo.wall"]
    return wall.fromtimestamp(settings["demo.clock"] + max(passed, 0), wall.tzinfo)


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def mailer() -> Any:
    """Who sends mail; None where no server is set, then none is to be sent."""
    from handlers.mail import Smtp

    url = setting("TRAPPA_SMTP_URL")
    return Smtp(url, setting("TRAPPA_MAIL_FROM", "tvistetrappa@example.org")) if url else None


def deploy(engine: Engine, files: Mapping[str, bytes]) -> Deployed:
    return engine.execute(Deploy(files), actor=Actor.system("trappa deploy"))


def load_reference(engine: Engine) -> None:
    engine.execute(LoadReference(processes.reference()), actor=Actor.system("trappa"))


def verify(engine: Engine, *, replay: bool = False) -> Any:
    return engine.ask(VerifyHistory(replay=replay), actor=Actor.system("trappa verify"))


def ingest(message: bytes, now: datetime) -> PublishMessage:
    """The command that makes a case of an e-mailed report. Raises Refused or Guarded, with nothing stored."""
    from handlers.intake import parse

    incoming = parse(message, now)
    return PublishMessage("e_post_inkommen", incoming.key, incoming.variables)


def ingest_mail(engine: Engine, message: bytes) -> str:
    """Take in a report by e-mail; gives the number of its case."""
    post = Actor.system("E-post")
    case_id = engine.execute(ingest(message, engine.clock.now()), actor=post)
    if case_id is None:
        raise Refused(
            "Expected a deployed process that takes reports by e-mail, but there is none. Nothing was kept.",
            "Ingen process tar emot rapporter med e-post ännu. Publicera problem_i_samverkan och försök igen.",
        )
    return str(engine.ask(CaseById(case_id), actor=post).number)


def add_admin(engine: Engine, username: str, name: str, password: str) -> None:
    system = Actor.system("trappa add-admin")
    load_reference(engine)
    person = engine.execute(AddPerson(username, name, "", password), actor=system)
    engine.execute(GrantRole(person, "admin"), actor=system)
