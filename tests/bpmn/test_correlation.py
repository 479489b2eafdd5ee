"""Correlation (§8.4.2): by key, by context, one property or several; operations and their messages (§8.4.3)."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from engine.bpmn.changes import MessageThrown, WaitOpened
from engine.bpmn.read import read
from tests.bpmn.drawing import bpmn, chain

ORDER = {"order": {"nr": 17, "vad": "papper"}}


def test_what_a_case_sends_is_what_it_then_expects(play):
    case = play("kund", ORDER)
    assert case.found(MessageThrown) == [MessageThrown("kund.bestall", "bestallning", "17", ORDER)]
    assert case.found(WaitOpened) == [WaitOpened(2, "kund.svar", "message", "svar", "17")]
    assert case.receive("svar", svar_pa=17).outcome == "completed"


def test_what_starts_a_case_is_what_it_then_expects_and_sends(play):
    case = play("lager", at="lager.start", payload=ORDER)
    assert [(wait.element, wait.key) for wait in case.found(WaitOpened)] == [("lager.andrat", "17")]
    case.complete("plocka")
    assert case.found(MessageThrown) == [MessageThrown("lager.slut", "svar", "17", {"svar_pa": 17})]


def test_a_subscription_says_what_the_case_expects_by_its_own_data(play):
    case = play("vakt", {"min_kommun": "huddinge", "nummer": 7})
    assert case.found(WaitOpened)[0].key == '["huddinge","8"]'
    assert play("larmar").found(MessageThrown)[0].key == '["huddinge","8"]'


def test_each_instance_has_a_conversation_of_its_own(play):
    case = play("var_och_en", {"ordrar": [{"nr": "a"}, {"nr": "b"}]})
    assert [wait.key for wait in case.found(WaitOpened)] == ["a", "b"]


def test_a_message_expected_before_there_is_a_key_is_an_incident(play):
    case = play("utan")
    assert case.stuck_at == ["svar"]
    assert case.skip("svar").outcome == "completed"


def test_an_empty_key_is_refused(play):
    assert play("kund", {"order": {"nr": ""}}).stuck_at == ["bestall"]
    assert play("kund", {"order": {}}).stuck_at == ["bestall"]


def test_a_key_that_lacks_an_expression_for_its_message_is_told():
    beside = (
        '<message id="m" name="m"/><message id="m2" name="m2"/>'
        '<correlationProperty id="a"><correlationPropertyRetrievalExpression messageRef="m"><messagePath>x</messagePath>'
        "</correlationPropertyRetrievalExpression></correlationProperty>"
        '<correlationProperty id="b"><correlationPropertyRetrievalExpression messageRef="m2"><messagePath>x</messagePath>'
        "</correlationPropertyRetrievalExpression></correlationProperty>"
        '<collaboration id="c"><correlationKey id="k"><correlationPropertyRef>a</correlationPropertyRef>'
        "<correlationPropertyRef>b</correlationPropertyRef></correlationKey></collaboration>"
    )
    findings = read(bpmn(chain('<receiveTask id="x" messageRef="m"/>'), beside=beside)).findings
    assert [(one.rule, one.element) for one in findings] == [("correlation", "x")]


def test_what_correlation_refers_to_must_be_there():
    beside = (
        '<message id="m" name="m"/><correlationProperty id="a"><correlationPropertyRetrievalExpression messageRef="borta">'
        "<messagePath>x</messagePath></correlationPropertyRetrievalExpression></correlationProperty>"
        '<collaboration id="c"><correlationKey id="k"><correlationPropertyRef>borta</correlationPropertyRef>'
        "</correlationKey></collaboration>"
    )
    inside = '<receiveTask id="x" operationRef="borta"/>'
    subscription = '<correlationSubscription id="cs" correlationKeyRef="borta"/>'
    findings = read(bpmn(chain(inside) + subscription, beside=beside)).findings
    assert sum(one.rule == "dangling-reference" for one in findings) == 4


def test_a_service_task_with_an_operation_is_for_the_handler_of_that_name():
    beside = '<message id="m" name="m"/><interface id="i" name="i"><operation id="o" name="boka"><inMessageRef>m</inMessageRef></operation></interface>'
    reading = read(bpmn(chain('<serviceTask id="x" operationRef="o"/>'), beside=beside))
    assert reading.findings == ()
    assert reading.graphs[0].nodes["x"].topic == "boka"
