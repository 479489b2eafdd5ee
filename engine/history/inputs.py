"""What the machine is given from outside, and how a row of history keeps it, so that the case can be played again.

The row that tells of an input holds {"input": {"complete": 12}}: what was done, and the number of the wait. What came
with it stands in the row's own changes; only what does not is told besides:

    "less": [names among the changes that were not given]    "same": [names given as they already were]
    "given": {name: value of the rest}                       "settings": {name: value that expressions asked for}
    "payload": [names among a start's variables that its event carried]
    "stores": {name: what the data store held} of those that the step asked for
    "at": the start event, or the activity that is begun   "code", "message": of an error
    "undoable": of a called case that is completed, it can compensate itself
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.bpmn import changes as c
from engine.bpmn import machine
from engine.bpmn.machine import Environment, Step
from engine.bpmn.machine.play import same
from engine.bpmn.model import Graph
from engine.history.chain import Note

Variables = Mapping[str, Any]
NOTHING: Variables = {}


@dataclass(frozen=True, slots=True)
class Input:
    """Something that happens to a case. `kind` is the name of the machine's function that takes it."""

    kind: str
    wait: int = 0
    given: Variables = field(default_factory=dict)
    payload: Variables = field(default_factory=dict)
    at: str | None = None
    code: str | None = None
    message: str = ""
    undoable: bool = False

    def play(self, graph: Graph, state: dict[str, Any], env: Environment) -> Step:
        """Raises what the machine raises; then nothing has happened."""
        return _PLAY[self.kind](self, graph, state, env)


_PLAY: Mapping[str, Callable[[Input, Graph, dict[str, Any], Environment], Step]] = {
    "start": lambda i, graph, state, env: machine.start(graph, env, i.given, at=i.at, payload=i.payload),
    "complete": lambda i, graph, state, env: machine.complete(graph, state, env, i.wait, i.given, undoable=i.undoable),
    "trigger": lambda i, graph, state, env: machine.trigger(graph, state, env, i.wait, i.given),
    "fail": lambda i, graph, state, env: machine.fail(graph, state, env, i.wait, i.code, i.message, i.given),
    "escalate": lambda i, graph, state, env: machine.escalate(graph, state, env, i.wait, i.code, i.given),
    "retry": lambda i, graph, state, env: machine.retry(graph, state, env, i.wait),
    "skip": lambda i, graph, state, env: machine.skip(graph, state, env, i.wait, i.given),
    "begin": lambda i, graph, state, env: machine.begin_activity(graph, state, env, i.wait, i.at or ""),
    "end": lambda i, graph, state, env: machine.end(graph, state, env, i.wait),
    "compensate": lambda i, graph, state, env: machine.compensate(graph, state, env),
    "look": lambda i, graph, state, env: machine.look(graph, state, env, i.given),
    "cancel": lambda i, graph, state, env: machine.cancel(graph, state, env),
}


@dataclass(frozen=True, slots=True)
class Played:
    """A step, and the input it came from: `seen` of the given names before it, and the settings and data stores that it
    asked for, as they were."""

    step: Step
    what: Input
    already: Variables
    settings: Variables
    stores: Variables = field(default_factory=dict)


def play(what: Input, graph: Graph, state: dict[str, Any], env: Environment, asked: dict[str, Any]) -> Played:
    """Take the step. `asked` collects what the functions of `env` ask of the settings."""
    already = _already(what, graph, state)
    asked.clear()
    if not env.stores:
        return Played(what.play(graph, state, env), what, already, dict(asked))
    stores = _Noted(env.stores)
    step = what.play(graph, state, replace(env, stores=stores))
    return Played(step, what, already, dict(asked), stores.asked)


class _Noted(Mapping[str, Any]):
    """Data stores, of which `asked` are those that were looked into."""

    def __init__(self, stores: Variables) -> None:
        self._stores = stores
        self.asked: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self.asked[name] = self._stores[name]
        return self.asked[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stores)

    def __len__(self) -> int:
        return len(self._stores)


def _already(what: Input, graph: Graph, state: dict[str, Any]) -> Variables:
    """What is given as it is visible already."""
    if not what.given or what.kind == "start":
        return NOTHING
    seen = machine.variables_at(graph, state, what.wait)
    return {name: value for name, value in what.given.items() if name in seen and same(seen[name], value)}


# --- told, and understood again --------------------------------------------------------------------------------------

_CLOSES = (c.TaskClosed, c.JobClosed, c.TimerFired, c.WaitClosed, c.AdHocClosed, c.CallClosed)


def is_told_by(played: Played, change: c.Change) -> bool:
    """Is this the change whose row tells of the input: the end of what was waited for?"""
    return isinstance(change, _CLOSES) and change.wait == played.what.wait and played.what.kind != "start"


def untold(graph: Graph, what: Input, step: Step) -> Note | None:
    """The row of a step of whose changes none has one, though the case moved: None where it did not.

    So it is where the worker lets a token on to where it waits for others, or for people; and where an escalation is
    one of several triggers that must come.
    """
    if what.kind not in _UNTOLD or any(isinstance(change, c.EscalationUncaught) for change in step.changes):
        return None
    closed = (change.element for change in step.changes if isinstance(change, c.JobClosed))
    element = next(closed, None) or step.state["runs"][str(what.wait)]["at"]
    return Note(_UNTOLD[what.kind], element, graph.nodes[element].name or None)


_UNTOLD = {"complete": "element:reached", "escalate": "escalation:received"}


def tell(notes: list[Note], place: int, played: Played) -> None:
    """Let the row at `place` keep the input."""
    note, what = notes[place], played.what
    data = note.data or {}
    changes = data.get("changes", NOTHING)
    given = {**what.payload, **what.given}
    rest = {
        name: value
        for name, value in given.items()
        if not (name in changes and "after" in changes[name] and same(changes[name]["after"], value))
    }
    told = {
        what.kind: what.wait,
        "at": what.at,
        "code": what.code,
        "message": what.message,
        "undoable": what.undoable,
        "payload": sorted(what.payload),
        "less": [name for name in changes if name not in given],
        "same": [name for name in rest if name in played.already],
        "given": {name: value for name, value in rest.items() if name not in played.already},
        "settings": dict(played.settings),
        "stores": dict(played.stores),
    }
    kept = {name: value for name, value in told.items() if value or (value is not None and name in (what.kind, "code"))}
    note.data = {**data, "input": kept}


def understood(data: Mapping[str, Any], graph: Graph, state: dict[str, Any]) -> tuple[Input, dict[str, Any]]:
    """The input that a row keeps in `data`, and the settings as they were; KeyError and the like where it is none."""
    kept, changes = data["input"], data.get("changes", NOTHING)
    (kind,) = (name for name in _PLAY if name in kept)
    given = {name: change["after"] for name, change in changes.items() if name not in kept.get("less", ())}
    payload = {name: given[name] for name in kept.get("payload", ())}
    given = {name: value for name, value in given.items() if name not in payload} | kept.get("given", {})
    if kept.get("same"):
        seen = machine.variables_at(graph, state, kept[kind])
        given |= {name: seen[name] for name in kept["same"]}
    how = (kept.get("at"), kept.get("code"), kept.get("message", ""), kept.get("undoable", False))
    what = Input(kind, kept[kind], given, payload, *how)
    return what, kept.get("settings", {})
