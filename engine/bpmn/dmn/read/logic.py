"""How a decision decides: its table, with columns and rules, or its literal expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from lxml import etree

from engine.bpmn.dmn import feel
from engine.bpmn.dmn.read.cells import compile_cell, compile_text, refuse_misfit, refuse_misfits, type_of
from engine.bpmn.dmn.read.drafts import Draft, Names
from engine.bpmn.dmn.read.elements import child_of, text_of, variable_of
from engine.bpmn.dmn.tables import Column, Decision, Output
from engine.bpmn.dmn.types import VALUE
from engine.bpmn.findings import shown
from engine.bpmn.read.document import CAMUNDA, line_of, local

MAX_PAIRS = 20_000  # of rules that are held against each other

_NOTHING = feel.expression("null")
_ANYTHING = feel.cell("-", VALUE)


def _literal(draft: Draft, element: etree._Element, names: Names) -> Decision | None:
    text, variable = text_of(element), variable_of(draft.element)
    of_type = type_of(draft, element, ", uttrycket", ", the expression", draft.element)
    if not text:
        draft.say(
            ": uttrycket är tomt",
            ": the expression is empty",
            "Skriv ett uttryck.",
            "Write an expression.",
            "dmn-cell",
            element,
        )
        return None
    compiled = compile_text(draft, element, text, names, ", uttrycket", ", the expression")
    if compiled is None:
        return None
    return _begun(draft, literal=compiled, outputs=(Output(variable, of_type),))


def _begun(draft: Draft, **more: Any) -> Decision:
    return Decision(
        draft.key, draft.name, line_of(draft.element), draft.file.document.name, variable_of(draft.element), **more
    )


def _table(draft: Draft, element: etree._Element, names: Names) -> Decision | None:
    policy = element.get("hitPolicy", "UNIQUE")
    aggregation = element.get("aggregation", "") if policy == "COLLECT" else ""
    columns = [child for child in element if local(child) == "input"]
    outputs = [child for child in element if local(child) == "output"]
    called = [_called(column, number) for number, column in enumerate(columns, 1)]
    inner: list[tuple[str, str]] = []
    for number, column in enumerate(columns):
        inner += {
            (name, f"__c{number}_")
            for name in (column.get("label", ""), column.get(f"{{{CAMUNDA}}}inputVariable", ""))
            if name
        }
    inside = names.beside(sorted(inner))
    inside.known |= {f"__c{number}_": name for number, name in enumerate(called)}
    made = _begun(
        draft,
        policy=policy,
        aggregation=aggregation,
        columns=tuple(_column(draft, column, number, called[number], names) for number, column in enumerate(columns)),
        outputs=tuple(_outputs(draft, outputs, policy, inside)),
        known={**inside.known},
    )
    if aggregation and len(outputs) > 1:
        draft.say(
            f": {aggregation} kräver en enda utkolumn, men det finns {len(outputs)}",
            f": {aggregation} takes one output column, but there are {len(outputs)}",
            "Dela upp tabellen, en för varje utkolumn.",
            "Split the table, one for each output column.",
            "dmn-column",
            element,
        )
    if policy in ("PRIORITY", "OUTPUT ORDER") and not any(output.order for output in made.outputs):
        draft.say(
            f": träffregeln {policy} behöver utvärdenas ordning, men ingen utkolumn har någon",
            f": the hit policy {policy} needs the order of the outputs' values, but no output column has one",
            "Räkna upp utkolumnens värden (output values), det viktigaste först.",
            "List the values of the output column (output values), the most important first.",
            "dmn-column",
            element,
        )
    rules = [child for child in element if local(child) == "rule"]
    if not all(_has_all_cells(draft, row, rule, len(columns), len(outputs)) for row, rule in enumerate(rules, 1)):
        return None
    table = draft.file.parser.decision_from(draft.element).decisionTables[0]
    for clause, output in zip(table.outputs, made.outputs, strict=True):
        clause.name = output.name
    for row, (rule, held) in enumerate(zip(rules, table.rules, strict=True), 1):
        _rule(draft, row, rule, held, made, inside)
    if policy == "UNIQUE" and not draft.broken:
        _tell_overlaps(draft, rules, table.rules)
    return replace(made, table=table)


LOGIC: Mapping[str, Callable[[Draft, etree._Element, Names], Decision | None]] = {
    "decisionTable": _table,
    "literalExpression": _literal,
}


def _column(draft: Draft, element: etree._Element, number: int, called: str, names: Names) -> Column:
    holder = child_of(element, "inputExpression")
    text = text_of(holder)
    where = f", inkolumn {number + 1} ”{called}”", f', input column {number + 1} "{called}"'
    of_type = type_of(draft, holder if holder is not None else element, *where)
    if not text:
        draft.say(
            f"{where[0]}: uttrycket saknas",
            f"{where[1]}: there is no expression",
            "Skriv vilken variabel kolumnen gäller.",
            "Write which variable the column is about.",
            "dmn-column",
            element,
        )
    compiled = compile_text(draft, element, text, names, *where, rule="dmn-column") if text else None
    allowed = text_of(child_of(element, "inputValues"))
    if allowed:
        cell = compile_cell(
            draft, element, allowed, VALUE, names, f"{where[0]}, tillåtna värden", f"{where[1]}, allowed values"
        )
        of_type = replace(of_type, allowed=(*of_type.allowed, *((cell,) if cell else ())))
    return Column(f"__c{number}_", called, compiled or _NOTHING, of_type)


def _called(column: etree._Element, number: int) -> str:
    return shown(column.get("label") or text_of(child_of(column, "inputExpression")) or f"{number}")


def _outputs(draft: Draft, elements: list[etree._Element], policy: str, names: Names) -> Iterator[Output]:
    found = [element.get("name") or element.get("label") or "" for element in elements]
    if found == [""]:
        found = [variable_of(draft.element)]
    if "" in found or len(set(found)) < len(found) or any("" in name.split(".") for name in found):
        draft.say(
            ": varje utkolumn ska ha ett eget namn",
            ": each output column should have a name of its own",
            "Rätta kolumnen i tabellen.",
            "Correct the column in the table.",
            "dmn-column",
        )
    for number, (element, name) in enumerate(zip(elements, found, strict=True), 1):
        where = f", utkolumn {number} ”{shown(name)}”", f', output column {number} "{shown(name)}"'
        of_type = type_of(draft, element, *where)
        order: tuple[Any, ...] = ()
        listed_values = text_of(child_of(element, "outputValues"))
        if listed_values:
            cell = compile_cell(
                draft, element, listed_values, VALUE, Names(), f"{where[0]}, utvärden", f"{where[1]}, output values"
            )
            if cell is not None:
                of_type = replace(of_type, allowed=(*of_type.allowed, cell))
                order = _order(cell)
                if not order and policy in ("PRIORITY", "OUTPUT ORDER"):
                    draft.say(
                        f"{where[0]}: utvärdena ska räknas upp, ett för ett",
                        f"{where[1]}: the output values should be listed one by one",
                        'Skriv till exempel "hög", "medel", "låg".',
                        'Write for example "high", "medium", "low".',
                        "dmn-column",
                        element,
                    )
        entry = child_of(element, "defaultOutputEntry")
        text = text_of(entry)
        default = (
            compile_text(draft, entry, text, names, f"{where[0]}, standardvärdet", f"{where[1]}, the default")
            if entry is not None and text
            else None
        )
        if default is not None:
            refuse_misfit(draft, entry, text, of_type, names, f"{where[0]}, standardvärdet", f"{where[1]}, the default")
        yield Output(name, of_type, order, default)


def _order(cell: feel.Cell) -> tuple[Any, ...]:
    pieces = cell.pieces or ()
    points = all(piece.low is not None and piece.low is piece.high for piece in pieces)
    return tuple(feel.as_json(piece.low) for piece in pieces) if points and not cell.negated else ()


def _rule(draft: Draft, row: int, element: etree._Element, held: Any, made: Decision, names: Names) -> None:
    """Put compiled cells into the rule as SpiffWorkflow holds it."""
    inputs = [child for child in element if local(child) == "inputEntry"]
    outputs = [child for child in element if local(child) == "outputEntry"]
    for number, (cell, column, entry) in enumerate(zip(inputs, made.columns, held.inputEntries, strict=True), 1):
        where = (
            f", regel {row}, inkolumn {number} ”{column.label}”",
            f', rule {row}, input column {number} "{column.label}"',
        )
        found = compile_cell(draft, cell, text_of(cell), column.inner, names, *where)
        entry.input.expression = column
        entry.lhs = [found if found is not None and found.test is not None else None]
        if found is not None:
            refuse_misfits(draft, cell, found, column.type, *where)
    for number, (cell, output, entry) in enumerate(zip(outputs, made.outputs, held.outputEntries, strict=True), 1):
        where = (
            f", regel {row}, utkolumn {number} ”{shown(output.name)}”",
            f', rule {row}, output column {number} "{shown(output.name)}"',
        )
        text = text_of(cell)
        compiled = compile_text(draft, cell, text, names, *where) if text not in ("", "-") else _NOTHING
        entry.text = compiled or _NOTHING
        if compiled is not None:
            refuse_misfit(draft, cell, text, output.type, names, *where)


def _has_all_cells(draft: Draft, row: int, rule: etree._Element, inputs: int, outputs: int) -> bool:
    kinds = [local(child) for child in rule]
    if kinds.count("inputEntry") == inputs and kinds.count("outputEntry") == outputs:
        return True
    draft.say(
        f", regel {row}: den har inte lika många celler som tabellen har kolumner",
        f", rule {row}: it has not as many cells as the table has columns",
        "Öppna och spara tabellen i ett modelleringsverktyg.",
        "Open and save the table in a modelling tool.",
        "dmn-cell",
        rule,
    )
    return False


def _tell_overlaps(draft: Draft, elements: list[etree._Element], rules: list[Any]) -> None:
    """Two rules of a UNIQUE table that some input satisfies both of, where that can be told (§8.2.10)."""
    rows = [[entry.lhs[0] or _ANYTHING for entry in rule.inputEntries] for rule in rules]
    if len(rows) * (len(rows) - 1) // 2 * max(1, len(rows[0]) if rows else 1) > MAX_PAIRS:
        return
    for (first, one), (second, other) in combinations(enumerate(rows, 1), 2):
        if all(feel.overlap(a, b) is True for a, b in zip(one, other, strict=True)):
            draft.say(
                f", regel {second}: den kan gälla samtidigt som regel {first}, men UNIQUE tillåter bara en",
                f", rule {second}: it can apply together with rule {first}, but UNIQUE allows only one",
                "Avgränsa den ena regeln, eller välj en annan träffregel (hit policy), till exempel FIRST.",
                "Narrow one of the rules, or choose another hit policy, such as FIRST.",
                "dmn-overlap",
                elements[second - 1],
                warn=True,
            )
