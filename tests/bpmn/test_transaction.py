"""Transactions (§10.3.5): cancelled, all in them that is under way ends, and all that was completed is undone."""

from engine.bpmn.changes import JobClosed, TaskClosed, TimerCancelled, WaitClosed
from tests.bpmn.test_compensation_event import undone


def test_it_is_done_like_any_sub_process(play):
    case = play("plain").complete("a").complete("b", nej=False)
    assert case.waiting == ["efter"]
    assert "kept" not in case.state, "nobody can ask for its compensation any more"
    assert case.complete("efter").outcome == "completed"


def test_cancelled_it_is_undone_and_left_by_its_cancel_event(play):
    case = play("plain").complete("a").complete("b", nej=True)
    assert case.waiting == ["hb"]
    assert case.complete("hb").waiting == ["ha"]
    assert case.complete("ha").waiting == ["efter_avbrott"]
    assert case.outcomes("cancelled") == ["kop"]
    assert undone(case) == ["b", "a"]
    assert case.passed[-3:] == ["hb", "ha", "avbruten"]
    assert case.complete("efter_avbrott").outcome == "completed"


def test_all_that_is_under_way_ends_at_once_with_a_row_each(play):
    case = play("at_work", {"m": 7}).complete("a").complete("b").receive("bstart").fire("paminn")
    assert case.waiting == ["bstart", "c", "d", "e", "frist", "p"]
    case.complete("d")
    assert case.outcomes("cancelled") == ["c", "inre", "e", "brev", "p"]
    closed = [change.element for kind in (TaskClosed, JobClosed, WaitClosed) for change in case.found(kind)]
    assert sorted(case.short(element) for element in closed) == ["bstart", "c", "d", "e", "p"]
    assert len(case.found(TimerCancelled)) == 1
    assert case.waiting == ["hb"], "what was completed in a sub-process that was not is undone too (§10.7)"
    assert case.seen_at("hb")["n"] == 7
    assert case.complete("hb").waiting == ["ha"]
    assert case.complete("ha").waiting == ["efter"]
    assert undone(case) == ["b", "a"], "the sub-process itself was never completed"
    assert case.complete("efter").outcome == "completed"


def test_a_timer_on_its_edge_undoes_nothing(play):
    """§10.3.5: only cancelling does."""
    assert play("at_work", {"m": 7}).complete("a").fire("frist").outcome == "completed"


def test_a_hazard_undoes_nothing(play):
    """§10.3.5: an error interrupts the transaction without compensation."""
    case = play("hazard").complete("a").fail("b", "fel")
    assert case.waiting == ["efter_fel"]
    assert (undone(case), case.outcomes("failed")) == ([], ["b", "kop"])


def test_an_error_while_it_is_undone_is_a_hazard_too(play):
    case = play("hazard").complete("a").complete("b", nej=True)
    assert case.fail("ha", "fel").waiting == ["efter_fel"]
    assert case.complete("efter_fel").outcome == "completed"


def test_cancelled_from_deep_inside(play):
    case = play("deep").complete("a").complete("b")
    assert case.waiting == ["hb"]
    assert case.complete("hb").complete("ha").outcome == "completed"
    assert case.passed[-2:] == ["avbruten", "slut2"]


def test_completed_it_can_be_compensated(play):
    case = play("later").complete("a")
    assert case.complete("ha").outcome == "completed"
    assert undone(case) == ["a", "kop"]


def test_one_instance_cancels_them_all(play):
    """The cancel event sits on the edge of the whole activity."""
    case = play("many", {"parter": ["x", "y", "z"], "nej": False})
    case.complete("a", nth=0).complete("b").complete("a", nth=0)
    assert case.waiting == ["a", "b"]
    case.complete("b", nej=True)
    seen = []
    while case.waiting == ["ha"]:
        seen.append(case.seen_at("ha")["part"])
        case.complete("ha")
    assert seen == ["y", "x"]
    assert case.waiting == ["efter"]


def test_compensation_that_is_under_way_is_not_begun_anew(play):
    """Its handler is cancelled with all else; what it had not come to yet is undone now."""
    case = play("under_way").complete("a").complete("b")
    assert case.waiting == ["c", "hb"]
    case.complete("c")
    assert case.outcomes("cancelled") == ["angra", "hb"]
    assert case.waiting == ["ha"]
    assert case.complete("ha").outcome == "completed"
    assert undone(case) == ["a"]


def test_inside_each_other(play):
    case = play("inside").complete("a").complete("b").complete("hb")
    assert case.waiting == ["c"]
    assert case.complete("c").waiting == ["hc"]
    assert case.complete("hc").complete("ha").outcome == "completed"
    assert undone(case) == ["b", "c", "a"], "each once"


def test_with_nothing_to_undo(play):
    case = play("nothing")
    assert case.outcome == "completed"
    assert case.passed == ["start", "istart", "avbryt", "avbruten", "slut2"]


def test_it_can_be_cancelled_from_outside_while_it_is_undone(play):
    case = play("plain").complete("a").complete("b", nej=True).cancel()
    assert case.outcomes("cancelled") == ["hb", "kop"]


def test_with_no_cancel_event_on_its_edge_it_is_an_incident(play):
    """Deployment refuses such a diagram; a case still does not get lost."""
    case = play("no_edge").complete("a").complete("ha")
    assert case.stuck_at == ["kop"]
    assert case.retry("kop").stuck_at == ["kop"]
    assert case.skip("kop").waiting == ["efter"]


def test_cancelling_outside_a_transaction_is_an_incident(play):
    case = play("outside").complete("a")
    assert case.stuck_at == ["avbryt"]
    assert case.skip("avbryt").outcome == "completed"
