"""An element tree to graphs, straight: nodes, flows, scopes and lanes. What the elements say of themselves is read by
`events.py`, `activities.py` (with `people.py`), `loops.py` and `data.py`; what is compiled, by `texts.py`.

Tolerant by design: what is missing or wrong becomes a finding and leaves a gap, so that all findings of a file come at
once. A graph from a file with errors is for checking and showing only, never to be played.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from engine.bpmn.expressions import Expression, Template, compile_expression
from engine.bpmn.findings import Label, label, shown
from engine.bpmn.limits import LIMITS
from engine.bpmn.model import (
    EVENTS,
    FLOW_NODES,
    GLOBAL_TASKS,
    SUB_PROCESSES,
    Event,
    Facts,
    Flow,
    Graph,
    HumanWork,
    Lane,
    Node,
    Scope,
)
from engine.bpmn.read.activities import Activities, kind_of
from engine.bpmn.read.correlation import Correlations
from engine.bpmn.read.data import ProcessData
from engine.bpmn.read.document import Document, in_model, line_of, local, model
from engine.bpmn.read.events import THROWING, Events, definitions_of, host_of
from engine.bpmn.read.extensions import TRUE, camunda, form_of, is_true, properties_of
from engine.bpmn.read.links import link_flows
from engine.bpmn.read.loops import Loops
from engine.bpmn.read.says import say
from engine.bpmn.read.texts import Texts

MAX_QUANTITY = 1_000
"""Tokens that an activity takes or gives at a time."""
_CARRYING = frozenset({"message", "signal"})


def graph_of(document: Document, process: etree._Element, pool: str = "") -> Graph:
    """The graph of one `process` element, or of a global task; what it says that cannot be read is added to the
    document's findings."""
    reader = _GlobalTask if local(process) in GLOBAL_TASKS else _Process
    return reader(document, process, pool).graph()


class _Process:
    def __init__(self, document: Document, process: etree._Element, pool: str) -> None:
        self._document = document
        self._process = process
        self._pool = pool
        self._elements: dict[str, etree._Element] = {}
        self._scope_of: dict[str, str] = {}
        self._scopes: dict[str, etree._Element] = {}
        self._data: ProcessData
        self._events: Events
        self._texts = Texts(document)
        self._activities = Activities(document, self._texts, lambda *said: self._events.message(*said))
        self._loops = Loops(
            document,
            self._texts.expression,
            lambda *thrown: self._events.implicit(*thrown),
            lambda data: self._data.items.variables.get(data),
        )

    def graph(self) -> Graph:
        key = self._id_of(self._process)
        self._collect(self._process, key, depth=0)
        self._data = ProcessData(self._document, self._scopes, self._texts.field)
        keys = Correlations(self._document, self._process, self._texts.field)
        self._events = Events(self._document, self._texts, keys, self._data.stores)
        takes = self._data.flow_of(self._process)  # first: the nodes refer to what the process takes and gives
        lanes = tuple(self._lanes())
        flows = (*self._flows(), *link_flows(self._elements, self._scope_of))
        nodes = self._nodes(flows, self._lane_of(lanes))
        properties = properties_of(self._process)
        return Graph(
            key=key,
            name=self._process.get("name") or self._pool or key,
            nodes=nodes,
            scopes=self._scopes_of(nodes),
            lanes=lanes,
            facts=self._facts(properties),
            number_series=properties.get("case.numberSeries"),
            starter_roles=_split(camunda(self._process, "candidateStarterGroups")),
            visible=dict(self._visible(properties)),
            properties=properties,
            documentation=_documentation(self._process),
            line=line_of(self._process),
            data=tuple(self._data.items.elements),
            takes=takes,
            stores=self._data.stores.known,
        )

    # --- nodes and flows

    def _id_of(self, element: etree._Element) -> str:
        found = element.get("id")
        if not found or not found.strip():
            say(self._document, element, "missing-id", line=line_of(element))
            found = f"{local(element)}@{line_of(element)}.{len(self._document.findings)}"
        return found

    def _collect(self, scope: etree._Element, scope_id: str, depth: int) -> None:
        self._scopes[scope_id] = scope
        if depth > LIMITS.depth:
            say(self._document, scope, "too-deep", most=LIMITS.depth)
            return
        for child in scope.iterchildren(etree.Element):
            if local(child) not in FLOW_NODES or not in_model(child):
                continue
            node = self._id_of(child)
            if node in self._elements or node in self._scopes:
                continue  # told as a repeated id
            self._elements[node] = child
            self._scope_of[node] = scope_id
            if local(child) in SUB_PROCESSES:
                self._collect(child, node, depth + 1)

    def _flows(self) -> Iterator[Flow]:
        seen: set[str] = set()
        for scope in self._scopes.values():
            for element in scope.iterchildren(model("sequenceFlow")):
                source, target = element.get("sourceRef", ""), element.get("targetRef", "")
                flow = self._id_of(element)
                if flow in seen:
                    continue
                seen.add(flow)
                if source in self._elements and target in self._elements:
                    condition = self._condition(element)
                    yield Flow(flow, source, target, element.get("name", ""), condition, line_of(element))
                elif {source, target} <= self._document.by_id.keys():
                    end = target if source in self._elements else source
                    other = self._document.by_id[end]
                    other_label = label(local(other), end, other.get("name", ""))
                    say(self._document, element, "flow-leaves-process", other=other_label)

    def _condition(self, flow: etree._Element) -> Expression | None:
        element = flow.find(model("conditionExpression"))
        if element is None or element.get("language", "trappa") != "trappa":  # another language is refused by name
            return None
        return self._texts.compiled(compile_expression, flow, element.text or "", Label("villkoret", "the condition"))

    def _nodes(self, flows: tuple[Flow, ...], lanes: Mapping[str, str]) -> dict[str, Node]:
        incoming: dict[str, list[Flow]] = {}
        outgoing: dict[str, list[Flow]] = {}
        boundary: dict[str, list[str]] = {}
        handlers = self._compensation_handlers()
        for flow in flows:
            outgoing.setdefault(flow.source, []).append(flow)
            incoming.setdefault(flow.target, []).append(flow)
        for node, element in self._elements.items():
            if (host := self._host(element)) is not None:
                boundary.setdefault(host, []).append(node)
        nodes = {}
        for node, element in self._elements.items():
            nodes[node] = self._node(
                node,
                element,
                incoming=tuple(incoming.get(node, ())),
                outgoing=tuple(outgoing.get(node, ())),
                boundary=tuple(boundary.get(node, ())),
                compensated_by=tuple(handlers.get(node, ())),
                lane=lanes.get(node),
            )
            self._check_direction(element, nodes[node])
        return nodes

    def _compensation_handlers(self) -> dict[str, list[str]]:
        """Compensation boundary event -> the activities its associations lead to (§10.7.1). One that is drawn the other
        way round counts where it has no arrow."""
        handlers: dict[str, list[str]] = {}
        for association in self._document.root.iter(model("association")):
            ends = [(association.get(end) or "").rpartition(":")[2] for end in ("sourceRef", "targetRef")]
            if association.get("associationDirection", "None") != "One" and self._compensates(ends[1]):
                ends.reverse()
            event, handler = ends
            if self._compensates(event) and handler in self._elements and local(self._elements[handler]) not in EVENTS:
                handlers.setdefault(event, []).append(handler)
        return handlers

    def _compensates(self, event: str) -> bool:
        element = self._elements.get(event)
        if element is None or local(element) != "boundaryEvent":
            return False
        definitions = definitions_of(self._document, element)
        return any(local(definition) == "compensateEventDefinition" for definition in definitions)

    def _scopes_of(self, nodes: Mapping[str, Node]) -> dict[str, Scope]:
        inside: dict[str, list[Node]] = {scope: [] for scope in self._scopes}
        for node in nodes.values():
            inside[node.scope].append(node)
        scopes = {}
        for scope, members in inside.items():
            starts = [node.id for node in members if node.kind == "startEvent" or node.instantiate]
            listening = tuple(node.id for node in members if node.triggered_by_event)
            entries = tuple(starts or (node.id for node in members if _may_start(node)))
            scopes[scope] = Scope(scope, entries, listening, self._data.items.locals.get(scope, frozenset()))
        return scopes

    def _host(self, element: etree._Element) -> str | None:
        host = host_of(self._document, element)
        return None if host is None else host.get("id")

    def _node(self, node: str, element: etree._Element, **around: Any) -> Node:
        kind = kind_of(element)
        properties = properties_of(element)
        inputs, outputs = (
            self._texts.parameters(element, "inputParameter"),
            self._texts.parameters(element, "outputParameter"),
        )
        details = self._details(element, properties)
        event: Event | None = details.get("event")
        if kind in THROWING and event is not None and any(one.kind in _CARRYING for one in event.triggers):
            details["event"], inputs = _carrying(event, inputs), {}
        data = self._data.flow_of(element)  # first: a loop may refer to what it finds
        return Node(
            id=node,
            kind=kind,
            scope=self._scope_of[node],
            name=element.get("name", ""),
            documentation=_documentation(element),
            line=line_of(element),
            default=element.get("default"),
            attached_to=self._host(element),
            interrupting=is_true(element, "cancelActivity", "true") and is_true(element, "isInterrupting", "true"),
            loop=self._loops.multi_instance(element, properties | self._loop_properties(element)),
            standard_loop=self._loops.standard(element),
            start_quantity=self._quantity(element, "startQuantity"),
            completion_quantity=self._quantity(element, "completionQuantity"),
            triggered_by_event=is_true(element, "triggeredByEvent"),
            for_compensation=is_true(element, "isForCompensation"),
            inputs=inputs,
            outputs=outputs,
            data=data,
            async_before=camunda(element, "asyncBefore") in TRUE or camunda(element, "async") in TRUE,
            properties=properties,
            **around,
            **details,
        )

    def _details(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        """What a node of its kind has besides what all have."""
        kind = local(element)
        if kind in EVENTS:
            form = form_of(element) if kind == "startEvent" else None
            return {
                "event": self._events.event(element, properties),
                "work": None if form is None else HumanWork(form=form),
            }
        if kind == "eventBasedGateway":
            parallel = element.get("eventGatewayType") == "Parallel"
            return {"instantiate": is_true(element, "instantiate"), "parallel": parallel}
        if kind == "complexGateway":
            text = element.findtext(model("activationCondition"))
            return {"activation": self._texts.expression(element, text, "activationCondition")}
        return self._activities.details(element, properties)

    def _check_direction(self, gateway: etree._Element, node: Node) -> None:
        """§8.4.9: what the attribute gatewayDirection promises. Execution does not rest on it, hence a warning."""
        direction = gateway.get("gatewayDirection", "Unspecified")
        arriving, leaving = len(node.incoming), len(node.outgoing)
        if {
            "Converging": leaving > 1 or arriving < 2,
            "Diverging": arriving > 1 or leaving < 2,
            "Mixed": arriving < 2 or leaving < 2,
        }.get(direction, False):
            counts = {"arriving": arriving, "leaving": leaving}
            say(self._document, gateway, "gateway-direction", direction=direction, **counts)

    # --- lanes

    def _lanes(self) -> Iterator[Lane]:
        for lane in self._process.iter(model("lane")):
            name = lane.get("name", "")
            lane_id = self._id_of(lane)
            references = lane.iterchildren(model("flowNodeRef"))
            inside = {(reference.text or "").strip().rpartition(":")[2] for reference in references}
            role = properties_of(lane).get("role") or name
            yield Lane(lane_id, name, role, frozenset(inside & self._elements.keys()), line_of(lane))

    def _lane_of(self, lanes: tuple[Lane, ...]) -> dict[str, str]:
        """Node -> the innermost lane it is in; what lies inside a sub-process, or on an edge, is where that is."""
        found: dict[str, str] = {}
        for lane in lanes:  # a lane within a lane comes later, and wins
            found.update(dict.fromkeys(lane.nodes, lane.id))
        for node, element in self._elements.items():
            around = self._host(element) or self._scope_of[node]
            if node not in found and around in found:
                found[node] = found[around]
        return found

    def _loop_properties(self, element: etree._Element) -> dict[str, str]:
        found = element.find(model("multiInstanceLoopCharacteristics"))
        return {} if found is None else properties_of(found)

    def _quantity(self, element: etree._Element, attribute: str) -> int:
        text = element.get(attribute, "1").strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        if not 1 <= number <= MAX_QUANTITY:
            say(self._document, element, "quantity", attribute=attribute, most=MAX_QUANTITY)
            return 1
        return number

    # --- extensions

    def _facts(self, properties: Mapping[str, str]) -> Facts:
        facts: dict[str, Template | None] = {}
        for name, text in properties.items():
            if name in _FACTS:
                facts[_FACTS[name]] = self._texts.text(self._process, text, name)
            elif name.startswith("case.") and name != "case.numberSeries":
                known = ", ".join([*_FACTS, "case.numberSeries"])
                say(self._document, self._process, "unknown-property", name=shown(name), known=known)
        return Facts(**facts)

    def _visible(self, properties: Mapping[str, str]) -> Iterator[tuple[str, Template]]:
        for name, text in properties.items():
            if name.startswith("visible.") and (candidates := self._texts.text(self._process, text, name)) is not None:
                yield name.removeprefix("visible."), candidates


class _GlobalTask(_Process):
    """A global task (§10.3.6): a graph of one task, so that calling it is like calling a process."""

    def graph(self) -> Graph:
        element, key = self._process, self._id_of(self._process)
        start, task, end = (f"{key}.{part}" for part in ("start", "task", "end"))
        self._scope_of[task], line = key, line_of(element)
        self._data = ProcessData(self._document, {key: element}, self._texts.field)
        first, last = Flow(f"{key}.first", start, task, line=line), Flow(f"{key}.last", task, end, line=line)
        node = self._node(task, element, incoming=(first,), outgoing=(last,), boundary=(), lane=None)
        nodes = {
            start: Node(start, "startEvent", key, line=line, outgoing=(first,), event=Event()),
            task: replace(node, name=node.name or key, data=None),
            end: Node(end, "endEvent", key, line=line, incoming=(last,), event=Event()),
        }
        return Graph(
            key=key,
            name=element.get("name") or key,
            nodes=nodes,
            scopes={key: Scope(key, (start,))},
            properties=properties_of(element),
            documentation=_documentation(element),
            line=line,
            kind=local(element),
            takes=self._data.flow_of(element),
        )


_FACTS = {
    "case.title": "title",
    "case.status": "status",
    "case.party": "party",
    "case.area": "area",
    "case.businessKey": "business_key",
    "case.sealedTo": "sealed_to",
    "case.readers": "readers",
}


def _may_start(node: Node) -> bool:
    """§13.3.4: where nothing says where to start, what no flow leads to does."""
    outside_the_flow = node.kind == "boundaryEvent" or node.triggered_by_event or node.for_compensation
    return not node.incoming and not outside_the_flow


def _carrying(event: Event, payload: Mapping[str, Template]) -> Event:
    """The event with what it takes along: each message and signal of it the same."""
    parts = tuple(_carrying(part, payload) for part in event.parts)
    return replace(event, parts=parts, payload=payload if event.kind in _CARRYING else {})


def _documentation(element: etree._Element) -> str:
    return (element.findtext(model("documentation")) or "").strip()


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
