"""The tokens of a text in FEEL, and of the names that a file defines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from unicodedata import normalize

from engine.bpmn.dmn.feel.unread import Unread
from engine.errors import ExpressionError

_TOKEN = re.compile(
    r"""
      (?P<space> \s+ )
    | (?P<string> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' )
    | (?P<number> (?:[0-9]+(?:\.[0-9]+)? | \.[0-9]+) (?:[eE][+-]?[0-9]+)? )
    | (?P<name> [^\W\d]\w* )
    | (?P<sign> \.\. | <= | >= | != | == | // | \*\* | [-+*/%<>=(),.\[\]{}:?] )
    """,
    re.VERBOSE | re.DOTALL,
)
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "if", "then", "else", "for", "true", "false", "null"})
LONG_NAMES: Mapping[tuple[str, ...], str] = {
    ("date", "and", "time"): "date_and_time",
    ("string", "length"): "len",
    ("upper", "case"): "upper",
    ("lower", "case"): "lower",
    ("starts", "with"): "startswith",
    ("ends", "with"): "endswith",
    ("list", "contains"): "contains",
}
"""FEEL's functions with blanks in their names that we have under another."""


def tokens_of(text: str) -> list[tuple[str, str]]:
    """(kind, text) of every token. Unread where there is something that no token begins with."""
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _strange(text[position])
        position = match.end()
        kind, found = str(match.lastgroup), match[0]
        if kind == "name":
            found = normalize("NFKC", found)
            if found.startswith("__"):
                raise ExpressionError(
                    f"Expected a name of your own, but {found!r} is reserved.", f"Namnet {found!r} är reserverat."
                )
        if kind != "space":
            tokens.append((kind, found))
    return tokens


def words_of(name: str) -> tuple[str, ...] | None:
    """The tokens of a name that a text can use; None where it cannot."""
    try:
        tokens = tokens_of(name)
    except ExpressionError:
        return None
    kinds = [kind for kind, _ in tokens]
    if kinds[:1] != ["name"] or len(kinds) > 10 or not {"name", "number"}.issuperset(kinds):
        return None
    words = tuple(text for _, text in tokens)
    return None if KEYWORDS.intersection(words) or words in LONG_NAMES else words


def _strange(sign: str) -> Unread:
    if sign == "@":
        return Unread(
            "Expected what a table can read, but this has an @.",
            "Tecknet @ kan inte läsas här.",
            'Write date("2026-01-01") instead of @"2026-01-01".',
            'Skriv date("2026-01-01") i stället för @"2026-01-01".',
        )
    if sign in "\"'":
        return Unread(
            "Expected a text to end, but its closing quotation mark is missing.",
            "Ett citattecken saknas.",
            'Write texts within quotation marks: "kommun".',
            'Skriv texter inom citattecken: "kommun".',
        )
    return Unread(
        f"Expected what a table can read, but this has {sign!r}.",
        f"Tecknet {sign!r} kan inte läsas här.",
        'Write for example "kommun", > 3, [3..5] or not("a", "b"); texts stand within straight quotation marks.',
        'Skriv till exempel "kommun", > 3, [3..5] eller not("a", "b"); texter står inom raka citattecken.',
    )
