"""Statements of a PostgreSQL transaction that leave in one go and are answered in one go, by libpq's pipeline mode.

psycopg has a pipeline too, but makes a cursor and looks at the connection for each statement in it, which takes longer
than the statement does. Here psycopg says how values go in and come out and what an error is, and its `pgconn` sends.
Each statement is prepared once on a connection.

Statements wait until somebody reads an answer, SQLAlchemy carries out one of its own, or the transaction ends: a step
of the machine waits for the server twice, for what it reads and for all that it writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

from psycopg import OperationalError, generators, pq
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from engine.told import ToldBySqlalchemy, tell

_GOOD = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
_AS_USUAL = (None, None, None, False)
"""Isolation level, read only, deferrable, autocommit of a transaction that begins with nothing but BEGIN."""
_PLACE = "pipeline"

_numbers = count(1)


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Until the end, statements wait for each other where the database is PostgreSQL."""
    if connection.dialect.name != "postgresql":
        yield
        return
    info = connection.info
    pipeline = info.get(_PLACE)
    if pipeline is None:
        pipeline = info[_PLACE] = Pipeline(connection.connection.driver_connection)
    pipeline.connection = connection
    try:
        yield
        pipeline.send()
    finally:
        pipeline.leave()


def pipeline_of(connection: Connection) -> Pipeline | None:
    """The one that is open on a connection."""
    found: Pipeline | None = connection.info.get(_PLACE)
    return found if found and found.connection else None


def watch(database: Engine) -> None:
    """What SQLAlchemy itself carries out comes after what waits. At a rollback psycopg lets the server forget all that
    was prepared on the connection."""

    def send(connection: Connection, *_: object) -> None:
        if pipeline := pipeline_of(connection):
            pipeline.send()

    def forget(connection: Connection) -> None:
        if not connection.invalidated:
            connection.info.pop(_PLACE, None)

    def forget_all(_: object, record: Any, __: object) -> None:
        record.info.pop(_PLACE, None)

    event.listen(database, "before_cursor_execute", send)
    event.listen(database, "commit", send)
    event.listen(database, "rollback", forget)
    event.listen(database, "reset", forget_all)


class Result:
    """What the database says to one statement, as a cursor has it. Who asks too early, sends all that waits."""

    __slots__ = ("_next", "_pipeline", "answer")

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._next = 0
        self.answer: Any = None

    @property
    def rowcount(self) -> int:
        return int(self._answered().command_tuples or 0)

    def fetchall(self) -> list[Any]:
        return self._rows(self._answered().ntuples)

    def fetchone(self) -> Any:
        rows = self._rows(min(self._next + 1, self._answered().ntuples))
        return rows[0] if rows else None

    def _rows(self, end: int) -> list[Any]:
        begin, self._next = self._next, end
        values = self._pipeline.values
        values.set_pgresult(self._answered())
        return values.load_rows(begin, end, tuple)

    def _answered(self) -> Any:
        if self.answer is None:
            self._pipeline.send()
        return self.answer


class _Waiting(NamedTuple):
    text: str
    given: Sequence[Any]
    result: Result


class Pipeline:
    """Of one connection of the driver. `connection`: SQLAlchemy's, while the pipeline is open; it tells errors."""

    def __init__(self, driver: Any) -> None:
        self.connection: Connection | None = None
        self.values = Transformer(driver)
        self._driver = driver
        self._names: dict[str, bytes] = {}
        self._waiting: list[_Waiting] = []

    def add(self, text: str, given: Sequence[Any] = ()) -> Result:
        """`text` has $1, $2 … for what is `given`. A value that cannot go in is told at once."""
        result = Result(self)
        self._waiting.append(_Waiting(text, self._dumped(text, given), result))
        return result

    def send(self) -> None:
        """All that waits, in its order. After an error nothing more is carried out; it is raised here, and names the
        statement that failed, or the last where nobody knows."""
        waiting, self._waiting = self._waiting, []
        if not waiting or not self.connection:
            return
        with ToldBySqlalchemy(self.connection, waiting[-1].text):
            self._carry_out(waiting, self.connection)

    def commit(self) -> None:
        self.add("COMMIT")
        self.send()

    def leave(self) -> None:
        self.connection = None
        self._waiting.clear()

    def _dumped(self, text: str, given: Sequence[Any]) -> Sequence[Any]:
        if not given or not self.connection:
            return ()
        with ToldBySqlalchemy(self.connection, text):
            return self.values.dump_sequence(given, [PyFormat.TEXT] * len(given))

    def _carry_out(self, waiting: list[_Waiting], connection: Connection) -> None:
        if self._driver.pgconn.transaction_status == pq.TransactionStatus.IDLE:
            self._begin(waiting)
        new = {text: b"trappa_%d" % next(_numbers) for text, _, _ in waiting if text not in self._names}
        names = self._names | new
        sent = [*new, *(one.text for one in waiting)]
        answers: list[Any] = []
        try:
            with self._driver.lock:
                self._exchange(new, [(names[text], given) for text, given, _ in waiting], answers)
        except BaseException:
            self._driver.close()  # whatever came between, nobody knows how far it came
            _refuse_bad(answers, sent, connection)
            raise
        _refuse_bad(answers, sent, connection)
        self._names = names
        for one, answer in zip(waiting, answers[len(new) :], strict=True):
            one.result.answer = answer

    def _exchange(
        self, new: Mapping[str, bytes], asked: Sequence[tuple[bytes, Sequence[Any]]], answers: list[Any]
    ) -> None:
        """Prepare what is new, ask, and put what the server says to each into `answers`."""
        pgconn = self._driver.pgconn
        pgconn.enter_pipeline_mode()
        for text, name in new.items():
            pgconn.send_prepare(name, text.encode())
        for name, given in asked:
            pgconn.send_query_prepared(name, given)
        pgconn.pipeline_sync()
        self._driver.wait(_fetched(pgconn, len(new) + len(asked), answers))
        pgconn.exit_pipeline_mode()

    def _begin(self, waiting: list[_Waiting]) -> None:
        driver = self._driver
        if (driver.isolation_level, driver.read_only, driver.deferrable, driver.autocommit) == _AS_USUAL:
            waiting.insert(0, _Waiting("BEGIN", (), Result(self)))
        else:
            driver.execute("")  # psycopg knows how


def _fetched(pgconn: Any, number: int, found: list[Any]) -> PQGen[None]:
    found.extend((yield from generators.execute(pgconn)))
    while len(found) < number:
        found.extend((yield from generators.fetch_many(pgconn)))
    yield from generators.fetch_many(pgconn)  # the end of the pipeline


def _refuse_bad(answers: Sequence[Any], sent: Sequence[str], connection: Connection) -> None:
    """Raise the first error; what comes after one has only been left out.

    One without SQLSTATE is not the server's: libpq has put it there because the connection broke. What was sent may
    have been carried out all the same, to the last statement.
    """
    for answer, text in zip(answers, sent, strict=False):
        if answer.status not in _GOOD:
            error = error_from_result(answer)
            if error.sqlstate is None:
                tell(OperationalError("the connection broke"), connection, sent[-1])
            tell(error, connection, text)
