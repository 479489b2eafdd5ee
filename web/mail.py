"""Utskick: every mail that left the house, or waits to."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext

from engine.runtime.views import MailById, Mails
from web.case import addressee
from web.door import ask
from web.security import SIGNED_IN, allow

mail = Blueprint("mail", __name__)
mail.add_app_template_filter(addressee)
READERS = ("storsthlm", "hsf", "sekretariat", "admin", "revisor")


@mail.app_template_global()
def mail_kinds() -> dict[str, str]:
    return {
        "aterkoppling": gettext("Återkoppling"),
        "kannedom": gettext("För kännedom"),
        "kvitto": gettext("Kvitto"),
        "paminnelse": gettext("Påminnelse"),
        "begaran": gettext("Begäran om uppgifter"),
        "meddelande": gettext("Meddelande"),
    }


@mail.app_template_global()
def mail_statuses() -> dict[str, tuple[str, str]]:
    """Status -> the mark it carries, and its word."""
    return {
        "sent": ("done", gettext("Skickat")),
        "queued": ("others", gettext("I kö")),
        "failed": ("fault", gettext("Misslyckades")),
        "kept": ("plain", gettext("Kvar här")),
    }


@mail.get("/mail")
@allow(*READERS)
def index() -> Any:
    given = {name: request.args.get(name, "").strip()[:100] for name in ("q", "status", "kind")}
    number = min(max(request.args.get("page", 1, type=int), 1), 10_000)
    page = ask(Mails(given["q"], given["status"], given["kind"], number))
    kept: dict[str, Any] = {name: value for name, value in given.items() if value}
    return render_template(
        "mail/index.html",
        page=page,
        given=given,
        is_narrowed=any(given.values()),
        previous_url=url_for("mail.index", **kept, page=number - 1) if number > 1 else None,
        next_url=url_for("mail.index", **kept, page=number + 1) if page.has_more else None,
    )


@mail.get("/mail/<int:mail_id>")
@allow(SIGNED_IN)
def show(mail_id: int) -> Any:
    """For those who see the list, and for those who may read the mail's case."""
    found = ask(MailById(mail_id))
    return render_template("mail/show.html", mail=found, to=addressee(found))
