"""Text with a little shape: what Markdown has for headings, lists, bold, italics and links, and no HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from engine.forms import lookup
from web.answers import plain_text

_LINK = re.compile(r"\[([^\]]{1,200})\]\((https?://[^\s)]{1,500}|mailto:[^\s)]{1,200}|/[^\s)]{0,300})\)")
_STRONG = re.compile(r"\*\*([^*]{1,500})\*\*")
_LEANING = re.compile(r"(?<![\w*])[*_](?! )([^*_\n]{1,500})(?<! )[*_](?![\w*])")
_SLOT = re.compile(r"\{\{\s*=?\s*([A-Za-z_][\w.]{0,100})\s*\}\}")


def rich_text(text: str, variables: Mapping[str, Any] | None = None) -> Markup:
    """Headings, lists, paragraphs, bold, italics and links of Markdown; anything else, HTML above all, stays text.

    `{{ name }}` becomes the variable's value, as text like any other.
    """
    text = _SLOT.sub(lambda slot: _slot_text(slot[1], variables or {}), text)
    blocks = [_block(block.strip("\n")) for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if block.strip()]
    return Markup("\n").join(blocks)


def _slot_text(path: str, variables: Mapping[str, Any]) -> str:
    value = lookup(variables, path)
    # What comes out of a case is text: it must not become a heading or a link by the signs it begins with.
    return "" if value is None else re.sub(r"([*_\[\]#])", "\\\\\\1", plain_text(value))


_TAGS = {
    name: Markup(f"<{name}>{{}}</{name}>")  # noqa: S704 - the names stand in the next line
    for name in ("p", "h2", "h3", "h4", "ul", "ol", "li")
}
_LISTS = {"ul": re.compile(r"\s*[-*]\s+(.*)"), "ol": re.compile(r"\s*\d+[.)]\s+(.*)")}


def _block(block: str) -> Markup:
    lines = block.split("\n")
    heading = re.match(r"(#{1,4})\s+(.*)", lines[0])
    if heading:
        level = min(len(heading[1]) + 1, 4)
        rest = "\n".join(lines[1:]).strip()
        return _TAGS[f"h{level}"].format(_inline(heading[2])) + (_block(rest) if rest else Markup(""))
    for tag, pattern in _LISTS.items():
        items = [pattern.match(line) for line in lines]
        if all(items):
            return _TAGS[tag].format(Markup("").join(_TAGS["li"].format(_inline(item[1])) for item in items if item))
    return _TAGS["p"].format(Markup("<br>").join(_inline(line) for line in lines))


def _inline(text: str) -> Markup:
    hidden = {"\\*": "\ue000", "\\_": "\ue001", "\\[": "\ue002", "\\]": "\ue003", "\\#": "\ue004"}
    for sign, stand_in in hidden.items():
        text = text.replace(sign, stand_in)
    marked = str(escape(text))
    marked = _LINK.sub(r'<a href="\2">\1</a>', marked)
    marked = _STRONG.sub(r"<strong>\1</strong>", marked)
    marked = _LEANING.sub(r"<em>\1</em>", marked)
    for sign, stand_in in hidden.items():
        marked = marked.replace(stand_in, sign[1:])
    return Markup(marked)  # noqa: S704 - escaped three lines up; what was added since is ours
