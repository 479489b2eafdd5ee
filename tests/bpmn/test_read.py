"""What a file says becomes graphs; and what cannot be read, findings by name at their element."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from engine.bpmn.model import Graph
from engine.bpmn.read import Reading, read
from engine.bpmn.read import refused as refusals
from tests.bpmn.drawing import bpmn, chain

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
REFUSED_INSIDE = {
    "method": '<transaction id="x" method="##Store"><startEvent id="i"/><endEvent id="j"/>\ni -> j\n</transaction>',
    "parameters of a resource": '<userTask id="x"><potentialOwner><resourceRef>g</resourceRef><resourceParameterBinding parameterRef="a"><formalExpression>1</formalExpression></resourceParameterBinding></potentialOwner></userTask>',
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


def test_what_describes_a_process_as_a_service_is_told_to_have_no_effect() -> None:
    sets = '<inputSet id="i"/><outputSet id="o"/>'
    beside = '<message id="m" name="m"/><interface id="g" name="g"><operation id="q" name="q"><inMessageRef>m</inMessageRef></operation></interface>'
    binding = '<ioBinding id="x" operationRef="q" inputDataRef="i" outputDataRef="o"/>'
    body = f"<supportedInterfaceRef>g</supportedInterfaceRef><ioSpecification>{sets}</ioSpecification>{binding}"
    reading = read(bpmn(body + chain('<task id="a"/>', "a", "a"), beside=beside))
    assert [(one.rule, one.severity, one.element) for one in reading.findings] == [("description-only", "warning", "x")]


@pytest.mark.parametrize("task", ["task", "serviceTask", "subProcess", "callActivity"])
@pytest.mark.parametrize("role", ["potentialOwner", "humanPerformer", "performer", "resourceRole"])
def test_who_is_responsible_for_what_no_person_does_is_told_to_have_no_effect(task: str, role: str) -> None:
    body = f'<{task} id="x"><{role} id="q"><resourceRef>r</resourceRef></{role}></{task}>'
    reading = read(bpmn(chain(body), beside='<resource id="r" name="hsf"/>'))
    assert ("description-only", "q") in rules(reading)
    assert not [one for one in reading.findings if one.rule == "not-supported"]


_HSF = "<resourceRef>r</resourceRef>"
_NAMED = "<resourceAssignmentExpression><formalExpression>{}</formalExpression></resourceAssignmentExpression>"


@pytest.mark.parametrize(
    ("inside", "attributes", "candidates", "assignee"),
    [
        (f"<potentialOwner>{_HSF}</potentialOwner>", "", "hsf", None),
        (f"<potentialOwner>{_NAMED.format('${roll}')}</potentialOwner>", "", "${roll}", None),
        (f"<potentialOwner>{_NAMED.format('group(hsf), group(tsg)')}</potentialOwner>", "", "hsf, tsg", None),
        (f"<potentialOwner>{_HSF}</potentialOwner>" * 2, 'camunda:candidateGroups="tsg"', "tsg, hsf, hsf", None),
        (f"<humanPerformer>{_NAMED.format('${ansvarig}')}</humanPerformer>", "", None, "${ansvarig}"),
        (f"<performer>{_NAMED.format('${ansvarig}')}</performer>", "", None, "${ansvarig}"),
        (f"<performer>{_HSF}</performer>", "", "hsf", None),
        (f"<humanPerformer>{_NAMED.format('${a}')}</humanPerformer>", 'camunda:candidateGroups="tsg"', "tsg", "${a}"),
    ],
)
@pytest.mark.parametrize("kind", ["userTask", "manualTask"])
def test_who_does_a_task_in_bpmns_own_words(
    kind: str, inside: str, attributes: str, candidates: str | None, assignee: str | None
) -> None:
    reading = read(
        bpmn(chain(f'<{kind} id="x" {attributes}>{inside}</{kind}>'), beside='<resource id="r" name="hsf"/>')
    )
    assert reading.findings == ()
    work = reading.graphs[0].nodes["x"].work
    assert work
    assert (work.candidates and work.candidates.source, work.assignee and work.assignee.source) == (
        candidates,
        assignee,
    )


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<potentialOwner/>", "resource-missing"),
        ("<performer><resourceAssignmentExpression/></performer>", "xsd"),
        (f"<humanPerformer>{_NAMED.format('${a}')}</humanPerformer>" * 2, "performer-twice"),
        ("<potentialOwner><resourceRef>e</resourceRef></potentialOwner>", "dangling-reference"),
        (f"<potentialOwner>{_NAMED.format('${a')}</potentialOwner>", "expression"),
    ],
)
def test_who_does_a_task_must_be_clear(inside: str, expected: str) -> None:
    reading = read(bpmn(chain(f'<userTask id="x">{inside}</userTask>')))
    assert expected in {rule for rule, _ in rules(reading)}


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
    """§8.2.3: who does not understand an extension that must be understood may not carry out the file."""
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
