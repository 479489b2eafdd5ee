"""Datalager: what cases share, by name: what it holds now, and who has written what to it."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext

from engine.runtime.views import DataStoreByName, DataStores, Writing
from web.door import ask
from web.security import allow

stores = Blueprint("stores", __name__, url_prefix="/stores")

SHORT = 120
"""Characters of a value that a list shows."""
LONG = 20_000


@stores.get("")
@allow("admin", "revisor")
def index() -> Any:
    return render_template("stores/index.html", rows=ask(DataStores()), short=_short)


@stores.get("/store")
@allow("admin", "revisor")
def show() -> Any:
    """By `name`, which may hold any sign, and so is no part of the path."""
    name, before = request.args.get("name", ""), request.args.get("before", type=int)
    page = ask(DataStoreByName(name, before if before and 0 < before < 2**63 else None))
    return render_template(
        "stores/show.html",
        page=page,
        store=page.store,
        written=_written,
        short=_short,
        is_long=_is_long,
        next_url=url_for("stores.show", name=name, before=page.older_than) if page.older_than else None,
        first_url=url_for("stores.show", name=name) if before else None,
    )


def _written(one: Writing) -> str:
    """The value as it is, line by line; what is very long ends with how long it is."""
    text = one.value if isinstance(one.value, str) else json.dumps(one.value, ensure_ascii=False, indent=2)
    if len(text) <= LONG:
        return text
    return f"{text[:LONG]}…\n" + gettext("(%(count)d tecken i allt)", count=len(text))


def _short(one: Writing) -> str:
    """The value on a line."""
    text = _line(one)
    return text if len(text) <= SHORT else text[:SHORT].rstrip() + " …"


def _is_long(one: Writing) -> bool:
    return len(_line(one)) > SHORT


def _line(one: Writing) -> str:
    if one.value is None:
        return gettext("Tomt")
    return one.value if isinstance(one.value, str) else json.dumps(one.value, ensure_ascii=False)
