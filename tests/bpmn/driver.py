"""Plays a diagram over the pure machine: given a diagram, when something happens, then look at what came of it.

    case = play("process key", {"amount": 5})        # the diagram beside the test, see `conftest.play`
    case.complete("granska", svar="ja")              # by the element that waits
    assert case.waiting == ["beslut"] and case.variables["svar"] == "ja"

A file may hold several processes. Ids are unique in a file: those of process `p` are `p.granska`, here just `granska`.

After every step the driver checks what must always hold: the state is JSON that reads back the same, its counts are
right, and what the changes opened and did not close is exactly what the state says is open.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from engine.bpmn import machine
from engine.bpmn.changes import (
    AdHocClosed,
    AdHocOpened,
    CallClosed,
    CaseCalled,
    CaseEnded,
    CaseReopened,
    Change,
    CompensationCalled,
    ElementPassed,
    IncidentCleared,
    IncidentRaised,
    JobAdded,
    JobClosed,
    StoreWritten,
    TaskClosed,
    TaskOpened,
    TimerCancelled,
    TimerFired,
    TimerSet,
    WaitClosed,
    WaitOpened,
)
from engine.bpmn.limits import Limits
from engine.bpmn.machine import Environment, Step
from engine.bpmn.model import Graph
from engine.bpmn.read import read

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
OPENING = (TaskOpened, JobAdded, TimerSet, WaitOpened, CaseCalled, CompensationCalled, AdHocOpened)
CLOSING = (AdHocClosed, TaskClosed, JobClosed, TimerFired, TimerCancelled, WaitClosed, CallClosed)

State = dict[str, Any]
Event = Callable[[Graph, State, Environment], Step]


def graph_of(diagram: Path, process: str | None = None) -> Graph:
    """A graph that nothing has been played on yet."""
    graphs = {graph.key: graph for graph in _read(diagram)}
    return deepcopy(graphs[process] if process else next(iter(graphs.values())))


@lru_cache
def _read(diagram: Path) -> tuple[Graph, ...]:
    """The file must be without errors."""
    reading = read(diagram.read_bytes(), name=diagram.name)
    errors = [str(finding) for finding in reading.findings if finding.is_error]
    assert not errors, "\n".join(errors)
    return reading.graphs


class Case:
    """One case under test."""

    def __init__(
        self,
        graph: Callable[[], Graph],
        variables: Mapping[str, Any],
        *,
        at: str | None = None,
        payload: Mapping[str, Any] | None = None,
        restored: bool = False,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        limits: Limits | None = None,
        files: Mapping[str, bytes] | None = None,
        stores: Mapping[str, Any] | None = None,
    ) -> None:
        self.now = MORNING
        self.changes: list[Change] = []
        """All of them, since the start."""
        self.last: list[Change] = []
        """Those of the last step."""
        self.open: dict[int, Any] = {}
        """Wait -> what opened it."""
        self.incidents: dict[int, IncidentRaised] = {}
        self.ended: CaseEnded | None = None
        self._read, self._graph, self._restored = graph, graph(), restored
        self.stores: dict[str, Any] = {**dict.fromkeys(self._graph.stores), **(stores or {})}
        """What the data stores hold."""
        self._around = {"functions": functions or {}, "limits": limits or Limits(), "files": files or {}}
        self.key = self._graph.key
        self.state: State = {}
        self._took(machine.start(self._graph, self._environment(), variables, at=at, payload=payload))

    # --- when ---

    def complete(
        self,
        element: str,
        *,
        instance: int | None = None,
        nth: int | None = None,
        undoable: bool = False,
        **variables: Any,
    ) -> Case:
        """A person does a task, the worker a job, a called case comes back (and is `undoable`). `instance` of a
        multi-instance activity, or the `nth` of several tokens at one element."""
        wait = self.wait(element, TaskOpened, JobAdded, CaseCalled, CompensationCalled, instance=instance, nth=nth)
        return self.step(
            lambda graph, state, env: machine.complete(graph, state, env, wait, variables, undoable=undoable)
        )

    def compensate(self) -> Case:
        """Who called the case, which is completed, asks for its compensation."""
        return self.step(machine.compensate)

    def fire(self, element: str, nth: int = 0) -> Case:
        """The clock reaches a timer, and it fires."""
        wait = self.waits(element, TimerSet)[nth]
        self.now = max(self.now, self.open[wait].due)
        return self.step(lambda graph, state, env: machine.trigger(graph, state, env, wait, {}))

    def receive(self, element: str, nth: int = 0, **payload: Any) -> Case:
        """The message or signal that an element waits for comes."""
        wait = self.waits(element, WaitOpened)[nth]
        return self.step(lambda graph, state, env: machine.trigger(graph, state, env, wait, payload))

    def fail(
        self,
        element: str,
        code: str,
        message: str = "",
        *,
        instance: int | None = None,
        nth: int | None = None,
        **variables: Any,
    ) -> Case:
        """A job or called case ends with a BPMN error."""
        wait = self.wait(element, JobAdded, CaseCalled, CompensationCalled, TaskOpened, instance=instance, nth=nth)
        return self.step(lambda graph, state, env: machine.fail(graph, state, env, wait, code, message, variables))

    def escalate(self, element: str, code: str, **variables: Any) -> Case:
        """A called case escalates, and goes on."""
        wait = self.wait(element, CaseCalled, JobAdded)
        return self.step(lambda graph, state, env: machine.escalate(graph, state, env, wait, code, variables))

    def begin(self, ad_hoc: str, element: str, nth: int = 0) -> Case:
        """Somebody chooses an activity of an ad-hoc sub-process."""
        wait, chosen = self.waits(ad_hoc, AdHocOpened)[nth], self.long(element)
        return self.step(lambda graph, state, env: machine.begin_activity(graph, state, env, wait, chosen))

    def end(self, ad_hoc: str, nth: int = 0) -> Case:
        """Somebody says that its work is done."""
        wait = self.waits(ad_hoc, AdHocOpened)[nth]
        return self.step(lambda graph, state, env: machine.end(graph, state, env, wait))

    def offered(self, ad_hoc: str, nth: int = 0) -> list[str]:
        """What may be begun in it now."""
        before = json.dumps(self.state)
        wait = self.waits(ad_hoc, AdHocOpened)[nth]
        work = machine.ad_hoc_work(self._graph, self.state, self._environment(), wait)
        assert json.dumps(self.state) == before, "asking changes nothing"
        return [self.short(one.element) for one in work.activities] if work else []

    def retry(self, element: str) -> Case:
        """Somebody tries again what an incident holds."""
        wait = self.stuck(element)
        return self.step(lambda graph, state, env: machine.retry(graph, state, env, wait))

    def skip(self, element: str, **variables: Any) -> Case:
        """Somebody helps the token past, where there is an incident, else past what it waits for."""
        stuck = [wait for wait, incident in self.incidents.items() if self.short(incident.element) == element]
        wait = stuck[0] if stuck else self.wait(element, *OPENING)
        return self.step(lambda graph, state, env: machine.skip(graph, state, env, wait, variables))

    def cancel(self) -> Case:
        return self.step(machine.cancel)

    def put_in_store(self, name: str, value: Any) -> Case:
        """Another case writes to a data store."""
        self.stores[name] = value
        return self

    def look(self, **stores: Any) -> Case:
        """The case is told what other cases have written to data stores."""
        return self.step(lambda graph, state, env: machine.look(graph, state, env, stores))

    def later(self, **time: float) -> Case:
        self.now += timedelta(**time)
        return self

    def step(self, event: Event) -> Case:
        """Anything else that happens to the case."""
        if self._restored:
            self.state = json.loads(json.dumps(self.state))
            self._graph = self._read()
        self._took(event(self._graph, self.state, self._environment()))
        return self

    # --- then ---

    @property
    def waiting(self) -> list[str]:
        """The elements that wait for something from outside, in order."""
        return sorted(self.short(change.element) for change in self.open.values())

    @property
    def passed(self) -> list[str]:
        """The elements that tokens went through since the start, in order of their end."""
        return [
            self.short(c.element) for c in self.changes if isinstance(c, ElementPassed) and c.outcome == "completed"
        ]

    def outcomes(self, outcome: str) -> list[str]:
        """The elements that ended so in the last step."""
        return [self.short(c.element) for c in self.last if isinstance(c, ElementPassed) and c.outcome == outcome]

    @property
    def outcome(self) -> str | None:
        return self.ended.outcome if self.ended else None

    @property
    def variables(self) -> dict[str, Any]:
        return machine.root_variables(self.state)

    def seen_at(self, element: str, instance: int | None = None) -> dict[str, Any]:
        return machine.variables_at(self._graph, self.state, self.wait(element, *OPENING, instance=instance))

    def found(self, kind: type, element: str | None = None) -> list[Any]:
        """The changes of one kind in the last step."""
        named = element and self.long(element)
        return [c for c in self.last if type(c) is kind and named in (None, getattr(c, "element", None))]

    def opened(self, element: str) -> Any:
        return self.open[self.wait(element, *OPENING)]

    def stuck(self, element: str) -> int:
        (wait,) = (wait for wait, incident in self.incidents.items() if self.short(incident.element) == element)
        return wait

    @property
    def stuck_at(self) -> list[str]:
        """The elements where an incident waits for a decision."""
        return sorted(self.short(incident.element) for incident in self.incidents.values())

    def waits(self, element: str, *kinds: type) -> list[int]:
        named, kinds = self.long(element), kinds or OPENING
        return [wait for wait, change in self.open.items() if change.element == named and isinstance(change, kinds)]

    def wait(self, element: str, *kinds: type, instance: int | None = None, nth: int | None = None) -> int:
        found = self.waits(element, *kinds)
        if instance is not None:
            found = [wait for wait in found if self.state["runs"][str(wait)].get("index") == instance]
        if nth is not None:
            found = found[nth : nth + 1]
        assert len(found) == 1, f"Expected one wait at {element}, but there are {len(found)}; open: {self.waiting}"
        return found[0]

    def short(self, element: str) -> str:
        return element.removeprefix(f"{self.key}.")

    def long(self, element: str) -> str:
        named = f"{self.key}.{element}"
        return named if named in self._graph.nodes else element

    # --- what must always hold ---

    def _environment(self) -> Environment:
        return Environment(self.now, stores=deepcopy(self.stores), **self._around)  # type: ignore[arg-type]

    def _took(self, step: Step) -> None:
        is_reopened = self.ended is not None and self.ended.undoable and step.changes[0] == CaseReopened()
        assert self.ended is None or is_reopened, "a case that has ended goes on"
        self.ended = None
        self.state, self.last = step.state, step.changes
        self.changes += step.changes
        for change in step.changes:
            self._account(change)
        self._check_json()
        self._check_open()
        self._check_counts()

    def _account(self, change: Change) -> None:
        assert self.ended is None, f"{change} after the end"
        if isinstance(change, OPENING):
            assert change.wait not in self.open, f"{change} opened twice"
            self.open[change.wait] = change
        elif isinstance(change, CLOSING):
            assert self.open.pop(change.wait).element == change.element
        elif isinstance(change, IncidentRaised):
            assert change.wait not in self.incidents
            assert change.message
            assert change.message_en
            self.incidents[change.wait] = change
        elif isinstance(change, IncidentCleared):
            assert self.incidents.pop(change.wait).element == change.element
        elif isinstance(change, StoreWritten):
            assert self.stores[change.name] == change.before != change.after
            self.stores[change.name] = change.after
        elif isinstance(change, CaseEnded):
            self.ended = change

    def _check_json(self) -> None:
        assert json.loads(json.dumps(self.state)) == self.state
        assert orjson.loads(orjson.dumps(self.state)) == self.state

    def _check_open(self) -> None:
        runs = self.state["runs"].items()
        assert {int(number) for number, run in runs if "open" in run} == set(self.open)
        assert {int(number) for number, run in runs if "stuck" in run} == set(self.incidents)
        assert bool(self.ended) == ("ended" in self.state)
        if self.ended:
            left = [number for number, run in self.state["runs"].items() if "kept" not in run]
            assert left == ["0"]
            assert self.ended.undoable or len(self.state["runs"]) == 1
            assert self.ended.undoable == ("undoable" in self.state)
            assert self.ended.variables == self.variables

    def _check_counts(self) -> None:
        runs = self.state["runs"]
        size = 0
        for number, run in runs.items():
            values = [*run.get("vars", {}).values(), *([run["out"]] if "out" in run else [])]
            size += sum(len(orjson.dumps(value)) for value in values)
            for listener in run.get("watch", ()):
                assert runs[str(listener)]["on"] == int(number)
            for kid in run.get("kids", ()):
                assert runs[str(kid)]["scope"] == int(number)
            if "on" in run:
                assert int(number) in runs[str(run["on"])]["watch"]
            elif number != "0":
                holder = runs[str(run["scope"])]
                kept = {*holder.get("completed", ()), *self._taken(runs)} if "kept" in run else ()
                assert "total" in holder or int(number) in holder.get("kids", ()) or int(number) in kept
            if "live" in run and not self.ended:
                at_joins = [count for flows in run.get("joins", {}).values() for count in flows.values()]
                assert all(at_joins)
                assert run["live"] == len(run.get("kids", ())) + sum(at_joins)
                assert run["live"] or run.get("stuck") == "ended" or {"undo", "ad_hoc"} & run.keys()
            known = {"live", "total", "turns", "out", "watch", "came", "kept", "undo"}
            assert run.get("open") or run.get("stuck") or known & run.keys(), run
        assert all({"came", "stuck"} & run.keys() for run in runs.values() if "given" in run)
        assert self.state["bytes"] == size
        reads = {(name, int(number)) for number, run in runs.items() for name in run.get("reads", ())}
        assert {(name, number) for name in self.state.get("watched", {}) for number in self._chain(name)} == reads
        assert all(("reads" in run) == (run.get("open") == "condition") for run in runs.values())
        assert self.state.get("kept", 0) == sum("kept" in run for run in runs.values())

    def _chain(self, name: str) -> list[int]:
        """Those who wait for a condition on `name`, as they are linked: the same there and back."""
        runs, found, before = self.state["runs"], [], 0
        number = self.state["watched"][name]
        while number:
            assert runs[str(number)]["reads"][name][0] == before
            found.append(number)
            before, number = number, runs[str(number)]["reads"][name][1]
        assert found
        return found

    def _taken(self, runs: Mapping[str, Any]) -> list[int]:
        """What somebody is about to compensate."""
        return [number for run in runs.values() for number in run.get("undo", ())]


class Both:
    """Two cases of one graph, step by step in turn: what happens to one must not show in the other."""

    def __init__(self, first: Case, second: Case) -> None:
        self._first, self._second = first, second

    def __getattr__(self, name: str) -> Any:
        asked, other = getattr(self._first, name), getattr(self._second, name)
        if name in _ACTIONS:

            def both(*arguments: Any, **named: Any) -> Both:
                before = json.dumps(self._second.state)
                asked(*arguments, **named)
                assert json.dumps(self._second.state) == before, "a step of one case changed the other"
                other(*arguments, **named)
                assert self._first.state == self._second.state
                assert self._first.last == self._second.last
                return self

            return both
        return asked


_ACTIONS = frozenset(
    {
        "begin",
        "cancel",
        "compensate",
        "complete",
        "end",
        "escalate",
        "fail",
        "fire",
        "later",
        "look",
        "put_in_store",
        "receive",
        "retry",
        "skip",
        "step",
    }
)
