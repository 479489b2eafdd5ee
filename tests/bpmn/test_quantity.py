"""startQuantity and completionQuantity (§10.3, §13.3.2): so many tokens begin an activity, so many leave each way."""

import pytest

from engine.bpmn.changes import ElementPassed
from engine.bpmn.checks import check
from engine.bpmn.limits import Limits
from engine.bpmn.read import read
from tests.bpmn.drawing import bpmn, chain


def test_it_waits_until_so_many_have_come(play):
    case = play("start").complete("a").complete("c")
    assert case.waiting == ["b"]
    assert not case.stuck_at
    case.complete("b")
    assert case.waiting == ["alla"]
    assert case.complete("alla").complete("efter").outcome == "completed"
    assert case.passed.count("alla") == 1


def test_so_many_leave(play):
    case = play("completion").complete("a")
    assert case.waiting == ["b", "b", "b"]
    assert case.found(ElementPassed, "a")[0].flows == ("completion.a-b",) * 3
    case.complete("b", nth=1).complete("b", nth=0).complete("b")
    assert case.outcome == "completed"


def test_they_are_taken_in_lots(play):
    case = play("both")
    assert case.outcome == "completed"
    assert case.variables == {"n": 3}


def test_so_many_leave_on_each_flow_that_is_taken(play):
    assert play("choice", {"b": True, "c": False, "d": True}).waiting == ["b", "b", "d", "d"]


def test_a_join_takes_one_from_each_flow_and_keeps_the_rest(play):
    case = play("join").complete("b")
    assert case.waiting == ["efter"]
    assert case.stuck_at == ["samla"], "the second token of a waits for one that cannot come"


def test_each_instance_counts_for_itself(play):
    case = play("sub").complete("a", nth=0).complete("b", nth=1)
    assert case.waiting == ["a", "b"]
    case.complete("a").complete("b")
    assert case.waiting == ["c", "c"]
    case.complete("c", nth=0).complete("c")
    assert case.waiting == ["efter", "efter"]


def test_the_tokens_may_come_on_any_flow(play):
    case = play("beside").receive("mer")
    assert case.waiting == ["a", "mer"]
    case.receive("mer")
    assert case.waiting == ["a", "c", "mer"]
    case.complete("a")
    assert case.stuck_at == ["c"], "the boundary event is gone with a"
    assert case.skip("c").complete("c").outcome == "completed"


def test_interrupted_while_it_waits(play):
    case = play("interrupted").complete("a").fire("frist")
    assert case.outcome == "completed"
    assert case.outcomes("cancelled") == ["b", "c", "del"]


def test_round_and_round(play):
    case = play("again").complete("a").complete("c", igen=True).complete("a").complete("c", igen=False)
    assert case.outcome == "completed"


def test_an_inclusive_join_waits_for_what_waits(play):
    case = play("inclusive", {"a": True, "b": True}).complete("b")
    assert case.waiting == ["a"]
    case.complete("a")
    assert case.stuck_at == ["c", "samla"], "one token at c, which wants two"
    assert case.skip("c").waiting == ["efter"]
    assert case.stuck_at == []


def test_it_waits_for_the_worker_before_it_counts(play):
    case = play("asynchronous")
    assert case.waiting == ["c", "c"]
    case.complete("c", nth=0).complete("c")
    assert case.waiting == ["c"]
    assert case.complete("c").outcome == "completed"


# --- what goes wrong ---------------------------------------------------------------------------------------------


def test_waiting_for_what_cannot_come_is_an_incident_at_once(play):
    case = play("excess")
    assert case.waiting == ["lada", "lada"]
    assert case.stuck_at == ["lada"]
    assert "2 flöden" in next(iter(case.incidents.values())).message
    assert case.retry("lada").stuck_at == ["lada"]
    case.skip("lada", x=1).complete("lada", nth=0).complete("lada")
    assert case.outcome == "completed"
    assert case.variables == {"x": 1}


def test_what_is_gathered_stays_so_when_the_activity_cannot_begin(play):
    case = play("nobody", {"vem": ""})
    assert case.stuck_at == ["c"]
    assert case.retry("c").stuck_at == ["c"]
    assert case.skip("c").outcome == "completed"
    assert case.passed.count("c") == 1


def test_tokens_do_not_multiply_without_end(play):
    case = play("explosion", limits=Limits(steps=1000))
    assert set(case.stuck_at) <= {"a", "b", "c"}
    assert len(case.stuck_at) <= 1000, "as many as there are steps"
    assert case.cancel().outcome == "cancelled"


@pytest.mark.parametrize("attribute", ["startQuantity", "completionQuantity"])
@pytest.mark.parametrize("value", ["0", "-1", "1001", "två", ""])
def test_a_quantity_that_is_none(attribute, value):
    reading = read(bpmn(chain(f'<task id="x" {attribute}="{value}"/>')))
    assert ("quantity", "x") in {(one.rule, one.element) for one in reading.findings if one.is_error}


def soundness_of(first, second):
    drawn = f'<task id="a" name="A" completionQuantity="{first}"/><task id="b" name="B" startQuantity="{second}"/>'
    told = check({"p.bpmn": bpmn(chain(drawn + "\na -> b\n", "a", "b"))})
    return [(one.rule, one.element) for one in told]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (5, 5, []),
        (6, 2, []),
        (3, 1, []),
        (2, 3, [("soundness/never-ends", "p"), ("soundness/deadlock", "b"), ("soundness/dead", "e")]),
        (5, 2, [("soundness/never-ends", "p"), ("soundness/left-behind", "b")]),
    ],
)
def test_soundness_counts_them(first, second, told):
    assert sorted(soundness_of(first, second)) == sorted(told)
