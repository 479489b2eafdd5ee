"""On which line of a JSON file something stands, so that a finding about a form can say."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")


class Lines:
    """Of one JSON text that can be read. Looks through it only once a line is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    def of(self, path: str) -> int:
        """The line (1-based) of a path such as `components[3].validate.pattern`, else of what is nearest around it."""
        while path not in self._places and path:
            path = _LAST.sub("", path)
        return bisect_right(self._starts, self._places.get(path, 0))

    @cached_property
    def _places(self) -> dict[str, int]:
        places: dict[str, int] = {}
        with suppress(ValueError, IndexError, RecursionError):  # what was found so far will do
            _walk(self._text, _skip(self._text, 0), "", places)
        return places

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self._text))]


_LAST = re.compile(r"(\.[^.\[\]]*|\[\d+\]|^[^.\[\]]*|[^.\[\]]+|[.\[\]])$")
_decode: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().raw_decode


def _walk(text: str, at: int, path: str, places: dict[str, int]) -> int:
    """Note where the value at `at` begins, and those in it; gives where it ends."""
    places.setdefault(path, at)
    if text[at] not in "{[":
        return _decode(text, at)[1]
    closing, index, inside = ("}" if text[at] == "{" else "]"), 0, text[at] == "{"
    at = _skip(text, at + 1)
    while text[at] != closing:
        name, begins = f"{path}[{index}]", at
        if inside:
            key, at = _decode(text, at)
            name = f"{path}.{key}" if path else str(key)
            at = _skip(text, _skip(text, at) + 1)
        places[name] = begins
        at, index = _skip(text, _walk(text, at, name, places)), index + 1
        if text[at] == ",":
            at = _skip(text, at + 1)
    return at + 1


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
