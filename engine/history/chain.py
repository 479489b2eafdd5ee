"""The chain: each row of a case's history carries the hash of the row before it, the first that of the case's number.

A row's hash covers all of it; of its data the hash, so that data can once be taken away by decision and the chain still
proves the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from engine.calendar import iso
from engine.db import clean, dumps
from engine.engine import Transaction
from engine.history.tables import ROWS_PER_CASE, history
from engine.prepared import Rows


@dataclass(frozen=True, slots=True)
class Doer:
    """Who did it, in which role and for which party."""

    person_id: int | None
    name: str
    role: str | None
    party: str | None = None


@dataclass(slots=True)
class Note:
    """One thing that happened, before it has its place in the chain. (Made by the dozen, hence not frozen.)

    `data`: {"changes": {variable: {"before": …, "after": …}}} where variables changed, "flows": [ids] where a token
    took them, and whatever else the kind of row tells.
    """

    kind: str
    element: str | None = None
    element_name: str | None = None
    outcome: str | None = None
    data: Mapping[str, Any] | None = None


def seed(number: str) -> str:
    """What the first row of a case is chained on."""
    return sha256(number.encode()).hexdigest()


def link(
    notes: Sequence[Note], *, case: str, definition: tuple[str, int], doer: Doer, at: datetime, seq: int, head: str
) -> tuple[list[dict[str, Any]], int, str]:
    """Put the notes after row `seq` with hash `head`: rows (without ids), the new seq and the new head."""
    rows: list[dict[str, Any]] = []
    when, who = iso(at), clean(doer.name)
    for note in notes:
        seq += 1
        data = dumps(note.data, sort_keys=True) if note.data else None
        row = {
            "seq": seq,
            "at": at,
            "kind": note.kind,
            "element": note.element,
            "element_name": clean(note.element_name),
            "outcome": clean(note.outcome),
            "person_id": doer.person_id,
            "person_name": who,
            "role": doer.role,
            "party": doer.party,
            "definition_key": definition[0],
            "definition_version": definition[1],
            "data": data,
            "data_hash": hash_of_data(data),
            "previous": head,
        }
        head = hash_of_row(row, case, when)
        row["hash"] = head
        rows.append(row)
    return rows, seq, head


def hash_of_data(data: str | None) -> str | None:
    return None if data is None else sha256(data.encode()).hexdigest()


def hash_of_row(row: Mapping[str, Any], case: str, at: str) -> str:
    """SHA-256 over the canonical row: JSON, UTF-8, keys sorted, without blanks."""
    canonical = {
        "at": at,
        "case": case,
        "data_hash": row["data_hash"],
        "definition_key": row["definition_key"],
        "definition_version": row["definition_version"],
        "element": row["element"],
        "element_name": row["element_name"],
        "kind": row["kind"],
        "outcome": row["outcome"],
        "party": row["party"],
        "person_id": row["person_id"],
        "person_name": row["person_name"],
        "previous": row["previous"],
        "role": row["role"],
        "seq": row["seq"],
    }
    return sha256(orjson.dumps(canonical)).hexdigest()  # written in sorted order above


_INSERT = Rows(history)


def write(tx: Transaction, case_id: int, rows: list[dict[str, Any]]) -> None:
    """Store linked rows; the caller saves the case's new seq and head in the same transaction."""
    for row in rows:
        row["case_id"] = case_id
        row["id"] = case_id * ROWS_PER_CASE + row["seq"]
    _INSERT.many(tx.connection, rows)
