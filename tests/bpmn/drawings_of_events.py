"""Drawings that break the rules of `engine/bpmn/checks/events.py`, with all that is found in each."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

from tests.bpmn.drawing import chain

_A = '<task id="a"/>'


def _throw(name: str, link: str) -> str:
    return f'<intermediateThrowEvent id="{name}"><linkEventDefinition name="{link}"/></intermediateThrowEvent>'


def _catch(name: str, link: str) -> str:
    return f'<intermediateCatchEvent id="{name}"><linkEventDefinition name="{link}"/></intermediateCatchEvent>'


_SUB = '<subProcess id="x"><startEvent id="i"/>{}<endEvent id="f"/>\ni -> f\n{}</subProcess>'

DRAWINGS: list[tuple[str, list[tuple[str, str, str]]]] = [
    (chain(_throw("t", "l") + _catch("c", "l"), "t", "c"), []),
    (chain(_throw("t", "") + _catch("c", "l"), "t", "c"), [("link-name", "error", "t"), ("link-without-source", "error", "c")]),
    (chain(_throw("t", "l") + _catch("c", ""), "t", "c"), [("link-without-target", "error", "t"), ("link-name", "error", "c")]),
    (chain(_throw("t", "l") + _catch("c", "m"), "t", "c"), [("link-without-target", "error", "t"), ("link-without-source", "error", "c")]),
    (chain(_throw("t", "l") + _catch("c", "l") + _catch("d", "l") + "\nd -> e", "t", "c"), [("link-target-twice", "error", "d")]),
    (chain(_A + _throw("t", "l") + _SUB.format(_catch("c", "l") + '<task id="b"/>', "c -> b\nb -> f\n") + "\na -> t\nx -> e", "a", "a").replace("a -> e\n", "a -> x\n"), [("link-crosses-scope", "error", "t"), ("link-without-source", "error", "c")]),
    (chain(_throw("t", "l") + _catch("c", "l") + "\nt -> e", "t", "c"), [("link-flow", "error", "t")]),
    (chain(_A + _throw("t", "l") + _catch("c", "l") + "\na -> t\na -> c", "a", "c"), [("link-flow", "error", "c")]),
    ('<startEvent id="s"><linkEventDefinition name="l"/></startEvent><endEvent id="e"/>\ns -> e', [("event-type", "error", "s")]),
]  # fmt: skip
