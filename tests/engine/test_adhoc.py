"""Ad-hoc sub-processes: those who may, and only they, begin what lies open, and say when it is done."""

import pytest

from engine import (
    BeginActivity,
    CancelCase,
    CompleteTask,
    Conflict,
    EndAdHoc,
    HistoryOf,
    NotFound,
    SuspendCase,
    TasksOf,
)
from engine.runtime.views import CasePage
from tests.engine.house import House


@pytest.fixture
def house(house: House) -> House:
    house.deploy("fritt")
    house.person("Sara", "storsthlm")
    house.person("Hans", "hsf")
    house.person("Vera", "vis")
    house.person("Ada", "admin")
    return house


def opened(house: House, case: int, who: str) -> list[tuple[list[str], bool]]:
    """What lies open to somebody in the case, and may they end it?"""
    work = house.ask(CasePage(case), house.person(who)).open_work
    return [([element for element, _ in one.activities], one.may_end) for one in work]


def begin(house: House, case: int, element: str, who: str, wait: int = 1) -> None:
    house.do(BeginActivity(case, wait, element), house.person(who))


def test_each_sees_what_they_may_begin(house: House) -> None:
    case = house.start("fritt", antal=0)
    assert opened(house, case, "Sara") == [(["fraga", "rakna"], True)], "as one of those of the whole"
    assert opened(house, case, "Hans") == [(["fraga"], False)], "as one of the candidates of the activity"
    with pytest.raises(NotFound):
        opened(house, case, "Vera")


def test_begun_done_and_ended(house: House) -> None:
    case = house.start("fritt", antal=0)
    begin(house, case, "fraga", "Hans")
    begin(house, case, "fraga", "Sara")
    begin(house, case, "rakna", "Sara")
    assert house.elements(case) == ["fraga", "fraga"]
    assert house.variables(case)["antal"] == 1
    house.do(CompleteTask(house.ask(TasksOf(case))[0].id, {}), house.person("Hans"))
    assert opened(house, case, "Sara") == [(["fraga", "rakna", "sammanstall"], True)], "the flow has enabled it"
    begin(house, case, "sammanstall", "Sara")
    house.complete(case, "sammanstall", house.person("Sara"))
    assert house.state(case) == "active"
    house.do(EndAdHoc(case, 1), house.person("Sara"))
    assert house.state(case) == "completed"
    rows = [(row.kind, row.element, row.role) for row in house.ask(HistoryOf(case))]
    assert ("ad_hoc:opened", "utred", "system") in rows
    assert [row for row in rows if row[0] == "activity:begun"] == [
        ("activity:begun", "fraga", "hsf"),
        ("activity:begun", "fraga", "storsthlm"),
        ("activity:begun", "rakna", "storsthlm"),
        ("activity:begun", "sammanstall", "storsthlm"),
    ]
    assert [(kind, element) for kind, element, _ in rows[-7:]] == [
        ("ad_hoc:ended", "utred"),
        ("ad_hoc:closed", "utred"),
        ("task:cancelled", "fraga"),
        ("element:passed", "fraga"),
        ("element:passed", "utred"),
        ("element:passed", "slut"),
        ("case:ended", None),
    ]


def test_only_those_who_may(house: House) -> None:
    case = house.start("fritt", antal=0)
    with pytest.raises(NotFound):
        begin(house, case, "fraga", "Vera")
    with pytest.raises(Conflict):
        begin(house, case, "rakna", "Hans")
    with pytest.raises(Conflict):
        house.do(EndAdHoc(case, 1), house.person("Hans"))
    with pytest.raises(NotFound):
        house.do(EndAdHoc(case, 1), house.person("Vera"))
    assert house.variables(case)["antal"] == 0


@pytest.mark.parametrize("element", ["sammanstall", "utred", "slut", "finns inte", ""])
def test_only_what_can_be_begun(house: House, element: str) -> None:
    case = house.start("fritt", antal=0)
    with pytest.raises(Conflict):
        begin(house, case, element, "Sara")


def test_nothing_once_it_is_done_suspended_or_cancelled(house: House) -> None:
    done, suspended, cancelled = (house.start("fritt", antal=number) for number in range(3))
    house.do(EndAdHoc(done, 1), house.person("Sara"))
    house.do(SuspendCase(suspended, "Paus"), house.person("Ada"))
    house.do(CancelCase(cancelled, "Fel ärende"), house.person("Ada"))
    for case in (done, suspended, cancelled):
        assert opened(house, case, "Sara") == []
        with pytest.raises(Conflict):
            begin(house, case, "fraga", "Sara")
        with pytest.raises(Conflict):
            house.do(EndAdHoc(case, 1), house.person("Sara"))
    assert "ad_hoc:closed" in house.kinds(cancelled)


EVERY_DAY = """<intermediateCatchEvent id="ny_dag" name="Ny dag">
        <timerEventDefinition><timeCycle>R2/P1D</timeCycle></timerEventDefinition>
      </intermediateCatchEvent>
      <sequenceFlow id="f3" sourceRef="ny_dag" """


def test_an_event_lets_people_begin_what_it_leads_to(house: House) -> None:
    house.deploy("fritt", change={"fritt.bpmn": ('<sequenceFlow id="f3" sourceRef="fraga" ', EVERY_DAY)})
    case = house.start("fritt", antal=0)
    assert opened(house, case, "Sara") == [(["fraga", "rakna"], True)]
    house.wait(days=1)
    assert opened(house, case, "Sara") == [(["fraga", "rakna", "sammanstall"], True)]
    begin(house, case, "sammanstall", "Sara")
    house.wait(days=1)
    begin(house, case, "sammanstall", "Sara")
    assert house.elements(case) == ["sammanstall", "sammanstall"]
    house.do(EndAdHoc(case, 1), house.person("Sara"))
    assert house.state(case) == "completed"


def test_what_is_stuck_can_be_begun_again(house: House) -> None:
    case = house.start("fritt", antal="ett")
    begin(house, case, "rakna", "Sara")
    assert "incident:opened" in house.kinds(case)
    begin(house, case, "fraga", "Sara")
    assert house.elements(case) == ["fraga"]
