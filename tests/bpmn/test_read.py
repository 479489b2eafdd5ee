"""Files of every kind, friendly, foreign and hostile: each becomes graphs and findings, never a stack trace."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

import gzip
import random
import re
import subprocess
import sys
from pathlib import Path
from time import process_time

import pytest

from engine.bpmn.checks import check
from engine.bpmn.findings import MAX_FINDINGS, Finding
from engine.bpmn.model import Graph
from engine.bpmn.read import Reading, read
from engine.bpmn.read import refused as refusals
from tests.bpmn.drawing import NAMESPACES, bpmn, chain

FILES = Path(__file__).parent / "files"
COMPLETE = (FILES / "complete.bpmn").read_bytes()


def only(reading: Reading) -> Graph:
    assert not reading.is_draft, [str(finding) for finding in reading.findings]
    (graph,) = reading.graphs
    return graph


def graph_of(body: str, beside: str = "") -> Graph:
    return only(read(bpmn(body, beside=beside)))


def rules(reading: Reading) -> list[tuple[str, str]]:
    return [(finding.rule, finding.element) for finding in reading.findings]


def _wide(element: str, count: int) -> str:
    return "".join(element.replace("#", str(number)) for number in range(count))


@pytest.fixture(scope="module")
def complete() -> Graph:
    return only(read(COMPLETE, name="complete.bpmn"))


# --- what is read --------------------------------------------------------------------------------------------------


def test_everything_supported_is_read_without_a_finding() -> None:
    reading = read(COMPLETE, name="complete.bpmn")
    assert reading.findings == ()
    assert reading.executable
    assert reading.has_diagram
    assert reading.exporter == "Camunda Modeler 5.50.1"


def test_the_process_with_its_properties(complete: Graph) -> None:
    assert (complete.key, complete.name, complete.documentation) == ("allt_i_ett", "Allt i ett", "Vem och varför.")
    assert complete.starter_roles == ("hsf", "storsthlm")
    assert complete.number_series == "PR"
    assert complete.facts.title is not None
    assert complete.facts.title.evaluate({"titel": "x"}) == "Prov x"
    assert complete.facts.party is None
    assert complete.visible["bedomning"].literal == "hsf, storsthlm"
    assert complete.properties["check.feedback"] == "true"


def test_every_flow_is_kept_in_the_order_of_the_file(complete: Graph) -> None:
    assert len({flow.id for node in complete.nodes.values() for flow in node.outgoing}) == COMPLETE.count(
        b"<bpmn:sequenceFlow"
    )
    assert [flow.id for flow in complete.nodes["dela"].outgoing] == ["f12", "f13", "f14"]
    assert [flow.id for flow in complete.nodes["samla"].incoming] == ["f15", "f16", "f18"]
    for node in complete.nodes.values():
        assert all(flow.source == node.id for flow in node.outgoing)
        assert all(flow.target == node.id for flow in node.incoming)


def test_scopes_know_where_they_start_and_what_listens(complete: Graph) -> None:
    whole, part = complete.scopes["allt_i_ett"], complete.scopes["del"]
    assert whole.starts == ("start", "start_rapport", "start_kvartal", "start_larm", "ta_emot_direkt")
    assert whole.event_sub_processes == ("felhantering", "eskhantering", "klockan", "larmhantering")
    assert (part.starts, part.event_sub_processes) == (("del_start",), ("del_lyssnar",))
    assert complete.nodes["del_granska"].scope == "del"
    assert complete.nodes["del_lyssnar_start"].scope == "del_lyssnar"


@pytest.mark.parametrize(
    ("node", "kind", "name", "interrupting"),
    [
        ("start", "none", None, True),
        ("start_rapport", "message", "rapport", True),
        ("start_larm", "signal", "larm", True),
        ("paminn", "timer", None, False),
        ("gick_inte", "error", "E1", True),
        ("misslyckat", "error", "E1", True),
        ("fel_i_del", "error", None, True),
        ("eskalera", "escalation", "K1", True),
        ("eskalerat", "escalation", "K1", False),
        ("allt_slut", "terminate", None, True),
        ("milstolpe", "none", None, True),
        ("larma", "signal", "larm", True),
        ("ta_emot", "message", "svar", True),
        ("fh_start", "error", None, True),
        ("eh_start", "escalation", "K1", False),
        ("del_lyssnar_start", "message", "rapport", False),
    ],
)
def test_events(complete: Graph, node: str, kind: str, name: str | None, interrupting: bool) -> None:
    event = complete.nodes[node].event
    assert event is not None
    assert (event.kind, event.name, complete.nodes[node].interrupting) == (kind, name, interrupting)


def test_timers_keep_their_text_and_kind(complete: Graph) -> None:
    def timer(node: str) -> tuple[str, str | None]:
        event = complete.nodes[node].event
        assert event is not None
        assert event.timer is not None
        return event.timer.source, event.timer_kind

    assert timer("start_kvartal") == ("0 0 1 1,4,7,10 *", "timeCycle")
    assert timer("paminn") == ("P10D", "timeDuration")  # by eventDefinitionRef, with the prefix of this file
    assert timer("fristen") == ("${workdays(20)}", "timeDate")


def test_boundary_events_and_their_hosts_know_each_other(complete: Graph) -> None:
    assert complete.nodes["del"].boundary == ("eskalerat", "avbrutet", "fel_i_del")
    assert complete.nodes["eskalerat"].attached_to == "del"
    assert complete.nodes["paminn"].attached_to == "bedom"


def test_error_and_escalation_variables(complete: Graph) -> None:
    caught = complete.nodes["gick_inte"].event
    assert caught is not None
    assert (caught.code_variable, caught.message_variable) == ("felkod", "feltext")
    escalated = complete.nodes["eskalerat"].event
    assert escalated is not None
    assert escalated.code_variable == "eskkod"


def test_a_human_task_with_all_it_says(complete: Graph) -> None:
    node = complete.nodes["bedom"]
    assert node.work is not None
    assert node.work.candidates is not None
    assert node.work.candidates.evaluate({"omrade": "huddinge"}) == "hsf,lokal_samverkan:huddinge@region"
    assert node.work.assignee is not None
    assert node.work.due is not None
    assert node.work.follow_up is not None
    assert node.work.priority is not None
    assert node.work.priority.literal == "70"
    assert node.work.form == "bedom"
    assert node.async_before
    assert node.documentation == "Läs och bedöm."
    assert node.properties == {"beslut": "bedomning", "by": "bedomd_av"}
    assert node.inputs["fraga"].evaluate({"titel": "det"}) == "Är det strukturellt?"
    assert set(node.outputs) == {"bedomning"}


def test_a_manual_task_takes_its_candidates_from_a_property(complete: Graph) -> None:
    work = complete.nodes["skriv_ut"].work
    assert work is not None
    assert work.candidates is not None
    assert work.candidates.literal == "storsthlm"


def test_start_form_and_form_ref(complete: Graph) -> None:
    start, granska = complete.nodes["start"].work, complete.nodes["del_granska"].work
    assert start is not None
    assert granska is not None
    assert (start.form, granska.form) == ("borja", "granska")


def test_services_scripts_and_rules(complete: Graph) -> None:
    assert complete.nodes["aterkoppla"].topic == "aterkoppling"
    script, decision = complete.nodes["rakna"].script, complete.nodes["regel"].decision
    assert script is not None
    assert script.run({"titel": "abc"}) == {"status": "vantar", "antal": 4}
    assert decision is not None
    assert (decision.key, decision.result_variable, decision.mapping) == ("niva", "niva", "singleEntry")


def test_a_business_rule_may_be_decided_by_a_handler() -> None:
    rule = '<businessRuleTask id="x" camunda:type="external" camunda:topic="bedom"/>'
    node = graph_of(chain(rule)).nodes["x"]
    assert (node.topic, node.decision) == ("bedom", None)


def test_the_result_of_a_rule_is_a_list_where_the_file_says_nothing() -> None:
    """What the Camunda 7 profile shows as its default, and leaves out of the file."""
    rule = '<businessRuleTask id="x" camunda:decisionRef="d" camunda:resultVariable="r"/>'
    decision = graph_of(chain(rule)).nodes["x"].decision
    assert decision is not None
    assert decision.mapping == "resultList"


def test_sent_messages_carry_their_inputs_and_key(complete: Graph) -> None:
    node = complete.nodes["sand"]
    assert node.event is not None
    assert node.event.key is not None
    assert node.event.key.evaluate({"titel": "PS-1"}) == "PS-1"
    assert set(node.event.payload) == {"utfall"}
    assert node.inputs == {}


def test_a_correlation_key_is_an_expression_bare_or_in_braces(complete: Graph) -> None:
    for node in ("sand", "ta_emot"):
        event = complete.nodes[node].event
        assert event is not None
        assert event.key is not None
        assert event.key.names == {"titel"}


def test_instantiating_receive_task(complete: Graph) -> None:
    assert complete.nodes["ta_emot_direkt"].instantiate
    assert not complete.nodes["ta_emot"].instantiate


def test_call_activity(complete: Graph) -> None:
    call = complete.nodes["anropa"].call
    assert call is not None
    assert (call.key.literal, call.binding, call.version) == ("annan_process", "version", 3)
    assert call.business_key is not None
    assert (call.all_in, call.all_out) == (False, True)
    assert {name: text.evaluate({"titel": "t", "antal": 1}) for name, text in call.inputs.items()} == {
        "rubrik": "t",
        "nummer": 2,
    }
    assert set(call.outputs) == {"utfall"}


def test_multi_instance(complete: Graph) -> None:
    each, three = complete.nodes["anropa"].loop, complete.nodes["del"].loop
    assert each is not None
    assert each.sequential
    assert each.collection is not None
    assert each.collection.names == {"parter"}
    assert each.completion is not None
    assert each.completion.evaluate({"nrOfCompletedInstances": 2}) is True
    assert each.output_element is not None
    assert (each.element_variable, each.output_collection, each.cardinality) == ("part", "utfallen", None)
    assert three is not None
    assert three.cardinality is not None
    assert (three.sequential, three.cardinality.evaluate({}), three.collection) == (False, 3, None)


def test_lanes_inner_ones_and_what_lies_inside(complete: Graph) -> None:
    roles = {lane.id: lane.role for lane in complete.lanes}
    assert roles == {"bana_huset": "Huset", "bana_hsf": "hsf", "bana_storsthlm": "storsthlm"}
    lanes = {node: complete.nodes[node].lane for node in ("bedom", "paminn", "del", "del_granska", "eskalerat", "val")}
    assert lanes == {
        "bedom": "bana_hsf",
        "paminn": "bana_hsf",  # sits on the edge of a task in it
        "del": "bana_storsthlm",
        "del_granska": "bana_storsthlm",  # inside a sub-process in it
        "eskalerat": "bana_storsthlm",
        "val": None,
    }


def test_conditions_bare_and_in_braces(complete: Graph) -> None:
    conditions = [flow.condition for flow in complete.nodes["flera"].outgoing]
    assert [condition and condition.evaluate({"antal": 2}) for condition in conditions] == [True, False, None]
    assert complete.nodes["flera"].default == "flera_annars"


def test_pools_give_their_name_where_the_process_has_none() -> None:
    beside = '<collaboration id="c"><participant id="pool" name="Kommunen" processRef="p"/></collaboration>'
    unnamed = bpmn(chain('<task id="x"/>'), beside=beside).replace(b'name="Prov" ', b"")
    assert only(read(unnamed)).name == "Kommunen"


def test_several_executable_processes_in_one_file() -> None:
    other = '<process id="q" isExecutable="true"><startEvent id="qs"/><endEvent id="qe"/></process>'
    reading = read(bpmn(chain('<task id="x"/>'), beside=other))
    assert [graph.key for graph in reading.graphs] == ["p", "q"]
    assert set(reading.graphs[1].nodes) == {"qs", "qe"}


def test_a_public_process_beside_an_executable_one_comes_along_as_a_picture() -> None:
    other = '<process id="q"><task id="qt"/><implicitThrowEvent id="qg"/></process>'
    reading = read(bpmn(chain('<task id="x"/>'), beside=other))
    assert [graph.key for graph in reading.graphs] == ["p"]
    assert [(finding.rule, finding.severity, finding.element) for finding in reading.findings] == [
        ("not-executable", "warning", "q")
    ]


def test_a_scope_without_start_event_starts_where_no_flow_leads() -> None:
    inside = '<subProcess id="x"><task id="a"/><task id="b"/><task id="c"/>\na -> b\n</subProcess>'
    assert graph_of(chain(inside)).scopes["x"].starts == ("a", "c")


@pytest.mark.parametrize("name", ["Start", "End", "Root", "_", "p.1", "id", "None", "class", "Åtgärd", "a-b_c", "self"])
def test_any_legal_id_works(name: str) -> None:
    graph = graph_of(
        f'<startEvent id="s"/><userTask id="{name}"/><endEvent id="e"/>'
        f'<sequenceFlow id="f1" sourceRef="s" targetRef="{name}"/><sequenceFlow id="f2" sourceRef="{name}" targetRef="e"/>'
    )
    assert list(graph.nodes) == ["s", name, "e"]
    assert graph.nodes[name].incoming[0].source == "s"


def test_lines_point_into_the_file(complete: Graph) -> None:
    lines = COMPLETE.decode().splitlines()
    for node in complete.nodes.values():
        assert f'id="{node.id}"' in lines[node.line - 1]
        for flow in node.outgoing:
            assert f'id="{flow.id}"' in lines[flow.line - 1]


# --- what is refused, by name --------------------------------------------------------------------------------------

_EVENT = '<intermediateCatchEvent id="x">{}</intermediateCatchEvent>'
_LOOPED = '<task id="x"><multiInstanceLoopCharacteristics {}><loopCardinality>2</loopCardinality>{}</multiInstanceLoopCharacteristics></task>'
_INSTANCES = "<multiInstanceLoopCharacteristics {}>{}</multiInstanceLoopCharacteristics>"
_DATA = '<task id="x"><ioSpecification><dataInput id="i1"/><dataOutput id="o1"/><inputSet id="is">{}</inputSet><outputSet id="os">{}</outputSet></ioSpecification></task>'
REFUSED_INSIDE = {
    "method": '<transaction id="x" method="##Store"><startEvent id="i"/><endEvent id="j"/>\ni -> j\n</transaction>',
    "whileExecutingInputRefs": _DATA.format("<whileExecutingInputRefs>i1</whileExecutingInputRefs>", ""),
    "whileExecutingOutputRefs": _DATA.format("", "<whileExecutingOutputRefs>o1</whileExecutingOutputRefs>"),
    "outputSetRefs": _DATA.format("<outputSetRefs>os</outputSetRefs>", ""),
    "inputSetRefs": _DATA.format("", "<inputSetRefs>is</inputSetRefs>"),
    "potentialOwner": '<userTask id="x"><potentialOwner/></userTask>',
    "humanPerformer": '<userTask id="x"><humanPerformer/></userTask>',
    "performer": '<task id="x"><performer/></task>',
    "resourceRole": '<task id="x"><resourceRole/></task>',
    "language": '<exclusiveGateway id="x"/><sequenceFlow id="q" sourceRef="x" targetRef="e"><conditionExpression xsi:type="tFormalExpression" language="javascript">a</conditionExpression></sequenceFlow>',
    "service class": '<serviceTask id="x" camunda:class="org.example.Delegate"/>',
    "service expression": '<serviceTask id="x" camunda:expression="${a}"/>',
    "delegate": '<sendTask id="x" camunda:delegateExpression="${a}"/>',
    "service type": '<serviceTask id="x" camunda:type="mail" camunda:topic="t"/>',
    "candidate users": '<userTask id="x" camunda:candidateUsers="ada"/>',
    "async after": '<task id="x" camunda:asyncAfter="true"/>',
    "topic in the wrong place": '<userTask id="x" camunda:topic="t"/>',
    "version tag": '<callActivity id="x" calledElement="a" camunda:calledElementVersionTag="v"/>',
    "execution listener": '<task id="x"><extensionElements><camunda:executionListener event="start" class="X"/></extensionElements></task>',
    "task listener": '<userTask id="x"><extensionElements><camunda:taskListener event="create" class="X"/></extensionElements></userTask>',
    "form data": '<userTask id="x"><extensionElements><camunda:formData><camunda:formField id="a"/></camunda:formData></extensionElements></userTask>',
    "script parameter": '<task id="x"><extensionElements><camunda:inputOutput><camunda:inputParameter name="a"><camunda:script scriptFormat="groovy">1</camunda:script></camunda:inputParameter></camunda:inputOutput></extensionElements></task>',
    "variables of a signal": '<intermediateThrowEvent id="x"><signalEventDefinition signalRef="g"><extensionElements><camunda:in source="a" target="b"/></extensionElements></signalEventDefinition></intermediateThrowEvent>',
    "local variables": '<callActivity id="x" calledElement="a"><extensionElements><camunda:in source="a" target="b" local="true"/></extensionElements></callActivity>',
}
REFUSED_BESIDE = {
    "choreography": '<choreography id="x"/>',
    "globalConversation": '<globalConversation id="x"/>',
}
_DEFINITIONS = '<message id="m" name="m"/><signal id="g" name="g"/>'


@pytest.mark.parametrize("what", [*REFUSED_INSIDE, *REFUSED_BESIDE])
def test_what_is_not_carried_out_is_refused_by_name(what: str) -> None:
    inside = REFUSED_INSIDE.get(what, '<task id="x0"/>')
    reading = read(
        bpmn(
            chain(inside, *("x0", "x0") if what in REFUSED_BESIDE else ()),
            beside=_DEFINITIONS + REFUSED_BESIDE.get(what, ""),
        )
    )
    told = [finding for finding in reading.findings if finding.rule == "not-supported"]
    assert len(told) == 1, rules(reading)
    assert told[0].is_error
    assert told[0].element in ("x", "q", "i")
    assert told[0].line > 0
    assert told[0].suggestion_sv
    assert told[0].suggestion_en
    assert "stöds inte" in told[0].sv
    assert reading.is_draft


def test_each_name_in_the_table_of_the_refused_is_tested() -> None:
    untested = refusals._ELEMENTS.keys() - REFUSED_INSIDE.keys() - REFUSED_BESIDE.keys()
    assert untested == {"callableElement"}  # abstract


def test_no_bpmn_element_is_dropped_without_a_word() -> None:
    """Every element that BPMN's schema knows is read, kept as picture, or refused; none is overlooked."""
    schema = Path(sys.modules["SpiffWorkflow.bpmn.parser.BpmnParser"].XSD_PATH).with_name("Semantic.xsd").read_text()
    flow_elements = re.findall(r'<xsd:element name="(\w+)" type="\w+" substitutionGroup="flowElement"/>', schema)
    assert len(flow_elements) > 25
    abstract = {"event", "implicitThrowEvent", "callChoreography", "choreographyTask", "subChoreography"}
    for name in set(flow_elements) - abstract:
        assert name in refusals.READ | refusals.KEPT or name in refusals._ELEMENTS, name
    reading = read(bpmn(chain('<implicitThrowEvent id="x"/>')))
    assert ("not-supported", "x") in rules(reading)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ('<userTask id="x" camunda:dueDate="${workdays(}"/>', "expression"),
        ('<userTask id="x" camunda:candidateGroups="${a.b()}"/>', "expression"),
        ('<scriptTask id="x" scriptFormat="trappa"><script>import os</script></scriptTask>', "expression"),
        ('<scriptTask id="x" scriptFormat="javascript"><script>a = 1</script></scriptTask>', "script-format"),
        ('<scriptTask id="x"><script>a = 1</script></scriptTask>', "script-format"),
        ('<businessRuleTask id="x" camunda:decisionRef="d"/>', "decision-missing"),
        ('<businessRuleTask id="x"/>', "decision-missing"),
        ('<callActivity id="x"/>', "call-missing"),
        ('<callActivity id="x" calledElement="a" camunda:calledElementBinding="version"/>', "call-missing"),
        (
            '<callActivity id="x" calledElement="a"><extensionElements><camunda:in source="b"/></extensionElements></callActivity>',
            "call-missing",
        ),
        (f'<task id="x">{_INSTANCES.format("", "")}</task>', "multi-instance"),
        (_LOOPED.format('camunda:collection="a"', ""), "multi-instance"),
        (
            '<task id="x"><extensionElements><camunda:inputOutput><camunda:inputParameter>1</camunda:inputParameter></camunda:inputOutput></extensionElements></task>',
            "parameter",
        ),
        ('<receiveTask id="x"/>', "message-missing"),
        ('<receiveTask id="x" messageRef="namnlos"/>', "message-missing"),
        ('<receiveTask id="x" messageRef="uttryck"/>', "name-not-fixed"),
        ('<receiveTask id="x" messageRef="finns_inte"/>', "dangling-reference"),
        ('<receiveTask id="x" messageRef="g"/>', "dangling-reference"),
        (_EVENT.format("<signalEventDefinition/>"), "signal-missing"),
        ('<endEvent id="x"><errorEventDefinition errorRef="rorlig"/></endEvent>', "name-not-fixed"),
        ('<endEvent id="x"><escalationEventDefinition escalationRef="rorlig2"/></endEvent>', "name-not-fixed"),
        ('<boundaryEvent id="x" attachedToRef="t"><errorEventDefinition errorRef="utan_kod"/></boundaryEvent>', "error-code-missing"),
        ('<endEvent id="x"><errorEventDefinition/></endEvent>', "error-code-missing"),
        ('<endEvent id="x"><escalationEventDefinition/></endEvent>', "escalation-code-missing"),
        (_EVENT.format("<timerEventDefinition/>"), "timer"),
        (_EVENT.format("<timerEventDefinition><timeDuration/></timerEventDefinition>"), "timer"),
        (_EVENT.format("<timerEventDefinition><timeDuration>om tio dagar</timeDuration></timerEventDefinition>"), "timer"),
        (_EVENT.format("<timerEventDefinition><timeDuration>2026-01-01</timeDuration></timerEventDefinition>"), "timer"),
        (_EVENT.format("<timerEventDefinition><timeDate>P1D</timeDate></timerEventDefinition>"), "timer"),
        (_EVENT.format("<timerEventDefinition><timeCycle>R/PT0S</timeCycle></timerEventDefinition>"), "timer"),
        (_EVENT.format("<timerEventDefinition><timeCycle>R1000000000/PT30S</timeCycle></timerEventDefinition>"), "timer"),
        (_EVENT.format("<timerEventDefinition><timeDuration>P10000000Y</timeDuration></timerEventDefinition>"), "timer"),
        (_EVENT.format("<eventDefinitionRef>finns_inte</eventDefinitionRef>"), "dangling-reference"),
        ('<task name="Utan id"/>', "missing-id"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_at_its_element(wrong: str, rule: str) -> None:
    beside = f'{_DEFINITIONS}<message id="namnlos"/><message id="uttryck" name="a ${{b}}"/><error id="utan_kod"/><error id="rorlig" errorCode="${{a}}"/><escalation id="rorlig2" escalationCode="${{a}}"/>'
    reading = read(bpmn(chain(f'<task id="t"/>{wrong}', "t", "t"), beside=beside))
    told = [finding for finding in reading.findings if finding.rule == rule]
    assert len(told) == 1, [str(finding) for finding in reading.findings]
    assert told[0].is_error
    assert told[0].element == ("p" if rule == "missing-id" else "x")
    assert told[0].line > 0
    assert told[0].suggestion_sv


@pytest.mark.parametrize(
    ("condition", "advice"),
    [
        ("a && b", "and"),
        ("a || b", "or"),
        ("!a", "not"),
        ("= a", "likhetstecknet"),
        ("${= a}", "likhetstecknet"),
        ("a = 1", "=="),
        ("execution.getVariable('a')", "Metoder"),
        ("#{a}", "${…}"),
        ("${dagar lt 3}", "<"),
        ("${empty a}", "null"),
        ("${a ? b : c}", "if villkor else"),
        ("if a then b else c", "if villkor else"),
        ("getDataObject('Rapport')/@belopp > 10", "XPath"),
        ("Granska ansökan", "citattecken"),
    ],
)
def test_conditions_in_another_language_get_advice(condition: str, advice: str) -> None:
    reading = read(bpmn(f'<startEvent id="s"/><endEvent id="e"/>\ns -> e if {condition}\n'))
    (finding,) = reading.findings
    assert (finding.rule, finding.element) == ("expression", "s-e")
    assert advice in finding.suggestion_sv


@pytest.mark.parametrize(
    "body",
    [
        _EVENT.replace("id=", 'parallelMultiple="true" id=').format('<signalEventDefinition signalRef="g"/>'),
        f"""<task id="x">{_INSTANCES.format('behavior="All" noneBehaviorEventRef="sd"', "<loopCardinality>2</loopCardinality>")}</task>""",
        f"""<task id="x">{_INSTANCES.format('behavior="One" noneBehaviorEventRef="sd"', "<loopCardinality>2</loopCardinality>")}</task>""",
    ],
)
def test_what_has_no_effect_is_told(body: str) -> None:
    beside = f'{_DEFINITIONS}<signalEventDefinition id="sd" signalRef="g"/>'
    (finding,) = read(bpmn(chain(body), beside=beside)).findings
    assert (finding.element, finding.is_error) == ("x", False)


def test_unknown_case_properties_are_told() -> None:
    properties = '<extensionElements><camunda:properties><camunda:property name="case.titel" value="x"/></camunda:properties></extensionElements>'
    (finding,) = read(bpmn(properties + chain('<task id="x"/>'))).findings
    assert finding.rule == "unknown-property"
    assert "case.title" in finding.suggestion_sv


def test_all_findings_come_at_once_in_the_order_of_the_file() -> None:
    body = chain('<callActivity id="x"/>\n<receiveTask id="y"/>\n<implicitThrowEvent id="z"/>\n<task id="x"/>')
    reading = read(bpmn(body))
    assert {rule for rule, _ in rules(reading)} == {"call-missing", "message-missing", "not-supported", "duplicate-id"}
    lines = [finding.line for finding in reading.findings]
    assert lines == sorted(lines)


# --- ids and references --------------------------------------------------------------------------------------------


def test_repeated_ids_are_told_with_their_lines_and_not_twice() -> None:
    (finding,) = read(bpmn('<startEvent id="s"/>\n<task id="a"/>\n<task id="a"/>\n')).findings
    assert (finding.rule, finding.element) == ("duplicate-id", "a")
    assert "raderna 5 och 6" in finding.sv


def test_ids_that_xml_does_not_allow_are_told() -> None:
    assert rules(read(bpmn(chain('<task id="x"/><task id="1 a"/>')))) == [("xsd", "1 a")]


@pytest.mark.parametrize(
    ("body", "element", "severity"),
    [
        ('<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="borta"/>', "f", "error"),
        ('<startEvent id="s"/><boundaryEvent id="b" attachedToRef="borta"><signalEventDefinition signalRef="g"/></boundaryEvent>', "b", "error"),
        ('<startEvent id="s"/><exclusiveGateway id="x" default="borta"/>', "x", "error"),
        ('<startEvent id="s"/><exclusiveGateway id="x" default="s"/>', "x", "error"),
        ('<laneSet id="ls"><lane id="l"><flowNodeRef>borta</flowNodeRef></lane></laneSet><startEvent id="s"/>', "l", "error"),
        ('<startEvent id="s"><outgoing>borta</outgoing></startEvent>', "s", "warning"),
        ('<startEvent id="s"/><textAnnotation id="t"/><association id="a" sourceRef="t" targetRef="borta"/>', "a", "warning"),
        ('<startEvent id="s"/><dataObjectReference id="d" dataObjectRef="borta"/>', "d", "warning"),
        ('<startEvent id="s"/><dataObjectReference id="d" dataObjectRef="s"/>', "d", "warning"),
        ('<startEvent id="s"/><dataStoreReference id="d" dataStoreRef="s"/>', "d", "warning"),
        ('<startEvent id="s"/><dataObject id="d" itemSubjectRef="m2"/>', "d", "warning"),
        ('<startEvent id="s"/><group id="d" categoryValueRef="s"/>', "d", "warning"),
        ('<startEvent id="s"><outgoing>s</outgoing></startEvent>', "s", "warning"),
        ('<startEvent id="s"><eventDefinitionRef>s</eventDefinitionRef></startEvent>', "s", "error"),
        ('<laneSet id="ls"><lane id="l"><flowNodeRef>d</flowNodeRef></lane></laneSet><startEvent id="s"/><dataObject id="d"/>', "l", "warning"),
    ],
)  # fmt: skip
def test_references_must_lead_somewhere(body: str, element: str, severity: str) -> None:
    reading = read(bpmn(body, beside=_DEFINITIONS))
    assert [(finding.rule, finding.element, finding.severity) for finding in reading.findings] == [
        ("dangling-reference", element, severity)
    ]


def test_a_name_in_another_namespace_is_not_one_of_this_file() -> None:
    source = bpmn(chain('<receiveTask id="x" xmlns:o="urn:other" messageRef="o:m"/>'), beside=_DEFINITIONS)
    assert rules(read(source)) == [("dangling-reference", "x")]


def test_a_flow_that_leaves_the_process_is_told() -> None:
    other = '<process id="q"><task id="qt"/></process>'
    body = '<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="qt"/>'
    assert ("flow-leaves-process", "f") in rules(read(bpmn(body, beside=other)))


def pools(inside: str, other: str, flows: str) -> bytes:
    """Two processes in two pools, a third pool that is empty, and message flows between them."""
    between = (
        f'<process id="q">{other}</process><collaboration id="c"><participant id="P" processRef="p"/>'
        f'<participant id="Q" processRef="q"/><participant id="T"/>{flows}</collaboration>{_DEFINITIONS}'
    )
    return bpmn(inside, beside=between)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("a b", []),
        ("a Q", []),
        ("P Q", []),
        ("T a", []),
        ("e b", []),
        ("T k", []),
        ("a v", ["message-flow"]),
        ("a a2", ["message-flow"]),
        ("P a", ["message-flow"]),
        ("s b", ["message-flow"]),
        ("a s", ["message-flow", "message-flow"]),
        ("k b", ["message-flow"]),
        ("a d", ["message-flow"]),
    ],
)
def test_message_flows_go_between_pools(ends: str, expected: list[str]) -> None:
    """§7.6.2, Table 7.4; §9.3."""
    source, target = ends.split()
    message = '<messageEventDefinition messageRef="m"/>'
    inside = (
        f'<startEvent id="s"/><task id="a"/><task id="a2"/><boundaryEvent id="k" attachedToRef="a">{message}</boundaryEvent>'
        f'<endEvent id="e">{message}</endEvent>\ns -> a\na -> a2\na2 -> e\nk -> e'
    )
    other = '<task id="b"/><exclusiveGateway id="v"/><dataObject id="d"/>'
    flow = f'<messageFlow id="f" sourceRef="{source}" targetRef="{target}"/>'
    told = [finding for finding in read(pools(inside, other, flow)).findings if finding.rule != "not-executable"]
    assert [finding.rule for finding in told] == expected
    assert all(finding.element == "f" and not finding.is_error for finding in told)


def test_lanes_hold_what_is_theirs() -> None:
    """§10.8: elements of their own process, each in one of the lanes side by side; other lane sets are other views."""
    lanes = '<laneSet id="{0}"><lane id="{0}1"><flowNodeRef>a</flowNodeRef></lane><lane id="{0}2">{1}</lane></laneSet>'
    body = chain('<task id="a"/>', "a", "a")
    assert rules(read(bpmn(lanes.format("l", "") + lanes.format("m", "") + body))) == []
    twice = lanes.format("l", "<flowNodeRef>a</flowNodeRef>")
    assert rules(read(bpmn(twice + body))) == [("lane-content", "l2")]
    stray = pools(lanes.format("l", "<flowNodeRef>b</flowNodeRef>") + body, '<task id="b"/>', "")
    assert ("lane-content", "l2") in rules(read(stray))


def test_what_an_element_says_of_its_flows_agrees_with_them() -> None:
    body = chain('<task id="a"><incoming>{}</incoming><outgoing>a-e</outgoing></task>', "a", "a")
    assert rules(read(bpmn(body.format("s-a")))) == []
    assert rules(read(bpmn(body.format("a-e")))) == [("flow-mismatch", "a")]


@pytest.mark.parametrize(("must", "expected"), [("true", ["not-supported"]), ("false", [])])
def test_an_extension_that_must_be_understood_is_refused(must: str, expected: list[str]) -> None:
    """§8.2.3, Table 8.9."""
    source = bpmn(chain('<task id="x"/>')).decode()
    extension = f'<extension definition="q:egen" mustUnderstand="{must}" xmlns:q="urn:q"/>'
    told = read(source.replace("<process", extension + "<process", 1).encode()).findings
    assert [finding.rule for finding in told] == expected


def test_gateways_marked_otherwise_than_drawn_are_told() -> None:
    body = chain('<exclusiveGateway id="x" gatewayDirection="Converging"/>')
    assert rules(read(bpmn(body))) == [("gateway-direction", "x")]


def test_sub_processes_nested_too_deeply_are_told() -> None:
    deep = "".join(f'<subProcess id="d{level}">' for level in range(22)) + "</subProcess>" * 22
    assert ("too-deep", "d20") in rules(read(bpmn(chain('<task id="x"/>') + deep)))


# --- data ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("Rapport", "Rapport"),
        ("Hela ärendet (utkast)", "Hela_ärendet_utkast"),
        ("2026 års lista", "_2026_års_lista"),
        ("  a - b ", "a_b"),
        ("", "d"),
    ],
)
def test_a_data_object_is_a_variable_of_its_name(name: str, variable: str) -> None:
    (one,) = graph_of(chain(f'<dataObject id="d" name="{name}"/><task id="x"/>')).data
    assert one.variable == variable


@pytest.mark.parametrize("name", ["not", "true", "None", "…", "__x", "if"])
def test_a_name_that_cannot_be_a_variable_is_told(name: str) -> None:
    reading = read(bpmn(chain(f'<dataObject id="d" name="{name}"/><task id="x"/>')))
    assert rules(reading) in ([("data-name", "d")], [])
    assert (name == "__x") == (rules(reading) == [])  # the underscores at the ends go


_IO = '<task id="y"><ioSpecification><dataInput id="ind" name="ind"/><inputSet>{}</inputSet><outputSet>{}</outputSet></ioSpecification></task>'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('<dataObject id="d" name="a"/><dataObject id="d2" name="a"/>', [("data-collision", "d2", "warning")]),
        ('<dataObject id="d" name="a b"/><dataObject id="d2" name="a_b"/>', [("data-collision", "d2", "error")]),
        (
            '<dataObject id="d" name="a"/><subProcess id="sub"><task id="t"/><dataObject id="d2" name="a"/></subProcess>',
            [("data-collision", "d2", "error")],
        ),
        (
            '<subProcess id="sub"><task id="t"/><dataObject id="d" name="a"/></subProcess><subProcess id="sub2"><task id="t2"/><dataObject id="d2" name="a"/></subProcess>',
            [],
        ),
        ('<dataObject id="d" name="a"/><dataObjectReference id="r" name="b" dataObjectRef="d"/>', []),
        (
            '<subProcess id="sub"><task id="t"/><dataObject id="d" name="a"/></subProcess><task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>d</sourceRef><targetRef>pr</targetRef></dataInputAssociation></task>',
            [("data-not-visible", "y", "error")],
        ),
        (
            '<task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>borta</sourceRef><targetRef>pr</targetRef></dataInputAssociation></task>',
            [("dangling-reference", "y", "error")],
        ),
        (
            '<task id="y"><dataOutputAssociation><targetRef>x</targetRef><assignment><from>1</from><to>x</to></assignment></dataOutputAssociation></task>',
            [("data-not-visible", "y", "error")],
        ),
        (
            '<dataObject id="d" name="a"/><task id="y"><dataOutputAssociation><targetRef>d</targetRef><assignment><from>1</from><to>b</to></assignment></dataOutputAssociation></task>',
            [("data-association", "y", "error")],
        ),
        (
            '<dataObject id="d" name="a"/><dataObject id="d2" name="b"/><task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>d</sourceRef><sourceRef>d2</sourceRef><targetRef>pr</targetRef></dataInputAssociation></task>',
            [("data-association", "y", "error")],
        ),
        (
            '<subProcess id="sub"><ioSpecification><dataInput id="i" name="i"/><inputSet><dataInputRefs>i</dataInputRefs></inputSet><outputSet/></ioSpecification><task id="t"/></subProcess>',
            [("data-sub-process", "sub", "error")],
        ),
        (
            '<task id="y"><property id="pr" name="__targetRef_placeholder"/><dataInputAssociation><sourceRef>ds</sourceRef><targetRef>pr</targetRef></dataInputAssociation><dataOutputAssociation><targetRef>ds</targetRef></dataOutputAssociation></task><dataStoreReference id="ds" name="Arkiv"/>',
            [],
        ),
        (
            '<dataStoreReference id="ds" name="Arkiv"/><task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>ds</sourceRef><targetRef>pr</targetRef></dataInputAssociation></task>',
            [],
        ),
        (
            '<dataStoreReference id="ds"/><task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>ds</sourceRef><targetRef>pr</targetRef></dataInputAssociation><dataInputAssociation><sourceRef>ds</sourceRef><targetRef>pr</targetRef></dataInputAssociation></task>',
            [("data-store-name", "ds", "warning")],
        ),
        (
            '<dataStoreReference id="ds" name="or"/><task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>ds</sourceRef><targetRef>pr</targetRef></dataInputAssociation></task>',
            [("data-name", "ds", "error")],
        ),
        (
            '<dataStoreReference id="ds" name="Arkiv" dataStoreRef="borta"/><task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>ds</sourceRef><targetRef>pr</targetRef></dataInputAssociation></task>',
            [("dangling-reference", "ds", "warning")],
        ),
        (
            '<subProcess id="sub"><task id="t"/><dataStoreReference id="ds" name="a"/></subProcess><task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>ds</sourceRef><targetRef>pr</targetRef></dataInputAssociation></task>',
            [("data-not-visible", "y", "error")],
        ),
        (
            '<dataStoreReference id="ds" name="a"/><task id="y"><dataInputAssociation><targetRef>ds</targetRef><assignment><from>1</from><to>a</to></assignment></dataInputAssociation></task>',
            [("data-association", "y", "error")],
        ),
        (
            '<dataStoreReference id="ds" name="Mitt lager"/><dataStoreReference id="d2" name="Mitt-lager"/><task id="y"><property id="pr" name="pr"/><dataInputAssociation><sourceRef>ds</sourceRef><sourceRef>d2</sourceRef><targetRef>pr</targetRef><transformation>Mitt_lager</transformation></dataInputAssociation></task>',
            [("data-collision", "y", "error")],
        ),
        (
            _IO.format("<dataInputRefs>ind</dataInputRefs>", ""),
            [],
        ),
        (_IO.format("", ""), [("data-set", "y", "warning")]),
        (_IO.format("<dataInputRefs>ind</dataInputRefs><optionalInputRefs>ind</optionalInputRefs>", ""), []),
        (
            _IO.format("<optionalInputRefs>ind</optionalInputRefs>", ""),
            [("data-set", "y", "warning")],
        ),
        (
            _IO.format("<dataInputRefs>ind</dataInputRefs>", "")
            + _IO.format("<dataInputRefs>in2</dataInputRefs><dataInputRefs>ind</dataInputRefs>", "")
            .replace('"y"', '"z"')
            .replace('"ind"', '"in2"'),
            [("dangling-reference", "z", "error")],
        ),
        (
            '<dataObject id="d" name="a"/><dataObject id="d2" name="b"/><task id="y"><dataInputAssociation><sourceRef>d</sourceRef><targetRef>d2</targetRef></dataInputAssociation></task>',
            [("data-association", "y", "error")],
        ),
        (
            '<dataObject id="d" name="a"/><dataObject id="d2" name="b"/><task id="y"><dataOutputAssociation><sourceRef>d</sourceRef><targetRef>d2</targetRef></dataOutputAssociation></task>',
            [("data-association", "y", "error")],
        ),
        (
            '<dataStoreReference id="ds" name="a"/><task id="y"><dataOutputAssociation><targetRef>ds</targetRef><assignment><from>1</from><to>b.c</to></assignment></dataOutputAssociation></task>',
            [("data-association", "y", "error")],
        ),
    ],
)
def test_data_that_does_not_fit_together_is_told(data: str, expected: list[tuple[str, str, str]]) -> None:
    reading = read(bpmn(chain(f'<task id="x"/>{data}')))
    assert [(finding.rule, finding.element, finding.severity) for finding in reading.findings] == expected
    assert all(finding.suggestion_sv and finding.line for finding in reading.findings)


# --- files of other tools ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "exporter", "expected"),
    [
        ("signavio.bpmn", "Signavio Process Editor", {"not-executable", "gateway-direction"}),
        ("bizagi.bpmn", "Bizagi Modeler", {"not-executable", "not-supported"}),
        ("zeebe.bpmn", "Camunda Modeler", {"foreign-extension", "expression"}),
        ("visual_paradigm.bpmn", "Visual Paradigm", {"standard-loop"}),
        ("activiti.bpmn", "", {"foreign-extension", "expression", "no-diagram"}),
    ],
)
def test_files_of_other_tools_come_in_as_drafts(name: str, exporter: str, expected: set[str]) -> None:
    reading = read((FILES / name).read_bytes(), name=name)
    assert reading.exporter.startswith(exporter)
    assert {rule for rule, _ in rules(reading)} == expected
    assert reading.is_draft
    (graph,) = reading.graphs
    assert len(graph.nodes) >= 3
    assert all(finding.file == name for finding in reading.findings)


TOOLS = {
    # file: (tool, how many elements each process has, the rules it breaks)
    "adonis.bpmn": ("ADONIS 14.0", [5], {"not-executable", "no-diagram", "not-supported"}),
    "adonis_6.bpmn": ("ADONIS 6.0.1.4", [6], {"not-executable", "no-diagram"}),
    "bizagi.bpmn": ("Bizagi Modeler 4.0", [7], {"not-executable", "not-supported", "timer"}),
    "bonita.bpmn": ("BonitaSoft 2023.1", [5], {"not-executable", "no-diagram", "not-supported"}),
    "bpmn_io.bpmn": ("bpmn-js (https://demo.bpmn.io) 17.11.1", [3], {"not-executable"}),
    "camunda7.bpmn": ("Camunda Modeler 5.28.0", [6], {"not-supported", "expression"}),
    "camunda8.bpmn": ("Camunda Modeler 5.30.0", [6], {"foreign-extension", "expression"}),
    "enterprise_architect.bpmn": ("Enterprise Architect 16.1", [5], {"not-executable", "no-diagram", "timer"}),
    "flowable.bpmn": ("", [6], {"foreign-extension", "expression"}),
    "ibm.bpmn": ("http://www.ibm.com/BPM 8.0.1", [6], {"not-executable", "no-diagram"}),
    "jbpm.bpmn2": ("jBPM Process Modeler 2.0", [4], {"foreign-extension", "expression", "not-supported"}),
    "signavio.bpmn": ("Signavio Process Editor, http://www.signavio.com 15.8.0", [3, 2], {"not-executable"}),
    "trisotech.bpmn": ("Workflow Modeler 12.3.4", [3], {"not-supported"}),
    "visual_paradigm.bpmn": ("Visual Paradigm 17.2", [3], {"not-executable", "no-diagram"}),
    "yaoqiang.bpmn": ("Yaoqiang BPMN Editor 5.3", [3, 3], set()),
}
"""Small files as these tools write them: their namespaces, prefixes, encodings, leftovers and languages."""


def test_every_file_of_the_collection_is_tested() -> None:
    assert {path.name for path in (FILES / "tools").iterdir()} == TOOLS.keys()


@pytest.mark.parametrize("name", TOOLS)
def test_files_as_tools_write_them_come_in_with_their_elements_and_findings(name: str) -> None:
    exporter, sizes, expected = TOOLS[name]
    reading = read((FILES / "tools" / name).read_bytes(), name=name)
    assert reading.exporter == exporter
    assert [len(graph.nodes) for graph in reading.graphs] == sizes
    found = {rule for rule, _ in rules(reading)}
    assert expected <= found
    assert "xsd" not in found
    assert all(finding.suggestion_sv and finding.suggestion_en for finding in reading.findings)
    assert all(finding.line or finding.rule == "no-diagram" for finding in reading.findings)


def test_a_namespace_with_a_blank_in_a_file_of_another_version_of_xml() -> None:
    source = (FILES / "tools" / "ibm.bpmn").read_bytes()
    assert len(read(source.replace(b'version="1.0"', b'version="1.1"', 1)).graphs) == 1


def test_letters_of_every_encoding_come_through() -> None:
    names = {
        node.name
        for name in TOOLS
        for graph in read((FILES / "tools" / name).read_bytes()).graphs
        for node in graph.nodes.values()
    }
    assert {"Läs ärendet", "Håll mötet", "Förbered mötet", "Registrera ärendet"} <= names


@pytest.mark.parametrize("name", TOOLS)
def test_a_foreign_file_cut_off_or_damaged_never_breaks_the_reader(name: str) -> None:
    source = (FILES / "tools" / name).read_bytes()
    chance = random.Random(name)
    for end in range(1, len(source) - 20, 97):
        assert read(source[:end], name=name).is_draft
    for _ in range(60):
        assert all(finding.sv and finding.en for finding in check({"x.bpmn": _mutated(source, chance)}))


@pytest.mark.parametrize("name", ["x.bpmn", "x.BPMN", "x.bpmn2", "x.bpmn20.xml", "x.xml"])
def test_a_process_is_known_by_any_of_the_endings_that_tools_use(name: str) -> None:
    assert {finding.file for finding in check({name: b"<html/>"})} == {name}


def test_a_process_drawn_for_another_engine_is_named_after_it() -> None:
    (finding,) = [
        finding for finding in read((FILES / "zeebe.bpmn").read_bytes()).findings if finding.rule == "foreign-extension"
    ]
    assert "Camunda 8" in finding.sv
    assert finding.element == "Hamta"


def test_a_file_without_diagram_part_can_run() -> None:
    bare = re.sub(rb"<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", b"", bpmn(chain('<task id="x"/>')))
    reading = read(bare)
    assert [(finding.rule, finding.severity) for finding in reading.findings] == [("no-diagram", "warning")]
    assert not reading.is_draft


@pytest.mark.parametrize("executable", ["", 'isExecutable="false"'])
def test_a_file_without_executable_process_is_a_draft_with_a_graph(executable: str) -> None:
    reading = read(bpmn(chain('<task id="x"/>'), executable=executable))
    assert rules(reading) == [("not-executable", "p")]
    assert reading.is_draft
    assert set(reading.graphs[0].nodes) == {"s", "x", "e"}


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ((FILES / "bpmn1.xpdl").read_bytes(), "not-bpmn"),
        (b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "not-bpmn"),
        (b'<definitions xmlns="http://schema.omg.org/spec/BPMN/1.2"/>', "not-bpmn"),
        (f"<process {NAMESPACES} id='p'/>".encode(), "not-bpmn"),
        (b"<html><body>Logga in</body></html>", "not-bpmn"),
        (b"", "xml-empty"),
        (b" \n ", "xml-empty"),
        (b"hej", "xml-syntax"),
        (b'{"components": []}', "xml-syntax"),
        (b"%PDF-1.7 ...", "xml-syntax"),
        (b"PK\x03\x04" + b"\x00" * 60, "xml-syntax"),
        (gzip.compress(COMPLETE), "xml-syntax"),
        (b"\x00" * 1000, "xml-syntax"),
    ],
)
def test_what_is_no_bpmn_is_told_in_one_finding(source: bytes, rule: str) -> None:
    reading = read(source, name="x.bpmn")
    assert [finding.rule for finding in reading.findings] == [rule]
    assert reading.graphs == ()
    assert reading.is_draft


# --- encodings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "iso-8859-1",
        "windows-1252",
        "iso-8859-15",
        "cp850",
    ],
)
def test_every_encoding_that_xml_allows_gives_the_same_graph(encoding: str) -> None:
    text = bpmn(chain('<userTask id="x" name="Återkoppla på åtgärd"/>')).decode()
    declared = {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp850": "IBM850"}.get(
        encoding, encoding
    )
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    source = mark + text.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(encoding)
    assert only(read(source)).nodes["x"].name == "Återkoppla på åtgärd"


def test_latin_1_that_claims_to_be_utf_8_is_told() -> None:
    source = bpmn(chain('<userTask id="x" name="Återkoppla"/>')).decode().encode("iso-8859-1")
    assert rules(read(source)) == [("xml-encoding", "")]


@pytest.mark.parametrize("declared", ["klingon", "utf-8\x00", "base64", "rot13"])
def test_an_encoding_that_nobody_knows_is_told(declared: str) -> None:
    source = bpmn(chain('<task id="x"/>')).replace(b'encoding="UTF-8"', f'encoding="{declared}"'.encode())
    (finding,) = read(source).findings
    assert finding.rule in ("xml-encoding", "xml-syntax")


# --- hostile files -------------------------------------------------------------------------------------------------

_LAUGHS = "".join(f'<!ENTITY x{level} "{f"&x{level - 1};" * 10}">' for level in range(1, 12))
DOCTYPES = {
    "billion laughs": f'<!DOCTYPE d [<!ENTITY x0 "lol">{_LAUGHS}]>',
    "one entity": '<!DOCTYPE d [<!ENTITY x11 "hej">]>',
    "a file": '<!DOCTYPE d [<!ENTITY x11 SYSTEM "file:///etc/passwd">]>',
    "the network": '<!DOCTYPE d [<!ENTITY x11 SYSTEM "http://127.0.0.1:9/x">]>',
    "parameter entity": '<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>',
    "external subset": '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">',
    "public id": '<!DOCTYPE d PUBLIC "-//X//EN" "file:///etc/passwd">',
    "default attributes": '<!DOCTYPE d [<!ATTLIST task name CDATA "smugglat">]>',
    "nothing much": "<!DOCTYPE definitions>",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_doctype_is_refused_outright(doctype: str, encoding: str) -> None:
    text = bpmn(chain('<task id="x"><documentation>&x11;</documentation></task>')).decode()
    head, _, rest = text.partition("\n")
    source = (head.replace("UTF-8", encoding) + doctype + rest).encode(encoding)
    (finding,) = read(source).findings
    assert finding.rule == "xml-doctype"


def test_an_entity_without_doctype_is_no_more_than_a_mistake() -> None:
    reading = read(bpmn(chain('<task id="x"><documentation>&x11;</documentation></task>')))
    assert [rule for rule, _ in rules(reading)] == ["xml-syntax"]


def test_a_doctype_in_a_comment_or_text_is_text() -> None:
    said = "<!-- <!DOCTYPE x> --><documentation><![CDATA[<!DOCTYPE x>]]></documentation>"
    assert graph_of(chain(f'<task id="x">{said}</task>')).nodes["x"].documentation == "<!DOCTYPE x>"


def test_included_files_are_not_fetched() -> None:
    included = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    graph = only(read(bpmn(f"<extensionElements>{included}</extensionElements>" + chain('<task id="x"/>'))))
    assert "root" not in graph.documentation


@pytest.mark.parametrize("size", [4_999_999, 6_000_000])
def test_files_of_more_than_five_megabytes_are_refused(size: int) -> None:
    start = bpmn(chain('<task id="x"><documentation>#</documentation></task>'))
    source = start.replace(b"#", b"a" * (size - len(start) + 1))
    assert len(source) == size
    assert [rule for rule, _ in rules(read(source))] == ([] if size < 5_000_000 else ["xml-too-large"])


@pytest.mark.parametrize(("levels", "expected"), [(97, []), (101, ["xml-too-deep"]), (1000, ["xml-too-deep"])])
def test_depth_is_bounded(levels: int, expected: list[str]) -> None:
    nested = '<q:a xmlns:q="urn:q">' * (levels - 3) + "</q:a>" * (levels - 3)
    body = f"<extensionElements>{nested}</extensionElements>" + chain('<task id="x"/>')
    assert [rule for rule, _ in rules(read(bpmn(body)))] == expected


@pytest.mark.parametrize(
    "body",
    [
        "<task/>" * 5_001,
        "<extensionElements>" + '<q:a xmlns:q="urn:q"/>' * 30_001 + "</extensionElements>",
        "<task " + _wide(' a#="1"', 101) + "/>",
        "<task " + _wide(' xmlns:a#="u"', 101) + "/>",
    ],
)
def test_the_number_of_elements_and_attributes_is_bounded(body: str) -> None:
    assert [rule for rule, _ in rules(read(bpmn(body)))] == ["xml-too-many"]


def test_a_file_cut_off_anywhere_gives_one_clear_finding() -> None:
    """At each 50th byte, and before the last: never a trace, and always the line."""
    for end in [*range(1, len(COMPLETE) - 1, 50), len(COMPLETE.rstrip()) - 1]:
        reading = read(COMPLETE[:end], name="x.bpmn")
        assert len(reading.findings) == 1, end
        assert reading.findings[0].rule in ("xml-syntax", "xml-encoding"), end
        assert reading.graphs == ()


def _mutated(source: bytes, chance: random.Random) -> bytes:
    """The file with a few tags, attributes or bytes changed."""
    tokens = re.split(rb'(<[^>]*>|"[^"]*")', source)
    for _ in range(chance.randint(1, 8)):
        at, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        tokens[at] = chance.choice([b"", tokens[other], tokens[at] * 2, tokens[at][::-1], b'"\xff"', b"<q/>", b'""'])
    return b"".join(tokens)


def test_damaged_files_never_break_the_reader() -> None:
    chance = random.Random(20261122)
    outcomes = set()
    for _ in range(300):
        source = _mutated(COMPLETE, chance)
        reading = read(source)
        outcomes |= {finding.rule for finding in reading.findings}
        assert all(finding.sv and finding.en for finding in reading.findings)
    assert {"xml-syntax", "xsd", "dangling-reference", "duplicate-id"} <= outcomes  # the damage did reach all layers


_VARIABLES = '<scriptTask id="g#" scriptFormat="trappa"><script>v# = w# + v0</script></scriptTask>'
COSTLY = {
    "text": '<task id="x"><documentation>' + "a" * 4_900_000 + "</documentation></task>",
    "name": f'<task id="x" name="{"å " * 1_500_000}"/>',
    "id": f'<task id="{"a" * 2_000_000}"/>',
    "script": '<scriptTask id="x" scriptFormat="trappa"><script>' + "a=1\n" * 190_000 + "</script></scriptTask>",
    "parentheses": '<userTask id="x" camunda:assignee="${' + "(" * 4_000_000 + '}"/>',
    "expressions": _wide(f'<userTask id="x#" camunda:assignee="${{{"not " * 900}x#}}"/>', 1_200),
    "functions": _wide(
        '<scriptTask id="g#" scriptFormat="trappa"><script>'
        + "\n".join(f"v = settin#g{line}(1)" for line in range(100))
        + "</script></scriptTask>",
        1_000,
    ),
    "roles": _wide(f'<userTask id="x#" camunda:candidateGroups="{"a," * 4_000}"/>', 400),
    "sub-processes": _wide('<subProcess id="x#"/>', 4_900),
    "listening": _wide('<subProcess id="x#" triggeredByEvent="true"><startEvent id="y#"/></subProcess>', 2_400),
    "edges": '<task id="t"/>'
    + _wide('<boundaryEvent id="b#" attachedToRef="t"><errorEventDefinition/></boundaryEvent>', 2_400),
    "flows": _wide('<task id="g#"/>', 60)
    + "".join(f"\ng{one} -> g{other}" for one in range(60) for other in range(60)),
    "variables": _wide(_VARIABLES, 1_100)
    + "".join(f"\ng{one} -> g{(one * 17 + 3) % 1_100}\ng{one} -> g{(one + 1) % 1_100}" for one in range(1_100)),
    "schema errors": _wide('<task id="g#" bogus="1"/>', 4_900),
    "one id": '<task id="x"/>' * 4_900,
    "dangling": _wide('<sequenceFlow id="f#" sourceRef="q#" targetRef="z#"/>', 4_900),
    "properties": "<extensionElements><camunda:properties>"
    + _wide('<camunda:property name="visible.a#" value="${x#}"/>', 28_000)
    + "</camunda:properties></extensionElements>",
    "attributes": "<task " + _wide(' aaaaaaaaaaaaaaaaaaa#=""', 190_000) + "/>",
    "namespaces": "<task " + _wide(' xmlns:aaaaaaaaaa#="u"', 190_000) + "/>",
    "data": _wide(
        '<subProcess id="s#"><dataObject id="d#" name="a"/><dataObjectReference id="r#" dataObjectRef="d#"/></subProcess>',
        1_600,
    ),
    "elements": "<task/>" * 600_000,
}
_MEASURED = """
import sys, time
from pathlib import Path
def peak():  # of this process alone: what getrusage says, it has from the process that started it
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
from engine.bpmn.checks import CheckContext, check
source = sys.stdin.buffer.read()
known = [f"namn{number}" for number in range(50)]
check({"warm.bpmn": b"<a/>"})
started = time.process_time()
findings = check({"x.bpmn": source}, CheckContext(roles=known, topics=known, functions=known, processes=known))
print(time.process_time() - started, peak() // 1024, len(findings))
"""


@pytest.mark.parametrize("what", COSTLY)
def test_no_file_takes_two_seconds_or_two_hundred_megabytes(what: str) -> None:
    """Read and checked in a process of its own, so that the memory is its alone."""
    source = bpmn(f'<startEvent id="s"/>{COSTLY[what]}')
    done = subprocess.run([sys.executable, "-c", _MEASURED], input=source, capture_output=True, timeout=60, check=True)
    seconds, megabytes, count = (float(number) for number in done.stdout.split())
    assert seconds < 2
    assert megabytes < 200
    assert count <= MAX_FINDINGS + 1


def test_a_diagram_of_five_hundred_elements_is_read_at_once() -> None:
    nodes = _wide(
        '<userTask id="x#" name="Uppgift #" camunda:candidateGroups="hsf" camunda:dueDate="${workdays(#)}"/>', 250
    )
    flows = "".join(f"\nx{number} -> x{number + 1}" for number in range(249))
    source = bpmn(f'<startEvent id="s"/>{nodes}<endEvent id="e"/>\ns -> x0{flows}\nx249 -> e\n')
    read(source)
    started = process_time()
    assert len(only(read(source)).nodes) == 252
    assert process_time() - started < 0.5


def test_findings_never_show_more_than_a_line_of_the_file() -> None:
    long, broken = "a" * 5_000, "c\n" * 500
    reading = read(bpmn(f'<callActivity id="{long}" name="{long}"/>\n<task id="{broken}"/>'))
    assert reading.findings
    assert max(len(str(finding)) for finding in reading.findings) < 1_000
    assert not any("\n" in str(finding) for finding in reading.findings)


def test_finding_as_a_line_and_as_data() -> None:
    finding = Finding("r", "error", "x.bpmn", 7, "t", "Fel.", "Wrong.", "Rätta.", "Mend.")
    assert str(finding) == "x.bpmn:7:t: Fel. Rätta."
    assert finding.line_of_text("en") == "x.bpmn:7:t: Wrong. Mend."
    assert finding.as_dict()["suggestion_en"] == "Mend."
