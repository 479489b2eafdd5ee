"""Nothing gets through an expression to the host, and none takes more than it is given."""

import contextlib
import copy
import threading
import time
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.bpmn.expressions import (
    MAX_ITEMS,
    MAX_TEXT,
    Budget,
    compile_expression,
    compile_script,
    template,
)
from engine.errors import BudgetSpent, ExpressionError
from tests.speed import in_time

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


def refused(source: str, as_script: bool = False) -> None:
    """Refused by name, at compilation or evaluation, in time, with nothing done to the variables."""
    targets = dict(TARGETS)

    def attack() -> None:
        with pytest.raises(ExpressionError):
            if as_script:
                compile_script(source).run(targets, {"f": lambda *_: 1})
            else:
                compile_expression(source).evaluate(targets, {"f": lambda *_: 1})

    in_time(attack)
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


def _within_a_text(attack: str) -> Any:
    return template(f"Hej ${{{attack}}}!").evaluate(TARGETS, {"f": lambda *_: 1})


def test_attack_is_refused_in_scripts_and_templates() -> None:
    for attack in ATTACKS:
        refused(f"a = 1\nb = {attack}", as_script=True)
        with pytest.raises(ExpressionError):
            in_time(partial(_within_a_text, attack))


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
    with contextlib.suppress(BudgetSpent):
        in_time(lambda: compile_expression(source).evaluate(TARGETS))


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
