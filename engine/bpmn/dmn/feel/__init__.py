"""FEEL (DMN 1.3 chapter 10) as far as decision tables need it: read into the language of our expressions.

Cells are unary tests (§7.3.8): `-`; a value, or several with commas; `< 5`; `[1..5]`, `(1..5)`, `]1..5[`; `not(…)`; and
any expression about `?`, the input. Everywhere: `=`, `if … then … else …`, `x in [1..5]`, `date("2026-01-01")`,
`date and time(…)`, `time(…)`, `duration(…)`, names with blanks where the file defines them, and all that our own
expressions have. What FEEL has besides is refused, with a word on what to write.

A text is rewritten token by token and then compiled by a dialect of our own compiler, which brings along its bounds: no
FEEL is ever handed to Python.

Walk on in `reader`, which rewrites a text out of its `tokens`, and in the `dialect` that it is compiled by; `pieces`
knows what constant tests let through.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from engine.bpmn.dmn import times
from engine.bpmn.dmn.feel.constants import constant_of, literal
from engine.bpmn.dmn.feel.dialect import INNER, OWN, Dialect, same
from engine.bpmn.dmn.feel.pieces import Cell, Piece, overlap, point_of
from engine.bpmn.dmn.feel.reader import Names, Reader
from engine.bpmn.dmn.feel.tokens import words_of
from engine.bpmn.dmn.feel.unread import Unread
from engine.bpmn.expressions import Compiled, Expression
from engine.bpmn.expressions.compiler import compiled
from engine.bpmn.expressions.compiler import constant as constant_run
from engine.errors import ExpressionError

__all__ = [
    "INNER",
    "OWN",
    "Cell",
    "Unread",
    "as_json",
    "cell",
    "constant",
    "expression",
    "overlap",
    "words_of",
]


def expression(text: str, names: Names = MappingProxyType({})) -> Compiled:
    """A value: an input expression, an output entry, a literal expression. ExpressionError where it cannot be read."""
    return _read(text, names, None)[0]


def cell(text: str, column: str, names: Names = MappingProxyType({})) -> Cell:
    """Unary tests on the value called `column`."""
    text = text.strip()
    if text in ("", "-"):
        return Cell(text, None, ())
    test, pieces, negated = _read(text, names, column)
    return Cell(text, test, pieces, negated)


def constant(text: str, names: Names = MappingProxyType({})) -> tuple[Any] | None:
    """The value of an expression that needs no case, in a tuple; None where it needs one or cannot be read."""
    found = literal(text.strip())
    if found is not None:
        return found
    try:
        reader = Reader(text, names, None)
        return constant_of(reader.expression(0, len(reader.tokens)))
    except ExpressionError:
        return None


_Found = tuple[Compiled, tuple[Piece, ...] | None, bool]


def _read(text: str, names: Names, column: str | None) -> _Found:
    """The compiled text, and of tests what they let through."""
    found = literal(text.strip())
    if found is not None:
        return _simple(text, found[0], column)
    reader = Reader(text, names, column)
    rewritten = reader.tests(0, len(reader.tokens)) if column else reader.expression(0, len(reader.tokens))
    return _made(rewritten, text), reader.pieces, reader.negated


def _simple(text: str, value: Any, column: str | None) -> _Found:
    """What `_read` gives for such a cell, without a detour over a syntax tree: a table may have thousands."""
    compiler = Dialect()
    compiler.cost = 2
    if column is None:
        return Expression(text, constant_run(value), compiler), None, False
    compiler.names.add(column)
    point = point_of(value)
    run = lambda v, f, b: same(v[column], value, b)  # noqa: E731 - a closure as the compiler makes them
    return Expression(text, run, compiler), None if point is None else (point,), False


def _made(rewritten: str, source: str) -> Compiled:
    compiler = Dialect()
    run = compiled(compiler, rewritten, source)
    return Expression(source, lambda v, f, b: as_json(run(v, f, b)), compiler)


def as_json(value: Any) -> Any:
    """Times become ISO text; whatever else JSON lacks is refused by whoever evaluates."""
    if isinstance(value, times.TEMPORAL):
        return times.as_text(value)
    if type(value) is list:
        return [as_json(item) for item in value]
    if type(value) is dict:
        return {key: as_json(item) for key, item in value.items()}
    return value
