"""Inclusive gateways (§13.4.3, Table 13.3): every condition that holds; a join that waits for what can still come."""

import pytest


@pytest.mark.parametrize(("x", "waiting"), [("a", ["a"]), ("ab", ["a", "b"]), ("", ["c"])])
def test_every_condition_that_holds(play, x, waiting):
    case = play("some", {"x": x})
    assert case.waiting == waiting
    for element in waiting:
        assert "efter" not in case.waiting
        case.complete(element)
    assert case.waiting == ["efter"]
    assert case.complete("efter").outcome == "completed"


def test_nothing_holds_and_there_is_no_default(play):
    case = play("bare", {"x": 3})
    assert case.stuck_at == ["val"]
    assert case.skip("val", x=1).waiting == ["a"]


@pytest.mark.parametrize("x", [True, False])
def test_it_waits_for_a_token_far_away_until_that_cannot_come_any_more(play, x):
    case = play("afar", {"x": x}).complete("a")
    assert case.waiting == ["b"]
    assert case.complete("b").waiting == ["c"]
    assert case.complete("c").waiting == ["efter"]
    assert case.complete("efter").outcome == "completed"


def test_what_can_only_come_through_the_join_itself_is_not_waited_for(play):
    case = play("loop", {"n": 0, "mer": True}).complete("a")
    assert case.waiting == ["b"]
    case.complete("b", n=1)
    assert case.waiting == ["a"]
    assert case.complete("a", mer=False).outcome == "completed"
    assert case.passed.count("samla") == 2


@pytest.mark.parametrize("x", [True, False])
def test_who_can_also_come_to_a_flow_that_has_a_token_is_not_waited_for(play, x):
    """The second half of the rule: the gateway fires for `a` alone, and again for `b`."""
    case = play("around", {"x": x}).complete("a")
    assert case.waiting == ["b", "efter"]
    assert case.complete("b").waiting == ["efter", "efter"]


def test_a_token_may_still_come_by_way_of_a_boundary_event(play):
    case = play("boundary").complete("a")
    assert case.waiting == ["b"]
    assert case.complete("b").outcome == "completed"
    other = play("boundary").complete("a").fail("b", "fel")
    assert other.waiting == ["c"]
    assert other.complete("c").outcome == "completed"
    assert other.passed.count("samla") == 1


def test_it_waits_for_a_sub_process(play):
    case = play("inner").complete("a")
    assert case.waiting == ["i"]
    assert case.complete("i").outcome == "completed"
    assert case.passed.count("samla") == 1


def test_it_takes_one_token_from_each_flow_and_keeps_the_others(play):
    case = play("twotokens").complete("a").complete("b")
    assert case.waiting == ["c"]
    case.complete("c")
    assert case.waiting == ["efter", "efter"]
    assert case.passed.count("samla") == 2


def test_a_token_at_another_join_is_waited_for_too(play):
    case = play("behind").complete("a")
    assert (case.waiting, case.stuck_at) == ([], ["dod", "samla"])
    case.skip("dod")
    assert (case.waiting, case.stuck_at) == (["efter"], [])


def test_a_token_that_an_incident_holds_behind_the_join_may_come_back(play):
    settings: dict[str, bool] = {}
    case = play("stuck", functions={"setting": settings.__getitem__}).complete("a").complete("b")
    assert case.stuck_at == ["samla"], "the second token waits for the first"
    settings["a"] = True
    assert case.retry("samla").waiting == ["efter"]
    assert case.complete("efter").waiting == ["efter"]
    assert case.passed.count("samla") == 2
