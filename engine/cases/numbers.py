"""Running numbers per series and year, without gaps: the number is taken in the transaction that uses it."""

from __future__ import annotations

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

from engine.calendar import local
from engine.cases.tables import number
from engine.engine import Transaction

_VALUES = {"series": bindparam("series"), "year": bindparam("year"), "last": 1}
_TAKE = {
    name: insert.values(_VALUES)
    .on_conflict_do_update(index_elements=[number.c.series, number.c.year], set_={"last": number.c.last + 1})
    .returning(number.c.last)
    for name, insert in (("sqlite", sqlite.insert(number)), ("postgresql", postgresql.insert(number)))
}


def take(tx: Transaction, series: str) -> tuple[int, int]:
    """The year of now in Stockholm, and the next number of the series in it."""
    year = local(tx.now).year
    statement = _TAKE[tx.connection.dialect.name]
    return year, int(tx.connection.execute(statement, {"series": series, "year": year}).scalar_one())
