"""Call activities (§13.3.4): another process as a case of its own; its end comes back."""

from engine.bpmn.changes import ABSENT, CallClosed, CaseCalled, TaskClosed


def test_everything_goes_in_and_comes_back(play):
    case = play("all", {"nummer": 7, "a": [1]})
    assert case.found(CaseCalled) == [CaseCalled(1, "all.barn", "fraga", "latest", None, "7", {"nummer": 7, "a": [1]})]
    case.complete("barn", nummer=7, a=[1, 2], svar="ja")
    assert case.found(CallClosed) == [
        CallClosed(1, "all.barn", "completed", {"a": ([1], [1, 2]), "svar": (ABSENT, "ja")})
    ]
    assert case.waiting == ["efter"]


def test_only_what_is_mapped_goes_in_and_comes_back(play):
    case = play("some", {"a": 1})
    assert case.found(CaseCalled) == [CaseCalled(1, "some.barn", "fraga", "version", 3, None, {"x": 1, "y": 2})]
    case.complete("barn", svar="ja", lista=[1], annat=9)
    assert case.variables == {"a": 1, "svaret": "ja", "antal": 1}


def test_what_cannot_be_mapped_back_is_kept(play):
    case = play("some", {"a": 1}).complete("barn", svar="ja")
    assert case.found(CallClosed) == [CallClosed(1, "some.barn", "completed")]
    assert case.stuck_at == ["barn"]
    assert case.skip("barn", svaret="ja").outcome == "completed"


def test_an_uncaught_error_of_the_child_is_caught_here(play):
    """SpiffArena's users miss errors that climb the call stack (peers.md C3)."""
    case = play("caught").fail("barn", "nej", "text", inne=1)
    assert case.found(CallClosed) == [CallClosed(1, "caught.barn", "failed")]
    assert case.outcomes("failed") == ["barn"]
    assert case.waiting == ["a"]
    assert case.variables == {"kod": "nej", "text": "text"}


def test_an_error_nobody_catches_ends_the_case(play):
    case = play("caught").fail("barn", "annat")
    assert (case.outcome, case.ended.code) == ("failed", "annat")


def test_an_escalation_of_the_child_is_caught_here_and_the_child_goes_on(play):
    case = play("caught").escalate("barn", "obs", inne=1).escalate("barn", "obs")
    assert case.waiting == ["b", "b", "barn"]
    assert case.variables == {"vad": "obs"}
    assert case.complete("barn").waiting == ["b", "b"]


def test_with_them_comes_what_the_mapping_lets_through_as_far_as_the_child_got(play):
    assert play("partly", {"inne": 0}).fail("barn", "nej", skal="s", inne=1).variables == {"inne": 0, "skal": "s"}
    assert play("partly").escalate("barn", "obs", svar=2, inne=1).variables == {"svar": 2}


def test_or_the_child_is_interrupted(play):
    case = play("caught").escalate("barn", "stopp")
    assert case.found(CallClosed) == [CallClosed(1, "caught.barn", "cancelled")]
    assert case.waiting == ["c"]


def test_a_timer_cancels_the_child(play):
    case = play("timed").fire("frist")
    assert case.found(CallClosed) == [CallClosed(1, "timed.barn", "cancelled")]
    assert case.complete("a").outcome == "completed"
    assert case.found(TaskClosed)
