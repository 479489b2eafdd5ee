"""Who does something: a person with the memberships valid today, or the house itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from engine.calendar import local
from engine.errors import NotFound


@dataclass(frozen=True, slots=True)
class Membership:
    """A role, perhaps bound to a scope (local area, body or party) and a side (kommun, region), held for a party."""

    role: str
    scope: str | None = None
    side: str | None = None
    party: str | None = None

    def __str__(self) -> str:
        return self.role + (f":{self.scope}" if self.scope else "") + (f"@{self.side}" if self.side else "")


@dataclass(frozen=True, slots=True)
class Actor:
    """`role` and `party` are those that history names where no task says in which role one acts."""

    person_id: int | None
    name: str
    role: str | None = None
    party: str | None = None
    memberships: tuple[Membership, ...] = ()

    @classmethod
    def system(cls, name: str = "Systemet") -> Actor:
        """The worker, the clock, the command line: may do what needs no person."""
        return cls(None, name, role="system")

    @classmethod
    def nobody(cls) -> Actor:
        """Not signed in: may sign in."""
        return cls(None, "")

    @property
    def is_system(self) -> bool:
        return self.person_id is None and self.role == "system"

    def holds(self, *roles: str) -> bool:
        return any(membership.role in roles for membership in self.memberships)


# By hand: it is asked at every request, and the room identity lies above this file.
_NOW_VALID = sa.text(
    """
    SELECT person.name, membership.role, membership.scope, membership.side, membership.party
    FROM person
    LEFT JOIN membership ON membership.person_id = person.id
      AND membership.valid_from <= :today AND (membership.valid_to IS NULL OR membership.valid_to >= :today)
    WHERE person.id = :person_id AND person.active
    ORDER BY membership.id
    """
).bindparams(sa.bindparam("today", type_=sa.Date))


def load(connection: Connection, person_id: int, now: datetime) -> Actor:
    """The person as of now: what was granted or ended yesterday counts today. NotFound if unknown or deactivated."""
    rows = connection.execute(_NOW_VALID, {"person_id": person_id, "today": local(now).date()}).all()
    if not rows:
        raise NotFound(
            f"Expected an active person {person_id}, but there is none.",
            "Personen finns inte, eller är inte längre aktiv.",
        )
    memberships = tuple(Membership(row.role, row.scope, row.side, row.party) for row in rows if row.role)
    first = memberships[0] if memberships else None
    return Actor(person_id, rows[0].name, str(first) if first else None, first.party if first else None, memberships)
