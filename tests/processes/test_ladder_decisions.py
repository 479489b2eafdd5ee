"""R15, R24-R30 and R38-R40: the upper rungs, and what the drawings promise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import processes
from engine import CheckFailed, Deploy, Invalid, NotFound
from engine.bpmn.model import Graph
from engine.bpmn.read import read
from tests.processes.ladder import SYSTEM, Ladder

LADDER = ("problem_i_samverkan", "kvartalsanalys", "strukturellt_problem")
HUMAN = {"userTask", "manualTask"}


@pytest.fixture
def ladder(database_url: str) -> Iterator[Ladder]:
    one = Ladder(database_url)
    yield one
    one.engine.close()


@pytest.fixture
def case(ladder: Ladder) -> int:
    case = ladder.report("05")
    ladder.register(case)
    return case


@pytest.fixture
def problem(ladder: Ladder, case: int) -> int:
    return ladder.structural(case)[1]


@cache
def graph(key: str) -> Graph:
    return read((processes.HERE / key / f"{key}.bpmn").read_bytes()).graphs[0]


def reached(
    key: str, start: str, *, without: frozenset[str] = frozenset(), stop: frozenset[str] = frozenset()
) -> set[str]:
    """What a token from `start` may come to by ordinary flows, past none of `without` and not beyond `stop`."""
    nodes, found, todo = graph(key).nodes, set[str](), [start]
    while todo:
        here = todo.pop()
        for flow in nodes[here].outgoing:
            if flow.target not in found | without:
                found.add(flow.target)
                if flow.target not in stop:
                    todo.append(flow.target)
    return found


def nodes_of(key: str, *kinds: str) -> set[str]:
    return {node.id for node in graph(key).nodes.values() if node.kind in kinds}


# --- feedback before the end -----------------------------------------------------------------------------------------


def test_R15_no_report_can_end_without_feedback():
    feedback = {node.id for node in graph(LADDER[0]).nodes.values() if node.topic == "aterkoppling"}
    for start in nodes_of(LADDER[0], "startEvent"):
        everywhere = reached(LADDER[0], start)
        silently = reached(LADDER[0], start, without=frozenset(feedback))
        ends = nodes_of(LADDER[0], "endEvent") & everywhere
        assert ends == {"slut_avslutad", "slut_individ", "slut_individ_lokalt", "slut_lost_lokalt"} & everywhere
        assert not ends & silently


def test_R15_a_reminder_never_leads_anywhere_else():
    for key in LADDER:
        for late in nodes_of(key, "boundaryEvent"):
            assert not graph(key).nodes[late].interrupting
            assert {graph(key).nodes[one].kind for one in reached(key, late)} == {"serviceTask", "endEvent"}


# --- upper rungs -----------------------------------------------------------------------------------------------------


def test_R24_no_rung_is_skipped():
    key = "strukturellt_problem"
    (start,) = (one for one in nodes_of(key, "startEvent") if graph(key).nodes[one].scope == key)
    assert "tsg_beslutar" not in reached(key, start, without=frozenset({"bedom_nasta_steg"}))
    assert "vis_behandlar" not in reached(key, start, without=frozenset({"tsg_beslutar"}))
    assert "vis_behandlar" not in reached(key, "lamna_sakkunskap", without=frozenset({"bedom_nasta_steg"}))
    waits = nodes_of("problem_i_samverkan", "intermediateCatchEvent")
    assert waits == {"vanta_pa_analys", "vanta_pa_beslut"}
    for first in ("ta_emot_storsthlm", "ta_emot_hsf", "registrera_epost"):
        assert "vanta_pa_beslut" not in reached("problem_i_samverkan", first, without=frozenset({"vanta_pa_analys"}))


def test_R25_a_matter_of_principle_skips_the_local_wait_and_nothing_else(ladder: Ladder):
    why = {"svar": "ja", "motivering": "Alla kommuner."}
    case = ladder.report("05", ingang="lokalt_arende", principiell={"svar": "nej"})
    told = {"ror_individ": "nej", "resultat_lokalt": "fortsatter", "principiell": why}
    ladder.do(case, "forsok_lokalt", "lokal_samverkan:haninge@kommun", **told)
    assert ladder.open(case) == ["rapportera_kommun"]
    direct = ladder.report("02")
    assert ladder.open(direct) == ["ta_emot_storsthlm"]
    ladder.register(direct)
    assert ladder.status(direct) == "vantar_analys"
    assert ladder.variables(direct)["lokal_niva"] == "hoppas_over"
    assert ladder.open(direct) == []


def test_R26_expertise_goes_back_to_sekretariatet(ladder: Ladder, case: int, problem: int):
    ladder.next_step(problem, "beredning_samradsgrupp", samradsgrupp="samrad_aldre")
    assert ladder.open(problem) == ["lamna_sakkunskap"]
    with pytest.raises(NotFound):
        ladder.do(problem, "lamna_sakkunskap", "samradsgrupp:samrad_barn_unga", yttrande="Vi också.")
    ladder.do(problem, "lamna_sakkunskap", "samradsgrupp:samrad_aldre", yttrande="Rutinen finns.")
    assert ladder.open(problem) == ["bedom_nasta_steg"]
    assert ladder.variables(problem)["sakkunskap"][0]["text"] == "Rutinen finns."
    assert ladder.rungs(case)[3:] == ["sekretariat"]


@pytest.mark.parametrize("more", [[], ["uppdrag"], ["utvecklingsfraga", "revidering"]])
def test_R27_a_problem_that_tsg_confirms_is_always_reported_to_vis(ladder: Ladder, problem: int, more: list[str]):
    ladder.next_step(problem)
    ladder.tsg(problem, ytterligare=more, uppdrag_till="samrad_aldre" if "uppdrag" in more else None)
    assert ladder.variables(problem)["beslut"][-1]["utfall"] == [*more, "rapportera_vis"]
    assert ladder.open(problem) == ["vis_behandlar"]


def test_R27_an_aterremiss_takes_nothing_else_along(ladder: Ladder, case: int, problem: int):
    ladder.next_step(problem)
    ladder.tsg(problem, stallningstagande="aterremiss", ytterligare=["revidering"])
    assert ladder.variables(problem)["beslut"][-1]["utfall"] == ["aterremiss"]
    assert ladder.open(problem) == ["bedom_nasta_steg"]
    assert (ladder.status(problem), ladder.status(case)) == ("hos_sekretariat", "hos_sekretariat")
    form = ladder.form_at(problem, "bedom_nasta_steg", "sekretariat")
    assert not {"nasta_steg", "motivering", "lydelse"} & form.variables.keys()  # nothing of the last round is filled in


def test_R28_vis_judges_nobody(ladder: Ladder, problem: int):
    ladder.next_step(problem)
    ladder.tsg(problem)
    form = ladder.form_at(problem, "vis_behandlar", "vis").form
    (outcome,) = (field for field in form.fields if field.name == "utfall")
    assert [option.value for option in outcome.options] == ["noterar", "ger_uppdrag", "prioriterar"]
    for made_up in ("avgor", "bifaller", "domer"):
        with pytest.raises(Invalid):
            ladder.vis(problem, made_up)


@pytest.mark.parametrize("body", ["tsg", "vis"])
@pytest.mark.parametrize("there", [{"kommun": 0, "region": 4}, {"kommun": 5, "region": 0}, {"kommun": 0, "region": 0}])
def test_R29_a_decision_without_one_side_needs_its_reason(
    ladder: Ladder, problem: int, body: str, there: dict[str, int]
):
    ladder.next_step(problem)
    if body == "vis":
        ladder.tsg(problem)
    decide = getattr(ladder, body)
    with pytest.raises(Invalid) as refused:
        decide(problem, narvaro=there)
    assert refused.value.fields.keys() == {"skal_ensidigt"}
    decide(problem, narvaro=there, skal_ensidigt="Godkänt skriftligt i efterhand.")
    latest = ladder.variables(problem)["beslut"][-1]
    assert (latest["narvaro"], latest["skal_ensidigt"]) == (there, "Godkänt skriftligt i efterhand.")


@pytest.mark.parametrize("missing", ["datum", "narvaro", "lydelse", "grunder"])
def test_R29_a_decision_has_its_date_attendance_wording_and_grounds(ladder: Ladder, problem: int, missing: str):
    ladder.next_step(problem)
    with pytest.raises(Invalid):
        ladder.tsg(problem, **{missing: {} if missing == "narvaro" else None})
    ladder.tsg(problem)
    latest = ladder.variables(problem)["beslut"][-1]
    assert latest["organ"] == "tsg"
    assert latest["av"]["roll"] == "tsg"


def test_what_continues_elsewhere_is_recorded_and_told_but_not_started(ladder: Ladder, case: int, problem: int):
    ladder.next_step(problem)
    ladder.tsg(problem)
    ladder.vis(problem, "ger_uppdrag", uppdragets_process="overenskommelse")
    assert ladder.variables(case)["foljdprocess"] == "overenskommelse"
    assert "ta fram eller revidera en överenskommelse" in ladder.mails(case)[-1].body
    assert ladder.seen(problem).state == "completed"


# --- what the drawings promise ---------------------------------------------------------------------------------------


def spoiled(key: str, old: str, new: str) -> dict[str, bytes]:
    files = processes.files(processes.HERE / key)
    text = files[f"{key}.bpmn"].decode()
    assert old in text
    return {**files, f"{key}.bpmn": text.replace(old, new).encode()}


@pytest.mark.parametrize(
    ("key", "old", "new", "rule"),
    [
        ("strukturellt_problem", 'topic="aterkoppling_beslut"', 'topic="registrera_problem"', "no-feedback"),
        ("problem_i_samverkan", 'topic="aterkoppling"', 'topic="kvitto"', "no-feedback"),
        ("kvartalsanalys", 'topic="samla_rapporter"', 'topic="rensa_allt"', "unknown-topic"),
        ("strukturellt_problem", 'name="role" value="tsg"', 'name="role" value="styrelsen"', "lane-role"),
        ("strukturellt_problem", 'candidateGroups="vis"', 'candidateGroups="tsg"', "lane-role"),
        ("kvartalsanalys", "setting('registrering')", "setting('registering')", "unknown-setting"),
    ],
)
def test_R38_a_drawing_without_its_feedback_lanes_or_handlers_is_refused(
    ladder: Ladder, key: str, old: str, new: str, rule: str
):
    with pytest.raises(CheckFailed) as refused:
        ladder.engine.execute(Deploy(spoiled(key, old, new)), actor=SYSTEM)
    assert rule in {finding.rule for finding in refused.value.findings}


def test_R38_the_drawings_of_the_ladder_leave_nothing_to_remark():
    from datetime import UTC, datetime

    from engine.bpmn.checks import check
    from web.files import check_context

    for key in LADDER:
        known = check_context(datetime(2026, 1, 1, tzinfo=UTC))
        assert check(processes.files(processes.HERE / key), known) == []


LATE: list[tuple[str, str, dict[str, Any]]] = [
    ("2026-02-05T00:00", "ta_emot_storsthlm", {}),
    ("2026-03-05T00:00", "forsok_lokalt", {"ingang": "lokalt_arende"}),
]


@pytest.mark.parametrize(("day_after", "element", "changes"), LATE)
def test_R39_a_late_task_is_flagged_once_and_stays_where_it_is(
    ladder: Ladder, day_after: str, element: str, changes: dict[str, Any]
):
    ladder.person("sekretariat")
    case = ladder.report("05", **changes)
    before = ladder.status(case)
    ladder.to(day_after.replace("T00:00", "T12:00"))
    assert [one["uppgift"] for one in ladder.variables(case)["paminnelser"]]
    ladder.to("2026-12-01T00:00")
    assert (ladder.open(case), ladder.status(case), ladder.rungs(case)) == ([element], before, [])
    assert [mail.to.partition("@")[0] for mail in ladder.mails(case, "paminnelse")].count("sekretariat") == 1


def test_R39_every_task_has_a_last_day_and_a_reminder_that_decides_nothing():
    for key in LADDER:
        for node in graph(key).nodes.values():
            if node.kind in HUMAN:
                assert node.work, node.id
                assert node.work.due, node.id
                timers = [graph(key).nodes[one].event for one in node.boundary]
                assert [timer.kind for timer in timers if timer] == ["timer"], node.id


def test_R40_last_days_come_from_the_settings_in_working_days(database_url: str):
    ladder = Ladder(database_url, "2026-04-01T09:00", bekraftelse=3, sekretariat=5)
    case = ladder.report("05")
    due = ladder.form_at(case, "ta_emot_storsthlm", "storsthlm").task.due_at
    assert due.isoformat() == "2026-04-08T21:59:59+00:00"  # Thursday, Easter, then Tuesday and Wednesday
    ladder.engine.close()


def test_R40_the_analysis_is_due_on_the_25th_and_waits_ten_working_days(ladder: Ladder):
    ladder.to("2026-04-16T23:59")
    analysis = ladder.case("2026-Q1")
    assert ladder.status(analysis) == "registrering"
    ladder.to("2026-04-17T00:00")
    due = ladder.form_at(analysis, "signera_hsf", "hsf").task.due_at
    assert due.isoformat() == "2026-04-25T21:59:59+00:00"
