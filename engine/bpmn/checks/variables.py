"""Variables that are read on a path where nothing can have written them yet. Warnings, and wary of false alarms.

A flow over the graph: what may have been written (on any path) when a token comes to a step. What services, messages
and errors bring along is not known, so behind one of them anything may be there. What a case is started with is not
known either, except by form; hence a variable that nothing in the process ever writes is then taken to come from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from engine.bpmn.checks.subject import HUMAN, Subject, texts_of
from engine.bpmn.findings import Finding, shown
from engine.bpmn.model import Node

ALWAYS_THERE = frozenset({"startad_av", "planerad_tid"})
"""What the engine gives every case, or every case that a timer starts."""
IN_EACH_INSTANCE = frozenset({"loopCounter"}) | {
    prefix + counted
    for prefix in ("nrOf", "numberOf")
    for counted in ("Instances", "ActiveInstances", "CompletedInstances", "TerminatedInstances")
}
_EMPTY_HANDED = frozenset({"none", "timer", "link", "conditional"})
_AFTERWARDS = frozenset({"outputs", "data_given", "condition", "completion", "output_element"})
_NOT_OURS = frozenset({"returned", "message_path", "data_optional", "awaited"})
"""Read from the called case's variables or from what a message carries, not from ours; or only when it is there."""
_MOST_ROUNDS = 200_000

_GIVEN_AT_START, _ANYTHING = 1, 2  # bits; those of the variables come after


def variables_are_written_before_read(subject: Subject) -> Iterator[Finding]:
    flow = _Flow(subject)
    if not flow.settle():
        return
    told: set[str] = set()
    for node in subject.nodes():
        for name in sorted(flow.unwritten_at(node) - told):
            told.add(name)
            somewhere = name in flow.written
            yield subject.warning(
                node,
                "read-before-write",
                "{who} läser variabeln {name}, som inget steg före kan ha skrivit"
                if somewhere
                else "{who} läser variabeln {name}, som ingenting i processen skriver",
                "{who} reads variable {name}, which no step before it can have written"
                if somewhere
                else "{who} reads variable {name}, which nothing in the process writes",
                "Skriv variabeln tidigare, rätta namnet, eller fråga först med defined({name}).",
                "Write the variable earlier, correct the name, or ask first with defined({name}).",
                name=shown(name),
            )


class _Flow:
    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._paths = subject.paths
        self._bits: dict[str, int] = {}
        self.written = frozenset(name for node in subject.nodes() for name in self._writes(node))
        self._before: dict[str, int] = {}
        self._within: dict[str, int] = {}
        for node in subject.nodes():
            self._note_within(node.scope, self._given(node))

    def _bit(self, name: str) -> int:
        return self._bits.setdefault(name, 4 << len(self._bits))

    def _mask(self, names: frozenset[str] | set[str]) -> int:
        mask = 0
        for name in names:
            mask |= self._bit(name)
        return mask

    def _note_within(self, scope: str, given: int) -> None:
        nodes = self._subject.graph.nodes
        while True:
            self._within[scope] = self._within.get(scope, 0) | given
            if scope not in nodes:
                return
            scope = nodes[scope].scope

    def settle(self) -> bool:
        """Follow all paths until nothing changes; False where that takes too long to be worth it."""
        ahead = deque(self._paths.first)
        self._before = dict.fromkeys(ahead, self._mask(ALWAYS_THERE))
        for _ in range(_MOST_ROUNDS):
            if not ahead:
                return True
            step = ahead.popleft()
            after = self._after(step)
            for following in self._paths.after(step):
                known = self._before.get(following)
                if known is None or after & ~known:
                    self._before[following] = after | (known or 0)
                    ahead.append(following)
        return False

    def _after(self, step: str) -> int:
        before = self._before[step]
        node = self._subject.graph.nodes.get(step)
        if node is None:  # the end of a sub-process
            return before | self._mask(self._writes(self._subject.graph.nodes[step[:-1]]))
        return before | self._mask(_own_names(node)) | self._meanwhile(node) | self._given(node)

    def _meanwhile(self, node: Node) -> int:
        """What may have been written while the activity that an event interrupts, or listens to, was under way."""
        if node.attached_to is not None:
            return self._within.get(node.attached_to, 0)
        return self._within.get(node.scope, 0) if node.triggered_by_event else 0

    def unwritten_at(self, node: Node) -> set[str]:
        if node.id not in self._before:
            return set()  # unreachable, which is told elsewhere
        before = self._before[node.id] | self._mask(_own_names(node)) | self._meanwhile(node)
        after = before | self._mask(self._own_writes(node) | self._writes(node)) | self._brought(node)
        if node.id in self._subject.graph.scopes:
            after |= self._within.get(node.id, 0)
        missing = {name for name in self._asked_by_table(node) if not self._may_be_there(name, before)}
        for field, text in texts_of(node):
            if field not in _NOT_OURS:
                asked_afterwards = field == "loop_condition" and not _asked_before(node)
                known = after if field in _AFTERWARDS or asked_afterwards else before
                missing |= {name for name in text.required if not self._may_be_there(name, known)}
        return missing

    def _asked_by_table(self, node: Node) -> Iterator[str]:
        decision = self._subject.decisions.get(node.decision.key) if node.decision else None
        yield from decision.reads if decision else ()

    def _may_be_there(self, name: str, known: int) -> bool:
        if known & _ANYTHING or known & self._bits.get(name, 0):
            return True
        return bool(known & _GIVEN_AT_START) and name not in self.written

    def _given(self, node: Node) -> int:
        """What reaches the scope around when the node ends."""
        given = self._mask(self._writes(node))
        return given if node.outputs or (node.data and node.data.outputs) else given | self._brought(node)

    def _writes(self, node: Node) -> set[str]:
        """What the node writes by name into the scope around."""
        names = set(node.outputs) or self._own_writes(node)
        if node.data:
            names = (set() if node.data.outputs else names - node.data.own) | {
                one.target for one in node.data.given if one.store is None
            }
        if node.loop and node.loop.output_collection:
            names.add(node.loop.output_collection)
        return names

    def _own_writes(self, node: Node) -> set[str]:
        names: set[str] = set()
        if node.script:
            names |= node.script.writes
        if node.decision:
            names.add(node.decision.result_variable)
        if node.call:
            names |= node.call.outputs.keys()
        if node.event:
            for event in node.event.triggers:
                names |= {name for name in (event.code_variable, event.message_variable) if name}
        if node.work and node.work.form:
            names |= self._subject.forms.get(node.work.form, frozenset())
        if "by" in node.properties:
            names.add(node.properties["by"])
        return names

    def _brought(self, node: Node) -> int:
        """What comes without our knowing its names."""
        form = node.work.form if node.work else None
        kind = node.event.kind if node.event else "none"
        if node.kind == "startEvent" and kind == "none" and node.scope == self._subject.graph.key:
            return 0 if form in self._subject.forms else _GIVEN_AT_START
        if node.kind == "eventBasedGateway" and node.instantiate:
            return _ANYTHING  # the message that the case started with
        if node.kind in HUMAN:
            return 0 if form in self._subject.forms else _ANYTHING
        catches = node.kind in ("startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask")
        brings = any(event.kind not in _EMPTY_HANDED for event in node.event.triggers) if node.event else False
        if node.topic or (node.call and node.call.all_out) or (catches and brings):
            return _ANYTHING
        return 0


def _asked_before(node: Node) -> bool:
    return node.standard_loop is not None and node.standard_loop.test_before


def _own_names(node: Node) -> set[str]:
    """What is there only while the activity is under way; counted as there from then on, to be wary."""
    names = set(node.inputs) | ({*node.data.own, *node.data.outputs} if node.data else set())
    if node.kind == "complexGateway":
        names |= {"activationCount", "waitingForStart", *(flow.id for flow in node.incoming)}
    if node.data:
        names |= {name for one in (*node.data.taken, *node.data.given) for name in one.stores}
    if node.standard_loop:
        names.add("loopCounter")
    if node.loop:
        names |= IN_EACH_INSTANCE | {name for name in (node.loop.element_variable, node.loop.output_item) if name}
    return names


RULES = (variables_are_written_before_read,)
