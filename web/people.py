"""Personer och roller, and the settings: for the administrator. Nothing is deleted: a role gets a last day (R53)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from engine import (
    AddPerson,
    ChangeSetting,
    DeactivatePerson,
    EditPerson,
    EndRole,
    GrantRole,
    People,
    PersonById,
    ReactivatePerson,
    SetPassword,
    SettingsList,
)
from engine.errors import Conflict, Invalid, NotFound, Refused
from web import labels
from web.door import ask, do
from web.errors import sentence
from web.formats import today
from web.security import allow

people = Blueprint("people", __name__)

PAGE = 60
HIDDEN = ("demo.clock", "demo.wall")
"""Settings that have a page of their own."""


@people.get("/people")
@allow("admin")
def index() -> Any:
    wanted = request.args.get("q", "").strip()[:100]
    role = request.args.get("role", "")[:100]
    everybody = ask(People())
    found = [one for one in everybody if _fits(one, wanted, role)]
    number = min(max(request.args.get("page", 1, type=int), 1), len(found) // PAGE + 1)
    kept: dict[str, Any] = {name: value for name, value in (("q", wanted), ("role", role)) if value}
    return render_template(
        "people/index.html",
        people=found[(number - 1) * PAGE : number * PAGE],
        count=len(found),
        total=len(everybody),
        q=wanted,
        role=role,
        roles=_roles(),
        today=today(),
        previous_url=url_for("people.index", **kept, page=number - 1) if number > 1 else None,
        next_url=url_for("people.index", **kept, page=number + 1) if number * PAGE < len(found) else None,
    )


def _fits(one: Any, wanted: str, role: str) -> bool:
    day = today()
    held = [labels.role_name(_candidate(membership)) for membership in one.roles]
    text = " ".join([one.name, one.username, one.email, *held]).casefold()
    has_role = not role or any(membership.role == role and membership.is_valid(day) for membership in one.roles)
    return has_role and all(word in text for word in wanted.casefold().split())


@people.app_template_filter("held")
def _candidate(membership: Any) -> str:
    """A membership as a candidate, for the filter `role`."""
    scope = f":{membership.scope}" if membership.scope else ""
    return f"{membership.role}{scope}" + (f"@{membership.side}" if membership.side else "")


@people.app_template_filter("party_or_body")
def party_or_body(key: str | None) -> str:
    """For whom somebody holds a role: a party, else a body."""
    name = labels.party_name(key)
    return (labels.body_name(key) if name == key else name) or "–"


def _roles() -> list[tuple[str, str]]:
    rows = [(row["nyckel"], labels.role_name(row["nyckel"])) for row in labels.reference("roller")]
    return sorted(rows, key=lambda one: labels.in_order(one[1]))


@people.get("/people/new")
@allow("admin")
def new() -> Any:
    return render_template("people/new.html", given={}, errors={})


@people.post("/people")
@allow("admin")
def add() -> Any:
    given = {name: request.form.get(name, "") for name in ("username", "name", "email")}
    password = request.form.get("password", "")
    try:
        person_id = do(AddPerson(given["username"], given["name"], given["email"], password or None))
    except (Conflict, Invalid) as refused:
        return render_template("people/new.html", given=given, errors=_errors(refused, "username")), 422
    flash(gettext("Personen är tillagd. Ge personen en roll, så syns rätt inkorg."), "ok")
    return redirect(url_for("people.show", person_id=person_id), 303)


@people.get("/people/<int:person_id>")
@allow("admin")
def show(person_id: int) -> Any:
    return _page(person_id)


def _page(person_id: int, errors: Mapping[str, str] | None = None, at: str = "") -> str:
    """`at`: which of the page's forms was refused, so that it stands open with what was filled in."""
    one = ask(PersonById(person_id))
    return render_template(
        "people/show.html",
        one=one,
        roles=_roles(),
        scopes=_scopes(),
        parties=_parties(),
        today=today(),
        errors=errors or {},
        at=at,
        given=request.form,
    )


def _scopes() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a role can be bound to, in groups."""
    groups = [
        (gettext("Lokala områden"), [(row["nyckel"], row["namn"]) for row in labels.reference("lokala_omraden")]),
        (gettext("Organ och grupper"), [(row["nyckel"], row["namn"]) for row in labels.reference("organ")]),
        (gettext("Parter"), [(row["nyckel"], row["namn"]) for row in labels.reference("parter")]),
    ]
    return [(name, sorted(rows, key=lambda one: labels.in_order(one[1]))) for name, rows in groups]


def _parties() -> list[tuple[str, str]]:
    kinds = ("parter", "ovriga_rapporterande")
    rows = [(row["nyckel"], row["namn"]) for kind in kinds for row in labels.reference(kind)]
    return sorted(rows, key=lambda one: labels.in_order(one[1]))


@people.post("/people/<int:person_id>")
@allow("admin")
def edit(person_id: int) -> Any:
    command = EditPerson(person_id, request.form.get("name", ""), request.form.get("email", ""))
    return _change(person_id, command, gettext("Ändringen är sparad."), "edit")


@people.post("/people/<int:person_id>/password")
@allow("admin")
def set_password(person_id: int) -> Any:
    command = SetPassword(person_id, request.form.get("password", ""))
    done = gettext("Det nya lösenordet gäller. Personen är utloggad överallt.")
    return _change(person_id, command, done, "password")


@people.post("/people/<int:person_id>/deactivate")
@allow("admin")
def deactivate(person_id: int) -> Any:
    done = gettext("Personen kan inte längre logga in. Det personen har gjort står kvar.")
    return _change(person_id, DeactivatePerson(person_id), done, "")


@people.post("/people/<int:person_id>/reactivate")
@allow("admin")
def reactivate(person_id: int) -> Any:
    return _change(person_id, ReactivatePerson(person_id), gettext("Personen kan logga in igen."), "")


@people.post("/people/<int:person_id>/roles")
@allow("admin")
def grant(person_id: int) -> Any:
    given = {name: request.form.get(name, "").strip() or None for name in ("role", "scope", "side", "party")}
    try:
        first, last = _day("valid_from"), _day("valid_to")
    except ValueError:
        told = gettext("Skriv datum som ÅÅÅÅ-MM-DD.")
        return _page(person_id, {"valid_from": told}, "grant"), 422
    command = GrantRole(person_id, given["role"] or "", given["scope"], given["side"], given["party"], first, last)
    return _change(person_id, command, gettext("Rollen är tilldelad och gäller från nästa sidvisning."), "grant")


@people.post("/people/<int:person_id>/roles/<int:membership_id>/end")
@allow("admin")
def end_role(person_id: int, membership_id: int) -> Any:
    try:
        last = _day("valid_to")
    except ValueError:
        last = None
    return _change(person_id, EndRole(membership_id, last), gettext("Rollen är avslutad."), "")


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    return date.fromisoformat(text) if text else None


def _change(person_id: int, command: Any, done: str, at: str) -> Any:
    try:
        do(command)
    except NotFound:
        raise
    except Refused as refused:
        return _page(person_id, _errors(refused, ""), at), 422
    flash(done, "ok")
    return redirect(url_for("people.show", person_id=person_id), 303)


def _errors(refused: Refused, field: str) -> dict[str, str]:
    if isinstance(refused, Invalid) and refused.fields:
        return {name: sentences[0] for name, sentences in refused.fields.items() if sentences}
    return {field: sentence(refused)}


# --- settings --------------------------------------------------------------------------------------------------------


@people.get("/settings")
@allow("admin")
def settings() -> Any:
    return _settings_page()


def _settings_page(errors: Mapping[str, str] | None = None) -> str:
    values = ask(SettingsList())
    described = {row["nyckel"]: row for row in labels.reference("installningar")}
    rows = [_Setting.of(name, value, described.get(name)) for name, value in values.items() if name not in HIDDEN]
    order = list(described)
    named = sorted((row for row in rows if row["name"] in described), key=lambda row: order.index(row["name"]))
    technical = [row for row in rows if row["name"] not in described]
    return render_template(
        "people/settings.html", named=named, technical=technical, errors=errors or {}, given=request.form
    )


class _Setting:
    """A setting as its form shows it, and what was written in that form as a value again."""

    @staticmethod
    def of(name: str, value: Any, row: Mapping[str, Any] | None) -> dict[str, Any]:
        known = row or {}
        text = known.get("text")  # a catalogue may have it, as for the code lists
        return {
            "name": name,
            "text": gettext(text) if text else _technical().get(name, name),
            "unit": _units().get(known.get("enhet", ""), known.get("enhet", "")),
            "is_assumed": known.get("grund") == "A",
            "value": json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value,
            "default": known.get("varde"),
        }

    @staticmethod
    def read(text: str, old: Any) -> Any:
        """ValueError where the text is no value of the old one's kind."""
        text = text.strip()
        if isinstance(old, bool):
            return text == "true"
        if isinstance(old, int):
            return int(text)
        if isinstance(old, float):
            return float(text.replace(",", "."))
        if isinstance(old, list):
            value = json.loads(text)
            if not isinstance(value, list):
                raise ValueError
            return value
        if not text:
            raise ValueError
        return text


def _units() -> dict[str, str]:
    return {
        "arbetsdagar": gettext("arbetsdagar"),
        "dagar": gettext("dagar"),
        "antal": gettext("gånger"),
        "dag i månaden": gettext("dag i månaden"),
        "datum": gettext("månad-dag, 11-30 är 30 november"),
        "period": gettext("period, P14D är 14 dagar"),
    }


def _technical() -> dict[str, str]:
    return {
        "retry.minutes": gettext(
            "Pauser i minuter innan ett misslyckat steg försöker igen; därefter blir det en störning"
        ),
        "session.idle_minutes": gettext("Minuter utan aktivitet tills en inloggning upphör"),
        "session.hours": gettext("Timmar en inloggning gäller som längst"),
        "login.tries": gettext("Felaktiga lösenord i rad innan kontot får vänta"),
        "login.wait_minutes": gettext("Minuter kontot får vänta; dubblas för varje nytt fel"),
    }


@people.post("/settings/<name>")
@allow("admin")
def change_setting(name: str) -> Any:
    values = ask(SettingsList())
    try:
        value = _Setting.read(request.form.get("value", ""), values.get(name))
        do(ChangeSetting(name, value))
    except ValueError:
        told = gettext(
            "Skriv ett värde av samma slag som det som stod här, till exempel %(old)s.", old=values.get(name)
        )
        return _settings_page({name: told}), 422
    except Invalid as invalid:
        return _settings_page({name: sentence(invalid)}), 422
    flash(gettext("Inställningen är sparad och gäller från nästa steg i varje ärende."), "ok")
    return redirect(url_for("people.settings", _anchor=name), 303)
