"""Whether what was filled in will do; every sentence says what was expected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from engine.calendar import STOCKHOLM
from engine.errors import Invalid
from engine.forms.model import (
    CHOOSING,
    INPUTS,
    LINE_LENGTH,
    MANY,
    OPTION_LIMIT,
    PATTERN_INPUT,
    ROW_LIMIT,
    TEXT_LENGTH,
    Context,
    Field,
    Form,
    Option,
    choices,
    lookup,
    put,
    unknown,
)

_UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(\.[^@\s.]{1,63}){1,8}")


def check(form: Form, data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Checked and tidied answers: every field of the form is there; left empty it is None, [] or False.

    Raises `Invalid` with Swedish sentences by field path ("rader.0.namn"); unknown keys are refused.
    """
    if not isinstance(data, Mapping):
        raise unknown()
    checked = _Check(form, data, context)
    answers = checked.fields(form.fields, data, "", data)
    if checked.has_unknown:
        raise unknown()
    if not checked.errors:
        checked.rules(form, answers)
    if checked.errors:
        count = len(checked.errors)
        raise Invalid(
            f"Expected a complete form, but {count} of its fields {'is' if count == 1 else 'are'} missing or wrong.",
            "En uppgift i formuläret behöver ändras."
            if count == 1
            else f"{count} uppgifter i formuläret behöver ändras.",
            fields=checked.errors,
        )
    return answers


class _Check:
    def __init__(self, form: Form, data: Mapping[str, Any], context: Context) -> None:
        self.asked = {one.name: one for one in _walk_deep(form.fields) if one.name and not one.fixed}
        self.context = context
        self.data = data
        self.errors: dict[str, str] = {}
        self.has_unknown = False

    def fields(self, fields: Sequence[Field], given: Any, prefix: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """The answers to `fields` out of `given`; keys that no field has make the whole answer refused."""
        if not isinstance(given, Mapping):
            self.has_unknown = True
            return {}
        answers: dict[str, Any] = {}
        self._go(fields, given, prefix, row, answers)
        self.has_unknown |= _has_more(given, answers, {one.name for one in _walk(fields) if one.fixed})
        return answers

    def rules(self, form: Form, answers: Mapping[str, Any]) -> None:
        """What the answers must fulfil together; a rule may also look at the variables seen at the task."""
        names = {**self.context.variables, **answers}
        for rule in form.rules:
            if not rule.holds.evaluate(names, {"post": self._post}):
                self.errors[rule.name] = rule.sentence

    def _post(self, kind: str, key: str) -> dict[str, Any]:
        rows = (dict(row) for row in self.context.reference(kind) if row.get("nyckel") == key)
        return next(rows, {})

    def _go(
        self,
        fields: Sequence[Field],
        given: Mapping[str, Any],
        prefix: str,
        row: Mapping[str, Any],
        answers: dict[str, Any],
        hidden: bool = False,
    ) -> None:
        for one in fields:
            is_hidden = hidden or (one.hide is not None and one.hide.is_met(lambda path: self._look(path, row)))
            if one.kind == "group":
                self._go(one.fields, given, prefix, row, answers, is_hidden)
            elif one.kind == "dynamiclist":
                put(answers, one.name, self._rows(one, lookup(given, one.name), prefix + one.name, is_hidden))
            elif one.kind in INPUTS and not one.fixed:
                put(answers, one.name, self._answer(one, lookup(given, one.name), prefix + one.name, is_hidden))

    def _look(self, path: str, row: Mapping[str, Any]) -> Any:
        """An answer as it was meant (a browser sends "3" for 3); else as the case knows it."""
        field = self.asked.get(path)
        if field is None:
            return lookup(self.context.variables, path)
        given = lookup(row, path)
        if given is None:
            given = lookup(self.data, path)
        try:
            return _READERS[field.kind](field, given, self.context) if field.kind in _READERS else given
        except _Wrong:
            return None

    def _rows(self, one: Field, given: Any, name: str, hidden: bool) -> list[Any]:
        rows = [] if given is None or given == "" else given
        if not isinstance(rows, list):
            self.has_unknown = True
            return []
        most = int(one.properties.get("max_rader", ROW_LIMIT))
        least = int(one.properties.get("min_rader", 0))
        if len(rows) > most:
            self.errors[name] = f"”{one.label}” kan ha högst {most} rader, men har {len(rows)}."
            return []
        if len(rows) < least and not hidden:
            self.errors[name] = one.properties.get("fel") or (
                f"Fyll i minst en rad under ”{one.label}”."
                if least == 1
                else f"Fyll i minst {least} rader under ”{one.label}”."
            )
        if one.is_flat:
            inner = one.fields[0]
            return [
                self._answer(inner, value, f"{name}.{index}.{inner.name}", hidden) for index, value in enumerate(rows)
            ]
        return [
            self.fields(one.fields, value, f"{name}.{index}.", value if isinstance(value, Mapping) else {})
            for index, value in enumerate(rows)
        ]

    def _answer(self, one: Field, value: Any, name: str, hidden: bool) -> Any:
        try:
            answer = _READERS[one.kind](one, value, self.context)
        except _Wrong as wrong:
            self.errors[name] = wrong.sentence
            return None
        if one.required and not hidden and (answer is None or answer is False or answer == []):
            self.errors[name] = one.properties.get("fel") or _missing(one)
        return answer


def _walk(fields: Iterable[Field]) -> Iterator[Field]:
    for one in fields:
        yield one
        if one.kind == "group":
            yield from _walk(one.fields)


def _walk_deep(fields: Iterable[Field]) -> Iterator[Field]:
    for one in fields:
        yield one
        yield from _walk_deep(one.fields)


def _has_more(given: Mapping[str, Any], answers: Mapping[str, Any], fixed: set[str], prefix: str = "") -> bool:
    """Whether `given` holds anything that no field took. Fixed fields may come along; they are not taken."""
    for key, value in given.items():
        path = f"{prefix}{key}"
        if path in fixed:
            continue
        if key in answers:
            # Rows were looked into by themselves; a nested object has its own keys to account for.
            if isinstance(answers[key], dict) and (
                not isinstance(value, Mapping) or _has_more(value, answers[key], fixed, path + ".")
            ):
                return True
        elif not (
            isinstance(value, Mapping)
            and value
            and any(name.startswith(path + ".") for name in fixed)
            and not _has_more(value, {}, fixed, path + ".")
        ):
            return True
    return False


class _Wrong(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _missing(one: Field) -> str:
    if one.kind in MANY:
        return f"Välj minst ett alternativ under ”{one.label}”."
    if one.kind in CHOOSING:
        return f"Välj ett alternativ under ”{one.label}”."
    if one.kind == "checkbox":
        return f"Kryssa i ”{one.label}” för att gå vidare."
    if one.kind == "datetime":
        return f"Ange {'en tid' if one.subtype == 'time' else 'ett datum'} under ”{one.label}”."
    return f"Fyll i ”{one.label}”."


def _string(one: Field, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Wrong(f"”{one.label}” ska vara text.")
    return _UNREADABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip() or None


def _read_text(one: Field, value: Any, context: Context) -> str | None:
    text = _string(one, value)
    if text is None:
        return None
    if one.kind == "textfield":
        text = " ".join(text.split())
    rules = one.rules
    longest = int(min(rules.get("maxLength") or TEXT_LENGTH, TEXT_LENGTH if one.kind == "textarea" else LINE_LENGTH))
    if len(text) > longest:
        raise _Wrong(f"”{one.label}” får ha högst {longest} tecken, men har {len(text)}.")
    if len(text) < (rules.get("minLength") or 0):
        raise _Wrong(f"”{one.label}” behöver ha minst {int(rules['minLength'])} tecken, men har {len(text)}.")
    if rules.get("validationType") == "email" and not (len(text) <= 254 and _EMAIL.fullmatch(text)):
        raise _Wrong(f"Skriv en hel e-postadress under ”{one.label}”, till exempel namn@kommun.se.")
    if rules.get("validationType") == "phone" and not re.fullmatch(r"\+?[0-9 ()-]{5,30}", text):
        raise _Wrong(f"Skriv ett telefonnummer under ”{one.label}”, till exempel 08-123 45 67.")
    pattern = rules.get("pattern")
    if pattern and (len(text) > PATTERN_INPUT or not re.fullmatch(pattern, text)):
        raise _Wrong(
            str(
                rules.get("patternErrorMessage")
                or f"”{one.label}” är inte skrivet på det sätt som väntas. {one.hint}".strip()
            )
        )
    return text


def _read_number(one: Field, value: Any, context: Context) -> float | int | str | None:
    if isinstance(value, str):
        written = re.sub(r"[\s\u00a0\u202f]", "", value).replace(",", ".").replace("\u2212", "-")
        if not written:
            return None
        if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,10})?", written):
            raise _Wrong(f"”{one.label}” ska vara ett tal, till exempel 12 eller 3,5.")
        value = float(written)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or abs(value) > 1e15:
        raise _Wrong(f"”{one.label}” ska vara ett tal, till exempel 12 eller 3,5.")
    if one.decimals == 0 and value != int(value):
        raise _Wrong(f"”{one.label}” ska vara ett heltal.")
    lowest, highest = one.rules.get("min"), one.rules.get("max")
    if lowest is not None and value < lowest:
        raise _Wrong(f"”{one.label}” ska vara minst {_written(lowest)}.")
    if highest is not None and value > highest:
        raise _Wrong(f"”{one.label}” ska vara högst {_written(highest)}.")
    value = round(value, one.decimals) if one.decimals else value
    return int(value) if value == int(value) else value


def _written(number: float) -> str:
    return f"{number:g}".replace(".", ",")


def _read_checkbox(one: Field, value: Any, context: Context) -> bool:
    if value in (None, "", False):
        return False
    if value is True or value in ("on", "true", "ja", "1"):
        return True
    raise _Wrong(f"”{one.label}” kan bara vara ikryssad eller inte.")


def _read_choice(one: Field, value: Any, context: Context) -> Any:
    if value in (None, ""):
        return None
    return _pick(one, value, choices(one, context))


def _pick(one: Field, value: Any, options: Sequence[Option]) -> Any:
    if isinstance(value, (str, int, float)):
        for option in options:
            if option.value == value or str(option.value) == value:
                return option.value
    raise _Wrong(f"Välj ett av alternativen under ”{one.label}”.")


def _read_choices(one: Field, value: Any, context: Context) -> list[Any]:
    if value in (None, ""):
        return []
    if not isinstance(value, list) or len(value) > OPTION_LIMIT:
        raise _Wrong(f"Välj bland alternativen under ”{one.label}”.")
    options = choices(one, context)
    picked = [_pick(one, single, options) for single in value]
    return [single for index, single in enumerate(picked) if single not in picked[:index]]


def _read_time(one: Field, value: Any, context: Context) -> str | None:
    text = _string(one, value)
    if text is None:
        return None
    if one.subtype == "time":
        return _clock_time(one, text)
    if one.subtype == "datetime":
        return _instant(one, text)
    day = iso_date(text)
    if day is None:
        raise _Wrong(f"Skriv datumet under ”{one.label}” som ÅÅÅÅ-MM-DD, till exempel {context.today.isoformat()}.")
    return _within(one, day, context).isoformat()


def _clock_time(one: Field, text: str) -> str:
    match = re.fullmatch(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?::[0-5][0-9])?", text)
    if match is None:
        raise _Wrong(f"Skriv tiden under ”{one.label}” som TT:MM, till exempel 13:30.")
    return time(int(match[1]), int(match[2])).isoformat("minutes")


def _instant(one: Field, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=STOCKHOLM)
        if not 1900 <= moment.year <= 2200:
            raise ValueError
        return moment.isoformat(timespec="minutes")
    except (ValueError, OverflowError):
        raise _Wrong(f"Skriv dag och tid under ”{one.label}” som ÅÅÅÅ-MM-DDTTT:MM.") from None


def iso_date(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None


def _within(one: Field, day: date, context: Context) -> date:
    def bound(name: str) -> date | None:
        said = one.properties.get(name)
        return context.today if said == "idag" else iso_date(said) if said else None

    earliest, latest = bound("tidigast"), bound("senast")
    if one.rules.get("disallowPassedDates") is True:
        earliest = max(earliest or context.today, context.today)
    if earliest and day < earliest:
        raise _Wrong(f"Datumet under ”{one.label}” får inte vara före {earliest.isoformat()}.")
    if latest and day > latest:
        raise _Wrong(f"Datumet under ”{one.label}” får inte vara efter {latest.isoformat()}.")
    return day


_READERS: Final[Mapping[str, Callable[[Field, Any, Context], Any]]] = {
    "textfield": _read_text,
    "textarea": _read_text,
    "number": _read_number,
    "checkbox": _read_checkbox,
    "radio": _read_choice,
    "select": _read_choice,
    "checklist": _read_choices,
    "taglist": _read_choices,
    "datetime": _read_time,
}
