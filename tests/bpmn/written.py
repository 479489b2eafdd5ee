"""A graph made by hand (`builder.py`) as the XML of a diagram, for the reader, the house and SpiffWorkflow to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from engine.bpmn.expressions import Template
from engine.bpmn.model import ACTIVITIES, DataAssociation, DataFlow, DataSet, Event, Graph, MultiInstance, Node

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
             xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="https://tvistetrappa/test">
  <message id="message_namn" name="namn"/>
  <message id="message_ut" name="ut"/>
  <signal id="signal_namn" name="namn"/>
  <signal id="signal_ut" name="ut"/>
"""


def written(graph: Graph, *, time: Callable[[str], str] = str) -> bytes:
    """The whole file. `time` says how a duration is written."""
    lines = [
        *_codes(graph),
        *_conversations(graph),
        f'  <process id="{graph.key}" isExecutable="true">',
        *_inside(graph, graph.key, time),
        "  </process>",
    ]
    return (HEAD + "\n".join(lines) + "\n</definitions>\n").encode()


def _codes(graph: Graph) -> Iterator[str]:
    """The errors and escalations that events speak of."""
    triggers = {event for node in graph.nodes.values() if node.event for event in map(_named, node.event.triggers)}
    for kind, code in sorted(one for one in triggers if one[1] and one[0] in ("error", "escalation")):
        yield f"<{kind} id={quoteattr(f'{kind}_{code}')} name={quoteattr(code)} {kind}Code={quoteattr(code)}/>"


def _named(event: Event) -> tuple[str, str]:
    return event.kind, event.name or ""


def _correlated(graph: Graph) -> dict[str, dict[str, Event]]:
    """Correlation key -> message -> an event of it."""
    found: dict[str, dict[str, Event]] = {}
    for node in graph.nodes.values():
        if node.event and node.event.correlation:
            found.setdefault(node.event.correlation.key, {})[node.event.name or ""] = node.event
    return found


def _conversations(graph: Graph) -> Iterator[str]:
    """Messages that are told apart by a correlation key of one property (§8.4.2)."""
    keys = sorted(_correlated(graph).items())
    for key, events in keys:
        yield from (f'<message id="message_{name}" name="{name}"/>' for name in sorted(events))
        yield f'<correlationProperty id="{key}_property" name="nr">'
        for name, event in sorted(events.items()):
            (path,) = event.correlation.paths if event.correlation else ()
            yield f'<correlationPropertyRetrievalExpression messageRef="message_{name}">'
            yield f"<messagePath>{escape(path.source)}</messagePath></correlationPropertyRetrievalExpression>"
        yield "</correlationProperty>"
    if keys:
        yield f'<collaboration id="pools"><participant id="pool" processRef="{graph.key}"/>'
        for key, _ in keys:
            property_ = f"<correlationPropertyRef>{key}_property</correlationPropertyRef>"
            yield f'<correlationKey id="{key}">{property_}</correlationKey>'
        yield "</collaboration>"


def _subscriptions(graph: Graph) -> Iterator[str]:
    for key, events in sorted(_correlated(graph).items()):
        expected = {path for event in events.values() if event.correlation for path in event.correlation.expected}
        for path in expected:
            yield f'<correlationSubscription correlationKeyRef="{key}">'
            yield f'<correlationPropertyBinding correlationPropertyRef="{key}_property">'
            yield f"<dataPath>{escape(path.source)}</dataPath></correlationPropertyBinding></correlationSubscription>"


def _inside(graph: Graph, scope: str, time: Callable[[str], str]) -> Iterator[str]:
    for one in (one for one in graph.data if one.scope == scope):
        yield f"<{one.kind} id={quoteattr(one.id)} name={quoteattr(one.name)}/>"
    if scope == graph.key:
        for store in graph.stores:
            yield f"<dataStoreReference id={quoteattr(f'store_{store}')} name={quoteattr(store)}/>"
    inside = [node for node in graph.nodes.values() if node.scope == scope]
    for node in inside:
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in _attributes(node).items())
        yield f"<{node.kind}{attributes}>"
        yield from _extensions(node)
        yield from (f"<incoming>{flow.id}</incoming>" for flow in node.incoming if not flow.is_link)
        yield from (f"<outgoing>{flow.id}</outgoing>" for flow in node.outgoing if not flow.is_link)
        yield from _data(graph, node)
        yield from _event(node, time)
        yield from _repeated(node)
        if node.script:
            yield f"<script>{escape(node.script.source)}</script>"
        if node.activation:
            yield _formal("activationCondition", node.activation.source)
        if node.id in graph.scopes:
            yield from _inside(graph, node.id, time)
        if node.ad_hoc and node.ad_hoc.completion:
            yield _formal("completionCondition", node.ad_hoc.completion.source)
        yield f"</{node.kind}>"
    flows = {flow.id: flow for node in inside for flow in node.outgoing if not flow.is_link}
    for flow in (flows[flow] for flow in sorted(flows, key=lambda name: (len(name), name))):
        condition = _formal("conditionExpression", flow.condition.source) if flow.condition else ""
        ends = f'sourceRef="{flow.source}" targetRef="{flow.target}"'
        yield f'<sequenceFlow id="{flow.id}" {ends}>{condition}</sequenceFlow>'
    for node in inside:
        for handler in node.compensated_by:
            yield f'<association id="to_{handler}" sourceRef="{node.id}" targetRef="{handler}" {ONE_WAY}/>'
    if scope == graph.key:
        yield from _subscriptions(graph)


ONE_WAY = 'associationDirection="One"'


def _formal(name: str, text: str) -> str:
    return f'<{name} xsi:type="tFormalExpression">{escape(text)}</{name}>'


def _attributes(node: Node) -> dict[str, str]:
    found = {"id": node.id, "name": node.name}
    if node.kind in ("userTask", "manualTask"):
        found["camunda:candidateGroups"] = "handlaggare"
    if node.topic:
        found |= {"camunda:type": "external", "camunda:topic": node.topic}
    if node.kind in ("receiveTask", "sendTask") and node.event:
        found["messageRef"] = f"message_{node.event.name}"
    if node.kind == "scriptTask":
        found["scriptFormat"] = "trappa"
    if node.call:
        found["calledElement"] = node.call.key.source
    if node.decision:
        found["camunda:decisionRef"] = node.decision.key
        found["camunda:resultVariable"] = node.decision.result_variable
        found["camunda:mapDecisionResult"] = node.decision.mapping
    if node.attached_to:
        found |= {"attachedToRef": node.attached_to, "cancelActivity": str(node.interrupting).lower()}
    if node.kind == "startEvent" and not node.interrupting:
        found["isInterrupting"] = "false"
    if node.event and node.event.kind == "parallelMultiple":
        found["parallelMultiple"] = "true"
    if node.parallel:
        found["eventGatewayType"] = "Parallel"
    marks = {
        "triggeredByEvent": node.triggered_by_event,
        "isForCompensation": node.for_compensation,
        "instantiate": node.instantiate,
        "camunda:asyncBefore": node.async_before,
    }
    found |= {name: "true" for name, is_set in marks.items() if is_set}
    found |= {
        name: str(quantity)
        for name, quantity in (("startQuantity", node.start_quantity), ("completionQuantity", node.completion_quantity))
        if quantity != 1
    }
    if node.ad_hoc and node.ad_hoc.is_sequential:
        found["ordering"] = "Sequential"
    if node.default:
        found["default"] = node.default
    return {name: value for name, value in found.items() if value}


def _extensions(node: Node) -> Iterator[str]:
    properties = dict(node.properties)
    if node.kind == "adHocSubProcess":
        properties["candidateGroups"] = "handlaggare"
    if node.event and node.event.key:
        properties["correlationKey"] = node.event.key.source
    told = [*_camunda("property", properties)]
    if told:
        told = ["<camunda:properties>", *told, "</camunda:properties>"]
    carried = node.event.payload if node.event else {}
    mapped = [
        f"<camunda:{way}Parameter name={quoteattr(name)}>{escape(value.source)}</camunda:{way}Parameter>"
        for way, values in (("input", {**node.inputs, **carried}), ("output", node.outputs))
        for name, value in values.items()
    ]
    if mapped:
        told += ["<camunda:inputOutput>", *mapped, "</camunda:inputOutput>"]
    if told:
        yield "".join(["<extensionElements>", *told, "</extensionElements>"])


def _camunda(kind: str, values: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        yield f"<camunda:{kind} name={quoteattr(name)} value={quoteattr(value)}/>"


def _event(node: Node, time: Callable[[str], str]) -> Iterator[str]:
    if not node.event or node.kind in ("receiveTask", "sendTask"):
        return
    for event in node.event.triggers:
        kind, named = event.kind, f' {event.kind}Ref="{event.kind}_{event.name}"' if event.name else ""
        match kind:
            case "timer":
                rule = time(event.timer.source if event.timer else "")
                inside = _formal(event.timer_kind or "timeDuration", rule)
            case "conditional":
                inside = _formal("condition", event.condition.source if event.condition else "")
            case _:
                inside = ""
        if kind == "link":
            named = f" name={quoteattr(event.name or '')}"
        if kind == "compensate":
            named = f' activityRef="{event.name}"' if event.name else ""
        if kind != "none":
            yield f"<{kind}EventDefinition{named if kind != 'conditional' else ''}>{inside}</{kind}EventDefinition>"


def _repeated(node: Node) -> Iterator[str]:
    if isinstance(node.loop, MultiInstance):
        yield "".join(_multi_instance(node.loop))
    if node.standard_loop:
        most = f' loopMaximum="{node.standard_loop.maximum}"' if node.standard_loop.maximum else ""
        yield f'<standardLoopCharacteristics testBefore="{str(node.standard_loop.test_before).lower()}"{most}>'
        if node.standard_loop.condition:
            yield _formal("loopCondition", node.standard_loop.condition.source)
        yield "</standardLoopCharacteristics>"


def _multi_instance(loop: MultiInstance) -> Iterator[str]:
    each = f' behavior="{loop.behavior}"' if loop.behavior != "All" else ""
    if loop.collection:
        each += f" camunda:collection={quoteattr(loop.collection.source)}"
        each += f" camunda:elementVariable={quoteattr(loop.element_variable or '')}"
    yield f'<multiInstanceLoopCharacteristics isSequential="{str(loop.sequential).lower()}"{each}>'
    if loop.output_collection and loop.output_element:
        outputs = {"outputCollection": loop.output_collection, "outputElement": loop.output_element.source}
        yield "<extensionElements><camunda:properties>"
        yield from _camunda("property", outputs)
        yield "</camunda:properties></extensionElements>"
    if loop.cardinality:
        yield _formal("loopCardinality", loop.cardinality.source)
    for one in loop.complex:
        yield f"<complexBehaviorDefinition>{_formal('condition', one.condition.source)}"
        if one.event:
            signal = f'<signalEventDefinition signalRef="signal_{one.event.name}"/>'
            yield f'<event xsi:type="tImplicitThrowEvent">{signal}</event>'
        yield "</complexBehaviorDefinition>"
    if loop.completion:
        yield _formal("completionCondition", loop.completion.source)
    yield "</multiInstanceLoopCharacteristics>"


# --- data ------------------------------------------------------------------------------------------------------------


def _data(graph: Graph, node: Node) -> Iterator[str]:
    data = node.data
    if data is None:
        return
    named = [
        *(f"<dataInput id={quoteattr(f'in_{name}')} name={quoteattr(name)}/>" for name in data.inputs),
        *(f"<dataOutput id={quoteattr(f'out_{name}')} name={quoteattr(name)}/>" for name in data.outputs),
    ]
    if node.kind not in ACTIVITIES:  # an event has them directly, and one set of all
        yield from named
    elif named:
        yield from ("<ioSpecification>", *named)
        for kind, sets in (("input", data.input_sets), ("output", data.output_sets)):
            for one in sets:
                yield f"<{kind}Set>{''.join(_listed(kind, one))}</{kind}Set>"
        yield "</ioSpecification>"
    for way, associations in (("Input", data.taken), ("Output", data.given)):
        for association in associations:
            yield f"<data{way}Association>"
            yield from _association(graph, data, association, way)
            yield f"</data{way}Association>"


def _listed(kind: str, one: DataSet) -> Iterator[str]:
    ways = {f"data{kind.title()}Refs": (*one.required, *one.optional), f"optional{kind.title()}Refs": one.optional}
    ways[f"whileExecuting{kind.title()}Refs"] = one.late
    yield from (f"<{way}>{kind[:-3]}_{name}</{way}>" for way, names in ways.items() for name in names)


def _association(graph: Graph, data: DataFlow, one: DataAssociation, way: str) -> Iterator[str]:
    def place(variable: str) -> str:
        if variable in data.inputs:
            return f"in_{variable}"
        if variable in data.outputs:
            return f"out_{variable}"
        return next(element.id for element in graph.data if element.variable == variable)

    yield from (f"<sourceRef>{place(source)}</sourceRef>" for source in one.sources)
    yield from (f"<sourceRef>store_{store}</sourceRef>" for store in one.stores.values())
    yield f"<targetRef>{f'store_{one.store}' if one.store else place(one.target)}</targetRef>"
    if one.value is not None and _bare(one.value) not in (*one.sources, *one.stores):
        yield _formal("transformation", one.value.source)
    for assignment in one.assignments:
        value = _formal("from", assignment.value.source)
        yield f"<assignment>{value}{_formal('to', '.'.join((one.target, *assignment.path)))}</assignment>"


def _bare(value: Template) -> str:
    return value.source.removeprefix("${").removesuffix("}")
