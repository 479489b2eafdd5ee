"""Compensation of a called process (§10.7.1, §13.5.5): its event sub-process undoes the call that was completed."""

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import CallClosed, CaseEnded, CaseReopened, CompensationCalled, ElementPassed
from engine.bpmn.limits import Limits


def undone(case) -> list[str]:
    changes = [change for change in case.changes if isinstance(change, ElementPassed)]
    return [case.short(change.element) for change in changes if change.outcome == "compensated"]


# --- the process that was called -------------------------------------------------------------------------------------


def completed(play, **variables):
    return play("called", variables).complete("a", svar=1).complete("b").complete("c", svar=2)


def test_the_process_undoes_itself_when_it_is_asked_to(play):
    """§10.7.1: a "compensation Event Sub-Process (for a Sub-Process or Process)"; it "can recursively trigger
    compensation for Activities contained in its parent"."""
    case = completed(play)
    assert (case.outcome, case.ended.undoable) == ("completed", True)
    case.compensate()
    assert (case.found(CaseReopened), case.waiting) == ([CaseReopened()], ["x"])
    case.complete("x").complete("hb").complete("ha", angrat=True)
    assert (case.outcome, undone(case)) == ("compensated", ["b", "a"])
    assert case.ended == CaseEnded("compensated", None, {"svar": 2, "angrat": True})


def test_it_sees_the_data_as_they_were_at_completion(play):
    """ "… can access data that is part of its parent, snapshot at the point in time when its parent completed"."""
    case = completed(play, n=1).compensate()
    assert case.seen_at("x") == {"n": 1, "svar": 2}


def test_it_is_undone_once(play):
    case = completed(play).compensate().complete("x").complete("hb").complete("ha")
    with pytest.raises(machine.Stale):
        case.step(machine.compensate)


def test_nothing_in_it_throws_at_the_process_itself(play):
    """Table 10.84: the start event is triggered when the process is compensated; what is thrown in it is about the
    activities in it (§10.7.2). A case that nobody called is just completed."""
    case = completed(play)
    assert "x" not in case.passed
    with pytest.raises(machine.Stale):
        case.cancel()


def test_only_what_was_completed_is_undone(play):
    """§13.5.5: compensation is for what is completed."""
    under_way, cancelled, failed = (play("called") for _ in range(3))
    assert not cancelled.complete("a").cancel().ended.undoable
    assert not failed.complete("a").fail("b", "fel").ended.undoable
    for case in (under_way, cancelled, failed):
        with pytest.raises(machine.Stale):
            case.step(machine.compensate)


def test_what_was_cut_short_was_not_completed(play):
    """As a sub-process that was terminated, or that an interrupting event sub-process took over."""
    assert not play("cut_short").complete("a").ended.undoable
    assert not play("cut_short").receive("tstart").ended.undoable


def test_an_error_while_it_is_undone_is_not_caught_by_what_is_over(play):
    case = play("failing", {"gick_fel": True}).complete("a").compensate()
    assert (case.outcome, case.ended.code) == ("failed", "fel")
    assert play("failing", {"gick_fel": False}).complete("a").compensate().outcome == "compensated"


def test_cancelled_while_it_is_undone(play):
    case = completed(play).compensate().complete("x").cancel()
    assert (case.outcome, case.ended.undoable) == ("cancelled", False)


def test_what_it_remembers_is_bounded(play):
    case = play("called", limits=Limits(compensations=1)).complete("a").complete("b")
    assert case.stuck_at == ["b"]


# --- the process that called -----------------------------------------------------------------------------------------


def test_a_call_is_undone_by_the_process_it_called_and_waited_for(play):
    case = play("caller").complete("barn", undoable=True, svar=1).complete("a")
    (asked,) = case.found(CompensationCalled)
    assert (asked.wait, case.waiting) == (1, ["barn"])
    case.complete("barn", svar=9)
    assert case.found(CallClosed) == [CallClosed(1, "caller.barn", "completed")]
    assert (case.waiting, undone(case), case.variables) == (["efter"], ["barn"], {"svar": 1})


def test_a_called_process_that_cannot_undo_itself_is_not_asked(play):
    case = play("caller").complete("barn", svar=1).complete("a")
    assert (case.waiting, undone(case)) == (["efter"], [])


def test_a_handler_beside_the_call_takes_the_place_of_its_own(play):
    """§13.5.5: to its handler it is a black box."""
    case = play("beside").complete("barn", undoable=True)
    assert (case.waiting, case.found(CompensationCalled)) == (["hbarn"], [])
    assert case.complete("hbarn").outcome == "completed"


def test_what_nobody_asks_for_is_not_remembered(play):
    assert "kept" not in play("unasked").complete("barn", undoable=True).state


def test_of_several_cases_each_is_undone_the_last_first(play):
    case = play("each").complete("barn", instance=1, undoable=True).complete("barn", instance=2)
    case.complete("barn", instance=0, undoable=True)
    for wait in (2, 3):
        assert [change.wait for change in case.found(CompensationCalled)] == [wait]
        case.complete("barn")
    assert (case.waiting, undone(case)) == (["efter"], ["barn", "barn", "barn"]), "two instances, and the whole"


def test_of_a_loop_each_turn_is_undone(play):
    case = play("turns").complete("barn", undoable=True).complete("barn", undoable=True)
    case.complete("barn").complete("barn")
    assert case.waiting == ["efter"]


def test_at_any_depth_of_a_cancelled_transaction(play):
    case = play("inside").complete("barn", undoable=True).complete("a")
    assert case.waiting == ["barn"]
    assert case.complete("barn").waiting == ["efter"]
    assert undone(case) == ["barn", "inre"]


def test_an_error_comes_from_the_call_but_not_to_its_own_edge(play):
    """What is compensated has no boundary any more."""
    case = play("caught").complete("barn", undoable=True).fail("barn", "fel")
    assert (case.waiting, case.passed[-1]) == (["efter"], "gick_fel")


def test_what_interrupts_the_caller_cancels_the_case_that_is_being_undone(play):
    case = play("caught").complete("barn", undoable=True).fire("sent")
    assert [change.outcome for change in case.found(CallClosed)] == ["cancelled"]
    assert case.waiting == ["efter"]


def test_helped_past(play):
    case = play("caller").complete("barn", undoable=True, svar=1).complete("a").skip("barn")
    assert case.waiting == ["efter"]
