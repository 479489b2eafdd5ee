"""Complex gateways (§10.6.5, §13.4.5): a condition on the tokens that have come; reset by those that are late."""

import pytest

from engine.bpmn.changes import ElementPassed


def test_two_of_three_are_enough(play):
    case = play("two").complete("b")
    assert case.waiting == ["a", "c"]
    case.complete("c")
    assert case.waiting == ["a", "d"]
    case.complete("a")
    assert case.waiting == ["d"], "the third one resets the gateway, and ends there"
    assert case.found(ElementPassed, "samla") == [ElementPassed("two.samla")]
    assert case.complete("d").outcome == "completed"


def test_the_late_one_may_go_another_way(play):
    """The conditions may refer to the state of the gateway; where none holds, the default is taken (§13.4.5)."""
    case = play("late").complete("b")
    assert case.waiting == ["a", "d"]
    assert case.complete("a").waiting == ["d", "e"]
    assert case.complete("d").complete("e").outcome == "completed"


@pytest.mark.parametrize(
    ("order", "waiting"), [("ab", ["c", "d"]), ("ac", ["b", "d"]), ("ca", ["b", "d"]), ("bc", ["a"])]
)
def test_the_condition_knows_the_tokens_on_each_flow(play, order, waiting):
    case = play("named", {"snabbt": False})
    for element in order:
        case.complete(element)
    assert case.waiting == waiting


def test_the_condition_sees_data(play):
    assert play("named", {"snabbt": False}).complete("c", snabbt=True).waiting == ["a", "b", "d"]


@pytest.mark.parametrize(("x", "waiting"), [(1, ["c"]), (2, ["a"]), (3, ["a", "b"])])
def test_as_a_split_it_is_like_an_inclusive_one(play, x, waiting):
    case = play("split", {"x": x})
    assert case.waiting == waiting
    for element in waiting:
        case.complete(element)
    assert case.outcome == "completed"


def test_a_condition_that_can_never_hold_is_found_at_once(play):
    case = play("dead", {"x": 1}).complete("a")
    assert (case.waiting, case.stuck_at) == ([], ["samla"])
    assert "villkor" in case.incidents[case.stuck("samla")].message
    case.skip("samla")
    assert (case.waiting, case.stuck_at) == (["d"], [])
    assert case.complete("d").outcome == "completed"


def test_while_a_token_can_come_it_is_no_deadlock(play):
    case = play("dead", {"x": 2}).complete("a")
    assert case.stuck_at == []
    assert case.complete("b").waiting == ["d"]


def test_it_resets_when_no_token_is_expected_and_can_fire_again(play):
    """As an inclusive gateway it does not wait for what cannot come: it starts afresh in each turn of a loop."""
    case = play("skipped", {"x": 1, "om": True})
    for _ in range(3):
        case.complete("a").complete("d")
    case.complete("a").complete("d", om=False)
    assert case.outcome == "completed"
    assert case.passed.count("samla") == 4


def test_a_late_token_of_one_turn_belongs_to_that_turn(play):
    case = play("skipped", {"x": 2, "om": False}).complete("a")
    assert case.waiting == ["b", "d"]
    case.complete("b")
    assert case.waiting == ["d"]
    assert case.complete("d").outcome == "completed"


def test_what_comes_on_a_flow_that_had_its_turn_waits_for_the_next_start(play):
    case = play("excess").complete("a")
    assert case.waiting == ["a2", "b", "d"]
    case.complete("a2")
    assert case.waiting == ["b", "d"], "the gateway waits for reset: this one has to wait"
    case.complete("b")
    assert case.waiting == ["d", "d"], "reset by b, it starts again with what waited"
    assert case.complete("d", nth=0).complete("d").outcome == "completed"


def test_where_no_flow_can_be_taken_it_is_an_incident_at_the_start_and_none_at_the_reset(play):
    case = play("nothing", {"grans": 1, "x": 3}).complete("a")
    assert (case.waiting, case.stuck_at) == (["b"], ["samla"])
    case.complete("b", x=1)
    assert case.stuck_at == ["samla"]
    assert case.waiting == ["d"], "by the reset"
    case.retry("samla")
    assert case.waiting == ["d", "d"]
    other = play("nothing", {"grans": 1, "x": 1}).complete("a").complete("b", x=3)
    assert (other.waiting, other.stuck_at) == (["d"], [])


def test_a_condition_without_a_value_holds_the_token_before_the_gateway(play):
    case = play("nothing", {"x": 1}).complete("a")
    assert (case.waiting, case.stuck_at) == (["b"], ["samla"])
    case.complete("b", grans=2)
    assert (case.waiting, case.stuck_at) == ([], ["samla"])
    assert case.retry("samla").waiting == ["d"]


def test_data_may_make_it_fire(play):
    case = play("data", {"klart": False}).complete("a")
    assert (case.waiting, case.stuck_at) == (["b", "c"], [])
    assert case.complete("c", klart=True).waiting == ["b", "d"]
    other = play("data", {"klart": False}).complete("a").complete("b")
    assert other.stuck_at == [], "what else is at work may still write what the condition reads"
    assert other.complete("c").stuck_at == ["samla"]


def test_cancelling_takes_what_waits(play):
    case = play("two").complete("a").cancel()
    assert "samla" in case.outcomes("cancelled")
