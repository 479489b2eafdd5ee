"""What a single line of the machine is there for, found by breaking such lines and seeing no test turn red."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.bpmn.changes import JobAdded, MessageThrown, TaskOpened, TimerSet
from engine.bpmn.read import read
from tests.bpmn.drawing import bpmn, chain
from tests.bpmn.driver import Case

BESIDE = '<message id="m" name="m"/><message id="m2" name="m2"/><signal id="z" name="z"/><error id="f" errorCode="F"/>'
WHO = 'camunda:candidateGroups="h"'
MESSAGE = '<messageEventDefinition messageRef="m"/>'
COMPENSATE = "<compensateEventDefinition/>"


@pytest.fixture(params=["straight", "saved and restored"])
def run(request: pytest.FixtureRequest) -> Callable[..., Case]:
    def start(body: str, beside: str = BESIDE, at: str | None = None, payload: Any = None, **variables: Any) -> Case:
        reading = read(bpmn(body, beside=beside), name="p.bpmn")
        told = [finding for finding in reading.findings if finding.is_error]
        assert not told, told
        return Case(lambda: reading.graphs[0], variables, at=at, payload=payload, restored=request.param != "straight")

    return start


def task(name: str, more: str = "", inside: str = "") -> str:
    return f'<userTask id="{name}" {WHO} {more}>{inside}</userTask>'


def undoable(name: str) -> str:
    edge = f'<boundaryEvent id="k{name}" attachedToRef="{name}">{COMPENSATE}</boundaryEvent>'
    return task(name) + edge + task(f"undo_{name}", 'isForCompensation="true"')


def undone_by(*names: str) -> str:
    arrow = '<association id="l{0}" associationDirection="One" sourceRef="k{0}" targetRef="undo_{0}"/>'
    return "".join(arrow.format(name) for name in names)


def ad_hoc(inside: str, how: str = 'ordering="Sequential"', until: str = "klart") -> str:
    group = '<camunda:property name="candidateGroups" value="h"/>'
    groups = f"<extensionElements><camunda:properties>{group}</camunda:properties></extensionElements>"
    ends = f"<completionCondition>{until}</completionCondition>"
    return f'<adHocSubProcess id="x" {how}>{groups}{inside}\n{ends}</adHocSubProcess>'


# --- ad-hoc sub-processes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "waiting"), [('ordering="Sequential"', ["c"]), ("", [])])
def test_what_waits_in_a_sequential_one_is_not_cancelled(run, how, waiting):
    """§10.3.5: cancelRemainingInstances is for parallel ordering."""
    catch = f'<intermediateCatchEvent id="c">{MESSAGE}</intermediateCatchEvent>'
    case = run(chain(ad_hoc(task("a") + task("b") + catch + "\na -> c\n", how)), klart=False)
    case.begin("x", "a").complete("a").begin("x", "b").complete("b", klart=True)
    assert case.waiting == waiting
    assert bool(case.ended) is not bool(waiting)


def test_what_an_event_begins_does_not_count_as_under_way(run):
    """§10.3.5: one activity at a time; an event sub-process is none that people begin."""
    start = f'<startEvent id="hs" isInterrupting="false">{MESSAGE}</startEvent>'
    handler = f'<subProcess id="hp" triggeredByEvent="true">{start}{task("b")}\nhs -> b\n</subProcess>'
    case = run(chain(ad_hoc(task("a") + handler)), klart=False).receive("hs")
    assert case.waiting == ["b", "hs", "x"]
    assert case.offered("x") == ["a"]


# --- compensation ----------------------------------------------------------------------------------------------------


AMONG = f"{COMPENSATE}{MESSAGE}"


def test_an_error_whose_data_cannot_be_made_waits_at_its_event(run):
    """What is thrown with a compensation comes when that is done; what it takes along is made before its token goes."""
    given = '<dataInput id="ind" name="Besked"/><dataInputAssociation><sourceRef>besked</sourceRef>'
    given += "<targetRef>ind</targetRef><transformation>Svar + 1</transformation></dataInputAssociation>"
    given += "<inputSet><dataInputRefs>ind</dataInputRefs></inputSet>"
    end = f'<endEvent id="e">{given}{COMPENSATE}<errorEventDefinition errorRef="f"/></endEvent>'
    case = run(
        f'<dataObject id="besked" name="Svar"/><startEvent id="s"/>{undoable("a")}{end}\ns -> a\na -> e\n'
        + undone_by("a"),
        Svar="x",
    )
    case.complete("a").complete("undo_a")
    assert (case.stuck_at, case.outcome) == (["e"], None)
    assert case.skip("e").outcome == "completed"


def test_what_is_interrupted_throws_no_more(run):
    """In the very step in which it would have gone on."""
    inside = f'<startEvent id="i"/><parallelGateway id="d"/><task id="t"/><intermediateThrowEvent id="k">{AMONG}'
    inside += (
        '</intermediateThrowEvent><endEvent id="x"><errorEventDefinition errorRef="f"/></endEvent><endEvent id="y"/>'
    )
    flows = "\ni -> d\nd -> k\nd -> t\nt -> x\nk -> y\n"
    edge = '<boundaryEvent id="b" attachedToRef="p1"><errorEventDefinition/></boundaryEvent>'
    case = run(chain(f'<subProcess id="p1">{inside}{flows}</subProcess>{edge}', "p1", "p1") + "b -> e\n")
    assert case.outcome == "completed"
    assert case.found(MessageThrown) == []


def test_only_the_activity_that_is_named_is_undone(run):
    throw = '<intermediateThrowEvent id="t{0}"><compensateEventDefinition activityRef="{0}"/></intermediateThrowEvent>'
    flows = "\na -> b\nb -> ta\nta -> c\nc -> tb\n"
    inside = undoable("a") + undoable("b") + throw.format("a") + task("c") + throw.format("b") + flows
    case = run(chain(inside, "a", "tb") + undone_by("a", "b")).complete("a").complete("b")
    assert case.waiting == ["undo_a"]
    assert case.complete("undo_a").waiting == ["c"]
    assert case.complete("c").waiting == ["undo_b"]


def test_what_a_handler_did_is_undone_before_what_was_done_around_it(run):
    """§10.7.2: in reverse order of completion; an event sub-process asks for its own and for what is around it."""
    throw = f'<endEvent id="t">{COMPENSATE}</endEvent>'
    start = f'<startEvent id="hs">{MESSAGE}</startEvent>'
    inside = f"{start}{undoable('b')}{throw}\nhs -> b\nb -> t\n{undone_by('b')}"
    handler = f'<subProcess id="hp" triggeredByEvent="true">{inside}</subProcess>'
    flows = "\na -> c\n"
    case = run(chain(undoable("a") + task("c") + handler + flows, "a", "c") + undone_by("a")).complete("a")
    case.receive("hs").complete("b")
    assert case.waiting == ["undo_b"]
    assert case.complete("undo_b").waiting == ["undo_a"]
    assert case.complete("undo_a").outcome == "completed"


def test_an_inclusive_join_does_not_wait_for_a_sub_process_that_is_being_undone(run):
    """§13.4.3: compensation stands outside the flow (§10.7), and no token comes of it."""
    inside = f'<startEvent id="i"/>{undoable("a")}\ni -> a\n{undone_by("a")}'
    asks = '<compensateEventDefinition waitForCompletion="false"/>'
    throw = f'<intermediateThrowEvent id="t">{asks}</intermediateThrowEvent>'
    body = f"""<parallelGateway id="g"/><subProcess id="p2">{inside}</subProcess>{task("b")}{task("d")}{throw}
    <exclusiveGateway id="x" default="x-t"/><inclusiveGateway id="j"/><endEvent id="e2"/>
    g -> p2
    g -> b
    p2 -> x
    x -> j if om
    x -> t
    t -> e2
    b -> j
    j -> d
    """
    case = run(chain(body, "g", "d"), om=False).complete("a")
    assert case.waiting == ["b", "undo_a"]
    assert case.complete("b").waiting == ["d", "undo_a"]


# --- data ------------------------------------------------------------------------------------------------------------


def test_only_the_output_set_that_is_complete_goes_on(run):
    """§10.4.1: of several output sets one is chosen, and what is not in it stays inside."""
    outputs = '<dataOutput id="o1" name="ett"/><dataOutput id="o2" name="tva"/>'
    sets = "<outputSet><dataOutputRefs>o1</dataOutputRefs></outputSet>"
    both = '<dataObject id="d1" name="forsta"/><dataObject id="d2" name="andra"/>'
    drawn = "".join(
        f"<dataOutputAssociation><sourceRef>o{n}</sourceRef><targetRef>d{n}</targetRef></dataOutputAssociation>"
        for n in (1, 2)
    )
    specification = f"<ioSpecification>{outputs}<inputSet/>{sets}</ioSpecification>{drawn}"
    case = run(chain(both + task("x", inside=specification))).complete("x", ett=1, tva=2)
    assert case.variables == {"forsta": 1}


NEEDS = """<ioSpecification><dataInput id="i1" name="behov"/><inputSet><dataInputRefs>i1</dataInputRefs></inputSet>
<outputSet/></ioSpecification><dataInputAssociation><sourceRef>d</sourceRef><targetRef>i1</targetRef></dataInputAssociation>"""
BOTH = '<dataObject id="d" name="uppgift"/><parallelGateway id="g"/>{}<endEvent id="e2"/>\ng -> a\ng -> b\nb -> e2\n'


def test_what_has_waited_for_data_does_not_wait_for_the_worker_again(run):
    inside = BOTH.format(task("a", 'camunda:asyncBefore="true"', NEEDS) + task("b"))
    case = run(chain(inside, "g", "a"))
    assert [change.element for change in case.found(JobAdded)] == ["a"]
    case.complete("a")
    assert case.waiting == ["a", "b"], "for its data"
    case.complete("b", uppgift=1)
    assert case.found(JobAdded) == []
    assert [change.element for change in case.found(TaskOpened)] == ["a"]


def test_an_incident_may_still_give_the_data_that_is_waited_for(run):
    calculates = '<scriptTask id="b" scriptFormat="trappa"><script>uppgift = saknas + 1</script></scriptTask>'
    case = run(chain(BOTH.format(task("a", inside=NEEDS) + calculates), "g", "a"))
    assert (case.stuck_at, case.waiting) == (["b"], ["a"])
    case.skip("b", uppgift=1)
    assert [change.element for change in case.found(TaskOpened)] == ["a"]


# --- events ----------------------------------------------------------------------------------------------------------


def test_a_key_of_blanks_is_no_key(run):
    key = '<camunda:property name="correlationKey" value="${nummer}"/>'
    inside = f"<extensionElements><camunda:properties>{key}</camunda:properties></extensionElements>{MESSAGE}"
    body = chain(f'<intermediateCatchEvent id="x">{inside}</intermediateCatchEvent>')
    assert run(body, nummer="  ").stuck_at == ["x"]
    assert run(body, nummer="7").opened("x").key == "7"


def test_of_several_messages_a_case_may_start_by_the_one_that_came_sets_the_key(run):
    """§8.4.2: the first message of a conversation sets its key; the other one has not come."""
    said = "<correlationPropertyRetrievalExpression messageRef='{}'><messagePath>{}</messagePath>"
    both = (("m", "order.nr"), ("m2", "svar_pa"))
    ways = "".join(f"{said.format(*way)}</correlationPropertyRetrievalExpression>" for way in both)
    key = '<correlationKey id="ck"><correlationPropertyRef>cp</correlationPropertyRef></correlationKey>'
    around = f'<collaboration id="co"><participant id="pa" processRef="p"/>{key}</collaboration>'
    beside = f'{BESIDE}<correlationProperty id="cp">{ways}</correlationProperty>{around}'
    other = '<messageEventDefinition messageRef="m2"/>'
    body = f"""<startEvent id="s">{MESSAGE}{other}</startEvent><receiveTask id="x" messageRef="m2"/><endEvent id="e"/>
    s -> x
    x -> e
    """
    case = run(body, beside, at="s", payload={"order": {"nr": 5}})
    assert case.opened("x").key == "5"


def test_once_interrupted_no_other_event_sub_process_begins_in_the_scope(run):
    """§13.5.4: the handler that interrupted is all that is left; its error goes to who stands outside."""
    error = '<errorEventDefinition errorRef="f"/>'
    first = f'<startEvent id="hs">{MESSAGE}</startEvent><endEvent id="he">{error}</endEvent>'
    second = f'<startEvent id="fs">{error}</startEvent>{task("inne")}'
    inside = f"""<startEvent id="is"/>{task("a")}
    is -> a
    <subProcess id="hp" triggeredByEvent="true">{first}{task("b")}
    hs -> b
    b -> he
    </subProcess>
    <subProcess id="fp" triggeredByEvent="true">{second}
    fs -> inne
    </subProcess>"""
    edge = f'<boundaryEvent id="k" attachedToRef="x">{error}</boundaryEvent>{task("ute")}'
    case = run(chain(f'<subProcess id="x">{inside}\n</subProcess>{edge}\nk -> ute\n')).receive("hs").complete("b")
    assert case.waiting == ["ute"]


def test_nobody_listens_on_what_is_over_at_once(run):
    timer = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
    edge = f'<boundaryEvent id="k" attachedToRef="x">{timer}</boundaryEvent>'
    script = '<scriptTask id="x" scriptFormat="trappa"><script>n = 1</script></scriptTask>'
    case = run(chain(f"{script}{edge}{task('b')}\nx -> b\nk -> b\n", "x", "b"))
    assert (case.waiting, case.found(TimerSet)) == (["b"], [])


def test_an_event_sub_process_has_its_own_inputs(run):
    given = '<camunda:inputParameter name="eget">${n + 1}</camunda:inputParameter>'
    inputs = f"<extensionElements><camunda:inputOutput>{given}</camunda:inputOutput></extensionElements>"
    inside = f'{inputs}<startEvent id="hs">{MESSAGE}</startEvent>{task("b")}\nhs -> b\n'
    case = run(chain(f'{task("x")}<subProcess id="hp" triggeredByEvent="true">{inside}</subProcess>'), n=1)
    assert case.receive("hs").seen_at("b") == {"n": 1, "eget": 2}
    assert case.complete("b").variables == {"n": 1}


def test_who_only_listens_hears_of_an_instance_before_the_one_who_interrupts(run):
    """§10.3.8: all boundary events that catch what an instance throws do so, in whatever order they are drawn."""
    signal = '<signalEventDefinition signalRef="z"/>'
    thrown = (
        f"<complexBehaviorDefinition><condition>True</condition><event>{signal}</event></complexBehaviorDefinition>"
    )
    many = f'<multiInstanceLoopCharacteristics behavior="Complex"><loopCardinality>2</loopCardinality>{thrown}'
    host = task("x", inside=f"{many}</multiInstanceLoopCharacteristics>")
    edge = '<boundaryEvent id="k{0}" attachedToRef="x" cancelActivity="{1}">' + signal + "</boundaryEvent>"
    edges = edge.format(1, "true") + edge.format(2, "false") + task("avbrutet") + task("noterat")
    case = run(chain(host + edges + "\nk1 -> avbrutet\nk2 -> noterat\n")).complete("x", instance=0)
    assert case.waiting == ["avbrutet", "noterat"]


def test_a_complex_gateway_waits_only_for_flows_that_had_no_token(run):
    """§13.4.5: reset as soon as none can come to a flow without one; what comes to the others begins anew."""
    gate = "<activationCondition>activationCount >= 1</activationCondition>"
    inside = f"""<parallelGateway id="g"/>{task("a")}{task("b")}{task("d")}<exclusiveGateway id="q" default="q-c"/>
    <exclusiveGateway id="w"/><complexGateway id="c">{gate}</complexGateway>
    g -> a
    g -> b
    a -> w
    b -> q
    q -> w if om
    q -> c
    w -> c
    c -> d
    """
    case = run(chain(inside, "g", "d"), om=False).complete("a")
    assert case.waiting == ["b", "d"], "b may come by the flow that had its token: it is not waited for"
    assert case.complete("b").waiting == ["d", "d"]


# --- people ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("priority", "stuck"), [("100", []), ("101", ["x"])])
def test_a_priority_goes_to_a_hundred(run, priority, stuck):
    assert run(chain(task("x", 'camunda:priority="${p}"')), p=priority).stuck_at == stuck


def test_a_person_will_do_where_expressions_give_no_role(run):
    who = 'camunda:candidateGroups="${roller}" camunda:assignee="anna"'
    case = run(chain(f'<userTask id="x" {who}/>'), roller=[])
    assert (case.opened("x").candidates, case.opened("x").assignee) == ((), "anna")
