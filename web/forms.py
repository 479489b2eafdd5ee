"""Forms on paper: a form-js schema with its answers becomes what the template `forms/fields.html` draws.

Works without scripts: a repeating table grows by a submit button, and the server draws it again with one row more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext
from markupsafe import Markup

from engine.forms import Context, Field, Form, Option, choices, from_html, inputs, lookup, put
from engine.forms.conditions import settled
from engine.guard import personnummer_spans
from web.answers import answer_text, plain_text, written
from web.rich_text import rich_text

BUTTONS = ("csrf_token", "next", "once", "_add", "_remove", "_save", "_complete")
"""Names in our own forms that are no answers."""


@dataclass(slots=True)
class Shown:
    """One field as the template draws it. `id` is also its name in the HTML form."""

    kind: str
    id: str
    label: str
    hint: str = ""
    value: Any = None
    error: str | None = None
    required: bool = False
    fixed: bool = False
    options: list[Option] = field(default_factory=list)
    unit: str = ""
    hide: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    content: Markup | str = ""
    fields: list[Shown] = field(default_factory=list)
    rows: list[list[Shown]] = field(default_factory=list)
    blank: list[Shown] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    least: int = 0
    most: int = 0


def answers_sent(form: Form) -> dict[str, Any]:
    """What the browser sent, as nested JSON; `Invalid` where it holds a field the form does not have."""
    return from_html(form, request.form.items(multi=True), BUTTONS)


def wanted_rows() -> tuple[str | None, str | None]:
    """(list to grow, row to leave out) where somebody without scripts pressed one of those buttons."""
    return request.form.get("_add"), request.form.get("_remove")


def initial_answers(form: Form, variables: Mapping[str, Any], draft: Mapping[str, Any] | None) -> dict[str, Any]:
    """What stands in the fields at first: the draft; else what the case knows by the same names, else the default."""
    if draft is not None:
        return dict(draft)
    answers: dict[str, Any] = {}
    for one in inputs(form):
        known = lookup(variables, one.name)
        put(answers, one.name, one.default if known is None else known)
    return answers


class Drawing:
    """Prepares a form for its template."""

    def __init__(self, form: Form, context: Context, errors: Mapping[str, str], grow: str | None = None) -> None:
        self.asked = frozenset(_names(form.fields))
        self.context = context
        self.errors = errors
        self.grow = grow
        self.sections = 0

    def fields(self, fields: Iterable[Field], answers: Mapping[str, Any], prefix: str = "") -> list[Shown]:
        return [self._one(one, answers, prefix) for one in fields if not self._never_shown(one)]

    def _never_shown(self, one: Field) -> bool:
        """Hidden whatever is answered, by what the house knows already: that needs no script to leave out."""
        return one.hide is not None and settled(self._followable(one.hide.tree)) is True

    def _one(self, one: Field, answers: Mapping[str, Any], prefix: str) -> Shown:
        name = prefix + one.name
        shown = Shown(one.kind, name, one.label, one.hint, required=one.required, fixed=one.fixed, unit=one.unit)
        shown.hide = json.dumps(self._followable(one.hide.tree)) if one.hide else ""
        shown.error = self.errors.get(name)
        if one.kind == "group":
            self.sections += 1
            shown.id = f"avsnitt-{self.sections}"
            shown.fields = self.fields(one.fields, answers, prefix)
        elif one.kind == "dynamiclist":
            self._rows(shown, one, lookup(answers, one.name))
        elif one.kind == "text":
            shown.content = rich_text(one.text, self.context.variables)
        elif one.kind == "table":
            self._table(shown, one)
        elif one.name:
            self._input(shown, one, lookup(answers, one.name))
        return shown

    def _followable(self, tree: list[Any]) -> list[Any]:
        """The condition for the browser: what the form does not ask for is put in its place."""
        if tree[0] == "path":
            return tree if tree[1] in self.asked else ["is", lookup(self.context.variables, tree[1])]
        return tree if tree[0] == "is" else [tree[0], *(self._followable(part) for part in tree[1:])]

    def _input(self, shown: Shown, one: Field, value: Any) -> None:
        shown.options = choices(one, self.context)
        if one.fixed:
            known = lookup(self.context.variables, one.name)
            shown.value = answer_text(one, one.default if known is None else known, self.context)
            return
        shown.attributes = _attributes(one, self.context)
        shown.value = written(one, value)

    def _rows(self, shown: Shown, one: Field, value: Any) -> None:
        rows = list(value) if isinstance(value, list) else []
        shown.least = int(one.properties.get("min_rader", 0))
        shown.most = int(one.properties.get("max_rader", 200))
        rows += [None] * (max(shown.least, 1) - len(rows))
        if self.grow == shown.id and len(rows) < shown.most:
            rows.append(None)
        for number, row in enumerate(rows):
            shown.rows.append(self._row(one, row, f"{shown.id}.{number}."))
        shown.blank = self._row(one, None, f"{shown.id}.__i__.")

    def _row(self, one: Field, row: Any, prefix: str) -> list[Shown]:
        if one.is_flat:
            flat: dict[str, Any] = {}
            put(flat, one.fields[0].name, row)
            row = flat
        return self.fields(one.fields, row if isinstance(row, Mapping) else {}, prefix)

    def _table(self, shown: Shown, one: Field) -> None:
        shown.columns = [label or key for key, label in one.columns]
        rows = lookup(self.context.variables, one.options_from or "")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, Mapping):
                shown.cells.append([plain_text(lookup(row, key)) for key, _ in one.columns])


def draw(
    form: Form,
    context: Context,
    answers: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    grow: str | None = None,
) -> list[Shown]:
    return Drawing(form, context, errors or {}, grow).fields(form.fields, answers)


def submit_labels(form: Form, context: Context) -> str:
    """What the submit button says as the answers change: [[condition that rules it out, label], …] for the browser."""
    drawing = Drawing(form, context, {})
    labels = [[drawing._followable(hide.tree), label] for label, hide in form.submits]
    return json.dumps(labels) if labels else ""


def _names(fields: Iterable[Field]) -> Iterator[str]:
    for one in fields:
        if one.name and not one.fixed:
            yield one.name
        yield from _names(one.fields)


def sections(shown: Iterable[Shown]) -> list[Shown]:
    """The named parts of a long form; none where there are too few to lose one's way."""
    found = [one for one in shown if one.kind == "group" and one.label and not one.hide]
    return found if len(found) > 2 else []


def first_sentences(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Field path -> what to say beside it, out of `Invalid.fields`; a field says one thing at a time."""
    return {re.sub(r"\[(\d+)\]", r".\1", path): sentences[0] for path, sentences in fields.items() if sentences}


def placed(errors: Mapping[str, str], shown: Iterable[Shown]) -> dict[str, str]:
    """The errors with paths that stand on the page, for the summary's links: the nearest field around what has none."""
    ids = set(_ids(shown))
    settled: dict[str, str] = {}
    for path, sentence in errors.items():
        while path and path not in ids:
            path = path.rpartition(".")[0]
        settled.setdefault(path, sentence)
    return settled


def _ids(shown: Iterable[Shown]) -> Iterator[str]:
    for one in shown:
        yield one.id
        yield from _ids(one.fields)
        for row in one.rows:
            yield from _ids(row)


def leave_out(answers: dict[str, Any], row: str) -> None:
    """Take the row "lokal_hantering.nar.1" out of the answers, for those without scripts."""
    name, _, number = row.rpartition(".")
    rows = lookup(answers, name)
    if isinstance(rows, list) and number.isdigit() and int(number) < len(rows):
        del rows[int(number)]


def masked(value: Any) -> Any:
    """What was typed, with every personnummer taken out: the page that asks to mend it must not repeat it (R2)."""
    if isinstance(value, str):
        instead = gettext("borttaget nummer")
        for start, end in reversed(personnummer_spans(value)):
            value = f"{value[:start]}[{instead}]{value[end:]}"
        return value
    if isinstance(value, list):
        return [masked(single) for single in value]
    if isinstance(value, Mapping):
        return {name: masked(inner) for name, inner in value.items()}
    return value


_TYPES = {"date": "date", "time": "time", "datetime": "datetime-local"}


def _attributes(one: Field, context: Context) -> dict[str, Any]:
    rules = one.rules
    attributes: dict[str, Any] = {}
    if one.kind == "datetime":
        attributes["type"] = _TYPES.get(one.subtype, "date")
        for name, bound in (("min", "tidigast"), ("max", "senast")):
            said = one.properties.get(bound)
            if said:
                attributes[name] = context.today.isoformat() if said == "idag" else said
    elif one.kind == "number":
        # Text with a numeric keyboard: a number field would refuse "3,5" in browsers set to English.
        attributes |= {"type": "text", "inputmode": "numeric" if one.decimals == 0 else "decimal", "class": "short"}
    elif one.kind == "textfield":
        attributes["type"] = {"email": "email", "phone": "tel"}.get(str(rules.get("validationType")), "text")
    if one.kind in ("textfield", "textarea") and rules.get("maxLength"):
        attributes["maxlength"] = int(rules["maxLength"])
    return attributes
