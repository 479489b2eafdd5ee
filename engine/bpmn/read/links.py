"""Link events become flows: each source leads to the target of its name in the same scope (§10.5.5).

Where there is no such target, or more than one, nothing is joined; `checks/links.py` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from engine.bpmn.model import Flow
from engine.bpmn.read.document import line_of, local, model


def link_flows(elements: Mapping[str, etree._Element], scope_of: Mapping[str, str]) -> Iterator[Flow]:
    """The flows that the link events among `elements` stand for; their ids are none that a file can hold."""
    targets: dict[tuple[str, str], list[str]] = {}
    for node, element in elements.items():
        if local(element) == "intermediateCatchEvent" and (name := _link(element)) is not None:
            targets.setdefault((scope_of[node], name), []).append(node)
    for node, element in elements.items():
        if local(element) == "intermediateThrowEvent" and (name := _link(element)) is not None:
            found = targets.get((scope_of[node], name), [])
            if len(found) == 1:
                yield Flow(f"{node}→{found[0]}", node, found[0], name, line=line_of(element), is_link=True)


def _link(element: etree._Element) -> str | None:
    definition = element.find(model("linkEventDefinition"))
    return None if definition is None else definition.get("name", "").strip()
