"""A parsed file: its namespaces, its elements by their ids, and where they are for whoever looks for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from lxml import etree

from engine.bpmn.findings import Finding, Label, Place, label, shown

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DIAGRAM = "http://www.omg.org/spec/BPMN/20100524/DI"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"


@dataclass(slots=True)
class Document:
    """A parsed file. `by_id` has the first element of each id; `findings` gather in the order they are found.

    `compiled`: how many characters of expressions were compiled so far.
    """

    name: str
    root: etree._Element
    by_id: dict[str, etree._Element] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    compiled: int = 0

    def place(self, element: etree._Element) -> Place:
        """Where the element is, by the id of what a person sees of it: the event of an event definition."""
        return Place(self.name, line_of(element), shown(seen(element).get("id", ""), 200))

    def label(self, element: etree._Element) -> Label:
        drawn = seen(element)
        return label(local(drawn), drawn.get("id", ""), drawn.get("name", ""))


def local(element: etree._Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def line_of(element: etree._Element) -> int:
    line: int | None = cast(Any, element).sourceline
    return line or 0


def in_model(element: etree._Element) -> bool:
    return str(element.tag).startswith(f"{{{MODEL}}}")


def model(name: str) -> str:
    return f"{{{MODEL}}}{name}"


def resolve(document: Document, holder: etree._Element, reference: str | None) -> etree._Element | None:
    """The element a QName refers to: `Message_1`, or `tns:Message_1` where tns is this file's own namespace."""
    prefix, colon, name = (reference or "").strip().rpartition(":")
    if colon and holder.nsmap.get(prefix, document.root.get("targetNamespace")) != document.root.get("targetNamespace"):
        return None
    return document.by_id.get(name)


def seen(element: etree._Element) -> etree._Element:
    """The element itself or the nearest around it that is drawn: has an id and is no mere part of another element."""
    found: etree._Element | None = element
    while found is not None and (found.get("id") is None or local(found).endswith(_PARTS) or not in_model(found)):
        found = found.getparent()
    return element if found is None else found


_PARTS = (
    "EventDefinition",
    "LoopCharacteristics",
    "Expression",
    "Condition",
    "Cardinality",
    "Specification",
    "inputSet",
    "outputSet",
    "script",
    "definitions",
)
