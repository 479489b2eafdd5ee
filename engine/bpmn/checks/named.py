"""Our own rules: what a process names by name exists: forms, handlers, decisions, processes, functions, settings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from engine.bpmn.checks.subject import HUMAN, CheckContext, Compiled, Rule, Subject, texts_of, texts_of_graph
from engine.bpmn.dmn import Decision
from engine.bpmn.expressions import BUILTINS
from engine.bpmn.findings import Finding, Label, Place, label, listed, shown
from engine.bpmn.model import Graph, Node

_NOT_LISTED = 12  # names to suggest from, at most

Texts = tuple[str, str, str, str]


def _unknown(
    subject: Subject, what: Node | Graph, rule: str, texts: Texts, name: str, known: Collection[str]
) -> Finding:
    """`what` names something that is not there; `{known}` in the texts says what is, or what may be meant."""
    return subject.error(what, rule, *texts, name=shown(name), known=suggestion(name, known))


def forms_exist(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes(*HUMAN, "startEvent"):
        form = node.work.form if node.work else None
        if form is not None and form not in subject.forms:
            yield _unknown(subject, node, "unknown-form", _UNKNOWN_FORM, form, subject.forms)


_UNKNOWN_FORM = (
    "{who} visar formuläret ”{name}”, men filen forms/{name}.json finns inte med",
    '{who} shows form "{name}", but there is no file forms/{name}.json',
    "Lägg till filen, eller rätta formulärnyckeln. {known}",
    "Add the file, or correct the form key. {known}",
)


def handlers_exist(subject: Subject) -> Iterator[Finding]:
    """R38: only handlers that were reviewed and registered."""
    known = subject.context.topics
    for node in subject.nodes("serviceTask", "sendTask", "businessRuleTask"):
        if node.id in subject.broken:
            continue
        if node.topic is None and node.event is None and node.decision is None:
            yield subject.error(
                node,
                "no-topic",
                "{who} ska säga vad den gör, men har inget ämne (topic)",
                "{who} should say what it does, but has no topic",
                "Välj Implementation: External och ange ämnet.",
                "Choose Implementation: External and give the topic.",
            )
        elif node.topic is not None and node.event is not None:
            yield subject.error(
                node,
                "no-topic",
                "{who} ska antingen sända ett meddelande eller ha ett ämne (topic), men har båda",
                "{who} should either send a message or have a topic, but has both",
                "Ta bort det ena.",
                "Remove one of them.",
            )
        elif node.topic is not None and known is not None and node.topic not in known:
            yield _unknown(subject, node, "unknown-topic", _UNKNOWN_TOPIC, node.topic, known)


_UNKNOWN_TOPIC = (
    "{who} har ämnet ”{name}”, som ingen hanterare svarar för",
    '{who} has topic "{name}", for which there is no handler',
    "Rätta ämnet, eller låt någon skriva hanteraren. {known}",
    "Correct the topic, or have the handler written. {known}",
)


def decisions_exist(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes("businessRuleTask"):
        if node.decision and node.decision.key not in subject.decisions:
            yield _unknown(subject, node, "unknown-decision", _UNKNOWN_DECISION, node.decision.key, subject.decisions)


_UNKNOWN_DECISION = (
    "{who} frågar beslutstabellen ”{name}”, som inte finns bland processens filer utan fel",
    '{who} asks decision "{name}", which is not among the files of the process without errors',
    "Lägg till beslutstabellen (.dmn), eller rätta namnet. {known}",
    "Add the decision table (.dmn), or correct the name. {known}",
)


def called_processes_exist(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes("callActivity"):
        key = node.call.key.literal if node.call else None
        if node.call is None or key is None:
            continue
        own = key.strip() in subject.processes
        known = {*subject.processes, *(subject.context.processes or ())}
        if node.call.binding == "deployment":
            known = set(subject.processes)
        if subject.context.processes is not None and key.strip() not in known:
            yield _unknown(subject, node, "unknown-process", _UNKNOWN_PROCESS, key, known)
        elif own and node.call.binding != "version" and not subject.processes[key.strip()]:
            yield _unknown(subject, node, "called-start", _NOT_CALLED, key, ())


_UNKNOWN_PROCESS = (
    "{who} anropar processen ”{name}”, som inte finns",
    '{who} calls process "{name}", which does not exist',
    "Ta med den processen samtidigt, eller rätta namnet. {known}",
    "Bring that process along, or correct the name. {known}",
)
_NOT_CALLED = (  # §10.3.4, §13.3.4: a called process begins by its start event without trigger
    "{who} anropar processen ”{name}”, som ska ha en starthändelse utan händelsetyp, men inte har någon",
    '{who} calls process "{name}", which should have a start event without a trigger, but has none',
    "Rita en sådan starthändelse i den processen, eller starta den med ett meddelande.",
    "Draw such a start event in that process, or start it by a message.",
)


def functions_exist(subject: Subject) -> Iterator[Finding]:
    if subject.context.functions is None:
        return
    known = {*BUILTINS, *subject.context.functions}
    for owner, text in _all_texts(subject):
        for name in sorted(text.calls - known):
            yield _unknown(subject, owner, "unknown-function", _UNKNOWN_FUNCTION, name, known)


def decisions_use_known_functions(decisions: Iterable[Decision], context: CheckContext) -> Iterator[Finding]:
    """The same for decision tables, which belong to all processes beside them."""
    if context.functions is None:
        return
    known = {*BUILTINS, *context.functions}
    for table in decisions:
        for name in sorted(table.calls - known):
            yield Place(table.file, table.line, shown(table.key)).error(
                "unknown-function",
                *_UNKNOWN_FUNCTION,
                who=label("decision", table.key, table.name),
                name=shown(name),
                known=suggestion(name, known),
            )


_UNKNOWN_FUNCTION = (
    "{who} använder funktionen {name}, som inte finns",
    "{who} uses function {name}, which does not exist",
    "Rätta namnet. {known}",
    "Correct the name. {known}",
)


def settings_exist(subject: Subject) -> Iterator[Finding]:
    known = subject.context.settings
    if known is None:
        return
    for owner, text in _all_texts(subject):
        if "setting" not in text.calls:
            continue
        for _, name in re.findall(r"\bsetting\(\s*(['\"])([^'\"]*)\1", text.source):
            if name not in known:
                yield _unknown(subject, owner, "unknown-setting", _UNKNOWN_SETTING, name, known)


_UNKNOWN_SETTING = (
    "{who} läser inställningen ”{name}”, som inte finns",
    '{who} reads setting "{name}", which does not exist',
    "Rätta namnet, eller lägg till inställningen. {known}",
    "Correct the name, or add the setting. {known}",
)


def _all_texts(subject: Subject) -> Iterator[tuple[Node | Graph, Compiled]]:
    for _, text in texts_of_graph(subject.graph):
        yield subject.graph, text
    for node in subject.nodes():
        for _, text in texts_of(node):
            yield node, text


def suggestion(name: str, known: Collection[str]) -> Label:
    """What may be meant, or else what there is."""
    if close := get_close_matches(name[:80], known, n=1, cutoff=0.7):
        return Label(f"Menas {close[0]}?", f"Is {close[0]} meant?")
    if not known:
        return Label("Det finns inga än.", "There are none yet.")
    names = sorted(known)
    more = " …" if len(names) > _NOT_LISTED else ""
    return Label(
        f"De som finns är {listed(names[:_NOT_LISTED], 'och', _NOT_LISTED)}{more}.",
        f"There are {listed(names[:_NOT_LISTED], 'and', _NOT_LISTED)}{more}.",
    )


RULES: tuple[Rule, ...] = (
    forms_exist,
    handlers_exist,
    decisions_exist,
    called_processes_exist,
    functions_exist,
    settings_exist,
)
