"""The words by which a live case is found: those of its number and its title, whole or any part of them.

A word stands once with each live case that has it (`case_word`), and once for each of its letters with what follows
from there (`word_part`: läkemedel, äkemedel, kemedel …). So whatever part of a word is asked for begins a row, and an
index finds it, the same way on both databases. A case writes its words as it starts, others where its title changes,
and takes them away as it ends: other steps have nothing to do here. Parts stay: they are a language's words, and
numbers up to the largest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite

from engine.cases.tables import case_word, word_part
from engine.db import at_most
from engine.engine import Transaction
from engine.prepared import Prepared, Rows

LONGEST = 200
"""Letters of a word that count; more would not fit into PostgreSQL's indexes."""
PART = 40
"""Letters of a part that are kept."""
KNOWN = 100_000

_WORD = re.compile(r"[^\W_]+")
_LAST = "\U0010ffff"

_ADD = Rows(case_word)
_DROP = Prepared(
    case_word.delete().where(case_word.c.word == bindparam("gone"), case_word.c.case_id == bindparam("of_case"))
)
_ADD_PARTS = {
    name: Prepared(insert.on_conflict_do_nothing())
    for name, insert in (("sqlite", sqlite.insert(word_part)), ("postgresql", postgresql.insert(word_part)))
}


def words(text: str) -> list[str]:
    """Its words as they were written, each once; signs between them count for nothing."""
    return list(dict.fromkeys(_WORD.findall(text)))


def folded(text: str) -> set[str]:
    """Its words as they are kept: in small letters, too."""
    return {word.casefold()[:LONGEST] for word in words(text)}


def parts(word: str) -> Iterable[tuple[str, str]]:
    """Its rows in `word_part`."""
    return ((word[place : place + PART], word) for place in range(len(word)))


def follow(tx: Transaction, case_id: int, before: str, after: str) -> None:
    """The case was found by the words of `before`, and is by those of `after`."""
    had, has = folded(before), folded(after)
    if gone := had - has:
        _DROP.many(tx.connection, [{"gone": word, "of_case": case_id} for word in sorted(gone)])
    if new := sorted(has - had):
        _ADD.many(tx.connection, [{"word": word, "case_id": case_id} for word in new])
        _learn(tx, new)


def _learn(tx: Transaction, new: Sequence[str]) -> None:
    """Parts of words that no case had before; in one order for all, so that none waits for another in a circle."""
    known: set[str] = tx.engine.cache.setdefault("words", set())
    unknown = [word for word in new if word not in known]
    if not unknown:
        return
    rows = sorted({row for word in unknown for row in parts(word)})
    add = _ADD_PARTS[tx.connection.dialect.name]
    add.many(tx.connection, [{"part": part, "word": word} for part, word in rows])
    if len(known) > KNOWN:
        known.clear()
    tx.after_commit.append(partial(known.update, unknown))


def with_part(word: str, limit: int) -> sa.Select[tuple[str]]:
    """Kept words that `word` is or is a part of: so many at most, and some of them more than once."""
    part = word.casefold()[:PART]
    begins = sa.and_(word_part.c.part >= part, word_part.c.part < part + _LAST)
    return sa.select(word_part.c.word).where(begins).limit(at_most(limit))
