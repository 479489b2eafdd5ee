"""What of a case's data a reader may see is one decision: its page, its history and its tasks hide the same."""

from __future__ import annotations

import pytest

from engine import Actor, CaseById, Comment, CommentsOf, HistoryOf, NotFound
from engine.history.tables import history
from engine.identity.permissions import WITHHELD
from engine.runtime.opened import OpenedTask, TaskPage
from engine.runtime.views import CasePage, Event
from tests.engine.house import SYSTEM, House

SECRET = "bara för HSF"


@pytest.fixture
def case(house: House) -> int:
    """`intern` is for HSF only; it was given at the start, and the case is at a task of Storsthlm and HSF."""
    house.deploy("arende")
    return _played(house)


@pytest.fixture
def sealed(house: House) -> int:
    """The same, sealed to Anna, who examined it."""
    number = '<camunda:property name="case.numberSeries"'
    to_anna = f'<camunda:property name="case.sealedTo" value="${{granskad_av}}" />{number}'
    house.deploy("arende", change={"arende.bpmn": (number, to_anna)})
    return _played(house)


def _played(house: House) -> int:
    rut = house.person("Rut", "rapportor_kommun")
    case = house.start(actor=rut, rubrik="R", omrade="huddinge", intern=SECRET)
    house.do(Comment(case, "Sagt om ärendet"), rut)
    house.complete(case, "granska", house.person("Anna", "storsthlm"), beslut="nej", motivering="Rör en enskild")
    return case


def people(house: House) -> dict[str, Actor]:
    return {
        "Rut": house.person("Rut", "rapportor_kommun"),
        "Anna": house.person("Anna", "storsthlm"),
        "Hanna": house.person("Hanna", "hsf"),
        "Rev": house.person("Rev", "revisor"),
    }


def page(house: House, case: int, actor: Actor) -> dict[int, Event]:
    return {event.seq: event for event in house.ask(CasePage(case, all_steps=True), actor).story.events}


def task(house: House, case: int, actor: Actor) -> OpenedTask:
    opened: OpenedTask = house.ask(TaskPage(house.task(case, "aterkoppla")), actor)
    return opened


def hide_the_same(house: House, case: int, actor: Actor) -> None:
    """Row by row, the page of the case and its history; and what both say that the variables are."""
    rows, events = house.ask(HistoryOf(case), actor), page(house, case, actor)
    assert [row.seq for row in rows] == sorted(events)
    for row in rows:
        event = events[row.seq]
        changes = {} if row.data is None else row.data.pop("changes", {})
        told = {name: (change.get("before"), change.get("after")) for name, change in changes.items()}
        assert (event.changes, event.data) == (told, row.data or {}), row.seq
        assert not (event.is_sealed and row.data), row.seq
    assert house.ask(CasePage(case), actor).variables == house.ask(CaseById(case), actor).variables


def test_page_and_history_hide_the_same_from_each_reader(house: House, case: int) -> None:
    for name, actor in people(house).items():
        hide_the_same(house, case, actor)
        seen = [repr(house.ask(query, actor)) for query in (CaseById(case), HistoryOf(case), CasePage(case))]
        may_see = name in ("Hanna", "Rev")
        assert [SECRET in text for text in seen] == [may_see] * 3, name
        assert all("Rör en enskild" in text for text in seen), name
    hide_the_same(house, case, SYSTEM)


def test_what_is_withheld_tells_not_even_whether_it_was_there_before(house: House, case: int) -> None:
    rut = people(house)["Rut"]
    (started,) = [row for row in house.ask(HistoryOf(case), rut) if row.kind == "case:started"]
    assert started.data["changes"]["intern"] == {"before": WITHHELD, "after": WITHHELD}
    assert page(house, case, rut)[started.seq].changes["intern"] == (WITHHELD, WITHHELD)


def test_a_task_leaves_out_what_the_case_withholds(house: House, case: int) -> None:
    for name, may_see in {"Anna": False, "Hanna": True, "Rev": True}.items():
        opened = task(house, case, people(house)[name])
        assert [dict(one.answers).get("intern") for one in opened.story] == [None, SECRET if may_see else None], name
        assert (SECRET in repr(opened)) is may_see, name
        assert [said.text for said in opened.comments] == ["Sagt om ärendet"]


def test_of_a_sealed_case_all_say_that_it_happened_and_none_what_was_written(house: House, sealed: int) -> None:
    written = [row.id for row in _rows(house, sealed) if row.data]
    assert written
    for name in ("Anna", "Rev"):
        actor = people(house)[name]
        hide_the_same(house, sealed, actor)
        is_shown = name == "Anna"
        assert [event.is_sealed for event in page(house, sealed, actor).values()].count(True) == (
            0 if is_shown else len(written)
        )
        seen = [repr(house.ask(query, actor)) for query in (CaseById(sealed), HistoryOf(sealed), CasePage(sealed))]
        assert ["Rör en enskild" in text for text in seen] == [is_shown] * 3, name
    for query in (CaseById(sealed), HistoryOf(sealed), CasePage(sealed)):
        with pytest.raises(NotFound):
            house.ask(query, people(house)["Hanna"])


def test_R3_a_task_of_a_sealed_case_shows_others_no_answer_and_no_comment(house: House, sealed: int) -> None:
    own, other = (task(house, sealed, people(house)[name]) for name in ("Anna", "Hanna"))
    assert [said.text for said in own.comments] == ["Sagt om ärendet"]
    assert len(own.story) == 2
    assert (other.story, other.comments, other.detail.variables) == ((), (), {})
    assert house.ask(CommentsOf(sealed), people(house)["Rev"]) == []


def _rows(house: House, case: int) -> list:
    with house.engine._database.connect() as connection:
        return list(connection.execute(history.select().where(history.c.case_id == case)))
