"""Compensation through the whole engine: what is undone is work like any other, and history tells what became of it."""

import pytest

from engine import HistoryOf, VerifyHistory, contract
from tests.engine.house import House


@pytest.fixture
def booked(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[House, int]:
    monkeypatch.setattr(contract, "_handlers", {"test.tjanst": lambda call: {"avbokad": call.element}})
    house.deploy("bokning")
    case = house.start("bokning", nej=True)
    hsf = house.person("Hans Hsf", "hsf")
    house.complete(case, "lokal", hsf)
    house.complete(case, "mat", hsf)
    return house, case


def test_a_cancelled_transaction_is_undone_by_people_and_handlers(booked: tuple[House, int]) -> None:
    house, case = booked
    assert house.elements(case) == []
    house.work()
    assert house.variables(case)["avbokad"] == "avboka_mat"
    assert house.elements(case) == ["avboka_lokal"]
    hsf = house.person("Hanna Hsf", "hsf")
    house.complete(case, "avboka_lokal", hsf)
    assert house.elements(case) == ["meddela"]
    house.complete(case, "meddela", hsf)
    assert house.state(case) == "completed"
    undone = [row.element for row in house.ask(HistoryOf(case)) if row.kind == "element:compensated"]
    assert undone == ["mat", "lokal"]
    assert house.ask(VerifyHistory()).first_bad is None
