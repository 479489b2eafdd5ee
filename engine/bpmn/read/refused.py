"""What the machine does not carry out, by name: nothing that a diagram says is dropped in silence.

Three tables and the walk over them. An element is either read (`graph.py`), kept (it is drawn or documents, and means
nothing to execution) or refused here. To make the machine carry out something more, move its name.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.findings import Finding, shown
from engine.bpmn.read.document import CAMUNDA, Document, in_model, local
from engine.bpmn.read.people import OF_PEOPLE, PERFORMERS

Words = tuple[str, str]
"""The same in Swedish and in English."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


READ = _names(
    """process laneSet childLaneSet lane flowNodeRef sequenceFlow conditionExpression incoming outgoing script
    startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent eventDefinitionRef
    messageEventDefinition timerEventDefinition signalEventDefinition errorEventDefinition escalationEventDefinition
    terminateEventDefinition compensateEventDefinition cancelEventDefinition linkEventDefinition
    conditionalEventDefinition timeDate timeDuration timeCycle
    task userTask manualTask serviceTask sendTask receiveTask scriptTask businessRuleTask callActivity subProcess
    transaction adHocSubProcess
    exclusiveGateway parallelGateway inclusiveGateway eventBasedGateway complexGateway
    multiInstanceLoopCharacteristics loopCardinality loopDataInputRef loopDataOutputRef inputDataItem outputDataItem
    complexBehaviorDefinition standardLoopCharacteristics loopCondition
    dataObject dataObjectReference dataStoreReference property
    dataInputAssociation dataOutputAssociation sourceRef targetRef
    transformation assignment from to ioSpecification dataInput dataOutput inputSet outputSet
    correlationSubscription correlationPropertyBinding dataPath operationRef
    dataInputRefs optionalInputRefs whileExecutingInputRefs outputSetRefs
    dataOutputRefs optionalOutputRefs whileExecutingOutputRefs inputSetRefs"""
)
KEPT = _names(
    """documentation extensionElements textAnnotation text group association categoryValueRef auditing monitoring
    dataState rendering partitionElement supports supportedInterfaceRef"""
)
_KEPT_AT_ROOT = _names(
    """process globalTask globalUserTask globalManualTask globalScriptTask globalBusinessRuleTask
    collaboration message signal error escalation category dataStore itemDefinition import extension
    relationship documentation extensionElements BPMNDiagram interface correlationProperty resource endPoint
    partnerEntity partnerRole
    messageEventDefinition timerEventDefinition signalEventDefinition errorEventDefinition escalationEventDefinition
    terminateEventDefinition compensateEventDefinition cancelEventDefinition
    conditionalEventDefinition"""
)

_LATER: Words = (
    "Rita om den delen med det som stöds; README:n räknar upp det.",
    "Redraw that part with what is supported; the README lists it.",
)
_ELEMENTS: dict[str, tuple[Words, Words]] = {
    # local name: (what it is called, what to do instead)
    "callableElement": (("callableElement", "callableElement"), _LATER),
    "choreography": (("koreografi", "the choreography"), ("Rita en process.", "Draw a process.")),
    "globalConversation": (("global konversation", "the global conversation"), ("Rita en process.", "Draw a process.")),
}

_FORM: Words = (
    "Gör formuläret som en fil forms/<namn>.json och ange namnet som formulärnyckel.",
    "Make the form a file forms/<name>.json and give its name as form key.",
)
_TOPIC: Words = ("Ange typen External och ett ämne (topic).", "Set the type External and a topic.")
_SPLIT: Words = ("Dela upp i flera uppgifter i diagrammet.", "Split it into several tasks in the diagram.")
_EXTENSIONS: dict[str, Words] = {
    "executionListener": _SPLIT,
    "taskListener": _SPLIT,
    "formData": _FORM,
    "connector": _TOPIC,
    "field": _TOPIC,
    "failedJobRetryTimeCycle": ("Omförsök ställs in för hela systemet.", "Retries are a setting of the whole house."),
    "errorEventDefinition": ("Låt hanteraren lämna en BPMN-felkod.", "Let the handler raise a BPMN error code."),
    "list": (
        "Skriv listan som ett uttryck, till exempel ${[a, b]}.",
        "Write the list as an expression, such as ${[a, b]}.",
    ),
    "map": ("Skriv ett uttryck i stället.", "Write an expression instead."),
    "script": ("Skriv ett uttryck i stället.", "Write an expression instead."),
}
_READ_EXTENSIONS = frozenset(
    {"properties", "property", "inputOutput", "inputParameter", "outputParameter", "in", "out"}
)

_ATTRIBUTES: dict[str, Words] = {
    "class": _TOPIC,
    "delegateExpression": _TOPIC,
    "expression": _TOPIC,
    "resource": ("Skriv innehållet i diagrammet.", "Write the content in the diagram."),
    "candidateUsers": ("Ange roller som kandidatgrupper (candidateGroups).", "Give roles as candidate groups."),
    "candidateStarterUsers": ("Ange roller (candidateStarterGroups).", "Give roles (candidateStarterGroups)."),
    "initiator": (
        "Den som startar ärendet finns alltid i variabeln startad_av.",
        "Who starts the case is always in the variable startad_av.",
    ),
    "asyncAfter": ("Sätt asyncBefore på elementet efter.", "Set asyncBefore on the element after it."),
    "resultVariable": ("Använd en utparameter.", "Use an output parameter."),
    "formHandlerClass": _FORM,
    "calledElementVersionTag": (
        "Ange ett versionsnummer, eller senaste versionen.",
        "Give a version number, or the latest version.",
    ),
    "caseRef": ("Anropa en BPMN-process (calledElement).", "Call a BPMN process (calledElement)."),
    "variableMappingClass": ("Ange variablerna som in och ut.", "Give the variables as in and out."),
    "variableMappingDelegateExpression": ("Ange variablerna som in och ut.", "Give the variables as in and out."),
    "decisionRefVersion": (
        "Beslutstabellen följer alltid med processens version.",
        "The decision table always goes with the version of the process.",
    ),
    "decisionRefVersionTag": (
        "Beslutstabellen följer alltid med processens version.",
        "The decision table always goes with the version of the process.",
    ),
    "decisionRefTenantId": _LATER,
}
_RULES = frozenset({"businessRuleTask", "globalBusinessRuleTask"})
_TOPICAL = _RULES | {"serviceTask", "sendTask"}
_READ_ATTRIBUTES: dict[str, frozenset[str]] = {
    # attribute: where it is read
    "candidateStarterGroups": frozenset({"process"}),
    "formKey": OF_PEOPLE | {"startEvent"},
    "formRef": OF_PEOPLE | {"startEvent"},
    "assignee": OF_PEOPLE,
    "candidateGroups": OF_PEOPLE,
    "dueDate": OF_PEOPLE,
    "followUpDate": OF_PEOPLE,
    "priority": OF_PEOPLE,
    "type": _TOPICAL,
    "topic": _TOPICAL,
    "resultVariable": _RULES,
    "decisionRef": _RULES,
    "mapDecisionResult": _RULES,
    "calledElementBinding": frozenset({"callActivity"}),
    "calledElementVersion": frozenset({"callActivity"}),
    "collection": frozenset({"multiInstanceLoopCharacteristics"}),
    "elementVariable": frozenset({"multiInstanceLoopCharacteristics"}),
    "errorCodeVariable": frozenset({"errorEventDefinition"}),
    "errorMessageVariable": frozenset({"errorEventDefinition"}),
    "escalationCodeVariable": frozenset({"escalationEventDefinition"}),
}
_HARMLESS_ATTRIBUTES = _names(
    """asyncBefore async exclusive jobPriority taskPriority versionTag historyTimeToLive isStartableInTasklist
    diagramRelationId modelerTemplate modelerTemplateVersion modelerTemplateIcon formRefBinding formRefVersion
    decisionRefBinding errorMessage"""
)  # how an engine runs, not what the process means; asyncBefore is read wherever it stands
_OFF = frozenset({"false", "0", ""})

_WHO = frozenset({"potentialOwner", "resourceRole", *PERFORMERS})
"""§10.3.4 and Table 10.5: who works on an activity or answers for it."""
_READ_IN = frozenset(
    {
        ("completionCondition", "multiInstanceLoopCharacteristics"),
        ("completionCondition", "adHocSubProcess"),
        ("condition", "complexBehaviorDefinition"),
        ("condition", "conditionalEventDefinition"),
        ("event", "complexBehaviorDefinition"),
        ("activationCondition", "complexGateway"),
        *((name, task) for name in ("potentialOwner", *PERFORMERS) for task in OF_PEOPLE),
        *((part, name) for part in ("resourceRef", "resourceAssignmentExpression") for name in _WHO),
        ("formalExpression", "resourceAssignmentExpression"),
        ("expression", "resourceAssignmentExpression"),
    }
)  # read there, refused elsewhere
_DESCRIPTION_ONLY = {
    # §10.3.1, Table 10.2: which operation of an interface the process carries out where it is offered as a service
    "ioBinding": (
        "en ioBinding beskriver processen som tjänst för andra system",
        "an ioBinding describes the process as a service for other systems",
        "Det kan stå kvar. Processen startas av anropsaktiviteter, händelser eller människor.",
        "It may stay. The process is started by call activities, events or people.",
    ),
    **{
        name: (
            f"{name} beskriver vem som ansvarar",
            f"{name} describes who is responsible",
            "Det kan stå kvar. Vem som gör något anges på användaruppgifter.",
            "It may stay. Who does something is given at user tasks.",
        )
        for name in _WHO
    },
}
_BPMN_ATTRIBUTES: tuple[tuple[str, frozenset[str], Words, Words], ...] = (
    # attribute, values that are fine, what another value asks for, what to do instead
    (
        "method",
        frozenset({"##Compensate"}),
        ("transaktion utan kompensation (method)", "a transaction without compensation (method)"),
        ("Använd metoden ##Compensate.", "Use the method ##Compensate."),
    ),
)
_EXPRESSION_PAYLOAD: Words = ("Använd inparametrar.", "Use input parameters.")
_LANGUAGES = frozenset({"", "trappa"})
_EXPRESSION: Words = (
    "Skriv uttrycket i systemets eget språk, till exempel ${antal > 3 and kommun == 'huddinge'}, utan språkangivelse.",
    "Write the expression in the house's own language, such as ${antal > 3 and kommun == 'huddinge'}, and no language.",
)

_ENGINES = {
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8 (zeebe)",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
    "http://operaton.org/schema/1.0/bpmn": "Operaton",
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "SpiffWorkflow",
    "http://www.jboss.org/drools": "jBPM",
}


def refused_in(document: Document, process: etree._Element) -> Iterator[Finding]:
    """Everything within `process` that would not be carried out."""
    engines: dict[str, etree._Element] = {}
    yield from _walk(document, process, engines)
    for namespace, element in engines.items():
        name, who = _ENGINES[namespace], document.label(element)
        yield document.place(element).error(
            "foreign-extension",
            f"processen är ritad för {name}, och de inställningarna läses inte här (först vid {who.sv})",
            f"The process was drawn for {name}, whose settings are not read here (first at {who.en}).",
            "Öppna den i Camunda Modeler med profilen Camunda 7 och fyll i inställningarna där.",
            "Open it in Camunda Modeler with the Camunda 7 profile and fill in the settings there.",
        )


def refused_at_root(document: Document) -> Iterator[Finding]:
    """The parts beside the processes that have a meaning of their own."""
    for element in document.root.iterchildren(etree.Element):
        name = local(element)
        if name not in _KEPT_AT_ROOT and (name in _ELEMENTS or in_model(element)):
            yield _refusal(document, element, name)


def _walk(document: Document, element: etree._Element, engines: dict[str, etree._Element]) -> Iterator[Finding]:
    _note_engine(element, engines)
    yield from _camunda_attributes(document, element)
    yield from _quirks(document, element)
    for child in element.iterchildren(etree.Element):
        name = local(child)
        if name == "extensionElements":
            yield from _extensions(document, child, engines)
        elif in_model(child):
            is_read = name in READ | KEPT or (name, local(element)) in _READ_IN
            if is_read:
                yield from _walk(document, child, engines)
            elif name in _DESCRIPTION_ONLY:
                yield _description(document, child, name)
            else:
                yield _refusal(document, child, name)


def _note_engine(element: etree._Element, engines: dict[str, etree._Element]) -> None:
    for name in (element.tag, *element.attrib):
        namespace = etree.QName(name).namespace
        if namespace in _ENGINES:
            engines.setdefault(namespace, element)


def _camunda_attributes(document: Document, element: etree._Element) -> Iterator[Finding]:
    for attribute, value in element.attrib.items():
        name = etree.QName(attribute)
        if name.namespace != CAMUNDA or name.localname in _HARMLESS_ATTRIBUTES:
            continue
        if local(element) in _READ_ATTRIBUTES.get(name.localname, ()):
            continue
        if value in _OFF:
            continue
        fix = _ATTRIBUTES.get(name.localname, ("Ta bort inställningen.", "Remove the setting."))
        yield _not_supported(
            document,
            element,
            _both(f"inställningen {shown(name.localname)}", f"the setting {shown(name.localname)}"),
            fix,
        )


def _extensions(
    document: Document, extensions: etree._Element, engines: dict[str, etree._Element]
) -> Iterator[Finding]:
    for element in extensions.iterdescendants(etree.Element):
        name = etree.QName(element)
        _note_engine(element, engines)
        if name.namespace != CAMUNDA:
            continue
        if name.localname not in _READ_EXTENSIONS and local(_parent(element)) not in _EXTENSIONS:
            what = f"camunda:{shown(name.localname)}"
            fix = _EXTENSIONS.get(name.localname, ("Ta bort inställningen.", "Remove the setting."))
            yield _not_supported(document, element, _both(what, what), fix)
        elif name.localname in ("in", "out") and local(_parent(extensions)) != "callActivity":
            what = f"camunda:{name.localname}"
            yield _not_supported(document, element, _both(what, what), _EXPRESSION_PAYLOAD)
        elif name.localname == "in" and element.get("local") == "true":
            what = "camunda:in local"
            yield _not_supported(document, element, _both(what, what), ("Ta bort local.", "Remove local."))


def _quirks(document: Document, element: etree._Element) -> Iterator[Finding]:
    """Attributes of BPMN itself that ask for what is not carried out."""
    for attribute, ordinary, what, fix in _BPMN_ATTRIBUTES:
        value = element.get(attribute)
        if value is not None and value.strip() not in ordinary:
            yield _not_supported(document, element, what, fix)
    if element.get("language", "") not in _LANGUAGES:
        language = shown(element.get("language", ""))
        yield _not_supported(document, element, _both(f"språket {language}", f"the language {language}"), _EXPRESSION)


def _description(document: Document, element: etree._Element, name: str) -> Finding:
    who, (sv, en, keep_sv, keep_en) = document.label(element), _DESCRIPTION_ONLY[name]
    return document.place(element).warning(
        "description-only",
        f"{who.sv}: {sv}, och påverkar inte utförandet här",
        f"{who.en}: {en}, and has no effect here",
        keep_sv,
        keep_en,
    )


def _refusal(document: Document, element: etree._Element, name: str) -> Finding:
    what, fix = _ELEMENTS.get(name, (_both(f"<{shown(name)}>", f"<{shown(name)}>"), _LATER))
    return _not_supported(document, element, what, fix)


def _not_supported(document: Document, element: etree._Element, what: Words, fix: Words) -> Finding:
    who = document.label(element)
    return document.place(element).error(
        "not-supported", f"{who.sv}: {what[0]} stöds inte", f"{who.en}: {what[1]} is not supported", *fix
    )


def _both(sv: str, en: str) -> Words:
    return sv, en


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    return element if parent is None else parent
