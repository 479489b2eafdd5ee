"""The domain's names: roles, parties, areas and code words, out of the reference data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, g
from flask_babel import gettext

from engine.actor import Membership
from engine.forms import Context
from engine.identity import permissions
from engine.identity.queries import swedish
from web.door import actor, reference_rows
from web.formats import today


def reference(kind: str) -> Sequence[Mapping[str, Any]]:
    """Rows of a kind of reference data valid today; a code list by its bare name too. Local areas get their name."""
    found = _rows(kind) or _rows(f"kodlistor.{kind}")
    return [{**row, "namn": area_name(row.get("nyckel"))} for row in found] if kind == "lokala_omraden" else found


def _rows(kind: str) -> Sequence[Mapping[str, Any]]:
    if "reference" not in g:
        g.reference = reference_rows()  # all of it, once a request
    rows: Sequence[Mapping[str, Any]] = g.reference.get(kind, ())
    return rows


def form_context(variables: Mapping[str, Any]) -> Context:
    return Context(today(), variables, reference)


def _find(kind: str, key: Any) -> Mapping[str, Any] | None:
    return next((row for row in _rows(kind) if row.get("nyckel") == key), None) if key else None


def party_name(key: str | None) -> str:
    """ "Huddinge", "Region Stockholm", "KSON"; the key itself where nobody knows it."""
    for kind in ("parter", "ovriga_rapporterande"):
        row = _find(kind, key)
        if row:
            return str(row["namn"])
    return key or ""


def area_name(key: str | None) -> str:
    """A local area: the kommun, or "Stockholm, Farsta"."""
    row = _find("lokala_omraden", key)
    if not row:
        return key or ""
    if row.get("namn"):
        return str(row["namn"])
    district = _find("stadsdelsomraden", row.get("stadsdel"))
    party = party_name(row.get("part"))
    return f"{party}, {district['namn']}" if district else party


def local_actor(area: str, party: str) -> str:
    """Who acts for the kommun in a local area: the kommun, or in Norrtälje KSON (R8); for others the party itself."""
    row = _find("lokala_omraden", area) or {}
    return str(row.get("lokal_aktor") or party) if row.get("part") == party else party


def is_area(key: str) -> bool:
    return _find("lokala_omraden", key) is not None


def body_name(key: str | None) -> str:
    row = _find("organ", key)
    return str(row.get("kortnamn") or row["namn"]) if row else key or ""


def scope_name(role: str, scope: str | None) -> str:
    """What a role is bound to: a body, a local area or a party."""
    if not scope:
        return ""
    for kind, name in (("organ", body_name), ("lokala_omraden", area_name), ("parter", party_name)):
        if _find(kind, scope):
            return name(scope)
    return scope


def side_name(side: str | None) -> str:
    return {"kommun": gettext("kommunens sida"), "region": gettext("regionens sida")}.get(side or "", side or "")


def code(value: Any, kind: str) -> str:
    """The word for a code: `status|code('status')`; the code itself where the list does not have it."""
    row = next((row for row in reference(kind) if row.get("nyckel") == value), {})
    word = str(row.get("namn") or row.get("kortnamn") or value or "")
    return gettext(word) if row else word  # a list's own words may stand in a catalogue; what people wrote may not


def _role_words() -> dict[str, str]:
    return {
        "storsthlm": gettext("Storsthlm, handläggare"),
        "hsf": gettext("HSF, handläggare"),
        "sekretariat": gettext("Gemensamma sekretariatet"),
        "tsg": gettext("TSG, sekreterare"),
        "vis": gettext("VIS, sekreterare"),
        "socialtjanstnatverk": gettext("Socialtjänstnätverket, sekreterare"),
        "rapportor_kommun": gettext("Rapportör i kommun"),
        "rapportor_vardgivare": gettext("Rapportör hos vårdgivare"),
        "lokal_samverkan": gettext("Lokal samverkan"),
        "samradsgrupp": gettext("Samrådsgrupp"),
        "arbetsgrupp": gettext("Arbetsgrupp"),
        "dialogdeltagare": gettext("Uppföljningsdialogen"),
        "socialchef": gettext("Socialchef"),
        "part": gettext("Registrator"),
        "storsthlms_styrelse": gettext("Storsthlms styrelse, sekreterare"),
        "hsn": gettext("HSN, sekreterare"),
        "slso": gettext("SLSO, stöd till vårdcentraler"),
        "ordforande": gettext("Ordförande"),
        "justerare": gettext("Justerare"),
        "motessekreterare": gettext("Mötessekreterare"),
        "processdesigner": gettext("Processdesigner"),
        "revisor": gettext("Revisor"),
        "admin": gettext("Administratör"),
        "system": gettext("Systemet"),
    }


def role_name(held: Membership | str | None, with_side: bool = True) -> str:
    """A membership or candidate in words: "Lokal samverkan, Huddinge (kommunens sida)"."""
    if not held:
        return ""
    candidate = permissions.parse(str(held))
    words = _role_words().get(candidate.role)
    if words is None:
        row = _find("roller", candidate.role)
        words = str(row["namn"]).split(" (")[0] if row else candidate.role
    scope = scope_name(candidate.role, candidate.scope)
    if scope and candidate.scope != candidate.role:
        words = f"{words}, {scope}"
    if with_side and candidate.side and candidate.role == "lokal_samverkan":
        words = f"{words} ({side_name(candidate.side)})"
    return words


def why_mine(held: Membership | None, is_assignee: bool) -> str:
    """Why a task is in somebody's inbox, as a sentence to them."""
    if held is None:
        return gettext("Uppgiften är tilldelad dig.") if is_assignee else ""
    scope = scope_name(held.role, held.scope)
    sentences = {
        "storsthlm": gettext("Du är handläggare på Storsthlm."),
        "hsf": gettext("Du är handläggare hos HSF."),
        "sekretariat": gettext("Du arbetar i gemensamma sekretariatet."),
        "tsg": gettext("Du är sekreterare för TSG."),
        "vis": gettext("Du är sekreterare för VIS."),
        "socialtjanstnatverk": gettext("Du är sekreterare för socialtjänstnätverket."),
        "rapportor_kommun": gettext("Du är rapportör i %(where)s.", where=scope),
        "rapportor_vardgivare": gettext("Du är rapportör för en vårdgivare i %(where)s.", where=scope),
        "lokal_samverkan": gettext("Du ingår i lokal samverkan i %(where)s.", where=scope),
        "samradsgrupp": gettext("Du är sammankallande i samrådsgruppen %(where)s.", where=scope),
        "arbetsgrupp": gettext("Du är sammankallande i arbetsgruppen %(where)s.", where=scope),
        "dialogdeltagare": gettext("Du deltar i uppföljningsdialogen för %(where)s.", where=scope),
        "socialchef": gettext("Du är socialchef i %(where)s.", where=scope),
        "part": gettext("Du är registrator för %(where)s.", where=scope),
    }
    return sentences.get(held.role) or gettext("Du har rollen %(role)s.", role=role_name(held))


def follow_up(key: str) -> str:
    """What a decision hands a matter on to, by the key of its process."""
    words = {
        "samradsgrupp": gettext("uppdrag till samråds- eller arbetsgrupp"),
        "overenskommelse": gettext("ta fram eller revidera en överenskommelse"),
        "utvecklingsfraga": gettext("utvecklingsfråga"),
        "prioriterade_omraden": gettext("prioriterade områden"),
    }
    return words.get(key, key)


def in_order(text: str) -> str:
    """A key that sorts as Swedish does: å, ä, ö last."""
    return swedish(text)


def my_roles() -> list[str]:
    return [role_name(held) for held in actor().memberships]


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        party=party_name, area=area_name, role=role_name, code=code, body=body_name, follow_up=follow_up
    )
    app.jinja_env.globals.update(my_roles=my_roles)
