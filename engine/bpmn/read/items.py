"""Item-aware elements (§10.4.1): data objects, properties, inputs and outputs, and the variable that each of them is.

A variable is called what the element is called, made a name that an expression can use: what is no letter, digit or
underscore becomes an underscore ("Rapport (utkast)" is `Rapport_utkast`). A data object without a name goes by the name
of the references that show it, else by its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from engine.bpmn.expressions import compile_expression
from engine.bpmn.findings import label, shown
from engine.bpmn.model import DataElement
from engine.bpmn.read.document import Document, line_of, local, model, resolve
from engine.bpmn.read.extensions import is_true
from engine.bpmn.read.says import say
from engine.errors import ExpressionError

PLACEHOLDER = "__targetRef_placeholder"
"""What Camunda Modeler and bpmn.io draw an arrow to where there is no data input: a picture, nothing to fill."""


def variable_name(text: str) -> str:
    """The variable that something of this name is; "" where no name can be made of it."""
    made = re.sub(r"\W+", "_", text.strip()).strip("_")
    if made[:1].isdigit():
        made = f"_{made}"
    try:
        return made if made and compile_expression(made).names == {made} else ""
    except ExpressionError:
        return ""


class Items:
    """The item-aware elements of one process: those of its scopes from the beginning, others as they are added."""

    def __init__(self, document: Document, scopes: Mapping[str, etree._Element]) -> None:
        """`scopes`: the process and its sub-processes by id, outer ones first."""
        self._document = document
        self._scopes = scopes
        self._shown_as = _names_of_references(next(iter(scopes.values())))
        self.variables: dict[str, str] = {}
        """Id of an item-aware element -> its variable."""
        self.home: dict[str, etree._Element] = {}
        """Id of an item-aware element -> the process, sub-process, activity or event it stands in."""
        self.elements: list[DataElement] = []
        """Those of the scopes."""
        for scope, element in scopes.items():
            self._read_scope(scope, element)
        self.locals: dict[str, frozenset[str]] = {}
        """Process or sub-process -> the variables that live and die with it."""
        for one in self.elements:
            self.locals[one.scope] = self.locals.get(one.scope, frozenset()) | {one.variable}
        self._tell_collisions()

    def add(self, element: etree._Element, home: etree._Element, name: str) -> bool:
        """Is it data, and no mere part of a picture?"""
        found = element.get("id", "")
        if not found or name == PLACEHOLDER:
            return False
        self.home[found] = home
        self.variables[found] = self.variable(element, name)
        return True

    def variable(self, element: etree._Element, name: str, tell: bool = True) -> str:
        made = variable_name(name or element.get("id", ""))
        if made:
            return made
        fallback = variable_name(f"data_{element.get('id', '')}")
        if tell:
            say(self._document, element, "data-name", name=shown(name))
        return fallback

    def structure_of(self, element: etree._Element) -> str:
        """What kind of thing it holds, as its item definition says (kept, and not enforced)."""
        definition = resolve(self._document, element, element.get("itemSubjectRef"))
        return (definition.get("structureRef") or "") if definition is not None else ""

    def _read_scope(self, scope: str, element: etree._Element) -> None:
        for child in element.iterchildren(model("dataObject"), model("property")):
            name = child.get("name") or self._shown_as.get(child.get("id", ""), "")
            if self.add(child, element, name):
                self._keep(child, scope, name)
        for child in element.iterchildren(model("dataObjectReference")):
            self._refer(child, element, scope)

    def _refer(self, reference: etree._Element, element: etree._Element, scope: str) -> None:
        """Another picture of a data object, or, where it is said of none, one of its own."""
        found = resolve(self._document, reference, reference.get("dataObjectRef"))
        if found is None or local(found) != "dataObject":
            if self.add(reference, element, reference.get("name", "")):
                self._keep(reference, scope, reference.get("name", ""))
            return
        owner, own = found.getparent(), found.get("id", "")
        if owner is not None and owner.get("id") in self._scopes:
            self.home[reference.get("id", "")] = owner
            name = found.get("name") or self._shown_as.get(own, "")
            self.variables[reference.get("id", "")] = self.variable(found, name, tell=False)

    def _keep(self, element: etree._Element, scope: str, name: str) -> None:
        state = element.find(model("dataState"))
        self.elements.append(
            DataElement(
                id=element.get("id", ""),
                kind=local(element),
                scope=scope,
                variable=self.variables[element.get("id", "")],
                name=name,
                is_collection=is_true(element, "isCollection"),
                state="" if state is None else state.get("name", ""),
                item=self.structure_of(element),
                line=line_of(element),
            )
        )

    # --- two of one name

    def _tell_collisions(self) -> None:
        first: dict[tuple[str, str], DataElement] = {}
        for one in self.elements:
            around = [scope for scope in self._around(one.scope) if (scope, one.variable) in first]
            if around:
                self._tell_collision(one, first[around[0], one.variable])
            first.setdefault((one.scope, one.variable), one)

    def _tell_collision(self, one: DataElement, other: DataElement) -> None:
        element = self._document.by_id.get(one.id)
        if element is None:
            return
        is_same = one.scope == other.scope and one.name == other.name and one.name
        what = "data-collision/same" if is_same else "data-collision"
        say(self._document, element, what, other=label(other.kind, other.id, other.name), variable=one.variable)

    def _around(self, scope: str) -> Iterator[str]:
        """The scope itself and those around it."""
        element: etree._Element | None = self._scopes[scope]
        while element is not None:
            if self._scopes.get(element.get("id", "")) is element:
                yield element.get("id", "")
            element = element.getparent()


def _names_of_references(process: etree._Element) -> dict[str, str]:
    """Data object -> the name under which it is first shown."""
    names: dict[str, str] = {}
    for reference in process.iter(model("dataObjectReference")):
        shown_as = reference.get("name", "").strip()
        if shown_as:
            names.setdefault(reference.get("dataObjectRef", "").strip(), shown_as)
    return names
