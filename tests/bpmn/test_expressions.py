"""The expression language: what it gives, and what it refuses by name."""

import copy
import threading
import time
import timeit
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bpmn.expressions import (
    BUILTINS,
    MAX_NUMBER,
    compile_expression,
    compile_script,
    template,
)
from engine.errors import BadTime, ExpressionError

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
