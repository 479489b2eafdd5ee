"""Variables (§10.4): plain JSON, seen from inside, written where they are; user data is nothing but user data."""

import math
from datetime import date
from decimal import Decimal

import pytest

from engine.bpmn.changes import TaskClosed
from engine.bpmn.limits import Limits
from engine.errors import Refused

HOSTILE = {
    "typename": "UUID",
    "value": "zz",
    "tokens": [1],
    "runs": {"0": None},
    "vars": {"vars": {}},
    "next": -1,
    "live": 99,
    "kids": [2, 3],
    "stuck": "finish",
    "__class__": "Task",
    "__builtins__": None,
    "__proto__": {"a": 1},
    "$ref": "#",
    "": "",
    "å ä": "ö\u2028\u202e\u200b",
    "0": 0,
    "stor": 2**63 - 1,
    "liten": -0.1e-300,
    "djup": [[[[[[[]]]]]]],
}


def test_user_data_is_never_taken_for_the_engines(play):
    """A form value with a `typename` makes SpiffWorkflow's saved state unloadable for good (trust.md D7)."""
    case = play("any", HOSTILE).complete("a", inuti=HOSTILE, lista=[HOSTILE])
    assert case.outcome == "completed"
    assert case.variables == HOSTILE | {"inuti": HOSTILE, "lista": [HOSTILE]}


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        [math.nan],
        2**70,
        {1: "a"},
        {"a": {2}},
        (1, 2),
        [(1,)],
        date(2026, 1, 1),
        Decimal(1),
        "\ud800",
        b"x",
    ],
    ids=repr,
)
def test_what_json_cannot_keep_is_refused_and_nothing_has_happened(play, value):
    """SpiffWorkflow finds out when it saves, after the effects (trust.md D8)."""
    case = play("any")
    with pytest.raises(Refused):
        case.complete("a", x=value)
    assert case.waiting == ["a"]
    assert case.complete("a").outcome == "completed"


def test_values_are_copies(play):
    given = {"lista": [1]}
    case = play("any", given)
    given["lista"].append(2)
    assert case.variables == {"lista": [1]}


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (1, 1.0), ([1], [True]), ({"a": 1}, {"a": 1.0})])
def test_what_looks_equal_to_python_is_a_change(play, before, after):
    case = play("any", {"x": before}).complete("a", x=after)
    assert case.found(TaskClosed)[0].data == {"x": (before, after)}
    assert repr(case.variables["x"]) == repr(after)


def test_inner_scopes_see_outer_ones_and_write_where_the_variable_is(play):
    case = play("scopes")
    assert case.seen_at("a") == {"egen": 1, "y": 2, "ny": 3}
    assert case.variables == {"ny": 3}
    case.complete("a", egen=5, y=6, ny=7)
    assert case.variables == {"ny": 7}


def test_too_much_is_refused_but_what_takes_the_place_of_something_is_not(play):
    case = play("any", {"x": "x" * 90}, limits=Limits(variable_bytes=100))
    with pytest.raises(Refused):
        case.complete("a", y="y" * 10)
    with pytest.raises(Refused):
        case.complete("a", x="x" * 99)
    assert case.complete("a", x="x" * 98).outcome == "completed"
