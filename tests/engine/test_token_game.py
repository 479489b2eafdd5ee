"""A small token game as the model of the engine: whatever is done to a case, both have the same work open.

Written from chapter 13 of BPMN 2.0.2 without a look at the machine: tokens wait at nodes or on the flows into a join; a
token moves until it waits. Flat processes: exclusive, inclusive and parallel gateways, user tasks, messages, timers,
boundary events, loops. The real house stands beside it, on SQLite, with commands, worker, clock and restarts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from engine import (
    CancelCase,
    ClaimTask,
    CompleteTask,
    Conflict,
    Deploy,
    Engine,
    PublishMessage,
    ResumeCase,
    StartCase,
    SuspendCase,
    TasksOf,
    VerifyHistory,
    Worker,
    db,
)
from engine.bpmn.model import Graph
from tests.bpmn.builder import Block, Bounded, Fork, Loop, Sequence_, Wait, process
from tests.bpmn.test_random_processes import Blocks
from tests.bpmn.written import written
from tests.engine.house import House, Outbox
from tests.examples import examples

STOCKHOLM = ZoneInfo("Europe/Stockholm")


class Game:
    """Where the tokens are. `waiting`: nodes that hold one; `joins`: (join, flow) that does; `vars`: for conditions."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        self.waiting: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.joins: Counter[tuple[str, str]] = Counter()
        self.vars: dict[str, Any] = {}
        self.leave(next(node.id for node in graph.nodes.values() if node.kind == "startEvent"))
        self.settle()

    def leave(self, node: str) -> None:
        flows = self.nodes[node].outgoing
        if self.nodes[node].kind in ("exclusiveGateway", "inclusiveGateway"):
            held = [flow for flow in flows if flow.condition and self._is_true(flow.condition.source)]
            plain = [flow for flow in flows if not flow.condition and flow.id != self.nodes[node].default]
            chosen = held + plain or [flow for flow in flows if flow.id == self.nodes[node].default]
            flows = tuple(chosen[:1] if self.nodes[node].kind == "exclusiveGateway" else chosen)
        for flow in flows:
            self._arrive(flow.target, flow.id)

    def _is_true(self, condition: str) -> bool:
        return bool(eval(condition, {}, self.vars))

    def _arrive(self, node: str, flow: str) -> None:
        at = self.nodes[node]
        if at.kind in ("parallelGateway", "inclusiveGateway") and len(at.incoming) > 1:
            self.joins[node, flow] += 1
        elif at.kind in ("userTask", "intermediateCatchEvent"):
            self.waiting[node] += 1
        elif at.kind != "endEvent":
            if at.script:
                exec(at.script.source, {}, self.vars)
            self.leave(node)

    def settle(self) -> None:
        """Joins that need not wait any longer let a token through."""
        while ready := next((node for node in {node for node, _ in +self.joins} if self._is_ready(node)), None):
            for flow in self.nodes[ready].incoming:
                self.joins[ready, flow.id] -= self.joins[ready, flow.id] > 0
            self.leave(ready)

    def _is_ready(self, node: str) -> bool:
        empty = [flow for flow in self.nodes[node].incoming if not self.joins[node, flow.id]]
        if self.nodes[node].kind == "parallelGateway":
            return not empty
        places = [*+self.waiting, *(join for join, _ in +self.joins if join != node)]
        return not any(self._reaches(place, flow.id, node) for place in places for flow in empty)

    def _reaches(self, start: str, flow: str, around: str) -> bool:
        seen, todo = {start}, [start]
        while todo:
            now = todo.pop()
            ways = [
                *self.nodes[now].outgoing,
                *(f for edge in self.nodes[now].boundary for f in self.nodes[edge].outgoing),
            ]
            if any(way.id == flow for way in ways):
                return True
            new = {way.target for way in ways} - seen - {around}
            seen |= new
            todo += new
        return False

    def done(self, node: str) -> None:
        """What a token waited for at a node, or at its boundary, has come."""
        at = self.nodes[node]
        if at.attached_to is None:
            self.waiting[node] -= 1
            for edge in at.boundary:  # nobody listens any more
                self.fired[edge] = min(self.fired[edge], self.waiting[node])
        elif at.interrupting:
            self.waiting[at.attached_to] -= 1
        else:
            self.fired[node] += 1
        self.leave(node)
        self.settle()

    def expecting(self, kind: str) -> list[str]:
        """The nodes, with those at the boundary, that wait for a message or timer; a timer fires once."""
        found = []
        for node in +self.waiting:
            for one in (node, *self.nodes[node].boundary):
                event = self.nodes[one].event
                spent = self.fired[one] if kind == "timer" else 0
                if event and event.kind == kind:
                    found += [one] * (self.waiting[node] - spent)
        return found

    @property
    def open(self) -> Counter[str]:
        return +Counter({node: n for node, n in self.waiting.items() if self.nodes[node].kind == "userTask"})

    @property
    def is_over(self) -> bool:
        return not +self.waiting and not +self.joins


@dataclass
class Flat(Blocks):
    """Blocks without scopes."""

    def any(self, depth: int) -> Block:
        kinds: list[Callable[[int], Block]] = [self._plain, self._edged]
        if depth > 0:
            kinds += [self._sequence, self._gateways, self._gateways, self._loop]
        return self.draw(st.sampled_from(kinds))(depth - 1)

    def _plain(self, depth: int) -> Wait:
        return Wait(self._name(), self.draw(st.sampled_from(["userTask", "userTask", "message", "timer"])))

    def _edged(self, depth: int) -> Bounded:
        kind, times = self.draw(st.sampled_from(["timer", "message"])), self.draw(st.integers(0, 1))
        return Bounded(self._name(), "userTask", boundary=kind, times=times, after=Wait(self._name()))

    def _gateways(self, depth: int) -> Fork:
        kind = self.draw(st.sampled_from(["parallelGateway", "exclusiveGateway", "inclusiveGateway"]))
        numbers = range(self.draw(st.integers(2, 3)))
        taken = self.draw(st.sets(st.sampled_from(numbers), min_size=1))
        few = {"parallelGateway": set(numbers), "exclusiveGateway": {min(taken)}}.get(kind, taken)
        return Fork(self._name(), kind, [self.any(depth) for _ in numbers], frozenset(few))

    def _loop(self, depth: int) -> Loop:
        return Loop(self._name(), self._plain(0), self.draw(st.integers(1, 3)))

    def _sequence(self, depth: int) -> Sequence_:
        return Sequence_([self.any(depth) for _ in range(self.draw(st.integers(2, 3)))])


@st.composite
def flat(draw: st.DrawFn) -> Graph:
    """Something follows on each join, else nobody would see when it lets a token through."""
    blocks = Flat(draw)
    return process(Sequence_([blocks._gateways(1), blocks._plain(0), blocks.any(2), blocks._plain(0)]))


class Commands(RuleBasedStateMachine):
    """Everything that can be done to a case."""

    house: House

    @initialize(graph=flat())
    def begin(self, graph: Graph) -> None:
        house = self.house
        house.do(Deploy({"p.bpmn": written(graph)}))
        self.graph, self.state, self.slept = graph, "active", False
        self.case = house.do(StartCase("process", {}))
        self.game = Game(graph)
        self.check()

    @precondition(lambda self: self.state == "active" and self.game.open)
    @rule(data=st.data(), claims=st.booleans())
    def complete(self, data: st.DataObject, claims: bool) -> None:
        task = data.draw(st.sampled_from([task for task in self.house.ask(TasksOf(self.case)) if task.state == "open"]))
        hanna = self.house.person("Hanna", "handlaggare")
        if claims:
            self.house.do(ClaimTask(task.id), hanna)
        self.house.do(CompleteTask(task.id, {}), hanna)
        self.game.done(task.element)
        self.check()
        with pytest.raises(Conflict):
            self.house.do(CompleteTask(task.id, {}), hanna)

    @precondition(lambda self: self.state == "active" and self.game.expecting("message"))
    @rule()
    def message(self) -> None:
        """One of those who wait gets it; which one is not ours to say."""
        assert self.house.do(PublishMessage("namn", None)) == self.case
        found = self._found()
        for receiver in self.game.expecting("message"):
            game = deepcopy(self.game)
            game.done(receiver)
            if (game.open, Counter(game.expecting("message")), game.is_over) == found:
                self.game = game
                break
        else:
            raise AssertionError(f"nobody who waited for a message can have got it: {found}")

    @precondition(lambda self: self.state != "cancelled")
    @rule()
    def a_day_later(self) -> None:
        # A day of the calendar, as P1D is one: 23 or 25 hours when the clocks change.
        tomorrow = self.house.clock.now().astimezone(STOCKHOLM) + timedelta(days=1)
        self.house.worker.live_until(tomorrow.astimezone(UTC), self.house.clock.set)
        if self.state == "active":
            self._timers_fire()
        self.slept = self.state == "suspended"
        self.check()

    def _timers_fire(self) -> None:
        """All are of a day, and days pass whole: each that is set has come due, and what it leads to has not."""
        for timer in self.game.expecting("timer"):
            if timer in self.game.expecting("timer"):
                self.game.done(timer)

    @precondition(lambda self: self.state in ("active", "suspended") and not self.game.is_over)
    @rule()
    def suspend_or_resume(self) -> None:
        ada = self.house.person("Ada", "admin")
        self.house.do(SuspendCase(self.case, "Paus") if self.state == "active" else ResumeCase(self.case), ada)
        self.state = "suspended" if self.state == "active" else "active"
        if self.state == "active" and self.slept:
            self.house.worker.live_until(self.house.clock.now(), self.house.clock.set)
            self._timers_fire()
            self.check()
            self.slept = False

    @rule()
    def restart(self) -> None:
        house = self.house
        house.engine.close()
        house.engine = Engine(house.url, house.clock)
        house.worker = Worker(house.engine, "again", Outbox())
        self.check()

    @precondition(lambda self: self.state == "active" and not self.game.is_over)
    @rule(sure=st.integers(0, 4))
    def cancel(self, sure: int) -> None:
        if not sure:
            self.house.do(CancelCase(self.case, "Fel"), self.house.person("Ada", "admin"))
            self.state = "cancelled"
            assert self._found()[0] == Counter()

    def check(self) -> None:
        if self.state != "cancelled":
            expected = self.game.open, Counter(self.game.expecting("message")), self.game.is_over
            assert self._found() == expected

    def _found(self) -> tuple[Counter[str], Counter[str], bool]:
        tasks = Counter(task.element for task in self.house.ask(TasksOf(self.case)) if task.state == "open")
        engine = db.create(self.house.url)
        with engine.connect() as connection:
            waits = connection.exec_driver_sql(f"SELECT element FROM wait WHERE case_id = {self.case}").scalars().all()
        engine.dispose()
        return tasks, Counter(waits), self.house.state(self.case) == "completed"

    def teardown(self) -> None:
        if hasattr(self, "case"):
            assert self.house.ask(VerifyHistory(self.case, replay=True)).first_bad is None
            if self.state != "cancelled" and not self.game.is_over:  # its messages are not for the next one
                self.house.do(CancelCase(self.case, "Slut"), self.house.person("Ada", "admin"))


def test_the_engine_and_the_token_game_agree(sqlite_url: str) -> None:
    class Here(Commands):
        # Some days before one of 25 hours.
        house = House(f"{sqlite_url}?synchronous=normal", datetime(2026, 10, 22, 8, tzinfo=UTC))

    run_state_machine_as_test(Here, settings=examples(25, stateful_step_count=15))
    Here.house.engine.close()
