"""Messages that came before somebody waited for them: kept, as long as they are to live, until somebody does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine.cases.tables import message
from engine.engine import Transaction
from engine.prepared import Prepared

_NOBODYS = sa.and_(message.c.delivered_to.is_(None), message.c.expires_at > bindparam("now"))
"""Those that nobody has got, and that still live."""
_OLDEST = sa.select(message.c.id).where(message.c.name == bindparam("name"), _NOBODYS).order_by(message.c.id).limit(1)
_OLDEST_WITH_KEY = Prepared(_OLDEST.where(message.c.key == bindparam("key")))
_OLDEST_WITHOUT_KEY = Prepared(_OLDEST.where(message.c.key.is_(None)))
_MEET = Prepared(sa.select(sa.func.pg_advisory_xact_lock(bindparam("number", type_=sa.BigInteger)).label("met")))


def meet(tx: Transaction, name: str, key: str | None) -> None:
    """Who publishes a message and who begins to wait for it take turns: else each might miss the other's row.

    SQLite lets one write at a time anyhow.
    """
    if tx.is_postgresql:
        digest = sha256(f"{name}\0{key or ''}".encode("utf-8", "replace")).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        _MEET.ask(tx.connection, {"number": number})


def oldest(tx: Transaction, name: str, key: str | None) -> int | None:
    """The id of the message that has been kept longest for whoever begins to wait now."""
    meet(tx, name, key)
    values = {"name": name, "now": tx.now}
    if key is None:
        found = _OLDEST_WITHOUT_KEY.first(tx.connection, values)
    else:
        found = _OLDEST_WITH_KEY.first(tx.connection, {**values, "key": key})
    return found.id if found else None


_STILL = sa.select(message).where(message.c.id == bindparam("message_id"), _NOBODYS).with_for_update()
_DELIVERED = message.update().where(message.c.id == bindparam("message_id")).values(delivered_to=bindparam("to"))
_KEEP = message.insert()


def still(tx: Transaction, message_id: int) -> Any:
    """The message, for this transaction alone; None where somebody has got it, or it has expired."""
    return tx.connection.execute(_STILL, {"message_id": message_id, "now": tx.now}).one_or_none()


def delivered(tx: Transaction, message_id: int, case_id: int) -> None:
    tx.connection.execute(_DELIVERED, {"message_id": message_id, "to": case_id})


def keep(
    tx: Transaction, name: str, key: str | None, variables: Mapping[str, Any], ttl_days: int, delivered_to: int | None
) -> None:
    row = {
        "name": name,
        "key": key,
        "variables": variables,
        "published_at": tx.now,
        "expires_at": tx.now + timedelta(days=ttl_days),
        "delivered_to": delivered_to,
    }
    tx.connection.execute(_KEEP, row)


# --- several that belong together ------------------------------------------------------------------------------------

_OF_NAME = sa.select(message).where(message.c.name == bindparam("name"), _NOBODYS).order_by(message.c.id)


def keys(tx: Transaction, name: str) -> list[str | None]:
    """The keys under which a message of this name is kept, oldest first."""
    rows = tx.connection.execute(_OF_NAME.with_only_columns(message.c.key), {"name": name, "now": tx.now})
    return list(dict.fromkeys(rows.scalars()))


def of_each(tx: Transaction, names: Sequence[str], key: str | None) -> list[Any]:
    """A message with this key for each of `names`, as far as there are any, oldest first; none of them twice."""
    found: dict[int, Any] = {}
    for name in names:
        rows = _OF_NAME.where(message.c.key.is_(None) if key is None else message.c.key == key)
        those = tx.connection.execute(rows.limit(len(found) + 1), {"name": name, "now": tx.now})
        row = next((one for one in those if one.id not in found), None)
        if row is not None:
            found[row.id] = row
    return [found[number] for number in sorted(found)]
