"""A house for tests of the engine: a real database, a clock that stands still until told, people made when needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import (
    Actor,
    AddPerson,
    CaseById,
    CompleteTask,
    Deploy,
    Deployed,
    Engine,
    GrantRole,
    HistoryOf,
    StartCase,
    TasksOf,
    VirtualClock,
    Worker,
)
from engine.cases.tables import case, case_word, word_part
from engine.cases.words import folded, parts
from engine.schema import metadata

HERE = Path(__file__).parent
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SYSTEM = Actor.system()


class House:
    def __init__(self, url: str, start: datetime = MONDAY, **options: Any) -> None:
        self.url = url
        self.clock = VirtualClock(start)
        self.engine = Engine(url, self.clock, **options)
        self.worker = Worker(self.engine, "test", Outbox())
        self.people: dict[str, int] = {}

    @property
    def outbox(self) -> Outbox:
        assert isinstance(self.worker.mailer, Outbox)
        return self.worker.mailer

    def do(self, command: Any, actor: Actor | None = None) -> Any:
        return self.engine.execute(command, actor=actor or SYSTEM)

    def ask(self, query: Any, actor: Actor | None = None) -> Any:
        return self.engine.ask(query, actor=actor or SYSTEM)

    def person(self, name: str, *roles: str, party: str | None = None) -> Actor:
        """Somebody of this name with these roles (`role[:scope][@side]`); the same one each time the name comes."""
        if name not in self.people:
            username = ".".join(name.casefold().split())
            self.people[name] = self.do(AddPerson(username, name, f"{username}@example.org"))
            for role in roles:
                held, _, side = role.partition("@")
                key, _, scope = held.partition(":")
                self.do(GrantRole(self.people[name], key, scope or None, side or None, party))
        return self.engine.actor_for(self.people[name])

    def deploy(self, *names: str, change: Mapping[str, tuple[str, str]] | None = None) -> Deployed:
        """Deploy processes beside this file, with all forms; `change` replaces a text in a file of that name."""
        files = {f"{name}.bpmn": (HERE / f"{name}.bpmn").read_bytes() for name in names}
        files |= {f"forms/{path.name}": path.read_bytes() for path in (HERE / "forms").glob("*.json")}
        for name, (old, new) in (change or {}).items():
            assert old.encode() in files[name]
            files[name] = files[name].replace(old.encode(), new.encode())
        deployed: Deployed = self.do(Deploy(files))
        return deployed

    def start(self, process: str = "arende", actor: Actor | None = None, **variables: Any) -> int:
        given = variables or {"rubrik": "Sena besked", "omrade": "huddinge"}
        case_id: int = self.do(StartCase(process, given), actor)
        return case_id

    def task(self, case_id: int, element: str) -> int:
        """The id of the open task at an element."""
        found = [task.id for task in self.ask(TasksOf(case_id)) if task.element == element]
        assert len(found) == 1, f"{len(found)} open tasks at {element}"
        return int(found[0])

    def complete(self, case_id: int, element: str, actor: Actor, **data: Any) -> None:
        self.do(CompleteTask(self.task(case_id, element), data), actor)

    def elements(self, case_id: int) -> list[str]:
        return sorted(task.element for task in self.ask(TasksOf(case_id)))

    def state(self, case_id: int) -> str:
        return str(self.ask(CaseById(case_id)).state)

    def variables(self, case_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(CaseById(case_id)).variables
        return found

    def kinds(self, case_id: int) -> list[str]:
        return [row.kind for row in self.ask(HistoryOf(case_id))]

    def tables(self) -> list[str]:
        return list(metadata.tables)

    def wait(self, **delay: float) -> int:
        """Time passes, and the worker does what falls due on the way."""
        return self.worker.live_until(self.clock.now() + timedelta(**delay), self.clock.set)

    def work(self) -> int:
        return self.worker.run_until_idle()

    def words(self) -> set[tuple[str, bool, int]]:
        """By which cases are found: word, whether the case is a live one, its id."""
        with self.engine._database.connect() as connection:
            return {(row.word, row.is_live, row.case_id) for row in connection.execute(sa.select(case_word))}

    def word_parts(self) -> set[tuple[str, str]]:
        with self.engine._database.connect() as connection:
            return {(row.part, row.word) for row in connection.execute(sa.select(word_part))}

    def require_words_as_they_are(self) -> None:
        """Those of every case as it is now, in all their parts, and no others."""
        told = sa.select(case.c.id, case.c.number, case.c.title, case.c.ended_at)
        with self.engine._database.connect() as connection:
            cases = connection.execute(told).all()
        should = {(word, one.ended_at is None, one.id) for one in cases for word in folded(f"{one.number} {one.title}")}
        assert self.words() == should
        assert self.word_parts() == {part for word, _, _ in should for part in parts(word)}


class Outbox:
    """Mails as they would have left the house."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, mail: Any) -> None:
        self.sent.append(mail)
