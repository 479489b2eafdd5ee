"""Correlation (§8.4.2): which key a message carries, and which one a process expects; and operations (§8.4.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from engine.bpmn.expressions import Template
from engine.bpmn.findings import label
from engine.bpmn.model import Correlation
from engine.bpmn.read.document import Document, local, model, resolve

Compile = Callable[[etree._Element, str, str], Template | None]


def message_of(document: Document, definition: etree._Element) -> etree._Element | None:
    """The message of an event definition or task: named itself, or as what its operation takes in."""
    found = resolve(document, definition, definition.get("messageRef"))
    operation = operation_of(document, definition)
    if found is None and operation is not None:
        taken_in = operation.find(model("inMessageRef"))
        found = None if taken_in is None else resolve(document, taken_in, taken_in.text)
    return found


def operation_of(document: Document, definition: etree._Element) -> etree._Element | None:
    child = definition.find(model("operationRef"))
    reference = definition.get("operationRef") if child is None else child.text
    found = resolve(document, definition, reference)
    return found if found is not None and local(found) == "operation" else None


def has_message(definition: etree._Element) -> bool:
    """Does it say, in one way or the other, which message it is about?"""
    return definition.get("messageRef") is not None or definition.get("operationRef") is not None


class Correlations:
    """The correlation keys of a file, as one process uses them."""

    def __init__(self, document: Document, process: etree._Element, compile_field: Compile) -> None:
        self._document = document
        self._compile = compile_field
        self._keys: dict[str, list[str]] = {}
        """Correlation key -> its properties."""
        for key in document.root.iter(model("correlationKey")):
            self._keys[key.get("id", "")] = [*self._properties_of(key)]
        self._keys_with: dict[str, list[str]] = {}
        """Property -> the correlation keys it is part of."""
        for found, properties in self._keys.items():
            for one in properties:
                self._keys_with.setdefault(one, []).append(found)
        self._paths: dict[str, dict[str, Template]] = {}
        """Message -> property -> where in it that is."""
        if self._keys:
            for element in document.root.iterchildren(model("correlationProperty")):
                self._read_property(element)
        self._subscribed: dict[str, dict[str, Template]] = {}
        """Correlation key -> property -> what the process expects there."""
        for subscription in process.iterchildren(model("correlationSubscription")):
            self._read_subscription(subscription)

    def _properties_of(self, key: etree._Element) -> Iterator[str]:
        for child in key.iterchildren(model("correlationPropertyRef")):
            found = resolve(self._document, child, child.text)
            if found is not None:
                yield found.get("id", "")

    def _read_property(self, element: etree._Element) -> None:
        for retrieval in element.iterchildren(model("correlationPropertyRetrievalExpression")):
            message = resolve(self._document, retrieval, retrieval.get("messageRef"))
            path = self._expression(retrieval, "messagePath")
            if message is not None and path is not None:
                self._paths.setdefault(message.get("id", ""), {})[element.get("id", "")] = path

    def _read_subscription(self, subscription: etree._Element) -> None:
        key = resolve(self._document, subscription, subscription.get("correlationKeyRef"))
        if key is None:
            return
        bound = self._subscribed.setdefault(key.get("id", ""), {})
        for binding in subscription.iterchildren(model("correlationPropertyBinding")):
            found = resolve(self._document, binding, binding.get("correlationPropertyRef"))
            path = self._expression(binding, "dataPath")
            if found is not None and path is not None:
                bound[found.get("id", "")] = path

    def _expression(self, holder: etree._Element, name: str) -> Template | None:
        element = holder.find(model(name))
        if element is None or element.get("language", "") not in ("", "trappa"):
            return None  # the schema tells, or it is refused by name
        return self._compile(element, (element.text or "").strip(), name)

    def of(self, element: etree._Element, message: etree._Element | None) -> Correlation | None:
        """How the message of `element` is correlated; None where the file does not say."""
        paths = self._paths.get(message.get("id", ""), {}) if message is not None else {}
        keys = [key for one in paths for key in self._keys_with.get(one, ())]
        if not keys:
            return None
        key = min(keys, key=lambda one: one not in self._subscribed)
        lacking = [one for one in self._keys[key] if one not in paths]
        bound = self._subscribed.get(key, {})
        if key in self._subscribed:
            lacking += [one for one in self._keys[key] if one not in bound]
        if lacking:
            self._tell(element, key, lacking[0])
            return None
        given = tuple(bound[one] for one in self._keys[key]) if bound else ()
        return Correlation(key, tuple(paths[one] for one in self._keys[key]), given)

    def _tell(self, element: etree._Element, key: str, lacking: str) -> None:
        place, who = self._document.place(element), self._document.label(element)
        self._document.findings.append(
            place.error(
                "correlation",
                "{who}: nyckeln {key} ska ha ett uttryck för varje egenskap, men {lacking} saknar ett för meddelandet",
                "{who}: key {key} should have an expression for each property, but {lacking} has none for the message",
                "Lägg till uttrycket (messagePath; i prenumerationen dataPath), eller ta bort egenskapen ur nyckeln.",
                "Add the expression (messagePath; dataPath in the subscription), or take the property out of the key.",
                who=who,
                key=label("correlationKey", key),
                lacking=label("correlationProperty", lacking),
            )
        )
