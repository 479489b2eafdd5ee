"""Answers as text: those of a form by its questions, any others by what they look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from engine.forms import Context, Field, Form, choices, inputs, lookup
from engine.identity.permissions import WITHHELD
from web.formats import day_text, local


def told(form: Form, data: Mapping[str, Any], context: Context) -> list[tuple[str, str]]:
    """The answered questions of a form: (label, answer in words); codes become labels, what is empty is left out, and
    what is withheld says so."""
    pairs = []
    for one in inputs(form):
        value = lookup(data, one.name)
        if WITHHELD in (value, data.get(one.name.split(".")[0])):
            pairs.append((one.label or one.name, plain_text(WITHHELD)))
        elif value not in (None, "", [], False):
            pairs.append((one.label or one.name, answer_text(one, value, context)))
    return pairs


def answer_text(one: Field, value: Any, context: Context) -> str:
    if one.kind == "dynamiclist":
        return (
            "\n".join(_row_text(one, row, context) for row in value) if isinstance(value, list) else plain_text(value)
        )
    if value in (None, "", []):
        return "–"
    if one.kind in ("radio", "select", "checklist", "taglist"):
        labels = {str(option.value): option.label for option in choices(one, context)}
        values = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(single), str(single)) for single in values)
    if one.kind == "checkbox":
        return gettext("Ja") if value is True else gettext("Nej")
    if one.kind == "datetime":
        return day_text(value) if one.subtype == "date" else plain_text(value)
    if one.unit:
        return f"{written(one, value)} {one.unit}"
    return str(written(one, value))


def _row_text(one: Field, row: Any, context: Context) -> str:
    if one.is_flat:
        return answer_text(one.fields[0], row, context)
    parts = [
        answer_text(inner, lookup(row, inner.name), context)
        for inner in inputs(Form(one.fields))
        if isinstance(row, Mapping) and lookup(row, inner.name) not in (None, "", [], False)
    ]
    return " · ".join(parts)


def plain_text(value: Any) -> str:
    """Any JSON value in words, for places without a form to go by."""
    if value is None or value == []:
        return "–"
    if isinstance(value, bool):
        return gettext("Ja") if value else gettext("Nej")
    if isinstance(value, list):
        return ", ".join(plain_text(single) for single in value)
    if isinstance(value, Mapping):
        if value == WITHHELD:
            return gettext("Visas inte för din roll")
        return ", ".join(f"{name}: {plain_text(inner)}" for name, inner in value.items() if inner not in (None, ""))
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}(T.*)?", value):
        return day_text(value)
    return str(value)


def written(one: Field, value: Any) -> Any:
    """An answer as its input element wants it."""
    if one.kind in ("checklist", "taglist"):
        return [str(single) for single in value] if isinstance(value, list) else []
    if one.kind == "checkbox":
        return value in (True, "on", "true")
    if value is None or isinstance(value, (dict, list)):
        return ""
    if one.kind == "number" and not isinstance(value, str):
        return f"{value:.10g}".replace(".", ",")
    if one.kind == "datetime" and one.subtype == "datetime":
        moment = local(str(value))
        return moment.strftime("%Y-%m-%dT%H:%M") if moment is not None else str(value)
    return str(value)
