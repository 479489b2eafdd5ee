"""What playing all ways of a process brings to light, in words (see `engine.bpmn.soundness`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from engine.bpmn import soundness
from engine.bpmn.checks.subject import Subject
from engine.bpmn.findings import Finding, Label, Value, listed, shown
from engine.bpmn.soundness import Problem

Texts = tuple[str, str, str, str]
"""What is wrong, and what to do about it: each in Swedish and in English."""

_LONGEST = 12
"""Elements of a path that are told; of a longer one the last."""


def process_is_sound(subject: Subject) -> Iterator[Finding]:
    """Asked last, where the ways are clear: how tokens may go, with a counter-example for what is wrong."""
    for problem in soundness.problems(subject.graph):
        yield replace(_TELL[problem.kind](subject, problem), path=problem.path)


def _path(subject: Subject, problem: Problem) -> str:
    names = soundness.named(subject.graph, problem.path)
    told = [shown(name, 40) for name in names[-_LONGEST:]]
    return " → ".join(["…", *told] if len(names) > _LONGEST else told)


def _flows(subject: Subject, problem: Problem) -> Label:
    """The flows that get no token, each by its name or by what it comes from."""
    sources = {
        flow.id: flow.name or subject.graph.nodes[flow.source].name or flow.source
        for flow in subject.graph.nodes[problem.node].incoming
    }
    names = [sources[flow] for flow in problem.missing]
    return Label(listed(names, "och"), listed(names, "and"))


def _warned(subject: Subject, problem: Problem, texts: Texts, **more: Value) -> Finding:
    """A warning about the element of the problem; the texts may call the way there `{path}`."""
    node = subject.graph.nodes.get(problem.node, subject.graph)
    sv, en, fix_sv, fix_en = texts
    rule = f"soundness/{problem.kind}"
    return subject.warning(node, rule, sv, en, fix_sv, fix_en, path=_path(subject, problem), **more)


def _deadlock(subject: Subject, problem: Problem) -> Finding:
    node = subject.graph.nodes[problem.node]
    if node.kind == "complexGateway":
        return _warned(subject, problem, _NEVER_HOLDS)
    if node.start_quantity > 1:
        return _warned(subject, problem, _TOO_FEW, count=node.start_quantity)
    return _warned(subject, problem, _NEVER_JOINED, flows=_flows(subject, problem))


_NEVER_HOLDS = (
    "{who} kan bli väntande för alltid på att villkoret för att gå vidare ska gälla: {path}",
    "{who} can wait for ever for its activation condition to hold, for example like this: {path}",
    "Ändra villkoret (activationCondition), eller se till att så många flöden kommer fram på alla vägar.",
    "Change the activation condition, or see to it that so many tokens come on all ways.",
)
_TOO_FEW = (
    "{who} kan bli väntande för alltid på att {count} flöden kommer dit, till exempel så här: {path}",
    "{who} can wait for ever for {count} tokens to come, for example like this: {path}",
    "Se till att så många flöden kommer fram, eller ändra startQuantity.",
    "See to it that so many tokens come, or change startQuantity.",
)
_NEVER_JOINED = (
    "{who} kan bli väntande för alltid på flödet från {flows}, till exempel så här: {path}",
    "{who} can wait for ever for the flow from {flows}, for example like this: {path}",
    "Samla ihop flöden med samma slags gateway som delade dem.",
    "Join flows with the kind of gateway that split them.",
)
_LEFT_BEHIND = (
    "{who} kan få ett flöde till när den redan har gått vidare, och det blir kvar för alltid: {path}",
    "{who} can get one more token when it has gone on already, which is left behind for ever: {path}",
    "Se till att lika många flöden kommer fram på varje väg in.",
    "See to it that as many tokens come on each flow into it.",
)
_ENDLESS = (
    "från {who} går det inte att komma till något slut; dit kommer man så här: {path}",
    "From {who} no end can be reached; the way there: {path}",
    "Rita en väg ut ur slingan.",
    "Draw a way out of the loop.",
)
_DEAD = (
    "{who} kan aldrig nås, hur flödena än går",
    "{who} can never be reached, whichever way the tokens go",
    "Rita om vägen dit, eller ta bort elementet.",
    "Draw the way there anew, or remove the element.",
)
_TWICE = (
    "{who} kan utföras flera gånger samtidigt, eftersom flera flöden kommer dit utan att samlas ihop: {path}",
    "{who} can be carried out several times at once, since tokens come to it without being joined: {path}",
    "Sätt en parallell eller inkluderande gateway före, om det ska göras en gång.",
    "Put a parallel or inclusive gateway before it, if it is to be done once.",
)


def _never_ends(subject: Subject, problem: Problem) -> Finding:
    return subject.error(
        subject.graph.nodes.get(problem.node, subject.graph),
        "soundness/never-ends",
        "{who} ska kunna bli klar, men ingen väg genom diagrammet leder till ett slut",
        "Expected {who} to be able to end, but no way through the diagram leads to an end.",
        "Se var flöden väntar på varandra eller går runt, och rita en väg till slutet.",
        "See where flows wait for each other or go round, and draw a way to the end.",
    )


def _undecided(subject: Subject, problem: Problem) -> Finding:
    return _warned(subject, problem, _WHY_NOT[problem.why])


_WHY_NOT = {
    soundness.TOO_LARGE: (
        "det går inte att avgöra om alla vägar genom {who} kommer till sitt slut, för de är för många",
        "Whether all ways through {who} come to their end is not decided, for there are too many",
        "Dela upp i delprocesser, eller prova med scenarier.",
        "Divide it into sub-processes, or try it with scenarios.",
    ),
    soundness.ON_DATA: (
        "det går inte att avgöra om alla vägar genom {who} kommer till sitt slut, för dess villkor beror på mer än hur"
        " många flöden som har kommit",
        "Whether all ways through {who} come to their end is not decided, for its condition depends on more than how"
        " many tokens have come",
        "Fråga bara efter activationCount och flödenas id:n i activationCondition, eller prova med scenarier.",
        "Ask for activationCount and the ids of the flows only in the activation condition, or try it with scenarios.",
    ),
    soundness.BY_PEOPLE: (
        "det går inte att avgöra om det som samlas i {who} blir fullständigt, för där väljer människor vad som görs",
        "Whether what is joined in {who} ever gets complete is not decided, for there people choose what is done",
        "Låt aktiviteterna där stå fria, eller prova med scenarier.",
        "Let the activities in it stand free, or try it with scenarios.",
    ),
}


_TELL: dict[str, Callable[[Subject, Problem], Finding]] = {
    soundness.DEADLOCK: _deadlock,
    soundness.LEFT_BEHIND: partial(_warned, texts=_LEFT_BEHIND),
    soundness.ENDLESS: partial(_warned, texts=_ENDLESS),
    soundness.NEVER_ENDS: _never_ends,
    soundness.DEAD: partial(_warned, texts=_DEAD),
    soundness.TWICE: partial(_warned, texts=_TWICE),
    soundness.UNDECIDED: _undecided,
}
