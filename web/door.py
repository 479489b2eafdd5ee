"""The door between a page and the engine: who asks, and the two ways in.

A view reads `ask(Query(...))` and does `do(Command(...))`; nothing else in web/ touches the engine.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from flask import current_app, g

from engine import Actor, Engine


def engine() -> Engine:
    return cast(Engine, current_app.extensions["trappa"])


def actor() -> Actor:
    """Who sends this request. Views that anyone may use get the house itself, with no rights of its own to read cases."""
    return cast(Actor, g.get("actor")) or Actor.system("web")


def is_signed_in() -> bool:
    return g.get("actor") is not None


def ask(query: Any) -> Any:
    return engine().ask(query, actor=actor())


def do(command: Any) -> Any:
    return engine().execute(command, actor=actor())


def now() -> datetime:
    """The engine's clock, which a demo may have moved; aware UTC."""
    return engine().clock.now()
