"""A house filled by SQL alone: finished and live cases by the hundred thousand, in minutes.

A few model cases are played by the engine; each copy has all their rows (case, readers, tasks, candidates, jobs,
history), with its own numbers and spread over what a region's officials would see: twenty-seven parties, twenty
colleagues, half a dozen titles, each hundredth with a word more, two years of finished work, due dates from three weeks
ago to ten weeks ahead, three of ten open tasks taken. Besides them mails, incidents and waits for messages. What the
copies do not have is a history whose hashes hold: `trappa verify` would refuse it, and no step looks at it.

Indexes and foreign keys are put aside meanwhile, and stand again before anything is measured.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine import db
from engine.bench import diagrams, ladder
from engine.bench.house import MORNING, SYSTEM, House
from engine.bench.ladder import PROCESS
from engine.cases import words
from engine.cases.tables import case, case_reader, case_word, message, task, task_candidate, wait, word_part
from engine.history.tables import ROWS_PER_CASE
from engine.identity.commands import AddPerson, GrantRole
from engine.jobs.tables import incident, job, mail

COLLEAGUES = 20
PARTIES = 27
PARTY = "part_1"
LOCAL, SMALL = "bench_lokal", "bench_liten"
"""A role bound to a party, whose part of the cases is a twenty-seventh; and one with twenty open tasks in all."""
SMALL_INBOX = 20
SHORT = diagrams.TEXT[:200]
"""What the copies' reporters wrote: a million of the long texts would need a disk of their own."""

TABLES = (*ladder.TABLES, word_part, wait, message, incident, mail)
TITLES = (
    "Sena besked om utskrivning",
    "Oklart ansvar för hjälpmedel",
    "Samordnad plan saknas",
    "Hemsjukvård på helgen",
    "Läkemedel i ordinärt boende",
    "Kostnad för inkontinenshjälpmedel",
)
SOME, LONG_AGO = "ambulans", "äldreboende"
"""Words that each hundredth finished case has, and each hundredth of the first half of them: no live one."""


@dataclass(frozen=True, slots=True)
class Models:
    """Cases to copy, by id: finished on the first, the second and the last rung, and a live one."""

    finished: Sequence[tuple[int, float]]
    live: int


def people(house: House) -> list[int]:
    """The colleagues, by id: the first holds the local role for one party, the second the small role."""
    ids = [
        house.engine.execute(AddPerson(f"kollega{place}", f"Kollega {place}", ""), actor=SYSTEM)
        for place in range(COLLEAGUES)
    ]
    house.engine.execute(GrantRole(ids[0], LOCAL, PARTY), actor=SYSTEM)
    house.engine.execute(GrantRole(ids[1], SMALL), actor=SYSTEM)
    house.engine.execute(GrantRole(ids[2], "admin"), actor=SYSTEM)
    house.engine.execute(GrantRole(ids[3], "revisor"), actor=SYSTEM)
    return ids


def fill(house: House, finished: int, live: int, parties: int = PARTIES) -> None:
    """As many cases as said, besides those that are there. `people` must be there."""
    models = _played(house)
    house.close()  # its connections: SQLite's log cannot be left while somebody else has it open
    database = db.create(house.url)
    try:
        with database.connect() as connection, _bare(connection):
            colleagues = connection.execute(sa.text("SELECT min(id) FROM person WHERE username = 'kollega0'")).scalar()
            copier = _Copier(connection, int(colleagues or 0), finished, parties)
            for model, part in models.finished:
                copier.copy(model, int(finished * part), is_live=False)
            copier.copy(models.live, live, is_live=True)
            copier.besides(finished, live)
        _tidy(database)
    finally:
        database.dispose()


def _played(house: House) -> Models:
    finished = []
    for rungs, part in ((1, 0.8), (2, 0.15), (len(diagrams.RUNGS), 0.05)):
        case_id = house.start(PROCESS, beskrivning=SHORT)
        for rung in range(1, rungs + 1):
            house.complete(house.tasks(case_id)[0], {**diagrams.ANSWER, "svar": "klart" if rung == rungs else "vidare"})
        finished.append((case_id, part))
    return Models(finished, house.start(PROCESS, beskrivning=SHORT))


# --- indexes and keys put aside --------------------------------------------------------------------------------------


@contextmanager
def _bare(connection: Connection) -> Iterator[None]:
    """The tables without their second indexes and foreign keys, within one transaction that the end commits."""
    indexes = [index for table in TABLES for index in sorted(table.indexes, key=lambda one: str(one.name))]
    if connection.dialect.name == "sqlite":
        with _sqlite_at_speed(connection):
            for index in indexes:
                index.drop(connection)
            yield
            for index in indexes:
                index.create(connection)
            connection.commit()
        return
    keys = [key for table in TABLES for key in table.foreign_key_constraints]
    connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '256MB'")
    for key in keys:
        connection.execute(sa.schema.DropConstraint(key))
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)
    for key in keys:
        made = str(sa.schema.AddConstraint(key).compile(connection.engine))
        connection.exec_driver_sql(f"{made} NOT VALID")  # it holds for what comes from now on, like any other
    connection.commit()


@contextmanager
def _sqlite_at_speed(connection: Connection) -> Iterator[None]:
    """No log and no checks of keys; and no trigger that looks for each new row of history whether it is there."""
    driver: Any = connection.connection.driver_connection
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000", "temp_store=2"):
        driver.execute(f"PRAGMA {pragma}").fetchall()
    name = "history_refuses_replace"
    guard = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).scalar_one()
    connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    connection.exec_driver_sql(guard)
    connection.commit()
    driver.execute("PRAGMA journal_mode=WAL").fetchall()
    connection.invalidate()  # the other settings belong to this connection alone


def _tidy(database: sa.Engine) -> None:
    """What the database does by itself in time: PostgreSQL's autovacuum counts and marks what all may see. SQLite's
    file reaches the disk, else the first step that empties the log would wait for all of it."""
    if database.dialect.name == "sqlite":
        with Path(str(database.url.database)).open("rb+") as file:
            os.fsync(file.fileno())
    if database.dialect.name == "postgresql":
        with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in TABLES:
                # History is only added to: there is nothing to clean, and no page is read from its indexes alone.
                verb = "ANALYZE" if table.name == "history" else "VACUUM (ANALYZE)"
                connection.exec_driver_sql(f'{verb} "{table.name}"')
            connection.exec_driver_sql("ALTER TABLE history SET (autovacuum_enabled = false)")
            connection.exec_driver_sql("CHECKPOINT")


# --- copies ----------------------------------------------------------------------------------------------------------


_DUE = "(((n.k * 7919) % 130003) * 60 - 26 * 86400)"
"""Seconds by which a live case's due date is moved: from three weeks ago to ten weeks ahead, in any order."""


class _Copier:
    """INSERT … SELECT from the rows of a model case, once for each number k from 1 to the count."""

    def __init__(self, connection: Connection, colleagues: int, finished: int, parties: int) -> None:
        self.connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.colleague = f"({colleagues} + n.k % {COLLEAGUES})"
        self.party = f"('part_' || (n.k % {parties}))"
        self.finished = finished
        self.made = 0
        self.numbers = ""

    def copy(self, model: int, count: int, *, is_live: bool) -> None:
        tops = {table.name: self._top(table) for table in (case, task, job)}
        case_id = f"({tops['case']} + n.k)"
        span = {table.name: self._span(table, model, tops[table.name]) for table in (task, job)}
        step = 2 * 365 * 86_400 // max(self.finished, 1)
        ago = "(-60 * (n.k % 100003) - 60)" if is_live else f"((n.k + {self.made} - {self.finished} - 1) * {step})"
        self.numbers = self._numbers(count, ago)
        own = self._live(case_id) if is_live else self._finished(case_id, ago)
        owns: dict[str, dict[str, str]] = {
            "case": {"id": case_id, **own["case"]},
            "case_reader": {"case_id": case_id},
            "task": {"id": span["task"], "case_id": case_id, **own["task"]},
            "task_candidate": {
                "task_id": span["task"].replace("o.id", "o.task_id"),
                "party": self.party,
                **{name: value for name, value in own["task"].items() if name == "due_at"},
            },
            "job": {"id": span["job"], "case_id": case_id, **own["job"]},
            "history": {"id": f"{case_id} * {ROWS_PER_CASE} + o.seq", "case_id": case_id, **own["history"]},
        }
        of_model = {
            "case": f"o.id = {model}",
            "task_candidate": f"o.task_id IN (SELECT id FROM task WHERE case_id = {model})",  # noqa: S608
        }
        for table in ladder.TABLES:
            if table is not case_word:
                self._insert(table, owns[table.name], of_model.get(table.name, f"o.case_id = {model}"))
        self._local(case_id, model, owns, is_live=is_live)
        self._words(case_id, is_live=is_live)
        self.made += 0 if is_live else count

    def _finished(self, case_id: str, ago: str) -> dict[str, dict[str, str]]:
        """Over two years, the newest last, as they were numbered."""
        return {
            "case": {
                **self._told(case_id, is_live=False),
                "started_at": "n.at",
                "changed_at": "n.at",
                "ended_at": "n.at",
            },
            "task": {
                "due_at": self._moved("due_at", ago),
                "opened_at": "n.at",
                "closed_at": "CASE WHEN o.closed_at IS NOT NULL THEN n.at END",
                "closed_by": f"CASE WHEN o.closed_by IS NOT NULL THEN {self.colleague} END",
            },
            "job": {"due_at": self._moved("due_at", ago), "created_at": "n.at"},
            "history": {"at": "n.at"},
        }

    def _live(self, case_id: str) -> dict[str, dict[str, str]]:
        """Started within the last months; due in any order of the numbers."""
        taken = f"CASE WHEN n.k % 10 IN (1, 4, 7) THEN {self.colleague} END"
        return {
            "case": {
                **self._told(case_id, is_live=True),
                "status": "'pagar'",
                "started_at": "n.at",
                "changed_at": "n.at",
            },
            "task": {"due_at": self._moved("due_at", _DUE), "opened_at": "n.at", "assignee": taken},
            "job": {"due_at": self._moved("due_at", f"({_DUE} + 26 * 86400)"), "created_at": "n.at"},
            "history": {"at": "n.at"},
        }

    def _told(self, case_id: str, *, is_live: bool) -> dict[str, str]:
        titles = " ".join(f"WHEN {place} THEN '{title}'" for place, title in enumerate(TITLES))
        title = f"(CASE n.k % {len(TITLES)} {titles} END)"
        if is_live:
            return {
                "number": f"'KOPIA-2025-' || {case_id}",
                "title": f"{title} || ' ' || {case_id}",
                "party": self.party,
            }
        more = " ".join(f"WHEN {those} THEN ' {word}'" for word, those in self._more(case_id).items())
        return {
            "number": f"'KOPIA-' || {self._year(case_id)} || '-' || {self._serial(case_id)}",
            "title": f"{title} || (CASE {more} ELSE '' END)",
            "party": self.party,
        }

    @staticmethod
    def _year(case_id: str) -> str:
        """Ten thousand finished cases a year, numbered as a house does it: the same words for each year."""
        return f"(1900 + {case_id} / 10000)"

    @staticmethod
    def _serial(case_id: str) -> str:
        return f"substr(CAST(10000 + {case_id} % 10000 AS text), 2)"

    def _more(self, case_id: str) -> dict[str, str]:
        """What some titles of finished cases have besides: word -> which."""
        return {SOME: f"{case_id} % 100 = 7", LONG_AGO: f"{case_id} % 100 = 8 AND {case_id} <= {self.finished // 2}"}

    def _local(self, case_id: str, model: int, owns: Mapping[str, Any], *, is_live: bool) -> None:
        """Each case is its party's too; a few live ones are the small role's besides."""
        of_case = f"o.case_id = {model} AND o.role = '{diagrams.ROLE}'"
        of_task = f"o.task_id IN (SELECT id FROM task WHERE case_id = {model}) AND o.role = '{diagrams.ROLE}'"  # noqa: S608
        own = {"role": f"'{LOCAL}'", "scope": self.party}
        self._insert(case_reader, {"case_id": case_id, **own}, of_case)
        if is_live:
            few = f"n.k <= {SMALL_INBOX}"
            small = {"role": f"'{SMALL}'"}
            self._insert(task_candidate, {**owns["task_candidate"], **own}, of_task)
            self._insert(task_candidate, {**owns["task_candidate"], **small}, of_task, few)
            self._insert(case_reader, {"case_id": case_id, **small}, of_case, few)

    def _words(self, case_id: str, *, is_live: bool) -> None:
        """By which cases are found, as `engine.cases.words` writes them; word by word, so pages fill."""
        by_title: dict[str, list[int]] = {"kopia": list(range(len(TITLES)))} | ({"2025": []} if is_live else {})
        for place, title in enumerate(TITLES):
            for word in words.folded(title):
                by_title.setdefault(word, []).append(place)
        which = {
            word: f"n.k % {len(TITLES)} IN ({', '.join(map(str, places))})" if places else "1 = 1"
            for word, places in by_title.items()
        } | ({} if is_live else self._more(case_id))
        into = f'INSERT INTO "{case_word.name}" (word, is_live, case_id) {self.numbers}'
        live = "true" if is_live else "false"
        for word, those in sorted(which.items()):
            self._run(f"{into} SELECT '{word}', {live}, {case_id} FROM n WHERE {those}")  # noqa: S608
        static = sorted({row for word in which for row in words.parts(word)})
        values = ", ".join(f"('{part}', '{word}')" for part, word in static)
        self._run(f'INSERT INTO "{word_part.name}" (part, word) VALUES {values} ON CONFLICT DO NOTHING')  # noqa: S608
        of_number = [f"CAST({case_id} AS text)"] if is_live else [self._year(case_id), self._serial(case_id)]
        for text in of_number:
            rows = f"SELECT CAST({text} AS text), {live}, {case_id} FROM n ORDER BY 1, 3"  # noqa: S608
            self._run(f"{into} {rows} ON CONFLICT DO NOTHING")  # of number 1904 in 1904 both are one word
            self._parts(f"CAST({text} AS text)")

    def _parts(self, text: str) -> None:
        letters = "(WITH RECURSIVE l(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM l WHERE k < 12) SELECT k FROM l)"
        self._run(
            f'INSERT INTO "{word_part.name}" (part, word) {self.numbers},'  # noqa: S608
            f" each_one AS (SELECT DISTINCT {text} AS word FROM n) SELECT substr(word, l.k), word"
            f" FROM each_one CROSS JOIN {letters} AS l WHERE l.k <= length(word) ORDER BY 1, 2 ON CONFLICT DO NOTHING"
        )

    def besides(self, finished: int, live: int) -> None:
        """A mail for each fourth finished case, an incident for each five hundredth, a wait for each live one."""
        first = self.connection.execute(sa.select(sa.func.min(case.c.id)).where(case.c.number.like("KOPIA-%"))).scalar()
        start = int(first or 1) - 1
        at = self._moment(f"(n.k * 4 - {finished}) * 60")
        values = {
            "case_id": f"{start} + n.k * 4",
            "to": "'kollega' || (n.k % 20) || '@example.org'",
            "subject": f"'Återkoppling om ärende ' || ({start} + n.k * 4)",
            "body": "'Ärendet är klart. Läs beslutet i Tvistetrappa.'",
            "kind": "'aterkoppling'",
            "status": "'sent'",
            "created_at": at,
            "sent_at": at,
            "idempotency_key": "'kopia-' || n.k",
        }
        self._new(mail, finished // 4, values)
        values = {
            "case_id": f"{start} + n.k * 500",
            "message": "'Tjänsten svarade inte.'",
            "opened_at": self._moment(f"(n.k * 500 - {finished}) * 60"),
            "state": "CASE WHEN n.k % 50 = 0 THEN 'open' ELSE 'resolved' END",
            "closed_at": f"CASE WHEN n.k % 50 = 0 THEN NULL ELSE {self._moment(f'(n.k * 500 - {finished}) * 60')} END",
        }
        self._new(incident, finished // 500, values)
        newest = self._top(case) - live
        values = {
            "case_id": f"{newest} + n.k",
            "wait": "1000000",
            "element": "'svar'",
            "kind": "CASE WHEN n.k % 20 = 0 THEN 'signal' ELSE 'message' END",
            "name": "'svar_' || (n.k % 3)",
            "key": f"'KOPIA-' || ({newest} + n.k)",
        }
        self._new(wait, live, values)
        values = {
            "name": "'svar_' || (n.k % 3)",
            "key": "'FRÅGA-' || n.k",
            "variables": "'{}'",
            "published_at": self._moment("-86400"),
            "expires_at": self._moment("86400 * 365"),
        }
        self._new(message, live // 10, values)
        self._number_on()

    # --- SQL ---

    def _run(self, text: str) -> None:
        self.connection.exec_driver_sql(text, execution_options={"no_parameters": True})  # a % is a remainder here

    def _insert(self, table: sa.Table, own: Mapping[str, str], where: str, only: str = "n.k > 0") -> None:
        """The rows of the model that `where` names, for each copy that `only` names, copy by copy: so pages fill one
        after the other, as in a house that grew."""
        names = [column.name for column in table.c]
        values = ", ".join(own.get(name, f'o."{name}"') for name in names)
        listed = ", ".join(f'"{name}"' for name in names)
        order = ", ".join(column.name for column in table.primary_key)
        model = f'm AS MATERIALIZED (SELECT * FROM "{table.name}" AS o WHERE {where} ORDER BY {order})'  # noqa: S608
        each = "m" if self.is_sqlite else "LATERAL (SELECT * FROM m WHERE n.k > 0 OFFSET 0)"  # n must come first
        self._run(
            f'INSERT INTO "{table.name}" ({listed}) {self.numbers}, {model} '  # noqa: S608
            f"SELECT {values} FROM n CROSS JOIN {each} AS o WHERE {only}"
        )

    def _new(self, table: sa.Table, count: int, values: Mapping[str, str]) -> None:
        listed = ", ".join(f'"{name}"' for name in values)
        self._run(
            f'INSERT INTO "{table.name}" ({listed}) {self._numbers(count)} '  # noqa: S608
            f"SELECT {', '.join(values.values())} FROM n"
        )

    def _numbers(self, count: int, ago: str = "0") -> str:
        """`n`: the copy's number `k`, and `at`, when all of it happened."""
        at = self._moment(ago)
        if self.is_sqlite:
            counted = f"WITH RECURSIVE c(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c WHERE k < {count}), "  # noqa: S608
        else:
            counted = f"WITH c(k) AS (SELECT * FROM generate_series(1::bigint, {count})), "  # noqa: S608
        return f"{counted} n AS MATERIALIZED (SELECT n.k, {at} AS at FROM c AS n)"  # noqa: S608

    def _moved(self, column: str, seconds: str) -> str:
        if self.is_sqlite:
            return f"strftime('%Y-%m-%dT%H:%M:%S.000000Z', o.\"{column}\", ({seconds}) || ' seconds')"
        return f"(o.\"{column}\" + ({seconds}) * interval '1 second')"

    def _moment(self, seconds: str) -> str:
        if self.is_sqlite:
            return f"strftime('%Y-%m-%dT%H:%M:%S.000000Z', '{MORNING:%Y-%m-%d %H:%M:%S}', ({seconds}) || ' seconds')"
        return f"('{MORNING.isoformat()}'::timestamptz + ({seconds}) * interval '1 second')"

    def _top(self, table: sa.Table) -> int:
        return int(self.connection.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0))).scalar_one())

    def _span(self, table: sa.Table, model: int, top: int) -> str:
        """The id of a copy: each copy has as many numbers as the model's first to last."""
        of_model = sa.select(sa.func.min(table.c.id), sa.func.max(table.c.id)).where(table.c.case_id == model)
        first, last = self.connection.execute(of_model).one()
        return f"({top} + (n.k - 1) * {last - first + 1} + o.id - {first - 1})"

    def _number_on(self) -> None:
        if self.is_sqlite:
            return
        for table in (case, task, job):
            self._run(
                f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), "  # noqa: S608
                f'(SELECT max(id) FROM "{table.name}"))'
            )
