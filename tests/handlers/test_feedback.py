"""Återkoppling: what each rung tells, to whom, and that it is kept in the case."""

from __future__ import annotations

from typing import Any

import pytest

from engine.contract import Message
from handlers import feedback
from tests.handlers.house import Known, call, mails, messages

RAPPORTOR = "samordnande.funktion@huddinge.example.org"
LOCAL = {"lokal_samverkan:huddinge": ["kommun@huddinge.example.org", "vc@bjork.example.org", RAPPORTOR]}


def report(**changes: Any) -> dict[str, Any]:
    return {
        "funktion": "Kommunens samordnande funktion",
        "tjanste_epost": RAPPORTOR,
        "lokalt_omrade": "huddinge",
        "mottagare": "storsthlm",
        "dnr": "Storsthlm 2026-0003",
        "aterkoppling": [],
        "beslut_mottagning": "registrera",
        "meddelande": None,
        "avstamning": "Fler kommuner har beskrivit samma sak.",
        "analyserad_i": "2026-Q1",
        "bedomning": "ej_strukturellt",
        "utfall_analys": ["ater_lokalt", "bevaka"],
        "motivering_analys": "Hittills i ett område.",
        "problem": None,
        "ror_individ": "nej",
        "lokal_hantering": {"vad": "En blankett.", "resultat": "Alla bedömningar är skriftliga."},
        "komplettering": "Vilka verksamheter gäller det",
        "stegdatum": {"lokalt": None, "rapport": "2026-02-10", "kvartalsanalys": "2026-02-11", "sekretariat": None}
        | {"tsg": None, "vis": None},
        "sekretariat": [],
        "tsg": [],
        "vis": [],
        "foljdprocess": None,
        "sakkunskap_fran": None,
        "uppdrag_till": None,
        **changes,
    }


def told(rung: str, **changes: Any):
    return call("aterkoppling", report(**changes), properties={"steg": rung}, house=Known(LOCAL))


@pytest.mark.parametrize(
    ("rung", "changes", "decision", "parts"),
    [
        ("mottagning", {}, "registrerad", ["Storsthlm 2026-0003", "kvartalsanalysen", feedback.OWN_DUTY]),
        ("mottagning", {"meddelande": "Tack, tydligt."}, "registrerad", ["Tack, tydligt."]),
        ("mottagning", {"beslut_mottagning": "ror_individ"}, "hanvisad_egen_avvikelse", ["egen avvikelsehantering"]),
        ("avstamning", {}, "avstamd", ["Fler kommuner har beskrivit samma sak."]),
        ("analys", {}, "ej_strukturellt", ["första kvartalet 2026", "Hittills i ett område.", "bevakas", "åter till"]),
        ("analys", {"utfall_analys": ["avslutas"]}, "ej_strukturellt", ["Ärendet avslutas."]),
        (
            "analys",
            {"bedomning": "utvecklingsfraga", "utfall_analys": ["utvecklingsfraga"]},
            "utvecklingsfraga",
            ["utvecklingsfråga", "socialchef", "startar inte av sig själv"],
        ),
        (
            "analys",
            {"bedomning": "strukturellt", "problem": {"titel": "Preliminära datum"}},
            "strukturellt",
            ["”Preliminära datum”", "sekretariatet"],
        ),
        ("lokal", {}, "lost_lokalt", ["Båda sidor har bekräftat", "Alla bedömningar är skriftliga."]),
        ("lokal", {"ror_individ": "ja"}, "hanvisad_egen_avvikelse", ["enskild individ"]),
    ],
)
def test_each_rung_tells_what_was_decided(rung: str, changes: dict[str, Any], decision: str, parts: list[str]):
    result = told(rung, **changes)
    (entry,) = result.variables["aterkoppling"]
    assert (entry["steg"], entry["beslut"], entry["datum"]) == (rung, decision, "2026-04-20")
    first = mails(result.effects)[0]
    assert (first.to, first.kind, first.rung) == (RAPPORTOR, "aterkoppling", rung)
    assert first.subject.startswith("Återkoppling i ärende PS-2026-0007: ")
    assert first.body.startswith("Hej!\n\n" + entry["text"])
    for part in parts:
        assert part in entry["text"]


def test_what_was_told_before_stays():
    before = {"steg": "mottagning", "beslut": "registrerad"}
    assert told("avstamning", aterkoppling=[before]).variables["aterkoppling"][0] == before


def test_R16_from_the_analysis_on_local_samverkan_hears_the_same_once():
    assert [mail.to for mail in mails(told("mottagning").effects)] == [RAPPORTOR]
    copies = mails(told("analys").effects)[1:]
    assert [mail.to for mail in copies] == LOCAL["lokal_samverkan:huddinge"][:2]
    assert {mail.kind for mail in copies} == {"kannedom"}


def test_R3_nothing_of_the_text_is_in_the_message_that_hands_a_report_back():
    result = told(
        "mottagning", beslut_mottagning="ror_individ", rubrik="Brukaren kom hem", beskrivning="Brukaren kom hem"
    )
    assert "Brukaren" not in repr(mails(result.effects))


def test_the_receipt_of_a_mail_is_no_feedback_but_reminds_of_the_own_duty():
    result = call("kvitto", {"tjanste_epost": RAPPORTOR})
    (mail,) = mails(result.effects)
    assert (mail.kind, mail.rung) == ("kvitto", None)
    assert feedback.OWN_DUTY in mail.body
    assert "aterkoppling" not in result.variables


def test_asking_for_more_is_no_feedback_but_says_what_is_missing():
    result = call("aterkoppling_komplettering", report())
    (mail,) = mails(result.effects)
    assert (mail.kind, mail.rung) == ("komplettering", None)
    assert "Vilka verksamheter gäller det" in mail.body
    assert not result.variables


# --- decisions on a problem ------------------------------------------------------------------------------------------


def decision(organ: str, *outcome: str, **more: Any) -> dict[str, Any]:
    return {
        "organ": organ,
        "datum": "2026-05-20",
        "utfall": list(outcome),
        "lydelse": None,
        "grunder": "Underlaget.",
    } | more


def problem(latest: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "nummer": "SP-2026-0001",
        "nyckel": "2026-Q1-P1",
        "titel": "Preliminära datum",
        "orsak": "olika styrimpulser",
        "rapporter": [{"nummer": "PS-2026-0001", "roll": "skapar"}, {"nummer": "PS-2026-0004", "roll": "ansluts"}],
        "beslut": [decision("sekretariat", "bevaka"), latest],
        "status": "hos_tsg",
        "rapportstatus": "hos_tsg",
        "fortsatt": "problem",
        "foljdprocess": None,
        **changes,
    }


PEOPLE = {
    "storsthlm": ["s@example.org"],
    "hsf": ["h@example.org"],
    "sekretariat": ["sekr@example.org", "h@example.org"],
    "tsg": ["tsg@example.org"],
    "samradsgrupp:samrad_aldre": ["aldre@example.org"],
}


def spread(latest: dict[str, Any], **changes: Any):
    return call("aterkoppling_beslut", problem(latest, **changes), house=Known(PEOPLE), number="SP-2026-0001")


def test_R17_each_joined_report_gets_a_decision_exactly_once():
    sent = messages(spread(decision("sekretariat", "till_tsg")).effects)
    assert [(message.name, message.key) for message in sent] == [
        ("problem_beslut", "PS-2026-0001"),
        ("problem_beslut", "PS-2026-0004"),
    ]
    assert sent[1].variables["problem"]["roll"] == "ansluts"


@pytest.mark.parametrize(
    ("organ", "outcome", "told"),
    [
        ("sekretariat", "till_tsg", ["s@example.org", "h@example.org"]),
        ("tsg", "rapportera_vis", ["s@example.org", "h@example.org", "sekr@example.org"]),
        ("vis", "noterar", ["s@example.org", "h@example.org", "sekr@example.org", "tsg@example.org"]),
    ],
)
def test_R16_the_rungs_below_hear_of_a_decision_each_address_once(organ: str, outcome: str, told: list[str]):
    found = mails(spread(decision(organ, outcome)).effects)
    assert [mail.to for mail in found] == told
    assert {(mail.kind, mail.rung) for mail in found} == {("kannedom", organ)}


def test_the_group_that_got_an_uppdrag_hears_of_it():
    latest = decision("tsg", "uppdrag", "rapportera_vis", uppdrag_till="samrad_aldre", foljdprocesser=["samradsgrupp"])
    found = mails(spread(latest).effects)
    assert found[-1].to == "aldre@example.org"
    assert "ger uppdrag och bekräftar att problemet är strukturellt" in found[-1].body
    assert "uppdrag till samråds- eller arbetsgrupp" in found[-1].body


def test_the_date_of_the_next_assessment_is_told():
    latest = decision("sekretariat", "bevaka", nasta_bedomning="2026-12-01")
    assert "1 december 2026" in messages(spread(latest).effects)[0].variables["senaste_beslut"]["text"]


def test_R28_every_outcome_has_words_and_VIS_has_none_for_judging():
    for organ, outcomes in feedback._DECISION.items():
        for outcome in outcomes:
            text = messages(spread(decision(organ, outcome)).effects)[0].variables["senaste_beslut"]["text"]
            assert text.startswith("Det gäller det strukturella problemet ”Preliminära datum”.")
    words = " ".join(feedback._DECISION["vis"].values())
    assert not any(word in words for word in ("döm", "avgör", "tvist"))


def test_a_report_notes_what_was_decided_on_its_problem():
    latest = {
        **messages(spread(decision("tsg", "uppdrag", "rapportera_vis", uppdrag_till="samrad_aldre")).effects)[
            0
        ].variables["senaste_beslut"],
        "status": "rapporterad_vis",
        "foljdprocess": "samradsgrupp",
    }
    given = report(senaste_beslut=latest, tsg=["aterremiss"])
    result = call("aterkoppling", given, properties={"steg": "beslut"}, house=Known(LOCAL))
    assert result.variables["tsg"] == ["aterremiss", "uppdrag", "rapportera_vis"]
    assert result.variables["status"] == "rapporterad_vis"
    assert result.variables["stegdatum"]["vis"] == "2026-05-20"
    assert result.variables["uppdrag_till"] == "samrad_aldre"
    assert result.variables["foljdprocess"] == "samradsgrupp"
    assert result.variables["aterkoppling"][-1]["steg"] == "tsg"
    assert not any(isinstance(effect, Message) for effect in result.effects)
