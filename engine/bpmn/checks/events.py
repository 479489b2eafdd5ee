"""The static rules of BPMN 2.0.2 for events: which may stand where, what they catch, and several triggers in one."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.checks.subject import Rule, Subject, kind_of, triggers_of
from engine.bpmn.conditions import OF_THE_HOUSE
from engine.bpmn.expressions import Expression
from engine.bpmn.findings import Finding, Label, listed, shown
from engine.bpmn.model import ACTIVITIES, EVENTS, Event, Node

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

_ALLOWED_EVENTS: dict[str, tuple[Label, frozenset[str]]] = {
    # table 10.93; those that are refused by name are left out
    "start": (
        Label("en starthändelse i en process", "a start event of a process"),
        frozenset({"none", "message", "timer", "signal", "conditional"}),
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
        kinds = dict.fromkeys(event.kind for event in triggers_of(node))
        for kind in kinds.keys() & _EVENT_WORDS.keys() - allowed if node.id not in subject.broken else ():
            words = sorted(allowed, key=list(_EVENT_WORDS).index)
            yield subject.error(
                node,
                "event-type",
                "{who}: {place} kan vara {allowed}, men är {kind} (BPMN tabell 10.93)",
                "{who}: {place} may be {allowed}, but is {kind} (BPMN table 10.93)",
                "Byt händelsetyp.",
                "Change the trigger.",
                place=place,
                allowed=Label(
                    listed((_EVENT_WORDS[word][0] for word in words), "eller"),
                    listed((_EVENT_WORDS[word][1] for word in words), "or"),
                ),
                kind=Label(*_EVENT_WORDS[kind]),
            )


def _event_place(subject: Subject, node: Node) -> str:
    if node.kind != "startEvent":
        return node.kind
    if node.scope == subject.graph.key:
        return "start"
    return "event-sub" if subject.is_event_sub_process(node.scope) else "sub"


def errors_interrupt(subject: Subject) -> Iterator[Finding]:
    """§10.5.1: an error always interrupts."""
    for node in subject.nodes("boundaryEvent", "startEvent"):
        if any(event.kind == "error" for event in triggers_of(node)) and not node.interrupting:
            yield subject.error(
                node,
                "error-interrupts",
                "{who} fångar ett fel och ska avbryta, men är ritad som icke avbrytande",
                "{who} catches an error and should interrupt, but is drawn as non-interrupting",
                "Gör den avbrytande, eller använd en eskalering.",
                "Make it interrupting, or use an escalation.",
            )


def starts_interrupt_what_is_around_them(subject: Subject) -> Iterator[Finding]:
    """Table 10.87: isInterrupting has a meaning in an event sub-process only."""
    for node in subject.nodes("startEvent"):
        if not node.interrupting and not subject.is_event_sub_process(node.scope):
            yield subject.warning(
                node,
                "interrupts-nothing",
                "{who} är ritad som icke avbrytande, men utanför en händelsestyrd delprocess finns inget att avbryta",
                "{who} is drawn as non-interrupting, but outside an event sub-process there is nothing to interrupt",
                "Gör den till en vanlig starthändelse.",
                "Make it an ordinary start event.",
            )


def start_forms_are_shown(subject: Subject) -> Iterator[Finding]:
    """Our own: a form is filled in by who starts a case by hand, and nowhere else."""
    for node in subject.nodes("startEvent"):
        if node.work and node.work.form and _event_place(subject, node) + kind_of(node) != "startnone":
            yield subject.warning(
                node,
                "start-form",
                "{who} har ett formulär, som aldrig visas: det fylls i bara när någon startar ärendet för hand",
                "{who} has a form, which is never shown: it is filled in only where somebody starts the case by hand",
                "Flytta formuläret till processens start utan händelsetyp, eller till en användaruppgift.",
                "Move the form to the start event of the process that has no trigger, or to a user task.",
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
            caught = {(event.kind, event.name) for event in triggers_of(node) if event.kind in ("error", "escalation")}
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
        for name in dict.fromkeys(event.name for event in triggers_of(start) if event.kind == "message" and event.name):
            other = seen.setdefault(name, start)
            if other is not start and kind_of(start) != "parallelMultiple":
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


def conditions_can_come_true(subject: Subject) -> Iterator[Finding]:
    """§10.5.5: it is looked at when a variable that it names is written; where it names none, never again. Before there
    is a case it cannot read the case's data, but what is around: data stores, settings and the time."""
    for node, event in _triggers(subject):
        if event.condition is not None and node.kind == "startEvent" and node.scope == subject.graph.key:
            yield from _can_start(subject, node, event, event.condition)
        elif event.condition is not None and not event.condition.names:
            yield subject.error(
                node,
                "condition-without-variable",
                "{who} ska vänta på att uppgifter i ärendet ändras, men villkoret läser ingen variabel",
                "{who} should wait for data of the case to change, but its condition reads no variable",
                "Skriv ett villkor på variabler, eller använd en timer för det som beror på tiden.",
                "Write a condition on variables, or use a timer for what depends on time.",
            )


def _can_start(subject: Subject, node: Node, event: Event, condition: Expression) -> Iterator[Finding]:
    unknown = sorted(condition.names - event.stores.keys())
    if unknown:
        yield subject.error(
            node,
            "start-condition",
            "{who} startar processen, och dess villkor kan bara läsa datalager, inställningar och tid, men läser {name}"
            " (BPMN tabell 10.84)",
            "{who} starts the process, and its condition may read data stores, settings and the time only, but reads"
            " {name} (BPMN table 10.84)",
            "Rita datalagret i processen och använd dess namn. Uppgifter i ärendet finns inte förrän det har startat.",
            "Draw the data store in the process and use its name. There are no data of the case before it has begun.",
            name=shown(unknown[0]),
        )
    elif not condition.names and condition.calls.isdisjoint(OF_THE_HOUSE):
        yield subject.error(
            node,
            "condition-without-variable",
            "{who} startar processen när dess villkor blir sant, men villkoret kan aldrig ändras",
            "{who} starts the process when its condition becomes true, but the condition can never change",
            "Skriv ett villkor på ett datalager, en inställning eller tiden, som ${{today() >= '2027-01-01'}}.",
            "Write a condition on a data store, a setting or the time, such as ${{today() >= '2027-01-01'}}.",
        )


def _triggers(subject: Subject) -> Iterator[tuple[Node, Event]]:
    for node in subject.nodes():
        for event in node.event.triggers if node.event is not None and node.id not in subject.broken else ():
            yield node, event


# --- several triggers ------------------------------------------------------------------------------------------------


def some_are_alone(subject: Subject) -> Iterator[Finding]:
    """§10.5.5: a link is no trigger but half a flow. What is compensated is over already, and its event leads to no
    flow (§10.7.1); and a cancel belongs to a transaction that is undone first (Table 10.90): neither is one way among
    others to the same flow. Thrown, compensation is one of those that "will all be thrown" (Table 10.88)."""
    for node, event in _triggers(subject):
        is_thrown = event.kind == "compensate" and node.kind in _THROWING
        if event.kind in _ALONE and node.event is not event and not is_thrown:
            yield subject.error(
                node,
                "not-alone",
                "{who} har fler händelsetyper, men {kind} ska vara ensam på sin händelse ({table})",
                "{who} has several triggers, but {kind} should be alone on its event ({table})",
                "Rita den som en egen händelse.",
                "Draw it as an event of its own.",
                kind=_ALONE[event.kind][0],
                table=_ALONE[event.kind][1],
            )


_THROWING = ("intermediateThrowEvent", "endEvent")
_ALONE = {
    "link": (Label("en länk", "a link"), Label("BPMN 10.5.5", "BPMN 10.5.5")),
    "compensate": (Label("en kompensation", "a compensation"), Label("BPMN 10.7.1", "BPMN 10.7.1")),
    "cancel": (Label("ett avbrott", "a cancel"), Label("BPMN tabell 10.90", "BPMN table 10.90")),
}


def one_error_of_all(subject: Subject) -> Iterator[Finding]:
    """§10.5.6: an error ends what it comes from, so that of two that must both come the second never does."""
    for node in subject.nodes("boundaryEvent", "startEvent"):
        is_parallel = node.event is not None and node.event.kind == "parallelMultiple"
        errors = [event for event in triggers_of(node) if event.kind == "error"]
        if is_parallel and len(errors) > 1 and node.id not in subject.broken:
            yield subject.error(
                node,
                "parallel-multiple",
                "{who} väntar på att alla dess händelser kommer, men av {count} fel kommer bara ett: det avslutar det"
                " som det kommer från (BPMN 10.5.6)",
                "{who} waits for all of its triggers, but of {count} errors only one comes: it ends what it comes from"
                " (BPMN 10.5.6)",
                "Behåll ett av felen, eller rita dem som egna händelser.",
                "Keep one of the errors, or draw them as events of their own.",
                count=len(errors),
            )


RULES: tuple[Rule, ...] = (
    events_fit_their_place,
    errors_interrupt,
    starts_interrupt_what_is_around_them,
    start_forms_are_shown,
    boundary_events_sit_on_activities,
    one_catcher_per_code,
    one_start_per_message,
    conditions_can_come_true,
    some_are_alone,
    one_error_of_all,
)
