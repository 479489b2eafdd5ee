"""Multi-instance activities (§13.3.7): parallel and one by one, counted or over a collection."""

from pathlib import Path

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import ABSENT, CallClosed, CaseCalled, ElementPassed, TaskClosed, TaskOpened, TimerCancelled
from engine.bpmn.machine import Environment
from tests.bpmn.driver import MORNING, graph_of

PARTER = {"parter": ["Nacka", "Salem", "Solna"]}


def test_all_instances_at_once(play):
    case = play("parallel", PARTER)
    assert [(task.instance, case.seen_at("svara", task.instance)["part"]) for task in case.found(TaskOpened)] == [
        (0, "Nacka"),
        (1, "Salem"),
        (2, "Solna"),
    ]
    assert case.waiting == ["svara", "svara", "svara"]


def test_the_output_is_in_the_order_of_the_instances_and_comes_at_the_end(play):
    case = play("parallel", PARTER)
    case.complete("svara", instance=2, svar="c").complete("svara", instance=0, svar="a")
    assert case.variables == PARTER
    case.complete("svara", instance=1, svar="b")
    assert case.waiting == ["efter"]
    svaren = [
        {"part": "Nacka", "svar": "a", "nr": 1},
        {"part": "Salem", "svar": "b", "nr": 2},
        {"part": "Solna", "svar": "c", "nr": 3},
    ]
    assert case.variables == PARTER | {"svaren": svaren}
    assert case.found(ElementPassed, "svara")[-1].data == {"svaren": (ABSENT, svaren)}


def test_what_an_instance_writes_stays_in_it(play):
    case = play("parallel", PARTER).complete("svara", instance=0, svar="a")
    assert "svar" not in case.seen_at("svara", 1)
    assert case.found(TaskClosed)[0].data == {"svar": (ABSENT, "a")}


def test_unless_the_variable_is_one_of_the_case(play):
    case = play("shared", {"svar": None}).complete("a", instance=0, svar="a")
    assert case.variables == {"svar": "a"}
    assert case.complete("a", svar="b").variables == {"svar": "b"}


def test_one_by_one(play):
    case = play("sequential", PARTER)
    for instance, part in enumerate(PARTER["parter"]):
        assert case.waiting == ["svara"]
        assert case.opened("svara").candidates == (part,)
        assert case.opened("svara").instance == instance
        case.complete("svara", svar=instance)
    assert case.waiting == ["efter"]
    assert case.variables == PARTER | {"svaren": [0, 1, 2]}


def test_the_collection_is_taken_once(play):
    case = play("sequential", PARTER).complete("svara", svar=1, parter=["Täby"])
    assert case.opened("svara").candidates == ("Salem",)
    case.complete("svara", svar=2).complete("svara", svar=3)
    assert case.variables == {"parter": ["Täby"], "svaren": [1, 2, 3]}


@pytest.mark.parametrize("process", ["counted", "counted_one_by_one"])
@pytest.mark.parametrize("n", [0, 1, 4])
def test_counted(play, process, n):
    """Table 10.30, loopCounter: the sequence number of the instance, n for the n-th."""
    case = play(process, {"n": n})
    assert case.outcome == "completed"
    assert case.variables == {"n": n, "xs": [10 * count for count in range(1, n + 1)]}
    assert case.passed.count("gor") == n + 1


@pytest.mark.parametrize("process", ["parallel", "sequential"])
def test_an_empty_collection_is_passed(play, process):
    case = play(process, {"parter": []})
    assert case.waiting == ["efter"]
    assert case.variables == {"parter": [], "svaren": []}


@pytest.mark.parametrize("n", [-1, 1.0, "3", None, True, 10**12])
def test_a_number_that_is_none_becomes_an_incident(play, n):
    case = play("counted", {"n": n})
    assert case.stuck_at == ["gor"]


@pytest.mark.parametrize("parter", ["abc", {"a": 1}, None, 3])
def test_a_collection_that_is_none_becomes_an_incident(play, parter):
    assert play("parallel", {"parter": parter}).stuck_at == ["svara"]


def test_enough_are_done(play):
    case = play("enough", {"roster": ["a", "b", "c", "d"]}).complete("rosta", instance=3, ja=True)
    assert case.waiting == ["frist", "rosta", "rosta", "rosta"]
    case.complete("rosta", instance=1, ja=True)
    assert case.waiting == ["efter"]
    assert [change.outcome for change in case.found(TaskClosed)] == ["completed", "cancelled", "cancelled"]
    assert len(case.found(TimerCancelled)) == 1
    assert case.variables["utfall"] == [None, True, None, True]


def test_the_condition_sees_the_instance_that_ended(play):
    case = play("enough", {"roster": ["a", "b", "c", "d"]}).complete("rosta", instance=0, ja=False)
    assert case.waiting == ["efter"]


def test_enough_one_by_one(play):
    case = play("enough_one_by_one").complete("rosta").complete("rosta")
    assert case.outcome == "completed"


def test_interrupting_cancels_all_that_are_open(play):
    case = play("enough", {"roster": ["a", "b", "c"]}).complete("rosta", instance=1, ja=True).fire("frist")
    assert case.waiting == ["sent"]
    assert case.outcomes("cancelled") == ["rosta", "rosta", "rosta"], "two instances and the whole"
    assert "utfall" not in case.variables


def test_a_sub_process_many_times(play):
    case = play("sub", PARTER)
    assert case.waiting == ["a", "a", "a", "frist"]
    for nth in (2, 0, 0):
        case.complete("a", nth=nth, svar="!")
    assert case.waiting == ["efter"]
    assert case.variables == PARTER | {"svaren": ["Nacka!", "Salem!", "Solna!"]}


def test_a_sub_process_many_times_is_interrupted(play):
    case = play("sub", PARTER).complete("a", nth=1, svar="!").fire("frist")
    assert case.outcome == "completed"
    assert case.outcomes("cancelled") == ["a", "del", "a", "del", "del"]


def test_a_called_process_many_times(play):
    case = play("call", PARTER)
    assert [call.variables for call in case.found(CaseCalled)] == [{"part": part} for part in PARTER["parter"]]
    for instance in (1, 2, 0):
        case.complete("barn", instance=instance, svar=instance)
    assert case.outcome == "completed"
    assert case.variables == PARTER | {"svaren": [0, 1, 2]}
    assert case.found(CallClosed)[0].data == {"svar": (ABSENT, 0)}


def test_inside_each_other(play):
    case = play("nested", {"grupper": [{"namn": ["a", "b"]}, {"namn": []}, {"namn": ["c"]}]})
    assert case.waiting == ["inre", "inre", "inre"]
    for nth, svar in ((2, "3"), (0, "1"), (0, "2")):
        case.complete("inre", nth=nth, svar=svar)
    assert case.outcome == "completed"
    assert case.variables["svaren"] == [["a1", "b2"], [], ["c3"]]


def test_inputs_and_outputs_are_those_of_the_instance(play):
    case = play("inputs", {"parter": ["x", "y"]})
    assert [case.open[wait].variables for wait in case.waits("hamta")] == [{"nyckel": "x-1"}, {"nyckel": "y-2"}]
    case.complete("hamta", instance=1, svar=2, annat=0).complete("hamta", instance=0, svar=1)
    assert case.variables == {"parter": ["x", "y"], "alla": [1, 2]}


def test_an_event_sub_process_is_that_of_the_instance(play):
    case = play("handler").fail("a", "fel", nth=0)
    assert case.waiting == ["a", "b"]
    assert case.complete("b").complete("a").outcome == "completed"


def test_once_enough_are_done_no_more_begin(play):
    case = play("enough_at_once")
    assert case.outcome == "completed"
    assert case.variables == {"xs": [1, 2, None, None, None]}
    assert case.passed.count("a") == 3, "two instances and the whole"


def test_a_collection_of_nothing(play):
    case = play("nothing").complete("a", instance=1, svar=1).complete("a")
    assert case.variables == {"alla": [None, None]}


def test_one_that_began_to_count_from_0_does_so_to_its_end():
    """A body of before loopCounter was as Table 10.30 has it: `base` is missing there."""
    graph = graph_of(Path(__file__).with_name("multi_instance.bpmn"), "sequential")
    env = Environment(MORNING)
    state = machine.start(graph, env, PARTER).state
    (body,) = (run for run in state["runs"].values() if "total" in run)
    assert body.pop("base") == 1
    wait = next(int(number) for number, run in state["runs"].items() if run.get("open"))
    state = machine.complete(graph, state, env, wait, {}).state
    assert [run["vars"]["loopCounter"] for run in state["runs"].values() if "loopCounter" in run.get("vars", {})] == [1]
