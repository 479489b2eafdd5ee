"""Swedish first, and everything in English too."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from tests.web.catalogue import catalogue, hidden_in_f_strings, messages
from tests.web.conftest import START, World
from web import labels
from web.formats import ceiling, day_and_distance, day_text, distance_text, due_kind, moment_text
from web.languages import translations

RUNGS = ("analys", "sekretariat", "tsg", "vis")
SLOT = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def texts(message: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message or ("",))


def test_every_text_has_its_english() -> None:
    known = {message.id: message.string for message in catalogue() if message.id}
    missing = [message for message in messages() if not all(texts(known.get(message, "")))]
    assert missing == [], "run `python -m tests.web.catalogue`, then translate what it added"


def test_no_text_is_translated_that_is_shown_nowhere() -> None:
    shown = messages()
    assert [message.id for message in catalogue() if message.id and message.id not in shown] == []


def test_every_translation_keeps_the_slots() -> None:
    for message in catalogue():
        if not message.id:
            continue
        wanted = set(SLOT.findall(texts(message.id)[-1]))
        for text in texts(message.string):
            assert set(SLOT.findall(text)) <= wanted, message.id
        assert set(SLOT.findall(texts(message.string)[-1])) == wanted, message.id


def test_the_houses_own_lists_have_their_english(world: World) -> None:
    """Statuses, decisions and settings; what forms and diagrams say is the process's own."""
    english = translations("en")
    with world.app.test_request_context():
        said = [
            str(row.get("namn") or row.get("kortnamn") or row.get("text"))
            for kind in ("status", "aterkopplingssteg", "installningar", *(f"utfall_{one}" for one in RUNGS))
            for row in labels.reference(kind)
        ]
    assert len(said) > 50
    assert [one for one in said if one not in ("TSG", "VIS") and english.gettext(one) == one] == []


def test_no_text_hides_where_nobody_finds_it() -> None:
    assert list(hidden_in_f_strings()) == []


def test_R55_the_interface_says_overenskommelse() -> None:
    said = [text for message in messages() for text in texts(message)]
    assert [text for text in said if re.search(r"\b(sam)?avtal", text, re.IGNORECASE)] == []


def test_the_interface_keeps_problem_in_cooperation_and_avvikelse_apart() -> None:
    """Avvikelse is only ever the organisation's own system."""
    said = [text for message in messages() for text in texts(message) if "avvikelse" in text.lower()]
    assert all(re.search(r"eg(en|na|et)", text) for text in said), said


@pytest.mark.parametrize(
    ("language", "days", "expected"),
    [
        ("sv", 0, "tis 14 apr (i dag)"),
        ("sv", 1, "ons 15 apr (i morgon)"),
        ("sv", -1, "mån 13 apr (i går)"),
        ("sv", 3, "fre 17 apr (om 3 dagar)"),
        ("sv", -9, "sön 5 apr (för 9 dagar sedan)"),
        ("sv", 91, "tis 14 juli (om 3 månader)"),
        ("sv", 365, "ons 14 apr 2027 (om 12 månader)"),
        ("en", 3, "Fri 17 Apr (in 3 days)"),
        ("en", -1, "Mon 13 Apr (yesterday)"),
    ],
)
def test_dates_are_written_as_people_say_them(world: World, language: str, days: int, expected: str) -> None:
    with world.app.test_request_context(headers={"Cookie": f"sprak={language}"}):
        shown = day_and_distance(START + timedelta(days=days))
        assert re.sub(r"<[^>]*>", "", shown) == expected


def test_times_are_swedish_times(world: World) -> None:
    with world.app.test_request_context():
        assert moment_text("2026-04-14T22:30:00+00:00") == "ons 15 apr 00:30"
        assert day_text(date(2026, 12, 24)) == "tors 24 dec"
        assert day_text("2026-03-01", weekday=False) == "1 mars"
        assert day_text("inget datum") == "inget datum"
        assert (day_text(None), distance_text(None), day_and_distance(None)) == ("", "", "")


def test_what_is_due_is_marked(world: World) -> None:
    with world.app.test_request_context():
        kinds = [due_kind(START + timedelta(hours=hours)) for hours in (-1, 1, 47, 49)]
        assert kinds == ["late", "soon", "soon", "plain"]
        assert due_kind(None) == "plain"


def test_large_counts_are_not_counted_to_the_end() -> None:
    assert [ceiling(number) for number in (0, 999, 1000, 5000)] == ["0", "999", "1\u202f000+", "1\u202f000+"]


@pytest.mark.parametrize("who", ["karin", "anna", "adam", "rut", "petra"])
def test_every_page_comes_in_english_too(world: World, who: str) -> None:
    from tests.web.test_security import routes

    world.start()
    client = world.client(who)
    client.set_cookie("sprak", "en")
    for _, path in routes(world, "GET"):
        response = client.get(path)
        if response.status_code == 200 and response.mimetype == "text/html":
            assert client.page.first("html", lang="en"), path
