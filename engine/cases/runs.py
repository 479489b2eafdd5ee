"""The state of a big case: its runs lie in rows of their own and are fetched one by one.

An ordinary case is one JSON with all its runs, read and written at once. Past `APART` runs that would make each step
cost what all of them cost; the machine looks only at those a step concerns (see `engine.bpmn.machine`), so then each
lies in a row of `case_run`, that of the process with its variables too; the JSON keeps only how many there are, as
`apart`. With `FEW` left they move back. Whoever holds a case's state sees a mapping either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection

from engine.cases.tables import case_run
from engine.db import dumps, loads
from engine.prepared import Prepared, Rows

APART = 100
FEW = 30

_PATIENCE = 32
"""Fetches one by one before all the rest come at once: some steps do concern every run, such as the last one."""

_THIS = sa.and_(case_run.c.case_id == bindparam("of_case"), case_run.c.number == bindparam("of_number"))
_ONE = Prepared(sa.select(case_run.c.data).where(_THIS))
_ALL = Prepared(
    sa.select(case_run.c.number, case_run.c.data)
    .where(case_run.c.case_id == bindparam("of_case"))
    .order_by(case_run.c.number)
)
_INSERT = Rows(case_run)
_UPDATE = Prepared(case_run.update().where(_THIS).values(data=bindparam("run")))
_DELETE = Prepared(case_run.delete().where(_THIS))
_DELETE_ALL = Prepared(case_run.delete().where(case_run.c.case_id == bindparam("of_case")))


class Runs(MutableMapping[str, Any]):
    """The runs of one case, by number. Good for as long as the transaction in which it was made."""

    def __init__(self, connection: Connection, case_id: int, rows: int, following: int) -> None:
        self._connection = connection
        self._case_id = case_id
        self._here: dict[str, Any] = {}
        self._stored: dict[str, str] = {}
        """Of those that were fetched, the text in the database."""
        self._gone: set[str] = set()
        self._rows = rows
        self._following = following
        """The first number that no run has had yet."""
        self._fetched = 0
        self._has_all = False

    @classmethod
    def of(cls, connection: Connection, case_id: int, runs: Mapping[str, Any]) -> Runs:
        """Runs that no row holds yet."""
        apart = cls(connection, case_id, rows=0, following=0)
        apart._has_all = True
        apart._here.update(runs)
        return apart

    def __getitem__(self, number: str) -> Any:
        if number not in self._here and not self._has_all and number not in self._gone:
            self._fetch(number)
        return self._here[number]

    def __setitem__(self, number: str, run: Any) -> None:
        if number not in self._here:
            self.get(number)  # whether there is a row of this number decides how it is stored
        self._here[number] = run
        self._gone.discard(number)

    def __delitem__(self, number: str) -> None:
        self[number]
        del self._here[number]
        self._gone.add(number)

    def __iter__(self) -> Iterator[str]:
        self._fetch_all()
        return iter(list(self._here))

    def __len__(self) -> int:
        self._fetch_all()
        return len(self._here)

    def clear(self) -> None:
        """Without a look at them."""
        self._fetch_all()
        self._gone.update(self._here)
        self._here.clear()

    def _fetch(self, number: str) -> None:
        if int(number) >= self._following:
            return
        self._fetched += 1
        if self._fetched > _PATIENCE:
            self._fetch_all()
            return
        row = _ONE.first(self._connection, {"of_case": self._case_id, "of_number": int(number)})
        if row is None:
            self._gone.add(number)
        else:
            self._keep(number, row.data)

    def _fetch_all(self) -> None:
        if self._has_all:
            return
        self._has_all = True
        for row in _ALL.all(self._connection, {"of_case": self._case_id}):
            number = str(row.number)
            if number not in self._here and number not in self._gone:
                self._keep(number, row.data)

    def _keep(self, number: str, text: str) -> None:
        self._stored[number] = text
        self._here[number] = loads(text)

    # --- back into the database ---

    def write(self) -> int:
        """Store what has changed since it was fetched; gives how many rows there are now."""
        new, changed = [], []
        for number, run in self._here.items():
            before = self._stored.get(number)
            text = dumps(run, is_finite=True)
            if text == before:
                continue
            if before is not None:
                changed.append({"of_case": self._case_id, "of_number": int(number), "run": text})
            else:
                new.append({"case_id": self._case_id, "number": int(number), "data": text})
            self._stored[number] = text
        gone = self._gone & self._stored.keys()
        _DELETE.many(self._connection, [{"of_case": self._case_id, "of_number": int(number)} for number in gone])
        _UPDATE.many(self._connection, changed)
        _INSERT.many(self._connection, new)
        for number in gone:
            del self._stored[number]
        self._rows += len(new) - len(gone)
        return self._rows

    def gather(self) -> dict[str, Any]:
        """All of them as one dict again; no row is left."""
        self._fetch_all()
        _DELETE_ALL.ask(self._connection, {"of_case": self._case_id})
        return self._here


def opened(connection: Connection, case_id: int, data: dict[str, Any]) -> dict[str, Any]:
    """A state as it was read, with runs that lie apart within reach."""
    if "apart" in data:
        data["runs"] = Runs(connection, case_id, data["apart"], data["next"])
    return data


def in_hand(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The runs that a step may have changed: all of an ordinary case, of a big one those it has looked at."""
    runs: Mapping[str, Any] = data.get("runs", {})
    return runs._here if isinstance(runs, Runs) else runs


def is_big(data: dict[str, Any]) -> bool:
    """Whether the runs lie apart, or have become so many that they should."""
    runs = data.get("runs", ())
    return isinstance(runs, Runs) or len(runs) > APART


def stored(connection: Connection, case_id: int, data: dict[str, Any]) -> dict[str, Any]:
    """The state as the case's own row keeps it; the rows of its runs are brought up to date."""
    runs = data["runs"]
    if not isinstance(runs, Runs):
        runs = data["runs"] = Runs.of(connection, case_id, runs)
    data["apart"] = runs.write()
    if data["apart"] <= FEW:
        del data["apart"]
        data["runs"] = runs.gather()
        return data
    return {**data, "runs": {}}
