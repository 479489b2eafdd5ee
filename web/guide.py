"""Help: what one can do here, what the words and marks mean, and how accessible it is. For anyone, signed in or not."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from web.security import ANYONE, allow

guide = Blueprint("guide", __name__)


@guide.get("/help")
@allow(ANYONE)
def index() -> Any:
    return render_template("guide/index.html")
