"""The events of a process: what each of their definitions says (§10.5.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from engine.bpmn.findings import Label, shown
from engine.bpmn.model import Event
from engine.bpmn.read.correlation import Correlations, message_of
from engine.bpmn.read.document import Document, local, model, resolve
from engine.bpmn.read.extensions import camunda, is_true, properties_of
from engine.bpmn.read.loops import DEFAULT_THROWN
from engine.bpmn.read.says import say
from engine.bpmn.read.stores import Stores
from engine.bpmn.read.texts import Texts
from engine.calendar import TimerRule
from engine.errors import BadTime

THROWING = frozenset({"endEvent", "intermediateThrowEvent", "sendTask"})


class Events:
    """Reads the events of one process. `keys` and `stores`: its conversations and data stores."""

    def __init__(self, document: Document, texts: Texts, keys: Correlations, stores: Stores) -> None:
        self._document = document
        self._texts = texts
        self._keys = keys
        self._stores = stores

    def event(self, element: etree._Element, properties: Mapping[str, str]) -> Event:
        definitions = definitions_of(self._document, element)
        parts = tuple(self.trigger(element, definition, properties) for definition in definitions)
        if len(parts) < 2:
            if is_true(element, "parallelMultiple"):
                say(self._document, element, "parallel-multiple-alone")
            return parts[0] if parts else Event()
        return Event("parallelMultiple" if is_true(element, "parallelMultiple") else "multiple", parts=parts)

    def trigger(self, element: etree._Element, definition: etree._Element, properties: Mapping[str, str]) -> Event:
        kind = local(definition).removesuffix("EventDefinition")
        read = _EVENTS.get(kind)
        return read(self, element, definition, properties) if read else Event(kind)

    def message(self, element: etree._Element, definition: etree._Element, properties: Mapping[str, str]) -> Event:
        name = self._fixed_name(element, definition, "message")
        key = properties.get("correlationKey")
        if key:  # our own, simple way
            return Event("message", name, key=self._texts.field(element, key, "correlationKey"))
        return Event("message", name, correlation=self._keys.of(element, message_of(self._document, definition)))

    def _signal(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        needs_all = is_true(element, "parallelMultiple")
        if definition.get("signalRef") is None and not needs_all and _throws_default(host_of(self._document, element)):
            return Event("signal")
        return Event("signal", self._fixed_name(element, definition, "signal"))

    def _conditional(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        text = (definition.findtext(model("condition")) or "").strip()
        if not text:
            say(self._document, element, "condition-missing")
        condition = self._texts.expression(element, text, "condition")
        stores = self._stores.watched_by(element, condition.names) if condition else {}
        return Event("conditional", condition=condition, stores=stores)

    def _link(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        return Event("link", definition.get("name", "").strip() or None)

    def implicit(self, activity: etree._Element, definition: etree._Element) -> Event:
        """What a multi-instance activity throws; its properties stand at the definition, or the event around it."""
        around = definition.getparent()
        holder = definition if around is None or local(around) != "event" else around
        return self.trigger(activity, definition, properties_of(holder))

    def _fixed_name(self, element: etree._Element, definition: etree._Element, kind: str) -> str | None:
        """The name of the message or signal that is meant; None, with a finding, where there is none."""
        reference = definition.get(f"{kind}Ref")
        found = resolve(self._document, definition, reference)
        if reference is not None and found is None:
            return None  # told as a dangling reference
        if kind == "message":
            found = message_of(self._document, definition)
        name = None if found is None else found.get("name")
        if not name:
            say(self._document, element, f"{kind}-missing")
        elif "${" in name:
            say(self._document, element, "name-not-fixed", name=shown(name))
        return name or None

    def _error_event(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        return Event(
            "error",
            self._code(element, definition, "error"),
            code_variable=camunda(definition, "errorCodeVariable"),
            message_variable=camunda(definition, "errorMessageVariable"),
        )

    def _escalation(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        code = self._code(element, definition, "escalation")
        return Event("escalation", code, code_variable=camunda(definition, "escalationCodeVariable"))

    def _compensate(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        """Only who throws says which activity is meant; who catches knows it from where it stands (§10.5.5)."""
        if local(element) not in THROWING:
            return Event("compensate")
        found = resolve(self._document, definition, definition.get("activityRef"))
        name = None if found is None else found.get("id")
        return Event("compensate", name, waits=is_true(definition, "waitForCompletion", "true"))

    def _code(self, element: etree._Element, definition: etree._Element, kind: str) -> str | None:
        """The code; None catches any (§10.5.5), but cannot be thrown."""
        reference = definition.get(f"{kind}Ref")
        found = resolve(self._document, definition, reference)
        code = None if found is None else found.get(f"{kind}Code") or None
        if code is None and (found is not None or (reference is None and local(element) in THROWING)):
            say(self._document, element, f"{kind}-code-missing")
        elif code is not None and "${" in code:
            say(self._document, element, "name-not-fixed/code", name=shown(code))
        return code

    def _timer(self, element: etree._Element, definition: etree._Element, _: Mapping[str, str]) -> Event:
        rules = [child for child in definition.iterchildren(etree.Element) if local(child) in _TIMER_KINDS]
        text = (rules[0].text or "").strip() if len(rules) == 1 else ""
        if not text:
            say(self._document, element, "timer/missing")
            return Event("timer")
        kind = local(rules[0])
        rule = self._texts.text(element, text, "timer")
        if rule is not None and rule.literal is not None:
            self._check_timer(element, text, kind)
        return Event("timer", timer=rule, timer_kind=kind)

    def _check_timer(self, element: etree._Element, text: str, kind: str) -> None:
        try:
            fits = TimerRule.parse(text).kind in _TIMER_KINDS[kind]
        except BadTime as error:
            say(self._document, element, "timer/unreadable", error=Label(error.sv, error.en))
            return
        if not fits:
            say(self._document, element, "timer/kind", kind=kind, text=shown(text))


def definitions_of(document: Document, element: etree._Element) -> Iterator[etree._Element]:
    """What stands in the event, and what it refers to among the definitions of the file (§10.5.5)."""
    for child in element.iterchildren(etree.Element):
        if local(child) == "eventDefinitionRef":
            if (found := resolve(document, child, child.text)) is not None:
                yield found
        elif local(child).endswith("EventDefinition"):
            yield child


def host_of(document: Document, element: etree._Element) -> etree._Element | None:
    """The activity that a boundary event stands at; None for anything else."""
    return resolve(document, element, element.get("attachedToRef")) if local(element) == "boundaryEvent" else None


def _throws_default(host: etree._Element | None) -> bool:
    """§10.3.8: behavior None or One may throw a signal without a name at the boundary of the activity."""
    found = None if host is None else host.find(model("multiInstanceLoopCharacteristics"))
    behavior = "All" if found is None else found.get("behavior", "All")
    return found is not None and behavior in DEFAULT_THROWN and found.get(DEFAULT_THROWN[behavior]) is None


_EVENTS: dict[str, Callable[[Events, etree._Element, etree._Element, Mapping[str, str]], Event]] = {
    "message": Events.message,
    "signal": Events._signal,
    "error": Events._error_event,
    "escalation": Events._escalation,
    "compensate": Events._compensate,
    "timer": Events._timer,
    "conditional": Events._conditional,
    "link": Events._link,
}
_TIMER_KINDS = {
    "timeDate": frozenset({"date"}),
    "timeDuration": frozenset({"duration"}),
    "timeCycle": frozenset({"cycle", "cron"}),
}
