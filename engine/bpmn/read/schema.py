"""What the XML schema says about a file, in words for people."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from threading import Lock
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnValidator

from engine.bpmn.findings import Finding, Place, shown
from engine.bpmn.read.document import Document, local, seen

MAX_SCHEMA_FINDINGS = 200

_schema_lock = Lock()  # an XMLSchema keeps its error log in itself


@lru_cache(maxsize=1)
def _validator() -> Any:
    return BpmnValidator()


def bpmn_schema(root: etree._Element) -> Any:
    validator = _validator()
    validator.preprocess(root)
    return validator.validator


def schema_findings(document: Document, schema: Any, repeated: Container[str] = ()) -> list[Finding]:
    """What an XSD says. Repeated ids are told elsewhere, in better words."""
    with _schema_lock:
        if schema.validate(document.root):
            return []
        errors = list(schema.error_log)[: MAX_SCHEMA_FINDINGS * 2]
    findings: dict[Finding, None] = {}
    for error in errors:
        if len(findings) == MAX_SCHEMA_FINDINGS:
            break
        if (finding := _schema_finding(document, error, repeated)) is not None:
            findings[finding] = None
    return list(findings)


_NAMESPACE = re.compile(r"\{[^{}]*\}")


def _schema_finding(document: Document, error: Any, repeated: Container[str]) -> Finding | None:
    message = _NAMESPACE.sub("", error.message)
    quoted = re.findall(r"'([^']*)'", message)  # element, attribute, attribute or value, type
    if "xs:ID'" in message and len(quoted) > 2 and quoted[2] in repeated:
        return None
    if quoted[1:2] == ["calledElement"] and "${" in error.message:  # which process to call may be an expression with us
        return None
    element = _at(document, error)
    holder = seen(element)
    who = document.label(element)
    place = Place(document.name, error.line, document.place(element).element)
    inside_sv = who.sv if holder is element else f"<{local(element)}> i {who.sv}"
    for pattern, sv, fix_sv, fix_en in _SCHEMA_WORDS:
        if re.search(pattern, message):
            said = sv.format(
                inside=inside_sv,
                name=shown(quoted[1]) if len(quoted) > 1 else "",
                value=shown(quoted[2]) if len(quoted) > 2 else "",
                kind=local(element),
            )
            return place.error(
                "xsd", said, f"Expected a file valid by its schema, but: {shown(message, 300)}", fix_sv, fix_en
            )
    return place.error(
        "xsd",
        f"{inside_sv} följer inte formatet",
        f"Expected a file valid by its schema, but: {shown(message, 300)}",
        *_SAVE_AGAIN,
    )


_SAVE_AGAIN = (
    "Öppna och spara filen i ett modelleringsverktyg, eller rita elementet på nytt.",
    "Open and save the file in a modelling tool, or draw the element anew.",
)
_SCHEMA_WORDS = (
    (
        "required but missing",
        "{inside} ska ha uppgiften {name}, men den saknas",
        "Fyll i uppgiften, eller rita elementet på nytt så att verktyget gör det.",
        "Give the missing attribute, or draw the element anew so that the tool does.",
    ),
    (
        "is not allowed",
        "{inside} har uppgiften {name}, som inte finns i formatet",
        "Ta bort uppgiften.",
        "Remove the attribute.",
    ),
    ("Missing child element", "{inside} saknar något som formatet kräver", *_SAVE_AGAIN),
    ("not expected", "<{kind}> finns inte i formatet, eller får inte stå där det står (nära {inside})", *_SAVE_AGAIN),
    (
        "xs:ID",
        "id:t ”{value}” ska börja med en bokstav eller _ och får inte innehålla mellanslag eller kolon",
        "Ge elementet ett id av bokstäver, siffror, - och _.",
        "Give the element an id of letters, digits, - and _.",
    ),
    (
        "not a valid value|not an element of the set",
        "{inside} har ett värde som inte är tillåtet där",
        "Rätta värdet.",
        "Correct the value.",
    ),
)


def _at(document: Document, error: Any) -> etree._Element:
    try:
        prefixes = {prefix: uri for prefix, uri in document.root.nsmap.items() if prefix}
        found = document.root.xpath(error.path, namespaces=prefixes) if error.path else []
    except etree.XPathError:
        found = []
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else document.root
