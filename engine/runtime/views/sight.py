"""What of a case's variables the actor may see: all, all but some (C 18), or none where it is sealed to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.bpmn.machine import root_variables
from engine.cases.readers import only_for, visible_variables
from engine.cases.store import Case
from engine.engine import Read
from engine.identity import permissions


def variables_of(one: Case) -> Mapping[str, Any]:
    """The case's own variables, as the machine keeps them; after its end, as they were then."""
    return root_variables(one.data) if one.data else {}


def seen_variables(read: Read, one: Case) -> dict[str, Any]:
    """The case's variables, with `WITHHELD` where they are for others; none of a case sealed to somebody else."""
    return visible_variables(read, one, variables_of(one))


def withheld_names(read: Read, one: Case) -> frozenset[str]:
    """The names of variables that the process keeps from this actor."""
    if not one.definition.graph.visible:
        return frozenset()
    names: dict[str, Any] = dict.fromkeys(one.definition.graph.visible)
    seen = permissions.visible(read.actor, names, only_for(read, one, variables_of(one)))
    return frozenset(name for name, value in seen.items() if value == permissions.WITHHELD)


def places(one: Case) -> tuple[str, ...]:
    """The elements at which the case stands now; what only listens beside the work is left out."""
    runs = one.data.get("runs", {}) if one.data else {}
    at = {
        run["at"]: None
        for run in runs.values()
        if "at" in run and "on" not in run and (run.get("open") or run.get("stuck"))
    }
    joins = {node: None for run in runs.values() for node in run.get("joins", ())}
    return tuple({**at, **joins})
