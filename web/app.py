"""The web application: `create_app(engine)` puts blueprints, security, language and templates together."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import gettext
from werkzeug.routing import IntegerConverter, Map

from engine import Engine
from web import errors, formats, labels, languages, security
from web.security import ANYONE, SIGNED_IN, holds

STATIC = Path(__file__).parent / "static"

BLUEPRINTS = (
    "inbox", "tasks", "start", "auth",
    "case", "year", "mail", "incidents", "processes", "stores", "people", "audit", "guide", "clock",
)  # fmt: skip
"""Modules of web/, each with one blueprint of the same name; `clock` in the demo only."""


def create_app(
    engine: Engine, *, demo: bool = False, secret_key: str | None = None, secure_cookies: bool = False
) -> Flask:
    """The whole web over one engine. In the demo one picks whom to be and moves the clock."""
    app = Flask("web", root_path=str(Path(__file__).parent))
    app.extensions["trappa"] = engine
    app.config["DEMO"] = demo
    app.view_functions["static"] = send_static
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.converters["int"] = _Id
    security.init_app(app, secret_key=secret_key, secure_cookies=secure_cookies)
    languages.init_app(app)
    formats.init_app(app)
    labels.init_app(app)
    errors.init_app(app)
    app.jinja_env.globals.update(
        static=static_url, has_static=has_static, menu=menu, here=here, has_view=app.view_functions.__contains__
    )
    app.context_processor(
        lambda: {"person": g.get("person"), "locale": languages.current(), "demo": demo, "is_pane": security.is_pane()}
    )
    for name in BLUEPRINTS:
        if name == "clock" and not demo:
            continue
        app.register_blueprint(getattr(import_module(f"web.{name}"), name))
    security.check_routes(app)
    return app


class _Id(IntegerConverter):
    """A number that the database can hold; a longer one is an address that does not exist."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"max": 2**63 - 1, **options})


# --- static files ----------------------------------------------------------------------------------------------------


def send_static(filename: str) -> Response:
    """A built file goes packed to a browser that takes that, and one asked for with its mark may be kept for good."""
    packed = f"{filename}.gz"
    if request.accept_encodings.quality("gzip") and has_static(packed) and not _is_older(packed, filename):
        response = current_app.send_static_file(packed)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Type"] = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        response.headers.pop("Content-Disposition", None)
    else:
        response = current_app.send_static_file(filename)
    response.vary.add("Accept-Encoding")
    if request.args.get("v"):
        response.cache_control.max_age = 31_536_000
        response.cache_control.no_cache = None
        response.cache_control.public = response.cache_control.immutable = True
    return response


def _is_older(packed: str, filename: str) -> bool:
    """While one works on the scripts, the packed ones may be from before."""
    return (STATIC / packed).stat().st_mtime < (STATIC / filename).stat().st_mtime


# --- what templates may ask ------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _mark(name: str, changed: float) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


def static_url(name: str) -> str:
    """The address of a file under static/, with a mark of its content: browsers may keep it until it changes."""
    path = STATIC / name
    mark = _mark(name, path.stat().st_mtime) if path.is_file() else None
    return url_for("static", filename=name, v=mark)


def has_static(name: str) -> bool:
    return (STATIC / name).is_file()


def here() -> str:
    """This page's own address, to come back to."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


@dataclass(frozen=True, slots=True)
class Entry:
    url: str
    text: str
    is_current: bool


def menu() -> Iterator[Entry]:
    """The main menu as this person sees it: pages that exist and that they may use."""
    texts = {
        "inbox": gettext("Inkorg"),
        "start": gettext("Starta"),
        "case": gettext("Ärenden"),
        "year": gettext("Året"),
        "mail": gettext("Utskick"),
        "incidents": gettext("Störningar"),
        "processes": gettext("Processer"),
        "people": gettext("Personer"),
        "audit": gettext("Granskning"),
    }
    nearby = {"tasks": "inbox", "stores": "processes"}
    at = nearby.get(request.blueprint or "", request.blueprint)
    for name, text in texts.items():
        view = current_app.view_functions.get(f"{name}.index")
        allowed: frozenset[str] = getattr(view, "allowed", frozenset())
        if view and (allowed & {ANYONE, SIGNED_IN} or holds(*allowed)):
            yield Entry(url_for(f"{name}.index"), text, at == name)
