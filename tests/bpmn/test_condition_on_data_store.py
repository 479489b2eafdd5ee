"""Conditional events on data stores (§10.4.1, §10.5.5): what the case itself or another one writes makes them so."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.bpmn.changes import ConditionLapsed, StoreWritten, WaitClosed, WaitOpened
from engine.bpmn.checks import check
from engine.bpmn.conditions import OF_THE_DAY, OF_THE_HOUSE, OF_THE_MINUTE
from engine.bpmn.model import DataStore
from engine.bpmn.read import read
from engine.settings.functions import functions
from tests.bpmn.drawing import bpmn, chain
from tests.bpmn.driver import MORNING, graph_of

DIAGRAM = Path(__file__).with_name("condition_on_data_store.bpmn")


def test_a_name_in_the_condition_means_the_store_that_is_drawn_around_the_event():
    """No association leads to the condition (§10.5.5); the store's own name counts, not that of its picture."""
    graph = graph_of(DIAGRAM, "catch")
    event = graph.nodes["catch.vanta"].event
    assert event is not None
    assert event.stores == {"Saldo_på_kontot": "Saldo på kontot"}
    assert graph.stores == {"Saldo på kontot": DataStore("Saldo på kontot", line=4, is_watched=True)}


def test_whoever_waits_says_into_which_stores_it_looks(play):
    case = play("catch", {"belopp": 5})
    assert case.found(WaitOpened) == [
        WaitOpened(1, "catch.vanta", "condition", "Saldo_på_kontot >= belopp", stores=("Saldo på kontot",))
    ]
    assert case.state["watched"] == {"belopp": 1, "store:Saldo på kontot": 1}


def test_one_that_nobody_has_written_to_makes_no_condition_true(play):
    case = play("catch", {"belopp": 5})
    assert (case.waiting, case.stuck_at) == (["vanta"], [])


def test_one_that_makes_it_true_already_is_not_waited_for(play):
    assert play("catch", {"belopp": 5}, stores={"Saldo på kontot": 5}).waiting == ["a"]


def test_another_case_makes_it_true(play):
    case = play("catch", {"belopp": 5}).look(**{"Saldo på kontot": 4})
    assert (case.waiting, case.last) == (["vanta"], [])
    case.look(**{"Saldo på kontot": 5})
    assert case.waiting == ["a"]
    assert case.found(WaitClosed) == [WaitClosed(1, "catch.vanta", "completed", kind="condition")]
    assert "watched" not in case.state


def test_what_was_written_counts_even_where_it_was_written_again_since(play):
    """The case is told of 15; when it gets to look there are 3 left. The condition did become true, and what follows
    works with what there is."""
    case = play("takes").put_in_store("Saldo", 3).look(Saldo=15)
    assert case.outcome == "completed"
    (written,) = case.found(StoreWritten)
    assert (written.before, written.after) == (3, -7)


def test_a_condition_without_a_value_is_an_incident_where_it_waits(play):
    case = play("catch", {"belopp": 5}).look(**{"Saldo på kontot": "mycket"})
    assert case.stuck_at == ["vanta"]
    assert case.put_in_store("Saldo på kontot", 7).retry("vanta").waiting == ["a"]


def test_at_an_edge_each_time_it_becomes_true_again(play):
    case = play("edge", stores={"Kurs": 8}).look(Kurs=11)
    assert case.waiting == ["arbete", "n", "notera", "stopp"]
    case.put_in_store("Kurs", 12).look(Kurs=12)
    assert case.waiting.count("n") == 1, "true and still true is no change (Table 10.84)"
    case.look(Kurs=9)
    assert case.last == [ConditionLapsed(case.wait("notera"), "edge.notera")]
    assert case.look(Kurs=9).last == []
    case.look(Kurs=14)
    assert case.waiting == ["arbete", "n", "n", "notera", "stopp"]
    case.look(Kurs=0)
    assert case.waiting == ["n", "n", "s"]
    assert "watched" not in case.state


def test_what_the_case_writes_itself_it_sees_at_once(play):
    case = play("own", stores={"Lager": 5})
    assert case.waiting == ["brist", "fyll"]
    case.complete("fyll", antal=2)
    assert case.waiting == ["bestall", "brist"]
    assert (case.stores["Lager"], case.complete("bestall").outcome) == (2, "completed")


def test_two_things_of_one_name_are_told():
    drawn = '<dataStoreReference id="l" name="Saldo"/><dataObject id="o" name="Saldo"/>' + chain(
        '<intermediateCatchEvent id="x"><conditionalEventDefinition><condition>Saldo > 3</condition>'
        "</conditionalEventDefinition></intermediateCatchEvent>"
    )
    found = [finding for finding in read(bpmn(drawn), name="p.bpmn").findings if finding.is_error]
    assert [(one.rule, one.element) for one in found] == [("data-collision", "x")]


def test_a_process_starts_by_one(play):
    """The machine is told that it has become true; `engine.definitions.conditions` finds out when."""
    case = play("begins", at="begins.start", stores={"Lager": 7})
    assert (case.waiting, case.variables, case.passed) == (["bestall"], {}, ["start"])


@pytest.mark.parametrize(
    ("condition", "rules"),
    [
        ("Saldo > 3", []),
        ("today() >= '2027-01-01'", []),
        ("setting('antal') > 2", []),
        ("now() > '2027' and Saldo > 3", []),
        ("antal > 3", ["start-condition"]),
        ("Saldo > gräns", ["start-condition"]),
        ("startad_av == 3", ["start-condition"]),
        ("1 > 2", ["condition-without-variable"]),
        ("len('abc') > 2", ["condition-without-variable"]),
    ],
)
def test_before_there_is_a_case_it_reads_the_world_around_only(condition, rules):
    """Table 10.84: it "MUST NOT refer to the data context or instance attribute of the Process"."""
    text = condition.replace(">", "&gt;")
    definition = f"<conditionalEventDefinition><condition>{text}</condition></conditionalEventDefinition>"
    drawn = f'<dataStoreReference id="l" name="Saldo"/><startEvent id="s">{definition}</startEvent><endEvent id="e"/>'
    findings = check({"p.bpmn": bpmn(f"{drawn}\ns -> e\n")})
    assert [finding.rule for finding in findings if finding.is_error] == rules


def test_what_the_house_answers_otherwise_at_another_time_is_known():
    """Functions by which a condition is tried again: all whose answer depends on the day, the minute or settings."""
    ask = {
        "workdays": (3,),
        "workdays_from": ("2026-01-05", 3),
        "date_plus": ("2026-01-05", "P1D"),
        "days_between": ("2026-01-05", "2026-02-05"),
        "quarter_end": ("2026-Q1",),
    }

    def answers(now):
        house = functions(now, {})
        return {name: house[name](*ask.get(name, ())) for name in house if name != "setting"}

    now, year, minute = (answers(MORNING + timedelta(**later)) for later in ({}, {"days": 365}, {"minutes": 1}))
    assert {name for name in now if now[name] != year[name]} == OF_THE_DAY | OF_THE_MINUTE
    assert {name for name in now if now[name] != minute[name]} == OF_THE_MINUTE
    assert {*now, "setting"} >= OF_THE_HOUSE
