"""Every rule with a drawing that breaks it; a whole process that breaks none; the limits of each."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.bpmn import checks
from engine.bpmn.checks import CheckContext, check
from engine.bpmn.checks.subject import Subject
from engine.bpmn.findings import MAX_FINDINGS
from engine.bpmn.read import read
from tests.bpmn import drawings_of_events
from tests.bpmn.compensation_drawings import BROKEN, CANCEL, COMPENSATE, SOUND
from tests.bpmn.drawing import bpmn, chain
from tests.speed import growth

FILES = Path(__file__).parent / "files"
DEFINED = (
    '<message id="m" name="m"/><message id="m2" name="m2"/><message id="aterkoppling" name="aterkoppling"/><signal id="g" name="g"/>'
    '<error id="e1" errorCode="E1"/><escalation id="k1" escalationCode="K1"/>'
)
HOUSE = CheckContext(
    roles={"hsf", "storsthlm", "lokal_samverkan"},
    topics={"paminnelse", "aterkoppling"},
    functions={"workdays", "setting", "today"},
    processes={"annan_process"},
    settings={"bekraftelse", "registrering"},
)
TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
SIGNAL = '<signalEventDefinition signalRef="g"/>'
MESSAGE = '<messageEventDefinition messageRef="m"/>'
ERROR = '<errorEventDefinition errorRef="e1"/>'


def form(*keys: str) -> bytes:
    return json.dumps({"components": [{"type": "textfield", "key": key} for key in keys]}).encode()


def found(body: str, context: CheckContext | None = None, **files: bytes) -> list[tuple[str, str, str]]:
    """(rule, severity, element) of what is found in a drawing, and in files beside it (`x_json` is `x.json`)."""
    beside = {
        name.replace("__", "/").replace("_json", ".json").replace("_dmn", ".dmn"): content
        for name, content in files.items()
    }
    findings = check({"p.bpmn": bpmn(body, beside=DEFINED), **beside}, context)
    assert all(finding.sv and finding.en and finding.sv != finding.en for finding in findings)
    assert not any(
        "{" in text
        for finding in findings
        for text in (finding.sv, finding.en, finding.suggestion_en)
        if "${" not in text
    )
    return [(finding.rule, finding.severity, finding.element) for finding in findings]


# --- a process without a flaw --------------------------------------------------------------------------------------


def complete(**replaced: bytes) -> dict[str, bytes]:
    return {
        "complete.bpmn": (FILES / "complete.bpmn").read_bytes(),
        "niva.dmn": (FILES / "niva.dmn").read_bytes(),
        "forms/borja.json": form("titel", "omrade", "parter"),
        "forms/bedom.json": form("svar"),
        "forms/granska.json": form("ok"),
    } | replaced


def test_everything_supported_passes_every_rule() -> None:
    assert check(complete(), HOUSE) == []


def test_a_small_process_passes_without_any_knowledge_of_the_house() -> None:
    assert found(chain('<userTask id="x" name="Gör" camunda:candidateGroups="vem_som_helst"/>')) == []


# --- the rules of the specification --------------------------------------------------------------------------------

LISTENING = '<subProcess id="l" triggeredByEvent="true">{}</subProcess>'
_A, _B = '<task id="a"/>', '<task id="b"/>'
SPECIFICATION: list[tuple[str, list[tuple[str, str, str]]]] = [
    # a drawing, and all that is found in it
    ('<task id="a"/><endEvent id="e"/>\na -> e', [("missing-start", "error", "p")]),
    ("", [("missing-start", "error", "p"), ("empty", "error", "p")]),
    (chain(_A + '<startEvent id="s2"/>\ns2 -> a', "a", "a"), [("several-starts", "error", "s2")]),
    ('<startEvent id="s"/><task id="a"/>\ns -> a', [("missing-end", "error", "p"), ("no-outgoing", "warning", "a")]),
    (chain('<subProcess id="x"/>'), [("empty", "error", "x")]),
    (chain('<subProcess id="x"><task id="a"/><endEvent id="f"/>\na -> f\n</subProcess>'), [("missing-start", "error", "x")]),
    (chain('<subProcess id="x"><startEvent id="i"/><task id="a"/>\ni -> a\n</subProcess>'), [("missing-end", "error", "x"), ("no-outgoing", "warning", "a")]),
    (chain(f'<subProcess id="x"><startEvent id="i">{TIMER}</startEvent><endEvent id="f"/>\ni -> f\n</subProcess>'), [("event-type", "error", "i")]),
    (chain(_A, "a", "a") + LISTENING.format('<task id="q"/>'), [("event-sub-process-start", "error", "l"), ("no-outgoing", "warning", "q")]),
    (chain(_A, "a", "a") + LISTENING.format('<startEvent id="i"/><endEvent id="f"/>\ni -> f\n'), [("event-type", "error", "i")]),
    (chain(_A, "a", "a") + "\na -> s", [("start-incoming", "error", "s")]),
    (chain(_A, "a", "a") + "\ne -> a", [("end-outgoing", "error", "e")]),
    (chain(_A + _B + "\nb -> a", "a", "a"), [("no-incoming", "error", "b")]),
    (chain(_A + _B + '<task id="c"/>\na -> b', "a", "a"), [("no-outgoing", "warning", "b"), ("no-incoming", "error", "c"), ("no-outgoing", "warning", "c")]),
    (chain(_A, "a", "a") + LISTENING.format(f'<startEvent id="i">{SIGNAL}</startEvent><endEvent id="f"/>\ni -> f\n') + "\na -> l", [("event-sub-process-flow", "error", "l")]),
    (chain('<adHocSubProcess id="x"><task id="a"/><endEvent id="f"/>\na -> f\n</adHocSubProcess>'), [("ad-hoc", "error", "f"), ("no-candidates", "error", "a")]),
    (chain('<subProcess id="x"><task id="a" startQuantity="2"/></subProcess>'), [("no-outgoing", "warning", "a"), ("quantity", "error", "a")]),
    (chain('<subProcess id="x"><startEvent id="i"/><task id="a"/><endEvent id="f"/>\ni -> a\na -> f\n</subProcess>') + "\nx -> a", [("flow-crosses-scope", "error", "x-a")]),
    (chain(_A + '<sequenceFlow id="igen" sourceRef="a" targetRef="e"/>', "a", "a"), [("double-flow", "warning", "a-e")]),
    (chain(_A + _B + '<parallelGateway id="g1"/><parallelGateway id="g2"/>\ng1 -> a if x\ng1 -> b\na -> g2\nb -> g2', "g1", "g2"), [("condition-not-allowed", "error", "g1-a")]),
    ('<startEvent id="s"/><endEvent id="e"/>\ns -> e if x', [("condition-not-allowed", "error", "s-e")]),
    (chain('<task id="a" default="s-a"/>', "a", "a"), [("default-flow", "error", "a")]),
    (chain('<exclusiveGateway id="x" default="x-a"/>' + _A + _B + "\nx -> a if y\nx -> b if z\na -> e\n", "x", "b"), [("default-flow", "warning", "x-a")]),
    (chain('<exclusiveGateway id="x"/>' + _A + _B + "\nx -> a\nx -> b\na -> e\n", "x", "b"), [("split-without-conditions", "error", "x")]),
    (chain('<inclusiveGateway id="x"/>' + _A + _B + "\nx -> a if y\nx -> b\na -> e\n", "x", "b"), [("flow-without-condition", "error", "x-b")]),
    (chain('<exclusiveGateway id="x"/>' + _A + _B + "\nx -> a if y\nx -> b if z\na -> e\n", "x", "b"), [("no-default", "warning", "x")]),
    (chain('<parallelGateway id="x"/>'), [("idle-gateway", "warning", "x")]),
    (chain(f'<eventBasedGateway id="x"/><intermediateCatchEvent id="a">{TIMER}</intermediateCatchEvent>\nx -> a', "x", "a"), [("event-gateway", "error", "x")]),
    (chain(f'<eventBasedGateway id="x"/><intermediateCatchEvent id="a">{TIMER}</intermediateCatchEvent>{_B}\nx -> a\nx -> b\nb -> e\n', "x", "a"), [("event-gateway", "error", "x")]),
    (chain(f'<eventBasedGateway id="x"/><intermediateCatchEvent id="a">{TIMER}</intermediateCatchEvent><intermediateCatchEvent id="b">{SIGNAL}</intermediateCatchEvent>\nx -> a\nx -> b\nb -> a', "x", "a"), [("event-gateway", "error", "a")]),
    (chain(f'<eventBasedGateway id="x"/><receiveTask id="a" messageRef="m"/><intermediateCatchEvent id="b">{MESSAGE}</intermediateCatchEvent>\nx -> a\nx -> b\nb -> e\n', "x", "a"), [("event-gateway", "error", "x")]),
    (chain(f'<eventBasedGateway id="x"/><receiveTask id="a" messageRef="m"/><boundaryEvent id="k" attachedToRef="a">{TIMER}</boundaryEvent><intermediateCatchEvent id="b">{TIMER}</intermediateCatchEvent>\nx -> a\nx -> b\nb -> e\nk -> e\n', "x", "a"), [("event-gateway", "error", "a")]),
    (chain(f'{_A}<boundaryEvent id="k" cancelActivity="false" attachedToRef="a">{ERROR}</boundaryEvent>\nk -> e', "a", "a"), [("error-interrupts", "error", "k")]),
    (chain(_A, "a", "a") + LISTENING.format(f'<startEvent id="i" isInterrupting="false">{ERROR}</startEvent><endEvent id="f"/>\ni -> f\n'), [("error-interrupts", "error", "i")]),
    (chain(f'<exclusiveGateway id="x"/><exclusiveGateway id="y"/>{_A}<boundaryEvent id="k" attachedToRef="x">{TIMER}</boundaryEvent>\nk -> y\nx -> y\na -> e\ny -> a', "x", "a").replace("\na -> e", "", 1), [("idle-gateway", "warning", "x"), ("boundary-host", "error", "k")]),
    (chain(f'<subProcess id="x"><startEvent id="i"/><task id="a"/><endEvent id="f"/>\ni -> a\na -> f\n</subProcess><boundaryEvent id="k" attachedToRef="a">{TIMER}</boundaryEvent>\nk -> e'), [("boundary-host", "error", "k")]),
    (chain(f'{_A}{_B}<boundaryEvent id="k" attachedToRef="a">{TIMER}</boundaryEvent>\nk -> e\na -> b\nb -> k', "a", "a").replace("\na -> e", ""), [("boundary-incoming", "error", "k")]),
    (chain(f'{_A}<boundaryEvent id="k" attachedToRef="a">{TIMER}</boundaryEvent>', "a", "a"), [("no-outgoing", "warning", "k")]),
    (chain(f'{_A}<boundaryEvent id="k" attachedToRef="a">{ERROR}</boundaryEvent><boundaryEvent id="k2" attachedToRef="a">{ERROR}</boundaryEvent>\nk -> e\nk2 -> e', "a", "a"), [("caught-twice", "error", "k2")]),
    (chain(f'{_A}<startEvent id="s1">{MESSAGE}</startEvent><startEvent id="s2">{MESSAGE}</startEvent>\ns1 -> a\ns2 -> a', "a", "a"), [("message-started-twice", "error", "s2")]),
    (chain('<task id="a"/><startEvent id="s2"><messageEventDefinition messageRef="m"/></startEvent>', "a", "a"), [("start-outgoing", "error", "s2")]),
    (chain(_A + '<receiveTask id="x" instantiate="true" messageRef="m"/>\na -> x', "a", "x"), [("starting-task", "error", "x")]),
    (chain('<receiveTask id="x" instantiate="true" messageRef="m"/>'), []),
    ('<receiveTask id="x" instantiate="true" messageRef="m"/><endEvent id="e"/>\nx -> e', []),
    (chain('<subProcess id="u"><receiveTask id="x" instantiate="true" messageRef="m"/></subProcess>', "u", "u"), [("no-outgoing", "warning", "x"), ("starting-task", "error", "x")]),
    (chain(_A, "a", "a") + LISTENING.format(f'<startEvent id="i">{SIGNAL}</startEvent><endEvent id="f"/>\ni -> f\n<standardLoopCharacteristics loopMaximum="2"/>'), [("event-sub-process-kind", "error", "l"), ("xsd", "error", "l")]),
    (chain(_A, "a", "a") + LISTENING.replace("triggered", 'isForCompensation="true" triggered').format(f'<startEvent id="i">{SIGNAL}</startEvent><endEvent id="f"/>\ni -> f\n'), [("event-sub-process-kind", "error", "l")]),
    ('<startEvent id="s" isInterrupting="false"/><endEvent id="e"/>\ns -> e', [("interrupts-nothing", "warning", "s")]),
    ('<startEvent id="s" camunda:formKey="f"><messageEventDefinition messageRef="m"/></startEvent><endEvent id="e"/>\ns -> e', [("start-form", "warning", "s"), ("unknown-form", "error", "s")]),
    (chain('<subProcess id="x"><startEvent id="i" camunda:formKey="f"/><endEvent id="f"/>\ni -> f\n</subProcess>'), [("start-form", "warning", "i"), ("unknown-form", "error", "i")]),
    ('<startEvent id="s"/><task id="a"/><endEvent id="e"/>\ns -> a\na -> e if x', [("lone-condition", "error", "a-e")]),
    (chain(_A + _B + "\na -> b if y\nb -> e", "a", "a").replace("a -> e", "a -> e if z"), [("no-default", "warning", "a")]),
    (chain('<task id="a" default="a-b"/>' + _B + "\na -> b\nb -> e", "a", "a"), [("default-flow", "warning", "a-b")]),
    (chain('<task id="a" default="a-b"/>' + _B + "\na -> b\nb -> e", "a", "a").replace("a -> e", "a -> e if z"), []),
    (chain(f'{_A}{_B}<task id="c"/>\nb -> c\nc -> b', "a", "a"), [("unreachable", "error", "b"), ("unreachable", "error", "c")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"),
    [*SPECIFICATION, *BROKEN, *drawings_of_events.DRAWINGS],
    ids=lambda value: value[-1][0] if value and isinstance(value, list) else "",
)
def test_static_rules_of_the_specification(body: str, expected: list[tuple[str, str, str]]) -> None:
    assert sorted(found(body)) == sorted(expected)


@pytest.mark.parametrize("body", SOUND)
def test_compensation_as_it_should_be(body: str) -> None:
    assert found(body) == []


EVENTS_BY_PLACE = {
    # place: the triggers that table 10.93 allows there, of those that are carried out
    "start": {"none", "message", "timer", "signal", "conditional"},
    "sub start": {"none"},
    "event sub start": {"message", "timer", "signal", "error", "escalation", "conditional", "compensate"},
    "catch": {"message", "timer", "signal", "conditional"},
    "throw": {"none", "message", "signal", "escalation", "compensate"},
    "boundary": {"message", "timer", "signal", "error", "escalation", "conditional", "compensate", "cancel"},
    "end": {"none", "message", "signal", "error", "escalation", "compensate", "cancel", "terminate"},
}
DEFINITIONS = {
    "none": "",
    "message": MESSAGE,
    "timer": TIMER,
    "signal": SIGNAL,
    "error": ERROR,
    "escalation": '<escalationEventDefinition escalationRef="k1"/>',
    "terminate": "<terminateEventDefinition/>",
    "conditional": "<conditionalEventDefinition><condition>antal &gt; 3</condition></conditionalEventDefinition>",
    "compensate": COMPENSATE,
    "cancel": CANCEL,
}
PLACES = {
    "start": '<startEvent id="v">{}</startEvent><endEvent id="e"/>\nv -> e',
    "sub start": chain(
        '<subProcess id="x"><startEvent id="v">{}</startEvent><endEvent id="f"/>\nv -> f\n</subProcess>'
    ),
    "event sub start": chain(_A, "a", "a")
    + LISTENING.format('<startEvent id="v">{}</startEvent><endEvent id="f"/>\nv -> f\n'),
    "catch": chain('<intermediateCatchEvent id="v">{}</intermediateCatchEvent>', "v", "v"),
    "throw": chain('<intermediateThrowEvent id="v">{}</intermediateThrowEvent>', "v", "v"),
    "boundary": chain(_A + '<boundaryEvent id="v" attachedToRef="a">{}</boundaryEvent>\nv -> e', "a", "a"),
    "end": '<startEvent id="s"/><endEvent id="v">{}</endEvent>\ns -> v',
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", DEFINITIONS)
def test_every_event_in_every_place(place: str, kind: str) -> None:
    expected = [] if kind in EVENTS_BY_PLACE[place] else [("event-type", "error", "v")]
    findings = [finding for finding in found(PLACES[place].format(DEFINITIONS[kind])) if finding[0] != "xsd"]
    if (place, kind) == ("start", "conditional"):  # with a condition on what there is before a case
        findings = [finding for finding in findings if finding[0] != "start-condition"]
    if kind in ("compensate", "cancel"):  # these ask for more around them, see BROKEN
        findings = [finding for finding in findings if finding[0] == "event-type"]
    assert findings == expected


def test_an_event_in_the_wrong_place_is_told_what_it_may_be() -> None:
    (finding,) = check({"p.bpmn": bpmn(PLACES["throw"].format(TIMER), beside=DEFINED)})
    assert (
        "kan vara utan händelsetyp, meddelande, signal, eskalering, länk eller kompensation, men är timer" in finding.sv
    )
    assert "may be without a trigger, message, signal, escalation, link or compensation, but is timer" in finding.en


def test_inside_a_scope_without_start_everything_may_begin() -> None:
    assert found(
        chain('<subProcess id="x"><userTask id="a" name="A" camunda:assignee="x"/><task id="b"/></subProcess>')
    ) == [
        ("no-outgoing", "warning", "a"),
        ("no-outgoing", "warning", "b"),
    ]


def test_what_is_inside_an_unreachable_sub_process_is_told_once() -> None:
    inside = '<subProcess id="x"><startEvent id="i"/><task id="a"/><endEvent id="f"/>\ni -> a\na -> f\n</subProcess>'
    assert found(chain(f"{_B}{inside}\nx -> b", "b", "b")) == [("no-incoming", "error", "x")]


def test_activities_may_split_by_condition() -> None:
    """§13.2.1: conditional flows out of an activity; those without a condition are always taken."""
    assert found(chain(f"{_A}{_B}\na -> b if x == 1\nb -> e\n", "a", "a")) == []


def test_one_mistake_gives_one_finding() -> None:
    """A condition that cannot be read is not also a missing one, a task refused by name not also one without topic."""
    body = chain('<exclusiveGateway id="x" default="x-b"/>' + _A + _B + "\nx -> a if y &&\nx -> b\na -> e\n", "x", "b")
    assert found(body) == [("expression", "error", "x-a")]
    assert found(chain('<serviceTask id="x" camunda:class="X"/>')) == [("not-supported", "error", "x")]
    assert found(
        chain(
            '<boundaryEvent id="x" attachedToRef="borta"><signalEventDefinition signalRef="g"/></boundaryEvent>\nx -> e',
            "e",
            "s",
        ).replace("\ns -> e", "", 1)
    ) == [("dangling-reference", "error", "x")]


# --- variables -----------------------------------------------------------------------------------------------------


def script(node: str, text: str) -> str:
    return f'<scriptTask id="{node}" scriptFormat="trappa"><script>{text}</script></scriptTask>'


def read_too_early(body: str, **files: bytes) -> list[str]:
    """The variables that are told of, each with the element that reads it."""
    told = check(
        {
            "p.bpmn": bpmn(body, beside=DEFINED),
            **{name.replace("_json", ".json").replace("_dmn", ".dmn"): file for name, file in files.items()},
        }
    )
    assert {finding.rule for finding in told} <= {"read-before-write", "no-outgoing", "no-default"}
    assert all(finding.severity == "warning" for finding in told)
    return [
        f"{finding.element}:{finding.sv.split('variabeln ')[1].split(',')[0]}"
        for finding in told
        if finding.rule == "read-before-write"
    ]


FORM_START = '<startEvent id="s" camunda:formKey="f"/>'


def test_a_variable_is_read_before_the_script_that_writes_it() -> None:
    first = script("a", "y = x + 1") + script("b", "x = 1")
    assert read_too_early(chain(first + "\na -> b", "a", "b")) == ["a:x"]
    assert read_too_early(chain(first + "\nb -> a", "b", "a")) == []


def test_a_variable_that_a_gateway_reads_before_it_is_written() -> None:
    body = '<exclusiveGateway id="x" default="x-e"/>' + script("a", "klart = true") + "\nx -> a if klart\nx -> e"
    assert read_too_early(chain(body, "x", "a")) == ["x:klart"]


def test_a_loop_may_bring_it_along() -> None:
    body = (
        script("a", "y = x")
        + script("b", "x = 1")
        + '<exclusiveGateway id="gw" default="gw-e"/>\na -> b\nb -> gw\ngw -> a if y'
    )
    assert read_too_early(chain(body, "a", "gw")) == []


def test_asking_first_is_fine() -> None:
    body = script("a", "y = x if defined(x) else 0") + script("b", "x = 1")
    assert read_too_early(chain(body + "\na -> b", "a", "b")) == []


def test_a_variable_that_nothing_writes_may_come_from_the_start() -> None:
    assert read_too_early(chain(script("a", "y = x"), "a", "a")) == []


def test_but_not_where_a_form_says_what_the_start_gives() -> None:
    body = f'{FORM_START}{script("a", "y = rubrik + rubrikk + startad_av.namn")}<endEvent id="e"/>\ns -> a\na -> e'
    assert read_too_early(body, f_json=form("rubrik")) == ["a:rubrikk"]


def test_what_nested_fields_of_a_form_write() -> None:
    fields = {
        "components": [
            {"type": "group", "components": [{"key": "i_grupp"}]},
            {"type": "dynamiclist", "path": "rader", "components": [{"key": "i_rad"}]},
            {"key": "djup.under"},
            {"type": "text", "text": "hej"},
        ]
    }
    body = f'{FORM_START}{script("a", "y = [i_grupp, rader, djup, i_rad]")}<endEvent id="e"/>\ns -> a\na -> e'
    assert read_too_early(body, f_json=json.dumps(fields).encode()) == ["a:i_rad"]


@pytest.mark.parametrize(
    "bringer",
    [
        '<serviceTask id="b" camunda:topic="t"/>',
        '<receiveTask id="b" messageRef="m"/>',
        f'<intermediateCatchEvent id="b">{MESSAGE}</intermediateCatchEvent>',
        f'<intermediateCatchEvent id="b">{SIGNAL}</intermediateCatchEvent>',
        '<userTask id="b" name="b" camunda:assignee="x"/>',
        '<callActivity id="b" calledElement="q"><extensionElements><camunda:out variables="all"/></extensionElements></callActivity>',
    ],
)
def test_behind_a_service_or_message_anything_may_be_there(bringer: str) -> None:
    body = f'{FORM_START}{bringer}{script("a", "y = okand")}<endEvent id="e"/>\ns -> b\nb -> a\na -> e'
    assert read_too_early(body, f_json=form("rubrik")) == []


@pytest.mark.parametrize(
    ("writer", "name"),
    [
        ('<userTask id="b" name="b" camunda:assignee="x" camunda:formKey="f2"/>', "falt"),
        ('<userTask id="b" name="b" camunda:assignee="x" camunda:formKey="f2"><extensionElements><camunda:properties><camunda:property name="by" value="vem"/></camunda:properties></extensionElements></userTask>', "vem"),
        ('<serviceTask id="b" camunda:topic="t"><extensionElements><camunda:inputOutput><camunda:outputParameter name="ut">${svar}</camunda:outputParameter></camunda:inputOutput></extensionElements></serviceTask>', "ut"),
        ('<businessRuleTask id="b" camunda:decisionRef="niva" camunda:resultVariable="svar"/>', "svar"),
        ('<callActivity id="b" calledElement="q"><extensionElements><camunda:out source="inre" target="ut"/></extensionElements></callActivity>', "ut"),
        (f'<intermediateCatchEvent id="b">{TIMER}</intermediateCatchEvent>', None),
        ('<task id="b"><multiInstanceLoopCharacteristics><extensionElements><camunda:properties><camunda:property name="outputCollection" value="alla"/></camunda:properties></extensionElements><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></task>', "alla"),
        ('<manualTask id="b" name="b"><extensionElements><camunda:properties><camunda:property name="formKey" value="x"/><camunda:property name="assignee" value="x"/></camunda:properties></extensionElements></manualTask>', "vad_som_helst"),
    ],
)  # fmt: skip
def test_what_an_activity_writes_by_name(writer: str, name: str | None) -> None:
    start = '<startEvent id="s" camunda:formKey="f"/>'
    body = f'{start}{writer}{script("a", f"y = [{name or 1}, finns_ej]")}<endEvent id="e"/>\ns -> b\nb -> a\na -> e'
    expected = [] if name == "vad_som_helst" else ["a:finns_ej"]
    assert (
        read_too_early(
            body, f_json=form("status", "antal"), f2_json=form("falt"), niva_dmn=(FILES / "niva.dmn").read_bytes()
        )
        == expected
    )


def test_inputs_are_there_for_the_activity_itself_and_outputs_see_what_it_did() -> None:
    body = (
        '<userTask id="a" name="a" camunda:assignee="${egen}" camunda:formKey="f2"><extensionElements><camunda:inputOutput>'
        '<camunda:inputParameter name="egen">${rubrik}</camunda:inputParameter>'
        '<camunda:outputParameter name="ut">${falt + borta}</camunda:outputParameter></camunda:inputOutput></extensionElements></userTask>'
    )
    assert read_too_early(
        f'{FORM_START}{body}<endEvent id="e"/>\ns -> a\na -> e', f_json=form("rubrik"), f2_json=form("falt")
    ) == ["a:borta"]


def test_an_instance_sees_its_element_and_counters() -> None:
    loop = '<multiInstanceLoopCharacteristics camunda:collection="rader" camunda:elementVariable="rad"><completionCondition>nrOfCompletedInstances > 1 and rad</completionCondition></multiInstanceLoopCharacteristics>'
    task = f'<userTask id="a" name="a" camunda:assignee="${{rad.vem + str(loopCounter)}}" camunda:formKey="f">{loop}</userTask>'
    assert read_too_early(f'{FORM_START}{task}<endEvent id="e"/>\ns -> a\na -> e', f_json=form("rader")) == []


def test_what_was_under_way_may_have_written_before_an_interruption() -> None:
    body = (
        f'{FORM_START}<subProcess id="x"><startEvent id="i"/>{script("a", "halvvags = 1")}<endEvent id="f"/>\ni -> a\na -> f\n</subProcess>'
        f'<boundaryEvent id="k" attachedToRef="x">{TIMER}</boundaryEvent>{script("b", "y = halvvags + borta")}<endEvent id="e"/>'
        "\ns -> x\nx -> e\nk -> b\nb -> e"
    )
    assert read_too_early(body, f_json=form("rubrik")) == ["b:borta"]


def test_a_listening_sub_process_sees_what_may_have_been_written_meanwhile() -> None:
    body = (
        f'{FORM_START}{script("a", "satt = 1")}<endEvent id="e"/>\ns -> a\na -> e\n'
        + LISTENING.format(f'<startEvent id="i">{TIMER}</startEvent>{script("b", "y = satt + borta")}<endEvent id="f"/>\ni -> b\nb -> f\n')
    )  # fmt: skip
    assert read_too_early(body, f_json=form("rubrik")) == ["b:borta"]


def test_a_decision_reads_what_its_columns_ask_for() -> None:
    rule = '<businessRuleTask id="a" camunda:decisionRef="niva" camunda:resultVariable="r"/>'
    body = f'{FORM_START}{rule}<endEvent id="e"/>\ns -> a\na -> e'
    assert read_too_early(body, f_json=form("status"), niva_dmn=(FILES / "niva.dmn").read_bytes()) == ["a:antal"]


# --- the rules of the house ----------------------------------------------------------------------------------------

LANES = (
    '<laneSet id="banor"><lane id="b1" name="hsf"><flowNodeRef>x</flowNodeRef></lane>'
    '<lane id="b2" name="Storsthlm"><extensionElements><camunda:properties><camunda:property name="role" value="storsthlm"/></camunda:properties></extensionElements></lane>'
    '<lane id="b3" name="Ingen alls"/></laneSet>'
)


def human(candidates: str = 'camunda:candidateGroups="hsf"', more: str = "", lane: str = "b1") -> str:
    lanes = LANES.replace("<flowNodeRef>x</flowNodeRef>", "")
    lanes = lanes.replace(
        f'id="{lane}" name="Ingen alls"/>', f'id="{lane}" name="Ingen alls"><flowNodeRef>x</flowNodeRef></lane>'
    )
    if lane in ("b1", "b2"):
        start = lanes.index(f'id="{lane}"')
        end = lanes.index("</lane>", start)
        lanes = lanes[:end] + "<flowNodeRef>x</flowNodeRef>" + lanes[end:]
    return lanes + chain(f'<userTask id="x" name="Gör" {candidates} {more}/>')


def _property(name: str, value: str) -> str:
    return f'<extensionElements><camunda:properties><camunda:property name="{name}" value="{value}"/></camunda:properties></extensionElements>'


HOUSE_RULES: list[tuple[str, list[tuple[str, str, str]]]] = [
    (human(), []),
    (human(""), [("no-candidates", "error", "x")]),
    (chain('<adHocSubProcess id="x" name="Fritt"><task id="a" name="A"/></adHocSubProcess>'), [("no-candidates", "error", "a")]),
    (human('camunda:assignee="ada"'), []),
    (human('camunda:candidateGroups="hsf, lokal_samverkan:huddinge@kommun"'), []),
    (human('camunda:candidateGroups="hsf:${omrade}@region"'), []),
    (human('camunda:candidateGroups="${vilka}"'), []),
    (human('camunda:candidateGroups="${[a, b]}"'), []),
    (human('camunda:candidateGroups="hfs"'), [("unknown-role", "error", "x"), ("lane-role", "error", "x")]),
    (human('camunda:candidateGroups="hsf,hsff:${omrade}@kommun"'), [("unknown-role", "error", "x")]),
    (human("camunda:candidateGroups=\"${'hsff:' + omrade}\""), [("unknown-role", "error", "x"), ("lane-role", "error", "x")]),
    (human('camunda:candidateGroups="storsthlm"'), [("lane-role", "error", "x")]),
    (human('camunda:candidateGroups="storsthlm"', lane="b2"), []),
    (human('camunda:candidateGroups="storsthlm,hsf"', lane="b2"), []),
    (human(lane="b3"), [("lane-role", "error", "x")]),
    (human(lane="ingen"), [("no-lane", "error", "x")]),
    (chain('<userTask id="x" name="Gör" camunda:candidateGroups="hsf"/>'), [("no-lane", "error", "p")]),
    (human(more='camunda:formKey="borta"'), [("unknown-form", "error", "x")]),
    (chain('<serviceTask id="x" camunda:topic="borta"/>'), [("unknown-topic", "error", "x")]),
    (chain('<serviceTask id="x"/>'), [("no-topic", "error", "x")]),
    (chain('<sendTask id="x" messageRef="m"/>'), []),
    (chain('<sendTask id="x" messageRef="m" camunda:topic="paminnelse"/>'), [("no-topic", "error", "x")]),
    (chain('<businessRuleTask id="x" camunda:type="external" camunda:topic="borta"/>'), [("unknown-topic", "error", "x")]),
    (chain('<businessRuleTask id="x" camunda:type="external" camunda:topic="paminnelse"/>'), []),
    (human("camunda:candidateGroups=\"${['hsf:' + a, 'hsff:' + b]}\""), [("unknown-role", "error", "x")]),
    (_property("case.readers", "hsf, hfs") + chain(_A, "a", "a"), [("unknown-role", "error", "p")]),
    (_property("visible.a", "hfs:x") + chain(_A, "a", "a"), [("unknown-role", "error", "p")]),
    (chain('<businessRuleTask id="x" camunda:decisionRef="borta" camunda:resultVariable="r"/>'), [("unknown-decision", "error", "x")]),
    (chain('<callActivity id="x" calledElement="borta"/>'), [("unknown-process", "error", "x")]),
    (chain('<callActivity id="x" calledElement="annan_process"/>'), []),
    (chain('<callActivity id="x" calledElement="${vilken}"/>'), []),
    (chain('<callActivity id="x" calledElement="p"/>'), []),
    (chain('<callActivity id="x" calledElement="annan_process" camunda:calledElementBinding="deployment"/>'), [("unknown-process", "error", "x")]),
    (chain(script("x", "a = workday(3) + len(today())")), [("unknown-function", "error", "x")]),
    (chain(script("x", "a = setting('bekraftelse') + setting(&quot;registrring&quot;)")), [("unknown-setting", "error", "x")]),
    (chain('<userTask id="x" camunda:assignee="a"/>'), [("no-lane", "error", "p"), ("no-name", "warning", "x")]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), HOUSE_RULES)
def test_rules_of_the_house(body: str, expected: list[tuple[str, str, str]]) -> None:
    assert sorted(found(body, HOUSE)) == sorted(expected)


def test_what_the_house_does_not_know_is_not_checked() -> None:
    body = human('camunda:candidateGroups="hfs"', lane="b3") + '<serviceTask id="y" camunda:topic="borta"/>'
    body = body.replace("x -> e", "x -> y\ny -> e")
    assert found(body) == []


def test_R38_a_task_without_a_lane_that_is_a_role_is_refused() -> None:
    for lane in ("b3", "ingen"):
        (finding,) = check({"p.bpmn": bpmn(human(lane=lane))}, HOUSE)
        assert finding.is_error
        assert "Gör" in finding.sv


def test_R38_a_handler_that_nobody_reviewed_is_refused() -> None:
    (finding,) = check({"p.bpmn": bpmn(chain('<serviceTask id="x" camunda:topic="pamminelse"/>'))}, HOUSE)
    assert finding.rule == "unknown-topic"
    assert finding.is_error
    assert finding.suggestion_sv.endswith("Menas paminnelse?")
    assert finding.suggestion_en.endswith("Is paminnelse meant?")


def test_two_tasks_of_one_name_cannot_be_told_apart() -> None:
    two = '<userTask id="a" name="Bedöm" camunda:assignee="x"/><userTask id="b" name=" bedöm " camunda:assignee="x"/>'
    assert found(chain(two + "\na -> b", "a", "b")) == [("same-name", "warning", "b")]
    inner = '<userTask id="a" name="Bedöm" camunda:assignee="x"/><subProcess id="u"><startEvent id="i"/><userTask id="b" name="Bedöm" camunda:assignee="x"/><endEvent id="f"/>\ni -> b\nb -> f\n</subProcess>'
    assert found(chain(inner + "\na -> u", "a", "u")) == [("same-name", "warning", "b")]
    same = '<serviceTask id="a" name="Sänd" camunda:topic="t"/><serviceTask id="b" name="Sänd" camunda:topic="t"/>'
    assert found(chain(same + "\na -> b", "a", "b")) == []
    unlike = '<userTask id="a" name="Bedöm" camunda:assignee="x"/><serviceTask id="b" name="BEDÖM" camunda:topic="t"/>'
    assert found(chain(unlike + "\na -> b", "a", "b")) == [("same-name", "warning", "b")]


def test_starter_roles_are_known() -> None:
    source = bpmn(chain(_A, "a", "a"), executable='isExecutable="true" camunda:candidateStarterGroups="hsf, hfs:x"')
    (finding,) = check({"p.bpmn": source}, HOUSE)
    assert (finding.rule, finding.element) == ("unknown-role", "p")
    assert "hfs" in finding.sv


@pytest.mark.parametrize(("series", "expected"), [("PS", []), ("ps", ["number-series"]), ("PS-", ["number-series"])])
def test_number_series(series: str, expected: list[str]) -> None:
    properties = f'<extensionElements><camunda:properties><camunda:property name="case.numberSeries" value="{series}"/></camunda:properties></extensionElements>'
    assert [rule for rule, _, _ in found(properties + chain(_A, "a", "a"))] == expected


def test_functions_in_the_facts_of_the_process_are_known() -> None:
    properties = '<extensionElements><camunda:properties><camunda:property name="case.title" value="${titel(x)}"/></camunda:properties></extensionElements>'
    assert found(properties + chain(_A, "a", "a"), HOUSE) == [("unknown-function", "error", "p")]


def test_functions_in_decisions_are_known() -> None:
    dmn = (FILES / "niva.dmn").read_bytes().replace(b"str(antal)", b"strang(antal)")
    assert found(chain(_A, "a", "a"), HOUSE, niva_dmn=dmn) == [("unknown-function", "error", "niva")]


# --- feedback on each rung -----------------------------------------------------------------------------------------

ASKED = '<extensionElements><camunda:properties><camunda:property name="check.feedback" value="true"/></camunda:properties></extensionElements>'
DECISION = '<userTask id="{0}" name="{0}" camunda:assignee="x"><extensionElements><camunda:properties><camunda:property name="beslut" value="b"/></camunda:properties></extensionElements></userTask>'
SERVICE = '<serviceTask id="t" camunda:topic="aterkoppling"/>'
THROWN = '<intermediateThrowEvent id="t"><messageEventDefinition messageRef="aterkoppling"/></intermediateThrowEvent>'


@pytest.mark.parametrize(
    "feedback",
    [SERVICE, THROWN, '<sendTask id="t" messageRef="aterkoppling"/>', SERVICE.replace("koppling", "koppling_tsg")],
)
def test_R38_feedback_after_the_decision(feedback: str) -> None:
    assert found(ASKED + chain(DECISION.format("x") + feedback + "\nx -> t", "x", "t")) == []


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        (_A + "\nx -> a\na -> e", [("no-feedback", "error", "x")]),
        ('<serviceTask id="t" camunda:topic="aterkopplingar"/>\nx -> t\nt -> e', [("no-feedback", "error", "x")]),
        (DECISION.format("y") + SERVICE + "\nx -> y\ny -> t\nt -> e", [("no-feedback", "error", "x")]),
        (
            SERVICE + '<exclusiveGateway id="gw" default="gw-e"/>\nx -> gw\ngw -> t if b\ngw -> e\nt -> e',
            [("no-feedback", "warning", "x")],
        ),
        (f'<boundaryEvent id="k" attachedToRef="x">{TIMER}</boundaryEvent>{SERVICE}\nx -> t\nk -> e\nt -> e', []),
        (
            f'<subProcess id="u"><startEvent id="i"/>{SERVICE}<endEvent id="f"/>\ni -> t\nt -> f\n</subProcess>\nx -> u\nu -> e',
            [],
        ),
        ('<endEvent id="q"><messageEventDefinition messageRef="aterkoppling"/></endEvent>\nx -> q', []),
    ],
)
def test_R38_a_rung_without_feedback_is_refused(between: str, expected: list[tuple[str, str, str]]) -> None:
    body = chain(DECISION.format("x") + between, "x", "x").replace("\nx -> e", "")
    assert [finding for finding in found(ASKED + body) if finding[0] == "no-feedback"] == expected
    assert not [finding for finding in found(body) if finding[0] == "no-feedback"]


# --- files together ------------------------------------------------------------------------------------------------


def test_processes_of_one_deployment_know_each_other() -> None:
    call = bpmn(chain('<callActivity id="x" calledElement="q" camunda:calledElementBinding="deployment"/>'))
    called = (
        bpmn(chain(_A, "a", "a"))
        .replace(b'process id="p"', b'process id="q"')
        .replace(b'bpmnElement="p"', b'bpmnElement="q"')
    )
    assert check({"a.bpmn": call, "b.bpmn": called}, HOUSE) == []
    assert [finding.file for finding in check({"a.bpmn": call}, HOUSE)] == ["a.bpmn"]


def test_a_process_that_only_an_event_starts_cannot_be_called() -> None:
    """§10.3.4, §13.3.4: a call begins at the start event without a trigger."""
    call = bpmn(chain('<callActivity id="x" calledElement="q"/>'))
    started = f'<startEvent id="s">{MESSAGE}</startEvent><endEvent id="e"/>\ns -> e'
    called = bpmn(started, beside=DEFINED).replace(b'process id="p"', b'process id="q"').replace(b'nt="p"', b'nt="q"')
    assert [(one.rule, one.element) for one in check({"a.bpmn": call, "b.bpmn": called})] == [("called-start", "x")]
    both = called.replace(b"<endEvent", b'<startEvent id="t"/><endEvent').replace(
        b"</process>", b'<sequenceFlow id="te" sourceRef="t" targetRef="e"/></process>'
    )
    assert check({"a.bpmn": call, "b.bpmn": both}) == []


def test_one_process_in_two_files_is_told() -> None:
    source = bpmn(chain(_A, "a", "a"))
    (finding,) = check({"a.bpmn": source, "b.bpmn": source})
    assert (finding.rule, finding.file, finding.element) == ("duplicate-process", "b.bpmn", "p")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"components": 3}', b"\xff\xfe", b"[" * 100_000, b"x" * 1_000_001, b'{"components": [' + b'{"components": [' * 30 + b"]}" * 30 + b"]}"],
)  # fmt: skip
def test_forms_that_cannot_be_read_are_told(content: bytes) -> None:
    findings = check({"p.bpmn": bpmn(human(more='camunda:formKey="f"')), "forms/f.json": content}, HOUSE)
    assert [(finding.rule, finding.file) for finding in findings] == [("form-unreadable", "forms/f.json")]


def test_damaged_decisions_are_told_with_their_file() -> None:
    findings = check({"p.bpmn": bpmn(chain(_A, "a", "a")), "d.dmn": b"<a/>"})
    assert [(finding.rule, finding.file) for finding in findings] == [("not-dmn", "d.dmn")]


def test_findings_of_all_files_come_at_once_in_order() -> None:
    bad = bpmn(chain('<callActivity id="x"/>'))
    findings = check({"b.bpmn": bad, "a.bpmn": b"hej", "forms/f.json": b"", "d.dmn": b""})
    assert [finding.file for finding in findings] == ["a.bpmn", "b.bpmn", "d.dmn", "forms/f.json"]


def test_other_files_are_left_alone() -> None:
    assert check({"p.bpmn": bpmn(chain(_A, "a", "a")), "README.md": b"\xff", "scenarios/a.yaml": b": :"}) == []


def test_endless_findings_end_with_one_that_says_so() -> None:
    many = "".join(f'<callActivity id="x{number}"/>' for number in range(2_000))
    findings = check({"p.bpmn": bpmn(chain(_A, "a", "a") + many)})
    assert len(findings) <= 2 * MAX_FINDINGS
    assert sum(finding.rule == "more-findings" for finding in findings) == 1
    assert any(finding.rule == "more-findings" and finding.is_error for finding in findings)


# --- every rule, and what it costs ---------------------------------------------------------------------------------


def subject_of(body: str, context: CheckContext) -> Subject:
    reading = read(bpmn(body, beside=DEFINED), name="p.bpmn")
    broken = frozenset(finding.element for finding in reading.findings if finding.is_error)
    return Subject("p.bpmn", reading.graphs[0], context, broken=broken)


def test_each_rule_is_broken_by_some_drawing_above() -> None:
    """So no rule can fall silent unseen."""
    broken = SPECIFICATION + BROKEN + drawings_of_events.DRAWINGS
    drawings = [body for body, _ in broken] + [body for body, _ in HOUSE_RULES]
    drawings += [place.format(definition) for place in PLACES.values() for definition in DEFINITIONS.values()]
    two = '<userTask id="a" name="A" camunda:assignee="x"/><userTask id="b" name="a" camunda:assignee="x"/>'
    drawings += [
        chain(two + "\na -> b", "a", "b"),
        chain(script("a", "y = x") + script("b", "x = 1") + "\na -> b", "a", "b"),
    ]
    drawings += [
        ASKED + chain(DECISION.format("x")),
        ASKED.replace("check.feedback", "case.numberSeries") + chain(_A, "a", "a"),
    ]
    subjects = [subject_of(body, HOUSE) for body in drawings]
    rules_ = (*checks.OF_THE_WAYS, *checks.OF_THE_WORK)
    silent = [rule.__name__ for rule in rules_ if not any(list(rule(subject)) for subject in subjects)]
    assert silent == []
    assert len(rules_) >= 35


def test_checking_takes_longer_as_a_diagram_grows_and_not_much_faster() -> None:
    def checking(count: int) -> Callable[[], object]:
        source = _turning_back(count)
        assert [finding.rule for finding in check({"p.bpmn": source}, HOUSE)] == ["no-lane"]
        return lambda: check({"p.bpmn": source}, HOUSE)

    assert growth(checking, 48) < 15


def _turning_back(count: int) -> bytes:
    """A chain of so many elements, of which every fourth leads back, and each script reads what the one before wrote."""
    nodes, flows = [], ["s -> n0"]
    for number in range(0, count, 4):
        nodes.append(
            f'<userTask id="n{number}" name="Uppgift {number}" camunda:candidateGroups="hsf" camunda:dueDate="${{workdays({number})}}"/>'
        )
        nodes.append(
            script(
                f"n{number + 1}",
                f"a{number} = {number} + len(str(a{max(number - 4, 0)} if defined(a{max(number - 4, 0)}) else 1))",
            )
        )
        nodes.append(f'<exclusiveGateway id="n{number + 2}" default="n{number + 2}-n{number + 3}"/>')
        nodes.append(f'<serviceTask id="n{number + 3}" camunda:type="external" camunda:topic="paminnelse"/>')
        flows += [
            f"n{number} -> n{number + 1}",
            f"n{number + 1} -> n{number + 2}",
            f"n{number + 2} -> n{number + 3}",
            f"n{number + 3} -> n{number + 4}",
        ]
        flows.append(f"n{number + 2} -> n{number} if a{number} > 3")
    body = f'<startEvent id="s"/>{"".join(nodes)}<endEvent id="n{count}"/>\n' + "\n".join(flows)
    return bpmn(body)


def test_the_context_of_the_house_takes_roles_and_settings_from_the_reference_data() -> None:
    reference: dict[str, Any] = {"roller": [{"nyckel": "hsf"}], "installningar": {"bekraftelse": {"varde": 2}}}
    context = CheckContext.of_house(reference, topics=["t"], settings=["retry.minutes"])
    assert (context.roles, context.topics, context.processes) == ({"hsf"}, ["t"], None)
    assert context.settings == {"bekraftelse", "retry.minutes"}
    empty = CheckContext.of_house({})
    assert (empty.roles, empty.settings) == (None, None)
