"""A BPMN file opened: a safe tree, with what the schema, the ids and the references say about it."""

from __future__ import annotations

from lxml import etree

from engine.bpmn.findings import Finding, Place, shown
from engine.bpmn.read.document import MODEL, Document, line_of, local, model
from engine.bpmn.read.references import dangling, index, repeated_ids
from engine.bpmn.read.schema import bpmn_schema, schema_findings
from engine.bpmn.read.xml import Unreadable, parse


def open_bpmn(source: bytes, name: str) -> Document:
    """Raises `Unreadable`."""
    root = parse(source, name)
    if root.tag != model("definitions"):
        raise Unreadable(_not_bpmn(root, Place(name, line_of(root), "")))
    document = Document(name, root)
    repeated = index(document)
    document.findings += schema_findings(document, bpmn_schema(root), repeated)
    document.findings += repeated_ids(document, repeated)
    document.findings += dangling(document)
    return document


def _not_bpmn(root: etree._Element, place: Place) -> Finding:
    namespace = etree.QName(root).namespace or ""
    if "bpmn" in namespace.lower() and namespace != MODEL:
        what_sv, what_en = "en annan version av BPMN än 2.0", "another version of BPMN than 2.0"
    elif "dmn" in namespace.lower():
        what_sv, what_en = "en beslutstabell (DMN)", "a decision table (DMN)"
    elif "xpdl" in namespace.lower():
        what_sv, what_en = "XPDL", "XPDL"
    else:
        what_sv = what_en = f"<{shown(local(root))}>"
    return place.error(
        "not-bpmn",
        f"filen ska vara ett BPMN 2.0-diagram, men den innehåller {what_sv}",
        f"Expected a BPMN 2.0 diagram, but the file holds {what_en}.",
        "Exportera diagrammet som BPMN 2.0 XML.",
        "Export the diagram as BPMN 2.0 XML.",
    )
