"""Diagrams in a few lines: what stands in a process, and the rest around it."""

from __future__ import annotations

import re

NAMESPACES = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
)


def bpmn(body: str, *, beside: str = "", executable: str = 'isExecutable="true"') -> bytes:
    """A file with process `p`; `a -> b` on a line of its own is a sequence flow, with id `a-b` and maybe a condition.

    `beside` stands outside the process: messages, signals, errors, collaborations.
    """
    body = re.sub(r"^[ ]*([\w.]+) -> ([\w.]+)(?:[ ]+if (.*))?$", _flow, body, flags=re.MULTILINE)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions {NAMESPACES} id="filen" targetNamespace="urn:test">\n'
        f'<process id="p" name="Prov" {executable}>\n{body}\n</process>\n{beside}\n'
        '<bpmndi:BPMNDiagram id="bild"><bpmndi:BPMNPlane id="yta" bpmnElement="p"/></bpmndi:BPMNDiagram>\n'
        "</definitions>"
    ).encode()


def _flow(found: re.Match[str]) -> str:
    source, target, condition = found.groups()
    inside = f"<conditionExpression>{_escaped(condition)}</conditionExpression>" if condition else ""
    return f'<sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def chain(inside: str, first: str = "x", last: str = "x") -> str:
    """A start, what is given, an end, and the flows that join them."""
    return f'<startEvent id="s"/>\n{inside}\n<endEvent id="e"/>\ns -> {first}\n{last} -> e\n'
