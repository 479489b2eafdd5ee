"""Störningar: what stopped, why, and what the administrator decides: try again, or go on without."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engine import ResolveIncident, RetryIncident
from engine.errors import Guarded, Invalid, NotFound, Refused
from engine.runtime.views import TroubleById, Troubles
from web.door import ask, do
from web.errors import sentence
from web.security import allow

incidents = Blueprint("incidents", __name__, url_prefix="/incidents")


@incidents.get("")
@allow("admin", "revisor")
def index() -> Any:
    closed = request.args.get("state") == "closed"
    number = min(max(request.args.get("page", 1, type=int), 1), 10_000)
    page = ask(Troubles(closed, number))
    kept: dict[str, Any] = {"state": "closed"} if closed else {}
    return render_template(
        "incidents/index.html",
        page=page,
        closed=closed,
        previous_url=url_for("incidents.index", **kept, page=number - 1) if number > 1 else None,
        next_url=url_for("incidents.index", **kept, page=number + 1) if page.has_more else None,
    )


@incidents.get("/<int:incident_id>")
@allow("admin", "revisor")
def show(incident_id: int) -> Any:
    return _page(incident_id)


def _page(incident_id: int, errors: Mapping[str, str] | None = None, given: Mapping[str, str] | None = None) -> str:
    trouble = ask(TroubleById(incident_id))
    return render_template("incidents/show.html", trouble=trouble, errors=errors or {}, given=given or {})


@incidents.post("/<int:incident_id>/retry")
@allow("admin")
def retry(incident_id: int) -> Any:
    return _move(RetryIncident(incident_id), gettext("Steget försöker igen. Lyckas det går ärendet vidare."))


@incidents.post("/<int:incident_id>/resolve")
@allow("admin")
def resolve(incident_id: int) -> Any:
    note = request.form.get("note", "").strip()
    errors = {}
    if not note:
        errors["note"] = gettext("Skriv vad du gjorde i stället och varför. Det står kvar i ärendets historik.")
    try:
        variables = json.loads(request.form.get("variables") or "{}")
        if not isinstance(variables, dict):
            raise ValueError
    except ValueError:
        errors["variables"] = gettext(
            'Skriv värdena som JSON, till exempel {"dnr": "HSF 2026-0012"}, eller lämna fältet tomt.'
        )
    if errors:
        return _page(incident_id, errors, request.form), 422
    try:
        return _move(ResolveIncident(incident_id, note, variables), gettext("Ärendet går vidare utan steget."))
    except Guarded as guarded:
        return _page(incident_id, {"note": sentence(guarded)}), 422  # R2: what was written is not repeated
    except Invalid as invalid:
        return _page(incident_id, {"note": sentence(invalid)}, request.form), 422


def _move(command: Any, done: str) -> Any:
    try:
        do(command)
        flash(done, "ok")
    except (NotFound, Invalid, Guarded):
        raise
    except Refused as refused:
        flash(sentence(refused), "late")
    return redirect(url_for("incidents.index"), 303)
