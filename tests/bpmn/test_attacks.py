"""Attacks on expressions in every place of a process that holds one: told before deployment, or an incident.

What is hostile is listed in `test_hostile_expressions.ATTACKS`. Here it stands where a designer could put it, and the
variables are where data of a case would be. Nothing is raised but what the house raises on purpose, nothing takes long,
and the case keeps what it held.
"""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from xml.sax.saxutils import quoteattr

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import IncidentRaised
from engine.bpmn.checks import check
from engine.bpmn.dmn import decide, decisions_in
from engine.bpmn.machine import Environment
from engine.bpmn.read import read
from engine.errors import ExpressionError, Refused
from engine.forms import check_form, parse
from tests.bpmn.drawing import bpmn, chain
from tests.bpmn.test_dmn import definitions, literal, table
from tests.bpmn.test_hostile_expressions import ATTACKS, TARGETS
from tests.speed import in_time

HELD = {name: value for name, value in TARGETS.items() if name not in ("big", "long")} | {
    "big": list(range(500)),
    "long": "a" * 9_000,
}
"""What the case holds: the same names, within what a case may hold."""


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _in(text: str) -> str:
    return f"<extensionElements><camunda:inputOutput>{text}</camunda:inputOutput></extensionElements>"


def _loop(inside: str, more: str = "") -> str:
    return f'<task id="x"><multiInstanceLoopCharacteristics {more}>{inside}</multiInstanceLoopCharacteristics></task>'


PLACES: dict[str, Callable[[str], str]] = {
    "condition": lambda a: chain(
        '<exclusiveGateway id="x" default="x-b"/><task id="a"/><task id="b"/>'
        + f'\nx -> b\na -> e\n<sequenceFlow id="x-a" sourceRef="x" targetRef="a"><conditionExpression>{_text(a)}</conditionExpression></sequenceFlow>',
        "x",
        "b",
    ),
    "timer": lambda a: chain(
        f'<intermediateCatchEvent id="x"><timerEventDefinition><timeDuration>${{{_text(a)}}}</timeDuration></timerEventDefinition></intermediateCatchEvent>'
    ),
    "date": lambda a: chain(
        f'<intermediateCatchEvent id="x"><timerEventDefinition><timeDate>${{{_text(a)}}}</timeDate></timerEventDefinition></intermediateCatchEvent>'
    ),
    "input mapping": lambda a: chain(
        f'<task id="x">{_in(f"""<camunda:inputParameter name="in">${{{_text(a)}}}</camunda:inputParameter>""")}</task>'
    ),
    "output mapping": lambda a: chain(
        f'<task id="x">{_in(f"""<camunda:outputParameter name="ut">${{{_text(a)}}}</camunda:outputParameter>""")}</task>'
    ),
    "cardinality": lambda a: chain(_loop(f"<loopCardinality>${{{_text(a)}}}</loopCardinality>")),
    "collection": lambda a: chain(
        _loop("", f'camunda:collection={quoteattr("${" + a + "}")} camunda:elementVariable="en"')
    ),
    "completion condition": lambda a: chain(
        _loop(f"<loopCardinality>2</loopCardinality><completionCondition>${{{_text(a)}}}</completionCondition>")
    ),
    "script": lambda a: chain(
        f'<scriptTask id="x" scriptFormat="trappa"><script>ut = {_text(a)}</script></scriptTask>'
    ),
    "assignee": lambda a: chain(f'<userTask id="x" name="X" camunda:assignee={quoteattr("${" + a + "}")}/>'),
    "due date": lambda a: chain(
        f'<userTask id="x" name="X" camunda:candidateGroups="hsf" camunda:dueDate={quoteattr("${" + a + "}")}/>'
    ),
    "called process": lambda a: chain(f'<callActivity id="x" calledElement={quoteattr("${" + a + "}")}/>'),
    "call mapping": lambda a: chain(
        f'<callActivity id="x" calledElement="annan"><extensionElements><camunda:in sourceExpression={quoteattr("${" + a + "}")} target="t"/></extensionElements></callActivity>'
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_attacks_in_a_process(place: str) -> None:
    deployed = []
    number = list(PLACES).index(place)
    for attack in ATTACKS if place == "condition" else ATTACKS[number % 4 :: 4]:
        source = bpmn(PLACES[place](attack))
        findings = in_time(partial(check, {"p.bpmn": source}))
        assert all(finding.sv and finding.en for finding in findings), attack
        if not any(finding.is_error for finding in findings):
            deployed.append(attack)
            in_time(partial(_play, source, attack))
    assert len(deployed) > 10, "those whose harm shows at run time only are let in, and stopped there"


def _play(source: bytes, attack: str) -> None:
    (graph,) = read(source, name="p.bpmn").graphs
    env = Environment(datetime(2026, 3, 2, tzinfo=UTC), {"f": lambda *_: 1})
    step = machine.start(graph, env, HELD)
    held = step.state["runs"]["0"]["vars"] if "0" in step.state["runs"] else {**HELD}
    assert {name: held[name] for name in HELD} == HELD, attack
    assert json.loads(json.dumps(step.state)) == step.state
    for change in step.changes:
        if isinstance(change, IncidentRaised):
            assert change.message
            assert change.message.endswith((".", "?", "!")), attack


@pytest.mark.parametrize("place", ["cell", "output", "column", "literal"])
def test_attacks_in_decisions(place: str) -> None:
    for attack in ATTACKS:
        escaped = " ".join(attack.split("\n"))
        source = {
            "cell": lambda a: table(f"{a} -> 1"),
            "output": lambda a: table(f"- -> {a}".replace("|", "¦")),
            "column": lambda a: table("? = ? -> 1", columns=a.replace("|", "¦").replace(":", ";")),
            "literal": lambda a: definitions(literal("d", a)),
        }[place](escaped.replace("\ufeff", "?!").replace("\u2028", "?!"))
        tables, findings = in_time(partial(decisions_in, {"d.dmn": source}))
        assert bool(tables) == (not any(finding.is_error for finding in findings))
        if "d" in tables:
            variables = {**HELD, "a": "x"}
            try:
                result = in_time(partial(decide, {"d.dmn": source}, "d", variables, {"f": lambda *_: 1}))
                assert json.loads(json.dumps(result, allow_nan=False)) == result
            except Refused:
                pass
            assert variables == {**HELD, "a": "x"}


def test_attacks_in_the_rules_of_a_form() -> None:
    for attack in ATTACKS:
        form = {
            "type": "default",
            "components": [
                {"type": "textfield", "key": "s", "label": "S"},
                {"type": "number", "key": "n", "label": "N"},
            ],
            "regler": [{"villkor": attack, "falt": "s", "text": "Fel."}],
        }
        content = json.dumps(form)
        findings = in_time(partial(check_form, content))
        if not any(finding.is_error for finding in findings):
            for rule in parse(content).rules:
                with pytest.raises(ExpressionError):
                    in_time(partial(rule.holds.evaluate, TARGETS, {"f": lambda *_: 1}))


def test_a_timer_that_repeats_too_often_is_refused_before_and_stopped_after_deployment() -> None:
    often = '<userTask id="x" name="X" camunda:candidateGroups="hsf"/><boundaryEvent id="k" cancelActivity="false" attachedToRef="x"><timerEventDefinition><timeCycle>{}</timeCycle></timerEventDefinition></boundaryEvent>\nk -> e'
    for cycle in ("R/PT0.1S", "R5/PT59S", "R/PT0S"):
        findings = check({"p.bpmn": bpmn(chain(often.format(cycle)))})
        assert any(finding.is_error and finding.element == "k" for finding in findings), cycle
    source = bpmn(chain(often.format("${takt}")))
    (graph,) = read(source, name="p.bpmn").graphs
    step = machine.start(graph, Environment(datetime(2026, 3, 2, tzinfo=UTC)), {"takt": "R/PT0.1S"})
    (incident,) = (change for change in step.changes if isinstance(change, IncidentRaised))
    assert "högst en gång i minuten" in incident.message
