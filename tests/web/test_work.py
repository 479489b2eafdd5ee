"""Ad-hoc work on the case's page: a button for what this person may begin, and a way to say that all is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Actor, Deploy, StartCase
from tests.web.conftest import World
from tests.web.inspector import Inspector

DIAGRAM = Path(__file__).parents[1] / "engine" / "fritt.bpmn"


@pytest.fixture
def case(world: World) -> int:
    world.engine.execute(Deploy({"fritt.bpmn": DIAGRAM.read_bytes()}), actor=Actor.system())
    case_id: int = world.engine.execute(StartCase("fritt", {"antal": 0}), actor=Actor.system())
    return case_id


def offered(client: Inspector, case: int) -> list[str]:
    page = client.see(f"/cases/{case}")
    sections = [one for one in page.all("section") if one["aria-labelledby"].startswith("work-")]
    return [button.text for section in sections for button in section.all("button")]


def send(client: Inspector, case: int, verb: str, **data: str) -> int:
    """As by a form that somebody had before them a while ago."""
    token = client.page.first("input", name="csrf_token")
    assert token
    return client.post(f"/cases/{case}/work/1/{verb}", data={"csrf_token": token["value"], **data}).status_code


def test_a_button_for_what_one_may_begin(world: World, case: int) -> None:
    whole = ["Starta ”Fråga regionen”", "Starta ”Räkna”", "Avsluta ”Utredning”"]
    assert offered(world.client("cecilia"), case) == whole
    assert offered(world.client("anna"), case) == ["Starta ”Fråga regionen”"]
    assert offered(world.client("adam"), case) == []
    assert offered(world.client("rut"), case) == []
    world.client("karin").see(f"/cases/{case}", status=404)


def test_begun_and_ended(world: World, case: int) -> None:
    anna, cecilia = world.client("anna"), world.client("cecilia")
    anna.see(f"/cases/{case}")
    anna.submit(f"/cases/{case}/work/1/begin", {"element": "fraga"})
    anna.see(f"/cases/{case}")
    assert "Startad." in anna.flashes()
    assert [row.element for row in world.rows("task")] == ["fraga"]
    cecilia.see(f"/cases/{case}")
    cecilia.submit(f"/cases/{case}/work/1/end")
    page = cecilia.see(f"/cases/{case}")
    assert "Arbetet är avslutat" in cecilia.flashes()
    assert [row.state for row in world.rows('"case"') if row.id == case] == ["completed"]
    assert "HSF startade ”Fråga regionen”" in page.text
    assert "Storsthlm avslutade ”Utredning”" in page.text


@pytest.mark.parametrize(("who", "element"), [("cecilia", "sammanstall"), ("anna", "rakna"), ("cecilia", "")])
def test_what_cannot_be_begun_is_told_and_changes_nothing(world: World, case: int, who: str, element: str) -> None:
    client = world.client(who)
    client.see(f"/cases/{case}")
    assert send(client, case, "begin", element=element) == 303
    client.see(f"/cases/{case}")
    assert "Det går inte att starta" in client.flashes()
    assert world.rows("task") == []


def test_to_others_it_is_not_there(world: World, case: int) -> None:
    karin = world.client("karin")
    karin.see("/cases")
    assert send(karin, case, "begin", element="fraga") == 404
    assert send(karin, case, "end") == 404
    assert world.rows("task") == []


def test_those_who_only_look_at_the_case_begin_nothing(world: World, case: int) -> None:
    rut = world.client("rut")
    rut.see(f"/cases/{case}")
    assert send(rut, case, "begin", element="fraga") == 303
    assert world.rows("task") == []
