"""The static rules of BPMN 2.0.2 for events that come in pairs, on conditions or several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.bpmn.checks.subject import Subject
from engine.bpmn.findings import Finding, Label, shown
from engine.bpmn.model import Event, Node

Rule = Callable[[Subject], Iterator[Finding]]

# --- links -----------------------------------------------------------------------------------------------------------


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


# --- conditions ------------------------------------------------------------------------------------------------------


def conditions_can_come_true(subject: Subject) -> Iterator[Finding]:
    """§10.5.5: it is looked at when a variable that it names is written; where it names none, never again."""
    for node, event in _triggers(subject):
        if event.condition is not None and not event.condition.names:
            yield subject.error(
                node,
                "condition-without-variable",
                "{who} ska vänta på att uppgifter i ärendet ändras, men villkoret läser ingen variabel",
                "{who} should wait for data of the case to change, but its condition reads no variable",
                "Skriv ett villkor på variabler, eller använd en timer för det som beror på tiden.",
                "Write a condition on variables, or use a timer for what depends on time.",
            )


def _triggers(subject: Subject) -> Iterator[tuple[Node, Event]]:
    for node in subject.nodes():
        for event in node.event.triggers if node.event is not None and node.id not in subject.broken else ():
            yield node, event


# --- several triggers ------------------------------------------------------------------------------------------------


def some_are_alone(subject: Subject) -> Iterator[Finding]:
    """Table 10.93: a link is no trigger among others. Nor is, in this house, what undoes or cancels: what came of it
    together with something else, nobody could foresee."""
    for node, event in _triggers(subject):
        if event.kind in _ALONE and node.event is not event:
            yield subject.error(
                node,
                "not-alone",
                "{who} har fler händelsetyper, men {kind} ska vara ensam på sin händelse",
                "{who} has several triggers, but {kind} should be alone on its event",
                "Rita den som en egen händelse.",
                "Draw it as an event of its own.",
                kind=_ALONE[event.kind],
            )


_ALONE = {
    "link": Label("en länk", "a link"),
    "compensate": Label("en kompensation", "a compensation"),
    "cancel": Label("ett avbrott", "a cancel"),
}


def all_of_several_can_be_waited_for(subject: Subject) -> Iterator[Finding]:
    """§10.5.1: where all must come, each must be something to wait for."""
    for node in subject.nodes():
        if node.event is None or node.event.kind != "parallelMultiple" or node.id in subject.broken:
            continue
        kinds = {event.kind for event in node.event.parts}
        if node.kind in ("intermediateThrowEvent", "endEvent"):
            continue  # thrown, they are all thrown anyway
        if not kinds <= _WAITED_FOR:
            yield subject.error(
                node,
                "parallel-multiple",
                "{who} väntar på att alla dess händelser kommer, och kan då bara ha meddelanden, timrar, signaler"
                " och villkor",
                "{who} waits for all of its triggers, and so may have messages, timers, signals and conditions only",
                "Rita fel och eskaleringar som egna händelser.",
                "Draw errors and escalations as events of their own.",
            )
        elif node.kind == "startEvent" and node.scope == subject.graph.key and kinds != {"message"}:
            yield subject.error(
                node,
                "parallel-multiple",
                "{who} startar processen när alla dess händelser har kommit, och kan då bara ha meddelanden,"
                " som sparas tills alla är framme",
                "{who} starts the process once all of its triggers have come, and so may have messages only,"
                " which are kept until all are there",
                "Starta på en av händelserna, och vänta på de andra i processen.",
                "Start by one of them, and wait for the others in the process.",
            )


def one_timer_starts(subject: Subject) -> Iterator[Finding]:
    """Each start event has one calendar."""
    for node in subject.nodes("startEvent"):
        timers = [event for event in (node.event.triggers if node.event else ()) if event.kind == "timer"]
        if len(timers) > 1 and node.scope == subject.graph.key and node.id not in subject.broken:
            yield subject.error(
                node,
                "several-timers",
                "{who} startar processen och ska ha högst en timer, men har {count}",
                "{who} starts the process and should have one timer at most, but has {count}",
                "Rita en starthändelse för varje timer.",
                "Draw a start event for each timer.",
                count=len(timers),
            )


_WAITED_FOR = frozenset({"message", "timer", "signal", "conditional"})

RULES: tuple[Rule, ...] = (
    links_have_two_ends,
    links_stand_for_flows,
    conditions_can_come_true,
    some_are_alone,
    all_of_several_can_be_waited_for,
    one_timer_starts,
)
