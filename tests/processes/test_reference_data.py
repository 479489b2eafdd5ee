"""The reference data that the house starts with, and that nothing in the processes asks for what is not in it."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

import processes
from engine import Engine, LoadReference, Reference, VirtualClock
from engine.calendar import parse_instant
from engine.scenarios.people import part_of
from engine.scenarios.play import SYSTEM

DATA = processes.reference()
DIAGRAMS = {path.name: path.read_text(encoding="utf-8") for path in processes.HERE.glob("*/*.bpmn")}
BOUNDARIES = ("2022-09-01", "2023-06-30", "2023-07-01", "2026-02-28", "2026-03-01", "2027-01-01", "2030-12-31")


@pytest.fixture
def house(sqlite_url: str) -> Iterator[Engine]:
    engine = Engine(f"{sqlite_url}?synchronous=normal", VirtualClock(parse_instant("2026-01-15")))
    engine.execute(LoadReference(DATA), actor=SYSTEM)
    yield engine
    engine.close()


def areas(engine: Engine, day: date) -> dict[str, dict[str, Any]]:
    return {area["nyckel"]: area for area in engine.ask(Reference("lokala_omraden", day), actor=SYSTEM)}


@pytest.mark.parametrize("day", BOUNDARIES)
def test_R10_area_has_a_kommun_funktion_and_exactly_one_samordnande_vardcentral_at_any_date(
    house: Engine, day: str
) -> None:
    for key, area in areas(house, date.fromisoformat(day)).items():
        if "lokal_aktor" not in area:  # R8
            assert len(area["samordnande_vardcentral"]) == 1, (key, day)
            assert len(area["kommun_funktion"]) >= 1, (key, day)


def test_R10_validities_leave_no_day_without_and_no_day_with_two() -> None:
    for area in [*DATA["lokala_omraden"], *DATA["historiska_lokala_omraden"]]:
        centres = sorted(area["samordnande_vardcentral"], key=lambda centre: centre["giltig_fran"])
        if "lokal_aktor" in area:
            continue
        assert centres[0]["giltig_fran"] == area["giltig_fran"], area["nyckel"]
        assert centres[-1]["giltig_till"] == area["giltig_till"], area["nyckel"]
        for one, following in pairwise(centres):
            day_after = date.fromisoformat(one["giltig_till"]) + timedelta(days=1)
            assert day_after.isoformat() == following["giltig_fran"], area["nyckel"]


@pytest.mark.parametrize(("day", "name"), [("2026-02-28", "Smultronet"), ("2026-03-01", "Prästkragen")])
def test_R10_nynashamn_changes_vardcentral_on_1_march_2026(house: Engine, day: str, name: str) -> None:
    (centre,) = areas(house, date.fromisoformat(day))["nynashamn"]["samordnande_vardcentral"]
    assert name in centre["namn"]


def test_R8_norrtalje_has_kson_instead_of_vardcentral_and_kommun_funktion(house: Engine) -> None:
    area = areas(house, date(2026, 1, 15))["norrtalje"]
    assert (area["lokal_aktor"], area["samordnande_vardcentral"], area["kommun_funktion"]) == ("kson", [], [])
    assert [key for key, one in areas(house, date(2026, 1, 15)).items() if "lokal_aktor" in one] == ["norrtalje"]


def test_R9_stockholms_stad_is_a_local_area_only_by_stadsdel(house: Engine) -> None:
    stockholm = [area for area in areas(house, date(2026, 1, 15)).values() if area["part"] == "stockholm"]
    assert len(stockholm) == 11
    assert all(area["stadsdel"] for area in stockholm)


@pytest.mark.parametrize(("day", "count"), [("2023-06-30", 38), ("2023-07-01", 36), ("2026-11-22", 36)])
def test_there_are_36_areas_since_the_stadsdelar_were_joined(house: Engine, day: str, count: int) -> None:
    assert len(areas(house, date.fromisoformat(day))) == count


def test_there_are_27_parties_and_26_of_them_are_kommuner(house: Engine) -> None:
    assert len(house.ask(Reference("parter"), actor=SYSTEM)) == 27
    kommuner = house.ask(Reference("kommuner"), actor=SYSTEM)
    assert len(kommuner) == 26
    assert len({kommun["kod"] for kommun in kommuner}) == 26


def test_follow_up_is_done_by_sekretariatet_or_a_group_valid_that_day(house: Engine) -> None:
    def offered(day: str) -> set[str]:
        return {one["nyckel"] for one in house.ask(Reference("uppfoljare", date.fromisoformat(day)), actor=SYSTEM)}

    assert "sekretariat" in offered("2026-01-15")
    assert "arbetsgrupp_sip" not in offered("2026-05-31")
    assert "arbetsgrupp_sip" in offered("2026-06-01")


# --- settings ---


def test_R40_every_setting_that_a_diagram_or_handler_asks_for_is_in_the_file() -> None:
    handlers = [path.read_text(encoding="utf-8") for path in (processes.HERE.parent / "handlers").glob("*.py")]
    asked = {
        name for text in [*DIAGRAMS.values(), *handlers] for name in re.findall(r"setting\((?:'|\"|&quot;)(\w+)", text)
    }
    assert asked <= DATA["installningar"].keys()


def test_every_setting_is_used_and_explained_with_its_ground() -> None:
    sources = "\n".join(
        [*DIAGRAMS.values(), *(path.read_text("utf-8") for path in processes.HERE.parent.glob("handlers/*.py"))]
    )
    for name, setting in DATA["installningar"].items():
        assert re.search(rf"setting\((?:'|\"|&quot;){name}\b", sources), f"{name} is not used"
        assert setting.keys() == {"varde", "enhet", "grund", "text"}, name
        assert setting["grund"] in {"S", "A"}, name


def test_R40_no_number_of_days_stands_in_a_diagram() -> None:
    for name, diagram in DIAGRAMS.items():
        found = re.findall(r"workdays(?:_from)?\([^)]*\b[1-9][0-9]*\)", diagram)
        assert found == [], name


# --- what the processes name ---


def test_every_candidate_in_a_diagram_is_a_role_of_the_reference_data() -> None:
    known = {role["nyckel"] for role in DATA["roller"]}
    for name, diagram in DIAGRAMS.items():
        for candidates in re.findall(r'candidate(?:Starter)?Groups="([^"]*)"', diagram):
            for role in re.findall(r"(?:^|[\s,'])([a-z_]+)(?=:|@|,|$|')", candidates.replace("${", "'${")):
                assert role in known, (name, candidates)


def test_every_list_that_a_form_takes_its_choices_from_exists() -> None:
    kinds = DATA.keys() | DATA["kodlistor"].keys() | {f"kodlistor.{name}" for name in DATA["kodlistor"]}
    for path in processes.HERE.glob("*/forms/*.json"):
        for asked in sources_of(json.loads(path.read_text(encoding="utf-8"))):
            assert asked in kinds, (path, asked)


def sources_of(component: Any) -> Iterator[str]:
    if isinstance(component, list):
        for one in component:
            yield from sources_of(one)
    elif isinstance(component, dict):
        asked = (component.get("properties") or {}).get("kalla")
        yield from (kind.strip() for kind in asked.split(",")) if asked else ()
        yield from sources_of(component.get("components") or [])


@pytest.mark.parametrize(
    ("candidate", "side", "party"),
    [
        ("rapportor_kommun:huddinge", "kommun", "huddinge"),
        ("rapportor_vardgivare:stockholm_farsta", "region", "region_stockholm"),
        ("lokal_samverkan:danderyd@region", "region", "region_stockholm"),
        ("lokal_samverkan:danderyd@kommun", "kommun", "danderyd"),
        ("storsthlm", "kommun", "storsthlm"),
        ("hsf", "region", "hsf"),
        ("tsg", None, "tsg"),
        ("part:region_stockholm", "region", "region_stockholm"),
        ("samradsgrupp:samrad_aldre", None, "samrad_aldre"),
        ("revisor", None, None),
    ],
)
def test_candidate_is_bound_to_side_and_party_by_the_reference_data(
    candidate: str, side: str | None, party: str | None
) -> None:
    part = part_of(candidate, DATA)
    assert (part.side, part.party) == (side, party)


@pytest.mark.parametrize("candidate", ["chef", "rapportor_kommun:goteborg", "part:farsta"])
def test_unknown_candidate_is_refused(candidate: str) -> None:
    with pytest.raises(Exception, match=r"Expected a (role|scope) of the reference data"):
        part_of(candidate, DATA)


def test_every_outcome_that_a_decision_of_the_year_can_have_has_words() -> None:
    lists = DATA["kodlistor"]
    forms = {
        "tsg": ("prioriteringsbeslut/forms/prioriteringsbeslut", "arshjul/forms/rapport_tsg"),
        "vis": ("arshjul/forms/rapport_vis", "arshjul/forms/uppdrag_vis"),
    }
    for body, names in forms.items():
        for name in names:
            components = json.loads((processes.HERE / f"{name}.json").read_text(encoding="utf-8"))["components"]
            (outcome,) = (component for component in components if component.get("key") == "utfall")
            assert {value["value"] for value in outcome["values"]} <= lists[f"utfall_{body}"].keys(), name
