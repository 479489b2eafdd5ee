"""The scenario player: what it refuses, and the story it tells when something does not hold."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import handlers
import processes
from engine.scenarios import Played, play, tell
from engine.scenarios.play import value_at
from engine.scenarios.read import BadScenario, read

Write = Callable[[str], Path]

BEGIN = "titel: Prov\nstart: 2026-10-05T08:00\nsteg:\n"
START = "  - starta: {process: prioriteringsbeslut, med: {ar: 2027}, nyckel: B, namn: B}\n"
PROPOSAL = "{prioriteringar: [{overenskommelse: hok, inriktning: Allt, utforare: sekretariat}], motivering: Ja}"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a scenario of a process of its own, with reference data beside it."""
    handlers.register()
    for name in ("reference", "prioriteringsbeslut"):
        shutil.copytree(processes.HERE / name, tmp_path / name)

    def to_file(text: str) -> Path:
        path = tmp_path / "prioriteringsbeslut" / "scenarios" / "prov.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def played(path: Path) -> Played:
    (one,) = play([path])
    return one


# --- the format ---


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("titel: Prov\nstart: 2026-01-01\nsteg: []\nslut: 1\n", 4, "it has 'slut'"),
        ("titel: Prov\nsteg: []\n", 1, "'start' of a scenario in"),
        ("titel: Prov\nstart: i går\nsteg: []\n", 2, "a local time such as 2026-01-15T08:00"),
        (BEGIN + "  - hoppa: 1\n", 4, "it says 'hoppa'"),
        (BEGIN + START + "  - gor: {uppgift: x, arende: B, som: tsg, vem: tsg}\n", 5, "it has 'vem'"),
        (BEGIN + "  - gor:\n      uppgift: x\n      som: tsg\n", 5, "'arende' of the step 'gor'"),
        (BEGIN + "  - kolla:\n      arende: B\n      statuss: x\n", 6, "it has 'statuss'"),
        (BEGIN + "  - kolla: {}\n    vanta: {}\n", 4, "a step with one key"),
        (BEGIN + "  - vagra: {uppgift: x, arende: B, som: tsg}\n", 4, "'varfor' of the step 'vagra'"),
        (BEGIN + "  - vagra: {process: x, uppgift: y, varfor: z, arende: B, som: tsg}\n", 4, "it has 'process'"),
        (BEGIN + "  - klocka: {plus: P1D, minus: P1D}\n", 4, "it has 'minus'"),
        (BEGIN + "  - kolla: {arende: B, arende: C}\n", 4, "'arende' stands twice"),
        (BEGIN + "  - kolla: {arende: B\n", 5, "it cannot be read"),
        ("- titel\n", 1, "a scenario as a mapping"),
        ("", 0, "the file is empty"),
    ],
)
def test_what_is_not_of_the_format_is_refused_with_file_and_line(write: Write, text: str, line: int, told: str) -> None:
    path = write(text)
    with pytest.raises(BadScenario) as refused:
        read(path)
    assert f"{path}:{line}" in str(refused.value)
    assert told in str(refused.value)
    assert str(refused.value).startswith("Expected ")
    assert refused.value.details["line"] == line
    assert not played(path).passed


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\x00", b"&a [*a]", b"titel: " + b"[" * 5000])
def test_unreadable_file_is_refused_in_a_sentence(write: Write, content: bytes) -> None:
    path = write("")
    path.write_bytes(content)
    with pytest.raises(BadScenario):
        read(path)


def test_dates_stay_text(write: Write) -> None:
    scenario = read(write(BEGIN + "  - gor: {uppgift: x, arende: B, som: tsg, med: {datum: 2026-10-05}}\n"))
    assert scenario.steps[0].given["med"] == {"datum": "2026-10-05"}


# --- the story ---


def test_failure_tells_who_did_what_when_and_what_was_found(write: Write) -> None:
    path = write(
        BEGIN + START + "  - klocka: {plus: P1D}\n"
        f"  - gor: {{uppgift: bered_prioriteringar, arende: B, som: sekretariat, med: {PROPOSAL}}}\n"
        "  - kolla: {arende: B, oppna_uppgifter: [bered_prioriteringar]}\n"
    )
    one = played(path)
    assert (one.passed, one.line) == (False, 7)
    lines = tell([one]).splitlines()
    assert "    2026-10-05 08:00  Scenariot started prioriteringsbeslut as PB-2026-0001" in lines
    assert (
        "    2026-10-06 08:00  Gemensamma sekretariatet did ”Ta fram förslag till prioriteringar” in PB-2026-0001"
        in lines
    )
    assert lines[-4:] == [
        f"    {path}:7:",
        "    Expected: open tasks of B ['bered_prioriteringar']",
        "    Found:    ['besluta_prioriteringar']",
        "0 passed, 1 failed",
    ]


@pytest.mark.parametrize(
    ("step", "expected", "found"),
    [
        ("gor: {uppgift: bered_prioriteringar, arende: B, som: tsg}", "tsg to be let do", "Uppgiften finns inte"),
        ("gor: {uppgift: dansa, arende: B, som: tsg}", "an open task ”dansa” in B", "bered_prioriteringar"),
        ("gor: {uppgift: x, arende: C, som: tsg}", "a case called 'C'", "none"),
        ("gor: {uppgift: bered_prioriteringar, arende: B, som: chef}", "chef to be let do", "ingen roll ”chef”"),
        ("kolla: {arende: B, tillstand: completed}", "state of B 'completed'", "'active'"),
        ("kolla: {arende: B, variabel: {ar: 2028}}", "variable ar of B 2028", "2027"),
        ("kolla: {arende: B, inkorg: {tsg: ja}}", "a task in the inbox of tsg: ja", "none"),
        ("kolla: {arende: B, inkorg: {sekretariat: nej}}", "inbox of sekretariat: nej", "bered_prioriteringar"),
        ("kolla: {antal_arenden: {prioriteringsbeslut: 2}}", "number of cases of prioriteringsbeslut 2", "1"),
        ("kolla: {arende: B, forfaller: {bered_prioriteringar: 2026-12-01}}", "last day of", "2026-11-30"),
        ("klocka: 2026-10-01", "a time after 2026-10-05 08:00", "2026-10-01 00:00"),
        ("vagra: {uppgift: bered_prioriteringar, arende: B, som: tsg, varfor: månen}", "says ”månen”", "finns inte"),
        (
            f"vagra: {{uppgift: bered_prioriteringar, arende: B, som: sekretariat, varfor: x, med: {PROPOSAL}}}",
            "a refusal",
            "it was done",
        ),
        ("vagra: {process: prioriteringsbeslut, som: vis, varfor: finns inte}", "", ""),
        ("mejl: {fil: ../README.md}", "somebody who takes in e-mail", "nobody"),
    ],
)
def test_each_step_says_what_it_missed(write: Write, step: str, expected: str, found: str) -> None:
    one = played(write(BEGIN + START + f"  - {step}\n"))
    assert one.passed is (expected == "")
    assert expected in one.expected
    assert found in one.found


def test_failing_service_fails_the_scenario_unless_it_expects_so(write: Write) -> None:
    path = write(BEGIN + START)
    diagram = path.parents[1] / "prioriteringsbeslut.bpmn"
    broken = diagram.read_text(encoding="utf-8").replace(
        "prioriteringsbeslut = null", "prioriteringsbeslut = finns_inte"
    )
    diagram.write_text(broken, encoding="utf-8")
    one = played(path)
    assert (one.passed, one.expected) == (False, "that all services succeed")
    assert played(write(BEGIN + START + "  - kolla: {incidenter: 1}\n")).passed


def test_process_that_the_house_refuses_is_told_with_its_findings(write: Write) -> None:
    path = write(BEGIN + START)
    diagram = path.parents[1] / "prioriteringsbeslut.bpmn"
    diagram.write_text(diagram.read_text(encoding="utf-8").replace("camunda:candidateGroups=", "camunda:x="), "utf-8")
    one = played(path)
    assert not one.passed
    assert one.expected == "processes and settings that the house takes"
    assert any("prioriteringsbeslut.bpmn" in told for told in one.story)


def test_unknown_setting_is_told(write: Write) -> None:
    one = played(write(BEGIN.replace("steg:", "installningar: {finns_inte: 3}\nsteg:") + START))
    assert (one.passed, one.found) == (False, "Inställningen finns inte.")


def test_setting_of_the_scenario_counts(write: Write) -> None:
    settings = BEGIN.replace("steg:", "installningar: {prioritering_forslag_dag: 11-15}\nsteg:")
    path = write(settings + START + "  - kolla: {arende: B, forfaller: {bered_prioriteringar: 2026-11-15}}\n")
    assert played(path).passed


# --- people and time ---


def test_one_person_may_hold_several_roles_and_one_role_may_have_several_people(write: Write) -> None:
    path = write(
        BEGIN
        + START
        + f"  - gor: &gor {{uppgift: bered_prioriteringar, arende: B, som: 'sekretariat#2', med: {PROPOSAL}}}\n"
        "  - kolla: {arende: B, inkorg: {tsg: ja}}\n"
        "  - vagra: {uppgift: besluta_prioriteringar, arende: B, som: [vis, sekretariat], varfor: finns inte}\n"
    )
    assert played(path).passed


def test_what_falls_due_on_the_way_happens_in_the_order_of_the_calendar(write: Write) -> None:
    path = write(
        BEGIN + START + f"  - gor: {{uppgift: bered_prioriteringar, arende: B, som: sekretariat, med: {PROPOSAL}}}\n"
        "  - kolla: {arende: B, inkorg: {tsg: ja}}\n  - klocka: 2027-03-01\n"
        "  - kolla: {arende: B, variabel: {missat: true}, utskick: {paminnelse: 3, sekretariat@example.org: 1}}\n"
    )
    assert played(path).passed, tell([played(path)])


def test_each_scenario_has_a_world_of_its_own(write: Write) -> None:
    path = write(BEGIN + START + "  - kolla: {antal_arenden: {prioriteringsbeslut: 1}}\n")
    other = path.with_name("annat.yaml")
    shutil.copy(path, other)
    assert [one.passed for one in play([path, other])] == [True, True]


def test_folder_stands_for_its_scenarios(write: Write) -> None:
    path = write(BEGIN + START)
    (path.parent / "saknat_beslut.yaml").unlink()
    for folder in (path.parent, path.parents[1], path.parents[2]):
        assert [one.path.name for one in play([folder])] == ["prov.yaml"]


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 1), ("c.0.d", 2), ("c.-1.d", 3), ("antal(c)", 2), ("a.x", None), ("c.9", None), ("antal(x)", None)],
)
def test_value_at_a_path(path: str, value: int | None) -> None:
    assert value_at({"a": {"b": 1}, "c": [{"d": 2}, {"d": 3}]}, path) == value


AD_HOC = (
    "titel: Prov\nstart: 2026-10-05T08:00\nsteg:\n"
    "  - starta: {process: fritt, med: {antal: 0}, namn: A}\n"
    "  - vagra: {aktivitet: sammanstall, arende: A, som: storsthlm, varfor: går inte att starta}\n"
    "  - vagra: {aktivitet: rakna, arende: A, som: hsf, varfor: går inte att starta}\n"
    "  - borja: {aktivitet: Fråga regionen, arende: A, som: hsf}\n"
    "  - gor: {uppgift: fraga, arende: A, som: hsf}\n"
    "  - borja: {aktivitet: rakna, arende: A, som: storsthlm}\n"
    "  - borja: {aktivitet: sammanstall, arende: A, som: storsthlm}\n"
    "  - kolla: {arende: A, oppna_uppgifter: [sammanstall], variabel: {antal: 1}}\n"
    "  - avsluta: {delprocess: Utredning, arende: A, som: storsthlm}\n"
    "  - kolla: {arende: A, tillstand: completed}\n"
    "  - borja: {aktivitet: rakna, arende: A, som: storsthlm}\n"
)


def test_ad_hoc_work_is_begun_and_ended(tmp_path: Path) -> None:
    handlers.register()
    shutil.copytree(processes.HERE / "reference", tmp_path / "reference")
    path = tmp_path / "fritt" / "scenarios" / "prov.yaml"
    path.parent.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[1] / "engine" / "fritt.bpmn", tmp_path / "fritt")
    path.write_text(AD_HOC, encoding="utf-8")
    one = played(path)
    assert one.line == 14, tell([one])
    assert "rakna går inte att starta nu" in tell([one])
