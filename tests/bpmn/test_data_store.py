"""Data stores, read and written by name (§10.4.1, §10.4.2)."""

from dataclasses import replace
from pathlib import Path

from engine.bpmn.changes import JobAdded, SignalThrown, StoreWritten, TaskClosed
from engine.bpmn.limits import Limits
from engine.bpmn.model import DataStore
from tests.bpmn.driver import graph_of

DIAGRAM = Path(__file__).with_name("data_store.bpmn")


def test_what_the_diagram_says_of_it_is_kept():
    assert graph_of(DIAGRAM, "adds").stores == {"Kön": DataStore("Kön", True, 100, False, "list", 5)}
    around = graph_of(DIAGRAM, "around").stores
    assert {name: store.is_written for name, store in around.items()} == {"Priser": True, "Logg": True}


def test_it_goes_by_the_name_of_the_store_not_of_the_picture(play):
    """§10.4.1: a reference shows a store that lies outside the process; two pictures are one store."""
    case = play("adds", {"namn": "Ada"}, stores={"Kön": ["Bo"]})
    assert case.stores == {"Kön": ["Bo", "Ada", "sist"]}


def test_what_is_written_is_seen_later_in_the_same_step(play):
    case = play("adds", {"namn": "Ada"})
    found = case.found(StoreWritten)
    assert [(case.short(one.element), one.before, one.after) for one in found] == [
        ("lagg", None, ["Ada"]),
        ("igen", ["Ada"], ["Ada", "sist"]),
    ]
    assert case.seen_at("se") == {"namn": "Ada", "alla": ["Ada", "sist"]}


def test_a_store_is_no_variable_of_the_case(play):
    case = play("adds", {"namn": "Ada"}).complete("se")
    assert (case.outcome, case.variables) == ("completed", {"namn": "Ada"})


def test_a_part_of_it_is_assigned_and_the_rest_stays(play):
    case = play("parts", {"sort": "pall"}, stores={"Lager": {"bord": 2, "stolar": {"rum": "B"}}})
    case.complete("rakna", antal=3, annat="går inte ut")
    assert case.stores == {"Lager": {"bord": 2, "stolar": {"rum": "B", "antal": 3, "sort": "pall"}}}
    assert case.found(TaskClosed)[0].data == {}
    assert case.complete("tom").stores == {"Lager": None}


def test_nothing_is_written_where_nothing_changes(play):
    case = play("parts", {"sort": "pall"}, stores={"Lager": {"stolar": {"antal": 3, "sort": "pall"}}})
    assert case.complete("rakna", antal=3).found(StoreWritten) == []


def test_events_and_what_lies_in_sub_processes_reach_it(play):
    """§10.4.2: sources are what stands around the activity; a store in the sub-process is the one of its name."""
    case = play("around", at="around.start", payload={"vad": "stol"}, stores={"Priser": {"stol": 40}})
    assert case.found(JobAdded)[0].variables == {"pris": 40}
    case.complete("t", rad="en rad")
    assert case.stores["Logg"] == "en rad"
    case.receive("vanta", svar={"stol": 50})
    assert case.found(SignalThrown)[0].payload == {"priser": {"stol": 50}}
    assert (case.outcome, case.stores["Priser"]) == ("completed", {"stol": 50})


def test_what_gets_stuck_has_written_nothing_and_is_tried_again_whole(play):
    case = play("stuck", stores={"Saldo": 5}).complete("ta", uttag=5)
    assert (case.stuck_at, case.stores) == (["ta"], {"Saldo": 5})
    case.put_in_store("Saldo", 15).retry("ta")
    assert (case.outcome, case.stores, case.variables["kvar"]) == ("completed", {"Saldo": 10}, 10)


def test_helped_past_it_writes_nothing(play):
    assert play("stuck", stores={"Saldo": 5}).skip("ta", uttag=5).stores == {"Saldo": 5}


def test_it_holds_so_much_and_no_more(play):
    case = play("adds", {"namn": "x" * 200}, limits=replace(Limits(), store_bytes=100))
    assert case.stuck_at == ["lagg"]
    assert "datalager" in next(iter(case.incidents.values())).message
    assert case.stores == {"Kön": None}
