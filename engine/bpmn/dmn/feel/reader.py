"""A text in FEEL rewritten, token by token, into the language of our expressions."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from engine.bpmn.dmn.feel.constants import MAX_CELL, constant_of
from engine.bpmn.dmn.feel.pieces import Piece, compared, is_below, point_of
from engine.bpmn.dmn.feel.tokens import KEYWORDS, LONG_NAMES, tokens_of
from engine.bpmn.dmn.feel.unread import refuse
from engine.errors import ExpressionError

MAX_CHOICES = 10  # of `if` inside each other

Names = Mapping[tuple[str, ...], str]
"""Tokens of a name as the file defines it -> the inner name that stands for it."""

_OPENS, _CLOSES = {"(": ")", "[": "]", "{": "}"}, frozenset(")]}")
_COMPARES = frozenset({"<", "<=", ">", ">=", "=", "==", "!="})
_AFTER_OPERAND = frozenset({")", "]", "}"})
_CONDITION = frozenset({*_COMPARES, "and", "or", "not", "in"})

_BEYOND: Mapping[str, tuple[str, str]] = {
    "some": ("any(x > 3 for x in list)", "any(x > 3 for x in lista)"),
    "every": ("all(x > 3 for x in list)", "all(x > 3 for x in lista)"),
    "satisfies": ("any(x > 3 for x in list)", "any(x > 3 for x in lista)"),
    "return": ("[x + 1 for x in list]", "[x + 1 for x in lista]"),
    "between": ("[3..5], or 3 <= x <= 5", "[3..5], eller 3 <= x <= 5"),
    "function": ("the value itself", "själva värdet"),
    "instance": ("a typeRef on the column", "en typ (typeRef) på kolumnen"),
}


class Reader:
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
        self._longest = max((len(words) for words in (*names, *LONG_NAMES)), default=1)
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
            refuse(
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
            return f"({self._column} {sign} ({value}))", compared(sign, value)
        if texts[0] == "in" or texts[:2] == ["not", "in"]:
            return f"({self._column} {self.expression(start, end)})", None
        if start in self._ranges and self._ranges[start][1] == end - 1:
            return f"({self._column} in {self.expression(start, end)})", self._range_piece(start)
        value = self.expression(start, end)
        if "?" in texts:
            return f"__true({value})", None
        if _CONDITION.intersection(texts) and _is_condition(value):
            refuse(
                "Expected a test of the input, but this is a condition that does not name it.",
                "Cellen är ett villkor som inte säger något om kolumnens värde.",
                "Name the input as ?: ? > 3 and ? < b.",
                "Skriv ? för kolumnens värde: ? > 3 and ? < b.",
            )
        constant = constant_of(value)
        single = constant is not None and not isinstance(constant[0], list)
        return f"__matches({self._column}, {value})", point_of(constant[0]) if constant and single else None

    def _range_piece(self, start: int) -> Piece | None:
        dots, close = self._ranges[start]
        low, high = constant_of(self.expression(start + 1, dots)), constant_of(self.expression(dots + 1, close))
        if low is None or high is None:
            return None
        if not is_below(low[0], high[0], True):
            refuse(
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
                refuse(
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
            refuse(
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
                refuse("Expected a range to end.", "Ett intervall tar aldrig slut.", "Write [1..5].", "Skriv [1..5].")
            ends = f"{self.expression(place + 1, dots)}, {self.expression(dots + 1, close)}"
            out.append(f"__range({text == '['}, {ends}, {self.texts[close] == ']'})")
            return close + 1
        if kind == "name":
            return self._word(place, end, out)
        if text == "?" and kind == "sign":
            if self._column is None:
                refuse(
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
            if known is None and words in LONG_NAMES and self.texts[place + length : place + length + 1] == ["("]:
                known = LONG_NAMES[words]
            if known is not None and (words in LONG_NAMES or self.texts[place + length : place + length + 1] != ["("]):
                out.append(known)
                return place + length
        if text in _BEYOND and self._is_beyond(place, end):
            fix_en, fix_sv = _BEYOND[text]
            refuse(
                f"Expected what a table can read, but this uses FEEL's `{text}`.",
                f"FEEL:s ”{text}” kan inte läsas här.",
                f"Write {fix_en}.",
                f"Skriv {fix_sv}.",
            )
        if text not in KEYWORDS and place + 1 < end and self._is_name(place + 1):
            refuse(
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
        return self.tokens[place][0] == "name" and self.texts[place] not in KEYWORDS

    def _is_beyond(self, place: int, end: int) -> bool:
        """A word of FEEL, not a variable of that name."""
        followed = place + 1 < end and (self._is_name(place + 1) or self.tokens[place + 1][0] in ("number", "string"))
        called = self.texts[place : place + 2] == ["function", "("]
        return followed or called or (place > 0 and self._ends_operand(place - 1))

    def _ends_operand(self, place: int) -> bool:
        kind, text = self.tokens[place]
        if kind == "name":
            return text not in KEYWORDS or text in ("true", "false", "null")
        return kind in ("string", "number") or text in _AFTER_OPERAND or text == "?"

    def _choice(self, place: int, end: int, out: list[str]) -> int:
        """`if a then b else c`, which reaches as far as its surroundings do."""
        self._choices += 1
        then = self._keyword("then", place + 1, end)
        otherwise = self._keyword("else", then + 1, end) if then else 0
        if not then or not otherwise or self._choices > MAX_CHOICES:
            refuse(
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


def _is_condition(rewritten: str) -> bool:
    try:
        shape = ast.parse(rewritten, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False  # told by whoever compiles it
    return isinstance(shape, ast.Compare | ast.BoolOp) or (
        isinstance(shape, ast.UnaryOp) and isinstance(shape.op, ast.Not)
    )
