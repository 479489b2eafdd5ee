"""A decision made of its draft: what its names mean, what it rests on and asks for, and its logic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from engine.bpmn.dmn import feel
from engine.bpmn.dmn.read.drafts import Draft, Names
from engine.bpmn.dmn.read.logic import LOGIC
from engine.bpmn.dmn.read.requirements import required_by
from engine.bpmn.dmn.tables import Decision
from engine.bpmn.expressions import Compiled
from engine.bpmn.findings import shown
from engine.bpmn.limits import LIMITS
from engine.bpmn.read.document import local

MAX_CHAIN = LIMITS.decisions


def decision_of(draft: Draft, decided: Mapping[str, Decision], drafts: Mapping[str, Draft]) -> Decision | None:
    names, required = Names(), []
    for number, (child, key) in enumerate(required_by(draft, "requiredDecision")):
        if key in decided:
            names.known[f"__d{number}"] = decided[key].variable
            for name in (decided[key].variable, decided[key].name, key):
                names.add(name, f"__d{number}")
            required.append((number, decided[key]))
        elif key not in drafts:
            draft.say(
                f": den bygger på beslutet ”{shown(key)}”, som inte finns bland filerna",
                f': it requires the decision "{shown(key)}", which is not among the files',
                "Ta med beslutets fil, eller ta bort sambandet.",
                "Bring along the file of that decision, or remove the requirement.",
                "dmn-required",
                child,
            )
        else:
            return None  # what it rests on is broken, which is told there
    parts: list[tuple[str, str, Mapping[str, str]]] = []
    outputs: list[tuple[str, str]] = []
    for number, other in required:
        inner = {} if other.gives_many else {out.name: f"__d{number}o{i}_" for i, out in enumerate(other.outputs)}
        outputs += inner.items()
        parts.append((other.key, f"__d{number}", inner))
    under = Names().beside(outputs)  # Camunda's way: each output of a required decision is a variable
    names.meaning, names.known = {**under.meaning, **names.meaning}, {**under.known, **names.known}
    inputs = {}
    for number, variable in enumerate(draft.file.inputs.values()):
        words = feel.words_of(variable)
        if words is not None and len(words) > 1:
            names.add(variable, f"__i{number}", weak=True)
            inputs[f"__i{number}"] = variable
    order = list(dict.fromkeys(key for _, one in required for key in (*one.order, one.key)))
    _refuse_the_rest(draft, len(order))
    for element in draft.element:
        if local(element) in LOGIC:
            made = LOGIC[local(element)](draft, element, names)
            if draft.broken or made is None:
                return None
            return replace(
                made,
                required=tuple(parts),
                order=tuple(order),
                inputs=inputs,
                **_asked(made, names.known, inputs, [one for _, one in required]),
            )
    if not draft.broken:
        draft.say(
            ": den ska vara en tabell eller ett uttryck, men är något annat",
            ": it should be a table or a literal expression, but is something else",
            "Gör om beslutet till en beslutstabell.",
            "Make the decision a decision table.",
            "dmn-not-supported",
        )
    return None


def _asked(
    made: Decision, known: Mapping[str, str], inputs: Mapping[str, str], required: list[Decision]
) -> dict[str, Any]:
    texts = list(_texts(made))
    reads = {name for text in texts for name in text.required}
    ours = {inputs.get(name, name) for name in reads}
    return {
        "known": {**known, **made.known},
        "reads": frozenset(name for name in ours if not feel.INNER.fullmatch(name)).union(
            *(one.reads for one in required)
        ),
        "calls": frozenset(call for text in texts for call in text.calls if call not in feel.OWN).union(
            *(one.calls for one in required)
        ),
    }


def _texts(made: Decision) -> Iterator[Compiled]:
    if made.literal is not None:
        yield made.literal
    yield from (column.value for column in made.columns)
    yield from (output.default for output in made.outputs if output.default)
    for rule in made.table.rules if made.table else ():
        yield from (cell.test for entry in rule.inputEntries for cell in entry.lhs if cell is not None and cell.test)
        yield from (entry.text for entry in rule.outputEntries)


def _refuse_the_rest(draft: Draft, chain: int) -> None:
    if chain > MAX_CHAIN:
        draft.say(
            f": den bygger på {chain} andra beslut, men får bygga på högst {MAX_CHAIN}",
            f": it rests on {chain} other decisions, but may on {MAX_CHAIN} at most",
            "Slå ihop några av besluten.",
            "Join some of the decisions.",
            "dmn-not-supported",
        )
    for child in draft.element.iterchildren("{*}knowledgeRequirement"):
        draft.say(
            ": den använder en affärskunskapsmodell (business knowledge model), och det stöds inte",
            ": it uses a business knowledge model, which is not supported",
            "Gör om modellen till ett eget beslut som den här bygger på.",
            "Make the model a decision of its own, and require that.",
            "dmn-not-supported",
            child,
        )
