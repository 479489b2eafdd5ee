"""A case with many tokens: its runs lie in rows of their own, and nobody notices but the clock."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from engine import CancelCase, CaseById, CompleteTask, Deploy, TasksOf, VerifyHistory
from engine.bench import diagrams
from engine.bpmn import machine
from engine.bpmn.machine import Environment
from engine.cases import runs, store
from engine.cases.queries import CaseSummaries
from engine.cases.tables import case, case_run
from engine.engine import Read
from engine.runtime.views import CasePage
from tests.engine.house import House

CHILDREN = runs.APART + 20


def big_case(house: House, children: int = CHILDREN) -> int:
    house.do(Deploy({"bench.bpmn": diagrams.many(), "forms/steg.json": diagrams.FORM}))
    return house.start("bench_many", delar=list(range(children)), omrade="nord")


class Look:
    """What of a case is in the database: its graph, its whole state, how many rows of runs."""

    def __init__(self, case_id: int) -> None:
        self.case_id = case_id

    def run(self, read: Read) -> tuple[Any, dict[str, Any], int, str]:
        one = store.load(read, self.case_id)
        rows = read.connection.execute(sa.select(sa.func.count()).select_from(case_run)).scalar_one()
        text = read.connection.execute(
            sa.select(sa.cast(case.c.data, sa.Text)).where(case.c.id == self.case_id)
        ).scalar_one()
        whole = {name: value for name, value in one.data.items() if name != "apart"}
        return one.definition.graph, {**whole, "runs": dict(one.data["runs"])}, rows, text


def test_every_step_leaves_the_state_that_the_machine_alone_comes_to(house: House) -> None:
    case_id = big_case(house)
    someone = house.person("Anna", diagrams.ROLE)
    graph, state, rows, text = house.ask(Look(case_id))
    assert rows == CHILDREN + 2, "the process, the body, the instances"
    assert len(text) < 100
    env = Environment(house.clock.now())
    given = state["runs"]["0"]["vars"]
    alone = machine.start(graph, env, {name: given[name] for name in ("delar", "omrade", "startad_av")}).state
    assert state == alone
    for one in house.ask(TasksOf(case_id)):
        house.do(CompleteTask(one.id, {"svar": "vidare"}), someone)
        answer = {"svar": "vidare", "motivering": None}
        alone = machine.complete(graph, alone, env, one.wait, answer).state
        _, state, rows, _ = house.ask(Look(case_id))
        assert state == alone
    assert house.state(case_id) == "completed"
    assert house.variables(case_id)["svaren"] == ["vidare"] * CHILDREN
    assert rows == 0
    assert house.ask(VerifyHistory()).first_bad is None


def test_it_is_read_like_any_other(house: House) -> None:
    case_id = big_case(house)
    assert house.variables(case_id)["omrade"] == "nord"
    (summary,) = house.ask(CaseSummaries("bench_many"))
    assert summary.variables["delar"] == list(range(CHILDREN))
    assert len(house.ask(CasePage(case_id)).waiting) >= 1
    assert house.ask(CaseById(case_id)).state == "active"


def test_it_can_be_cancelled(house: House) -> None:
    case_id = big_case(house)
    house.do(CancelCase(case_id, "Fel underlag"), house.person("Admin", "admin"))
    _, state, rows, _ = house.ask(Look(case_id))
    assert (state["ended"], rows) == ("cancelled", 0)
    assert house.variables(case_id)["omrade"] == "nord"
    assert house.ask(TasksOf(case_id)) == []


@pytest.mark.parametrize("children", [10, CHILDREN])
def test_a_step_that_is_refused_leaves_no_trace(house: House, children: int) -> None:
    case_id = big_case(house, children)
    before = house.ask(Look(case_id))
    stranger = house.person("Bo", "storsthlm")
    for one in house.ask(TasksOf(case_id))[:2]:
        with pytest.raises(Exception, match="Expected a task"):
            house.do(CompleteTask(one.id, {"svar": "vidare"}), stranger)
    assert house.ask(Look(case_id))[1:] == before[1:]


def test_one_step_reads_and_writes_a_handful_of_rows(house: House) -> None:
    case_id = big_case(house)
    someone = house.person("Anna", diagrams.ROLE)
    fetched: list[int] = []
    kept = runs.Runs._keep

    def keep(self: runs.Runs, number: str, text: str) -> None:
        fetched.append(int(number))
        kept(self, number, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs.Runs, "_keep", keep)
        house.do(CompleteTask(house.ask(TasksOf(case_id))[3].id, {"svar": "vidare"}), someone)
    assert len(fetched) == 3, "the process, the body, the instance"
