"""A case played again from its history comes to the state that is stored, and to the same rows.

Every test in this folder ends with that question (`conftest.house`). Here: processes nobody thought of, what changed in
the house meanwhile, and somebody who alters history and its chain so that every hash fits again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, seed
from hypothesis import strategies as st

from engine import (
    Actor,
    BeginActivity,
    BroadcastSignal,
    CancelCase,
    ChangeSetting,
    CompleteTask,
    Conflict,
    Deploy,
    EndAdHoc,
    Incidents,
    NotFound,
    PublishMessage,
    ResolveIncident,
    ResumeCase,
    RetryIncident,
    SkipWait,
    StartCase,
    SuspendCase,
    TasksOf,
    VerifyHistory,
    contract,
    db,
)
from engine.bpmn.expressions import template
from engine.bpmn.model import Assignment, Call, DataAssociation, DataFlow, DataStore, Event, Graph
from engine.calendar import iso
from engine.cases.tables import case as case_table
from engine.cases.tables import wait as wait_table
from engine.engine import Read
from engine.history import chain
from engine.history.tables import history
from engine.runtime.adhoc import OpenWork
from engine.runtime.views import CasePage
from tests.bpmn.blocks import Way, process_by
from tests.bpmn.builder import CALLED, FILES, Block, Drawing, Wait
from tests.bpmn.test_random_processes import blocks
from tests.bpmn.troubles import ESCALATING, FAILING, called
from tests.bpmn.written import written
from tests.engine.house import SYSTEM, House
from tests.engine.test_history import behind_the_house
from tests.examples import examples


def replayed(house: House, case_id: int | None = None) -> Any:
    return house.ask(VerifyHistory(case_id, replay=True))


# --- processes nobody thought of -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wide_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One SQLite database for all of them."""
    url = f"sqlite:///{tmp_path_factory.mktemp('replay') / 'house.sqlite'}?synchronous=normal"
    db.migrate(url)
    house = House(url)
    house.person("Hanna Handläggare", "handlaggare")
    known = contract._handlers
    contract._handlers = {"topic": _handle}
    house.do(Deploy({f"{key}.bpmn": written(called(key)) for key in (CALLED, FAILING, ESCALATING)}))
    yield house
    contract._handlers = known
    house.engine.close()


def _handle(call: contract.Call) -> dict[str, Any]:
    if "fails" in call.properties:
        raise contract.BpmnError(call.properties["fails"], "det gick inte")
    return {"svar": call.attempt}


def test_random_processes_on_random_paths(wide_house: House) -> None:
    """All elements mixed (`test_random_processes.py`); whatever comes, comes. All that can be done is done."""
    made: Counter[str] = Counter()

    @examples(40)
    @given(blocks(RARE), _CHOICES)
    def live(block: Block, choices: list[tuple[int, int]]) -> None:
        house, graph = wide_house, process_by(block, Way())[0]
        house.do(Deploy({"p.bpmn": written(graph), **FILES}))
        if graph.stores:
            house.do(Deploy({f"{store}.bpmn": _writes(store) for store in graph.stores}))
        case = house.do(StartCase("process", {"ar": 2026}))
        for one, other in choices:
            moves = dict(_possible(house, case, graph))
            move = sorted(moves)[one % len(moves)]
            commands = moves[move]
            with suppress(Conflict):  # the case is suspended, or has ended
                house.do(*commands[other % len(commands)]) if commands else _time_passes(house, move)
                made[move] += 1
        assert replayed(house, case).first_bad is None
        if house.state(case) == "suspended":
            house.do(ResumeCase(case), ada(house))
        if house.state(case) == "active":
            house.do(CancelCase(case, "Klart med provet"), ada(house))
            report = replayed(house, case)
            assert (report.first_bad, report.replayed) == (None, 1)

    # Hypothesis draws by the constants of the modules that are loaded, too: other tests before this one, other draws.
    for number in range(30):
        seed(number)(live)()
        if made.keys() >= MOVES:
            break
    assert sorted(MOVES - made.keys()) == []


_CHOICE = st.tuples(st.integers(0, 999), st.integers(0, 999))
_CHOICES = st.integers(0, 25).flatmap(lambda count: st.lists(_CHOICE, min_size=count, max_size=count))
"""Numbers choose, whatever there is to choose from: the house is older when the same case is drawn again."""
RARE = ("chosen", "chosen", "conversation", "trouble", "trouble", "told", "wrong", "any")
"""What random processes begin with here, so that each kind of move can be made often enough."""
MOVES = {"task", "work", "day", "message", "signal", "begin", "end", "answer", "skip", "retry", "help", "store"}
MOVES |= {"suspend", "resume"}


def ada(house: House) -> Actor:
    return house.person("Ada Admin", "admin")


def _time_passes(house: House, move: str) -> None:
    house.wait(days=1) if move == "day" else house.work()


Command = tuple[Any, Actor]


def _possible(house: House, case: int, graph: Graph) -> Iterator[tuple[str, list[Command]]]:
    """What can be done -> the commands by which; none where it is time that passes, or the worker that comes by."""
    hanna, waits = house.person("Hanna Handläggare"), house.ask(Waits(case))
    open_work: Sequence[OpenWork] = ()
    with suppress(NotFound):  # where no task is theirs, they see nothing of the case
        open_work = house.ask(CasePage(case), hanna).open_work
    incidents = [one.id for one in house.ask(Incidents(case_id=case))]
    tasks = [task.id for task in house.ask(TasksOf(case)) if task.state == "open"]
    by_key = [(one.name, one.key) for one in waits if one.kind == "message" and one.key]
    choices = [(one.wait, activity) for one in open_work for activity, _ in one.activities]
    helps = [ResolveIncident(one, "Vi hjälper till", given) for one in incidents for given in ({}, {"x": 7})]
    writes = [StartCase(f"skriver_{store}", {"nytt": value}) for store in sorted(graph.stores) for value in (0, 1)]
    found: dict[str, list[Command]] = {
        "task": [(CompleteTask(task, {}), hanna) for task in tasks],
        "message": [(PublishMessage("namn", None, {"brev": "åäö"}), SYSTEM)],
        "signal": [(BroadcastSignal("namn", {"larm": [1, 2.5, None]}), SYSTEM)],
        "answer": [(PublishMessage(name, key, {"svar": 7}), SYSTEM) for name, key in by_key],
        "begin": [(BeginActivity(case, *choice), hanna) for choice in choices],
        "end": [(EndAdHoc(case, one.wait), hanna) for one in open_work if one.may_end],
        "skip": [(SkipWait(case, one.wait, "Det kom ändå"), ada(house)) for one in waits],
        "retry": [(RetryIncident(one), ada(house)) for one in incidents],
        "help": [(help_past, ada(house)) for help_past in helps],
        "store": [(write, SYSTEM) for write in writes],
        "suspend": [(SuspendCase(case, "Vi väntar"), ada(house))] if house.state(case) == "active" else [],
        "resume": [(ResumeCase(case), ada(house))] if house.state(case) == "suspended" else [],
    }
    yield from ((move, commands) for move, commands in found.items() if commands)
    yield from (("work", []), ("day", []))


@dataclass
class Waits:
    """What a case waits for."""

    case: int

    def run(self, read: Read) -> Sequence[Any]:
        return read.connection.execute(sa.select(wait_table).where(wait_table.c.case_id == self.case)).all()


def _writes(store: str) -> bytes:
    """Another process, that writes to a data store."""
    on, key = Drawing(), f"skriver_{store}"
    on.stores[store] = DataStore(store, is_written=True)
    gives = DataAssociation((), store, assignments=(Assignment(template("${nytt}")),), store=store)
    made = on.add("task", key, data=DataFlow(given=(gives,)))
    on.connect(on.add("startEvent", key, event=Event()), made)
    on.connect(made, on.add("endEvent", key, event=Event()))
    return written(on.graph(key))


# --- steps of which no change tells ----------------------------------------------------------------------------------


def kinds_of(house: House, case_id: int) -> list[str]:
    engine = db.create(house.url)
    with engine.connect() as connection:
        found = sa.select(history.c.kind).where(history.c.case_id == case_id).order_by(history.c.seq)
        kinds = list(connection.execute(found).scalars())
    engine.dispose()
    return kinds


def test_a_token_that_the_worker_lets_on_to_a_join_where_it_waits_is_told(house: House) -> None:
    on, key = Drawing(), "process"
    split, join = on.add("parallelGateway", key), on.add("parallelGateway", key, async_before=True)
    on.connect(on.add("startEvent", key, event=Event()), split)
    on.connect(split, join)
    on.connect(Wait("a").draw(on, key, split), join)
    on.connect(join, on.add("endEvent", key, event=Event()))
    house.do(Deploy({"p.bpmn": written(on.graph(key))}))
    case = house.do(StartCase(key, {}))
    house.work()
    assert kinds_of(house, case)[-1] == "element:reached"
    assert (replayed(house).first_bad, replayed(house).replayed) == (None, 1)
    (task,) = house.ask(TasksOf(case))
    house.do(CompleteTask(task.id, {}), house.person("Hanna Handläggare", "handlaggare"))
    house.work()
    assert house.state(case) == "completed"


def test_an_escalation_of_a_called_case_that_is_one_of_several_triggers_is_told(house: House) -> None:
    inner, throws = Drawing(), Event("escalation", "obs")
    thrown = inner.add("intermediateThrowEvent", ESCALATING, event=throws)
    inner.connect(inner.add("startEvent", ESCALATING, event=Event()), thrown)
    inner.connect(Wait("c").draw(inner, ESCALATING, thrown), inner.add("endEvent", ESCALATING, event=Event()))
    on, key = Drawing(), "process"
    call = on.add("callActivity", key, call=Call(template(ESCALATING)))
    all_of = Event("parallelMultiple", parts=(Event("escalation", "obs"), Event("message", "namn")))
    edge = on.add("boundaryEvent", key, event=all_of, attached_to=call, interrupting=False)
    on.connect(on.add("startEvent", key, event=Event()), call)
    on.connect(call, on.add("endEvent", key, event=Event()))
    on.connect(Wait("b").draw(on, key, edge), on.add("endEvent", key, event=Event()))
    house.do(Deploy({"p.bpmn": written(on.graph(key)), "q.bpmn": written(inner.graph(ESCALATING))}))
    case = house.do(StartCase(key, {}))
    assert kinds_of(house, case)[-1] == "escalation:received"
    assert (replayed(house).first_bad, replayed(house).replayed) == (None, 2)
    house.do(PublishMessage("namn", None, {}))
    assert [task.name for task in house.ask(TasksOf(case))] == ["b"]


# --- what the house was, not what it is ------------------------------------------------------------------------------


def test_a_setting_counts_as_it_was_then(house: House) -> None:
    ada = house.person("Ada Admin", "admin")
    house.deploy("skript", change={"skript.bpmn": ("tal / nolla", "setting('session.hours') * tal")})
    case = house.start("skript", tal=2)
    house.do(ChangeSetting("session.hours", 3), ada)
    other = house.start("skript", tal=2)
    assert [house.variables(one)["kvot"] for one in (case, other)] == [24, 6]
    assert (replayed(house).first_bad, replayed(house).replayed) == (None, 2)


# --- whoever alters history, and makes every hash fit ----------------------------------------------------------------


@pytest.fixture
def lived(database_url: str) -> Iterator[House]:
    """A case under way, in a house that will be tampered with."""
    house = House(database_url)
    house.deploy("arende")
    anna = house.person("Anna Berg", "storsthlm", party="storsthlm")
    case = house.start()
    house.clock.advance(timedelta(hours=1))
    house.complete(case, "granska", anna, beslut="ja", motivering="Åäö")
    yield house
    house.engine.close()


def rehashed(house: House, seq: int, **altered: Any) -> None:
    """Alter a row of case 1 and chain all that follows anew."""
    with behind_the_house(house) as connection:
        one = connection.execute(sa.select(case_table).where(case_table.c.id == 1)).one()
        rows = connection.execute(sa.select(history).where(history.c.case_id == 1).order_by(history.c.id)).mappings()
        head = chain.seed(one.number)
        for found in list(rows):
            row = dict(found) | (altered if found["seq"] == seq else {})
            row |= {"previous": head, "data_hash": chain.hash_of_data(row["data"])}
            head = row["hash"] = chain.hash_of_row(row, one.number, iso(row["at"]))
            connection.execute(history.update().where(history.c.id == row["id"]).values(**row))
        connection.execute(case_table.update().where(case_table.c.id == 1).values(history_head=head))


def row_of(house: House, kind: str) -> tuple[int, str]:
    engine = db.create(house.url)
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(history.c.seq, history.c.data).where(history.c.case_id == 1, history.c.kind == kind)
        ).first()
    engine.dispose()
    assert found is not None
    return found.seq, found.data


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("task:completed", '"after":"ja"', '"after":"nej"'),
        ("task:completed", '"complete":', '"cancel":'),
        ("task:completed", '"motivering"', '"motiv"'),
        ("case:started", '"after":"huddinge"', '"after":"nacka"'),
        ("task:opened", "storsthlm", "hsf"),
        ("element:passed", '"flows"', '"floden"'),
    ],
)
def test_altered_data_is_found_though_every_hash_fits(lived: House, kind: str, old: str, new: str) -> None:
    seq, data = row_of(lived, kind)
    assert old in data
    rehashed(lived, seq, data=data.replace(old, new))
    assert lived.ask(VerifyHistory()).first_bad is None  # the chain alone cannot see it
    bad = replayed(lived).first_bad
    assert bad.wrong in ("told", "state")


@pytest.mark.parametrize("altered", [{"kind": "task:cancelled"}, {"element": "annat"}, {"outcome": "failed"}])
def test_an_altered_row_is_found_though_every_hash_fits(lived: House, altered: dict[str, str]) -> None:
    seq, _ = row_of(lived, "task:completed")
    rehashed(lived, seq, **altered)
    bad = replayed(lived).first_bad
    assert (bad.wrong, bad.seq) == ("told", seq)


def test_an_altered_state_is_found(lived: House) -> None:
    with behind_the_house(lived) as connection:
        state = connection.execute(sa.select(case_table.c.data).where(case_table.c.id == 1)).scalar_one()
        other = {**state, "next": state["next"] + 1}
        connection.execute(case_table.update().where(case_table.c.id == 1).values(data=other))
    bad = replayed(lived).first_bad
    assert (bad.case, bad.wrong) == ("PS-2026-0001", "state")
    assert bad.sentence_sv.endswith("ärendets läge är ett annat än det som historiken leder till.")


def test_a_case_from_before_inputs_were_kept_is_not_judged(lived: House) -> None:
    seq, data = row_of(lived, "case:started")
    rehashed(lived, seq, data=data.replace('"input":', '"inte":'))
    report = replayed(lived)
    assert (report.first_bad, report.cases, report.replayed) == (None, 1, 0)
    assert "0 av ärendena spelade om från början" in report.sentence_sv
