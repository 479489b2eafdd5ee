"""The door between a page and the engine: who asks, and the two ways in.

A view reads `ask(Query(...))` and does `do(Command(...))`; nothing else in web/ touches the engine.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from flask import current_app, g

from engine import Actor, Engine
from engine.runtime.names import Names


def engine() -> Engine:
    return cast(Engine, current_app.extensions["trappa"])


def actor() -> Actor:
    """Who sends this request; nobody, where nobody is signed in."""
    return cast("Actor | None", g.get("actor")) or Actor.nobody()


def ask(query: Any) -> Any:
    return engine().ask(query, actor=actor())


def do(command: Any) -> Any:
    return engine().execute(command, actor=actor())


def reference_rows() -> dict[str, list[dict[str, Any]]]:
    """All reference data valid today, by kind."""
    return cast("dict[str, list[dict[str, Any]]]", ask(Names()))


def now() -> datetime:
    """The engine's clock, which a demo may have moved; aware UTC."""
    return engine().clock.now()
