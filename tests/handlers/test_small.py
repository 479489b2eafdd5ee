"""Numbers, reminders, the registering of problems, and the registry itself."""

from __future__ import annotations

from engine.contract import Link, Number, handlers
from handlers import register
from handlers.words import in_words, long_date, quarter_words
from tests.handlers.house import Known, call, mails


def test_each_receiving_side_has_its_own_series():
    for side, series in (("storsthlm", "Storsthlm"), ("hsf", "HSF")):
        result = call("diarienummer", {"mottagare": side, "dnr": None})
        assert result.effects == [Number(series, into="dnr")]
        assert result.variables == {"nummer": "PS-2026-0007"}


def test_what_comes_back_keeps_its_number():
    assert call("diarienummer", {"mottagare": "hsf", "dnr": "HSF 2026-0001"}).effects == ()


def test_R39_a_reminder_goes_to_the_role_and_to_sekretariatet_each_address_once():
    house = Known({"hsf": ["a@example.org", "b@example.org", ""], "sekretariat": ["c@example.org", "a@example.org"]})
    result = call("paminnelse", {"till": "hsf", "uppgift": "Ta emot rapporten"}, house=house)
    found = mails(result.effects)
    assert [mail.to for mail in found] == ["a@example.org", "b@example.org", "c@example.org"]
    assert "Inget beslutas åt er." in found[0].body
    assert result.variables["pamind"] == {"uppgift": "Ta emot rapporten", "till": "hsf", "datum": "2026-04-20"}


def test_a_problem_is_linked_to_its_reports_and_knows_todays_groups():
    bodies = [
        {"nyckel": "tsg", "namn": "TSG", "typ": "styrgrupp"},
        {"nyckel": "samrad_aldre", "namn": "Äldre", "typ": "samradsgrupp"},
        {"nyckel": "arbetsgrupp_sip", "namn": "SIP", "typ": "arbetsgrupp"},
    ]
    given = {"rapporter": [{"case_id": 3}, {"case_id": 5}]}
    result = call("registrera_problem", given, house=Known(references={"organ": bodies}), number="SP-2026-0001")
    assert result.variables["nummer"] == "SP-2026-0001"
    assert result.variables["samradsgrupper"] == [{"value": "samrad_aldre", "label": "Äldre"}]
    assert [group["value"] for group in result.variables["uppdragsgrupper"]] == ["samrad_aldre", "arbetsgrupp_sip"]
    assert result.effects == [Link(3, "rapport"), Link(5, "rapport")]


def test_reports_that_join_later_are_linked_too():
    assert call("anslut_rapporter", {"nya_rapporter": [{"case_id": 8}]}).effects == [Link(8, "rapport")]


def test_registering_twice_does_no_harm():
    register()
    before = handlers()
    register()
    assert handlers() == before
    assert {"aterkoppling", "diarienummer", "paminnelse", "samla_rapporter"} <= before.keys()


def test_words():
    assert long_date("2026-04-25") == "25 april 2026"
    assert quarter_words("2026-Q1") == "första kvartalet 2026"
    assert [in_words(parts) for parts in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a och b", "a, b och c"]
