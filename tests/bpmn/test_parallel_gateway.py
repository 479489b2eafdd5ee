"""Parallel gateways (§13.4.1): a token on each flow out, and a token from each flow in; counted per flow."""

import pytest

from engine.bpmn.changes import ElementPassed, IncidentCleared, IncidentRaised


def test_it_forks_and_joins(play):
    case = play("fork")
    assert case.waiting == ["a", "b", "c"]
    assert case.complete("b").complete("a").waiting == ["c"]
    assert case.complete("c").waiting == ["efter"]
    assert case.passed.count("samla") == 1
    assert case.complete("efter").outcome == "completed"


def test_it_can_join_and_fork_at_once(play):
    case = play("both").complete("a")
    assert case.waiting == ["b"]
    assert case.complete("b").waiting == ["c", "d"]
    assert case.complete("d").complete("c").outcome == "completed"


@pytest.mark.parametrize("x", [True, False])
def test_two_flows_from_one_gateway_are_two(play, x):
    """SpiffWorkflow's join counts the elements before it, and completes here (peers.md B2)."""
    case = play("twice", {"x": x})
    assert case.outcome is None
    assert case.stuck_at == ["samla"]


def test_a_deadlock_is_found_at_once(play):
    """XOR into AND: SpiffWorkflow waits for ever and says nothing (peers.md B2)."""
    case = play("either", {"x": True})
    assert case.stuck_at == []
    case.complete("a")
    assert (case.outcome, case.waiting, case.stuck_at) == (None, [], ["samla"])
    assert "either.b-samla" in case.found(IncidentRaised)[0].message


def test_a_deadlock_stays_when_it_is_tried_again(play):
    case = play("either", {"x": True}).complete("a")
    first = case.stuck("samla")
    case.retry("samla")
    assert case.stuck("samla") != first
    assert case.found(IncidentCleared, "samla")


def test_a_deadlock_goes_on_with_the_tokens_that_are_there(play):
    case = play("either", {"x": True}).complete("a").skip("samla", y=1)
    assert case.outcome == "completed"
    assert case.variables == {"x": True, "y": 1}


def test_a_deadlock_can_be_cancelled(play):
    case = play("either", {"x": True}).complete("a").cancel()
    assert case.outcome == "cancelled"
    assert case.found(ElementPassed) == [ElementPassed("either.samla", "cancelled")]


def test_a_dead_join_is_found_while_other_branches_go_on(play):
    case = play("partly").complete("a")
    assert (case.waiting, case.stuck_at) == (["lang"], ["samla"])
    assert case.complete("lang").outcome is None
    assert case.skip("samla").outcome == "completed"


def test_excess_tokens_are_kept(play):
    """Two tokens on one flow, one on the other: one passes, one is left, and nobody forgets it (peers.md B2)."""
    case = play("excess").complete("a").complete("b")
    assert case.stuck_at == []
    case.complete("c")
    assert case.waiting == ["efter"]
    assert case.stuck_at == ["samla"]
    assert case.complete("efter").outcome is None
    case.skip("samla")
    assert (case.waiting, case.stuck_at) == (["efter"], [])
    assert case.complete("efter").outcome == "completed"
