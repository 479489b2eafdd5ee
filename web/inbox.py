"""The inbox: tasks by place (mine, each role's, late, done), searched, sorted, filtered; filters can be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engine.errors import Invalid, Refused
from engine.runtime.inbox import (
    ALL,
    COUNT_LIMIT,
    DONE,
    LATE,
    MINE,
    STARTABLE,
    DeleteFilter,
    Inbox,
    InboxCounts,
    InboxPage,
    ProcessNames,
    SavedFilter,
    SavedFilters,
    SaveFilter,
    Search,
    role_of_place,
    working_roles,
)
from engine.runtime.startable import Startable, StartablePage
from web import labels
from web.door import actor, ask, do
from web.errors import sentence
from web.formats import ceiling
from web.security import SIGNED_IN, allow

inbox = Blueprint("inbox", __name__)

BESIDE = 3
"""How much of what can be started is shown beside a role's tasks."""


@inbox.get("/")
@allow(SIGNED_IN)
def home() -> Any:
    return redirect(url_for("inbox.index"))


@inbox.get("/inbox")
@allow(SIGNED_IN)
def index() -> Any:
    place = request.args.get("place") or _first_place()
    search, after = _search(request.args), request.args.get("after")
    counts = ask(InboxCounts())
    startable = _startable(place, search, after, counts)
    page = InboxPage((), startable.next_key) if place == STARTABLE else ask(Inbox(place, search, after=after))
    saved = ask(SavedFilters())
    processes = ask(ProcessNames())
    return render_template(
        "inbox/index.html",
        place=place,
        title=_title(place),
        search=search,
        page=page,
        startable=startable,
        all_startable_url=_page_url(STARTABLE, search, None),
        places=_places(place, counts, is_narrowed=not search.is_empty),
        saved=[(one, _url(one), one.place == place and one.search == search) for one in saved],
        processes=sorted(processes.items(), key=lambda one: one[1]),
        parties=_parties(),
        next_url=_page_url(place, search, page.next_key) if page.next_key else None,
        first_url=_page_url(place, search, None) if after else None,
        why=labels.why_mine,
        has_roles=bool(working_roles(actor())),
    )


@inbox.post("/inbox/filters")
@allow(SIGNED_IN)
def save_filter() -> Any:
    place, search = request.form.get("place") or MINE, _search(request.form)
    try:
        do(SaveFilter(request.form.get("name", ""), place, search))
        flash(gettext("Filtret är sparat."), "ok")
    except (Invalid, Refused) as refused:
        flash(sentence(refused), "late")
    return redirect(_page_url(place, search, None), 303)


@inbox.post("/inbox/filters/<int:filter_id>/delete")
@allow(SIGNED_IN)
def delete_filter(filter_id: int) -> Any:
    do(DeleteFilter(filter_id))
    flash(gettext("Filtret är borttaget."), "ok")
    return redirect(url_for("inbox.index"), 303)


# --- what the page needs ---------------------------------------------------------------------------------------------


def _search(given: Any) -> Search:
    """From the address or a form; what makes no sense counts as not said."""

    def one_of(name: str, *known: str) -> str:
        value = given.get(name, "")
        return value if value in known else known[0]

    return Search(
        text=" ".join(given.get("q", "").split())[:100],
        process=given.get("process", "")[:100],
        party=given.get("party", "")[:100],
        held=one_of("held", "", "free", "taken"),
        late=given.get("late") == "1",
        order=one_of("order", "due", "newest"),
    )


def _startable(place: str, search: Search, after: str | None, counts: Mapping[str, int]) -> StartablePage:
    """What can be started: all of it on its own page, the newest beside a role's tasks. Not asked for where there is
    none, as for most people."""
    if not counts.get(STARTABLE) or place in (MINE, LATE, DONE) or (after and place != STARTABLE):
        return StartablePage((), None)
    if place == STARTABLE:
        return ask(Startable(place, search, after))
    return ask(Startable(place, search, limit=BESIDE))


def _first_place() -> str:
    """Where there is one role, its inbox shows what the person can do; their own place would often be empty."""
    roles = working_roles(actor())
    return str(roles[0]) if len(roles) == 1 else ALL if roles else MINE


def _places(current: str, counts: dict[str, int], is_narrowed: bool) -> list[dict[str, Any]]:
    roles = working_roles(actor())
    names = [(MINE, gettext("Mina"))]
    if len(roles) > 1:
        names.append((ALL, gettext("Alla mina roller")))
    names += [(str(held), labels.role_name(held)) for held in roles]
    if counts.get(STARTABLE) or current == STARTABLE:
        names.append((STARTABLE, gettext("Kan startas")))
    names += [(LATE, gettext("Försenade")), (DONE, gettext("Klara"))]
    return [
        {
            "url": url_for("inbox.index", place=place),
            "text": text,
            "count": ceiling(counts[place], COUNT_LIMIT) if place in counts else None,
            "counted": gettext("som kan startas") if place == STARTABLE else gettext("uppgifter"),
            "is_current": place == current and not is_narrowed,
            "is_here": place == current,
            "is_late": place == LATE and counts.get(LATE, 0) > 0,
        }
        for place, text in names
    ]


def _title(place: str) -> str:
    known = {
        MINE: gettext("Mina uppgifter"),
        ALL: gettext("Uppgifter för mina roller"),
        LATE: gettext("Försenade uppgifter"),
        DONE: gettext("Det jag har gjort"),
        STARTABLE: gettext("Det som kan startas"),
    }
    return known.get(place) or labels.role_name(role_of_place(actor(), place))


def _parties() -> list[tuple[str, str]]:
    """Whom a task may be about: parties, and the city's districts, which are areas of their own."""
    parties = [(row["nyckel"], row["namn"]) for row in labels.reference("parter")]
    areas = [(row["nyckel"], row["namn"]) for row in labels.reference("lokala_omraden") if row.get("stadsdel")]
    return sorted([*parties, *areas], key=lambda one: labels.in_order(one[1]))


def _page_url(place: str, search: Search, after: str | None) -> str:
    shown = {
        "q": search.text,
        "process": search.process,
        "party": search.party,
        "held": search.held,
        "late": "1" if search.late else "",
        "order": search.order if search.order != "due" else "",
        "after": after,
    }
    arguments: dict[str, Any] = {name: value for name, value in shown.items() if value}
    return url_for("inbox.index", place=place, **arguments)


def _url(one: SavedFilter) -> str:
    return _page_url(one.place, replace(one.search), None)
