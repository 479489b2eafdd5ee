"""The proof: is each case's history whole and unaltered, and does the database still refuse to alter it?

Streams, so that a million rows need no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from engine.calendar import iso
from engine.db import dumps
from engine.engine import Read
from engine.history import chain
from engine.history.replay import Known, replay
from engine.history.tables import ROWS_PER_CASE, history

# The table itself lies in a room above; these are the columns that bind a case to its history.
_case = sa.table("case", *(sa.column(name) for name in ("id", "number", "history_seq", "history_head")))

WRONG = {
    "case": ("raden hör till ett ärende som inte finns", "its case is missing"),
    "id": ("radens id och plats stämmer inte", "its id does not fit its place"),
    "gap": ("en eller flera rader saknas före den, eller står två gånger", "rows before it are missing or doubled"),
    "previous": ("den är inte kedjad till raden före", "it is not chained to the row before it"),
    "data": ("dess uppgifter har ändrats", "its data was altered"),
    "hash": ("den har ändrats", "it was altered"),
    "told": ("den berättar något annat än vad processen gör", "it tells something else than what the process does"),
    "state": (
        "ärendets läge är ett annat än det som historiken leder till",
        "the state of the case is not the one that its history leads to",
    ),
    "head": ("de sista raderna saknas, eller har ändrats", "the last rows are missing or altered"),
}

GUARDS = {
    "sqlite": frozenset({"history_refuses_update", "history_refuses_delete", "history_refuses_replace"}),
    "postgresql": frozenset({"history_refuses_update", "history_refuses_delete", "history_refuses_truncate"}),
}
"""The triggers that refuse whoever would alter history (made by the first migration)."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the rooms above know: the processes, and the state of a case by its id, all of it as one JSON."""

    known: Known
    state_of: Callable[[int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class BadRow:
    """Where the proof fails first: the case, the row and what is wrong with it (a key of WRONG)."""

    case: str
    seq: int
    wrong: str

    @property
    def sentence_sv(self) -> str:
        return f"{self.case}, rad {self.seq}: {WRONG[self.wrong][0]}."

    @property
    def sentence_en(self) -> str:
        return f"{self.case}, row {self.seq}: {WRONG[self.wrong][1]}."


@dataclass(frozen=True, slots=True)
class Report:
    """`bad` holds the first bad row of each case that has one, in the order of the cases; `unguarded` the triggers that
    should guard history, and are missing or turned off."""

    cases: int
    rows: int
    bad: tuple[BadRow, ...] = ()
    replayed: int | None = None
    """How many cases were played again from their history; None where that was not asked for."""
    unguarded: tuple[str, ...] = ()

    @property
    def first_bad(self) -> BadRow | None:
        return self.bad[0] if self.bad else None

    @property
    def sentence_sv(self) -> str:
        told = f"{self.rows} rader i {self.cases} ärenden lästa"
        if self.replayed is not None:
            told += f", {self.replayed} av ärendena spelade om från början"
        if not self.first_bad:
            return f"Historiken är hel: {told}, alla länkar stämmer."
        return f"Historiken är INTE hel: {told}, fel i {len(self.bad)}. Första felet: {self.first_bad.sentence_sv}"

    @property
    def sentence_en(self) -> str:
        told = f"{self.rows} rows in {self.cases} cases read"
        if self.replayed is not None:
            told += f", {self.replayed} of the cases played again from the start"
        if not self.first_bad:
            return f"The history is whole: {told}, every link holds."
        return f"The history is NOT whole: {told}, {len(self.bad)} bad. The first: {self.first_bad.sentence_en}"

    @property
    def warning_sv(self) -> str:
        """What does not touch the proof, but should be put right; "" where nothing is."""
        if not self.unguarded:
            return ""
        return (
            f"Databasens skydd mot ändringar i historiken saknas eller är avstängt: {', '.join(self.unguarded)}."
            " Återställ databasens schema från en säkerhetskopia eller från en ny installation."
        )

    @property
    def warning_en(self) -> str:
        if not self.unguarded:
            return ""
        return (
            f"What guards the history in the database is missing or turned off: {', '.join(self.unguarded)}."
            " Restore the schema from a backup, or from a new installation."
        )


def verify(read: Read, case_id: int | None = None, house: Stored | None = None) -> Report:
    """Verify every case, or the one given. With `house`, each is played again too."""
    groups = _by_case(_rows(read, case_id))
    cases, rows, replayed, bad = 0, 0, 0, []
    group = next(groups, None)
    for case in _cases(read, case_id):
        while group and group[0] < case.id:
            bad.append(_orphan(group))
            group = next(groups, None)
        own = group[1] if group and group[0] == case.id else []
        if own:
            group = next(groups, None)
        cases, rows = cases + 1, rows + len(own)
        found = _first_bad(case, own)
        if house is not None and not found:
            is_told, found = _played_again(case, own, house)
            replayed += is_told
        if found:
            bad.append(found)
    while group:
        bad.append(_orphan(group))
        group = next(groups, None)
    return Report(cases, rows, tuple(bad), None if house is None else replayed, _unguarded(read))


def _unguarded(read: Read) -> tuple[str, ...]:
    expected = GUARDS[read.connection.dialect.name]
    found = read.connection.execute(_ON_POSTGRESQL if read.is_postgresql else _ON_SQLITE).scalars()
    return tuple(sorted(expected - set(found)))


_ON_SQLITE = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'history'")
_ON_POSTGRESQL = sa.text(
    "SELECT tgname FROM pg_trigger WHERE tgrelid = 'history'::regclass AND tgenabled IN ('O', 'A')"
)


def _orphan(group: tuple[int, list[Row]]) -> BadRow:
    return BadRow(f"ärende {group[0]}", group[1][0]["seq"], "case")


def _first_bad(case: Any, rows: Iterable[Row]) -> BadRow | None:
    seq, head = 0, chain.seed(case.number)
    for row in rows:
        seq += 1
        wrong = _wrong(case, row, seq, head)
        if wrong:
            return BadRow(case.number, row["seq"] if wrong == "id" else seq, wrong)
        head = row["hash"]
    if (seq, head) != (case.history_seq, case.history_head):
        return BadRow(case.number, min(seq, case.history_seq) + 1 if seq != case.history_seq else seq, "head")
    return None


def _played_again(case: Any, rows: list[Row], house: Stored) -> tuple[bool, BadRow | None]:
    """Could it be, and what came of it."""
    again = replay(rows, house.known)
    if again.wrong:
        return True, BadRow(case.number, again.wrong, "told")
    if not again.is_told or dumps(house.state_of(case.id), sort_keys=True) == dumps(again.state, sort_keys=True):
        return again.is_told, None
    return True, BadRow(case.number, case.history_seq, "state")


def _wrong(case: Any, row: Row, seq: int, head: str) -> str | None:
    if row["case_id"] != case.id or row["id"] != case.id * ROWS_PER_CASE + row["seq"]:
        return "id"
    if row["seq"] != seq:
        return "gap"
    if row["previous"] != head:
        return "previous"
    if chain.hash_of_data(row["data"]) != row["data_hash"]:
        return "data"
    return None if chain.hash_of_row(row, case.number, row["at"]) == row["hash"] else "hash"


def _by_case(rows: Iterable[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Rows in the order of their ids, in groups that by their ids belong to one case."""
    for case_id, group in groupby(rows, key=lambda row: row["id"] // ROWS_PER_CASE):
        yield case_id, list(group)


def _rows(read: Read, case_id: int | None) -> Iterator[Row]:
    """As plain dicts, with the time as the text that was hashed; on SQLite it must be stored as that very text."""
    at = history.c.at if read.is_postgresql else sa.type_coerce(history.c.at, sa.String).label("at")
    columns = [at if column.name == "at" else column for column in history.c]
    rows = sa.select(*columns).order_by(history.c.id)
    if case_id is not None:
        first = case_id * ROWS_PER_CASE
        rows = rows.where(sa.or_(history.c.case_id == case_id, history.c.id.between(first, first + ROWS_PER_CASE - 1)))
    names = [column.name for column in columns]
    is_postgresql = read.is_postgresql
    for values in _stream(read, rows):
        row = dict(zip(names, values, strict=True))
        if is_postgresql:
            row["at"] = iso(row["at"])
        yield row


def _cases(read: Read, case_id: int | None) -> Iterable[Any]:
    cases = sa.select(_case).order_by(_case.c.id)
    return _stream(read, cases if case_id is None else cases.where(_case.c.id == case_id))


def _stream(read: Read, statement: sa.Select[Any]) -> Iterable[Any]:
    return read.connection.execute(statement, execution_options={"yield_per": 2000})
