"""The language of conditions, mappings and script lines: a small part of Python, evaluated by ourselves.

The text is parsed once by `ast`, every node that is not on the list below is refused, and what is left is compiled into
closures. Nothing is ever handed to Python to run, no attribute of a Python object is ever looked up, no method called.

What there is
    "text", 12, 1.5, True/true, False/false, None/null, [1, 2], {"a": 1}; (1, 2) is a list too
    a name: a variable. a.b and a["b"]: a key of an object. a[0], a[-1], a[1:3]: of a list or text
    == != < <= > >=, chained; in, not in; is None; and, or, not; x if condition else y
    + - * / // % on numbers; + on two texts or two lists
    [x.name for x in list if x.open]: one `for`, any number of `if`s; inside any(), all(), sum() … without brackets
    calls of functions: those in `BUILTINS`, and what the house adds (today, workdays, setting …)

What is not there is an error, by name: a missing variable, key or place is refused, never taken for null. Where
something may be missing, say so: `get(customer, "vip", false)`, or `defined(customer.vip) and customer.vip`.
Null is a value: `defined(x)` is true for a variable that is null.

Variables and functions live apart: a variable named `len` hides no function, and needs no other name. A built-in
cannot be replaced. Values are plain JSON on the way in and out; a result is a copy, never a part of the variables.
Numbers stay within 64 bits and are never NaN or infinite. Every evaluation has a `Budget`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from engine.bpmn.expressions.compiler import Compiler, Run, allow_name, compiled, constant
from engine.bpmn.expressions.functions import BUILTINS, as_text, joined
from engine.bpmn.expressions.reading import MAX_TEMPLATE, located, parsed, pieces_of, too_long, unreadable
from engine.bpmn.expressions.values import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_NUMBER,
    MAX_TEXT,
    NO_FUNCTIONS,
    Budget,
    Functions,
    Variables,
    plain,
    too_deep,
)
from engine.errors import ExpressionError

__all__ = [
    "BUILTINS",
    "MAX_DEPTH",
    "MAX_ITEMS",
    "MAX_NUMBER",
    "MAX_TEXT",
    "NO_FUNCTIONS",
    "Budget",
    "Compiled",
    "Expression",
    "Functions",
    "Script",
    "Template",
    "Variables",
    "compile_expression",
    "compile_script",
    "template",
]


class Compiled:
    """Ready to evaluate as often as one likes, in any thread.

    `names`: the variables it looks at. `required`: those that must be there, that is all but those asked for with
    `defined`. `calls`: the functions it uses, built-in ones included. `literal`: its value, where that is a text that
    stands there as it is; else None.
    """

    __slots__ = ("_cost", "_run", "calls", "literal", "names", "required", "source")

    def __init__(self, source: str, run: Run, compiler: Compiler, literal: str | None = None) -> None:
        self.source = source
        self.literal = literal
        self.names = frozenset(compiler.names | compiler.tested)
        self.required = frozenset(compiler.names - compiler.tested)
        self.calls = frozenset(compiler.calls)
        self._run = run
        self._cost = compiler.cost

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"

    def evaluate(self, variables: Variables, functions: Functions = NO_FUNCTIONS, budget: Budget | None = None) -> Any:
        """Its value for these variables, plain JSON; `ExpressionError` where it has none."""
        if budget is None:
            budget = Budget()
        budget.steps -= self._cost
        try:
            if budget.steps < 0:
                budget.take(0)
            value = self._run(variables, functions, budget)
            return value if value.__class__ is bool else plain(value, budget)
        except ExpressionError as error:
            error.source = error.source or self.source
            raise
        except (RecursionError, MemoryError):
            raise located(too_deep(), self.source) from None


class Expression(Compiled):
    """One expression: a condition, a collection, a key. Made by `compile_expression`."""

    __slots__ = ()


class Template(Compiled):
    """A text that may hold `${…}`. Made by `template`. Where it holds none, `literal` is the text itself."""

    __slots__ = ()


class Script:
    """Lines of `name = expression`. Made by `compile_script`.

    `writes`: the names it assigns. `reads`: the variables it looks at before it assigns them itself; `required`: those
    of them that must be there. `calls`: the functions it uses.
    """

    __slots__ = ("_lines", "calls", "reads", "required", "source", "writes")

    def __init__(self, source: str, lines: Iterable[tuple[int, str, Expression]]) -> None:
        self.source = source
        self._lines = tuple(lines)
        written: set[str] = set()
        reads: set[str] = set()
        required: set[str] = set()
        for _, name, expression in self._lines:
            reads |= expression.names - written
            required |= expression.required - written
            written.add(name)
        self.reads = frozenset(reads)
        self.required = frozenset(required)
        self.writes = frozenset(written)
        self.calls = frozenset(call for _, _, expression in self._lines for call in expression.calls)

    def __repr__(self) -> str:
        return f"Script({self.source!r})"

    def run(
        self, variables: Variables, functions: Functions = NO_FUNCTIONS, budget: Budget | None = None
    ) -> dict[str, Any]:
        """The assigned names with their values, in the order of the lines; each line sees what earlier ones gave."""
        budget = budget or Budget()
        seen = dict(variables)
        assigned: dict[str, Any] = {}
        for line, name, expression in self._lines:
            if expression.literal is not None:
                seen[name] = assigned[name] = expression.literal
                continue
            try:
                seen[name] = assigned[name] = expression.evaluate(seen, functions, budget)
            except ExpressionError as error:
                error.line = line
                raise
        return assigned


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """Compile one expression, alone or as `${…}`. It may go over several lines."""
    text = source.strip()
    if text.startswith("${"):
        parts = pieces_of(text)
        if len(parts) != 1:
            raise located(unreadable("more follows after the closing brace"), source)
        text = parts[0][1].strip()
    compiler = Compiler()
    return Expression(source, compiled(compiler, text, source), compiler)


@lru_cache(maxsize=4096)
def template(source: str) -> Template:
    """Compile a text that may hold `${…}`: exactly one gives the value itself, anything else a text."""
    if len(source) > MAX_TEMPLATE:
        raise too_long(MAX_TEMPLATE, source)
    compiler = Compiler()
    parts = pieces_of(source.strip())
    if len(parts) == 1 and parts[0][0]:
        return Template(source, compiled(compiler, parts[0][1].strip(), source), compiler)
    parts = pieces_of(source)
    pieces = [compiled(compiler, text.strip(), source) if is_code else text for is_code, text in parts]
    literal = None if any(is_code for is_code, _ in parts) else source

    def run(variables: Variables, functions: Functions, budget: Budget) -> str:
        texts = []
        for piece in pieces:
            value = piece if isinstance(piece, str) else piece(variables, functions, budget)
            texts.append(value if type(value) is str else as_text(value, budget))
        return joined(texts, "", budget)

    return Template(source, run if literal is None else constant(literal), compiler, literal)


@lru_cache(maxsize=1024)
def compile_script(source: str) -> Script:
    """Compile lines of `name = expression`. Empty lines, comments (`#`) and any indentation are fine."""
    if len(source) > MAX_TEMPLATE:
        raise too_long(MAX_TEMPLATE, source)
    text = "\n".join(line.strip() for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    if '"""' in text or "'''" in text:
        raise located(unreadable("texts over several lines are not for scripts"), source)
    lines: list[tuple[int, str, Expression]] = []
    for statement in parsed(text, "exec", source).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if not (isinstance(statement, ast.Assign) and isinstance(target, ast.Name)):
            raise located(
                ExpressionError(
                    "Expected lines of `name = expression`, but this line is none.",
                    "Ett skript består av rader med namn = uttryck, men den här raden är något annat.",
                ),
                source,
                statement.lineno,
            )
        try:
            allow_name(target.id)
            compiler = Compiler()
            run = compiler.compile(statement.value)
        except ExpressionError as error:
            raise located(error, source, statement.lineno) from None
        lines.append((statement.lineno, target.id, Expression(source, run, compiler, _text_of(statement.value))))
    return Script(source, lines)


def _text_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
