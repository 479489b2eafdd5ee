"""Klockan, in the demo only: move time forward and let everything on the way happen in the order of the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from engine import MoveClock, Worker
from engine.calendar import STOCKHOLM, Quarter, local
from engine.runtime.views import Happened
from web.door import ask, do, engine, now
from web.formats import day_text
from web.security import SIGNED_IN, allow

clock = Blueprint("clock", __name__, url_prefix="/clock")

FURTHEST = timedelta(days=800)
"""As far as one may go at once: two years of quarters and wheels, in a minute or so."""

WORKDAY = time(8, 0)


@clock.get("")
@allow(SIGNED_IN)
def index() -> str:
    return _page()


@clock.post("")
@allow(SIGNED_IN)
def move() -> Any:
    """Go on to `to` (local time). What falls due before then is done at its own time, not all at the end."""
    given = request.form.get("to", "")
    to, error = _asked(given)
    if to is None:
        return _page(given, error), 422
    since = now()
    Worker(engine(), "klockan", None).live_until(to, _set)
    told = happened(ask(Happened(since)))
    flash(gettext("Klockan är nu %(moment)s.", moment=_words(now())) + " " + told, "ok")
    return redirect(url_for("clock.index"), 303)


def happened(counts: Mapping[str, int]) -> str:
    """What fell on the way, as a sentence."""
    words = [
        ngettext("ett ärende startade", "%(num)d ärenden startade", counts.get("case:started", 0)),
        ngettext("ett ärende avslutades", "%(num)d ärenden avslutades", counts.get("case:ended", 0)),
        ngettext("en uppgift öppnades", "%(num)d uppgifter öppnades", counts.get("task:opened", 0)),
        ngettext("en störning uppstod", "%(num)d störningar uppstod", counts.get("incident:opened", 0)),
        ngettext("ett utskick gick ut", "%(num)d utskick gick ut", counts.get("mail", 0)),
    ]
    kinds = ("case:started", "case:ended", "task:opened", "incident:opened", "mail")
    told = [text for kind, text in zip(kinds, words, strict=True) if counts.get(kind)]
    return gettext("På vägen: %(what)s.", what=", ".join(told)) if told else gettext("Inget hände på vägen.")


@clock.app_template_global()
def clock_words() -> str:
    return _words(now())


def _words(moment: datetime) -> str:
    return f"{day_text(moment)} {local(moment).year} {local(moment):%H:%M}"


def _page(given: str = "", error: str = "") -> str:
    return render_template("clock/index.html", leaps=_leaps(), given=given, errors={"to": error} if error else {})


def _leaps() -> list[tuple[str, str]]:
    """Where one most often wants to go, as (local time for the form, in words)."""
    today = local(now()).date()
    quarter = Quarter.of(today)
    later = (
        (today + timedelta(days=1), gettext("I morgon")),
        (today + timedelta(days=7), gettext("Om en vecka")),
        (quarter.last_day + timedelta(days=1), gettext("Nästa kvartal börjar")),
        (quarter.last_day + timedelta(days=19), gettext("Nästa kvartalsanalys kan börja")),
    )
    return [(datetime.combine(day, WORKDAY).isoformat(timespec="minutes"), words) for day, words in later]


def _asked(text: str) -> tuple[datetime | None, str]:
    try:
        to = datetime.fromisoformat(text)
        to = to.replace(tzinfo=STOCKHOLM) if to.tzinfo is None else to
        wait = to - now()
    except (ValueError, OverflowError):
        return None, gettext("Skriv dag och klockslag, till exempel 2026-04-20 09:00.")
    if wait < timedelta(0):
        return None, gettext("Klockan kan bara ställas framåt.")
    if wait > FURTHEST:
        return None, gettext("Gå högst två år framåt i taget.")
    return to, ""


def _set(to: datetime) -> None:
    # The demo's clock ticks while this works: what it has passed already needs no move.
    if to - now() > timedelta(milliseconds=50):
        do(MoveClock(to))
