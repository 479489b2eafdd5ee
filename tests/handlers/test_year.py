"""The handlers of the wheel, by themselves: what they count and whom they tell."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

import processes
from engine.contract import Call, CaseSummary, Mail, Result
from handlers import year


class House:
    """What a handler may ask. Everybody has the address of the role they hold; cases are those given."""

    def __init__(self, *cases: CaseSummary, without: Sequence[str] = ()) -> None:
        self.all = cases
        self.without = without
        self.data = processes.reference()

    def cases(self, process: str, *, statuses: Sequence[str] = (), state: str | None = "active") -> list[CaseSummary]:
        return [case for case in self.all if case.process == process and (state is None or case.state == state)]

    def case(self, process: str, business_key: str) -> CaseSummary | None:
        return None

    def reference(self, kind: str) -> list[dict[str, Any]]:
        group, _, name = kind.partition(".")
        found = self.data[group][name] if name else self.data[group]
        return [{"nyckel": key, "namn": told} for key, told in found.items()] if isinstance(found, dict) else found

    def setting(self, name: str) -> Any:
        return self.data["installningar"][name]["varde"]

    def people(self, candidate: str) -> list[dict[str, Any]]:
        return [] if candidate in self.without else [{"namn": candidate, "epost": f"{candidate}@example.org"}]


def case(process: str, status: str, state: str = "completed", **variables: Any) -> CaseSummary:
    return CaseSummary(1, "PS-2026-0001", process, None, "Rubrik", status, state, 1, variables)


def run(
    handler: Any,
    variables: Mapping[str, Any],
    *,
    house: House | None = None,
    at: str = "2027-01-15",
    **properties: str,
) -> tuple[Result, list[Mail]]:
    now = datetime.fromisoformat(f"{at}T12:00:00").replace(tzinfo=UTC)
    call = Call("topic", 1, "AH-2026-0001", "2027", "element", variables, properties, now, "key", 1, house or House())
    result: Result = handler(call)
    return result, [effect for effect in result.effects if isinstance(effect, Mail)]


def answer(name: str, *values: float, came: bool = True) -> dict[str, Any]:
    rows = [{"nyckeltal": "Antal möten", "varde": value, "kommentar": None} for value in values]
    reason = {"skal": None, "kommentar": None} if came else {"skal": "annat", "kommentar": "Byter system"}
    return {
        "part": name,
        "namn": name.title(),
        "inkommen": came,
        "varden": rows,
        "lagesbild": "Väl",
        "forslag": None,
        **reason,
    }


def test_every_party_is_asked_once_with_its_last_day() -> None:
    result, mails = run(year.begar_uppgifter, {"ar": 2027, "nyckeltal": ["Antal möten"]})
    assert len(result.variables["parter"]) == len(mails) == 27
    assert result.variables["parter"][0] == {"nyckel": "upplands_vasby", "namn": "Upplands Väsby", "typ": "kommun"}
    assert all("28 februari 2027" in mail.body and "Antal möten" in mail.body for mail in mails)


def test_party_without_anybody_is_asked_in_the_system_all_the_same() -> None:
    result, mails = run(year.begar_uppgifter, {"ar": 2027, "nyckeltal": []}, house=House(without=["part:salem"]))
    assert len(result.variables["parter"]) == 27
    assert len(mails) == 26


@pytest.mark.parametrize(
    ("at", "told", "addresses"),
    [
        ("2027-02-28", "ska vara klar senast den 28 februari 2027", ["part:salem@example.org"]),
        (
            "2027-03-01",
            "skulle ha varit klar den 28 februari 2027",
            ["part:salem@example.org", "sekretariat@example.org"],
        ),
    ],
)
def test_R39_reminder_says_that_nothing_is_decided_and_tells_sekretariatet_what_is_late(
    at: str, told: str, addresses: list[str]
) -> None:
    given = {"till": "part:salem", "uppgift": "Lämna uppgifter", "sista_dag": "2027-02-28"}
    _, mails = run(year.paminn, given, at=at)
    assert [mail.to for mail in mails] == addresses
    assert told in mails[0].body
    assert "Inget beslutas åt er" in mails[0].body


def test_incomplete_period_is_told_with_what_is_missing() -> None:
    periods = {"dialog": {"ofullstandigt": ["Sammanställda uppgifter saknas"]}}
    _, mails = run(year.flagga, {"ar": 2027, "perioder": periods}, period="dialog")
    assert [mail.to for mail in mails] == ["sekretariat@example.org"]
    assert "- Sammanställda uppgifter saknas" in mails[0].body


def test_measures_are_compiled_from_those_who_answered() -> None:
    given = [answer("solna", 2), answer("salem", 4.5), answer("nacka", came=False), None]
    variables = {"ar": 2027, "nyckeltal": ["Antal möten", "Annat"], "partsuppgifter": given}
    compiled = run(year.sammanstall, variables)[0].variables["underlag"]
    assert compiled["inkomna"] == 2
    assert compiled["saknas"] == [{"part": "nacka", "namn": "Nacka", "skal": "annat", "kommentar": "Byter system"}]
    assert compiled["nyckeltal"] == [
        {"nyckeltal": "Antal möten", "svar": 2, "medel": 3.25, "lagst": 2, "hogst": 4.5},
        {"nyckeltal": "Annat", "svar": 0},
    ]


def test_outcomes_of_the_ladder_of_the_year_before_feed_the_data() -> None:
    house = House(
        case("problem_i_samverkan", "avslutad", inkom_datum="2026-02-10", overenskommelser=["ok_01", "ok_02"]),
        case("problem_i_samverkan", "bevakas", state="active", inkom_datum="2026-12-31", overenskommelser=["ok_01"]),
        case("problem_i_samverkan", "inkommen", state="active", inkom_datum="2027-01-02", overenskommelser=["ok_01"]),
        case("problem_i_samverkan", "lost_lokalt", inkom_datum=None),
        case("strukturellt_problem", "avslutad", kvartal="2026-Q1", orsak="implementering", beslut=[{"organ": "vis"}]),
        case("strukturellt_problem", "hos_tsg", kvartal="2025-Q4", orsak="sekretess", beslut=[]),
    )
    compiled = run(year.sammanstall, {"ar": 2027, "nyckeltal": [], "partsuppgifter": []}, house=house)[0]
    assert {row["rad"]: row["antal"] for row in compiled.variables["underlag"]["trappan"]} == {
        "Rapporter om problem i samverkan": 2,
        "Rapporter, status: Avslutad": 1,
        "Rapporter, status: Bevakas": 1,
        "Rapporter, överenskommelse: IT-tjänst in- och utskrivning": 1,
        "Rapporter, överenskommelse: Utskrivning (LUS)": 2,
        "Strukturella problem": 1,
        "Strukturella problem, orsak: implementering": 1,
        "Strukturella problem rapporterade till VIS": 1,
    }


def test_participants_are_invited_once_a_party_or_else_its_registrator() -> None:
    def named(name: str, party: str) -> dict[str, str]:
        return {"namn": name, "funktion": "Socialchef", "part": party}

    given = {
        "ar": 2027,
        "dialog_datum": "2027-05-11",
        "dialog_plats": None,
        "fragor": "Hur går det?",
        "deltagare": [named("Anna", "nacka"), named("Bo", "nacka"), named("Cia", "solna")],
    }
    _, mails = run(year.kalla, given, house=House(without=["dialogdeltagare:solna"]))
    assert [mail.to for mail in mails] == ["dialogdeltagare:nacka@example.org", "part:solna@example.org"]
    assert "Anna (Socialchef) och Bo (Socialchef)" in mails[0].body


def test_R45_result_reaches_the_26_kommuner_and_not_the_region() -> None:
    _, mails = run(year.sand_resultat, {"ar": 2027, "redovisning": "I korthet.", "rapport": "Allt."})
    assert len(mails) == 26
    assert "part:region_stockholm@example.org" not in {mail.to for mail in mails}
