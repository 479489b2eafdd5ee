"""Signing in and out. In the demo one picks whom to be; without it, that page does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, refresh

from engine import KeepSession, LogIn, LogInDemo, LogOut, People
from engine.errors import NotAllowed
from web import labels, languages
from web.door import ask, do
from web.errors import sentence
from web.security import ANYONE, SIGNED_IN, allow, begin_session, end_session, local_path, require_pace

auth = Blueprint("auth", __name__)


@auth.get("/login")
@allow(ANYONE)
def login() -> Any:
    if g.actor is not None:
        return redirect(local_path(request.args.get("next"), url_for("inbox.index")))
    if current_app.config["DEMO"]:
        return _pick_page()
    return render_template("auth/login.html", username="", error=None)


@auth.post("/login")
@allow(ANYONE)
def log_in() -> Any:
    """By name and password. Five tries a minute per account and address; the engine counts per account besides."""
    username = request.form.get("username", "")[:100]
    require_pace(f"login {request.remote_addr} {username.strip().casefold()}", 5)
    try:
        token = do(LogIn(username, request.form.get("password", "")[:1000]))
    except NotAllowed as refused:
        return render_template("auth/login.html", username=username, error=sentence(refused)), 422
    return begin_session(redirect(_wanted(), 303), token)


@auth.get("/login/password")
@allow(ANYONE)
def by_password() -> Any:
    return render_template("auth/login.html", username="", error=None)


@auth.post("/login/demo")
@allow(ANYONE)
def log_in_as() -> Any:
    if not current_app.config["DEMO"]:
        abort(404)
    token = do(LogInDemo(request.form.get("person", type=int) or 0))
    return begin_session(redirect(_wanted(), 303), token)


@auth.post("/logout")
@allow(ANYONE)
def logout() -> Any:
    if g.session_token:
        do(LogOut(g.session_token))
    response = end_session(redirect(url_for("auth.login"), 303))
    flash(gettext("Du är utloggad."), "ok")
    return response


@auth.post("/session/keep")
@allow(SIGNED_IN)
def keep() -> Any:
    do(KeepSession(g.session_token))
    return "", 204


@auth.post("/language")
@allow(ANYONE)
def language() -> Any:
    response = redirect(local_path(request.form.get("next")), 303)
    chosen = request.form.get("language")
    if chosen in languages.LANGUAGES:
        response.set_cookie(
            languages.COOKIE, chosen, max_age=31_536_000, samesite="Lax", httponly=True,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )  # fmt: skip
        refresh()
    return response


def _wanted() -> str:
    return local_path(request.form.get("next"), url_for("inbox.index"))


# --- the demo's page -------------------------------------------------------------------------------------------------


def _pick_page() -> Any:
    wanted = request.args.get("q", "").strip()[:100]
    accounts = [_account(person) for person in ask(People(demo=True))]
    if wanted:
        words = wanted.casefold().split()
        accounts = [one for one in accounts if all(word in one["words"] for word in words)]
    return render_template("auth/pick.html", groups=_grouped(accounts), q=wanted, count=len(accounts))


def _account(person: Any) -> dict[str, Any]:
    roles = [labels.role_name(f"{held.role}:{held.scope or ''}@{held.side or ''}") for held in person.roles]
    shown = roles if len(roles) <= 3 else [*roles[:2], gettext("%(count)d roller till", count=len(roles) - 2)]
    return {
        "id": person.id,
        "name": person.name,
        "role": " · ".join(shown) or gettext("Ingen roll"),
        "words": " ".join([person.name, person.username, *roles]).casefold(),
        "key": person.roles[0].role if roles else "",
    }


def _grouped(accounts: Iterable[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    groups = {
        gettext("Storsthlm, HSF och sekretariatet"): ("storsthlm", "hsf", "sekretariat"),
        gettext("Styrgrupper och nätverk"): ("tsg", "vis", "socialtjanstnatverk", "storsthlms_styrelse", "hsn"),
        gettext("Rapportörer"): ("rapportor_kommun", "rapportor_vardgivare"),
        gettext("Lokal samverkan"): ("lokal_samverkan",),
        gettext("Samrådsgrupper och arbetsgrupper"): ("samradsgrupp", "arbetsgrupp"),
        gettext("Parter och deltagare"): ("part", "socialchef", "dialogdeltagare", "slso"),
        gettext("Tillsyn och administration"): ("revisor", "admin", "processdesigner"),
    }
    placed: dict[str, list[dict[str, Any]]] = {name: [] for name in groups}
    other = gettext("Övriga")
    for account in accounts:
        name = next((name for name, keys in groups.items() if account["key"] in keys), other)
        placed.setdefault(name, []).append(account)
    return [
        (name, sorted(found, key=lambda one: labels.in_order(one["role"]))) for name, found in placed.items() if found
    ]
