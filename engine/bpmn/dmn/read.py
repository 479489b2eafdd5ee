"""DMN files to decisions that can be asked, and everything that keeps one from being asked: table, row and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnValidator
from SpiffWorkflow.dmn.parser.BpmnDmnParser import SCHEMAS

from engine.bpmn.dmn import feel
from engine.bpmn.dmn.tables import Column, Decision, Output, Parser
from engine.bpmn.dmn.types import ANY, VALUE, Type, named
from engine.bpmn.expressions import Compiled
from engine.bpmn.findings import Finding, Label, Place, bounded, label, shown
from engine.bpmn.limits import LIMITS
from engine.bpmn.read.xml import CAMUNDA, Document, Unreadable, line_of, local, parse, schema_findings
from engine.errors import ExpressionError, Refused

MAX_TEXT = LIMITS.cells
MAX_PAIRS = 20_000  # of rules that are held against each other
MAX_CHAIN = LIMITS.decisions

_NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
_OLD = "http://www.omg.org/spec/DMN/20151101/dmn.xsd"
_RENAMED = {
    # DMN 1.2, whose schema SpiffWorkflow brings is broken, 1.4 and 1.5 differ from 1.3 in nothing that decisions use.
    "http://www.omg.org/spec/DMN/20180521/MODEL/": _NAMESPACE,
    "https://www.omg.org/spec/DMN/20211108/MODEL/": _NAMESPACE,
    "https://www.omg.org/spec/DMN/20230324/MODEL/": _NAMESPACE,
    "http://www.omg.org/spec/DMN/20180521/DMNDI/": "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    "https://www.omg.org/spec/DMN/20230324/DMNDI/": "https://www.omg.org/spec/DMN/20191111/DMNDI/",
}
_LANGUAGES = re.compile(r"(?i)(.*feel/?|python|)")
_EXAMPLES = (
    'Skriv till exempel "kommun", "a", "b", > 3, [3..5], not("a") eller ? > 3 and ? < antal.',
    'Write for example "kommun", "a", "b", > 3, [3..5], not("a") or ? > 3 and ? < amount.',
)


@dataclass(slots=True)
class _File:
    document: Document
    namespace: str
    types: Mapping[str, Type]
    inputs: Mapping[str, str]
    parser: Parser


@dataclass(slots=True)
class _Draft:
    """A decision under way. `findings` gather; with an error among them it cannot be asked."""

    file: _File
    element: etree._Element
    key: str
    name: str
    who: Label
    findings: list[Finding] = field(default_factory=list)

    def say(self, sv: str, en: str, fix_sv: str, fix_en: str, rule: str, at: Any = None, warn: bool = False) -> None:
        """`sv` and `en` go on after the decision's label: `, regel 2: …` or `: …`."""
        where = self.element if at is None else at
        place = Place(self.file.document.name, line_of(where), shown(self.key, 200))
        make = place.warning if warn else place.error
        self.findings.append(make(rule, f"{self.who.sv}{sv}", f"{self.who.en}{en}", fix_sv, fix_en))

    @property
    def broken(self) -> bool:
        return any(finding.is_error for finding in self.findings)


@lru_cache(maxsize=64)
def read(files: tuple[tuple[str, bytes], ...]) -> tuple[Mapping[str, Decision], tuple[Finding, ...]]:
    """The decisions that are without errors, by key, and all findings; of (name, content) of every DMN file."""
    findings: list[Finding] = []
    drafts: dict[str, _Draft] = {}
    room = MAX_TEXT
    for name, source in files:
        file, said = _open(source, name)
        findings += said
        if file is None:
            continue
        room -= sum(len(text.text or "") for text in file.document.root.iter("{*}text"))
        if room < 0:
            findings.append(_too_much(name))
            continue
        for element in file.document.root.iterchildren("{*}decision"):
            key = element.get("id", "")
            draft = _Draft(file, element, key, element.get("name", ""), label("decision", key, element.get("name", "")))
            if not key:
                draft.say(
                    ": ett id saknas",
                    ": there is no id",
                    "Ge beslutet ett id.",
                    "Give the decision an id.",
                    "missing-id",
                )
            elif key in drafts:
                draft.say(
                    " ska finnas en gång, men finns i flera filer",
                    " should be there once, but several files have it",
                    "Ge beslutet ett eget id.",
                    "Give the decision an id of its own.",
                    "duplicate-decision",
                )
            if key and key not in drafts:
                drafts[key] = draft
            else:
                findings += draft.findings
    decisions: dict[str, Decision] = {}
    for draft in _in_order(drafts):
        decision = _decision(draft, decisions, drafts)
        if decision is not None:
            decisions[decision.key] = decision
    for draft in drafts.values():
        findings += bounded(draft.findings, draft.file.document.name)
    return decisions, tuple(findings)


# --- files ---------------------------------------------------------------------------------------------------------


def _open(source: bytes, name: str) -> tuple[_File | None, list[Finding]]:
    try:
        root = parse(source, name)
    except Unreadable as unreadable:
        return None, [unreadable.finding]
    _rename(root)
    namespace = etree.QName(root).namespace or ""
    if local(root) != "definitions" or namespace not in (_NAMESPACE, _OLD):
        return None, [_not_dmn(root, name)]
    document = Document(name, root)
    findings = bounded(schema_findings(document, _validator(namespace)), name)
    if any(finding.is_error for finding in findings):
        return None, findings
    inputs = {element.get("id", ""): _variable(element) for element in root.iterchildren("{*}inputData")}
    parser = Parser(None, root, {"dmn": namespace}, filename=name)
    return _File(document, namespace, _types(root), inputs, parser), findings


def _rename(root: etree._Element) -> None:
    if (etree.QName(root).namespace or "") not in _RENAMED:
        return
    for element in root.iter(etree.Element):
        namespace, _, name = str(element.tag)[1:].rpartition("}")
        if namespace in _RENAMED:
            element.tag = f"{{{_RENAMED[namespace]}}}{name}"


@lru_cache(maxsize=4)
def _validator(namespace: str) -> Any:
    return BpmnValidator(SCHEMAS[namespace]).validator


def _types(root: etree._Element) -> dict[str, Type]:
    """The file's itemDefinitions, as far as they are a type of FEEL with allowed values, alone or in a list."""
    own: dict[str, Type] = {}
    for element in root.iterchildren("{*}itemDefinition"):
        base = _child(element, "typeRef")
        found = ANY if base is None else named(base.text or "", own)
        allowed = _cell_or_none(_text(_child(element, "allowedValues")))
        if found is not None:
            made = replace(found, allowed=(*found.allowed, *((allowed,) if allowed else ())))
            own[element.get("name", "")] = replace(made, many=element.get("isCollection") in ("true", "1"))
    return own


def _cell_or_none(text: str) -> feel.Cell | None:
    try:
        return feel.cell(text, VALUE) if text else None
    except ExpressionError:
        return None


# --- what a decision rests on --------------------------------------------------------------------------------------


def _required(draft: _Draft, kind: str) -> Iterator[tuple[etree._Element, str]]:
    for requirement in draft.element.iterchildren("{*}informationRequirement"):
        for child in requirement.iterchildren(f"{{*}}{kind}"):
            yield child, child.get("href", "").rpartition("#")[2].strip()


def _in_order(drafts: Mapping[str, _Draft]) -> list[_Draft]:
    """Those that are required before those that require them; those in a circle are told so, and left out."""
    waits = {
        key: {one for _, one in _required(draft, "requiredDecision") if one in drafts} for key, draft in drafts.items()
    }
    needed_by: dict[str, list[str]] = {key: [] for key in drafts}
    for key, needs in waits.items():
        for one in needs:
            needed_by[one].append(key)
    ordered: list[_Draft] = []
    ready = [key for key, needs in waits.items() if not needs]
    while waits:
        while ready:
            key = ready.pop()
            if waits.pop(key, None) is None:
                continue
            if not drafts[key].broken:
                ordered.append(drafts[key])
            for other in needed_by[key]:
                if other in waits:
                    waits[other].discard(key)
                    if not waits[other]:
                        ready.append(other)
        if waits:
            circle = _circle(waits)
            text = shown(" → ".join((*circle, circle[0])), 200)
            for key in circle:
                drafts[key].say(
                    f": den bygger på sig själv ({text})",
                    f": it rests on itself ({text})",
                    "Ta bort ett av sambanden.",
                    "Remove one of the requirements.",
                    "dmn-circle",
                )
                waits[key].clear()
            ready = list(circle)
    return ordered


def _circle(waits: Mapping[str, set[str]]) -> list[str]:
    """Decisions that wait for each other; there are some, since every one waits for another of them."""
    way: dict[str, None] = {}
    key = next(iter(waits))
    while key not in way:
        way[key] = None
        key = min(waits[key])
    circle = list(way)
    return circle[circle.index(key) :]


class _Names:
    """What names mean in the texts of one decision: inner name, and what people call it."""

    def __init__(self) -> None:
        self.meaning: dict[tuple[str, ...], str] = {}
        self.known: dict[str, str] = {}

    def add(self, name: str, inner: str, weak: bool = False) -> None:
        """A name that already means something else means neither, unless the newcomer is `weak`."""
        words = feel.words_of(name) if name else None
        if words is None or self.meaning.get(words) == inner:
            return
        if words in self.meaning and not weak:
            inner = f"__twice{len(self.known)}_"
        elif words in self.meaning:
            return
        self.meaning[words] = inner
        self.known[inner] = name

    def beside(self, names: list[tuple[str, str]]) -> _Names:
        """The same with `names` before them all; one that stands there twice means neither."""
        front = _Names()
        for name, inner in names:
            front.add(name, inner)
        front.meaning = {**self.meaning, **front.meaning}
        front.known = {**self.known, **front.known}
        return front


def _decision(draft: _Draft, decided: Mapping[str, Decision], drafts: Mapping[str, _Draft]) -> Decision | None:
    names, required = _Names(), []
    for number, (child, key) in enumerate(_required(draft, "requiredDecision")):
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
    under = _Names().beside(outputs)  # Camunda's way: each output of a required decision is a variable
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
        if local(element) in _LOGIC:
            made = _LOGIC[local(element)](draft, element, names)
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


def _refuse_the_rest(draft: _Draft, chain: int) -> None:
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


# --- logic ---------------------------------------------------------------------------------------------------------


def _literal(draft: _Draft, element: etree._Element, names: _Names) -> Decision | None:
    text, variable = _text(element), _variable(draft.element)
    of_type = _type(draft, element, ", uttrycket", ", the expression", draft.element)
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
    compiled = _compile(draft, element, text, names, ", uttrycket", ", the expression")
    if compiled is None:
        return None
    return _begun(draft, literal=compiled, outputs=(Output(variable, of_type),))


def _begun(draft: _Draft, **more: Any) -> Decision:
    return Decision(
        draft.key, draft.name, line_of(draft.element), draft.file.document.name, _variable(draft.element), **more
    )


def _table(draft: _Draft, element: etree._Element, names: _Names) -> Decision | None:
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


_LOGIC: Mapping[str, Callable[[_Draft, etree._Element, _Names], Decision | None]] = {
    "decisionTable": _table,
    "literalExpression": _literal,
}


def _column(draft: _Draft, element: etree._Element, number: int, called: str, names: _Names) -> Column:
    holder = _child(element, "inputExpression")
    text = _text(holder)
    where = f", inkolumn {number + 1} ”{called}”", f', input column {number + 1} "{called}"'
    of_type = _type(draft, holder if holder is not None else element, *where)
    if not text:
        draft.say(
            f"{where[0]}: uttrycket saknas",
            f"{where[1]}: there is no expression",
            "Skriv vilken variabel kolumnen gäller.",
            "Write which variable the column is about.",
            "dmn-column",
            element,
        )
    compiled = _compile(draft, element, text, names, *where, rule="dmn-column") if text else None
    allowed = _text(_child(element, "inputValues"))
    if allowed:
        cell = _cell(
            draft, element, allowed, VALUE, names, f"{where[0]}, tillåtna värden", f"{where[1]}, allowed values"
        )
        of_type = replace(of_type, allowed=(*of_type.allowed, *((cell,) if cell else ())))
    return Column(f"__c{number}_", called, compiled or _NOTHING, of_type)


def _outputs(draft: _Draft, elements: list[etree._Element], policy: str, names: _Names) -> Iterator[Output]:
    found = [element.get("name") or element.get("label") or "" for element in elements]
    if found == [""]:
        found = [_variable(draft.element)]
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
        of_type = _type(draft, element, *where)
        order: tuple[Any, ...] = ()
        listed_values = _text(_child(element, "outputValues"))
        if listed_values:
            cell = _cell(
                draft, element, listed_values, VALUE, _Names(), f"{where[0]}, utvärden", f"{where[1]}, output values"
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
        entry = _child(element, "defaultOutputEntry")
        text = _text(entry)
        default = (
            _compile(draft, entry, text, names, f"{where[0]}, standardvärdet", f"{where[1]}, the default")
            if entry is not None and text
            else None
        )
        if default is not None:
            _refuse_misfit(
                draft, entry, text, of_type, names, f"{where[0]}, standardvärdet", f"{where[1]}, the default"
            )
        yield Output(name, of_type, order, default)


def _order(cell: feel.Cell) -> tuple[Any, ...]:
    pieces = cell.pieces or ()
    points = all(piece.low is not None and piece.low is piece.high for piece in pieces)
    return tuple(feel.as_json(piece.low) for piece in pieces) if points and not cell.negated else ()


def _rule(draft: _Draft, row: int, element: etree._Element, held: Any, made: Decision, names: _Names) -> None:
    """Put compiled cells into the rule as SpiffWorkflow holds it."""
    inputs = [child for child in element if local(child) == "inputEntry"]
    outputs = [child for child in element if local(child) == "outputEntry"]
    for number, (cell, column, entry) in enumerate(zip(inputs, made.columns, held.inputEntries, strict=True), 1):
        where = (
            f", regel {row}, inkolumn {number} ”{column.label}”",
            f', rule {row}, input column {number} "{column.label}"',
        )
        found = _cell(draft, cell, _text(cell), column.inner, names, *where)
        entry.input.expression = column
        entry.lhs = [found if found is not None and found.test is not None else None]
        if found is not None:
            _refuse_misfits(draft, cell, found, column.type, *where)
    for number, (cell, output, entry) in enumerate(zip(outputs, made.outputs, held.outputEntries, strict=True), 1):
        where = (
            f", regel {row}, utkolumn {number} ”{shown(output.name)}”",
            f', rule {row}, output column {number} "{shown(output.name)}"',
        )
        text = _text(cell)
        compiled = _compile(draft, cell, text, names, *where) if text not in ("", "-") else _NOTHING
        entry.text = compiled or _NOTHING
        if compiled is not None:
            _refuse_misfit(draft, cell, text, output.type, names, *where)


def _has_all_cells(draft: _Draft, row: int, rule: etree._Element, inputs: int, outputs: int) -> bool:
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


def _tell_overlaps(draft: _Draft, elements: list[etree._Element], rules: list[Any]) -> None:
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


# --- cells ---------------------------------------------------------------------------------------------------------

_NOTHING = feel.expression("null")
_ANYTHING = feel.cell("-", VALUE)


def _compile(
    draft: _Draft, at: Any, text: str, names: _Names, sv: str, en: str, *, rule: str = "dmn-cell"
) -> Compiled | None:
    try:
        _refuse_language(at)
        made = feel.expression(text, names.meaning)
        _refuse_twice(made, names)
        return made
    except ExpressionError as error:
        _tell(draft, at, text, error, sv, en, rule)
        return None


def _cell(draft: _Draft, at: Any, text: str, column: str, names: _Names, sv: str, en: str) -> feel.Cell | None:
    try:
        _refuse_language(at)
        found = feel.cell(text, column, names.meaning)
        if found.test is not None:
            _refuse_twice(found.test, names)
        return found
    except ExpressionError as error:
        _tell(draft, at, text, error, sv, en, "dmn-cell")
        return None


def _tell(draft: _Draft, at: Any, text: str, error: ExpressionError, sv: str, en: str, rule: str) -> None:
    fix_sv, fix_en = error.fix if isinstance(error, feel.Unread) else _EXAMPLES
    draft.say(f"{sv}: {shown(text)}: {error.sv}", f"{en}: {shown(text)}: {error.en}", fix_sv, fix_en, rule, at)


def _refuse_language(at: etree._Element) -> None:
    language = at.get("expressionLanguage", "")
    if not _LANGUAGES.fullmatch(language):
        raise feel.Unread(
            f"Expected FEEL, but the language is {shown(language)}.",
            f"Uttrycksspråket ska vara FEEL, men är {shown(language)}.",
            "Choose FEEL as the language of the cell, and write the cell in it.",
            "Välj FEEL som språk för cellen, och skriv cellen på det språket.",
        )


def _refuse_twice(made: Compiled, names: _Names) -> None:
    for name in made.names:
        if name.startswith("__twice"):
            called = names.known.get(name, name)
            raise feel.Unread(
                f"Expected one meaning of {shown(called)!r}, but there are several.",
                f"Namnet ”{shown(called)}” har flera betydelser här.",
                "Give columns and decisions names of their own.",
                "Ge kolumner och beslut egna namn.",
            )


def _refuse_misfits(draft: _Draft, at: Any, cell: feel.Cell, of_type: Type, sv: str, en: str) -> None:
    """Constants in a cell that no value of the column's type is ever like."""
    if not cell.pieces:
        return
    bare = replace(of_type, allowed=(), many=False)
    for end in {
        repr(end): end for piece in cell.pieces or () for end in (piece.low, piece.high) if end is not None
    }.values():
        if bare.refuses(end):
            draft.say(
                f"{sv}: {shown(cell.text)}: kolumnen är {of_type.sv}, men cellen jämför med något annat",
                f"{en}: {shown(cell.text)}: the column is {of_type.en}, but the cell compares with something else",
                "Rätta cellen, eller kolumnens typ.",
                "Correct the cell, or the type of the column.",
                "dmn-type",
                at,
            )
            return


def _refuse_misfit(draft: _Draft, at: Any, text: str, of_type: Type, names: _Names, sv: str, en: str) -> None:
    """A constant output that its column does not allow."""
    found = feel.constant(text, names.meaning)
    reason: Refused | None = of_type.refuses(found[0]) if found else None
    if reason is not None:
        draft.say(
            f"{sv}: {shown(text)}: {reason.sv}",
            f"{en}: {shown(text)}: {reason.en}",
            "Rätta cellen, eller kolumnens typ och tillåtna värden.",
            "Correct the cell, or the type and the allowed values of the column.",
            "dmn-type",
            at,
        )


def _type(draft: _Draft, element: etree._Element, sv: str, en: str, or_of: Any = None) -> Type:
    reference = element.get("typeRef", "")
    if not reference and or_of is not None:
        variable = _child(or_of, "variable")
        reference = "" if variable is None else variable.get("typeRef", "")
    found = named(reference, draft.file.types)
    if found is None:
        draft.say(
            f"{sv}: typen ”{shown(reference)}” finns inte",
            f'{en}: there is no type "{shown(reference)}"',
            "Välj string, number, boolean, date eller en annan av FEEL:s typer, eller lägg till typen i filen.",
            "Choose string, number, boolean, date or another type of FEEL, or add the type to the file.",
            "dmn-type",
            element,
        )
    return found or ANY


def _called(column: etree._Element, number: int) -> str:
    return shown(column.get("label") or _text(_child(column, "inputExpression")) or f"{number}")


def _variable(element: etree._Element) -> str:
    variable = _child(element, "variable")
    own = "" if variable is None else variable.get("name", "")
    return str(own or element.get("name") or element.get("id", ""))


def _child(holder: etree._Element | None, name: str) -> etree._Element | None:
    return None if holder is None else next((child for child in holder if local(child) == name), None)


def _text(holder: etree._Element | None) -> str:
    found = _child(holder, "text")
    return "" if found is None else (found.text or "").strip()


def _not_dmn(root: etree._Element, name: str) -> Finding:
    return Place(name, line_of(root), "").error(
        "not-dmn",
        "filen ska vara beslut i DMN 1.1 till 1.5, men är något annat",
        "Expected decisions in DMN 1.1 to 1.5, but the file is something else.",
        "Spara tabellen som DMN 1.3 i Camunda Modeler.",
        "Save the table as DMN 1.3 in Camunda Modeler.",
    )


def _too_much(name: str) -> Finding:
    return Place(name, 1, "").error(
        "too-many-expressions",
        f"cellerna i alla beslut får ha högst {MAX_TEXT // 1000} 000 tecken tillsammans, men har fler",
        f"Expected at most {MAX_TEXT // 1000},000 characters in all cells together, but there are more.",
        "Dela upp processen, så att varje del har sina tabeller.",
        "Split the process, so that each part has its own tables.",
    )
