"""Files as they come in the worst of days: mutations of good ones, for the fuzz in `test_hostile_files.py`."""

from __future__ import annotations

import random
from copy import deepcopy
from pathlib import Path

from lxml import etree

HERE = Path(__file__).parent
SEEDS = [
    *sorted((HERE / "files").glob("*.bpmn")),
    *sorted((HERE / "files" / "tools").iterdir()),
    *sorted(HERE.glob("*.bpmn")),
    *sorted((HERE.parent.parent / "processes").glob("*/*.bpmn")),
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "iso-8859-1", "windows-1252", "utf-7", "cp500"]
_MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_NAMESPACES = [
    "",
    "urn:q",
    "http://schema.omg.org/spec/BPMN/2.0",
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://bpmn.org/1.2",
    "http://camunda.org/schema/1.0/bpmn",
]
_TEXTS = [
    "",
    " ",
    "x",
    "-1",
    "99999999999999999999",
    "${",
    "${x",
    "#{x}",
    "true",
    "P1D",
    "R/PT0S",
    "0 0 * * *",
    "\u2028å",
]
_TEXTS += [
    "urn:x:y",
    "q:",
    ":q",
    "a" * 5_000,
    "{0}",
    "%s",
    "{who}",
    "[" * 200,
    "not " * 200 + "x",
    "=x",
    "å ä",
    "1e999",
]
_TAGS = [
    *("task", "userTask", "subProcess", "process", "startEvent", "endEvent", "boundaryEvent", "sequenceFlow", "lane"),
    *("complexGateway", "eventBasedGateway", "dataObject", "adHocSubProcess", "transaction", "callActivity", "laneSet"),
    *("timerEventDefinition", "compensateEventDefinition", "linkEventDefinition", "cancelEventDefinition"),
    *("multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "ioSpecification", "dataInputAssociation"),
    *("sourceRef", "targetRef", "incoming", "eventDefinitionRef", "conditionExpression", "participant", "messageFlow"),
    *("association", "correlationKey", "correlationSubscription", "extension", "definitions", "interface", "dataStore"),
]


def mutated(source: bytes, chance: random.Random) -> bytes:
    """The file with its tree changed in one to twenty places, or its bytes, or its encoding, or some of it all."""
    how = chance.randrange(10)
    if how < 7:
        source = _other_tree(source, chance)
    if how in (6, 7):
        source = _other_bytes(source, chance)
    if how in (5, 8, 9):
        source = _other_encoding(source, chance)
    return source


def _other_tree(source: bytes, chance: random.Random) -> bytes:
    root = etree.fromstring(source, etree.XMLParser(recover=True))  # a namespace may be no URI
    for _ in range(chance.randint(1, 20)):
        elements = [element for element in root.iter(etree.Element) if element is not root]
        if not elements:
            break
        _change(chance.choice(elements), chance.choice(elements), chance)
    if chance.random() < 0.1:
        root.tag = f"{{{chance.choice(_NAMESPACES) or 'urn:r'}}}{chance.choice(_TAGS)}"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _change(one: etree._Element, other: etree._Element, chance: random.Random) -> None:
    """An attribute, a text or the place of an element."""
    around, names = one.getparent(), sorted(one.attrib)
    match chance.randrange(10):
        case 0 if names:
            del one.attrib[chance.choice(names)]
        case 1 if names:
            one.set(chance.choice(names), chance.choice([*_TEXTS, other.get("id", "q")]))
        case 2 if "id" in one.attrib and "id" in other.attrib:
            first, second = one.get("id", ""), other.get("id", "")
            one.set("id", second)
            other.set("id", first)
        case 3:
            one.text = chance.choice([*_TEXTS, other.get("id", "q")])
        case 4 if around is not None:
            around.remove(one)
        case 5 if around is not None:
            around.append(deepcopy(one))
        case 6 if other not in one.iterdescendants() and other is not one:
            other.append(one)
        case 7:
            one.tag = f"{{{chance.choice([_MODEL] * 5 + _NAMESPACES) or 'urn:r'}}}{chance.choice(_TAGS)}"
        case 8:
            etree.SubElement(other, f"{{{_MODEL}}}{chance.choice(_TAGS)}", id=chance.choice(["q", one.get("id", "r")]))
        case _:
            known = (
                "isForCompensation",
                "triggeredByEvent",
                "instantiate",
                "parallelMultiple",
                "startQuantity",
                "default",
            )
            one.set(chance.choice(known), chance.choice(["true", "2", "q", other.get("id", "q")]))


def _other_bytes(source: bytes, chance: random.Random) -> bytes:
    broken = bytearray(source)
    for _ in range(chance.randint(1, 10)):
        at = chance.randrange(len(broken))
        piece = broken[at : at + chance.randint(1, 40)]
        junk = chance.choice(
            [b"", bytes(piece) * 2, chance.randbytes(len(piece)), b"<!--", b"]]>", b"&x;", b"<![CDATA["]
        )
        broken[at : at + len(piece)] = junk
    return bytes(broken[: chance.choice([len(broken), chance.randrange(len(broken) + 1)])])


def _other_encoding(source: bytes, chance: random.Random) -> bytes:
    text = source.decode("utf-8", "replace")
    declared = chance.choice([*ENCODINGS, "UTF-8", "EBCDIC-CP-US", "IBM037", "klingon", ""])
    if text.startswith("<?xml"):
        text = f'<?xml version="1.0" encoding="{declared}"?>' + text.partition("?>")[2]
    return chance.choice([b"", b"", b"\xef\xbb\xbf", b"\xff\xfe"]) + text.encode(chance.choice(ENCODINGS), "replace")
