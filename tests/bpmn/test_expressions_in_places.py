"""Every place of a process that holds an expression: it is read, its functions are known, what it reads is written."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

import pytest

from engine.bpmn.checks import CheckContext, check
from tests.bpmn.drawing import bpmn
from tests.bpmn.test_checks import DEFINED, form

KNOWN = CheckContext(functions={"workdays"})
_TASK = '<task id="x">{}</task>'
_CATCH = '<intermediateCatchEvent id="x">{}</intermediateCatchEvent>'
_HUMAN = '<userTask id="x" name="X" {}/>'
_LOOP = _TASK.format("<multiInstanceLoopCharacteristics {}>{}</multiInstanceLoopCharacteristics>")
_COUNTED = _LOOP.format("", "<loopCardinality>2</loopCardinality>{}")
_CALL = '<callActivity id="x" calledElement="q"><extensionElements>{}</extensionElements></callActivity>'
_MAPPED = '<task id="x"><extensionElements><camunda:inputOutput><camunda:{0} name="ut">${{{1}}}</camunda:{0}></camunda:inputOutput></extensionElements></task>'


def _property(name: str, value: str) -> str:
    return f'<extensionElements><camunda:properties><camunda:property name="{name}" value="{value}"/></camunda:properties></extensionElements>'


def _data(way: str, inside: str) -> str:
    ends = {
        "Input": "<sourceRef>d</sourceRef><targetRef>i</targetRef>",
        "Output": "<sourceRef>o</sourceRef><targetRef>d</targetRef>",
    }
    specification = '<ioSpecification><dataInput id="i" name="inne"/><dataOutput id="o" name="ute"/><inputSet><dataInputRefs>i</dataInputRefs></inputSet><outputSet><dataOutputRefs>o</dataOutputRefs></outputSet></ioSpecification>'
    return f'<dataObject id="d" name="sak"/><task id="x">{specification}<data{way}Association>{ends[way]}{inside}</data{way}Association></task>'


PLACES: dict[str, str] = {
    # what holds the expression `#`; element x
    "condition": '<exclusiveGateway id="x" default="x-e"/><sequenceFlow id="q" sourceRef="x" targetRef="y"><conditionExpression>#</conditionExpression></sequenceFlow><task id="y"/>\ny -> e',
    "date": _CATCH.format("<timerEventDefinition><timeDate>${#}</timeDate></timerEventDefinition>"),
    "duration": _CATCH.format("<timerEventDefinition><timeDuration>${#}</timeDuration></timerEventDefinition>"),
    "timer at an edge": '<task id="y"/><boundaryEvent id="x" attachedToRef="y"><timerEventDefinition><timeDuration>${#}</timeDuration></timerEventDefinition></boundaryEvent>\ny -> e',
    "timer of an event sub-process": '<task id="y"/><subProcess id="sub" triggeredByEvent="true"><startEvent id="x"><timerEventDefinition><timeDuration>${#}</timeDuration></timerEventDefinition></startEvent><endEvent id="f"/>\nx -> f\n</subProcess>\ny -> e',
    "condition waited for": _CATCH.format("<conditionalEventDefinition><condition>#</condition></conditionalEventDefinition>"),
    "cardinality": _LOOP.format("", "<loopCardinality>#</loopCardinality>"),
    "collection": _LOOP.format('camunda:collection="${#}"', ""),
    "completion of many": _COUNTED.format("<completionCondition>#</completionCondition>"),
    "output element": '<task id="x"><multiInstanceLoopCharacteristics>' + _property("outputCollection", "alla").replace("</camunda:properties>", '<camunda:property name="outputElement" value="#"/></camunda:properties>') + "<loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></task>",
    "complex behavior": _LOOP.format('behavior="Complex"', '<loopCardinality>2</loopCardinality><complexBehaviorDefinition><condition xsi:type="tFormalExpression">#</condition></complexBehaviorDefinition>'),
    "loop": _TASK.format('<standardLoopCharacteristics testBefore="true"><loopCondition>#</loopCondition></standardLoopCharacteristics>'),
    "completion of ad hoc": f'<adHocSubProcess id="x">{_property("candidateGroups", "hsf")}<task id="y"/><completionCondition>#</completionCondition></adHocSubProcess>',
    "activation": '<parallelGateway id="y"/><complexGateway id="x"><activationCondition>#</activationCondition></complexGateway><task id="z"/>\ny -> x\ny -> z\nz -> x',
    "input": _MAPPED.format("inputParameter", "#"),
    "output": _MAPPED.format("outputParameter", "#"),
    "script": '<scriptTask id="x" scriptFormat="trappa"><script>ut = #</script></scriptTask>',
    "candidates": _HUMAN.format('camunda:candidateGroups="hsf:${#}"'),
    "assignee": _HUMAN.format('camunda:assignee="${#}"'),
    "due": _HUMAN.format('camunda:assignee="a" camunda:dueDate="${#}"'),
    "follow-up": _HUMAN.format('camunda:assignee="a" camunda:followUpDate="${#}"'),
    "priority": _HUMAN.format('camunda:assignee="a" camunda:priority="${#}"'),
    "called": '<callActivity id="x" calledElement="${#}"/>',
    "business key": _CALL.format('<camunda:in businessKey="${#}"/>'),
    "given to the called": _CALL.format('<camunda:in sourceExpression="${#}" target="t"/>'),
    "taken from the called": _CALL.format('<camunda:out sourceExpression="${#}" target="t"/>'),
    "correlation key": f'<receiveTask id="x" messageRef="m">{_property("correlationKey", "#")}</receiveTask>',
    "payload": '<sendTask id="x" messageRef="m"><extensionElements><camunda:inputOutput><camunda:inputParameter name="a">${#}</camunda:inputParameter></camunda:inputOutput></extensionElements></sendTask>',
    "transformation in": _data("Input", "<transformation>#</transformation>"),
    "assignment in": _data("Input", "<assignment><from>#</from><to>inne</to></assignment>"),
    "transformation out": _data("Output", "<transformation>#</transformation>"),
    "assignment out": _data("Output", "<assignment><from>#</from><to>sak</to></assignment>"),
}  # fmt: skip
OF_THE_PROCESS = ["case.title", "case.status", "case.party", "case.area", "case.businessKey", "case.sealedTo", "case.readers", "visible.a"]  # fmt: skip
NOT_OURS = {
    "condition waited for": "a condition may wait for what comes to be there",
    "taken from the called": "read from the variables of the other case",
}


def told(place: str, expression: str, beside: str = "") -> set[tuple[str, str]]:
    body = PLACES[place].replace("#", expression)
    first = "y" if place in ("timer at an edge", "timer of an event sub-process", "activation") else "x"
    last = "" if place == "timer of an event sub-process" else "\nx -> e"
    process = f'<startEvent id="s" camunda:formKey="f"/>\n{body}\n<endEvent id="e"/>\ns -> {first}{last}\n'
    findings = check({"p.bpmn": bpmn(process, beside=DEFINED + beside), "f.json": form("given")}, KNOWN)
    return {
        (finding.rule, finding.element)
        for finding in findings
        if finding.rule not in ("no-default", "soundness/undecided")
    }


def _element(place: str) -> str:
    return "q" if place == "condition" else "x"


@pytest.mark.parametrize("place", PLACES)
def test_an_expression_that_cannot_be_read_is_told(place: str) -> None:
    assert ("expression", _element(place)) in told(place, "given +")


@pytest.mark.parametrize("place", PLACES)
def test_a_function_that_nobody_wrote_is_told(place: str) -> None:
    assert ("unknown-function", "x") in told(place, "workday(given)")


@pytest.mark.parametrize("place", PLACES)
def test_a_variable_that_nothing_writes_is_told(place: str) -> None:
    assert told(place, "given") <= {("condition-without-variable", "x")}
    assert (("read-before-write", "x") in told(place, "givet")) is (place not in NOT_OURS)


@pytest.mark.parametrize("name", OF_THE_PROCESS)
@pytest.mark.parametrize(("expression", "rule"), [("given +", "expression"), ("workday(given)", "unknown-function")])
def test_what_the_process_says_of_its_cases(name: str, expression: str, rule: str) -> None:
    process = f'{_property(name, "${" + expression + "}")}<startEvent id="s"/><endEvent id="e"/>\ns -> e\n'
    (finding,) = check({"p.bpmn": bpmn(process)}, KNOWN)
    assert (finding.rule, finding.element) == (rule, "p")


@pytest.mark.parametrize("place", ["messagePath", "dataPath"])
@pytest.mark.parametrize(("expression", "rule"), [("given +", "expression"), ("workday(given)", "unknown-function")])
def test_correlation_by_properties(place: str, expression: str, rule: str) -> None:
    said = {"messagePath": "nummer", "dataPath": "given"} | {place: expression}
    subscription = f'<correlationSubscription id="cs" correlationKeyRef="ck"><correlationPropertyBinding correlationPropertyRef="cp"><dataPath>{said["dataPath"]}</dataPath></correlationPropertyBinding></correlationSubscription>'
    beside = (
        '<message id="m" name="m"/>'
        f'<correlationProperty id="cp"><correlationPropertyRetrievalExpression messageRef="m"><messagePath>{said["messagePath"]}</messagePath></correlationPropertyRetrievalExpression></correlationProperty>'
        '<collaboration id="c"><participant id="P" processRef="p"/><correlationKey id="ck"><correlationPropertyRef>cp</correlationPropertyRef></correlationKey></collaboration>'
    )
    process = (
        f'<startEvent id="s"/><receiveTask id="x" messageRef="m"/><endEvent id="e"/>\ns -> x\nx -> e\n{subscription}'
    )
    rules = [finding.rule for finding in check({"p.bpmn": bpmn(process, beside=beside)}, KNOWN)]
    assert rule in rules
