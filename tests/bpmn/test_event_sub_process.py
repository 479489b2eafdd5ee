"""Event sub-processes (§13.5.4): they listen while their scope is alive; interrupting or beside the rest."""

from datetime import timedelta

from engine.bpmn.changes import ABSENT, ElementPassed, TimerCancelled, TimerSet, WaitClosed, WaitOpened
from tests.bpmn.driver import MORNING


def test_they_listen_before_anything_moves(play):
    case = play("message", {"nummer": 7})
    assert case.last[:2] == [
        WaitOpened(1, "message.av", "message", "avbryt", "7"),
        WaitOpened(2, "message.no", "message", "notera"),
    ]
    assert case.waiting == ["a", "av", "no"]


def test_interrupting_it_is_all_that_is_left(play):
    case = play("message", {"nummer": 7}).receive("av", skal="s")
    assert case.outcomes("cancelled") == ["a"]
    assert [change.outcome for change in case.found(WaitClosed)] == ["completed", "cancelled"]
    assert case.waiting == ["b"]
    assert case.variables == {"nummer": 7, "skal": "s"}
    assert case.complete("b").outcome == "completed"
    assert case.passed == ["start", "av", "b", "avslut", "avbryt"]


def test_not_interrupting_it_runs_beside_as_often_as_it_is_asked(play):
    """SpiffWorkflow never reads isInterrupting (design.md §5)."""
    case = play("message", {"nummer": 7}).receive("no", text="1").receive("no", text="2")
    assert case.waiting == ["a", "av", "c", "c", "no"]
    assert case.found(ElementPassed, "no")[0].data == {"senast": ("1", "2")}
    assert case.complete("a").outcome is None, "what runs beside holds the process open"
    assert case.waiting == ["av", "c", "c", "no"]
    assert case.complete("c", nth=0).complete("c").outcome == "completed"
    assert [change.outcome for change in case.found(WaitClosed)] == ["cancelled", "cancelled"]


def test_one_that_runs_beside_goes_when_another_interrupts(play):
    case = play("message", {"nummer": 7}).receive("no", text="1").receive("av")
    assert case.outcomes("cancelled") == ["a", "c", "notera"]
    assert case.waiting == ["b"]


def test_timers_within_a_sub_process(play):
    case = play("timer")
    assert [(change.element, change.due) for change in case.found(TimerSet)] == [
        ("timer.pa", MORNING + timedelta(days=1)),
        ("timer.fr", MORNING + timedelta(days=5)),
    ]
    case.fire("pa").fire("pa")
    assert case.waiting == ["a", "b", "b", "fr"]
    case.fire("fr")
    assert case.outcomes("cancelled") == ["a", "b", "paminn", "b", "paminn"]
    assert case.waiting == ["c"]
    assert case.complete("c").waiting == ["efter"]


def test_they_stop_listening_with_their_scope(play):
    case = play("timer").complete("a")
    assert len(case.found(TimerCancelled)) == 2
    assert case.waiting == ["efter"]


def test_signal(play):
    assert play("signal").receive("st").waiting == ["b"]


def test_none_starts_unasked(play):
    """SpiffWorkflow starts those with error and escalation at once, asked or not (design.md §5)."""
    case = play("idle")
    assert case.outcome == "completed"
    assert case.passed == ["start", "a", "slut"]


def test_an_error_is_caught_inside_before_it_gets_out(play):
    case = play("error").fail("a", "fel", "det gick inte", mer=1)
    assert case.outcomes("failed") == ["a"]
    assert case.outcomes("cancelled") == ["bredvid"]
    assert case.waiting == ["b"]
    assert case.variables == {"kod": "fel", "text": "det gick inte", "mer": 1}
    assert case.complete("b").waiting == ["efter"], "the sub-process is done and goes on"


def test_an_error_it_does_not_catch_gets_out(play):
    case = play("error").fail("a", "annat")
    assert case.outcomes("failed") == ["a", "del"]
    assert case.waiting == ["ute"]


def test_an_error_in_the_handler_goes_further_up(play):
    case = play("rethrow")
    assert case.waiting == ["ute"]
    assert case.passed == ["start", "istart", "islut", "fe", "feslut", "utanfor"]


def test_escalations_interrupting_and_not(play):
    case = play("escalation")
    assert case.waiting == ["a", "c"]
    assert case.variables == {"kod": "hoj"}
    case.complete("a")
    assert case.waiting == ["d"]
    assert case.outcomes("cancelled") == ["c", "bredvid"]
    assert "b" not in case.passed
    assert case.complete("d").outcome == "completed"


def test_inside_each_other(play):
    case = play("nested").receive("ys")
    assert case.waiting == ["a", "b", "is", "ys"]
    case.receive("is")
    assert case.waiting == ["a", "c", "ys"]
    assert case.complete("a").complete("c").outcome == "completed"


def test_one_that_cannot_listen_holds_its_scope_open_as_an_incident(play):
    case = play("wrong")
    assert (case.waiting, case.stuck_at) == (["a"], ["sv"])
    assert case.complete("a", nummer=7).outcome is None
    assert case.retry("sv").outcome == "completed", "with a key it can listen; nothing else is left to do"
    other = play("wrong").complete("a")
    assert other.skip("sv", x=1).outcome == "completed"
    assert other.variables == {"x": 1}


def test_start_data_are_told_once(play):
    case = play("message", {"nummer": 7})
    assert [change.data for change in case.found(ElementPassed)] == [{"nummer": (ABSENT, 7)}]


def test_what_listens_at_the_boundary_goes_on_when_the_inside_is_interrupted(play):
    case = play("guarded").receive("av")
    assert case.waiting == ["b", "frist"]
    assert case.fire("frist").waiting == ["efter"]
