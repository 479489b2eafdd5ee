"""A syntax tree to closures: what is not on the list at the end is not in the language."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.bpmn.expressions.functions import BUILTINS, TAKES_ITEMS
from engine.bpmn.expressions.reading import MAX_SOURCE, located, parsed, too_long, unreadable
from engine.bpmn.expressions.values import (
    ARITHMETIC,
    COMPARISONS,
    MAX_NESTING,
    Budget,
    Functions,
    Missing,
    Variables,
    bounded_number,
    equal,
    is_number,
    not_there,
    plain,
    too_deep,
    unlimited,
    wrong_count,
    wrong_kind,
)
from engine.errors import ExpressionError, TrappaError

Run = Callable[[Variables, Functions, Budget], Any]


_WORDS: Mapping[type[ast.AST], tuple[str, str]] = {
    ast.Pow: ("a power (**)", "en potens (**)"),
    ast.JoinedStr: ("an f-string", "en f-sträng"),
    ast.Lambda: ("a lambda", "en lambda"),
    ast.GeneratorExp: ("a `for` outside brackets", "en for-sats utan hakparenteser"),
    ast.NamedExpr: ("an assignment", "en tilldelning"),
    ast.Starred: ("a star", "en stjärna"),
}


def not_here(node: ast.AST) -> ExpressionError:
    en, sv = _WORDS.get(type(node), (f"a {type(node).__name__}", type(node).__name__))
    return ExpressionError(
        f"Expected only what the language of expressions has, but this uses {en}.",
        f"Uttrycket använder något som inte finns i uttrycksspråket: {sv}.",
    )


def allow_name(name: str) -> None:
    if name.startswith("__") or name in CONSTANTS:
        raise ExpressionError(
            f"Expected a name of your own, but {name!r} is reserved.",
            f"Namnet {name!r} är reserverat.",
        )


CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def constant(value: Any) -> Run:
    return lambda v, f, b: value


def _shown(node: ast.AST) -> str:
    """The piece of source in a message: what the designer wrote, never what a case holds."""
    text = ast.unparse(node)
    return text if len(text) <= 80 else text[:80] + "…"


class Compiler:
    """Turns allowed nodes into closures, and notes what they read, call and cost.

    A dialect (the cells of decision tables) is a subclass with operators and functions of its own.
    """

    arithmetic: Mapping[type[ast.operator], Callable[[Any, Any, Budget], Any]] = ARITHMETIC
    comparisons: Mapping[type[ast.cmpop], Callable[[Any, Any, Budget], bool]] = COMPARISONS
    builtins: Mapping[str, tuple[Callable[..., Any], int, int]] = BUILTINS

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
            raise not_here(node)
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise too_deep()
        self.cost += 1
        run = allowed(self, node)
        self._depth -= 1
        return run

    def allow_name(self, name: str) -> None:
        allow_name(name)

    def allow_place(self, place: ast.expr) -> None:
        """Refuse what may not stand within `[…]` after a value."""

    def _literal(self, node: ast.Constant) -> Run:
        if type(node.value) not in (str, int, float, bool, type(None)):
            raise not_here(node)
        return constant(plain(node.value, unlimited()))

    def _name(self, node: ast.Name) -> Run:
        name = node.id
        if name in CONSTANTS:
            return constant(CONSTANTS[name])
        self.allow_name(name)
        if name not in self._bound:
            self.names.add(name)

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            try:
                return v[name]
            except KeyError:
                raise Missing(
                    f"Expected a variable {name!r}, but it is not set.",
                    f"Variabeln {name!r} saknar värde.",
                ) from None

        return run

    def _attribute(self, node: ast.Attribute) -> Run:
        inner, key, shown = self.compile(node.value), node.attr, _shown(node)
        if key.startswith("__"):
            self.allow_name(key)

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            value = inner(v, f, b)
            if isinstance(value, dict) and key in value:
                return value[key]
            raise not_there(value, shown, isinstance(value, dict))

        return run

    def _subscript(self, node: ast.Subscript) -> Run:
        inner, shown = self.compile(node.value), _shown(node)
        if isinstance(node.slice, ast.Slice):
            self.allow_place(node.slice)
            return self._slice(inner, node.slice, shown)
        self.allow_place(node.slice)
        place = self.compile(node.slice)

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            value, key = inner(v, f, b), place(v, f, b)
            fits = isinstance(value, dict) if type(key) is str else type(key) is int and isinstance(value, (list, str))
            try:
                if fits:
                    return value[key]
            except LookupError:
                pass
            raise not_there(value, shown, fits)

        return run

    def _slice(self, inner: Run, node: ast.Slice, shown: str) -> Run:
        ends = [self.compile(end) if end else constant(None) for end in (node.lower, node.upper, node.step)]

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            value = inner(v, f, b)
            lower, upper, step = (end(v, f, b) for end in ends)
            whole = all(end is None or type(end) is int for end in (lower, upper, step))
            if isinstance(value, (list, str)) and whole and step != 0:
                part = value[lower:upper:step]
                b.take(1 + len(part) // 8, len(part))
                return part
            raise not_there(value, shown, False)

        return run

    def _boolean(self, node: ast.BoolOp) -> Run:
        *others, last = [self.compile(value) for value in node.values]
        stops_at = isinstance(node.op, ast.Or)
        if len(others) == 1:
            (first,) = others
            if stops_at:
                return lambda v, f, b: first(v, f, b) or last(v, f, b)
            return lambda v, f, b: first(v, f, b) and last(v, f, b)

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
            raise not_here(node.op)
        sign = -1 if isinstance(node.op, ast.USub) else 1

        def run(v: Variables, f: Functions, b: Budget) -> Any:
            value = inner(v, f, b)
            return bounded_number(sign * value) if is_number(value) else wrong_kind("a sign", "ett tecken", value)

        return run

    def _binary(self, node: ast.BinOp) -> Run:
        compute = self.arithmetic.get(type(node.op))
        if compute is None:
            raise not_here(node.op)
        left, right = self.compile(node.left), self.compile(node.right)
        if isinstance(node.right, ast.Constant):
            value = node.right.value
            return lambda v, f, b: compute(left(v, f, b), value, b)
        return lambda v, f, b: compute(left(v, f, b), right(v, f, b), b)

    def _compare(self, node: ast.Compare) -> Run:
        for sign, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(sign, ast.Is | ast.IsNot) and not _is_constant(right):
                raise not_here(sign)
        first = self.compile(node.left)
        links = [(self.comparisons[type(o)], self.compile(c)) for o, c in zip(node.ops, node.comparators, strict=True)]
        if len(links) == 1:
            compare, second = links[0]
            if isinstance(node.comparators[0], ast.Constant):
                value = node.comparators[0].value
                if compare is equal:  # a text, number, true, false or null: as Python compares them
                    return lambda v, f, b: first(v, f, b) == value
                return lambda v, f, b: compare(first(v, f, b), value, b)
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
            raise not_here(node)
        pairs = [(self.compile(k), self.compile(v)) for k, v in zip(node.keys, node.values, strict=True) if k]

        def run(v: Variables, f: Functions, b: Budget) -> dict[str, Any]:
            made = {}
            for key, value in pairs:
                name = key(v, f, b)
                if type(name) is not str:
                    wrong_kind("a key of an object", "en nyckel i ett objekt", name)
                made[name] = value(v, f, b)
            return made

        return run

    def _collect(self, node: ast.ListComp) -> Run:
        each = self._each(node)
        return lambda v, f, b: list(each(v, f, b))

    def _each(self, node: ast.ListComp | ast.GeneratorExp) -> Callable[[Variables, Functions, Budget], Iterator[Any]]:
        loop = node.generators[0]
        if len(node.generators) > 1 or loop.is_async or not isinstance(loop.target, ast.Name):
            raise not_here(loop)
        source, name = self.compile(loop.iter), loop.target.id
        self.allow_name(name)
        outer_bound, self._bound = self._bound, self._bound | {name}
        outer_cost, self.cost = self.cost, 1
        test = self._boolean(ast.BoolOp(ast.And(), loop.ifs)) if loop.ifs else None
        element = self.compile(node.elt)
        cost_per_item, self.cost = self.cost, outer_cost
        self._bound = outer_bound

        def run(v: Variables, f: Functions, b: Budget) -> Iterator[Any]:
            items = source(v, f, b)
            if not isinstance(items, list):
                wrong_kind("`for`", "for", items)
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
        self.allow_name(name)
        self.calls.add(name)
        if name == "defined":
            return self._defined(arguments)
        if name not in self.builtins:
            return self._foreign(name, [self.compile(argument) for argument in arguments])
        builtin, fewest, most = self.builtins[name]
        if not fewest <= len(arguments) <= most:
            raise wrong_count(name, fewest, most, len(arguments))
        if len(arguments) == 1 and isinstance(arguments[0], ast.GeneratorExp) and name in TAKES_ITEMS:
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
            except Missing:
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
            return plain(value, b)

        return run


_ALLOWED: Mapping[type[ast.AST], Callable[[Compiler, Any], Run]] = {
    ast.Constant: Compiler._literal,
    ast.Name: Compiler._name,
    ast.Attribute: Compiler._attribute,
    ast.Subscript: Compiler._subscript,
    ast.BoolOp: Compiler._boolean,
    ast.UnaryOp: Compiler._unary,
    ast.BinOp: Compiler._binary,
    ast.Compare: Compiler._compare,
    ast.IfExp: Compiler._choice,
    ast.List: Compiler._list,
    ast.Tuple: Compiler._list,
    ast.Dict: Compiler._object,
    ast.ListComp: Compiler._collect,
    ast.Call: Compiler._call,
}


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in CONSTANTS
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


def compiled(compiler: Compiler, text: str, source: str) -> Run:
    if len(text) > MAX_SOURCE:
        raise too_long(MAX_SOURCE, source)
    if "\n" not in text:
        node = parsed(text, "eval", source).body
    else:
        node = parsed(f"(\n{text}\n)", "eval", source).body
        if node.lineno == 1:  # the text closed the bracket that we opened
            raise located(unreadable("the brackets do not match"), source)
    try:
        return compiler.compile(node)
    except ExpressionError as error:
        raise located(error, source) from None
