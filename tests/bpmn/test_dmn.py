"""Business rules: what the tables decide, and which tables are refused."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from engine.bpmn.dmn import decide, decisions_in
from engine.bpmn.expressions import Budget
from engine.errors import BudgetSpent, ExpressionError, Refused

FILE = (Path(__file__).parent / "files" / "niva.dmn").read_bytes()
FILES = {"niva.dmn": FILE, "forms/annat.json": b"{}"}


def table(rows: str, *, policy: str = "UNIQUE", columns: str = "a", more: str = "", attributes: str = "") -> bytes:
    """A decision `d` with one output `ut`; a row is `cell | cell -> output`."""
    inputs = "".join(
        f'<input id="i{number}"><inputExpression id="e{number}"><text>{_escaped(column)}</text></inputExpression></input>'
        for number, column in enumerate(columns.split("|"))
    )
    rules = "".join(_rule(number, row) for number, row in enumerate(rows.strip().splitlines()))
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="defs" name="n" namespace="urn:x">'
        f'<decision id="d" name="Beslutet">{more}<decisionTable id="t" hitPolicy="{policy}" {attributes}>{inputs}'
        f'<output id="o" name="ut"/>{rules}</decisionTable></decision></definitions>'
    ).encode()


def _rule(number: int, row: str) -> str:
    left, _, right = row.rpartition("->")
    entries = "".join(
        f'<inputEntry id="r{number}c{place}"><text>{_escaped(cell.strip())}</text></inputEntry>'
        for place, cell in enumerate(left.split("|"))
    )
    return f'<rule id="r{number}">{entries}<outputEntry id="r{number}o"><text>{_escaped(right.strip())}</text></outputEntry></rule>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def ask(rows: str, variables: dict[str, Any], **how: Any) -> list[Any]:
    results = decide({"d.dmn": table(rows, **how)}, "d", variables)
    return [result["ut"] for result in results]


def told(source: bytes) -> list[str]:
    tables, findings = decisions_in({"d.dmn": source})
    assert bool(tables) == (not findings)
    return [finding.rule for finding in findings]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"status": "vantar", "antal": 1}, "lokal"),
        ({"status": "vantar", "antal": -5}, "lokal"),
        ({"status": "klar", "antal": 3}, "sekretariat"),
        ({"status": "vantar", "antal": 10}, "sekretariat"),
        ({"status": "vad som helst", "antal": 11}, "tsg 11"),
        ({"status": "klar", "antal": 2}, None),
    ],
)
def test_a_unique_table_decides(variables: dict[str, Any], expected: str | None) -> None:
    assert decide(FILES, "niva", variables, mapping="singleEntry") == expected


def test_a_collecting_table_gives_every_match_in_the_order_of_the_rules() -> None:
    assert decide(FILES, "alla_som_passar", {"antal": 3}) == [{"vem": "hsf", "nar": 1}, {"vem": "tsg", "nar": 6}]
    assert decide(FILES, "alla_som_passar", {"antal": 1}) == []


@pytest.mark.parametrize(
    ("mapping", "antal", "expected"),
    [
        ("resultList", 3, [{"ut": "x"}, {"ut": "y"}]),
        ("collectEntries", 3, ["x", "y"]),
        ("singleResult", 2, {"ut": "x"}),
        ("singleEntry", 2, "x"),
        ("singleResult", 0, None),
        ("singleEntry", 0, None),
        ("resultList", 0, []),
        ("collectEntries", 0, []),
    ],
)
def test_results_are_mapped_as_the_diagram_says(mapping: str, antal: int, expected: Any) -> None:
    source = table('> 1 -> "x"\n> 2 -> "y"', policy="COLLECT")
    assert decide({"d.dmn": source}, "d", {"a": antal}, mapping=mapping) == expected


@pytest.mark.parametrize(("mapping", "antal"), [("singleResult", 3), ("singleEntry", 3)])
def test_more_matches_than_asked_for_are_refused(mapping: str, antal: int) -> None:
    with pytest.raises(Refused, match="at most one match"):
        decide({"d.dmn": table('> 1 -> "x"\n> 2 -> "y"', policy="COLLECT")}, "d", {"a": antal}, mapping=mapping)


@pytest.mark.parametrize("mapping", ["singleEntry", "collectEntries"])
def test_more_outputs_than_asked_for_are_refused(mapping: str) -> None:
    with pytest.raises(Refused, match="one output"):
        decide(FILES, "alla_som_passar", {"antal": 2}, mapping=mapping)


def test_two_matches_of_a_unique_table_are_refused_by_row() -> None:
    """SpiffWorkflow takes the first and never looks at the second."""
    with pytest.raises(Refused, match="rules 1 and 3") as refusal:
        ask('> 1 -> "x"\n> 5 -> "y"\n> 2 -> "z"', {"a": 3})
    assert "Beslutet" in refusal.value.sv


@pytest.mark.parametrize(
    ("cell", "value", "matches"),
    [
        ('"kommun"', "kommun", True),
        ('"kommun"', "region", False),
        ("3", 3, True),
        ("-3", -3, True),
        ("true", True, True),
        ("false", True, False),
        ("null", None, True),
        ("b", 7, True),
        ("b", 8, False),
        ("b + 1", 8, True),
        (">= 3", 3, True),
        ("!= 3", 3, False),
        ("== 3", 3, True),
        ("< b", 6, True),
        ("2 < ? < 4", 3, True),
        ("2 < ? < 4", 4, False),
        ('? in ["a", "b"]', "b", True),
        ('not (? in ["a", "b"])', "b", False),
        ('in ["a", "b"]', "b", True),
        ("len(?) > 2", "abc", True),
        ('"Vad?"', "Vad?", True),
        ("", "x", True),
        ("-", "x", True),
        (" - ", "x", True),
    ],
)
def test_cells(cell: str, value: Any, matches: bool) -> None:
    assert ask(f"{cell} -> 1", {"a": value, "b": 7}) == ([1] if matches else [])


@pytest.mark.parametrize(("a", "expected"), [(1, ["sant"]), (9, [])])
def test_an_input_is_an_expression_as_a_whole(a: int, expected: list[str]) -> None:
    """Glued to its cell without brackets, `a if b else c` and `> 3` would be another question."""
    assert ask('< 3 -> "sant"', {"a": a, "b": False, "c": 100}, columns="c if b else a") == expected
    assert ask('< 3 -> "sant"', {"a": a, "b": False, "c": 100}, columns="b or a") == expected


def test_functions_of_the_house_can_be_called_in_cells() -> None:
    source = table("> limit() -> double(a)")
    functions: dict[str, Callable[..., Any]] = {"limit": lambda: 3, "double": lambda value: value * 2}
    assert decide({"d.dmn": source}, "d", {"a": 4}, functions) == [{"ut": 8}]


def test_a_missing_variable_is_told_as_ours() -> None:
    with pytest.raises(ExpressionError) as error:
        ask("> 3 -> 1", {})
    assert "a" in error.value.en
    with pytest.raises(ExpressionError):
        ask("- -> borta", {"a": 1})


def test_user_data_is_never_run() -> None:
    assert ask('"x" -> 1\n- -> a', {"a": "__import__('os').system('true')"}) == ["__import__('os').system('true')"]


def test_an_unknown_decision_is_refused() -> None:
    with pytest.raises(Refused, match="borta"):
        decide(FILES, "borta", {})
    with pytest.raises(Refused):
        decide({}, "niva", {})


def test_a_budget_bounds_the_whole_table() -> None:
    rows = "\n".join(f"{number} -> {number}" for number in range(500))
    with pytest.raises(BudgetSpent):
        decide({"d.dmn": table(rows)}, "d", {"a": 499}, budget=Budget(steps=200))
    assert ask(rows, {"a": 499}) == [499]


def test_one_file_may_hold_several_decisions_and_two_files_may_not_share_one() -> None:
    tables, findings = decisions_in({"a.dmn": FILE, "b.dmn": table("- -> 1")})
    assert (set(tables), findings) == ({"niva", "alla_som_passar", "d"}, [])
    _, findings = decisions_in({"a.dmn": table("- -> 1"), "b.dmn": table("- -> 2")})
    assert [(finding.rule, finding.file) for finding in findings] == [("duplicate-decision", "b.dmn")]


@pytest.mark.parametrize("policy", ["FIRST", "ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER"])
def test_other_hit_policies_are_refused_by_name(policy: str) -> None:
    _, (finding,) = decisions_in({"d.dmn": table("- -> 1", policy=policy)})
    assert finding.rule == "dmn-not-supported"
    assert policy in finding.sv
    assert "UNIQUE eller COLLECT" in finding.suggestion_sv


def test_aggregation_is_refused() -> None:
    _, (finding,) = decisions_in({"d.dmn": table("- -> 1", policy="COLLECT", attributes='aggregation="SUM"')})
    assert "COLLECT SUM" in finding.sv


def test_required_decisions_and_other_expressions_are_refused() -> None:
    required = '<informationRequirement id="q"><requiredDecision href="#other"/></informationRequirement>'
    assert told(table("- -> 1", more=required)) == ["dmn-not-supported"]
    data = '<informationRequirement id="q"><requiredInput href="#data"/></informationRequirement>'
    assert told(table("- -> 1", more=data)) == []
    literal = b'<literalExpression id="l"><text>1</text></literalExpression>'
    source = table("- -> 1")
    start, end = source.index(b"<decisionTable"), source.index(b"</decision>")
    assert told(source[:start] + literal + source[end:]) == ["dmn-not-supported"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ('"a", "b" -> 1', "dmn-cell"),
        ("[1..5] -> 1", "dmn-cell"),
        ("]1..5[ -> 1", "dmn-cell"),
        ('not("a") -> 1', "dmn-cell"),
        ("__import__('os') -> 1", "dmn-cell"),
        ("().__class__ -> 1", "dmn-cell"),
        ("? and ? and ? and ? and ? and ? and ? and ? and ? and ? and ? -> 1", "dmn-cell"),
        (f"{'1 + ' * 400}1 -> 1", "dmn-cell"),
        ("- -> 1 +", "dmn-cell"),
        ("- | - -> 1", "dmn-cell"),
    ],
)
def test_cells_that_say_something_else_than_they_seem_to_are_refused(row: str, rule: str) -> None:
    assert told(table(row)) == [rule]


def test_the_functions_that_cells_call_are_known() -> None:
    tables, _ = decisions_in({"d.dmn": table("> limit() -> today()\nlen(?) > 1 -> 2\nday(2) -> 3", columns="f(x)")})
    assert tables["d"].calls == {"f", "limit", "today", "len", "day"}


@pytest.mark.parametrize("column", ["", "import os", "a b"])
def test_input_columns_need_an_expression(column: str) -> None:
    assert told(table("- -> 1", columns=column)) == ["dmn-column"]


def test_output_columns_need_names() -> None:
    assert told(table("- -> 1").replace(b'name="ut"', b"")) == ["dmn-column"]


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (b"", "xml-empty"),
        (b"hej", "xml-syntax"),
        (FILE[:900], "xml-syntax"),
        (b"<!DOCTYPE d><d/>", "xml-doctype"),
        (b"<definitions/>", "not-dmn"),
        (table("- -> 1").replace(b"20191111/MODEL", b"20300101/MODEL"), "not-dmn"),
        (table("- -> 1").replace(b'<decision id="d" name="Beslutet">', b'<decision id="d">'), "xsd"),
        (table("- -> 1").replace(b"</rule>", b"<bogus/></rule>"), "xsd"),
    ],
)
def test_damaged_files_give_findings(source: bytes, rule: str) -> None:
    _, findings = decisions_in({"d.dmn": source})
    assert [finding.rule for finding in findings] == [rule]
    assert findings[0].file == "d.dmn"


def test_dmn_1_1_is_read_and_1_2_is_not() -> None:
    older = table("> 1 -> 5").replace(b"https://www.omg.org/spec/DMN/20191111/MODEL/", b"http://www.omg.org/spec/DMN/#")
    assert decide({"d.dmn": older.replace(b"#", b"20151101/dmn.xsd")}, "d", {"a": 2}) == [{"ut": 5}]
    assert told(older.replace(b"#", b"20180521/MODEL/")) == ["not-dmn"]


def test_a_costly_table_stays_within_bounds() -> None:
    """SpiffWorkflow's own replacing of `?` takes time in the square of a cell's length."""
    rows = "\n".join(f'{"? == 1 or " * 9}? == "{"a" * 880}{number}" -> 1' for number in range(180))
    source = table(rows, policy="COLLECT")
    started = process_time()
    assert decide({"d.dmn": source}, "d", {"a": 1}, budget=Budget(steps=10_000_000)) == [{"ut": 1}] * 180
    assert process_time() - started < 2


def test_deciding_again_reads_nothing_again() -> None:
    source = table("\n".join(f"{number} -> {number}" for number in range(300)))
    decide({"d.dmn": source}, "d", {"a": 1})
    started = process_time()
    for _ in range(10):
        decide({"d.dmn": source}, "d", {"a": 1})
    assert process_time() - started < 0.5
