"""What people write on its way in: checked against its form, and guarded (R2). What is refused is stored nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine import forms, guard, reference
from engine.calendar import local
from engine.engine import Read
from engine.errors import Guarded, Invalid
from engine.forms import Context, Field, Form

LONGEST = 20_000


def validated(read: Read, form: Form, data: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as the form has them; `seen` are the variables that its conditions and options may look at."""
    guarded(form, data)  # before anything that could repeat what was written
    return forms.validate(form, data, context(read, seen))


def context(read: Read, seen: Mapping[str, Any]) -> Context:
    return Context(local(read.now).date(), seen, reference.lookup(read))


def guarded(form: Form | None, data: Mapping[str, Any]) -> None:
    """No personnummer anywhere; in fields where people write freely no e-mail address or telephone number either."""
    guard.check_free_text(data)
    for path, text in _free(form.fields if form else (), data):
        if isinstance(text, str) and guard.find_contact(text):
            raise Guarded(path, "kontaktuppgift")


def _free(fields: Sequence[Field], data: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for one in fields:
        if one.kind == "group":
            yield from _free(one.fields, data, prefix)
        elif one.kind == "dynamiclist":
            rows = forms.lookup(data, one.name)
            for place, row in enumerate(rows if isinstance(rows, list) else ()):
                given = {one.fields[0].name: row} if one.is_flat and one.fields else row
                yield from _free(one.fields, given, f"{prefix}{one.name}[{place}].")
        elif one.kind == "textarea" and (text := forms.lookup(data, one.name)):
            yield f"{prefix}{one.name}", text


def free_text(text: str, *, path: str = "text", what: str = "en text") -> str:
    """A comment, a reason, a note: neither empty nor endless, and guarded."""
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        problem = f"Skriv {what}, högst {LONGEST} tecken."
        raise Invalid("Expected a text, but it is empty or too long.", problem, fields={path: problem})
    guard.check_free_text(text, path, contact=True)
    return text


def reason(text: str) -> str:
    return free_text(text, path="reason", what="varför")


def no_form() -> Invalid:
    told = "Här finns inget formulär att fylla i. Ladda om sidan och försök igen."
    return Invalid(
        "Expected nothing filled in, since there is no form, but there is something.", told, fields={"": told}
    )
