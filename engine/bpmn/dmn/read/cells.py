"""Cells and expressions of a table compiled, and what is said of those that cannot be, or do not fit their column."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lxml import etree

from engine.bpmn.dmn import feel
from engine.bpmn.dmn.read.drafts import Draft, Names
from engine.bpmn.dmn.read.elements import child_of
from engine.bpmn.dmn.types import ANY, Type, named
from engine.bpmn.expressions import Compiled
from engine.bpmn.findings import shown
from engine.errors import ExpressionError, Refused

_LANGUAGES = re.compile(r"(?i)(.*feel/?|python|)")
_EXAMPLES = (
    'Skriv till exempel "kommun", "a", "b", > 3, [3..5], not("a") eller ? > 3 and ? < antal.',
    'Write for example "kommun", "a", "b", > 3, [3..5], not("a") or ? > 3 and ? < amount.',
)


def compile_text(
    draft: Draft, at: Any, text: str, names: Names, sv: str, en: str, *, rule: str = "dmn-cell"
) -> Compiled | None:
    try:
        _refuse_language(at)
        made = feel.expression(text, names.meaning)
        _refuse_twice(made, names)
        return made
    except ExpressionError as error:
        _tell(draft, at, text, error, sv, en, rule)
        return None


def compile_cell(draft: Draft, at: Any, text: str, column: str, names: Names, sv: str, en: str) -> feel.Cell | None:
    try:
        _refuse_language(at)
        found = feel.cell(text, column, names.meaning)
        if found.test is not None:
            _refuse_twice(found.test, names)
        return found
    except ExpressionError as error:
        _tell(draft, at, text, error, sv, en, "dmn-cell")
        return None


def _tell(draft: Draft, at: Any, text: str, error: ExpressionError, sv: str, en: str, rule: str) -> None:
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


def _refuse_twice(made: Compiled, names: Names) -> None:
    for name in made.names:
        if name.startswith("__twice"):
            called = names.known.get(name, name)
            raise feel.Unread(
                f"Expected one meaning of {shown(called)!r}, but there are several.",
                f"Namnet ”{shown(called)}” har flera betydelser här.",
                "Give columns and decisions names of their own.",
                "Ge kolumner och beslut egna namn.",
            )


def refuse_misfits(draft: Draft, at: Any, cell: feel.Cell, of_type: Type, sv: str, en: str) -> None:
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


def refuse_misfit(draft: Draft, at: Any, text: str, of_type: Type, names: Names, sv: str, en: str) -> None:
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


def type_of(draft: Draft, element: etree._Element, sv: str, en: str, or_of: Any = None) -> Type:
    reference = element.get("typeRef", "")
    if not reference and or_of is not None:
        variable = child_of(or_of, "variable")
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
