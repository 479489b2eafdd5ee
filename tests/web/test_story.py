"""The timeline: every kind of row that the engine can write has calm words in both languages, and none is raw."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from engine.bpmn import changes as c
from engine.bpmn.model import Graph
from engine.bpmn.read import read
from engine.history import notes
from engine.history.chain import Note
from engine.runtime.views.story import Event
from tests.web.conftest import World
from web.audit import history_kinds
from web.story import tell

BPMN = Path(__file__).parents[1] / "bpmn"
ENGINE = Path(__file__).parents[2] / "engine"
AT = datetime(2026, 4, 14, 8, 30, tzinfo=UTC)
OUTCOMES = ("completed", "cancelled", "failed", "compensated")


def graph_of(file: str, key: str) -> Graph:
    return next(one for one in read((BPMN / f"{file}.bpmn").read_bytes(), name=file).graphs if one.key == key)


def of(note: Note) -> Event:
    data = dict(note.data or {})
    changes = {name: (one.get("before"), one.get("after")) for name, one in data.pop("changes", {}).items()}
    return Event(
        1, AT, note.kind, note.element, note.element_name, note.outcome, "Systemet", None, "system", None, "p", 1,
        changes, data, "0" * 64,
    )  # fmt: skip


FIELDS: Mapping[str, Any] = {
    "wait": 1,
    "name": "Ett namn",
    "candidates": ("hsf",),
    "topic": "kvitto",
    "due": AT,
    "kind": "message",
    "key": None,
    "payload": {},
    "before": None,
    "after": 1,
    "binding": "latest",
    "version": None,
    "business_key": None,
    "variables": {},
    "message": "Fel",
    "message_en": "Error",
    "code": None,
}


def notes_of(graph: Graph, element: str) -> list[Note]:
    """The rows of every change that the machine can make at the element."""
    found = []
    for change in get_args(c.Change):
        names = change.__dataclass_fields__
        needed = {name: FIELDS[name] for name in names if name in FIELDS}
        if "element" in names:
            needed["element"] = element
        kinds = ("message", "signal", "condition", "data") if change in (c.WaitOpened, c.WaitClosed) else ("",)
        for outcome in OUTCOMES if "outcome" in names else ("",):
            for kind in kinds:
                given = needed | ({"outcome": outcome} if outcome else {}) | ({"kind": kind} if kind else {})
                if note := notes.note_of(graph, change(**given)):
                    found.append(note)
    return found


def of_each_kind() -> list[tuple[Graph, str]]:
    """An element of each kind, with each kind of event, of all that the tests of elements draw."""
    found: dict[Any, tuple[Graph, str]] = {}
    for path in sorted(BPMN.glob("*.bpmn")):
        for graph in read(path.read_bytes(), name=path.name).graphs:
            for node in graph.nodes.values():
                events = tuple(event.kind for event in node.event.triggers) if node.event else ()
                found.setdefault((node.kind, events, node.topic is None), (graph, node.id))
    return list(found.values())


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_row_of_every_change_is_told_in_words(world: World, language: str) -> None:
    told: set[str] = set()
    kinds: set[str] = set()
    with world.app.test_request_context(headers={"Cookie": f"sprak={language}"}):
        for graph, element in of_each_kind():
            for note in notes_of(graph, element):
                line = tell(of(note), graph).sentence
                assert not re.search(r"[a-z]+:[a-z]+|[{}]|%\(|””|““", line), (note.kind, line)
                assert element not in line, (note.kind, line)
                told.add(line)
                kinds.add(note.kind)
        assert kinds - set(history_kinds()) == set(), "the auditor's list has no word for these"
    assert not told & {"", "None"}


def test_every_row_that_commands_write_is_told_in_words(world: World) -> None:
    written = set[str]()
    for path in ENGINE.rglob("*.py"):
        written |= set(
            re.findall(r'(?:Note\(|_note\([^)]*|note\()\s*"([a-z_]+:[a-z]+)"', path.read_text(encoding="utf-8"))
        )
    written |= {"incident:retried", "incident:resolved"}
    assert len(written) > 12
    graph = graph_of("user_task", read((BPMN / "user_task.bpmn").read_bytes(), name="x").graphs[0].key)
    with world.app.test_request_context():
        for kind in written:
            line = tell(of(Note(kind, "a", "Granska")), graph).sentence
            assert not re.search(r"[a-z]+:[a-z]+|[{}]", line), (kind, line)
            assert kind in history_kinds()


def sentence(world: World, graph: Graph, element: str, kind: str, outcome: str | None) -> str:
    with world.app.test_request_context():
        return tell(of(Note(kind, element, "Namnet", outcome)), graph).sentence


@pytest.mark.parametrize(
    ("file", "process", "element", "kind", "outcome", "words"),
    [
        ("transaction", "plain", "kop", "element:passed", "cancelled", "”Namnet” avbröts, och det som var gjort där"),
        ("transaction", "plain", "kop", "element:passed", "completed", "Passerade ”Namnet”"),
        ("transaction", "plain", "a", "element:passed", "cancelled", "”Namnet” avbröts"),
        ("transaction", "plain", "a", "element:compensated", "compensated", "”Namnet” gjordes ogjort"),
        ("transaction", "plain", "fel", "element:passed", "completed", "”Namnet” tog hand om felet"),
        ("escalation_event", "boundary", "", "case:ended", "completed", "Ärendet avslutades"),
        ("escalation_event", "boundary", "", "case:ended", "terminated", "Ärendet avslutades i förtid"),
        ("escalation_event", "boundary", "", "case:ended", "failed", "Ärendet avslutades med ett fel"),
        ("escalation_event", "boundary", "", "case:ended", "E-7", "Ärendet avslutades med felet ”E-7”"),
        ("escalation_event", "boundary", "", "case:returned", "failed", "”Namnet” misslyckades"),
        ("compensation_of_process", "called", "", "case:reopened", None, "Ärendet öppnades igen för att göras ogjort"),
        ("compensation_of_process", "called", "", "case:ended", "compensated", "Ärendet är gjort ogjort"),
        ("escalation_event", "boundary", "", "ad_hoc:closed", "completed", "I ”Namnet” startas inget mer"),
    ],
)
def test_what_went_otherwise_is_told_so(
    world: World, file: str, process: str, element: str, kind: str, outcome: str | None, words: str
) -> None:
    graph = graph_of(file, process)
    assert sentence(world, graph, f"{process}.{element}", kind, outcome).startswith(words)


def test_what_has_no_name_is_told_by_what_it_is(world: World) -> None:
    graph = graph_of("transaction", "plain")
    with world.app.test_request_context():
        told = tell(of(Note("element:passed", "plain.vart", None, "completed")), graph)
    assert told.sentence == "Passerade vägvalet"
    assert ("Steg", "plain.vart") in told.details
