"""The personnummer guard: what must never be stored is found before it is, and never repeated (R2).

A text is folded first: any Unicode digit is a digit, any dash a dash, any space a space, and what has no width is gone.
Then a personnummer or samordningsnummer is 6 or 8 + 4 digits with a real date (day + 60 for samordningsnummer) and a
right check digit, in one of the ways people write them:

    19121212-1212  121212+1212  191212121212        the usual ones; any sign may stand before the last four
    1912-12-12-1212  19 12 12 12 - 1212  1912 12121212      the date taken apart
    1 9 1 2 1 2 1 2 1 2 1 2  19 12 12 12 12 12  1912 1212 1212      a row of just these, all digits apart, pairs, fours

Numbers of other kinds are spared by their shape: what is a piece of a longer number (2026-03-14-2026-03-15) counts only
in the usual ways; 6 + 6 digits are two dates; the month of an organisationsnummer is 20 or more; a telephone number is
grouped differently. A number of 10 or 12 digits in one piece that passes the check is taken for a personnummer.

The patterns have no unbounded repetition, so their time grows with the text and not faster.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from itertools import accumulate
from typing import Literal

from engine.errors import Guarded

_GONE = "\0"  # stands for a character without width until all of them are taken out


class _Folding(dict[int, str]):
    """For `str.translate`: one character to the one that it reads as."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        digit = unicodedata.digit(character, None)
        category = unicodedata.category(character)
        if digit is not None:
            folded = str(digit)
        elif character.isspace():
            folded = " "
        elif category in ("Cf", "Cc", "Mn", "Me"):
            folded = _GONE
        elif category == "Pd" or character == "\N{MINUS SIGN}":
            folded = "-"
        else:
            folded = _LOOKALIKES.get(character, character)
        if len(self) < 4096:
            self[code] = folded
        return folded


_LOOKALIKES = dict(zip("．。․·•‧∙⋅／⁄∕＋﹢＿＠﹫：（）", "........///++_@@:()", strict=True))
_fold = _Folding()


def _folded(text: str) -> tuple[str, list[int] | None]:
    """The text as it reads, and where each of its characters stood, unless that is where it still stands."""
    folded = text.translate(_fold)
    if _GONE not in folded:
        return folded, None
    kept = [place for place, character in enumerate(folded) if character != _GONE]
    return folded.replace(_GONE, ""), kept


# --- at a glance -----------------------------------------------------------------------------------------------------

# Most texts hold nothing that is worth folding and searching. Here a character that is not one of these usual ones
# counts as a digit, and as a sign: what it may read as is found out by the real search.
_USUAL = [
    character
    for character in map(chr, (9, 10, 13, *range(0x20, 0x300), 0x2013, 0x2014, *range(0x2018, 0x2020), 0x2026))
    if _fold[ord(character)] != _GONE and (character.isascii() or not _fold[ord(character)].isdigit())
]
_LETTERS = "".join(re.escape(each) for each in _USUAL if each.isalnum() and each not in "0123456789")
_GAPS = "".join(re.escape(each) for each in _USUAL if not each.isalnum())
_ODD = f"^{_LETTERS}{_GAPS}"  # a digit, or what may read as one
_LIKE_A_PERSONNUMMER = re.compile(rf"[{_ODD}](?:[{_GAPS}]{{0,9}}[{_ODD}]){{9}}")
_LIKE_A_TELEPHONE = re.compile(rf"(?<![0-9])(?:[+0]|[{_ODD}1-9])(?:[{_GAPS}]{{0,9}}[{_ODD}]){{7}}")
"""So many digits, with no letter between them and no more than nine signs between two: all spellings below are so."""
_LIKE_AN_ADDRESS = re.compile(rf"[@(\[]|[^{_LETTERS}{_GAPS}0-9]")


# --- personnummer --------------------------------------------------------------------------------------------------

_GAP = r" {0,4}(?:[-+./_] {0,4})?"
_LAST_GAP = r"(?:\W|_){0,5}"
_DATE = (
    rf"(?P<gap_2>{_GAP})(?P<year>[0-9]{{2}})(?P<gap_4>{_GAP})(?P<month>0[1-9]|1[0-2])(?P<gap_6>{_GAP})"
    r"(?P<day>0[1-9]|[12][0-9]|3[01]|6[1-9]|[78][0-9]|9[01])"
)
# In lookaheads, so that a match does not hide another one that begins inside it.
_DATED = (
    re.compile(rf"(?<![0-9])(?=(?P<century>1[89]|20){_DATE}(?P<gap_8>{_LAST_GAP})(?P<last>[0-9]{{4}})(?![0-9]))"),
    re.compile(
        rf"(?<![0-9])(?=(?P<century>){_DATE.replace(_GAP, '', 1)}(?P<gap_8>{_LAST_GAP})(?P<last>[0-9]{{4}})(?![0-9]))"
    ),
)


# A row of single digits, of pairs or of fours, taken whole: how many groups may make a personnummer, how many its end.
_EVEN = tuple(
    (re.compile(rf"(?<![0-9]){group}(?:[-+./_ ]{{1,5}}{group})+"), counts, last)
    for group, counts, last in (
        ("[0-9](?![0-9])", (10, 12), 4),
        ("[0-9]{2}(?![0-9])", (5, 6), 2),
        ("[0-9]{4}(?![0-9])", (3,), 1),
    )
)

_LOOSE_GAP = re.compile(_GAP)
_PIECE_BEFORE = re.compile(r"[0-9][-+./_,:]$")
_PIECE_AFTER = re.compile(r"[-+./_,:][0-9]")
_CLOCK_BEFORE = re.compile(r"(?::[0-9]{2}[.,]|[0-9]T)$")  # 07:48:00.123456+0100, 20260314T074800+0100


def find_personnummer(text: str) -> bool:
    """Whether the text holds a personnummer or samordningsnummer, in whatever spelling."""
    return bool(_LIKE_A_PERSONNUMMER.search(text)) and next(_found(_folded(text)[0]), None) is not None


def personnummer_spans(text: str) -> list[tuple[int, int]]:
    """Where they stand: (start, end) of each in `text`, in order, those that overlap joined."""
    folded, places = _folded(text)
    spans: list[tuple[int, int]] = []
    for start, end in sorted(_found(folded)):
        if places is not None:
            start, end = places[start], places[end - 1] + 1
        if spans and start < spans[-1][1]:
            start, end = spans[-1][0], max(end, spans.pop()[1])
        spans.append((start, end))
    return spans


def _found(text: str) -> Iterator[tuple[int, int]]:
    for pattern in _DATED:
        for match in pattern.finditer(text):
            if _is_written_so(text, match) and _is_valid(
                "".join(match.group("century", "year", "month", "day", "last"))
            ):
                yield match.start(), match.end("last")
    for pattern, counts, last in _EVEN:
        for row in pattern.finditer(text):
            yield from _found_in_row(row, counts, last)


def _found_in_row(row: re.Match[str], counts: tuple[int, ...], last: int) -> Iterator[tuple[int, int]]:
    """Stretches of the row that are exactly as long as a personnummer. A stretch has one kind of gap throughout, but
    for the one before the last four digits, and ends where another kind follows."""
    parts = re.split(r"([^0-9]+)", row[0])
    groups, gaps = parts[::2], parts[1::2]
    places: list[int] = []
    for first, kind in enumerate(gaps):
        if first and gaps[first - 1] == kind:
            continue
        for count in counts:
            end = first + count - 1
            before = gaps[first : end - last]
            if end >= len(groups) or gaps[end : end + 1] == [kind] or before.count(kind) < len(before):
                continue
            if gaps[end - last + 1 : end].count(kind) == last - 1 and _is_valid("".join(groups[first : end + 1])):
                places = places or list(accumulate(map(len, parts), initial=row.start()))
                yield places[2 * first], places[2 * end + 1]


def _is_written_so(text: str, match: re.Match[str]) -> bool:
    start, end = match.start(), match.end("last")
    before = text[max(0, start - 5) : start]
    cuts = tuple(place for place in (2, 4, 6, 8) if match[f"gap_{place}"])
    if cuts in ((), (8,)):
        return not _CLOCK_BEFORE.search(before)
    if _PIECE_BEFORE.search(before) or _PIECE_AFTER.match(text, end) or not _LOOSE_GAP.fullmatch(match["gap_8"]):
        return False
    if match["gap_4"] and match["gap_6"] and match["gap_4"] != match["gap_6"]:
        return False  # the year of one date and the day of another: 14/3 1999 03/01 1949
    if not match["century"]:
        return cuts in ((4, 6, 8), (6, 8))  # and not (4, 8): 08-1212 1234 is a telephone
    return cuts not in ((6,), (4, 8))  # two dates of six digits; fours, which must stand alone


def _is_valid(digits: str) -> bool:
    century, (year, month, day) = digits[:-10], (int(digits[place : place + 2 or None]) for place in (-10, -8, -6))
    if not 1 <= month <= 12 or century not in ("", "18", "19", "20"):
        return False
    centuries = [int(century)] if century else [18, 19, 20]
    if not 1 <= (day - 60 if day > 60 else day) <= max(monthrange(100 * each + year, month)[1] for each in centuries):
        return False
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits[-10:]))
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


# --- contact data --------------------------------------------------------------------------------------------------

_AT = re.compile(r" ?[(\[] ?(?:at|snabel-?a) ?[)\]] ?", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_INTERNATIONAL = re.compile(
    r"(?<![0-9])(?:\+|00) ?46[ -]{0,2}(?:\( ?0 ?\)[ -]{0,2})?[1-9](?:[ -]{0,2}[0-9]){6,8}(?![0-9])"
)
_NATIONAL = re.compile(
    r"(?<![0-9])(?<![0-9][-./:])(?P<area>0(?:8|[1-9][0-9]{1,2}))\)?(?:-|/(?!1[0-2] (?:19|20)[0-9]{2}(?![0-9]))| - | )"
    r"(?P<rest>[1-9][0-9]{1,7}(?: [0-9]{2,4}){0,3})(?![0-9]|[-./:][0-9])"
)
_UNBROKEN = re.compile(r"(?<![0-9])(?<![0-9][-./:])0[1-9][0-9]{7,8}(?![0-9]|[-./:][0-9])")


def find_contact(text: str) -> Literal["e-post", "telefon"] | None:
    """What the text holds of the two: an e-mail address, a Swedish telephone number."""
    if not _LIKE_AN_ADDRESS.search(text) and not _LIKE_A_TELEPHONE.search(text):
        return None
    folded = _AT.sub("@", _folded(text)[0])
    at = folded.find("@")
    while at >= 0:
        if re.match(r"[\w.+-]", folded[at - 1 : at]) and _DOMAIN.match(folded, at + 1):
            return "e-post"
        at = folded.find("@", at + 1)
    if _INTERNATIONAL.search(folded) or _UNBROKEN.search(folded):
        return "telefon"
    for match in _NATIONAL.finditer(folded):
        rest = match["rest"].replace(" ", "")
        if 5 <= len(rest) <= 8 and 8 <= len(match["area"]) + len(rest) <= 11:
            return "telefon"
    return None


# --- the border ----------------------------------------------------------------------------------------------------


def check_free_text(value: object, path: str = "", *, contact: bool = False) -> None:
    """Raise `Guarded` if a personnummer stands anywhere in this JSON value, keys and numbers included.

    With `contact` an e-mail address or telephone number is refused too: for fields in which people write freely. The
    error names the place, never the text, and neither does any frame of this module hold it when the error leaves.
    """
    found = _first(value, path, contact)
    del value
    if found:
        raise Guarded(*found)


def _first(value: object, path: str, contact: bool) -> tuple[str, str] | None:
    """(path, kind) of the first find. With a stack of its own: a value may be nested deeper than Python calls."""
    waiting = [(value, path)]
    while waiting:
        value, here = waiting.pop()
        if isinstance(value, dict):
            for key in value:
                if kind := _kind(str(key), contact):
                    return _safe(here, path, contact), kind
            waiting += [(item, f"{here}.{key}" if here else str(key)) for key, item in reversed(value.items())]
        elif isinstance(value, (list, tuple)):
            waiting += [(value[place], f"{here}[{place}]") for place in reversed(range(len(value)))]
        elif kind := _kind(_written(value), contact):
            return _safe(here, path, contact), kind
    return None


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**13:
        return str(value)
    return repr(value) if isinstance(value, float) else ""


def _kind(text: str, contact: bool) -> str | None:
    if find_personnummer(text):
        return "personnummer"
    return "kontaktuppgift" if contact and find_contact(text) else None


def _safe(path: str, root: str, contact: bool) -> str:
    """Keys that are harmless alone may spell a number together: `191212.1212`."""
    return next((candidate for candidate in (path, root) if not _kind(candidate, contact)), "")
