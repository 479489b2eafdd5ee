"""The values of texts that need no case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.bpmn.dmn.feel.dialect import PURE, Dialect
from engine.bpmn.expressions import NO_FUNCTIONS
from engine.bpmn.expressions.compiler import compiled
from engine.bpmn.expressions.values import unlimited
from engine.bpmn.limits import LIMITS
from engine.errors import ExpressionError

MAX_CELL = LIMITS.cell

_LITERAL = re.compile(r"""-?[0-9]{1,15}(\.[0-9]{1,15})?|"[^"\\\n]*"|true|false|null""", re.ASCII)
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def literal(text: str) -> tuple[Any] | None:
    """The value of what most cells hold, in a tuple: one number, text or word; None where it is something else."""
    match = _LITERAL.fullmatch(text) if len(text) <= MAX_CELL else None
    if match is None:
        return None
    if text in _WORDS:
        return (_WORDS[text],)
    if text[0] == '"':
        return (text[1:-1],) if text.isprintable() else None
    return (float(text) if match[1] else int(text),)


_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_NEEDS_CASE = re.compile(r"(?!\b(?:date|date_and_time|time|duration|true|false|null|True|False|__range)\b)\b[^\W\d]\w*")
"""A name that may be a variable. A quick look, before anything is compiled."""


def constant_of(rewritten: str) -> tuple[Any] | None:
    """The value of a text that needs no case, in a tuple; None where it needs one."""
    found = literal(rewritten)
    if found is not None:
        return found
    if _NEEDS_CASE.search(_QUOTED.sub("", rewritten)):
        return None
    compiler = Dialect()
    try:
        run = compiled(compiler, rewritten, rewritten)
        return None if compiler.names or not compiler.calls <= PURE else (run({}, NO_FUNCTIONS, unlimited()),)
    except ExpressionError:
        return None
