"""What each kind of activity says of the work it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from engine.bpmn.expressions import Template, compile_script
from engine.bpmn.findings import Label, shown
from engine.bpmn.model import GLOBAL_TASKS, AdHoc, Call, Decision, Event, HumanWork
from engine.bpmn.read.correlation import has_message, operation_of
from engine.bpmn.read.document import Document, local, model
from engine.bpmn.read.extensions import camunda, extensions, form_of, is_true
from engine.bpmn.read.people import named_by
from engine.bpmn.read.says import say
from engine.bpmn.read.texts import Texts

ReadMessage = Callable[[etree._Element, etree._Element, Mapping[str, str]], Event]
"""The element that sends or receives, what refers to the message, and the element's properties."""
_DECISION_RESULTS = frozenset({"singleEntry", "singleResult", "collectEntries", "resultList"})


class Activities:
    """Reads the activities of one file."""

    def __init__(self, document: Document, texts: Texts, message: ReadMessage) -> None:
        self._document = document
        self._texts = texts
        self._message = message

    def details(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        """What a node of this kind has besides what all have, by the names of `Node`."""
        read = _KINDS.get(kind_of(element))
        return read(self, element, properties) if read else {}

    def _human(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        def said(attribute: str) -> str | None:
            text = camunda(element, attribute)
            if text is None and kind_of(element) == "manualTask":  # where modelling tools have no field for it
                text = properties.get(attribute)
            return text

        def given(attribute: str, otherwise: str | None = None) -> Template | None:
            text = said(attribute) or otherwise
            return self._texts.text(element, text, attribute) if text else None

        named = named_by(self._document, element)
        if named.assignee and camunda(element, "assignee"):
            say(self._document, element, "performer-twice")
        groups = ", ".join(filter(None, (said("candidateGroups"), named.candidates)))
        work = HumanWork(
            candidates=self._texts.text(element, groups, "candidateGroups") if groups else None,
            assignee=given("assignee", named.assignee),
            due=given("dueDate"),
            follow_up=given("followUpDate"),
            priority=given("priority"),
            form=form_of(element),
        )
        return {"work": work}

    def _topic(self, element: etree._Element) -> str | None:
        kind = camunda(element, "type")
        if kind not in (None, "external"):
            say(self._document, element, "not-supported/type", kind=shown(kind or ""))
        return (camunda(element, "topic") or "").strip() or None

    def _service(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        details: dict[str, Any] = {"topic": self._topic(element)}
        operation = operation_of(self._document, element)
        if local(element) == "serviceTask" and details["topic"] is None and operation is not None:
            details["topic"] = operation.get("name", "").strip() or None
        if local(element) == "sendTask" and has_message(element):
            details["event"] = self._message(element, element, properties)
        return details

    def _receive(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        return {"event": self._message(element, element, properties), "instantiate": is_true(element, "instantiate")}

    def _script(self, element: etree._Element, _: Mapping[str, str]) -> dict[str, Any]:
        language = element.get("scriptFormat") or element.get("scriptLanguage") or ""
        if language != "trappa":
            say(self._document, element, "script-format", language=shown(language))
            return {}
        text = element.findtext(model("script")) or ""
        return {"script": self._texts.compiled(compile_script, element, text, Label("skriptet", "the script"))}

    def _rule(self, element: etree._Element, _: Mapping[str, str]) -> dict[str, Any]:
        """Decided by a decision table, or by a handler."""
        if (topic := self._topic(element)) is not None:
            return {"topic": topic}
        key, variable = camunda(element, "decisionRef"), camunda(element, "resultVariable")
        mapping = camunda(element, "mapDecisionResult") or "resultList"
        if not key or "${" in key or not variable or mapping not in _DECISION_RESULTS:
            say(self._document, element, "decision-missing")
            return {}
        return {"decision": Decision(key, variable, mapping)}

    def _call(self, element: etree._Element, _: Mapping[str, str]) -> dict[str, Any]:
        key = _without_prefix(element, element.get("calledElement", "").strip())
        binding = camunda(element, "calledElementBinding") or "latest"
        version = camunda(element, "calledElementVersion") or ""
        number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
        if not key or binding not in ("latest", "deployment", "version") or (binding == "version" and number is None):
            say(self._document, element, "call-missing")
            return {}
        called = self._texts.text(element, key, "calledElement")
        if called is None:
            return {}
        return {"call": Call(called, binding, number if binding == "version" else None, **self._passed(element))}

    def _ad_hoc(self, element: etree._Element, properties: Mapping[str, str]) -> dict[str, Any]:
        groups = properties.get("candidateGroups")
        condition = (element.findtext(model("completionCondition")) or "").strip()
        return {
            "ad_hoc": AdHoc(
                is_sequential=element.get("ordering", "").strip() == "Sequential",
                completion=self._texts.expression(element, condition, "completionCondition"),
                cancel_remaining=is_true(element, "cancelRemainingInstances", "true"),
            ),
            "work": HumanWork(self._texts.text(element, groups, "candidateGroups")) if groups else None,
        }

    def _passed(self, element: etree._Element) -> dict[str, Any]:
        passed: dict[str, Any] = {"inputs": {}, "outputs": {}}
        for extension in extensions(element, "in", "out"):
            way = local(extension)
            target, expression = extension.get("target", ""), extension.get("sourceExpression", "")
            source = expression or extension.get("source", "")
            if extension.get("businessKey") is not None:
                passed["business_key"] = self._texts.text(element, extension.get("businessKey", ""), "businessKey")
            elif extension.get("variables") == "all":
                passed[f"all_{way}"] = True
            elif not target or not source:
                say(self._document, element, "call-missing/variable")
            elif (value := self._texts.field(element, source, target)) is not None:
                passed[f"{way}puts"][target] = value
        return passed


def kind_of(element: etree._Element) -> str:
    return GLOBAL_TASKS.get(local(element), local(element))


def _without_prefix(element: etree._Element, name: str) -> str:
    """A called element is a QName: `tns:fraga`, of this file or of one that is deployed with it, is `fraga`."""
    prefix, colon, bare = name.rpartition(":")
    return bare if colon and prefix in element.nsmap else name


_KINDS: dict[str, Callable[[Activities, etree._Element, Mapping[str, str]], dict[str, Any]]] = {
    "userTask": Activities._human,
    "manualTask": Activities._human,
    "serviceTask": Activities._service,
    "sendTask": Activities._service,
    "receiveTask": Activities._receive,
    "scriptTask": Activities._script,
    "businessRuleTask": Activities._rule,
    "callActivity": Activities._call,
    "adHocSubProcess": Activities._ad_hoc,
}
