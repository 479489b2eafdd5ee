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
import json
import operator
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from math import isfinite
from time import monotonic
from types import GeneratorType, MappingProxyType
from typing import Any, NoReturn

from engine.errors import BudgetSpent, ExpressionError, TrappaError

MAX_SOURCE = 4_000  # characters of one expression
MAX_TEMPLATE = 40_000  # of a text with expressions in it, or a script
MAX_NESTING = 60  # levels of an expression
MAX_DEPTH = 64  # levels of a value
MAX_TEXT = 100_000  # characters of one text
MAX_ITEMS = 10_000  # of one list or object
MAX_NUMBER = 2**63 - 1

Variables = Mapping[str, Any]
Functions = Mapping[str, Callable[..., Any]]

NO_FUNCTIONS: Functions = MappingProxyType({})


class Budget:
    """How much an evaluation may take, or many that share one; it counts down as they go.

    `steps`: nodes and items touched. `size`: characters and items made. `seconds`: spent inside evaluations.
    """

    __slots__ = ("_deadline", "seconds", "size", "steps")

    def __init__(self, steps: int = 50_000, size: int = 1_000_000, seconds: float = 1.0) -> None:
        self.steps = steps
        self.size = size
        self.seconds = seconds
        self._deadline = 0.0

    def take(self, steps: int, size: int = 0) -> None:
        self.steps -= steps
        self.size -= size
        if self.steps < 0 or self.size < 0 or monotonic() > self._deadline:
            raise BudgetSpent(
                "Expected an expression to end within its budget, but this takes too many steps, space or time.",
                "Uttrycket avbröts eftersom det kräver för många steg, för mycket utrymme eller för lång tid.",
            )


Run = Callable[[Variables, Functions, Budget], Any]


class _Missing(ExpressionError):
    """A variable, key or place is not there. `defined` turns it into false."""


# --- the face ------------------------------------------------------------------------------------------------------


class Compiled:
    """Ready to evaluate as often as one likes, in any thread.

    `names`: the variables it looks at. `required`: those that must be there, that is all but those asked for with
    `defined`. `calls`: the functions it uses, built-in ones included.
    """

    __slots__ = ("_cost", "_run", "calls", "names", "required", "source")

    def __init__(self, source: str, run: Run, compiler: _Compiler) -> None:
        self.source = source
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
        started = monotonic()
        budget._deadline = started + budget.seconds
        budget.steps -= self._cost
        try:
            if budget.steps < 0:
                budget.take(0)
            value = self._run(variables, functions, budget)
            if value is True or value is False or value is None:
                return value
            return _plain(value, budget)
        except ExpressionError as error:
            error.source = error.source or self.source
            raise
        except (RecursionError, MemoryError):
            raise _located(_too_deep(), self.source) from None
        finally:
            budget.seconds -= monotonic() - started


class Expression(Compiled):
    """One expression: a condition, a collection, a key. Made by `compile_expression`."""

    __slots__ = ()


class Template(Compiled):
    """A text that may hold `${…}`. Made by `template`. `literal` is the text itself where it holds none, else None."""

    __slots__ = ("literal",)

    literal: str | None


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
        parts = _parts(text)
        if len(parts) != 1:
            raise _located(_unreadable("more follows after the closing brace"), source)
        text = parts[0][1].strip()
    compiler = _Compiler()
    return Expression(source, _compiled(compiler, text, source), compiler)


@lru_cache(maxsize=4096)
def template(source: str) -> Template:
    """Compile a text that may hold `${…}`: exactly one gives the value itself, anything else a text."""
    if len(source) > MAX_TEMPLATE:
        raise _too_long(MAX_TEMPLATE, source)
    compiler = _Compiler()
    parts = _parts(source.strip())
    if len(parts) == 1 and parts[0][0]:
        made = Template(source, _compiled(compiler, parts[0][1].strip(), source), compiler)
        made.literal = None
        return made
    parts = _parts(source)
    pieces = [_compiled(compiler, text.strip(), source) if is_code else _constant(text) for is_code, text in parts]
    literal = None if any(is_code for is_code, _ in parts) else source

    def run(variables: Variables, functions: Functions, budget: Budget) -> str:
        return _joined([_text(piece(variables, functions, budget), budget) for piece in pieces], "", budget)

    made = Template(source, run if literal is None else _constant(literal), compiler)
    made.literal = literal
    return made


@lru_cache(maxsize=1024)
def compile_script(source: str) -> Script:
    """Compile lines of `name = expression`. Empty lines, comments (`#`) and any indentation are fine."""
    if len(source) > MAX_TEMPLATE:
        raise _too_long(MAX_TEMPLATE, source)
    text = "\n".join(line.strip() for line in source.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    if '"""' in text or "'''" in text:
        raise _located(_unreadable("texts over several lines are not for scripts"), source)
    lines: list[tuple[int, str, Expression]] = []
    for statement in _parsed(text, "exec", source).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if not (isinstance(statement, ast.Assign) and isinstance(target, ast.Name)):
            raise _located(
                ExpressionError(
                    "Expected lines of `name = expression`, but this line is none.",
                    "Ett skript består av rader med namn = uttryck, men den här raden är något annat.",
                ),
                source,
                statement.lineno,
            )
        try:
            _allow_name(target.id)
            compiler = _Compiler()
            run = compiler.compile(statement.value)
        except ExpressionError as error:
            raise _located(error, source, statement.lineno) from None
        lines.append((statement.lineno, target.id, Expression(source, run, compiler)))
    return Script(source, lines)


# --- reading -------------------------------------------------------------------------------------------------------

_warnings_lock = threading.Lock()


def _compiled(compiler: _Compiler, text: str, source: str) -> Run:
    if len(text) > MAX_SOURCE:
        raise _too_long(MAX_SOURCE, source)
    if "\n" not in text:
        node = _parsed(text, "eval", source).body
    else:
        node = _parsed(f"(\n{text}\n)", "eval", source).body
        if node.lineno == 1:  # the text closed the bracket that we opened
            raise _located(_unreadable("the brackets do not match"), source)
    try:
        return compiler.compile(node)
    except ExpressionError as error:
        raise _located(error, source) from None


def _parsed(text: str, mode: str, source: str) -> Any:
    try:
        # Python only warns of "\d" and "1if"; whether it does must not depend on who listens to warnings.
        with _warnings_lock, warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(text, mode=mode)
    except SyntaxError as error:
        raise _located(_unreadable(str(error.msg)), source, error.lineno if mode == "exec" else None) from None
    except (ValueError, MemoryError, RecursionError):
        raise _located(_too_deep(), source) from None


def _parts(source: str) -> list[tuple[bool, str]]:
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
    raise _located(_unreadable("${ is never closed"), source)


def _located(error: ExpressionError, source: str, line: int | None = None) -> ExpressionError:
    error.source = source
    error.line = line
    return error


def _too_long(limit: int, source: str) -> ExpressionError:
    return _located(
        ExpressionError(
            f"Expected at most {limit} characters, but there are {len(source)}.",
            f"Texten får vara högst {limit} tecken, men är {len(source)}.",
        ),
        source[:100] + "…",
    )


def _too_deep() -> ExpressionError:
    return ExpressionError(
        "Expected an expression of moderate depth, but it is nested too deeply.",
        "Uttrycket är för djupt nästlat.",
    )


def _unreadable(why: str) -> ExpressionError:
    return ExpressionError(
        f"Expected an expression that can be read, but {why}.",
        "Uttrycket går inte att läsa. Kontrollera parenteser och citattecken, och skriv and, or, not och ==.",
    )


_WORDS: Mapping[type[ast.AST], tuple[str, str]] = {
    ast.Pow: ("a power (**)", "en potens (**)"),
    ast.JoinedStr: ("an f-string", "en f-sträng"),
    ast.Lambda: ("a lambda", "en lambda"),
    ast.GeneratorExp: ("a `for` outside brackets", "en for-sats utan hakparenteser"),
    ast.NamedExpr: ("an assignment", "en tilldelning"),
    ast.Starred: ("a star", "en stjärna"),
}


def _not_here(node: ast.AST) -> ExpressionError:
    en, sv = _WORDS.get(type(node), (f"a {type(node).__name__}", type(node).__name__))
    return ExpressionError(
        f"Expected only what the language of expressions has, but this uses {en}.",
        f"Uttrycket använder något som inte finns i uttrycksspråket: {sv}.",
    )


def _allow_name(name: str) -> None:
    if name.startswith("__") or name in _CONSTANTS:
        raise ExpressionError(
            f"Expected a name of your own, but {name!r} is reserved.",
            f"Namnet {name!r} är reserverat.",
        )


_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


# --- compiling -----------------------------------------------------------------------------------------------------


def _constant(value: Any) -> Run:
    return lambda v, f, b: value


def _shown(node: ast.AST) -> str:
    """The piece of source in a message: what the designer wrote, never what a case holds."""
    text = ast.unparse(node)
    return text if len(text) <= 80 else text[:80] + "…"


class _Compiler:
    """Turns allowed nodes into closures, and notes what they read, call and cost."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.tested: set[str] = set()
        self.calls: set[str] = set()
        self.cost = 0
        self._bound: frozenset[str] = frozenset()
        self._depth = 0

    def compile(self, node: ast.AST) -> Run:
        allowed = _ALLOWED.get(type(node))
        if allowed is None:
            raise _not_here(node)
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise _too_deep()
        self.cost += 1
        run = allowed(self, node)
        self._depth -= 1
        return run

    def _literal(self, node: ast.Constant) -> Run:
        if type(node.value) not in (str, int, float, bool, type(None)):
            raise _not_here(node)
        return _constant(_plain(node.value, _unlimited()))

    def _name(self, node: ast.Name) -> Run:
        name = node.id
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        _allow_name(name)
        if name not in self._bound:
            self.names.add(name)

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            try:
                return v[name]
            except KeyError:
                raise _Missing(
                    f"Expected a variable {name!r}, but it is not set.",
                    f"Variabeln {name!r} saknar värde.",
                ) from None

        return run

    def _attribute(self, node: ast.Attribute) -> Run:
        inner, key, shown = self.compile(node.value), node.attr, _shown(node)
        if key.startswith("__"):
            _allow_name(key)

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            value = inner(v, f, b)
            if isinstance(value, dict) and key in value:
                return value[key]
            raise _not_there(value, shown, isinstance(value, dict))

        return run

    def _subscript(self, node: ast.Subscript) -> Run:
        inner, shown = self.compile(node.value), _shown(node)
        if isinstance(node.slice, ast.Slice):
            return self._slice(inner, node.slice, shown)
        place = self.compile(node.slice)

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            value, key = inner(v, f, b), place(v, f, b)
            fits = isinstance(value, dict) if type(key) is str else type(key) is int and isinstance(value, (list, str))
            try:
                if fits:
                    return value[key]
            except LookupError:
                pass
            raise _not_there(value, shown, fits)

        return run

    def _slice(self, inner: Run, node: ast.Slice, shown: str) -> Run:
        ends = [self.compile(end) if end else _constant(None) for end in (node.lower, node.upper, node.step)]

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            value = inner(v, f, b)
            lower, upper, step = (end(v, f, b) for end in ends)
            whole = all(end is None or type(end) is int for end in (lower, upper, step))
            if isinstance(value, (list, str)) and whole and step != 0:
                part = value[lower:upper:step]
                b.take(1 + len(part) // 8, len(part))
                return part
            raise _not_there(value, shown, False)

        return run

    def _boolean(self, node: ast.BoolOp) -> Run:
        *others, last = [self.compile(value) for value in node.values]
        stops_at = isinstance(node.op, ast.Or)

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            for other in others:
                value = other(v, f, b)
                if bool(value) is stops_at:
                    return value
            return last(v, f, b)

        return run

    def _unary(self, node: ast.UnaryOp) -> Run:
        inner = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda v, f, b: not inner(v, f, b)
        if isinstance(node.op, ast.Invert):
            raise _not_here(node.op)
        sign = -1 if isinstance(node.op, ast.USub) else 1

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            value = inner(v, f, b)
            return _number(sign * value) if _is_number(value) else _wrong_kind("a sign", "ett tecken", value)

        return run

    def _binary(self, node: ast.BinOp) -> Run:
        compute = _ARITHMETIC.get(type(node.op))
        if compute is None:
            raise _not_here(node.op)
        left, right = self.compile(node.left), self.compile(node.right)

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            return compute(left(v, f, b), right(v, f, b), b)

        return run

    def _compare(self, node: ast.Compare) -> Run:
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(sign, ast.Is | ast.IsNot) and not _is_constant(right):
                raise _not_here(sign)
        first = self.compile(node.left)
        links = [(_COMPARISONS[type(o)], self.compile(c)) for o, c in zip(node.ops, node.comparators, strict=True)]
        if len(links) == 1:
            compare, second = links[0]
            return lambda v, f, b: compare(first(v, f, b), second(v, f, b), b)

        def run(v: Variables, f: Functions, b: Budget) -> bool:
            left = first(v, f, b)
            for compare, second in links:
                right = second(v, f, b)
                if not compare(left, right, b):
                    return False
                left = right
            return True

        return run

    def _choice(self, node: ast.IfExp) -> Run:
        test, yes, no = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)
        return lambda v, f, b: yes(v, f, b) if test(v, f, b) else no(v, f, b)

    def _list(self, node: ast.List | ast.Tuple) -> Run:
        items = [self.compile(item) for item in node.elts]
        return lambda v, f, b: [item(v, f, b) for item in items]

    def _object(self, node: ast.Dict) -> Run:
        if None in node.keys:
            raise _not_here(node)
        pairs = [(self.compile(k), self.compile(v)) for k, v in zip(node.keys, node.values, strict=True) if k]

        def run(v: Variables, f: Functions, b: Budget) -> dict[str, Any]:
            made = {}
            for key, value in pairs:
                name = key(v, f, b)
                if type(name) is not str:
                    _wrong_kind("a key of an object", "en nyckel i ett objekt", name)
                made[name] = value(v, f, b)
            return made

        return run

    def _collect(self, node: ast.ListComp) -> Run:
        each = self._each(node)
        return lambda v, f, b: list(each(v, f, b))

    def _each(self, node: ast.ListComp | ast.GeneratorExp) -> Callable[[Variables, Functions, Budget], Iterator[Any]]:
        loop = node.generators[0]
        if len(node.generators) > 1 or loop.is_async or not isinstance(loop.target, ast.Name):
            raise _not_here(loop)
        source, name = self.compile(loop.iter), loop.target.id
        _allow_name(name)
        outer_bound, self._bound = self._bound, self._bound | {name}
        outer_cost, self.cost = self.cost, 1
        test = self._boolean(ast.BoolOp(ast.And(), loop.ifs)) if loop.ifs else None
        element = self.compile(node.elt)
        cost_per_item, self.cost = self.cost, outer_cost
        self._bound = outer_bound

        def run(v: Variables, f: Functions, b: Budget) -> Iterator[Any]:
            items = source(v, f, b)
            if not isinstance(items, list):
                _wrong_kind("`for`", "for", items)
            inner = dict(v)
            b.take(1 + len(inner) // 8)
            for item in items:
                b.take(cost_per_item, 1)
                inner[name] = item
                if test is None or test(inner, f, b):
                    made = element(inner, f, b)
                    if isinstance(made, (str, list, dict)):  # one large value a thousand times is a thousand of them
                        b.take(len(made) // 8, len(made))
                    yield made

        return run

    def _call(self, node: ast.Call) -> Run:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ExpressionError(
                "Expected a call such as len(x), but this is a method or has arguments with names.",
                "Ett anrop skrivs som len(x). Metoder och namngivna argument finns inte.",
            )
        name, arguments = node.func.id, node.args
        _allow_name(name)
        self.calls.add(name)
        if name == "defined":
            return self._defined(arguments)
        if name not in BUILTINS:
            return self._foreign(name, [self.compile(argument) for argument in arguments])
        builtin, fewest, most = BUILTINS[name]
        if not fewest <= len(arguments) <= most:
            raise _wrong_count(name, fewest, most, len(arguments))
        if len(arguments) == 1 and isinstance(arguments[0], ast.GeneratorExp) and name in _TAKES_ITEMS:
            each = self._each(arguments[0])
            return lambda v, f, b: builtin(b, each(v, f, b))
        given = [self.compile(argument) for argument in arguments]
        return lambda v, f, b: builtin(b, *[argument(v, f, b) for argument in given])

    def _defined(self, arguments: list[ast.expr]) -> Run:
        if len(arguments) != 1 or not isinstance(arguments[0], ast.Name | ast.Attribute | ast.Subscript):
            raise ExpressionError(
                "Expected defined(...) to ask for one variable or key, but it does not.",
                "defined(...) frågar efter en variabel eller nyckel, som defined(kund.epost).",
            )
        names, self.names = self.names, set()
        inner = self.compile(arguments[0])
        self.tested |= self.names
        self.names |= names

        def run(v: Variables, f: Functions, b: Budget) -> bool:
            try:
                inner(v, f, b)
            except _Missing:
                return False
            return True

        return run

    def _foreign(self, name: str, arguments: list[Run]) -> Run:
        def run(v: Variables, f: Functions, b: Budget) -> Any:
            if name not in f:
                raise ExpressionError(
                    f"Expected a known function, but there is none called {name!r}.",
                    f"Det finns ingen funktion som heter {name!r}.",
                )
            given = [argument(v, f, b) for argument in arguments]
            try:
                value = f[name](*given)
            except ExpressionError:
                raise
            except TrappaError as error:
                raise ExpressionError(str(error), getattr(error, "sv", str(error))) from error
            except Exception as error:
                raise ExpressionError(
                    f"Expected {name}() to give a value, but these arguments are not for it ({type(error).__name__}).",
                    f"Funktionen {name}() kan inte räkna med de värden den fick.",
                ) from error
            return _plain(value, b)

        return run


_ALLOWED: Mapping[type[ast.AST], Callable[[_Compiler, Any], Run]] = {
    ast.Constant: _Compiler._literal,
    ast.Name: _Compiler._name,
    ast.Attribute: _Compiler._attribute,
    ast.Subscript: _Compiler._subscript,
    ast.BoolOp: _Compiler._boolean,
    ast.UnaryOp: _Compiler._unary,
    ast.BinOp: _Compiler._binary,
    ast.Compare: _Compiler._compare,
    ast.IfExp: _Compiler._choice,
    ast.List: _Compiler._list,
    ast.Tuple: _Compiler._list,
    ast.Dict: _Compiler._object,
    ast.ListComp: _Compiler._collect,
    ast.Call: _Compiler._call,
}


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _CONSTANTS
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


# --- values --------------------------------------------------------------------------------------------------------


def _unlimited() -> Budget:
    budget = Budget()
    budget._deadline = float("inf")
    return budget


def _plain(value: Any, budget: Budget, depth: int = 0) -> Any:
    """A copy that is nothing but JSON and within bounds, or a refusal."""
    kind = type(value)
    if kind is bool or value is None:
        return value
    if kind is int or kind is float:
        return _number(value)
    if kind is str:
        budget.take(1, len(value))
        return _storable(value)
    if depth >= MAX_DEPTH:
        raise _too_deep()
    if kind is list or kind is tuple:
        _within(len(value), MAX_ITEMS)
        budget.take(1 + len(value), len(value))
        return [_plain(item, budget, depth + 1) for item in value]
    if kind is dict:
        _within(len(value), MAX_ITEMS)
        budget.take(1 + len(value), len(value))
        return {_key(key, budget): _plain(item, budget, depth + 1) for key, item in value.items()}
    raise ExpressionError(
        f"Expected a value that JSON has, but this is a {kind.__name__}.",
        "Värdet är av ett slag som inte kan sparas.",
    )


def _key(key: Any, budget: Budget) -> str:
    if type(key) is not str:
        _wrong_kind("a key of an object", "en nyckel i ett objekt", key)
    return str(_plain(key, budget))


_HALVES = re.compile("[\ud800-\udfff]")


def _storable(text: str) -> str:
    """Half a surrogate pair and NUL are no text to a database."""
    _within(len(text), MAX_TEXT)
    if "\0" in text or not (text.isascii() or _HALVES.search(text) is None):
        raise ExpressionError(
            "Expected a text that can be stored, but it holds half a character or NUL.",
            "Texten innehåller tecken som inte kan sparas.",
        )
    return text


def _number(value: Any) -> Any:
    if -MAX_NUMBER <= value <= MAX_NUMBER if type(value) is int else isfinite(value):
        return value
    raise ExpressionError(
        "Expected a number of at most 64 bits, but it is larger or not a number.",
        "Talet är för stort.",
    )


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def _within(count: int, limit: int) -> None:
    if count > limit:
        raise BudgetSpent(
            f"Expected at most {limit} characters or items in one value, but there are {count}.",
            f"Ett värde får ha högst {limit} tecken eller delar, men har {count}.",
        )


_KINDS: Mapping[type, tuple[str, str]] = {
    bool: ("true or false", "sant eller falskt"),
    int: ("a number", "ett tal"),
    float: ("a number", "ett tal"),
    str: ("a text", "en text"),
    list: ("a list", "en lista"),
    dict: ("an object", "ett objekt"),
    type(None): ("null", "tomt"),
}


def _kind(value: Any) -> tuple[str, str]:
    return _KINDS.get(type(value), ("something else", "något annat"))


def _wrong_kind(what_en: str, what_sv: str, *values: Any) -> NoReturn:
    en, sv = zip(*map(_kind, values), strict=True)
    raise ExpressionError(
        f"Expected values that {what_en} works on, but got {' and '.join(en)}.",
        f"Här går det inte att använda {what_sv}, eftersom värdet är {' och '.join(sv)}.",
    )


def _not_there(value: Any, shown: str, fits: bool) -> ExpressionError:
    if fits:
        return _Missing(f"Expected {shown!r} to be there, but it is not.", f"{shown!r} saknas.")
    en, sv = _kind(value)
    return (_Missing if value is None else ExpressionError)(
        f"Expected {shown!r} to be a part of something, but what it is taken from is {en}.",
        f"{shown!r} går inte att hämta, eftersom det som det hämtas ur är {sv}.",
    )


def _wrong_count(name: str, fewest: int, most: int, count: int) -> ExpressionError:
    wanted = str(fewest) if fewest == most else f"{fewest} to {most}" if most < 99 else f"{fewest} or more"
    return ExpressionError(
        f"Expected {wanted} arguments for {name}(), but there are {count}.",
        f"Funktionen {name}() har fel antal argument: {count}.",
    )


def _calculates(sign: str, compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Budget], Any]:
    def run(left: Any, right: Any, budget: Budget) -> Any:
        if _is_number(left) and _is_number(right):
            try:
                return _number(compute(left, right))
            except ZeroDivisionError:
                raise ExpressionError("Expected to divide, but by zero.", "Det går inte att dela med noll.") from None
            except OverflowError:
                return _number(float("inf"))
        _wrong_kind(f"`{sign}`", sign, left, right)

    return run


_add_numbers = _calculates("+", operator.add)


def _add(left: Any, right: Any, budget: Budget) -> Any:
    kind = type(left)
    if (kind is str or kind is list) and type(right) is kind:
        length = len(left) + len(right)
        _within(length, MAX_TEXT if kind is str else MAX_ITEMS)
        budget.take(1 + length // 8, length)
        return left + right
    return _add_numbers(left, right, budget)


_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any, Budget], Any]] = {
    ast.Add: _add,
    ast.Sub: _calculates("-", operator.sub),
    ast.Mult: _calculates("*", operator.mul),
    ast.Div: _calculates("/", operator.truediv),
    ast.FloorDiv: _calculates("//", operator.floordiv),
    ast.Mod: _calculates("%", operator.mod),
}


def _equal(left: Any, right: Any, budget: Budget) -> bool:
    if type(left) is list and type(right) is list:
        budget.take(1 + min(len(left), len(right)))
        return len(left) == len(right) and all(_equal(a, b, budget) for a, b in zip(left, right, strict=True))
    if type(left) is dict and type(right) is dict:
        budget.take(1 + min(len(left), len(right)))
        return left.keys() == right.keys() and all(_equal(left[key], right[key], budget) for key in left)
    return bool(left == right)


def _orders(sign: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Budget], bool]:
    def run(left: Any, right: Any, budget: Budget) -> bool:
        kind, other = type(left), type(right)
        if kind is int or kind is float:
            if other is int or other is float:
                return compare(left, right)
        elif kind is str and other is str:
            return compare(left, right)
        _wrong_kind(f"`{sign}`", sign, left, right)

    return run


def _holds(item: Any, container: Any, budget: Budget) -> bool:
    if isinstance(container, list):
        budget.take(1 + len(container))
        return any(_equal(item, other, budget) for other in container)
    if isinstance(container, (str, dict)) and type(item) is str:
        return item in container
    _wrong_kind("`in`", "in", item, container)


_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any, Budget], bool]] = {
    ast.Eq: _equal,
    ast.NotEq: lambda left, right, budget: not _equal(left, right, budget),
    ast.Lt: _orders("<", operator.lt),
    ast.LtE: _orders("<=", operator.le),
    ast.Gt: _orders(">", operator.gt),
    ast.GtE: _orders(">=", operator.ge),
    ast.In: _holds,
    ast.NotIn: lambda left, right, budget: not _holds(left, right, budget),
    ast.Is: lambda left, right, budget: left is right,
    ast.IsNot: lambda left, right, budget: left is not right,
}


# --- functions -----------------------------------------------------------------------------------------------------


def _text(value: Any, budget: Budget) -> str:
    """A value as people read it: null is nothing, truth is `true`, lists and objects are JSON."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is int:
        return str(_number(value))
    return json.dumps(_plain(value, budget), ensure_ascii=False)


def _joined(pieces: list[str], between: str, budget: Budget) -> str:
    length = sum(map(len, pieces)) + len(between) * max(0, len(pieces) - 1)
    _within(length, MAX_TEXT)
    budget.take(1 + len(pieces), length)
    return between.join(pieces)


def _items(name: str, value: Any, budget: Budget) -> list[Any]:
    if isinstance(value, GeneratorType):
        return list(value)
    if not isinstance(value, list):
        _wrong_kind(f"{name}()", f"{name}()", value)
    budget.take(1 + len(value))
    return value


def _alike(name: str, items: list[Any]) -> list[Any]:
    """Numbers only, or texts only, and at least one."""
    if not items:
        raise ExpressionError(f"Expected items for {name}(), but there are none.", f"Listan till {name}() är tom.")
    if not (all(map(_is_number, items)) or all(type(item) is str for item in items)):
        raise ExpressionError(
            f"Expected numbers only or texts only for {name}(), but there are other kinds.",
            f"Funktionen {name}() behöver bara tal eller bara texter.",
        )
    return items


def _string(name: str, value: Any) -> str:
    return value if type(value) is str else _wrong_kind(f"{name}()", f"{name}()", value)


def _length(budget: Budget, value: Any) -> int:
    return len(value) if isinstance(value, (str, dict)) else len(_items("len", value, budget))


def _smallest(budget: Budget, *values: Any) -> Any:
    return min(_alike("min", _items("min", values[0], budget) if len(values) == 1 else list(values)))


def _largest(budget: Budget, *values: Any) -> Any:
    return max(_alike("max", _items("max", values[0], budget) if len(values) == 1 else list(values)))


def _total(budget: Budget, value: Any) -> Any:
    items = _items("sum", value, budget)
    if not all(map(_is_number, items)):
        _wrong_kind("sum()", "sum()", next(item for item in items if not _is_number(item)))
    try:
        return _number(sum(items))
    except OverflowError:
        return _number(float("inf"))


def _rounded(budget: Budget, value: Any, digits: Any = None) -> Any:
    if not _is_number(value) or not (digits is None or (type(digits) is int and -20 <= digits <= 20)):
        _wrong_kind("round()", "round()", value, digits)
    return _number(round(value, digits))


_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")


def _whole(budget: Budget, value: Any) -> Any:
    if _is_number(value) or type(value) is bool or (type(value) is str and _WHOLE.fullmatch(value.strip())):
        return _number(int(value))
    _wrong_kind("int()", "int()", value)


def _decimal(budget: Budget, value: Any) -> Any:
    if type(value) is int:
        return float(_number(value))
    if type(value) in (float, bool) or (type(value) is str and _DECIMAL.fullmatch(value.strip())):
        return _number(float(value))
    _wrong_kind("float()", "float()", value)


def _absolute(budget: Budget, value: Any) -> Any:
    return _number(abs(value)) if _is_number(value) else _wrong_kind("abs()", "abs()", value)


def _any(budget: Budget, value: Any) -> bool:
    return any(value if isinstance(value, GeneratorType) else _items("any", value, budget))


def _all(budget: Budget, value: Any) -> bool:
    return all(value if isinstance(value, GeneratorType) else _items("all", value, budget))


def _sorted(budget: Budget, value: Any) -> list[Any]:
    items = _items("sorted", value, budget)
    budget.take(4 * len(items), len(items))
    return sorted(_alike("sorted", items)) if items else []


def _starts(budget: Budget, value: Any, part: Any) -> bool:
    return _string("startswith", value).startswith(_string("startswith", part))


def _ends(budget: Budget, value: Any, part: Any) -> bool:
    return _string("endswith", value).endswith(_string("endswith", part))


def _changed(name: str, change: Callable[[str], str]) -> Callable[[Budget, Any], str]:
    def run(budget: Budget, value: Any) -> str:
        text = change(_string(name, value))
        budget.take(1, len(text))
        return text

    return run


def _get(budget: Budget, value: Any, key: Any, default: Any = None) -> Any:
    if value is None:
        return default
    if isinstance(value, dict) and type(key) is str:
        return value.get(key, default)
    if isinstance(value, (list, str)) and type(key) is int:
        return value[key] if -len(value) <= key < len(value) else default
    _wrong_kind("get()", "get()", value, key)


def _keys(budget: Budget, value: Any) -> list[str]:
    if not isinstance(value, dict):
        _wrong_kind("keys()", "keys()", value)
    budget.take(1 + len(value), len(value))
    return list(value)


def _values(budget: Budget, value: Any) -> list[Any]:
    if not isinstance(value, dict):
        _wrong_kind("values()", "values()", value)
    budget.take(1 + len(value), len(value))
    return list(value.values())


def _count(budget: Budget, value: Any, item: Any) -> int:
    if type(value) is str:
        return value.count(_string("count", item))
    return sum(_equal(item, other, budget) for other in _items("count", value, budget))


def _join(budget: Budget, value: Any, between: Any = "") -> str:
    texts = [_text(item, budget) for item in _items("join", value, budget)]
    return _joined(texts, _string("join", between), budget)


def _shorten(budget: Budget, value: Any, most: Any) -> str:
    """At most `most` characters on one line, cut between two words and marked with an ellipsis."""
    if type(most) is not int or most < 1:
        _wrong_kind("shorten()", "shorten()", most)
    text = _string("shorten", value)
    budget.take(1, len(text))
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    words = line[:most].rpartition(" ")[0] or line[: most - 1]
    return words.rstrip(" ,.;:–-") + "…"


BUILTINS: Mapping[str, tuple[Callable[..., Any], int, int]] = MappingProxyType(
    {
        "len": (_length, 1, 1),
        "min": (_smallest, 1, 99),
        "max": (_largest, 1, 99),
        "sum": (_total, 1, 1),
        "round": (_rounded, 1, 2),
        "int": (_whole, 1, 1),
        "float": (_decimal, 1, 1),
        "str": (lambda budget, value: _text(value, budget), 1, 1),
        "abs": (_absolute, 1, 1),
        "any": (_any, 1, 1),
        "all": (_all, 1, 1),
        "sorted": (_sorted, 1, 1),
        "lower": (_changed("lower", str.lower), 1, 1),
        "upper": (_changed("upper", str.upper), 1, 1),
        "strip": (_changed("strip", str.strip), 1, 1),
        "contains": (lambda budget, container, item: _holds(item, container, budget), 2, 2),
        "startswith": (_starts, 2, 2),
        "endswith": (_ends, 2, 2),
        "get": (_get, 2, 3),
        "keys": (_keys, 1, 1),
        "values": (_values, 1, 1),
        "count": (_count, 2, 2),
        "join": (_join, 1, 2),
        "shorten": (_shorten, 2, 2),
        "defined": (_wrong_count, 1, 1),  # compiled as a form of its own: it looks before it reads
    }
)
"""Name -> (function, fewest arguments, most arguments): what every expression may call."""

_TAKES_ITEMS = frozenset({"len", "min", "max", "sum", "any", "all", "sorted", "join"})
