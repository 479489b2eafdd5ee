"""An element tree to graphs, straight: one method per thing that BPMN (and the camunda extensions we read) can say.

Tolerant by design: what is missing or wrong becomes a finding and leaves a gap, so that all findings of a file come at
once. A graph from a file with errors is for checking and showing only, never to be played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from lxml import etree

from engine.bpmn.expressions import Expression, Template, compile_expression, compile_script, template
from engine.bpmn.findings import Label, label, shown
from engine.bpmn.limits import LIMITS
from engine.bpmn.model import (
    EVENTS,
    FLOW_NODES,
    GLOBAL_TASKS,
    SUB_PROCESSES,
    AdHoc,
    Call,
    Decision,
    Event,
    Facts,
    Flow,
    Graph,
    HumanWork,
    Lane,
    Node,
    Scope,
)
from engine.bpmn.read.correlation import Correlations, has_message, message_of, operation_of
from engine.bpmn.read.data import ProcessData
from engine.bpmn.read.links import link_flows
from engine.bpmn.read.loops import DEFAULT_THROWN, Loops
from engine.bpmn.read.people import named_by
from engine.bpmn.read.says import hint, say
from engine.bpmn.read.xml import CAMUNDA, Document, in_model, line_of, local, model, resolve
from engine.calendar import TimerRule
from engine.errors import BadTime, ExpressionError

MAX_COMPILED = 300_000
"""Characters of all expressions of a file together, each counted with some more for the work it is."""
_EACH = 50
MAX_QUANTITY = 1_000
"""Tokens that an activity takes or gives at a time."""
_THROWING = frozenset({"endEvent", "intermediateThrowEvent", "sendTask"})
_CARRYING = frozenset({"message", "signal"})
_TRUE = frozenset({"true", "1"})

Compiled = TypeVar("Compiled")


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
        self._keys: Correlations
        self._loops = Loops(document, self._expression, self._implicit, lambda data: self._data.variables.get(data))

    def graph(self) -> Graph:
        key = self._id_of(self._process)
        self._collect(self._process, key, depth=0)
        self._data = ProcessData(self._document, self._scopes, self._field)
        self._keys = Correlations(self._document, self._process, self._field)
        takes = self._data.flow_of(self._process)  # first: the nodes refer to what the process takes and gives
        lanes = tuple(self._lanes())
        flows = (*self._flows(), *link_flows(self._elements, self._scope_of))
        nodes = self._nodes(flows, self._lane_of(lanes))
        properties = self._properties(self._process)
        return Graph(
            key=key,
            name=self._process.get("name") or self._pool or key,
            nodes=nodes,
            scopes=self._scopes_of(nodes),
            lanes=lanes,
            facts=self._facts(properties),
            number_series=properties.get("case.numberSeries"),
            starter_roles=_split(_camunda(self._process, "candidateStarterGroups")),
            visible=dict(self._visible(properties)),
            properties=properties,
            documentation=_documentation(self._process),
            line=line_of(self._process),
            data=tuple(self._data.elements),
            takes=takes,
            stores=self._data.stores,
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
        return self._compile(compile_expression, flow, element.text or "", Label("villkoret", "the condition"))

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
        return any(local(definition) == "compensateEventDefinition" for definition in self._definitions(element))

    def _scopes_of(self, nodes: Mapping[str, Node]) -> dict[str, Scope]:
        inside: dict[str, list[Node]] = {scope: [] for scope in self._scopes}
        for node in nodes.values():
            inside[node.scope].append(node)
        scopes = {}
        for scope, members in inside.items():
            starts = [node.id for node in members if node.kind == "startEvent" or node.instantiate]
            listening = tuple(node.id for node in members if node.triggered_by_event)
            entries = tuple(starts or (node.id for node in members if _may_start(node)))
            scopes[scope] = Scope(scope, entries, listening, self._data.locals.get(scope, frozenset()))
        return scopes

    def _host(self, element: etree._Element) -> str | None:
        if local(element) != "boundaryEvent":
            return None
        host = resolve(self._document, element, element.get("attachedToRef"))
        return None if host is None else host.get("id")

    def _node(self, node: str, element: etree._Element, **around: Any) -> Node:
        kind = _kind(element)
        properties = self._properties(element)
        inputs, outputs = self._parameters(element, "inputParameter"), self._parameters(element, "outputParameter")
        details: dict[str, Any] = _DETAILS[kind](self, element, properties) if kind in _DETAILS else {}
        event: Event | None = details.get("event")
        if kind in _THROWING and event is not None and any(one.kind in _CARRYING for one in event.triggers):
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
            interrupting=_is_true(element, "cancelActivity", "true") and _is_true(element, "isInterrupting", "true"),
            loop=self._loops.multi_instance(element, properties | self._loop_properties(element)),
            standard_loop=self._loops.standard(element),
            start_quantity=self._quantity(element, "startQuantity"),
            completion_quantity=self._quantity(element, "completionQuantity"),
            triggered_by_event=_is_true(element, "triggeredByEvent"),
            for_compensation=_is_true(element, "isForCompensation"),
            inputs=inputs,
            outputs=outputs,
            data=data,
            async_before=_camunda(element, "asyncBefore") in _TRUE or _camunda(element, "async") in _TRUE,
            properties=properties,
            **around,
            **details,
        )

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
            role = self._properties(lane).get("role") or name
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

    # --- events

    def _event(self, element: etree._Element, properties: Mapping[str, str]) -> Event:
        parts = tuple(self._trigger(element, definition, properties) for definition in self._definitions(element))
        if len(parts) < 2:
            if _is_true(element, "parallelMultiple"):
                say(self._document, element, "parallel-multiple-alone")
            return parts[0] if parts else Event()
        return Event("parallelMultiple" if _is_true(element, "parallelMultiple") else "multiple", parts=parts)

    def _trigger(self, element: etree._Element, definition: etree._Element, properties: Mapping[str, str]) -> Event:
        kind = local(definition).removesuffix("EventDefinition")
        read = _EVENTS.get(kind)
        return read(self, element, definition, properties) if read else Event(kind)

    def _definitions(self, element: etree._Element) -> Iterator[etree._Element]:
        """What stands in the event, and what it refers to among the definitions of the file (§10.5.5)."""
        for child in element.iterchildren(etree.Element):
            if local(child) == "eventDefinitionRef":
                if (found := resolve(self._document, child, child.text)) is not None:
                    yield found
            elif local(child).endswith("EventDefinition"):
                yield child

    def _message(self, element: etree._Element, definition: etree._Element, properties: Mapping[str, str]) -> Event:
        name = self._fixed_name(element, definition, "message")
        key = properties.get("correlationKey")
        if key:  # our own, simple way
            return Event("message", name, key=self._field(element, key, "correlationKey"))
        return Event("message", name, correlation=self._keys.of(element, message_of(self._document, definition)))

    def _signal(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        needs_all = _is_true(element, "parallelMultiple")
        if definition.get("signalRef") is None and not needs_all and self._throws_default(self._host(element)):
            return Event("signal")
        return Event("signal", self._fixed_name(element, definition, "signal"))

    def _conditional(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        text = (definition.findtext(model("condition")) or "").strip()
        if not text:
            say(self._document, element, "condition-missing")
        condition = self._expression(element, text, "condition")
        stores = self._data.watched_by(element, condition.names) if condition else {}
        return Event("conditional", condition=condition, stores=stores)

    def _link(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        return Event("link", definition.get("name", "").strip() or None)

    def _implicit(self, activity: etree._Element, definition: etree._Element) -> Event:
        """What a multi-instance activity throws; its properties stand at the definition, or the event around it."""
        around = definition.getparent()
        holder = definition if around is None or local(around) != "event" else around
        return self._trigger(activity, definition, self._properties(holder))

    def _throws_default(self, host: str | None) -> bool:
        """§10.3.8: behavior None or One may throw a signal without a name at the boundary of the activity."""
        found = self._elements[host].find(model("multiInstanceLoopCharacteristics")) if host in self._elements else None
        behavior = "All" if found is None else found.get("behavior", "All")
        return found is not None and behavior in DEFAULT_THROWN and found.get(DEFAULT_THROWN[behavior]) is None

    def _fixed_name(self, element: etree._Element, definition: etree._Element, kind: str) -> str | None:
        """The name of the message or signal that is meant; None, with a finding, where there is none."""
        reference = definition.get(f"{kind}Ref")
        found = resolve(self._document, definition, reference)
        if reference is not None and found is None:
            return None  # told as a dangling reference
        if kind == "message":
            found = message_of(self._document, definition)
        name = None if found is None else found.get("name")
        if not name:
            say(self._document, element, f"{kind}-missing")
        elif "${" in name:
            say(self._document, element, "name-not-fixed", name=shown(name))
        return name or None

    def _error_event(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        return Event(
            "error",
            self._code(element, definition, "error"),
            code_variable=_camunda(definition, "errorCodeVariable"),
            message_variable=_camunda(definition, "errorMessageVariable"),
        )

    def _escalation(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        code = self._code(element, definition, "escalation")
        return Event("escalation", code, code_variable=_camunda(definition, "escalationCodeVariable"))

    def _compensate(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        """Only who throws says which activity is meant; who catches knows it from where it stands (§10.5.5)."""
        if local(element) not in _THROWING:
            return Event("compensate")
        found = resolve(self._document, definition, definition.get("activityRef"))
        name = None if found is None else found.get("id")
        return Event("compensate", name, waits=_is_true(definition, "waitForCompletion", "true"))

    def _code(self, element: etree._Element, definition: etree._Element, kind: str) -> str | None:
        """The code; None catches any (§10.5.5), but cannot be thrown."""
        reference = definition.get(f"{kind}Ref")
        found = resolve(self._document, definition, reference)
        code = None if found is None else found.get(f"{kind}Code") or None
        if code is None and (found is not None or (reference is None and local(element) in _THROWING)):
            say(self._document, element, f"{kind}-code-missing")
        elif code is not None and "${" in code:
            say(self._document, element, "name-not-fixed/code", name=shown(code))
        return code

    def _timer(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        rules = [child for child in definition.iterchildren(etree.Element) if local(child) in _TIMER_KINDS]
        text = (rules[0].text or "").strip() if len(rules) == 1 else ""
        if not text:
            say(self._document, element, "timer/missing")
            return Event("timer")
        kind = local(rules[0])
        rule = self._text(element, text, "timer")
        if rule is not None and rule.literal is not None:
            self._check_timer(element, text, kind)
        return Event("timer", timer=rule, timer_kind=kind)

    def _check_timer(self, element: etree._Element, text: str, kind: str) -> None:
        try:
            fits = TimerRule.parse(text).kind in _TIMER_KINDS[kind]
        except BadTime as error:
            say(self._document, element, "timer/unreadable", error=Label(error.sv, error.en))
            return
        if not fits:
            say(self._document, element, "timer/kind", kind=kind, text=shown(text))

    # --- activities

    def _human(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        def said(attribute: str) -> str | None:
            text = _camunda(element, attribute)
            if text is None and _kind(element) == "manualTask":  # where modelling tools have no field for it
                text = properties.get(attribute)
            return text

        def given(attribute: str, otherwise: str | None = None) -> Template | None:
            text = said(attribute) or otherwise
            return self._text(element, text, attribute) if text else None

        named = named_by(self._document, element)
        if named.assignee and _camunda(element, "assignee"):
            say(self._document, element, "performer-twice")
        groups = ", ".join(filter(None, (said("candidateGroups"), named.candidates)))
        work = HumanWork(
            candidates=self._text(element, groups, "candidateGroups") if groups else None,
            assignee=given("assignee", named.assignee),
            due=given("dueDate"),
            follow_up=given("followUpDate"),
            priority=given("priority"),
            form=_form(element),
        )
        return {"work": work}

    def _start(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        form = _form(element)
        return {"event": self._event(element, properties), "work": None if form is None else HumanWork(form=form)}

    def _event_gateway(self, element: etree._Element, _: Mapping[str, str]) -> dict[str, Any]:
        parallel = element.get("eventGatewayType") == "Parallel"
        return {"instantiate": _is_true(element, "instantiate"), "parallel": parallel}

    def _complex_gateway(self, element: etree._Element, _: Mapping[str, str]) -> dict[str, Any]:
        text = element.findtext(model("activationCondition"))
        return {"activation": self._expression(element, text, "activationCondition")}

    def _plain_event(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        return {"event": self._event(element, properties)}

    def _topic(self, element: etree._Element) -> str | None:
        kind = _camunda(element, "type")
        if kind not in (None, "external"):
            say(self._document, element, "not-supported/type", kind=shown(kind or ""))
        return (_camunda(element, "topic") or "").strip() or None

    def _service(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        details: dict[str, Any] = {"topic": self._topic(element)}
        operation = operation_of(self._document, element)
        if local(element) == "serviceTask" and details["topic"] is None and operation is not None:
            details["topic"] = operation.get("name", "").strip() or None
        if local(element) == "sendTask" and has_message(element):
            details["event"] = self._message(element, element, properties)
        return details

    def _receive(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        return {"event": self._message(element, element, properties), "instantiate": _is_true(element, "instantiate")}

    def _script(self, element: etree._Element, _: Mapping[str, str]) -> dict[str, Any]:
        language = element.get("scriptFormat") or element.get("scriptLanguage") or ""
        if language != "trappa":
            say(self._document, element, "script-format", language=shown(language))
            return {}
        text = element.findtext(model("script")) or ""
        return {"script": self._compile(compile_script, element, text, Label("skriptet", "the script"))}

    def _rule(self, element: etree._Element, _: Mapping[str, str]) -> dict[str, Any]:
        """Decided by a decision table, or by a handler."""
        if (topic := self._topic(element)) is not None:
            return {"topic": topic}
        key, variable = _camunda(element, "decisionRef"), _camunda(element, "resultVariable")
        mapping = _camunda(element, "mapDecisionResult") or "resultList"
        if not key or "${" in key or not variable or mapping not in _DECISION_RESULTS:
            say(self._document, element, "decision-missing")
            return {}
        return {"decision": Decision(key, variable, mapping)}

    def _call(self, element: etree._Element, _: Mapping[str, str]) -> dict[str, Any]:
        key = _without_prefix(element, element.get("calledElement", "").strip())
        binding = _camunda(element, "calledElementBinding") or "latest"
        version = _camunda(element, "calledElementVersion") or ""
        number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
        if not key or binding not in ("latest", "deployment", "version") or (binding == "version" and number is None):
            say(self._document, element, "call-missing")
            return {}
        called = self._text(element, key, "calledElement")
        if called is None:
            return {}
        return {"call": Call(called, binding, number if binding == "version" else None, **self._passed(element))}

    def _ad_hoc(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        groups = properties.get("candidateGroups")
        condition = (element.findtext(model("completionCondition")) or "").strip()
        return {
            "ad_hoc": AdHoc(
                is_sequential=element.get("ordering", "").strip() == "Sequential",
                completion=self._expression(element, condition, "completionCondition"),
                cancel_remaining=_is_true(element, "cancelRemainingInstances", "true"),
            ),
            "work": HumanWork(self._text(element, groups, "candidateGroups")) if groups else None,
        }

    def _passed(self, element: etree._Element) -> dict[str, Any]:
        passed: dict[str, Any] = {"inputs": {}, "outputs": {}}
        for extension in _extensions(element, "in", "out"):
            way = local(extension)
            target, expression = extension.get("target", ""), extension.get("sourceExpression", "")
            source = expression or extension.get("source", "")
            if extension.get("businessKey") is not None:
                passed["business_key"] = self._text(element, extension.get("businessKey", ""), "businessKey")
            elif extension.get("variables") == "all":
                passed[f"all_{way}"] = True
            elif not target or not source:
                say(self._document, element, "call-missing/variable")
            elif (value := self._field(element, source, target)) is not None:
                passed[f"{way}puts"][target] = value
        return passed

    def _loop_properties(self, element: etree._Element) -> dict[str, str]:
        found = element.find(model("multiInstanceLoopCharacteristics"))
        return {} if found is None else self._properties(found)

    def _quantity(self, element: etree._Element, attribute: str) -> int:
        text = element.get(attribute, "1").strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
        if not 1 <= number <= MAX_QUANTITY:
            say(self._document, element, "quantity", attribute=attribute, most=MAX_QUANTITY)
            return 1
        return number

    # --- extensions

    def _properties(self, element: etree._Element) -> dict[str, str]:
        return {
            name: entry.get("value", "")
            for holder in _extensions(element, "properties")
            for entry in holder.iterchildren(f"{{{CAMUNDA}}}property")
            if (name := entry.get("name"))
        }

    def _parameters(self, element: etree._Element, kind: str) -> dict[str, Template]:
        parameters: dict[str, Template] = {}
        for holder in _extensions(element, "inputOutput"):
            for entry in holder.iterchildren(f"{{{CAMUNDA}}}{kind}"):
                name = entry.get("name", "").strip()
                if len(entry):  # a list, map or script: refused by name
                    continue
                if not name:
                    say(self._document, element, "parameter")
                elif (value := self._text(element, entry.text or "", name)) is not None:
                    parameters[name] = value
        return parameters

    def _facts(self, properties: Mapping[str, str]) -> Facts:
        facts: dict[str, Template | None] = {}
        for name, text in properties.items():
            if name in _FACTS:
                facts[_FACTS[name]] = self._text(self._process, text, name)
            elif name.startswith("case.") and name != "case.numberSeries":
                known = ", ".join([*_FACTS, "case.numberSeries"])
                say(self._document, self._process, "unknown-property", name=shown(name), known=known)
        return Facts(**facts)

    def _visible(self, properties: Mapping[str, str]) -> Iterator[tuple[str, Template]]:
        for name, text in properties.items():
            if name.startswith("visible.") and (candidates := self._text(self._process, text, name)) is not None:
                yield name.removeprefix("visible."), candidates

    # --- texts that are compiled

    def _text(self, element: etree._Element, text: str, field: str) -> Template | None:
        """A text that may hold `${…}`."""
        return self._compile(template, element, text, _field(field))

    def _field(self, element: etree._Element, text: str, field: str) -> Template | None:
        """An expression, bare or in `${…}`, kept as a template."""
        return self._text(element, text if "${" in text else f"${{{text}}}", field)

    def _expression(self, element: etree._Element, text: str | None, field: str) -> Expression | None:
        return self._compile(compile_expression, element, text, _field(field)) if text else None

    def _compile(
        self, compiler: Callable[[str], Compiled], element: etree._Element, text: str, field: Label
    ) -> Compiled | None:
        before, self._document.compiled = self._document.compiled, self._document.compiled + len(text) + _EACH
        if self._document.compiled > MAX_COMPILED:
            if before <= MAX_COMPILED:
                say(self._document, element, "too-many-expressions", most=MAX_COMPILED // 1000)
            return None
        try:
            return compiler(text)
        except ExpressionError as error:
            sv, en = error.sv.rstrip("."), error.en.rstrip(".")
            if error.line is not None:
                sv, en = f"{sv} (rad {error.line})", f"{en} (line {error.line})"
            advice = hint(text, in_script=local(element) == "scriptTask")
            say(self._document, element, "expression", field=field, error=Label(sv, en), hint=advice)
            return None


class _GlobalTask(_Process):
    """A global task (§10.3.6): a graph of one task, so that calling it is like calling a process."""

    def graph(self) -> Graph:
        element, key = self._process, self._id_of(self._process)
        start, task, end = (f"{key}.{part}" for part in ("start", "task", "end"))
        self._scope_of[task], line = key, line_of(element)
        self._data = ProcessData(self._document, {key: element}, self._field)
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
            properties=self._properties(element),
            documentation=_documentation(element),
            line=line,
            kind=local(element),
            takes=self._data.flow_of(element),
        )


_EVENTS: dict[str, Callable[[_Process, etree._Element, etree._Element, Mapping[str, str]], Event]] = {
    "message": _Process._message,
    "signal": _Process._signal,
    "error": _Process._error_event,
    "escalation": _Process._escalation,
    "compensate": _Process._compensate,
    "timer": _Process._timer,
    "conditional": _Process._conditional,
    "link": _Process._link,
}
_DETAILS: dict[str, Callable[[_Process, etree._Element, Mapping[str, str]], dict[str, Any]]] = {
    "userTask": _Process._human,
    "manualTask": _Process._human,
    "serviceTask": _Process._service,
    "sendTask": _Process._service,
    "receiveTask": _Process._receive,
    "scriptTask": _Process._script,
    "businessRuleTask": _Process._rule,
    "callActivity": _Process._call,
    "eventBasedGateway": _Process._event_gateway,
    "complexGateway": _Process._complex_gateway,
    "adHocSubProcess": _Process._ad_hoc,
    "startEvent": _Process._start,
    "endEvent": _Process._plain_event,
    "intermediateCatchEvent": _Process._plain_event,
    "intermediateThrowEvent": _Process._plain_event,
    "boundaryEvent": _Process._plain_event,
}
_TIMER_KINDS = {
    "timeDate": frozenset({"date"}),
    "timeDuration": frozenset({"duration"}),
    "timeCycle": frozenset({"cycle", "cron"}),
}
_DECISION_RESULTS = frozenset({"singleEntry", "singleResult", "collectEntries", "resultList"})
_FACTS = {
    "case.title": "title",
    "case.status": "status",
    "case.party": "party",
    "case.area": "area",
    "case.businessKey": "business_key",
    "case.sealedTo": "sealed_to",
    "case.readers": "readers",
}


def _kind(element: etree._Element) -> str:
    return GLOBAL_TASKS.get(local(element), local(element))


def _without_prefix(element: etree._Element, name: str) -> str:
    """A called element is a QName: `tns:fraga`, of this file or of one that is deployed with it, is `fraga`."""
    prefix, colon, bare = name.rpartition(":")
    return bare if colon and prefix in element.nsmap else name


def _may_start(node: Node) -> bool:
    """§13.3.4: where nothing says where to start, what no flow leads to does."""
    outside_the_flow = node.kind == "boundaryEvent" or node.triggered_by_event or node.for_compensation
    return not node.incoming and not outside_the_flow


def _carrying(event: Event, payload: Mapping[str, Template]) -> Event:
    """The event with what it takes along: each message and signal of it the same."""
    parts = tuple(_carrying(part, payload) for part in event.parts)
    return replace(event, parts=parts, payload=payload if event.kind in _CARRYING else {})


def _field(name: str) -> Label:
    return Label(f"fältet {shown(name)}", f"field {shown(name)}")


def _camunda(element: etree._Element, attribute: str) -> str | None:
    return element.get(f"{{{CAMUNDA}}}{attribute}")


def _extensions(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    for holder in element.iterchildren(model("extensionElements")):
        yield from holder.iterchildren(*(f"{{{CAMUNDA}}}{name}" for name in names))


def _is_true(element: etree._Element, attribute: str, default: str = "") -> bool:
    return element.get(attribute, default).strip() in _TRUE


def _documentation(element: etree._Element) -> str:
    return (element.findtext(model("documentation")) or "").strip()


def _form(element: etree._Element) -> str | None:
    return (_camunda(element, "formKey") or _camunda(element, "formRef") or "").strip() or None


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
