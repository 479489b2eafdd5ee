"""Script lines and texts with expressions in them: what they give, and what they refuse."""

from functools import partial
from typing import Any

import pytest

from engine.bpmn.expressions import (
    compile_script,
    template,
)
from engine.errors import BudgetSpent, ExpressionError
from tests.bpmn.test_expressions import VARIABLES
from tests.speed import in_time

# --- scripts -------------------------------------------------------------------------------------------------------


def test_script_gives_its_names_in_order_and_sees_its_own_lines() -> None:
    script = compile_script("""
        # what it will cost
        net = amount * 2

            total = net + fee   # any indentation
        parts = [
            net,
            total,
        ]
        net = 0; text = 'a # b'
    """)
    variables = {"amount": 5, "fee": 1}
    found = script.run(variables)
    assert found == {"net": 0, "total": 11, "parts": [10, 11], "text": "a # b"}
    assert list(found) == ["net", "total", "parts", "text"]
    assert variables == {"amount": 5, "fee": 1}
    assert script.reads == script.required == {"amount", "fee"}
    assert script.writes == {"net", "total", "parts", "text"}


def test_script_that_starts_on_the_first_line_of_its_element() -> None:
    assert compile_script("a = 1\r\n        b = a + 1").run({}) == {"a": 1, "b": 2}


def test_empty_script_does_nothing() -> None:
    assert compile_script("\n  # nothing\n").run({"a": 1}) == {}


def test_script_reads_what_it_has_not_yet_written() -> None:
    script = compile_script("a = a + b\nc = a + len([a])\nd = defined(e) and e\nf = workdays(1)")
    assert script.reads == {"a", "b", "e"}
    assert script.required == {"a", "b"}
    assert script.calls == {"len", "defined", "workdays"}


@pytest.mark.parametrize(
    "line",
    [
        "x.sub = 1",
        "x['a'] = 1",
        "x, y = 1, 2",
        "x = y = 1",
        "x += 1",
        "x: int = 1",
        "x",
        "del x",
        "import os",
        "pass",
        "if x: y = 1",
        "for x in y: z = 1",
        "def f(): 1",
        "class A: 1",
        "return 1",
        "x = yield",
        "x = '''a'''",
        "*x, = y",
        "__x = 1",
        "true = 1",
        "None = 1",
        "x = 1 y = 2",
        "x = f'{y}'",
        "x = [1",
        "with x: y = 1",
        "assert x",
        "global x",
    ],
)
def test_script_has_nothing_but_assignments(line: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        compile_script(f"a = 1\n{line}")
    assert refusal.value.line in (2, None)
    assert refusal.value.source == f"a = 1\n{line}"


def test_script_names_the_line_that_failed() -> None:
    with pytest.raises(ExpressionError, match="variable 'boom'") as refusal:
        compile_script("a = 1\n\nb = boom\nc = 1").run({})
    assert refusal.value.line == 3
    with pytest.raises(ExpressionError) as refusal:
        compile_script("a = 1\n\nb = 2 ** 3")
    assert refusal.value.line == 3
    with pytest.raises(ExpressionError) as refusal:
        compile_script("a = 1\nb = (\n1 +")
    assert refusal.value.line is not None


def test_script_lines_never_share_a_value() -> None:
    found = compile_script("a = [1]\nb = a\nc = [a, a]").run({})
    assert len({id(found["a"]), id(found["b"]), id(found["c"][0]), id(found["c"][1])}) == 4


def test_script_that_doubles_and_doubles_is_stopped() -> None:
    for start, line in (("'aaaaaaaa'", "a = a + a"), ("[1]", "a = a + a"), ("[1]", "a = [a, a]"), ("[1]", "a = [a]")):
        text = f"a = {start}\n" + f"{line}\n" * 200
        with pytest.raises(ExpressionError):
            in_time(partial(compile_script(text).run, {}))


# --- templates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        (" amount ", " amount "),
        ("$amount {amount} #{amount}", "$amount {amount} #{amount}"),
        ("${amount}", 2000),
        ("\n  ${amount}\n", 2000),
        ("${customer.vip}", True),
        ("${items}", [3, 1, 2]),
        ("${{'a': {'b': 1}}}", {"a": {"b": 1}}),
        ("${'}'}", "}"),
        ('${"\\"}"}', '"}'),
        ("${'${'}", "${"),
        ("Hej ${customer.name}!", "Hej Åsa!"),
        (" ${amount} ${amount}", " 2000 2000"),
        ("${role}${role}", "managermanager"),
        ("${nothing}.", "."),
        ("${yes}:${items}", "true:[3, 1, 2]"),
        ("a ${'{'} b", "a { b"),
        ("R${len(items)}/PT1H", "R3/PT1H"),
    ],
)
def test_template(source: str, expected: Any) -> None:
    found = template(source).evaluate(VARIABLES)
    assert found == expected
    assert type(found) is type(expected)


def test_template_knows_whether_it_is_a_plain_text() -> None:
    assert template("R3/PT1H").literal == "R3/PT1H"
    assert template("${a}").literal is None
    assert template("x ${a}").literal is None


def test_template_reads_what_all_its_parts_read() -> None:
    made = template("${a} and ${len(b)} and ${defined(c)}")
    assert made.names == {"a", "b", "c"}
    assert made.required == {"a", "b"}
    assert made.calls == {"len", "defined"}


@pytest.mark.parametrize("source", ["${", "a ${b", "${}", "${ }", "a ${}", "${a}}${", "${'a}", "${a b}", "x" * 40_001])
def test_broken_template_is_refused(source: str) -> None:
    with pytest.raises(ExpressionError):
        template(source)


def test_template_cannot_grow_without_bound() -> None:
    with pytest.raises(BudgetSpent):
        template("${x}${x}").evaluate({"x": "a" * 60_000})
