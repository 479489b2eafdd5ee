"""What comes in from an HTML form, as nested JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.forms.model import INPUTS, MANY, ROW_LIMIT, Field, Form, lookup, put, unknown


def from_html(
    form: Form, pairs: Iterable[tuple[str, str]], extra: Iterable[str] = ("csrf_token", "next")
) -> dict[str, Any]:
    """Answers as nested JSON from the pairs of an HTML form: `lokal_hantering.vad`, `rader.0.namn`. Not checked yet.

    Row numbers only need to differ; rows without any answer are left out. Invalid for a field the form does not have.
    """
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    for name in extra:
        given.pop(name, None)
    answers = _take_fields(form.fields, given, "")
    if given:
        raise unknown()
    return answers


def _take_fields(fields: Iterable[Field], given: dict[str, list[str]], prefix: str) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for one in fields:
        if one.kind == "group":
            _merge(answers, _take_fields(one.fields, given, prefix))
        elif one.kind == "dynamiclist":
            put(answers, one.name, _take_rows(one, given, prefix + one.name))
        elif one.kind in MANY:
            put(answers, one.name, [value for value in given.pop(prefix + one.name, []) if value])
        elif one.kind == "checkbox":
            put(answers, one.name, bool(given.pop(prefix + one.name, [])))
        elif one.kind in INPUTS and not one.fixed:
            values = given.pop(prefix + one.name, [])
            put(answers, one.name, values[-1] if values else "")
    return answers


def _take_rows(one: Field, given: dict[str, list[str]], name: str) -> list[Any]:
    start = re.compile(re.escape(name) + r"\.([0-9]{1,6})\.")
    numbers = {match[1]: None for key in list(given) if (match := start.match(key))}
    if len(numbers) > ROW_LIMIT * 5:
        raise unknown()
    rows = [_take_fields(one.fields, given, f"{name}.{number}.") for number in numbers]
    filled = [row for row in rows if any(value not in ("", [], False, {}) for value in _leaves(row))]
    return [lookup(row, one.fields[0].name) for row in filled] if one.is_flat else filled


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    else:
        yield value


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
