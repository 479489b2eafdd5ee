"""Forms drawn by the server and filled in by a browser without scripts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine import Unsure, engine
from engine.forms import Context, parse
from tests.web.conftest import World, report
from tests.web.inspector import Element, Inspector, fields_of
from web.forms import masked
from web.rich_text import rich_text

FILLED = {
    "rubrik": "Utskrivningsdatum ändras",
    "tjanste_epost": "samordnare@huddinge.example.org",
    "verksamhetstyp": ["akutsjukhus", "geriatrik"],
    "beskrivning": "Datum ändras flera gånger.",
    "lokal_hantering.vad": "Togs upp på mötet.",
    "lokal_hantering.nar.0.datum": "2026-01-22",
    "principiell.svar": "nej",
    "intyg_ej_individ": "on",
}


def start_page(world: World, who: str = "karin") -> Inspector:
    client = world.client(who)
    client.see("/start/prov")
    return client


def field(page: Element, name: str) -> Element:
    return next(one for one in page.all("input", "select", "textarea") if one["name"] == name)


def test_the_form_says_what_is_optional_and_knows_ones_own_area(world: World) -> None:
    page = start_page(world).page
    assert "Verksamhet hos motparten (frivilligt)" in page.text
    assert "Rubrik (frivilligt)" not in page.text
    chosen = [
        option["value"] for option in field(page, "lokalt_omrade").all("option") if "selected" in option.attributes
    ]
    assert chosen == ["huddinge"]
    assert "Stockholm, Farsta" in page.text
    assert "Skicka till HSF" in page.text
    assert "HSF granskar rapporten inom två arbetsdagar." in page.text


def test_a_report_is_sent_and_gets_its_receipt(world: World) -> None:
    client = start_page(world)
    response = client.submit("/start/prov", FILLED)
    page = client.see(response.location)
    assert "PX-2026-0001" in page.text
    assert "Granska rapporten HSF, handläggare, senast tors 16 apr (om 2 dagar)" in page.text
    [case] = world.rows('"case"')
    assert case.title == "Utskrivningsdatum ändras"
    world.client("nils").see(response.location, 404)
    world.client("cecilia").see(response.location, 404)


def test_what_is_missing_is_said_at_the_top_and_beside_each_field(world: World) -> None:
    client = start_page(world)
    client.submit("/start/prov", {"rubrik": "Behåll mig"}, status=422)
    assert client.errors() == [
        "Fyll i ”Din tjänsteadress”.",
        "Fyll i ”Beskrivning”.",
        "Beskriv vad ni har gjort lokalt, eller svara ja på frågan om principiell karaktär.",
        "Välj ett alternativ under ”Är frågan av principiell karaktär, så att den kan antas påverka andra parter?”.",
        "Kryssa i ”Rapporten gäller inte en enskild individ” för att gå vidare.",
    ]
    assert field(client.page, "rubrik")["value"] == "Behåll mig"
    assert field(client.page, "beskrivning")["aria-invalid"] == "true"
    assert client.page.first("title").text.startswith("Ändra: ")  # type: ignore[union-attr]
    assert world.rows('"case"') == []


def test_rows_are_added_and_taken_away_without_scripts(world: World) -> None:
    client = start_page(world)
    client.submit("/start/prov", {**FILLED, "_add": "kontakter"}, status=200)
    names = [name for name, _ in fields_of(client.form("/start/prov"))]
    assert [name for name in names if name.startswith("kontakter")] == [
        "kontakter.0.funktion", "kontakter.0.dagar", "kontakter.1.funktion", "kontakter.1.dagar",
    ]  # fmt: skip
    client.submit("/start/prov", {"kontakter.0.funktion": "Ett", "_add": "kontakter"}, status=200)
    client.submit(
        "/start/prov", {"kontakter.1.funktion": "Två", "kontakter.1.dagar": "3", "_remove": "kontakter.0"}, status=200
    )
    assert field(client.page, "kontakter.0.funktion")["value"] == "Två"
    assert field(client.page, "rubrik")["value"] == FILLED["rubrik"]
    assert world.rows('"case"') == []
    client.submit("/start/prov")
    [case] = world.rows('"case"')
    assert '{"funktion":"Två","dagar":3}' in case.data


def test_a_row_that_is_wrong_is_pointed_at(world: World) -> None:
    client = start_page(world)
    client.submit("/start/prov", {**FILLED, "kontakter.0.funktion": "Samordnare", "kontakter.0.dagar": "9"}, status=422)
    assert client.errors() == ["”Dagar i veckan” ska vara högst 7."]
    assert field(client.page, "kontakter.0.dagar")["aria-invalid"] == "true"


@pytest.mark.parametrize("name", ["okand", "rubrik.mer", "kontakter.0.annat", "startad_av", "__class__"])
def test_a_field_that_is_smuggled_in_is_refused(world: World, name: str) -> None:
    client = start_page(world)
    client.submit("/start/prov", {**FILLED, name: "smuggelgods"}, status=422)
    assert "smuggelgods" not in client.html
    assert world.rows('"case"') == []


@pytest.mark.parametrize(
    "number", ["19121212-1212", "121212-1212", "191212121212", "19 12 12 12 12 12", "1912-12-12 1212"]
)
def test_R2_a_personnummer_is_refused_unrepeated_and_nothing_is_stored(world: World, number: str) -> None:
    client = start_page(world)
    before = {table: world.rows(table) for table in ("history", "task_draft", '"case"')}
    client.submit("/start/prov", {**FILLED, "beskrivning": f"Det gäller {number} på avdelningen."}, status=422)
    assert "personnummer" in client.errors()[0]
    assert number not in client.html
    assert "Det gäller [borttaget nummer] på avdelningen." in client.html
    assert {table: world.rows(table) for table in before} == before


def test_contact_data_in_free_text_is_refused_beside_its_field(world: World) -> None:
    client = start_page(world)
    client.submit("/start/prov", {**FILLED, "beskrivning": "Ring 08-123 45 67 så får ni veta."}, status=422)
    assert "telefonnummer" in client.errors()[0]
    assert field(client.page, "beskrivning")["aria-invalid"] == "true"


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "</textarea><script>",
    "%(name)s %s",
    "\u202eomvänt\u202d",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_write_comes_out_as_text_everywhere(world: World, text: str) -> None:
    # The inspector fails each page with inline script, a handler, a broken tree or a link that runs something.
    client = start_page(world)
    client.is_hostile = True
    response = client.submit(
        "/start/prov", {**FILLED, "rubrik": text, "beskrivning": text, "lokal_hantering.vad": text}
    )
    assert text in client.see(response.location).text
    anna = world.client("anna")
    anna.is_hostile = True
    assert text in anna.see("/inbox").text
    assert text in anna.see("/tasks/1").text
    anna.submit("/tasks/1/comment", {"comment": text})
    assert text in anna.see("/tasks/1").text
    anna.see(f"/inbox?q={text}")
    client.see("/start/prov")
    client.submit("/start/prov", {"rubrik": text}, status=422)
    assert field(client.page, "rubrik")["value"] == text


def test_a_hostile_name_comes_out_as_text(world: World) -> None:
    from engine import EditPerson

    world.start()
    world.do("adam", EditPerson(world.people["bo"], "<b onclick=x>Bo</b>", ""))
    client = world.client("bo")
    client.see("/inbox?place=hsf:hsf@region")
    client.submit("/tasks/1/claim")
    page = world.client("anna").see("/inbox")
    assert "<b onclick=x>Bo</b> har den" in page.text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**fet** och *lutande*", "<p><strong>fet</strong> och <em>lutande</em></p>"),
        ("- ett\n- två", "<ul><li>ett</li><li>två</li></ul>"),
        ("1. ett\n2. två", "<ol><li>ett</li><li>två</li></ol>"),
        ("# Rubrik\nText", "<h2>Rubrik</h2><p>Text</p>"),
        ("[länk](https://storsthlm.se/x)", '<p><a href="https://storsthlm.se/x">länk</a></p>'),
        ("[länk](javascript:alert(1))", "<p>[länk](javascript:alert(1))</p>"),
        ("<b>x</b> & y", "<p>&lt;b&gt;x&lt;/b&gt; &amp; y</p>"),
        ('[x](https://a"onclick="b)', '<p><a href="https://a&#34;onclick=&#34;b">x</a></p>'),
        ("{{ titel }} och {{saknas}}.", "<p>**inte fet** &lt;b&gt; och .</p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
    ],
)
def test_the_little_markdown_that_forms_may_use(text: str, html: str) -> None:
    assert str(rich_text(text, {"titel": "**inte fet** <b>"})) == html


def test_masking_takes_out_numbers_and_nothing_else(world: World) -> None:
    with world.app.test_request_context():
        given = {"a": ["Nr 191212121212 och 19121212-1212."], "b": 7, "c": "ingen"}
        assert masked(given) == {"a": ["Nr [borttaget nummer] och [borttaget nummer]."], "b": 7, "c": "ingen"}


def test_a_draft_is_drawn_as_it_was_typed(world: World) -> None:
    from web.forms import draw

    form = parse(
        {
            "components": [
                {"type": "number", "key": "n", "label": "N"},
                {"type": "checklist", "key": "v", "label": "V", "values": [{"value": 1, "label": "Ett"}]},
            ]
        }
    )
    with world.app.test_request_context():
        number, choice = draw(form, Context(date(2026, 1, 1)), {"n": "3,x", "v": [1]})
        assert (number.value, choice.value) == ("3,x", ["1"])
        number, choice = draw(form, Context(date(2026, 1, 1)), {"n": 3.5, "v": None})
        assert (number.value, choice.value) == ("3,5", [])
    assert report()


def test_a_form_sent_twice_without_scripts_makes_one_case(world: World) -> None:
    client = start_page(world)
    form = client.page
    receipts = set()
    for _ in range(2):
        client.page = form
        receipts.add(client.submit("/start/prov", FILLED).location)
    assert len(receipts) == 1
    assert len(world.rows('"case"')) == 1


def test_what_was_typed_stays_where_nobody_knows_whether_it_was_saved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = start_page(world)
    commit = engine._commit
    broken = [True]

    def breaks_after(connection: Any) -> None:
        commit(connection)
        if broken:
            broken.clear()
            raise Unsure("Expected the commit to be confirmed, but the connection broke.")

    monkeypatch.setattr(engine, "_commit", breaks_after)
    client.submit("/start/prov", FILLED, status=503)
    assert "vi vet inte om det hann bli klart" in client.errors()[0]
    assert field(client.page, "rubrik")["value"] == FILLED["rubrik"]
    response = client.submit("/start/prov")
    assert response.status_code == 303
    assert len(world.rows('"case"')) == 1
