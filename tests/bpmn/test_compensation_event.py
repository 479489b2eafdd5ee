"""Compensation events (§10.7, §13.5.5): what was completed is undone by its handler, the last first, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import ElementPassed
from engine.bpmn.limits import Limits
from tests.bpmn.costs import NOW, first_turns, opened, ratio, turns
from tests.bpmn.driver import graph_of


def undone(case) -> list[str]:
    """The activities that have been compensated since the start."""
    changes = [change for change in case.changes if isinstance(change, ElementPassed)]
    return [case.short(change.element) for change in changes if change.outcome == "compensated"]


def test_one_activity_is_compensated_and_waited_for(play):
    """Table 10.88: with an activity identified, that one is."""
    case = play("one").complete("a", svar=1).complete("b")
    assert case.waiting == ["ha"]
    assert case.complete("ha", angrat=True).waiting == ["efter"]
    assert (undone(case), case.variables) == (["a"], {"svar": 1, "angrat": True})
    assert case.complete("efter").outcome == "completed"
    assert case.passed == ["start", "a", "b", "ha", "angra", "efter", "slut"]


def test_all_of_a_scope_in_reverse_order_once_for_each_completion(play):
    case = play("all")
    for igen in (True, False):
        case.complete("a").complete("b").complete("c", igen=igen)
    for handler in ("hc", "ha", "hc", "ha"):
        assert case.waiting == [handler]
        case.complete(handler)
    assert case.outcome == "completed"
    assert undone(case) == ["c", "a", "c", "a"]


def test_an_end_event_waits_too(play):
    case = play("at_end").complete("a")
    assert case.waiting == ["ha"]
    assert case.complete("ha").outcome == "completed"
    assert case.passed == ["start", "a", "ha", "slut"]


def test_without_waiting_the_flow_goes_on_beside(play):
    """§10.7.2, waitForCompletion false. The scope is not done before the handlers are."""
    case = play("beside").complete("a").complete("b")
    assert case.waiting == ["efter", "hb"]
    case.complete("efter")
    assert (case.outcome, case.waiting) == (None, ["hb"])
    assert case.complete("hb").waiting == ["ha"]
    assert case.complete("ha").outcome == "completed"
    assert case.passed.count("angra") == 1


def test_what_is_at_work_is_not_compensated(play):
    """§10.7: an activity that is still active cannot be."""
    case = play("at_work").complete("a").complete("c")
    assert case.waiting == ["b", "ha"]
    assert case.complete("b").complete("ha").waiting == ["efter"]
    assert undone(case) == ["a"]


def test_nothing_completed_is_nothing_to_do(play):
    assert play("at_work").complete("c").waiting == ["a", "efter"]


def test_a_sub_process_is_compensated_by_what_was_completed_in_it(play):
    """Default compensation, recursively (§10.7.1)."""
    case = play("nested")
    for task in ("a", "b", "c", "d"):
        case.complete(task)
    for handler in ("hd", "hc", "hb", "ha"):
        assert case.waiting == [handler]
        case.complete(handler)
    assert case.outcome == "completed"
    assert undone(case) == ["d", "c", "b", "inre", "a", "yttre"]


def test_a_handler_of_its_own_takes_the_place_of_those_inside(play):
    """§10.7.1: to it the sub-process is a black box."""
    case = play("blackbox").complete("a")
    assert "kept" not in {key for run in case.state["runs"].values() for key in run}
    assert case.waiting == ["h1"]
    assert case.complete("h1").complete("h2").outcome == "completed"
    assert undone(case) == ["del"]


def test_what_only_the_inside_could_ask_for_is_forgotten_with_it(play):
    case = play("blackbox_inside").complete("a")
    assert case.state["kept"] == 1, "the sub-process, and not its task"
    assert case.complete("b").complete("hdel").outcome == "completed"
    assert undone(case) == ["del"]


def test_an_event_sub_process_sees_the_data_as_they_were_at_completion(play):
    """§13.5.5: the context of the sub-process is restored from its snapshot, that of the process is not."""
    case = play("snapshot", {"namn": "Ada"}).complete("a", namn="Eva")
    assert case.waiting == ["b"]
    assert case.seen_at("b") == {"saldo": 11, "namn": "Eva"}
    assert case.variables == {"saldo": 500, "namn": "Ada"}
    case.complete("b", saldo=12)
    assert case.waiting == ["ha"], "it asks for compensation inside its sub-process (§10.7.2)"
    assert case.seen_at("ha")["saldo"] == 12
    case.complete("ha").complete("c")
    assert (undone(case), case.variables["saldo"]) == (["a", "del"], 500)
    assert case.complete("efter").outcome == "completed"


def test_each_instance_is_compensated_with_its_own_data(play):
    """§10.7.2: the handler is invoked once for each instance."""
    case = play("many", {"parter": ["x", "y", "z"]})
    for instance in (1, 0, 2):
        case.complete("var", instance=instance)
    for part in ("z", "x", "y"):
        assert case.seen_at("hvar")["part"] == part
        case.complete("hvar")
    assert case.outcome == "completed"
    assert undone(case) == ["var"] * 4, "three instances and the whole"


def test_each_turn_of_a_loop_is_compensated_the_last_first(play):
    """§10.7.2: the handler is invoked once for each iteration."""
    case = play("turns").complete("var").complete("var").complete("var")
    for turn in (2, 1, 0):
        assert case.seen_at("hvar")["loopCounter"] == turn
        case.complete("hvar")
    assert case.outcome == "completed"
    assert undone(case) == ["var"] * 4, "three turns and the whole"


def test_instances_in_turn_by_what_was_completed_in_them(play):
    """§13.5.5: in reverse order of their forward completion."""
    case = play("many_in_turn", {"parter": ["x", "y"]}).complete("a", svar=1).complete("a", svar=2)
    assert case.variables["ut"] == [1, 2]
    case.complete("b")
    for part in ("y", "x"):
        assert case.seen_at("ha")["part"] == part
        case.complete("ha")
    assert case.outcome == "completed"


def test_each_instance_has_its_own_event_sub_process(play):
    case = play("many_with_event", {"parter": ["x", "y"]}).complete("a", instance=None, nth=0, svar="ett")
    case.complete("a", svar="två")
    seen = []
    for _ in range(2):
        seen.append((case.seen_at("h")["part"], case.seen_at("h")["svar"]))
        case.complete("h")
    assert seen == [("y", "två"), ("x", "ett")]
    assert case.outcome == "completed"


def test_instances_that_were_cancelled_are_not(play):
    case = play("some", {"parter": ["x", "y", "z"]}).complete("var", instance=2).complete("var", instance=0)
    assert case.outcomes("cancelled") == ["var"]
    assert [case.seen_at("hvar")["part"], case.complete("hvar").seen_at("hvar")["part"]] == ["x", "z"]
    assert case.complete("hvar").outcome == "completed"


def test_a_cancelled_sub_process_is_not_compensated(play):
    """§10.7.3: compensation of what failed or was cancelled is an empty operation."""
    case = play("cancelled").complete("a").fire("frist")
    assert case.waiting == ["efter"]
    assert "kept" not in case.state


def test_an_inline_error_handler_compensates_what_was_completed(play):
    """§10.7.2: without an activity, from an event sub-process: what is completed around it."""
    case = play("inline").complete("a").fail("b", "fel")
    assert case.outcomes("failed") == ["b"]
    assert case.waiting == ["ha"]
    assert case.complete("ha").waiting == ["c"]
    assert case.complete("c").outcome == "completed", "the sub-process failed: later nothing of it is compensated"
    assert undone(case) == ["a"]


def test_an_error_in_a_handler_goes_up_as_any_other(play):
    case = play("broken").complete("a").complete("b").fail("hb", "fel")
    assert case.outcomes("failed") == ["hb"]
    assert case.outcomes("cancelled") == ["angra"]
    assert case.complete("c").waiting == ["ha"], "what was not compensated yet still can be"
    assert case.complete("ha").outcome == "completed"
    assert undone(case) == ["a"]


def test_an_error_in_a_handler_is_not_caught_by_what_was_completed_before(play):
    """The event sub-process and the boundary of a sub-process are there while it is active."""
    case = play("broken_later").complete("a").fail("ha", "fel")
    assert case.waiting == ["efter"]
    assert case.outcomes("failed") == ["ha", "ute"]
    assert case.outcomes("cancelled") == ["angra", "del"]


def test_an_error_in_a_handler_that_nobody_catches_fails_the_case(play):
    assert play("called").complete("anrop").fail("ha", "fel").outcome == "failed"


def test_a_call_activity_has_its_handler_and_not_those_inside(play):
    case = play("called").complete("anrop")
    assert case.waiting == ["ha"]
    assert case.complete("ha").outcome == "completed"


def test_a_terminated_sub_process_was_not_completed(play):
    """§13.5.6: it is abnormally terminated."""
    assert play("terminated").complete("a").complete("b").waiting == ["efter"]
    other = play("terminated")
    assert other.complete("b").waiting == ["efter"]


def test_an_event_sub_process_is_compensated_like_any_other(play):
    case = play("listening").receive("bstart").complete("b").complete("a")
    assert case.waiting == ["hb"]
    assert case.complete("hb").outcome == "completed"
    assert undone(case) == ["b", "brev", "del"]


def test_an_inclusive_join_does_not_wait_for_compensation(play):
    """What compensates is outside the flow: no token of it can come to a gateway."""
    case = play("join").complete("a").complete("b")
    assert case.waiting == ["efter", "ha"]
    assert case.complete("efter").complete("ha").outcome == "completed"


def test_handlers_of_all_sorts(play):
    case = play("handlers").complete("a").complete("b").complete("c")
    assert case.waiting == ["h1"]
    assert case.complete("h1").waiting == ["hh1"], "a handler can compensate within itself"
    assert case.complete("hh1").waiting == ["hb", "hb"], "one with instances"
    assert case.complete("hb", nth=0).complete("hb").waiting == ["ha"]
    wait = case.wait("ha")
    assert case.open[wait].topic is None, "one that begins in a transaction of its own"
    case.step(lambda graph, state, env: machine.complete(graph, state, env, wait, {}))
    assert case.opened("ha").topic == "t"
    assert case.complete("ha").outcome == "completed"
    assert undone(case) == ["h1", "c", "b", "a"]


def test_a_handler_helped_past_its_asynchronous_point(play):
    case = play("handlers").complete("a").complete("b").complete("c").complete("h1").complete("hh1")
    case.complete("hb", nth=0).complete("hb").skip("ha", x=1)
    assert (case.outcome, case.variables) == ("completed", {"x": 1})


def test_a_handler_that_cannot_begin_is_an_incident(play):
    case = play("stuck").complete("a")
    assert (case.stuck_at, case.waiting) == (["ha"], [])
    assert case.retry("ha").stuck_at == ["ha"]
    assert case.skip("ha", gjort=True).waiting == ["efter"]
    assert undone(case) == ["a"]


def test_a_handler_that_is_interrupted_lets_the_compensation_go_on(play):
    case = play("edge").complete("b").complete("a").fail("ha", "fel")
    assert case.outcomes("failed") == ["ha"]
    assert case.waiting == ["hb", "vid_fel"]
    assert case.complete("hb").complete("vid_fel").outcome == "completed"
    assert undone(case) == ["b"]


def test_only_what_can_be_asked_for_is_remembered(play):
    """`one` asks for a alone; b has a handler that nobody ever asks."""
    case = play("one").complete("a")
    assert case.state["kept"] == 1
    case.complete("b").complete("ha")
    assert "kept" not in case.state


def test_a_loop_grows_by_what_may_have_to_be_undone_up_to_a_limit(play):
    case = play("loop", limits=Limits(compensations=3))
    for _ in range(3):
        case.complete("a").complete("utan", igen=True)
    assert case.state["kept"] == 3
    case.complete("a")
    assert case.stuck_at == ["a"]
    assert "högst 3 genomförda" in next(iter(case.incidents.values())).message
    case.skip("a").complete("utan", igen=False)
    for _ in range(3):
        case.complete("ha")
    assert case.outcome == "completed", "the one that was helped past is not compensated"


def test_a_turn_of_a_loop_costs_the_same_however_much_is_remembered():
    graph = graph_of(Path(__file__).with_name("compensation_event.bpmn"), "loop")
    step = machine.start(graph, NOW, {"igen": True})
    for _ in range(2 * 3000):
        step = machine.complete(graph, step.state, NOW, opened(step.changes)[0], {})
    assert step.state["kept"] == 3000
    assert ratio(turns(graph, step, tasks=2), first_turns(graph, {"igen": True}, tasks=2)) <= 2


def test_whatever_is_under_way_it_can_be_cancelled(play):
    case = play("nested").complete("a").complete("b").complete("c").complete("d").complete("hd")
    assert case.cancel().outcome == "cancelled"
    assert case.outcomes("cancelled") == ["angra", "hc", "inre", "yttre"]


@pytest.mark.parametrize("nr", range(3))
def test_a_late_answer_meets_nothing(play, nr):
    """A completed activity that is kept is not open any more."""
    case = play("one")
    wait = case.wait("a")
    case.complete("a", nr=nr)
    with pytest.raises(machine.Stale):
        case.step(lambda graph, state, env: machine.complete(graph, state, env, wait, {}))
