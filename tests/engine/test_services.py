"""Service tasks: handlers run at least once, what they give lands exactly once, and what fails ends as an incident."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from engine import (
    CancelCase,
    CaseById,
    Conflict,
    FinishService,
    HistoryOf,
    Incidents,
    Jobs,
    LeaseJobs,
    Mails,
    NotAllowed,
    RelatedCases,
    ResolveIncident,
    RetryIncident,
    SuspendCase,
    contract,
)
from engine.contract import BpmnError, Call, Link, Mail, Message, Number, Result, Retry, Start
from tests.engine.house import SYSTEM, House


@pytest.fixture
def tjanst(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[Call]]:
    """Put a function (or a plain result) behind the topic; gives the calls it gets."""
    monkeypatch.setattr(contract, "_handlers", {})

    def behind(answer: Any) -> list[Call]:
        calls: list[Call] = []

        def handle(call: Call) -> Any:
            calls.append(call)
            return answer(call) if callable(answer) else answer

        contract._handlers["test.tjanst"] = handle
        return calls

    behind(None)
    return behind


def test_a_handler_is_told_all_it_needs_and_its_variables_land_in_the_case(house: House, tjanst) -> None:
    calls = tjanst({"svar": 42})
    house.deploy("tjanst")
    case = house.start("tjanst", fraga="Varför?")
    assert house.elements(case) == []
    house.work()
    assert house.elements(case) == ["se"]
    assert house.variables(case)["svar"] == 42
    call = calls[0]
    assert (call.topic, call.case_id, call.case_number, call.element) == ("test.tjanst", case, "TT-2026-0001", "anropa")
    assert (call.variables["fraga"], call.properties["mall"], call.attempt) == ("Varför?", "kvitto", 1)
    assert call.now == house.clock.now()
    assert [row.kind for row in house.ask(HistoryOf(case)) if row.kind.startswith("service")] == [
        "service:added",
        "service:finished",
    ]


def test_effects_land_together_with_the_end_of_the_task(house: House, tjanst) -> None:
    house.deploy("tjanst", "arende", "vantar")
    waiting = house.start("vantar", nyckel="R1")
    other = house.start("arende")
    tjanst(
        Result(
            {"ok": True},
            (
                Mail("rut@example.org", "Kvitto", "Tack", "kvitto", "rapport"),
                Message("svar", "R1", {"text": "hej"}),
                Start("arende", {"rubrik": "Ny", "omrade": "nacka"}, "A-1"),
                Number("Storsthlm", "dnr"),
                Link(other, "rapport"),
            ),
        )
    )
    case = house.start("tjanst")
    house.work()
    assert house.variables(case)["dnr"] == "Storsthlm 2026-0001"
    assert [(mail.to, mail.subject, mail.kind, mail.rung) for mail in house.outbox.sent] == [
        ("rut@example.org", "Kvitto", "kvitto", "rapport")
    ]
    assert [mail.status for mail in house.ask(Mails(case))] == ["sent"]
    assert house.variables(waiting)["text"] == "hej"
    assert [(one.relation, one.process) for one in house.ask(RelatedCases(case))] == [
        ("rapport", "arende"),
        ("startade", "arende"),
    ]
    second = house.start("tjanst")
    house.work()
    assert house.variables(second)["dnr"] == "Storsthlm 2026-0002"
    assert [one.id for one in house.ask(RelatedCases(second))] == [one.id for one in house.ask(RelatedCases(case))], (
        "not started twice"
    )


def test_a_failed_effect_takes_everything_back(house: House, tjanst) -> None:
    house.deploy("tjanst")
    tjanst(Result({"ok": True}, (Mail("rut@example.org", "Kvitto", "Tack"), Start("finns_inte"))))
    case = house.start("tjanst")
    house.work()
    assert house.outbox.sent == []
    assert house.ask(Mails()) == []
    assert "ok" not in house.variables(case)
    assert house.ask(Jobs())[0].last_error == "Processen finns_inte är inte i bruk."


def test_a_bpmn_error_goes_the_way_the_diagram_has_for_it(house: House, tjanst) -> None:
    def refuse(call: Call) -> None:
        raise BpmnError("avvisat", "Nej", {"skal": "dubblett"})

    tjanst(refuse)
    house.deploy("tjanst")
    case = house.start("tjanst")
    house.work()
    assert house.elements(case) == ["hantera"]
    assert house.variables(case)["skal"] == "dubblett"


def test_a_failing_handler_is_tried_again_with_pauses_and_then_becomes_an_incident(house: House, tjanst) -> None:
    def fail(call: Call) -> None:
        raise RuntimeError("Anna Anderssons uppgifter")

    calls = tjanst(fail)
    house.deploy("tjanst")
    case = house.start("tjanst")
    house.wait(minutes=1)
    assert len(calls) == 2
    house.wait(days=2)
    assert len(calls) == 6
    keys = {call.idempotency_key for call in calls}
    assert (len(keys), [call.attempt for call in calls]) == (1, [1, 2, 3, 4, 5, 6])
    incident = house.ask(Incidents())[0]
    assert (incident.case_id, incident.element) == (case, "anropa")
    assert incident.message.startswith("Oväntat fel: RuntimeError (fail, rad ")
    assert incident.message_en is not None
    assert incident.message_en.startswith("Unexpected error: RuntimeError (fail, line ")
    assert "Anna" not in incident.message + incident.message_en
    assert {"service:failed", "incident:opened"} <= set(house.kinds(case))
    assert house.work() == 0


def test_an_incident_is_retried_or_resolved_by_a_person_once(house: House, tjanst) -> None:
    def fail(call: Call) -> None:
        raise Retry("Tjänsten svarar inte.", timedelta(seconds=10))

    tjanst(fail)
    house.deploy("tjanst")
    first, second = house.start("tjanst"), house.start("tjanst")
    house.wait(minutes=2)
    incidents = {one.case_id: one.id for one in house.ask(Incidents())}
    incident = house.ask(Incidents())[0]
    assert (incident.message, incident.message_en) == ("Tjänsten svarar inte.", None), "the handler has no English"
    ada = house.person("Ada Admin", "admin")
    with pytest.raises(NotAllowed):
        house.do(RetryIncident(incidents[first]), house.person("Hanna", "hsf"))
    tjanst({"svar": 1})
    house.do(RetryIncident(incidents[first]), ada)
    house.do(ResolveIncident(incidents[second], "Gjordes för hand", {"svar": 2}), ada)
    house.work()
    assert [house.elements(case) for case in (first, second)] == [["se"], ["se"]]
    assert [house.variables(case)["svar"] for case in (first, second)] == [1, 2]
    with pytest.raises(Conflict):
        house.do(ResolveIncident(incidents[first], "Igen"), ada)
    with pytest.raises(Conflict):
        house.do(RetryIncident(incidents[second]), ada)
    resolved = next(row for row in house.ask(HistoryOf(second)) if row.kind == "incident:resolved")
    assert (resolved.person_name, resolved.data) == ("Ada Admin", {"note": "Gjordes för hand"})
    assert "incident:retried" in house.kinds(first)


def test_an_element_that_cannot_be_played_becomes_an_incident(house: House) -> None:
    house.deploy("skript")
    case = house.start("skript", tal=6, nolla=0)
    incident = house.ask(Incidents())[0]
    assert (incident.element, incident.job_id, house.state(case)) == ("rakna", None, "active")
    assert (incident.message, incident.message_en) == (
        "Det går inte att dela med noll.",
        "Expected to divide, but by zero.",
    )
    told = [row.data for row in house.ask(HistoryOf(case)) if row.kind == "incident:opened"]
    assert told == [{"message": incident.message}], "as before, for the replay of older histories"
    ada = house.person("Ada Admin", "admin")
    house.do(RetryIncident(incident.id), ada)
    again = house.ask(Incidents())
    assert [one.state for one in house.ask(Incidents(state=None))] == ["open", "retried"]
    house.do(ResolveIncident(again[0].id, "Räknade själv", {"kvot": 3}), ada)
    assert (house.elements(case), house.variables(case)["kvot"]) == (["se"], 3)


def test_a_task_that_nobody_may_do_is_an_incident(house: House) -> None:
    """Who does it is an expression, and names nobody whom the house knows."""
    house.deploy("skript", change={"skript.bpmn": ('candidateGroups="hsf"', 'assignee="${vem}"')})
    case = house.start("skript", tal=6, nolla=1, vem="okand")
    (incident,) = house.ask(Incidents())
    assert (incident.case_id, incident.element) == (case, "se")
    told = ("Det finns ingen som kan göra uppgiften.", "There is nobody who can do the task.")
    assert (incident.message, incident.message_en) == told


def test_an_incident_ends_with_its_case(house: House, tjanst) -> None:
    def fail(call: Call) -> None:
        raise Retry("Nej.", timedelta(seconds=1))

    tjanst(fail)
    house.deploy("tjanst")
    case = house.start("tjanst")
    house.wait(minutes=1)
    assert len(house.ask(Incidents())) == 1
    house.do(CancelCase(case, "Dubblett"), house.person("Ada Admin", "admin"))
    assert (house.ask(Incidents()), house.ask(Jobs())) == ([], [])


def test_a_task_that_nobody_can_do_becomes_an_incident(house: House) -> None:
    house.deploy("skript", change={"skript.bpmn": ('camunda:candidateGroups="hsf"', 'camunda:assignee="${vem}"')})
    anna = house.person("Anna", "hsf")
    good, bad = house.start("skript", tal=4, nolla=2, vem="anna"), house.start("skript", tal=4, nolla=2, vem="okand")
    assert [one.case_id for one in house.ask(Incidents())] == [bad]
    house.complete(good, "se", anna)
    house.do(ResolveIncident(house.ask(Incidents())[0].id, "Gjordes av en vikarie"), house.person("Ada", "admin"))
    assert (house.state(good), house.state(bad)) == ("completed", "completed")


def test_a_result_that_is_not_plain_json_is_refused(house: House, tjanst) -> None:
    results = [{"n": float("nan")}, {"d": object()}, {1: "x"}, "text"]
    tjanst(lambda call: results[call.case_id - 1])
    house.deploy("tjanst")
    cases = [house.start("tjanst") for _ in results]
    house.work()
    assert [house.elements(case) for case in cases] == [[]] * 4
    assert [job.attempts for job in house.ask(Jobs())] == [1] * 4


def test_whatever_a_handler_gives_comes_back_the_same(house: House, tjanst) -> None:
    hostile = {
        "__builtins__": {"typename": "UUID", "__proto__": None},
        "rtl": "\u202eabc\u200b",
        "nul": "a\x00b",
        "djup": [[[[{"a": [1.5, True, None, "å"]}]]]],
        "stort": 2**62,
    }
    tjanst(hostile)
    house.deploy("tjanst")
    case = house.start("tjanst")
    house.work()
    variables = house.variables(case)
    assert {name: variables[name] for name in hostile} == hostile
    house.complete(case, "se", house.person("Hanna", "hsf"))
    assert house.state(case) == "completed"


def test_a_report_under_an_old_lease_is_refused(house: House, tjanst) -> None:
    house.deploy("tjanst")
    case = house.start("tjanst")
    slow = house.do(LeaseJobs("slow", seconds=30))[0]
    assert house.do(LeaseJobs("other")) == []
    house.clock.advance(timedelta(seconds=31))
    quick = house.do(LeaseJobs("quick"))[0]
    assert (quick.id, quick.fence, quick.attempts) == (slow.id, slow.fence + 1, 2)
    with pytest.raises(Conflict):
        house.do(FinishService(slow.id, slow.fence, Result({"av": "slow"})))
    house.do(FinishService(quick.id, quick.fence, Result({"av": "quick"})))
    with pytest.raises(Conflict):
        house.do(FinishService(quick.id, quick.fence, Result({"av": "quick"})))
    assert house.variables(case)["av"] == "quick"


def test_only_the_house_leases_jobs(house: House) -> None:
    with pytest.raises(NotAllowed):
        house.do(LeaseJobs("x"), house.person("Hanna", "hsf"))


def test_a_job_of_a_suspended_case_waits(house: House, tjanst) -> None:
    calls = tjanst(None)
    house.deploy("tjanst")
    case = house.start("tjanst")
    leased = house.do(LeaseJobs("w"))[0]
    house.do(SuspendCase(case, "Paus"), house.person("Ada Admin", "admin"))
    house.do(FinishService(leased.id, leased.fence, Result()))
    assert (house.work(), calls) == (0, [])
    assert house.ask(Jobs())[0].state == "waiting"


def test_mail_is_kept_in_a_demo(database_url: str, tjanst) -> None:
    house = House(database_url, kept_mail=True)
    tjanst(Result({}, (Mail("rut@example.org", "Kvitto", "Tack"),)))
    house.deploy("tjanst")
    house.start("tjanst")
    house.work()
    assert (house.outbox.sent, [mail.status for mail in house.ask(Mails())]) == ([], ["kept"])
    house.engine.close()


def test_mail_that_cannot_be_sent_becomes_an_incident_and_can_be_sent_later(house: House, tjanst) -> None:
    tjanst(Result({}, (Mail("rut@example.org", "Kvitto", "Tack"),)))
    house.deploy("tjanst")
    case = house.start("tjanst")
    sent, house.outbox.send = house.outbox.send, _unreachable  # type: ignore[method-assign]
    house.wait(days=3)
    assert [mail.status for mail in house.ask(Mails())] == ["failed"]
    assert house.elements(case) == ["se"], "the case does not wait for the mail"
    house.outbox.send = sent  # type: ignore[method-assign]
    house.do(RetryIncident(house.ask(Incidents())[0].id), house.person("Ada Admin", "admin"))
    house.work()
    assert ([mail.status for mail in house.ask(Mails())], len(house.outbox.sent)) == (["sent"], 1)


def _unreachable(mail: Any) -> None:
    raise Retry("E-postservern svarar inte.")


def test_R33_readers_of_a_case_see_what_was_sent_but_not_to_whom(house: House, tjanst) -> None:
    hanna = house.person("Hanna", "hsf")
    tjanst(Result({}, (Mail("rut@example.org", "Till Rut", "Tack"), Mail("hanna@example.org", "Till Hanna", "Hej"))))
    house.deploy("tjanst")
    case = house.start("tjanst")
    house.work()
    assert [(mail.to, mail.subject) for mail in house.ask(Mails(case), hanna)] == [
        ("hanna@example.org", "Till Hanna"),
        ("", "Till Rut"),
    ]
    with pytest.raises(NotAllowed):
        house.ask(Mails(), hanna)


def test_handlers_may_ask_the_house(house: House, tjanst) -> None:
    house.deploy("tjanst", "arende")
    first = house.start("arende")
    hanna = house.person("Hanna", "hsf")
    asked: dict[str, Any] = {}

    def ask(call: Call) -> None:
        asked["cases"] = [(one.id, one.status) for one in call.house.cases("arende", statuses=("inkommen",))]
        asked["case"] = call.house.case("arende", "saknas")
        asked["people"] = call.house.people("hsf")
        asked["setting"] = call.house.setting("session.hours")
        asked["reference"] = call.house.reference("parter")

    tjanst(ask)
    house.start("tjanst")
    house.work()
    assert asked == {
        "cases": [(first, "inkommen")],
        "case": None,
        "people": [{"person": hanna.person_id, "namn": "Hanna", "epost": "hanna@example.org"}],
        "setting": 12,
        "reference": [],
    }


def test_the_worker_acts_in_the_name_of_the_house(house: House, tjanst) -> None:
    tjanst({"a": 1})
    house.deploy("tjanst")
    case = house.start("tjanst")
    house.work()
    row = next(row for row in house.ask(HistoryOf(case)) if row.kind == "service:finished")
    assert (row.person_id, row.person_name, row.role) == (None, "Systemet", "system")
    assert row.data == {"changes": {"a": {"after": 1}}}
    assert house.ask(CaseById(case), SYSTEM).version == 2
