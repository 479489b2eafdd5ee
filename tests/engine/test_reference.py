"""Reference data: rows with validity, loaded from YAML, as often as one likes."""

from datetime import date

import pytest
import yaml

from engine import (
    Agreements,
    Areas,
    Bodies,
    ChangeSetting,
    Invalid,
    LoadReference,
    NotAllowed,
    NotFound,
    Parties,
    Reference,
    Roles,
    SettingsList,
)
from engine.engine import Read
from engine.reference import name_of, name_of_role
from tests.engine.house import House

YAML = """
uppgift_per: "2026-01-01"
parter:
  - {nyckel: huddinge, typ: kommun, namn: Huddinge}
  - {nyckel: nacka, typ: kommun, namn: Nacka}
organ:
  - {nyckel: storsthlm, namn: Storsthlm, kortnamn: Storsthlm}
  - {nyckel: grupp, namn: Arbetsgrupp, giltig_fran: "2026-06-01", giltig_till: 2027-05-31}
roller:
  - {nyckel: hsf, namn: Handläggare HSF}
lokala_omraden:
  - nyckel: huddinge
    giltig_fran: "2022-09-01"
    samordnande_vardcentral:
      - {namn: Gamla, giltig_fran: "2022-09-01", giltig_till: "2025-12-31"}
      - {namn: Nya, giltig_fran: "2026-01-01", giltig_till: null}
historiska_lokala_omraden:
  - {nyckel: norrmalm, giltig_fran: "2022-09-01", giltig_till: "2023-06-30"}
overenskommelser:
  - {nyckel: ok_01, namn: Utskrivning}
kodlistor:
  kanal: {formular: Formulär, epost: E-post}
  orsak: [sekretess, budgetansvar]
installningar:
  bekraftelse: {varde: 2, enhet: arbetsdagar, text: Bekräftelse}
  enkel: 7
"""


@pytest.fixture
def loaded(house: House) -> House:
    assert house.do(LoadReference(YAML)) == 15
    return house


def keys(rows: list[dict]) -> list[str]:
    return [row["nyckel"] for row in rows]


def test_rows_are_those_valid_on_the_day_in_the_order_of_the_file(loaded: House) -> None:
    assert keys(loaded.ask(Parties())) == ["huddinge", "nacka"]
    assert keys(loaded.ask(Bodies())) == ["storsthlm"]
    assert keys(loaded.ask(Bodies(at=date(2026, 6, 1)))) == ["storsthlm", "grupp"]
    assert keys(loaded.ask(Bodies(at=date(2027, 6, 1)))) == ["storsthlm"]
    assert keys(loaded.ask(Areas(at=date(2023, 6, 30)))) == ["huddinge", "norrmalm"]
    assert keys(loaded.ask(Roles())) == ["hsf"]
    assert keys(loaded.ask(Agreements())) == ["ok_01"]


def test_parts_of_a_row_have_their_own_validity(loaded: House) -> None:
    for day, name in ((date(2025, 12, 31), "Gamla"), (date(2026, 1, 1), "Nya")):
        area = loaded.ask(Areas(at=day))[0]
        assert [one["namn"] for one in area["samordnande_vardcentral"]] == [name]


def test_a_code_list_is_a_kind_of_its_own(loaded: House) -> None:
    assert loaded.ask(Reference("kodlistor.kanal")) == [
        {"nyckel": "formular", "namn": "Formulär"},
        {"nyckel": "epost", "namn": "E-post"},
    ]
    assert keys(loaded.ask(Reference("orsak"))) == ["sekretess", "budgetansvar"]
    assert loaded.ask(Reference("okand")) == []


def test_loading_again_changes_only_what_changed(loaded: House) -> None:
    assert loaded.do(LoadReference(YAML)) == 0
    assert loaded.do(LoadReference(yaml.safe_load(YAML.replace("namn: Nacka", "namn: Nacka stad")))) == 1
    assert loaded.ask(Parties())[1]["namn"] == "Nacka stad"
    assert loaded.do(LoadReference([YAML, "parter:\n  - {nyckel: salem, namn: Salem}\n"])) == 2
    assert keys(loaded.ask(Parties())) == ["huddinge", "salem", "nacka"]


def test_settings_come_with_the_reference_data_and_stay_as_somebody_set_them(loaded: House) -> None:
    ada = loaded.person("Ada", "admin")
    settings = loaded.ask(SettingsList(), ada)
    assert (settings["bekraftelse"], settings["enkel"], settings["session.hours"]) == (2, 7, 12)
    loaded.do(ChangeSetting("bekraftelse", 3), ada)
    loaded.do(ChangeSetting("session.hours", 8), ada)
    loaded.do(LoadReference(YAML), ada)
    settings = loaded.ask(SettingsList(), ada)
    assert (settings["bekraftelse"], settings["session.hours"]) == (3, 8)
    assert loaded.ask(Reference("installningar"))[0]["text"] == "Bekräftelse"


def test_a_setting_keeps_its_kind(loaded: House) -> None:
    with pytest.raises(Invalid):
        loaded.do(ChangeSetting("bekraftelse", "två"))
    with pytest.raises(NotFound):
        loaded.do(ChangeSetting("okand", 1))
    with pytest.raises(NotAllowed):
        loaded.do(ChangeSetting("bekraftelse", 9), loaded.person("Hanna", "hsf"))


@pytest.mark.parametrize(
    ("unit", "good", "bad"),
    [
        ("arbetsdagar", [0, 1000], [-1, 1001, float("nan"), float("inf")]),
        ("dagar", [30], [-1]),
        ("antal", [4], [-4]),
        ("dag i månaden", [1, 28], [0, 29]),
        ("datum", ["02-28", "12-31"], ["02-29", "13-01", "2-1", "i morgon", "11-30\n"]),
        ("period", ["P14D", "PT12H"], ["14", "", "P"]),
        ("något annat", ["vad som helst"], []),
    ],
)
def test_a_setting_keeps_to_its_unit(house: House, unit: str, good: list, bad: list) -> None:
    """Whoever changes it, by whatever way: a page, a scenario, a script."""
    house.do(LoadReference({"installningar": {"ett": {"varde": good[0], "enhet": unit, "text": "Ett"}}}))
    for value in good:
        house.do(ChangeSetting("ett", value))
        assert house.ask(SettingsList())["ett"] == value
    for value in bad:
        with pytest.raises(Invalid) as refused:
            house.do(ChangeSetting("ett", value))
        assert refused.value.sv
        assert refused.value.fields.keys() == {"value"}
    assert house.ask(SettingsList())["ett"] == good[-1]


BAD: list[str | bytes] = [
    "a: [",
    "- 1",
    "parter:\n  - {namn: utan}",
    "parter:\n  - {nyckel: x, giltig_fran: igår}",
    b"\xff\xfe",
]


def test_what_cannot_be_read_is_refused_whole(loaded: House) -> None:
    for text in BAD:
        with pytest.raises(Invalid):
            loaded.do(LoadReference([YAML.replace("Huddinge", "Ny"), text]))
    assert loaded.ask(Parties())[0]["namn"] == "Huddinge"


def test_only_an_admin_loads(house: House) -> None:
    with pytest.raises(NotAllowed):
        house.do(LoadReference(YAML), house.person("Hanna", "hsf"))


def test_keys_have_names(loaded: House) -> None:
    class Names:
        def run(self, read: Read) -> list[str | None]:
            return [name_of(read, key) for key in ("huddinge", "storsthlm", "okand", None)] + [
                name_of_role(read, "hsf:x@region")
            ]

    assert loaded.ask(Names()) == ["Huddinge", "Storsthlm", "okand", None, "Handläggare HSF"]
