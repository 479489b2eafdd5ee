"""Who does the work of people, in BPMN's own words (§10.3.4): resources, potential owners and performers.

A resource is a role here. A potential owner is a candidate; a performer who is given by an expression is the one person
that the task goes to, and one that names a resource is a candidate like the others.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from engine.bpmn.read.document import Document, local, model, resolve
from engine.bpmn.read.says import say

OF_PEOPLE = frozenset({"userTask", "manualTask", "globalUserTask", "globalManualTask"})
PERFORMERS = frozenset({"performer", "humanPerformer"})
_IN_GROUPS = re.compile(r"group\(([^()]*)\)")
"""As other engines write a role in such an expression: group(hsf)."""


class Named(NamedTuple):
    """Texts that may hold `${…}`; None where nobody is named."""

    candidates: str | None
    assignee: str | None


def named_by(document: Document, task: etree._Element) -> Named:
    """Whom the resource roles of a task name."""
    candidates: list[str] = []
    assignees: list[str] = []
    for role in task.iterchildren(model("potentialOwner"), *map(model, PERFORMERS)):
        resource, expression = _resource(document, role), _expression(role)
        if resource is None and expression is None:
            say(document, task, "resource-missing", role=local(role))
        elif expression is not None and local(role) in PERFORMERS:
            assignees.append(expression)
        else:
            candidates.append(_IN_GROUPS.sub(r"\1", resource or expression or ""))
    if len(assignees) > 1:
        say(document, task, "performer-twice")
    return Named(", ".join(candidates) or None, assignees[0] if assignees else None)


def _resource(document: Document, role: etree._Element) -> str | None:
    """The role that a resource stands for: its name. One that is not in the file is told as a dangling reference."""
    reference = role.findtext(model("resourceRef"))
    if reference is None:
        return None
    found = resolve(document, role, reference)
    return reference.strip() if found is None else (found.get("name") or found.get("id") or "").strip()


def _expression(role: etree._Element) -> str | None:
    assignment = role.find(model("resourceAssignmentExpression"))
    return "".join(map(str, assignment.itertext())).strip() or None if assignment is not None else None
