"""The static rules of BPMN 2.0.2 for processes and sub-processes: how they begin and end, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.checks.subject import Rule, Subject, kind_of
from engine.bpmn.compensation import is_compensation
from engine.bpmn.findings import Finding
from engine.bpmn.model import ACTIVITIES, EVENTS, GATEWAYS, SUB_PROCESSES, Node


def process_has_a_start(subject: Subject) -> Iterator[Finding]:
    """§10.5.2. A process that nothing can start would be stored in vain."""
    graph = subject.graph
    starts = [graph.nodes[node] for node in graph.scopes[graph.key].starts]
    if not any(node.kind == "startEvent" or node.instantiate for node in starts):
        yield subject.error(
            graph,
            "missing-start",
            "{who} ska ha en starthändelse, men har ingen",
            "{who} should have a start event, but has none",
            "Rita en starthändelse och ett flöde från den.",
            "Draw a start event and a flow from it.",
        )


def one_none_start(subject: Subject) -> Iterator[Finding]:
    """§10.5.2: several starts are alternatives; which of two without a trigger is meant, nobody can say."""
    for scope in subject.graph.scopes.values():
        plain = [node for node in subject.inside[scope.id] if node.kind == "startEvent" and kind_of(node) == "none"]
        for extra in plain[1:]:
            yield subject.error(
                extra,
                "several-starts",
                "{scope} ska ha högst en starthändelse utan händelsetyp, men {who} är en till",
                "{scope} should have one start event without a trigger, but {who} is another",
                "Låt en av dem vara kvar, och led dess flöde dit de andra ledde.",
                "Keep one of them, and lead its flow to where the others led.",
                scope=subject.label(scope.id),
            )


def scope_has_an_end(subject: Subject) -> Iterator[Finding]:
    """§10.5.3: where there is a start event, there is an end event, and the other way round."""
    for scope in subject.graph.scopes.values():
        inside = subject.inside[scope.id]
        kinds = {node.kind for node in inside}
        owner = subject.graph.nodes.get(scope.id, subject.graph)
        if inside and isinstance(owner, Node) and owner.ad_hoc:
            continue  # it has neither, see `ad_hoc_holds_what_it_may`
        if not inside and scope.id in subject.broken:
            continue
        if not inside:
            yield subject.error(
                owner,
                "empty",
                "{who} är tom",
                "{who} is empty",
                "Rita det som ska göras.",
                "Draw what is to be done.",
            )
        elif "startEvent" in kinds and "endEvent" not in kinds:
            yield subject.error(
                owner,
                "missing-end",
                "{who} ska ha en sluthändelse, men har ingen",
                "{who} should have an end event, but has none",
                "Rita en sluthändelse och led de sista flödena dit.",
                "Draw an end event and lead the last flows there.",
            )
        elif "endEvent" in kinds and "startEvent" not in kinds and scope.id != subject.graph.key:
            yield subject.error(
                owner,
                "missing-start",
                "{who} har en sluthändelse och ska då ha en starthändelse, men har ingen",
                "{who} has an end event and so should have a start event, but has none",
                "Rita en starthändelse och ett flöde från den.",
                "Draw a start event and a flow from it.",
            )


def sub_process_starts(subject: Subject) -> Iterator[Finding]:
    """§10.3.5: an embedded sub-process starts without a trigger, an event sub-process by exactly one."""
    for node in subject.nodes(*SUB_PROCESSES):
        starts = [inner for inner in subject.inside[node.id] if inner.kind == "startEvent"]
        if node.triggered_by_event and len(starts) != 1:
            yield subject.error(
                node,
                "event-sub-process-start",
                "{who} startas av en händelse och ska ha exakt en starthändelse, men har {count}",
                "{who} is started by an event and should have exactly one start event, but has {count}",
                "Rita en starthändelse med det som ska starta den.",
                "Draw one start event with what is to start it.",
                count=len(starts),
            )


def start_has_no_incoming(subject: Subject) -> Iterator[Finding]:
    """§10.5.2."""
    for node in subject.nodes("startEvent"):
        if node.incoming:
            yield subject.error(
                node,
                "start-incoming",
                "{who} ska inte ha något inkommande flöde, men {flow} leder dit",
                "{who} should have no incoming flow, but {flow} leads there",
                "Led flödet till det första elementet efter starten.",
                "Lead the flow to the first element after the start.",
                flow=subject.label(node.incoming[0]),
            )


def start_leads_on(subject: Subject) -> Iterator[Finding]:
    """§10.5.2: a start event is the source of a sequence flow."""
    for node in subject.nodes("startEvent"):
        if not node.outgoing:
            yield subject.error(
                node,
                "start-outgoing",
                "{who} ska ha ett utgående flöde, men har inget, så det som startas är slut med detsamma",
                "{who} should have an outgoing flow, but has none, so that what it starts is over at once",
                "Rita ett flöde till det första som ska göras.",
                "Draw a flow to what is to be done first.",
            )


def receive_tasks_that_start_stand_first(subject: Subject) -> Iterator[Finding]:
    """§10.3.3: a receive task that starts a process has no incoming flow, but maybe one from a start event."""
    for node in subject.nodes("receiveTask"):
        from_start = [flow for flow in node.incoming if subject.graph.nodes[flow.source].kind == "startEvent"]
        if not node.instantiate or node.id in subject.broken:
            continue
        if node.scope != subject.graph.key or len(node.incoming) > 1 or len(from_start) < len(node.incoming):
            yield subject.error(
                node,
                "starting-task",
                "{who} startar processen och ska ligga först i den, utan andra inkommande flöden än ett från starten",
                "{who} starts the process and should come first in it, with no incoming flow but one from the start",
                "Ta bort det inkommande flödet, eller låt uppgiften inte starta processen (instantiate).",
                "Remove the incoming flow, or do not let the task start the process (instantiate).",
            )


def end_has_no_outgoing(subject: Subject) -> Iterator[Finding]:
    """§10.5.3."""
    for node in subject.nodes("endEvent"):
        if node.outgoing:
            yield subject.error(
                node,
                "end-outgoing",
                "{who} ska inte ha något utgående flöde, men {flow} går därifrån",
                "{who} should have no outgoing flow, but {flow} leaves it",
                "Gör den till en mellanhändelse, eller ta bort flödet.",
                "Make it an intermediate event, or remove the flow.",
                flow=subject.label(node.outgoing[0]),
            )


def nodes_are_joined_by_flows(subject: Subject) -> Iterator[Finding]:
    """§10.5.2: where there is a start event, a flow leads to everything else. §10.5.3: likewise on from it."""
    for scope in subject.graph.scopes.values():
        inside = subject.inside[scope.id]
        has_start = any(node.kind == "startEvent" for node in inside)
        for node in inside:
            if node.triggered_by_event or node.for_compensation:
                continue
            begins = node.kind in ("startEvent", "boundaryEvent") or node.instantiate or kind_of(node) == "link"
            begins = begins or _is_ad_hoc(subject, scope.id)  # see `ad_hoc_holds_what_it_may`
            if not node.incoming and not begins and (has_start or node.kind in EVENTS):
                yield subject.error(
                    node,
                    "no-incoming",
                    "inget flöde leder till {who}, så den nås aldrig",
                    "no flow leads to {who}, so it is never reached",
                    "Rita flödet dit, eller ta bort elementet.",
                    "Draw the flow to it, or delete the element.",
                )
            may_end = _is_ad_hoc(subject, scope.id) or kind_of(node) == "link" or is_compensation(node)
            if not node.outgoing and node.kind not in ("startEvent", "endEvent") and not may_end:
                yield subject.warning(
                    node,
                    "no-outgoing",
                    "inget flöde går från {who}, så vägen slutar där utan sluthändelse",
                    "no flow leaves {who}, so the path ends there without an end event",
                    "Rita en sluthändelse, så att det syns att det är meningen.",
                    "Draw an end event, so that the intention can be seen.",
                )


def _is_ad_hoc(subject: Subject, scope: str) -> bool:
    return scope in subject.graph.nodes and subject.graph.nodes[scope].ad_hoc is not None


def event_sub_process_stands_alone(subject: Subject) -> Iterator[Finding]:
    """§10.3.5: an event sub-process has neither flows nor events on its edge."""
    for node in subject.nodes(*SUB_PROCESSES):
        if node.triggered_by_event and (node.incoming or node.outgoing or node.boundary):
            yield subject.error(
                node,
                "event-sub-process-flow",
                "{who} startas av en händelse och ska varken ha flöden eller kanthändelser, men har det",
                "{who} is started by an event and should have neither flows nor boundary events, but has",
                "Ta bort dem, eller gör den till en vanlig delprocess.",
                "Remove them, or make it an ordinary sub-process.",
            )


def event_sub_process_is_nothing_else(subject: Subject) -> Iterator[Finding]:
    """§10.3.5: its event says how often it happens and when, so it neither loops nor compensates by itself."""
    for node in subject.nodes(*SUB_PROCESSES):
        if node.triggered_by_event and (node.loop or node.standard_loop or node.for_compensation):
            yield subject.error(
                node,
                "event-sub-process-kind",
                "{who} startas av en händelse och ska varken upprepas eller vara märkt för kompensation, men är det",
                "{who} is started by an event and should neither repeat nor be marked for compensation, but is",
                "Ta bort märkningen. Det som ska upprepas läggs i en delprocess inuti, och det som gör ogjort startas"
                " av en kompensationshändelse.",
                "Remove the mark. Put what is to repeat into a sub-process inside, and let a compensation event start"
                " what undoes.",
            )


def ad_hoc_holds_what_it_may(subject: Subject) -> Iterator[Finding]:
    """§10.3.5: activities, with flows, gateways and intermediate events; no start and no end events.

    §13.3.5: an intermediate event may be triggered many times, which is said of those that catch. Nobody begins one
    that throws: performers choose among activities.
    """
    for whole in subject.nodes("adHocSubProcess"):
        inside = subject.inside[whole.id]
        for node in inside:
            lost_gateway = node.kind in GATEWAYS and not node.incoming
            if node.kind in ("startEvent", "endEvent") or lost_gateway:
                yield subject.error(
                    node,
                    "ad-hoc",
                    "{who} ska inte finnas så i en ad hoc-delprocess: där börjar människor med aktiviteterna",
                    "{who} should not stand so in an ad-hoc sub-process: there people begin the activities",
                    "Ta bort den, eller gör delprocessen till en vanlig.",
                    "Remove it, or make the sub-process an ordinary one.",
                )
            elif node.kind in EVENTS - {"boundaryEvent"}:
                yield from _event_in_ad_hoc(subject, whole, node)
        if inside and not any(_can_begin(node) for node in inside):
            yield subject.error(
                whole,
                "ad-hoc",
                "{who} ska ha en aktivitet eller väntande händelse som inget flöde leder till, men har ingen, så inget"
                " i den kan börja",
                "{who} should have an activity or catching event that no flow leads to, but has none, so that nothing"
                " in it can begin",
                "Ta bort flödet till den aktivitet som kan göras först.",
                "Remove the flow to the activity that can be done first.",
            )


def _can_begin(node: Node) -> bool:
    """By itself, or by somebody's choice."""
    is_inside_the_flow = not (node.triggered_by_event or node.for_compensation)
    return not node.incoming and is_inside_the_flow and node.kind in (*ACTIVITIES, "intermediateCatchEvent")


def _event_in_ad_hoc(subject: Subject, whole: Node, node: Node) -> Iterator[Finding]:
    if node.kind == "intermediateThrowEvent" and not node.incoming and kind_of(node) != "link":
        yield subject.error(
            node,
            "ad-hoc",
            "inget flöde leder till {who}, så den skickar aldrig något: i {whole} börjar människor med aktiviteter,"
            " inte med händelser (BPMN 13.3.5)",
            "no flow leads to {who}, so it never throws anything: in {whole} people begin activities, not events (BPMN"
            " 13.3.5)",
            "Låt en sändande uppgift skicka det, eller rita ett flöde till händelsen från den aktivitet som går före.",
            "Let a send task throw it, or draw a flow to the event from the activity that comes before it.",
            whole=subject.label(whole),
        )
    elif not node.outgoing and kind_of(node) != "link":
        yield subject.warning(
            node,
            "ad-hoc",
            "inget flöde går från {who}, så inget kan följa på den (BPMN 13.3.5)",
            "no flow leaves {who}, so nothing can follow on it (BPMN 13.3.5)",
            "Rita ett flöde till den aktivitet som då kan göras, eller ta bort händelsen.",
            "Draw a flow to the activity that may then be done, or delete the event.",
        )


def quantities_can_come(subject: Subject) -> Iterator[Finding]:
    """§10.3: where no flow leads, no token comes; and what an event or a person starts is not counted in tokens."""
    for node in subject.nodes():
        if node.start_quantity > 1 and (not node.incoming or node.triggered_by_event):
            yield subject.error(
                node,
                "quantity",
                "{who} väntar på {count} flöden (startQuantity), men inget flöde leder dit",
                "{who} waits for {count} tokens (startQuantity), but no flow leads there",
                "Ta bort startQuantity, eller rita flödena.",
                "Remove startQuantity, or draw the flows.",
                count=node.start_quantity,
            )


def everything_can_be_reached(subject: Subject) -> Iterator[Finding]:
    """What no path leads to. The first of a lost part is told as having no incoming flow; this is about circles."""
    paths = subject.paths
    lost = [node for node in subject.nodes() if not node.incoming and node.kind != "boundaryEvent"]
    known = paths.reachable([*paths.first, *(node.id for node in lost)])
    for node in subject.nodes():
        around = {node.scope, node.attached_to} & subject.graph.nodes.keys()
        if node.id not in known | subject.broken and around <= known:
            yield subject.error(
                node,
                "unreachable",
                "ingen väg från starten leder till {who}",
                "no path from the start leads to {who}",
                "Rita flödet dit, eller ta bort elementet.",
                "Draw the flow to it, or delete the element.",
            )


RULES: tuple[Rule, ...] = (
    process_has_a_start,
    one_none_start,
    scope_has_an_end,
    sub_process_starts,
    start_has_no_incoming,
    start_leads_on,
    receive_tasks_that_start_stand_first,
    end_has_no_outgoing,
    nodes_are_joined_by_flows,
    event_sub_process_stands_alone,
    event_sub_process_is_nothing_else,
    ad_hoc_holds_what_it_may,
    quantities_can_come,
    everything_can_be_reached,
)
