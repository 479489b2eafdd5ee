"""SpiffWorkflow's run-time as a second opinion: where it is right both must do the same, where it is not we say so.

Random block-structured processes, as XML, with the elements it plays as BPMN says: tasks, exclusive, inclusive and
parallel gateways in pairs, loops by gateway, sub-processes, multi-instance by cardinality. Then the differences known,
each with its answer, ours, and the section of BPMN 2.0.2 that decides (design.md §5, peers.md §5).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from lxml import etree
from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import WorkflowException
from SpiffWorkflow.util.task import TaskState

from engine import Deploy, PublishMessage, StartCase
from engine.bpmn.changes import SignalThrown, TaskOpened
from engine.bpmn.checks import check
from engine.bpmn.machine import complete
from engine.bpmn.read import read
from engine.calendar import TimerRule
from tests.bpmn.builder import Block, Fork, Loop, Sequence_, Sub, Wait, process
from tests.bpmn.driver import Case
from tests.bpmn.test_random_processes import Blocks
from tests.bpmn.written import HEAD, written
from tests.engine.house import House
from tests.examples import examples


class Theirs:
    """A case on SpiffWorkflow's run-time."""

    def __init__(self, source: bytes, key: str = "process") -> None:
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(source))
        self.workflow = BpmnWorkflow(parser.get_spec(key), parser.get_subprocess_specs(key))
        self.done: Counter[str] = Counter()
        self.workflow.do_engine_steps()

    def ready(self) -> list[Any]:
        """To it a task without a kind is work for people; to the specification it is done at once (§13.3.3)."""
        while plain := [task for task in self._manual() if task.task_spec.bpmn_id.startswith("task")]:
            plain[0].run()
            self.workflow.do_engine_steps()
        return self._manual()

    def _manual(self) -> list[Any]:
        return [task for task in self.workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]

    def complete(self, task: Any) -> None:
        self.done[task.task_spec.bpmn_name or task.task_spec.bpmn_id] += 1
        task.run()
        self.workflow.do_engine_steps()

    def named(self) -> list[str]:
        """The names of the tasks that are ready."""
        return sorted(task.task_spec.bpmn_name or task.task_spec.bpmn_id for task in self.ready())

    def finish(self, choose: Callable[[list[Any]], Any]) -> None:
        while ready := self.ready():
            self.complete(choose(ready))

    @property
    def is_over(self) -> bool:
        return bool(self.workflow.is_completed())


class Ours:
    """The same on our machine."""

    def __init__(self, source: bytes, key: str = "process") -> None:
        reading = read(source, name="p.bpmn")
        assert not [finding for finding in reading.findings if finding.is_error], reading.findings
        graph = next(one for one in reading.graphs if one.key == key)
        self.case = Case(lambda: graph, {})
        self.done: Counter[str] = Counter()

    def ready(self) -> list[int]:
        return [wait for wait, change in self.case.open.items() if isinstance(change, TaskOpened)]

    def name(self, wait: int) -> str:
        change = self.case.open[wait]
        return str(change.name or change.element)

    def complete(self, wait: int) -> None:
        self.done[self.name(wait)] += 1
        self.case.step(lambda graph, state, env: complete(graph, state, env, wait, {}))

    def named(self) -> list[str]:
        return sorted(map(self.name, self.ready()))

    def finish(self, choose: Callable[[list[Any]], Any]) -> None:
        while ready := self.ready():
            self.complete(choose(ready))

    @property
    def is_over(self) -> bool:
        return self.case.ended is not None


# --- where it is right -----------------------------------------------------------------------------------------------


@dataclass
class Common(Blocks):
    """Blocks of what both can."""

    def any(self, depth: int) -> Block:
        kinds: list[Callable[[int], Block]] = [self._task]
        if depth > 0:
            kinds += [self._sequence, self._fork, self._loop, self._plain_sub]
        return self.draw(st.sampled_from(kinds))(depth - 1)

    def _task(self, depth: int) -> Wait:
        return Wait(self._name(), "userTask")

    def _fork(self, depth: int) -> Fork:
        kind = self.draw(st.sampled_from(["parallelGateway", "exclusiveGateway", "inclusiveGateway"]))
        numbers = range(self.draw(st.integers(2, 3)))
        branches = [self.any(depth) for _ in numbers]
        taken = {
            "parallelGateway": st.just(set(numbers)),
            "exclusiveGateway": st.sampled_from(numbers).map(lambda number: {number}),
            "inclusiveGateway": st.sets(st.sampled_from(numbers), min_size=1),
        }[kind]
        return Fork(self._name(), kind, branches, frozenset(self.draw(taken)))

    def _loop(self, depth: int) -> Loop:
        return Loop(self._name(), self.any(depth), self.draw(st.integers(1, 3)))  # links pass as none events there

    def _plain_sub(self, depth: int) -> Sub:
        return Sub(self.any(depth), self.draw(st.none() | st.integers(1, 3)), self.draw(st.booleans()))


@st.composite
def common(draw: st.DrawFn) -> Block:
    return Common(draw).any(2)


@examples(25)
@given(common(), st.data())
def test_both_do_the_same(block: Block, data: st.DataObject) -> None:
    source = written(process(block))
    theirs, ours = Theirs(source), Ours(source)
    for one in (ours, theirs):
        try:
            one.finish(lambda ready: ready[data.draw(st.integers(0, len(ready) - 1))])
        except AttributeError:
            assert one is theirs
            reject()  # `test_a_join_in_a_loop_to_which_tokens_come_in_another_order`
        assert one.is_over
    assert theirs.done == ours.done


def test_the_generator_draws_all_of_it() -> None:
    block = Sequence_(
        [
            Wait("a"),
            Fork("f", "parallelGateway", [Wait("b"), Loop("l", Wait("c"), 3)], frozenset({0, 1})),
            Fork("g", "inclusiveGateway", [Wait("d"), Wait("e"), Wait("f")], frozenset({0, 2})),
            Sub(Wait("h"), 3, sequential=True),
        ]
    )
    source = written(process(block))
    theirs, ours = Theirs(source), Ours(source)
    for one in (theirs, ours):
        one.finish(lambda ready: ready[-1])
        assert one.is_over
        assert one.done == Counter("abcccdf") + Counter({"h": 3})


# --- where it is not -------------------------------------------------------------------------------------------------


def drawn(inside: str, more: str = "") -> bytes:
    """A file with one process; a line `a -> b if condition` is a flow, called a-b (the second of that name a-b2)."""
    lines = []
    names: Counter[str] = Counter()
    for line in inside.strip().splitlines():
        ends, _, condition = line.partition(" if ")
        source, arrow, target = ends.strip().partition(" -> ")
        if not arrow:
            lines.append(line)
            continue
        name = f"{source}-{target}"
        names[name] += 1
        name += str(names[name]) if names[name] > 1 else ""
        flow = f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">'
        if condition:
            flow += f'<conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression>'
        lines.append(f"{flow}</sequenceFlow>")
    text = "\n".join(lines)
    return f'{HEAD}{more}<process id="process" isExecutable="true">{text}</process></definitions>'.encode()


TASK = '<userTask id="{0}" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" camunda:candidateGroups="hsf"/>'


def test_a_join_in_a_loop_to_which_tokens_come_in_another_order() -> None:
    """§13.4.1 knows no order. There the third turn meets what is left of the first."""
    source = written(process(Loop("l", Fork("f", "parallelGateway", [Wait("a"), Wait("b")], frozenset({0, 1})), 3)))
    theirs, ours = Theirs(source), Ours(source)
    order = ["b", "a", "a", "b", "a", "b"]
    for name in order:
        ours.complete(next(wait for wait in ours.ready() if ours.name(wait) == name))
    assert (ours.is_over, ours.done) == (True, Counter(order))
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'data'"):
        for name in order:
            theirs.complete(next(task for task in theirs.ready() if task.task_spec.bpmn_name == name))


def test_a_join_counts_flows_not_what_lies_before_them() -> None:
    """§13.4.1: a parallel gateway takes a token from each incoming flow. Two of them come from one gateway here."""
    source = drawn(
        """<startEvent id="s"/>
        <exclusiveGateway id="x" default="x-j2"/><parallelGateway id="j"/><endEvent id="e"/>
        s -> x
        x -> j if 1 == 1
        x -> j
        j -> e
        """
    )
    assert Theirs(source).is_over  # by one token
    ours = Ours(source)
    assert not ours.is_over
    assert ours.case.stuck_at == ["j"]


HANDLER = """<startEvent id="s"/>{a}<endEvent id="e"/>
<subProcess id="p" triggeredByEvent="true"><startEvent id="ps">{event}</startEvent>{h}<endEvent id="pe"/>
ps -> h
h -> pe
</subProcess>
s -> a
a -> e
"""


@pytest.mark.parametrize("event", ["errorEventDefinition", "escalationEventDefinition"])
def test_an_event_sub_process_runs_when_its_event_comes(event: str) -> None:
    """§13.5.4: it starts by its event and not before. Theirs begins it with the process."""
    kind = event.removesuffix("EventDefinition")
    more = f'<{kind} id="k" {kind}Code="fel" name="fel"/>'
    inside = HANDLER.format(a=TASK.format("a"), h=TASK.format("h"), event=f'<{event} {kind}Ref="k"/>')
    source = drawn(inside, more)
    assert Theirs(source).named() == ["a", "h"]
    assert Ours(source).named() == ["a"]


def test_so_many_tokens_as_a_start_quantity_says_begin_an_activity_together() -> None:
    """§13.3.2: startQuantity tokens are taken at once. Theirs does not read it."""
    task = TASK.format("b").replace('id="b"', 'id="b" startQuantity="2"')
    source = drawn(
        f"""<startEvent id="s"/><parallelGateway id="g"/>{task}<task id="task1"/><task id="task2"/><endEvent id="e"/>
        s -> g
        g -> task1
        g -> task2
        task1 -> b
        task2 -> b
        b -> e
        """
    )
    assert Theirs(source).named() == ["b", "b"]
    assert Ours(source).named() == ["b"]


def test_a_long_loop_comes_to_its_end() -> None:
    """§13.4.2: a loop by gateways turns as often as its condition says. Theirs stops without a word."""
    source = drawn(
        f"""<startEvent id="s"/><scriptTask id="n0" scriptFormat="trappa"><script>n = 0</script></scriptTask>
        <exclusiveGateway id="m"/><scriptTask id="n1" scriptFormat="trappa"><script>n = n + 1</script></scriptTask>
        <exclusiveGateway id="x" default="x-after"/>{TASK.format("after")}<endEvent id="e"/>
        s -> n0
        n0 -> m
        m -> n1
        n1 -> x
        x -> m if n &lt; 1000
        x -> after
        after -> e
        """
    )
    theirs = Theirs(source)
    assert theirs.ready() == []  # nothing to do, and nobody is told
    assert Ours(source).named() == ["after"]


def test_a_signal_end_event_throws() -> None:
    """§13.5.6, §10.5.6: an end event throws what it says. Theirs passes a signal end event as a plain one."""
    source = drawn(
        """<startEvent id="s"/><endEvent id="e"><signalEventDefinition signalRef="signal_namn"/></endEvent>
        s -> e
        """
    )
    theirs = Theirs(source)
    assert theirs.is_over
    assert theirs.workflow.get_events() == []
    assert [change.name for change in Ours(source).case.found(SignalThrown)] == ["namn"]


def test_a_compensation_event_compensates() -> None:
    """§10.7, §13.5.5: what was completed is undone by its handler. Theirs refuses the file or goes past."""
    handler = TASK.format("undo").replace('id="undo"', 'id="undo" isForCompensation="true"')
    source = drawn(
        f"""<startEvent id="s"/>{TASK.format("a")}<endEvent id="e"/>{handler}
        <boundaryEvent id="c" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>
        <intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent>
        s -> a
        a -> t
        t -> e
        <association id="as" sourceRef="c" targetRef="undo" associationDirection="One"/>
        """
    )
    try:
        theirs = Theirs(source)
        theirs.finish(lambda ready: ready[0])
        told = sorted(theirs.done)
    except Exception as refused:
        told = [type(refused).__name__]
    assert told != ["a", "undo"], told
    ours = Ours(source)
    ours.finish(lambda ready: ready[0])
    assert ours.done == Counter(["a", "undo"])


@pytest.mark.parametrize("name", ["Start", "End"])
def test_any_id_is_an_id(name: str) -> None:
    """§8.3.1: an id is whatever XML takes. Theirs keeps some for itself."""
    source = drawn(f'<startEvent id="s"/>{TASK.format(name)}<endEvent id="e"/>\ns -> {name}\n{name} -> e\n')
    try:
        theirs = Theirs(source)
        theirs.finish(lambda ready: ready[0])
        is_right = theirs.is_over and theirs.done == Counter([name])
    except Exception:
        is_right = False
    assert not is_right
    ours = Ours(source)
    ours.finish(lambda ready: ready[0])
    assert ours.is_over
    assert ours.done == Counter([name])


def test_what_people_fill_in_is_nothing_but_what_they_fill_in() -> None:
    """§10.4: data is data. In its saved state a value of the right shape is taken for one of its own types."""
    value = {"typename": "UUID", "value": "hej"}
    source = drawn(f'<startEvent id="s"/>{TASK.format("a")}<endEvent id="e"/>\ns -> a\na -> e\n')
    theirs = Theirs(source)
    theirs.ready()[0].data["svar"] = value
    serializer = BpmnWorkflowSerializer()
    saved = serializer.serialize_json(theirs.workflow)
    with pytest.raises(ValueError, match="UUID"):
        serializer.deserialize_json(saved)
    graph = Ours(source).case._graph
    ours = Case(lambda: graph, {"svar": value}, restored=True).complete("a")
    assert ours.variables == {"svar": value}


def test_a_boundary_event_on_a_sub_process_interrupts_at_once_on_both() -> None:
    """§13.5.3: an interrupting boundary event ends its sub-process when it comes. Theirs is right here, by 3.2.0."""
    source = drawn(
        f"""<startEvent id="s"/><endEvent id="e"/><endEvent id="e2"/>{TASK.format("late")}
        <subProcess id="p"><startEvent id="ps"/>{TASK.format("a")}<endEvent id="pe"/>
        ps -> a
        a -> pe
        </subProcess>
        <boundaryEvent id="b" attachedToRef="p"><signalEventDefinition signalRef="signal_namn"/></boundaryEvent>
        s -> p
        p -> e
        b -> late
        late -> e2
        """
    )
    theirs = Theirs(source)
    definition = next(
        task.task_spec.event_definition for task in theirs.workflow.get_tasks() if task.task_spec.bpmn_id == "b"
    )
    theirs.workflow.catch(BpmnEvent(definition))
    theirs.workflow.do_engine_steps()
    assert theirs.named() == ["late"]
    ours = Ours(source)
    ours.case.receive("b")
    assert ours.named() == ["late"]


# --- events ----------------------------------------------------------------------------------------------------------


def comes(theirs: Theirs, event: str) -> None:
    """What the event waits for comes from outside."""
    specs = [theirs.workflow.spec, *theirs.workflow.subprocess_specs.values()]
    tasks = (task for spec in specs for task in spec.task_specs.values())
    definition = next(task.event_definition for task in tasks if getattr(task, "bpmn_id", None) == event)
    theirs.workflow.send_event(BpmnEvent(definition))
    theirs.workflow.do_engine_steps()


SIGNAL = '<signalEventDefinition signalRef="signal_namn"/>'


@pytest.mark.parametrize(("interrupting", "ours_goes_on"), [("true", ["h"]), ("false", ["a", "h"])])
def test_an_event_sub_process_interrupts_where_it_says_so(interrupting: str, ours_goes_on: list[str]) -> None:
    """§13.5.4: isInterrupting ends the rest of the scope. Theirs does not read it."""
    source = drawn(HANDLER.format(a=TASK.format("a"), h=TASK.format("h"), event=SIGNAL))
    source = source.replace(b'id="ps"', f'id="ps" isInterrupting="{interrupting}"'.encode())
    theirs, ours = Theirs(source), Ours(source)
    comes(theirs, "ps")
    ours.case.receive("ps")
    assert theirs.named() == ["a", "h"]
    assert ours.named() == ours_goes_on


EDGE = """<startEvent id="s"/>{a}{b}<endEvent id="e"/><endEvent id="e2"/>
<boundaryEvent id="k" attachedToRef="a" cancelActivity="{cancel}">{event}</boundaryEvent>
s -> a
a -> e
k -> b
b -> e2
"""


def test_a_second_signal_is_not_lost() -> None:
    """§13.5.3: what does not interrupt goes on listening as long as its activity is open. Theirs hears one signal."""
    source = drawn(EDGE.format(a=TASK.format("a"), b=TASK.format("b"), cancel="false", event=SIGNAL))
    theirs, ours = Theirs(source), Ours(source)
    comes(theirs, "k")
    with pytest.raises(WorkflowException, match="not waiting"):
        comes(theirs, "k")
    ours.case.receive("k").receive("k")
    assert theirs.named() == ["a", "b"]
    assert ours.named() == ["a", "b", "b"]


def test_an_early_message_is_kept(sqlite_url: str) -> None:
    """§8.3.10, §13.5.2: a message has a sender and a receiver; the specification does not let one vanish in between.
    Theirs refuses it, and the process waits for ever; our house keeps it until somebody waits."""
    event = (
        '<intermediateCatchEvent id="m"><messageEventDefinition messageRef="message_namn"/></intermediateCatchEvent>'
    )
    source = drawn(
        f"""<startEvent id="s"/>{TASK.format("a")}{event}<endEvent id="e"/>
        s -> a
        a -> m
        m -> e
        """
    )
    theirs = Theirs(source)
    with pytest.raises(WorkflowException, match="not waiting"):
        comes(theirs, "m")
    theirs.finish(lambda ready: ready[0])
    assert not theirs.is_over
    house = House(sqlite_url)
    house.do(Deploy({"p.bpmn": source}))
    case = house.do(StartCase("process", {}))
    assert house.do(PublishMessage("namn", None)) is None
    house.complete(case, "a", house.person("Hanna", "hsf"))
    house.work()
    assert house.state(case) == "completed"
    house.engine.close()


def test_a_link_leads_on() -> None:
    """§10.5.5, §13.5.1: a pair of link events is a sequence flow. Theirs is over at the first of them."""
    link = '<intermediate{0}Event id="{1}"><linkEventDefinition name="l"/></intermediate{0}Event>'
    source = drawn(
        f"""<startEvent id="s"/>{link.format("Throw", "t")}{link.format("Catch", "c")}
        {TASK.format("a")}<endEvent id="e"/>
        s -> t
        c -> a
        a -> e
        """
    )
    theirs = Theirs(source)
    assert theirs.is_over
    assert theirs.done == Counter()
    assert Ours(source).named() == ["a"]


@pytest.mark.parametrize("cancel", ["true", "false"])
def test_a_timer_at_an_edge_fires_on_both(cancel: str) -> None:
    """§13.5.3. Theirs is right, once its timers are looked at and the duration is a text in Python."""
    event = '<timerEventDefinition><timeDuration xsi:type="tFormalExpression">{}</timeDuration></timerEventDefinition>'
    edge = EDGE.format(a=TASK.format("a"), b=TASK.format("b"), cancel=cancel, event=event)
    theirs, ours = Theirs(drawn(edge.format('"PT0S"'))), Ours(drawn(edge.format("PT0S")))
    theirs.workflow.refresh_timers()
    theirs.workflow.do_engine_steps()
    ours.case.fire("k")
    assert theirs.named() == ours.named() == (["b"] if cancel == "true" else ["a", "b"])
    with pytest.raises(WorkflowTaskException):
        Theirs(drawn(edge.format("PT0S")))  # as the specification has it (§10.5.5: an ISO 8601 text)


def test_a_month_is_a_month() -> None:
    """§10.5.5: timeCycle is ISO 8601, where P1M is a month of the calendar. Theirs counts the seconds of the first."""
    _, begun, month = TimerEventDefinition.parse_iso_recurring_interval("R3/2026-01-01T00:00:00+00:00/P1M")
    assert (begun + 2 * month).date() == date(2026, 3, 4)
    rule = TimerRule.parse("R3/2026-01-01T00:00:00+01:00/P1M")
    anchor = datetime(2025, 12, 31, 23, tzinfo=UTC)
    third = rule.next(datetime(2026, 2, 2, tzinfo=UTC), 2, anchor)
    assert third is not None
    assert third.astimezone(ZoneInfo("Europe/Stockholm")).date() == date(2026, 3, 1)


def test_an_error_climbs_to_who_catches_it_on_both() -> None:
    """§10.5.6, §13.5: from however deep inside. Theirs is right, by 3.2.0."""
    source = drawn(
        f"""<startEvent id="s"/><endEvent id="e"/><endEvent id="e2"/>{TASK.format("late")}
        <subProcess id="p"><startEvent id="ps"/><endEvent id="pe"/>
        <subProcess id="q"><startEvent id="qs"/><endEvent id="qe"><errorEventDefinition errorRef="k"/></endEvent>
        qs -> qe
        </subProcess>
        ps -> q
        q -> pe
        </subProcess>
        <boundaryEvent id="b" attachedToRef="p"><errorEventDefinition errorRef="k"/></boundaryEvent>
        s -> p
        p -> e
        b -> late
        late -> e2
        """,
        '<error id="k" errorCode="fel" name="fel"/>',
    )
    assert Theirs(source).named() == Ours(source).named() == ["late"]


# --- activities and gateways -----------------------------------------------------------------------------------------


def test_so_many_tokens_leave_as_a_completion_quantity_says() -> None:
    """§13.3.2: completionQuantity tokens on each flow. Theirs does not read it."""
    task = TASK.format("a").replace('id="a"', 'id="a" completionQuantity="2"')
    source = drawn(f'<startEvent id="s"/>{task}{TASK.format("b")}<endEvent id="e"/>\ns -> a\na -> b\nb -> e\n')
    theirs, ours = Theirs(source), Ours(source)
    theirs.complete(theirs.ready()[0])
    ours.complete(ours.ready()[0])
    assert theirs.named() == ["b"]
    assert ours.named() == ["b", "b"]


def test_a_multi_instance_activity_tells_of_its_instances() -> None:
    """§10.3.8: behavior One throws an event as the first instance ends. Theirs does not read it."""
    many = '<multiInstanceLoopCharacteristics behavior="One"><loopCardinality>2</loopCardinality>'
    host = TASK.format("a").replace("/>", f">{many}</multiInstanceLoopCharacteristics></userTask>")
    source = drawn(EDGE.format(a=host, b=TASK.format("b"), cancel="false", event="<signalEventDefinition/>"))
    theirs, ours = Theirs(source), Ours(source)
    theirs.complete(theirs.ready()[0])
    ours.complete(ours.ready()[0])
    assert theirs.named() == ["a"]
    assert ours.named() == ["a", "b"]


def test_a_join_that_waits_in_vain_is_told() -> None:
    """§13.4.1: of two ways one is taken, and the join waits for both: a deadlock. Theirs says nothing of it."""
    source = drawn(
        f"""<startEvent id="s"/><exclusiveGateway id="x" default="x-b"/>{TASK.format("a")}{TASK.format("b")}
        <parallelGateway id="j"/><endEvent id="e"/>
        s -> x
        x -> a if 1 == 1
        x -> b
        a -> j
        b -> j
        j -> e
        """
    )
    theirs, ours = Theirs(source), Ours(source)
    theirs.finish(lambda ready: ready[0])
    ours.finish(lambda ready: ready[0])
    assert not theirs.is_over
    assert theirs.workflow.get_tasks(state=TaskState.ERROR) == []
    assert ours.case.stuck_at == ["j"]


def test_where_no_condition_holds_the_token_stays_and_can_be_helped() -> None:
    """§13.4.2: an exclusive gateway without a way out is an exception. Theirs throws it at whoever asked for the step;
    ours is an incident at the gateway, and the rest of the case goes on."""
    source = drawn(
        f"""<startEvent id="s"/><exclusiveGateway id="x"/>{TASK.format("a")}{TASK.format("b")}<endEvent id="e"/>
        s -> x
        x -> a if 1 == 2
        x -> b if 1 == 2
        a -> e
        b -> e
        """
    )
    with pytest.raises(WorkflowException, match="No conditions satisfied"):
        Theirs(source)
    assert Ours(source).case.stuck_at == ["x"]


def test_terminate_ends_its_own_scope_only_on_both() -> None:
    """§13.5.6. Theirs is right, by 3.2.0."""
    source = drawn(
        f"""<startEvent id="s"/>{TASK.format("b")}<endEvent id="e"/>
        <subProcess id="p"><startEvent id="ps"/><parallelGateway id="g"/>{TASK.format("a")}
        <endEvent id="pe"><terminateEventDefinition/></endEvent>
        ps -> g
        g -> a
        g -> pe
        </subProcess>
        s -> p
        p -> b
        b -> e
        """
    )
    assert Theirs(source).named() == Ours(source).named() == ["b"]


# --- messages, failures, drawings ------------------------------------------------------------------------------------


def test_a_message_for_another_case_is_not_taken(sqlite_url: str) -> None:
    """§8.4.2 (peers.md E1): a correlation key says whose a message is. Theirs, before a case has a key of its own,
    takes any message of that name, whatever key it carries; ours gives it to the case that expects that key."""
    kept = "<extensionElements><camunda:properties>{}</camunda:properties></extensionElements>"
    key = kept.format('<camunda:property name="correlationKey" value="${nummer}"/>')
    waits = f'{key}<messageEventDefinition messageRef="message_namn"/>'
    source = drawn(
        f"""<startEvent id="s"/><intermediateCatchEvent id="m">{waits}</intermediateCatchEvent><endEvent id="e"/>
        s -> m
        m -> e
        """
    )
    theirs = Theirs(source)
    definition = theirs.workflow.spec.task_specs["m"].event_definition
    theirs.workflow.send_event(BpmnEvent(definition, {}, correlations={"K": {"nummer": "8"}}))
    theirs.workflow.do_engine_steps()
    assert theirs.is_over
    house = House(sqlite_url)
    house.do(Deploy({"p.bpmn": source}))
    seven, eight = (house.do(StartCase("process", {"nummer": number})) for number in ("7", "8"))
    assert house.do(PublishMessage("namn", "8")) == eight
    assert (house.state(seven), house.state(eight)) == ("active", "completed")
    assert house.do(PublishMessage("namn", None)) is None, "nor does one without a key"
    assert house.state(seven) == "active"
    house.engine.close()


def test_what_nothing_leads_to_is_told() -> None:
    """§8.4.13, §10.3 (peers.md B3): beside a start event, an activity without an incoming flow is never begun. Theirs
    leaves it out of the process without a word; ours names it in a finding."""
    tasks = TASK.format("a") + TASK.format("b")
    source = drawn(f'<startEvent id="s"/>{tasks}<endEvent id="e"/>\ns -> a\na -> e\nb -> e\n')
    theirs = Theirs(source)
    assert "b" not in theirs.workflow.spec.task_specs
    theirs.finish(lambda ready: ready[0])
    assert theirs.is_over
    assert Ours(source).named() == ["a"]
    assert "no-incoming" in {finding.rule for finding in check({"p.bpmn": source}) if finding.element == "b"}


def test_a_script_that_fails_leaves_nothing_behind_and_can_be_tried_again() -> None:
    """§13.3.2 (peers.md C2): an activity that has not completed has no outputs. Theirs keeps what the lines before the
    failure wrote, throws once, and then says nothing: the join waits for ever. Ours is an incident; retried once the
    missing variable is there, it goes on."""
    source = drawn(
        f"""<startEvent id="s"/><parallelGateway id="g"/><parallelGateway id="j"/><endEvent id="e"/>{TASK.format("t")}
        <scriptTask id="x" scriptFormat="trappa"><script>a = 1\nb = a + n</script></scriptTask>
        s -> g
        g -> x
        g -> t
        x -> j
        t -> j
        j -> e
        """
    )
    theirs = Theirs.__new__(Theirs)
    with pytest.raises(WorkflowTaskException, match="n' is not defined"):
        theirs.__init__(source)  # type: ignore[misc]
    theirs.done = Counter()
    theirs.finish(lambda ready: ready[0])
    (failed,) = theirs.workflow.get_tasks(state=TaskState.ERROR)
    assert (theirs.done, theirs.is_over, failed.data) == (Counter("t"), False, {"a": 1})
    ours = Ours(source)
    assert (ours.named(), ours.case.stuck_at, ours.case.variables) == (["t"], ["x"], {})
    ours.case.complete("t", n=2).retry("x")
    assert (ours.is_over, ours.case.variables) == (True, {"n": 2, "a": 1, "b": 3})
