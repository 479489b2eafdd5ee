"""The expression language: what it gives, what it refuses, and that nothing gets through it to the host."""

import contextlib
import copy
import gc
import threading
import time
import timeit
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.bpmn.expressions import (
    BUILTINS,
    MAX_ITEMS,
    MAX_NUMBER,
    MAX_TEXT,
    Budget,
    compile_expression,
    compile_script,
    template,
)
from engine.errors import BadTime, BudgetSpent, ExpressionError

VARIABLES: dict[str, Any] = {
    "amount": 2000,
    "rate": 0.25,
    "role": "manager",
    "customer": {"vip": True, "name": "Åsa", "orders": [{"sum": 10}, {"sum": 30}], "note": None},
    "items": [3, 1, 2],
    "names": ["b", "a"],
    "nothing": None,
    "yes": True,
    "empty": [],
    "len": "a variable",
    "förening": "Blå",
}


def value(source: str, **functions: Any) -> Any:
    return compile_expression(source).evaluate(VARIABLES, functions)


# --- what it gives -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # literals
        ("1", 1),
        ("1.5", 1.5),
        ("'it''s'", "its"),
        ('"åäö"', "åäö"),
        ("True", True),
        ("true", True),
        ("False", False),
        ("false", False),
        ("None", None),
        ("null", None),
        ("[1, [2]]", [1, [2]]),
        ("(1, 2)", [1, 2]),
        ("()", []),
        ("{'a': 1, 'b': {}}", {"a": 1, "b": {}}),
        # names and what is in them
        ("amount", 2000),
        ("förening", "Blå"),
        ("customer.name", "Åsa"),
        ("customer['name']", "Åsa"),
        ("customer.orders[1].sum", 30),
        ("customer.orders[-1]['sum']", 30),
        ("names[0]", "b"),
        ("role[0]", "m"),
        ("role[:3]", "man"),
        ("items[1:]", [1, 2]),
        ("items[::-1]", [2, 1, 3]),
        ("items[5:]", []),
        ("nothing", None),
        # comparisons
        ("1 < 2 <= 2 < 3", True),
        ("1 < 2 > 5", False),
        ("3 >= 3 != 4", True),
        ("'a' < 'b'", True),
        ("1 == 1.0", True),
        ("1 == '1'", False),
        ("[1, {'a': [2]}] == [1, {'a': [2]}]", True),
        ("[1, {'a': [2]}] == [1, {'a': [3]}]", False),
        ("{'a': 1} == {'b': 1}", False),
        ("[] == {}", False),
        ("customer != customer", False),
        ("nothing == null", True),
        ("nothing is None", True),
        ("nothing is not null", False),
        ("yes is true", True),
        ("2 in items", True),
        ("9 in items", False),
        ("9 not in items", True),
        ("[1] in [[1], [2]]", True),
        ("'age' in role", True),
        ("'vip' in customer", True),
        ("'x' not in customer", True),
        # logic
        ("true and 'x'", "x"),
        ("0 and boom", 0),
        ("'' or 'default'", "default"),
        ("1 or boom", 1),
        ("not empty", True),
        ("not (true and false)", True),
        ("'a' if amount > 1 else boom", "a"),
        ("boom if amount < 1 else 'b'", "b"),
        ("1 if false else 2 if false else 3", 3),
        # arithmetic
        ("1 + 2 * 3 - 4", 3),
        ("7 / 2", 3.5),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("-(-3)", 3),
        ("+2", 2),
        ("amount * rate", 500.0),
        ("'a' + 'b'", "ab"),
        ("[1] + [2]", [1, 2]),
        ("9223372036854775807", MAX_NUMBER),
        # comprehensions
        ("[o.sum for o in customer.orders]", [10, 30]),
        ("[x * 2 for x in items if x > 1 if x < 3]", [4]),
        ("[[y for y in items if y < x] for x in items]", [[1, 2], [], [1]]),
        ("[amount for amount in [1]] + [amount]", [1, 2000]),
        ("[1 for _ in items]", [1, 1, 1]),
        ("any(o.sum > 20 for o in customer.orders)", True),
        ("all(o.sum > 20 for o in customer.orders)", False),
        ("any(x.missing for x in [{'missing': 1}, {}])", True),  # stops where the answer is known
        ("sum(o.sum for o in customer.orders)", 40),
        ("len(x for x in items if x > 1)", 2),
        ("min(x for x in items)", 1),
        ("max(len(n) for n in names)", 1),
        ("sorted(o.sum for o in customer.orders)", [10, 30]),
        ("join([n + '!' for n in names], ' ')", "b! a!"),
        # functions
        ("len(items) + len('abc') + len(customer)", 10),
        ("min(items)", 1),
        ("max(1, 2.5, 2)", 2.5),
        ("min('b', 'a')", "a"),
        ("sum([])", 0),
        ("sum([1, 0.5])", 1.5),
        ("round(2.567, 1)", 2.6),
        ("round(2.5)", 2),
        ("round(1234, -2)", 1200),
        ("int('12')", 12),
        ("int(' -7 ')", -7),
        ("int(2.9)", 2),
        ("int(true)", 1),
        ("float('2.50')", 2.5),
        ("float('1e3')", 1000.0),
        ("float(2)", 2.0),
        ("str(12)", "12"),
        ("str(null)", ""),
        ("str(true)", "true"),
        ("str([1, 'å', null])", '[1, "å", null]'),
        ("abs(-2)", 2),
        ("any([0, 1])", True),
        ("all([])", True),
        ("sorted(items)", [1, 2, 3]),
        ("sorted([])", []),
        ("sorted(names)", ["a", "b"]),
        ("lower('ÅÄ')", "åä"),
        ("upper('åä')", "ÅÄ"),
        ("strip('  a ')", "a"),
        ("contains(role, 'age')", True),
        ("contains(items, 9)", False),
        ("startswith(role, 'man')", True),
        ("endswith(role, 'man')", False),
        ("get(customer, 'vip')", True),
        ("get(customer, 'x')", None),
        ("get(customer, 'x', 'y')", "y"),
        ("get(nothing, 'x', 1)", 1),
        ("get(items, 0)", 3),
        ("get(items, 9, 'none')", "none"),
        ("get(get(customer, 'a'), 'b', 2)", 2),
        ("keys({'a': 1, 'b': 2})", ["a", "b"]),
        ("values({'a': 1, 'b': 2})", [1, 2]),
        ("count(items, 1)", 1),
        ("count('banana', 'a')", 3),
        ("join(names)", "ba"),
        ("shorten('Ändras  ofta,\\noch sent', 99)", "Ändras ofta, och sent"),
        ("shorten('Ändras ofta, och sent', 15)", "Ändras ofta…"),
        ("shorten('Ändras ofta, och sent', 12)", "Ändras ofta…"),
        ("shorten('Utskrivningsplaneringen', 10)", "Utskrivni…"),
        ("shorten('', 10)", ""),
        ("join([1, null, true], '-')", "1--true"),
        # a variable named as a function hides nothing and is hidden by nothing
        ("len", "a variable"),
        ("len(len)", 10),
        # asking whether something is there
        ("defined(amount)", True),
        ("defined(nothing)", True),
        ("defined(boom)", False),
        ("defined(customer.vip)", True),
        ("defined(customer.x)", False),
        ("defined(customer.x.y)", False),
        ("defined(nothing.x)", False),
        ("defined(items[9])", False),
        ("defined(boom) and boom > 1", False),
        # layout
        ("  amount  ", 2000),
        ("amount > 1\n  and role == 'manager'  # both\n  and customer.vip", True),
        ("[\n  1,\n  2,\n]", [1, 2]),
        ("${amount > 1000}", True),
        ("  ${ {'a': '}'}['a'] }  ", "}"),
    ],
)
def test_value(source: str, expected: Any) -> None:
    found = value(source)
    assert found == expected
    assert type(found) is type(expected)


def test_what_it_reads_and_calls() -> None:
    expression = compile_expression(
        "amount > limit.max and any(n == own for n in names) and workdays(days) and (defined(x) or len(y))"
    )
    assert expression.names == {"amount", "limit", "own", "names", "days", "x", "y"}
    assert expression.required == expression.names - {"x"}
    assert expression.calls == {"any", "workdays", "len", "defined"}


def test_bound_name_is_not_read_but_the_same_name_outside_is() -> None:
    assert compile_expression("[n for n in xs]").names == {"xs"}
    assert compile_expression("[n for n in n]").names == {"n"}
    assert compile_expression("[n for n in xs] + [n]").names == {"n", "xs"}


def test_same_source_is_compiled_once() -> None:
    assert compile_expression("amount > 1") is compile_expression("amount > 1")


def test_any_legal_name_works_as_a_variable() -> None:
    for name in [*BUILTINS, "_x", "str_", "typename", "datum", "år", "__", "self", "print"]:
        if not name.startswith("__"):
            assert compile_expression(f"{name} + 1").evaluate({name: 1}) == 2


def test_functions_of_the_house_are_called_by_name() -> None:
    assert value("workdays(2) + suffix()", workdays=lambda n: f"+{n}", suffix=lambda: "d") == "+2d"
    assert value("len(pair())", pair=lambda: (1, 2)) == 2
    assert value("len(items)", len=lambda _: 99) == 3  # a built-in cannot be replaced


def test_functions_and_variables_live_apart() -> None:
    assert compile_expression("now() + now").evaluate({"now": "!"}, {"now": lambda: "12:00"}) == "12:00!"
    with pytest.raises(ExpressionError, match="variable 'now'"):
        compile_expression("now").evaluate({}, {"now": lambda: "12:00"})


# --- what it refuses, by name --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("boom", "variable 'boom', but it is not set"),
        ("customer.x", "'customer.x' to be there"),
        ("customer['x']", "\"customer['x']\" to be there"),
        ("items[3]", "'items[3]' to be there"),
        ("nothing.x", "what it is taken from is null"),
        ("amount.x", "what it is taken from is a number"),
        ("items.x", "what it is taken from is a list"),
        ("items['a']", "a list"),
        ("items[true]", "a list"),
        ("items[1.0]", "a list"),
        ("customer[0]", "an object"),
        ("items['a':]", "a list"),
        ("items[::0]", "a list"),
        ("customer[:1]", "an object"),
        ("1 < 'a'", "`<` works on, but got a number and a text"),
        ("nothing > 1", "null and a number"),
        ("yes < 2", "true or false and a number"),
        ("[1] < [2]", "a list and a list"),
        ("1 in 2", "a number and a number"),
        ("1 in 'a'", "a number and a text"),
        ("1 in customer", "an object"),
        ("1 + 'a'", "`+` works on, but got a number and a text"),
        ("'a' * 3", "`*` works on, but got a text and a number"),
        ("items * 2", "a list and a number"),
        ("'%s' % 1", "`%` works on"),
        ("yes + 1", "true or false"),
        ("-role", "a sign works on, but got a text"),
        ("-yes", "a sign works on, but got true or false"),
        ("1 / 0", "but by zero"),
        ("1 % 0", "but by zero"),
        ("1.0 // 0", "but by zero"),
        ("[x for x in role]", "`for` works on, but got a text"),
        ("[x for x in customer]", "but got an object"),
        ("{1: 2}", "a key of an object"),
        ("{role: 1, items: 2}", "a key of an object"),
        ("min([])", "items for min(), but there are none"),
        ("max(1, 'a')", "numbers only or texts only"),
        ("min(yes, 1)", "numbers only or texts only"),
        ("sorted([1, 'a'])", "numbers only or texts only"),
        ("sum(['a'])", "sum() works on, but got a text"),
        ("sum(1)", "sum() works on, but got a number"),
        ("len(1)", "len() works on, but got a number"),
        ("round('1')", "round() works on"),
        ("round(1, 99)", "round() works on"),
        ("int('1_0')", "int() works on"),
        ("int('१२')", "int() works on"),
        ("int('99999999999999999999')", "int() works on"),
        ("int(null)", "int() works on"),
        ("float('nan')", "float() works on"),
        ("float('inf')", "float() works on"),
        ("float('1e999')", "64 bits"),
        ("abs('a')", "abs() works on"),
        ("lower(1)", "lower() works on"),
        ("startswith(1, 'a')", "startswith() works on"),
        ("get(1, 'a')", "get() works on"),
        ("keys([])", "keys() works on"),
        ("values(1)", "values() works on"),
        ("count('a', 1)", "count() works on"),
        ("join('a')", "join() works on"),
        ("shorten(1, 10)", "shorten() works on"),
        ("shorten('a', 0)", "shorten() works on"),
        ("shorten('a', 'b')", "shorten() works on"),
        ("join([], 1)", "join() works on"),
        ("any(1)", "any() works on"),
        ("all(null)", "all() works on"),
        ("unknown(1)", "none called 'unknown'"),
        ("defined(amount.x)", "what it is taken from is a number"),  # not missing, but wrong
        ("defined(items[unknown(1)])", "none called 'unknown'"),
    ],
)
def test_no_value(source: str, words: str) -> None:
    expression = compile_expression(source)
    with pytest.raises(ExpressionError) as refusal:
        expression.evaluate(VARIABLES)
    assert words in str(refusal.value)
    assert str(refusal.value).startswith("Expected ")
    assert refusal.value.sv
    assert refusal.value.source == source


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "can be read"),
        ("   ", "can be read"),
        ("1 +", "can be read"),
        ("a = 1", "can be read"),
        ("a && b", "can be read"),
        ("a || b", "can be read"),
        ("!a", "can be read"),
        ("a b", "can be read"),
        ("'open", "can be read"),
        ("'\\d'", "can be read"),
        ("1if a else 2", "can be read"),
        ("1) + (2", "can be read"),
        ("1) + (\n2", "brackets do not match"),
        ("a)(\nb", "brackets do not match"),
        ("${a", "never closed"),
        ("${a} ${b}", "more follows"),
        ("${'a}'", "never closed"),
        ("a\0b", ""),
        ("'\ud800'", ""),
        ("'\\ud800'", "half a character"),
        ("'\\0'", "NUL"),
        ("2 ** 3", "a power"),
        ("a @ b", "a MatMult"),
        ("a << 1", "a LShift"),
        ("a | b", "a BitOr"),
        ("~a", "a Invert"),
        ("f'{a}'", "an f-string"),
        ("lambda: 1", "a lambda"),
        ("(x for x in a)", "a `for` outside brackets"),
        ("get((x for x in a), 1)", "a `for` outside brackets"),
        ("(a := 1)", "an assignment"),
        ("[*a]", "a star"),
        ("{**a}", "a Dict"),
        ("f(*a)", "a star"),
        ("{1, 2}", "a Set"),
        ("{x: 1 for x in a}", "a DictComp"),
        ("{x for x in a}", "a SetComp"),
        ("[x for x in a for y in b]", "a comprehension"),
        ("[x for x, y in a]", "a comprehension"),
        ("[x async for x in a]", ""),
        ("await a", ""),
        ("yield", ""),
        ("b'a'", "a Constant"),
        ("...", "a Constant"),
        ("1j", "a Constant"),
        ("a is b", "a Is"),
        ("a is 1", "a Is"),
        ("1e999", "64 bits"),
        ("9223372036854775808", "64 bits"),
        ("9" * 3999, "64 bits"),
        ("a.b()", "this is a method"),
        ("len(a)(b)", "this is a method"),
        ("round(a, ndigits=1)", "arguments with names"),
        ("len()", "1 arguments for len(), but there are 0"),
        ("round(1, 2, 3)", "1 to 2 arguments"),
        ("min()", "1 or more arguments"),
        ("defined()", "defined(...)"),
        ("defined(1)", "defined(...)"),
        ("defined(a, b)", "defined(...)"),
        ("__name__", "reserved"),
        ("a.__class__", "reserved"),
        ("a._︳class︳︳", "reserved"),  # Python reads these dashes as underscores
        ("__import__('os')", "reserved"),
        ("[1 for true in a]", "reserved"),
        ("[1 for __x in a]", "reserved"),
        ("x" * 4001, "at most 4000 characters"),
        ("-" * 3999 + "1", "nested too deeply"),
        ("not " * 900 + "1", "nested too deeply"),
        ("a" + ".a" * 1900, "nested too deeply"),
        ("a" + "+a" * 1900, "nested too deeply"),
        ("1 if 1 else " * 300 + "1", "nested too deeply"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ("(" * 500 + "1" + ")" * 500, "can be read"),
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_not_in_the_language(source: str, words: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        compile_expression(source)
    assert words in str(refusal.value)
    assert refusal.value.source is not None
    assert len(str(refusal.value)) < 250


def test_messages_never_repeat_what_a_case_holds() -> None:
    secret = {"text": "19121212-1212", "obj": {"a": 1}, "xs": ["19121212-1212"], "n": 191212121212}
    for source in ("text.x", "obj[text]", "xs[n]", "text < n", "int(text)", "text + n", "get(n, text)", "n in text"):
        with pytest.raises(ExpressionError) as refusal:
            compile_expression(source).evaluate(secret)
        said = f"{refusal.value} {refusal.value.sv} {refusal.value.args} {refusal.value.details}"
        assert "1912" not in said


def test_failing_function_is_an_expression_error() -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("19121212-1212")

    def refuses() -> Any:
        raise BadTime("Expected a date, but this is none.", "Inget datum.")

    with pytest.raises(ExpressionError, match=r"Expected broken\(\) to give a value, .* \(KeyError\)") as refusal:
        value("broken(1)", broken=broken)
    assert "1912" not in str(refusal.value)
    with pytest.raises(ExpressionError, match="Expected a date") as refusal:
        value("refuses()", refuses=refuses)
    assert refusal.value.sv == "Inget datum."
    with pytest.raises(ExpressionError, match="TypeError"):
        value("refuses(1, 2)", refuses=refuses)


# --- values are plain JSON, in and out -----------------------------------------------------------------------------

STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_NUMBER, MAX_NUMBER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | STORABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STORABLE, inner, max_size=4),
    max_leaves=12,
)


def containers(value: Any) -> list[Any]:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return ([value] if isinstance(value, dict | list) else []) + [each for one in inner for each in containers(one)]


@given(JSON)
def test_value_passes_through_unchanged_and_as_a_copy(given_value: Any) -> None:
    before = copy.deepcopy(given_value)
    variables = {"x": given_value}
    for source in ("x", "[x]", "{'k': x}", "[y for y in [x]]", "x if true else 1", "get({'k': x}, 'k')", "echo(x)"):
        found = compile_expression(source).evaluate(variables, {"echo": lambda value: value})
        assert found in (before, [before], {"k": before})
        assert not {id(each) for each in containers(found)} & {id(each) for each in containers(given_value)}
    assert given_value == before
    assert template("${x}").evaluate(variables) == before
    assert compile_script("y = x").run(variables) == {"y": before}


class Sly(dict[str, Any]):
    """Looks like an object, is none of ours."""


@pytest.mark.parametrize(
    "foreign",
    [
        object(),
        {1},
        b"a",
        1j,
        Sly(),
        {1: 2},
        {None: 1},
        [object()],
        {"a": {"b": {2}}},
        len,
        ExpressionError,
        range(3),
        float("nan"),
        float("inf"),
        [float("-inf")],
        2**63,
        -(2**63),
        2**70,
        "\x00",
        "a\ud800",
        {"\ud800": 1},
        ["\x00"],
    ],
    ids=lambda each: ascii(each)[:20],
)
def test_what_json_lacks_is_refused_from_variables_and_functions(foreign: Any) -> None:
    for source in ("x", "[x]", "{'a': x}", "f()"):
        with pytest.raises(ExpressionError):
            compile_expression(source).evaluate({"x": foreign}, {"f": lambda: foreign})


def test_arithmetic_stays_within_64_bits() -> None:
    for source in (
        f"{MAX_NUMBER} + 1",
        f"-{MAX_NUMBER} - 2",
        f"{MAX_NUMBER} * {MAX_NUMBER}",
        "1e308 * 10",
        "1e308 + 1e308",
    ):
        with pytest.raises(ExpressionError, match="64 bits"):
            value(source)
    for source in (
        "sum([1e308, 1e308])",
        f"sum([{MAX_NUMBER}, 1])",
        f"abs({-MAX_NUMBER} - 1)",
        "int(1e300)",
        "-1e308 * 10",
    ):
        with pytest.raises(ExpressionError, match="64 bits"):
            value(source)
    with pytest.raises(ExpressionError):
        compile_expression("x / 1.5").evaluate({"x": 10**400})


def test_deep_value_is_refused_not_a_crash() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    for source in ("x", "x == x", "[x] == [x]", "str(x)", "x in [x]", "f(x)"):
        with pytest.raises(ExpressionError, match="nested too deeply"):
            compile_expression(source).evaluate({"x": deep}, {"f": lambda value: value})


# --- attacks -------------------------------------------------------------------------------------------------------

ATTACKS = [
    "__import__('os')",
    "__import__('os').system('id')",
    "().__class__.__base__.__subclasses__()",
    "s.__class__.__mro__",
    "'{0.__class__}'.format(1)",
    "'{0.__class__}'.format_map(d)",
    "format('{0.__class__}', 1)",
    "(lambda: 1).__globals__",
    "(i for i in x).gi_frame",
    "[i for i in x].gi_frame",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "getattr(s, 'upper')",
    "type(s)",
    "globals()",
    "locals()",
    "vars()",
    "dir(s)",
    "input()",
    "print(s)",
    "range(10**9)",
    "9**9**8",
    "9**9**9",
    "2**70",
    "pow(9, 9)",
    "1 << 99",
    "'a'*10**10",
    "'a' * 10000000000",
    "[0]*10**9",
    "[0] * 1000000000",
    "s * n",
    "x * n",
    "[1 for a in range(10**9)]",
    "sum(1 for a in range(10**9))",
    "sum(1 for a in x for b in x)",
    "sum(sum(1 for b in big) for a in big)",
    "sum(sum(sum(1 for c in big) for b in big) for a in big)",
    "[[y for y in big] for z in big]",
    "[big for z in big]",
    "[big for z in big] == [big for z in big]",
    "str([big for z in big])",
    "len(str([big for z in big]))",
    "sum([big], [])",
    "join([long for z in big])",
    "[long for z in big]",
    "join(big, long)",
    "[a + long for a in [long, long]]",
    "sorted([sorted(big) for a in big])",
    "[sorted(big) for a in big]",
    "[keys(d) for a in big] == [sorted(big) for a in big]",
    "[big[::-1] for a in big]",
    "[b in big for b in big]",
    "[count(big, b) for b in big]",
    "any(9 in big for b in big for c in big)",
    "all(all(b >= 0 for b in big) for a in big)",
    "(" * 500 + "1" + ")" * 500,
    "[" * 500 + "1" + "]" * 500,
    "{'a':" * 400 + "1" + "}" * 400,
    "-" * 3900 + "1",
    "not " * 950 + "1",
    "s" + ".a" * 1900,
    "s" + "[0]" * 1200,
    "len(" * 190 + "s" + ")" * 190,
    "[a for a in " * 150 + "x" + "]" * 150,
    "'%1000000000d' % 1",
    "'%s' * 9 % s",
    "f'{1:>1000000000}'",
    "f'{s.__class__}'",
    "x.append(1)",
    "d.clear()",
    "d.update(x)",
    "s.upper",
    "s.upper()",
    "d.items",
    "d.get('a')",
    "x.sort",
    "n.real",
    "n.to_bytes",
    "len.__self__",
    "len.__call__",
    "min.__self__.open",
    "f.__globals__",
    "f.__code__",
    "d['__class__']",
    "s['__class__']",
    "get(s, '__class__')",
    "get(d, '__class__').__mro__",
    "[x := 1]",
    "(yield)",
    "await s",
    "x[::0]",
    "x[9**9:]",
    "{**d}",
    "[*x]",
    "f(*x)",
    "f(**d)",
    "print",
    "__builtins__",
    "__name__",
    "__loader__",
    "d.__builtins__",
    "s._︳class︳︳",
    "9" * 3999,
    "1e999",
    "float('nan')",
    "float('1e999')",
    "int('9' + long)",
    "round(n, 999999999)",
    "round(1.5, -999999999)",
    "'\\ud800'",
    "'\\0'",
    "b'a'",
    "1j",
    "...",
    "s; s",
    "s\ns",
    "import os",
    "a" * 100_000,
    "s.＿＿class＿＿",
    "s.__cl\u1d43ss__",
    "_＿class__",
    "ｅｖａｌ('1')",
    "ｏｐｅｎ('/etc/passwd')",
    "ｆ.__globals__",
    "len.__ｓｅｌｆ__",
    "d.__proto__",
    "d['__proto__'].polluted",
    "d.constructor",
    "x.constructor.constructor('return 1')()",
    "matches(s, '(a+)+$')",
    "re.match('(a+)+$', s)",
    "replace(s, '(a+)+', 'x')",
    "sorted(x, key=len)",
    "sorted(x, len)",
    "min(x, key=f)",
    "max(x, default=s)",
    "f(x=1)",
    "s @ s",
    "~n",
    "n >> 1",
    "n | 1",
    "n ^ n",
    "9223372036854775807 + 1",
    "-9223372036854775807 - 2",
    "9223372036854775807 * 9223372036854775807",
    "1e308 * 10",
    "-1e308 - 1e308",
    "1e308 / 1e-308",
    "1 / 0",
    "n % 0",
    "0.0 // 0.0",
    "int('1_000')",
    "int('١٢')",
    "float('inf')",
    "float('-infinity')",
    "round(1e308 * 10)",
    "str(" + "9" * 30 + ")",
    "len(str(" + "9" * 3000 + "))",
    "del s",
    "global s",
    "pass",
    "s = 1",
    "x[0] = 1",
    "d.a = 1",
    "s += s",
    "lambda: (yield)",
    "[f for f in f]",
    "{a: b for a in x}",
    "{a for a in x}",
    "{1, 2}",
    "[a async for a in x]",
    "[a for a, b in x]",
    "[a for d.a in x]",
    "[(a := a) for a in x]",
    "any(a for a in x)(1)",
    "f()()",
    "f.f()",
    "(f if true else f)()",
    "len(len)",
    "f(f)",
    "true.real",
    "null.__bool__",
    "'a' if s else",
    "`s`",
    "s if",
    "$s",
    "s\\",
    "#",
    "\ufeffs",
    "s\u2028s",
]

TARGETS: dict[str, Any] = {
    "s": "text",
    "x": [1, 2, 3],
    "n": 10**10,
    "d": {"a": 1, "b": [1]},
    "big": list(range(9_999)),
    "long": "a" * 90_000,
}


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Time of this thread alone; a busy machine, or the collector at work on a large test session, proves nothing."""
    gc.disable()
    try:
        start = time.thread_time()
        yield
        assert time.thread_time() - start < seconds
    finally:
        gc.enable()


def refused(source: str, as_script: bool = False) -> None:
    """Refused by name, at compilation or evaluation, within 0.1 s, with nothing done to the variables."""
    targets = dict(TARGETS)
    with within(0.1), pytest.raises(ExpressionError):
        if as_script:
            compile_script(source).run(targets, {"f": lambda *_: 1})
        else:
            compile_expression(source).evaluate(targets, {"f": lambda *_: 1})
    assert targets == TARGETS


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: ascii(attack[:40]))
def test_attack_is_refused_at_once(attack: str) -> None:
    refused(attack)


WRAPPINGS = [
    "[{}]",
    "[1, [{}]]",
    "{{'a': {}}}",
    "{{'a': {{'b': [{}]}}}}",
    "({}, 1)",
    "({}) if true else 1",
    "1 if false else ({})",
    "true and ({})",
    "false or [{}]",
    "len([{}])",
    "[({}) for q in [1]]",
    "any([{}] for q in [1])",
    "[q for q in [1] if [({})]]",
    "get({{'a': {}}}, 'a')",
    "[({}), 1][0]",
    "[[[[[[[[[[{}]]]]]]]]]]",
    "f({})",
    "({}) == 1",
    "1 in [({})]",
    "{{str(f({})): 1}}",
]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_attack_is_refused_wherever_it_stands(wrapping: str) -> None:
    """A check in the outer object only is no check (CVE-2026-109432)."""
    for attack in ATTACKS:
        if attack not in ("s\ns", "s; s"):
            refused(wrapping.format(attack))


def test_attack_is_refused_in_scripts_and_templates() -> None:
    for attack in ATTACKS:
        refused(f"a = 1\nb = {attack}", as_script=True)
        with within(0.1), pytest.raises(ExpressionError):
            template(f"Hej ${{{attack}}}!").evaluate(TARGETS, {"f": lambda *_: 1})


@pytest.mark.parametrize(
    "source",
    [
        "[[y, y] for y in big] in [[z] for z in big]",
        "[y for y in big] == [y for y in big]",
        "sorted([-y for y in big]) == big",
        "big[::-1] + [1]",
        "count(long, 'aa') + count(long + 'b', 'ab')",
        "(long[:45000] + 'b') in long",
        "upper(long) == lower(long)",
        "str(big)",
        "join(big, ', ')",
        "len({'a': big, 'b': big, 'c': [big, big]})",
    ],
)
def test_heavy_work_ends_or_is_stopped_soon(source: str) -> None:
    with within(0.1), contextlib.suppress(BudgetSpent):
        compile_expression(source).evaluate(TARGETS)


def test_attack_is_refused_from_a_thread_with_a_small_stack() -> None:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            for attack in ATTACKS:
                refused(attack)
        except BaseException as error:
            failures.append(error)

    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(60)
    finally:
        threading.stack_size(before)
    assert not failures
    assert not thread.is_alive()


SOURCES = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            *"xydsnf()[]{}.,:+-*/%<=#\\\n",
            "len",
            "min",
            "sum",
            "any",
            "sorted",
            "get",
            "defined",
            "str",
            "join",
            "for",
            "in",
            "if",
            "else",
            "and",
            "or",
            "not",
            "is",
            "None",
            "true",
            "1",
            "2.5",
            "'a'",
            "==",
            "**",
            "${",
            "__class__",
            "big",
        ]
    ),
    max_size=20,
).map(" ".join)


@given(SOURCES)
@example("x.d")
@example("defined(x[f(1)])")
def test_any_text_gives_json_or_an_expression_error(source: str) -> None:
    targets = copy.deepcopy(TARGETS)
    for compiled in (compile_expression, template):
        try:
            found = compiled(source).evaluate(targets, {"f": lambda *_: 1})
        except ExpressionError:
            continue
        assert compile_expression("x").evaluate({"x": found}) == found
    with contextlib.suppress(ExpressionError):
        compile_script(f"a = {source}").run(targets, {"f": lambda *_: 1})
    assert targets == TARGETS


# --- budgets -------------------------------------------------------------------------------------------------------


def test_budget_is_shared_by_all_who_are_given_it() -> None:
    budget = Budget(steps=30)
    expression = compile_expression("1 + 2")
    for _ in range(10):
        expression.evaluate({}, {}, budget)
    with pytest.raises(BudgetSpent, match="within its budget"):
        expression.evaluate({}, {}, budget)


def test_straight_line_costs_its_nodes_and_a_loop_its_rounds() -> None:
    def steps(source: str, **variables: Any) -> int:
        budget = Budget()
        compile_expression(source).evaluate(variables, {}, budget)
        return Budget().steps - budget.steps

    assert steps("1 < 2") == 3
    few, many = steps("any(x < 0 for x in xs)", xs=[1] * 10), steps("any(x < 0 for x in xs)", xs=[1] * 1000)
    assert few >= 10 * 3
    assert many >= 1000 * 3
    assert steps("xs == ys", xs=[1] * 500, ys=[1] * 500) >= 500


def test_size_budget_stops_what_grows() -> None:
    with pytest.raises(BudgetSpent):
        compile_expression("s + s").evaluate({"s": "a" * 100}, {}, Budget(size=150))
    with pytest.raises(BudgetSpent):
        compile_expression("[x for x in xs]").evaluate({"xs": [1] * 100}, {}, Budget(size=50))


def test_time_budget_is_that_of_the_processor() -> None:
    """Waiting, for a machine that is busy with others too, takes nothing of it."""
    budget = Budget(steps=10**9, size=10**9, seconds=0.05)
    items, turn = {"xs": [1] * 1000}, compile_expression("[x for x in xs if nap()]")
    turn.evaluate(items, {"nap": lambda: True}, budget)
    time.sleep(0.06)
    turn.evaluate(items, {"nap": lambda: True}, budget)
    with pytest.raises(BudgetSpent):
        turn.evaluate(items, {"nap": _work}, budget)
    with pytest.raises(BudgetSpent):
        turn.evaluate(items, {"nap": lambda: True}, budget)


def _work() -> bool:
    begun = time.thread_time()
    while time.thread_time() < begun + 0.001:
        pass
    return True


def test_one_value_has_a_largest_size() -> None:
    half = "a" * (MAX_TEXT // 2)
    assert len(compile_expression("x + x").evaluate({"x": half})) == MAX_TEXT
    for source in ("x + x + 'a'", "join([x, x, 'a'])", "str([x, x])"):
        with pytest.raises(BudgetSpent, match="at most 100000"):
            compile_expression(source).evaluate({"x": half})
    assert len(compile_expression("x + x").evaluate({"x": [1] * (MAX_ITEMS // 2)})) == MAX_ITEMS
    for source in ("x + x + [1]", "x + x + x"):
        with pytest.raises(BudgetSpent, match="at most 10000"):
            compile_expression(source).evaluate({"x": [1] * (MAX_ITEMS // 2)})
    with pytest.raises(BudgetSpent):
        compile_expression("x").evaluate({"x": [1] * (MAX_ITEMS + 1)})


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
        with within(0.1), pytest.raises(ExpressionError):
            compile_script(f"a = {start}\n" + f"{line}\n" * 200).run({})


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


# --- as quick as it must be ----------------------------------------------------------------------------------------


def test_cached_evaluation_takes_microseconds() -> None:
    """The goal is 3 µs on the project's hardware, 1.8 measured: ten times what Python itself takes for the same.

    Counted in that, since a slow or busy machine proves nothing; 3 µs would be about 16.
    """
    source = "amount > 1000 and role == 'manager' and customer.vip"
    v = VARIABLES

    def best(work: Callable[[], Any]) -> float:
        return min(timeit.repeat(work, timer=time.thread_time, number=1000, repeat=40))

    ours = best(lambda: compile_expression(source).evaluate(v))
    python = best(lambda: v["amount"] > 1000 and v["role"] == "manager" and v["customer"]["vip"])
    assert ours / python < 30


def test_many_threads_may_share_one_expression() -> None:
    expression = compile_expression("sum(x * k for x in xs if x % 2 == k % 2)")
    wrong: list[int] = []

    def run(k: int) -> None:
        for _ in range(200):
            if expression.evaluate({"k": k, "xs": [1, 2, 3, 4]}) != (4 * k if k % 2 else 6 * k):
                wrong.append(k)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
