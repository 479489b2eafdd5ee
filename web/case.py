"""Cases: the list, one case with its ladder and story, its diagram, comments, decisions as minutes; paused or ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engine import BeginActivity, CancelCase, Comment, EndAdHoc, ResumeCase, SkipWait, SuspendCase
from engine.calendar import local
from engine.errors import Guarded, Invalid, NotFound, Refused
from engine.runtime.views import CaseList, CasePage, Cases, CaseStory, CaseWalk, MailRow, Post
from web import assess, labels
from web.answers import told
from web.door import ask, do, now
from web.errors import sentence
from web.formats import day_text
from web.ladder import decision_words, ladder_of
from web.security import SIGNED_IN, allow, holds, is_pane
from web.stairs import drawing
from web.story import grouped, tell

case = Blueprint("case", __name__)

WHOLE = ("storsthlm", "hsf", "sekretariat", "tsg", "vis", "socialtjanstnatverk", "admin", "revisor")
SKIPPABLE = ("message", "signal", "timer", "condition", "data")
STATES = ("open", "closed", "active", "suspended", "completed", "cancelled", "failed", "terminated")


@case.app_template_global("ladder_for")
def ladder_for(one: Any, variables: Mapping[str, Any]) -> Any:
    """The ladder of a case as any page has it (with .process or .definition.key); None where it has none."""
    process = getattr(one, "process", None) or one.definition.key
    return ladder_of(process, one.status, one.state, variables, one.started_at)


@case.app_template_filter("short_day")
def short_day(value: Any) -> str:
    """ "14 apr", with the year where it is not this one."""
    return day_text(value, weekday=False)


@case.app_template_filter("sentence_case")
def sentence_case(text: str) -> str:
    """A capital first; the others stay as they are (VIS)."""
    return text[:1].upper() + text[1:]


@case.app_template_filter("status_word")
def status_word(status: str | None) -> str:
    """A case's status in words: out of the code list, or one of the other processes' own."""
    known = {
        "registrering": gettext("Väntar på registrering"),
        "bedoms": gettext("Bedöms"),
        "signeras": gettext("Signeras"),
        "klar": gettext("Klar"),
        "prioritering": gettext("Prioritering"),
        "inhamtning": gettext("Inhämtning"),
        "dialog": gettext("Dialog och analys"),
        "rapport": gettext("Rapport till VIS"),
        "uppdrag": gettext("Nya uppdrag"),
        "vantar": gettext("Väntar på uppgifter"),
        "saknas": gettext("Saknas, med skäl"),
        "pagar": gettext("Pågår"),
        "planeras": gettext("Planeras"),
        "forbereds": gettext("Förbereds"),
        "beslutat": gettext("Beslutat"),
        "forsenat": gettext("Försenat"),
    }
    word = labels.code(status, "status")
    return known.get(status or "", word.replace("_", " ").capitalize()) if word == status else word


case.add_app_template_global(drawing, "ladder_drawing")
assess.init_blueprint(case)
case.add_app_template_filter(decision_words, "decision")


# --- the list --------------------------------------------------------------------------------------------------------


@case.get("/cases")
@allow(SIGNED_IN)
def index() -> Any:
    given = {
        name: request.args.get(name, "").strip()[:100] for name in ("q", "process", "status", "party", "state", "sort")
    }
    state = given["state"] if given["state"] in STATES else ""
    # Those who work with whole cases need not see their parts; for a party its part is all there is.
    parts = request.args.get("parts") == "1" or bool(given["q"] or given["process"]) or not holds(*WHOLE)
    before = request.args.get("before", type=int)
    page = ask(
        Cases(
            search=given["q"],
            process=given["process"],
            status=given["status"],
            party=given["party"],
            state=state,
            sort=given["sort"] or "changed",
            page=_page_number(),
            parts=parts,
            before=before if before and 1 < before < 2**62 else None,
        )
    )
    asked: dict[str, Any] = {name: value for name, value in given.items() if value} | (
        {"parts": "1"} if request.args.get("parts") else {}
    )
    kept = asked | ({"before": before} if page.until else {})
    return render_template(
        "case/index.html",
        parts_url=url_for("case.index", **kept, parts="1") if not parts else None,
        stretch=_stretch(page),
        older_url=url_for("case.index", **asked, before=page.older) if page.older else None,
        latest_url=url_for("case.index", **asked) if page.until else None,
        page=page,
        given=given,
        is_narrowed=any(value for name, value in given.items() if name != "sort"),
        statuses=[(row["nyckel"], row["namn"]) for row in labels.reference("status")],
        parties=sorted(
            ((row["nyckel"], row["namn"]) for row in labels.reference("parter")),
            key=lambda one: labels.in_order(one[1]),
        ),
        previous_url=url_for("case.index", **kept, page=page.page - 1) if page.page > 1 else None,
        next_url=url_for("case.index", **kept, page=page.page + 1) if page.has_more else None,
    )


def _stretch(page: CaseList) -> str | None:
    """Where common words were looked for, if not in all cases."""
    since, until = (day_text(at, weekday=False) if at else None for at in (page.since, page.until))
    if since and until:
        return gettext(
            "Det du söker på finns i många ärenden. Här har vi letat bland dem som startade mellan %(since)s och "
            "%(until)s.",
            since=since,
            until=until,
        )
    if since:
        return gettext(
            "Det du söker på finns i många ärenden. Här har vi letat bland dem som startade %(since)s eller senare.",
            since=since,
        )
    if until:
        return gettext("Här har vi letat bland de äldsta, som startade %(until)s eller tidigare.", until=until)
    return None


def _page_number() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), 10_000)


# --- one case --------------------------------------------------------------------------------------------------------


@case.get("/cases/<int:case_id>")
@allow(SIGNED_IN)
def show(case_id: int) -> Any:
    return _page(case_id)


def _page(case_id: int, errors: Mapping[str, str] | None = None, text: str = "") -> str:
    before = request.args.get("before", type=int)
    all_steps = request.args.get("steps") == "all"
    story: CaseStory = ask(CasePage(case_id, before if before and before > 1 else None, all_steps))
    one = story.case
    return render_template(
        "case/show.html",
        story=story,
        case=one,
        ladder=ladder_of(one.process, one.status, one.state, story.variables, one.started_at),
        days_open=(local(one.ended_at or now()).date() - local(one.started_at).date()).days,
        reported=told(story.asked, story.variables, labels.form_context(story.variables)) if story.asked else [],
        events=grouped([tell(event, story.graph) for event in story.story.events]),
        feedback=_newest_first(story.variables.get("aterkoppling")),
        decisions=_numbered(story.variables.get("beslut")),
        mails=_together(story.mails),
        has_task=[one for one in story.waiting if one.kind == "task"],
        other_waits=[one for one in story.waiting if one.kind not in ("task", "incident") and not one.is_aside],
        skippable=[one for one in story.waiting if one.kind in SKIPPABLE and one.wait is not None],
        incidents=[one for one in story.waiting if one.kind == "incident"],
        related=_related(story),
        all_steps=all_steps,
        before=before,
        errors=errors or {},
        text=text,
    )


def _together(mails: Sequence[Post]) -> list[list[tuple[Post, str]]]:
    """The same words to several on the same day are one line."""
    pairs = [(mail, addressee(mail)) for mail in mails]
    groups: dict[Any, list[tuple[Post, str]]] = {}
    for mail, to in pairs:
        groups.setdefault((mail.title, local(mail.at).date()), []).append((mail, to))
    return list(groups.values())


def addressee(mail: Post | MailRow) -> str:
    """Whom a mail went to: the address where it may be shown, else whose it is (R33)."""
    return (mail.to if isinstance(mail, MailRow) else mail.who) or {
        "aterkoppling": gettext("Rapportören"),
        "kvitto": gettext("Rapportören"),
        "kannedom": gettext("Berörda led"),
        "paminnelse": gettext("Den som har uppgiften"),
    }.get(mail.kind, gettext("Berörd part"))


def _newest_first(value: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in reversed(value) if isinstance(one, Mapping)] if isinstance(value, list) else []


def _numbered(value: Any) -> list[tuple[int, Mapping[str, Any]]]:
    found = [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
    return list(enumerate(found, start=1))


@case.app_template_global()
def related_problem(story: CaseStory) -> Any:
    """The structural problem that a report was joined to, where the person may read it."""
    return next((one for one in story.related if one.process == "strukturellt_problem"), None)


def _related(story: CaseStory) -> list[tuple[str, list[Any]]]:
    """Cases that have to do with this one, in groups with a heading."""
    words = {
        "parent": gettext("Startades av"),
        "child": gettext("Delar av detta ärende"),
        "rapport": gettext("Rapporter"),
        "of:rapport": gettext("Tas upp i"),
    }
    groups: dict[str, list[Any]] = {}
    for one in story.related:
        heading = words.get(one.relation or "", gettext("Hör ihop med"))
        if one not in groups.setdefault(heading, []):
            groups[heading].append(one)
    return list(groups.items())


@case.get("/cases/<int:case_id>/diagram")
@allow(SIGNED_IN)
def diagram(case_id: int) -> Any:
    """The process with the path walked: a page of its own, or as a part of the case's page."""
    walk = ask(CaseWalk(case_id))
    return render_template("case/_walk.html" if is_pane() else "case/diagram.html", walk=walk, case_id=case_id)


@case.get("/cases/<int:case_id>/decisions/<int:number>")
@allow(SIGNED_IN)
def decision(case_id: int, number: int) -> Any:
    """One decision as a minute to print."""
    story: CaseStory = ask(CasePage(case_id))
    found = dict(_numbered(story.variables.get("beslut"))).get(number)
    if found is None:
        abort(404)
    return render_template("case/minute.html", story=story, case=story.case, decision=found, number=number)


@case.post("/cases/<int:case_id>/comments")
@allow(SIGNED_IN)
def add_comment(case_id: int) -> Any:
    text = request.form.get("text", "")
    try:
        do(Comment(case_id, text))
    except Guarded as guarded:
        return _page(case_id, {"text": sentence(guarded)}), 422  # R2: what was written is not repeated
    except Invalid as invalid:
        return _page(case_id, {"text": sentence(invalid)}, text), 422
    flash(gettext("Kommentaren är sparad."), "ok")
    return redirect(url_for("case.show", case_id=case_id, _anchor="comments"), 303)


# --- work that people choose -----------------------------------------------------------------------------------------


@case.post("/cases/<int:case_id>/work/<int:wait>/begin")
@allow(SIGNED_IN)
def begin_activity(case_id: int, wait: int) -> Any:
    """An activity of an ad-hoc sub-process; the engine knows who may."""
    command = BeginActivity(case_id, wait, request.form.get("element", ""))
    return _move(case_id, command, gettext("Startad. Det som någon ska göra ligger nu i inkorgen."))


@case.post("/cases/<int:case_id>/work/<int:wait>/end")
@allow(SIGNED_IN)
def end_work(case_id: int, wait: int) -> Any:
    return _move(case_id, EndAdHoc(case_id, wait), gettext("Arbetet är avslutat, och ärendet går vidare."))


# --- stopped and started again ---------------------------------------------------------------------------------------


@case.post("/cases/<int:case_id>/suspend")
@allow("admin")
def suspend(case_id: int) -> Any:
    return _move(case_id, SuspendCase(case_id, request.form.get("reason", "")), gettext("Ärendet är pausat."))


@case.post("/cases/<int:case_id>/waits/<int:wait>/skip")
@allow("admin")
def skip_wait(case_id: int, wait: int) -> Any:
    return _move(case_id, SkipWait(case_id, wait, request.form.get("reason", "")), gettext("Ärendet går vidare."))


@case.post("/cases/<int:case_id>/resume")
@allow("admin")
def resume(case_id: int) -> Any:
    return _move(case_id, ResumeCase(case_id), gettext("Ärendet går vidare."))


@case.post("/cases/<int:case_id>/cancel")
@allow("admin")
def cancel(case_id: int) -> Any:
    return _move(case_id, CancelCase(case_id, request.form.get("reason", "")), gettext("Ärendet är avbrutet."))


def _move(case_id: int, command: Any, done: str) -> Any:
    try:
        do(command)
        flash(done, "ok")
    except NotFound:
        raise
    except Refused as refused:
        flash(sentence(refused), "late")
    return redirect(url_for("case.show", case_id=case_id), 303)
