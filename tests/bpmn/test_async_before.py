"""camunda:asyncBefore: the token waits before the element until the worker lets it in, in a transaction of its own."""

from engine.bpmn.changes import ElementPassed, JobAdded, JobClosed


def test_the_token_waits_before_the_element(play):
    case = play("later")
    assert case.found(JobAdded) == [JobAdded(1, "later.sen", None)]
    assert case.passed == ["start"]
    case.complete("sen")
    assert case.found(JobClosed) == [JobClosed(1, "later.sen", "completed")]
    assert case.outcome == "completed"


def test_nothing_of_the_element_is_there_before(play):
    case = play("person")
    assert case.waiting == ["sen"]
    assert case.complete("sen").waiting == ["for_sent", "sen"]


def test_each_token_on_its_way_to_a_join_waits_for_itself(play):
    case = play("gate")
    assert case.waiting == ["samla", "samla"]
    assert case.complete("samla", nth=0).waiting == ["samla"]
    assert case.stuck_at == [], "the other token can still come"
    assert case.complete("samla").outcome == "completed"


def test_it_can_be_cancelled_or_helped_past(play):
    assert play("person").skip("sen", a=1).outcome == "completed"
    case = play("person").cancel()
    assert case.found(JobClosed) == [JobClosed(1, "person.sen", "cancelled")]
    assert case.found(ElementPassed) == [ElementPassed("person.sen", "cancelled")]
