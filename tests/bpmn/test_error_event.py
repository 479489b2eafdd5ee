"""Errors (§10.5.6, §13.5): to the nearest that catches the code, from however deep inside; else the case has failed."""

import pytest

from engine.bpmn.changes import CaseEnded, JobClosed, TaskClosed, TimerCancelled


@pytest.mark.parametrize(("code", "waiting"), [("ett", "x"), ("tva", "z"), ("tre", "y")])
def test_by_code_and_by_any_code(play, code, waiting):
    case = play("codes").fail("a", code, "text")
    assert case.waiting == [waiting]
    assert case.variables == ({"kod": "tre", "text": "text"} if code == "tre" else {})
    assert case.complete(waiting).outcome == "completed"


def test_from_deep_inside_to_the_nearest_that_catches(play):
    case = play("deep")
    assert case.waiting == ["efter"]
    assert case.outcomes("cancelled") == ["inre", "mellan", "bredvid"]
    assert case.outcomes("failed") == ["yttre"]
    assert case.complete("efter").outcome == "completed"


def test_out_of_a_job(play):
    case = play("task").fail("a", "fel")
    assert case.found(JobClosed) == [JobClosed(1, "task.a", "failed")]
    assert len(case.found(TimerCancelled)) == 1
    assert case.outcomes("failed") == ["a"]
    assert case.waiting == ["b"]
    assert case.variables == {"kod": "fel"}


def test_uncaught_it_ends_the_case_and_cancels_the_rest(play):
    case = play("uncaught", {"x": 1}).complete("b")
    assert case.last[-1] == CaseEnded("failed", "trasig", {"x": 1})
    assert case.outcomes("cancelled") == ["a", "c", "del"]
    assert [(change.element, change.outcome) for change in case.found(TaskClosed)] == [
        ("uncaught.b", "completed"),
        ("uncaught.a", "cancelled"),
        ("uncaught.c", "cancelled"),
    ]


def test_a_job_that_fails_uncaught(play):
    case = play("task").fail("a", "annat")
    assert (case.outcome, case.ended.code) == ("failed", "annat")


def test_out_of_one_instance_it_ends_them_all(play):
    case = play("many").fail("a", "fel", instance=1)
    assert case.outcomes("failed") == ["a", "a"], "the instance and the whole"
    assert case.outcomes("cancelled") == ["a", "a"]
    assert case.waiting == ["b"]


def test_a_token_on_its_way_does_not_arrive(play):
    assert play("race").waiting == ["efter"]
    assert play("race_handled").waiting == ["b"]
