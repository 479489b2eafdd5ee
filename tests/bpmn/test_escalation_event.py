"""Escalations (§10.5.6, §13.5): like errors up the scopes, but the one who escalates goes on unless interrupted."""

from engine.bpmn.changes import CaseEnded, EscalationUncaught


def test_not_interrupting_both_go_on(play):
    case = play("boundary")
    assert case.waiting == ["a", "b"]
    assert case.variables == {"kod": "obs"}


def test_interrupting_the_sub_process_ends(play):
    case = play("boundary").complete("a")
    assert case.outcomes("cancelled") == ["del"]
    assert case.waiting == ["b", "c"]
    assert case.complete("b").complete("c").outcome == "completed"


def test_by_any_code_further_out(play):
    case = play("any")
    assert case.waiting == ["a", "b"]
    assert case.complete("a").complete("b").outcome == "completed"


def test_uncaught_it_is_told_and_the_case_goes_on(play):
    case = play("uncaught")
    assert case.found(EscalationUncaught) == [
        EscalationUncaught("uncaught.hoj", "obs"),
        EscalationUncaught("uncaught.slut", "sist"),
    ]
    assert case.last[-1] == CaseEnded("completed")


def test_what_a_handler_escalates_goes_past_itself(play):
    """§13.5.4: an event sub-process is a scope inside the one it serves; what it throws is for those further out."""
    case = play("again")
    assert case.waiting == ["a", "b"]
    assert case.passed.count("vidare") == 1
    assert case.complete("a").complete("b").outcome == "completed"
