"""What of a case those may see who may read it: what was written in it, but for what its process keeps for others
(`visible.<variable>`, R33), and nothing at all where it is sealed to somebody else (R3).

Decided here for every page and query, so that no front shows what another hides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.bpmn import machine
from engine.cases import facts
from engine.cases.store import Case
from engine.cases.tables import case
from engine.db import loads
from engine.engine import Read
from engine.identity import permissions


@dataclass(frozen=True, slots=True)
class Sight:
    """`may_look`: may the actor see anything that was written? `withheld`: names of variables kept from them."""

    may_look: bool
    withheld: frozenset[str] = frozenset()

    def variables(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """With `permissions.WITHHELD` in place of those that are for others."""
        if not self.may_look:
            return {}
        return {name: permissions.WITHHELD if name in self.withheld else value for name, value in variables.items()}

    def told(self, data: str | None) -> dict[str, Any] | None:
        """The data of a row of history, as `engine.history.chain.Note` has it; None where it has or shows none.

        Of a variable that is withheld not even whether it had a value before can be seen.
        """
        if not data or not self.may_look:
            return None
        told: dict[str, Any] = loads(data)
        told.pop("input", None)  # for the replay, and it may hold what is withheld
        if self.withheld and "changes" in told:
            told["changes"] = {
                name: _HIDDEN if name in self.withheld else change for name, change in told["changes"].items()
            }
        return told


_HIDDEN = dict.fromkeys(("before", "after"), permissions.WITHHELD)


def may_look_into(actor: Actor) -> sa.ColumnElement[bool]:
    """SQL: of cases joined in, those in which the actor `may_look`."""
    if actor.is_system:
        return sa.true()
    return sa.or_(case.c.sealed_to.is_(None), case.c.sealed_to == actor.person_id)


def sight_of(read: Read, one: Case) -> Sight:
    may_look = permissions.may_see_data(read.actor, one.sealed_to)
    if not may_look or not one.definition.graph.visible or permissions.reads_everything(read.actor):
        return Sight(may_look)
    world, variables = facts.functions_of(read), machine.root_variables(one.data)
    return Sight(
        may_look,
        frozenset(
            name
            for name, template in one.definition.graph.visible.items()
            if not permissions.standing(read.actor, facts.candidates(facts.evaluate(template, variables, world)))
        ),
    )
