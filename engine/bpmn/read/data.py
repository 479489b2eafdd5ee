"""Data (§10.4): what the activities and events of a process take and give, in sets, and what fills it.

What holds data is read by `items.py` and `stores.py`, what moves it by `associations.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from lxml import etree

from engine.bpmn.findings import shown
from engine.bpmn.model import SUB_PROCESSES, DataFlow, DataSet
from engine.bpmn.read.associations import Associations, Compile, tell_dangling
from engine.bpmn.read.document import Document, local, model, resolve
from engine.bpmn.read.items import Items
from engine.bpmn.read.says import say
from engine.bpmn.read.stores import Stores

_OWN = ("property", "dataInput", "dataOutput")
_SETS = {
    "inputSet": ("dataInputRefs", "optionalInputRefs", "whileExecutingInputRefs"),
    "outputSet": ("dataOutputRefs", "optionalOutputRefs", "whileExecutingOutputRefs"),
}


class ProcessData:
    """The data of one process: read once, then asked for each activity and event (`flow_of`)."""

    def __init__(self, document: Document, scopes: Mapping[str, etree._Element], compile_field: Compile) -> None:
        """`scopes`: the process and its sub-processes by id, outer ones first."""
        self._document = document
        self.items = Items(document, scopes)
        self.stores = Stores(document, scopes, self.items)
        self._associations = Associations(document, self.items, self.stores, compile_field)

    def flow_of(self, element: etree._Element) -> DataFlow | None:
        """What the element takes and gives; None where it says nothing of data that has an effect."""
        specification = element.find(model("ioSpecification"))
        holder = element if specification is None else specification
        has_own = holder.find(model("dataInput")) is not None or holder.find(model("dataOutput")) is not None
        if has_own and local(element) in SUB_PROCESSES and not _is_multiple(element):
            say(self._document, holder, "data-sub-process")
        own: dict[str, list[str]] = {kind: [] for kind in _OWN}
        for part in (element, holder) if holder is not element else (element,):
            for child in part.iterchildren(*map(model, _OWN)):
                if self.items.add(child, element, child.get("name", "")):
                    own[local(child)].append(self.items.variables[child.get("id", "")])
        flow = DataFlow(
            inputs=tuple(own["dataInput"]),
            outputs=tuple(own["dataOutput"]),
            input_sets=tuple(self._linked(holder, self._sets(element, holder, "inputSet", own["dataInput"]))),
            output_sets=tuple(self._sets(element, holder, "outputSet", own["dataOutput"])),
            taken=tuple(self._associations.of(element, "dataInputAssociation")),
            given=tuple(self._associations.of(element, "dataOutputAssociation")),
            own=frozenset(own["property"]) | frozenset(own["dataInput"]),
        )
        return None if flow == DataFlow() else flow

    def _sets(self, element: etree._Element, holder: etree._Element, kind: str, known: list[str]) -> Iterator[DataSet]:
        """§10.4.1. An event, which may leave its set out, has one of all it names."""
        found = list(holder.iterchildren(model(kind)))
        members: set[str] = set()
        for one in found:
            named, optional, late = (tuple(self._named(element, one, name)) for name in _SETS[kind])
            members.update(named)
            may_lack = tuple(dict.fromkeys((*optional, *late)))
            if lost := [name for name in may_lack if name not in named]:
                self._tell_set(one, lost[0])
            required = tuple(name for name in named if name not in may_lack)
            yield DataSet(required, may_lack, late if kind == "inputSet" else ())
        if not found and known:
            yield DataSet(tuple(known))
        elif lost := [name for name in known if name not in members]:
            self._tell_set(holder, lost[0])

    def _linked(self, holder: etree._Element, input_sets: Iterable[DataSet]) -> Iterator[DataSet]:
        """Tables 10.58 and 10.60: which output sets are expected where the activity begins with which input set. It may
        be said at either end. A set of which nothing is said goes with those of which nothing is said."""
        ins, outs = list(holder.iterchildren(model("inputSet"))), list(holder.iterchildren(model("outputSet")))
        links = {(i, j) for i, one in enumerate(ins) for j in self._places(one, "outputSetRefs", outs)}
        links |= {(i, j) for j, one in enumerate(outs) for i in self._places(one, "inputSetRefs", ins)}
        free = set(range(len(outs))) - {j for _, j in links}
        for place, one in enumerate(input_sets):
            own = {j for i, j in links if i == place} or free
            yield replace(one, gives=tuple(sorted(own))) if links else one

    def _places(self, one: etree._Element, link: str, sets: list[etree._Element]) -> Iterator[int]:
        for child in one.iterchildren(model(link)):
            found = resolve(self._document, child, child.text)
            if found in sets:
                yield sets.index(found)
            else:
                tell_dangling(self._document, child)

    def _tell_set(self, element: etree._Element, lost: str) -> None:
        """§10.4.1: inputs and outputs belong to a set, and what one has as optional it lists too."""
        say(self._document, element, "data-set", lost=shown(lost))

    def _named(self, element: etree._Element, holder: etree._Element, child_name: str) -> Iterator[str]:
        for child in holder.iterchildren(model(child_name)):
            found = resolve(self._document, child, child.text)
            if found is None or self.items.home.get(found.get("id", "")) is not element:
                tell_dangling(self._document, child)
            else:
                yield self.items.variables[found.get("id", "")]


def _is_multiple(element: etree._Element) -> bool:
    """§10.4.1: only a multi-instance sub-process has inputs and outputs."""
    return element.find(model("multiInstanceLoopCharacteristics")) is not None
