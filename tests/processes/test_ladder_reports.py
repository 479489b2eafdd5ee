"""R1-R16 and R32-R33: what comes in, where it lands, and who hears what."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from engine import Guarded, Invalid, NotFound
from engine.identity.permissions import WITHHELD
from tests.processes.ladder import REPORTS, Ladder, form_of

KOMMUN = "lokal_samverkan:haninge@kommun"
REGION = "lokal_samverkan:haninge@region"
SOLVED = {
    "ror_individ": "nej",
    "resultat_lokalt": "lost",
    "lokal_hantering": {"vad": "En gemensam rutin."},
    "principiell": {"svar": "nej"},
}


@pytest.fixture
def ladder(database_url: str) -> Iterator[Ladder]:
    one = Ladder(database_url)
    yield one
    one.engine.close()


def local_case(ladder: Ladder, som: str = "rapportor_kommun:haninge", **changes: Any) -> int:
    return ladder.report("05", som, ingang="lokalt_arende", **changes)


def has_task(ladder: Ladder, case_id: int, som: str) -> bool:
    """Whether the case is in somebody's inbox."""
    try:
        tasks = [ladder.task(case_id, element) for element in ladder.open(case_id)]
        return bool(tasks) and all(ladder.engine.ask(_task(one), actor=ladder.person(som)) for one in tasks)
    except NotFound:
        return False


def _task(task_id: int) -> Any:
    from engine import TaskById

    return TaskById(task_id)


def everything_stored(ladder: Ladder) -> str:
    """All that stands in the database, as one text."""
    with sa.create_engine(ladder.url, poolclass=sa.NullPool).connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [connection.execute(sa.text(f'SELECT * FROM "{name}"')).all() for name in tables]
        return repr([tuple(row) for listed in rows for row in listed])


# --- scope and privacy -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["rapport", "lokalt_arende"])
def test_R1_nothing_is_sent_without_declaring_that_it_concerns_no_individual(ladder: Ladder, way: str):
    for answer in (False, None):
        with pytest.raises(Invalid) as refused:
            ladder.report("05", ingang=way, intyg_ej_individ=answer)
        assert "egen avvikelsehantering" in refused.value.fields["intyg_ej_individ"][0]


@pytest.mark.parametrize("field", ["beskrivning", "motpart", "forslag", "funktion", "konsekvens"])
def test_R2_a_report_with_a_personnummer_is_refused_and_nothing_of_it_stored(
    ladder: Ladder, field: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Guarded) as refused:
        ladder.report("05", **{field: "Igelkotten 19121212-1212 kom hem utan lista."})
    assert "1212" not in f"{refused.value} {refused.value.sv} {refused.value.fields} {caplog.text}"
    ladder.report("05", **{field: "Sparven kom hem utan lista."})
    stored = everything_stored(ladder)
    assert "Sparven" in stored
    assert "Igelkotten" not in stored
    assert "19121212" not in stored


def test_R2_a_mail_with_a_personnummer_is_refused_and_nothing_of_it_stored(ladder: Ladder):
    hostile = (REPORTS / "04.eml").read_bytes().replace(b"Sedan n=C3=A4r:", b"Igelkotten 121212-1212:")
    with pytest.raises(Guarded):
        ladder.mail(hostile)
    assert "Igelkotten" not in everything_stored(ladder)


def test_R3_what_rors_an_individual_is_handed_back_once_and_closed_to_all_but_one(ladder: Ladder):
    case = ladder.report("08#2")
    ladder.do(case, "ta_emot_storsthlm", "storsthlm", beslut_mottagning="ror_individ")
    assert (ladder.status(case), ladder.seen(case).state) == ("hanvisad_egen_avvikelse", "completed")
    assert ladder.rungs(case) == ["mottagning"]
    assert [mail.rung for mail in ladder.mails(case)] == ["mottagning"]
    assert "Brukaren" in ladder.seen(case, "storsthlm").variables["beskrivning"]
    for other in ("storsthlm#2", "hsf", "rapportor_kommun:taby", "lokal_samverkan:taby@kommun", "sekretariat"):
        with pytest.raises(NotFound):
            ladder.seen(case, other)
    assert "Brukaren" not in repr(ladder.seen(case, "revisor").variables)
    assert "Brukaren" not in ladder.seen(case, "revisor").title


def test_R3_a_mail_about_an_individual_is_handed_back_without_filling_in_the_form(ladder: Ladder):
    case = ladder.mail((REPORTS / "04.eml").read_bytes())
    assert case
    ladder.do(case, "registrera_epost", "hsf", beslut_mottagning="ror_individ")
    assert ladder.mails(case)[0].to == "verksamhetschef@sjostigen.example.org"
    assert ladder.status(case) == "hanvisad_egen_avvikelse"


def test_R4_form_receipt_and_first_feedback_remind_of_the_own_duty(ladder: Ladder):
    definition = ladder.engine.ask(_ways(), actor=ladder.person("rapportor_kommun:haninge"))[0]
    assert any("ersätter inte" in inner.text for field in definition.form.fields for inner in field.fields)
    assert "ersätter inte" in definition.properties["confirm"]
    case = ladder.report("05")
    ladder.register(case)
    assert "ersätter inte verksamhetens eget ansvar" in ladder.mails(case)[0].body
    mailed = ladder.mail((REPORTS / "04.eml").read_bytes())
    assert mailed
    assert "ersätter inte verksamhetens eget ansvar" in ladder.mails(mailed, "kvitto")[0].body


def _ways() -> Any:
    from engine.runtime.starts import WaysIn

    return WaysIn()


# --- intake and local rung -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["02", "05", "06", "10", "11"])
def test_R5_a_report_from_a_kommun_lands_with_storsthlm_and_never_hsf(ladder: Ladder, name: str):
    som = "rapportor_kommun:norrtalje" if name == "11" else None
    case = ladder.report(name, som)
    assert ladder.open(case) == ["ta_emot_storsthlm"]
    assert has_task(ladder, case, "storsthlm")
    assert not has_task(ladder, case, "hsf")
    with pytest.raises(NotFound):
        ladder.seen(case, "hsf")


@pytest.mark.parametrize("name", ["04", "12"])
def test_R6_a_report_from_a_care_giver_lands_with_hsf_and_never_storsthlm(ladder: Ladder, name: str):
    case = ladder.report(name)
    assert ladder.open(case) == ["ta_emot_hsf"]
    assert has_task(ladder, case, "hsf")
    assert not has_task(ladder, case, "storsthlm")
    with pytest.raises(NotFound):
        ladder.seen(case, "storsthlm")


def test_R7_a_private_care_giver_is_the_region_s_and_a_private_provider_reports_by_its_kommun(ladder: Ladder):
    assert ladder.variables(ladder.report("04"))["mottagare"] == "hsf"  # vårdcentral i privat regi
    assert ladder.variables(ladder.report("08#2"))["mottagare"] == "storsthlm"  # på uppdrag av hemtjänstutförare


def test_R8_in_norrtalje_kson_is_the_local_actor_for_both_sides(ladder: Ladder):
    kson = ["lokal_samverkan:norrtalje@kommun", "lokal_samverkan:norrtalje@region"]
    case = ladder.report("11", "rapportor_kommun:norrtalje", ingang="lokalt_arende", principiell={"svar": "nej"})
    ladder.do(case, "forsok_lokalt", kson, **SOLVED)
    ladder.do(case, "bekrafta_region", kson, bekraftar="ja")
    assert ladder.status(case) == "lokalt"
    ladder.do(case, "bekrafta_kommun", kson, bekraftar="ja")
    assert ladder.status(case) == "lost_lokalt"


@pytest.mark.parametrize("area", [None, "stockholm", "huddinge", "norrmalm", "stockholm_rinkeby_kista"])
def test_R9_stockholms_stad_needs_a_stadsdel_that_exists(ladder: Ladder, area: str | None):
    with pytest.raises(Invalid) as refused:
        ladder.report("10", "rapportor_kommun:stockholm_bromma", lokalt_omrade=area)
    assert refused.value.fields.keys() == {"lokalt_omrade"}


def test_R9_no_kommun_reports_for_another_and_the_region_for_any(ladder: Ladder):
    with pytest.raises(Invalid):
        ladder.report("05", "rapportor_kommun:haninge", lokalt_omrade="nacka")
    assert ladder.report("04", "rapportor_vardgivare:sodertalje", lokalt_omrade="sodertalje")


def test_R11_a_report_needs_a_local_attempt_or_a_matter_of_principle_with_its_reason(ladder: Ladder):
    nothing = {"vad": None}
    with pytest.raises(Invalid) as refused:
        ladder.report("05", lokal_hantering=nothing)
    assert refused.value.fields.keys() == {"lokal_hantering.vad"}
    with pytest.raises(Invalid) as refused:
        ladder.report("05", lokal_hantering=nothing, principiell={"svar": "ja", "motivering": "  "})
    assert refused.value.fields.keys() == {"principiell.motivering"}
    assert ladder.report("05", lokal_hantering=nothing, principiell={"svar": "ja", "motivering": "Alla kommuner."})


@pytest.mark.parametrize("name", ["05", "10", "11"])
def test_R11_nothing_more_is_required(ladder: Ladder, name: str):
    needed = {"rapporterande_part", "lokalt_omrade", "funktion", "tjanste_epost", "beskrivning", "principiell"}
    given = {
        key: value for key, value in form_of(name).items() if key in needed | {"lokal_hantering", "intyg_ej_individ"}
    }
    given["lokal_hantering"] = {"vad": given["lokal_hantering"]["vad"]}
    assert ladder.start("rapportor_kommun:" + given["lokalt_omrade"], {"ingang": "rapport", **given})


def test_R12_what_was_solved_locally_never_reaches_the_analysis(ladder: Ladder):
    case = local_case(ladder)
    ladder.do(case, "forsok_lokalt", KOMMUN, **SOLVED)
    ladder.do(case, "bekrafta_kommun", KOMMUN, bekraftar="ja")
    ladder.do(case, "bekrafta_region", REGION, bekraftar="ja")
    ladder.to("2026-04-17T09:00")
    assert ladder.variables(ladder.case("2026-Q1"))["rapporter"] == []
    with pytest.raises(NotFound):
        ladder.seen(case, "storsthlm")


def test_R13_it_takes_both_sides_to_call_it_solved(ladder: Ladder):
    case = local_case(ladder)
    ladder.do(case, "forsok_lokalt", KOMMUN, **SOLVED)
    with pytest.raises(NotFound):
        ladder.do(case, "bekrafta_region", KOMMUN, bekraftar="ja")
    with pytest.raises(NotFound):
        ladder.do(case, "bekrafta_kommun", "lokal_samverkan:nacka@kommun", bekraftar="ja")
    ladder.do(case, "bekrafta_kommun", KOMMUN, bekraftar="ja")
    assert (ladder.status(case), ladder.open(case), ladder.rungs(case)) == ("lokalt", ["bekrafta_region"], [])
    ladder.to("2026-02-03T10:00")
    ladder.do(case, "bekrafta_region", REGION, bekraftar="ja")
    assert (ladder.status(case), ladder.rungs(case)) == ("lost_lokalt", ["lokal"])
    assert ladder.variables(case)["lost_datum"] == "2026-02-03"


def test_R13_one_side_that_says_no_sends_it_back(ladder: Ladder):
    case = local_case(ladder)
    for answer, status in (("nej", "lokalt"), ("ja", "lost_lokalt")):
        ladder.do(case, "forsok_lokalt", REGION, **SOLVED)
        ladder.do(case, "bekrafta_kommun", KOMMUN, bekraftar="ja")
        ladder.do(case, "bekrafta_region", REGION, bekraftar=answer)
        assert ladder.status(case) == status


# --- feedback --------------------------------------------------------------------------------------------------------


def test_R14_every_report_hears_how_it_goes_on_when_it_is_registered(ladder: Ladder):
    case = ladder.report("05")
    assert ladder.rungs(case) == []
    ladder.do(case, "ta_emot_storsthlm", "storsthlm", beslut_mottagning="registrera", rubrik="Rubrik")
    (mail,) = ladder.mails(case)
    assert mail.to == "mas@haninge.example.org"
    assert "Så går det vidare" in mail.body
    assert ladder.variables(case)["aterkoppling"][0]["till"] == form_of("05")["funktion"]


def test_R14_a_report_that_must_be_completed_keeps_its_day_and_its_number(ladder: Ladder):
    case = ladder.report("05")
    before = ladder.variables(case)
    ladder.do(
        case, "ta_emot_storsthlm", "storsthlm", beslut_mottagning="komplettera", rubrik="R", komplettering="Vilka"
    )
    assert ladder.mails(case, "komplettering")[0].to == "mas@haninge.example.org"
    assert ladder.form_at(case, "rapportera_kommun", "rapportor_kommun:haninge").variables["komplettering"] == "Vilka"
    ladder.to("2026-02-09T09:00")
    changed = {**form_of("05"), "motpart": "Två vårdcentraler", "lokal_hantering": {"vad": "Ett möte."}}
    ladder.do(case, "rapportera_kommun", "rapportor_kommun:haninge", **changed)
    after = ladder.variables(case)
    assert after["motpart"] == "Två vårdcentraler"
    for name in ("inkom_tid", "inkom_datum", "kvartal", "dnr", "aterkoppling"):
        assert after[name] == before[name]


def test_R16_the_rungs_below_hear_of_each_decision(ladder: Ladder):
    for role in ("lokal_samverkan:haninge@kommun", "lokal_samverkan:haninge@region", "tsg", "sekretariat"):
        ladder.person(role)
    case = ladder.report("05")
    ladder.register(case)
    _, problem = ladder.structural(case)
    ladder.next_step(problem)
    ladder.tsg(problem)
    ladder.vis(problem)
    local = [
        mail.rung for mail in ladder.mails(case, "kannedom") if mail.to.startswith("lokal_samverkan.haninge.kommun")
    ]
    assert local == ["analys", "sekretariat", "tsg", "vis"]
    upper = {(mail.to.partition("@")[0], mail.rung) for mail in ladder.mails(problem, "kannedom")}
    assert {("storsthlm", "sekretariat"), ("hsf", "tsg"), ("sekretariat", "vis"), ("tsg", "vis")} <= upper


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_R32_a_rapportor_sees_own_area_a_handlaggare_own_channel_until_the_joint_analysis(ladder: Ladder):
    case = ladder.report("05")
    readers = ["rapportor_kommun:haninge#2", "rapportor_vardgivare:haninge", KOMMUN, "storsthlm", "revisor"]
    for reader in readers:
        assert ladder.seen(case, reader)
    strangers = ["rapportor_kommun:nacka", "lokal_samverkan:nacka@kommun", "hsf", "sekretariat", "tsg", "vis", "admin"]
    for stranger in strangers:
        with pytest.raises(NotFound):
            ladder.seen(case, stranger)
    ladder.register(case)
    assert ladder.seen(case, "hsf")
    with pytest.raises(NotFound):
        ladder.seen(case, "sekretariat")


def test_R32_sekretariatet_sees_structural_problems_and_their_reports_tsg_and_vis_what_reaches_them(ladder: Ladder):
    case = ladder.report("05")
    ladder.register(case)
    _, problem = ladder.structural(case)
    assert ladder.seen(case, "sekretariat")
    assert ladder.seen(problem, "sekretariat")
    for body, reach in (("tsg", ladder.next_step), ("vis", ladder.tsg)):
        with pytest.raises(NotFound):
            ladder.seen(problem, body)
        reach(problem)
        seen = ladder.seen(problem, body)
        assert seen.variables["underlag"] == "Underlag."
        with pytest.raises(NotFound):
            ladder.seen(case, body)


def test_R33_nobody_of_another_party_sees_whom_the_feedback_goes_to(ladder: Ladder):
    case = ladder.report("05")
    ladder.register(case)
    analysis, problem = ladder.structural(case)
    address = "mas@haninge.example.org"
    for som in ("rapportor_kommun:haninge", "storsthlm"):
        assert ladder.seen(case, som).variables["tjanste_epost"] == address
    for som in ("rapportor_vardgivare:haninge", REGION, "hsf", "sekretariat"):
        assert ladder.seen(case, som).variables["tjanste_epost"] == WITHHELD
        assert address not in repr(ladder.seen(case, som))
    for other in (analysis, problem):
        assert address not in repr(ladder.seen(other).variables)


def test_R33_of_a_mail_the_sender_s_address_is_for_hsf_only(ladder: Ladder):
    case = ladder.mail((REPORTS / "04.eml").read_bytes())
    assert case
    given = {**form_of("04"), "beslut_mottagning": "registrera"}
    ladder.do(case, "registrera_epost", "hsf", **given)
    ladder.do(case, "stam_av_hsf", "hsf", avstamning="Går till analysen.")
    seen = ladder.seen(case, "storsthlm")
    assert "sjostigen" not in repr(seen)


def test_only_hsf_may_say_when_something_came(ladder: Ladder):
    told = {"epost_inkom_tid": "2026-01-05T08:00"}
    assert ladder.variables(ladder.report("04", **told))["inkom_datum"] == "2026-02-02"
    assert ladder.variables(ladder.report("04", "hsf", **told))["inkom_datum"] == "2026-01-05"


def test_the_same_mail_twice_is_one_case(ladder: Ladder):
    message = (REPORTS / "04.eml").read_bytes()
    first = ladder.mail(message)
    assert first == ladder.mail(message)
    assert ladder.seen(first or 0, "hsf")
    assert len(ladder.mails(first or 0, "kvitto")) == 1


def test_each_receiving_side_counts_for_itself(ladder: Ladder):
    numbers = [ladder.variables(ladder.report(name))["dnr"] for name in ("05", "04", "02", "12")]
    assert numbers == ["Storsthlm 2026-0001", "HSF 2026-0001", "Storsthlm 2026-0002", "HSF 2026-0002"]
