"""A decision under way: what is said about it, and what names mean in its texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.bpmn.dmn import feel
from engine.bpmn.dmn.read.files import File
from engine.bpmn.findings import Finding, Label, Place, shown
from engine.bpmn.read.document import line_of


@dataclass(slots=True)
class Draft:
    """A decision under way. `findings` gather; with an error among them it cannot be asked."""

    file: File
    element: etree._Element
    key: str
    name: str
    who: Label
    findings: list[Finding] = field(default_factory=list)

    def say(self, sv: str, en: str, fix_sv: str, fix_en: str, rule: str, at: Any = None, warn: bool = False) -> None:
        """`sv` and `en` go on after the decision's label: `, regel 2: …` or `: …`."""
        where = self.element if at is None else at
        place = Place(self.file.document.name, line_of(where), shown(self.key, 200))
        make = place.warning if warn else place.error
        self.findings.append(make(rule, f"{self.who.sv}{sv}", f"{self.who.en}{en}", fix_sv, fix_en))

    @property
    def broken(self) -> bool:
        return any(finding.is_error for finding in self.findings)


class Names:
    """What names mean in the texts of one decision: inner name, and what people call it."""

    def __init__(self) -> None:
        self.meaning: dict[tuple[str, ...], str] = {}
        self.known: dict[str, str] = {}

    def add(self, name: str, inner: str, weak: bool = False) -> None:
        """A name that already means something else means neither, unless the newcomer is `weak`."""
        words = feel.words_of(name) if name else None
        if words is None or self.meaning.get(words) == inner:
            return
        if words in self.meaning and not weak:
            inner = f"__twice{len(self.known)}_"
        elif words in self.meaning:
            return
        self.meaning[words] = inner
        self.known[inner] = name

    def beside(self, names: list[tuple[str, str]]) -> Names:
        """The same with `names` before them all; one that stands there twice means neither."""
        front = Names()
        for name, inner in names:
            front.add(name, inner)
        front.meaning = {**self.meaning, **front.meaning}
        front.known = {**self.known, **front.known}
        return front
