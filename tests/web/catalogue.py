"""The texts of web/, as they stand in code and templates, and the English catalogue beside them.

`python -m tests.web.catalogue` brings web/translations/en/LC_MESSAGES/messages.po up to date: new texts come in without
a translation, texts that are gone leave. `test_translations.py` then says what is still to be translated.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).parents[2] / "web"
PO = WEB / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"gettext": None, "_": None, "lazy_gettext": None, "ngettext": (1, 2)}
HEADER = (
    "# English for Tvistetrappa. The message ids are the Swedish texts.\n"
    "# `python -m tests.web.catalogue` brings this file up to date."
)

Message = str | tuple[str, ...]


def messages() -> dict[Message, set[str]]:
    """Every text that is shown -> the files it stands in."""
    found: dict[Message, set[str]] = {}
    for path in sorted([*WEB.glob("*.py"), *WEB.glob("templates/**/*.html")]):
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        with path.open("rb") as file:
            for _, message, _, _ in extract(method, file, keywords=KEYWORDS):
                found.setdefault(message, set()).add(path.relative_to(WEB).as_posix())
    return found


def hidden_in_f_strings() -> Iterator[str]:
    """Calls of gettext within f-strings, which extraction does not see."""
    for path in WEB.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") in KEYWORDS:
                        yield f"{path.name}:{inner.lineno}"


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def update() -> None:
    old = {message.id: message.string for message in catalogue() if message.id} if PO.exists() else {}
    new = Catalog(locale="en", project="Tvistetrappa", version="1", fuzzy=False, header_comment=HEADER)
    found = messages()
    for message in sorted(found, key=lambda one: (min(found[one]), str(one))):
        empty = "" if isinstance(message, str) else ("", "")
        new.add(message, old.get(message, empty), locations=[(name, 0) for name in sorted(found[message])])
    text = io.BytesIO()
    write_po(text, new, width=120, include_lineno=False)
    # Dates would make every update a change.
    kept = [line for line in text.getvalue().decode().splitlines(keepends=True) if "-Date:" not in line]
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_text("".join(kept))


if __name__ == "__main__":
    update()
