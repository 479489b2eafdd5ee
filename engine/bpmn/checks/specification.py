"""The static rules of BPMN 2.0.2 for the elements that are carried out: one function per rule.

What is refused as an element (`engine.bpmn.read.refused`), and what the schema says, is told before this; elements that
have an error already are passed over, so that one mistake gives one finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.bpmn.checks.subject import Subject
from engine.bpmn.findings import Finding, Label, listed
from engine.bpmn.model import ACTIVITIES, EVENTS, GATEWAYS, SUB_PROCESSES, Event, Flow, Node

Rule = Callable[[Subject], Iterator[Finding]]

_SPLITS_BY_CONDITION = frozenset({"exclusiveGateway", "inclusiveGateway"})
_EVENT_WORDS = {
    "none": ("utan händelsetyp", "without a trigger"),
    "message": ("meddelande", "message"),
    "timer": ("timer", "timer"),
    "signal": ("signal", "signal"),
    "error": ("fel", "error"),
    "escalation": ("eskalering", "escalation"),
    "conditional": ("villkor", "conditional"),
    "link": ("länk", "link"),
    "compensate": ("kompensation", "compensation"),
    "cancel": ("avbrott", "cancel"),
    "terminate": ("avslut", "terminate"),
}


# --- where a process begins and ends -------------------------------------------------------------------------------


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
        plain = [node for node in subject.inside[scope.id] if node.kind == "startEvent" and _kind(node) == "none"]
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
            begins = node.kind in ("startEvent", "boundaryEvent") or node.instantiate or _kind(node) == "link"
            if not node.incoming and not begins and (has_start or node.kind in EVENTS):
                yield subject.error(
                    node,
                    "no-incoming",
                    "inget flöde leder till {who}, så den nås aldrig",
                    "no flow leads to {who}, so it is never reached",
                    "Rita flödet dit, eller ta bort elementet.",
                    "Draw the flow to it, or delete the element.",
                )
            is_ad_hoc = scope.id in subject.graph.nodes and subject.graph.nodes[scope.id].ad_hoc is not None
            may_end = (is_ad_hoc and node.kind in ACTIVITIES) or _kind(node) == "link" or _leads_to_a_handler(node)
            if not node.outgoing and node.kind != "endEvent" and not may_end:
                yield subject.warning(
                    node,
                    "no-outgoing",
                    "inget flöde går från {who}, så vägen slutar där utan sluthändelse",
                    "no flow leaves {who}, so the path ends there without an end event",
                    "Rita en sluthändelse, så att det syns att det är meningen.",
                    "Draw an end event, so that the intention can be seen.",
                )


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


def ad_hoc_holds_what_it_may(subject: Subject) -> Iterator[Finding]:
    """§10.3.5: activities, with flows, gateways and intermediate events between them; no start and no end events."""
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
        if inside and not any(node.kind in ACTIVITIES and not node.incoming for node in inside):
            yield subject.error(
                whole,
                "ad-hoc",
                "{who} ska ha en aktivitet som inget flöde leder till, men har ingen, så inget i den kan börja",
                "{who} should have an activity that no flow leads to, but has none, so that nothing in it can begin",
                "Ta bort flödet till den aktivitet som kan göras först.",
                "Remove the flow to the activity that can be done first.",
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


# --- flows ---------------------------------------------------------------------------------------------------------


def flows_stay_in_their_scope(subject: Subject) -> Iterator[Finding]:
    """§10.3.5: no sequence flow crosses the edge of a sub-process."""
    for node in subject.nodes():
        for flow in node.outgoing:
            if subject.graph.nodes[flow.target].scope != node.scope:
                yield subject.error(
                    flow,
                    "flow-crosses-scope",
                    "{who} ska hålla sig inom sin delprocess, men går från {source} till {target}",
                    "{who} should stay in its sub-process, but goes from {source} to {target}",
                    "Dra flödet till delprocessens kant, eller använd en händelse.",
                    "Draw the flow to the edge of the sub-process, or use an event.",
                    source=subject.label(node),
                    target=subject.label(flow.target),
                )


def no_double_flows(subject: Subject) -> Iterator[Finding]:
    """Allowed (§13.2.1), and nearly always a slip: two tokens come, or a join waits for both."""
    for node in subject.nodes():
        seen: set[str] = set()
        for flow in node.outgoing:
            if flow.target in seen and flow.condition is None:
                yield subject.warning(
                    flow,
                    "double-flow",
                    "två flöden går från {source} till {target}, och {who} är det andra",
                    "two flows lead from {source} to {target}, and {who} is the second",
                    "Ta bort det ena om det inte är meningen att båda ska gå.",
                    "Remove one of them unless both are meant to be taken.",
                    source=subject.label(node),
                    target=subject.label(flow.target),
                )
            seen.add(flow.target)


def conditions_stand_where_they_count(subject: Subject) -> Iterator[Finding]:
    """§8.4.13: a flow from an event, a parallel or an event-based gateway has no condition."""
    for node in subject.nodes("parallelGateway", "eventBasedGateway", *EVENTS):
        for flow in node.outgoing:
            if flow.condition is not None:
                yield subject.error(
                    flow,
                    "condition-not-allowed",
                    "{who} går från {source} och ska inte ha något villkor, men har ett",
                    "{who} leaves {source} and should have no condition, but has one",
                    "Ta bort villkoret, eller låt flödet gå från en exklusiv eller inkluderande gateway.",
                    "Remove the condition, or let the flow leave an exclusive or inclusive gateway.",
                    source=subject.label(node),
                )


def default_flow_leaves_its_node(subject: Subject) -> Iterator[Finding]:
    """§10.6.2: the default flow is one of those that leave the gateway or activity, and has no condition."""
    for node in subject.nodes():
        if node.default is None or node.id in subject.broken:
            continue
        flow = next((flow for flow in node.outgoing if flow.id == node.default), None)
        if flow is None:
            yield subject.error(
                node,
                "default-flow",
                "standardflödet från {who} ska vara ett av dess utgående flöden, men är det inte",
                "the default flow of {who} should be one of its outgoing flows, but is not",
                "Välj standardflöde på nytt.",
                "Choose the default flow anew.",
            )
        elif flow.condition is not None:
            yield subject.warning(
                flow,
                "default-flow",
                "{who} är standardflöde från {source}, så dess villkor läses aldrig",
                "{who} is the default flow of {source}, so its condition is never looked at",
                "Ta bort villkoret.",
                "Remove the condition.",
                source=subject.label(node),
            )


# --- gateways ------------------------------------------------------------------------------------------------------


def splits_have_conditions(subject: Subject) -> Iterator[Finding]:
    """§10.6.2, §10.6.3: each flow out of an exclusive or inclusive split has a condition, or is the default."""
    for node in subject.nodes(*_SPLITS_BY_CONDITION):
        if len(node.outgoing) < 2:
            continue
        bare = [flow for flow in node.outgoing if _is_bare(subject, node, flow)]
        if len(bare) == len(node.outgoing):
            yield subject.error(
                node,
                "split-without-conditions",
                "{who} delar vägen i {count}, men inget av flödena har ett villkor",
                "{who} splits the path in {count}, but none of the flows has a condition",
                "Ge flödena villkor, till exempel ${{utfall == 'ja'}}, och välj ett standardflöde.",
                "Give the flows conditions, such as ${{utfall == 'ja'}}, and choose a default flow.",
                count=len(node.outgoing),
            )
            continue
        for flow in bare:
            yield subject.error(
                flow,
                "flow-without-condition",
                "{who} från {source} ska ha ett villkor eller vara standardflöde, men är inget av dem",
                "{who} from {source} should have a condition or be the default flow, but is neither",
                "Ge flödet ett villkor, eller markera det som standardflöde.",
                "Give the flow a condition, or mark it as the default flow.",
                source=subject.label(node),
            )


def splits_have_a_default(subject: Subject) -> Iterator[Finding]:
    """§13.4.2: where no condition holds and there is no default, an exclusive or inclusive gateway cannot go on."""
    for node in subject.nodes(*_SPLITS_BY_CONDITION, "complexGateway"):
        conditional = [flow for flow in node.outgoing if flow.condition is not None]
        if conditional and len(conditional) == len(node.outgoing) and node.default is None:
            yield subject.warning(
                node,
                "no-default",
                "{who} har inget standardflöde: gäller inget av villkoren stannar ärendet där",
                "{who} has no default flow: if none of the conditions holds, the case stops there",
                "Välj ett standardflöde, om villkoren inte säkert täcker alla fall.",
                "Choose a default flow, unless the conditions are sure to cover all cases.",
            )


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
            kinds = {event.kind for event in _triggers(target)}
            waits = target.kind in ("intermediateCatchEvent", "receiveTask") and _kind(target) != "parallelMultiple"
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
            "receiveTask" if one.kind == "receiveTask" else event.kind for one in targets for event in _triggers(one)
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


_AWAITED = frozenset({"message", "timer", "signal", "conditional"})


# --- events --------------------------------------------------------------------------------------------------------

_ALLOWED_EVENTS: dict[str, tuple[Label, frozenset[str]]] = {
    # table 10.93; those that are refused by name are left out
    "start": (
        Label("en starthändelse i en process", "a start event of a process"),
        frozenset({"none", "message", "timer", "signal"}),
    ),
    "sub": (Label("en starthändelse i en delprocess", "a start event of a sub-process"), frozenset({"none"})),
    "event-sub": (
        Label("starten i en händelsestyrd delprocess", "the start of an event sub-process"),
        frozenset({"message", "timer", "signal", "error", "escalation", "conditional", "compensate"}),
    ),
    "intermediateCatchEvent": (
        Label("en väntande mellanhändelse", "an intermediate catch event"),
        frozenset({"message", "timer", "signal", "conditional", "link"}),
    ),
    "intermediateThrowEvent": (
        Label("en sändande mellanhändelse", "an intermediate throw event"),
        frozenset({"none", "message", "signal", "escalation", "link", "compensate"}),
    ),
    "boundaryEvent": (
        Label("en kanthändelse", "a boundary event"),
        frozenset({"message", "timer", "signal", "error", "escalation", "conditional", "compensate", "cancel"}),
    ),
    "endEvent": (
        Label("en sluthändelse", "an end event"),
        frozenset({"none", "message", "signal", "error", "escalation", "compensate", "cancel", "terminate"}),
    ),
}


def events_fit_their_place(subject: Subject) -> Iterator[Finding]:
    """§10.5.1, table 10.93: which triggers an event may have where."""
    for node in subject.nodes(*EVENTS):
        place, allowed = _ALLOWED_EVENTS[_event_place(subject, node)]
        kinds = dict.fromkeys(event.kind for event in _triggers(node))
        for kind in kinds.keys() & _EVENT_WORDS.keys() - allowed if node.id not in subject.broken else ():
            words = sorted(allowed, key=list(_EVENT_WORDS).index)
            yield subject.error(
                node,
                "event-type",
                "{who}: {place} kan vara {allowed}, men är {kind}",
                "{who}: {place} may be {allowed}, but is {kind}",
                *_OTHER_TRIGGER.get((node.scope == subject.graph.key, node.kind, kind), _CHANGE),
                place=place,
                allowed=Label(
                    listed((_EVENT_WORDS[word][0] for word in words), "eller"),
                    listed((_EVENT_WORDS[word][1] for word in words), "or"),
                ),
                kind=Label(*_EVENT_WORDS[kind]),
            )


_CHANGE = ("Byt händelsetyp.", "Change the trigger.")
_OTHER_TRIGGER = {
    # §10.5.2: the condition may not refer to data of the process, and the world around ours makes no events of itself
    (True, "startEvent", "conditional"): (
        "Innan ärendet finns har villkoret inget att läsa. Starta med en timer, och pröva villkoret i en gateway.",
        "Before there is a case the condition has nothing to read. Start by a timer, and try it in a gateway.",
    )
}


def _event_place(subject: Subject, node: Node) -> str:
    if node.kind != "startEvent":
        return node.kind
    if node.scope == subject.graph.key:
        return "start"
    return "event-sub" if subject.is_event_sub_process(node.scope) else "sub"


def errors_interrupt(subject: Subject) -> Iterator[Finding]:
    """§10.5.1: an error always interrupts."""
    for node in subject.nodes("boundaryEvent", "startEvent"):
        if any(event.kind == "error" for event in _triggers(node)) and not node.interrupting:
            yield subject.error(
                node,
                "error-interrupts",
                "{who} fångar ett fel och ska avbryta, men är ritad som icke avbrytande",
                "{who} catches an error and should interrupt, but is drawn as non-interrupting",
                "Gör den avbrytande, eller använd en eskalering.",
                "Make it interrupting, or use an escalation.",
            )


def boundary_events_sit_on_activities(subject: Subject) -> Iterator[Finding]:
    """§10.5.4: on the edge of an activity in the same scope; no flow leads to it, and one or more lead on."""
    for node in subject.nodes("boundaryEvent"):
        host = subject.graph.nodes.get(node.attached_to or "")
        if host is None:
            if node.id not in subject.broken:
                yield _misplaced(subject, node, Label("ingenting", "nothing"))
        elif host.kind not in ACTIVITIES or host.scope != node.scope:
            yield _misplaced(subject, node, subject.label(host))
        if node.incoming:
            yield subject.error(
                node,
                "boundary-incoming",
                "{who} ska inte ha något inkommande flöde, men {flow} leder dit",
                "{who} should have no incoming flow, but {flow} leads there",
                "Led flödet till aktiviteten i stället.",
                "Lead the flow to the activity instead.",
                flow=subject.label(node.incoming[0]),
            )


def _misplaced(subject: Subject, node: Node, host: Label) -> Finding:
    return subject.error(
        node,
        "boundary-host",
        "{who} ska sitta på kanten av en aktivitet i samma process eller delprocess, men sitter på {host}",
        "{who} should sit on the edge of an activity in the same process or sub-process, but sits on {host}",
        "Dra händelsen till aktivitetens kant.",
        "Drag the event to the edge of the activity.",
        host=host,
    )


def one_catcher_per_code(subject: Subject) -> Iterator[Finding]:
    """§10.5.5: which of two events on one edge catches an error or escalation must be plain."""
    for host in subject.nodes():
        seen: set[tuple[str, str | None]] = set()
        for node in (subject.graph.nodes[edge] for edge in host.boundary):
            caught = {(event.kind, event.name) for event in _triggers(node) if event.kind in ("error", "escalation")}
            if caught & seen:
                yield subject.error(
                    node,
                    "caught-twice",
                    "{who} fångar samma kod som en annan händelse på {host}",
                    "{who} catches the same code as another event on {host}",
                    "Ta bort den ena, eller ge dem olika koder.",
                    "Remove one of them, or give them different codes.",
                    host=subject.label(host),
                )
            seen |= caught


def one_start_per_message(subject: Subject) -> Iterator[Finding]:
    """§13.2: a message starts one thing."""
    seen: dict[str, Node] = {}
    for start in subject.graph.ways_in:
        for name in dict.fromkeys(event.name for event in _triggers(start) if event.kind == "message" and event.name):
            other = seen.setdefault(name, start)
            if other is not start and _kind(start) != "parallelMultiple":
                yield subject.error(
                    start,
                    "message-started-twice",
                    "{who} startas av meddelandet {name}, men det gör redan {other}",
                    "{who} is started by message {name}, but so is {other}",
                    "Ge det ena ett annat meddelande.",
                    "Give one of them another message.",
                    name=name,
                    other=subject.label(other),
                )


# --- as a whole ----------------------------------------------------------------------------------------------------


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


def _kind(node: Node) -> str:
    return node.event.kind if node.event else "none"


def _triggers(node: Node) -> tuple[Event, ...]:
    return node.event.triggers if node.event else (Event(),)


def _leads_to_a_handler(node: Node) -> bool:
    return node.kind == "boundaryEvent" and _kind(node) == "compensate"


def _is_bare(subject: Subject, node: Node, flow: Flow) -> bool:
    return flow.condition is None and flow.id != node.default and flow.id not in subject.broken


RULES: tuple[Rule, ...] = (
    process_has_a_start,
    one_none_start,
    scope_has_an_end,
    sub_process_starts,
    start_has_no_incoming,
    end_has_no_outgoing,
    nodes_are_joined_by_flows,
    event_sub_process_stands_alone,
    ad_hoc_holds_what_it_may,
    quantities_can_come,
    flows_stay_in_their_scope,
    no_double_flows,
    conditions_stand_where_they_count,
    default_flow_leaves_its_node,
    splits_have_conditions,
    splits_have_a_default,
    gateways_split_or_merge,
    event_gateway_waits_for_events,
    events_fit_their_place,
    errors_interrupt,
    boundary_events_sit_on_activities,
    one_catcher_per_code,
    one_start_per_message,
    everything_can_be_reached,
)
