"""What elements say in the camunda namespace, and in attributes that are true or false."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.read.document import CAMUNDA, model

TRUE = frozenset({"true", "1"})


def camunda(element: etree._Element, attribute: str) -> str | None:
    return element.get(f"{{{CAMUNDA}}}{attribute}")


def extensions(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    for holder in element.iterchildren(model("extensionElements")):
        yield from holder.iterchildren(*(f"{{{CAMUNDA}}}{name}" for name in names))


def is_true(element: etree._Element, attribute: str, default: str = "") -> bool:
    return element.get(attribute, default).strip() in TRUE


def form_of(element: etree._Element) -> str | None:
    return (camunda(element, "formKey") or camunda(element, "formRef") or "").strip() or None


def properties_of(element: etree._Element) -> dict[str, str]:
    return {
        name: entry.get("value", "")
        for holder in extensions(element, "properties")
        for entry in holder.iterchildren(f"{{{CAMUNDA}}}property")
        if (name := entry.get("name"))
    }
