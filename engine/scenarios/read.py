"""From a scenario's YAML to its steps. What is not in the format is refused in a full sentence with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from engine.calendar import parse_instant
from engine.errors import Refused

FILE_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `verb` as the file has it, what was given with it, and its line in the file."""

    verb: str
    given: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario. `processes` are those to deploy besides its own and the ones that its diagrams call."""

    path: Path
    title: str
    start: datetime
    processes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


class BadScenario(Refused):
    """The file is not a scenario: `details` has `line`."""


_SCENARIO = ({"titel", "start", "steg"}, {"processer", "installningar"})
_START = ({"process"}, {"som", "med", "fil", "nyckel", "namn"})
_MAIL = ({"fil"}, {"namn"})
_TASK = ({"uppgift", "arende", "som"}, {"med", "fil"})
_BEGIN = ({"aktivitet", "arende", "som"}, set[str]())
_STEPS: Mapping[str, tuple[set[str], set[str]]] = {
    "klocka": (set(), {"plus"}),
    "starta": _START,
    "mejl": _MAIL,
    "gor": _TASK,
    "borja": _BEGIN,
    "avsluta": ({"delprocess", "arende", "som"}, set()),
    "vagra": ({"varfor"}, _START[0] | _START[1] | _TASK[0] | _TASK[1] | _BEGIN[0]),
    "vanta": (set(), set()),
    "kolla": (
        set(),
        {
            "arende",
            "status",
            "tillstand",
            "titel",
            "oppna_uppgifter",
            "forsenade_uppgifter",
            "forfaller",
            "variabel",
            "inkorg",
            "antal_arenden",
            "utskick",
            "incidenter",
        },
    ),
    "meddelande": ({"namn"}, {"nyckel", "med"}),
    "forvantat": ({"arende", "fil"}, set()),
}
"""Verb -> (keys it must have, keys it may have)."""


def read(path: Path) -> Scenario:
    """The scenario in a file. Raises BadScenario at the first thing that is not of the format."""
    reader = _Reader(path)
    document = reader.document()
    parts = reader.mapping(document, "a scenario", "ett scenario", *_SCENARIO)
    return Scenario(
        path,
        title=str(reader.value(parts["titel"])),
        start=reader.instant(parts["start"]),
        processes=tuple(reader.value(parts["processer"])) if "processer" in parts else (),
        settings=reader.value(parts["installningar"]) if "installningar" in parts else {},
        steps=tuple(reader.step(node) for node in reader.items(parts["steg"])),
    )


def load_yaml(path: Path) -> Any:
    """A YAML file as plain data; dates stay text, as everywhere in the house."""
    return yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506 - a SafeLoader


class _Loader(yaml.SafeLoader):
    """YAML's safe types, but dates stay text and a key that stands twice is no silent loss."""

    yaml_implicit_resolvers = {
        sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.loader = _Loader("")

    def document(self) -> yaml.Node:
        try:
            content = self.path.read_bytes()[: FILE_LIMIT + 1]
            if len(content) > FILE_LIMIT:
                raise self.bad(0, f"a file of at most {FILE_LIMIT} bytes", "it is larger", "filen är för stor")
            node = yaml.compose(content.decode("utf-8"), Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise self.bad(
                line, "YAML", f"it cannot be read ({error.problem})", "det går inte att läsa som YAML"
            ) from None
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
            raise self.bad(
                0, "YAML in UTF-8", "it cannot be read", "filen går inte att läsa som YAML i UTF-8"
            ) from None
        except OSError as error:
            raise self.bad(0, "a file that can be read", str(error.strerror), "filen går inte att öppna") from None
        if node is None:
            raise self.bad(0, "a scenario", "the file is empty", "filen är tom")
        return node

    def bad(self, line: int, expected: str, but: str, sv: str) -> BadScenario:
        return BadScenario(
            f"Expected {expected} in {self.path}:{line}, but {but}.",
            f"{self.path}:{line}: Så kan det inte stå: {sv}.",
            line=line,
        )

    def mapping(
        self, node: yaml.Node, what: str, what_sv: str, required: set[str], optional: set[str]
    ) -> dict[str, yaml.Node]:
        line = _line(node)
        if not isinstance(node, yaml.MappingNode):
            raise self.bad(
                line, f"{what} as a mapping", "it is something else", f"{what_sv} ska skrivas som ”nyckel: värde”"
            )
        parts: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in parts:
                raise self.bad(
                    _line(key), f"each key of {what} once", f"{name!r} stands twice", f"”{name}” står två gånger"
                )
            if name not in required | optional:
                known = ", ".join(sorted(required | optional))
                raise self.bad(
                    _line(key),
                    f"a key that {what} knows ({known})",
                    f"it has {name!r}",
                    f"{what_sv} har ingen nyckel ”{name}”, men dessa: {known}",
                )
            parts[name] = value
        for name in sorted(required - parts.keys()):
            raise self.bad(line, f"{name!r} of {what}", "it is missing", f"{what_sv} saknar ”{name}”")
        return parts

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.bad(_line(node), "the steps as a list", "they are something else", "stegen ska vara en lista")
        return list(node.value)

    def value(self, node: yaml.Node) -> Any:
        return self.loader.construct_object(node, deep=True)

    def instant(self, node: yaml.Node) -> datetime:
        try:
            return parse_instant(str(self.value(node)))
        except Refused as refused:
            raise self.bad(
                _line(node), "a local time such as 2026-01-15T08:00", "it is not one", refused.sv.rstrip(".")
            ) from None

    def step(self, node: yaml.Node) -> Step:
        if isinstance(node, yaml.ScalarNode) and node.value == "vanta":
            return Step("vanta", {}, _line(node))
        if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
            raise self.bad(
                _line(node), "a step with one key", "it has more, or none", "ett steg ska ha precis en nyckel"
            )
        key, given = node.value[0]
        verb = str(key.value)
        if verb not in _STEPS:
            known = ", ".join(_STEPS)
            raise self.bad(
                _line(key),
                f"one of the steps {known}",
                f"it says {verb!r}",
                f"det finns inget steg ”{verb}”, men dessa: {known}",
            )
        return Step(verb, self._given(verb, given), _line(key))

    def _given(self, verb: str, node: yaml.Node) -> dict[str, Any]:
        if verb == "klocka" and isinstance(node, yaml.ScalarNode):
            return {"till": self.instant(node)}
        if verb == "vanta" and isinstance(node, yaml.ScalarNode) and not node.value:
            return {}
        parts = self.mapping(node, f"the step {verb!r}", f"steget ”{verb}”", *_STEPS[verb])
        if verb == "vagra":
            self._one_of_the_refusable(node, parts)
        return {name: self.value(part) for name, part in parts.items()}

    def _one_of_the_refusable(self, node: yaml.Node, parts: Mapping[str, yaml.Node]) -> None:
        meant = {"uppgift": _TASK, "aktivitet": _BEGIN, "process": _START}
        required, optional = next((keys for name, keys in meant.items() if name in parts), _MAIL)
        self.mapping(node, "the step 'vagra'", "steget ”vagra”", required | {"varfor"}, optional)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
