"""The words by which a case is found: those of its number and its title, whole or any part of them.

A word stands once with each case that has it (`case_word`), those of live cases apart from those of finished ones, and
once for each of its letters with what follows from there (`word_part`: läkemedel, äkemedel, kemedel …). So whatever
part of a word is asked for begins a row, and an index finds it, the same way on both databases.

A case writes its words as it starts and others where its title changes, and marks them as it ends: other steps have
nothing to do here. Words stay as long as their case does. One that its last case has lost is forgotten by the worker
(`forget`): a name that was taken out of a title is nowhere afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.cases.tables import case_word, word_part
from engine.db import at_most
from engine.engine import Transaction
from engine.jobs import store as jobs
from engine.prepared import Prepared, Rows

LONGEST = 200
"""Letters of a word that count; more would not fit into PostgreSQL's indexes."""
PART = 40
"""Letters of a part that are kept."""

_WORD = re.compile(r"[^\W_]+")
_LAST = "\U0010ffff"

_ADD = Rows(case_word)
_ADD_PARTS = Rows(word_part, unless_there=True)
_THIS = sa.and_(
    case_word.c.word == bindparam("of_word"),
    case_word.c.is_live == bindparam("was_live"),
    case_word.c.case_id == bindparam("of_case"),
)
_DROP = Prepared(case_word.delete().where(_THIS))
_MARK = Prepared(case_word.update().where(_THIS).values(is_live=bindparam("now_live")))
_GIVING, _FORGETTING = (
    Prepared(sa.select(lock(sa.literal_column("5061998")).label("locked")))
    for lock in (sa.func.pg_advisory_xact_lock_shared, sa.func.pg_advisory_xact_lock)
)
"""On PostgreSQL those who give words to cases wait for the one who forgets some, and it for them: no word loses its
parts to somebody who has just not seen it. On SQLite one writer waits for the other in any case."""


def words(text: str) -> list[str]:
    """Its words as they were written, each once; signs between them count for nothing."""
    return list(dict.fromkeys(_WORD.findall(text)))


def folded(text: str) -> set[str]:
    """Its words as they are kept: in small letters, too."""
    return {word.casefold()[:LONGEST] for word in words(text)}


def parts(word: str) -> Iterable[tuple[str, str]]:
    """Its rows in `word_part`."""
    return ((word[place : place + PART], word) for place in range(len(word)))


def follow(tx: Transaction, case_id: int, before: tuple[str, bool], after: tuple[str, bool]) -> None:
    """The case was found by the words of a text, as a live one or not, and is by those of another."""
    (had_text, was_live), (has_text, is_live) = before, after
    had, has = folded(had_text), folded(has_text)
    this = {"of_case": case_id, "was_live": was_live}
    if gone := sorted(had - has):
        _DROP.many(tx.connection, [{**this, "of_word": word} for word in gone])
        jobs.add(tx, [jobs.row("words", tx.now, payload={"words": gone})])
    if was_live != is_live:
        _MARK.many(tx.connection, [{**this, "of_word": word, "now_live": is_live} for word in sorted(had & has)])
    if new := sorted(has - had):
        _keep_out(tx, _GIVING)
        _ADD.many(tx.connection, [{"word": word, "is_live": is_live, "case_id": case_id} for word in new])
        rows = sorted({row for word in new for row in parts(word)})  # in one order for all: none waits in a circle
        _ADD_PARTS.many(tx.connection, [{"part": part, "word": word} for part, word in rows])


def forget(tx: Transaction, gone: Sequence[str]) -> None:
    """Of these words take away those that no case has any more."""
    _keep_out(tx, _FORGETTING)
    found = sa.select(case_word.c.word).where(case_word.c.word.in_(gone)).distinct()
    kept = set(tx.connection.execute(found).scalars())
    rows = [row for word in gone if word not in kept for row in parts(word)]
    for part, word in sorted(set(rows)):
        tx.connection.execute(_FORGET, {"of_part": part, "of_word": word})


def _keep_out(tx: Transaction, lock: Prepared) -> None:
    if tx.connection.dialect.name == "postgresql":
        lock.ask(tx.connection, {})


_FORGET = word_part.delete().where(word_part.c.part == bindparam("of_part"), word_part.c.word == bindparam("of_word"))


def with_part(word: str, limit: int) -> sa.Select[tuple[str]]:
    """Kept words that `word` is or is a part of: so many at most, and some of them more than once."""
    part = word.casefold()[:PART]
    begins = sa.and_(word_part.c.part >= part, word_part.c.part < part + _LAST)
    return sa.select(word_part.c.word).where(begins).limit(at_most(limit))


def with_word(word: str, spellings: int, *, live: Sequence[bool]) -> sa.Select[Any]:
    """Ids of the cases that have `word`, or one of the so many words that it is a part of; some more than once. Live
    ones, finished ones, or both."""
    spelled = with_part(word, spellings).subquery()
    found = sa.select(case_word.c.case_id).join(spelled, spelled.c.word == case_word.c.word)
    return found.where(case_word.c.is_live.in_([sa.literal_column(_AS_SQL[one]) for one in live]))


_AS_SQL = {True: "true", False: "false"}
