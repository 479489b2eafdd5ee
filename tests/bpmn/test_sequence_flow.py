"""Sequence flows without gateways (§13.3.2): implicit splits and merges, conditions, the default."""

import pytest


def test_all_flows_out_of_an_activity_are_taken(play):
    case = play("split").complete("a")
    assert case.waiting == ["b", "c"]
    assert case.complete("c").outcome is None
    assert case.complete("b").outcome == "completed"


def test_each_token_into_an_activity_starts_a_run_of_its_own(play):
    case = play("merge").complete("a")
    assert case.waiting == ["b", "efter"]
    assert case.complete("b").waiting == ["efter", "efter"]
    assert case.complete("efter", nth=1).complete("efter").outcome == "completed"


@pytest.mark.parametrize(("x", "waiting"), [(0, ["c"]), (2, ["a"]), (3, ["a", "b"])])
def test_conditional_flows_out_of_an_activity_with_a_default(play, x, waiting):
    assert play("conditional").complete("val", x=x).waiting == waiting


@pytest.mark.parametrize(("x", "waiting"), [(True, ["alltid", "ibland"]), (False, ["alltid"])])
def test_a_flow_without_condition_holds_always_and_leaves_nothing_to_the_default(play, x, waiting):
    assert play("beside").complete("val", x=x).waiting == waiting


@pytest.mark.parametrize("x", [1, 0, "ja", "", None, []])
def test_a_condition_is_true_or_false_and_nothing_else(play, x):
    case = play("strict").complete("val", x=x)
    assert (case.waiting, case.stuck_at) == ([], ["val"])


def test_no_condition_holds_and_there_is_no_default(play):
    case = play("strict").complete("val", x=False)
    assert case.stuck_at == ["val"]
    assert case.variables == {}, "what a stuck completion gave is not written yet"
    assert case.skip("val", x=True).waiting == ["a"]
    assert case.variables == {"x": True}


def test_without_start_events_every_node_without_incoming_flow_starts(play):
    case = play("implicit")
    assert case.waiting == ["a", "b"]
    assert case.complete("a").complete("b").outcome == "completed"
