"""How an activity repeats (§10.3.8): its loop characteristics, and the implicit events and data that belong to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lxml import etree

from engine.bpmn.expressions import Expression
from engine.bpmn.findings import shown
from engine.bpmn.model import ComplexBehavior, Event, MultiInstance, StandardLoop
from engine.bpmn.read.document import Document, local, model, resolve
from engine.bpmn.read.extensions import camunda, is_true
from engine.bpmn.read.items import variable_name
from engine.bpmn.read.says import say

Compile = Callable[[etree._Element, str | None, str], Expression | None]
"""An element, an expression of it and the name of its field; None, with a finding, where it is missing or wrong."""
ReadEvent = Callable[[etree._Element, etree._Element], Event]
"""The element that throws, and the event definition."""

_THROWN = frozenset({"signal", "message", "escalation"})
"""What an implicit throw event can be, of what is carried out (§10.5.1, table 10.93, intermediate throw events)."""
DEFAULT_THROWN = {"None": "noneBehaviorEventRef", "One": "oneBehaviorEventRef"}
"""Behavior -> the attribute that names its event; where it names none, a signal without a name is thrown."""


class Loops:
    """Reads the loop characteristics of the activities of one file."""

    def __init__(
        self,
        document: Document,
        compile_field: Compile,
        read_event: ReadEvent,
        variable_of: Callable[[str], str | None],
    ) -> None:
        """`variable_of`: the id of an item-aware element -> its variable."""
        self._document = document
        self._compile = compile_field
        self._event = read_event
        self._variable_of = variable_of

    def standard(self, element: etree._Element) -> StandardLoop | None:
        found = element.find(model("standardLoopCharacteristics"))
        if found is None:
            return None
        maximum, condition = (found.get("loopMaximum") or "").strip(), found.findtext(model("loopCondition")) or ""
        number = int(maximum) if maximum.isascii() and maximum.isdigit() and len(maximum) < 10 else None
        if maximum and not number:
            say(self._document, element, "standard-loop/maximum")
        elif not maximum and not condition.strip():
            say(self._document, element, "standard-loop")
        compiled = self._compile(element, condition.strip(), "loopCondition")
        return StandardLoop(compiled, is_true(found, "testBefore"), number)

    def multi_instance(self, element: etree._Element, properties: Mapping[str, str]) -> MultiInstance | None:
        """`properties`: those of the activity and of the characteristics, in the camunda namespace."""
        found = element.find(model("multiInstanceLoopCharacteristics"))
        if found is None:
            return None
        count, collection = found.findtext(model("loopCardinality")), camunda(found, "collection")
        data_in = self._variable(element, found, "loopDataInputRef")
        if [bool(count), bool(collection), data_in is not None].count(True) != 1:
            say(self._document, element, "multi-instance")
        item_in, item_out = self._item(element, found, "inputDataItem"), self._item(element, found, "outputDataItem")
        data_out = self._variable(element, found, "loopDataOutputRef")
        if (data_out is None) != (item_out is None) or (item_in is not None and count):
            say(self._document, element, "multi-instance/data")
        behavior = found.get("behavior", "All").strip()
        return MultiInstance(
            sequential=is_true(found, "isSequential"),
            cardinality=self._compile(element, count, "loopCardinality"),
            collection=self._compile(element, collection or data_in, "collection"),
            element_variable=camunda(found, "elementVariable") or item_in,
            completion=self._compile(element, found.findtext(model("completionCondition")), "completionCondition"),
            output_collection=properties.get("outputCollection") or data_out,
            output_element=self._compile(element, properties.get("outputElement") or item_out, "outputElement"),
            output_item=item_out,
            behavior=behavior,
            thrown=self._thrown(element, found, behavior),
            complex=self._complex(element, found, behavior),
        )

    # --- data

    def _variable(self, element: etree._Element, loop: etree._Element, name: str) -> str | None:
        """The variable that a data object, property, data input or output stands for."""
        reference = loop.find(model(name))
        if reference is None:
            return None
        found = resolve(self._document, reference, reference.text)
        variable = None if found is None else self._variable_of(found.get("id", ""))
        if variable is None:
            say(self._document, element, "multi-instance/reference", name=name, text=shown(reference.text or ""))
        return variable or "None"

    def _item(self, element: etree._Element, loop: etree._Element, name: str) -> str | None:
        found = loop.find(model(name))
        if found is None:
            return None
        said = found.get("name") or found.get("id") or ""
        made = variable_name(said)
        if not made:
            say(self._document, element, "multi-instance/name", name=shown(said))
        return made or "None"

    # --- events

    def _thrown(self, element: etree._Element, loop: etree._Element, behavior: str) -> Event | None:
        """What None and One throw: the definition that is referred to, else the default signal."""
        attribute = DEFAULT_THROWN.get(behavior)
        for unused in DEFAULT_THROWN.values():
            if unused != attribute and loop.get(unused) is not None:
                say(self._document, element, "multi-instance/unused", name=unused, text=shown(behavior))
        if attribute is None:
            return None
        reference = loop.get(attribute)
        if reference is None:
            return Event("signal")
        definition = resolve(self._document, loop, reference)
        if definition is None or not local(definition).endswith("EventDefinition"):
            say(self._document, element, "multi-instance/reference", name=attribute, text=shown(reference))
            return None
        return self._throwable(element, definition)

    def _throwable(self, element: etree._Element, definition: etree._Element) -> Event | None:
        kind = local(definition).removesuffix("EventDefinition")
        if kind not in _THROWN:
            say(self._document, element, "multi-instance/event", kind=shown(kind))
            return None
        event = self._event(element, definition)
        if kind == "escalation" and event.name is None:
            say(self._document, element, "escalation-code-missing")
        return event

    def _complex(self, element: etree._Element, loop: etree._Element, behavior: str) -> tuple[ComplexBehavior, ...]:
        definitions = list(loop.iterchildren(model("complexBehaviorDefinition")))
        if (behavior == "Complex") != bool(definitions):
            say(self._document, element, "multi-instance/complex")
        read = (self._complex_behavior(element, definition) for definition in definitions)
        return tuple(one for one in read if one is not None)

    def _complex_behavior(self, element: etree._Element, definition: etree._Element) -> ComplexBehavior | None:
        condition = self._compile(element, definition.findtext(model("condition")), "complexBehaviorDefinition")
        implicit = definition.find(model("event"))
        event = None
        if implicit is not None:
            told = [child for child in implicit.iterchildren(etree.Element) if "ventDefinition" in local(child)]
            found = resolve(self._document, told[0], told[0].text) if told and local(told[0])[-3:] == "Ref" else None
            found = told[0] if told and found is None and local(told[0])[-3:] != "Ref" else found
            if len(told) != 1 or found is None:
                say(self._document, element, "multi-instance/event", kind="0" if not told else str(len(told)))
            else:
                event = self._throwable(element, found)
        return None if condition is None else ComplexBehavior(condition, event)
