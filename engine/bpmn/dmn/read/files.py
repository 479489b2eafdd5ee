"""A DMN file opened: its version, its schema, its types and its input data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnValidator
from SpiffWorkflow.dmn.parser.BpmnDmnParser import SCHEMAS

from engine.bpmn.dmn import feel
from engine.bpmn.dmn.read.elements import child_of, text_of, variable_of
from engine.bpmn.dmn.tables import Parser
from engine.bpmn.dmn.types import ANY, VALUE, Type, named
from engine.bpmn.findings import Finding, Place, bounded
from engine.bpmn.read.document import Document, line_of, local
from engine.bpmn.read.schema import schema_findings
from engine.bpmn.read.xml import Unreadable, parse
from engine.errors import ExpressionError

_NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
_OLD = "http://www.omg.org/spec/DMN/20151101/dmn.xsd"
_RENAMED = {
    # DMN 1.2, whose schema SpiffWorkflow brings is broken, 1.4 and 1.5 differ from 1.3 in nothing that decisions use.
    "http://www.omg.org/spec/DMN/20180521/MODEL/": _NAMESPACE,
    "https://www.omg.org/spec/DMN/20211108/MODEL/": _NAMESPACE,
    "https://www.omg.org/spec/DMN/20230324/MODEL/": _NAMESPACE,
    "http://www.omg.org/spec/DMN/20180521/DMNDI/": "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    "https://www.omg.org/spec/DMN/20230324/DMNDI/": "https://www.omg.org/spec/DMN/20191111/DMNDI/",
}


@dataclass(slots=True)
class File:
    document: Document
    namespace: str
    types: Mapping[str, Type]
    inputs: Mapping[str, str]
    parser: Parser


def opened(source: bytes, name: str) -> tuple[File | None, list[Finding]]:
    try:
        root = parse(source, name)
    except Unreadable as unreadable:
        return None, [unreadable.finding]
    _rename(root)
    namespace = etree.QName(root).namespace or ""
    if local(root) != "definitions" or namespace not in (_NAMESPACE, _OLD):
        return None, [_not_dmn(root, name)]
    document = Document(name, root)
    findings = bounded(schema_findings(document, _validator(namespace)), name)
    if any(finding.is_error for finding in findings):
        return None, findings
    inputs = {element.get("id", ""): variable_of(element) for element in root.iterchildren("{*}inputData")}
    parser = Parser(None, root, {"dmn": namespace}, filename=name)
    return File(document, namespace, _types(root), inputs, parser), findings


def _rename(root: etree._Element) -> None:
    if (etree.QName(root).namespace or "") not in _RENAMED:
        return
    for element in root.iter(etree.Element):
        namespace, _, name = str(element.tag)[1:].rpartition("}")
        if namespace in _RENAMED:
            element.tag = f"{{{_RENAMED[namespace]}}}{name}"


@lru_cache(maxsize=4)
def _validator(namespace: str) -> Any:
    return BpmnValidator(SCHEMAS[namespace]).validator


def _types(root: etree._Element) -> dict[str, Type]:
    """The file's itemDefinitions, as far as they are a type of FEEL with allowed values, alone or in a list."""
    own: dict[str, Type] = {}
    for element in root.iterchildren("{*}itemDefinition"):
        base = child_of(element, "typeRef")
        found = ANY if base is None else named(base.text or "", own)
        allowed = _cell_or_none(text_of(child_of(element, "allowedValues")))
        if found is not None:
            made = replace(found, allowed=(*found.allowed, *((allowed,) if allowed else ())))
            own[element.get("name", "")] = replace(made, many=element.get("isCollection") in ("true", "1"))
    return own


def _cell_or_none(text: str) -> feel.Cell | None:
    try:
        return feel.cell(text, VALUE) if text else None
    except ExpressionError:
        return None


def _not_dmn(root: etree._Element, name: str) -> Finding:
    return Place(name, line_of(root), "").error(
        "not-dmn",
        "filen ska vara beslut i DMN 1.1 till 1.5, men är något annat",
        "Expected decisions in DMN 1.1 to 1.5, but the file is something else.",
        "Spara tabellen som DMN 1.3 i Camunda Modeler.",
        "Save the table as DMN 1.3 in Camunda Modeler.",
    )
