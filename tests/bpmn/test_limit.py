"""Budgets (trust.md C 23): passing one becomes an incident with a clear text; nothing hangs, nothing is lost."""

import pytest

from engine.bpmn import machine
from engine.bpmn.limits import Limits

SMALL = Limits(steps=100, instances=20, depth=2, variable_bytes=1000, expression_steps=10_000)


def test_a_loop_without_a_wait(play):
    case = play("loop", {"n": 0, "m": 10_000}, limits=SMALL)
    assert len(case.stuck_at) == 1
    assert "100 steg" in next(iter(case.incidents.values())).message
    reached = case.variables["n"]
    assert 30 <= reached <= 34
    case.retry(case.stuck_at[0])
    assert 60 <= case.variables["n"] <= 68, "it goes on from where it was"
    assert case.skip(case.stuck_at[0], m=70).outcome == "completed"


def test_a_fork_that_never_ends(play):
    case = play("fork", limits=SMALL)
    assert set(case.stuck_at) <= {"in", "dela"}
    assert 10 < len(case.stuck_at) < 100
    assert case.cancel().outcome == "cancelled"


@pytest.mark.parametrize(("n", "stuck"), [(20, []), (21, ["a"]), (10**9, ["a"])])
@pytest.mark.parametrize("process", ["instances", "one_by_one"])
def test_instances(play, process, n, stuck):
    """10^7 instances take SpiffWorkflow's process down (trust.md D4)."""
    assert play(process, {"n": n}, limits=SMALL).stuck_at == stuck


def test_the_size_of_all_variables(play):
    case = play("text", limits=SMALL).complete("a", x="x" * 400)
    assert case.outcome == "completed"
    case = play("text", limits=SMALL).complete("a", x="x" * 600)
    assert case.stuck_at == ["vaxa"]
    assert case.variables["x"] == "x" * 600


def test_what_expressions_may_take_together(play):
    case = play("costly", {"x": [0] * 100}, limits=SMALL)
    assert case.outcome == "completed"
    case = play("costly", {"x": list(range(300))}, limits=Limits(expression_steps=10_000))
    assert case.stuck_at == ["rakna"]


def test_how_deep_sub_processes_lie(play):
    assert play("deep", limits=Limits(depth=3)).waiting == ["a"]
    case = play("deep", limits=SMALL)
    assert case.stuck_at == ["d3"]
    assert case.skip("d3").outcome == "completed"


def test_instances_of_several_activities_count_together(play):
    case = play("together", limits=SMALL)
    assert case.stuck_at == ["b"]
    assert case.passed.count("b") == 5
    case.retry("b")
    assert case.outcome == "completed", "each call has a budget of its own"


def test_a_token_that_is_stopped_on_its_way_to_a_join_is_still_on_its_flow(play):
    case = play("join", limits=Limits(steps=3))
    assert case.stuck_at == ["samla", "samla"]
    for _ in range(2):
        assert case.outcome is None
        wait = min(case.incidents)
        case.step(lambda graph, state, env, wait=wait: machine.retry(graph, state, env, wait))
    assert case.outcome == "completed"
    assert case.passed.count("samla") == 1


def test_an_output_collection_counts_once(play):
    case = play("outputs", limits=SMALL)
    for _ in range(4):
        case.complete("a", nth=0, svar="x" * 150)
    assert case.outcome == "completed"


def test_inputs_count_too(play):
    assert play("inputs", {"x": "x" * 400}, limits=SMALL).waiting == ["a"]
    assert play("inputs", {"x": "x" * 600}, limits=SMALL).stuck_at == ["a"]
