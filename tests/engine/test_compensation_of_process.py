"""A called case that was completed compensates itself when its caller asks for that: the same case, open once more."""

import pytest

from engine import (
    CancelCase,
    CaseById,
    Deploy,
    HistoryOf,
    Incidents,
    RelatedCases,
    ResumeCase,
    RetryIncident,
    SuspendCase,
)
from engine.bpmn.limits import Limits
from engine.cases.tables import case as case_table
from engine.runtime import steps
from tests.bpmn.drawing import bpmn
from tests.engine.house import House

COMPENSATE = "<compensateEventDefinition/>"
THROW = f'<intermediateThrowEvent id="angra">{COMPENSATE}</intermediateThrowEvent>'


def process(key: str, inside: str) -> bytes:
    text = bpmn(
        f'<startEvent id="s"/>\n{inside}\n<endEvent id="e"/>', beside='<error id="fel" errorCode="F"/>'
    ).decode()
    return text.replace('id="p" name="Prov"', f'id="{key}" name="{key}"').replace('"p"', f'"{key}"').encode()


def task(name: str) -> str:
    return f'<userTask id="{name}" name="{name}" camunda:candidateGroups="hsf"/>\n'


def undone_by(inside: str, first: str) -> str:
    begins = f'<startEvent id="us">{COMPENSATE}</startEvent>'
    ends = f'<endEvent id="ue"/>\nus -> {first}\n{first} -> ue\n'
    return f'<subProcess id="u" triggeredByEvent="true">{begins}{inside}{ends}</subProcess>\n'


def call(key: str, more: str = "") -> str:
    return f'<callActivity id="anrop" name="Anropet" calledElement="{key}">{more}</callActivity>\n'


def caller(key: str, called: str, more: str = "") -> bytes:
    flows = "\ns -> anrop\nanrop -> fore\nfore -> angra\nangra -> efter\nefter -> e\n"
    return process(key, call(called, more) + task("fore") + THROW + task("efter") + flows)


BOOKS = process("boka", task("boka_rum") + "\ns -> boka_rum\nboka_rum -> e\n" + undone_by(task("avboka"), "avboka"))
AT_ONCE = process(
    "snabb",
    '<scriptTask id="gor" scriptFormat="trappa"><script>n = 1</script></scriptTask>\ns -> gor\ngor -> e\n'
    + undone_by('<scriptTask id="angra_gor" scriptFormat="trappa"><script>n = 0</script></scriptTask>\n', "angra_gor"),
)
BETWEEN = process("mellan", call("boka") + "\ns -> anrop\nanrop -> e\n" + undone_by(THROW, "angra"))
OUT = '<extensionElements><camunda:out variables="all"/></extensionElements>'
TWO = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
FILES = {
    "boka.bpmn": BOOKS,
    "snabb.bpmn": AT_ONCE,
    "mellan.bpmn": BETWEEN,
    "resa.bpmn": caller("resa", "boka"),
    "lang_resa.bpmn": caller("lang_resa", "mellan"),
    "tva_resor.bpmn": caller("tva_resor", "boka", TWO),
    "snabb_resa.bpmn": caller("snabb_resa", "snabb", TWO),
}


@pytest.fixture
def house(house: House) -> House:
    house.do(Deploy(FILES))
    house.person("Ada", "admin")
    house.person("Hans", "hsf")
    return house


def called_by(house: House, case: int) -> list[int]:
    return [one.id for one in house.ask(RelatedCases(case)) if one.relation == "called"]


def complete(house: House, case: int, element: str, **data: object) -> None:
    house.complete(case, element, house.person("Hans"), **data)


def booked(house: House, process: str = "resa") -> tuple[int, int]:
    """A caller about to ask for the compensation of the case it called; and that case."""
    case = house.start(process, ort="Nacka")
    (called,) = called_by(house, case)
    complete(house, called, "boka_rum")
    return case, called


def test_the_called_case_is_open_again_until_it_is_undone(house: House) -> None:
    case, called = booked(house)
    assert (house.state(called), house.elements(called)) == ("completed", [])
    complete(house, case, "fore")
    assert (house.state(called), house.elements(called)) == ("active", ["avboka"])
    assert house.ask(CaseById(called)).ended_at is None
    assert house.elements(case) == [], "its caller waits"
    house.require_words_as_they_are()
    complete(house, called, "avboka")
    house.require_words_as_they_are()
    done = house.ask(CaseById(called))
    assert (done.state, done.outcome) == ("completed", "compensated")
    assert done.ended_at is not None
    assert house.elements(case) == ["efter"]
    complete(house, case, "efter")
    assert house.state(case) == "completed"


def test_history_tells_of_it_in_both_cases(house: House) -> None:
    case, called = booked(house)
    complete(house, case, "fore")
    complete(house, called, "avboka")
    told = [kind for kind in house.kinds(called) if kind.startswith(("case:", "task:"))]
    assert told[4:] == ["case:reopened", "task:opened", "task:completed", "case:ended"]
    kinds = [(row.kind, row.element) for row in house.ask(HistoryOf(case))]
    assert ("compensation:called", "anrop") in kinds
    assert ("element:compensated", "anrop") in kinds


def test_what_undoes_gives_the_caller_nothing(house: House) -> None:
    """The handler of an activity has no outputs of its own to give (§10.7.1); nor does history keep what it wrote."""
    house.do(Deploy({**FILES, "resa.bpmn": caller("resa", "snabb", OUT)}))
    case = house.start("resa", ort="Nacka")
    complete(house, case, "fore")
    (called,) = called_by(house, case)
    assert (house.variables(called)["n"], house.variables(case)["n"]) == (0, 1)
    *_, returned = (row for row in house.ask(HistoryOf(case)) if row.kind == "case:returned")
    assert "'n'" not in str(returned.data)


def test_a_called_case_undoes_what_it_called_itself(house: House) -> None:
    case = house.start("lang_resa", ort="Nacka")
    (between,) = called_by(house, case)
    (called,) = called_by(house, between)
    complete(house, called, "boka_rum")
    assert house.state(between) == "completed"
    complete(house, case, "fore")
    assert [house.state(one) for one in (case, between, called)] == ["active"] * 3
    complete(house, called, "avboka")
    assert [house.state(one) for one in (case, between, called)] == ["active", "completed", "completed"]
    assert house.elements(case) == ["efter"]


def test_each_of_several_called_cases_is_undone_in_turn(house: House) -> None:
    case = house.start("tva_resor", ort="Nacka")
    first, second = called_by(house, case)
    complete(house, second, "boka_rum")
    complete(house, first, "boka_rum")
    complete(house, case, "fore")
    assert (house.elements(first), house.elements(second)) == (["avboka"], []), "the last first"
    complete(house, first, "avboka")
    assert house.elements(second) == ["avboka"]
    complete(house, second, "avboka")
    assert house.elements(case) == ["efter"]


def test_it_goes_by_the_version_it_began_with(house: House) -> None:
    case, called = booked(house)
    house.do(Deploy({**FILES, "boka.bpmn": BOOKS.replace(b"avboka", b"slopa")}))
    complete(house, case, "fore")
    assert house.elements(called) == ["avboka"]


def test_cancelled_with_its_caller_while_it_is_undone(house: House) -> None:
    case, called = booked(house)
    complete(house, case, "fore")
    house.do(CancelCase(case, "Fel"), house.person("Ada"))
    assert (house.state(case), house.state(called)) == ("cancelled", "cancelled")
    assert house.elements(called) == []


def test_a_case_that_was_completed_stays_so_where_its_caller_is_cancelled(house: House) -> None:
    case, called = booked(house)
    house.do(CancelCase(case, "Fel"), house.person("Ada"))
    assert (house.state(case), house.state(called)) == ("cancelled", "completed")


def test_suspended_with_its_caller_while_it_is_undone(house: House) -> None:
    case, called = booked(house)
    complete(house, case, "fore")
    house.do(SuspendCase(case, "Paus"), house.person("Ada"))
    assert house.state(called) == "suspended"
    house.do(ResumeCase(case), house.person("Ada"))
    complete(house, called, "avboka")
    assert house.elements(case) == ["efter"]


def test_where_many_follow_the_worker_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = house.start("snabb_resa", ort="Nacka")
    monkeypatch.setattr(steps, "LIMITS", Limits(follow_ups=0))
    complete(house, case, "fore")
    assert house.elements(case) == []
    monkeypatch.undo()
    house.work()
    assert house.elements(case) == ["efter"]
    assert [house.variables(one)["n"] for one in called_by(house, case)] == [0, 0]


def test_where_it_cannot_be_undone_somebody_decides(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the called case is gone from its caller; nothing that Tvistetrappa does by itself."""
    case, called = booked(house)
    ask = steps._CALLED
    monkeypatch.setattr(steps, "_CALLED", ask.where(case_table.c.id == 0))
    complete(house, case, "fore")
    (incident,) = house.ask(Incidents())
    assert (incident.case_id, incident.element) == (case, "anrop")
    assert house.elements(called) == []
    monkeypatch.undo()
    house.do(RetryIncident(incident.id), house.person("Ada"))
    house.work()
    complete(house, called, "avboka")
    assert house.elements(case) == ["efter"]


def test_an_incident_in_what_undoes(house: House) -> None:
    wrong = AT_ONCE.replace(b"n = 0", b"n = n + borta")
    house.do(Deploy({**FILES, "snabb.bpmn": wrong}))
    case = house.start("snabb_resa", ort="Nacka")
    complete(house, case, "fore")
    stuck = [one.case_id for one in house.ask(Incidents())]
    assert (len(stuck), house.elements(case)) == (1, [])
    assert house.state(stuck[0]) == "active"


def test_an_error_in_what_undoes_goes_to_the_caller(house: House) -> None:
    ends = b'<endEvent id="ue"><errorEventDefinition errorRef="fel"/></endEvent>'
    house.do(Deploy({**FILES, "boka.bpmn": BOOKS.replace(b'<endEvent id="ue"/>', ends)}))
    case, called = booked(house)
    complete(house, case, "fore")
    complete(house, called, "avboka")
    assert [(one.state, one.outcome) for one in map(house.ask, (CaseById(called), CaseById(case)))] == [
        ("failed", "F"),
        ("failed", "F"),
    ]


def test_a_case_that_nobody_called_is_just_completed(house: House) -> None:
    case = house.start("boka", ort="Nacka")
    complete(house, case, "boka_rum")
    assert (house.state(case), "case:reopened" in house.kinds(case)) == ("completed", False)
