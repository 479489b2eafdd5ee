"""Random block-structured processes, played on random paths: each does exactly what it must and comes to its end.

Two cases of a process take the same path; one of them through XML, and through JSON with a graph of its own before
every step. They must be equal after each. What is done how often is foretold by the blocks (`builder.py`, `blocks.py`),
which know no tokens; with few steps in one go, incidents stop them anywhere. All elements are mixed: a test below holds
what is drawn against what the tests of elements draw.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import strategies as st

from engine.bpmn import machine
from engine.bpmn.changes import (
    AdHocOpened,
    CaseCalled,
    Change,
    ElementPassed,
    IncidentRaised,
    JobAdded,
    TaskOpened,
    TimerSet,
    WaitClosed,
    WaitOpened,
)
from engine.bpmn.limits import Limits
from engine.bpmn.machine import ad_hoc_work, variables_at
from engine.bpmn.model import TASKS, Graph, Node
from engine.bpmn.read import read
from engine.definitions.check import check
from engine.history.inputs import Input
from tests.bpmn.blocks import (
    AMONG,
    SETS_KEY,
    Awaited,
    Beside,
    Chosen,
    Collected,
    Decided,
    Done,
    Ended,
    Interrupted,
    Stored,
    Undo,
    Undoable,
    Undoing,
    Way,
    process_by,
)
from tests.bpmn.builder import (
    FILES,
    Block,
    Bounded,
    Condition,
    Fork,
    Link,
    Links,
    Loop,
    Lots,
    Race,
    Sequence_,
    Sub,
    Wait,
)
from tests.bpmn.driver import Case
from tests.bpmn.elsewhere import Elsewhere, told
from tests.bpmn.troubles import (
    NOT_RETRIED,
    NOT_SKIPPED,
    TOO_MUCH,
    TROUBLES,
    Conversation,
    Escalating,
    Told,
    Trouble,
    Wrong,
)
from tests.bpmn.written import written
from tests.examples import examples
from tests.golden.collect import DIAGRAMS, constructs

KINDS = ["userTask", "serviceTask", "receiveTask", "manualTask", "sendTask", "callActivity", "businessRuleTask"]
CATCH = ["message", "keyed", "signal", "timer", "timeDate", "multiple"]
AT_ONCE = ["task", "sendTask", "none", "message", "signal", "escalation", "multiple"]
EARLY = ["message", "signal", "timer", "timeDate", "multiple", "parallelMultiple", "conditional", "store"]
EARLY += ["error", "escalation"]
ALONGSIDE = ["message", "signal", "timer", "timeCycle", "multiple", "parallelMultiple", "conditional", "store"]
ALONGSIDE += ["escalation", "escalationAmong"]
MANY = Limits().steps
GATEWAYS = ["parallelGateway", "exclusiveGateway", "inclusiveGateway", "complexGateway", "flows", "conditional flows"]


@dataclass
class Blocks:
    """Draws blocks."""

    draw: st.DrawFn
    names: count = field(default_factory=count)

    def any(self, depth: int) -> Block:
        kinds: list[Callable[[int], Block]] = [self._wait, self._bounded, self._all, self._link, self._undoable]
        kinds += [self._done, self._decided, self._stored]
        if depth > 0:
            kinds += [self._links, self._awaited, *[self._among] * 2]
            kinds += [
                self._sequence,
                *[self._fork] * 3,
                self._loop,
                self._sub,
                *[self._many] * 2,
                self._race,
                self._condition,
            ]
            kinds += [self._lots, self._awaited, self._collected, *[self._interrupted] * 3, *[self._beside] * 3]
            kinds += [self._ended, self._undoing, self._undo, *[self._chosen] * 2]
            kinds += [*[self._trouble] * 4, *[self._wrong] * 2, self._escalating, self._conversation, self._told]
        return self.draw(st.sampled_from(kinds))(depth - 1)

    def of(self, kind: str, depth: int) -> Block:
        made: Block = self.any(depth) if kind == "any" else getattr(self, f"_{kind}")(depth)
        return made

    def one_of(self, *kinds: str) -> str:
        return self.draw(st.sampled_from(kinds))

    def is_so(self) -> bool:
        return self.draw(st.booleans())

    def _name(self) -> str:
        return f"w{next(self.names)}"

    # --- what waits, and what does not

    def _wait(self, depth: int) -> Wait:
        kind = self.one_of(*KINDS, *CATCH)
        return Wait(self._name(), kind, later=kind in KINDS and not self.draw(st.integers(0, 3)))

    def _all(self, depth: int) -> Wait:
        return Wait(self._name(), "parallelMultiple")

    def _link(self, depth: int) -> Link:
        return Link(self._name())

    def _links(self, depth: int) -> Links:
        branches = [self.any(depth) for _ in range(self.draw(st.integers(2, 3)))]
        return Links(self._name(), branches, self.draw(st.none() | st.integers(0, len(branches) - 1)))

    def _done(self, depth: int) -> Done:
        return Done(self._name(), self.one_of(*AT_ONCE))

    def _decided(self, depth: int) -> Decided:
        return Decided(self._name())

    # --- data

    def _stored(self, depth: int) -> Stored:
        return Stored(self._name())

    def _awaited(self, depth: int) -> Awaited:
        giver = self.one_of("task", "userTask", "serviceTask", "receiveTask", "message")
        when = self.one_of("first", "meanwhile", "edge")
        return Awaited(self._name(), self.any(depth), self.one_of(*KINDS), giver, when)

    def _collected(self, depth: int) -> Collected:
        return Collected(self._name(), self.any(depth), self.draw(st.integers(0, 3)), self.is_so())

    def _condition(self, depth: int) -> Condition:
        return Condition(self._name(), self.any(depth), self.any(depth), self.is_so())

    # --- the flow

    def _sequence(self, depth: int) -> Sequence_:
        return Sequence_([self.any(depth) for _ in range(self.draw(st.integers(1, 3)))])

    def _fork(self, depth: int) -> Fork:
        kind = self.one_of(*GATEWAYS)
        branches = [self.any(depth) for _ in range(self.draw(st.integers(2, 3)))]
        numbers = st.integers(0, len(branches) - 1)
        some: st.SearchStrategy[set[int]] = st.sets(numbers, min_size=1)
        if kind in ("parallelGateway", "flows"):
            some = st.just(set(range(len(branches))))
        if kind == "exclusiveGateway":
            some = numbers.map(lambda number: {number})
        return Fork(self._name(), kind, branches, frozenset(self.draw(some)))

    def _loop(self, depth: int) -> Loop:
        return Loop(self._name(), self.any(depth), self.draw(st.integers(1, 3)), self.is_so())

    def _lots(self, depth: int) -> Lots:
        return Lots(self._name(), Sub(self.any(depth), count=1), self.draw(st.integers(1, 3)))

    def _race(self, depth: int) -> Race:
        kinds = self.draw(
            st.sampled_from([CATCH, ["receiveTask", "signal", "timer", "timeDate"]])
        )  # §10.6.6: not mixed
        waits = [Wait(self._name(), self.one_of(*kinds)) for _ in range(self.draw(st.integers(2, 3)))]
        branches = [(wait, self.any(depth - 1) if depth > 0 else self._wait(0)) for wait in waits]
        return Race(branches, self.draw(st.integers(0, len(branches) - 1)))

    # --- sub-processes

    def _sub(self, depth: int) -> Sub:
        turns = self.draw(st.none() | st.integers(0, 3))
        handled = self.draw(st.integers(0, 2)) if turns is None else 0
        body = self.any(depth)
        return Sub(
            Sequence_([self._wait(0), body]) if handled else body,  # something to wait for, so that it can be asked
            handler=self.any(0) if handled else None,
            handled=handled,
            name=self._name(),
            turns=turns,
            test_before=turns is not None and self.is_so(),
            counted=self.is_so(),
        )

    def _many(self, depth: int) -> Sub:
        count_, sequential = self.draw(st.integers(0, 3)), self.is_so()
        enough = self.draw(st.none() | st.integers(1, count_)) if count_ else None
        return Sub(
            # What is cancelled must not have come half its way.
            self.any(depth) if enough is None or sequential else Wait(self._name()),
            count_,
            sequential,
            name=self._name(),
            each=self._wait(0) if self.is_so() else None,
            behavior=self.one_of("None", "One", *(["Complex", "Complex"] if enough else [])),
            enough=enough,
        )

    def _ended(self, depth: int) -> Ended:
        return Ended(self._name(), self.any(depth), self.one_of("message", "signal", "escalation", "multiple"))

    # --- events at the edge, or in an event sub-process

    def _bounded(self, depth: int) -> Bounded:
        times = self.draw(st.integers(0, 1))
        kinds = ["timer", "message", "signal", *([] if times else ["multiple"])]  # each of several would come by itself
        return Bounded(
            self._name(),
            self.one_of("userTask", "serviceTask"),
            boundary=self.one_of(*kinds),
            times=times,
            after=self.any(0) if self.is_so() else None,
        )

    def _interrupted(self, depth: int) -> Interrupted:
        kind, is_inside = self.one_of(*EARLY, "cancel", "terminate"), self.is_so()
        never = self.draw(st.sampled_from([self._wait, self._never_ends]))(0)
        any_code = kind == "error" and self.is_so()
        return Interrupted(self._name(), self.any(depth), never, self.any(0), kind, is_inside, any_code)

    def _among(self, depth: int) -> Interrupted:
        kind, is_inside = self.one_of(*AMONG), self.is_so()
        others = self.one_of("before", "never", *(["after"] if kind == "escalationAmong" else []))
        any_code = kind == "errorAmong" and self.is_so()
        doing, never, after = self.any(depth), self._wait(0), self.any(0)
        return Interrupted(self._name(), doing, never, after, kind, is_inside, any_code, others)

    def _never_ends(self, depth: int) -> Sub:
        return Sub(self._wait(0), self.draw(st.integers(1, 3)), name=self._name())

    def _beside(self, depth: int) -> Beside:
        kind, times = self.one_of(*ALONGSIDE), self.draw(st.integers(1, 2))
        return Beside(self._name(), self.any(depth), self.any(0), kind, self.is_so(), times, self.is_so())

    # --- compensation

    def _undoable(self, depth: int) -> Undoable:
        return Undoable(self._name(), self.one_of("userTask", "serviceTask", "receiveTask"))

    def _undoing(self, depth: int) -> Undoing:
        return Undoing(self._name(), self.any(depth), self.any(0))

    def _undo(self, depth: int) -> Undo:
        done = self.draw(st.sampled_from([self._undoable, self._undoing]))(max(depth, 1))
        kind = self.one_of("intermediateThrowEvent", "endEvent")
        return Undo(self._name(), Sequence_([done, self.any(depth)]), kind, named=self.is_so(), among=self.is_so())

    # --- what goes wrong, and what others do

    def _trouble(self, depth: int) -> Trouble:
        kind = self.one_of(*TROUBLES)
        ways = [way for way in ("retry", "skip") if kind not in {"retry": NOT_RETRIED, "skip": NOT_SKIPPED}[way]]
        return Trouble(self._name(), kind, self.one_of(*ways))

    def _wrong(self, depth: int) -> Wrong:
        kind = self.one_of("userTask", "serviceTask", "callActivity")
        return Wrong(self._name(), kind, climbs=self.is_so())

    def _escalating(self, depth: int) -> Escalating:
        return Escalating(self._name(), "callActivity", times=self.draw(st.integers(1, 2)), interrupting=self.is_so())

    def _conversation(self, depth: int) -> Conversation:
        kind, size = self.one_of("sendTask", "intermediateThrowEvent"), self.draw(st.integers(1, 3))
        return Conversation(self._name(), size, self.is_so(), self.draw(st.integers(1, 2)), kind, self.is_so())

    def _told(self, depth: int) -> Told:
        return Told(self._name())

    # --- ad hoc

    def _chosen(self, depth: int) -> Chosen:
        activities = [
            (self._activity(depth), self.draw(st.integers(1, 2))) for _ in range(self.draw(st.integers(2, 3)))
        ]
        event = self.draw(st.sampled_from([None, "message", "signal", "timeCycle", "multiple"]))
        behind = self._activity(depth, later=True) if event and self.is_so() else None
        gathered = behind is not None and self.is_so()
        return Chosen(
            self._name(), activities, self.is_so(), self.is_so(), self.is_so(), event, behind=behind, gathered=gathered
        )

    def _activity(self, depth: int, later: bool = False) -> Wait | Sub:
        if self.is_so():
            return Sub(self.any(depth - 1), count=1)  # begun twice, each has its own variables
        return Wait(self._name(), self.one_of(*KINDS), later=later and self.is_so())


@st.composite
def blocks(draw: st.DrawFn, first: Sequence[str] = ()) -> Block:
    """`first`: the kinds of which one comes first."""
    drawn = Blocks(draw)
    begin = [drawn.of(draw(st.sampled_from(first)), 2)] if first else []
    return Sequence_([*begin, *(drawn.any(3) for _ in range(draw(st.integers(1, 4))))])


@st.composite
def ways(draw: st.DrawFn) -> Way:
    kinds = [
        "none",
        "message",
        "signal",
        "timer",
        "timeDate",
        "timeCycle",
        "multiple",
        "receiveTask",
        "exclusive",
        "parallel",
        "conversation",
        "store",
    ]
    kind = draw(st.sampled_from(kinds))
    other = draw(st.sampled_from(["other", "signal", "timer"] if kind == "exclusive" else ["other"]))
    undoing = draw(st.sampled_from([None, None, "userTask", "serviceTask", "message", "timer"]))
    return Way(kind, other, Wait("undoing", undoing) if undoing else None)


Move = Input
"""What the player does: a wait ends, an incident is dealt with, something begins in an ad-hoc sub-process, …"""
TOO_LONG = 5_000
"""More than any of them has to do."""
PATIENCE = 3
"""So often somebody does what comes to nothing."""


class Player:
    """Takes two cases along one path: one of the graph as it was drawn; one of what the reader makes of it, which goes
    through JSON, with a graph of its own, before every step."""

    def __init__(self, block: Block, way: Way | None = None, steps: int = MANY) -> None:
        way = way or Way()
        self.graph, at, passed = process_by(block, way)
        self.steps, self.patience = steps, PATIENCE
        self.source = written(self.graph)
        found = [str(finding) for finding in check({"p.bpmn": self.source, **FILES}) if finding.is_error]
        assert not found, "\n".join(found)
        (graph,) = read(self.source, name="p.bpmn").graphs
        payload = SETS_KEY if way.kind == "conversation" else {}
        more: dict[str, Any] = {"at": at, "payload": payload if at else None, "files": FILES}
        more["limits"] = Limits(steps=steps)
        self.straight = Case(lambda: self.graph, {}, **more)
        self.restored = Case(lambda: replace(graph), {}, restored=True, **more)  # its parts are immutable
        self.rules = block.rules()
        self.rules.keys["sist"] = "nr"
        self.made: Counter[str] = Counter()
        self.foretold = +passed
        self.left = Counter(self.foretold)
        self.begun: Counter[tuple[int, str]] = Counter()
        self.come: Counter[tuple[int, str]] = Counter()
        self.met: set[int] = set()
        self._note()

    @property
    def runs(self) -> dict[str, Any]:
        return self.straight.state["runs"]

    def name(self, wait: int) -> str:
        return self.graph.nodes[self.straight.open[wait].element].name

    # --- what may come next, so that in the end all has come that must

    def ready(self) -> list[Move]:
        stopped = [wait for wait in self.straight.incidents if self._is_stopped(wait)]
        if stopped:  # the budget of steps was used up: where that is, is nothing that the blocks know of
            return [Move("retry", wait) for wait in stopped]
        moves: list[Move] = []
        for wait, opened in self.straight.open.items():
            if isinstance(opened, AdHocOpened):
                moves += self._choices(wait)
            elif self._stores(wait):
                moves += self._looks(wait)
            elif self._may(wait):
                moves += self._takes(wait, opened)
        for wait in self.straight.incidents:
            moves += self._helps(wait)
        return moves

    def _is_stopped(self, wait: int) -> bool:
        incident = self.straight.incidents[wait]
        return "trouble" not in self._marks(incident.element) or "to come to rest" in incident.message_en

    def _takes(self, wait: int, opened: Change) -> Iterator[Move]:
        name = self.name(wait)
        kind = "complete" if isinstance(opened, WORK) else "trigger"
        is_begun = self.runs[str(wait)]["open"] != "go_on"
        if name in self.rules.fails and is_begun:
            yield Move("fail", wait, code=name, message="fel")
        elif name in self.rules.escalates and self.left[f"{name}!"]:
            yield Move("escalate", wait, code=name) if is_begun else Move(kind, wait)
        else:
            yield Move(kind, wait, self.rules.gives.get(name, {}))
            if (isinstance(opened, CaseCalled) or not wait % 2) and self._is_the_same_skipped(wait):
                yield Move("skip", wait)

    def _is_the_same_skipped(self, wait: int) -> bool:
        """Somebody may as well let it go on without: unless something would be missing, or more would be passed by."""
        node, run = self.graph.nodes[self.straight.open[wait].element], self.runs[str(wait)]
        return not (node.outputs or node.data or "rule" in run or run["open"] == "go_on")

    def _marks(self, element: str) -> Mapping[str, str]:
        return self.graph.nodes[element].properties

    def _helps(self, wait: int) -> Iterator[Move]:
        """What can be done about an incident: helped past, or tried again, also in vain."""
        marks = self._marks(self.straight.incidents[wait].element)
        mended = self._seen(wait)[f"m_{marks['trouble']}"]
        if marks["way"] == "skip":
            yield Move("skip", wait, {f"x_{marks['trouble']}": 7, **self._decides(wait, marks)})
        if self.patience or (marks["way"] == "retry" and mended not in (None, TOO_MUCH)):
            yield Move("retry", wait)

    def _decides(self, wait: int, marks: Mapping[str, str]) -> dict[str, Any]:
        """At a gateway, and as an instance ends, conditions decide what comes next, with what is given."""
        element = self.graph.nodes[self.straight.incidents[wait].element]
        return {f"m_{marks['trouble']}": 6} if "Gateway" in element.kind or marks["kind"] == "completion" else {}

    def _seen(self, wait: int) -> dict[str, Any]:
        return variables_at(self.graph, self.straight.state, wait)

    def _stores(self, wait: int) -> list[str]:
        """The data stores into which a wait looks."""
        event = self.graph.nodes[self.straight.open[wait].element].event
        return list(event.stores.values()) if event else []

    def _looks(self, wait: int) -> Iterator[Move]:
        """Another case writes to a data store: all who wait for that are ready for it."""
        (store,) = self._stores(wait)
        waiting = [one for one in self.straight.open if self._stores(one) == [store] and one not in self.met]
        if waiting and all(map(self._may_look, waiting)):
            yield Move("look", given={store: 1})
        if self.patience and self.straight.stores[store] == 0:
            yield Move("look", given={store: 2})

    def _may_look(self, wait: int) -> bool:
        name = self.name(wait)
        if name in self.rules.last:
            return self._nothing_left_in(self.runs[str(wait)]["on"]) and not self._must_wait(wait)
        return not self._must_wait(wait) or name in self.rules.first

    def _may(self, wait: int) -> bool:
        name = self.name(wait)
        if getattr(self.straight.open[wait], "kind", "") in ("condition", "data") or name in self.rules.never:
            return False  # the case itself will give it, or nobody
        if self._is_too_early(wait, name) or self._has_come(wait):
            return False
        if self._would_miss_a_cycle(wait):
            return False
        if name in self.rules.first:
            return self.left[name] > 0
        if name in self.rules.last and not self._nothing_left_in(self.runs[str(wait)]["on"]):
            return False
        return not self._must_wait(wait)

    def _is_too_early(self, wait: int, name: str) -> bool:
        """What it is to be given is not there, or what must come before it has not all come."""
        if self.runs[str(wait)]["open"] == "go_on":
            return False
        lacks = name in self.rules.takes and self.rules.takes[name] not in self._seen(wait)
        gate = self.rules.gated.get(name)
        return lacks or (gate is not None and gate in map(self.name, self._listeners(wait)))

    def _has_come(self, wait: int) -> bool:
        """As often as it is to come where it is."""
        at, on = self.straight.open[wait].element, self.runs[str(wait)].get("on")
        return "comes" in self._marks(at) and self.come[on or 0, at] >= int(self._marks(at)["comes"])

    def _would_miss_a_cycle(self, wait: int) -> bool:
        """Of the firings of a cycle that lie behind, only one comes: the clock goes from one to the next."""
        opened = self.straight.open
        due = opened[wait].due if isinstance(opened[wait], TimerSet) else self.straight.now
        cycles = (number for number in opened if "rule" in self.runs[str(number)])
        return any(opened[cycle].due < due for cycle in cycles)

    def _choices(self, wait: int) -> list[Move]:
        if self._must_wait(wait):
            return []
        element = self.graph.nodes[self.straight.open[wait].element]
        moves: list[Move] = [Move("begin", wait, at=one) for one in self._offered(wait) if self._to_begin(wait, one)]
        inside = [node.id for node in self.graph.nodes.values() if node.scope == element.id]
        is_done = not any(self._to_begin(wait, one) for one in inside)
        if is_done and element.ad_hoc and not element.ad_hoc.completion and self._nothing_left_in(wait):
            moves.append(Move("end", wait))
        return moves

    def _offered(self, wait: int) -> list[str]:
        case = self.straight
        work = ad_hoc_work(self.graph, case.state, case._environment(), wait)
        return [one.element for one in work.activities] if work else []

    def _to_begin(self, wait: int, activity: str) -> bool:
        return self.begun[wait, activity] < int(self.graph.nodes[activity].properties.get("times", 0))

    def _must_wait(self, wait: int) -> bool:
        """What must come beside something comes before that goes on."""
        names = (self.name(one) for one in self._listeners(wait) if one not in self.met)
        return any(name in self.rules.first and self.left[name] > 0 for name in names)

    def _listeners(self, wait: int) -> Iterator[int]:
        """Those that wait on what is around."""
        number = self.runs[str(wait)].get("on", wait)
        while number:
            yield from (one for one in self.runs[str(number)].get("watch", ()) if one in self.straight.open)
            number = self.runs[str(number)]["scope"]

    def _nothing_left_in(self, holder: int) -> bool:
        if any(holder in self._around(wait) for wait in self.straight.incidents):
            return False
        for wait in self.straight.open:
            name, on = self.name(wait), self.runs[str(wait)].get("on")
            counts = name not in self.rules.never and (name not in self.rules.first or self.left[name] > 0)
            if counts and wait != holder and on != holder and holder in self._around(wait):
                return False
        return True

    def _around(self, number: int) -> Iterator[int]:
        while number:
            yield number
            run = self.runs[str(number)]
            number = run["on"] if "on" in run else run["scope"]

    # --- it comes

    def saved(self, move: Move) -> dict[str, Any]:
        """The case as it is, and what comes next, as JSON."""
        case, stores = self.straight, deepcopy(self.straight.stores)
        if move.kind == "look":
            stores |= move.given
        asked = {"input": asdict(move), "now": self._time_of(move).isoformat(), "steps": self.steps}
        return {**asked, "state": deepcopy(case.state), "stores": stores}

    def _time_of(self, move: Move) -> datetime:
        opened = self.straight.open.get(move.wait)
        if isinstance(opened, TimerSet) and move.kind == "trigger":
            return max(self.straight.now, opened.due)
        return self.straight.now

    def make(self, move: Move) -> None:
        now, helped = self._time_of(move), self.straight.incidents.get(move.wait) if move.kind == "skip" else None
        self.made[self._called(move)] += 1
        if move.wait in self.straight.open:
            run = self.runs[str(move.wait)]
            self.come[run.get("on", 0), run["at"]] += 1
        for case in (self.straight, self.restored):
            case.now = now
            if move.kind == "look":
                case.stores |= move.given
            case.step(lambda graph, state, env: move.play(graph, state, env))
        if helped:  # whatever it could not evaluate is not asked again
            assert helped.element in {one.element for one in self.straight.last if isinstance(one, ElementPassed)}
        if move.kind == "begin":
            self.begun[move.wait, move.at or ""] += 1
        self._note()

    def _called(self, move: Move) -> str:
        """What is done, and to what: for the test that holds the generator to all of it."""
        incident, opened = self.straight.incidents.get(move.wait), self.straight.open.get(move.wait)
        if incident and move.kind in ("retry", "skip"):
            kind = "steps" if self._is_stopped(move.wait) else self._marks(incident.element)["kind"]
            return f"{move.kind}: {kind}"
        if opened and move.kind in ("fail", "escalate", "skip"):
            return f"{move.kind}: {type(opened).__name__}"
        return move.kind

    def _note(self) -> None:
        assert self.straight.state == self.restored.state
        assert self.straight.last == self.restored.last
        assert self.straight.stores == self.restored.stores
        self.left -= Counter(self._names(self.straight.last))
        self.patience -= any(isinstance(one, IncidentRaised) for one in self.straight.last) and self.patience > 0
        closed = self.straight.found(WaitClosed)
        self.met |= {one.wait for one in closed if one.kind == "condition" and one.outcome == "completed"}
        for wait in self.straight.found(WaitOpened):
            variable = self.rules.keys.get(self.graph.nodes[wait.element].name)
            if variable and wait.wait in self.straight.open:
                assert wait.key == str(self._seen(wait.wait)[variable])

    def _names(self, changes: list[Change]) -> Iterator[str]:
        for change in changes:
            if isinstance(change, ElementPassed) and change.outcome == "completed":
                yield self.graph.nodes[change.element].name

    def play(self, choose: Callable[[list[Move]], Move], after: Callable[[], None] = lambda: None) -> None:
        self._play(choose, after)
        assert self.straight.outcome == "completed"
        if self.straight.ended and self.straight.ended.undoable:
            self.straight.compensate()
            self.restored.compensate()
            self.made["compensate"] += 1
            self._note()
            self._play(choose, after)
            assert self.straight.outcome == "compensated"
        assert not self.straight.incidents
        passed = Counter(self._names(self.straight.changes))
        del passed[""]
        assert passed == self.foretold

    def _play(self, choose: Callable[[list[Move]], Move], after: Callable[[], None]) -> None:
        while self.straight.ended is None:
            ready = self.ready()
            assert ready, f"nothing can happen, but {[(self.name(wait), wait) for wait in self.straight.open]} wait"
            self.make(choose(ready))
            after()
            assert self.made.total() < TOO_LONG, self.made


WORK = TaskOpened | JobAdded | CaseCalled


budgets = st.sampled_from([MANY, MANY, 40, 12, 6])
"""Steps in one go: with few of them tokens are stopped wherever they are. Three leave an activity at once."""


def test_every_process_does_what_it_must_and_ends() -> None:
    """And on the way all is done that can be done to a case, short of ending it."""
    made: Counter[str] = Counter()

    @examples(120)
    @given(blocks() | blocks(RARE), ways(), budgets, st.data())
    def play(block: Block, way: Way, steps: int, data: st.DataObject) -> None:
        player = Player(block, way, steps)
        player.play(lambda ready: data.draw(st.sampled_from(ready)))
        made.update(player.made)

    play()
    asked = {"ad_hoc_work", "root_variables", "variables_at", "start", "cancel"}
    acts = {name.removesuffix("_activity") for name in machine.__all__ if name.islower()} - asked
    assert sorted(acts - {one.split(":")[0] for one in made}) == []
    assert sorted(DONE_TO - made.keys()) == []


RARE = ("wrong", "escalating", "trouble", "conversation")
"""What one process in two begins with: acts that nothing else asks for come with it."""
DONE_TO = {
    *("fail: TaskOpened", "fail: JobAdded", "fail: CaseCalled", "escalate: CaseCalled", "retry: steps"),
    *(f"skip: {opened}" for opened in ("TaskOpened", "JobAdded", "CaseCalled", "TimerSet", "WaitOpened")),
}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    other = Elsewhere()
    yield other
    other.close()


@examples(10, suppress_health_check=[HealthCheck.too_slow])
@given(blocks(), ways(), budgets, st.data())
def test_saved_and_loaded_in_a_new_process_after_every_step(
    elsewhere: Elsewhere, block: Block, way: Way, steps: int, data: st.DataObject
) -> None:
    """Each step is made twice: here, and by an operating-system process that is started for it."""
    player = Player(block, way, steps)
    processes: set[int] = set()
    while player.straight.ended is None:
        move = data.draw(st.sampled_from(player.ready()))
        asked = {"source": player.source.decode(), **player.saved(move)}
        player.make(move)
        answer = elsewhere.play(asked)
        assert answer["state"] == json.loads(json.dumps(player.straight.state))
        assert answer["told"] == told(player.straight.last)
        assert answer["process"] not in processes
        processes.add(answer["process"])


# --- what is drawn ---------------------------------------------------------------------------------------------------


def marks(graph: Graph) -> Iterator[str]:
    """What a process is made of: the constructs by which stored cases are collected, and what those do not tell."""
    yield from constructs(graph)
    for node in graph.nodes.values():
        how = node.ad_hoc
        if how:
            yield f"ad hoc, {'sequential' if how.is_sequential else 'parallel'}"
            yield f"ad hoc, until {'a condition' if how.completion else 'somebody says so'}"
        if node.ad_hoc is None and "times" in node.properties and node.incoming:
            yield "ad hoc, with a flow"
        if node.event:
            yield from (f"{mark} event" for mark in ("key", "name") if getattr(node.event, mark))
            yield (
                f"compensate, {'by name' if node.event.name else 'all'}" if node.event.kind == "compensate" else "event"
            )
        if node.standard_loop:
            yield f"standard loop, {'before' if node.standard_loop.test_before else 'after'}"
            yield f"standard loop, {'maximum' if node.standard_loop.maximum else 'condition'}"
        if node.decision:
            yield "decision table"
        if node.instantiate:
            yield f"{node.kind}, instantiating{', parallel' if node.parallel else ''}"
        if "trouble" in node.properties:
            yield f"{node.properties['kind']} in trouble"
            yield f"in trouble: {node.properties['way']}"
        for event in node.event.triggers if node.event else ():
            if event.correlation:
                yield f"correlation by {'context' if event.correlation.expected else 'key'} at a {node.kind}"
            if event.stores:
                beside = "" if node.interrupting else ", beside"
                yield f"{node.kind}: condition on a data store{beside}"
        if node.attached_to and node.event and node.event.kind in ("error", "escalation"):
            yield f"{node.event.kind} of a {graph.nodes[node.attached_to].kind}"
        if node.event and node.event.kind == "parallelMultiple":
            beside = "" if node.interrupting else ", beside"
            inside = (one.kind for one in node.event.parts if one.kind in ("error", "escalation"))
            yield from (f"{kind} among all at a {node.kind}{beside}" for kind in inside)
        before = [graph.nodes[flow.source] for flow in node.incoming]
        if node.scope in graph.nodes and graph.nodes[node.scope].ad_hoc and any("Event" in one.kind for one in before):
            yield f"ad hoc, {'gathered ' if node.start_quantity > 1 else ''}behind an event"
        if "absent" in node.properties:
            yield "condition on what is not there"
        yield from _given(node)
        if node.kind in TASKS and len(node.outgoing) > 1:
            yield f"{'conditional' if node.outgoing[0].condition else 'plain'} flows without a gateway"
    yield from _linked(graph)
    yield from (f"{one.kind} of {'the process' if one.scope == graph.key else 'a sub-process'}" for one in graph.data)
    if graph.stores:
        yield "data store"


def _given(node: Node) -> Iterator[str]:
    """Data that it waits for, takes while it is under way, or gets from outside."""
    for one in node.data.input_sets if node.data else ():
        if one.late or one.required:
            yield f"data {'during' if one.late else 'before'} a {node.kind}"
    if node.data and node.data.outputs:
        yield f"data from a {node.kind}"


def _linked(graph: Graph) -> Iterator[str]:
    """How links lead."""
    scopes: dict[str, set[str]] = {}
    for node in graph.nodes.values():
        if node.event and node.event.kind == "link" and node.incoming:
            scopes.setdefault(node.event.name or "", set()).add(node.scope)
            if node.kind == "intermediateCatchEvent":
                yield f"{'several links' if len(node.incoming) > 1 else 'one link'} to a place"
    if any(len(some) > 1 for some in scopes.values()):
        yield "a link of the same name in two scopes"


OURS = {
    *(f"ad hoc, {how}" for how in ("sequential", "parallel", "until a condition", "until somebody says so")),
    *("ad hoc, with a flow", "compensate, all", "compensate, by name", "key event", "decision table", "data store"),
    *(f"standard loop, {how}" for how in ("before", "after", "maximum", "condition")),
    *("receiveTask, instantiating", "eventBasedGateway, instantiating", "eventBasedGateway, instantiating, parallel"),
    *("conditional flows without a gateway", "plain flows without a gateway"),
    *("dataObject of the process", "dataObject of a sub-process"),
    *(f"{kind} in trouble" for kind in TROUBLES),
    *("in trouble: retry", "in trouble: skip"),
    *(f"correlation by {how} at a {at}" for how in ("key", "context") for at in ("sendTask", "receiveTask")),
    *("correlation by key at a startEvent", "correlation by key at a intermediateThrowEvent"),
    *(f"{at}: condition on a data store" for at in ("startEvent", "intermediateCatchEvent", "boundaryEvent")),
    *(f"{at}: condition on a data store, beside" for at in ("startEvent", "boundaryEvent")),
    *(f"error of a {host}" for host in ("userTask", "serviceTask", "callActivity", "subProcess")),
    *("escalation of a callActivity", "escalation of a subProcess"),
    *("error among all at a boundaryEvent", "error among all at a startEvent"),
    *(f"escalation among all at a {at}{how}" for at in ("boundaryEvent", "startEvent") for how in ("", ", beside")),
    *("ad hoc, behind an event", "ad hoc, gathered behind an event", "condition on what is not there"),
    *(f"data {how} a {kind}" for how in ("before", "during") for kind in ("userTask", "serviceTask", "receiveTask")),
    *(f"data from a {kind}" for kind in ("userTask", "serviceTask", "receiveTask", "intermediateCatchEvent")),
    *("several links to a place", "one link to a place", "a link of the same name in two scopes"),
}


def test_all_elements_are_mixed() -> None:
    """Each construct that the tests of elements draw is drawn here too, so that nothing is left out that is added."""
    drawn: set[str] = set()
    wanted = OURS.copy()
    for diagram in DIAGRAMS:
        for graph in read(diagram.read_bytes(), name=diagram.name).graphs:
            wanted |= constructs(graph)

    @examples(300, database=None, phases=[Phase.generate])
    @given(blocks(), ways())
    def draw(block: Block, way: Way) -> None:
        drawn.update(marks(process_by(block, way)[0]))

    for number in range(10):  # what is rare comes sooner or later; what is left out never does
        seed(number)(draw)()
        if wanted <= drawn:
            break
    assert sorted(wanted - drawn) == []
