"""R17-R23 and R31: the joint quarterly analysis, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import handlers
from engine import Invalid, NotAllowed, NotFound, Refused, StartCase, Worker
from engine.calendar import parse_instant
from engine.scenarios import play, tell
from handlers.quarter import digest
from tests.processes.ladder import ASSESSED, NEW, REPORTS, SYSTEM, Ladder
from web.house import ingest

KEPT: dict[str, Any] = {"bedomning": "ej_strukturellt", "utfall": ["bevaka"], "motivering": "Avvaktar."}


@pytest.fixture
def ladder(database_url: str) -> Iterator[Ladder]:
    one = Ladder(database_url)
    yield one
    one.engine.close()


def registered(ladder: Ladder, *names: str) -> list[int]:
    cases = [ladder.report(name) for name in names or ("05",)]
    for case in cases:
        ladder.register(case, ladder.variables(case)["mottagare"])
    return cases


def listed(ladder: Ladder, quarter: str) -> list[int]:
    return [row["case_id"] for row in ladder.variables(ladder.case(quarter))["rapporter"]]


def test_R17_each_joined_report_hears_each_decision_exactly_once(ladder: Ladder):
    first, second = registered(ladder, "05", "04")  # by both channels
    _, problem = ladder.structural(first, second)
    ladder.next_step(problem)
    ladder.tsg(problem)
    ladder.vis(problem)
    for case in (first, second):
        assert ladder.rungs(case) == ["mottagning", "avstamning", "analys", "sekretariat", "tsg", "vis"]
        assert [mail.rung for mail in ladder.mails(case)] == ladder.rungs(case)
        assert ladder.status(case) == "avslutad"


def test_R17_a_worker_that_dies_on_the_way_sends_nothing_twice(ladder: Ladder):
    (case,) = registered(ladder)
    _, problem = ladder.structural(case)
    task = ladder.task(problem, "bedom_nasta_steg")
    from engine import CompleteTask, LeaseJobs

    given = {"underlag": "U.", "nasta_steg": "till_tsg", "motivering": "M."}
    ladder.engine.execute(CompleteTask(task, given), actor=ladder.person("sekretariat"))
    for minutes in range(1, 4):  # each time a worker takes the job, and is never heard of again
        assert ladder.engine.execute(LeaseJobs(f"dead {minutes}", 10, 30.0), actor=SYSTEM)
        ladder.clock.set(parse_instant(f"2026-04-17T09:0{minutes}"))
    ladder.player.settle()
    assert ladder.rungs(case) == ["mottagning", "avstamning", "analys", "sekretariat"]
    assert ladder.kinds(problem).count("message:sent") <= 1


def test_R18_one_signature_or_two_of_one_side_leave_the_analysis_open(ladder: Ladder):
    (case,) = registered(ladder)
    ladder.to("2026-04-17T09:00")
    analysis = ladder.case("2026-Q1")
    ladder.assess(analysis, KEPT)
    ladder.do(analysis, "signera_storsthlm", "storsthlm", signatur="godkanner")
    for som in ("storsthlm", "storsthlm#2", "sekretariat", "tsg"):
        with pytest.raises(NotFound):
            ladder.do(analysis, "signera_hsf", som, signatur="godkanner")
    assert ladder.seen(analysis).state == "active"
    assert ladder.rungs(case) == ["mottagning", "avstamning"]
    ladder.do(analysis, "signera_hsf", "hsf", signatur="godkanner")
    assert ladder.seen(analysis).state == "completed"
    assert ladder.rungs(case) == ["mottagning", "avstamning", "analys"]
    assert [one["sida"] for one in ladder.variables(analysis)["signaturer"]] == ["storsthlm", "hsf"]


def test_R18_a_side_that_does_not_agree_reopens_the_table_for_both(ladder: Ladder):
    (case,) = registered(ladder)
    ladder.to("2026-04-17T09:00")
    analysis = ladder.case("2026-Q1")
    ladder.assess(analysis, KEPT)
    ladder.do(analysis, "signera_hsf", "hsf", signatur="ater", kommentar="Är det inte strukturellt")
    ladder.do(analysis, "signera_storsthlm", "storsthlm", signatur="godkanner")
    assert ladder.open(analysis) == ["bedom"]
    assert ladder.variables(analysis)["signaturer"] == []
    assert ladder.form_at(analysis, "bedom", "hsf").variables["bedomningar"][0]["motivering"] == "Avvaktar."
    assert ladder.status(case) == "vantar_analys"


def test_R19_a_quarter_has_exactly_one_analysis_however_often_the_worker_restarts(ladder: Ladder):
    ladder.clock.set(parse_instant("2026-04-01T00:00"))
    for name in ("first", "second", "third"):
        Worker(ladder.engine, name).run_until_idle()
    first = ladder.case("2026-Q1")
    ladder.to("2026-07-01T00:00")
    assert ladder.case("2026-Q1") == first
    assert ladder.seen(ladder.case("2026-Q2")).number == "KA-2026-0002"


def test_R19_nobody_starts_an_analysis_by_hand(ladder: Ladder):
    for som in ("storsthlm", "hsf", "sekretariat", "admin"):
        with pytest.raises(Refused):
            ladder.start(som, {}, process="kvartalsanalys")


def test_R20_the_minute_of_arrival_in_sweden_decides_the_quarter(ladder: Ladder):
    ladder.to("2026-03-31T23:59")
    last = ladder.report("05")
    ladder.to("2026-04-01T00:00")
    first = ladder.report("02")
    for case, quarter in ((last, "2026-Q1"), (first, "2026-Q2")):
        assert ladder.variables(case)["kvartal"] == quarter
        ladder.register(case)
    ladder.to("2026-04-17T00:00")
    assert listed(ladder, "2026-Q1") == [last]
    ladder.to("2026-07-15T00:00")
    assert listed(ladder, "2026-Q2") == [first]


def test_R20_no_report_is_in_two_open_analyses_or_in_none(ladder: Ladder):
    (case,) = registered(ladder)
    ladder.to("2026-07-15T00:00")
    assert (listed(ladder, "2026-Q1"), listed(ladder, "2026-Q2")) == ([case], [])  # the first is not signed yet
    ladder.assess(ladder.case("2026-Q1"), KEPT)
    ladder.sign(ladder.case("2026-Q1"))
    ladder.to("2026-10-15T00:00")
    assert listed(ladder, "2026-Q3") == [case]


def test_R20_a_report_that_is_registered_late_waits_for_the_next_analysis(ladder: Ladder):
    case = ladder.report("05")
    ladder.to("2026-04-17T00:00")
    analysis = ladder.variables(ladder.case("2026-Q1"))
    assert (analysis["rapporter"], analysis["oregistrerade"]) == ([], ["PS-2026-0001"])
    ladder.register(case)
    ladder.to("2026-07-15T00:00")
    assert listed(ladder, "2026-Q2") == [case]


def test_R20_the_list_says_in_which_form_each_report_was_assessed(ladder: Ladder):
    (case,) = registered(ladder)
    version = ladder.seen(case).version
    said = digest(ladder.variables(case))
    ladder.to("2026-04-17T00:00")
    (row,) = ladder.variables(ladder.case("2026-Q1"))["rapporter"]
    assert (row["case_id"], row["nummer"], row["version"], row["hash"]) == (case, "PS-2026-0001", version, said)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"motivering": None}, "bedomningar.0.motivering"),
        ({"bedomning": None}, "bedomningar.0.bedomning"),
        ({"utfall": []}, "bedomningar.0.utfall"),
        ({"nummer": "PS-2026-0099"}, "bedomningar"),
        ({"bedomning": "strukturellt", "problem": {"val": "nytt", "titel": "Datum"}}, "bedomningar"),
        ({"bedomning": "strukturellt", "problem": {"val": "befintligt", "nyckel": "SP-1"}}, "bedomningar"),
        ({"bedomning": "avgjord"}, "bedomningar.0.bedomning"),
    ],
)
def test_R21_every_report_gets_an_assessment_with_a_motivation(ladder: Ladder, change: dict[str, Any], field: str):
    registered(ladder)
    ladder.to("2026-04-17T00:00")
    analysis = ladder.case("2026-Q1")
    row = {"nummer": "PS-2026-0001", **KEPT}
    for rows in ([{**row, **change}],) if field != "bedomningar" else ([{**row, **change}], [], [row, row]):
        with pytest.raises(Invalid) as refused:
            ladder.do(analysis, "bedom", "storsthlm", bedomningar=rows)
        assert field in refused.value.fields or "bedomningar" in refused.value.fields
    ladder.do(analysis, "bedom", "storsthlm", bedomningar=[row])


def test_R22_an_empty_quarter_is_signed_by_both_and_recorded(ladder: Ladder):
    ladder.to("2026-04-17T00:00")
    analysis = ladder.case("2026-Q1")
    assert ladder.open(analysis) == ["signera_hsf", "signera_storsthlm"]
    ladder.sign(analysis)
    seen = ladder.seen(analysis)
    assert (seen.state, seen.status, len(seen.variables["signaturer"])) == ("completed", "klar", 2)


def test_R23_only_what_the_analysis_calls_structural_reaches_sekretariatet(ladder: Ladder):
    structural, watched = registered(ladder, "05", "02")
    ladder.to("2026-04-17T00:00")
    analysis = ladder.case("2026-Q1")
    ladder.assess(analysis, {**ASSESSED, "problem": NEW}, KEPT)
    ladder.sign(analysis)
    problem = ladder.case("2026-Q1-P1")
    assert [one["case_id"] for one in ladder.variables(problem)["rapporter"]] == [structural]
    with pytest.raises(NotFound):
        ladder.seen(watched, "sekretariat")


def test_R23_nobody_starts_a_structural_problem_by_hand(ladder: Ladder):
    for som in ("sekretariat", "storsthlm", "hsf", "tsg", "vis", "admin"):
        for message in (None, "problem_bedomt_strukturellt"):
            with pytest.raises(Refused):
                command = StartCase("strukturellt_problem", {}, message=message)
                ladder.engine.execute(command, actor=ladder.person(som))


def test_R31_who_reported_may_not_sign_the_analysis_of_that_report(ladder: Ladder):
    both = ["rapportor_kommun:haninge", "storsthlm"]
    case = ladder.report("05", both)
    ladder.register(case)
    ladder.to("2026-04-17T00:00")
    analysis = ladder.case("2026-Q1")
    ladder.assess(analysis, KEPT)
    with pytest.raises(NotAllowed):
        ladder.do(analysis, "signera_storsthlm", both, signatur="godkanner")
    ladder.do(analysis, "signera_storsthlm", "storsthlm", signatur="godkanner")


def test_R31_who_registered_a_mail_is_not_its_reporter(ladder: Ladder):
    case = ladder.report("04", "hsf")
    ladder.register(case, "hsf")
    ladder.to("2026-04-17T00:00")
    analysis = ladder.case("2026-Q1")
    ladder.assess(analysis, KEPT)
    ladder.sign(analysis)
    assert ladder.status(case) == "bevakas"


def test_an_assessment_that_comes_before_the_running_check_waits_for_it(ladder: Ladder):
    case = ladder.report("05")
    ladder.do(case, "ta_emot_storsthlm", "storsthlm", beslut_mottagning="registrera", rubrik="R")
    ladder.to("2026-04-17T00:00")
    ladder.assess(ladder.case("2026-Q1"), KEPT)
    ladder.sign(ladder.case("2026-Q1"))
    assert ladder.rungs(case) == ["mottagning"]
    ladder.do(case, "stam_av_storsthlm", "storsthlm", avstamning="Sent.")
    assert ladder.rungs(case) == ["mottagning", "avstamning", "analys"]
    assert ladder.status(case) == "bevakas"


def test_fifty_reports_of_the_longest_kind_fit_in_one_analysis(sqlite_url: str):
    ladder = Ladder(sqlite_url)
    long = "Vi väntar på besked. " * 380
    for _ in range(50):
        case = ladder.report("05", beskrivning=long, konsekvens=long[:3900], forslag=long[:3900])
        ladder.do(case, "ta_emot_storsthlm", "storsthlm", beslut_mottagning="registrera", rubrik="R")
    ladder.to("2026-04-17T00:00")
    analysis = ladder.case("2026-Q1")
    assert len(listed(ladder, "2026-Q1")) == 50
    ladder.assess(analysis, *[{**ASSESSED, "motivering": long[:3900], "problem": NEW}] * 50)
    ladder.sign(analysis)
    assert len(ladder.variables(ladder.case("2026-Q1-P1"))["rapporter"]) == 50
    ladder.engine.close()


def test_the_twelve_reports_come_out_as_expected_on_postgresql(postgresql_url: str):
    handlers.register()
    (played,) = play([REPORTS.parent / "tolv_rapporter.yaml"], database_url=postgresql_url, ingest=ingest)
    assert played.passed, tell([played])
