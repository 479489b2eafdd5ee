"""Signing in by password and, in the demo only, by picking a person."""

from __future__ import annotations

import pytest

from engine import Actor, SetPassword
from tests.web.conftest import PASSWORD, World


@pytest.fixture
def real(real_world: World) -> World:
    real_world.engine.execute(SetPassword(real_world.people["anna"], PASSWORD), actor=Actor.system())
    return real_world


def test_help_is_there_for_everybody(world: World) -> None:
    for who in (None, "karin", "rut"):
        page = world.client(who).see("/help")
        assert "Det här kan du göra" in page.text


def test_the_demo_offers_each_person_by_role(world: World) -> None:
    page = world.client().see("/login")
    assert "Storsthlm, handläggare" in page.text
    assert "Rapportör i kommun, Huddinge" in page.text
    assert "Lokal samverkan" in world.client().see("/login?q=huddinge").text


def test_the_demo_is_searched_by_role_and_name(world: World) -> None:
    client = world.client()
    page = client.see("/login?q=hsf+anna")
    assert [button.text for button in page.all("button") if button["name"] == "person"] == [
        "HSF, handläggare Anna Berg"
    ]
    assert "Ingen heter så" in client.see("/login?q=finnsinte").text


def test_the_demo_page_does_not_exist_without_demo(real: World) -> None:
    client = real.client()
    assert client.see("/login").first("input", name="password")
    token = client.page.first("meta", name="csrf-token")
    assert token
    form = {"csrf_token": token["content"], "person": str(real.people["anna"])}
    assert client.post("/login/demo", data=form).status_code == 404
    assert real.rows("session") == []


def test_signing_in_leads_to_where_one_wanted(real: World) -> None:
    client = real.client()
    assert client.get("/tasks/7").location == "/login?next=/tasks/7"
    client.see("/login?next=/inbox?place=done")
    response = client.submit("/login", {"username": "Anna", "password": PASSWORD})
    assert response.location == "/inbox?place=done"
    assert "Det jag har gjort" in client.see("/inbox?place=done").text
    assert client.get("/login").location == "/inbox"


def test_a_wrong_password_is_told_without_saying_what_was_wrong(real: World) -> None:
    answers = []
    for username in ("anna", "finnsinte"):
        client = real.client()
        client.see("/login")
        client.submit("/login", {"username": username, "password": "fel lösenord här"}, status=422)
        answers.append(client.errors())
        assert "fel lösenord här" not in client.html
    assert answers[0] == answers[1] == ["Användarnamnet eller lösenordet är fel."]


def test_five_tries_a_minute_and_no_more(real: World) -> None:
    client = real.client()
    client.see("/login")
    for _ in range(5):
        client.submit("/login", {"username": "bo", "password": "x"}, status=422)
    client.submit("/login", {"username": "bo", "password": "x"}, status=429)


def test_signing_out_ends_the_session_on_the_server(world: World) -> None:
    client = world.client("anna")
    cookie = client.get_cookie("trappa")
    assert cookie
    client.see("/inbox")
    client.submit("/logout")
    assert "Du är utloggad." in client.see("/login").text
    client.set_cookie("trappa", cookie.value)
    assert client.get("/inbox").location.startswith("/login")


def test_a_session_that_is_made_up_is_none(world: World) -> None:
    client = world.client()
    for token in ("x", "%C3%A5" * 10, "a" * 3000, "'; --"):
        client.set_cookie("trappa", token)
        assert client.get("/inbox").location.startswith("/login")


def test_signing_in_gives_a_new_session(world: World) -> None:
    client = world.client("anna")
    first = client.get_cookie("trappa")
    client.see("/inbox")
    client.submit("/logout")
    client.see("/login?q=Bo")
    client.submit("/login/demo", {"person": world.people["bo"]})
    second = client.get_cookie("trappa")
    assert first
    assert second
    assert first.value != second.value


def test_a_person_without_roles_is_told_so(world: World) -> None:
    page = world.client("ingen").see("/inbox")
    assert "Du har ingen roll just nu." in page.text
    assert world.client("ingen").see("/start").text.count("Du kan inte starta något själv") == 1


def test_the_language_is_chosen_by_the_button_and_kept(world: World) -> None:
    client = world.client("anna")
    client.see("/inbox?place=done")
    response = client.submit("/language", {"language": "en"})
    assert response.location == "/inbox?place=done"
    page = client.see("/inbox?place=done")
    assert page.first("html", lang="en")
    assert "What I have done" in page.text
    client.submit("/language", {"language": "sv"})
    assert client.see("/inbox").first("html", lang="sv")
    client.submit("/language", {"language": "../../etc"})
    assert client.see("/inbox").first("html", lang="sv")
