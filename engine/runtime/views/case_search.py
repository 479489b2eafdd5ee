"""Cases by words, in a house of a million: all that have one where an index finds few, else a stretch of time.

Each word of a search is looked up. The first that few cases have tells which those are, however old. Where all are
common, the cases started last are looked at, as far back as `FEW` of them have a word; who wants older ones asks for
the stretch before. So each page costs what a page may, and every case is found in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.cases import words
from engine.cases.tables import case, case_word
from engine.db import at_most, dumps
from engine.engine import Read

FEW = 1000
"""So many cases are fetched and sorted at once."""
SPELLINGS = 2000
"""Words that a part may stand for, to be looked up."""
LOOKED_UP = 4
"""Words of a search that may tell which cases, the longest first."""
SHORTEST, WIDER = 500, 4
"""Cases of the first stretch that is tried, and how many times as many the next has."""
ENOUGH, TRIES = FEW // 4, 8
"""Cases that a stretch should have, and how often one between two that do not do is tried for that."""
UNKNOWN = 2000
"""Cases of a stretch where no word can be looked up: letters that thousands of words have."""

_END = 2**62


@dataclass(frozen=True, slots=True)
class Stretch:
    """`cases`: those that may have all the words; `word`: the one that they are known to have, if any.

    `first`: the id from which on cases were looked at, None where that were all; `since`, `until`: when the first and
    the last of the stretch started, None where it has no such end.
    """

    cases: sa.ColumnElement[bool]
    word: str = ""
    first: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def stretch(read: Read, wanted: Sequence[str], live: Sequence[bool], before: int | None) -> Stretch:
    """Where to look for cases that have all of these words; of those started before the case `before`."""
    known = _with_few_spellings(read, sorted(wanted, key=len, reverse=True)[:LOOKED_UP])
    end = before or _END
    until = _started(read, case.c.id < before, case.c.id.desc()) if before else None
    for word in known:
        ids = _few(read, word, live, 0, end)
        if ids is not None:
            return Stretch(_are(read, ids), word, until=until)
    newest = read.connection.execute(sa.select(case.c.id).order_by(case.c.id.desc()).limit(at_most(1))).scalar() or 0
    end = min(end, newest + 1)
    for word in known:
        found = _latest(read, word, live, end)
        if found is not None:
            cases, first = _are(read, found[0]), found[1]
            break
    else:
        word, first = "", end - UNKNOWN
        cases = case.c.id.between(first, end - 1)
    if not read.connection.execute(sa.select(case.c.id).where(case.c.id < first).limit(at_most(1))).first():
        return Stretch(cases, word, until=until)
    return Stretch(cases, word, first, _started(read, case.c.id >= first, case.c.id), until)


def _with_few_spellings(read: Read, wanted: Sequence[str]) -> list[str]:
    """Those that are a part of so few words that each can be looked up."""
    some = (words.with_part(word, SPELLINGS + 1).subquery() for word in wanted)
    counts = [sa.select(sa.func.count()).select_from(one).scalar_subquery() for one in some]
    found = read.connection.execute(sa.select(*counts)).one()
    return [word for word, count in zip(wanted, found, strict=True) if count <= SPELLINGS]


def _latest(read: Read, word: str, live: Sequence[bool], end: int) -> tuple[Sequence[int], int] | None:
    """Cases with the word, few of them, in the longest stretch up to `end` that was tried, and where it begins. None
    where even the shortest has more."""
    found: tuple[Sequence[int], int] | None = None
    does, does_not = 0, SHORTEST
    while does < end and (ids := _few(read, word, live, end - does_not, end)) is not None:
        found, does, does_not = (ids, end - does_not), does_not, does_not * WIDER
    for _ in range(TRIES):
        width = (does + does_not) // 2
        if found is None or len(found[0]) >= ENOUGH or width == does:
            break
        ids = _few(read, word, live, end - width, end)
        if ids is None:
            does_not = width
        else:
            found, does = (ids, end - width), width
    return found


def _few(read: Read, word: str, live: Sequence[bool], first: int, end: int) -> Sequence[int] | None:
    """Cases from `first` on, before `end`, that have the word; None where they are more than few."""
    those = words.with_word(word, SPELLINGS, live=live)
    those = those.where(case_word.c.case_id >= first, case_word.c.case_id < end)
    ids = list(read.connection.execute(those.limit(at_most(FEW + 1))).scalars())
    return None if len(ids) > FEW else list(dict.fromkeys(ids))


def _are(read: Read, ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """SQL: the case is one of these. One parameter, as JSON: thousands would take longer than to find the cases."""
    values = sa.literal(dumps(list(ids)))
    if read.connection.dialect.name == "sqlite":
        listed = sa.func.json_each(values).table_valued("value")
    else:
        listed = sa.func.json_array_elements_text(sa.cast(values, sa.JSON(none_as_null=True))).table_valued("value")
    return case.c.id.in_(sa.select(sa.cast(listed.c.value, sa.BigInteger)))


def _started(read: Read, where: sa.ColumnElement[bool], order: sa.ColumnElement[int]) -> datetime | None:
    found = sa.select(case.c.started_at).where(where).order_by(order).limit(at_most(1))
    return read.connection.execute(found).scalar()
