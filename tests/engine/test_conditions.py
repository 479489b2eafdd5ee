"""Conditions on data stores, in the database: whoever waits is told of each write, once; nobody else is looked at."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import sqlalchemy as sa

from engine import (
    CancelCase,
    CaseById,
    ChangeSetting,
    CompleteTask,
    Definitions,
    Deploy,
    HistoryOf,
    Incidents,
    Jobs,
    ResolveIncident,
    Retire,
    RetryIncident,
    StartCase,
    SuspendCase,
    TasksOf,
    VerifyHistory,
    Worker,
)
from engine.calendar import local
from engine.cases import tables
from engine.cases.queries import CaseSummaries
from engine.data_stores import data_store_watch
from engine.db import loads
from engine.engine import Read
from engine.history.tables import history
from engine.runtime.lifecycle import ResumeCase
from tests.engine.house import House
from tests.engine.test_data import InStore, deploy
from tests.engine.test_races import at_once

WRITES = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
<process id="skriver" isExecutable="true"><dataStoreReference id="k" name="Kurs"/><startEvent id="s"/>
<task id="x"><dataOutputAssociation><targetRef>k</targetRef><assignment><from>nytt</from><to>Kurs</to></assignment>
</dataOutputAssociation></task><endEvent id="e"/><sequenceFlow id="a" sourceRef="s" targetRef="x"/>
<sequenceFlow id="b" sourceRef="x" targetRef="e"/></process></definitions>"""
MANY = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"
xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><process id="manga" isExecutable="true"><startEvent id="s"/>
<userTask id="x" camunda:candidateGroups="h"><multiInstanceLoopCharacteristics camunda:collection="delar"/></userTask>
<boundaryEvent id="v" attachedToRef="x"><conditionalEventDefinition><condition>klart</condition>
</conditionalEventDefinition></boundaryEvent>
<subProcess id="y"><multiInstanceLoopCharacteristics camunda:collection="delar"/>
<startEvent id="ys"/><userTask id="yt" camunda:candidateGroups="h"/><boundaryEvent id="yv"
attachedToRef="yt"><conditionalEventDefinition><condition>klart</condition></conditionalEventDefinition></boundaryEvent>
<endEvent id="ye"/><sequenceFlow id="ya" sourceRef="ys" targetRef="yt"/><sequenceFlow id="yb" sourceRef="yt"
targetRef="ye"/><sequenceFlow id="yc" sourceRef="yv" targetRef="ye"/></subProcess>
<endEvent id="e"/><parallelGateway id="g"/>
<sequenceFlow id="a" sourceRef="s" targetRef="g"/><sequenceFlow id="b" sourceRef="g" targetRef="x"/>
<sequenceFlow id="c" sourceRef="g" targetRef="y"/><sequenceFlow id="d" sourceRef="x" targetRef="e"/>
<sequenceFlow id="f" sourceRef="y" targetRef="e"/><sequenceFlow id="h" sourceRef="v" targetRef="e"/></process>
</definitions>"""


class Watches:
    """Who waits for a condition on which store: (store, case)."""

    def run(self, read: Read) -> list[tuple[str, int]]:
        rows = read.connection.execute(sa.select(data_store_watch).order_by(data_store_watch.c.case_id))
        return [(row.store, row.case_id) for row in rows]


def fill(house: House, value: object) -> int:
    return int(house.do(StartCase("fills", {"nytt": value})))


def waiting(house: House) -> list[int]:
    """The cases for which there is something to look at."""
    return [job.case_id for job in house.ask(Jobs()) if job.kind == "condition" and job.state == "waiting"]


def test_a_write_by_another_case_wakes_those_who_wait_and_no_others(house: House) -> None:
    deploy(house, "condition_on_data_store", "takes", "fills", "own")
    first, second = (house.do(StartCase("takes", {})) for _ in range(2))
    other = house.do(StartCase("own", {}))
    assert house.ask(Watches()) == [("Saldo", first), ("Saldo", second), ("Lager", other)]
    fill(house, 5)
    assert waiting(house) == [first, second]
    house.work()
    assert (house.state(first), house.state(second)) == ("active", "active")
    told = house.kinds(first)
    fill(house, 25)
    house.work()
    assert (house.state(first), house.state(second)) == ("completed", "completed")
    assert [value for name, value, _, _ in house.ask(InStore()) if name == "Saldo"] == [5]
    assert house.kinds(first)[len(told) :].count("condition:met") == 1
    assert told == house.kinds(first)[: len(told)], "what comes to nothing leaves no trace"
    assert house.ask(Watches()) == [("Lager", other)]
    assert house.ask(VerifyHistory()).first_bad is None


def test_each_write_counts_even_where_the_worker_comes_late(house: House) -> None:
    """Three writes, of which the last makes the condition false again: it has become true twice."""
    deploy(house, "condition_on_data_store", "edge")
    house.do(Deploy({"skriver.bpmn": WRITES}))
    case = house.do(StartCase("edge", {}))
    for value in (11, 12, 5, 20, 3):
        house.do(StartCase("skriver", {"nytt": value}))
    assert waiting(house) == [case] * 5
    house.work()
    assert house.elements(case) == ["edge.arbete", "edge.n", "edge.n"]
    assert house.kinds(case).count("condition:lapsed") == 2
    assert house.ask(VerifyHistory(replay=True)).first_bad is None


def test_in_a_suspended_case_it_is_looked_at_once_the_case_goes_on(house: House) -> None:
    deploy(house, "condition_on_data_store", "takes", "fills")
    one, admin = house.do(StartCase("takes", {})), house.person("Ada", "admin")
    house.do(SuspendCase(one, "Vi väntar"), admin)
    fill(house, 30)
    house.work()
    assert house.state(one) == "suspended"
    house.do(ResumeCase(one), admin)
    house.work()
    assert house.state(one) == "completed"


def test_a_condition_that_what_was_written_gives_no_value_is_an_incident_there(house: House) -> None:
    deploy(house, "condition_on_data_store", "takes", "fills")
    case = house.do(StartCase("takes", {}))
    fill(house, "mycket")
    house.work()
    (incident,) = house.ask(Incidents())
    assert (incident.case_id, incident.element) == (case, "takes.vanta")
    assert house.ask(Watches()) == []
    fill(house, 10)
    house.do(RetryIncident(incident.id), house.person("Ada", "admin"))
    assert (house.state(case), house.ask(Incidents())) == ("completed", [])


def test_who_begins_to_wait_and_who_writes_never_miss_each_other(postgresql_house: House) -> None:
    house = postgresql_house
    deploy(house, "condition_on_data_store", "takes", "fills")
    for _ in range(15):
        fill(house, 0)
        one, _ = at_once(
            [partial(house.do, StartCase("takes", {})), partial(house.do, StartCase("fills", {"nytt": 10}))]
        )
        house.work()
        assert house.state(one) == "completed"


def test_several_workers_look_once_for_each_write(postgresql_house: House) -> None:
    house = postgresql_house
    deploy(house, "condition_on_data_store", "edge")
    house.do(Deploy({"skriver.bpmn": WRITES}))
    cases = [house.do(StartCase("edge", {})) for _ in range(6)]
    for value in (11, 5, 12, 6, 13):
        house.do(StartCase("skriver", {"nytt": value}))
    houses = [House(house.url, house.clock.now()) for _ in range(4)]
    at_once([Worker(one.engine, f"w{place}").run_until_idle for place, one in enumerate(houses)])
    house.wait(seconds=5)
    for case in cases:
        assert house.elements(case) == ["edge.arbete", "edge.n", "edge.n", "edge.n"]
        kinds = [row.kind for row in house.ask(HistoryOf(case))]
        assert (kinds.count("condition:met"), kinds.count("condition:lapsed")) == (3, 2)
    for one in houses:
        one.engine.close()


def test_many_conditions_in_a_big_case_cost_a_step_no_more_than_few(house: House) -> None:
    """Neither the state in the case's own row nor the rows of runs that a step writes grow with how many wait."""
    house.do(Deploy({"manga.bpmn": MANY}))
    anna = house.person("Anna", "h")
    written = {}
    for count in (110, 440):
        case = house.start("manga", delar=list(range(count)), klart=False)
        tasks = [one for one in house.ask(TasksOf(case)) if one.element == "yt"]
        before, rows = house.ask(_Rows(case))
        house.do(CompleteTask(tasks[count // 2].id, {}), anna)
        _, rows_after = house.ask(_Rows(case))
        assert len(before) < 150
        written[count] = sum(rows_after.get(number) != text for number, text in rows.items())
        house.do(CancelCase(case, "Inget mer att göra"), house.person("Ada", "admin"))
        assert house.ask(_Rows(case))[1] == {}
    assert written[440] == written[110] < 10


class _Rows:
    """The text of a case's own state, and of each of its runs."""

    def __init__(self, case_id: int) -> None:
        self.case_id = case_id

    def run(self, read: Read) -> tuple[str, dict[int, str]]:
        own = read.connection.execute(
            sa.select(sa.cast(tables.case.c.data, sa.Text)).where(tables.case.c.id == self.case_id)
        )
        runs = read.connection.execute(sa.select(tables.case_run).where(tables.case_run.c.case_id == self.case_id))
        return str(own.scalar_one()), {row.number: row.data for row in runs}


# --- a process that starts by a condition ----------------------------------------------------------------------------


def begin_by(house: House, condition: str, *stores: str) -> None:
    """Deploy a process that starts by a condition, with a store for each name."""
    drawn = "".join(f'<dataStoreReference id="d{place}" name="{name}"/>' for place, name in enumerate(stores))
    text = condition.replace("<", "&lt;")
    source = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">'
        f'<process id="borjar" isExecutable="true">{drawn}<startEvent id="s"><conditionalEventDefinition>'
        f'<condition>{text}</condition></conditionalEventDefinition></startEvent><endEvent id="e"/>'
        '<sequenceFlow id="f" sourceRef="s" targetRef="e"/></process></definitions>'
    )
    house.do(Deploy({"borjar.bpmn": source.encode()}))


def write(house: House, *values: object) -> None:
    for value in values:
        house.do(StartCase("skriver", {"nytt": value}))


def begun(house: House) -> int:
    house.work()
    return len(house.ask(CaseSummaries("borjar", state=None)))


def test_a_process_starts_each_time_its_condition_becomes_true(house: House) -> None:
    """Table 10.84: it "MUST become false and then true before the Event can be triggered again"."""
    house.do(Deploy({"skriver.bpmn": WRITES}))
    begin_by(house, "Kurs > 10", "Kurs")
    assert begun(house) == 0, "nobody has written there yet"
    write(house, 11, 12)
    assert begun(house) == 1
    write(house, 3, 15, 4, 16)
    assert begun(house) == 3
    assert house.ask(VerifyHistory()).first_bad is None


def test_one_that_holds_as_it_is_taken_into_use_must_first_become_false(house: House) -> None:
    house.do(Deploy({"skriver.bpmn": WRITES}))
    write(house, 20)
    begin_by(house, "Kurs > 10", "Kurs")
    write(house, 21)
    assert begun(house) == 0
    write(house, 5, 22)
    assert begun(house) == 1


def test_a_new_version_goes_on_where_its_condition_is_the_same(house: House) -> None:
    house.do(Deploy({"skriver.bpmn": WRITES}))
    begin_by(house, "Kurs > 10", "Kurs")
    write(house, 20)
    begin_by(house, "Kurs > 10", "Kurs", "Annat")
    write(house, 21)
    assert begun(house) == 1
    begin_by(house, "Kurs > 30", "Kurs")
    write(house, 31)
    assert begun(house) == 2
    (newest,) = [one for one in house.ask(Definitions()) if one.key == "borjar" and one.version == 3]
    house.do(Retire(newest.id))
    write(house, 1, 40)
    assert begun(house) == 2


def test_it_starts_when_the_day_comes_and_no_job_is_done_but_at_midnight(house: House) -> None:
    begin_by(house, "today() >= '2026-03-05'")
    assert house.wait(days=2) == 2, "the nights to the 3rd and the 4th"
    assert begun(house) == 0
    house.wait(days=1)
    assert begun(house) == 1
    (first,) = house.ask(CaseSummaries("borjar", state=None))
    assert local(house.ask(CaseById(first.id)).started_at).isoformat() == "2026-03-05T00:00:00+01:00"
    house.wait(days=3)
    assert begun(house) == 1


def test_after_an_outage_the_time_is_looked_at_once(house: House) -> None:
    begin_by(house, "now() >= '2026-03-02T09:00'")
    house.clock.advance(timedelta(days=3))
    assert begun(house) == 1
    assert [job.kind for job in house.ask(Jobs()) if job.state == "waiting"] == ["start_tick"]


def test_a_setting_that_is_changed_may_start_one(house: House) -> None:
    begin_by(house, "setting('login.tries') > 7")
    house.do(ChangeSetting("login.tries", 8))
    house.do(ChangeSetting("login.tries", 9))
    assert begun(house) == 1


def test_a_condition_that_has_no_value_is_an_incident_once(house: House) -> None:
    house.do(Deploy({"skriver.bpmn": WRITES}))
    begin_by(house, "Kurs > 10", "Kurs")
    write(house, "dyr", "dyrare")
    (incident,) = house.ask(Incidents())
    assert (incident.case_id, incident.element) == (None, "s")
    assert "Villkoret som startar processen" in incident.message
    assert "The condition that starts the process" in (incident.message_en or "")
    house.do(ResolveIncident(incident.id, "Rättat"), house.person("Ada", "admin"))
    write(house, 30)
    assert (begun(house), house.ask(Incidents())) == (1, [])


def test_two_stores_written_at_once_make_it_true_together(postgresql_house: House) -> None:
    """Each of the two sees only its own write; whoever tries last sees both."""
    house = postgresql_house
    other = WRITES.replace(b"Kurs", b"Pris").replace(b"skriver", b"annan")
    house.do(Deploy({"skriver.bpmn": WRITES, "annan.bpmn": other}))
    begin_by(house, "Kurs > 10 and Pris > 10", "Kurs", "Pris")
    for time in range(1, 9):
        both = [partial(house.do, StartCase(process, {"nytt": 20})) for process in ("skriver", "annan")]
        assert all(isinstance(one, int) for one in at_once(both))
        assert begun(house) == time
        house.do(StartCase("skriver", {"nytt": 0}))
        house.do(StartCase("annan", {"nytt": 0}))


def test_several_workers_start_one_case_each_time(postgresql_house: House) -> None:
    house = postgresql_house
    house.do(Deploy({"skriver.bpmn": WRITES}))
    begin_by(house, "Kurs > 10", "Kurs")
    at_once([partial(write, house, *[20, 0] * 5) for _ in range(3)])
    ups = house.ask(_Ups())
    houses = [House(house.url, house.clock.now()) for _ in range(4)]
    at_once([Worker(one.engine, f"w{place}").run_until_idle for place, one in enumerate(houses)])
    assert begun(house) == ups > 0
    for one in houses:
        one.engine.close()


class _Ups:
    """How often the store went from 10 or less to more, by the history of all cases."""

    def run(self, read: Read) -> int:
        rows = read.connection.execute(sa.select(history.c.data).where(history.c.kind == "store:written")).scalars()
        changes = [loads(data)["changes"]["Kurs"] for data in rows]
        return sum((one.get("before") or 0) <= 10 < one["after"] for one in changes)
