"""One command, one transaction, one commit: the commit of the house stands here and nowhere else."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from engine import db
from engine.actor import Actor
from engine.actor import load as load_actor
from engine.clock import Clock
from engine.errors import Conflict, Refused, Unavailable, Unsure
from engine.pipeline import pipeline_of, pipelined
from engine.told import ToldBySqlalchemy

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Given = TypeVar("Given", covariant=True)

ATTEMPTS = 8
_TRY_AGAIN = frozenset({"40001", "40P01", "55P03", "23505"})
"""PostgreSQL: serialization failure, deadlock, lock not available; and unique violation: of two who make the same row
the second, run again, finds it and refuses in words."""


_PLAN_ANEW = "SET plan_cache_mode = force_custom_plan"
"""What a page asks depends on what is looked for: a plan made once for all words, or all roles, may read every row. The
statements of a step are found by keys, and keep their plans."""


class Command(Protocol[Given]):
    """Changes something. A command with a method `prepare(engine, actor) -> command` does its slow work (hashing,
    parsing) there, before the transaction begins, and what it gives is executed."""

    def execute(self, tx: Transaction) -> Given: ...


class Query(Protocol[Given]):
    """Reads something and changes nothing."""

    def run(self, read: Read) -> Given: ...


class _Unwelcome(Exception):
    """The database refused a statement: a defect of ours, told without the database's words, which quote the row."""

    def __init__(self, error: DBAPIError) -> None:
        kind = getattr(error.orig, "sqlstate", None) or type(error.orig).__name__
        super().__init__(
            f"Expected the database to carry out a statement, but it answered {kind} to: {error.statement}"
        )


def _told(error: DBAPIError) -> Exception:
    """The database is away, which passes, or it refused what we asked of it, which is a defect."""
    if isinstance(error, OperationalError):
        return Unavailable(f"Expected the database to answer, but it did not ({type(error.orig).__name__}).")
    return _Unwelcome(error)


class Clash(Exception):
    """Another writer was faster: the engine runs the command again from its start."""


@dataclass(slots=True)
class Read:
    """What a query gets: one consistent view of the database, for `actor`, as of `now`."""

    connection: Connection
    actor: Actor
    now: datetime
    engine: Engine
    traces: list[Callable[[Transaction], None]] = field(default_factory=list)
    """Reading that must be seen (R34) adds a write here; it is committed before the answer leaves the house."""
    memory: dict[Any, Any] = field(default_factory=dict)
    """What a room keeps until the end (the cases it has locked, the settings), by a key that it chooses."""

    @property
    def is_postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"


@dataclass(slots=True)
class Transaction(Read):
    """What a command gets: a Read that also writes.

    `after_commit` holds effects that may be lost (waking a worker). A command that must store something and still
    refuse (a wrong password is counted) sets `refusal`: committed first, raised then.
    """

    after_commit: list[Callable[[], None]] = field(default_factory=list)
    refusal: Refused | None = None


class Engine:
    """The face of the house: `execute` commands, `ask` queries.

    `kept_mail`: mails are kept for the page Utskick instead of being sent. `demo`: the sign-in page may offer people to
    pick from, and the clock may be moved.
    """

    def __init__(self, database_url: str, clock: Clock, *, kept_mail: bool = False, demo: bool = False) -> None:
        self.clock = clock
        self.kept_mail = kept_mail
        self.demo = demo
        self.cache: dict[Any, Any] = {}
        """What never changes once stored (graphs, forms), by a key that its room chooses."""
        self.wake: Callable[[], None] = lambda: None
        """Called after a commit that left work to do at once; a worker in this process puts its own alarm here."""
        self._database = db.create(database_url)
        is_sqlite = self._database.dialect.name == "sqlite"
        options = {"reads": True} if is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._for_writing = db.Connections(self._database)
        self._for_reading = db.Connections(self._database.execution_options(**options), "" if is_sqlite else _PLAN_ANEW)
        # SQLite lets one write at a time. Waiting here is fair and quick; its own waiting polls.
        self._turn: AbstractContextManager[Any] = threading.Lock() if is_sqlite else nullcontext()

    def execute(self, command: Command[Answer], *, actor: Actor) -> Answer:
        """Carry out the command, from its start again where another writer was faster. Refused goes to the caller."""
        prepare = getattr(command, "prepare", None)
        prepared = cast("Command[Answer]", prepare(self, actor)) if prepare else command
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._execute_once(prepared, actor)
            except (Clash, DBAPIError) as error:
                if isinstance(error, DBAPIError) and not _may_go_better(error):
                    raise _told(error) from None
                log.info("%s runs again, attempt %d was overtaken", type(command).__name__, attempt)
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - a pause, not a secret
        raise Conflict(
            f"Expected to carry out {type(command).__name__}, but others were faster {ATTEMPTS} times.",
            "Det gick inte att spara just nu, eftersom andra ändrade samtidigt. Försök igen.",
        )

    def ask(self, query: Query[Answer], *, actor: Actor) -> Answer:
        with self._reading() as connection:
            read = Read(connection, actor, self.clock.now(), self)
            answer = query.run(read)
        if read.traces:
            self.execute(_Traces(read.traces), actor=actor)
        return answer

    def actor_for(self, person_id: int) -> Actor:
        """The person with the memberships valid now. Asked at every request: what changed bites at once."""
        with self._reading() as connection:
            return load_actor(connection, person_id, self.clock.now())

    def close(self) -> None:
        self._for_reading.close()
        self._for_writing.close()
        self._database.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._for_reading.lent() as connection:
                _begin(connection, "BEGIN")
                yield connection
                _end_reading(connection)
        except DBAPIError as error:
            raise _told(error) from None

    def _execute_once(self, command: Command[Answer], actor: Actor) -> Answer:
        with self._turn, self._for_writing.lent() as connection, pipelined(connection):
            _begin(connection, "BEGIN IMMEDIATE")
            tx = Transaction(connection, actor, self.clock.now(), self)
            answer = command.execute(tx)
            _commit(connection)
        for hook in tx.after_commit:
            _run_quietly(hook)
        if tx.refusal:
            raise tx.refusal
        return answer


@dataclass(frozen=True, slots=True)
class _Traces:
    writes: list[Callable[[Transaction], None]]

    def execute(self, tx: Transaction) -> None:
        for write in self.writes:
            write(tx)


# On the driver itself: of what SQLAlchemy does around a transaction the house needs nothing, and waits for all of it.


def _begin(connection: Connection, words: str) -> None:
    if connection.dialect.name == "sqlite":  # psycopg begins with the first statement
        with ToldBySqlalchemy(connection, words):
            _driver(connection).execute(words)


def _end_reading(connection: Connection) -> None:
    """Nothing was written; PostgreSQL sees to that itself. At a rollback psycopg forgets its prepared statements."""
    if connection.dialect.name == "postgresql":
        _commit(connection)
    elif connection.in_transaction():
        connection.rollback()
    else:
        _driver(connection).rollback()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _commit(connection: Connection) -> None:
    try:
        if connection.in_transaction():  # SQLAlchemy has carried out a statement and keeps count itself
            connection.commit()
        elif pipeline := pipeline_of(connection):
            pipeline.commit()
        else:
            with ToldBySqlalchemy(connection, "COMMIT"):
                _driver(connection).commit()
    except DBAPIError as error:
        if error.connection_invalidated and error.statement in (None, "COMMIT"):
            raise Unsure("Expected the commit to be confirmed, but the connection broke.") from error
        raise


def _may_go_better(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    if getattr(error.orig, "sqlstate", None) in _TRY_AGAIN:
        return True
    return any(words in str(error.orig) for words in ("database is locked", "UNIQUE constraint failed"))


def _run_quietly(hook: Callable[[], None]) -> None:
    try:
        hook()
    except Exception:
        log.exception("A hook after the commit failed; what was committed stands")
