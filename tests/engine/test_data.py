"""Data, global tasks and correlation in the house: the diagrams of tests/bpmn, deployed and run with a database."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import (
    Deploy,
    HistoryOf,
    Incidents,
    RelatedCases,
    ResolveIncident,
    RetryIncident,
    StartCase,
    VerifyHistory,
)
from engine.bpmn.limits import LIMITS
from engine.cases.queries import CaseSummaries
from engine.data_stores import data_store
from engine.engine import Read
from engine.errors import Refused
from tests.engine.house import House

DIAGRAMS = Path(__file__).parents[1] / "bpmn"
CALLS_WITHOUT = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
<process id="ringer" isExecutable="true"><startEvent id="ringer.s"/><callActivity id="ringer.x" calledElement="needs"/>
<endEvent id="ringer.e"/><sequenceFlow id="ringer.a" sourceRef="ringer.s" targetRef="ringer.x"/>
<sequenceFlow id="ringer.b" sourceRef="ringer.x" targetRef="ringer.e"/></process></definitions>"""
ASKS_NOTHING = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
<process id="needs" isExecutable="true"><startEvent id="s"/><endEvent id="e"/>
<sequenceFlow id="a" sourceRef="s" targetRef="e"/></process></definitions>"""


def deploy(house: House, name: str, *processes: str) -> None:
    """Of a file with many processes only these."""
    source = (DIAGRAMS / f"{name}.bpmn").read_text(encoding="utf-8")
    kept = re.sub(
        r'<process id="(\w+)".*?</process>', lambda found: found[0] if found[1] in processes else "", source, flags=re.S
    )
    house.do(Deploy({f"{name}.bpmn": kept.encode()}))


def test_a_message_finds_the_case_whose_order_it_is_about(house: House) -> None:
    deploy(house, "correlation", "kund", "lager")
    first, second = (house.do(StartCase("kund", {"order": {"nr": nr}})) for nr in ("A-1", "A-2"))
    house.work()
    of_first, of_second = second + 1, second + 2
    assert house.elements(of_first) == house.elements(of_second) == ["lager.plocka"]
    house.complete(of_second, "lager.plocka", house.person("Anna Berg", "h"))
    house.work()
    assert (house.state(first), house.state(second)) == ("active", "completed")


def test_an_activity_waits_for_data_and_history_says_so(house: House) -> None:
    deploy(house, "data_association", "waits")
    case = house.do(StartCase("waits", {}))
    assert house.elements(case) == ["waits.skriv"]
    (opened,) = [row for row in house.ask(HistoryOf(case)) if row.kind == "wait:opened"]
    assert (opened.element, opened.data["name"]) == ("waits.las", "Rapport")
    house.complete(case, "waits.skriv", house.person("Anna Berg", "h"))
    (incident,) = house.ask(Incidents())
    assert (incident.element, "Rapport" in incident.message) == ("waits.las", True)
    house.do(ResolveIncident(incident.id, "Den kom på papper.", {"Rapport": "x"}), house.person("Ada", "admin"))
    assert house.state(case) == "completed"


def test_a_called_process_gets_its_inputs_and_is_not_started_without_them(house: House) -> None:
    deploy(house, "data_association", "called", "needs")
    caller = house.do(StartCase("called", {"a": "?"}))
    (called,) = house.ask(RelatedCases(caller))
    assert house.variables(called.id)["fraga"] == "?"
    with pytest.raises(Refused, match="fraga"):
        house.do(StartCase("needs", {}))


def test_a_data_store_outlives_the_case_and_history_says_who_wrote_what(house: House) -> None:
    deploy(house, "data_store", "adds")
    anna = house.person("Anna Berg", "h")
    first = house.do(StartCase("adds", {"namn": "Ada"}))
    house.complete(first, "adds.se", anna)
    second = house.do(StartCase("adds", {"namn": "Bo"}))
    rows = [row for row in house.ask(HistoryOf(second)) if row.kind == "store:written"]
    assert [(row.element, row.data["changes"]["Kön"]["after"]) for row in rows] == [
        ("adds.lagg", ["Ada", "sist", "Bo"]),
        ("adds.igen", ["Ada", "sist", "Bo", "sist"]),
    ]
    assert rows[0].data["changes"]["Kön"]["before"] == ["Ada", "sist"]
    assert house.variables(second)["namn"] == "Bo"
    assert house.ask(InStore()) == [("Kön", ["Ada", "sist", "Bo", "sist"], 2, second)]
    assert house.ask(VerifyHistory()).first_bad is None


def test_a_step_that_fails_leaves_the_data_store_as_it_was(house: House) -> None:
    deploy(house, "data_store", "stuck")
    anna, case = house.person("Anna Berg", "h"), house.do(StartCase("stuck", {"uttag": 0}))
    house.complete(case, "stuck.ta", anna)
    (incident,) = house.ask(Incidents())
    assert [value for _, value, _, _ in house.ask(InStore())] == [None]
    house.do(RetryIncident(incident.id), house.person("Ada", "admin"))
    assert [one.element for one in house.ask(Incidents())] == ["stuck.ta"]
    other = house.do(StartCase("stuck", {"uttag": -20}))
    house.complete(other, "stuck.ta", anna)
    assert (house.state(other), house.variables(other)["kvar"]) == ("completed", 5)
    house.do(RetryIncident(house.ask(Incidents())[0].id), house.person("Ada", "admin"))
    assert (house.state(case), house.variables(case)["kvar"]) == ("completed", 5)


class InStore:
    """What the data stores hold: (name, value, how often written, by which case)."""

    def run(self, read: Read) -> list[tuple[str, object, int, int | None]]:
        rows = read.connection.execute(sa.select(data_store).order_by(data_store.c.name))
        return [(row.name, row.value, row.version, row.case_id) for row in rows]


def test_a_called_process_without_its_inputs_is_an_incident_that_can_be_retried(house: House) -> None:
    """§10.4.1: it is not started before it can be; what it lacks is said where somebody can decide."""
    deploy(house, "data_association", "called", "needs")
    house.do(Deploy({"c.bpmn": CALLS_WITHOUT}))
    caller = house.do(StartCase("ringer", {}))
    (incident,) = house.ask(Incidents())
    assert (incident.element, "fraga" in incident.message) == ("ringer.x", True)
    assert (house.state(caller), house.ask(RelatedCases(caller))) == ("active", [])
    ada = house.person("Ada", "admin")
    house.do(RetryIncident(incident.id), ada)
    house.work()
    (again,) = house.ask(Incidents())
    assert "fraga" in again.message
    assert house.ask(RelatedCases(caller)) == []
    house.do(Deploy({"n.bpmn": ASKS_NOTHING}))
    house.do(RetryIncident(again.id), ada)
    house.work()
    assert (house.ask(Incidents()), house.state(caller)) == ([], "completed")
    (called,) = house.ask(RelatedCases(caller))
    assert house.state(called.id) == "completed"


def test_cases_that_call_each_other_too_deep_are_an_incident_where_it_stops(house: House) -> None:
    """The innermost waits for a decision; nothing of what came before is lost."""
    house.do(Deploy({"c.bpmn": CALLS_WITHOUT.replace(b'calledElement="needs"', b'calledElement="ringer"')}))
    house.do(StartCase("ringer", {}))
    house.work()
    cases = house.ask(CaseSummaries("ringer"))
    assert len(cases) == LIMITS.call_depth + 1
    (incident,) = house.ask(Incidents())
    assert incident.case_id == max(one.id for one in cases)
    assert incident.message == f"Ärenden kan inte anropa varandra djupare än {LIMITS.call_depth} nivåer."
    assert f"at most {LIMITS.call_depth} levels deep" in (incident.message_en or "")
    ada = house.person("Ada", "admin")
    house.do(RetryIncident(incident.id), ada)
    house.work()
    (again,) = house.ask(Incidents())
    assert again.message == incident.message
    house.do(ResolveIncident(again.id, "Den ringer sig själv.", {}), ada)
    assert house.ask(CaseSummaries("ringer")) == []
    assert house.ask(VerifyHistory()).first_bad is None


def test_a_called_global_task_is_a_task_for_people(house: House) -> None:
    (form,) = [b'{"components": [{"type": "textfield", "key": "omdome", "label": "Omd\xc3\xb6me"}]}']
    files = {"p.bpmn": (DIAGRAMS / "global_task.bpmn").read_bytes(), "forms/granska.json": form}
    house.do(Deploy(files | {"niva.dmn": (DIAGRAMS / "files" / "niva.dmn").read_bytes()}))
    caller = house.do(StartCase("ringer", {}))
    (called,) = house.ask(RelatedCases(caller))
    house.complete(called.id, "granska.task", house.person("Anna Berg", "h"), omdome="bra")
    assert (house.state(called.id), house.state(caller)) == ("completed", "completed")
    assert house.variables(caller)["svar"] == "bra"
    assert house.ask(Incidents()) == []
