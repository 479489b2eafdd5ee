"""A form-js schema is read and filled in: what is accepted, what is asked for again, and what hostile input meets."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from typing import Any

import pytest

from engine.errors import Invalid
from engine.forms import BadForm, Condition, Context, check_form, choices, from_html, inputs, parse, validate
from tests.speed import in_time

TODAY = date(2026, 4, 14)
REFERENCE = {"lokala_omraden": [{"nyckel": "huddinge", "namn": "Huddinge"}, {"nyckel": "nacka", "namn": "Nacka"}]}
CONTEXT = Context(TODAY, {"grupper": [{"value": "a", "label": "Grupp A"}]}, lambda kind: REFERENCE.get(kind, ()))


def schema(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": "default", "components": list(components)}


def text(key: str = "rubrik", **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "key": key, "label": "Rubrik", **more}


def rows(**more: Any) -> dict[str, Any]:
    return {"type": "dynamiclist", "path": "rader", "label": "Rader", "components": [text("namn")], **more}


FLAT_DATES = {
    "type": "dynamiclist",
    "path": "lokal_hantering.nar",
    "label": "När",
    "properties": {"platt": "ja"},
    "components": [{"type": "datetime", "key": "datum", "subtype": "date", "dateLabel": "Datum"}],
}


def problems(form: dict[str, Any], data: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        validate(form, data, CONTEXT)
    return {path: sentences[0] for path, sentences in caught.value.fields.items()}


# --- what is accepted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "given", "answer"),
    [
        (text(), "  Två   ord ", "Två ord"),
        (text(), "", None),
        ({"type": "textarea", "key": "rubrik", "label": "B"}, " rad ett\r\nrad två\x07 ", "rad ett\nrad två"),
        ({"type": "number", "key": "rubrik", "label": "A"}, "1 234,50", 1234.5),
        ({"type": "number", "key": "rubrik", "label": "A", "decimalDigits": 0}, "12", 12),
        ({"type": "number", "key": "rubrik", "label": "A"}, 7.0, 7),
        ({"type": "checkbox", "key": "rubrik", "label": "A"}, "on", True),
        ({"type": "checkbox", "key": "rubrik", "label": "A"}, None, False),
        ({"type": "radio", "key": "rubrik", "label": "A", "values": [{"value": "ja", "label": "Ja"}]}, "ja", "ja"),
        ({"type": "select", "key": "rubrik", "label": "A", "values": [{"value": 3, "label": "Tre"}]}, "3", 3),
        (
            {"type": "select", "key": "rubrik", "label": "A", "properties": {"kalla": "lokala_omraden"}},
            "nacka",
            "nacka",
        ),
        ({"type": "select", "key": "rubrik", "label": "A", "valuesKey": "grupper"}, "a", "a"),
        (
            {"type": "checklist", "key": "rubrik", "label": "A", "values": [{"value": "x", "label": "X"}]},
            ["x", "x"],
            ["x"],
        ),
        ({"type": "taglist", "key": "rubrik", "label": "A", "values": [{"value": "x", "label": "X"}]}, None, []),
        ({"type": "datetime", "key": "rubrik", "label": "A", "subtype": "date"}, "2026-02-28", "2026-02-28"),
        ({"type": "datetime", "key": "rubrik", "label": "A", "subtype": "time"}, "9.30", "09:30"),
        (
            {"type": "datetime", "key": "rubrik", "label": "A", "subtype": "datetime"},
            "2026-07-01T09:30",
            "2026-07-01T09:30+02:00",
        ),
        (text(validate={"validationType": "email"}), "anna.ek@huddinge.se", "anna.ek@huddinge.se"),
        (text(validate={"pattern": "[A-Z]{2}-[0-9]+"}), "PS-12", "PS-12"),
    ],
)
def test_an_answer_is_read_and_tidied(component: dict[str, Any], given: Any, answer: Any) -> None:
    assert validate(schema(component), {"rubrik": given}, CONTEXT) == {"rubrik": answer}


def test_every_field_is_in_the_answer_even_if_left_empty() -> None:
    form = schema(text(), rows(), {"type": "checkbox", "key": "intyg", "label": "I"}, FLAT_DATES)
    assert validate(form, {}, CONTEXT) == {"rubrik": None, "rader": [], "intyg": False, "lokal_hantering": {"nar": []}}


def test_groups_and_dotted_keys_give_nested_answers() -> None:
    group = {"type": "group", "path": "lokal_hantering", "components": [text("vad"), text("forum")]}
    answer = validate(schema(group, text("principiell.svar")), {"lokal_hantering": {"vad": "x"}}, CONTEXT)
    assert answer == {"lokal_hantering": {"vad": "x", "forum": None}, "principiell": {"svar": None}}


def test_a_flat_list_gives_plain_values() -> None:
    answer = validate(schema(FLAT_DATES), {"lokal_hantering": {"nar": ["2026-01-22"]}}, CONTEXT)
    assert answer == {"lokal_hantering": {"nar": ["2026-01-22"]}}


def test_a_hidden_field_is_not_required_but_kept() -> None:
    form = schema(
        {
            "type": "radio",
            "key": "svar",
            "label": "S",
            "values": [{"value": "ja", "label": "Ja"}, {"value": "nej", "label": "Nej"}],
        },
        text("motivering", validate={"required": True}, conditional={"hide": '=svar != "ja"'}),
    )
    assert validate(form, {"svar": "nej", "motivering": ""}, CONTEXT)["motivering"] is None
    assert validate(form, {"svar": "nej", "motivering": "ändå"}, CONTEXT)["motivering"] == "ändå"
    assert problems(form, {"svar": "ja"}) == {"motivering": "Fyll i ”Rubrik”."}


def test_a_condition_sees_answers_as_they_were_meant() -> None:
    number = {"type": "number", "key": "narvaro.kommun", "label": "Antal"}
    why = text(
        "skal", validate={"required": True}, conditional={"hide": "=narvaro.kommun > 0 or narvaro.kommun = null"}
    )
    form = schema(number, why)
    assert validate(form, {"narvaro": {"kommun": "3"}, "skal": ""}, CONTEXT)["skal"] is None
    assert validate(form, {"narvaro": {"kommun": ""}}, CONTEXT)["skal"] is None
    assert problems(form, {"narvaro": {"kommun": "0"}}) == {"skal": "Fyll i ”Rubrik”."}


def test_a_condition_sees_what_the_case_knows_only_where_the_form_does_not_ask() -> None:
    context = Context(TODAY, {"beslut": "ja", "svar": "ja"})
    required = {"validate": {"required": True}}
    form = schema(
        text("a", **required, conditional={"hide": '=beslut = "ja"'}),
        {"type": "radio", "key": "svar", "label": "S", "values": [{"value": "ja", "label": "Ja"}]},
        text("b", **required, conditional={"hide": '=svar = "ja"'}),
    )
    with pytest.raises(Invalid) as caught:
        validate(form, {}, context)
    assert set(caught.value.fields) == {"b"}


def test_a_fixed_field_gives_no_answer() -> None:
    assert validate(schema(text(readonly=True)), {"rubrik": "ändrad"}, CONTEXT) == {}


# --- what is asked for again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "given", "sentence"),
    [
        (text(validate={"required": True}), " ", "Fyll i ”Rubrik”."),
        (
            text(validate={"required": True}, properties={"fel": "Ge problemet en rubrik."}),
            "",
            "Ge problemet en rubrik.",
        ),
        (text(validate={"maxLength": 3}), "fyra", "”Rubrik” får ha högst 3 tecken, men har 4."),
        (text(validate={"minLength": 3}), "ab", "”Rubrik” behöver ha minst 3 tecken, men har 2."),
        (
            text(validate={"validationType": "email"}),
            "anna@",
            "Skriv en hel e-postadress under ”Rubrik”, till exempel namn@kommun.se.",
        ),
        (text(validate={"pattern": "[a-z]+"}), "A", "”Rubrik” är inte skrivet på det sätt som väntas."),
        (text(), 7, "”Rubrik” ska vara text."),
        (
            {"type": "number", "key": "rubrik", "label": "Antal"},
            "tre",
            "”Antal” ska vara ett tal, till exempel 12 eller 3,5.",
        ),
        (
            {"type": "number", "key": "rubrik", "label": "Antal", "validate": {"min": 1}},
            "0",
            "”Antal” ska vara minst 1.",
        ),
        (
            {"type": "number", "key": "rubrik", "label": "Antal", "decimalDigits": 0},
            "1,5",
            "”Antal” ska vara ett heltal.",
        ),
        ({"type": "number", "key": "rubrik", "label": "Antal", "validate": {"required": True}}, "", "Fyll i ”Antal”."),
        (
            {"type": "checkbox", "key": "rubrik", "label": "Intyg", "validate": {"required": True}},
            "",
            "Kryssa i ”Intyg” för att gå vidare.",
        ),
        (
            {"type": "select", "key": "rubrik", "label": "Val", "valuesKey": "grupper"},
            "b",
            "Välj ett av alternativen under ”Val”.",
        ),
        (
            {"type": "datetime", "key": "rubrik", "label": "Dag", "subtype": "date"},
            "2026-02-30",
            "Skriv datumet under ”Dag” som ÅÅÅÅ-MM-DD, till exempel 2026-04-14.",
        ),
        (
            {"type": "datetime", "key": "rubrik", "label": "Dag", "subtype": "date", "properties": {"senast": "idag"}},
            "2026-04-15",
            "Datumet under ”Dag” får inte vara efter 2026-04-14.",
        ),
    ],
)
def test_what_does_not_do_is_told_beside_its_field(component: dict[str, Any], given: Any, sentence: str) -> None:
    assert problems(schema(component), {"rubrik": given}) == {"rubrik": sentence}


def test_zero_is_an_answer() -> None:
    form = schema({"type": "number", "key": "antal", "label": "Antal", "validate": {"required": True}})
    assert validate(form, {"antal": 0}, CONTEXT) == {"antal": 0}


def test_rows_are_counted_and_told_by_number() -> None:
    form = schema(
        rows(components=[text("namn", validate={"required": True})], properties={"min_rader": "1", "max_rader": "2"})
    )
    assert problems(form, {"rader": []}) == {"rader": "Fyll i minst en rad under ”Rader”."}
    assert problems(form, {"rader": [{"namn": "a"}, {"namn": ""}]}) == {"rader.1.namn": "Fyll i ”Rubrik”."}
    assert problems(form, {"rader": [{"namn": "a"}] * 3}) == {"rader": "”Rader” kan ha högst 2 rader, men har 3."}


# --- hostile input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        {"okand": "x"},
        {"rubrik": "x", "__class__": "y"},
        {"rubrik": "x", "lokal": {"nar": 1}},
        {"rader": "inte en lista"},
        {"rader": ["inte en rad"]},
        {"rader": [{"namn": "a", "mer": 1}]},
        ["inte", "ett", "objekt"],
        "text",
        None,
    ],
)
def test_what_the_form_does_not_have_is_refused_without_repeating_it(data: Any) -> None:
    with pytest.raises(Invalid) as caught:
        validate(schema(text(), rows()), data, CONTEXT)
    assert "okand" not in str(caught.value.fields)
    assert "inte hör till formuläret" in caught.value.sv


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, True, {"a": 1}, [1]])
def test_a_number_is_a_finite_number(value: Any) -> None:
    assert problems(schema({"type": "number", "key": "n", "label": "N"}), {"n": value})


@pytest.mark.parametrize("value", [{"typename": "UUID"}, ["x"], 5, True])
def test_a_text_is_a_text(value: Any) -> None:
    assert problems(schema(text()), {"rubrik": value}) == {"rubrik": "”Rubrik” ska vara text."}


def test_lengths_are_capped_even_where_the_form_says_nothing() -> None:
    assert "högst 1000 tecken" in problems(schema(text()), {"rubrik": "a" * 1001})["rubrik"]
    long = {"type": "textarea", "key": "b", "label": "B"}
    assert "högst 20000 tecken" in problems(schema(long), {"b": "a" * 20_001})["b"]
    assert "högst 200 rader" in problems(schema(rows()), {"rader": [{"namn": "a"}] * 201})["rader"]


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", r"(a)\1", "(?=a)a", "a" * 201, "[", "(x+x+)+y", "(a?){50}"]
)
def test_a_pattern_that_could_run_for_ever_is_refused_at_deployment(pattern: str) -> None:
    findings = check_form(schema(text(validate={"pattern": pattern})))
    assert [finding.element for finding in findings] == ["components[0].validate.pattern"]


@pytest.mark.parametrize(
    "pattern", [r"[^@\s]+@[^@\s]+\.[^@\s]+", r".*.*.*.*", "(a{1,20}b?){3}", r"\d{3} ?\d{2}", "(?:ab)*c"]
)
def test_a_pattern_that_is_accepted_answers_at_once(pattern: str) -> None:
    findings = check_form(schema(text(validate={"pattern": pattern})))
    for value in ("a" * 200, "a@" * 100, "ab" * 100, "1" * 200) if not findings else ():
        form = schema(text(validate={"pattern": pattern}))
        problems_or_none = in_time(partial(validate_quietly, form, {"rubrik": value}))
        assert problems_or_none is None or "rubrik" in problems_or_none


def validate_quietly(form: dict[str, Any], data: dict[str, Any]) -> dict[str, str] | None:
    try:
        validate(form, data, CONTEXT)
    except Invalid as invalid:
        return {path: sentences[0] for path, sentences in invalid.fields.items()}
    return None


# --- from an HTML form -----------------------------------------------------------------------------------------------

RICH = parse(
    schema(
        text(),
        rows(),
        FLAT_DATES,
        {"type": "checkbox", "key": "intyg", "label": "I"},
        {
            "type": "checklist",
            "key": "val",
            "label": "V",
            "values": [{"value": "x", "label": "X"}, {"value": "y", "label": "Y"}],
        },
    )
)


def test_the_pairs_of_an_html_form_become_nested_json() -> None:
    pairs = [
        ("csrf_token", "t"),
        ("rubrik", "R"),
        ("rader.0.namn", "a"),
        ("rader.7.namn", "b"),
        ("rader.9.namn", ""),
        ("lokal_hantering.nar.0.datum", "2026-01-22"),
        ("lokal_hantering.nar.1.datum", ""),
        ("intyg", "on"),
        ("val", "x"),
        ("val", "y"),
    ]
    assert from_html(RICH, pairs) == {
        "rubrik": "R",
        "rader": [{"namn": "a"}, {"namn": "b"}],
        "lokal_hantering": {"nar": ["2026-01-22"]},
        "intyg": True,
        "val": ["x", "y"],
    }


@pytest.mark.parametrize(
    "name", ["okant", "rader.x.namn", "rader.0.annat", "rader", "__proto__", "rubrik.djup", "rader.0.namn.mer"]
)
def test_a_field_that_the_form_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        from_html(RICH, [(name, "x")])


def test_what_comes_from_html_is_accepted_as_it_is() -> None:
    answers = from_html(RICH, [("rubrik", "R")])
    assert validate({"type": "default", "components": []}, {}, CONTEXT) == {}
    assert set(answers) == {one.name.split(".")[0] for one in inputs(RICH)}


# --- deployment ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "element"),
    [
        ({"type": "html", "content": "<b>"}, "components[0]"),
        ({"type": "iframe", "url": "https://x"}, "components[0]"),
        ({"type": "filepicker", "key": "f", "label": "F"}, "components[0]"),
        ({"type": "textfield", "label": "Utan namn"}, "components[0].key"),
        ({"type": "textfield", "key": "åäö", "label": "X"}, "components[0].key"),
        ({"type": "textfield", "key": "__dict__", "label": "X"}, "components[0].key"),
        ({"type": "textfield", "key": "a"}, "components[0].label"),
        ({"type": "select", "key": "a", "label": "A"}, "components[0].values"),
        ({"type": "dynamiclist", "path": "p", "label": "P"}, "components[0].components"),
        (
            {"type": "dynamiclist", "path": "p", "properties": {"max_rader": "99999"}, "components": []},
            "components[0].properties.max_rader",
        ),
        (text(conditional={"hide": "=import os"}), "components[0].conditional.hide"),
        (text(validate={"maxLength": "tio"}), "components[0].validate.maxLength"),
        ("inte ett objekt", "components[0]"),
    ],
)
def test_what_cannot_be_shown_is_found_at_deployment(component: Any, element: str) -> None:
    findings = check_form(schema(component))
    assert [finding.element for finding in findings] == [element]
    assert findings[0].is_error
    assert findings[0].sv
    assert findings[0].en
    with pytest.raises(BadForm):
        parse(schema(component))


def test_all_findings_come_at_once() -> None:
    assert len(check_form(schema({"type": "html"}, {"type": "iframe"}, text("a"), text("a.b")))) == 3


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"{}", b'{"components": {}}', b"\xff\xfe", b"[" * 100_000, b" " * 400_000]
)
def test_a_file_that_is_no_form_is_refused(content: bytes) -> None:
    assert check_form(content)


def test_a_form_too_deep_or_too_long_is_refused() -> None:
    deep: dict[str, Any] = text()
    for _ in range(20):
        deep = {"type": "group", "components": [deep]}
    assert check_form(schema(deep))
    assert check_form(schema(*(text(f"f{n}") for n in range(500))))


def test_a_form_is_read_from_its_file() -> None:
    form = parse(json.dumps(schema(text(), {"type": "button", "label": "Skicka till Storsthlm", "key": "b"})).encode())
    assert form.submit == "Skicka till Storsthlm"
    assert [one.name for one in inputs(form)] == ["rubrik"]
    assert choices(next(inputs(form)), CONTEXT) == []


# --- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('=svar = "ja"', True),
        ('=svar != "ja"', False),
        ('=djup.vad = "x" and antal > 2', True),
        ('=svar = "nej" or antal <= 3', True),
        ("=not(intyg)", False),
        ('=list contains(val, "x")', True),
        ('=list contains(svar, "j")', False),
        ("=saknas = null", True),
        ("=antal < svar", False),
        ("=(intyg = true) and (antal = 3)", True),
    ],
)
def test_conditions_follow_feel(source: str, expected: bool) -> None:
    data = {"svar": "ja", "djup.vad": "x", "antal": 3, "intyg": True, "val": ["x"]}
    assert Condition(source).is_met(data.get) is expected


@pytest.mark.parametrize(
    "source", ["=", "=a = ", "=a b", "=(a", "=a)", "=a; b", "=" + "(" * 40 + "a" + ")" * 40, "=a" + " and a" * 200]
)
def test_a_condition_that_cannot_be_read_is_refused(source: str) -> None:
    with pytest.raises(ValueError):
        Condition(source)
