"""Which patterns a form may ask for: Python's engine tries every way, so a pattern must not give it too many."""

from __future__ import annotations

import re
from typing import Any

from engine.forms.model import PATTERN_LENGTH


def problem_of(pattern: Any) -> tuple[str, str] | None:
    """Why a pattern may not run (Swedish, English). A backtracking engine must not meet repeats within repeats."""
    if not isinstance(pattern, str) or len(pattern) > PATTERN_LENGTH:
        return (
            f"det ska vara text på högst {PATTERN_LENGTH} tecken",
            f"it is longer than {PATTERN_LENGTH} characters or no text",
        )
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return "det går inte att läsa", "it cannot be read"
    if compiled.groupindex or re.search(r"\\[1-9]|\(\?[^:]", pattern):
        return "bara enkla grupper (?:…) och (…) får användas", "it uses references, flags or looks around"
    open_repeats = _repeats(pattern)
    if open_repeats is None:
        return "en upprepning får inte stå i en upprepning", "a repeat stands within a repeat"
    if open_repeats > 4:
        return "det har fler än fyra obegränsade upprepningar", "it has more than four open repeats"
    return None


def _repeats(pattern: str) -> int | None:
    """How many repeats without a bound there are; None where one repeats a group that itself can repeat or choose."""
    open_count, stack, last_group_varies, previous = 0, [False], False, ""
    index = 0
    while index < len(pattern):
        sign = pattern[index]
        if sign == "\\":
            index, previous = index + 2, "atom"
            continue
        if sign == "[":
            end = pattern.find("]", index + 2)
            index, previous = (end if end > 0 else len(pattern)) + 1, "atom"
            continue
        if sign == "(":
            stack.append(False)
            previous = ""
        elif sign == ")":
            last_group_varies = stack.pop() if len(stack) > 1 else False
            stack[-1] = stack[-1] or last_group_varies
            previous = "group"
        elif sign == "|":
            stack[-1] = True
        elif sign in "*+?{" and previous:
            bound = re.match(r"\{(\d+)(,?)(\d*)\}", pattern[index:])
            is_open = sign in "*+" or bool(bound and bound[2] and not bound[3])
            is_large = is_open or bool(bound and int(bound[3] or bound[1]) > 20)
            if previous == "group" and last_group_varies and sign != "?":
                return None
            open_count += is_large
            stack[-1] = True
            index += (bound.end() if bound else 1) - 1
            previous = ""
        else:
            previous = "atom"
        index += 1
    return open_count
