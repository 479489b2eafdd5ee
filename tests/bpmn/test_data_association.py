"""Data inputs, outputs, their sets, and data associations (§10.4.1, §10.4.2, §13.3.2)."""

import pytest

from engine.bpmn.changes import (
    ABSENT,
    CaseCalled,
    JobAdded,
    MessageThrown,
    TaskClosed,
    TaskOpened,
    WaitClosed,
    WaitOpened,
)
from engine.errors import Refused


def test_inputs_are_copies_of_their_own_and_only_outputs_get_out(play):
    case = play("task", {"Rapport": {"rubrik": "R"}})
    assert case.seen_at("a") == {"Rapport": {"rubrik": "R"}, "underlag": {"rubrik": "R"}}
    case.complete("a", svar="ja", underlag="ändrat", annat=1)
    assert case.found(TaskClosed)[0].data == {"Beslut": (ABSENT, "ja")}
    assert case.variables == {"Rapport": {"rubrik": "R"}, "Beslut": "ja"}


def test_an_optional_input_is_taken_if_it_is_there_and_not_waited_for(play):
    assert play("task", {"Rapport": 1, "Mer": 2}).seen_at("a")["extra"] == 2


def test_an_output_that_is_not_given_holds_the_activity(play):
    """§10.4.1: where no output set is complete, that is an error."""
    case = play("task", {"Rapport": 1}).complete("a", annat=1)
    assert case.stuck_at == ["a"]
    assert case.skip("a", Beslut="nej").variables == {"Rapport": 1, "Beslut": "nej"}


def test_which_output_set_is_expected_goes_by_the_input_set_it_began_with(play):
    """Tables 10.58 and 10.60, outputSetRefs and inputSetRefs: said at one end it holds at both. Where the set that is
    expected is not complete, that is an error as if none were."""
    case = play("links", {"Rapport": 1}).complete("a", ja="J")
    assert case.stuck_at == ["a"]
    assert play("links", {"Rapport": 1}).complete("a", ja="J", nej="N").variables["Beslut"] == "N"
    assert play("links", {"Anmalan": 1}).complete("a", ja="J", nej="N").variables["Beslut"] == "J"
    assert play("links", {"Anmalan": 1}).complete("a", nej="N").stuck_at == ["a"]
    case = play("links", {"Annat": 1}).complete("a", ja="J", nej="N", kanske="K")
    assert case.variables["Beslut"] == "K", "sets of which nothing is said go together"


def test_the_same_for_each_instance(play):
    case = play("each_links", {"Rapport": 1}).complete("a", nej="N")
    assert case.complete("a", ja="J").stuck_at == ["a"]


def test_an_input_may_be_taken_while_the_activity_executes(play):
    """§10.4.1, whileExecutingInputRefs: "DataInputs that can be evaluated while the Activity is executing". It is not
    waited for, and as often as what it comes from changes it is taken anew."""
    case = play("late", {"Rapport": "R"})
    assert case.waiting == ["a", "b", "mycket"]
    assert "tillagg" not in case.seen_at("a")
    case.complete("b", Komplettering=1)
    assert case.seen_at("a")["tillagg"] == 2
    case.complete("b", Komplettering="fem", Rapport="ny", ort="Nacka")
    seen = case.seen_at("a")
    assert (seen["tillagg"], seen["underlag"]) == (2, "R"), "what cannot be made has not come; other inputs stay"
    case.complete("b", Komplettering=9)
    assert (case.seen_at("a")["tillagg"], case.waiting) == (10, ["a", "b", "c", "mycket"]), "conditions see it"
    case.complete("a", svar="ja").complete("b", Komplettering=3).complete("c")
    assert (case.outcome, case.variables["Beslut"]) == ("completed", "ja")


def test_an_output_may_be_given_while_the_activity_executes(play):
    """whileExecutingOutputRefs: it "can be" produced before the end; what is not there at the end is not missed."""
    assert play("late", {"Rapport": "R"}).complete("a", svar="ja").variables["Beslut"] == "ja"
    assert play("late", {"Rapport": "R"}).complete("a", utkast="u").stuck_at == ["a"]


def test_transformations_and_assignments(play):
    case = play("shaped", {"a": 1, "b": 2, "Rapport": {"rubrik": "R"}})
    assert case.found(JobAdded)[0].variables == {
        "summa": 3,
        "delar": {"forst": 1, "sedan": {"dubbelt": 4}},
    }
    case.complete("gor", resultat="klart")
    assert case.variables == {"a": 1, "b": 2, "Rapport": {"rubrik": "R", "text": "klart"}}


def test_an_activity_waits_for_a_complete_input_set(play):
    """§10.4.2: none available, it waits until one is. Only then does it begin, and what is on its boundary listen."""
    case = play("waits")
    assert case.waiting == ["las", "skriv"]
    assert case.found(WaitOpened)[0].kind == "data"
    assert case.found(WaitOpened)[0].name == "Rapport"
    case.complete("skriv", Rapport="text")
    assert case.found(WaitClosed)[0].outcome == "completed"
    assert case.found(TaskOpened)[0].element == "waits.las"
    assert case.waiting == ["frist", "las"]
    assert case.complete("las").outcome == "completed"


def test_where_nobody_can_give_the_data_any_more_it_is_an_incident(play):
    case = play("waits").complete("skriv", annat=1)
    assert (case.waiting, case.stuck_at) == ([], ["las"])
    assert "Rapport" in next(iter(case.incidents.values())).message
    assert case.retry("las").stuck_at == ["las"]
    assert case.skip("las").outcome == "completed"


def test_one_that_waits_can_be_helped_past_and_cancelled(play):
    assert play("waits").skip("las").complete("skriv").outcome == "completed"
    assert play("waits").cancel().outcome == "cancelled"


def test_the_first_complete_set_counts(play):
    """The second input set has no x; y is a copy; what is no output does not get out."""
    case = play("ways", {"b": 1})
    assert case.variables == {"b": 1, "a": [False, 2]}
    case = play("ways", {"a": 5, "b": 1})
    assert case.variables == {"b": 1, "a": [True, 2]}


def test_a_message_carries_the_inputs_and_gives_the_outputs_of_its_event(play):
    case = play("events", {"Rapport": "hej"})
    assert case.found(MessageThrown) == [MessageThrown("events.skicka", "svar", None, {"text": "hej"})]
    assert case.receive("vanta", text="tack", annat=1).variables == {"Rapport": "hej", "Svar": "tack"}


def test_an_event_does_not_wait_for_its_data(play):
    assert play("events").stuck_at == ["skicka"]


def test_a_message_without_what_the_event_gives_is_an_incident(play):
    assert play("events", {"Rapport": 1}).receive("vanta", annat=1).stuck_at == ["vanta"]


def test_an_error_carries_the_inputs_of_its_event(play):
    assert play("thrown").variables == {"Svar": "för sent"}


def test_a_called_process_gets_and_gives_what_is_mapped_and_no_more(play):
    case = play("called", {"a": "?", "annat": 1})
    assert case.found(CaseCalled)[0].variables == {"fraga": "?"}
    assert case.complete("barn", svar="!", annat=2).variables == {"a": "?", "annat": 1, "b": "!"}


def test_a_process_is_not_started_without_its_inputs(play):
    with pytest.raises(Refused, match="fraga"):
        play("needs")
    assert play("needs", {"fraga": "?"}).waiting == ["a"]


def test_a_multi_instance_activity_takes_its_data_once(play):
    case = play("multi", {"Listan": ["x", "y"]})
    assert [case.seen_at("a", instance=k)["rad"] for k in (0, 1)] == ["x", "y"]
    case.complete("a", instance=0).complete("a", instance=1)
    assert case.variables == {"Listan": ["x", "y"]}
