"""Puts one house together from its environment: engine, handlers, processes, mail. Shared by the command line and the server."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import handlers
import processes
from engine import Actor, AddPerson, Deploy, Deployed, Engine, GrantRole, LoadReference, Refused, VerifyHistory, contract
from engine.bpmn.checks import CheckContext
from engine.clock import Clock, SystemClock
from engine.db import migrate as migrate_database

MAIL_LIMIT = 10_000_000
"""Bytes of an e-mail that are read at most; a longer one is refused."""

ENVIRONMENT: Mapping[str, str] = {
    "TRAPPA_DATABASE_URL": "Databasen: sqlite:///fil (standard sqlite:///trappa.db) eller postgresql+psycopg://…",
    "TRAPPA_SECRET_KEY": "Nyckel för formulärens skydd mot förfalskade anrop; krävs utan --demo.",
    "TRAPPA_SMTP_URL": "Utgående e-post: smtp://användare:lösenord@värd:port eller smtps://…; saknas den blir utskicken kvar på sidan Utskick.",
    "TRAPPA_MAIL_FROM": "Avsändaradress för utskick.",
    "TRAPPA_BASE_URL": "Adressen som länkar i utskick pekar på.",
    "TRAPPA_INSECURE_COOKIES": "1 tillåter sessionskakan över http (sätts av --demo).",
}
"""Every environment variable the house reads, with what it means; the README lists them from here."""


def setting(name: str, default: str = "") -> str:
    if name not in ENVIRONMENT:
        raise KeyError(name)
    return os.environ.get(name, default)


def database_url() -> str:
    return setting("TRAPPA_DATABASE_URL", "sqlite:///trappa.db")


def migrate() -> None:
    migrate_database(database_url())


def open_engine(clock: Clock | None = None, *, keep_mail: bool = False) -> Engine:
    """The engine on the configured database, with all handlers registered."""
    handlers.register()
    return Engine(database_url(), clock or SystemClock(), kept_mail=keep_mail or not setting("TRAPPA_SMTP_URL"))


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def mailer() -> Any:
    from handlers.mail import Smtp

    return Smtp(setting("TRAPPA_SMTP_URL"), setting("TRAPPA_MAIL_FROM", "tvistetrappa@example.org"))


def read_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """Bytes of the files named; of a folder its diagrams, decisions and forms."""
    files: dict[str, bytes] = {}
    for path in paths:
        if path.is_dir():
            files.update(processes.files(path))
        elif path.is_file():
            files[path.name] = path.read_bytes()
        else:
            raise Refused(f"Expected a file or folder, but {path} does not exist.", f"Det finns ingen fil eller mapp {path}. Kontrollera sökvägen.")
    return files


def deployments(paths: Sequence[Path]) -> list[dict[str, bytes]]:
    """One deployment per folder, and one of all loose files together."""
    loose = [path for path in paths if not path.is_dir()]
    return [processes.files(path) for path in paths if path.is_dir()] + ([read_files(loose)] if loose else [])


def check_context(paths: Iterable[Path]) -> CheckContext:
    """What the checks may take as known without a database: the roles of the reference data, the registered topics, the shipped processes."""
    handlers.register()
    return CheckContext.of_house(processes.reference(), topics=contract.handlers(), processes=[folder.name for folder in processes.folders()])


def deploy(engine: Engine, files: Mapping[str, bytes]) -> Deployed:
    return engine.execute(Deploy(files), actor=Actor.system("trappa deploy"))


def scenarios() -> list[Path]:
    return list(processes.folders())


def verify(engine: Engine) -> Any:
    return engine.ask(VerifyHistory(), actor=Actor.system("trappa verify"))


def ingest_mail(engine: Engine, message: bytes) -> str:
    """Start the case of an e-mailed report; gives its number. Raises Refused or Guarded, with nothing stored."""
    from handlers.intake import command_for

    return engine.execute(command_for(message, engine.clock.now()), actor=Actor.system("e-post"))


def add_admin(engine: Engine, username: str, name: str, password: str) -> None:
    system = Actor.system("trappa add-admin")
    engine.execute(LoadReference(processes.reference()), actor=system)
    person = engine.execute(AddPerson(username, name, "", password), actor=system)
    engine.execute(GrantRole(person, "admin"), actor=system)
