"""The web: pages over the engine. `create_app(engine, demo=False)` makes the WSGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from web.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """The pages come when they are asked for: a command such as `trappa check` starts without them."""
    if name != "create_app":
        raise AttributeError(name)
    from web.app import create_app

    return create_app
