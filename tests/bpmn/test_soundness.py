"""Soundness: all ways that tokens can go, played before deployment; each finding with its counter-example."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from engine.bpmn import machine, soundness
from engine.bpmn.changes import IncidentRaised
from engine.bpmn.checks import check
from engine.bpmn.expressions import Expression, compile_expression
from engine.bpmn.machine import Environment, Step
from engine.bpmn.model import Flow, Graph, Node
from engine.bpmn.read import read
from engine.bpmn.soundness import Problem, problems
from tests.bpmn.builder import WORK, Drawing
from tests.bpmn.drawing import bpmn
from tests.examples import examples

TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"


def nodes(text: str) -> str:
    """`a b` are tasks; `xor:x`, `and:x`, `or:x` gateways."""
    kinds = {"xor": "exclusiveGateway", "and": "parallelGateway", "or": "inclusiveGateway"}
    made = []
    for word in text.split():
        kind, _, name = word.rpartition(":")
        made.append(f'<{kinds.get(kind, "task")} id="{name}"/>')
    return "\n".join(['<startEvent id="s"/>', *made, '<endEvent id="e"/>'])


def flows(text: str) -> str:
    """`a b` is a flow; `a b?` a conditional one."""
    lines = []
    for pair in text.split(","):
        source, target = pair.split()
        lines.append(f"{source} -> {target.rstrip('?')}" + (" if x > 1" if target.endswith("?") else ""))
    return "\n".join(lines)


def drawn(inside: str, ways: str, more: str = "") -> Graph:
    reading = read(bpmn(f"{nodes(inside)}\n{more}\n{flows(ways)}\n"))
    assert not [finding for finding in reading.findings if finding.is_error]
    return reading.graphs[0]


def told(inside: str, ways: str, more: str = "") -> set[tuple[str, str]]:
    return {(problem.kind, problem.node) for problem in problems(drawn(inside, ways, more))}


SOUND = {
    "a chain": ("a b", "s a,a b,b e"),
    "a choice": ("xor:x a b xor:y", "s x,x a?,x b,a y,b y,y e"),
    "a fork and its join": ("and:x a b and:y", "s x,x a,x b,a y,b y,y e"),
    "some of them": ("or:x a b or:y", "s x,x a?,x b?,a y,b y,y e"),
    "a loop with a way out": ("xor:x a xor:y", "s x,x a,a y,y x?,y e"),
    "two ends": ("and:x a b", "s x,x a,x b,a e,b e"),
    "a loop in a branch": ("and:x a xor:m b xor:y and:j", "s x,x a,x m,m b,b y,y m?,y j,a j,j e"),
    "a choice joined by or": ("xor:x a b or:y", "s x,x a?,x b,a y,b y,y e"),
    "a fork joined by or": ("and:x a b or:y", "s x,x a,x b,a y,b y,y e"),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound(name):
    assert told(*SOUND[name]) == set()


def test_a_choice_before_a_parallel_join():
    """What is taught first of all: split by a choice, joined as if both came."""
    graph = drawn("xor:x a b and:y", "s x,x a?,x b,a y,b y,y e")
    found = problems(graph)
    assert [(problem.kind, problem.node) for problem in found] == [
        ("deadlock", "y"),
        ("never-ends", "p"),
        ("dead", "e"),
    ]
    assert found[0].path in (("s", "x", "a"), ("s", "x", "b"))
    assert found[0].missing == (("b-y",) if "a" in found[0].path else ("a-y",))


def test_a_deadlock_on_one_way_only():
    assert told("xor:q xor:x a b and:z y and:j xor:f", "s q,q z?,q x,x a?,x b,z a,z b,a j,b j,j y,y f,f e") >= {
        ("deadlock", "j")
    }


def test_a_token_left_behind_at_a_join():
    found = problems(drawn("and:x a b c xor:m and:j", "s x,x a,x b,x c,a m,b m,m j,c j,j e"))
    assert ("left-behind", "j") in {(problem.kind, problem.node) for problem in found}
    assert all("j" in problem.path for problem in found if problem.kind == "left-behind")


def test_a_fork_without_a_join():
    found = problems(drawn("and:x a b xor:m c", "s x,x a,x b,a m,b m,m c,c e"))
    assert {(problem.kind, problem.node) for problem in found} == {("twice", "c")}
    assert "c" not in found[0].path


def test_a_token_that_waits_for_others_may_come_late():
    """What an inclusive join looks out for is not played before the token beside it, which hence is met."""
    inside, ways = "and:x a b b2 or:y xor:m c", "s x,x a,x b,x b2,b y,b2 y,y m,a m,m c,c e"
    assert told(inside, ways) == {("twice", "c")}


def test_a_loop_that_begets_tokens():
    assert {kind for kind, _ in told("xor:m and:x a xor:y", "s m,m x,x a,x y,a m,y e")} >= {"twice", "undecided"}


def test_no_way_out_of_a_loop():
    found = problems(drawn("xor:q xor:m a b xor:n", "s q,q m?,q e,m a,a b,b n,n m"))
    assert [(problem.kind, problem.node) for problem in found] == [("endless", "m")]
    assert found[0].path == ("s", "q")


def test_behind_a_join_that_never_fires():
    assert ("dead", "c") in told("xor:x a b and:y c", "s x,x a?,x b,a y,b y,y c,c e")


def test_reminders_beside_a_loop_are_not_told():
    """What a non-interrupting boundary event starts, and ends by itself, cannot disturb anything."""
    edge = f'<boundaryEvent id="r" attachedToRef="u" cancelActivity="false">{TIMER}</boundaryEvent>'
    assert told("xor:m xor:y p1", "s m,m u,u y,y m?,y e,r p1,p1 e", f'<userTask id="u"/>{edge}') == set()


def test_a_boundary_event_that_comes_back_into_the_flow():
    edge = f'<userTask id="u"/><boundaryEvent id="r" attachedToRef="u"{{}}>{TIMER}</boundaryEvent>'
    assert told("a xor:m b", "s u,u m,r a,a m,m b,b e", edge.format("")) == set()
    beside = edge.format(' cancelActivity="false"')
    assert told("a xor:m b", "s u,u m,r a,a m,m b,b e", beside) == {("twice", "b")}
    assert told("a and:m b", "s u,u m,r a,a m,m b,b e", beside) >= {("deadlock", "m")}


def test_a_sub_process_is_one_step():
    inside = (
        '<subProcess id="d"><startEvent id="ds"/><task id="da"/><endEvent id="de"/>\nds -> da\nda -> de\n</subProcess>'
    )
    assert told("", "s d,d e", inside) == set()
    broken = (
        '<subProcess id="d"><startEvent id="ds"/><exclusiveGateway id="dx"/><task id="da"/><task id="db"/>'
        '<parallelGateway id="dy"/><endEvent id="de"/>\n'
        "ds -> dx\ndx -> da if x > 1\ndx -> db\nda -> dy\ndb -> dy\ndy -> de\n</subProcess>"
    )
    assert told("a", "s d,d a,a e", broken) == {
        ("deadlock", "dy"),
        ("dead", "de"),
        ("never-ends", "d"),
        ("never-ends", "p"),
        ("dead", "a"),
    }


def test_an_end_of_all_does_not_hide_what_stands_beside_it():
    end = '<endEvent id="z"><terminateEventDefinition/></endEvent>'
    assert told("and:x a a2 b", "s x,x a,x b,a a2,a2 e,b z", end) == set()


def test_what_can_be_stopped_from_outside_may_go_on_for_ever():
    handler = (
        '<subProcess id="h" triggeredByEvent="true"><startEvent id="hs">'
        f'{TIMER}</startEvent><endEvent id="he"/>\nhs -> he\n</subProcess>'
    )
    assert {kind for kind, _ in told("xor:m a", "s m,m a,a m")} == {"never-ends"}
    assert told("xor:m a", "s m,m a,a m", handler) == set()


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("activationCount >= 1", []),  # a discriminator: the late ones reset it
        ("activationCount >= 2", []),
        ("activationCount >= 3", []),
        ("activationCount >= 4", [("deadlock", "y"), ("dead", "e"), ("never-ends", "p")]),
        ("activationCount == 0", [("deadlock", "y"), ("dead", "e"), ("never-ends", "p")]),
    ],
)
def test_a_complex_join_is_played_by_how_many_tokens_come(activation, expected):
    gateway = f'<complexGateway id="y"><activationCondition>{activation.replace(">", "&gt;")}</activationCondition></complexGateway>'
    ways = "s x,x a,x b,x c,a y,b y,c y,y e"
    assert sorted(told("and:x a b c", ways, gateway)) == sorted(expected)


def test_a_complex_join_after_a_choice():
    """Two of three, where the choice may send one only; and where the flow after it is conditional."""
    gateway = (
        '<complexGateway id="y"><activationCondition>activationCount &gt;= 2</activationCondition></complexGateway>'
    )
    found = problems(drawn("or:x a b c", "s x,x a?,x b?,x c?,a y,b y,c y,y e", gateway))
    assert [(problem.kind, problem.node) for problem in found] == [("deadlock", "y")]
    assert found[0].path in (("s", "x", "a"), ("s", "x", "b"), ("s", "x", "c"))
    assert len(found[0].missing) == 2


def test_what_the_reset_lets_on_is_played_too():
    """Late tokens go the way that is open while the gateway waits for reset, here to a join that waits in vain."""
    gateway = (
        '<complexGateway id="y"><activationCondition>activationCount &gt;= 1</activationCondition></complexGateway>'
    )
    ways = "s x,x a,x b,a y,b y,j e"
    first = '\n<sequenceFlow id="q1" sourceRef="y" targetRef="j"><conditionExpression>{}</conditionExpression></sequenceFlow>'
    second = first.replace("q1", "q2")
    both = gateway + first.format("waitingForStart") + second.format("not waitingForStart")
    assert told("and:x a b and:j", ways, both) == set()
    once = gateway + first.format("waitingForStart") + second.format("false and not waitingForStart")
    assert ("deadlock", "j") in told("and:x a b and:j", ways, once)


@pytest.mark.parametrize("activation", ["activationCount > antal", "bradskande", "activationCount", "2 > 'a'"])
def test_a_complex_join_that_asks_for_data_is_not_decided(activation):
    """Honest about what was not looked at, where that is, and why."""
    gateway = f'<complexGateway id="y"><activationCondition>{activation.replace(">", "&gt;")}</activationCondition></complexGateway>'
    ways = "s x,x a,x b,a y,b y,y e"
    assert problems(drawn("and:x a b", ways, gateway)) == [Problem("undecided", "y", why=soundness.ON_DATA)]
    (finding,) = [
        one
        for one in check({"p.bpmn": bpmn(f"{nodes('and:x a b')}\n{gateway}\n{flows(ways)}\n")})
        if one.rule == "soundness/undecided"
    ]
    assert finding.element == "y"
    assert "beror på mer än hur många flöden" in finding.sv


def test_what_people_choose_is_not_decided():
    """In an ad-hoc sub-process only what is joined can go wrong."""
    inside = '<adHocSubProcess id="d">{}<task id="da"/><task id="db"/>{}</adHocSubProcess>'
    assert told("", "s d,d e", inside.format("", "\nda -> db\n")) == set()
    join = inside.format('<parallelGateway id="dj"/><task id="dc"/>', "\nda -> dj\ndb -> dj\ndj -> dc\n")
    assert problems(drawn("", "s d,d e", join)) == [Problem("undecided", "d", why=soundness.BY_PEOPLE)]


def test_too_many_ways_are_not_decided():
    """Inclusive joins look at everything; honest about what was not looked at."""
    wide = [f"t{number}" for number in range(14)]
    inside = "or:x " + " ".join(f"{one} {one}b {one}c" for one in wide) + " or:y"
    ways = ",".join(["s x", "y e", *(f"x {one}?,{one} {one}b,{one}b {one}c,{one}c y" for one in wide)])
    assert told(inside, ways) == {("undecided", "p")}


def test_findings_are_sentences_with_the_way_there():
    body = nodes("xor:x a b and:y") + "\n" + flows("s x,x a?,x b,a y,b y,y e")
    body = body.replace('id="x"', 'id="x" default="x-b"')
    named = body.replace('id="a"', 'id="a" name="Granska"').replace('id="b"', 'id="b" name="Avslå"')
    named += "\n"
    findings = {finding.rule: finding for finding in check({"p.bpmn": bpmn(named)})}
    deadlock = findings["soundness/deadlock"]
    assert not deadlock.is_error
    assert "väntande för alltid på flödet från" in deadlock.sv
    assert "s → x → Granska" in deadlock.sv or "s → x → Avslå" in deadlock.sv
    assert findings["soundness/never-ends"].is_error


def _rules(inside: str) -> set[str]:
    return {finding.rule for finding in check({"p.bpmn": bpmn(inside)})}


@pytest.mark.parametrize(
    ("task", "rule"),
    [
        ('<userTask id="a"/>', "no-candidates"),
        ('<serviceTask id="a"/>', "no-topic"),
        ('<receiveTask id="a"/>', "message-missing"),
        ('<scriptTask id="a" scriptFormat="trappa"><script>x = =</script></scriptTask>', "expression"),
        ('<task id="a"><multiInstanceLoopCharacteristics/></task>', "multi-instance"),
    ],
)
def test_ways_are_played_beside_errors_that_leave_them_clear(task: str, rule: str) -> None:
    """All findings at once: whoever forgot a role hears of the deadlock in the same round."""
    body = nodes("xor:x b and:y") + f"\n{task}\n" + flows("s x,x a?,x b,a y,b y,y e")
    assert {rule, "soundness/deadlock"} <= _rules(body.replace('id="x"', 'id="x" default="x-b"'))


@pytest.mark.parametrize("broken", ["x -> a if )(", "x -> borta"])
def test_ways_that_nobody_can_be_sure_of_are_not_played(broken: str) -> None:
    body = nodes("xor:x a b and:y") + "\n" + flows("s x,x b,a y,b y,y e") + f"\n{broken}"
    assert not any(rule.startswith("soundness/") for rule in _rules(body))


# --- against the machine -------------------------------------------------------------------------------------------

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ["exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway"]
WHEN = ["waitingForStart", "not waitingForStart", None]
"""Conditions after a complex gateway: when it fires, when it is reset, or no condition: when it fires."""


@st.composite
def any_graph(draw: st.DrawFn) -> Graph:
    """Gateways joined at random, a user task on each flow, so that the machine stops between any two."""
    on = Drawing()
    gateways = [on.add(draw(st.sampled_from(KINDS)), "p") for _ in range(draw(st.integers(1, 3)))]
    start, end = on.add("startEvent", "p"), on.add("endEvent", "p")

    def join(source: str, target: str) -> None:
        task = on.add("userTask", "p", work=WORK)
        on.connect(source, task)
        on.connect(task, target)

    join(start, gateways[0])
    for number, gateway in enumerate(gateways):
        for target in draw(st.lists(st.sampled_from([*gateways, end]), min_size=1, max_size=2)):
            join(gateway, target)
        if number and not any(flow.target == gateway for flow in on.flows):
            join(draw(st.sampled_from(gateways[:number])), gateway)
    on.flows = [replace(flow, condition=condition(on, flow)) for flow in on.flows]
    for gateway in gateways:
        if on.nodes[gateway].kind == "complexGateway":
            give_conditions(on, gateway, draw)
    return on.graph("p")


def give_conditions(on: Drawing, gateway: str, draw: st.DrawFn) -> None:
    """A complex gateway: when it fires, and by which flows it is left when it fires and when it is reset."""
    coming = [flow.id for flow in on.flows if flow.target == gateway]
    needed = draw(st.integers(1, len(coming)))
    several = st.sampled_from([f"activationCount >= {needed}", f"{coming[0]} + {coming[-1]} > {needed - 1}"])
    on.change(gateway, activation=compile_expression(draw(several)))
    left = [flow.id for flow in on.flows if flow.source == gateway]
    said = [draw(st.sampled_from(WHEN[:1])), *(draw(st.sampled_from(WHEN)) for _ in left[1:])]
    text = dict(zip(left, said, strict=True))
    on.flows = [
        replace(flow, condition=compile_expression(text[flow.id])) if text.get(flow.id) else flow for flow in on.flows
    ]


def condition(on: Drawing, flow: Flow) -> Expression | None:
    """A variable for each gateway says which way to go; one that is inclusive goes all ways at the highest number."""
    own = [other.id for other in on.flows if other.source == flow.source]
    text = {
        "exclusiveGateway": f"{flow.source} == {own.index(flow.id)}",
        "inclusiveGateway": f"{flow.source} == {own.index(flow.id)} or {flow.source} == {len(own)}",
    }.get(on.nodes[flow.source].kind)
    return compile_expression(text) if text else None


def choices(graph: Graph, task: str) -> list[dict[str, int]]:
    """What the one who does a task can decide about the gateway after it."""
    after = graph.nodes[graph.nodes[task].outgoing[0].target]
    if after.kind == "complexGateway":
        return [{}]  # its conditions ask for no data
    ways = len(after.outgoing) + (after.kind == "inclusiveGateway" and len(after.outgoing) > 1)
    return [{after.id: number} for number in range(ways)] or [{}]


def shape(state: dict) -> str:
    """What tokens a state has, without the numbers they go by."""
    runs = state["runs"]
    at = sorted(run.get("at", "") + run.get("stuck", "") for run in runs.values())
    joins = sorted((join, sorted(waiting.items())) for join, waiting in runs["0"].get("joins", {}).items())
    return f"{at} {joins} {sorted((join, sorted(had)) for join, had in runs['0'].get('resets', {}).items())}"


def all_states(graph: Graph) -> Iterator[Step]:
    """Every state the machine can come to, whatever is decided and in whatever order tasks are done."""
    env = Environment(now=NOW)
    ahead = [machine.start(graph, env, dict.fromkeys(graph.nodes, 0))]
    seen: set[str] = set()
    while ahead:
        step = ahead.pop()
        if shape(step.state) in seen:
            continue
        seen.add(shape(step.state))
        assume(len(seen) < 300)
        yield step
        if any(isinstance(change, IncidentRaised) for change in step.changes) or "ended" in step.state:
            continue
        tasks = {run["at"]: int(number) for number, run in step.state["runs"].items() if run.get("open") == "task"}
        for task, number in tasks.items():
            for chosen in choices(graph, task):
                ahead.append(machine.complete(graph, deepcopy(step.state), env, number, chosen))


@examples(60)
@given(any_graph())
def test_the_machine_agrees(graph: Graph):
    agree(graph)


def agree(graph: Graph) -> None:
    """The machine finds a deadlock, or two tokens at one task, exactly where the search foretells one. Beside what goes
    round for ever nothing comes to rest: that no end can be reached is told there, and may be all."""
    found = problems(graph)
    kinds = {problem.kind for problem in found}
    assume(soundness.UNDECIDED not in kinds)
    dead, twice = set(), set()
    for step in all_states(graph):
        dead |= {change.element for change in step.changes if isinstance(change, IncidentRaised)}
        at = [run["at"] for run in step.state["runs"].values() if run.get("open") == "task"]
        twice |= {node for node in at if at.count(node) > 1}
    told = kinds & {soundness.DEADLOCK, soundness.LEFT_BEHIND}
    goes_round = kinds & {soundness.ENDLESS, soundness.NEVER_ENDS}
    assert bool(dead) == bool(told) or (dead and goes_round), (found, dead)
    assert not twice or soundness.TWICE in kinds
    for problem in found:
        assert isinstance(problem, Problem)


def of_kind(kind: str) -> st.SearchStrategy[Graph]:
    return any_graph().filter(lambda graph: any(_joins(node, kind) for node in graph.nodes.values()))


def _joins(node: Node, kind: str) -> bool:
    return node.kind == kind and len(node.incoming) > 1


@examples(60, suppress_health_check=[HealthCheck.filter_too_much])
@given(of_kind("complexGateway"))
def test_the_machine_agrees_about_complex_joins(graph: Graph):
    agree(graph)


def test_a_join_that_waits_in_vain_beside_what_goes_round_for_ever() -> None:
    """Found by `make explore`."""
    joins = '<parallelGateway id="g"/><parallelGateway id="j"/><exclusiveGateway id="x"/>'
    body = f'<startEvent id="s"/><task id="a"/><task id="b"/><task id="c"/>{joins}'
    flows = "s -> g\ng -> a\na -> j\nb -> j\nj -> b\ng -> x\nx -> c\nc -> x"
    assert soundness.NEVER_ENDS in _problems_of(f"{body}\n{flows}")


# --- events with more than a word to say -----------------------------------------------------------------------------


def _problems_of(body: str) -> list[str]:
    beside = '<message id="m" name="m"/><message id="m2" name="m2"/><error id="f" errorCode="F"/>'
    (graph,) = read(bpmn(body, beside=beside)).graphs
    return [problem.kind for problem in problems(graph)]


def test_tokens_go_over_links() -> None:
    link = '<intermediate{0}Event id="{1}"><linkEventDefinition name="l"/></intermediate{0}Event>'
    ends = '<startEvent id="s"/><endEvent id="e"/>' + link.format("Throw", "t") + link.format("Catch", "c")
    assert _problems_of(ends + "\ns -> t\nc -> e") == []
    split = ends + '<parallelGateway id="g"/><task id="a"/><parallelGateway id="j"/>'
    assert _problems_of(split + "\ns -> g\ng -> t\ng -> a\nc -> j\na -> j\nj -> e") == []
    choice = split.replace('<parallelGateway id="g"/>', '<exclusiveGateway id="g"/>')
    assert soundness.DEADLOCK in _problems_of(choice + "\ns -> g\ng -> t if x\ng -> a if y\nc -> j\na -> j\nj -> e")


@pytest.mark.parametrize(("kind", "expected"), [("Parallel", False), ("Exclusive", True)])
def test_only_a_parallel_event_based_gateway_feeds_a_parallel_join(kind: str, expected: bool) -> None:
    catch = '<intermediateCatchEvent id="{}"><messageEventDefinition messageRef="{}"/></intermediateCatchEvent>'
    body = (
        f'<eventBasedGateway id="g" instantiate="true" eventGatewayType="{kind}"/>'
        f'{catch.format("a", "m")}{catch.format("b", "m2")}<parallelGateway id="j"/><endEvent id="e"/>'
        "\ng -> a\ng -> b\na -> j\nb -> j\nj -> e"
    )
    assert (soundness.DEADLOCK in _problems_of(body)) is expected


def test_an_end_with_several_triggers_may_end_by_an_error() -> None:
    end = '<endEvent id="i">{}<terminateEventDefinition/></endEvent>'
    sub = f'<subProcess id="x"><startEvent id="h"/>{end}\nh -> i\n</subProcess>'
    body = '<startEvent id="s"/>{}<endEvent id="e"/>\ns -> x\nx -> e'
    assert _problems_of(body.format(sub.format(""))) == []
    assert _problems_of(body.format(sub.format('<errorEventDefinition errorRef="f"/>'))) != []


@pytest.mark.parametrize(("code", "is_caught"), [('errorRef="f"', True), ("", True), ('errorRef="g"', False)])
def test_an_error_caught_in_the_scope_that_it_ends_is_an_end_of_it(code: str, is_caught: bool) -> None:
    """§13.5.4: an event sub-process that an error starts takes over, and the sub-process goes on when that is done."""
    sub = f"""<subProcess id="x"><startEvent id="a"/><endEvent id="b"><errorEventDefinition errorRef="f"/></endEvent>
    a -> b
    <subProcess id="handler" triggeredByEvent="true"><startEvent id="c"><errorEventDefinition {code}/></startEvent>
    <endEvent id="d"/>
    c -> d
    </subProcess></subProcess>"""
    more = '<error id="g" errorCode="G"/>'
    body = f'<startEvent id="s"/>{sub}<endEvent id="e"/>\ns -> x\nx -> e'
    beside = f'<error id="f" errorCode="F"/>{more}'
    (graph,) = read(bpmn(body, beside=beside)).graphs
    kinds = [problem.kind for problem in problems(graph) if problem.kind != soundness.DEAD]
    assert kinds == ([] if is_caught else [soundness.NEVER_ENDS])


def test_an_error_among_all_that_must_come_can_be_caught_in_the_scope_that_it_ends() -> None:
    """Table 10.93: the others may have come by then (`machine/several.py`); no way that can end is missed."""
    sub = """<subProcess id="x"><startEvent id="a"/><endEvent id="b"><errorEventDefinition errorRef="f"/></endEvent>
    a -> b
    <subProcess id="handler" triggeredByEvent="true"><startEvent id="c" parallelMultiple="true">
      <messageEventDefinition messageRef="m"/><errorEventDefinition errorRef="f"/></startEvent><endEvent id="d"/>
    c -> d
    </subProcess></subProcess>"""
    body = f'<startEvent id="s"/>{sub}<endEvent id="e"/>\ns -> x\nx -> e'
    beside = '<message id="m" name="m"/><error id="f" errorCode="F"/>'
    (graph,) = read(bpmn(body, beside=beside)).graphs
    assert [problem.kind for problem in problems(graph)] == []
