"""Conditional events (§10.5.5, §13.5): caught, at an edge or starting an event sub-process, when data make them so."""

import json
from pathlib import Path

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import TaskOpened, WaitClosed, WaitOpened
from engine.bpmn.limits import Limits
from engine.bpmn.machine import Environment, Stale, trigger
from tests.bpmn.driver import MORNING, graph_of


def test_a_token_waits_until_the_condition_holds(play):
    case = play("catch", {"antal": 1})
    assert case.opened("vanta") == WaitOpened(3, "catch.vanta", "condition", "antal > 3")
    assert case.complete("a", antal=2).waiting == ["andra", "vanta"]
    case.complete("andra", antal=4)
    assert case.waiting == ["b"]
    assert case.found(WaitClosed) == [WaitClosed(3, "catch.vanta", "completed", kind="condition")]
    assert case.complete("b").outcome == "completed"


def test_one_that_holds_already_is_not_waited_for(play):
    case = play("catch", {"antal": 4})
    assert case.waiting == ["a", "andra", "b"]
    assert case.passed == ["start", "dela", "vanta"]


def test_what_is_not_there_yet_does_not_hold(play):
    """Data that become available are what such an event is for (§10.5.5)."""
    case = play("catch")
    assert (case.waiting, case.stuck_at) == (["a", "andra", "vanta"], [])
    assert case.complete("a", antal=4).waiting == ["andra", "b"]


def test_a_change_within_a_step_is_seen_even_where_it_does_not_last(play):
    """The condition holds between the two scripts, both of which run in one step."""
    case = play("short", {"x": 0}).complete("a")
    assert case.waiting == ["b"]
    assert case.variables["x"] == 0
    assert case.passed == ["start", "dela", "a", "hoj", "vanta", "sank", "slut"]


def test_nobody_outside_can_make_it_happen_but_one_may_be_helped_past(play):
    case = play("catch", {"antal": 1})
    wait = case.wait("vanta")
    with pytest.raises(Stale):
        case.step(lambda graph, state, env: trigger(graph, state, env, wait, {}))
    assert case.skip("vanta", antal=0).waiting == ["a", "andra", "b"]


def test_at_an_edge_interrupting(play):
    case = play("boundary", {"lage": "gront", "niva": 1}).complete("andra", lage="stopp")
    assert case.waiting == ["annat", "c"]
    assert case.outcomes("cancelled") == ["arbete"]
    assert [(change.element, change.outcome) for change in case.found(WaitClosed)] == [
        ("boundary.avbryt", "completed"),
        ("boundary.larm", "cancelled"),
    ]


def test_at_an_edge_not_interrupting_each_time_it_becomes_true(play):
    """It must be false in between: true and still true is no change (Table 10.84)."""
    case = play("boundary", {"lage": "gront", "niva": 7})
    assert case.waiting == ["andra", "annat", "arbete", "avbryt", "d", "larm"], "true from the beginning"
    case.complete("d", niva=8)
    assert case.waiting == ["andra", "annat", "arbete", "avbryt", "larm"]
    case.complete("andra", niva=2)
    assert case.waiting == ["annat", "arbete", "avbryt", "larm"]
    case.complete("annat", niva=9)
    assert case.waiting == ["arbete", "avbryt", "d", "larm"]
    assert case.complete("d").complete("arbete").outcome == "completed"


def test_event_sub_processes_interrupting_and_not(play):
    case = play("handler", {"belopp": 2})
    assert case.waiting == ["a", "rik", "udda"]
    case.complete("a", belopp=7)
    assert case.waiting == ["b", "n", "rik", "udda"]
    case.complete("b", belopp=1001)
    assert case.waiting == ["c"]
    assert case.outcomes("cancelled") == ["n", "notera"]
    assert case.complete("c").outcome == "completed"


def test_only_a_variable_that_it_reads_makes_it_be_looked_at(play):
    looks = []

    def ready(value):
        looks.append(value)
        return value > 3

    case = play("counted", {"antal": 1, "annat": 1}, functions={"ready": ready})
    cases = len(looks)
    case.complete("a", annat=2).complete("b", antal=1)
    assert len(looks) == cases, "neither another variable nor the same value is a change"
    case.complete("c", antal=4)
    assert looks[cases:] == [4] * cases
    assert case.waiting == []


def test_as_an_alternative_of_an_event_based_gateway(play):
    case = play("choice", {"klart": False}).complete("arbete", klart=True)
    assert case.waiting == ["a"]
    assert case.passed.count("val") == case.passed.count("klar") == 1
    assert play("choice", {"klart": False}).fire("frist").waiting == ["arbete", "b"]


def test_each_scope_sees_its_own_variables(play):
    case = play("scoped", {"lista": ["gul", "gul"], "alla": False})
    assert case.waiting == ["a", "a", "b", "b", "rott", "rott"]
    case.complete("a", instance=None, nth=1, svar="rod")
    assert case.waiting == ["a", "b", "c", "rott"]
    assert "watched" in case.state


def test_one_that_interrupts_takes_what_waits_inside_for_the_same(play):
    case = play("both", {"x": False}).complete("a", x=True)
    assert case.waiting == ["c"]
    assert "inne" not in case.passed
    assert "watched" not in case.state


def test_a_condition_without_a_value_is_an_incident_there_and_can_be_tried_again(play):
    case = play("wrong", {"x": 0, "y": False}).complete("a", x="text", y="text")
    assert (case.waiting, case.stuck_at) == (["arbete"], ["edge", "vanta"])
    case.skip("vanta", y=True)
    assert case.stuck_at == ["edge"]
    case.retry("edge")
    assert case.stuck_at == ["edge"]
    case.skip("edge", x=2)
    assert (case.waiting, case.stuck_at) == (["b"], [])
    assert case.complete("b").outcome == "completed"


def test_what_it_guards_may_end_while_it_is_stuck(play):
    case = play("wrong", {"x": 0, "y": False}).complete("a", x="text", y=True)
    assert case.stuck_at == ["edge"]
    assert case.complete("arbete").outcome == "completed"
    assert case.incidents == {}


def test_conditions_that_wake_each_other_for_ever_come_to_a_halt(play):
    case = play("endless", {"x": False}, limits=Limits(steps=200)).complete("a", x=True)
    assert set(case.stuck_at) == {"pa", "vslut"}  # nobody listens any more, and the last token has no step left
    assert "b" in case.waiting


def test_conditions_that_write_and_lead_nowhere_come_to_a_halt_too(play):
    """What they start reaches no element, and still each time is a step."""
    case = play("flips", {"x": False}, limits=Limits(steps=200))
    assert case.waiting[0] == "a"
    assert len(case.stuck_at) == 1
    assert len(case.passed) < 250
    before = len(case.passed)
    assert len(case.retry(case.stuck_at[0]).stuck_at) == 1  # with a budget of its own
    assert len(case.passed) > before + 100
    assert case.complete("a").outcome == "completed"


def test_waits_are_found_by_the_variables_they_read_and_leave_nothing_behind(play):
    case = play("catch", {"antal": 1})
    assert case.state["watched"] == {"antal": 3}
    assert case.state["runs"]["3"]["reads"] == {"antal": [0, 0]}
    case.complete("a", antal=9)
    assert "watched" not in json.loads(json.dumps(case.state))


def test_a_state_of_before_there_were_chains_goes_on(play):
    """Who waited for a name stood in one place then; `both` has two who wait for the same."""
    case = play("both", {"x": False})
    _unchain(case.state)
    assert case.complete("a", x=True).waiting == ["c"]
    assert "watched" not in case.state


def _unchain(state):
    """As release 0.1.0 kept it."""
    watched: dict[str, dict[str, bool]] = {}
    for number, run in state["runs"].items():
        for name in run.get("reads", ()):
            watched.setdefault(name, {})[number] = True
        if "reads" in run:
            run["reads"] = sorted(run["reads"])
    state["watched"] = watched


def test_one_that_waits_or_goes_touches_its_neighbours_only():
    """However many wait: the state but for `runs` stays as small, and of the runs few are written anew."""
    graph = graph_of(Path(__file__).with_name("conditional_event.bpmn"), "scoped")
    step = machine.start(graph, Environment(MORNING), {"lista": ["gul"] * 1000, "alla": False})
    assert len(step.state["watched"]) == 2
    before = {number: json.dumps(run) for number, run in step.state["runs"].items()}
    wait = next(change.wait for change in step.changes[2000:] if isinstance(change, TaskOpened))
    step = machine.complete(graph, step.state, Environment(MORNING), wait, {})
    after = step.state["runs"]
    assert sum(json.dumps(after.get(number)) != text for number, text in before.items()) < 12
