"""Business rules: decision tables (DMN), decided by SpiffWorkflow's DMN engine, with our expressions in the cells.

Its parser reads the tables and its engine matches the rules; the two subclasses below go on where it stops: several
decisions in one file, more than one match where UNIQUE allows one, and cells that never reach Python.

A cell holds what SpiffWorkflow's cells hold: `-` or nothing (anything will do), a value (`"kommun"`, `12`), a
comparison (`> 3`), or an expression about `?`, the input (`? in ["a", "b"]`, `3 <= ? <= 5`). Hit policies UNIQUE and
COLLECT (without aggregation). Whatever else DMN has is refused by name when a process is deployed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnValidator
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.parser.BpmnDmnParser import SCHEMAS
from SpiffWorkflow.dmn.parser.DMNParser import DMNParser
from SpiffWorkflow.exceptions import SpiffWorkflowException

from engine.bpmn.expressions import NO_FUNCTIONS, Budget, Functions, Variables, compile_expression
from engine.bpmn.findings import Finding, Place, bounded, label, listed, shown
from engine.bpmn.read.xml import Document, Unreadable, line_of, local, parse, schema_findings
from engine.errors import ExpressionError, Refused

MAX_CELL = 1_000  # characters
MAX_TEXT = 200_000  # of all cells of a file together
MAX_MARKS = 10  # of ? in one cell
HIT_POLICIES = ("UNIQUE", "COLLECT")
_VERSIONS = {key for key in SCHEMAS if "20180521" not in key}  # the schema that it brings for DMN 1.2 is broken
_SKIPPED = frozenset({"description", "annotation", "extensionElements"})


@dataclass(frozen=True, slots=True)
class Table:
    """One decision: its table as SpiffWorkflow read it, what to call it in a message, and the functions it calls."""

    key: str
    name: str
    line: int
    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    calls: frozenset[str]
    table: Any


def decide(
    files: Mapping[str, bytes],
    key: str,
    variables: Variables,
    functions: Functions = NO_FUNCTIONS,
    *,
    mapping: str = "resultList",
    budget: Budget | None = None,
) -> Any:
    """The result of decision `key`, found in the `*.dmn` of `files`, for these variables.

    `mapping` as in the Camunda 7 profile: `resultList` an object per matching rule; `singleResult` that of the only
    match, or None; `collectEntries` the values of the only output; `singleEntry` its one value, or None.
    Raises `Refused` where there is no such decision or the rules do not give what is asked for, `ExpressionError` where
    a cell cannot be evaluated.
    """
    decision = _find(files, key)
    engine = _Engine(decision.table)
    task = _Task(variables, functions, budget or Budget())
    try:
        matches = engine.decide(task)
        if decision.table.hit_policy == "UNIQUE" and len(matches) > 1:
            rows = [str(rule.row_number) for rule in matches]
            raise _refused(
                decision,
                f"one rule to match, but rules {listed(rows, 'and')} do",
                f"en enda regel ska gälla, men reglerna {listed(rows, 'och')} gör det",
            )
        results = [dict(rule.output_as_dict(task)) for rule in matches]
    except _Stopped as stopped:
        raise stopped.error from None
    return _mapped(decision, results, mapping)


def decisions_in(files: Mapping[str, bytes]) -> tuple[dict[str, Table], list[Finding]]:
    """The decisions of all `*.dmn`, by key, and what stands in their way."""
    tables: dict[str, Table] = {}
    findings: list[Finding] = []
    for name in _dmn_files(files):
        found, said = _load(files[name], name)
        findings += said
        for table in found:
            if table.key in tables:
                who = label("decision", table.key, table.name)
                findings.append(
                    Place(name, 0, table.key).error(
                        "duplicate-decision",
                        f"{who.sv} ska finnas en gång, men finns i flera filer",
                        f"Expected {who.en} once, but several files have it.",
                        "Ge beslutet ett eget id.",
                        "Give the decision an id of its own.",
                    )
                )
            tables.setdefault(table.key, table)
    return tables, findings


def _find(files: Mapping[str, bytes], key: str) -> Table:
    for name in _dmn_files(files):
        for table in _load(files[name], name)[0]:
            if table.key == key:
                return table
    raise Refused(
        f"Expected a decision {key!r} among the files of the process, but there is none.",
        f"Beslutstabellen {key!r} finns inte bland processens filer.",
    )


def _dmn_files(files: Mapping[str, bytes]) -> list[str]:
    return sorted(name for name in files if Path(name).suffix.lower() == ".dmn")


def _refused(decision: Table, en: str, sv: str) -> Refused:
    return Refused(
        f"Expected {en}, in decision {decision.name or decision.key!r}.",
        f"Beslutstabellen ”{decision.name or decision.key}”: {sv}.",
    )


def _mapped(decision: Table, results: list[dict[str, Any]], mapping: str) -> Any:
    if mapping == "resultList":
        return results
    if mapping in ("singleEntry", "collectEntries") and len(decision.outputs) != 1:
        raise _refused(
            decision,
            f"one output for {mapping}, but there are {len(decision.outputs)}",
            f"{mapping} kräver en enda utdatakolumn, men det finns {len(decision.outputs)}",
        )
    if mapping == "collectEntries":
        return [value for result in results for value in result.values()]
    if len(results) > 1:
        raise _refused(
            decision,
            f"at most one match for {mapping}, but there are {len(results)}",
            f"{mapping} kräver att högst en regel gäller, men {len(results)} gör det",
        )
    if not results:
        return None
    return results[0] if mapping == "singleResult" else next(iter(results[0].values()))


# --- SpiffWorkflow, extended ---------------------------------------------------------------------------------------


class _Stopped(SpiffWorkflowException):  # type: ignore[misc]
    """Carries our error through SpiffWorkflow, which wraps any that is not of its own kind."""

    def __init__(self, error: ExpressionError) -> None:
        super().__init__("")
        self.error = error


class _Expressions:
    """What SpiffWorkflow's DMN engine asks of a script engine."""

    def evaluate(self, task: _Task, text: str, external_context: Mapping[str, Any] | None = None) -> Any:
        variables = {**task.data, **external_context} if external_context else task.data
        try:
            return compile_expression(text).evaluate(variables, task.functions, task.budget)
        except ExpressionError as error:
            raise _Stopped(error) from None

    def validate(self, text: str) -> None:
        try:
            compile_expression(text)
        except ExpressionError as error:
            raise SyntaxError(error.en) from None


class _Task:
    """What SpiffWorkflow's DMN engine asks of a task."""

    workflow = SimpleNamespace(script_engine=_Expressions())

    def __init__(self, data: Variables, functions: Functions, budget: Budget) -> None:
        self.data = data
        self.functions = functions
        self.budget = budget


class _Engine(DMNEngine):  # type: ignore[misc]
    """Stock, `decide` stops at the first match of a UNIQUE table, and so never sees that there are two."""

    def decide(self, task: _Task) -> list[Any]:
        return [rule for rule in self.decision_table.rules if self._DMNEngine__check_rule(rule, task)]


class _Parser(DMNParser):  # type: ignore[misc]
    """Stock, it reads a file with one decision, and stumbles over descriptions."""

    def decision_from(self, element: etree._Element) -> Any:
        return self._parse_decision([element])

    def _parse_inputs_outputs(self, table: Any, element: etree._Element) -> None:
        super()._parse_inputs_outputs(table, [child for child in element if local(child) not in _SKIPPED])

    def _parse_input_output_element(self, table: Any, element: etree._Element, kind: Any, index: int) -> Any:
        entry = super()._parse_input_output_element(table, element, kind, index)
        entry.text = (entry.text or "").strip()
        if hasattr(entry, "lhs"):
            entry.lhs = [None if entry.text in ("", "-") else entry.text]
        return entry


# --- reading and checking ------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _load(source: bytes, name: str) -> tuple[tuple[Table, ...], tuple[Finding, ...]]:
    """The decisions of one file that are without errors, and all findings."""
    try:
        root = parse(source, name)
    except Unreadable as unreadable:
        return (), (unreadable.finding,)
    namespace = etree.QName(root).namespace or ""
    if local(root) != "definitions" or namespace not in _VERSIONS:
        return (), (_not_dmn(root, name),)
    document = Document(name, root)
    findings = schema_findings(document, _validator(namespace))
    if any(finding.is_error for finding in findings):
        return (), tuple(findings)
    if sum(len(text.text or "") for text in root.iter(f"{{{namespace}}}text")) > MAX_TEXT:
        return (), (_too_much(name),)
    parser = _Parser(None, root, {"dmn": namespace}, filename=name)
    tables = []
    for element in root.iterchildren(f"{{{namespace}}}decision"):
        said = bounded(_findings_of(document, element), name)
        findings += said
        if not said:
            tables.append(_table(parser, element, name))
    return tuple(tables), tuple(bounded(findings, name))


@lru_cache(maxsize=8)
def _validator(namespace: str) -> Any:
    return BpmnValidator(SCHEMAS[namespace]).validator


def _table(parser: _Parser, element: etree._Element, name: str) -> Table:
    decision = parser.decision_from(element)
    table = decision.decisionTables[0]
    for column in table.inputs:
        column.expression = f"({column.expression.strip()})"  # the engine glues the cell to it: `(a + b)> 3`
    cells = [_as_expression(entry.lhs[0]) for rule in table.rules for entry in rule.inputEntries if entry.lhs[0]]
    outcomes = [entry.text for rule in table.rules for entry in rule.outputEntries if entry.text]
    inputs = [column.expression for column in table.inputs]
    return Table(
        key=decision.id,
        name=decision.name,
        line=line_of(element),
        file=name,
        inputs=tuple(inputs),
        outputs=tuple(column.name or column.label for column in table.outputs),
        calls=frozenset(call for text in (*inputs, *cells, *outcomes) for call in compile_expression(text).calls),
        table=table,
    )


def _as_expression(cell: str) -> str:
    """A cell as a whole expression: about `v`, where it is half a one."""
    if "?" in cell:
        return cell.replace("?", "v")
    return f"v {cell}" if _fault(cell) else cell


def _findings_of(document: Document, decision: etree._Element) -> Iterator[Finding]:
    """What keeps this decision from being decided; nothing, where it can be."""
    who = label("decision", decision.get("id", ""), decision.get("name", ""))
    place = Place(document.name, line_of(decision), shown(decision.get("id", "")))

    def refuse(sv: str, en: str, fix_sv: str, fix_en: str, rule: str = "dmn-not-supported") -> Finding:
        return place.error(rule, f"{who.sv}: {sv}", f"{who.en}: {en}", fix_sv, fix_en)

    if not decision.get("id"):
        yield refuse("ett id saknas", "there is no id", "Ge beslutet ett id.", "Give the decision an id.", "missing-id")
    table = next((child for child in decision if local(child) == "decisionTable"), None)
    if table is None:
        yield refuse(
            "den ska vara en tabell, men är något annat",
            "it should be a table, but is something else",
            "Gör om beslutet till en beslutstabell.",
            "Make the decision a decision table.",
        )
        return
    if any(local(child) == "informationRequirement" and _needs_decision(child) for child in decision):
        yield refuse(
            "den bygger på en annan beslutstabell, och det stöds inte",
            "it requires another decision, which is not supported",
            "Låt processen fråga tabellerna var för sig.",
            "Let the process ask the tables one by one.",
        )
    policy = table.get("hitPolicy", "UNIQUE")
    if policy not in HIT_POLICIES or table.get("aggregation"):
        asked = f"{policy} {table.get('aggregation', '')}".strip()
        yield refuse(
            f"träffregeln {shown(asked)} stöds inte",
            f"the hit policy {shown(asked)} is not supported",
            f"Använd {listed(HIT_POLICIES, 'eller')}.",
            f"Use {listed(HIT_POLICIES, 'or')}.",
        )
    for sv, en in _column_faults(table):
        yield refuse(sv, en, "Rätta kolumnen i tabellen.", "Correct the column in the table.", "dmn-column")
    columns = {kind: sum(local(child) == kind for child in table) for kind in ("input", "output")}
    for row, rule in enumerate((child for child in table if local(child) == "rule"), 1):
        for sv, en in _rule_faults(columns, rule):
            yield refuse(
                f"regel {row}: {sv}",
                f"rule {row}: {en}",
                'Skriv till exempel "kommun", > 3, 3 <= ? <= 5 eller ? in ["a", "b"].',
                'Write for example "kommun", > 3, 3 <= ? <= 5 or ? in ["a", "b"].',
                "dmn-cell",
            )


def _needs_decision(requirement: etree._Element) -> bool:
    return any(local(child) == "requiredDecision" for child in requirement)


def _column_faults(table: etree._Element) -> Iterator[tuple[str, str]]:
    outputs = [child for child in table if local(child) == "output"]
    for column in (child for child in table if local(child) == "input"):
        text = _text(next((child for child in column if local(child) == "inputExpression"), None))
        name = shown(column.get("label") or text or str(column.get("id")))
        if not text:
            yield f"inkolumnen {name} saknar uttryck", f"input column {name} has no expression"
        elif fault := _fault(text):
            yield f"inkolumnen {name}: {fault[0]}", f"input column {name}: {fault[1]}"
    names = [column.get("name") or column.get("label") or "" for column in outputs]
    if "" in names or len(set(names)) < len(names):
        yield "varje utkolumn ska ha ett eget namn", "each output column should have a name of its own"


def _rule_faults(columns: Mapping[str, int], rule: etree._Element) -> Iterator[tuple[str, str]]:
    for kind, count in columns.items():
        cells = [child for child in rule if local(child) == f"{kind}Entry"]
        if len(cells) != count:
            yield "den har inte lika många celler som tabellen har kolumner", "it has not as many cells as the table"
            return
        for cell in cells:
            text = _text(cell)
            fault = _cell_fault(text) if kind == "input" else text and _fault(text)
            if fault:
                yield f"{shown(text)}: {fault[0]}", f"{shown(text)}: {fault[1]}"


def _cell_fault(text: str) -> tuple[str, str] | None:
    if text in ("", "-"):
        return None
    if text.count("?") > MAX_MARKS:
        return f"högst {MAX_MARKS} frågetecken får plats i en cell", f"a cell may have {MAX_MARKS} question marks"
    if fault := _fault(_as_expression(text)):
        return _fault(text) or fault
    if _as_expression(text) != text:
        return None
    shape = ast.parse(f"(\n{text}\n)", mode="eval").body
    if isinstance(shape, ast.Tuple):  # FEEL's "a", "b" would be compared as a list
        return "flera värden i en cell skrivs med in", "several values in one cell are written with in"
    if isinstance(shape, ast.UnaryOp) and isinstance(shape.op, ast.Not):
        return "not skrivs med !=", "not is written with !="
    return None


@lru_cache(maxsize=4096)
def _fault(text: str) -> tuple[str, str] | None:
    if len(text) > MAX_CELL:
        return f"högst {MAX_CELL} tecken får plats i en cell", f"a cell may have {MAX_CELL} characters"
    try:
        compile_expression(text)
    except ExpressionError as error:
        return error.sv.rstrip("."), error.en.rstrip(".")
    return None


def _text(holder: etree._Element | None) -> str:
    found = None if holder is None else next((child for child in holder if local(child) == "text"), None)
    return "" if found is None else (found.text or "").strip()


def _not_dmn(root: etree._Element, name: str) -> Finding:
    return Place(name, line_of(root), "").error(
        "not-dmn",
        "filen ska vara en beslutstabell i DMN 1.3 eller 1.1, men är något annat",
        "Expected a decision table in DMN 1.3 or 1.1, but the file is something else.",
        "Spara tabellen som DMN 1.3 i Camunda Modeler.",
        "Save the table as DMN 1.3 in Camunda Modeler.",
    )


def _too_much(name: str) -> Finding:
    return Place(name, 0, "").error(
        "too-many-expressions",
        f"cellerna i filen får ha högst {MAX_TEXT // 1000} 000 tecken tillsammans, men har fler",
        f"Expected at most {MAX_TEXT // 1000},000 characters in all cells together, but there are more.",
        "Dela upp tabellen i flera filer.",
        "Split the table into several files.",
    )
