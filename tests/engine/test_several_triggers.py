"""Cases that several events may start, or start together; and waits for several things, in the database."""

from datetime import timedelta

from engine import BroadcastSignal, HistoryOf, PublishMessage
from engine.cases.queries import CaseSummaries
from tests.engine.house import House


def cases(house: House, process: str) -> int:
    return len(house.ask(CaseSummaries(process, state=None)))


def test_any_event_behind_a_gateway_that_starts_the_process_begins_a_case(house: House) -> None:
    house.deploy("valjer")
    one = house.do(PublishMessage("anmalan", "K1", {"text": "a"}))
    other = house.do(PublishMessage("bilaga", "K2"))
    house.do(BroadcastSignal("larm"))
    house.work()
    assert cases(house, "valjer") == 3
    assert house.elements(one) == house.elements(other) == ["valjer.a"]
    assert house.variables(one)["text"] == "a"
    assert house.do(PublishMessage("bilaga", "K1")) == one, "what has begun once, does not begin again"
    assert cases(house, "valjer") == 3


def test_behind_a_parallel_gateway_later_messages_reach_the_case_that_the_first_began(house: House) -> None:
    house.deploy("bada")
    one = house.do(PublishMessage("anmalan", "7", {"nummer": 7}))
    other = house.do(PublishMessage("bilaga", "8", {"nummer": 8}))
    assert cases(house, "bada") == 2
    assert house.elements(one) == house.elements(other) == []
    assert house.do(PublishMessage("bilaga", "7", {"b": 1})) == one
    assert house.do(PublishMessage("anmalan", "8", {"b": 2})) == other
    assert house.elements(one) == house.elements(other) == ["bada.a"]
    assert (house.variables(one)["b"], house.variables(other)["b"]) == (1, 2)
    assert cases(house, "bada") == 2


def test_a_start_that_needs_several_messages_waits_for_the_last(house: House) -> None:
    house.deploy("samlar")
    assert house.do(PublishMessage("bilaga", "7", {"b": 1, "sist": "b"})) is None
    assert house.do(PublishMessage("bilaga", "8", {"b": 2})) is None
    house.work()
    assert cases(house, "samlar") == 0
    case = house.do(PublishMessage("anmalan", "7", {"a": 1, "sist": "a"}))
    assert house.elements(case) == ["samlar.a"]
    given = house.variables(case)
    assert (given["a"], given["b"], given["sist"]) == (1, 1, "a")
    assert house.do(PublishMessage("anmalan", "7")) == case
    assert house.do(PublishMessage("anmalan", "9")) is None
    assert cases(house, "samlar") == 1
    assert house.do(PublishMessage("anmalan", "8")) is not None
    assert house.do(PublishMessage("bilaga", "9")) is not None
    assert cases(house, "samlar") == 3


def test_one_that_came_too_long_ago_does_not_count(house: House) -> None:
    house.deploy("samlar")
    house.do(PublishMessage("bilaga", "7", ttl_days=3))
    house.clock.advance(timedelta(days=4))
    assert house.do(PublishMessage("anmalan", "7")) is None


def test_a_start_event_with_several_triggers_starts_by_each(house: House) -> None:
    house.deploy("flera_utlosare")
    house.do(PublishMessage("anmalan", "K"))
    house.do(BroadcastSignal("larm"))
    house.work()
    assert cases(house, "flera_utlosare") == 2
    house.wait(days=1)
    assert cases(house, "flera_utlosare") == 3


def test_waits_for_several_things_and_for_a_condition_are_stored(house: House) -> None:
    house.deploy("flera_utlosare")
    hanna = house.person("Hanna", "hsf")
    case = house.do(PublishMessage("anmalan", "K", {"antal": 1}))
    house.do(PublishMessage("anmalan", None))
    assert house.kinds(case)[-1] == "message:received"
    assert house.state(case) == "active"
    house.complete(case, "flera_utlosare.a", hanna)
    assert house.state(case) == "active"
    told = [(row.kind, row.outcome) for row in house.ask(HistoryOf(case)) if row.kind == "wait:opened"]
    assert told == [("wait:opened", "message"), ("wait:opened", "condition")]


def test_a_condition_is_met_by_what_a_case_learns(house: House) -> None:
    house.deploy(
        "flera_utlosare",
        change={
            "flera_utlosare.bpmn": (
                '<messageEventDefinition messageRef="m_anmalan"/>\n      <conditional',
                "<conditional",
            )
        },
    )
    case = house.do(PublishMessage("anmalan", "K", {"antal": 4}))
    assert "condition:met" in house.kinds(case)
