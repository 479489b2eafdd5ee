"""What stands in an element of a DMN file: its parts, its text, the name of its variable."""

from __future__ import annotations

from lxml import etree

from engine.bpmn.read.document import local


def variable_of(element: etree._Element) -> str:
    variable = child_of(element, "variable")
    own = "" if variable is None else variable.get("name", "")
    return str(own or element.get("name") or element.get("id", ""))


def child_of(holder: etree._Element | None, name: str) -> etree._Element | None:
    return None if holder is None else next((child for child in holder if local(child) == name), None)


def text_of(holder: etree._Element | None) -> str:
    found = child_of(holder, "text")
    return "" if found is None else (found.text or "").strip()
