"""People, what they hold from when to when, passwords and sessions."""

from datetime import date, timedelta

import pytest

from engine import (
    Actor,
    AddPerson,
    CompleteTask,
    Conflict,
    DeactivatePerson,
    EditPerson,
    EndRole,
    GrantRole,
    Invalid,
    KeepSession,
    LogIn,
    LogInDemo,
    LogOut,
    NotAllowed,
    NotFound,
    People,
    PeopleHolding,
    PersonById,
    PersonBySession,
    ReactivatePerson,
    SetPassword,
    TrappaError,
)
from engine.identity import passwords, permissions
from engine.identity.tables import session
from tests.engine.house import House

PASSWORD = "tolv små grodor"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real algorithm, with as little work as it allows."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def ada(house: House) -> Actor:
    person = house.do(AddPerson("ada", "Ada Admin", "ada@example.org", PASSWORD))
    house.do(GrantRole(person, "admin"))
    house.people["Ada Admin"] = person
    return house.engine.actor_for(person)


def test_a_password_opens_a_session_and_logging_out_closes_it(house: House, ada: Actor) -> None:
    token = house.do(LogIn(" ADA ", PASSWORD), Actor.nobody())
    found = house.ask(PersonBySession(token), Actor.nobody())
    assert (found.person_id, found.username, found.name) == (ada.person_id, "ada", "Ada Admin")
    house.do(LogOut(token))
    assert house.ask(PersonBySession(token)) is None


def test_the_database_knows_neither_password_nor_token(house: House, ada: Actor) -> None:
    token = house.do(LogIn("ada", PASSWORD))
    with house.engine._database.connect() as connection:
        rows = [
            str(row) for name in ("person", "session") for row in connection.exec_driver_sql(f"SELECT * FROM {name}")
        ]
    assert not any(PASSWORD in row or token in row for row in rows)
    assert any("argon2id" in row for row in rows)


def test_a_session_ends_when_idle_and_when_its_time_is_up(house: House, ada: Actor) -> None:
    token = house.do(LogIn("ada", PASSWORD))
    house.clock.advance(timedelta(minutes=29))
    found = house.ask(PersonBySession(token))
    assert (found.is_fresh, found.idle_until - house.clock.now()) == (False, timedelta(minutes=30))
    house.do(KeepSession(token))
    assert house.ask(PersonBySession(token)).is_fresh
    for _ in range(25):
        house.clock.advance(timedelta(minutes=29))
        house.do(KeepSession(token))
    assert house.ask(PersonBySession(token)) is None
    idle = house.do(LogIn("ada", PASSWORD))
    house.clock.advance(timedelta(minutes=31))
    house.do(KeepSession(idle))
    assert house.ask(PersonBySession(idle)) is None


def test_after_five_wrong_passwords_the_account_waits(house: House, ada: Actor) -> None:
    for _ in range(5):
        with pytest.raises(NotAllowed, match="do not fit"):
            house.do(LogIn("ada", "fel lösenord"))
    with pytest.raises(NotAllowed, match="waits") as told:
        house.do(LogIn("ada", PASSWORD))
    assert told.value.sv == "För många felaktiga försök. Försök igen efter kl 09:02."
    house.clock.advance(timedelta(minutes=2))
    house.do(LogIn("ada", PASSWORD))
    with pytest.raises(NotAllowed, match="do not fit"):
        house.do(LogIn("ada", "fel lösenord"))


def test_an_unknown_account_answers_like_a_known_one(house: House, ada: Actor) -> None:
    told = []
    for username in ("ada", "okand"):
        for _ in range(6):
            with pytest.raises(NotAllowed) as refused:
                house.do(LogIn(username, "fel lösenord"))
        told.append(refused.value.sv)
    assert told[0] == told[1]


def test_a_weak_password_is_refused(house: House) -> None:
    for password in ("kort", "aaaaaaaaaaaaaaaa", "hemligt-ada-1234", "x" * 200):
        with pytest.raises(Invalid) as told:
            house.do(AddPerson("ada", "Ada", "", password))
        assert "password" in told.value.fields


def test_a_new_password_signs_out_and_only_the_person_or_an_admin_sets_it(house: House, ada: Actor) -> None:
    token = house.do(LogIn("ada", PASSWORD))
    with pytest.raises(NotAllowed):
        house.do(SetPassword(ada.person_id or 0, "fjorton små grodor"), house.person("Hanna", "hsf"))
    house.do(SetPassword(ada.person_id or 0, "fjorton små grodor"), ada)
    assert house.ask(PersonBySession(token)) is None
    house.do(LogIn("ada", "fjorton små grodor"))


def test_who_is_deactivated_is_out_at_once(house: House, ada: Actor) -> None:
    hanna = house.do(AddPerson("hanna", "Hanna", "", PASSWORD), ada)
    token = house.do(LogIn("hanna", PASSWORD))
    house.do(DeactivatePerson(hanna), ada)
    assert house.ask(PersonBySession(token)) is None
    with pytest.raises(NotFound):
        house.engine.actor_for(hanna)
    with pytest.raises(NotAllowed):
        house.do(LogIn("hanna", PASSWORD))
    house.do(ReactivatePerson(hanna), ada)
    house.do(LogIn("hanna", PASSWORD))


def test_a_role_counts_from_its_first_day_to_its_last(house: House) -> None:
    person = house.do(AddPerson("eva", "Eva"))
    house.do(GrantRole(person, "hsf", valid_from=date(2026, 3, 3), valid_to=date(2026, 3, 4)))
    held = []
    for _ in range(4):
        held.append([str(one) for one in house.engine.actor_for(person).memberships])
        house.clock.advance(timedelta(days=1))
    assert held == [[], ["hsf"], ["hsf"], []]


def test_a_role_that_ends_bites_at_the_next_request(house: House) -> None:
    house.deploy("arende")
    case = house.start()
    anna = house.person("Anna", "storsthlm")
    row = house.ask(PersonById(anna.person_id or 0)).roles[0]
    house.do(EndRole(row.id))
    with pytest.raises(NotFound):
        house.do(
            CompleteTask(house.task(case, "granska"), {"beslut": "ja"}), house.engine.actor_for(anna.person_id or 0)
        )


def test_only_an_admin_administers_people(house: House, ada: Actor) -> None:
    hanna = house.person("Hanna", "hsf")
    for command in (
        AddPerson("x1", "X"),
        EditPerson(1, "X", ""),
        DeactivatePerson(1),
        GrantRole(1, "admin"),
        EndRole(1, date(2026, 1, 1)),
    ):
        with pytest.raises(NotAllowed):
            house.do(command, hanna)
    with pytest.raises(NotAllowed):
        house.ask(People(), hanna)
    with pytest.raises(Conflict):
        house.do(AddPerson("ADA", "En till"), ada)
    with pytest.raises(NotFound):
        house.do(EditPerson(999, "X", ""), ada)
    house.do(EditPerson(hanna.person_id or 0, "Hanna Ny", "ny@example.org"), ada)
    assert [(one.name, one.email) for one in house.ask(People(), ada)][1] == ("Hanna Ny", "ny@example.org")


def test_what_cannot_be_is_refused(house: House, ada: Actor) -> None:
    for command in (
        AddPerson("", "X"),
        AddPerson("ok", "\x00"),
        AddPerson("ok", "X", "ingen adress"),
        GrantRole(1, "Stor Roll"),
        GrantRole(1, "hsf", valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1)),
    ):
        with pytest.raises(Invalid):
            house.do(command, ada)


def test_people_are_sorted_as_swedish_sorts(house: House) -> None:
    for number, name in enumerate(("Östen", "Ärla", "Åsa", "Zara", "Bo")):
        house.do(AddPerson(f"p{number}", name))
    assert [one.name for one in house.ask(People())] == ["Bo", "Zara", "Åsa", "Ärla", "Östen"]


def test_who_holds_a_role_is_found_by_scope_and_side(house: House) -> None:
    house.person("Kim", "lokal_samverkan:huddinge@kommun")
    house.person("Ria", "lokal_samverkan:huddinge@region")
    house.person("Nils", "lokal_samverkan:nacka@kommun")
    found = [one.name for one in house.ask(PeopleHolding(("lokal_samverkan:huddinge",)))]
    assert found == ["Kim", "Ria"]
    assert [one.name for one in house.ask(PeopleHolding(("lokal_samverkan:huddinge@region",)))] == ["Ria"]


def test_the_demo_lets_pick_and_nothing_else_does(house: House) -> None:
    person = house.do(AddPerson("demo-hsf", "HSF, handläggare", demo=True))
    real = house.do(AddPerson("eva", "Eva"))
    with pytest.raises(NotFound):
        house.do(LogInDemo(person), Actor.nobody())
    with pytest.raises(NotAllowed):
        house.ask(People(demo=True), Actor.nobody())
    demo = House(house.url, demo=True)
    assert [one.id for one in demo.ask(People(demo=True), Actor.nobody())] == [person]
    token = demo.do(LogInDemo(person), Actor.nobody())
    assert demo.ask(PersonBySession(token)).person_id == person
    with pytest.raises(NotFound):
        demo.do(LogInDemo(real), Actor.nobody())
    demo.engine.close()


def test_expired_sessions_are_swept(house: House, ada: Actor) -> None:
    house.do(LogIn("ada", PASSWORD))
    house.clock.advance(timedelta(hours=13))
    house.do(LogIn("ada", PASSWORD))
    with house.engine._database.connect() as connection:
        assert len(connection.execute(session.select()).all()) == 1


@pytest.mark.parametrize(("candidate", "fits"), [
    ("lokal_samverkan", True),
    ("lokal_samverkan:huddinge", True),
    ("lokal_samverkan@kommun", True),
    ("lokal_samverkan:huddinge@kommun", True),
    ("lokal_samverkan:nacka", False),
    ("lokal_samverkan:huddinge@region", False),
    ("lokal", False),
    ("admin", False),
    ("", False),
])  # fmt: skip
def test_a_candidate_asks_for_role_scope_and_side(candidate: str, fits: bool) -> None:
    from engine import Membership

    actor = Actor(
        1, "Kim", memberships=(Membership("lokal_samverkan", "huddinge", "kommun", "huddinge"), Membership("admin"))
    )
    assert (permissions.standing(actor, [candidate]) is not None) is fits


def test_every_refusal_speaks_both_languages(house: House, ada: Actor) -> None:
    with pytest.raises(TrappaError) as told:
        house.do(GrantRole(999, "hsf"), ada)
    assert told.value.sv == "Personen finns inte."  # type: ignore[attr-defined]
    assert str(told.value).startswith("Expected ")
