"""Who plays: one person for each candidate that a scenario names, with the party and side of the reference data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Refused
from engine.identity import permissions

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """What a candidate is when a person holds it. `name`: "Rapportör i kommun, Huddinge"."""

    role: str
    scope: str | None
    side: str | None
    party: str | None
    name: str


def part_of(candidate: str, reference: Mapping[str, Any]) -> Part:
    """`role[:scope][@side]` as the reference data explains it. Refused where it knows no such role or scope."""
    asked = permissions.parse(candidate)
    role = _find(reference["roller"], asked.role)
    if role is None:
        raise Refused(
            f"Expected a role of the reference data, but found {candidate!r}.", f"Det finns ingen roll ”{candidate}”."
        )
    area = _find(reference["lokala_omraden"], asked.scope)
    party = _find(reference["parter"], asked.scope)
    body = _find(reference["organ"], asked.scope or asked.role)
    bound = {"lokalt_omrade": area, "part": party, "organ": body}.get(role["bunden_till"])
    if asked.scope and bound is None:
        raise Refused(
            f"Expected a scope of the reference data, but found {candidate!r}.",
            f"Rollen ”{asked.role}” kan inte gälla ”{asked.scope}”.",
        )
    side = asked.side or _side(role["sida"], party)
    return Part(
        asked.role,
        asked.scope or None,
        side,
        _party(area, party, body, side),
        ", ".join(part for part in (role["namn"], _called(bound) if asked.scope else "", asked.side) if part),
    )


def username(candidate: str) -> str:
    return re.sub(r"[^\w.+-]", ".", candidate)


def _find(rows: Rows, key: str) -> Mapping[str, Any] | None:
    return next((row for row in rows if row["nyckel"] == key), None)


def _side(given: str, party: Mapping[str, Any] | None) -> str | None:
    if given == "egen" and party:
        return "region" if party["typ"] == "region" else "kommun"
    return given if given in {"kommun", "region"} else None


def _party(
    area: Mapping[str, Any] | None, party: Mapping[str, Any] | None, body: Mapping[str, Any] | None, side: str | None
) -> str | None:
    if area:
        return "region_stockholm" if side == "region" else str(area["part"])
    found = party or body
    return str(found["nyckel"]) if found else None


def _called(row: Mapping[str, Any] | None) -> str:
    """A local area has no name of its own: its key says it ("stockholm_farsta" -> "Stockholm Farsta")."""
    if row is None:
        return ""
    return str(row.get("kortnamn") or row.get("namn") or row["nyckel"].replace("_", " ").title())
