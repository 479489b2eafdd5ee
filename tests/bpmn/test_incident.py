"""Incidents: what cannot be played holds its token until somebody retries or decides; nothing else stops."""

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import IncidentCleared, TaskOpened
from engine.bpmn.machine import Stale


@pytest.fixture
def settings():
    """What `setting(name)` gives; empty at first."""
    return {}


@pytest.fixture
def begin(play, settings):
    return lambda process, **variables: play(process, variables, functions={"setting": settings.__getitem__})


def test_a_script_is_tried_again_once_its_setting_is_there(begin, settings):
    case = begin("setting")
    assert case.stuck_at == ["las"]
    settings["a"] = 1
    case.retry("las")
    assert case.found(IncidentCleared)
    assert case.waiting == ["efter"]
    assert case.variables == {"x": 1}


def test_a_gateway(begin, settings):
    case = begin("gate")
    assert case.stuck_at == ["val"]
    settings["a"] = 3
    assert case.retry("val").stuck_at == ["val"]
    settings["a"] = 2
    assert case.retry("val").waiting == ["b"]


def test_an_event_at_the_boundary(begin, settings):
    case = begin("boundary").receive("obs", y=1)
    assert (case.waiting, case.stuck_at) == (["a", "obs"], ["obs"])
    settings["a"] = 1
    case.retry("obs")
    assert case.waiting == ["a", "b", "obs"]
    assert case.variables == {"x": 1}


def test_an_event_at_the_boundary_is_helped_past(begin):
    case = begin("boundary").receive("obs")
    case.skip("obs", x=9)
    assert case.waiting == ["a", "b", "obs"]
    assert case.variables == {"x": 9}


def test_the_end_of_a_multi_instance_activity(begin, settings):
    case = begin("body").complete("a", instance=0, svar=1).complete("a", svar=2)
    assert (case.waiting, case.stuck_at) == ([], ["a"])
    settings["a"] = 1
    case.retry("a")
    assert case.waiting == ["b"]
    assert case.variables == {"alla": [1, 2]}


def test_the_end_of_a_multi_instance_activity_is_helped_past(begin, settings):
    """With what somebody gives for the whole; nothing is left of the instances."""
    case = begin("body").complete("a", instance=0, svar=1).complete("a", svar=2)
    assert case.skip("a", alla=[9]).stuck_at == ["a"], "no way on yet"
    settings["a"] = 1
    assert case.retry("a").waiting == ["b"]
    assert case.variables == {"alla": [9]}


def test_the_end_of_a_loop_is_tried_again_or_helped_past(begin, settings):
    """What somebody gives for the whole is kept until there is a way on."""
    case = begin("looped").complete("a").complete("a", svar=1)
    assert case.stuck_at == case.retry("a").stuck_at == case.skip("a", svar=2).stuck_at == ["a"]
    assert case.variables == {"svar": 1}, "nothing is taken over while it cannot go on"
    settings["a"] = 1
    assert case.retry("a").waiting == ["b"]
    assert case.variables == {"svar": 2}


def test_one_instance(begin, settings):
    settings["y"] = "roll"
    case = begin("instance")
    assert (case.waiting, case.stuck_at) == (["a"], ["a"])
    case.complete("a")
    assert case.outcome is None
    settings["x"] = "roll"
    case.retry("a")
    assert case.found(TaskOpened)[0].instance == 0
    assert case.complete("a").variables == {"alla": ["x", "y"]}


def test_one_instance_is_helped_past(begin, settings):
    settings["y"] = "roll"
    case = begin("instance")
    case.skip("a", vem="z")
    assert case.complete("a").variables == {"alla": ["z", "y"]}


def test_the_output_of_an_instance(begin, settings):
    settings["1"] = "ett"
    case = begin("output").complete("a", instance=1, svar="2").complete("a", svar="1")
    assert (case.waiting, case.stuck_at) == ([], ["a"])
    settings["2"] = "två"
    assert case.retry("a").variables == {"alla": ["ett", "två"]}


def test_the_end_of_a_sub_process(begin, settings):
    case = begin("inner").complete("a")
    assert (case.waiting, case.stuck_at) == (["frist"], ["del"])
    settings["a"] = 1
    assert case.retry("del").outcome == "completed"


ENDS = pytest.mark.parametrize(("process", "times"), [("ends", 1), ("ends_each", 2), ("ends_turn", 2)])
"""A sub-process, one of two instances, or of two turns."""


@ENDS
def test_a_sub_process_whose_end_is_tried_again_asks_its_output_mapping_anew(begin, settings, process, times):
    """With what can be seen by then; its inputs are what they were as it began."""
    case = begin(process, antal=1, x=None)
    for turn in range(times):
        case.complete("dela", nth=0)
        assert case.stuck_at == case.retry("del").stuck_at == ["del"]
        settings["a"] = turn
        assert case.retry("del").variables == {"antal": 1, "x": [2, turn]}
        settings.clear()
    assert (case.waiting, case.stuck_at) == (["efter"], [])


@ENDS
def test_a_sub_process_whose_end_is_helped_past_asks_no_mapping(begin, process, times):
    case = begin(process, antal=1, x=None)
    for turn in range(times):
        assert case.complete("dela", nth=0).skip("del", x=turn).variables == {"antal": 1, "x": turn}
    assert (case.waiting, case.stuck_at) == (["efter"], [])


def test_a_task_that_is_helped_past_asks_no_mapping_whether_it_is_done_or_not(begin, settings):
    """What its mapping could not take over is not taken over past it."""
    settings["b"] = True
    for case in (begin("mapped", antal=1), begin("mapped", antal=1).complete("del", svar="ja")):
        case.skip("del", x=9)
        assert (case.waiting, case.stuck_at, case.variables) == (["efter"], [], {"antal": 1, "x": 9})


def test_a_task_that_is_tried_again_asks_its_mapping_once_with_what_it_was_given(begin, settings):
    case = begin("mapped", antal=1, svar="nej").complete("del", svar="ja")
    assert case.stuck_at == case.retry("del").stuck_at == ["del"]
    settings.update(a="A", b=True)
    assert case.retry("del").variables == {"antal": 1, "svar": "nej", "x": [2, "ja", "A"]}


def test_an_event_that_is_tried_again_asks_its_mapping_with_what_came(begin, settings):
    case = begin("event", nummer="7", text="förr").receive("invanta", text="nu")
    assert case.stuck_at == case.retry("invanta").stuck_at == ["invanta"], "no condition can be evaluated"
    settings["a"] = 2
    assert case.retry("invanta").variables == {"nummer": "7", "text": "förr", "x": "nu"}


def test_a_task_that_is_helped_past_and_can_go_nowhere_asks_no_mapping_later_either(begin, settings):
    case = begin("mapped", antal=1).skip("del", x=9)
    assert case.stuck_at == case.retry("del").stuck_at == ["del"], "no way on"
    settings.update(a="A", b=True)
    assert case.retry("del").variables == {"antal": 1, "x": 9}
    assert case.waiting == ["efter"]


def test_what_listens_on_a_stuck_sub_process_still_ends_it(begin):
    case = begin("inner").complete("a").fire("frist")
    assert case.found(IncidentCleared)
    assert (case.waiting, case.stuck_at) == (["b"], [])


def test_an_event_sub_process(begin, settings):
    case = begin("handler").receive("obs", y=1)
    assert (case.waiting, case.stuck_at) == (["a", "obs"], ["obs"])
    settings["a"] = 1
    case.retry("obs")
    assert case.waiting == ["a", "b", "obs"]
    assert (case.seen_at("b")["x"], case.variables) == (1, {"y": 1})


def test_an_event_sub_process_is_helped_past(begin):
    case = begin("handler").receive("obs")
    case.skip("obs")
    assert case.complete("a").outcome == "completed"


def test_a_compensation_activity_that_could_not_begin_begins_anew_with_what_there_was(begin, settings):
    """What the first attempt made of its inputs is not taken for data by the next."""
    case = begin("undo").complete("a", antal=1)
    assert (case.waiting, case.stuck_at) == ([], ["ha"])
    assert case.retry("ha").stuck_at == ["ha"]
    assert case.state["runs"]["0"].keys().isdisjoint({"late"})
    settings["a"] = "A"
    case.retry("ha")
    assert case.opened("ha").variables == {"a": "A", "antal": 2, "sen": 1}
    assert case.complete("ha").outcome == "completed"


def test_cancelling_clears_it(begin):
    case = begin("setting").cancel()
    assert case.outcome == "cancelled"
    assert case.outcomes("cancelled") == ["las"]


def test_only_what_is_stuck_can_be_tried_again(begin, settings):
    settings["a"] = 1
    case = begin("setting")
    wait = case.wait("efter")
    for number in (wait, 0, 99):
        with pytest.raises(Stale):
            case.step(lambda graph, state, env, number=number: machine.retry(graph, state, env, number))
    with pytest.raises(Stale):
        case.step(lambda graph, state, env: machine.skip(graph, state, env, 0, {}))
    assert case.waiting == ["efter"]


def test_waits_of_any_kind_can_be_helped_past(begin):
    case = begin("boundary")
    assert case.skip("a", x=1).outcome == "completed"
    assert case.variables == {"x": 1}


def test_to_what_only_listens_it_is_as_if_that_had_come(begin, settings):
    settings["a"] = 1
    case = begin("boundary")
    case.step(lambda graph, state, env: machine.skip(graph, state, env, case.wait("obs"), {}))
    assert case.variables == {"x": 1}, "by the event's own mapping"
    assert case.complete("b").waiting == ["a", "obs"], "which goes on listening"
    assert case.complete("a").outcome == "completed"


def test_after_the_end_everything_is_refused(begin, settings):
    settings["a"] = 1
    case = begin("setting").complete("efter")
    state, graph, env = case.state, case._graph, case._environment()
    for refused in (
        lambda: machine.cancel(graph, state, env),
        lambda: machine.complete(graph, state, env, 3, {}),
        lambda: machine.trigger(graph, state, env, 3, {}),
        lambda: machine.retry(graph, state, env, 3),
        lambda: machine.skip(graph, state, env, 3, {}),
        lambda: machine.fail(graph, state, env, 3, "x", "", {}),
        lambda: machine.escalate(graph, state, env, 3, "x", {}),
    ):
        with pytest.raises(Stale):
            refused()


def test_what_somebody_gave_by_hand_stays_past_the_mapping_when_it_is_tried_again(begin, settings):
    case = begin("event")
    assert case.stuck_at == ["invanta"], "no key"
    case.skip("invanta", y=1)
    assert case.stuck_at == ["invanta"], "no condition can be evaluated"
    settings["a"] = 2
    assert case.retry("invanta").waiting == ["b"]
    assert case.variables == {"y": 1}
