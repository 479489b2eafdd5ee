"""Cases that several events may start, or start together; and waits for several things, in the database."""

from datetime import timedelta

import pytest

from engine import (
    BroadcastSignal,
    Conflict,
    Deploy,
    HistoryOf,
    Jobs,
    PublishMessage,
    Refused,
    SkipWait,
    StartCase,
    VerifyHistory,
)
from engine.cases.queries import CaseSummaries
from engine.runtime.views import CasePage
from tests.engine.house import House
from tests.engine.test_conditions import WRITES


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


# --- several timers, and all of several triggers of any kind --------------------------------------------------------


def starts_by(*triggers: str, needs_all: bool = False, stores: str = "") -> dict[str, bytes]:
    """A process that starts by these triggers, and does nothing."""
    marked = ' parallelMultiple="true"' if needs_all else ""
    text = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">'
        '<message id="m" name="anmalan"/><message id="n" name="bilaga"/><signal id="g" name="larm"/>'
        f'<process id="p" isExecutable="true">{stores}<startEvent id="s"{marked}>{"".join(triggers)}</startEvent>'
        '<endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/></process></definitions>'
    )
    return {"p.bpmn": text.encode()}


def timer(kind: str, text: str) -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


MESSAGE = '<messageEventDefinition messageRef="m"/>'
OTHER = '<messageEventDefinition messageRef="n"/>'
SIGNAL = '<signalEventDefinition signalRef="g"/>'
CONDITION = "<conditionalEventDefinition><condition>Kurs > 10</condition></conditionalEventDefinition>"
STORE = '<dataStoreReference id="k" name="Kurs"/>'


def planned(house: House) -> list[str]:
    found = house.ask(CaseSummaries("p", state=None))
    return sorted(one.variables["planerad_tid"] for one in found)


def test_each_of_several_timers_of_one_start_event_starts_its_cases(house: House) -> None:
    house.do(Deploy(starts_by(timer("timeCycle", "0 8 * * 1"), timer("timeDate", "2026-03-04"), SIGNAL)))
    house.wait(days=8)
    assert planned(house) == ["2026-03-04T00:00:00+01:00", "2026-03-09T08:00:00+01:00"]
    house.do(BroadcastSignal("larm"))
    house.work()
    assert cases(house, "p") == 3


def test_two_timers_that_are_due_at_once_are_two_occurrences(house: House) -> None:
    house.do(Deploy(starts_by(timer("timeDate", "2026-03-04"), timer("timeCycle", "0 0 * * *"))))
    house.wait(days=2)
    assert planned(house) == ["2026-03-03T00:00:00+01:00", *["2026-03-04T00:00:00+01:00"] * 2]


def test_a_new_version_takes_over_all_its_timers(house: House) -> None:
    house.do(Deploy(starts_by(timer("timeDate", "2026-03-04"), timer("timeDate", "2026-03-06"))))
    house.do(Deploy(starts_by(timer("timeDate", "2026-03-05"))))
    assert len([job for job in house.ask(Jobs()) if job.kind == "start_timer" and job.state == "waiting"]) == 1
    house.wait(days=8)
    assert planned(house) == ["2026-03-05T00:00:00+01:00"]


def test_all_of_a_message_a_signal_a_timer_and_a_condition_in_any_order(house: House) -> None:
    """Table 10.84, Parallel Multiple: all of them are required."""
    house.do(Deploy({"skriver.bpmn": WRITES}))
    triggers = (MESSAGE, SIGNAL, timer("timeDate", "2026-03-04"), CONDITION)
    house.do(Deploy(starts_by(*triggers, needs_all=True, stores=STORE)))
    house.do(BroadcastSignal("larm", {"sist": "signalen", "s": 1}))
    house.do(BroadcastSignal("larm", {"s": 2}))
    assert house.do(PublishMessage("anmalan", "K", {"sist": "meddelandet"})) is None
    house.wait(days=3)
    assert cases(house, "p") == 0
    house.do(StartCase("skriver", {"nytt": 11}))
    house.work()
    (one,) = house.ask(CaseSummaries("p", state=None))
    assert (one.variables["s"], one.variables["sist"]) == (1, "meddelandet"), "a second signal passes by"
    assert one.variables["planerad_tid"] == "2026-03-04T00:00:00+01:00"
    assert one.business_key == "K"


def test_what_has_come_is_used_up_by_the_case_that_it_starts(house: House) -> None:
    house.do(Deploy(starts_by(MESSAGE, SIGNAL, needs_all=True)))
    for key in ("K1", "K2"):
        assert house.do(PublishMessage("anmalan", key)) is None
    house.do(BroadcastSignal("larm"))
    house.work()
    assert [one.business_key for one in house.ask(CaseSummaries("p", state=None))] == ["K1"]
    house.do(BroadcastSignal("larm"))
    house.work()
    assert sorted(one.business_key for one in house.ask(CaseSummaries("p", state=None))) == ["K1", "K2"]


def test_the_messages_belong_together_by_their_key(house: House) -> None:
    house.do(Deploy(starts_by(MESSAGE, OTHER, SIGNAL, needs_all=True)))
    house.do(BroadcastSignal("larm"))
    house.work()
    house.do(PublishMessage("anmalan", "K1"))
    assert house.do(PublishMessage("bilaga", "K2")) is None
    assert house.do(PublishMessage("bilaga", "K1")) is not None
    assert house.do(PublishMessage("anmalan", "K2")) is None, "the signal is used up"


def test_what_came_for_an_older_version_that_waited_for_it_is_forgotten_with_it(house: House) -> None:
    house.do(Deploy(starts_by(MESSAGE, SIGNAL, needs_all=True)))
    house.do(BroadcastSignal("larm"))
    house.work()
    house.do(Deploy(starts_by(MESSAGE, OTHER, needs_all=True)))
    house.do(Deploy(starts_by(MESSAGE, SIGNAL, needs_all=True)))
    assert house.do(PublishMessage("anmalan", "K")) is None


# --- an administrator does not wait ----------------------------------------------------------------------------------

WAITS = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
<message id="m" name="svar"/><signal id="g" name="larm"/><process id="w" isExecutable="true"><startEvent id="s"/>
<eventBasedGateway id="v"/><intermediateCatchEvent id="a"><messageEventDefinition messageRef="m"/>
<signalEventDefinition signalRef="g"/></intermediateCatchEvent><intermediateCatchEvent id="b"><timerEventDefinition>
<timeDuration>P30D</timeDuration></timerEventDefinition></intermediateCatchEvent><endEvent id="e"/><endEvent id="f"/>
<sequenceFlow id="x1" sourceRef="s" targetRef="v"/><sequenceFlow id="x2" sourceRef="v" targetRef="a"/>
<sequenceFlow id="x3" sourceRef="v" targetRef="b"/><sequenceFlow id="x4" sourceRef="a" targetRef="e"/>
<sequenceFlow id="x5" sourceRef="b" targetRef="f"/></process></definitions>"""


def waits(house: House, case: int) -> dict[str, int]:
    return {one.element: one.wait for one in house.ask(CasePage(case)).waiting}


@pytest.mark.parametrize("element", ["a", "b"])
def test_an_administrator_chooses_at_an_event_based_gateway_what_has_come(house: House, element: str) -> None:
    house.do(Deploy({"w.bpmn": WAITS}))
    case, admin = house.do(StartCase("w", {})), house.person("Ada", "admin")
    wait = waits(house, case)[element]
    with pytest.raises(Refused, match="admin"):
        house.do(SkipWait(case, wait, "Jag vill"), house.person("Hanna", "hsf"))
    house.do(SkipWait(case, wait, "Svaret kom på papper", {"svar": "ja"}), admin)
    assert (house.state(case), house.variables(case)["svar"]) == ("completed", "ja")
    passed = [row.element for row in house.ask(HistoryOf(case)) if row.kind == "element:passed"]
    assert passed == ["s", "v", element, {"a": "e", "b": "f"}[element]]
    (told,) = [row for row in house.ask(HistoryOf(case)) if row.kind == "wait:skipped"]
    assert (told.element, told.data["note"]) == (element, "Svaret kom på papper")
    assert [job.kind for job in house.ask(Jobs()) if job.state == "waiting"] == []
    with pytest.raises(Conflict):
        house.do(SkipWait(case, wait, "En gång till"), admin)
    assert house.ask(VerifyHistory(replay=True)).first_bad is None
