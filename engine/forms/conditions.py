"""When a field is hidden: a small part of FEEL, compiled once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any


class Condition:
    """Comparisons of a path with a literal, `and`, `or`, `not(...)`, `list contains(path, literal)`."""

    _TOKEN = re.compile(
        r'\s*(?:(?P<text>"[^"]*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>!=|<=|>=|[=<>(),])'
        r"|(?P<contains>list\s+contains)|(?P<word>[A-Za-z_À-ÿ][\w.À-ÿ]*))"
    )
    __slots__ = ("_index", "_tokens", "_tree", "source")

    def __init__(self, source: str) -> None:
        self.source = source.strip()
        if len(self.source) > 500:
            raise ValueError("det är för långt")
        self._tokens = self._split(self.source.removeprefix("="))
        self._index = 0
        self._tree = self._or(0)
        if self._peek() is not None:
            raise ValueError("något står kvar efter slutet")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def is_met(self, look: Callable[[str], Any]) -> bool:
        """`look` gives the value at a path."""
        return bool(self._tree(look))

    def _split(self, source: str) -> list[tuple[str, str]]:
        tokens, at = [], 0
        while at < len(source.rstrip()):
            match = self._TOKEN.match(source, at)
            if match is None:
                raise ValueError("ett tecken hör inte dit")
            tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
            at = match.end()
        return tokens

    def _peek(self, *wanted: str) -> str | None:
        if self._index >= len(self._tokens):
            return None
        text = self._tokens[self._index][1]
        return text if not wanted or text in wanted else None

    def _take(self, *wanted: str) -> str:
        text = self._peek(*wanted)
        if text is None:
            raise ValueError("det slutar för tidigt eller har fel ordning")
        self._index += 1
        return text

    def _or(self, depth: int) -> Callable[[Callable[[str], Any]], Any]:
        if depth > 10:
            raise ValueError("det är för djupt")
        parts = [self._and(depth)]
        while self._peek("or"):
            self._take("or")
            parts.append(self._and(depth))
        return parts[0] if len(parts) == 1 else lambda look: any(part(look) for part in parts)

    def _and(self, depth: int) -> Callable[[Callable[[str], Any]], Any]:
        parts = [self._one(depth)]
        while self._peek("and"):
            self._take("and")
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda look: all(part(look) for part in parts)

    def _one(self, depth: int) -> Callable[[Callable[[str], Any]], Any]:
        if self._peek("not") or self._peek("("):
            negated = self._take() == "not"
            if negated:
                self._take("(")
            inner = self._or(depth + 1)
            self._take(")")
            return (lambda look: not inner(look)) if negated else inner
        if self._index < len(self._tokens) and self._tokens[self._index][0] == "contains":
            self._take()
            self._take("(")
            where = self._value()
            self._take(",")
            what = self._value()
            self._take(")")
            return lambda look: isinstance(held := where(look), list) and what(look) in held
        left = self._value()
        sign = self._peek("=", "!=", "<", "<=", ">", ">=")
        if sign is None:
            return left
        self._take()
        right = self._value()
        return lambda look: _compare(left(look), sign, right(look))

    def _value(self) -> Callable[[Callable[[str], Any]], Any]:
        if self._index >= len(self._tokens):
            raise ValueError("det slutar för tidigt")
        kind, text = self._tokens[self._index]
        self._index += 1
        if kind == "text":
            return lambda look: text[1:-1]
        if kind == "number":
            number = float(text)
            return lambda look: number
        if kind == "word":
            if text in ("true", "false", "null"):
                literal = {"true": True, "false": False, "null": None}[text]
                return lambda look: literal
            return lambda look: look(text)
        raise ValueError("ett värde saknas")


def _compare(left: Any, sign: str, right: Any) -> bool:
    if sign in ("=", "!="):
        return (left == right or (right is None and left in ("", []))) == (sign == "=")
    try:
        return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign])
    except TypeError:
        return False
