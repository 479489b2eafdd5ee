"""The static rules of BPMN 2.0.2 for link events, which come in pairs (§10.5.5)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.checks.subject import Rule, Subject
from engine.bpmn.findings import Finding, shown
from engine.bpmn.model import Node


def links_have_two_ends(subject: Subject) -> Iterator[Finding]:
    """§10.5.5: any number of sources lead to one target of the same name, on the same level of the process."""
    targets: dict[tuple[str, str], Node] = {}
    for node in _links(subject, "intermediateCatchEvent"):
        name = _name(node)
        if not name:
            yield _nameless(subject, node)
        elif (first := targets.setdefault((node.scope, name), node)) is not node:
            yield subject.error(
                node,
                "link-target-twice",
                "{who} är målet för länken {name}, men det är redan {other}",
                "{who} is the target of link {name}, but so is {other}",
                "Ge den ena länken ett annat namn.",
                "Give one of the links another name.",
                name=shown(name),
                other=subject.label(first),
            )
    sources = set()
    for node in _links(subject, "intermediateThrowEvent"):
        name = _name(node)
        sources.add((node.scope, name))
        if not name:
            yield _nameless(subject, node)
        elif (node.scope, name) not in targets:
            yield _lost(subject, node, name, any(known == name for _, known in targets))
    for place, node in targets.items():
        if place not in sources:
            yield subject.error(
                node,
                "link-without-source",
                "ingen länk med namnet {name} leder till {who}, så den nås aldrig",
                "no link named {name} leads to {who}, so it is never reached",
                "Rita en sändande länkhändelse med samma namn, eller ta bort den här.",
                "Draw a throwing link event of the same name, or delete this one.",
                name=shown(place[1]),
            )


def _links(subject: Subject, kind: str) -> Iterator[Node]:
    return (
        node
        for node in subject.nodes(kind)
        if node.event is not None and node.event.kind == "link" and node.id not in subject.broken
    )


def _name(node: Node) -> str:
    return (node.event.name if node.event else None) or ""


def _nameless(subject: Subject, node: Node) -> Finding:
    return subject.error(
        node,
        "link-name",
        "{who} ska ha en länk med ett namn, men namnet saknas",
        "{who} should have a link with a name, but the name is missing",
        "Fyll i länkens namn i egenskapspanelen: samma i båda ändar.",
        "Fill in the name of the link in the properties panel: the same at both ends.",
    )


def _lost(subject: Subject, node: Node, name: str, elsewhere: bool) -> Finding:
    if elsewhere:
        return subject.error(
            node,
            "link-crosses-scope",
            "{who} leder till länken {name}, som ska ligga i samma process eller delprocess, men ligger i en annan",
            "{who} leads to link {name}, which should be in the same process or sub-process, but is in another",
            "Flytta länkens mål hit, eller använd en händelse som når dit.",
            "Move the target of the link here, or use an event that reaches there.",
            name=shown(name),
        )
    return subject.error(
        node,
        "link-without-target",
        "{who} ska leda till en väntande länkhändelse med namnet {name}, men det finns ingen",
        "{who} should lead to a catching link event named {name}, but there is none",
        "Rita länkens mål, eller ge länken samma namn som ett mål som finns.",
        "Draw the target of the link, or give the link the name of one that is there.",
        name=shown(name),
    )


def links_stand_for_flows(subject: Subject) -> Iterator[Finding]:
    """§10.5.5: a link is the way on from its source, and the only way to its target."""
    for node in _links(subject, "intermediateThrowEvent"):
        drawn = [flow for flow in node.outgoing if not flow.is_link]
        if drawn:
            yield subject.error(
                node,
                "link-flow",
                "{who} leder vidare genom sin länk och ska inte ha något utgående flöde, men har {flow}",
                "{who} leads on by its link and should have no outgoing flow, but has {flow}",
                "Ta bort flödet, eller låt det gå från länkens mål.",
                "Remove the flow, or let it leave the target of the link.",
                flow=subject.label(drawn[0]),
            )
    for node in _links(subject, "intermediateCatchEvent"):
        drawn = [flow for flow in node.incoming if not flow.is_link]
        if drawn:
            yield subject.error(
                node,
                "link-flow",
                "{who} nås genom sin länk och ska inte ha något inkommande flöde, men har {flow}",
                "{who} is reached by its link and should have no incoming flow, but has {flow}",
                "Led flödet till det första elementet efter länken.",
                "Lead the flow to the first element after the link.",
                flow=subject.label(drawn[0]),
            )


RULES: tuple[Rule, ...] = (
    links_have_two_ends,
    links_stand_for_flows,
)
