"""Reference data: parties, local areas, bodies, roles, agreements and code lists, each row with its validity.

Data, never code: it is loaded from YAML and says for each row from and to which day it holds. A kind is a top-level key
of the file (`parter`, `lokala_omraden`, `organ`, `roller`, `overenskommelser` …); `historiska_x` belongs to `x`;
`kodlistor` gives one kind per list (`kodlistor.status`); `installningar` are settings, stored where none is yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
import yaml

from engine.calendar import local
from engine.db import Id, Json, metadata
from engine.engine import Read, Transaction
from engine.errors import Invalid
from engine.identity import permissions
from engine.settings.stored import setting

reference = sa.Table(
    "reference",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False, comment="as it stands in the file"),
    sa.Column("data", Json, nullable=False),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date),
    sa.Index("ix_reference_kind", "kind", "key"),
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """The rows of a kind valid on a day (today where not said), in the order of the file.

    A list inside a row whose entries have validity dates of their own (a local area's samordnande vårdcentral) holds
    only the entries valid that day. A code list may be asked for by its bare name.
    """

    kind: str
    at: date | None = None

    def run(self, read: Read) -> list[Row]:
        return rows(read, self.kind, self.at)


@dataclass(frozen=True, slots=True)
class Parties(Reference):
    kind: str = "parter"


@dataclass(frozen=True, slots=True)
class Areas(Reference):
    kind: str = "lokala_omraden"


@dataclass(frozen=True, slots=True)
class Bodies(Reference):
    kind: str = "organ"


@dataclass(frozen=True, slots=True)
class Roles(Reference):
    kind: str = "roller"


@dataclass(frozen=True, slots=True)
class Agreements(Reference):
    kind: str = "overenskommelser"


def rows(read: Read, kind: str, at: date | None = None) -> list[Row]:
    day = at or local(read.now).date()
    known: dict[tuple[str, date], list[Row]] = read.memory.setdefault("reference", {})
    if (kind, day) not in known:
        found = _select(read, kind, day)
        known[kind, day] = found or ([] if "." in kind else _select(read, f"kodlistor.{kind}", day))
    return known[kind, day]


_VALID = (
    sa.select(reference.c.data)
    .where(
        reference.c.kind == sa.bindparam("kind"),
        sa.or_(reference.c.valid_from.is_(None), reference.c.valid_from <= sa.bindparam("day")),
        sa.or_(reference.c.valid_to.is_(None), reference.c.valid_to >= sa.bindparam("day")),
    )
    .order_by(reference.c.position, reference.c.id)
)


def _select(read: Read, kind: str, day: date) -> list[Row]:
    found = read.connection.execute(_VALID, {"kind": kind, "day": day}).scalars()
    return [{name: _valid_part(value, day) for name, value in data.items()} for data in found]


def _valid_part(value: Any, day: date) -> Any:
    if not (isinstance(value, list) and value and all(isinstance(one, dict) for one in value)):
        return value
    return [one for one in value if _starts(one) <= day <= _ends(one)]


def _starts(row: Mapping[str, Any]) -> date:
    return _date(row.get("giltig_fran")) or date.min


def _ends(row: Mapping[str, Any]) -> date:
    return _date(row.get("giltig_till")) or date.max


def name_of(read: Read, key: str | None) -> str | None:
    """A party or body as people call it: "Huddinge", "Storsthlm"; the key itself where it is in no list."""
    if not key:
        return None
    for kind in ("organ", "parter", "ovriga_rapporterande"):
        for row in rows(read, kind):
            if row.get("nyckel") == key:
                return str(row.get("kortnamn") or row.get("namn") or key)
    return key


def name_of_role(read: Read, candidate: str | None) -> str | None:
    """A role as people call it: "Handläggare HSF"."""
    if not candidate:
        return None
    role = permissions.parse(candidate).role
    return next((str(row["namn"]) for row in rows(read, "roller") if row.get("nyckel") == role), role)


# --- loading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadReference:
    """Load YAML text (or what was read from it; several files as a list). Loading the same again changes nothing.

    A row with the same kind, key and first day is replaced; rows that are no longer in the file stay as they are. To
    end a row, give it its last day.
    """

    data: str | bytes | Mapping[str, Any] | Sequence[str | bytes | Mapping[str, Any]]

    def execute(self, tx: Transaction) -> int:
        """How many rows are new or changed."""
        permissions.require(tx.actor, "admin", to="load reference data", att="läsa in referensdata")
        files = [self.data] if isinstance(self.data, str | bytes | Mapping) else self.data
        changed = 0
        for data in files:
            read = data if isinstance(data, Mapping) else _parse(data)
            changed += _store(tx, list(_rows_of(read)))
            _store_settings(tx, read.get("installningar") or {})
        return changed


def _parse(text: str | bytes) -> Mapping[str, Any]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise _bad(f"line {line} cannot be read as YAML", f"rad {line} går inte att läsa som YAML") from None
    if not isinstance(data, dict):
        raise _bad("it holds no kinds", "den innehåller inga listor")
    return data


def _bad(en: str, sv: str) -> Invalid:
    told = f"Filen med referensdata kan inte läsas in: {sv}."
    return Invalid(f"Expected reference data, but {en}.", told, fields={"": told})


def _rows_of(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, listed in data.items():
        if kind == "kodlistor":
            for name, codes in listed.items():
                yield from _numbered(f"kodlistor.{name}", _codes(codes))
        elif kind == "installningar":
            yield from _numbered(kind, [{"nyckel": name, **_described(value)} for name, value in listed.items()])
        elif isinstance(listed, list):
            yield from _numbered(kind.removeprefix("historiska_"), listed, 1000 * kind.startswith("historiska_"))
        else:
            yield from _numbered("uppgift", [{"nyckel": kind, "varde": listed}])


def _codes(codes: Any) -> list[Any]:
    if isinstance(codes, Mapping):
        return [{"nyckel": key, **(name if isinstance(name, dict) else {"namn": name})} for key, name in codes.items()]
    return list(codes)


def _numbered(kind: str, listed: Sequence[Any], position: int = 0) -> Iterator[dict[str, Any]]:
    for one in listed:
        row = one if isinstance(one, dict) else {"nyckel": str(one), "namn": str(one)}
        if not row.get("nyckel"):
            raise _bad(f"a row of {kind} has no key", f"en rad i {kind} saknar nyckel")
        position += 1
        yield {
            "kind": kind,
            "key": str(row["nyckel"]),
            "position": position,
            "data": _plain(row),
            "valid_from": _date(row.get("giltig_fran")),
            "valid_to": _date(row.get("giltig_till")),
        }


def _plain(value: Any) -> Any:
    """YAML reads a bare 2026-01-01 as a date; JSON has it as text."""
    match value:
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case date():
            return value.isoformat()
    return value


def _date(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise _bad(f"{str(value)[:20]!r} is no date", f"{str(value)[:20]!r} är inget datum") from None


def _store(tx: Transaction, given: list[dict[str, Any]]) -> int:
    columns = (reference.c.id, reference.c.kind, reference.c.key, reference.c.position, reference.c.data,
               reference.c.valid_from, reference.c.valid_to)  # fmt: skip
    kinds = {row["kind"] for row in given}
    known = {
        (row.kind, row.key, row.valid_from): row
        for row in tx.connection.execute(sa.select(*columns).where(reference.c.kind.in_(kinds)))
    }
    new, changed = [], 0
    for row in given:
        old = known.get((row["kind"], row["key"], row["valid_from"]))
        if old is None:
            new.append(row)
        elif (old.position, old.data, old.valid_to) != (row["position"], row["data"], row["valid_to"]):
            tx.connection.execute(reference.update().where(reference.c.id == old.id).values(**row))
            changed += 1
    if new:
        tx.connection.execute(reference.insert(), new)
    return changed + len(new)


def _described(value: Any) -> dict[str, Any]:
    """A setting in the file is its value, or {varde, enhet, text …}: how the administrator's page explains it."""
    return value if isinstance(value, dict) and "varde" in value else {"varde": value}


def _store_settings(tx: Transaction, given: Mapping[str, Any]) -> None:
    """What somebody has set since stays as it is."""
    known = set(tx.connection.execute(sa.select(setting.c.name)).scalars())
    new = [
        {"name": name, "value": _plain(_described(value)["varde"])}
        for name, value in given.items()
        if name not in known
    ]
    if new:
        tx.connection.execute(setting.insert(), new)


Lookup = Callable[[str], list[Row]]


def lookup(read: Read) -> Lookup:
    """For forms: the rows of a kind valid today."""
    return lambda kind: rows(read, kind)
