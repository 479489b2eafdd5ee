"""What is said of a text about time that cannot be read."""

from __future__ import annotations

from engine.errors import BadTime


def unreadable(en: str, sv: str, text: str) -> BadTime:
    return BadTime(f"Expected {en}, but got {shown(text)}.", f"Här behövs {sv}, men det står {shown(text)}.")


def shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
