"""Deployment: all findings at once, nothing new where nothing changed, versions side by side."""

import pytest

from engine import (
    CheckFailed,
    DefinitionById,
    Definitions,
    Deploy,
    LoadReference,
    NotAllowed,
    NotFound,
    Refused,
    Retire,
    StartCase,
    contract,
)
from engine.definitions.check import check
from engine.definitions.commands import KnownHere
from tests.engine.house import HERE, House


def test_the_same_content_makes_no_new_version(house: House) -> None:
    first = house.deploy("arende", "vantar").definitions
    assert [(one.key, one.version, one.is_new) for one in first] == [("arende", 1, True), ("vantar", 1, True)]
    second = house.deploy("arende", "vantar").definitions
    assert [(one.key, one.version, one.is_new) for one in second] == [("arende", 1, False), ("vantar", 1, False)]
    assert [one.id for one in first] == [one.id for one in second]


def test_a_changed_form_makes_a_new_version_of_the_processes_that_use_it(house: House) -> None:
    house.deploy("arende", "vantar")
    changed = house.deploy("arende", "vantar", change={"forms/granska.json": ("Motivering", "Skäl")}).definitions
    assert [(one.key, one.version) for one in changed] == [("arende", 2), ("vantar", 1)]


def test_versions_stand_side_by_side_with_their_running_cases(house: House) -> None:
    house.deploy("arende")
    first = house.start()
    house.deploy("arende", change={"arende.bpmn": ('name="Granska"', 'name="Pröva"')})
    house.start()
    house.complete(first, "granska", house.person("Anna", "storsthlm"), beslut="ja")
    rows = house.ask(Definitions())
    assert [(row.key, row.version, row.running, row.state) for row in rows] == [
        ("arende", 2, 1, "active"),
        ("arende", 1, 1, "active"),
    ]
    old = house.ask(DefinitionById(rows[1].id))
    assert old.running == {"aterkoppla": 1}
    assert set(old.files) == {"forms/granska.json", "forms/start.json"}
    assert b"Granska" in old.source
    with pytest.raises(NotFound):
        house.ask(DefinitionById(999))


def test_everything_wrong_is_told_at_once_and_nothing_is_stored(house: House) -> None:
    with pytest.raises(CheckFailed) as told:
        house.deploy("arende", "tjanst", change={
            "arende.bpmn": ('targetRef="slut"', 'targetRef="borta"'),
            "forms/granska.json": ('"select"', '"hologram"'),
        })  # fmt: skip
    files = {finding.file for finding in told.value.findings if finding.is_error}
    assert files == {"arende.bpmn", "forms/granska.json", "tjanst.bpmn"}
    assert house.ask(Definitions()) == []
    assert all(finding.line for finding in told.value.findings if finding.file.startswith("forms/"))


def test_check_says_what_deploy_would_say(house: House) -> None:
    files = {f"{name}.bpmn": (HERE / f"{name}.bpmn").read_bytes() for name in ("arende", "tjanst")}
    files |= {f"forms/{path.name}": path.read_bytes() for path in (HERE / "forms").glob("*.json")}
    files["forms/granska.json"] = files["forms/granska.json"].replace(b'"select"', b'"hologram"')
    with pytest.raises(CheckFailed) as told:
        house.do(Deploy(files))
    assert check(files, house.ask(KnownHere())) == list(told.value.findings)
    assert "form" in {finding.rule for finding in told.value.findings}


def test_what_is_no_process_is_refused(house: House) -> None:
    files: dict[str, bytes]
    for files in ({}, {"x.bpmn": b""}, {"x.bpmn": b"<a/>"}, {"x.txt": b"hej"}, {"x.bpmn": b"\xff\xfe\x00"}):
        with pytest.raises(CheckFailed) as told:
            house.do(Deploy(files))
        assert told.value.findings


def test_an_unknown_topic_or_role_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "_handlers", {})
    with pytest.raises(CheckFailed):
        house.deploy("tjanst")
    monkeypatch.setattr(contract, "_handlers", {"test.tjanst": print})
    house.deploy("tjanst")
    house.do(LoadReference("roller:\n  - {nyckel: hsf, namn: HSF}\n"))
    with pytest.raises(CheckFailed) as told:
        house.deploy("anropad")
    assert any("storsthlm" in finding.sv for finding in told.value.findings)


def test_R35_only_a_processdesigner_publishes(house: House) -> None:
    files = {
        "anropad.bpmn": (HERE / "anropad.bpmn").read_bytes(),
        "forms/svara.json": (HERE / "forms/svara.json").read_bytes(),
    }
    for role in ("hsf", "admin", "revisor"):
        with pytest.raises(NotAllowed):
            house.do(Deploy(files), house.person(f"Nej {role}", role))
    deployed = house.do(Deploy(files), house.person("Disa Designer", "processdesigner"))
    assert house.ask(Definitions())[0].deployed_by == "Disa Designer"
    with pytest.raises(NotAllowed):
        house.do(Retire(deployed.definitions[0].id), house.person("Nej hsf", "hsf"))


def test_a_retired_process_takes_no_new_cases_and_running_ones_go_on(house: House) -> None:
    house.deploy("arende")
    case = house.start()
    newer = house.deploy("arende", change={"arende.bpmn": ('name="Granska"', 'name="Pröva"')}).definitions[0]
    house.do(Retire(newer.id))
    with pytest.raises(NotFound):
        house.start()
    house.complete(case, "granska", house.person("Anna", "storsthlm"), beslut="ja")
    assert house.elements(case) == ["aterkoppla"]
    with pytest.raises(NotFound):
        house.do(Retire(999))


def test_a_definition_that_was_not_stored_is_not_remembered(house: House) -> None:
    """A refused deployment's id is used again by the next one: a cache must not have kept its graph."""

    class Fails:
        def prepare(self, engine, actor):
            self.inner = Deploy(
                {
                    "anropad.bpmn": (HERE / "anropad.bpmn").read_bytes(),
                    "forms/svara.json": (HERE / "forms/svara.json").read_bytes(),
                }
            ).prepare(engine, actor)
            return self

        def execute(self, tx):
            self.inner.execute(tx)
            from engine.runtime.lifecycle import StartCase as Start

            Start("anropad").execute(tx)
            raise Refused("Expected this to fail.", "Nej.")

    with pytest.raises(Refused):
        house.do(Fails())
    house.deploy("skript")
    assert house.ask(DefinitionById(house.ask(Definitions())[0].id)).graph.key == "skript"
    house.do(StartCase("skript", {"tal": 6, "nolla": 2}))
