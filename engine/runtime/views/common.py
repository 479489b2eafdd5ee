"""What the pages' queries share: who may look into which case, in SQL, and safe text search."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from engine.cases.readers import readable

__all__ = ["ACTIVE", "CASE_NUMBER", "PAGE", "contains", "has_words", "readable"]

PAGE = 50
"""Rows of a list that are shown at once."""

ACTIVE = ("active", "suspended")
"""States of a case that is not over."""


CASE_NUMBER = re.compile(r"[A-Za-zÅÄÖåäö]{1,6}-[0-9]{4}-[0-9]{4,8}")
"""Who looks for this whole looks for one case, which an index finds."""


def has_words(words: Iterable[str], *columns: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL: each of the words stands in one of the columns, whole or as a part."""
    return sa.and_(sa.true(), *(contains(word, *columns) for word in words))


def contains(text: str, *columns: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL: one of the columns contains the text, in capitals or not. SQLite folds only a to z, and so does PostgreSQL
    where its locale is C, hence the spellings."""
    spellings = {text} if text.isascii() else {text, text.lower(), text.upper(), text.capitalize()}
    patterns = [f"%{_literal(spelling)}%" for spelling in sorted(spellings)]
    return sa.or_(*(column.ilike(pattern, escape="\\") for column in columns for pattern in patterns))


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
