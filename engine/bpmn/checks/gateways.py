"""The static rules of BPMN 2.0.2 for complex gateways and for event-based gateways that start a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.bpmn.checks.subject import Subject
from engine.bpmn.findings import Finding
from engine.bpmn.model import Event, Node

Rule = Callable[[Subject], Iterator[Finding]]


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
    complex_joins_say_when,
    parallel_event_gateways_start,
    starting_gateways_stand_first,
    starting_gateways_wait_for_what_starts,
)
