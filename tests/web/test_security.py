"""Who gets in, where to, and what is sent back: the frame around every page."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from engine import EndRole, People, Unavailable, Unsure
from engine.identity.commands import DeactivatePerson
from tests.web.conftest import World, statements
from web import create_app
from web.security import ANYONE, allow, check_routes

OPEN_TO_ANYONE = {
    "static", "auth.login", "auth.log_in", "auth.by_password", "auth.log_in_as", "auth.logout", "auth.language",
    "guide.index",
}  # fmt: skip
BLUEPRINTS_OF_THIS_TEST = {"inbox", "tasks", "start", "auth", "static"}


def arguments(rule: Any) -> dict[str, Any]:
    return {
        name: 1 if type(rule._converters[name]).__name__ != "UnicodeConverter" else "prov" for name in rule.arguments
    }


def routes(world: World, method: str) -> list[tuple[str, str]]:
    """(endpoint, path) of all routes that take the method."""
    adapter = world.app.url_map.bind("localhost")
    return [
        (rule.endpoint, adapter.build(rule.endpoint, arguments(rule), method=method))
        for rule in world.app.url_map.iter_rules()
        if method in (rule.methods or set()) and rule.endpoint != "static"
    ]


def test_every_route_says_who_may_use_it(world: World) -> None:
    for rule in world.app.url_map.iter_rules():
        assert getattr(world.app.view_functions[rule.endpoint], "allowed", None), rule.rule


def test_only_these_routes_are_open_to_anyone(world: World) -> None:
    found = {
        rule.endpoint
        for rule in world.app.url_map.iter_rules()
        if ANYONE in getattr(world.app.view_functions[rule.endpoint], "allowed", ())
    }
    assert found == OPEN_TO_ANYONE


def test_a_route_without_permission_stops_the_start() -> None:
    app = Flask("x")

    @app.get("/forgotten")
    def forgotten() -> str:
        return ""

    with pytest.raises(RuntimeError, match="/forgotten"):
        check_routes(app)
    with pytest.raises(ValueError, match="at least one"):
        allow()


def test_urls_are_typed_and_in_kebab_case(world: World) -> None:
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint != "static":
            assert re.fullmatch(r"(/|(/[a-z0-9-]+(\.[a-z]+)?|/<[a-z]*:?[a-z_]+>(\.[a-z]+)?)+)", rule.rule), rule.rule


def test_nobody_sees_anything_without_signing_in(world: World) -> None:
    world.start()
    client = world.client()
    for endpoint, path in routes(world, "GET"):
        if endpoint in OPEN_TO_ANYONE:
            continue
        response = client.get(path)
        assert response.status_code == 303, path
        assert response.location.startswith("/login"), path


def test_no_post_is_accepted_without_signing_in(world: World) -> None:
    client = world.client()
    for endpoint, path in routes(world, "POST"):
        if endpoint not in OPEN_TO_ANYONE:
            assert client.post(path).location.startswith("/login"), path


def test_no_post_is_accepted_without_its_token(world: World) -> None:
    world.start()
    everything = ("karin", "anna", "adam", "rut")
    for who in everything:
        client = world.client(who)
        before = snapshot(world)
        for _, path in routes(world, "POST"):
            status = client.post(path, data={"csrf_token": "0" * 64, "text": "x"}).status_code
            assert status in (403, 404), f"{path}: {status}"
        assert snapshot(world) == before


def test_a_post_from_another_site_is_refused(world: World) -> None:
    client = world.client("anna")
    client.see("/inbox")
    token = client.page.first("meta", name="csrf-token")
    assert token
    form = {"csrf_token": token["content"], "language": "en"}
    assert client.post("/language", data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/language", data=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_the_token_of_one_session_does_not_do_in_another(world: World) -> None:
    anna, karin = world.client("anna"), world.client("karin")
    anna.see("/inbox")
    token = anna.page.first("meta", name="csrf-token")
    assert token
    assert karin.post("/language", data={"csrf_token": token["content"], "language": "en"}).status_code == 403


TABLES = (
    "task",
    "task_draft",
    "saved_filter",
    "comment",
    "history",
    "person",
    "membership",
    "case_reader",
    "job",
    "mail",
)


def snapshot(world: World) -> dict[str, list[Any]]:
    """All that a person's doing could change; the session's own last look aside."""
    return {table: world.rows(table) for table in TABLES} | {"case": world.rows('"case"')}


@pytest.mark.parametrize("who", ["karin", "anna", "cecilia", "adam", "petra"])
def test_a_get_changes_nothing(world: World, who: str) -> None:
    world.start()
    client = world.client(who)
    before = snapshot(world)
    for _, path in routes(world, "GET"):
        client.get(path)
        client.head(path)
    assert snapshot(world) == before


@pytest.mark.parametrize("who", ["karin", "anna", "cecilia", "rut", "adam", "petra", "ingen"])
def test_every_page_of_ours_asks_the_database_at_most_ten_times(world: World, who: str) -> None:
    for number in range(3):
        world.start(rubrik=f"Rapport {number}")
    client = world.client(who)
    for endpoint, path in routes(world, "GET"):
        if endpoint.split(".")[0] in BLUEPRINTS_OF_THIS_TEST:
            client.get(path)  # what never changes is read once and kept
            with statements() as seen:
                client.get(path)
            assert len(seen) <= 10, f"{path}: {len(seen)}\n" + "\n".join(seen)


def test_whoever_lacks_the_role_sees_what_a_wrong_address_shows(world: World) -> None:
    @allow("admin")
    def only_admin() -> str:
        return "hemligt"

    world.app._got_first_request = False
    world.app.add_url_rule("/only-admin", "only_admin", only_admin)
    anna = world.client("anna")
    refused, missing = anna.get("/only-admin"), anna.get("/no-such-page")
    assert refused.status_code == missing.status_code == 404
    assert without_numbers(refused.text) == without_numbers(missing.text)
    assert world.client("adam").get("/only-admin").text == "hemligt"


def without_numbers(html: str) -> str:
    return re.sub(r"[0-9a-f]{10,64}|/[a-z-]+\"", "", html)


def test_a_role_that_ended_counts_no_more_at_the_next_request(world: World) -> None:
    world.start()
    client = world.client("anna")
    assert "Granska rapporten" in client.see("/inbox").text
    admin = world.ask("adam", People())
    role = next(person for person in admin if person.username == "anna").roles[0]
    world.do("adam", EndRole(role.id))
    assert "Granska rapporten" not in client.see("/inbox").text
    client.see("/tasks/1", 404)


def test_whoever_is_deactivated_is_out_at_the_next_request(world: World) -> None:
    client = world.client("anna")
    world.do("adam", DeactivatePerson(world.people["anna"]))
    assert client.get("/inbox").location.startswith("/login")


def test_a_session_ends_when_nobody_is_there(world: World) -> None:
    client = world.client("anna")
    client.see("/inbox")
    world.clock.advance(timedelta(minutes=25))
    client.see("/inbox")
    world.clock.advance(timedelta(minutes=25))
    client.see("/inbox")
    world.clock.advance(timedelta(minutes=31))
    assert client.get("/inbox").location == "/login?next=/inbox"


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(world: World) -> None:
    client = world.client("anna")
    cookie = client.get_cookie("trappa")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.value not in str(world.rows("session"))


def test_behind_https_the_cookies_carry_the_host_prefix(world: World) -> None:
    world.app = create_app(world.engine, demo=True, secret_key="k" * 40, secure_cookies=True)
    client = world.app.test_client()
    page = client.get("/login", base_url="https://localhost")
    assert "max-age" in page.headers["Strict-Transport-Security"]
    cookies = page.headers.getlist("Set-Cookie")
    assert cookies
    assert all(cookie.startswith("__Host-") and "Secure" in cookie and "Path=/" in cookie for cookie in cookies)


def test_too_many_writes_a_minute_are_stopped(world: World) -> None:
    world.app.config["WRITES_PER_MINUTE"] = 5
    client = world.client("anna")
    client.see("/inbox")
    statuses = [client.post("/inbox/filters", data=filter_form(client)).status_code for _ in range(8)]
    assert statuses.count(429) >= 3
    assert client.heading() == "Lite för fort"


def filter_form(client: Any) -> dict[str, str]:
    token = client.page.first("meta", name="csrf-token")
    return {"csrf_token": token["content"] if token else "", "name": "x", "q": "x"}


def test_a_post_that_is_too_large_is_refused(world: World) -> None:
    client = world.client("anna")
    client.see("/inbox")
    response = client.post("/language", data={"x": "a" * 3_000_000})
    assert response.status_code == 413
    assert client.heading() == "Det är för stort"


@pytest.mark.parametrize(
    "next_page",
    ["https://evil.example", "//evil.example/x", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example", "\x00"],
)
def test_nobody_is_sent_out_of_the_house(world: World, next_page: str) -> None:
    client = world.client()
    client.see("/login")
    response = client.submit("/login/demo", {"person": world.people["anna"], "next": next_page})
    assert response.location in ("/", "/inbox")


def test_an_error_says_nothing_of_the_inside(world: World) -> None:
    def broken() -> str:
        raise ZeroDivisionError("hemlig detalj 191212-1212")

    world.app._got_first_request = False
    world.app.add_url_rule("/broken", "broken", allow(ANYONE)(broken))
    client = world.client("anna")
    response = client.get("/broken")
    assert response.status_code == 500
    assert "Något gick fel hos oss" in client.html
    assert response.headers["X-Request-Id"] in client.html
    for inside in ("ZeroDivision", "Traceback", "hemlig", "191212"):
        assert inside not in client.html


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tasks/99999999999999999999999", 404),
        ("GET", "/tasks/9223372036854775807", 404),
        ("GET", "/tasks/-1", 404),
        ("GET", "/tasks/1%00", 404),
        ("GET", "/start/%F0%9F%92%A9", 404),
        ("GET", "/start/..%2f..%2fetc", 404),
        ("GET", "/inbox?place=" + "x" * 5000, 404),
        ("GET", "/inbox?after=%00&q=%00%ff", 200),
        ("GET", "/inbox?after=99999999999999999.1", 200),
        ("GET", "/inbox?q=%25_\\'\";--", 200),
        ("PUT", "/inbox", 405),
        ("DELETE", "/tasks/1", 405),
        ("GET", "/tasks/1/complete", 405),
    ],
)
def test_odd_addresses_get_a_friendly_page(world: World, method: str, path: str, status: int) -> None:
    client = world.client("anna")
    response = client.open(path, method=method)
    assert response.status_code == status
    if status == 405:
        assert response.headers["Allow"]


def test_the_database_away_is_said_as_such(world: World) -> None:
    def away() -> str:
        raise Unavailable("Expected the database to answer, but it did not.")

    world.app._got_first_request = False
    world.app.add_url_rule("/away", "away", allow(ANYONE)(away))
    client = world.client()
    response = client.get("/away")
    assert response.status_code == 503
    assert client.heading() == "Stängt en stund"


def test_a_commit_that_nobody_knows_of_is_said_as_such(world: World) -> None:
    def broken() -> str:
        raise Unsure("Expected the commit to be confirmed, but the connection broke.")

    world.app._got_first_request = False
    world.app.add_url_rule("/broken", "broken", allow(ANYONE)(broken))
    client = world.client()
    assert client.get("/broken").status_code == 503
    assert "vi vet inte om det hann bli klart" in client.page.text


def test_a_built_file_goes_packed_and_may_be_kept(world: World) -> None:
    client = world.client()
    plain = client.get("/static/build/app.js?v=1", headers={"Accept-Encoding": "identity"})
    packed = client.get("/static/build/app.js?v=1", headers={"Accept-Encoding": "gzip"})
    with plain, packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Content-Type"].startswith("text/javascript")
        assert gzip.decompress(packed.data) == plain.data
        assert "immutable" in packed.headers["Cache-Control"]
    assert client.get("/static/../app.py").status_code == 404
