"""What every rule looks at: one process with its file, the other files around it, and what the house knows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engine.bpmn.checks.paths import Paths
from engine.bpmn.dmn import Decision
from engine.bpmn.expressions import Expression, Script, Template
from engine.bpmn.findings import Finding, Label, Place, Value, label, shown
from engine.bpmn.model import GLOBAL_TASKS, DataFlow, Event, Flow, Graph, Lane, Node

HUMAN = frozenset({"userTask", "manualTask"})
Compiled = Expression | Template | Script


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What the house knows by name. None: not known here, so that nothing is checked against it.

    `functions` are those besides the built-in ones. `processes` are the keys that are deployed already.
    """

    roles: Collection[str] | None = None
    topics: Collection[str] | None = None
    functions: Collection[str] | None = None
    processes: Collection[str] | None = None
    settings: Collection[str] | None = None

    @classmethod
    def of_house(
        cls,
        reference: Mapping[str, Any],
        *,
        topics: Collection[str] | None = None,
        processes: Collection[str] | None = None,
        functions: Collection[str] | None = None,
        settings: Collection[str] = (),
    ) -> CheckContext:
        """With the roles and settings of the reference data, and `settings` besides."""
        roles = _keys(reference.get("roller"))
        named = _keys(reference.get("installningar"))
        return cls(roles or None, topics, functions, processes, {*named, *settings} if named else None)


def _keys(rows: Any) -> frozenset[str]:
    """Names of reference data, which is a mapping by name or a list of rows with their key."""
    return frozenset(rows if isinstance(rows, Mapping) else (row["nyckel"] for row in rows or ()))


@dataclass(frozen=True)
class Subject:
    """One process under check. `forms`: form key -> the fields it fills in. `broken`: ids that have errors already;
    `has_clear_ways`: none of those errors leaves it open which ways tokens take."""

    file: str
    graph: Graph
    context: CheckContext
    forms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    processes: Mapping[str, bool] = field(default_factory=dict)
    """The processes of the files at hand; can they be called: do they begin without a trigger?"""
    broken: frozenset[str] = frozenset()
    has_clear_ways: bool = True

    def nodes(self, *kinds: str) -> Iterator[Node]:
        return (node for node in self.graph.nodes.values() if not kinds or node.kind in kinds)

    @cached_property
    def inside(self) -> Mapping[str, list[Node]]:
        """Scope -> the nodes directly in it."""
        inside: dict[str, list[Node]] = {scope: [] for scope in self.graph.scopes}
        for node in self.graph.nodes.values():
            inside[node.scope].append(node)
        return inside

    @cached_property
    def lanes(self) -> Mapping[str | None, Lane]:
        return {lane.id: lane for lane in self.graph.lanes}

    @cached_property
    def paths(self) -> Paths:
        return Paths(self.graph)

    def is_event_sub_process(self, scope: str) -> bool:
        around = self.graph.nodes.get(scope)
        return around is not None and around.triggered_by_event

    def label(self, what: Node | Flow | Lane | Graph | str) -> Label:
        if isinstance(what, str):
            node = self.graph.nodes.get(what)
            return self.label(self.graph) if node is None else self.label(node)
        if isinstance(what, Node) and self.graph.kind in GLOBAL_TASKS:
            return label(self.graph.kind, self.graph.key, self.graph.name)
        if isinstance(what, Node):
            return label(what.kind, what.id, what.name)
        if isinstance(what, Graph):
            return label(what.kind, what.key, what.name if what.name != what.key else "")
        return label("sequenceFlow" if isinstance(what, Flow) else "lane", what.id, what.name)

    def error(
        self, what: Node | Flow | Lane | Graph, rule: str, sv: str, en: str, fix_sv: str, fix_en: str, **values: Value
    ) -> Finding:
        """An error about `what`, which the texts call `{who}`."""
        return self._place(what).error(rule, sv, en, fix_sv, fix_en, who=self.label(what), **values)

    def warning(
        self, what: Node | Flow | Lane | Graph, rule: str, sv: str, en: str, fix_sv: str, fix_en: str, **values: Value
    ) -> Finding:
        return self._place(what).warning(rule, sv, en, fix_sv, fix_en, who=self.label(what), **values)

    def _place(self, what: Node | Flow | Lane | Graph) -> Place:
        if self.graph.kind in GLOBAL_TASKS:  # all of it is one element of the file
            return Place(self.file, what.line, shown(self.graph.key, 200))
        return Place(self.file, what.line, shown(what.key if isinstance(what, Graph) else what.id, 200))


Rule = Callable[[Subject], Iterator[Finding]]
"""What looks at one process for one kind of mistake."""


def kind_of(node: Node) -> str:
    """What triggers an event; of what is no event, and of one without a trigger, none."""
    return node.event.kind if node.event else "none"


def triggers_of(node: Node) -> tuple[Event, ...]:
    return node.event.triggers if node.event else (Event(),)


def texts_of(node: Node) -> Iterator[tuple[str, Compiled]]:
    """Everything compiled in a node, with the name of its field; its flows' conditions too."""
    yield from (("inputs", text) for text in node.inputs.values())
    yield from (("outputs", text) for text in node.outputs.values())
    if node.data:
        yield from _texts_of_data(node.data)
    if node.script:
        yield "script", node.script
    if node.event:
        yield from _texts_of_event(node.event)
    if node.work:
        for name in ("candidates", "assignee", "due", "follow_up", "priority"):
            if (text := getattr(node.work, name)) is not None:
                yield name, text
    if node.loop:
        for name in ("cardinality", "collection", "completion", "output_element"):
            if (expression := getattr(node.loop, name)) is not None:
                yield name, expression
        yield from (("completion", one.condition) for one in node.loop.complex)
        for event in (node.loop.thrown, *(one.event for one in node.loop.complex)):
            yield from _texts_of_event(event) if event else ()
    if node.ad_hoc and node.ad_hoc.completion:
        yield "completion", node.ad_hoc.completion
    if node.standard_loop and node.standard_loop.condition:
        yield "loop_condition", node.standard_loop.condition
    if node.call:
        yield "key", node.call.key
        if node.call.business_key:
            yield "business_key", node.call.business_key
        yield from (("inputs", text) for text in node.call.inputs.values())
        yield from (("returned", text) for text in node.call.outputs.values())
    if node.activation:
        yield "activation", node.activation
    yield from (("condition", flow.condition) for flow in node.outgoing if flow.condition)


def _texts_of_data(data: DataFlow) -> Iterator[tuple[str, Compiled]]:
    """What an only input set requires must come; what is optional, or part of one set of several, may."""
    required = data.input_sets[0].required if len(data.input_sets) == 1 else ()
    for one in data.taken:
        must_come = one.target in required or not one.sources
        yield from (("data_taken" if must_come else "data_optional", text) for text in one.texts)
    yield from (("data_given", text) for one in data.given for text in one.texts)


def _texts_of_event(event: Event) -> Iterator[tuple[str, Compiled]]:
    if event.timer:
        yield "timer", event.timer
    if event.key:
        yield "correlation_key", event.key
    if event.condition:
        yield "awaited", event.condition
    if event.correlation:
        yield from (("correlation_key", text) for text in event.correlation.expected)
        yield from (("message_path", text) for text in event.correlation.paths)
    yield from (("payload", text) for text in event.payload.values())
    for part in event.parts:
        yield from _texts_of_event(part)


def texts_of_graph(graph: Graph) -> Iterator[tuple[str, Compiled]]:
    """What the process itself says in expressions: its facts, and who may see what."""
    for name in ("title", "status", "party", "area", "business_key", "sealed_to", "readers"):
        if (text := getattr(graph.facts, name)) is not None:
            yield name, text
    yield from (("visible", text) for text in graph.visible.values())
