"""How a text is refused that says something we do not read: what it says, and what to write."""

from __future__ import annotations

from typing import NoReturn

from engine.errors import ExpressionError


class Unread(ExpressionError):
    """A cell that says something we do not read; `fix` says what to write."""

    def __init__(self, en: str, sv: str, fix_en: str, fix_sv: str) -> None:
        super().__init__(en, sv)
        self.fix = (fix_sv, fix_en)


def refuse(en: str, sv: str, fix_en: str, fix_sv: str) -> NoReturn:
    raise Unread(en, sv, fix_en, fix_sv)
