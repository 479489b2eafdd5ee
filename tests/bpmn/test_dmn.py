"""Business rules (DMN 1.3 §7.3, §8, §10): what the decisions decide, and which are refused."""

# ruff: noqa: E501 - a line of XML is easier to read than its halves

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.parser.DMNParser import DMNParser

from engine.bpmn.dmn import decide, decisions_in
from engine.bpmn.expressions import Budget
from engine.errors import BudgetSpent, ExpressionError, Refused
from tests.speed import growth, in_time, taken

FILE = (Path(__file__).parent / "files" / "niva.dmn").read_bytes()
FILES = {"niva.dmn": FILE, "forms/annat.json": b"{}"}


DMN_1_3 = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def table(
    rows: str,
    *,
    policy: str = "UNIQUE",
    columns: str = "a",
    more: str = "",
    attributes: str = "",
    outputs: str = '<output id="o" name="ut"/>',
    key: str = "d",
    name: str = "Beslutet",
    beside: str = "",
) -> bytes:
    """A decision `d` with one output `ut`; a row is `cell | cell -> output | output`, a column `label: type: text` or
    less of it from the left. `more` goes into the decision, `beside` beside it."""
    inputs = "".join(_column(number, column) for number, column in enumerate(columns.split("|")))
    rules = "".join(_rule(number, row) for number, row in enumerate(rows.strip().splitlines()))
    return (
        f'<definitions xmlns="{DMN_1_3}" id="defs" name="n" namespace="urn:x">'
        f'<decision id="{key}" name="{name}">{more}<decisionTable id="t" hitPolicy="{policy}" {attributes}>{inputs}'
        f"{outputs}{rules}</decisionTable></decision>{beside}</definitions>"
    ).encode()


def _column(number: int, column: str) -> str:
    label, kind, text = ["", "", *column.split(":")][-3:]
    label, kind = (f'label="{label.strip()}"' if label else ""), (f'typeRef="{kind.strip()}"' if kind else "")
    text = _escaped(text.strip())
    return f'<input id="i{number}" {label}><inputExpression id="e{number}" {kind}><text>{text}</text></inputExpression></input>'


def requires(*keys: str) -> str:
    return "".join(
        f'<informationRequirement><requiredDecision href="#{key}"/></informationRequirement>' for key in keys
    )


def literal(key: str, text: str, *needed: str, name: str = "", variable: str = "") -> str:
    """A decision that is an expression."""
    known = f'<variable name="{variable}"/>' if variable else ""
    return (
        f'<decision id="{key}" name="{name or key}">{known}{requires(*needed)}'
        f'<literalExpression id="{key}l"><text>{_escaped(text)}</text></literalExpression></decision>'
    )


def definitions(*decisions: str, namespace: str = DMN_1_3) -> bytes:
    return f'<definitions xmlns="{namespace}" id="x" name="n" namespace="urn:x">{"".join(decisions)}</definitions>'.encode()


def _rule(number: int, row: str) -> str:
    left, _, right = row.rpartition("->")
    entries = "".join(
        f'<inputEntry id="r{number}c{place}"><text>{_escaped(cell.strip())}</text></inputEntry>'
        for place, cell in enumerate(left.split("|"))
    )
    outputs = "".join(
        f'<outputEntry id="r{number}o{place}"><text>{_escaped(cell.strip())}</text></outputEntry>'
        for place, cell in enumerate(right.split("|"))
    )
    return f'<rule id="r{number}">{entries}{outputs}</rule>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def ask(rows: str, variables: dict[str, Any], **how: Any) -> list[Any]:
    results = decide({"d.dmn": table(rows, **how)}, "d", variables)
    return [result["ut"] for result in results]


def told(source: bytes) -> list[str]:
    tables, findings = decisions_in({"d.dmn": source})
    assert ("d" in tables) == (not any(finding.is_error for finding in findings))
    assert all(
        finding.sv and finding.en and finding.sv != finding.en and "__" not in finding.sv for finding in findings
    )
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


# --- cells ---------------------------------------------------------------------------------------------------------

MARCH = "2026-03-05"


@pytest.mark.parametrize(
    ("cell", "matching", "others"),
    [
        ('"a", "b"', ["a", "b"], ["c", None, 1]),
        ("1, 3, > 10", [1, 3, 3.0, 11], [2, 10]),
        ("[1..5]", [1, 5, 2.5], [0, 6, None]),
        ("(1..5)", [2, 4.9], [1, 5]),
        ("]1..5[", [2, 4.9], [1, 5]),
        ("[1..5[", [1, 4], [5, 0]),
        ("(1..5]", [5], [1]),
        ("[b..b + 3]", [7, 10], [6, 11]),
        ('["a".."f"]', ["a", "d"], ["g"]),
        ("[1..2], [8..9], 100", [1, 9, 100], [5]),
        ('not("a")', ["b", None], ["a"]),
        ('not("a", "b")', ["c"], ["a", "b"]),
        ("not([1..5])", [0, 6, None], [1, 5]),
        ("not(? > 3)", [3], [4]),
        ("not(null)", [1, "x"], [None]),
        ("null", [None], [0, "", False]),
        ("= 3", [3], [4]),
        ("!= 3", [4], [3]),
        ("> 3", [4], [3, None]),
        ("true", [True], [False, 1, None]),
        ("1", [1], [True]),
        ("0, 1", [0], [False]),
        ("lista", ["x", "y"], ["z"]),
        ("in lista", ["x"], ["z"]),
        ("not in lista", ["z"], ["x"]),
        ("? in [1..3]", [2], [4]),
        ('? in ("a", "b")', ["a"], ["c"]),
        ("? = b", [7], [8]),
        ("> objekt.tal", [5], [4]),
        ('objekt["tal"]', [4], [5]),
        ("if b > 3 then 1 else 2", [1], [2]),
        ("if b > 30 then 1 else if b > 3 then 5 else 2", [5], [1, 2]),
        ("(if b > 3 then 1 else 2) + 1", [2], [1]),
        ("string length(?) > 2", ["abc"], ["ab"]),
        ('starts with(?, "a")', ["ab"], ["b"]),
        ("get(lista, 0)", ["x"], ["y"]),
        ('"it\'s (a), [b] or -"', ["it's (a), [b] or -"], ["it's (a)"]),
        ("-5", [-5], [5]),
        ("- 5", [-5], [5]),
        ("[-5..-1]", [-3], [0]),
        ("[.5..1.5]", [1], [0.4]),
        ("-, 5", [1, None], []),
        ("any(x = ? for x in lista)", ["x"], ["z"]),
        ("{a: 1}.a", [1], [2]),
    ],
)
def test_unary_tests(cell: str, matching: list[Any], others: list[Any]) -> None:
    around = {"b": 7, "lista": ["x", "y"], "objekt": {"tal": 4}}
    for value in matching:
        assert ask(f"{cell} -> 1", {**around, "a": value}) == [1], value
    for value in others:
        assert ask(f"{cell} -> 1", {**around, "a": value}) == [], value


@pytest.mark.parametrize(
    ("cell", "matching", "others"),
    [
        ('date("2026-03-05")', [MARCH, "2026-03-05T23:59:00+01:00"], ["2026-03-06", "2026-03-05T23:30:00Z", None]),
        ('< date("2026-03-05")', ["2026-03-04"], [MARCH, None]),
        ('[date("2026-01-01")..date("2026-12-31")]', [MARCH], ["2027-01-01"]),
        (">= date(gräns)", ["2026-02-01"], ["2026-01-31"]),
        ('> date(gräns) + duration("P1M")', ["2026-03-02"], ["2026-03-01"]),
        ('> date(gräns) - duration("P2D")', ["2026-01-31"], ["2026-01-30"]),
        ('> date and time("2026-03-05T12:00:00+01:00")', ["2026-03-05T11:00:01Z"], ["2026-03-05T11:00:00Z", MARCH]),
        ('[time("08:00")..time("17:00"))', ["08:00", "16:59:59"], ["17:00"]),
        ('> duration("P10D")', ["P11D", "PT241H"], ["P10D", "PT1H"]),
        ('> duration("P1Y")', ["P13M"], ["P12M"]),
        ('not(date("2026-03-05"))', ["2026-03-06"], [MARCH]),
    ],
)
def test_times_are_compared_as_times(cell: str, matching: list[Any], others: list[Any]) -> None:
    for value in matching:
        assert ask(f"{cell} -> 1", {"a": value, "gräns": "2026-02-01"}) == [1], value
    for value in others:
        assert ask(f"{cell} -> 1", {"a": value, "gräns": "2026-02-01"}) == [], value


@pytest.mark.parametrize("value", ["i går", 5, True, [], "2026-13-01", "9" * 200])
def test_what_is_no_time_is_refused_by_rule(value: Any) -> None:
    with pytest.raises(ExpressionError, match="rule 1") as refusal:
        ask('< date("2026-03-05") -> 1', {"a": value})
    assert "datum" in refusal.value.sv
    assert str(value) not in refusal.value.sv


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('date("2026-03-05")', "2026-03-05"),
        ('date("2026-01-31") + duration("P1M")', "2026-02-28"),
        ('date and time("2026-03-05T12:00:00+01:00")', "2026-03-05T11:00:00.000000Z"),
        ('date("2026-03-05") - date("2026-03-01")', "P4D"),
        ('duration("P1Y2M")', "P1Y2M"),
        ('duration("PT90M")', "PT1H30M"),
        ('time("08:30")', "08:30:00"),
        ('[date("2026-03-05")]', ["2026-03-05"]),
        ("", None),
        ("{a: b, c: [1]}", {"a": 7, "c": [1]}),
        ("if a = 1 then null else 2", None),
        ('"tsg " + str(a)', "tsg 1"),
        ("Antal + a", 2),
    ],
)
def test_outputs(text: str, expected: Any) -> None:
    assert ask(f"- -> {text}", {"a": 1, "b": 7}, columns="Antal::a") == [expected]


def test_a_column_is_known_by_its_label_in_the_cells_of_others() -> None:
    columns = "Sökt belopp::a * 2 | Gräns:date:b"
    rows = '> 10 | - -> Sökt belopp\n<= 10 | < date("2026-01-01") -> Gräns'
    assert ask(rows, {"a": 6, "b": "2026-01-02"}, columns=columns) == [12]
    assert ask(rows, {"a": 1, "b": "2025-01-02"}, columns=columns) == ["2025-01-02"]
    assert ask("- | [1..Tak] -> Tak", {"a": 5, "b": 5}, columns="Tak::b|a") == [5]
    assert ask("- | [1..Tak] -> Tak", {"a": 5, "b": 4, "Tak": 9}, columns="Tak::b|a") == []


def test_a_column_is_looked_at_once_and_only_where_a_rule_does() -> None:
    asked: list[int] = []

    def count() -> int:
        asked.append(1)
        return 9

    source = table("- | > 1 -> 1\n- | > 2 -> 2\n- | > 3 -> Två", columns="saknas | Två::räkna()", policy="COLLECT")
    functions: dict[str, Callable[..., Any]] = {"räkna": count}
    assert decide({"d.dmn": source}, "d", {}, functions) == [{"ut": 1}, {"ut": 2}, {"ut": 9}]
    assert asked == [1]


@pytest.mark.parametrize(
    ("row", "says", "write"),
    [
        ("__import__('os') -> 1", "reserverat", ""),
        ("__c0_ -> 1", "reserverat", ""),
        ("＿＿c0_ -> 1", "tecknet", ""),
        ("__ｃ0_ -> 1", "reserverat", ""),
        ("().__class__ -> 1", "reserverat", ""),
        (f"{'1 + ' * 400}1 -> 1", "1000 tecken", ""),
        ("- -> 1 +", "läsa", ""),
        ("- | - -> 1", "lika många celler", ""),
        ("b > 3 -> 1", "kolumnens värde", "?"),
        ("not b -> 1", "kolumnens värde", "?"),
        ("lista[1] -> 1", "räknas från 1", "get(lista, 0)"),
        ("- -> lista[i]", "räknas från 1", "get(lista, 0)"),
        ("some x in lista satisfies x > 1 -> 1", "some", "any("),
        ("every x in lista satisfies x > 1 -> 1", "every", "all("),
        ("- -> for x in lista return x", "följs direkt av", ""),
        ("? between 1 and 5 -> 1", "between", "[3..5]"),
        ('@"2026-01-01" -> 1', "@", "date("),
        ("- -> function(x) x", "function", ""),
        ("? instance of string -> 1", "instance", "typeRef"),
        ("i dag -> 1", "följs direkt av", "citattecken"),
        ("kommun i länet -> 1", "följs direkt av", "citattecken"),
        ("”kommun” -> 1", "tecknet", "raka citattecken"),
        ('"kommun -> 1', "citattecken saknas", ""),
        ('"a",, "b" -> 1', "värde saknas", ""),
        ('"a", -> 1', "värde saknas", ""),
        ("1..5 -> 1", "klamrar", "[1..5]"),
        ("[1..5 -> 1", "klamrar", "[1..5]"),
        ("[5..1] -> 1", "tomt", "[1..5]"),
        ("[1..2..3] -> 1", "klamrar", "[1..5]"),
        ("> -> 1", "värde saknas", ""),
        ("if ? then 1 -> 1", "then och else", "if a > 3"),
        ("- -> ?", "frågetecknet", "variabelns namn"),
        ("2 ** 3 -> 1", "potens", ""),
        ("lambda: 1 -> 1", "lambda", ""),
        ("? := 3 -> 1", "läsa", ""),
        ("$x -> 1", "tecknet", ""),
    ],
)
def test_what_cannot_be_read_is_told_with_row_and_column(row: str, says: str, write: str) -> None:
    tables, findings = decisions_in({"d.dmn": table(f"- -> 1\n{row}", policy="FIRST")})
    assert tables == {}
    finding = findings[0]
    assert finding.rule == "dmn-cell"
    assert finding.line == 1
    assert finding.element == "d"
    assert finding.sv.startswith("Beslutstabellen ”Beslutet” (d), regel 2")
    assert finding.en.startswith('Decision "Beslutet" (d), rule 2')
    assert "lika många" in says or "kolumn 1" in finding.sv
    assert says.lower() in finding.sv.lower()
    assert write in finding.suggestion_sv
    assert finding.suggestion_en


def test_a_finding_stands_at_its_own_line() -> None:
    source = table("- -> 1\n1 2 -> 1\n- -> 1", policy="FIRST").replace(b"<rule", b"\n<rule")
    (finding,) = decisions_in({"d.dmn": source})[1]
    assert finding.line == 3
    assert finding.sv.startswith("Beslutstabellen ”Beslutet” (d), regel 2, inkolumn 1 ”a”: 1 2:")


# --- hit policies --------------------------------------------------------------------------------------------------

GRADED = '<output id="o" name="ut"><outputValues><text>"hög", "medel", "låg"</text></outputValues></output>'


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("FIRST", ["låg"]),
        ("RULE ORDER", ["låg", "hög", "medel", "hög"]),
        ("COLLECT", ["låg", "hög", "medel", "hög"]),
        ("OUTPUT ORDER", ["hög", "hög", "medel", "låg"]),
        ("PRIORITY", ["hög"]),
    ],
)
def test_hit_policies(policy: str, expected: list[str]) -> None:
    rows = '> 1 -> "låg"\n> 2 -> "hög"\n- -> "medel"\n< 10 -> "hög"\n> 100 -> "låg"'
    assert ask(rows, {"a": 5}, policy=policy, outputs=GRADED) == expected


def test_any_takes_rules_that_agree_and_refuses_those_that_do_not() -> None:
    rows = '> 1 -> "x"\n> 2 -> "x"\n> 3 -> "y"'
    assert ask(rows, {"a": 3}, policy="ANY") == ["x"]
    assert ask(rows, {"a": 0}, policy="ANY") == []
    with pytest.raises(Refused, match="rules 1, 2 and 3") as refusal:
        ask(rows, {"a": 4}, policy="ANY")
    assert "säga samma sak" in refusal.value.sv


def test_first_looks_no_further() -> None:
    assert ask("> 1 -> 1\nsaknas -> 2", {"a": 2}, policy="FIRST") == [1]


def test_priority_goes_by_the_first_output_and_then_the_next() -> None:
    outputs = (
        '<output id="o1" name="grad"><outputValues><text>"hög", "låg"</text></outputValues></output>'
        '<output id="o2" name="vem"/>'
        '<output id="o3" name="nr"><outputValues><text>3, 2, 1</text></outputValues></output>'
    )
    rows = '- -> "låg" | "a" | 3\n- -> "hög" | "b" | 1\n- -> "hög" | "c" | 2'
    files = {"d.dmn": table(rows, policy="OUTPUT ORDER", outputs=outputs)}
    assert [result["vem"] for result in decide(files, "d", {"a": 1})] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("aggregation", "many", "none"),
    [("SUM", [7], []), ("MIN", [1], []), ("MAX", [4], []), ("COUNT", [3], [0])],
)
def test_aggregation(aggregation: str, many: list[int], none: list[int]) -> None:
    how: dict[str, Any] = {"policy": "COLLECT", "attributes": f'aggregation="{aggregation}"'}
    rows = "> 1 -> 4\n> 2 -> 1\n> 3 -> a - 2\n> 100 -> 9"
    assert ask(rows, {"a": 4}, **how) == many
    assert ask(rows, {"a": 0}, **how) == none


def test_an_aggregation_of_what_is_no_number_is_refused() -> None:
    with pytest.raises(Refused, match="numbers for SUM"):
        ask('- -> 4\n- -> "x"', {"a": 4}, policy="COLLECT", attributes='aggregation="SUM"')


def test_a_default_applies_where_no_rule_does() -> None:
    outputs = (
        '<output id="o1" name="ut"><defaultOutputEntry><text>"vanlig"</text></defaultOutputEntry></output>'
        '<output id="o2" name="nar"/>'
    )
    files = {"d.dmn": table('> 5 -> "snabb" | 1', outputs=outputs)}
    assert decide(files, "d", {"a": 6}) == [{"ut": "snabb", "nar": 1}]
    assert decide(files, "d", {"a": 1}, mapping="singleResult") == {"ut": "vanlig", "nar": None}


def test_outputs_with_dots_lie_inside_each_other() -> None:
    outputs = '<output id="o1" name="plan.vem"/><output id="o2" name="plan.nar"/>'
    assert decide({"d.dmn": table('- -> "hsf" | 1', outputs=outputs)}, "d", {}) == [{"plan": {"vem": "hsf", "nar": 1}}]
    files = {"d.dmn": table('- -> "hsf"', outputs='<output id="o1" name="plan.vem"/>')}
    assert decide(files, "d", {}, mapping="singleEntry") == "hsf"


def test_an_only_output_without_a_name_goes_by_that_of_the_decision() -> None:
    source = table("- -> 1", outputs='<output id="o"/>', more='<variable name="svar"/>')
    assert decide({"d.dmn": source}, "d", {}) == [{"svar": 1}]


@pytest.mark.parametrize("policy", ["PRIORITY", "OUTPUT ORDER"])
def test_priorities_need_an_order(policy: str) -> None:
    assert told(table("- -> 1", policy=policy)) == ["dmn-column"]
    outputs = '<output id="o" name="ut"><outputValues><text>&gt; 3</text></outputValues></output>'
    assert told(table("- -> 4", policy=policy, outputs=outputs)) == ["dmn-column", "dmn-column"]


def test_an_aggregation_takes_one_output() -> None:
    outputs = '<output id="o1" name="x"/><output id="o2" name="y"/>'
    source = table("- -> 1 | 2", policy="COLLECT", attributes='aggregation="SUM"', outputs=outputs)
    assert told(source) == ["dmn-column"]


@pytest.mark.parametrize(
    "outputs",
    [
        '<output id="o1" name="x"/><output id="o2"/>',
        '<output id="o1" name="x"/><output id="o2" label="x"/>',
        '<output id="o1" name="x."/><output id="o2" name="y"/>',
    ],
)
def test_several_output_columns_need_names(outputs: str) -> None:
    assert told(table("- -> 1 | 2", outputs=outputs)) == ["dmn-column"]


@pytest.mark.parametrize(
    ("rows", "overlapping"),
    [
        ("1 -> 1\n1 -> 2", 1),
        ("[1..5] -> 1\n[5..9] -> 2", 1),
        ("[1..5) -> 1\n[5..9] -> 2", 0),
        ("> 5 -> 1\n<= 5 -> 2", 0),
        ("> 5 -> 1\n< 9 -> 2", 1),
        ('"a", "b" -> 1\n"b" -> 2', 1),
        ('not("a") -> 1\n"a" -> 2', 0),
        ('not("a") -> 1\n"b" -> 2', 1),
        ("- -> 1\n3 -> 2", 1),
        ("b -> 1\nb -> 2", 0),
        ("? > b -> 1\n3 -> 2", 0),
        ('date("2026-01-01") -> 1\n< date("2026-02-01") -> 2', 1),
        ("true -> 1\nfalse -> 2", 0),
        ("null -> 1\n3 -> 2", 0),
    ],
)
def test_rules_of_a_unique_table_that_meet_are_told(rows: str, overlapping: int) -> None:
    assert told(table(rows)) == ["dmn-overlap"] * overlapping
    assert told(table(rows, policy="FIRST")) == []
    assert (
        told(
            table(rows.replace(" ->", " | 1 ->", 1).replace("\n", "\n", 1).replace(" -> 2", " | 2 -> 2"), columns="a|c")
        )
        == []
    )


# --- types ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["x", None], [1, True]),
        ("number", [1, 1.5, None], ["1", True]),
        ("integer", [1, 2.0], [1.5, "1"]),
        ("boolean", [True, False], [1, "true"]),
        ("date", ["2026-01-01", "2026-01-01T10:00Z"], ["i går", 1]),
        ("dateTime", ["2026-01-01T10:00Z"], [5]),
        ("date and time", ["2026-01-01T10:00Z"], ["nu"]),
        ("feel:time", ["10:00"], ["tio"]),
        ("dayTimeDuration", ["P1D"], ["1 dag"]),
        ("Any", [1, "x", []], []),
        ("tNivå", ["hög", "låg"], ["medel", 1]),
        ("tNivåer", [["hög"], []], ["hög", ["medel"]]),
    ],
)
def test_a_column_keeps_to_its_type(kind: str, good: list[Any], bad: list[Any]) -> None:
    own = (
        '<itemDefinition name="tNivå"><typeRef>string</typeRef><allowedValues><text>"hög", "låg"</text></allowedValues></itemDefinition>'
        '<itemDefinition name="tNivåer" isCollection="true"><typeRef>tNivå</typeRef></itemDefinition>'
    )
    source = table("? = ? -> 1", columns=f"Kolumn:{kind.replace(':', ';')}:a").replace(b"feel;", b"feel:")
    source = source.replace(b"<decision ", own.encode() + b"<decision ")
    for value in good:
        assert decide({"d.dmn": source}, "d", {"a": value}) == [{"ut": 1}], value
    for value in bad:
        with pytest.raises(Refused, match='rule 1, column "Kolumn"'):
            decide({"d.dmn": source}, "d", {"a": value})


def test_an_output_keeps_to_its_type_and_its_values() -> None:
    outputs = '<output id="o" name="ut" typeRef="number"><outputValues><text>[1..5]</text></outputValues></output>'
    assert ask("- -> a", {"a": 5}, outputs=outputs) == [5]
    for value in (6, "x", True):
        with pytest.raises(Refused, match='rule 1, output "ut"') as refusal:
            ask("- -> a", {"a": value}, outputs=outputs)
        assert "utkolumnen ”ut”" in refusal.value.sv
    for text in ("6", '"x"', "true"):
        (finding,) = decisions_in({"d.dmn": table(f"- -> {text}", outputs=outputs)})[1]
        assert (finding.rule, "regel 1, utkolumn 1 ”ut”" in finding.sv) == ("dmn-type", True)


def test_allowed_values_of_an_input() -> None:
    source = table("- -> 1\n? = ? -> 2", policy="COLLECT").replace(
        b"</inputExpression>", b'</inputExpression><inputValues><text>"a", "b"</text></inputValues>'
    )
    assert len(decide({"d.dmn": source}, "d", {"a": "b"})) == 2
    with pytest.raises(Refused, match="allowed values"):
        decide({"d.dmn": source}, "d", {"a": "c"})


@pytest.mark.parametrize("cell", ['"x"', '> "x"', '[1.."x"]', "true", 'date("2026-01-01")'])
def test_a_cell_that_no_value_of_its_column_is_like_is_told(cell: str) -> None:
    assert "dmn-type" in told(table(f"{cell} -> 1", columns="A:number:a")) or "[1.." in cell
    assert told(table("12 -> 1", columns="A:number:a")) == []


def test_an_unknown_type_is_told() -> None:
    assert told(table("- -> 1", columns="A:belopp:a")) == ["dmn-type"]
    assert told(table("- -> 1", outputs='<output id="o" name="ut" typeRef="belopp"/>')) == ["dmn-type"]


@pytest.mark.parametrize("language", ["javascript", "http://www.omg.org/spec/JUEL/", "groovy"])
def test_other_languages_are_told(language: str) -> None:
    source = table("1 -> 1").replace(b"<inputEntry ", f'<inputEntry expressionLanguage="{language}" '.encode())
    assert told(source) == ["dmn-cell"]
    feel = "https://www.omg.org/spec/DMN/20191111/FEEL/"
    assert told(source.replace(language.encode(), feel.encode())) == []


# --- decisions that rest on others -----------------------------------------------------------------------------------


def test_a_required_decision_is_known_by_name_id_variable_and_outputs() -> None:
    risk = definitions(
        '<decision id="risk_id" name="Kundens risk"><variable name="risken"/><decisionTable id="t2"><input id="i"><inputExpression id="ie"><text>a</text></inputExpression></input>'
        '<output id="o" name="risk"/><rule id="r1"><inputEntry id="c"><text>&gt; 3</text></inputEntry><outputEntry id="oe"><text>"hög"</text></outputEntry></rule></decisionTable></decision>'
    )
    for name in ("Kundens risk", "risk_id", "risken", "risk"):
        files = {
            "b.dmn": risk,
            "a.dmn": table('"hög" -> 1\n- -> 2', policy="FIRST", columns=name, more=requires("risk_id")),
        }
        assert decide(files, "d", {"a": 4, "risk": "låg"}) == [{"ut": 1}], name
        assert decide(files, "d", {"a": 1, "risk": "hög"}) == [{"ut": 2}], name
        decisions, findings = decisions_in(files)
        assert findings == []
        assert (decisions["d"].order, set(decisions["d"].reads)) == (("risk_id",), {"a"})


def test_a_chain_over_three_files_decides_each_once() -> None:
    asked: list[int] = []

    def answer(value: int) -> int:
        asked.append(value)
        return value

    files = {
        "c.dmn": definitions(literal("grund", "fråga(a)")),
        "b.dmn": definitions(literal("mitten", "grund + 1", "grund"), literal("sidan", "grund * 10", "grund")),
        "a.dmn": definitions(literal("toppen", "mitten + sidan", "mitten", "sidan")),
    }
    functions: dict[str, Callable[..., Any]] = {"fråga": answer}
    assert decide(files, "toppen", {"a": 2}, functions, mapping="singleEntry") == 23
    assert asked == [2]
    decisions, findings = decisions_in(files)
    assert findings == []
    assert (set(decisions["toppen"].reads), set(decisions["toppen"].calls)) == ({"a"}, {"fråga"})


@pytest.mark.parametrize(
    ("policy", "attributes", "seen"),
    [("COLLECT", "", [1, 2]), ("COLLECT", 'aggregation="SUM"', 3), ("FIRST", "", 1), ("RULE ORDER", "", [1, 2])],
)
def test_what_is_seen_of_a_required_table(policy: str, attributes: str, seen: Any) -> None:
    source = table("- -> 1\n- -> 2", policy=policy, attributes=attributes, beside=literal("e", "d", "d"))
    assert decide({"d.dmn": source}, "e", {"a": 1}, mapping="singleEntry") == seen


def test_a_required_table_without_a_match_is_null() -> None:
    source = table("5 -> 1", beside=literal("e", "ut = null and d = null", "d"))
    assert decide({"d.dmn": source}, "e", {"a": 1}, mapping="singleEntry") is True


def test_input_data_with_blanks_in_its_name() -> None:
    data = '<inputData id="i1" name="Sökt belopp"/>'
    source = table("> 5 -> Sökt belopp", columns="Sökt belopp", beside=data)
    assert decide({"d.dmn": source}, "d", {"Sökt belopp": 9}) == [{"ut": 9}]
    assert decisions_in({"d.dmn": source})[0]["d"].reads == {"Sökt belopp"}
    with pytest.raises(ExpressionError, match="Sökt belopp"):
        decide({"d.dmn": source}, "d", {})


def test_circles_are_refused_by_name() -> None:
    source = definitions(literal("d", "e", "e"), literal("e", "f", "f"), literal("f", "d", "d"), literal("g", "d", "d"))
    tables, findings = decisions_in({"d.dmn": source})
    assert tables == {}
    assert [finding.rule for finding in findings] == ["dmn-circle"] * 3
    assert "d → e → f → d" in findings[0].sv
    assert told(definitions(literal("d", "1", "d"))) == ["dmn-circle"]


def test_a_required_decision_that_is_not_there() -> None:
    assert told(table("- -> 1", more=requires("borta"))) == ["dmn-required"]
    data = '<informationRequirement id="q"><requiredInput href="#data"/></informationRequirement>'
    assert told(table("- -> 1", more=data)) == []


def test_a_name_with_two_meanings_is_refused_where_it_is_used() -> None:
    beside = literal("x", "1", variable="v") + literal("y", "2", variable="v")
    assert told(table("v -> 1", more=requires("x", "y"), beside=beside)) == ["dmn-cell"]
    assert told(table("x -> y", more=requires("x", "y"), beside=beside)) == []
    assert told(table("- | Två -> 1", columns="Två::a|Två::b")) == ["dmn-cell"]


def test_a_very_long_chain_is_refused() -> None:
    chain = [literal(f"d{number}", f"d{number - 1}", f"d{number - 1}") for number in range(1, 60)]
    tables, findings = decisions_in({"d.dmn": definitions(literal("d0", "1"), *chain)})
    assert "d50" in tables
    assert {finding.rule for finding in findings} == {"dmn-not-supported"}


@pytest.mark.parametrize(
    ("logic", "rule"),
    [
        ("", "dmn-not-supported"),
        ("<context/>", "dmn-not-supported"),
        ("<invocation><literalExpression><text>f</text></literalExpression></invocation>", "dmn-not-supported"),
        ("<literalExpression><text/></literalExpression>", "dmn-cell"),
        ("<literalExpression><text>1 +</text></literalExpression>", "dmn-cell"),
        (
            '<knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement><literalExpression><text>1</text></literalExpression>',
            "dmn-not-supported",
        ),
    ],
)
def test_other_logic_is_refused(logic: str, rule: str) -> None:
    assert told(definitions(f'<decision id="d" name="d">{logic}</decision>')) == [rule]


# --- as SpiffWorkflow has it -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["UNIQUE", "COLLECT"])
@pytest.mark.parametrize("a", [0, 1, 3, 4, 9, 10, 11])
def test_where_spiffworkflow_decides_right_so_do_we(policy: str, a: int) -> None:
    """Its cells are Python, so only what both languages write alike; UNIQUE where one rule matches."""
    rows = "1 -> 1\n> 10 -> 2\n3 <= ? < 9 -> a * 2\n9 -> 4"
    root = etree.fromstring(table(rows, policy=policy))
    parser = DMNParser(None, root, {"dmn": DMN_1_3})
    parser.parse()
    engine = PythonScriptEngine()
    task = SimpleNamespace(data={"a": a}, workflow=SimpleNamespace(script_engine=engine))
    theirs = DMNEngine(parser.decision.decisionTables[0]).result(task)
    ours = ask(rows, {"a": a}, policy=policy)
    assert theirs.get("ut", [] if policy == "COLLECT" else None) == (
        ours if policy == "COLLECT" else (ours or [None])[0]
    )


# --- files ---------------------------------------------------------------------------------------------------------


def test_the_functions_that_cells_call_are_known() -> None:
    tables, _ = decisions_in({"d.dmn": table("> limit() -> today()\nlen(?) > 1 -> 2\nday(2) -> 3", columns="f(x)")})
    assert tables["d"].calls == {"f", "limit", "today", "len", "day"}


@pytest.mark.parametrize("column", ["", "import os", "a b"])
def test_input_columns_need_an_expression(column: str) -> None:
    assert told(table("- -> 1", columns=column)) == ["dmn-column"]


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


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        DMN_1_3,
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_every_version_is_read(namespace: str) -> None:
    source = table("> 1 -> 5").replace(DMN_1_3.encode(), namespace.encode())
    assert decide({"d.dmn": source}, "d", {"a": 2}) == [{"ut": 5}]
    utf_16 = ('<?xml version="1.0" encoding="UTF-16"?>' + source.decode()).encode("utf-16")
    assert decide({"d.dmn": utf_16}, "d", {"a": 2}) == [{"ut": 5}]


def test_dmn_1_2_with_its_diagram() -> None:
    diagram = (
        '<dmndi:DMNDI xmlns:dmndi="http://www.omg.org/spec/DMN/20180521/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/">'
        '<dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="d"><dc:Bounds height="80" width="180" x="1" y="1"/></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>'
    )
    source = table("> 1 -> 5", beside=diagram).replace(DMN_1_3.encode(), b"http://www.omg.org/spec/DMN/20180521/MODEL/")
    assert told(source) == []


HOSTILE = [
    table("\n".join(f"{number} -> {number}" for number in range(4000))),
    table("\n".join("- -> 1" for _ in range(4000))),
    table("\n".join(f"{'(' * 450}1{')' * 450} -> 1" for _ in range(200))),
    table("\n".join(f"{'[1..' * 240}1 -> 1" for _ in range(200))),
    table("\n".join(f"{'if a then ' * 90}1 -> 1" for _ in range(200))),
    table("\n".join(f"{'a, ' * 320}1 -> 1" for _ in range(200))),
    table("\n".join(f"{'not(' * 240}1{')' * 240} -> 1" for _ in range(200))),
    table(
        "\n".join(f"{'x ' * 490} -> 1" for _ in range(200)), columns=" | ".join(f"{'x ' * 9}{n}::a" for n in range(1))
    ),
    table(f'"{"x" * 199_000}" -> 1'),
    definitions(*(literal(f"d{n}", "1", *(f"d{m}" for m in range(max(0, n - 9), n))) for n in range(1500))),
    definitions(*(literal(f"d{n}", "1", f"d{(n + 1) % 3000}") for n in range(3000))),
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_told_or_read_soon(source: bytes) -> None:
    in_time(lambda: decisions_in({"d.dmn": source}))


def test_a_costly_table_stays_within_bounds() -> None:
    """SpiffWorkflow's own replacing of `?` takes time in the square of a cell's length."""

    def deciding(length: int) -> Callable[[], object]:
        rows = "\n".join(
            f'{"? == 1 or " * max(1, length // 100)}? == "{"a" * length}{number}" -> 1' for number in range(180)
        )
        source = table(rows, policy="COLLECT")
        assert decide({"d.dmn": source}, "d", {"a": 1}, budget=Budget(steps=10_000_000)) == [{"ut": 1}] * 180
        return lambda: decide({"d.dmn": _anew(source)}, "d", {"a": 1}, budget=Budget(steps=10_000_000))

    assert growth(deciding, 88) < 15


def test_deciding_again_reads_nothing_again() -> None:
    source = table("\n".join(f"{number} -> {number}" for number in range(300)))
    first = min(taken(lambda: decide({"d.dmn": _anew(source)}, "d", {"a": 1})) for _ in range(3))
    decide({"d.dmn": source}, "d", {"a": 1})
    again = min(taken(lambda: decide({"d.dmn": source}, "d", {"a": 1})) for _ in range(10))
    assert again < first / 5


NUMBERS = count()


def _anew(source: bytes) -> bytes:
    """The same table as nobody has read it yet."""
    return source + f"<!-- {next(NUMBERS)} -->".encode()
