"""The static rules of BPMN 2.0.2 for what the machine does not play: message flows, lanes, what elements say of flows.

What is wrong here changes nothing in how a case runs, hence warnings; but it says something to people, and to other
tools, that is not so. Each function looks at one file as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.findings import Finding, Label, label, shown
from engine.bpmn.model import ACTIVITIES
from engine.bpmn.read.document import CAMUNDA, Document, local, model, resolve
from engine.bpmn.read.extensions import is_true

_SENDS = frozenset({"endEvent", "intermediateThrowEvent"})
_RECEIVES = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})
_BESIDE = frozenset({"participant", "callConversation", "conversation", "subConversation"})


def rules_of_the_picture(document: Document) -> Iterator[Finding]:
    for rule in (_message_flows, _lanes, _flows_told_twice, _strange_extensions):
        yield from rule(document)


# --- message flows -------------------------------------------------------------------------------------------------


def _message_flows(document: Document) -> Iterator[Finding]:
    """§7.6.2, Table 7.4 and §9.3: between two pools, or what in them sends and receives."""
    for flow in document.root.iter(model("messageFlow")):
        ends = [resolve(document, flow, flow.get(end)) for end in ("sourceRef", "targetRef")]
        if ends[0] is None or ends[1] is None:
            continue  # told as a dangling reference
        source, target = ends[0], ends[1]
        for end, events, way in ((source, _SENDS, _FROM), (target, _RECEIVES, _TO)):
            if not _may_be_end(document, end, events):
                yield _told(
                    document,
                    flow,
                    "message-flow",
                    "{who} ska gå {way} en pool, en aktivitet eller en meddelandehändelse, men går {way} {end}",
                    "{who} should go {way} a pool, an activity or a message event, but goes {way} {end}",
                    "Dra om meddelandeflödet. Det visar bara vem som talar med vem; meddelandet väljs i händelsen.",
                    "Draw the message flow anew. It only shows who talks to whom; the message is chosen in the event.",
                    way=way,
                    end=document.label(end),
                )
        pools = _pool_of(document, source), _pool_of(document, target)
        if pools[0] is not None and pools[0] is pools[1]:
            yield _told(
                document,
                flow,
                "message-flow",
                "{who} ska gå mellan två pooler, men håller sig inom {pool}",
                "{who} should go between two pools, but stays within {pool}",
                "Inom en process ritas sekvensflöden. Byt, eller ta bort det.",
                "Within a process there are sequence flows. Change it, or delete it.",
                pool=document.label(pools[0]),
            )


_FROM, _TO = Label("från", "from"), Label("till", "to")


def _may_be_end(document: Document, end: etree._Element, events: frozenset[str]) -> bool:
    if local(end) in ACTIVITIES | _BESIDE:
        return True
    return local(end) in events and any(
        definition is not None and local(definition) == "messageEventDefinition"
        for child in end.iterchildren(etree.Element)
        for definition in [resolve(document, child, child.text) if local(child) == "eventDefinitionRef" else child]
    )


def _pool_of(document: Document, element: etree._Element) -> etree._Element | None:
    """The process behind a pool, or around what stands in one; a pool without process is itself."""
    if local(element) in _BESIDE:
        process = resolve(document, element, element.get("processRef"))
        return element if process is None else process
    return next((around for around in element.iterancestors() if local(around) == "process"), None)


# --- lanes ---------------------------------------------------------------------------------------------------------


def _lanes(document: Document) -> Iterator[Finding]:
    """§10.8: a lane holds elements of its own process; of the lanes side by side, only one holds an element."""
    for lanes in document.root.iter(model("laneSet"), model("childLaneSet")):
        process = next(around for around in lanes.iterancestors() if local(around) not in ("lane", "laneSet", _CHILD))
        first: dict[str, etree._Element] = {}
        for lane in lanes.iterchildren(model("lane")):
            for reference in lane.iterchildren(model("flowNodeRef")):
                node = resolve(document, reference, reference.text)
                if node is None:
                    continue
                if process not in node.iterancestors():
                    yield _told(
                        document,
                        lane,
                        "lane-content",
                        "{who} ska hålla element ur sin egen process, men {node} ligger i en annan",
                        "{who} should hold elements of its own process, but {node} is in another",
                        "Flytta elementet till en bana i sin egen pool.",
                        "Move the element to a lane of its own pool.",
                        node=document.label(node),
                    )
                elif (other := first.setdefault(node.get("id", ""), lane)) is not lane:
                    yield _told(
                        document,
                        lane,
                        "lane-content",
                        "{node} ska ligga i en bana, men ligger både i {other} och i {who}",
                        "{node} should lie in one lane, but lies both in {other} and in {who}",
                        "Dra elementet till den bana vars roll gör det.",
                        "Drag the element to the lane whose role does it.",
                        node=document.label(node),
                        other=document.label(other),
                    )


_CHILD = "childLaneSet"


# --- what elements say of their flows --------------------------------------------------------------------------------


def _flows_told_twice(document: Document) -> Iterator[Finding]:
    """§8.4.10: `incoming` and `outgoing` repeat what sequence flows say; a flow is played as it says itself."""
    for reference in document.root.iter(model("incoming"), model("outgoing")):
        node, flow = reference.getparent(), resolve(document, reference, reference.text)
        if node is None or flow is None or local(flow) != "sequenceFlow":
            continue
        end = flow.get("targetRef" if local(reference) == "incoming" else "sourceRef")
        if resolve(document, flow, end) is not node:
            yield _told(
                document,
                node,
                "flow-mismatch",
                "{who} räknar {flow} till sina, men det flödet har sina ändar på andra ställen",
                "{who} counts {flow} among its own, but that flow has its ends elsewhere",
                "Dra flödet på nytt, så att filen säger samma sak på båda ställena. Nu gäller flödets egna ändar.",
                "Draw the flow anew, so that the file agrees with itself. Now the flow's own ends hold.",
                flow=label("sequenceFlow", flow.get("id", ""), flow.get("name", "")),
            )


# --- extensions ------------------------------------------------------------------------------------------------------


def _strange_extensions(document: Document) -> Iterator[Finding]:
    """§8.2.3: who does not understand an extension that must be understood may not carry out the file."""
    for extension in document.root.iterchildren(model("extension")):
        prefix, _, name = extension.get("definition", "").rpartition(":")
        must = is_true(extension, "mustUnderstand")
        if must and extension.nsmap.get(prefix or None) != CAMUNDA:
            yield document.place(extension).error(
                "not-supported",
                f"tillägget {shown(name)} måste förstås (mustUnderstand), men stöds inte",
                f"Expected only extensions that are known here, but {shown(name)} must be understood.",
                "Ta bort tillägget, eller mustUnderstand om processen är riktig utan det.",
                "Remove the extension, or mustUnderstand if the process is right without it.",
            )


def _told(document: Document, element: etree._Element, rule: str, *texts: str, **values: Label) -> Finding:
    sv, en, fix_sv, fix_en = texts
    values["who"] = document.label(element)
    return document.place(element).warning(rule, sv, en, fix_sv, fix_en, **values)
