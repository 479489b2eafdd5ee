"""Granskning: the proof that the history is whole, a search through it, and who has read what (R34, R37)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext

from engine import ReadLog, VerifyHistory
from engine.runtime.views import HistorySearch
from engine.runtime.views.search import Place
from web import labels
from web.door import ask, now
from web.formats import STOCKHOLM
from web.languages import current
from web.security import allow

audit = Blueprint("audit", __name__, url_prefix="/audit")

LOG_PAGE = 100


@audit.app_template_global()
def history_kinds() -> dict[str, str]:
    """Kinds of history rows in words, in the order in which one would look for them."""
    return {
        "case:started": gettext("Ärende startat"),
        "case:ended": gettext("Ärende avslutat"),
        "case:suspended": gettext("Ärende pausat"),
        "case:resumed": gettext("Ärende återupptaget"),
        "case:cancelled": gettext("Ärende avbrutet"),
        "case:reopened": gettext("Ärende öppnat igen"),
        "case:called": gettext("Delärende startat"),
        "case:returned": gettext("Delärende klart"),
        "compensation:called": gettext("Delärende ska göras ogjort"),
        "task:opened": gettext("Uppgift öppnad"),
        "task:claimed": gettext("Uppgift tagen"),
        "task:released": gettext("Uppgift släppt"),
        "task:delegated": gettext("Uppgift överlämnad"),
        "task:completed": gettext("Uppgift gjord"),
        "task:cancelled": gettext("Uppgift behövs inte"),
        "activity:begun": gettext("Aktivitet startad"),
        "ad_hoc:opened": gettext("Fritt arbete öppnat"),
        "ad_hoc:ended": gettext("Fritt arbete avslutat"),
        "ad_hoc:closed": gettext("Fritt arbete klart"),
        "element:passed": gettext("Steg passerat"),
        "element:reached": gettext("Steg nått"),
        "element:compensated": gettext("Steg gjort ogjort"),
        "escalation:received": gettext("Eskalering mottagen"),
        "service:added": gettext("Tjänst beställd"),
        "service:finished": gettext("Tjänst gjord"),
        "service:failed": gettext("Tjänst misslyckades"),
        "service:cancelled": gettext("Tjänst behövs inte"),
        "timer:set": gettext("Tid satt"),
        "timer:fired": gettext("Tid inne"),
        "timer:cancelled": gettext("Tid borttagen"),
        "wait:opened": gettext("Väntan började"),
        "wait:cancelled": gettext("Väntan behövs inte"),
        "message:received": gettext("Meddelande mottaget"),
        "message:sent": gettext("Meddelande skickat"),
        "signal:received": gettext("Signal mottagen"),
        "condition:met": gettext("Villkor uppfyllt"),
        "condition:lapsed": gettext("Villkor upphörde"),
        "data:received": gettext("Data fanns"),
        "signal:sent": gettext("Signal skickad"),
        "store:written": gettext("Datalager skrivet"),
        "incident:opened": gettext("Störning uppstod"),
        "incident:retried": gettext("Störning: försöktes igen"),
        "wait:skipped": gettext("Väntan avbruten för hand"),
        "incident:resolved": gettext("Störning löst"),
        "comment:added": gettext("Kommentar"),
    }


@audit.get("")
@allow("revisor")
def index() -> Any:
    given = {
        name: request.args.get(name, "").strip()[:100] for name in ("q", "kind", "role", "process", "since", "until")
    }
    since, until = _start_of(given["since"]), _start_of(given["until"])
    rows, more = ask(
        HistorySearch(
            text=given["q"],
            kind=given["kind"],
            role=given["role"],
            process=given["process"],
            since=since,
            until=until + timedelta(days=1) if until else None,
            before=_place(request.args.get("before", "")),
        )
    )
    kept: dict[str, Any] = {name: value for name, value in given.items() if value}
    return render_template(
        "audit/index.html",
        rows=rows,
        given=given,
        is_narrowed=bool(kept),
        roles=[(row["nyckel"], labels.role_name(row["nyckel"])) for row in labels.reference("roller")],
        next_url=url_for("audit.index", **kept, before=f"{more[0].isoformat()}|{more[1]}") if more else None,
        first_url=url_for("audit.index", **kept) if request.args.get("before") else None,
    )


@audit.post("/verify")
@allow("revisor", "admin")
def verify() -> Any:
    """Changes nothing; a POST because it reads all of the history, which nobody should start by a link."""
    report = ask(VerifyHistory())
    is_english = current() == "en"
    return render_template(
        "audit/verify.html",
        report=report,
        told=report.sentence_en if is_english else report.sentence_sv,
        warning=report.warning_en if is_english else report.warning_sv,
        at=now(),
        is_english=is_english,
    )


@audit.get("/reads")
@allow("revisor", "admin")
def reads() -> Any:
    before = request.args.get("before", type=int)
    rows = ask(ReadLog(LOG_PAGE + 1, before))
    more = len(rows) > LOG_PAGE
    return render_template(
        "audit/reads.html",
        rows=rows[:LOG_PAGE],
        next_url=url_for("audit.reads", before=rows[LOG_PAGE - 1].id) if more else None,
        first_url=url_for("audit.reads") if before else None,
    )


def _start_of(text: str) -> datetime | None:
    """Midnight in Stockholm of an ISO date, as UTC; what is no date counts as not said."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time.min, STOCKHOLM).astimezone(UTC) if day.year > 1900 else None


def _place(text: str) -> Place | None:
    at, _, row = text.partition("|")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, int(row)) if moment.tzinfo and row.isdecimal() and len(row) < 19 else None
