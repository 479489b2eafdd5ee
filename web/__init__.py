"""The web: pages over the engine. `create_app(engine, demo=False)` makes the WSGI application."""

from web.app import create_app

__all__ = ["create_app"]
