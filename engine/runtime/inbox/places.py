"""Places: whose open tasks stand where. Each is a handful of conditions on `task_candidate`, one index range each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor, Membership
from engine.cases.sight import may_look_into
from engine.cases.tables import case, offer, task_candidate
from engine.errors import NotFound
from engine.identity import permissions

BRANCH_LIMIT = 60

MINE, ALL, LATE, DONE = "mine", "all", "late", "done"
"""The places that everybody has; besides them one per membership, named by its text: "lokal_samverkan:nacka@kommun"."""

STARTABLE = "startable"
"""What may be begun in ad-hoc work (`engine.runtime.startable`): no place of tasks, and counted with them."""


def working_roles(actor: Actor) -> list[Membership]:
    """The memberships that have an inbox, each once."""
    return [held for held in dict.fromkeys(actor.memberships) if held.role not in permissions.NEVER_WORK]


def role_of_place(actor: Actor, place: str) -> Membership | None:
    return next((held for held in working_roles(actor) if str(held) == place), None)


def require_place(actor: Actor, place: str, *of_everybody: str) -> None:
    """NotFound where the place is neither one `of_everybody` nor one of the actor's roles."""
    if place not in of_everybody and role_of_place(actor, place) is None:
        raise NotFound("Expected an inbox of one's own, but it is not.", "Inkorgen finns inte, eller är inte din.")


def _patterns(held: Membership) -> list[tuple[str, str, str]]:
    """The candidates that a membership matches, as they stand in the index."""
    scopes = ["", held.scope] if held.scope else [""]
    sides = ["", held.side] if held.side else [""]
    return [(held.role, scope, side) for scope in scopes for side in sides]


Branch = sa.ColumnElement[bool] | None
"""A condition on candidates; None stands for the tasks given to the actor by name."""

ROLE: sa.ColumnElement[Any] = task_candidate.c.role
ANY_ROLE = task_candidate.c.role.concat("")
"""The same in words no index knows: else SQLite would go through a role's tasks where it should look at a few."""


def branches(actor: Actor, place: str, its_role: sa.ColumnElement[Any], party: str = "") -> list[Branch]:
    """Conditions whose tasks together are a place's, one index range each; as long as there are few, for a statement
    holds no more than so many. `party`: only what is about that party or area."""
    roles = [role_of_place(actor, place)] if place not in (MINE, ALL, LATE, DONE) else working_roles(actor)
    patterns = dict.fromkeys(pattern for held in roles if held for pattern in _patterns(held))
    if len(patterns) > BRANCH_LIMIT:
        return whole_branches(actor, place, its_role, party)
    by_role: list[Branch] = [
        sa.and_(its_role == role, task_candidate.c.scope == scope, task_candidate.c.side == side, *about)
        for role, scope, side in patterns
        for about in ([[column == party] for column in _ABOUT] if party else [[]])
    ]
    if place == MINE:
        return [None]
    return [*by_role, None] if place in (ALL, LATE) else by_role


def whole_branches(actor: Actor, place: str, its_role: sa.ColumnElement[Any] = ROLE, party: str = "") -> list[Branch]:
    """Like `branches`, one condition a membership: where no order is asked for, nothing needs to be apart."""
    roles: list[Membership | None] = []
    if place in (ALL, LATE):
        roles = [*working_roles(actor)]
    elif place != MINE:
        roles = [role_of_place(actor, place)]
    about = [sa.or_(*(column == party for column in _ABOUT))] if party else []
    by_role: list[Branch] = [
        sa.and_(
            its_role == held.role,
            task_candidate.c.scope.in_({"", held.scope or ""}),
            task_candidate.c.side.in_({"", held.side or ""}),
            *about,
        )
        for held in roles
        if held
    ]
    return [*by_role, None] if place in (MINE, ALL, LATE) else by_role


_ABOUT = (task_candidate.c.party, task_candidate.c.area)


def membership_for(actor: Actor, candidates: Sequence[str]) -> Membership | None:
    """The membership by which a task is the actor's."""
    wanted = [permissions.parse(candidate) for candidate in candidates]
    return next((held for held in actor.memberships if any(permissions.covers(held, one) for one in wanted)), None)


# --- what may be begun -----------------------------------------------------------------------------------------------


def offered(actor: Actor, place: str) -> list[sa.ColumnElement[bool]]:
    """Conditions, one index range each, whose offers together are those of a place."""
    roles = [role_of_place(actor, place)] if place not in (ALL, STARTABLE) else working_roles(actor)
    patterns = dict.fromkeys(pattern for held in roles if held for pattern in _patterns(held))
    if place in (ALL, STARTABLE):
        patterns["", str(actor.person_id), ""] = None  # by name
    triple = sa.tuple_(offer.c.role, offer.c.scope, offer.c.side)
    if len(patterns) > BRANCH_LIMIT:
        return [triple.in_(list(patterns))]
    return [
        sa.and_(offer.c.role == role, offer.c.scope == scope, offer.c.side == side) for role, scope, side in patterns
    ]


def begun_in(rows: sa.Select[Any], actor: Actor) -> sa.Select[Any]:
    """With their cases, as far as something may be begun in them: not suspended, not sealed to somebody else (R3)."""
    rows = rows.join(case, case.c.id == offer.c.case_id).where(case.c.state == "active")
    return rows.where(may_look_into(actor))
