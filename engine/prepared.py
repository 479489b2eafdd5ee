"""Statements of the hot path: SQLAlchemy writes the SQL once, the driver carries it out each time.

Of the time a small statement takes, most goes to SQLAlchemy's way from a construct to the driver and back. `Prepared`
keeps what comes out of it (text, the order of parameters, how values go in and come out) for each kind of database.
Errors are those of SQLAlchemy, so whoever runs a statement this way notices no difference.

On PostgreSQL the statements of a command leave in one go and are answered in one go (`engine.pipeline`): ask for as
much as possible before reading an answer. On SQLite nothing is between.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from engine.db import Json, Moment, Words
from engine.pipeline import pipeline_of
from engine.told import ToldBySqlalchemy, tell

Values = Mapping[str, Any]
Convert = Callable[[Any], Any]


class _Compiled(NamedTuple):
    """`names`: of the parameters, in the order in which the text has them; `pick` takes their values out of what is
    given. `fixed`: those the statement gives itself. `numbered`: the text with $1, $2 … for a pipeline; "" where the
    database has none.
    `ins`, `outs`: place, how a value goes in or comes out, where it does not as it is."""

    text: str
    numbered: str
    names: Sequence[str]
    pick: Callable[[Values], Sequence[Any]]
    fixed: Values
    ins: Sequence[tuple[int, Convert]]
    row: Callable[[Sequence[Any]], Any] | None
    outs: Sequence[tuple[int, Convert]]

    def carry_out(self, connection: Connection, values: Values) -> Any:
        """What answers, a cursor or what is like one."""
        given = self.listed(values)
        if self.numbered and (pipeline := pipeline_of(connection)):
            return pipeline.add(self.numbered, given)
        return _driver(connection).execute(self.text, self.bound(given))

    def bound(self, given: Sequence[Any]) -> Any:
        return dict(zip(self.names, given, strict=True)) if self.numbered else given

    def listed(self, values: Values) -> list[Any]:
        if self.fixed:
            values = {**self.fixed, **values}
        try:
            given = list(self.pick(values))
        except KeyError as missing:
            raise TypeError(f"Expected a value for {missing} in a prepared statement, but there is none.") from None
        for place, convert in self.ins:
            given[place] = convert(given[place])
        return given


class Answer:
    """What the database says to one statement."""

    __slots__ = ("_compiled", "_connection", "_cursor")

    def __init__(self, compiled: _Compiled, connection: Connection, cursor: Any) -> None:
        self._compiled = compiled
        self._connection = connection
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        return int(self._cursor.rowcount)

    def all(self) -> list[Any]:
        with ToldBySqlalchemy(self._connection, self._compiled.text):
            found = self._cursor.fetchall()
        return [self._row(values) for values in found]

    def first(self) -> Any:
        """The first row, None where there is none; the others are not looked at."""
        with ToldBySqlalchemy(self._connection, self._compiled.text):
            values = self._cursor.fetchone()
        return None if values is None else self._row(values)

    def _row(self, values: Sequence[Any]) -> Any:
        *_, row, outs = self._compiled
        own = list(values)
        for place, convert in outs:
            own[place] = convert(own[place])
        return row(own) if row else own


class Prepared:
    """A statement without lists that grow (IN). A row answers to the names of its columns, and in their order."""

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete) -> None:
        self.statement = statement
        self._compiled: dict[Any, _Compiled] = {}

    def ask(self, connection: Connection, values: Values) -> Answer:
        compiled = self._for(connection, values)
        try:
            return Answer(compiled, connection, compiled.carry_out(connection, values))
        except Exception as error:
            tell(error, connection, compiled.text)
            raise

    def first(self, connection: Connection, values: Values) -> Any:
        return self.ask(connection, values).first()

    def all(self, connection: Connection, values: Values) -> list[Any]:
        return self.ask(connection, values).all()

    def many(self, connection: Connection, rows: Sequence[Values]) -> None:
        """For each of the rows, which have the same names; nothing is answered."""
        if len(rows) == 1 or pipeline_of(connection):
            for row in rows:
                self.ask(connection, row)
        elif rows:
            compiled = self._for(connection, rows[0])
            cursor = _driver(connection).cursor()
            with ToldBySqlalchemy(connection, compiled.text):
                cursor.executemany(compiled.text, [compiled.bound(compiled.listed(row)) for row in rows])

    def _for(self, connection: Connection, values: Values) -> _Compiled:
        key = (connection.dialect.name, *values) if self.statement.is_insert else connection.dialect.name
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = _compile(self.statement, connection.dialect, values)
        return found


class Rows(Prepared):
    """New rows of a table, with whatever columns they have. On PostgreSQL several are one INSERT, as JSON: there each
    statement costs more than its row does. `unless_there`: those that are there already stay as they are."""

    def __init__(self, table: sa.Table, *, unless_there: bool = False) -> None:
        insert = table.insert()
        super().__init__(insert.prefix_with("OR IGNORE", dialect="sqlite") if unless_there else insert)
        self._table = table
        self._end = " ON CONFLICT DO NOTHING" if unless_there else ""
        self._in_one: dict[tuple[str, ...], _Compiled] = {}

    def many(self, connection: Connection, rows: Sequence[Values]) -> None:
        if connection.dialect.name != "postgresql" or len(rows) < (1 if self._end else 2):
            super().many(connection, rows)
            return
        each = self._for(connection, rows[0])
        names = tuple(each.names)
        all_in_one = self._in_one.get(names)
        if all_in_one is None:
            all_in_one = self._in_one[names] = _compile_rows(self._table, connection.dialect, names, self._end)
        given = [dict(zip(names, each.listed(row), strict=True)) for row in rows]
        with ToldBySqlalchemy(connection, all_in_one.text):
            all_in_one.carry_out(connection, {"rows": orjson.dumps(given).decode()})


def _compile(statement: Any, dialect: Dialect, values: Values) -> _Compiled:
    is_insert = statement.is_insert
    columns = list(statement.exported_columns)
    # As for many rows: else SQLAlchemy would ask for the new row's key besides.
    compiled = statement.compile(
        dialect=dialect,
        column_keys=list(values) if is_insert else None,
        for_executemany=is_insert and not columns,
    )
    text = str(compiled)
    named = (name for name in compiled.binds if f"%({name})s" in text)  # SQLAlchemy also lists some that it left out
    names = [str(name) for name in compiled.positiontup or named]
    binds = [compiled.binds[name] for name in names]
    # What the statement itself says goes in once and for all; its converter would not know it again.
    fixed = {
        bind_name: _converted(bind, dialect)
        for bind_name, bind in zip(names, binds, strict=True)
        if not bind.required and bind_name not in values
    }
    ins = _converters((bind.type for bind in binds), _going_in, dialect, skip=[name in fixed for name in names])
    outs = _converters((column.type for column in columns), _coming_out, dialect)
    record: Any = namedtuple("Row", [column.key for column in columns]) if columns else None
    row = record._make if record else None
    numbered = "" if compiled.positiontup else _numbered(text, names)
    return _Compiled(text, numbered, names, _picker(names), fixed, ins, row, outs)


_PLACE = re.compile(r"%(?:\((\w+)\)s|%)")


def _numbered(text: str, names: Sequence[str]) -> str:
    """`%(name)s` as libpq has it."""
    return _PLACE.sub(lambda found: f"${names.index(found[1]) + 1}" if found[1] else "%", text)


def _picker(names: Sequence[str]) -> Callable[[Values], Sequence[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


def _converters(
    kinds: Iterable[Any],
    way: Callable[[Any, Dialect], Convert | None],
    dialect: Dialect,
    skip: Sequence[bool] | None = None,
) -> list[tuple[int, Convert]]:
    found = ((place, way(kind, dialect)) for place, kind in enumerate(kinds))
    return [(place, convert) for place, convert in found if convert and not (skip and skip[place])]


def _converted(bind: Any, dialect: Dialect) -> Any:
    convert = _going_in(bind.type, dialect)
    return convert(bind.effective_value) if convert else bind.effective_value


def _compile_rows(table: sa.Table, dialect: Dialect, names: Sequence[str], end: str) -> _Compiled:
    columns = [table.c[name] for name in names]
    listed = ", ".join(f'"{column.name}"' for column in columns)
    typed = ", ".join(f'"{column.name}" {column.type.compile(dialect)}' for column in columns)
    text = f'INSERT INTO "{table.name}" ({listed}) SELECT {listed} FROM json_to_recordset(%(rows)s::json) AS r({typed})'  # noqa: S608
    text += end
    return _Compiled(text, _numbered(text, ["rows"]), ["rows"], _picker(["rows"]), {}, (), None, ())


def _going_in(kind: Any, dialect: Dialect) -> Convert | None:
    if isinstance(kind, (Json, Moment, Words)):
        return kind.going_in(dialect)
    found: Convert | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


def _coming_out(kind: Any, dialect: Dialect) -> Convert | None:
    if isinstance(kind, (Json, Moment, Words)):
        return kind.coming_out(dialect)
    found: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found


def _driver(connection: Connection) -> Any:
    """The driver's connection, where the engine has begun. psycopg begins by itself."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and not driver.in_transaction:
        raise RuntimeError("Expected a prepared statement inside a transaction, but none has begun.")
    return driver
