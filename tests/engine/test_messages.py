"""Messages reach exactly one case, also when they come early; signals reach everybody who waits."""

from datetime import timedelta

import pytest

from engine import (
    BroadcastSignal,
    CompleteTask,
    HistoryOf,
    NotAllowed,
    PublishMessage,
    ResumeCase,
    SuspendCase,
    TasksOf,
)
from engine.cases.queries import CaseSummaries
from tests.engine.house import House


def places(house: House, *cases: int) -> list[str]:
    """The last element each of the cases began to wait at, or its state once it is over."""
    found = []
    for case in cases:
        opened = [row.element for row in house.ask(HistoryOf(case)) if row.kind == "wait:opened"]
        state = house.state(case)
        found.append(str(opened[-1]) if state == "active" else state)
    return found


def test_a_message_reaches_the_case_that_waits_for_its_key(house: House) -> None:
    house.deploy("vantar")
    one, other = house.start("vantar", nyckel="A"), house.start("vantar", nyckel="B")
    assert house.do(PublishMessage("svar", "B", {"text": "hej"})) == other
    assert places(house, one, other) == ["svar", "larm"]
    assert house.variables(other)["text"] == "hej"
    assert "text" not in house.variables(one)


def test_a_message_reaches_one_case_only(house: House) -> None:
    house.deploy("vantar")
    first, second = house.start("vantar", nyckel="A"), house.start("vantar", nyckel="A")
    assert house.do(PublishMessage("svar", "A")) == first
    assert places(house, first, second) == ["larm", "svar"]
    assert house.do(PublishMessage("svar", "A")) == second


def test_an_early_message_is_kept_until_somebody_waits(house: House) -> None:
    house.deploy("vantar")
    assert house.do(PublishMessage("svar", "A", {"text": "tidigt"})) is None
    house.clock.advance(timedelta(days=30))
    case, later = house.start("vantar", nyckel="A"), house.start("vantar", nyckel="A")
    house.work()
    assert house.variables(case)["text"] == "tidigt"
    assert places(house, case, later) == ["larm", "svar"]


def test_a_kept_message_lives_for_its_time_only(house: House) -> None:
    house.deploy("vantar")
    house.do(PublishMessage("svar", "A", ttl_days=7))
    house.clock.advance(timedelta(days=8))
    case = house.start("vantar", nyckel="A")
    house.work()
    assert places(house, case) == ["svar"]


def test_a_message_starts_a_case_once(house: House) -> None:
    house.deploy("vantar")
    case = house.do(PublishMessage("ny", "R-7", {"nyckel": "A"}))
    assert house.ask(CaseSummaries("vantar"))[0].business_key == "R-7"
    assert house.do(PublishMessage("ny", "R-7", {"nyckel": "B"})) == case
    assert len(house.ask(CaseSummaries("vantar", state=None))) == 1
    assert places(house, case) == ["svar"]


def test_a_case_sends_messages_and_signals_to_others(house: House) -> None:
    house.deploy("vantar", "skickar")
    waiting, further = house.start("vantar", nyckel="A"), house.start("vantar", nyckel="B")
    house.do(PublishMessage("svar", "B"))
    house.start("skickar", till="A", svar="Ja")
    house.work()
    assert house.variables(waiting)["svarstext"] == "Ja"
    assert places(house, waiting, further) == ["larm", "completed"], "the signal came before anybody else waited for it"


def test_a_signal_reaches_every_token_that_waits_once_and_no_later_one(house: House) -> None:
    house.deploy("vantar")
    cases = [house.start("vantar", nyckel=str(number)) for number in range(3)]
    for number in range(3):
        house.do(PublishMessage("svar", str(number)))
    late = house.start("vantar", nyckel="sen")
    assert house.do(BroadcastSignal("larm", {"varfor": "övning"})) == 3
    house.do(PublishMessage("svar", "sen"))
    house.work()
    assert places(house, *cases, late) == ["completed"] * 3 + ["larm"]
    assert house.variables(cases[0])["varfor"] == "övning"
    assert house.do(BroadcastSignal("larm")) == 1
    assert house.do(BroadcastSignal("okand")) == 0


def test_a_signal_that_was_caught_at_the_boundary_comes_to_the_others_and_not_there_again(house: House) -> None:
    house.deploy("vantar", "flera")
    ada = house.person("Ada", "storsthlm")
    waiting, first, second = house.start("vantar", nyckel="A"), house.start("flera"), house.start("flera")
    house.do(PublishMessage("svar", "A"))
    house.do(CompleteTask(house.ask(TasksOf(first))[0].id, {}), ada)
    house.work()
    assert places(house, waiting) == ["completed"]
    assert house.elements(first) == ["folj", "svara"]
    assert house.elements(second) == ["folj", "svara", "svara"], "its boundary event listens to the same signal"


def test_a_suspended_case_gets_its_message_when_it_is_resumed(house: House) -> None:
    house.deploy("vantar")
    ada = house.person("Ada", "admin")
    case = house.start("vantar", nyckel="A")
    house.do(SuspendCase(case, "Paus"), ada)
    assert house.do(PublishMessage("svar", "A", {"text": "hej"})) is None
    house.work()
    assert house.ask(HistoryOf(case))[-1].kind == "case:suspended"
    house.do(ResumeCase(case), ada)
    house.work()
    assert places(house, case) == ["larm"]
    assert house.variables(case)["text"] == "hej"


def test_only_the_house_and_its_administrator_publish(house: House) -> None:
    for command in (PublishMessage("svar", "A"), BroadcastSignal("larm")):
        with pytest.raises(NotAllowed):
            house.do(command, house.person("Hanna", "hsf"))
