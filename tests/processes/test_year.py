"""The wheel: one case a year, periods that open by the calendar, and nothing decided by time alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine import CaseById, Refused, StartCase
from engine.calendar import local, parse_instant
from engine.scenarios import look
from engine.scenarios.play import SYSTEM, Player
from tests.processes.conftest import Furnish

PROPOSAL = {
    "prioriteringar": [{"overenskommelse": "ok_01", "inriktning": "Planering", "utforare": "samrad_aldre"}],
    "motivering": "Många rapporter.",
}
METHODS = {"metoder": "Enkät", "datakallor": ["Tvistetrappan"], "nyckeltal": ["Antal möten"]}
PLAN = {"dialog_datum": "2027-05-11", "dialog_form": "digitalt", "fragor": "Hur väl bidrar HÖK?"}
DIALOGUE = {
    "dialog_hallen": "2027-05-11",
    "narvaro": {"kommun": 2, "region": 1},
    "bidrag_hok": "Väl.",
    "bidrag_riktlinje": "Väl.",
}
REPORT = {"rapport": "Rapporten.", "forslag": []}


def decision(outcome: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "datum": day,
        "utfall": outcome,
        "narvaro": {"kommun": 5, "region": 5},
        "lydelse": "Så beslutades.",
        "grunder": "Underlaget.",
        **more,
    }


@pytest.fixture
def wheel(furnish: Furnish) -> Player:
    """The wheel of 2027 on its first day, 1 October 2026."""
    player = furnish("arshjul", start="2026-09-30T12:00")
    to(player, "2026-10-01T08:00")
    return player


def to(player: Player, when: str) -> None:
    player.move_to(parse_instant(when))


def open_tasks(player: Player, case: str = "2027", *, family: bool = False) -> dict[str, look.OpenTask]:
    case_id = player.case_id(case)
    cases = player.engine.ask(look.Family(case_id), actor=SYSTEM) if family else [case_id]
    return {task.element: task for task in player.engine.ask(look.OpenTasks(cases), actor=SYSTEM)}


def variables(player: Player, case: str = "2027") -> Any:
    return player.see(player.case_id(case)).variables


def last_day(task: look.OpenTask) -> str:
    assert task.due_at
    return local(task.due_at).date().isoformat()


def decide_priorities(player: Player) -> None:
    player.do("bered_prioriteringar", "2027", "sekretariat", PROPOSAL)
    today = local(player.clock.now()).date().isoformat()
    given = decision("enligt_forslag", today, prioriteringar=PROPOSAL["prioriteringar"])
    player.do("besluta_prioriteringar", "2027", "tsg", given)


def answer_for_all(player: Player) -> None:
    for party in player.reference["parter"]:
        key = party["nyckel"]
        player.do("lamna_uppgifter", f"2027-{key}", f"part:{key}", {"lagesbild": "Väl."})


def hold_the_dialogue(player: Player) -> None:
    named = [{"namn": "Anna Exempel", "funktion": "Socialchef", "part": "nacka"}]
    player.do("planera_dialogen", "2027", "sekretariat", PLAN)
    player.do("utse_kommun", "2027", "socialtjanstnatverk", {"deltagare_kommun": named})
    player.do("utse_region", "2027", "hsf", {"deltagare_region": [{"namn": "Bo Exempel", "funktion": "Enhetschef"}]})
    to(player, "2027-05-11T15:00")
    player.do("hall_dialogen", "2027", "sekretariat", DIALOGUE)
    result = {"resultat": "Väl.", "utvecklingsomraden": []}
    player.do("sammanstall_resultat", "2027", "sekretariat", result)


# --- before the year ---


def test_the_wheel_starts_once_a_year_on_1_october_in_stockholm(furnish: Furnish) -> None:
    player = furnish("arshjul", start="2026-09-30T23:59")
    player.settle()
    assert player.engine.ask(look.CasesOf("arshjul"), actor=SYSTEM) == []
    to(player, "2026-10-01T00:00")
    (first,) = player.engine.ask(look.CasesOf("arshjul"), actor=SYSTEM)
    assert player.see(first).case.started_at == datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
    to(player, "2027-09-30T23:59")
    assert player.engine.ask(look.CasesOf("arshjul"), actor=SYSTEM) == [first]
    to(player, "2027-10-01T00:00")
    keys = [player.see(one).case.business_key for one in player.engine.ask(look.CasesOf("arshjul"), actor=SYSTEM)]
    assert keys == ["2027", "2028"]


def test_a_year_is_started_only_once(wheel: Player) -> None:
    with pytest.raises(Refused, match="same business key"):
        wheel.start("arshjul", "sekretariat", {"ar": 2027})


def test_a_worker_that_was_away_opens_each_missed_period_once(furnish: Furnish) -> None:
    player = furnish("arshjul", start="2026-09-30T12:00")
    player.clock.set(parse_instant("2027-07-01T08:00"))
    player.settle()
    assert variables(player)["status"] == "rapport"
    assert len(player.engine.ask(look.CasesOf("partsuppgifter"), actor=SYSTEM)) == 27
    assert len(player.engine.ask(look.CasesOf("uppfoljningsdialog"), actor=SYSTEM)) == 1


def test_R41_missing_priority_decision_shows_as_an_open_overdue_task(wheel: Player) -> None:
    wheel.do("bered_prioriteringar", "2027", "sekretariat", PROPOSAL)
    to(wheel, "2026-12-31T23:59:59")
    task = open_tasks(wheel, "prioriteringsbeslut/2027")["besluta_prioriteringar"]
    assert task.due_at
    assert task.due_at >= wheel.clock.now()
    to(wheel, "2027-01-01T00:00")
    assert open_tasks(wheel, "prioriteringsbeslut/2027").keys() == {"besluta_prioriteringar"}
    assert task.due_at < wheel.clock.now()
    assert wheel.see(wheel.case_id("prioriteringsbeslut/2027")).case.status == "forsenat"


def test_R41_priority_decision_is_kept_with_date_attendance_wording_and_grounds(wheel: Player) -> None:
    decide_priorities(wheel)
    kept = variables(wheel)["prioriteringsbeslut"]
    assert (kept["organ"], kept["datum"], kept["narvaro"]) == ("tsg", "2026-10-01", {"kommun": 5, "region": 5})
    assert kept["lydelse"]
    assert kept["grunder"]
    assert kept["antecknat_av"]["roll"] == "tsg"


@pytest.mark.parametrize("side", ["kommun", "region"])
def test_R29_decision_of_the_year_with_one_side_absent_needs_a_reason(wheel: Player, side: str) -> None:
    wheel.do("bered_prioriteringar", "2027", "sekretariat", PROPOSAL)
    narvaro = {"kommun": 5, "region": 5, side: 0}
    given = decision("enligt_forslag", "2026-10-01", narvaro=narvaro, prioriteringar=PROPOSAL["prioriteringar"])
    with pytest.raises(Refused) as refused:
        wheel.do("besluta_prioriteringar", "2027", "tsg", given)
    assert list(getattr(refused.value, "fields", {})) == ["skal_ensidigt"]
    wheel.do("besluta_prioriteringar", "2027", "tsg", {**given, "skal_ensidigt": "Skriftligt samtycke finns."})
    assert variables(wheel)["prioriteringsbeslut"]["skal_ensidigt"] == "Skriftligt samtycke finns."


@pytest.mark.parametrize("other", ["tsg", "vis", "hsf", "storsthlm", "socialtjanstnatverk", "part:huddinge"])
def test_R43_only_sekretariatet_sets_methods_sources_and_measures(wheel: Player, other: str) -> None:
    decide_priorities(wheel)
    with pytest.raises(Refused, match="Expected a task to be there, but it is not"):
        wheel.do("besluta_metoder", "2027", other, METHODS)
    wheel.do("besluta_metoder", "2027", "sekretariat", METHODS)
    assert variables(wheel)["nyckeltal"] == ["Antal möten"]
    assert variables(wheel)["metoder_av"]["roll"] == "sekretariat"


def test_R40_deadline_is_read_from_the_settings_in_working_days(furnish: Furnish) -> None:
    player = furnish("arshjul", start="2026-09-30T12:00", settings={"metoder": 3})
    to(player, "2026-12-22T10:00")
    decide_priorities(player)
    # 23 December is a working day; Christmas, the weekend and New Year are not.
    assert last_day(open_tasks(player)["besluta_metoder"]) == "2026-12-29"


# --- the calendar ---


OPENINGS = {
    "inhamtning": ("2027-01-01T00:00", "granska_sammanstallning"),
    "dialog": ("2027-04-01T00:00", "planera_dialogen"),
    "rapport": ("2027-06-01T00:00", "ange_skal"),
    "uppdrag": ("2027-10-01T00:00", "ge_uppdrag"),
}


@pytest.mark.parametrize("period", ["dialog", "rapport", "uppdrag"])
def test_R42_period_opens_at_midnight_in_stockholm_and_not_before(wheel: Player, period: str) -> None:
    when, element = OPENINGS[period]
    to(wheel, (parse_instant(when) - timedelta(seconds=1)).isoformat())
    assert element not in open_tasks(wheel, family=True)
    assert variables(wheel)["perioder"][period]["oppnad"] is None
    to(wheel, when)
    assert element in open_tasks(wheel, family=True)
    assert parse_instant(variables(wheel)["perioder"][period]["oppnad"]) == parse_instant(when)


def test_R42_all_27_parties_are_asked_on_1_january(wheel: Player) -> None:
    for party in wheel.reference["parter"]:
        wheel.person(f"part:{party['nyckel']}")
    to(wheel, "2026-12-31T23:59:59")
    assert wheel.engine.ask(look.CasesOf("partsuppgifter"), actor=SYSTEM) == []
    to(wheel, "2027-01-01T00:00")
    asked = [wheel.see(one).case for one in wheel.engine.ask(look.CasesOf("partsuppgifter"), actor=SYSTEM)]
    assert sorted(case.party or "" for case in asked) == sorted(party["nyckel"] for party in wheel.reference["parter"])
    assert wheel.engine.ask(look.Mails([wheel.case_id("2027")]), actor=SYSTEM)["begaran"] == 27
    assert {last_day(open_tasks(wheel, case.business_key or "")["lamna_uppgifter"]) for case in asked} == {"2027-02-28"}


def test_missed_period_is_flagged_and_the_next_opens_with_what_is_missing(wheel: Player) -> None:
    to(wheel, "2027-04-01T00:00")
    year = variables(wheel)
    assert year["missade_perioder"] == ["prioritering", "inhamtning"]
    assert year["perioder"]["dialog"]["ofullstandigt"] == ["Sammanställda uppgifter från januari–mars saknas"]
    wheel.person("sekretariat")
    to(wheel, "2027-06-01T00:00")
    mails = wheel.engine.ask(look.Mails([wheel.case_id("2027")]), actor=SYSTEM)
    assert mails["sekretariat@example.org"] == 1


def test_period_done_in_time_leaves_nothing_missing(wheel: Player) -> None:
    decide_priorities(wheel)
    wheel.do("besluta_metoder", "2027", "sekretariat", METHODS)
    to(wheel, "2027-01-01T08:00")
    assert variables(wheel)["perioder"]["inhamtning"]["ofullstandigt"] == []
    assert variables(wheel)["missade_perioder"] == []


# --- data from the parties ---


def test_R39_late_party_is_reminded_and_nothing_is_decided_for_it(wheel: Player) -> None:
    wheel.person("part:salem")
    wheel.person("sekretariat")
    to(wheel, "2027-01-01T08:00")
    salem = [wheel.case_id("2027-salem")]
    to(wheel, "2027-02-01T08:00")
    assert wheel.engine.ask(look.Mails(salem), actor=SYSTEM) == {
        "paminnelse": 1,
        "paminnelse:None": 1,
        "part.salem@example.org": 1,
    }
    to(wheel, "2027-12-01T08:00")
    assert open_tasks(wheel, "2027-salem").keys() == {"lamna_uppgifter", "anteckna_saknas"}
    mails = wheel.engine.ask(look.Mails(salem), actor=SYSTEM)
    assert mails["part.salem@example.org"] == 4
    assert mails["sekretariat@example.org"] == 2  # of the two reminders after the last day


def test_party_sees_its_own_case_and_not_the_wheel(wheel: Player) -> None:
    to(wheel, "2027-01-01T08:00")
    salem = wheel.person("part:salem")
    assert wheel.engine.ask(CaseById(wheel.case_id("2027-salem")), actor=salem).party == "salem"
    for case in ("2027", "2027-solna"):
        with pytest.raises(Refused, match="Expected a case to be there"):
            wheel.engine.ask(CaseById(wheel.case_id(case)), actor=salem)


def test_answers_of_the_parties_are_withheld_from_the_steering_groups(wheel: Player) -> None:
    to(wheel, "2027-01-01T08:00")
    answer_for_all(wheel)
    for role, is_withheld in {"tsg": True, "vis": True, "sekretariat": False, "hsf": False}.items():
        seen = wheel.engine.ask(CaseById(wheel.case_id("2027")), actor=wheel.person(role)).variables
        assert (seen["partsuppgifter"] == {"undanhallen": True}) is is_withheld, role


def test_late_answer_closes_sekretariatets_task(wheel: Player) -> None:
    to(wheel, "2027-03-01T08:00")
    assert "anteckna_saknas" in open_tasks(wheel, "2027-salem")
    wheel.do("lamna_uppgifter", "2027-salem", "part:salem", {"lagesbild": "Väl."})
    assert open_tasks(wheel, "2027-salem") == {}
    assert variables(wheel, "2027-salem")["uppgift"]["inkommen"] is True
    assert wheel.see(wheel.case_id("2027-salem")).case.state == "completed"


# --- report ---


def test_R44_report_waits_for_dialogue_result_and_compiled_data(wheel: Player) -> None:
    to(wheel, "2027-01-15T08:00")
    answer_for_all(wheel)
    wheel.settle()
    wheel.do("granska_sammanstallning", "2027", "sekretariat", {"sammanstallning": "Alla har svarat."})
    to(wheel, "2027-04-01T08:00")
    hold_the_dialogue(wheel)
    to(wheel, "2027-06-01T00:00")
    assert "ta_fram_rapport" in open_tasks(wheel)
    assert "ange_skal" not in open_tasks(wheel)


@pytest.mark.parametrize("done", ["data", "dialogue", "none"])
def test_R44_without_one_of_them_a_reason_is_recorded_first(wheel: Player, done: str) -> None:
    to(wheel, "2027-01-15T08:00")
    if done == "data":
        answer_for_all(wheel)
        wheel.settle()
        wheel.do("granska_sammanstallning", "2027", "sekretariat", {"sammanstallning": "Alla har svarat."})
    to(wheel, "2027-04-01T08:00")
    if done == "dialogue":
        hold_the_dialogue(wheel)
    to(wheel, "2027-06-01T00:00")
    assert "ta_fram_rapport" not in open_tasks(wheel)
    wheel.do("ange_skal", "2027", "sekretariat", {"skal_ofullstandigt": "   "})
    assert "ta_fram_rapport" not in open_tasks(wheel)
    wheel.do("ange_skal", "2027", "sekretariat", {"skal_ofullstandigt": "Dialogen ställdes in."})
    assert "ta_fram_rapport" in open_tasks(wheel)
    assert variables(wheel)["skal_ofullstandigt"] == "Dialogen ställdes in."


def test_R44_what_comes_in_while_the_reason_is_asked_for_is_enough(wheel: Player) -> None:
    to(wheel, "2027-06-01T08:00")
    answer_for_all(wheel)
    wheel.settle()
    wheel.do("granska_sammanstallning", "2027", "sekretariat", {"sammanstallning": "Alla har svarat."})
    late = {**PLAN, "dialog_datum": "2027-06-08"}
    wheel.do("planera_dialogen", "2027", "sekretariat", late)
    named = [{"namn": "Anna Exempel", "funktion": "Socialchef", "part": "nacka"}]
    wheel.do("utse_kommun", "2027", "socialtjanstnatverk", {"deltagare_kommun": named})
    wheel.do("utse_region", "2027", "hsf", {"deltagare_region": [{"namn": "Bo Exempel", "funktion": "Enhetschef"}]})
    to(wheel, "2027-06-08T15:00")
    wheel.do("hall_dialogen", "2027", "sekretariat", {**DIALOGUE, "dialog_hallen": "2027-06-08"})
    wheel.do("sammanstall_resultat", "2027", "sekretariat", {"resultat": "Väl.", "utvecklingsomraden": []})
    wheel.do("ange_skal", "2027", "sekretariat", {})
    assert "ta_fram_rapport" in open_tasks(wheel)
    assert variables(wheel)["skal_ofullstandigt"] is None


def to_the_report_in_tsg(player: Player) -> None:
    to(player, "2027-06-01T08:00")
    player.do("ange_skal", "2027", "sekretariat", {"skal_ofullstandigt": "Underlaget kom inte in."})
    player.do("ta_fram_rapport", "2027", "sekretariat", REPORT)


def test_R45_result_goes_to_socialtjanstnatverket_and_by_it_to_all_26_kommuner(wheel: Player) -> None:
    for party in wheel.reference["parter"]:
        wheel.person(f"part:{party['nyckel']}")
    to_the_report_in_tsg(wheel)
    assert "redovisa_for_kommunerna" not in open_tasks(wheel)
    wheel.do("behandla_i_tsg", "2027", "tsg", decision("till_vis", "2027-06-01"))
    told = {"redovisad_datum": "2027-06-01", "redovisad_forum": "Möte", "redovisning": "I korthet."}
    with pytest.raises(Refused, match="Expected a task to be there, but it is not"):
        wheel.do("redovisa_for_kommunerna", "2027", "storsthlm", told)
    wheel.do("redovisa_for_kommunerna", "2027", "socialtjanstnatverk", told)
    wheel.settle()
    mails = wheel.engine.ask(look.Mails([wheel.case_id("2027")]), actor=SYSTEM)
    assert mails["redovisning"] == 26


def test_R45_report_is_not_done_before_both_vis_and_the_kommuner_have_it(wheel: Player) -> None:
    to_the_report_in_tsg(wheel)
    wheel.do("behandla_i_tsg", "2027", "tsg", decision("till_vis", "2027-06-01"))
    wheel.do("ta_emot_i_vis", "2027", "vis", decision("noterar", "2027-06-01"))
    assert variables(wheel)["perioder"]["rapport"]["klar"] is None
    told = {"redovisad_datum": "2027-06-01", "redovisad_forum": "Möte", "redovisning": "I korthet."}
    wheel.do("redovisa_for_kommunerna", "2027", "socialtjanstnatverk", told)
    wheel.settle()
    assert variables(wheel)["perioder"]["rapport"]["klar"] is not None


def test_tsg_can_send_the_report_back(wheel: Player) -> None:
    to_the_report_in_tsg(wheel)
    wheel.do("behandla_i_tsg", "2027", "tsg", decision("aterremiss", "2027-06-01"))
    assert "ta_fram_rapport" in open_tasks(wheel)
    assert "ta_emot_i_vis" not in open_tasks(wheel)


def test_R39_year_with_something_missing_is_closed_by_a_person_only(wheel: Player) -> None:
    to(wheel, "2028-02-15T08:00")
    assert wheel.see(wheel.case_id("2027")).case.state == "active"
    assert "avsluta_aret" in open_tasks(wheel)
    wheel.do("avsluta_aret", "2027", "sekretariat", {"avslut_brister": "Inget blev gjort."})
    assert wheel.see(wheel.case_id("2027")).case.state == "terminated"
    assert open_tasks(wheel, family=True) == {}


def test_nobody_but_sekretariatet_starts_a_wheel_by_hand(wheel: Player) -> None:
    for role in ("tsg", "vis", "part:huddinge", "storsthlm", "processdesigner", "admin"):
        with pytest.raises(Refused):
            wheel.engine.execute(StartCase("arshjul", {"ar": 2030}), actor=wheel.person(role))
