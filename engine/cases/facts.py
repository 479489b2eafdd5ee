"""What a case shows of itself (title, status, readers …), and the world its expressions see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.bpmn import machine
from engine.bpmn.expressions import Template
from engine.bpmn.machine import Environment
from engine.cases.store import Case
from engine.data_stores import Stores
from engine.definitions.store import Definition
from engine.engine import Read
from engine.errors import ExpressionError
from engine.settings.functions import functions
from engine.settings.stored import Settings

World = Mapping[str, Callable[..., Any]]
"""The functions that expressions may call."""


def functions_of(read: Read) -> World:
    """The same for all that happens in one transaction: one now, one reading of the settings."""
    known: World | None = read.memory.get("functions")
    if known is None:
        known = read.memory["functions"] = functions(read.now, Settings(read.connection), settings_asked(read))
    return known


def settings_asked(read: Read) -> dict[str, Any]:
    """What these functions were asked of the settings, until somebody clears it."""
    asked: dict[str, Any] = read.memory.setdefault("settings asked", {})
    return asked


def environment(read: Read, definition: Definition) -> Environment:
    known = definition.graph.stores
    stores = Stores(read, known) if known else known
    return Environment(read.now, functions_of(read), files=definition.files, stores=stores)


def refresh(read: Read, case: Case) -> None:
    """Evaluate the case's facts anew. One that has no value, because a variable is still missing, stays as it was."""
    facts = case.definition.graph.facts
    variables = machine.root_variables(case.data)
    world = functions_of(read)
    case.title = _text(facts.title, variables, world) or case.title
    case.status = _text(facts.status, variables, world) or case.status
    case.party = _text(facts.party, variables, world) or case.party
    case.area = _text(facts.area, variables, world) or case.area
    case.sealed_to = _number(facts.sealed_to, variables, world, case.sealed_to)
    readers = evaluate(facts.readers, variables, world)
    if readers is not None:
        case.readers = {**case.readers, "fact": candidates(readers)}


def business_key(read: Read, template: Template | None, variables: Mapping[str, Any]) -> str | None:
    key = evaluate(template, variables, functions_of(read))
    return str(key) if key not in (None, "") else None


def candidates(value: Any) -> list[str]:
    """`role[:scope][@side]` out of one text with commas, or a list of them."""
    texts = value if isinstance(value, list) else [value]
    parts = (part.strip() for text in texts if isinstance(text, str) for part in text.split(","))
    return list(dict.fromkeys(part for part in parts if part))


def evaluate(template: Template | None, variables: Mapping[str, Any], world: World) -> Any:
    """Its value; None where there is no template, or no value for it yet."""
    if template is None:
        return None
    try:
        return template.evaluate(variables, world)
    except ExpressionError:
        return None


def _text(template: Template | None, variables: Mapping[str, Any], world: World) -> str | None:
    value = evaluate(template, variables, world)
    return None if value is None else str(value)[:500]


def _number(template: Template | None, variables: Mapping[str, Any], world: World, otherwise: int | None) -> int | None:
    """A person: their id, or {"person": id}."""
    value = evaluate(template, variables, world)
    if isinstance(value, dict):
        value = value.get("person")
    if isinstance(value, bool) or not str(value).isdecimal():
        return otherwise
    return int(str(value))
