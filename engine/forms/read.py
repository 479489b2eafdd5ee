"""From the file to the form; everything that cannot be played is found at once, for the one who draws it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.bpmn.expressions import compile_expression
from engine.bpmn.findings import ERROR, Finding, printable
from engine.errors import ExpressionError, Refused
from engine.forms.check import iso_date
from engine.forms.conditions import Condition
from engine.forms.lines import Lines
from engine.forms.model import (
    CHOOSING,
    DEPTH_LIMIT,
    FIELD_LIMIT,
    FILE_LIMIT,
    INPUTS,
    NESTED,
    OPTION_LIMIT,
    ROW_LIMIT,
    RULE_LIMIT,
    SHOWN,
    TEXT_LENGTH,
    Field,
    Form,
    Rule,
    options_of,
)
from engine.forms.patterns import problem_of

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,5}")


class BadForm(Refused):
    """The file is not a form we can show: `details["path"]` says where in it."""


def parse(content: bytes | str | Mapping[str, Any] | Form) -> Form:
    """The form in a file. Raises `BadForm` at the first thing that cannot be played (`check_form` tells them all)."""
    if isinstance(content, Form):
        return content
    form, findings = _read(content)
    if findings:
        raise BadForm(findings[0].en, findings[0].sv, path=findings[0].element)
    return form


def check_form(content: bytes | str | Mapping[str, Any], file: str = "") -> list[Finding]:
    """All that is wrong with a form, for deployment; `element` says where in it ("components[3].validate.pattern")."""
    return _read(content, file)[1]


def _read(content: bytes | str | Mapping[str, Any], file: str = "") -> tuple[Form, list[Finding]]:
    reader = _Reader(file)
    return reader.form(content), reader.findings


_OPEN = (
    "Öppna formuläret i formulärverktyget och rätta fältet.",
    "Open the form in the form editor and correct the field.",
)


class _Reader:
    """Goes through a file once; notes what it cannot play and reads on."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: Lines | None = None
        self.findings: list[Finding] = []
        self.count = 0
        self.submit: str | None = None
        self.submits: list[tuple[str, Condition]] = []

    def error(self, path: str, sv: str, en: str) -> None:
        line = self.lines.of(path) if self.lines else 1
        texts = (printable(path), printable(sv), printable(en))
        self.findings.append(Finding("form", ERROR, self.file, line, *texts, *_OPEN))

    def form(self, content: bytes | str | Mapping[str, Any]) -> Form:
        document = content if isinstance(content, Mapping) else self._json(content)
        if document is None:
            return Form(())
        components = document.get("components")
        if not isinstance(components, list):
            self.error(
                "components",
                "Formuläret saknar listan ”components”.",
                'Expected a list "components", but there is none.',
            )
            return Form(())
        fields = self._fields(components, "components", 1)
        self._require_unique(fields, "components")
        return Form(fields, self.submit, tuple(self._rules(document.get("regler"))), tuple(self.submits))

    def _button(self, label: str, hide: Condition | None) -> None:
        """Several buttons are one that says what it will do: one with a condition where that lets it, else the last."""
        if label and hide:
            self.submits.append((label, hide))
        else:
            self.submit = label or self.submit

    def _rules(self, rules: Any) -> Iterator[Rule]:
        if rules is None:
            return
        if not isinstance(rules, list) or len(rules) > RULE_LIMIT:
            self.error(
                "regler",
                f"”regler” ska vara en lista med högst {RULE_LIMIT} regler.",
                f"Expected a list of at most {RULE_LIMIT} rules, but it is not.",
            )
            return
        for index, rule in enumerate(rules):
            here = f"regler[{index}]"
            parts = [rule.get(name) if isinstance(rule, dict) else None for name in ("villkor", "falt", "text")]
            if not all(isinstance(part, str) and part for part in parts):
                self.error(
                    here,
                    "En regel ska ha ”villkor”, ”falt” och ”text”.",
                    'Expected a rule with "villkor", "falt" and "text", but one is missing.',
                )
                continue
            condition, name, sentence = (_text(part) for part in parts)
            try:
                yield Rule(compile_expression(condition), name, sentence)
            except ExpressionError as error:
                self.error(f"{here}.villkor", f"Villkoret kan inte läsas: {error.sv}", error.en)

    def _json(self, content: bytes | str) -> Mapping[str, Any] | None:
        if len(content) > FILE_LIMIT:
            self.error(
                "",
                "Formulärets fil är för stor.",
                f"Expected a form of at most {FILE_LIMIT} bytes, but it has {len(content)}.",
            )
            return None
        try:
            text = content if isinstance(content, str) else content.decode(json.detect_encoding(content))
            document = json.loads(text)
        except (ValueError, RecursionError):
            self.error("", "Filen går inte att läsa som JSON.", "Expected JSON, but the file cannot be read as such.")
            return None
        if not isinstance(document, dict):
            self.error(
                "",
                "Formuläret ska vara ett JSON-objekt.",
                f"Expected a JSON object, but it is a {type(document).__name__}.",
            )
            return None
        self.lines = Lines(text)
        return document

    def _fields(self, components: list[Any], path: str, depth: int, prefix: str = "") -> tuple[Field, ...]:
        if depth > DEPTH_LIMIT:
            self.error(
                path,
                f"Grupper får ligga högst {DEPTH_LIMIT} nivåer djupt.",
                f"Expected at most {DEPTH_LIMIT} levels, but there are more.",
            )
            return ()
        found = []
        for index, component in enumerate(components):
            self.count += 1
            here = f"{path}[{index}]"
            if self.count > FIELD_LIMIT:
                self.error(
                    here,
                    f"Formuläret har fler än {FIELD_LIMIT} delar.",
                    f"Expected at most {FIELD_LIMIT} components, but there are more.",
                )
                break
            if not isinstance(component, dict):
                self.error(
                    here,
                    "Varje del ska vara ett JSON-objekt.",
                    "Expected a JSON object for each component, but one is not.",
                )
                continue
            one = self._field(component, here, depth, prefix)
            if one is not None:
                found.append(one)
        return tuple(found)

    def _field(self, component: dict[str, Any], path: str, depth: int, prefix: str) -> Field | None:
        kind = component.get("type")
        if kind not in INPUTS | SHOWN | NESTED:
            told = kind if isinstance(kind, str) and len(kind) < 40 else "?"
            self.error(
                path,
                f"Delen ”{told}” kan inte visas i ett formulär här.",
                f"Expected a component that can be shown, but it is {told!r}.",
            )
            return None
        if kind == "button":
            self._button(_text(component.get("label")), self._condition(component, path))
            return None
        properties = self._properties(component, path)
        common: dict[str, Any] = {
            "kind": kind,
            "label": _text(component.get("label")),
            "hint": _text(component.get("description")),
            "hide": self._condition(component, path),
            "properties": properties,
        }
        if kind in SHOWN:
            return self._shown(component, path, common)
        if kind in NESTED:
            return self._nested(component, path, depth, prefix, common)
        return self._input(component, path, prefix, common)

    def _properties(self, component: dict[str, Any], path: str) -> dict[str, str]:
        properties = component.get("properties") or {}
        if not isinstance(properties, dict):
            self.error(
                f"{path}.properties",
                "”properties” ska vara ett JSON-objekt.",
                "Expected properties to be an object, but they are not.",
            )
            return {}
        for name in ("min_rader", "max_rader"):
            if name in properties and not (str(properties[name]).isdigit() and int(properties[name]) <= ROW_LIMIT):
                self.error(
                    f"{path}.properties.{name}",
                    f"{name} ska vara ett tal, högst {ROW_LIMIT}.",
                    f"Expected a number up to {ROW_LIMIT}, but it is not.",
                )
                return {}
        for name in ("tidigast", "senast"):
            if name in properties and properties[name] != "idag" and iso_date(str(properties[name])) is None:
                self.error(
                    f"{path}.properties.{name}",
                    f"{name} ska vara ”idag” eller ett datum.",
                    'Expected "idag" or a date, but it is not.',
                )
                return {}
        return {str(name): str(value) for name, value in properties.items()}

    def _condition(self, component: dict[str, Any], path: str) -> Condition | None:
        source = (
            (component.get("conditional") or {}).get("hide") if isinstance(component.get("conditional"), dict) else None
        )
        if not source:
            return None
        try:
            return Condition(str(source))
        except ValueError as problem:
            self.error(
                f"{path}.conditional.hide",
                f"Villkoret kan inte läsas: {problem}",
                f"Expected a condition that can be read, but: {problem}",
            )
            return None

    def _key(self, component: dict[str, Any], path: str, attribute: str, prefix: str) -> str:
        key = component.get(attribute)
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            self.error(
                f"{path}.{attribute}",
                f"Fältet ”{_text(component.get('label'))}” behöver ett namn av bokstäver a–z, siffror och understreck.",
                "Expected a key of letters, digits, underscores and dots, but it is missing or different.",
            )
            return prefix + "okant"
        if any(part.startswith("__") or part in ("typename", "csrf_token") for part in key.split(".")):
            self.error(
                f"{path}.{attribute}", f"Namnet ”{key}” är upptaget.", f"Expected a free name, but {key!r} is reserved."
            )
        return prefix + key

    def _shown(self, component: dict[str, Any], path: str, common: dict[str, Any]) -> Field:
        common["text"] = _text(component.get("text"), TEXT_LENGTH)
        if common["kind"] == "table":
            common["options_from"] = _text(component.get("dataSource")).lstrip("=").strip()
            columns = component.get("columns")
            if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
                self.error(
                    f"{path}.columns",
                    "Tabellen behöver en lista med kolumner.",
                    "Expected a list of columns, but there is none.",
                )
                columns = []
            common["columns"] = tuple((_text(column.get("key")), _text(column.get("label"))) for column in columns)
        return Field(**common)

    def _nested(self, component: dict[str, Any], path: str, depth: int, prefix: str, common: dict[str, Any]) -> Field:
        components = component.get("components")
        if not isinstance(components, list):
            self.error(
                f"{path}.components", "Gruppen saknar innehåll.", "Expected a list of components, but there is none."
            )
            components = []
        if common["kind"] == "dynamiclist":
            name = self._key(component, path, "path", prefix)
            fields = self._fields(components, f"{path}.components", depth + 1)
            self._require_unique(fields, f"{path}.components")
            one = Field(**common, name=name, fields=fields)
            if one.is_flat and [inner.kind in INPUTS for inner in fields] != [True]:
                self.error(
                    path,
                    "En platt lista ska ha precis ett fält.",
                    "Expected exactly one field in a flat list, but there are others.",
                )
            return one
        if component.get("path"):
            prefix = self._key(component, path, "path", prefix) + "."
        return Field(**common, fields=self._fields(components, f"{path}.components", depth + 1, prefix))

    def _input(self, component: dict[str, Any], path: str, prefix: str, common: dict[str, Any]) -> Field:
        rules = component.get("validate") or {}
        if not isinstance(rules, dict):
            self.error(
                f"{path}.validate",
                "”validate” ska vara ett JSON-objekt.",
                "Expected validate to be an object, but it is not.",
            )
            rules = {}
        self._check_rules(rules, f"{path}.validate")
        name = self._key(component, path, "key", prefix)
        if not common["label"]:
            common["label"] = _text(component.get("dateLabel")) or _text(component.get("dateTimeLabel"))
        if not common["label"]:
            self.error(
                f"{path}.label",
                f"Fältet ”{name}” behöver en ledtext.",
                f"Expected a label for {name!r}, but there is none.",
            )
        decimals = component.get("decimalDigits")
        return Field(
            **common,
            name=name,
            required=rules.get("required") is True,
            fixed=component.get("readonly") is True or component.get("disabled") is True,
            default=component.get("defaultValue"),
            rules=rules,
            subtype=str(component.get("subtype") or "date"),
            decimals=decimals if isinstance(decimals, int) and not isinstance(decimals, bool) else None,
            unit=_text((component.get("appearance") or {}).get("suffixAdorner"))
            if isinstance(component.get("appearance"), dict)
            else "",
            **self._options(component, path, common),
        )

    def _check_rules(self, rules: Mapping[str, Any], path: str) -> None:
        for rule in ("minLength", "maxLength", "min", "max"):
            value = rules.get(rule)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value)
            ):
                self.error(
                    f"{path}.{rule}", f"{rule} ska vara ett tal.", f"Expected a number as {rule}, but it is not."
                )
        pattern = rules.get("pattern")
        if pattern is not None and (problem := problem_of(pattern)):
            self.error(
                f"{path}.pattern",
                f"Mönstret kan inte användas: {problem[0]}",
                f"Expected a pattern that is safe to run, but {problem[1]}.",
            )

    def _options(self, component: dict[str, Any], path: str, common: dict[str, Any]) -> dict[str, Any]:
        if common["kind"] not in CHOOSING:
            return {}
        values, key, source = component.get("values"), component.get("valuesKey"), common["properties"].get("kalla")
        if source:
            return {"reference": tuple(kind.strip() for kind in source.split(","))}
        if key:
            return {"options_from": str(key)}
        if not isinstance(values, list) or not values or len(values) > OPTION_LIMIT:
            self.error(
                f"{path}.values",
                f"”{common['label']}” behöver val: values, valuesKey eller egenskapen kalla.",
                "Expected values, valuesKey or the property kalla, but there is none.",
            )
            return {}
        return {"options": tuple(options_of(values))}

    def _require_unique(self, fields: Sequence[Field], path: str) -> None:
        seen: set[str] = set()
        for name in _names(fields):
            clash = name in seen or any(other.startswith(name + ".") or name.startswith(other + ".") for other in seen)
            if clash:
                self.error(
                    path,
                    f"Namnet ”{name}” står för mer än ett fält.",
                    f"Expected each key once, but {name!r} clashes with another.",
                )
            seen.add(name)


def _names(fields: Iterable[Field]) -> Iterator[str]:
    for one in fields:
        if one.kind == "group":
            yield from _names(one.fields)
        elif one.name:
            yield one.name


def _text(value: Any, limit: int = 2000) -> str:
    return value[:limit] if isinstance(value, str) else ""
