"""Starting a case: what one's roles may start, its form with guidance beside it, and the receipt."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext

from engine import StartCase
from engine.errors import Conflict, Guarded, Invalid, Refused, Unsure
from engine.forms import Form, inputs
from engine.runtime.starts import ReceiptOf, Way, WayIn, WaysIn
from web import forms, labels
from web.door import actor, ask, do
from web.errors import sentence, unsure_whether
from web.security import SIGNED_IN, allow

start = Blueprint("start", __name__, url_prefix="/start")
NO_FORM = Form(())


@start.get("")
@allow(SIGNED_IN)
def index() -> Any:
    return render_template("start/index.html", ways=ask(WaysIn()))


@start.get("/<process>")
@allow(SIGNED_IN)
def fill_in(process: str) -> Any:
    way = ask(WayIn(process))
    form = way.form or NO_FORM
    return _page(way, forms.initial_answers(form, _known(form), None))


@start.post("/<process>")
@allow(SIGNED_IN)
def begin(process: str) -> Any:
    way = ask(WayIn(process))
    form = way.form or NO_FORM
    answers: dict[str, Any] = {}
    try:
        answers = forms.answers_sent(form)
        grow, without = forms.wanted_rows()
        if grow or without:
            forms.leave_out(answers, without or "")
            return _page(way, answers, grow=grow)
        case_id = do(StartCase(process, answers, once=request.form.get("once", "")[:64] or None))
    except Invalid as invalid:
        return _page(way, answers, errors=forms.first_sentences(invalid.fields)), 422
    except Guarded as guarded:
        # R2: nothing is stored, and the page that says so does not repeat the number.
        return _page(way, forms.masked(answers), errors=forms.first_sentences(guarded.fields)), 422
    except (Conflict, Refused) as refused:
        return _page(way, answers, errors={"": sentence(refused)}), 409
    except Unsure:
        return _page(way, answers, errors={"": unsure_whether()}), 503
    return redirect(url_for("start.receipt", case_id=case_id), 303)


@start.get("/receipt/<int:case_id>")
@allow(SIGNED_IN)
def receipt(case_id: int) -> Any:
    told = ask(ReceiptOf(case_id))
    return render_template(
        "start/receipt.html", receipt=told, bodies=[f"start/receipts/{told.process}.html", "start/receipts/_any.html"]
    )


def _page(
    way: Way, answers: Mapping[str, Any], errors: Mapping[str, str] | None = None, grow: str | None = None
) -> str:
    form = way.form or NO_FORM
    context = labels.form_context(way.seen)
    fields = forms.draw(form, context, answers, errors, grow)
    return render_template(
        "start/fill_in.html",
        way=way,
        fields=fields,
        sections=forms.sections(fields),
        errors=forms.placed(errors or {}, fields),
        submit=form.submit or gettext("Starta"),
        labels=forms.submit_labels(form, context),
        once=request.form.get("once", "")[:64] or secrets.token_urlsafe(16),
        guidance=[f"start/guidance/{way.process}.html", "start/guidance/_any.html"],
    )


def _known(form: Form) -> dict[str, Any]:
    """What the house knows about who starts, for fields that ask it by these names: nobody types their own kommun."""
    held = actor().memberships
    areas = list(dict.fromkeys(one.scope for one in held if one.scope and labels.is_area(one.scope)))
    parties = list(dict.fromkeys(one.party for one in held if one.party))
    known: dict[str, Any] = {}
    names = {one.name for one in inputs(form)}
    if len(areas) == 1 and "lokalt_omrade" in names:
        known["lokalt_omrade"] = areas[0]
    if len(parties) == 1 and "rapporterande_part" in names:
        known["rapporterande_part"] = labels.local_actor(areas[0], parties[0]) if len(areas) == 1 else parties[0]
    return known
