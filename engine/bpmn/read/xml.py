"""Bytes from anybody to an element tree: bounded, without entities.

A first pass looks and builds nothing: it refuses a DOCTYPE, depth and mass before there is a tree to fill the memory
with. No path leads from here to the network or to a file, whatever the version of lxml.
"""

from __future__ import annotations

from typing import Any, cast

from lxml import etree

from engine.bpmn.findings import Finding, Place, shown
from engine.bpmn.read.document import MODEL

MAX_BYTES = 5_000_000
MAX_DEPTH = 100
MAX_MODEL_ELEMENTS = 5_000
"""Of BPMN itself; what draws them and what extends them counts towards MAX_ELEMENTS only."""
MAX_ELEMENTS = 30_000
MAX_ATTRIBUTES = 100
"""Of one element, declarations of namespaces included."""
MAX_EQUAL_SIGNS = 200_000


class Unreadable(Exception):
    """The bytes cannot become a tree; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.en)
        self.finding = finding


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
