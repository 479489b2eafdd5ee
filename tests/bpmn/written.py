"""A graph made by hand (`builder.py`) as the XML of a diagram, for the house and for SpiffWorkflow to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape, quoteattr

from engine.bpmn.model import Graph, MultiInstance, Node

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
             xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="https://tvistetrappa/test">
  <message id="message_namn" name="namn"/>
  <signal id="signal_namn" name="namn"/>
  <signalEventDefinition id="signal_each"/>
"""


def written(graph: Graph, *, time: Callable[[str], str] = str) -> bytes:
    """The whole file. `time` says how a duration is written."""
    lines = [f'  <process id="{graph.key}" isExecutable="true">', *_inside(graph, graph.key, time), "  </process>"]
    return (HEAD + "\n".join(lines) + "\n</definitions>\n").encode()


def _inside(graph: Graph, scope: str, time: Callable[[str], str]) -> Iterator[str]:
    inside = [node for node in graph.nodes.values() if node.scope == scope]
    for node in inside:
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in _attributes(node).items())
        yield f"<{node.kind}{attributes}>"
        yield from (f"<incoming>{flow.id}</incoming>" for flow in node.incoming)
        yield from (f"<outgoing>{flow.id}</outgoing>" for flow in node.outgoing)
        yield from _event(node, time)
        if isinstance(node.loop, MultiInstance):
            each = ' behavior="None" noneBehaviorEventRef="signal_each"' if node.loop.thrown else ""
            yield f'<multiInstanceLoopCharacteristics isSequential="{str(node.loop.sequential).lower()}"{each}>'
            yield f"<loopCardinality>{node.loop.cardinality.source if node.loop.cardinality else 0}</loopCardinality>"
            yield "</multiInstanceLoopCharacteristics>"
        if node.standard_loop and node.standard_loop.condition:
            condition = escape(node.standard_loop.condition.source)
            yield f'<standardLoopCharacteristics testBefore="{str(node.standard_loop.test_before).lower()}">'
            yield f'<loopCondition xsi:type="tFormalExpression">{condition}</loopCondition>'
            yield "</standardLoopCharacteristics>"
        if node.script:
            yield f"<script>{escape(node.script.source)}</script>"
        if node.id in graph.scopes:
            yield from _inside(graph, node.id, time)
        yield f"</{node.kind}>"
    for flow in (flow for node in inside for flow in node.outgoing):
        condition = (
            f'<conditionExpression xsi:type="tFormalExpression">{escape(flow.condition.source)}</conditionExpression>'
            if flow.condition
            else ""
        )
        ends = f'sourceRef="{flow.source}" targetRef="{flow.target}"'
        yield f'<sequenceFlow id="{flow.id}" {ends}>{condition}</sequenceFlow>'


def _attributes(node: Node) -> dict[str, str]:
    found = {"id": node.id, "name": node.name}
    if node.kind in ("userTask", "manualTask"):
        found["camunda:candidateGroups"] = "handlaggare"
    if node.kind == "serviceTask":
        found |= {"camunda:type": "external", "camunda:topic": "topic"}
    if node.kind == "receiveTask":
        found["messageRef"] = "message_namn"
    if node.kind == "scriptTask":
        found["scriptFormat"] = "trappa"
    if node.attached_to:
        found |= {"attachedToRef": node.attached_to, "cancelActivity": str(node.interrupting).lower()}
    if node.kind == "startEvent" and not node.interrupting:
        found["isInterrupting"] = "false"
    if node.triggered_by_event:
        found["triggeredByEvent"] = "true"
    found |= {
        name: str(quantity)
        for name, quantity in (("startQuantity", node.start_quantity), ("completionQuantity", node.completion_quantity))
        if quantity != 1
    }
    if node.default:
        found["default"] = node.default
    return {name: value for name, value in found.items() if value}


def _event(node: Node, time: Callable[[str], str]) -> Iterator[str]:
    if not node.event or node.kind == "receiveTask":
        return
    match node.event.kind:
        case "timer":
            due = escape(time(node.event.timer.source if node.event.timer else ""))
            yield f'<timerEventDefinition><timeDuration xsi:type="tFormalExpression">{due}</timeDuration>'
            yield "</timerEventDefinition>"
        case "message" | "signal" as kind:
            named = f' {kind}Ref="{kind}_namn"' if node.event.name else ""
            yield f"<{kind}EventDefinition{named}/>"
        case "terminate":
            yield "<terminateEventDefinition/>"
