"""Data, global tasks and correlation in the house: the diagrams of tests/bpmn, deployed and run with a database."""

import re
from pathlib import Path

import pytest

from engine import Deploy, HistoryOf, Incidents, RelatedCases, ResolveIncident, StartCase
from engine.errors import Refused
from tests.engine.house import House

DIAGRAMS = Path(__file__).parents[1] / "bpmn"


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
