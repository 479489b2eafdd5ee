"""One call of the machine at work: the case's runs, its variables, and what has been decided so far.

Knows how a state is kept, and nothing of BPMN's elements; those read it and write to it through `Play`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from engine.bpmn.changes import ABSENT, Change, StoreWritten, Variables
from engine.bpmn.expressions import Budget, Expression, Script, Template
from engine.bpmn.limits import Limits
from engine.bpmn.machine.runs import ROOT, Run, visible
from engine.bpmn.model import Graph, Node
from engine.errors import Refused


class Stuck(Exception):
    """An element cannot be played now. The token stays where it is, as an incident; nothing of the move was done."""

    def __init__(self, en: str, sv: str) -> None:
        super().__init__(en)
        self.en = en
        self.sv = sv


@dataclass(frozen=True, slots=True)
class Environment:
    """What the machine does not know by itself: the time, what expressions may call, what a call may spend, the files
    of the deployment, for decision tables (*.dmn), and what the data stores hold (name -> value, all that the graph
    speaks of)."""

    now: datetime
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    files: Mapping[str, bytes] = field(default_factory=dict)
    stores: Mapping[str, Any] = field(default_factory=dict)


Move = tuple[Any, ...]
"""("arrive", scope, …): the name of a move, the scope (or run) it belongs to, and what it needs."""

Writes = list[tuple[Variables, str, Any, Any, int]]
"""What writing variables will do: home, name, before, after, and how much bigger it makes the state."""


class Play:
    """The state under way, the moves to make, the changes decided. Lives for one call."""

    __slots__ = (
        "budget",
        "changes",
        "created",
        "env",
        "glimpsed",
        "graph",
        "instances_left",
        "looking",
        "queue",
        "root",
        "runs",
        "state",
        "steps_left",
        "stored",
        "touched",
    )

    def __init__(self, graph: Graph, env: Environment, state: dict[str, Any]) -> None:
        self.graph = graph
        self.env = env
        self.state = state
        self.runs: MutableMapping[str, Run] = state["runs"]
        self.root: Run = self.runs[str(ROOT)]
        self.queue: deque[Move] = deque()
        self.changes: list[Change] = []
        self.created: list[int] = []
        """Runs made by the present move: undone with it."""
        self.touched: dict[int, None] = {}
        """Scopes whose tokens moved, in order: only there a join may have become ready or dead."""
        self.looking: dict[int, None] = {}
        """Waits for a condition that must be looked at once the present move is made."""
        self.stored: Variables = {}
        """What this call has written to data stores."""
        self.glimpsed: Mapping[str, Any] = {}
        """What others left in data stores, for the conditions that are told of it and for nobody else."""
        limits = env.limits
        self.budget = Budget(limits.expression_steps, limits.expression_size, limits.cpu_seconds)
        self.steps_left = limits.steps
        self.instances_left = limits.instances
        for name, first in state.get("watched", {}).items():
            if first.__class__ is dict:
                self._chain(name, first)

    # --- runs ---

    def run(self, number: int) -> Run:
        return self.runs[str(number)]

    def node(self, run: Run) -> Node:
        return self.graph.nodes[run["at"]]

    def exists(self, number: int) -> bool:
        return str(number) in self.runs

    def reserve(self, count: int = 1) -> int:
        first: int = self.state["next"]
        self.state["next"] = first + count
        return first

    def add(self, run: Run, number: int | None = None) -> int:
        """Keep a run under a new number (a multi-instance instance: its own), known to the one it belongs to."""
        if number is None:
            number = self.reserve()
            if "on" in run:
                self.run(run["on"]).setdefault("watch", []).append(number)
            else:
                self.run(run["scope"]).setdefault("kids", []).append(number)
        self.runs[str(number)] = run
        self.created.append(number)
        return number

    def come_and_go(self, scope: int) -> None:
        """As if a run had come to a scope and gone: a history from when there was one must lead to the same state."""
        self.reserve()
        self.run(scope).setdefault("kids", [])

    def drop(self, number: int) -> None:
        run = self.runs.pop(str(number))
        if "reads" in run:
            self.unwatch(number, run)
        if "completed" in run or "undo" in run:
            for record in (*run.get("completed", ()), *run.get("undo", ())):
                self.drop(record)
        if "vars" in run:
            self.state["bytes"] -= sum(map(size_of, run["vars"].values()))
        if "out" in run:
            self.state["bytes"] -= size_of(run["out"])
        if "kept" in run:
            self.remember(-1)
        elif "on" in run:
            holder = self.runs.get(str(run["on"]))
            if holder is not None:
                holder["watch"].remove(number)
        else:
            self._leave_holder(number, run)

    def _leave_holder(self, number: int, run: Run) -> None:
        holder = self.runs.get(str(run["scope"]))
        if holder is not None and "kids" in holder:  # a multi-instance body knows its instances by their numbers
            holder["kids"].remove(number)

    def remember(self, count: int) -> None:
        """So many more completed activities are kept for compensation."""
        kept = self.state.pop("kept", 0) + count
        if kept:
            self.state["kept"] = kept

    def keep(self, number: int, run: Run) -> None:
        """Run `number` is over, and is kept as `run` by the scope or body it belongs to, for compensation."""
        self._leave_holder(number, run)
        self.runs[str(number)] = {**run, "kept": True}
        self.run(run["scope"]).setdefault("completed", []).append(number)
        self.remember(1)

    def forget_output(self, number: int) -> None:
        """A finished instance has given its output; nothing else is left of it, unless it is kept."""
        run = self.run(number)
        if "kept" not in run:
            self.drop(number)
        elif "out" in run:
            self.state["bytes"] -= size_of(run.pop("out"))

    def give_back(self, number: int, run: Run) -> None:
        """Run `number` will not compensate what it has taken from others: somebody else may ask for it."""
        for one in reversed(run.get("undo", ())):
            scope = self.run(one)["scope"]
            if scope != number:
                run["undo"].remove(one)
                self.run(scope).setdefault("completed", []).insert(0, one)

    def revive(self, number: int) -> Run:
        """A kept run that no list holds any more is at work again."""
        run = self.run(number)
        del run["kept"]
        self.remember(-1)
        holder = self.run(run["scope"])
        holder.setdefault("kids", []).append(number)
        holder["live"] += 1
        return run

    def revive_scope(self, number: int) -> Run:
        """The same, as a scope."""
        run = self.revive(number)
        run["live"] = 0
        run["interrupted"] = True
        return run

    def end(self, undoable: bool) -> None:
        """The case has ended. Left are the variables of the process; and what is kept for compensation, with the
        conversations that this may go on with, where the process may have to compensate itself."""
        left: Run = {"live": 0, "vars": self.root["vars"]}
        if undoable:
            for name in ("completed", "keys"):
                if name in self.root:
                    left[name] = self.root[name]
            self.state["undoable"] = True
        else:
            self.runs.clear()
            self.state.pop("kept", None)
        self.runs[str(ROOT)] = self.root = left

    def watch(self, number: int, names: Iterable[str]) -> None:
        """Let run `number`, which waits for a condition, be looked at now and when one of its variables is written."""
        watched = self.state.setdefault("watched", {})
        reads: dict[str, list[int]] = {}
        self.run(number)["reads"] = reads
        for name in sorted(names):
            first = watched.get(name, ROOT)
            if first != ROOT:
                self.run(first)["reads"][name][0] = number
            reads[name] = [ROOT, first]
            watched[name] = number
        self.looking[number] = None

    def unwatch(self, number: int, run: Run) -> None:
        """Run `number` no longer waits for its condition. However many wait for a name, only its neighbours are
        touched."""
        for name, (before, after) in run.pop("reads").items():
            watched = self.state["watched"]
            if before != ROOT:
                self.run(before)["reads"][name][1] = after
            elif after != ROOT:
                watched[name] = after
            else:
                del watched[name]
            if after != ROOT:
                self.run(after)["reads"][name][0] = before
            if not watched:
                del self.state["watched"]

    def look_at(self, name: str) -> None:
        """Something of this name was written: who waits for a condition on it is to be looked at."""
        number = self.state.get("watched", {}).get(name, ROOT)
        while number != ROOT:
            self.looking[number] = None
            number = self.run(number)["reads"][name][1]

    def _chain(self, name: str, numbers: Mapping[str, Any]) -> None:
        """A state of before there were chains has all who wait for a name in one place."""
        ordered = sorted(map(int, numbers))
        for before, number, after in zip([ROOT, *ordered], ordered, [*ordered[1:], ROOT], strict=False):
            run = self.run(number)
            if run["reads"].__class__ is not dict:
                run["reads"] = {}
            run["reads"][name] = [before, after]
        self.state["watched"][name] = ordered[0]

    def kids(self, run: Run) -> Sequence[int]:
        """The tokens (or instances) inside, oldest first."""
        if "first" in run:
            return [number for number in range(run["first"], run["first"] + run["total"]) if str(number) in self.runs]
        return list(run.get("kids", ()))

    def undo(self, changes: int, moves: int) -> None:
        """Take back what a move did before it got stuck: it makes runs, changes and moves first, all else last."""
        for number in reversed(self.created):
            if str(number) in self.runs:
                self.drop(number)
        del self.changes[changes:]
        if self.stored:
            self.stored = {one.name: one.after for one in self.changes if isinstance(one, StoreWritten)}
        while len(self.queue) > moves:
            self.queue.pop()

    def check_steps(self) -> None:
        """Stuck where the case runs on without coming to rest."""
        if self.steps_left < 0:
            raise Stuck(
                f"Expected the case to come to rest within {self.env.limits.steps} steps, but it runs on."
                " Is there a loop?",
                f"Ärendet kom inte till vila inom {self.env.limits.steps} steg. Går flödet runt utan att vänta på"
                " något?",
            )

    # --- variables ---

    def visible(self, number: int) -> Variables:
        """What can be seen from a run: its own variables, then those around it. To be read, not changed."""
        return self.root["vars"] if number == ROOT else visible(self.runs, number)

    def plan(self, number: int, values: Mapping[str, Any], freed: int = 0) -> Writes:
        """Where each of `values` will land when written from run `number`; Stuck if they are no JSON or too much, even
        though `freed` bytes will be gone.

        A variable goes to the nearest scope around that has one of this name, else to the instance of a
        multi-instance activity it was written in, else to the process.
        """
        writes: Writes = []
        growth = 0
        for name, value in values.items():
            home = self.root["vars"] if number == ROOT else self._home(number, name)
            before = home.get(name, ABSENT)
            if same(before, value):
                continue
            after, more = plain(name, value)
            if before is not ABSENT:
                more -= size_of(before)
            growth += more
            writes.append((home, name, before, after, more))
        self.weigh(growth - freed)
        return writes

    def has_room(self, growth: int) -> bool:
        return growth <= 0 or self.state["bytes"] + growth <= self.env.limits.variable_bytes

    def weigh(self, growth: int) -> None:
        if not self.has_room(growth):
            limit = self.env.limits.variable_bytes
            raise Stuck(
                f"Expected the variables of a case to stay within {limit} bytes, but they would become"
                f" {self.state['bytes'] + growth}.",
                f"Ärendets uppgifter får vara högst {limit} byte, men skulle bli {self.state['bytes'] + growth}.",
            )

    def keep_local(self, number: int, values: Mapping[str, Any], checked: bool = True) -> None:
        """Variables that live and die with run `number`."""
        home = self.run(number).setdefault("vars", {})
        for name, value in values.items():
            kept, size = plain(name, value)
            if name in home:
                size -= size_of(home[name])
            if checked:
                self.weigh(size)
            home[name] = kept
            self.state["bytes"] += size

    def put_back(self, number: int, had: Variables) -> None:
        """Run `number` has `had` to itself, and nothing else."""
        run = self.run(number)
        self.state["bytes"] += sum(map(size_of, had.values())) - sum(map(size_of, run.get("vars", {}).values()))
        run.pop("vars", None)
        if had:
            run["vars"] = had

    def write(self, writes: Writes) -> dict[str, tuple[Any, Any]]:
        """Do what `plan` found; what changed, for the history."""
        data = {}
        for home, name, before, after, more in writes:
            self.state["bytes"] += more
            home[name] = after
            data[name] = (before, after)
        if "watched" in self.state:
            for name in data:
                self.look_at(name)
        return data

    def _home(self, number: int, name: str) -> Variables:
        instance: Run | None = None
        declared = self.graph.locals
        while number != ROOT:
            run = self.run(number)
            if name in run.get("vars", ()):
                return run["vars"]
            if declared and "live" in run and name in declared.get(run["at"], ()):
                return run.setdefault("vars", {})
            if instance is None and "index" in run:
                instance = run
            number = run["scope"]
        root = self.root["vars"]
        if instance is None or name in root:
            return root
        return instance.setdefault("vars", {})

    # --- data stores ---

    def in_store(self, name: str) -> Any:
        """What the data store holds, as this call has left it."""
        return self.stored[name] if name in self.stored else self.env.stores[name]

    def put_in_store(self, element: str, name: str, value: Any) -> None:
        before = self.in_store(name)
        after, size = plain(name, value)
        limit = self.env.limits.store_bytes
        if size > limit:
            raise Stuck(
                f"Expected a data store to hold at most {limit} bytes, but it would be {size}.",
                f"Ett datalager får innehålla högst {limit} byte, men skulle få {size}.",
            )
        if not same(before, after):
            self.stored[name] = after
            self.changes.append(StoreWritten(element, name, before, after))
            self.look_at(as_watched(name))

    # --- expressions ---

    def value(self, expression: Expression | Template, variables: Mapping[str, Any]) -> Any:
        if expression.literal is not None:
            return expression.literal
        try:
            return expression.evaluate(variables, self.env.functions, self.budget)
        except Refused as reason:
            raise Stuck(reason.en, reason.sv) from None

    def values(self, templates: Mapping[str, Template], variables: Mapping[str, Any]) -> Variables:
        return {name: self.value(template, variables) for name, template in templates.items()}

    def script(self, script: Script, variables: Mapping[str, Any]) -> Variables:
        try:
            return script.run(variables, self.env.functions, self.budget)
        except Refused as reason:
            raise Stuck(reason.en, reason.sv) from None


_PLAIN = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def plain(name: str, value: Any) -> tuple[Any, int]:
    """A copy of `value` as JSON gives it back, and its size; Stuck where it would not come back equal."""
    try:
        text = orjson.dumps(value, option=_PLAIN)
        if value.__class__ in _KEPT:
            return value, len(text)
        copy = orjson.loads(text)
        if copy == value:
            return copy, len(text)
    except (TypeError, ValueError, RecursionError):
        pass
    raise Stuck(
        f"Expected the variable {name!r} to hold plain JSON, but it holds something that JSON cannot keep.",
        f"Variabeln ”{name}” innehåller något som inte kan sparas som JSON.",
    )


_KEPT = frozenset({str, int, bool, type(None)})
"""What of these can be written at all is read back equal; a tuple is not, nor a number that is infinite."""


def as_watched(store: str) -> str:
    """Under which name those stand who wait for a condition on a data store: none that a variable could have."""
    return f"store:{store}"


def size_of(value: Any) -> int:
    return len(orjson.dumps(value))


def same(before: Any, after: Any) -> bool:
    """Equal as JSON: unlike in Python, 1 is not true and 1.0 not 1."""
    if before is after:
        return True
    if before.__class__ is not after.__class__ or before != after:
        return False
    if isinstance(before, dict):
        return all(same(value, after[name]) for name, value in before.items())
    if isinstance(before, list):
        return all(map(same, before, after))
    return True
