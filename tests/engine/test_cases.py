"""Cases: started once, read by those who may, suspended, resumed, cancelled; and cases that call cases."""

from datetime import timedelta

import pytest

from engine import (
    Actor,
    CancelCase,
    CaseById,
    CaseByNumber,
    CommentsOf,
    CompleteTask,
    Conflict,
    Guarded,
    HistoryOf,
    Incidents,
    Invalid,
    Mails,
    NotAllowed,
    NotFound,
    ReadLog,
    Refused,
    RelatedCases,
    ResumeCase,
    Retire,
    RetryIncident,
    StartableProcesses,
    StartCase,
    SuspendCase,
    TaskById,
)
from tests.engine.house import House


def rut(house: House) -> Actor:
    return house.person("Rut Rapportör", "rapportor_kommun:huddinge", party="huddinge")


def admin(house: House) -> Actor:
    return house.person("Ada Admin", "admin")


def test_a_case_knows_who_started_it_and_when(house: House) -> None:
    house.deploy("arende")
    case = house.start(actor=rut(house))
    found = house.ask(CaseById(case), rut(house))
    assert found.variables["startad_av"] == {
        "person": rut(house).person_id,
        "namn": "Rut Rapportör",
        "roll": "rapportor_kommun:huddinge",
        "part": "huddinge",
        "tid": "2026-03-02T09:00:00+01:00",
    }
    assert (found.started_at, found.started_by, found.definition_version) == (
        house.clock.now(),
        rut(house).person_id,
        1,
    )


def test_numbers_run_without_gaps_and_begin_anew_each_year(house: House) -> None:
    house.deploy("arende")
    with pytest.raises(Invalid):
        house.start(actor=rut(house), rubrik="")
    first, second = house.start(), house.start()
    house.clock.advance(timedelta(days=365))
    third = house.start()
    numbers = [house.ask(CaseById(case)).number for case in (first, second, third)]
    assert numbers == ["PS-2026-0001", "PS-2026-0002", "PS-2027-0001"]
    assert house.ask(CaseByNumber("PS-2027-0001")).id == third


def test_who_may_start_sees_so_and_others_find_nothing(house: House) -> None:
    house.deploy("arende")
    offered = house.ask(StartableProcesses(), rut(house))
    assert [(one.key, one.form_key) for one in offered] == [("arende", "start")]
    stranger = house.person("Hanna", "hsf")
    assert house.ask(StartableProcesses(), stranger) == []
    with pytest.raises(NotFound):
        house.start(actor=stranger)
    with pytest.raises(NotFound):
        house.do(StartCase("finns_inte"), rut(house))
    with pytest.raises(NotFound):
        house.do(StartCase("arende", {"rubrik": "x", "omrade": "y"}), Actor.nobody())


def test_the_start_form_is_guarded(house: House) -> None:
    house.deploy("arende")
    with pytest.raises(Guarded) as told:
        house.start(actor=rut(house), rubrik="Brukare 191212121212", omrade="huddinge")
    assert told.value.path == "rubrik"
    assert house.start() == 1


def test_R19_a_second_start_with_the_same_business_key_is_refused(house: House) -> None:
    house.deploy("arende")
    data = {"rubrik": "Ett", "omrade": "huddinge"}
    first = house.do(StartCase("arende", data, business_key="2026-Q1"), rut(house))
    with pytest.raises(Conflict) as told:
        house.do(StartCase("arende", data, business_key="2026-Q1"), rut(house))
    assert told.value.sv == "Det finns redan ett ärende för detta: PS-2026-0001, startat kl 09:00."
    assert told.value.details["case_id"] == first
    house.do(CancelCase(first, "Fel"), admin(house))
    with pytest.raises(Conflict):
        house.do(StartCase("arende", data, business_key="2026-Q1"), rut(house))


def test_R32_a_case_is_read_by_its_starter_its_readers_and_those_who_were_asked(house: House) -> None:
    house.deploy("arende")
    case = house.start(actor=rut(house))
    anna = house.person("Anna Berg", "storsthlm")
    for reader in (rut(house), anna, house.person("Lo Kal", "lokal_samverkan:huddinge")):
        assert house.ask(CaseById(case), reader).id == case
    hanna = house.person("Hanna", "hsf")
    strangers = [
        hanna,
        house.person("Nacka", "lokal_samverkan:nacka"),
        house.person("Ru Två", "rapportor_kommun:nacka"),
    ]
    for stranger in [*strangers, admin(house), Actor.nobody()]:
        for question in (CaseById(case), HistoryOf(case), CaseById(9_999_999)):
            with pytest.raises(NotFound):
                house.ask(question, stranger)
    house.complete(case, "granska", anna, beslut="ja")
    assert house.ask(CaseById(case), hanna).status == "avslutad"


def test_R34_the_auditor_reads_everything_and_changes_nothing_and_reading_is_logged(house: House) -> None:
    house.deploy("arende")
    case = house.start(actor=rut(house), rubrik="R", omrade="huddinge", intern="hemligt")
    auditor = house.person("Rev Isor", "revisor")
    assert house.ask(CaseById(case), auditor).variables["intern"] == "hemligt"
    assert house.ask(HistoryOf(case), auditor)
    logged = house.ask(ReadLog(), auditor)
    assert [(row.name, row.role, row.case_id) for row in logged] == [("Rev Isor", "revisor", case)] * 2
    assert [row.what for row in logged] == ["historik för PS-2026-0001", "ärende PS-2026-0001"]
    for command in (
        CompleteTask(house.task(case, "granska"), {"beslut": "ja"}),
        CancelCase(case, "Nej"),
        SuspendCase(case, "Nej"),
        StartCase("arende", {"rubrik": "R", "omrade": "h"}),
    ):
        with pytest.raises(Refused):
            house.do(command, auditor)
    house.ask(CaseById(case), rut(house))
    assert len(house.ask(ReadLog(), auditor)) == 2


def test_a_sealed_case_is_closed_to_all_but_one(house: House) -> None:
    number = '<camunda:property name="case.numberSeries"'
    sealed = f'<camunda:property name="case.sealedTo" value="${{granskad_av}}" />{number}'
    house.deploy("arende", change={"arende.bpmn": (number, sealed)})
    anna, hanna, auditor = (
        house.person("Anna", "storsthlm"),
        house.person("Hanna", "hsf"),
        house.person("Rev", "revisor"),
    )
    case = house.start(actor=rut(house))
    house.complete(case, "granska", anna, beslut="nej", motivering="Rör en enskild")
    assert house.ask(CaseById(case), anna).variables["motivering"] == "Rör en enskild"
    for question in (CaseById(case), HistoryOf(case), CommentsOf(case), RelatedCases(case), Mails(case)):
        for stranger in (rut(house), hanna, house.person("Bo", "storsthlm")):
            with pytest.raises(NotFound):
                house.ask(question, stranger)
    seen = house.ask(CaseById(case), auditor)
    assert (seen.is_sealed, seen.variables) == (True, {})
    assert {row.data is None for row in house.ask(HistoryOf(case), auditor)} == {True}
    assert house.ask(TaskById(house.task(case, "aterkoppla")), hanna).variables == {}


def test_a_suspended_case_waits_with_everything(house: House) -> None:
    house.deploy("arende")
    case = house.start(actor=rut(house))
    anna = house.person("Anna Berg", "storsthlm")
    house.do(SuspendCase(case, "Väntar på utredning"), admin(house))
    with pytest.raises(Conflict) as told:
        house.complete(case, "granska", anna, beslut="ja")
    assert told.value.sv.startswith("Ärende PS-2026-0001 är pausat.")
    house.wait(days=20)
    assert house.elements(case) == ["granska"]
    with pytest.raises(Conflict):
        house.do(SuspendCase(case, "Igen"), admin(house))
    house.do(ResumeCase(case), admin(house))
    house.work()
    assert house.elements(case) == ["granska", "paminn"]
    house.complete(case, "granska", anna, beslut="ja")
    with pytest.raises(Conflict):
        house.do(ResumeCase(case), admin(house))


def test_R53_a_cancelled_case_ends_with_everything_in_it_and_stays(house: House) -> None:
    house.deploy("arende")
    case = house.start(actor=rut(house))
    with pytest.raises(NotAllowed):
        house.do(CancelCase(case, "Fel"), rut(house))
    with pytest.raises(Invalid):
        house.do(CancelCase(case, " "), admin(house))
    house.do(CancelCase(case, "Dubblett"), admin(house))
    assert (house.state(case), house.elements(case)) == ("cancelled", [])
    assert house.wait(days=30) == 0
    kinds = house.kinds(case)
    assert kinds[-1] == "case:ended"
    assert {"case:cancelled", "task:cancelled", "timer:cancelled"} <= set(kinds)
    with pytest.raises(Conflict):
        house.do(CancelCase(case, "Igen"), admin(house))


def test_a_called_case_starts_and_ends_with_the_step_of_its_caller(house: House) -> None:
    house.deploy("anropar", "anropad")
    caller = house.start("anropar", fraga="Varför?")
    called = next(one.id for one in house.ask(RelatedCases(caller)) if one.relation == "called")
    assert house.variables(called)["fraga"] == "Varför?"
    assert [one.relation for one in house.ask(RelatedCases(called))] == ["caller"]
    house.complete(called, "svara", house.person("Anna Berg", "storsthlm"), svar="Därför")
    assert (house.state(called), house.variables(caller)["svar"]) == ("completed", "Därför")
    assert house.elements(caller) == ["efter"]
    returned = next(row for row in house.ask(HistoryOf(caller)) if row.kind == "case:returned")
    assert returned.person_name == "Anna Berg"


def test_a_call_that_is_interrupted_cancels_the_called_case(house: House) -> None:
    house.deploy("anropar", "anropad")
    caller = house.start("anropar", fraga="?")
    called = next(one.id for one in house.ask(RelatedCases(caller)))
    house.wait(days=6)
    assert (house.state(caller), house.state(called)) == ("completed", "cancelled")


def test_a_called_case_cannot_be_cancelled_without_its_caller(house: House) -> None:
    house.deploy("anropar", "anropad")
    caller = house.start("anropar", fraga="?")
    called = next(one.id for one in house.ask(RelatedCases(caller)))
    with pytest.raises(Refused, match="called by"):
        house.do(CancelCase(called, "Fel"), admin(house))
    house.do(CancelCase(caller, "Fel"), admin(house))
    assert (house.state(caller), house.state(called)) == ("cancelled", "cancelled")


def test_suspending_a_case_suspends_those_it_called(house: House) -> None:
    house.deploy("anropar", "anropad")
    caller = house.start("anropar", fraga="?")
    called = next(one.id for one in house.ask(RelatedCases(caller)))
    house.do(SuspendCase(caller, "Paus"), admin(house))
    with pytest.raises(Conflict):
        house.complete(called, "svara", house.person("Anna Berg", "storsthlm"), svar="x")
    house.do(ResumeCase(caller), admin(house))
    house.complete(called, "svara", house.person("Anna Berg", "storsthlm"), svar="x")
    assert house.elements(caller) == ["efter"]


def test_a_call_of_a_process_that_is_not_in_use_becomes_an_incident_that_can_be_retried(house: House) -> None:
    called = next(one for one in house.deploy("anropar", "anropad").definitions if one.key == "anropad")
    house.do(Retire(called.id))
    caller = house.start("anropar", fraga="?")
    incident = house.ask(Incidents())[0]
    assert (incident.case_id, incident.element) == (caller, "anrop")
    assert incident.message == "Den anropade processen anropad är inte i bruk."
    assert incident.message_en == "Expected the called process anropad to be in use, but it is not."
    house.do(RetryIncident(incident.id), admin(house))
    house.work()
    assert [one.state for one in house.ask(Incidents(state=None))] == ["open", "retried"]
    assert house.deploy("anropad").definitions[0].version == 2
    house.do(RetryIncident(house.ask(Incidents())[0].id), admin(house))
    house.work()
    assert [one.process for one in house.ask(RelatedCases(caller))] == ["anropad"]
    assert house.ask(Incidents()) == []


def test_R36_a_running_case_stays_on_its_version(house: House) -> None:
    house.deploy("arende")
    old = house.start(actor=rut(house))
    house.deploy("arende", change={"arende.bpmn": ('name="Återkoppla"', 'name="Svara"')})
    new = house.start(actor=rut(house))
    anna = house.person("Anna Berg", "storsthlm")
    for case, version, name in ((old, 1, "Återkoppla"), (new, 2, "Svara")):
        house.complete(case, "granska", anna, beslut="ja")
        rows = house.ask(HistoryOf(case))
        assert {row.definition_version for row in rows} == {version}
        assert [row.element_name for row in rows if row.kind == "task:opened"][-1] == name


def test_a_form_sent_twice_starts_one_case(house: House) -> None:
    house.deploy("arende")
    said = {"rubrik": "Sena besked", "omrade": "huddinge"}
    first = house.do(StartCase("arende", said, once="formulär 1"))
    assert house.do(StartCase("arende", said, once="formulär 1")) == first
    changed = {**said, "rubrik": "Ett annat problem"}
    others = [
        house.do(StartCase("arende", changed, once="formulär 1")),  # gone back to, and written anew
        house.do(StartCase("arende", said, once="formulär 2")),
        house.do(StartCase("arende", said, once="formulär 1"), rut(house)),
        house.do(StartCase("arende", said)),
    ]
    assert len({first, *others}) == 5
