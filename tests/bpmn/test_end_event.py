"""End events (§13.5.6): end their token; the process ends with the last one."""

from engine.bpmn.changes import CaseEnded, MessageThrown, SignalThrown


def test_the_process_ends_with_its_last_token(play):
    case = play("none").complete("a")
    assert case.outcome is None
    case.complete("b", x=1)
    assert case.found(CaseEnded) == [CaseEnded("completed", None, {"x": 1})]


def test_message(play):
    case = play("message", {"n": 1, "nyckel": "k"})
    assert case.found(MessageThrown) == [MessageThrown("message.slut", "klart", "k", {"svar": 2})]
    assert case.outcome == "completed"


def test_signal(play):
    """SpiffWorkflow passes a signal end as if it were none (design.md §5)."""
    case = play("signal")
    assert case.found(SignalThrown) == [SignalThrown("signal.slut", "stopp", {"skal": "Klart"})]
    assert case.outcome == "completed"


def test_what_cannot_be_thrown_ends_nothing(play):
    case = play("message", {"nyckel": "k"})
    assert case.stuck_at == ["slut"]
    assert case.found(MessageThrown) == []
    assert case.skip("slut").outcome == "completed"
