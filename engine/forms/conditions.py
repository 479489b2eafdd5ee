"""When a field is hidden: a small part of FEEL, read once into a tree that the browser can follow too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Tree = list[Any]
"""["or"|"and", tree, …], ["not", tree], [sign, value, value], ["contains", value, value], or a value: ["path", name] or
["is", literal]. Plain JSON, so that a page can carry it."""

Look = Callable[[str], Any]
_DEPTH = 10
_LITERALS = {"true": True, "false": False, "null": None}
_SIGNS = ("=", "!=", "<", "<=", ">", ">=")


def paths(tree: Tree) -> Iterator[str]:
    """The names a condition looks at."""
    if tree[0] == "path":
        yield tree[1]
    elif tree[0] != "is":
        for part in tree[1:]:
            yield from paths(part)


def settled(tree: Tree) -> bool | None:
    """What a condition comes to whatever is at its paths; None where that depends on them."""
    if tree[0] == "not":
        inner = settled(tree[1])
        return None if inner is None else not inner
    if tree[0] in ("or", "and"):
        parts, decisive = [settled(part) for part in tree[1:]], tree[0] == "or"
        return decisive if decisive in parts else None if None in parts else not decisive
    return None if any(True for _ in paths(tree)) else bool(_value(tree, lambda name: None))


class Condition:
    """Comparisons of a path with a literal, `and`, `or`, `not(...)`, `list contains(path, literal)`.

    ValueError, in Swedish, where the text is something else.
    """

    __slots__ = ("source", "tree")

    def __init__(self, source: str) -> None:
        self.source = source.strip()
        if len(self.source) > 500:
            raise ValueError("det är för långt")
        self.tree = _Reader(self.source.removeprefix("=")).whole()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def is_met(self, look: Look) -> bool:
        """`look` gives the value at a path."""
        return bool(_value(self.tree, look))


class _Reader:
    _TOKEN = re.compile(
        r'\s*(?:(?P<text>"[^"]*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>!=|<=|>=|[=<>(),])'
        r"|(?P<contains>list\s+contains)|(?P<word>[A-Za-z_À-ÿ][\w.À-ÿ]*))"
    )

    def __init__(self, source: str) -> None:
        self._tokens = self._split(source.rstrip())
        self._index = 0

    def whole(self) -> Tree:
        tree = self._or(0)
        if self._index < len(self._tokens):
            raise ValueError("något står kvar efter slutet")
        return tree

    def _split(self, source: str) -> list[tuple[str, str]]:
        tokens, at = [], 0
        while at < len(source):
            match = self._TOKEN.match(source, at)
            if match is None:
                raise ValueError("ett tecken hör inte dit")
            kind = str(match.lastgroup)
            tokens.append((kind, match[kind]))
            at = match.end()
        return tokens

    def _next_is(self, *wanted: str) -> bool:
        return self._index < len(self._tokens) and self._tokens[self._index][1] in wanted

    def _take(self, *wanted: str) -> str:
        if not self._next_is(*wanted):
            raise ValueError("det slutar för tidigt eller har fel ordning")
        self._index += 1
        return self._tokens[self._index - 1][1]

    def _or(self, depth: int) -> Tree:
        if depth > _DEPTH:
            raise ValueError("det är för djupt")
        return self._joined("or", lambda: self._joined("and", lambda: self._one(depth)))

    def _joined(self, word: str, part: Callable[[], Tree]) -> Tree:
        parts = [part()]
        while self._next_is(word):
            self._take(word)
            parts.append(part())
        return parts[0] if len(parts) == 1 else [word, *parts]

    def _one(self, depth: int) -> Tree:
        if self._next_is("not", "("):
            is_negated = self._take("not", "(") == "not"
            if is_negated:
                self._take("(")
            inner = self._or(depth + 1)
            self._take(")")
            return ["not", inner] if is_negated else inner
        if self._index < len(self._tokens) and self._tokens[self._index][0] == "contains":
            self._index += 1
            self._take("(")
            where = self._worth()
            self._take(",")
            what = self._worth()
            self._take(")")
            return ["contains", where, what]
        left = self._worth()
        return [self._take(*_SIGNS), left, self._worth()] if self._next_is(*_SIGNS) else left

    def _worth(self) -> Tree:
        if self._index >= len(self._tokens):
            raise ValueError("det slutar för tidigt")
        kind, text = self._tokens[self._index]
        self._index += 1
        if kind == "text":
            return ["is", text[1:-1]]
        if kind == "number":
            return ["is", float(text)]
        if kind == "word":
            return ["is", _LITERALS[text]] if text in _LITERALS else ["path", text]
        raise ValueError("ett värde saknas")


def _value(tree: Tree, look: Look) -> Any:
    match tree:
        case ["path", name]:
            return look(name)
        case ["is", literal]:
            return literal
        case ["or", *parts]:
            return any(_value(part, look) for part in parts)
        case ["and", *parts]:
            return all(_value(part, look) for part in parts)
        case ["not", inner]:
            return not _value(inner, look)
        case ["contains", where, what]:
            held = _value(where, look)
            return isinstance(held, list) and _value(what, look) in held
        case [sign, left, right]:
            return _compare(_value(left, look), sign, _value(right, look))
    raise AssertionError(tree)


def _compare(left: Any, sign: str, right: Any) -> bool:
    """An answer left empty equals null, and is neither more nor less than anything."""
    left = None if left == "" or left == [] else left
    if sign in ("=", "!="):
        return bool(left == right) is (sign == "=")
    try:
        return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign])
    except TypeError:
        return False
