"""Tasks: who may do them, what happens when two do, and that nothing typed is lost."""

from datetime import timedelta

import pytest

from engine import (
    CaseById,
    ClaimTask,
    Comment,
    CommentsOf,
    CompleteTask,
    Conflict,
    DelegateTask,
    Guarded,
    HistoryOf,
    Invalid,
    NotAllowed,
    NotFound,
    Refused,
    ReleaseTask,
    SaveDraft,
    TaskById,
)
from tests.engine.house import House


@pytest.fixture
def case(house: House) -> int:
    house.deploy("arende")
    return house.start(actor=house.person("Rut Rapportör", "rapportor_kommun:huddinge", party="huddinge"))


def anna(house: House):
    return house.person("Anna Berg", "storsthlm", party="storsthlm")


def bo(house: House):
    return house.person("Bo Ek", "storsthlm", party="storsthlm")


def test_a_completed_task_opens_the_next_and_stores_what_was_answered(house: House, case: int) -> None:
    house.complete(case, "granska", anna(house), beslut="ja", motivering="Rimligt")
    found = house.ask(CaseById(case))
    assert house.elements(case) == ["aterkoppla"]
    assert (found.title, found.status, found.party, found.number) == (
        "Sena besked",
        "avslutad",
        "huddinge",
        "PS-2026-0001",
    )
    assert found.variables["beslut"] == "ja"
    assert found.variables["granskad_av"]["namn"] == "Anna Berg"
    assert found.variables["granskad_av"]["roll"] == "storsthlm"


def test_the_case_ends_with_its_last_task(house: House, case: int) -> None:
    house.complete(case, "granska", anna(house), beslut="ja")
    house.complete(case, "aterkoppla", house.person("Hanna", "hsf"))
    found = house.ask(CaseById(case))
    assert (found.state, found.ended_at) == ("completed", house.clock.now())


def test_the_second_to_complete_is_told_who_did_it_and_when(house: House, case: int) -> None:
    task = house.task(case, "granska")
    house.do(CompleteTask(task, {"beslut": "ja"}), anna(house))
    house.clock.advance(timedelta(minutes=3))
    with pytest.raises(Conflict) as told:
        house.do(CompleteTask(task, {"beslut": "nej"}), bo(house))
    assert told.value.sv == "Uppgiften avslutades av Anna Berg (storsthlm) kl 09:00."
    assert told.value.details["who"] == "Anna Berg (storsthlm)"
    assert told.value.details["when"] == house.clock.now() - timedelta(minutes=3)


def test_what_the_second_had_typed_is_kept_as_a_draft(house: House, case: int) -> None:
    task = house.task(case, "granska")
    house.do(CompleteTask(task, {"beslut": "ja"}), anna(house))
    house.do(SaveDraft(task, {"beslut": "nej", "motivering": "Nej tack"}), bo(house))
    draft = house.ask(TaskById(task), bo(house)).draft
    assert draft is not None
    assert draft.data == {"beslut": "nej", "motivering": "Nej tack"}
    assert house.ask(TaskById(task), anna(house)).draft is None


def test_a_draft_is_replaced_by_the_next_and_gone_with_the_completion(house: House, case: int) -> None:
    task = house.task(case, "granska")
    house.do(SaveDraft(task, {"motivering": "Först"}), anna(house))
    house.do(SaveDraft(task, {"motivering": "Sedan"}), anna(house))
    assert house.ask(TaskById(task), anna(house)).draft.data == {"motivering": "Sedan"}
    house.do(CompleteTask(task, {"beslut": "ja"}), anna(house))
    assert house.ask(TaskById(task), anna(house)).draft is None


def test_a_task_of_others_and_one_that_does_not_exist_answer_alike(house: House, case: int) -> None:
    stranger = house.person("Hanna", "hsf")
    answers = set()
    for task in (house.task(case, "granska"), 999_999):
        for question in (CompleteTask(task, {"beslut": "ja"}), ClaimTask(task), SaveDraft(task, {}), TaskById(task)):
            with pytest.raises(NotFound) as told:
                (house.ask if isinstance(question, TaskById) else house.do)(question, stranger)
            answers.add((told.value.sv, told.value.en, str(told.value.details)))
    assert len(answers) == 1


def test_a_claimed_task_is_for_the_one_who_claimed_it(house: House, case: int) -> None:
    task = house.task(case, "granska")
    house.do(ClaimTask(task), anna(house))
    house.do(ClaimTask(task), anna(house))
    for command in (ClaimTask(task), CompleteTask(task, {"beslut": "ja"})):
        with pytest.raises(Conflict, match="Anna Berg") as told:
            house.do(command, bo(house))
        assert told.value.sv == "Uppgiften har tagits av Anna Berg (storsthlm) kl 09:00."
    house.do(CompleteTask(task, {"beslut": "ja"}), anna(house))
    assert house.kinds(case).count("task:claimed") == 1


def test_a_released_task_is_free_again(house: House, case: int) -> None:
    task = house.task(case, "granska")
    house.do(ClaimTask(task), anna(house))
    house.do(ReleaseTask(task), bo(house))
    house.do(CompleteTask(task, {"beslut": "ja"}), bo(house))


def test_a_task_is_handed_on_only_to_those_who_may_do_it(house: House, case: int) -> None:
    task = house.task(case, "granska")
    with pytest.raises(NotAllowed):
        house.do(DelegateTask(task, house.person("Hanna", "hsf").person_id or 0), anna(house))
    house.do(DelegateTask(task, bo(house).person_id or 0), anna(house))
    with pytest.raises(Conflict):
        house.do(CompleteTask(task, {"beslut": "ja"}), anna(house))
    house.do(CompleteTask(task, {"beslut": "ja"}), bo(house))
    row = next(row for row in house.ask(HistoryOf(case)) if row.kind == "task:delegated")
    assert (row.person_name, row.data) == ("Anna Berg", {"to": bo(house).person_id, "to_name": "Bo Ek"})


def test_answers_are_checked_against_the_form(house: House, case: int) -> None:
    task = house.task(case, "granska")
    with pytest.raises(Invalid) as told:
        house.do(CompleteTask(task, {"motivering": "x"}), anna(house))
    assert "beslut" in told.value.fields
    with pytest.raises(Invalid):
        house.do(CompleteTask(task, {"beslut": "ja", "okand": 1}), anna(house))
    assert house.elements(case) == ["granska"]


def test_a_task_without_a_form_takes_no_answers(house: House, case: int) -> None:
    house.complete(case, "granska", anna(house), beslut="ja")
    with pytest.raises(Invalid):
        house.do(CompleteTask(house.task(case, "aterkoppla"), {"status": "x"}), anna(house))


@pytest.mark.parametrize("text", ["Gäller 19121212-1212", "Ring 070-123 45 67"])
def test_R02_guarded_text_is_refused_and_stored_nowhere(house: House, case: int, text: str, caplog) -> None:
    task = house.task(case, "granska")
    for command in (
        CompleteTask(task, {"beslut": "ja", "motivering": text}),
        SaveDraft(task, {"motivering": text}),
        Comment(case, text),
    ):
        with pytest.raises(Guarded) as told:
            house.do(command, anna(house))
        assert text not in f"{told.value!s} {told.value!r} {told.value.sv}"
    with house.engine._database.connect() as connection:
        stored = [
            str(row) for table in house.tables() for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')
        ]
    assert not any("1212" in row or "123 45" in row for row in stored)
    assert text not in caplog.text


def test_R31_who_reported_cannot_do_the_task_that_bars_them(house: House) -> None:
    house.deploy("arende")
    both = house.person("Dubbel Roll", "rapportor_kommun:huddinge", "storsthlm")
    case = house.start(actor=both)
    task = house.task(case, "granska")
    assert house.ask(TaskById(task), both).is_barred
    for command in (CompleteTask(task, {"beslut": "ja"}), ClaimTask(task)):
        with pytest.raises(NotAllowed, match="R31"):
            house.do(command, both)
    with pytest.raises(NotAllowed, match="R31"):
        house.do(DelegateTask(task, both.person_id or 0), anna(house))
    house.do(CompleteTask(task, {"beslut": "ja"}), anna(house))


def test_R35_a_processdesigner_holds_no_task(house: House) -> None:
    designer = house.person("Disa Designer", "processdesigner")
    with pytest.raises(Refused, match="R35"):
        house.person("Anders And", "storsthlm", "processdesigner")
    house.deploy(
        "arende",
        change={"arende.bpmn": ('candidateGroups="storsthlm"', 'candidateGroups="processdesigner, storsthlm"')},
    )
    case = house.start(actor=house.person("Rut", "rapportor_kommun"))
    with pytest.raises(NotFound):
        house.do(CompleteTask(house.task(case, "granska"), {"beslut": "ja"}), designer)


def test_those_who_run_the_house_do_no_tasks(house: House, case: int) -> None:
    for role in ("revisor", "admin", "processdesigner"):
        with pytest.raises(NotFound):
            house.do(CompleteTask(house.task(case, "granska"), {"beslut": "ja"}), house.person(f"En {role}", role))


def test_R39_a_late_task_is_flagged_and_never_decided(house: House, case: int) -> None:
    house.wait(days=30)
    late = house.ask(TaskById(house.task(case, "granska")), anna(house)).task
    assert late.is_overdue(house.clock.now())
    assert house.elements(case) == ["granska", "paminn"]
    assert house.state(case) == "active"


def test_R40_a_due_date_counts_working_days(house: House, case: int) -> None:
    task = house.ask(TaskById(house.task(case, "granska")), anna(house)).task
    assert task.due_at is not None
    assert task.due_at.isoformat() == "2026-03-04T22:59:59+00:00"


def test_a_comment_is_read_by_those_who_read_the_case(house: House, case: int) -> None:
    house.do(Comment(case, "Vi väntar på svar", house.task(case, "granska")), anna(house))
    assert [row.text for row in house.ask(CommentsOf(case), anna(house))] == ["Vi väntar på svar"]
    with pytest.raises(NotFound):
        house.ask(CommentsOf(case), house.person("Frida Främling", "hsf"))
    with pytest.raises(NotAllowed):
        house.do(Comment(case, "Jag också"), house.person("Rev Isor", "revisor"))
    with pytest.raises(Invalid):
        house.do(Comment(case, "  "), anna(house))


def test_a_variable_for_some_is_withheld_from_others(house: House) -> None:
    house.deploy("arende")
    rut = house.person("Rut", "rapportor_kommun")
    case = house.start(actor=rut, rubrik="R", omrade="huddinge", intern="hemligt")
    withheld = {"undanhallen": True}
    assert house.ask(CaseById(case), rut).variables["intern"] == withheld
    assert house.ask(TaskById(house.task(case, "granska")), anna(house)).variables["intern"] == withheld
    started = house.ask(HistoryOf(case), rut)[0]
    assert started.data is not None
    assert started.data["changes"]["intern"] == {"before": withheld, "after": withheld}
    house.complete(case, "granska", anna(house), beslut="ja")
    assert house.ask(CaseById(case), house.person("Hanna", "hsf")).variables["intern"] == "hemligt"
