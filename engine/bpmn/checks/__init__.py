"""All that is wrong with a set of process files, at once. One function per rule; add one to the `RULES` of its module.

`scopes.py`, `flows.py`, `gateways.py`, `events.py`, `links.py` and `compensation.py` hold the static rules of BPMN for
what is carried out; what the schema says, and what is refused as an element (`engine.bpmn.read.refused`), is told
before them, and elements that have an error already are passed over, so that one mistake gives one finding.
`variables.py` holds what is read before it is written, `named.py` and `house.py` our own rules, `soundness.py` what
comes of playing all ways of a process, where no error leaves it open which ways there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from engine.bpmn.checks import compensation, events, flows, gateways, house, links, named, scopes, soundness, variables
from engine.bpmn.checks.subject import CheckContext, Subject, kind_of
from engine.bpmn.dmn import decisions_in
from engine.bpmn.findings import Finding, Place, bounded, label
from engine.bpmn.model import GLOBAL_TASKS, Graph
from engine.bpmn.read import Reading, is_process_file, read

__all__ = ["CheckContext", "check"]

OF_THE_WAYS = (
    *scopes.RULES,
    *flows.RULES,
    *gateways.RULES,
    *events.RULES,
    *links.RULES,
    *compensation.RULES,
)
OF_THE_WORK = (*variables.RULES, *named.RULES, *house.RULES)
_BESIDE_THE_WAYS = frozenset({
    "call-missing", "condition-missing", "decision-missing", "expression", "foreign-extension", "message-missing",
    "multi-instance", "name-not-fixed", "parameter", "script-format", "signal-missing", "standard-loop", "timer",
})  # fmt: skip
"""Errors told by the reader that leave it clear which ways tokens take, where they are about a node."""
_MAX_FORM_BYTES = 1_000_000
_MAX_FORM_DEPTH = 20


def check(files: Mapping[str, bytes], context: CheckContext | None = None) -> list[Finding]:
    """Everything found in `files` (name -> content): processes in `*.bpmn`, decisions in `*.dmn`, forms in `*.json`.

    In the order of files and lines. Errors stand in the way of a deployment, warnings do not. Never raises for anything
    the files may hold.
    """
    readings = [read(files[name], name=name) for name in sorted(files) if is_process_file(name)]
    return check_readings(readings, files, context)


def check_readings(
    readings: list[Reading], files: Mapping[str, bytes], context: CheckContext | None = None
) -> list[Finding]:
    """The same for process files that are read already."""
    decisions, findings = decisions_in(files)
    forms, form_findings = _forms(files)
    findings += form_findings
    keys = {graph.key: _is_callable(graph) for reading in readings for graph in reading.graphs}
    for reading in readings:
        broken = [finding for finding in reading.findings if finding.is_error]
        subjects = [
            Subject(
                reading.name,
                graph,
                context or CheckContext(),
                forms,
                decisions,
                keys,
                _broken_in(graph, broken),
                all(_is_beside_the_ways(finding, graph) for finding in broken),
            )
            for graph in reading.graphs
        ]
        told = chain.from_iterable(map(_told, subjects))
        findings += bounded(chain(reading.findings, told), reading.name)
    findings += _repeated_keys(readings)
    findings += named.decisions_use_known_functions(decisions.values(), context or CheckContext())
    return sorted(findings, key=lambda finding: (finding.file, finding.line))


def _told(subject: Subject) -> Iterator[Finding]:
    """One by one: after MAX_FINDINGS nobody asks for more."""
    has_clear_ways = subject.has_clear_ways
    for finding in chain.from_iterable(rule(subject) for rule in OF_THE_WAYS):
        has_clear_ways = has_clear_ways and not finding.is_error
        yield finding
    yield from chain.from_iterable(rule(subject) for rule in OF_THE_WORK)
    if has_clear_ways:
        yield from soundness.process_is_sound(subject)


def _is_callable(graph: Graph) -> bool:
    """§10.3.4, §13.3.4: a call begins at the start event without a trigger, or where there are none, by itself."""
    starts = [graph.nodes[start] for start in graph.scopes[graph.key].starts]
    triggered = [node for node in starts if node.instantiate or kind_of(node) != "none"]
    return len(triggered) < len(starts) or not starts


def _broken_in(graph: Graph, errors: Iterable[Finding]) -> frozenset[str]:
    """A global task stands in the file, its nodes do not."""
    broken = frozenset(error.element for error in errors)
    return frozenset(graph.nodes) if graph.kind in GLOBAL_TASKS and graph.key in broken else broken


def _is_beside_the_ways(error: Finding, graph: Graph) -> bool:
    node = graph.nodes.get(error.element)
    return error.rule in _BESIDE_THE_WAYS and node is not None and node.kind != "complexGateway"


def _is(name: str, suffix: str) -> bool:
    return PurePosixPath(name).suffix.lower() == suffix


def _repeated_keys(readings: list[Reading]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for reading in readings:
        for graph in reading.graphs:
            if graph.key in first and first[graph.key] != reading.name:
                who = label("process", graph.key)
                yield Place(reading.name, graph.line, graph.key).error(
                    "duplicate-process",
                    f"{who.sv} ska finnas en gång, men finns också i {first[graph.key]}",
                    f"Expected {who.en} once, but it is in {first[graph.key]} too.",
                    "Ge den ena processen ett annat id.",
                    "Give one of the processes another id.",
                )
            first.setdefault(graph.key, reading.name)


# --- forms: only as far as the rules need them; engine.forms reads them whole --------------------------------------


def _forms(files: Mapping[str, bytes]) -> tuple[dict[str, frozenset[str]], list[Finding]]:
    """Form key (the file's name without ending) -> the fields that filling it in writes."""
    forms: dict[str, frozenset[str]] = {}
    findings: list[Finding] = []
    for name in sorted(files):
        if not _is(name, ".json"):
            continue
        try:
            forms[PurePosixPath(name).stem] = frozenset(_fields(_loaded(files[name]), 0))
        except (ValueError, RecursionError):
            forms[PurePosixPath(name).stem] = frozenset()
            findings.append(
                Place(name, 1, "").error(
                    "form-unreadable",
                    "filen ska vara ett formulär (JSON med fälten under components), men går inte att läsa",
                    "Expected a form (JSON with its fields under components), but the file cannot be read.",
                    "Öppna och spara formuläret i formulärverktyget.",
                    "Open and save the form in the form editor.",
                )
            )
    return forms, findings


def _loaded(content: bytes) -> dict[str, Any]:
    if len(content) > _MAX_FORM_BYTES:
        raise ValueError("too large")
    form = json.loads(content)
    if not isinstance(form, dict) or not isinstance(form.get("components"), list):
        raise ValueError("no form")
    return form


def _fields(component: dict[str, Any], depth: int) -> Iterator[str]:
    """The variables a form writes: a field with a path writes the first name of it, what is in a list or group its."""
    if depth > _MAX_FORM_DEPTH:
        raise ValueError("too deep")
    own = component.get("key") or component.get("path")
    if isinstance(own, str) and own:
        yield own.partition(".")[0]
    children = component.get("components")
    if isinstance(children, list) and not (isinstance(component.get("path"), str) and component.get("path")):
        for child in children:
            if isinstance(child, dict):
                yield from _fields(child, depth + 1)
