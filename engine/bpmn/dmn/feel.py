"""FEEL (DMN 1.3 chapter 10) as far as decision tables need it: read into the language of our expressions.

Cells are unary tests (§7.3.8): `-`; a value, or several with commas; `< 5`; `[1..5]`, `(1..5)`, `]1..5[`; `not(…)`; and
any expression about `?`, the input. Everywhere: `=`, `if … then … else …`, `x in [1..5]`, `date("2026-01-01")`,
`date and time(…)`, `time(…)`, `duration(…)`, names with blanks where the file defines them, and all that our own
expressions have. What FEEL has besides is refused, with a word on what to write.

A text is rewritten token by token and then compiled by a dialect of our own compiler, which brings along its bounds: no
FEEL is ever handed to Python. Null is no error to a comparison (§10.3.2.5): it is neither less nor greater than
anything, and equal to itself only. True is not 1.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn
from unicodedata import normalize

from engine.bpmn.dmn import times
from engine.bpmn.expressions import BUILTINS, NO_FUNCTIONS, Budget, Compiled, Expression
from engine.bpmn.expressions.compiler import Compiler, compiled
from engine.bpmn.expressions.compiler import constant as constant_run
from engine.bpmn.expressions.values import ARITHMETIC, COMPARISONS, equal, holds, unlimited, wrong_kind
from engine.bpmn.limits import LIMITS
from engine.errors import ExpressionError

MAX_CELL = LIMITS.cell
MAX_CHOICES = 10  # of `if` inside each other
INNER = re.compile(r"__[a-z][a-z0-9_]*")
"""Names that no text can write: the values of columns and of required decisions."""

Names = Mapping[tuple[str, ...], str]
"""Tokens of a name as the file defines it -> the inner name that stands for it."""


class Unread(ExpressionError):
    """A cell that says something we do not read; `fix` says what to write."""

    def __init__(self, en: str, sv: str, fix_en: str, fix_sv: str) -> None:
        super().__init__(en, sv)
        self.fix = (fix_sv, fix_en)


@dataclass(frozen=True, slots=True)
class Piece:
    """What a constant test lets through: all from `low` to `high`; None: no end on that side."""

    low: Any
    low_in: bool
    high: Any
    high_in: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """An input entry. `test` is None where anything will do. `pieces`: what it lets through, or None where that depends
    on the case; `negated`: all but that."""

    text: str
    test: Compiled | None
    pieces: tuple[Piece, ...] | None
    negated: bool = False


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


_Found = tuple[Compiled, tuple[Piece, ...] | None, bool]


def _read(text: str, names: Names, column: str | None) -> _Found:
    """The compiled text, and of tests what they let through."""
    found = _literal(text.strip())
    if found is not None:
        return _simple(text, found[0], column)
    reader = _Reader(text, names, column)
    rewritten = reader.tests(0, len(reader.tokens)) if column else reader.expression(0, len(reader.tokens))
    return _made(rewritten, text), reader.pieces, reader.negated


_LITERAL = re.compile(r"""-?[0-9]{1,15}(\.[0-9]{1,15})?|"[^"\\\n]*"|true|false|null""", re.ASCII)
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def _literal(text: str) -> tuple[Any] | None:
    """The value of what most cells hold, in a tuple: one number, text or word; None where it is something else."""
    match = _LITERAL.fullmatch(text) if len(text) <= MAX_CELL else None
    if match is None:
        return None
    if text in _WORDS:
        return (_WORDS[text],)
    if text[0] == '"':
        return (text[1:-1],) if text.isprintable() else None
    return (float(text) if match[1] else int(text),)


def _simple(text: str, value: Any, column: str | None) -> _Found:
    """What `_read` gives for such a cell, without a detour over a syntax tree: a table may have thousands."""
    compiler = _Dialect()
    compiler.cost = 2
    if column is None:
        return Expression(text, constant_run(value), compiler), None, False
    compiler.names.add(column)
    point = _point(value)
    run = lambda v, f, b: _same(v[column], value, b)  # noqa: E731 - a closure as the compiler makes them
    return Expression(text, run, compiler), None if point is None else (point,), False


def _made(rewritten: str, source: str) -> Compiled:
    compiler = _Dialect()
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


# --- tokens --------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
      (?P<space> \s+ )
    | (?P<string> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' )
    | (?P<number> (?:[0-9]+(?:\.[0-9]+)? | \.[0-9]+) (?:[eE][+-]?[0-9]+)? )
    | (?P<name> [^\W\d]\w* )
    | (?P<sign> \.\. | <= | >= | != | == | // | \*\* | [-+*/%<>=(),.\[\]{}:?] )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENS, _CLOSES = {"(": ")", "[": "]", "{": "}"}, frozenset(")]}")
_COMPARES = frozenset({"<", "<=", ">", ">=", "=", "==", "!="})
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "if", "then", "else", "for", "true", "false", "null"})
_AFTER_OPERAND = frozenset({")", "]", "}"})
_LONG_NAMES: Mapping[tuple[str, ...], str] = {
    ("date", "and", "time"): "date_and_time",
    ("string", "length"): "len",
    ("upper", "case"): "upper",
    ("lower", "case"): "lower",
    ("starts", "with"): "startswith",
    ("ends", "with"): "endswith",
    ("list", "contains"): "contains",
}
"""FEEL's functions with blanks in their names that we have under another."""

_BEYOND: Mapping[str, tuple[str, str]] = {
    "some": ("any(x > 3 for x in list)", "any(x > 3 for x in lista)"),
    "every": ("all(x > 3 for x in list)", "all(x > 3 for x in lista)"),
    "satisfies": ("any(x > 3 for x in list)", "any(x > 3 for x in lista)"),
    "return": ("[x + 1 for x in list]", "[x + 1 for x in lista]"),
    "between": ("[3..5], or 3 <= x <= 5", "[3..5], eller 3 <= x <= 5"),
    "function": ("the value itself", "själva värdet"),
    "instance": ("a typeRef on the column", "en typ (typeRef) på kolumnen"),
}


def tokens_of(text: str) -> list[tuple[str, str]]:
    """(kind, text) of every token. Unread where there is something that no token begins with."""
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _strange(text[position])
        position = match.end()
        kind, found = str(match.lastgroup), match[0]
        if kind == "name":
            found = normalize("NFKC", found)
            if found.startswith("__"):
                raise ExpressionError(
                    f"Expected a name of your own, but {found!r} is reserved.", f"Namnet {found!r} är reserverat."
                )
        if kind != "space":
            tokens.append((kind, found))
    return tokens


def words_of(name: str) -> tuple[str, ...] | None:
    """The tokens of a name that a text can use; None where it cannot."""
    try:
        tokens = tokens_of(name)
    except ExpressionError:
        return None
    kinds = [kind for kind, _ in tokens]
    if kinds[:1] != ["name"] or len(kinds) > 10 or not {"name", "number"}.issuperset(kinds):
        return None
    words = tuple(text for _, text in tokens)
    return None if _KEYWORDS.intersection(words) or words in _LONG_NAMES else words


def _strange(sign: str) -> Unread:
    if sign == "@":
        return Unread(
            "Expected what a table can read, but this has an @.",
            "Tecknet @ kan inte läsas här.",
            'Write date("2026-01-01") instead of @"2026-01-01".',
            'Skriv date("2026-01-01") i stället för @"2026-01-01".',
        )
    if sign in "\"'":
        return Unread(
            "Expected a text to end, but its closing quotation mark is missing.",
            "Ett citattecken saknas.",
            'Write texts within quotation marks: "kommun".',
            'Skriv texter inom citattecken: "kommun".',
        )
    return Unread(
        f"Expected what a table can read, but this has {sign!r}.",
        f"Tecknet {sign!r} kan inte läsas här.",
        'Write for example "kommun", > 3, [3..5] or not("a", "b"); texts stand within straight quotation marks.',
        'Skriv till exempel "kommun", > 3, [3..5] eller not("a", "b"); texter står inom raka citattecken.',
    )


def _refuse(en: str, sv: str, fix_en: str, fix_sv: str) -> NoReturn:
    raise Unread(en, sv, fix_en, fix_sv)


# --- rewriting -----------------------------------------------------------------------------------------------------


class _Reader:
    """The tokens of one text, and what they become. Ranges are found first: their brackets may stand the wrong way."""

    def __init__(self, text: str, names: Names, column: str | None) -> None:
        if len(text) > MAX_CELL:
            raise ExpressionError(
                f"Expected at most {MAX_CELL} characters in a cell, but there are {len(text)}.",
                f"Högst {MAX_CELL} tecken får plats i en cell, men här är {len(text)}.",
            )
        self.tokens = tokens_of(text)
        self.texts = [found if kind != "string" else "" for kind, found in self.tokens]
        self.pieces: tuple[Piece, ...] | None = None
        self.negated = False
        self._names = names
        self._longest = max((len(words) for words in (*names, *_LONG_NAMES)), default=1)
        self._column = column
        self._choices = 0
        self._ranges = self._found_ranges()
        self._closers = {close for _, close in self._ranges.values()}

    # --- tests ---

    def tests(self, start: int, end: int) -> str:
        if self.texts[start : start + 2] == ["not", "("] and self._closing(start + 1, end) == end - 1:
            self.negated = not self.negated
            return f"not ({self.tests(start + 2, end - 1)})"
        parts: list[str] = []
        pieces: list[Piece] | None = []
        for begin, stop in self._split(start, end):
            text, piece = self._test(begin, stop)
            parts.append(text)
            pieces = None if pieces is None or piece is None else [*pieces, piece]
        self.pieces = None if pieces is None else tuple(pieces)
        return " or ".join(parts)

    def _split(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts between commas."""
        parts, begin, position, depth = [], start, start, 0
        while position < end:
            if position in self._ranges:
                position = self._ranges[position][1] + 1
                continue
            text = self.texts[position]
            depth += (text in _OPENS) - (text in _CLOSES)
            if text == "," and depth == 0:
                parts.append((begin, position))
                begin = position + 1
            position += 1
        return [*parts, (begin, end)]

    def _test(self, start: int, end: int) -> tuple[str, Piece | None]:
        texts = self.texts[start:end]
        if not texts:
            _refuse(
                "Expected a value, but there is nothing.",
                "Ett värde saknas.",
                "Write a value on both sides of the comma.",
                "Skriv ett värde på båda sidor om kommat.",
            )
        if texts == ["-"]:
            return "True", Piece(None, True, None, True)
        if texts[0] in _COMPARES:
            sign = {"=": "=="}.get(texts[0], texts[0])
            value = self.expression(start + 1, end)
            return f"({self._column} {sign} ({value}))", _compared(sign, value)
        if texts[0] == "in" or texts[:2] == ["not", "in"]:
            return f"({self._column} {self.expression(start, end)})", None
        if start in self._ranges and self._ranges[start][1] == end - 1:
            return f"({self._column} in {self.expression(start, end)})", self._range_piece(start)
        value = self.expression(start, end)
        if "?" in texts:
            return f"__true({value})", None
        if _CONDITION.intersection(texts) and _is_condition(value):
            _refuse(
                "Expected a test of the input, but this is a condition that does not name it.",
                "Cellen är ett villkor som inte säger något om kolumnens värde.",
                "Name the input as ?: ? > 3 and ? < b.",
                "Skriv ? för kolumnens värde: ? > 3 and ? < b.",
            )
        constant = _constant(value)
        single = constant is not None and not isinstance(constant[0], list)
        return f"__matches({self._column}, {value})", _point(constant[0]) if constant and single else None

    def _range_piece(self, start: int) -> Piece | None:
        dots, close = self._ranges[start]
        low, high = _constant(self.expression(start + 1, dots)), _constant(self.expression(dots + 1, close))
        if low is None or high is None:
            return None
        if not _below(low[0], high[0], True):
            _refuse(
                "Expected a range from a lower to a higher end, but this one is empty.",
                "Intervallet är tomt, eftersom det börjar högre än det slutar.",
                "Write the lower end first: [1..5].",
                "Skriv den lägre gränsen först: [1..5].",
            )
        return Piece(low[0], self.texts[start] == "[", high[0], self.texts[close] == "]")

    # --- ranges ---

    def _found_ranges(self) -> dict[int, tuple[int, int]]:
        """Opening bracket -> (dots, closing bracket)."""
        ranges = {}
        for dots in (place for place, text in enumerate(self.texts) if text == ".."):
            opening, closing = self._edge(dots, -1), self._edge(dots, 1)
            if opening is None or closing is None or opening in ranges:
                _refuse(
                    "Expected a range between brackets, but one is missing.",
                    "Ett intervall ska stå inom klamrar, men en saknas.",
                    "Write [1..5], (1..5) or ]1..5[.",
                    "Skriv [1..5], (1..5) eller ]1..5[.",
                )
            ranges[opening] = (dots, closing)
        return ranges

    def _edge(self, dots: int, way: int) -> int | None:
        inner, outer = ("(", ")") if way > 0 else (")", "(")
        depth, place = 0, dots + way
        while 0 <= place < len(self.texts):
            text = self.texts[place]
            if text == inner:
                depth += 1
            elif text == outer and depth:
                depth -= 1
            elif (text in ("[", "]") or text == outer) and not depth:
                return place
            elif text == "..":
                return None
            place += way
        return None

    # --- expressions ---

    def expression(self, start: int, end: int) -> str:
        out: list[str] = []
        position = start
        while position < end:
            position = self._step(position, end, out)
        if not out:
            _refuse(
                "Expected a value, but there is nothing.",
                "Ett värde saknas.",
                "Write the value.",
                "Skriv värdet.",
            )
        return " ".join(out)

    def _step(self, place: int, end: int, out: list[str]) -> int:
        """Rewrite what stands at `place`; where to go on."""
        kind, text = self.tokens[place]
        if place in self._ranges:
            dots, close = self._ranges[place]
            if close >= end:
                _refuse("Expected a range to end.", "Ett intervall tar aldrig slut.", "Write [1..5].", "Skriv [1..5].")
            ends = f"{self.expression(place + 1, dots)}, {self.expression(dots + 1, close)}"
            out.append(f"__range({text == '['}, {ends}, {self.texts[close] == ']'})")
            return close + 1
        if kind == "name":
            return self._word(place, end, out)
        if text == "?" and kind == "sign":
            if self._column is None:
                _refuse(
                    "Expected a value, but ? stands for the input of a cell.",
                    "Frågetecknet står för kolumnens värde och kan bara användas i en villkorscell.",
                    "Write the name of the variable.",
                    "Skriv variabelns namn.",
                )
            text = self._column
        elif text == "=" and kind == "sign":
            text = "=="
        out.append(text)
        return place + 1

    def _word(self, place: int, end: int, out: list[str]) -> int:
        text = self.texts[place]
        before = self.texts[place - 1] if place else ""
        if before == ".":
            out.append(text)
            return place + 1
        if before in ("{", ",") and self.texts[place + 1 : place + 2] == [":"]:
            out.append(repr(text))
            return place + 1
        if text == "if" and not (place and self._ends_operand(place - 1)):
            return self._choice(place, end, out)
        for length in range(min(self._longest, end - place), 0, -1):
            words = tuple(self.texts[place : place + length])
            known = self._names.get(words)
            if known is None and words in _LONG_NAMES and self.texts[place + length : place + length + 1] == ["("]:
                known = _LONG_NAMES[words]
            if known is not None and (words in _LONG_NAMES or self.texts[place + length : place + length + 1] != ["("]):
                out.append(known)
                return place + length
        if text in _BEYOND and self._is_beyond(place, end):
            fix_en, fix_sv = _BEYOND[text]
            _refuse(
                f"Expected what a table can read, but this uses FEEL's `{text}`.",
                f"FEEL:s ”{text}” kan inte läsas här.",
                f"Write {fix_en}.",
                f"Skriv {fix_sv}.",
            )
        if text not in _KEYWORDS and place + 1 < end and self._is_name(place + 1):
            _refuse(
                f"Expected one name, but {text!r} is followed by {self.texts[place + 1]!r}.",
                f"Namnet ”{text}” följs direkt av ”{self.texts[place + 1]}”.",
                "Names with blanks are read where a column, decision or input of the file has them;"
                " otherwise write the variable's own name. Texts stand within quotation marks.",
                "Namn med blanksteg går att läsa när en kolumn, ett beslut eller indata i filen heter så;"
                " skriv annars variabelns namn. Texter står inom citattecken.",
            )
        out.append(text)
        return place + 1

    def _is_name(self, place: int) -> bool:
        return self.tokens[place][0] == "name" and self.texts[place] not in _KEYWORDS

    def _is_beyond(self, place: int, end: int) -> bool:
        """A word of FEEL, not a variable of that name."""
        followed = place + 1 < end and (self._is_name(place + 1) or self.tokens[place + 1][0] in ("number", "string"))
        called = self.texts[place : place + 2] == ["function", "("]
        return followed or called or (place > 0 and self._ends_operand(place - 1))

    def _ends_operand(self, place: int) -> bool:
        kind, text = self.tokens[place]
        if kind == "name":
            return text not in _KEYWORDS or text in ("true", "false", "null")
        return kind in ("string", "number") or text in _AFTER_OPERAND or text == "?"

    def _choice(self, place: int, end: int, out: list[str]) -> int:
        """`if a then b else c`, which reaches as far as its surroundings do."""
        self._choices += 1
        then = self._keyword("then", place + 1, end)
        otherwise = self._keyword("else", then + 1, end) if then else 0
        if not then or not otherwise or self._choices > MAX_CHOICES:
            _refuse(
                "Expected `if … then … else …`, but it is incomplete or too deeply nested.",
                "Ett if ska ha både then och else, och får inte vara för djupt nästlat.",
                "Write if a > 3 then 1 else 2.",
                "Skriv if a > 3 then 1 else 2.",
            )
        stop = self._reach(otherwise + 1, end)
        test, yes = self.expression(place + 1, then), self.expression(then + 1, otherwise)
        out.append(f"(({yes}) if ({test}) else ({self.expression(otherwise + 1, stop)}))")
        self._choices -= 1
        return stop

    def _keyword(self, word: str, start: int, end: int) -> int:
        """Where `word` of this `if` stands, 0 where it does not."""
        depth = nested = 0
        for place in range(start, end):
            text = self.texts[place]
            if place in self._ranges or place in self._closers:
                continue
            depth += (text in _OPENS) - (text in _CLOSES)
            if depth or self.tokens[place][0] != "name":
                continue
            if text == "if":
                nested += 1
            elif text == word:
                if not nested:
                    return place
                nested -= word == "else"
            elif text == "else" and nested and word == "then":
                nested -= 1
        return 0

    def _reach(self, start: int, end: int) -> int:
        depth, place = 0, start
        while place < end:
            if place in self._ranges:
                place = self._ranges[place][1] + 1
                continue
            text = self.texts[place]
            if depth == 0 and (text == "," or text in _CLOSES):
                return place
            depth += (text in _OPENS) - (text in _CLOSES)
            place += 1
        return end

    def _closing(self, opening: int, end: int) -> int:
        depth, place = 0, opening
        while place < end:
            if place in self._ranges:
                place = self._ranges[place][1] + 1
                continue
            depth += (self.texts[place] in _OPENS) - (self.texts[place] in _CLOSES)
            if depth == 0:
                return place
            place += 1
        return -1


_CONDITION = frozenset({*_COMPARES, "and", "or", "not", "in"})


def _is_condition(rewritten: str) -> bool:
    try:
        shape = ast.parse(rewritten, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False  # told by whoever compiles it
    return isinstance(shape, ast.Compare | ast.BoolOp) or (
        isinstance(shape, ast.UnaryOp) and isinstance(shape.op, ast.Not)
    )


def constant(text: str, names: Names = MappingProxyType({})) -> tuple[Any] | None:
    """The value of an expression that needs no case, in a tuple; None where it needs one or cannot be read."""
    found = _literal(text.strip())
    if found is not None:
        return found
    try:
        reader = _Reader(text, names, None)
        return _constant(reader.expression(0, len(reader.tokens)))
    except ExpressionError:
        return None


# --- what constant tests let through -------------------------------------------------------------------------------

_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_NEEDS_CASE = re.compile(r"(?!\b(?:date|date_and_time|time|duration|true|false|null|True|False|__range)\b)\b[^\W\d]\w*")
"""A name that may be a variable. A quick look, before anything is compiled."""


def _constant(rewritten: str) -> tuple[Any] | None:
    """The value of a text that needs no case, in a tuple; None where it needs one."""
    found = _literal(rewritten)
    if found is not None:
        return found
    if _NEEDS_CASE.search(_QUOTED.sub("", rewritten)):
        return None
    compiler = _Dialect()
    try:
        run = compiled(compiler, rewritten, rewritten)
        return None if compiler.names or not compiler.calls <= _PURE else (run({}, NO_FUNCTIONS, unlimited()),)
    except ExpressionError:
        return None


def _compared(sign: str, value: str) -> Piece | None:
    found = _constant(value)
    if found is None or sign == "!=":
        return None
    (end,) = found
    if sign == "==":
        return _point(end)
    return Piece(None, True, end, sign == "<=") if "<" in sign else Piece(end, sign == ">=", None, True)


def _point(value: Any) -> Piece | None:
    return None if value is None or isinstance(value, dict | list | _Range) else Piece(value, True, value, True)


def overlap(first: Cell, second: Cell) -> bool | None:
    """Whether some value passes both tests; None where that cannot be told."""
    if first.test is None or second.test is None:
        return None if (first.negated or second.negated) else True
    if first.pieces is None or second.pieces is None:
        return None
    if first.negated and second.negated:
        return None
    if not first.negated and not second.negated:
        return any(_meet(one, other) for one in first.pieces for other in second.pieces)
    kept, barred = (second, first) if first.negated else (first, second)
    if not all(piece.low == piece.high for piece in (*(kept.pieces or ()), *(barred.pieces or ()))):
        return None
    return any(not any(_meet(piece, bar) for bar in barred.pieces or ()) for piece in kept.pieces or ())


def _meet(one: Piece, other: Piece) -> bool:
    pairs = ((one, other), (other, one))
    return all(_below(first.low, second.high, first.low_in and second.high_in) for first, second in pairs)


def _below(low: Any, high: Any, may_be_equal: bool) -> bool:
    if low is None or high is None:
        return True
    try:
        return _same(low, high, _FREE) if may_be_equal and _same(low, high, _FREE) else _less(low, high, _FREE)
    except ExpressionError:
        return False  # of different kinds: no value is both


# --- the dialect ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Range:
    low_in: bool
    low: Any
    high: Any
    high_in: bool


def _same(left: Any, right: Any, budget: Budget) -> bool:
    if isinstance(left, times.TEMPORAL) or isinstance(right, times.TEMPORAL):
        if left is None or right is None:
            return False
        found = times.pair(left, right)
        return found is not None and bool(found[0] == found[1])
    if (left is True or left is False) != (right is True or right is False):
        return False
    return equal(left, right, budget)


def _ordered(sign: type[ast.cmpop], compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Budget], bool]:
    stock = COMPARISONS[sign]

    def run(left: Any, right: Any, budget: Budget) -> bool:
        if left is None or right is None:
            return False
        found = times.pair(left, right)
        return compare(*found) if found is not None else stock(left, right, budget)

    return run


_less = _ordered(ast.Lt, operator.lt)
_at_most = _ordered(ast.LtE, operator.le)


def _inside(item: Any, container: Any, budget: Budget) -> bool:
    if isinstance(container, _Range):
        low, high = container.low, container.high
        above = _at_most(low, item, budget) if container.low_in else _less(low, item, budget)
        return above and (_at_most(item, high, budget) if container.high_in else _less(item, high, budget))
    if isinstance(container, list):
        budget.take(1 + len(container))
        return any(_matches(budget, item, other) for other in container)
    if container is None:
        return False
    return holds(item, container, budget)


def _matches(budget: Budget, value: Any, wanted: Any) -> bool:
    """A value as a test (§7.3.8): the input is it, or is in it."""
    if isinstance(wanted, _Range):
        return _inside(value, wanted, budget)
    if isinstance(wanted, list):
        budget.take(1 + len(wanted))
        return _same(value, wanted, budget) or any(_matches(budget, value, one) for one in wanted)
    return _same(value, wanted, budget)


def _truth(budget: Budget, value: Any) -> bool:
    if value is None:
        return False
    if value is not True and value is not False:
        wrong_kind("a test", "ett villkor", value)
    return bool(value)


def _add(left: Any, right: Any, budget: Budget) -> Any:
    moved = times.add(left, right)
    return ARITHMETIC[ast.Add](left, right, budget) if moved is None else moved


def _subtract(left: Any, right: Any, budget: Budget) -> Any:
    moved = times.add(left, right, -1)
    if moved is None:
        moved = times.between(left, right)
    return ARITHMETIC[ast.Sub](left, right, budget) if moved is None else moved


def _reads(kind: times.Kind) -> tuple[Callable[..., Any], int, int]:
    return lambda budget, value: None if value is None else times.read(kind, value), 1, 1


_FREE = unlimited()
_TIMES = {
    "date": _reads(times.DATE),
    "date_and_time": _reads(times.INSTANT),
    "time": _reads(times.TIME),
    "duration": _reads(times.DURATION),
}
_PURE = frozenset({*_TIMES, "__range"})
OWN = frozenset({*_TIMES, "__range", "__matches", "__true"})
"""Functions that only decisions have."""


class _Dialect(Compiler):
    arithmetic = {**ARITHMETIC, ast.Add: _add, ast.Sub: _subtract}
    comparisons = {
        **COMPARISONS,
        ast.Eq: _same,
        ast.NotEq: lambda left, right, budget: not _same(left, right, budget),
        ast.Lt: _less,
        ast.LtE: _at_most,
        ast.Gt: _ordered(ast.Gt, operator.gt),
        ast.GtE: _ordered(ast.GtE, operator.ge),
        ast.In: _inside,
        ast.NotIn: lambda left, right, budget: not _inside(left, right, budget),
    }
    builtins = {
        **BUILTINS,
        **_TIMES,
        "__range": (lambda budget, low_in, low, high, high_in: _Range(low_in, low, high, high_in), 4, 4),
        "__matches": (_matches, 2, 2),
        "__true": (_truth, 1, 1),
    }

    def allow_name(self, name: str) -> None:
        if not INNER.fullmatch(name):
            super().allow_name(name)

    def allow_place(self, place: ast.expr) -> None:
        if not (isinstance(place, ast.Constant) and type(place.value) is str):
            raise Unread(
                "Expected a key, but this is a place in a list or a filter, which FEEL counts from 1 and we from 0.",
                "Platser i en lista räknas från 1 i FEEL men från 0 i våra uttryck, och läses därför inte här.",
                "Write get(list, 0) for the first item.",
                "Skriv get(lista, 0) för det första värdet.",
            )
