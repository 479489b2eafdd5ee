"""The list of a quarter, frozen, and what comes of its assessment."""

from __future__ import annotations

from typing import Any

import pytest

from engine.contract import CaseSummary, Link
from handlers.quarter import digest
from tests.handlers.house import Known, call, messages


def report(
    number: int, status: str = "vantar_analys", came: str = "2026-03-31T14:47:00Z", **changes: Any
) -> CaseSummary:
    variables = {
        "inkom_tid": came,
        "inkom_datum": came[:10],
        "lokalt_omrade": "huddinge",
        "rapporterande_part": "huddinge",
        "beskrivning": "Datum ändras.",
        "lokal_hantering": {"vad": "Två möten."},
        "tjanste_epost": "hemlig@huddinge.example.org",
        "funktion": "Chef",
        "rapporterad_av": {"person": 100 + number},
        **changes,
    }
    return CaseSummary(
        number, f"PS-2026-{number:04}", "problem_i_samverkan", None, f"Rubrik {number}", status, "active", 12, variables
    )


def problem(number: int = 1, state: str = "active") -> CaseSummary:
    variables = {"titel": "Datum", "orsak": "implementering", "rapporter": [{}]}
    return CaseSummary(
        90, f"SP-2026-{number:04}", "strukturellt_problem", "2025-Q4-P1", "Datum", "hos_tsg", state, 3, variables
    )


def analysis(case_id: int, numbers: list[str], state: str = "active") -> CaseSummary:
    listed = {"rapporter": [{"nummer": number} for number in numbers]}
    return CaseSummary(case_id, f"KA-2026-{case_id:04}", "kvartalsanalys", "2025-Q4", "K", "signeras", state, 1, listed)


def collect(*cases: CaseSummary):
    return call("samla_rapporter", {"kvartal": "2026-Q1", "stangning": "2026-03-31"}, house=Known(all_cases=cases))


def numbers(result: Any) -> list[str]:
    return [row["nummer"] for row in result.variables["rapporter"]]


def test_the_list_is_frozen_with_id_version_and_hash_in_order_of_arrival():
    late, early = report(1, came="2026-03-01T10:00:00+01:00"), report(2, came="2026-03-01T08:30:00Z")
    result = collect(late, early)
    assert numbers(result) == ["PS-2026-0002", "PS-2026-0001"]  # 10:00 in Stockholm is 09:00 UTC
    row = result.variables["rapporter"][0]
    assert (row["case_id"], row["version"], row["hash"]) == (2, 12, digest(early.variables))
    assert result.effects == [Link(2, "rapport"), Link(1, "rapport")]


def test_the_hash_changes_with_what_the_report_says_and_with_nothing_else():
    before = report(1).variables
    assert digest({**before, "aterkoppling": [1], "status": "bevakas"}) == digest(before)
    assert digest({**before, "beskrivning": "Datum ändras ofta."}) != digest(before)


def test_R20_what_came_after_the_close_waits_for_the_next_analysis():
    assert numbers(collect(report(1), report(2, came="2026-04-01T00:12:00+02:00"))) == ["PS-2026-0001"]


def test_R20_older_reports_that_are_watched_or_were_late_come_along():
    old = report(1, "bevakas", came="2025-09-01T08:00:00Z", analyserad_i="2025-Q4")
    result = collect(old, report(2, came="2025-12-30T08:00:00Z"))
    assert numbers(result) == ["PS-2026-0001", "PS-2026-0002"]
    assert [row["bevakas_sedan"] for row in result.variables["rapporter"]] == ["2025-Q4", None]


def test_R20_none_is_in_two_open_analyses():
    assert numbers(collect(report(1), report(2), analysis(50, ["PS-2026-0001"]))) == ["PS-2026-0002"]
    assert numbers(collect(report(1), analysis(50, ["PS-2026-0001"], "completed"))) == ["PS-2026-0001"]


def test_a_collection_that_is_tried_again_gives_the_same_list():
    own = analysis(7, ["PS-2026-0001"])
    assert numbers(collect(report(1), own)) == ["PS-2026-0001"]


@pytest.mark.parametrize("status", ["lokalt", "lost_lokalt", "hanvisad_egen_avvikelse", "hos_tsg", "avslutad"])
def test_R12_only_what_waits_for_the_analysis_is_in_it(status: str):
    result = collect(report(1, status))
    assert result.variables["rapporter"] == []
    assert result.variables["oregistrerade"] == []


def test_what_is_not_registered_in_time_is_told_by_number_only():
    result = collect(report(1, "inkommen"), report(2, "inkommen", came="2026-04-02T08:00:00Z"))
    assert result.variables["oregistrerade"] == ["PS-2026-0001"]
    assert result.variables["rapporter"] == []


def test_a_local_case_has_no_day_of_arrival_yet():
    local = report(1, "lokalt", inkom_datum=None)
    assert collect(local).variables["rapporter"] == []


def test_R33_the_table_holds_no_contact_data():
    result = collect(report(1), problem())
    assert "hemlig" not in repr(result.variables)


def test_R31_who_reported_is_known_to_the_signing():
    result = collect(report(1), report(2, rapporterad_av=None), report(3, rapporterad_av={"person": None}), report(4))
    assert result.variables["rapportorer"] == [101, 104]


# --- outcomes --------------------------------------------------------------------------------------------------------


def row(number: int) -> dict[str, Any]:
    return {"nummer": f"PS-2026-{number:04}", "case_id": number, "rubrik": "R", "omrade": "huddinge", "hash": "x"}


def structural(number: int, **chosen: Any) -> dict[str, Any]:
    found = {"val": "nytt", "nyckel": None, "titel": None, "orsak": None} | chosen
    return {"nummer": f"PS-2026-{number:04}", "bedomning": "strukturellt", "motivering": "M", "problem": found}


def send(*assessed: dict[str, Any], cases: tuple[CaseSummary, ...] = (), opened: Any = ()):
    reports = [row(place + 1) for place in range(len(assessed))]
    given = {"kvartal": "2026-Q1", "rapporter": reports, "oppna_problem": opened}
    return call("aterkoppling_analys", {**given, "bedomningar": list(assessed)}, house=Known(all_cases=cases))


def test_every_report_hears_its_assessment():
    first = {"nummer": "PS-2026-0001", "bedomning": "ej_strukturellt", "utfall": ["bevaka"], "motivering": "M"}
    result = send(first, structural(2, nyckel="P1", titel="Datum", orsak="implementering"))
    sent = {message.key: message for message in messages(result.effects)}
    assert sent["PS-2026-0001"].name == "analys_klar"
    assert sent["PS-2026-0001"].variables["utfall_analys"] == ["bevaka"]
    assert sent["PS-2026-0001"].variables["problem"] is None
    assert sent["PS-2026-0002"].variables["status"] == "strukturellt"
    assert sent["PS-2026-0002"].variables["problem"]["titel"] == "Datum"


def test_reports_with_the_same_key_become_one_problem_the_first_creates_it():
    told = {"nyckel": "P1", "titel": "Datum", "orsak": "implementering"}
    result = send(structural(1, **told), structural(2, **told))
    (created,) = [one for one in messages(result.effects) if one.name == "problem_bedomt_strukturellt"]
    assert created.key == "2026-Q1-P1"
    assert [(one["nummer"], one["roll"]) for one in created.variables["rapporter"]] == [
        ("PS-2026-0001", "skapar"),
        ("PS-2026-0002", "ansluts"),
    ]
    assert result.variables["problem"] == [{"nyckel": "2026-Q1-P1", "titel": "Datum", "antal": 2}]


def test_without_a_key_the_title_tells_problems_apart():
    result = send(
        structural(1, titel="Datum  ändras", orsak="o"),
        structural(2, titel="datum ändras", orsak="o"),
        structural(3, titel="Annat", orsak="o"),
    )
    assert [one["antal"] for one in result.variables["problem"]] == [2, 1]


@pytest.mark.parametrize("name", ["SP-2026-0001", "2025-Q4-P1"])
def test_an_open_problem_is_extended_by_message(name: str):
    result = send(structural(1, val="befintligt", nyckel=name), cases=(problem(),))
    told, extended = messages(result.effects)
    assert told.variables["problem"] | {"orsak": None} == {
        "nummer": "SP-2026-0001",
        "status": "hos_tsg",
        "nyckel": "2025-Q4-P1",
        "titel": "Datum",
        "orsak": None,
        "roll": "ansluts",
    }
    assert (extended.name, extended.key) == ("rapporter_ansluts", "2025-Q4-P1")


def test_a_problem_that_ended_meanwhile_becomes_a_new_one_with_its_title():
    told = {"nummer": "SP-2026-0001", "nyckel": "2025-Q4-P1", "titel": "Datum", "orsak": "implementering"}
    result = send(
        structural(1, val="befintligt", nyckel="SP-2026-0001"), cases=(problem(state="completed"),), opened=[told]
    )
    started = messages(result.effects)[-1]
    assert started.name == "problem_bedomt_strukturellt"
    assert (started.variables["titel"], started.variables["orsak"]) == ("Datum", "implementering")


def test_an_empty_quarter_sends_nothing():
    result = send()
    assert result.effects == []
    assert result.variables["problem"] == []
