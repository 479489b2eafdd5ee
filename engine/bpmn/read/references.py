"""Ids and what refers to them: each id once in a file, and each reference to something that is there and fits."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.findings import Finding, Place, label, listed, shown
from engine.bpmn.model import FLOW_NODES
from engine.bpmn.read.document import Document, in_model, line_of, local, resolve


def index(document: Document) -> dict[str, list[etree._Element]]:
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


def repeated_ids(document: Document, repeated: dict[str, list[etree._Element]]) -> Iterator[Finding]:
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


def dangling(document: Document) -> Iterator[Finding]:
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
