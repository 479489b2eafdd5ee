"""Who may do what: the one place. Pure functions over an actor and what stands in the task, the case or the diagram.

A candidate is `role[:scope][@side]`; a membership matches it where the role is the same and so are scope and side as
far as the candidate names them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.actor import Actor, Membership
from engine.errors import NotAllowed

NEVER_WORK = frozenset({"processdesigner", "revisor", "admin"})
"""Roles that no task, reader or starter can name: they run the house, not the cases (R34, R35)."""

WITHHELD = {"undanhallen": True}
"""What a query shows instead of a variable that the actor may not see."""


@dataclass(frozen=True, slots=True)
class Candidate:
    role: str
    scope: str = ""
    side: str = ""

    def __str__(self) -> str:
        return self.role + (f":{self.scope}" if self.scope else "") + (f"@{self.side}" if self.side else "")


@lru_cache(maxsize=4096)
def parse(text: str) -> Candidate:
    named, _, side = text.strip().partition("@")
    role, _, scope = named.partition(":")
    return Candidate(role.strip(), scope.strip(), side.strip())


@dataclass(frozen=True, slots=True)
class Standing:
    """In which role and for which party somebody acts; `why` tells it to them."""

    role: str | None
    party: str | None
    is_assignee: bool = False


def covers(membership: Membership, candidate: Candidate) -> bool:
    return (
        membership.role == candidate.role
        and membership.role not in NEVER_WORK
        and candidate.scope in ("", membership.scope)
        and candidate.side in ("", membership.side)
    )


def standing(actor: Actor, candidates: Iterable[str]) -> Standing | None:
    """The actor's standing by the first membership that matches a candidate; None where none does."""
    wanted = [parse(candidate) for candidate in candidates]
    for membership in actor.memberships:
        if any(covers(membership, candidate) for candidate in wanted):
            return Standing(str(membership), membership.party)
    return None


def standing_at_task(actor: Actor, candidates: Iterable[str], assignee: int | None) -> Standing | None:
    """May the actor see and do the task? As one of its candidates, or because it was given to them by name."""
    found = standing(actor, candidates)
    is_assignee = assignee is not None and assignee == actor.person_id
    if found:
        return Standing(found.role, found.party, is_assignee)
    return Standing(actor.role, actor.party, True) if is_assignee else None


def standing_at_start(actor: Actor, starter_roles: Iterable[str]) -> Standing | None:
    return Standing(actor.role, actor.party) if actor.is_system else standing(actor, starter_roles)


def reads_everything(actor: Actor) -> bool:
    """The house itself, and the auditor (R34), whose reading is logged."""
    return actor.is_system or actor.holds("revisor")


def may_read(actor: Actor, *, readers: Iterable[str], started_by: int | None, sealed_to: int | None) -> bool:
    """A case: its readers and its starter, and no one but the one it is sealed to (R3); the auditor always."""
    if reads_everything(actor):
        return True
    if actor.person_id is None:
        return False
    if sealed_to is not None:
        return actor.person_id == sealed_to
    return actor.person_id == started_by or standing(actor, readers) is not None


def may_see_data(actor: Actor, sealed_to: int | None) -> bool:
    """What was written in a sealed case is for one person; the auditor sees that it happened, not what was written."""
    return sealed_to is None or actor.is_system or actor.person_id == sealed_to


def is_barred(actor: Actor, not_by: Any) -> bool:
    """R31: `not_by` names a person, or people, who must not do this task: an id, {"person": id} or a list of them."""
    match not_by:
        case list() | tuple():
            return any(is_barred(actor, one) for one in not_by)
        case {"person": person}:
            return is_barred(actor, person)
        case None | bool():
            return False
        case _:
            return actor.person_id is not None and str(not_by) == str(actor.person_id)


def require(actor: Actor, *roles: str, to: str, att: str) -> None:
    """The house itself may; a person only with one of the roles. `to` and `att` say what, in English and Swedish."""
    if not (actor.is_system or actor.holds(*roles)):
        raise NotAllowed(
            f"Expected to {to}, but that takes the role {' or '.join(roles)}.",
            f"Du kan inte {att}: det kräver rollen {' eller '.join(roles)}.",
        )
