"""Service tasks (§13.3.3): a job for the handler of their topic; done when it has come back."""

from engine.bpmn.changes import ABSENT, JobAdded, JobClosed


def test_the_job_sees_the_case(play):
    case = play("all", {"a": 1, "b": [2]})
    assert case.found(JobAdded) == [JobAdded(1, "all.hamta", "hamta", {"a": 1, "b": [2]})]
    case.complete("hamta", c=3)
    assert case.found(JobClosed) == [JobClosed(1, "all.hamta", "completed", {"c": (ABSENT, 3)})]
    assert case.outcome == "completed"
    assert case.variables == {"a": 1, "b": [2], "c": 3}


def test_with_inputs_the_job_sees_only_those_and_outputs_choose_what_comes_back(play):
    case = play("some", {"arende": {"nr": 7}})
    assert case.opened("hamta").variables == {"nyckel": 7}
    assert case.complete("hamta", traffar=[1, 2]).variables == {"arende": {"nr": 7}, "antal": 2}


def test_what_a_job_gets_is_a_copy(play):
    case = play("all", {"a": 1})
    case.opened("hamta").variables["a"] = 2
    assert case.variables == {"a": 1}
