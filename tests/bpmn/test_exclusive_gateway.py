"""Exclusive gateways (§13.4.2): the first condition that holds, in the order of the diagram; else the default."""

import pytest


@pytest.mark.parametrize(("x", "taken"), [(11, "a"), (6, "b"), (1, "c")])
def test_one_flow_is_taken(play, x, taken):
    case = play("default", {"x": x})
    assert case.waiting == [taken]
    assert case.complete(taken).outcome == "completed"


def test_nothing_holds_and_there_is_no_default(play):
    case = play("bare", {"x": 3})
    assert (case.waiting, case.stuck_at) == ([], ["val"])
    assert case.retry("val").stuck_at == ["val"]
    assert case.skip("val", x=2).waiting == ["b"]
    assert case.complete("b").outcome == "completed"
    assert case.passed == ["start", "val", "b", "ihop", "slut"]


def test_a_condition_that_cannot_be_evaluated(play):
    assert play("bare").stuck_at == ["val"]


def test_as_a_merge_it_lets_every_token_through(play):
    case = play("through")
    assert case.waiting == ["efter", "efter"]
    assert case.passed.count("ihop") == 2
