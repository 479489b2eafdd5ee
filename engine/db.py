"""The door to the database: one MetaData, the types every table uses, `create` an engine and `migrate` a schema.

SQLite (write-ahead log, one writer at a time) and PostgreSQL (psycopg 3) have the same schema. What the two do
differently lies here and in the migrations, nowhere else.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Dialect, make_url

from engine import pipeline
from engine.calendar import iso

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Whole-number keys; SQLite numbers rows by itself only where the type is exactly INTEGER."""


# `going_in` and `coming_out` are what `engine.prepared` calls, straight.


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware datetime in UTC. On SQLite a text of fixed width, so that it sorts as time and reads as a date."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.String(32) if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return self.going_in(dialect)(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return self.coming_out(dialect)(value)

    def going_in(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        return _moment_as_text if dialect.name == "sqlite" else _moment_with_zone

    def coming_out(self, dialect: Dialect) -> Callable[[Any], datetime | None]:
        return _moment_of_text if dialect.name == "sqlite" else _moment_in_utc


# A step says the same few moments again and again.
_text_of = lru_cache(maxsize=1024)(iso)
_of_text = lru_cache(maxsize=1024)(datetime.fromisoformat)


def _moment_as_text(value: datetime | None) -> str | None:
    return None if value is None else _text_of(value)


def _moment_with_zone(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        iso(value)  # refuses it
    return value


def _moment_of_text(value: str | None) -> datetime | None:
    return None if value is None else _of_text(value)


def _moment_in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Json(sa.types.TypeDecorator[Any]):
    """Plain JSON as text: what comes out is exactly what went in, on both (PostgreSQL's jsonb would refuse NUL)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return _json_as_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return _json_of_text(value)

    def going_in(self, dialect: Dialect) -> Callable[[Any], str | None]:
        return _json_as_text

    def coming_out(self, dialect: Dialect) -> Callable[[str | None], Any]:
        return _json_of_text


class State(Json):
    """JSON of which the machine has looked at every value on its way in: none is infinite or NaN."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return _state_as_text(value)

    def going_in(self, dialect: Dialect) -> Callable[[Any], str | None]:
        return _state_as_text


def _state_as_text(value: Any) -> str | None:
    return None if value is None else dumps(value, is_finite=True)


def _json_as_text(value: Any) -> str | None:
    return None if value is None else dumps(value)


def _json_of_text(text: str | None) -> Any:
    return None if text is None else loads(text)


class Words(sa.types.TypeDecorator[str]):
    """Text that may come from people: the characters which no database keeps (NUL, lone surrogates) become U+FFFD."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return clean(value)

    def going_in(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        return clean

    def coming_out(self, dialect: Dialect) -> None:
        return None


_UNKEPT = re.compile("[\x00\ud800-\udfff]")


def clean(text: str | None) -> str | None:
    if not text or (text.isascii() and "\0" not in text):
        return text
    return _UNKEPT.sub("\ufffd", text)


_PLAIN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS


def dumps(value: Any, *, sort_keys: bool = False, is_finite: bool = False) -> str:
    """Compact JSON. TypeError or ValueError for what is not plain JSON (dates, NaN, keys that are not text).

    `is_finite`: somebody has seen to it that no number is infinite or NaN.

    What orjson cannot say without loss (whole numbers over 64 bits, lone surrogates) the standard library says; the
    leading space, which JSON allows, tells `loads` so.
    """
    try:
        text = orjson.dumps(value, option=_PLAIN | orjson.OPT_SORT_KEYS if sort_keys else _PLAIN).decode()
    except TypeError:
        _refuse_what_is_not_json(value)
        return " " + json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"), sort_keys=sort_keys)
    # orjson writes NaN and Infinity as null, without a word.
    if not is_finite and "null" in text and not _is_finite(value, text):
        raise ValueError("Expected finite numbers in JSON data, but one is infinite or not a number.")
    return text


def loads(text: str) -> Any:
    return json.loads(text) if text.startswith(" ") else orjson.loads(text)


def _is_finite(value: Any, text: str) -> bool:
    """What was written so comes back equal; but for tuples, which take a closer look."""
    return bool(orjson.loads(text) == value) or _has_no_nan(value)


def _has_no_nan(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return bool(value - value == 0)
    if kind is dict:
        return all(map(_has_no_nan, value.values()))
    if kind is list or kind is tuple:
        return all(map(_has_no_nan, value))
    return True


def _refuse_what_is_not_json(value: Any) -> None:
    match value:
        case dict():
            for key, inner in value.items():
                if type(key) is not str:
                    raise TypeError(f"Expected text as a key of JSON data, but it is {type(key).__name__}.")
                _refuse_what_is_not_json(inner)
        case list() | tuple():
            for inner in value:
                _refuse_what_is_not_json(inner)
        case None | str() | bool() | int() | float():
            pass
        case _:
            raise TypeError(f"Expected plain JSON data, but it contains {type(value).__name__}.")


def at_most(count: int) -> sa.ColumnElement[int]:
    """For LIMIT, written out: PostgreSQL plans a prepared statement whose limit is bound for a tenth of all rows."""
    return sa.literal_column(str(int(count)), sa.Integer)


def create(url: str) -> sa.Engine:
    """An engine for `sqlite:///path` or `postgresql://…`; parameters never show in its errors or logs.

    `sqlite:///path?synchronous=normal` trades the fsync at each commit for speed: no case breaks, but a power failure
    may take back the last of what was acknowledged.
    """
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)  # at DEBUG it would tell every row
    address = make_url(url)
    match address.get_backend_name():
        case "sqlite":
            return _sqlite(address)
        case "postgresql":
            return _postgresql(address)
        case other:
            raise ValueError(
                f"Expected a database address that starts with sqlite: or postgresql:, but it starts with {other}:"
            )


def _postgresql(address: URL) -> sa.Engine:
    database = sa.create_engine(
        address.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=10,
        max_overflow=20,
        connect_args={"options": "-c timezone=UTC", "application_name": "tvistetrappa"},
    )
    pipeline.watch(database)
    return database


def _sqlite(address: URL) -> sa.Engine:
    synchronous = str(address.query.get("synchronous", "full"))
    if synchronous not in {"full", "normal"}:
        raise ValueError(f"Expected synchronous to be full or normal, but it is {synchronous!r}.")
    if not address.database or address.database == ":memory:":
        raise ValueError(
            "Expected a SQLite file, but the address names none: each connection would see a database of its own."
        )
    Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        address.difference_update_query(["synchronous"]),
        hide_parameters=True,
        pool_size=10,
        max_overflow=20,
        connect_args={"timeout": 5, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver would begin by itself, and too late
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer says so at once: one that reads first and writes later could not be let in, however long it waited.
        driver: Any = connection.connection.driver_connection
        if driver.in_transaction:
            return  # `engine.engine` has begun
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


class Connections:
    """Connections lent to one transaction at a time, and kept for the next.

    SQLAlchemy's pool looks each over on its way out and in, which takes as long as several statements do. One that saw
    an error goes back to the pool, which rolls back; where the database was away the others are no longer trusted.
    """

    KEPT = 10

    def __init__(self, database: sa.Engine, first: str = "") -> None:
        """`first`: what each is told as it is lent for the first time."""
        self._database = database
        self._first = first
        self._idle: list[Connection] = []

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """Whoever borrows one ends its transaction."""
        connection = self._next()
        try:
            yield connection
        except BaseException:
            was_lost = connection.invalidated
            connection.close()
            if was_lost:
                self.close()
            raise
        if len(self._idle) < self.KEPT:
            self._idle.append(connection)
        else:
            connection.close()

    def _next(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            connection = self._database.connect()
        if self._first:
            connection.exec_driver_sql(self._first)  # stays when its first transaction is committed
        return connection

    def close(self) -> None:
        while self._idle:
            self._next().close()


_ONE_AT_A_TIME = threading.Lock()
"""Alembic's context belongs to the whole process."""


def migrate(url: str) -> None:
    """Bring the schema to the newest revision, if it is not there yet. Several processes may call it at once."""
    from alembic import command
    from alembic.config import Config

    engine = create(url)
    try:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["engine"] = engine
        with _ONE_AT_A_TIME:
            command.upgrade(config, "head")
    finally:
        engine.dispose()
