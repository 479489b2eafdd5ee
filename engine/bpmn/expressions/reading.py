"""Text to a syntax tree, and a template to its pieces."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from typing import Any

from engine.bpmn.expressions.values import too_deep
from engine.bpmn.limits import LIMITS
from engine.errors import ExpressionError

MAX_SOURCE = LIMITS.source
MAX_TEMPLATE = LIMITS.template


_warnings_lock = threading.Lock()


def parsed(text: str, mode: str, source: str) -> Any:
    try:
        # Python only warns of "\d" and "1if"; whether it does must not depend on who listens to warnings.
        with _warnings_lock, warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(text, mode=mode)
    except SyntaxError as error:
        raise located(unreadable(str(error.msg)), source, error.lineno if mode == "exec" else None) from None
    except (ValueError, MemoryError, RecursionError):
        raise located(too_deep(), source) from None


def pieces_of(source: str) -> list[tuple[bool, str]]:
    """A template's pieces: (is it an expression?, its text)."""
    parts: list[tuple[bool, str]] = []
    position = 0
    while (start := source.find("${", position)) >= 0:
        if start > position:
            parts.append((False, source[position:start]))
        end = _closing_brace(source, start + 2)
        parts.append((True, source[start + 2 : end]))
        position = end + 1
    if position < len(source) or not parts:
        parts.append((False, source[position:]))
    return parts


_STOPS = re.compile(r"""[{}]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


def _closing_brace(source: str, position: int) -> int:
    depth = 0
    for stop in _STOPS.finditer(source, position):
        if stop[0] == "{":
            depth += 1
        elif stop[0] == "}":
            if depth == 0:
                return stop.start()
            depth -= 1
    raise located(unreadable("${ is never closed"), source)


def located(error: ExpressionError, source: str, line: int | None = None) -> ExpressionError:
    error.source = source
    error.line = line
    return error


def too_long(limit: int, source: str) -> ExpressionError:
    return located(
        ExpressionError(
            f"Expected at most {limit} characters, but there are {len(source)}.",
            f"Texten får vara högst {limit} tecken, men är {len(source)}.",
        ),
        source[:100] + "…",
    )


def unreadable(why: str) -> ExpressionError:
    return ExpressionError(
        f"Expected an expression that can be read, but {why}.",
        "Uttrycket går inte att läsa. Kontrollera parenteser och citattecken, och skriv and, or, not och ==.",
    )
