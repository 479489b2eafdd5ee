"""The texts of a file that are compiled: expressions, templates and scripts, within one bound for them all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from lxml import etree

from engine.bpmn.expressions import Expression, Template, compile_expression, template
from engine.bpmn.findings import Label, shown
from engine.bpmn.read.document import CAMUNDA, Document, local
from engine.bpmn.read.extensions import extensions
from engine.bpmn.read.says import say
from engine.errors import ExpressionError

MAX_COMPILED = 300_000
"""Characters of all expressions of a file together, each counted with some more for the work it is."""
_EACH = 50

Compiled = TypeVar("Compiled")


class Texts:
    """Compiles the texts of one file; what cannot be compiled is a finding, and None."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def text(self, element: etree._Element, text: str, field: str) -> Template | None:
        """A text that may hold `${…}`."""
        return self.compiled(template, element, text, _field(field))

    def field(self, element: etree._Element, text: str, field: str) -> Template | None:
        """An expression, bare or in `${…}`, kept as a template."""
        return self.text(element, text if "${" in text else f"${{{text}}}", field)

    def expression(self, element: etree._Element, text: str | None, field: str) -> Expression | None:
        return self.compiled(compile_expression, element, text, _field(field)) if text else None

    def compiled(
        self, compiler: Callable[[str], Compiled], element: etree._Element, text: str, field: Label
    ) -> Compiled | None:
        before, self._document.compiled = self._document.compiled, self._document.compiled + len(text) + _EACH
        if self._document.compiled > MAX_COMPILED:
            if before <= MAX_COMPILED:
                say(self._document, element, "too-many-expressions", most=MAX_COMPILED // 1000)
            return None
        try:
            return compiler(text)
        except ExpressionError as error:
            sv, en = error.sv.rstrip("."), error.en.rstrip(".")
            if error.line is not None:
                sv, en = f"{sv} (rad {error.line})", f"{en} (line {error.line})"
            advice = _advice(text, in_script=local(element) == "scriptTask")
            say(self._document, element, "expression", field=field, error=Label(sv, en), hint=advice)
            return None

    def parameters(self, element: etree._Element, kind: str) -> dict[str, Template]:
        parameters: dict[str, Template] = {}
        for holder in extensions(element, "inputOutput"):
            for entry in holder.iterchildren(f"{{{CAMUNDA}}}{kind}"):
                name = entry.get("name", "").strip()
                if len(entry):  # a list, map or script: refused by name
                    continue
                if not name:
                    say(self._document, element, "parameter")
                elif (value := self.text(element, entry.text or "", name)) is not None:
                    parameters[name] = value
        return parameters


def _field(name: str) -> Label:
    return Label(f"fältet {shown(name)}", f"field {shown(name)}")


# --- what looks like another language ---------------------------------------------------------------------------------

_FOREIGN: tuple[tuple[str, str, str], ...] = (
    (r"&&", "Skriv and i stället för &&.", "Write and instead of &&."),
    (r"\|\|", "Skriv or i stället för ||.", "Write or instead of ||."),
    (r"!(?!=)", "Skriv not i stället för !.", "Write not instead of !."),
    (r"^\s*(\$\{\s*)?=", "Ta bort likhetstecknet i början.", "Remove the equals sign at the beginning."),
    (r"#\{", "Skriv ${…} i stället för #{…}.", "Write ${…} instead of #{…}."),
    (
        r"\bif\b.*\bthen\b|\?.*:",
        "Skriv a if villkor else b i stället för if/then/else och ?:.",
        "Write a if condition else b instead of if/then/else and ?:.",
    ),
    (
        r"\b(eq|ne|lt|gt|le|ge)\b",
        "Skriv ==, !=, <, >, <= och >= i stället för eq, ne, lt, gt, le och ge.",
        "Write ==, !=, <, >, <= and >= instead of eq, ne, lt, gt, le and ge.",
    ),
    (
        r"\bempty\b",
        "Skriv x == null or x == '' i stället för empty x.",
        "Write x == null or x == '' instead of empty x.",
    ),
    (
        r"\bgetDataObject\b|\bgetDataInput\b|\bgetProcessProperty\b|/@|^\s*/",
        "Skriv dataobjektets namn och en punkt, som Rapport.belopp, i stället för XPath.",
        "Write the name of the data object and a dot, as in Rapport.belopp, instead of XPath.",
    ),
    (
        r"\.\w+\s*\(",
        "Metoder finns inte. Använd systemets funktioner.",
        "There are no methods. Use the functions of the house.",
    ),
)
_ASSIGNMENT = r"(?<![=!<>])=(?!=)"  # what a script is made of, and an expression never has


def _advice(text: str, in_script: bool) -> Label:
    """What to do about an expression or script that looks like one of another language."""
    for pattern, sv, en in _FOREIGN:
        if re.search(pattern, text[:2000]):
            return Label(sv, en)
    if not in_script and re.search(_ASSIGNMENT, text[:2000]):
        return Label("Jämför med == i stället för =.", "Compare with == instead of =.")
    if re.fullmatch(r"\s*[^\W\d]\w*(\s+\w+)+[.!?]?\s*", text[:2000]):
        return Label("Sätt citattecken kring text: 'så här'.", "Put quotes around a text: 'like this'.")
    return Label("Rätta uttrycket.", "Correct the expression.")
