"""What a form is once it is read: fields with their rules, and what they are checked against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from engine.bpmn.expressions import Expression
from engine.errors import Invalid
from engine.forms.conditions import Condition

FILE_LIMIT: Final = 300_000
FIELD_LIMIT: Final = 400
DEPTH_LIMIT: Final = 6
OPTION_LIMIT: Final = 1000
RULE_LIMIT: Final = 50
ROW_LIMIT: Final = 200
LINE_LENGTH: Final = 1000
TEXT_LENGTH: Final = 20_000
PATTERN_LENGTH: Final = 200
PATTERN_INPUT: Final = 200

INPUTS: Final = frozenset(
    {"textfield", "textarea", "number", "checkbox", "radio", "select", "checklist", "taglist", "datetime"}
)
SHOWN: Final = frozenset({"text", "separator", "spacer", "table", "button"})
NESTED: Final = frozenset({"group", "dynamiclist"})
MANY: Final = frozenset({"checklist", "taglist"})
CHOOSING: Final = frozenset({"radio", "select"}) | MANY


@dataclass(frozen=True, slots=True)
class Option:
    value: Any
    label: str

    @property
    def pair(self) -> tuple[str, str]:
        """As an HTML form has it: there every value is text."""
        return str(self.value), self.label


@dataclass(frozen=True, slots=True)
class Field:
    """One component. `name`: the dotted path of its answer, "lokal_hantering.vad"; in a dynamiclist within its row."""

    kind: str
    name: str = ""
    label: str = ""
    hint: str = ""
    text: str = ""
    required: bool = False
    fixed: bool = False
    default: Any = None
    options: tuple[Option, ...] = ()
    options_from: str | None = None
    reference: tuple[str, ...] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)
    subtype: str = "date"
    decimals: int | None = None
    unit: str = ""
    hide: Condition | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def is_flat(self) -> bool:
        return self.kind == "dynamiclist" and self.properties.get("platt") == "ja"


@dataclass(frozen=True, slots=True)
class Rule:
    """What the answers must fulfil together; where they do not, `sentence` stands at the field `name`."""

    holds: Expression
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Form:
    fields: tuple[Field, ...]
    submit: str | None = None
    """The label of its submit button."""
    rules: tuple[Rule, ...] = ()
    submits: tuple[tuple[str, Condition], ...] = ()
    """Labels that say more, with the condition that hides each: the first that is not hidden stands on the button."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a form is checked against besides itself: the day, the variables seen at the task, the reference data."""

    today: date
    variables: Mapping[str, Any] = field(default_factory=dict)
    reference: Callable[[str], Sequence[Mapping[str, Any]]] = lambda kind: ()


def options_of(values: Any) -> list[Option]:
    """Options from [{"value": …, "label": …}], from reference rows [{"nyckel": …, "namn": …}] or from plain values."""
    options = []
    for value in values if isinstance(values, (list, tuple)) else ():
        if isinstance(value, Mapping):
            worth = value.get("value", value.get("nyckel"))
            if worth is not None:
                options.append(Option(worth, str(value.get("label") or value.get("namn") or worth)))
        elif isinstance(value, (str, int, float)):
            options.append(Option(value, str(value)))
    return options[:OPTION_LIMIT]


def choices(one: Field, context: Context) -> list[Option]:
    """What there is to choose from in a field, here and now."""
    if one.reference:
        return [option for kind in one.reference for option in options_of(context.reference(kind))]
    if one.options_from:
        return options_of(lookup(context.variables, one.options_from))
    return list(one.options)


def lookup(data: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    for part in path.split("."):
        data = data.get(part) if isinstance(data, Mapping) else None
    return data


def inputs(form: Form) -> Iterator[Field]:
    """All fields that give answers, groups opened; a dynamiclist is one of them."""

    def walk(fields: Iterable[Field]) -> Iterator[Field]:
        for one in fields:
            if one.kind == "group":
                yield from walk(one.fields)
            elif one.kind in INPUTS or one.kind == "dynamiclist":
                yield one

    return walk(form.fields)


def put(answers: dict[str, Any], name: str, value: Any) -> None:
    """Set the value at a dotted path."""
    *path, last = name.split(".")
    for part in path:
        answers = answers.setdefault(part, {})
    answers[last] = value


def unknown() -> Invalid:
    # The name is not told: it is text from outside like any other, and may hold what must not be repeated.
    return Invalid(
        "Expected only the fields of the form, but there is another one.",
        "Det som skickades innehåller ett fält som inte hör till formuläret. Ladda om sidan och försök igen.",
        fields={
            "": "Det som skickades innehåller ett fält som inte hör till formuläret. Ladda om sidan och försök igen."
        },
    )
