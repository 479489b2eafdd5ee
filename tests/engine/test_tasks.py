"""Tasks: who may do them, what happens when two do, and that nothing typed is lost."""

import pytest

from engine import (
    CaseById,
    ClaimTask,
    CompleteTask,
    Conflict,
    DelegateTask,
    NotAllowed,
    NotFound,
    ReleaseTask,
    SaveDraft,
    TaskById,
)
from tests.engine.house import House


@pytest.fixture
def started(house: House) -> int:
    house.deploy("arende")
    return house.start(actor=house.person("Rut Rapportör", "rapportor_kommun:huddinge"))


def test_a_completed_task_opens_the_next_and_stores_what_was_answered(house: House, started: int) -> None:
    anna = house.person("Anna Berg", "storsthlm", party="storsthlm")
    house.complete(started, "granska", anna, beslut="ja", motivering="Rimligt")
    case = house.ask(CaseById(started))
    assert house.elements(started) == ["aterkoppla"]
    assert (case.title, case.status, case.party) == ("Sena besked", "avslutad", "huddinge")
    assert case.variables["beslut"] == "ja"
    assert case.variables["granskad_av"]["namn"] == "Anna Berg"
    assert case.number == "PS-2026-0001"
