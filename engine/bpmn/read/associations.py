"""Data associations (§10.4.2): what fills the inputs of an activity or event, and what its outputs fill."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator

from lxml import etree

from engine.bpmn.expressions import Template, template
from engine.bpmn.findings import Label, label, shown
from engine.bpmn.model import Assignment, DataAssociation
from engine.bpmn.read.document import Document, local, model, resolve
from engine.bpmn.read.items import PLACEHOLDER, Items, variable_name
from engine.bpmn.read.says import say
from engine.bpmn.read.stores import KINDS, Stores

Compile = Callable[[etree._Element, str, str], Template | None]
"""An element, an expression of it and the name of the field, to a template; None, with a finding, where it is wrong."""

_End = tuple[str, str | None]
"""One end of an association: the name by which its expressions speak of it; and, of a data store, the store's name."""
_OWN_END = {"dataInputAssociation": "targetRef", "dataOutputAssociation": "sourceRef"}


class Associations:
    """Reads the data associations of one process; those of an element once its own inputs and outputs are known."""

    def __init__(self, document: Document, items: Items, stores: Stores, compile_field: Compile) -> None:
        self._document = document
        self._items = items
        self._stores = stores
        self._compile = compile_field

    def of(self, element: etree._Element, kind: str) -> Iterator[DataAssociation]:
        for association in element.iterchildren(model(kind)):
            made = self._association(element, association)
            if made is not None:
                yield made

    def _association(self, element: etree._Element, association: etree._Element) -> DataAssociation | None:
        ends = list(association.iterchildren(model("sourceRef"), model("targetRef")))
        dangling = [end for end in ends if resolve(self._document, end, end.text) is None]
        for end in dangling:
            tell_dangling(self._document, end)
        transformation, assignments = (
            association.find(model("transformation")),
            association.findall(model("assignment")),
        )
        if dangling:
            return None
        if association.find(model("sourceRef")) is None and transformation is None and not assignments:
            return None  # an arrow that says what the activity works on, and moves nothing
        sources = list(self._ends(element, association, "sourceRef"))
        targets = list(self._ends(element, association, "targetRef"))
        known = [one for one in sources if one is not None]
        if len(known) < len(sources) or len(targets) != 1 or targets[0] is None:
            return None  # told, or a mere picture
        target, store = targets[0]
        if self._is_ambiguous(association, known):
            return None
        if len(sources) > 1 and transformation is None and not assignments:
            say(self._document, association, "data-association")
            return None
        value = None
        if transformation is not None:
            value = self._expression(transformation, "transformation")
        elif len(sources) == 1 and not assignments:
            value = template(f"${{{known[0][0]}}}")
        made = tuple(one for found in assignments if (one := self._assignment(found, target)) is not None)
        return DataAssociation(
            sources=tuple(name for name, own in known if own is None),
            target=target,
            value=value,
            assignments=made,
            stores={name: own for name, own in known if own is not None},
            store=store,
        )

    def _is_ambiguous(self, association: etree._Element, sources: list[_End]) -> bool:
        """Would one source hide another in the association's expressions?"""
        names = [name for name, _ in set(sources)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is None:
            return False
        say(self._document, association, "data-collision/sources", variable=twice)
        return True

    def _expression(self, element: etree._Element, field: str) -> Template | None:
        if element.get("language", "") not in ("", "trappa"):
            return None  # refused by name
        return self._compile(element, (element.text or "").strip(), field)

    def _assignment(self, assignment: etree._Element, target: str) -> Assignment | None:
        """§10.4.2: `to` is the target, or a place in it: `rapport`, `rapport.rubrik` or just its id."""
        source, to = assignment.find(model("from")), assignment.find(model("to"))
        if source is None or to is None:
            return None  # the schema tells
        value = self._expression(source, "from")
        text = (to.text or "").strip().removeprefix("${").removesuffix("}").strip()
        ids = ChainMap(self._stores.ids, self._items.variables)
        first, *path = [text or target] if text in ids or not text else text.split(".")
        if ids.get(first, variable_name(first)) != target or not all(path):
            say(self._document, assignment, "data-association/assignment", target=target, to=shown(text))
            return None
        return None if value is None else Assignment(value, tuple(path))

    # --- its ends

    def _ends(self, element: etree._Element, association: etree._Element, end: str) -> Iterator[_End | None]:
        """What is at one end; None where there is none to be had. An arrow to a placeholder is a picture."""
        is_picture = self._is_picture(association)
        for child in association.iterchildren(model(end)):
            found = resolve(self._document, child, child.text)
            if found is None or is_picture:
                yield None
            elif local(found) in KINDS:
                yield self._store_end(element, association, child, found)
            elif (
                _OWN_END.get(local(association)) == end
                and self._items.home.get(found.get("id", ""), element) is not element
            ):
                # §10.4.2: what leads in fills the element's own data inputs, what leads out empties its data outputs
                say(self._document, child, "data-association/end", through=local(child), other=_label(found))
                yield None
            else:
                variable = self._visible_end(element, child, found)
                yield None if variable is None else (variable, None)

    def _is_picture(self, association: etree._Element) -> bool:
        ends = (resolve(self._document, child, child.text) for child in association.iterchildren(model("targetRef")))
        return any(end is not None and end.get("name") == PLACEHOLDER for end in ends)

    def _store_end(
        self, element: etree._Element, association: etree._Element, child: etree._Element, found: etree._Element
    ) -> _End | None:
        """§10.4.1, Data Store: read by what leads into an activity or event, written by what leads out of it."""
        home = found.getparent()
        if home is None or home not in element.iterancestors():
            say(self._document, child, "data-not-visible", other=_label(found))
            return None
        is_written = local(child) == "targetRef"
        if is_written and local(association) == "dataInputAssociation":
            say(self._document, child, "data-association/store")
            return None
        return self._stores.used(found, is_written)

    def _visible_end(self, element: etree._Element, child: etree._Element, found: etree._Element) -> str | None:
        """§10.4.1: an activity reaches what stands in it and around it, not what stands inside another."""
        own = found.get("id", "")
        variable, home = self._items.variables.get(own), self._items.home.get(own)
        if variable is None or home is None:
            say(self._document, child, "data-not-visible/elsewhere", other=_label(found))
            return None
        if home is not element and home not in element.iterancestors():
            say(self._document, child, "data-not-visible", other=_label(found))
            return None
        return variable


def tell_dangling(document: Document, child: etree._Element) -> None:
    """What `child`, part of an association or of a set, refers to is not there."""
    say(document, child, "dangling-reference", through=local(child), reference=shown((child.text or "").strip()))


def _label(found: etree._Element) -> Label:
    return label(local(found), found.get("id", ""), found.get("name", ""))
