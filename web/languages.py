"""Swedish first, English for whoever asks. Message ids are Swedish; catalogues are read from their .po files."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request
from flask_babel import Babel, Domain, get_locale
from markupsafe import Markup, escape

LANGUAGES = ("sv", "en")
COOKIE = "sprak"
FOLDER = Path(__file__).parent / "translations"


def current() -> str:
    locale = get_locale()
    return locale.language if locale else "sv"


def of_processes() -> Markup:
    """The attribute for what processes and people say, which is Swedish on an English page too."""
    return Markup("") if current() == "sv" else Markup(' lang="sv"')


def said(sv: str, en: str | None) -> Markup:
    """What the house says in two languages, in the reader's; marked as Swedish where nobody said it in English."""
    if current() == "en" and en:
        return escape(en)
    return escape(sv) if current() == "sv" else Markup('<span lang="sv">{}</span>').format(sv)


def _chosen() -> str:
    """What the person chose by the button. Not what the browser prefers: many have it in English by default."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else "sv"


@lru_cache(maxsize=4)
def translations(language: str) -> NullTranslations:
    """All catalogues of a language, read once a process; no compiled files that could be forgotten or old."""
    paths = sorted((FOLDER / language / "LC_MESSAGES").glob("*.po"))
    if not paths:
        return NullTranslations()
    found = Translations()
    for path in paths:
        compiled = BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=language))
        compiled.seek(0)
        found.merge(Translations(fp=compiled))
    return found


class _PoDomain(Domain):
    def get_translations(self) -> NullTranslations:
        return translations(current())


def init_app(app: Flask) -> None:
    app.jinja_env.globals["in_swedish"] = of_processes
    app.jinja_env.globals["said"] = said
    babel = Babel(app, default_locale="sv", default_timezone="Europe/Stockholm", locale_selector=_chosen)
    babel.__dict__["domain_instance"] = _PoDomain()
