"""The static rules of BPMN 2.0.2 for gateways; what their flows have to say is in `flows.py`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.checks.subject import Rule, Subject, kind_of, triggers_of
from engine.bpmn.findings import Finding
from engine.bpmn.model import Event, Node

_AWAITED = frozenset({"message", "timer", "signal", "conditional"})


def gateways_split_or_merge(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes("exclusiveGateway", "inclusiveGateway", "parallelGateway", "complexGateway"):
        if len(node.incoming) == 1 and len(node.outgoing) == 1:
            yield subject.warning(
                node,
                "idle-gateway",
                "{who} har ett flöde in och ett ut, och gör alltså ingenting",
                "{who} has one flow in and one out, and so does nothing",
                "Rita de flöden som fattas, eller ta bort den.",
                "Draw the missing flows, or delete it.",
            )


def event_gateway_waits_for_events(subject: Subject) -> Iterator[Finding]:
    """§10.6.6: at least two flows, each to a waiting event or receive task that no other flow leads to."""
    for node in subject.nodes("eventBasedGateway"):
        if len(node.outgoing) < 2:
            yield subject.error(
                node,
                "event-gateway",
                "{who} ska ha minst två utgående flöden, men har {count}",
                "{who} should have at least two outgoing flows, but has {count}",
                "Rita ett flöde till varje händelse som kan komma.",
                "Draw a flow to each event that may come.",
                count=len(node.outgoing),
            )
        targets = [subject.graph.nodes[flow.target] for flow in node.outgoing]
        for target in targets:
            if target.id in subject.broken:
                continue
            kinds = {event.kind for event in triggers_of(target)}
            waits = target.kind in ("intermediateCatchEvent", "receiveTask") and kind_of(target) != "parallelMultiple"
            if not waits or not kinds <= _AWAITED:
                yield subject.error(
                    node,
                    "event-gateway",
                    "{who} ska leda till väntande händelser eller mottagningsuppgifter, men leder till {target}",
                    "{who} should lead to waiting events or receive tasks, but leads to {target}",
                    "Sätt en väntande mellanhändelse däremellan, eller byt till en exklusiv gateway.",
                    "Put a catching event in between, or change it to an exclusive gateway.",
                    target=subject.label(target),
                )
            elif len(target.incoming) > 1 or target.boundary:
                yield subject.error(
                    target,
                    "event-gateway",
                    "{who} följer på {gateway} och ska inte ha fler inkommande flöden eller kanthändelser, men har",
                    "{who} follows {gateway} and should have no other incoming flows or boundary events, but has",
                    "Låt de andra flödena gå till en händelse för sig.",
                    "Lead the other flows to an event of their own.",
                    gateway=subject.label(node),
                )
        kinds = {
            "receiveTask" if one.kind == "receiveTask" else event.kind for one in targets for event in triggers_of(one)
        }
        if {"receiveTask", "message"} <= kinds:
            yield subject.error(
                node,
                "event-gateway",
                "{who} ska leda antingen till meddelandehändelser eller till mottagningsuppgifter, men leder till båda",
                "{who} should lead either to message events or to receive tasks, but leads to both",
                "Använd det ena slaget.",
                "Use one of the kinds.",
            )


def complex_joins_say_when(subject: Subject) -> Iterator[Finding]:
    """§10.6.5: where several flows come together, the activation condition says when the gateway goes on."""
    for node in subject.nodes("complexGateway"):
        if node.id in subject.broken:
            continue
        if len(node.incoming) > 1 and node.activation is None:
            yield subject.error(
                node,
                "activation-condition",
                "{who} samlar {count} flöden och ska ha ett villkor för när den går vidare, men har inget",
                "{who} joins {count} flows and should have an activation condition, but has none",
                "Skriv till exempel ${{activationCount >= 2}} i activationCondition.",
                "Write for example ${{activationCount >= 2}} as the activation condition.",
                count=len(node.incoming),
            )
        elif len(node.incoming) < 2 and node.activation is not None:
            yield subject.warning(
                node,
                "activation-condition",
                "{who} har bara ett inkommande flöde, så villkoret för när den går vidare läses aldrig",
                "{who} has one incoming flow only, so its activation condition is never looked at",
                "Ta bort villkoret, eller rita de flöden som fattas.",
                "Remove the condition, or draw the missing flows.",
            )


def parallel_event_gateways_start(subject: Subject) -> Iterator[Finding]:
    """§10.6.6: an event-based gateway may be parallel only where it starts a process."""
    for node in subject.nodes("eventBasedGateway"):
        if node.parallel and not node.instantiate:
            yield subject.error(
                node,
                "event-gateway-type",
                "{who} är parallell och ska då starta processen (instantiate), men gör det inte",
                "{who} is parallel and so should start the process (instantiate), but does not",
                "Använd en parallell gateway följd av händelser.",
                "Use a parallel gateway followed by events.",
            )


def starting_gateways_stand_first(subject: Subject) -> Iterator[Finding]:
    """§10.6.6: a gateway that starts a process stands in the process itself, and no flow leads to it."""
    for node in _starting(subject):
        if node.incoming or node.scope != subject.graph.key:
            yield subject.error(
                node,
                "starting-gateway",
                "{who} startar processen och ska ligga först i den, utan inkommande flöden",
                "{who} starts the process and should come first in it, without incoming flows",
                "Ta bort det inkommande flödet, eller låt gatewayen inte starta processen.",
                "Remove the incoming flow, or do not let the gateway start the process.",
            )


def starting_gateways_wait_for_what_starts(subject: Subject) -> Iterator[Finding]:
    """§10.6.6: messages, and where one is enough signals and timers too. What all must come have a key in common."""
    for node in _starting(subject):
        allowed = {"message"} if node.parallel else {"message", "signal", "timer"}
        for target in (subject.graph.nodes[flow.target] for flow in node.outgoing):
            event = target.event or Event()
            if target.id in subject.broken or target.kind not in ("intermediateCatchEvent", "receiveTask"):
                continue  # told with the other gateways
            if not {one.kind for one in event.triggers} <= allowed:
                yield subject.error(
                    target,
                    "starting-event",
                    "{who} följer på {gateway}, som startar processen, och kan bara vänta på meddelanden"
                    " (utan parallell gateway även signaler och timrar)",
                    "{who} follows {gateway}, which starts the process, and may wait for messages only"
                    " (signals and timers too where the gateway is not parallel)",
                    "Byt händelsetyp, eller rita en starthändelse.",
                    "Change the trigger, or draw a start event.",
                    gateway=subject.label(node),
                )
            elif node.parallel and any(one.key is None and one.correlation is None for one in event.triggers):
                yield subject.warning(
                    target,
                    "starting-event-key",
                    "{who} väntar på ett meddelande till ett ärende som redan är startat, men säger inte vilket",
                    "{who} waits for a message to a case that has begun already, but does not say which",
                    "Ange egenskapen correlationKey, med ett uttryck som alla meddelanden till ärendet har gemensamt.",
                    "Set the property correlationKey, to an expression that all messages to the case have in common.",
                )


def _starting(subject: Subject) -> Iterator[Node]:
    return (node for node in subject.nodes("eventBasedGateway") if node.instantiate and node.id not in subject.broken)


RULES: tuple[Rule, ...] = (
    gateways_split_or_merge,
    event_gateway_waits_for_events,
    complex_joins_say_when,
    parallel_event_gateways_start,
    starting_gateways_stand_first,
    starting_gateways_wait_for_what_starts,
)
