"""Collects stored cases of this release for all that come after it: `python -m tests.golden.collect`

Processes are taken from the tests of elements, at least one of each, until every construct that the machine knows is in
one of them. Each is played by a blind player that does whatever waits first; halfway its state is stored, with what
then happened and what came of it. Beside them a whole small database, as SQL. `test_golden.py` goes on from there.

What is stored once is never stored again: run later, for an element that is new, it adds what is missing. After a new
version in setup.cfg it begins a new folder.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from configparser import ConfigParser
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

from lxml import etree

from engine import Comment, db
from engine.bpmn import machine
from engine.bpmn.changes import AdHocOpened, CaseEnded, Change, StoreWritten, TimerSet
from engine.bpmn.machine import Environment
from engine.bpmn.model import Graph, Node
from engine.bpmn.read import read
from engine.history.inputs import Input
from engine.settings import DEFAULTS
from engine.settings.functions import functions
from tests.bpmn.driver import CLOSING, MORNING, OPENING

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DIAGRAMS = sorted((ROOT / "tests" / "bpmn").glob("*.bpmn"))
STARTS_WITH = {
    "parter": ["botkyrka", "huddinge", "nacka"],
    "n": 2,
    "belopp": 5,
    "svar": "ja",
    "nummer": "7",
    "klart": False,
}
GIVEN = {"svar": "ja", "klart": True, "belopp": 7}
STEPS = 12
LARGEST = 20_000
"""Characters of a file that is stored."""
WORK = ("task", "job", "call", "go_on")
EVENTS = ("timer", "message", "signal")


def world(now: datetime, stores: dict[str, Any] | None = None) -> Environment:
    return Environment(now, functions(now, DEFAULTS), stores=stores or {})


def constructs(graph: Graph) -> set[str]:
    """The names of what a diagram is made of."""
    events = {node.id for node in graph.nodes.values() if node.kind == "intermediateCatchEvent" and not node.incoming}
    within = {"event in ad_hoc" for scope in graph.scopes.values() if events.intersection(scope.starts)}
    if graph.key in graph.compensation.by_event:
        within.add("compensation of the process")
    return within.union(*map(_constructs, graph.nodes.values()))


def _constructs(node: Node) -> Iterator[str]:
    yield node.kind
    if node.event:
        beside = "" if node.interrupting else ", beside"
        yield f"{node.kind}: {node.event.kind} {node.event.timer_kind or ''}{beside}".strip()
    if node.loop:
        yield f"multi-instance {'sequential' if node.loop.sequential else 'parallel'}"
        yield f"multi-instance behavior {node.loop.behavior}"
        yield from (f"multi-instance {part}" for part in ("completion", "collection") if getattr(node.loop, part))
    marks = ("standard_loop", "ad_hoc", "triggered_by_event", "for_compensation", "async_before", "data", "default")
    yield from (mark for mark in marks if getattr(node, mark))
    yield from (f"{way} quantity" for way in ("start", "completion") if getattr(node, f"{way}_quantity") > 1)
    if "Gateway" in node.kind:
        ways = {"join": node.incoming, "split": node.outgoing}
        yield from (f"{node.kind} {way}" for way, flows in ways.items() if len(flows) > 1)


class Played:
    """A case, and what has been done to it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.now = MORNING
        self.open: dict[int, Change] = {}
        self.ended: CaseEnded | None = None
        self.done: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        self.stores: dict[str, Any] = dict.fromkeys(graph.stores)
        starts = [graph.nodes[start] for start in graph.scopes[graph.key].starts]
        plain = any(node.kind != "startEvent" or not node.event or node.event.kind == "none" for node in starts)
        self.step(Input("start", given=STARTS_WITH, at=None if plain else starts[0].id))

    def step(self, what: Input) -> None:
        held = {"stores": dict(self.stores)} if self.stores else {}
        step = what.play(self.graph, self.state, world(self.now, dict(self.stores)))
        self.state = step.state
        told = {"at": self.now.isoformat(), "kind": what.kind, "wait": what.wait, "given": dict(what.given)}
        self.done.append({**told, "element": what.at, **held})
        for change in step.changes:
            if isinstance(change, OPENING):
                self.open[change.wait] = change
            elif isinstance(change, CLOSING):
                self.open.pop(change.wait, None)
            elif isinstance(change, StoreWritten):
                self.stores[change.name] = change.after
            elif isinstance(change, CaseEnded):
                self.ended = change

    def go_on(self) -> bool:
        """What waits first is done; false where nothing does."""
        if "undoable" in self.state:
            self.ended = None
            self.step(Input("compensate"))
            return True
        runs = self.state["runs"]
        work = [number for number in self.open if runs.get(str(number), {}).get("open") in (*WORK, *EVENTS)]
        stuck = [int(number) for number, run in runs.items() if "stuck" in run]
        if work:
            number, change = work[0], self.open[work[0]]
            if isinstance(change, TimerSet):
                self.now = max(self.now, change.due)
            self.step(Input("complete" if runs[str(number)]["open"] in WORK else "trigger", number, GIVEN))
        elif any(isinstance(change, AdHocOpened) for change in self.open.values()):
            number = next(number for number, change in self.open.items() if isinstance(change, AdHocOpened))
            self._go_on_ad_hoc(number)
        elif stuck or self.open:
            self.step(Input("skip", (*stuck, *self.open)[0], GIVEN))
        else:
            return False
        return True

    def _go_on_ad_hoc(self, number: int) -> None:
        offered = machine.ad_hoc_work(self.graph, self.state, world(self.now), number)
        first = offered.activities[0].element if offered and offered.activities and len(self.done) < 4 else None
        self.step(Input("begin", number, at=first) if first else Input("end", number))


def golden(graph: Graph) -> dict[str, Any] | None:
    """A state halfway, what then happens, and what comes of it; None where the blind player gets nowhere."""
    try:
        played = Played(graph)
        stages: list[tuple[dict[str, Any], int]] = [({}, 0), (deepcopy(played.state), 1)]
        while (played.ended is None or "undoable" in played.state) and len(played.done) < STEPS and played.go_on():
            stages.append((deepcopy(played.state), len(played.done)))
    except Exception:
        return None
    live = [stage for stage in stages if "ended" not in stage[0] or "undoable" in stage[0]]
    state, done = live[len(live) // 2]
    return {"process": graph.key, "state": state, "then": played.done[done:], "comes": played.state}


def alone(source: bytes, process: str) -> bytes:
    """The file with one process only; as it was where the others are needed."""
    tree = etree.fromstring(source)
    for other in tree.findall("{*}process"):
        if other.get("id") != process:
            tree.remove(other)
    text = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
    readable = not any(finding.is_error for finding in read(text, name="p.bpmn").findings)
    return text + b"\n" if readable else source


def collect(folder: Path) -> None:
    """What this release has no stored case of. What is stored already stays as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    covered, elements = shown_in(folder)
    for diagram in DIAGRAMS:
        found = dict(_playable(diagram))
        for key, (graph, source, stored) in found.items():
            if new := constructs(graph) - covered:
                _store(folder / f"{diagram.stem}.{key}", source, {"shows": sorted(new), **stored})
                covered |= new
                elements.add(diagram.stem)
        if found and diagram.stem not in elements:  # the one that has most to do halfway
            key, (_, source, stored) = max(found.items(), key=lambda one: len(one[1][2]["state"].get("runs", ())))
            _store(folder / f"{diagram.stem}.{key}", source, {"shows": [], **stored})
    if not (folder / "house.sql").exists():
        (folder / "house.sql").write_text(house(), encoding="utf-8")


def _playable(diagram: Path) -> Iterator[tuple[str, tuple[Graph, bytes, dict[str, Any]]]]:
    """The processes of a diagram that the blind player gets somewhere with: each alone, with what came of it."""
    for graph in read(diagram.read_bytes(), name=diagram.name).graphs:
        source = alone(diagram.read_bytes(), graph.key)
        found = next((one for one in read(source, name="p.bpmn").graphs if one.key == graph.key), None)
        stored = golden(found) if found and len(source) < LARGEST else None
        if found and stored and len(json.dumps(stored)) < LARGEST:
            yield graph.key, (found, source, stored)


def _store(path: Path, source: bytes, stored: dict[str, Any]) -> None:
    path.with_name(f"{path.name}.bpmn").write_bytes(source)
    text = json.dumps(stored, ensure_ascii=False, indent=1)
    path.with_name(f"{path.name}.json").write_text(text + "\n", encoding="utf-8")


def shown_in(folder: Path) -> tuple[set[str], set[str]]:
    """The constructs and the elements (the diagrams beside the tests of elements) of which it holds cases."""
    stored = sorted(folder.glob("*.json"))
    shown: set[str] = set()
    for path in stored:
        process = json.loads(path.read_text(encoding="utf-8"))["process"]
        graphs = read(path.with_suffix(".bpmn").read_bytes(), name=path.name).graphs
        shown |= constructs(next(graph for graph in graphs if graph.key == process))
    return shown, {path.name.partition(".")[0] for path in stored}


def house() -> str:
    """A small house with cases under way, as SQL."""
    from tests.engine.house import House

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "house.sqlite"
        db.migrate(f"sqlite:///{path}")
        one = House(f"sqlite:///{path}")
        one.deploy("arende")
        one.deploy("anropad")
        one.deploy("anropar")
        one.deploy("vantar")
        anna = one.person("Anna Berg", "storsthlm", party="storsthlm")
        one.person("Hanna Lund", "hsf")
        cases = [one.start() for _ in range(2)]
        one.wait(hours=1)
        one.complete(cases[0], "granska", anna, beslut="ja", motivering="Åäö")
        one.do(Comment(cases[0], "Väntar på svar"), anna)
        one.start("anropar", fraga="Hur gick det?")
        one.start("vantar", nummer="7", nyckel="7")
        one.engine.close()
        with sqlite3.connect(path) as connection:
            lines = list(connection.iterdump())
        connection.close()
    return "\n".join(lines) + "\n"


def version() -> str:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config["metadata"]["version"]


if __name__ == "__main__":
    collect(HERE / version())
