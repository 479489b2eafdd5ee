"""The static rules of compensation (§10.5.5, §10.7) and of transactions (§10.3.5): who undoes what, and who may ask."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.checks.subject import Rule, Subject
from engine.bpmn.compensation import cancelled_by, is_compensation, throws, visible_from
from engine.bpmn.findings import Finding, Label
from engine.bpmn.model import ACTIVITIES, Node


def compensation_events_lead_to_one_activity(subject: Subject) -> Iterator[Finding]:
    """§10.7.1: by an association to one activity for compensation beside it, and by no flow."""
    for node in subject.nodes("boundaryEvent"):
        if not is_compensation(node) or node.id in subject.broken:
            continue
        if len(node.compensated_by) != 1:
            yield subject.error(
                node,
                "compensation-handler",
                "{who} ska höra ihop med en kompensationsaktivitet genom en association, men har {count}",
                "{who} should lead to one compensation activity by an association, but has {count}",
                "Dra en association från händelsen till den aktivitet som gör ogjort. Behövs flera steg, lägg dem i en"
                " delprocess.",
                "Draw an association from the event to the activity that undoes. If that takes several steps, put them"
                " into a sub-process.",
                count=len(node.compensated_by),
            )
        for handler in (subject.graph.nodes[target] for target in node.compensated_by):
            yield from _as_handler(subject, node, handler)
        if node.outgoing:
            yield subject.error(
                node,
                "compensation-flow",
                "{who} ska inte ha något utgående flöde, men {flow} går därifrån",
                "{who} should have no outgoing flow, but {flow} leaves it",
                "Ta bort flödet, och dra en association till kompensationsaktiviteten.",
                "Remove the flow, and draw an association to the compensation activity.",
                flow=subject.label(node.outgoing[0]),
            )


def _as_handler(subject: Subject, event: Node, handler: Node) -> Iterator[Finding]:
    if handler.kind not in ACTIVITIES or not handler.for_compensation or handler.triggered_by_event:
        yield subject.error(
            event,
            "compensation-handler",
            "{who} ska leda till en aktivitet som är märkt för kompensation, men {handler} är inte det",
            "{who} should lead to an activity marked for compensation, but {handler} is not",
            "Märk aktiviteten för kompensation (isForCompensation).",
            "Mark the activity for compensation (isForCompensation).",
            handler=subject.label(handler),
        )
    elif handler.scope != event.scope:
        yield subject.error(
            event,
            "compensation-handler",
            "{who} och dess kompensationsaktivitet ska ligga i samma process eller delprocess, men {handler} ligger i"
            " {scope}",
            "{who} and its compensation activity should lie in the same process or sub-process, but {handler} lies in"
            " {scope}",
            "Flytta kompensationsaktiviteten till samma nivå.",
            "Move the compensation activity to the same level.",
            handler=subject.label(handler),
            scope=subject.label(handler.scope),
        )


def compensation_activities_stand_outside_the_flow(subject: Subject) -> Iterator[Finding]:
    """§10.7.1: they have no flows, are reached from a compensation event only, and are not compensated themselves."""
    reached = {handler for node in subject.nodes("boundaryEvent") for handler in node.compensated_by}
    for node in subject.nodes(*ACTIVITIES):
        if not node.for_compensation or node.triggered_by_event or node.id in subject.broken:
            continue
        if node.id not in reached:
            yield subject.error(
                node,
                "compensation-handler",
                "{who} är märkt för kompensation, men ingen kompensationshändelse leder dit",
                "{who} is marked for compensation, but no compensation event leads to it",
                "Dra en association dit från kompensationshändelsen på den aktivitet som ska göras ogjord.",
                "Draw an association to it from the compensation event on the activity that is to be undone.",
            )
        if node.incoming or node.outgoing:
            yield subject.error(
                node,
                "compensation-flow",
                "{who} är märkt för kompensation och ska inte ha några flöden, men har {flow}",
                "{who} is marked for compensation and should have no flows, but has {flow}",
                "Ta bort flödet. Behövs flera steg, lägg dem i en delprocess som är märkt för kompensation.",
                "Remove the flow. If it takes several steps, put them into a sub-process marked for compensation.",
                flow=subject.label((node.incoming + node.outgoing)[0]),
            )
        for edge in (subject.graph.nodes[edge] for edge in node.boundary):
            if is_compensation(edge):
                yield subject.error(
                    edge,
                    "compensation-handler",
                    "{who} sitter på {handler}, som själv gör ogjort och inte kan göras ogjord",
                    "{who} sits on {handler}, which undoes and cannot be undone itself",
                    "Ta bort händelsen.",
                    "Remove the event.",
                    handler=subject.label(node),
                )


def one_way_to_compensate(subject: Subject) -> Iterator[Finding]:
    """§13.5.5: an activity is compensated either by an event sub-process inside it or by an activity beside it, a
    process by an event sub-process."""
    seen: set[str] = set()
    ways = [(node.attached_to or "", node) for node in subject.nodes("boundaryEvent") if is_compensation(node)]
    ways += [(subject.graph.nodes[start.scope].scope, start) for start in _compensation_starts(subject)]
    for activity, way in ways:
        if activity in seen:
            yield subject.error(
                way,
                "several-handlers",
                "{activity} ska göras ogjord på ett sätt, men {who} är ett till",
                "{activity} should be undone in one way, but {who} is another",
                "Låt en av dem vara kvar.",
                "Keep one of them.",
                activity=subject.label(activity),
            )
        elif activity in subject.graph.scopes or activity in subject.graph.nodes:
            seen.add(activity)


def _compensation_starts(subject: Subject) -> list[Node]:
    """Start events of compensation event sub-processes."""
    return [
        node
        for node in subject.nodes("startEvent")
        if is_compensation(node) and subject.is_event_sub_process(node.scope)
    ]


def compensation_is_asked_of_something(subject: Subject) -> Iterator[Finding]:
    """Table 10.88: the activity must be visible from the event that throws. One without a handler: nothing happens."""
    asked = subject.graph.compensation.asked
    alive = {subject.graph.nodes[activity].scope for activity in asked}
    for node, event in throws(subject.graph):
        if node.id in subject.broken:
            continue
        named = event.name
        scopes = visible_from(subject.graph, node)
        if named is None:
            if alive.isdisjoint(scopes):
                yield _nothing_to_undo(subject, node, Label("ingenting där", "nothing there"))
            continue
        activity = subject.graph.nodes.get(named)
        if activity is None or activity.kind not in ACTIVITIES or activity.scope not in scopes:
            yield subject.error(
                node,
                "compensation-target",
                "{who} ska peka ut en aktivitet på samma nivå, eller på nivån utanför en händelsestyrd delprocess, men"
                " pekar ut {activity}",
                "{who} should name an activity on its own level, or on the one around an event sub-process, but names"
                " {activity}",
                "Välj en aktivitet där, eller ingen: då görs allt på nivån ogjort. Det som ligger i en delprocess görs"
                " ogjort genom delprocessen.",
                "Choose an activity there, or none: then everything on the level is undone. What lies in a sub-process"
                " is undone by way of the sub-process.",
                activity=Label(named, named) if activity is None else subject.label(activity),
            )
        elif named not in asked:
            yield _nothing_to_undo(subject, node, _not(subject.label(activity)))


def _not(label: Label) -> Label:
    return Label(f"inte {label.sv}", f"not {label.en}")


def _nothing_to_undo(subject: Subject, node: Node, thing: Label) -> Finding:
    return subject.warning(
        node,
        "compensation-target",
        "{who} begär kompensation, men {thing} kan göras ogjort",
        "{who} asks for compensation, but {thing} can be undone",
        "Sätt en kompensationshändelse på aktiviteten, och dra en association till den som gör ogjort.",
        "Put a compensation event on the activity, and draw an association to the one that undoes.",
        thing=thing,
    )


# --- transactions --------------------------------------------------------------------------------------------------


def cancel_events_belong_to_transactions(subject: Subject) -> Iterator[Finding]:
    """§10.5.3, §10.5.4: the end event is inside one, the boundary event on the edge of one."""
    for node in subject.nodes("endEvent"):
        if _is_cancel(node) and cancelled_by(subject.graph, node) is None:
            yield subject.error(
                node,
                "cancel-end",
                "{who} avbryter en transaktion, men ligger inte i någon som pågår",
                "{who} cancels a transaction, but is in none that is under way",
                "Gör delprocessen runt den till en transaktion, eller byt händelsetyp till fel eller avslut.",
                "Make the sub-process around it a transaction, or change the trigger to error or terminate.",
            )
    for node in subject.nodes("boundaryEvent"):
        host = subject.graph.nodes.get(node.attached_to or "")
        if _is_cancel(node) and host is not None and host.kind != "transaction":
            yield subject.error(
                node,
                "cancel-boundary",
                "{who} fångar att en transaktion avbryts, men sitter på {host}",
                "{who} catches the cancelling of a transaction, but sits on {host}",
                "Gör delprocessen till en transaktion, eller byt händelsetyp.",
                "Make the sub-process a transaction, or change the trigger.",
                host=subject.label(host),
            )
        elif _is_cancel(node) and not node.interrupting:
            yield subject.error(
                node,
                "cancel-boundary",
                "{who} fångar att en transaktion avbryts och ska avbryta, men är ritad som icke avbrytande",
                "{who} catches the cancelling of a transaction and should interrupt, but is drawn as non-interrupting",
                "Gör den avbrytande.",
                "Make it interrupting.",
            )


def transactions_can_be_left(subject: Subject) -> Iterator[Finding]:
    """§10.3.5: one that may be cancelled has one cancel event on its edge, and does not start by an event."""
    cancelled = {cancelled_by(subject.graph, node) for node in subject.nodes("endEvent") if _is_cancel(node)}
    for node in subject.nodes("transaction"):
        edges = [edge for edge in map(subject.graph.nodes.__getitem__, node.boundary) if _is_cancel(edge)]
        if node.triggered_by_event:
            yield subject.error(
                node,
                "transaction-event",
                "{who} är en transaktion och ska inte startas av en händelse, men är märkt så",
                "{who} is a transaction and should not be started by an event, but is marked so",
                "Lägg transaktionen i den händelsestyrda delprocessen.",
                "Put the transaction into the event sub-process.",
            )
        if node.id in cancelled and not edges and node.id not in subject.broken:
            yield subject.error(
                node,
                "cancel-boundary",
                "{who} kan avbrytas och ska ha en avbrottshändelse på kanten, men har ingen",
                "{who} may be cancelled and should have a cancel event on its edge, but has none",
                "Sätt en avbrottshändelse på kanten, och dra flödet vidare därifrån.",
                "Put a cancel event on its edge, and draw the flow on from there.",
            )
        if edges and node.id not in cancelled:
            yield subject.warning(
                edges[0],
                "cancel-boundary",
                "{who} fångar att {transaction} avbryts, men inget i den avbryter den",
                "{who} catches the cancelling of {transaction}, but nothing in it cancels it",
                "Rita en sluthändelse som avbryter, eller ta bort kanthändelsen.",
                "Draw an end event that cancels, or remove the boundary event.",
                transaction=subject.label(node),
            )
        for extra in edges[1:]:
            yield subject.error(
                extra,
                "cancel-boundary",
                "{transaction} ska ha en avbrottshändelse på kanten, men {who} är en till",
                "{transaction} should have one cancel event on its edge, but {who} is another",
                "Låt en av dem vara kvar.",
                "Keep one of them.",
                transaction=subject.label(node),
            )


def _is_cancel(node: Node) -> bool:
    return node.event is not None and node.event.kind == "cancel"


RULES: tuple[Rule, ...] = (
    compensation_events_lead_to_one_activity,
    compensation_activities_stand_outside_the_flow,
    one_way_to_compensate,
    compensation_is_asked_of_something,
    cancel_events_belong_to_transactions,
    transactions_can_be_left,
)
