"""Standard loop (§10.3.8, §13.3.6): turn after turn as long as its condition holds, on any kind of activity."""

import orjson
import pytest

from engine.bpmn import machine
from engine.bpmn.changes import ABSENT, CaseCalled, ElementPassed, JobAdded, TaskClosed, TaskOpened, TimerSet
from engine.bpmn.limits import Limits
from engine.bpmn.read import read
from tests.bpmn.costs import NOW, first_turns, opened, ratio, turns
from tests.bpmn.drawing import bpmn, chain
from tests.bpmn.driver import graph_of


def test_asked_after_each_turn(play):
    """testBefore is false where nothing is said: the first turn comes in any case."""
    case = play("after", {"klart": True})
    assert case.waiting == ["gor"]
    case.complete("gor", klart=False).complete("gor", klart=False)
    assert case.waiting == ["gor"]
    assert case.complete("gor", klart=True).waiting == ["efter"]
    assert case.variables == {"klart": True}
    assert case.passed == ["start", "gor", "gor", "gor", "gor"], "three turns and the whole"


def test_what_a_turn_writes_is_the_cases_at_once(play):
    case = play("after", {"klart": False}).complete("gor", klart=False, text="a")
    assert case.found(TaskClosed)[0].data == {"text": (ABSENT, "a")}
    assert case.variables == {"klart": False, "text": "a"}


@pytest.mark.parametrize("n", [0, 1, 3])
def test_asked_before_each_turn(play, n):
    """loopCounter counts the turns that are done, when the condition is asked, and those before, in a turn."""
    case = play("before", {"n": n})
    for turn in range(n):
        assert case.seen_at("gor")["loopCounter"] == turn
        case.complete("gor")
    assert case.waiting == ["efter"]
    assert case.variables == {"n": n}


@pytest.mark.parametrize(("n", "turns"), [(0, 1), (1, 1), (3, 3)])
def test_counted_and_asked_after(play, n, turns):
    case = play("counted", {"n": n})
    for turn in range(turns):
        assert case.seen_at("gor")["loopCounter"] == turn
        case.complete("gor")
    assert case.waiting == ["efter"]


def test_at_most(play):
    case = play("at_most", {"klart": False}).complete("gor").complete("gor")
    assert case.waiting == ["efter"]
    assert play("at_most", {"klart": False}).complete("gor", klart=True).waiting == ["efter"]


def test_a_maximum_without_a_condition_is_that_many_turns(play):
    case = play("maximum_only", {"varv": 5})
    assert case.waiting == ["efter"]
    assert case.variables == {"varv": 5012}


def test_a_sub_process_begins_anew_each_turn(play):
    case = play("sub", {"mer": False}).complete("a").complete("b", mer=True)
    assert case.waiting == ["a", "frist"]
    assert not case.found(TimerSet), "its boundary listens once, on the whole"
    case.complete("a").complete("b", mer=False)
    assert case.waiting == ["efter"]


def test_interrupting_ends_the_whole(play):
    case = play("sub", {"mer": True}).complete("a").complete("b").complete("a").fire("frist")
    assert case.waiting == ["sent"]
    assert case.outcomes("cancelled") == ["b", "del", "del"], "the task, the turn and the whole"


def test_an_error_ends_the_whole(play):
    assert play("sub", {"mer": True}).complete("a").complete("b").fail("a", "fel").waiting == ["fick_fel"]


def test_an_escalation_that_interrupts_nothing(play):
    case = play("call", {"svar": ""})
    assert case.escalate("gor", "lyft").waiting == ["gor"]


def test_a_called_process(play):
    case = play("call", {"svar": "nej"})
    for turn in range(2):
        assert [call.variables for call in case.found(CaseCalled)] == [{"varv": turn}]
        case.complete("gor", svar="ja" if turn else "kanske", annat=1)
    assert case.waiting == ["efter"]
    assert case.variables == {"svar": "ja"}


def test_inputs_and_outputs_are_those_of_the_turn(play):
    case = play("service", {"traffar": 0})
    assert case.found(JobAdded)[0].variables == {"sida": 1}
    case.complete("gor", nya=3)
    assert case.found(JobAdded)[0].variables == {"sida": 2}
    case.complete("gor", nya=3)
    assert case.variables == {"traffar": 6}


def test_a_message_each_turn(play):
    case = play("receive", {"klart": False}).receive("gor").receive("gor", klart=True)
    assert case.waiting == ["efter"]


def test_it_waits_for_the_worker_once(play):
    case = play("asynchronous").complete("gor")
    assert case.found(TaskOpened)
    case.complete("gor").complete("gor")
    assert case.waiting == ["efter"]


def test_one_inside_the_other(play):
    case = play("nested")
    for outer in range(2):
        for inner in range(2):
            assert case.seen_at("a") == {"yttre": outer, "loopCounter": inner}
            case.complete("a")
    assert case.outcome == "completed"
    assert case.variables == {"yttre": 1}


def test_the_way_on_is_chosen_when_all_is_done(play):
    case = play("conditional", {"bra": False}).complete("gor", bra=True).complete("gor", bra=False)
    assert case.waiting == ["nej"]
    assert [change.flows for change in case.found(ElementPassed, "gor")] == [(), ("conditional.gor-nej",)]


# --- what goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("klart", [1, "ja", None, []])
def test_a_condition_that_is_neither_true_nor_false_becomes_an_incident(play, klart):
    case = play("broken").complete("gor", klart=klart)
    assert case.stuck_at == ["gor"]
    assert case.waiting == []
    assert case.skip("gor", klart=False).waiting == ["efter"], "helped past, the whole is done"
    assert case.variables == {"klart": False}


def test_a_condition_is_asked_again(play):
    case = play("broken").complete("gor")
    assert case.stuck_at == ["gor"], "there is no such variable"
    assert case.retry("gor").stuck_at == ["gor"]
    assert case.cancel().outcome == "cancelled"


def test_a_turn_that_cannot_begin_is_an_incident_of_its_own(play):
    case = play("nobody", {"vem": "handlaggare"}).complete("gor", vem="")
    assert case.stuck_at == ["gor"]
    assert case.retry("gor").stuck_at == ["gor"]
    case.skip("gor", vem="chef")
    assert case.waiting == ["efter"], "the turn counts as done, and it was the last"


def test_a_loop_that_waits_for_nothing_uses_up_the_budget(play):
    case = play("endless", {"varv": 0, "m": 10**9}, limits=Limits(steps=100))
    assert case.stuck_at == ["gor"]
    assert case.variables["varv"] == 99, "to come to the task was a step too"
    case.retry("gor")
    assert case.variables["varv"] == 199
    assert case.skip("gor").waiting == ["efter"]


def test_a_loop_that_comes_to_its_end_within_the_budget(play):
    assert play("endless", {"varv": 0, "m": 5000}).waiting == ["efter"]


LOOPED = '<task id="x"><standardLoopCharacteristics {}/></task>'


@pytest.mark.parametrize("said", ["", 'testBefore="true"', 'loopMaximum="0"', 'loopMaximum="-1"', 'loopMaximum=""'])
def test_a_loop_that_says_neither_until_when_nor_how_often(said):
    reading = read(bpmn(chain(LOOPED.format(said))))
    assert {(one.rule, one.element) for one in reading.findings if one.is_error} & {("standard-loop", "x")}


# --- what it costs -----------------------------------------------------------------------------------------------


def test_the_last_turn_costs_what_the_first_does(request):
    graph = graph_of(request.path.with_name("standard_loop.bpmn"), "after")
    step = machine.start(graph, NOW, {"klart": False})
    sizes = []
    for _ in range(5000):
        step = machine.complete(graph, step.state, NOW, opened(step.changes)[0], {})
        sizes.append(len(orjson.dumps(step.state)))
    assert max(sizes) <= sizes[0] + 40, "a few numbers have become longer"
    assert ratio(turns(graph, step), first_turns(graph, {"klart": False})) <= 2
