"""What several answers must fulfil together (`regler`)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.errors import ExpressionError, Invalid
from engine.forms import Context, check_form, validate

AREAS = [{"nyckel": "stockholm_farsta", "part": "stockholm"}, {"nyckel": "huddinge", "part": "huddinge"}]
CONTEXT = Context(date(2026, 3, 2), {"tak": 3}, lambda kind: AREAS if kind == "lokala_omraden" else ())


def form(*rules: Any) -> dict[str, Any]:
    text = {"type": "textfield", "validate": {"maxLength": 20}}
    components = [{**text, "key": key, "label": key.title()} for key in ("part", "omrade", "skal")]
    number = {"type": "number", "key": "antal", "label": "Antal", "decimalDigits": 0}
    return {"type": "default", "components": [*components, number], "regler": list(rules)}


def rule(condition: str, name: str = "skal") -> dict[str, str]:
    return {"villkor": condition, "falt": name, "text": "Så går det inte."}


OWN_AREA = rule("get(post('lokala_omraden', omrade), 'part') == part", "omrade")


@pytest.mark.parametrize(
    ("condition", "answers", "holds"),
    [
        ("antal == 0 or skal", {"antal": 1}, False),
        ("antal == 0 or skal", {"antal": 1, "skal": "Därför"}, True),
        ("antal == 0 or skal", {"antal": 0}, True),
        ("antal <= tak", {"antal": 3}, True),
        ("antal <= tak", {"antal": 4}, False),
    ],
)
def test_a_rule_looks_at_all_answers_and_at_the_variables_of_the_task(condition: str, answers: Any, holds: bool):
    if holds:
        validate(form(rule(condition)), answers, CONTEXT)
        return
    with pytest.raises(Invalid) as refused:
        validate(form(rule(condition)), answers, CONTEXT)
    assert refused.value.fields == {"skal": ("Så går det inte.",)}


def test_a_rule_may_look_a_row_up_in_the_reference_data():
    validate(form(OWN_AREA), {"part": "huddinge", "omrade": "huddinge"}, CONTEXT)
    for area in ("stockholm_farsta", "okant", None):
        with pytest.raises(Invalid):
            validate(form(OWN_AREA), {"part": "huddinge", "omrade": area}, CONTEXT)


def test_every_field_must_do_by_itself_before_the_rules_are_asked():
    with pytest.raises(Invalid) as refused:
        validate(form(rule("antal > 0")), {"antal": "många"}, CONTEXT)
    assert refused.value.fields.keys() == {"antal"}


def test_a_rule_that_has_no_value_is_told_as_the_defect_it_is():
    with pytest.raises(ExpressionError):
        validate(form(rule("finns_inte == 1")), {}, CONTEXT)


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ("antal > 0", "regler"),
        ([rule("antal > 0")] * 51, "regler"),
        ([{"villkor": "antal > 0", "falt": "skal"}], "regler[0]"),
        ([rule("antal > 0"), "antal < 9"], "regler[1]"),
        ([rule("antal >")], "regler[0].villkor"),
        ([rule("__import__('os')")], "regler[0].villkor"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_at_deployment(rules: Any, path: str):
    (finding,) = check_form({**form(), "regler": rules})
    assert finding.element == path
