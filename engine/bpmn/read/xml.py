"""Bytes from anybody to an element tree: bounded, without entities, and every breach of the format as a finding.

A first pass looks and builds nothing: it refuses a DOCTYPE, depth and mass before there is a tree to fill the memory
with. No path leads from here to the network or to a file, whatever the version of lxml.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, cast

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnValidator

from engine.bpmn.findings import Finding, Label, Place, label, listed, shown
from engine.bpmn.model import FLOW_NODES

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DIAGRAM = "http://www.omg.org/spec/BPMN/20100524/DI"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"

MAX_BYTES = 5_000_000
MAX_DEPTH = 100
MAX_MODEL_ELEMENTS = 5_000
"""Of BPMN itself; what draws them and what extends them counts towards MAX_ELEMENTS only."""
MAX_ELEMENTS = 30_000
MAX_ATTRIBUTES = 100
"""Of one element, declarations of namespaces included."""
MAX_EQUAL_SIGNS = 200_000
MAX_SCHEMA_FINDINGS = 200


class Unreadable(Exception):
    """The bytes cannot become a tree; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.en)
        self.finding = finding


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
        return Place(self.name, line_of(element), shown(_seen(element).get("id", ""), 200))

    def label(self, element: etree._Element) -> Label:
        seen = _seen(element)
        return label(local(seen), seen.get("id", ""), seen.get("name", ""))


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


def parse(source: bytes, name: str) -> etree._Element:
    """The root element of `source`. Raises `Unreadable`."""
    whole = Place(name, 1, "")
    _refuse_mass(source, whole)
    _read(source, _parser(target=_Guard(name)), whole)
    strict = _parser()
    try:
        return cast(etree._Element, _read(source, strict, whole))
    except Unreadable:
        if not _has_odd_namespaces_only(strict):
            raise
        return cast(etree._Element, _read(source, _parser(recover=True), whole))


def open_bpmn(source: bytes, name: str) -> Document:
    """The tree with what the schema, the ids and the references say about it. Raises `Unreadable`."""
    root = parse(source, name)
    if root.tag != model("definitions"):
        raise Unreadable(_not_bpmn(root, Place(name, line_of(root), "")))
    document = Document(name, root)
    repeated = _index(document)
    document.findings += schema_findings(document, _bpmn_schema(root), repeated)
    document.findings += _repeated_ids(document, repeated)
    document.findings += _dangling(document)
    return document


# --- the safe parser -----------------------------------------------------------------------------------------------


def _parser(*, target: Any = None, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=recover,
        remove_comments=True,
        remove_pis=True,
        target=target,
    )


def _has_odd_namespaces_only(parser: etree.XMLParser) -> bool:
    """All that is wrong with the file is a namespace that is no URI, such as one with a blank: some tools write it
    so, and nothing is lost by reading on."""
    said = parser.error_log.filter_from_errors()
    return len(said) > 0 and all(one.type == etree.ErrorTypes.WAR_NS_URI for one in said)


class _Guard:
    """The target of the first pass: counts, and raises at the first thing that is too much."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._depth = 0
        self._elements = 0
        self._model_elements = 0

    def doctype(self, *_: object) -> None:
        raise Unreadable(
            Place(self._name, 1, "").error(
                "xml-doctype",
                "filen innehåller en DOCTYPE-deklaration, som kan hämta in främmande innehåll och därför inte tas emot",
                "Expected a file without DOCTYPE, but there is one; it could bring in content from elsewhere.",
                "Ta bort raden som börjar med <!DOCTYPE. BPMN behöver ingen.",
                "Remove the line that begins with <!DOCTYPE. BPMN needs none.",
            )
        )

    def start(self, tag: str, attributes: Any, namespaces: Any = None) -> None:
        self._depth += 1
        self._elements += 1
        self._model_elements += tag.startswith(f"{{{MODEL}}}")
        if self._depth > MAX_DEPTH:
            raise self._too_much(f"{MAX_DEPTH} nivåer djup", f"at most {MAX_DEPTH} levels of elements", "xml-too-deep")
        if self._model_elements > MAX_MODEL_ELEMENTS:
            raise self._too_much(
                f"{MAX_MODEL_ELEMENTS} BPMN-element", f"at most {MAX_MODEL_ELEMENTS} BPMN elements", "xml-too-many"
            )
        if self._elements > MAX_ELEMENTS:
            raise self._too_much(f"{MAX_ELEMENTS} XML-element", f"at most {MAX_ELEMENTS} XML elements", "xml-too-many")
        if len(attributes) + len(namespaces or ()) > MAX_ATTRIBUTES:
            raise self._too_much(
                f"{MAX_ATTRIBUTES} attribut på ett element",
                f"at most {MAX_ATTRIBUTES} attributes an element",
                "xml-too-many",
            )

    def end(self, tag: str) -> None:
        self._depth -= 1

    def data(self, text: str) -> None:
        pass

    def comment(self, text: str) -> None:
        pass

    def close(self) -> None:
        pass

    def _too_much(self, sv: str, en: str, rule: str) -> Unreadable:
        return Unreadable(
            Place(self._name, 1, "").error(
                rule,
                f"filen får ha högst {sv}, men den har fler",
                f"Expected {en}, but there are more.",
                "Dela upp processen i flera och låt den ena anropa den andra.",
                "Split the process into several that call each other.",
            )
        )


def _refuse_mass(source: bytes, whole: Place) -> None:
    if not source.strip():
        raise Unreadable(
            whole.error(
                "xml-empty",
                "filen är tom",
                "Expected a BPMN file, but it is empty.",
                "Spara diagrammet på nytt och försök igen.",
                "Save the diagram again and try once more.",
            )
        )
    if len(source) > MAX_BYTES or source.count(b"=") > MAX_EQUAL_SIGNS:
        raise Unreadable(
            whole.error(
                "xml-too-large",
                f"filen får vara högst {MAX_BYTES // 1_000_000} MB, men är större eller innehåller för många attribut",
                f"Expected at most {MAX_BYTES // 1_000_000} MB, but the file is larger or has too many attributes.",
                "Ta bort bilder och annat som har bäddats in, eller dela upp processen i flera filer.",
                "Remove embedded images and the like, or split the process into several files.",
            )
        )


def _read(source: bytes, parser: etree.XMLParser, whole: Place) -> Any:
    try:
        return etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(_syntax(error, source, whole.file)) from None
    except (ValueError, LookupError, etree.LxmlError) as error:  # lxml's way with a declared encoding nobody knows
        raise Unreadable(_unknown_encoding(whole, str(error))) from None


def _syntax(error: etree.XMLSyntaxError, source: bytes, name: str) -> Finding:
    line, column = error.position if error.position[0] else (1, 0)
    place = Place(name, line, "")
    said = shown(str(error.msg), 200)
    if source.lstrip()[:2] in (b"PK", b"%P") or b"\x00\x00\x00" in source[:64]:
        return place.error(
            "xml-syntax",
            "filen är inte ett BPMN-diagram utan något annat, till exempel en zip- eller pdf-fil",
            "Expected BPMN XML, but the file is something else, such as a zip or PDF file.",
            "Exportera diagrammet som BPMN 2.0 XML (filändelsen .bpmn).",
            "Export the diagram as BPMN 2.0 XML (extension .bpmn).",
        )
    if "encoding" in said.lower():
        return _unknown_encoding(place, said)
    if any(word in said for word in ("Premature end", "EndTag", "Couldn't find end")):
        return place.error(
            "xml-syntax",
            f"filen tar slut eller går sönder mitt i diagrammet, vid rad {line} tecken {column}",
            f"Expected well-formed XML, but at line {line} column {column}: {said}",
            "Filen är troligen avbruten: hämta eller spara den på nytt.",
            "The file is probably cut off: fetch or save it again.",
        )
    return place.error(
        "xml-syntax",
        f"filen är inte giltig XML: något är fel vid rad {line} tecken {column}",
        f"Expected well-formed XML, but at line {line} column {column}: {said}",
        "Öppna och spara diagrammet i ett BPMN-verktyg. Den som redigerat filen för hand rättar den raden.",
        "Open and save the diagram in a BPMN tool. Whoever edited the file by hand mends that line.",
    )


def _unknown_encoding(place: Place, said: str) -> Finding:
    return place.error(
        "xml-encoding",
        "filens tecken stämmer inte med den teckenkodning som anges överst i filen",
        f"Expected text in the encoding that the file declares, but: {said}",
        "Spara filen som UTF-8.",
        "Save the file as UTF-8.",
    )


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


# --- ids and references --------------------------------------------------------------------------------------------


def _index(document: Document) -> dict[str, list[etree._Element]]:
    """Fill `by_id`; gives the elements of those ids that stand more than once."""
    repeated: dict[str, list[etree._Element]] = {}
    for element in document.root.iter(etree.Element):
        found = element.get("id")
        if found is None or not _carries_xml_id(element):
            continue
        first = document.by_id.setdefault(found, element)
        if first is not element:
            repeated.setdefault(found, [first]).append(element)
    return repeated


def _carries_xml_id(element: etree._Element) -> bool:
    """Extensions may use `id` as they please (camunda:formField does)."""
    return str(element.tag).startswith("{http://www.omg.org/spec/")


def _repeated_ids(document: Document, repeated: dict[str, list[etree._Element]]) -> Iterator[Finding]:
    for found, elements in repeated.items():
        lines = [str(line_of(element)) for element in elements]
        often, who = len(elements), shown(found)
        yield Place(document.name, line_of(elements[1]), shown(found, 200)).error(
            "duplicate-id",
            f"id:t ”{who}” ska finnas en gång i filen, men det finns {often} gånger (raderna {listed(lines, 'och')})",
            f'Expected id "{who}" once, but it occurs {often} times (lines {listed(lines, "and")}).',
            "Ge varje element ett eget id.",
            "Give each element an id of its own.",
        )


_REFERENCES: dict[str, tuple[tuple[str, ...], bool]] = {
    # local name of the element: (attributes, and children, that refer to an id in the file; does execution rest on it?)
    "sequenceFlow": (("sourceRef", "targetRef"), True),
    "boundaryEvent": (("attachedToRef",), True),
    "messageEventDefinition": (("messageRef",), True),
    "signalEventDefinition": (("signalRef",), True),
    "errorEventDefinition": (("errorRef",), True),
    "escalationEventDefinition": (("escalationRef",), True),
    "compensateEventDefinition": (("activityRef",), True),
    "sendTask": (("messageRef", "operationRef", "default"), True),
    "receiveTask": (("messageRef", "operationRef", "default"), True),
    "serviceTask": (("operationRef", "default"), True),
    "correlationSubscription": (("correlationKeyRef",), True),
    "correlationPropertyBinding": (("correlationPropertyRef",), True),
    "correlationPropertyRetrievalExpression": (("messageRef",), True),
    "participant": (("processRef",), True),
    "ioBinding": (("operationRef", "inputDataRef", "outputDataRef"), False),
    "messageFlow": (("sourceRef", "targetRef", "messageRef"), False),
    "association": (("sourceRef", "targetRef"), False),
    "dataObject": (("itemSubjectRef",), False),
    "dataObjectReference": (("dataObjectRef", "itemSubjectRef"), False),
    "dataStore": (("itemSubjectRef",), False),
    "dataStoreReference": (("dataStoreRef", "itemSubjectRef"), False),
    "property": (("itemSubjectRef",), False),
    "dataInput": (("itemSubjectRef",), False),
    "dataOutput": (("itemSubjectRef",), False),
    "message": (("itemRef",), False),
    "signal": (("structureRef",), False),
    "error": (("structureRef",), False),
    "escalation": (("structureRef",), False),
    "group": (("categoryValueRef",), False),
    "BPMNShape": (("bpmnElement",), False),
    "BPMNEdge": (("bpmnElement",), False),
    "BPMNPlane": (("bpmnElement",), False),
}
_REFERRING_TEXT = {
    "incoming": False,
    "outgoing": False,
    "flowNodeRef": True,
    "eventDefinitionRef": True,
    "operationRef": True,
    "inMessageRef": True,
    "outMessageRef": False,
    "errorRef": False,
    "supportedInterfaceRef": False,
    "correlationPropertyRef": True,
    "resourceRef": True,
}
_TRIGGERS = "message timer signal error escalation conditional link compensate cancel terminate"
_TARGETS = {
    "messageRef": frozenset({"message"}),
    "signalRef": frozenset({"signal"}),
    "operationRef": frozenset({"operation"}),
    "inMessageRef": frozenset({"message"}),
    "outMessageRef": frozenset({"message"}),
    "supportedInterfaceRef": frozenset({"interface"}),
    "correlationKeyRef": frozenset({"correlationKey"}),
    "correlationPropertyRef": frozenset({"correlationProperty"}),
    "errorRef": frozenset({"error"}),
    "escalationRef": frozenset({"escalation"}),
    "processRef": frozenset({"process"}),
    "resourceRef": frozenset({"resource"}),
    "default": frozenset({"sequenceFlow"}),
    "incoming": frozenset({"sequenceFlow"}),
    "outgoing": frozenset({"sequenceFlow"}),
    "flowNodeRef": FLOW_NODES,
    "eventDefinitionRef": frozenset(f"{kind}EventDefinition" for kind in _TRIGGERS.split()),
    "dataObjectRef": frozenset({"dataObject"}),
    "dataStoreRef": frozenset({"dataStore"}),
    "itemSubjectRef": frozenset({"itemDefinition"}),
    "itemRef": frozenset({"itemDefinition"}),
    "structureRef": frozenset({"itemDefinition"}),
    "categoryValueRef": frozenset({"categoryValue"}),
}


def resolve(document: Document, holder: etree._Element, reference: str | None) -> etree._Element | None:
    """The element a QName refers to: `Message_1`, or `tns:Message_1` where tns is this file's own namespace."""
    prefix, colon, name = (reference or "").strip().rpartition(":")
    if colon and holder.nsmap.get(prefix, document.root.get("targetNamespace")) != document.root.get("targetNamespace"):
        return None
    return document.by_id.get(name)


def _dangling(document: Document) -> Iterator[Finding]:
    for element in document.root.iter(etree.Element):
        name = local(element)
        if name in _REFERRING_TEXT and in_model(element):
            yield from _dangling_reference(document, element, name, element.text, _REFERRING_TEXT[name])
            continue
        attributes, runs = _REFERENCES.get(name, (("default",), True))
        for attribute in attributes:
            if attribute in element.attrib:
                yield from _dangling_reference(document, element, attribute, element.get(attribute), runs)


def _dangling_reference(
    document: Document, element: etree._Element, through: str, reference: str | None, runs: bool
) -> Iterator[Finding]:
    found = resolve(document, element, reference)
    if found is not None and local(found) in _TARGETS.get(through, {local(found)}):
        return
    place = document.place(element)
    who = document.label(element)
    reference = shown((reference or "").strip())
    what_sv = "som inte finns i filen" if found is None else f"men det är {label(local(found), '').sv}"
    what_en = "which is not in the file" if found is None else f"but that is a {label(local(found), '').en}"
    make = place.error if runs and (found is None or through != "flowNodeRef") else place.warning
    yield make(
        "dangling-reference",
        f"{who.sv} hänvisar ({through}) till ”{reference}”, {what_sv}",
        f'{who.en} refers ({through}) to "{reference}", {what_en}.',
        "Välj om det som elementet ska höra ihop med, eller ta bort elementet och rita det på nytt.",
        "Choose again what the element belongs with, or delete the element and draw it anew.",
    )


def _seen(element: etree._Element) -> etree._Element:
    """The element itself or the nearest around it that is drawn: has an id and is no mere part of another element."""
    seen: etree._Element | None = element
    while seen is not None and (seen.get("id") is None or local(seen).endswith(_PARTS) or not in_model(seen)):
        seen = seen.getparent()
    return element if seen is None else seen


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


# --- the schema ----------------------------------------------------------------------------------------------------

_schema_lock = Lock()  # an XMLSchema keeps its error log in itself


@lru_cache(maxsize=1)
def _validator() -> Any:
    return BpmnValidator()


def _bpmn_schema(root: etree._Element) -> Any:
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
    holder = _seen(element)
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
