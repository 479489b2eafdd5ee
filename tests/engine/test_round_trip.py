"""What people fill in comes back byte for byte, whatever its keys and values: command, database, load."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from engine import CaseById, Deploy, Guarded, Refused, StartCase
from engine.schema import metadata
from tests.bpmn.drawing import bpmn, chain
from tests.engine.house import House
from tests.examples import examples

TRICKY = [
    "",
    "a\0b",
    " ",
    "typename",
    "__class__",
    "__proto__",
    "$type",
    "py/object",
    "after",
    "before",
    "vars",
    "runs",
    "live",
    "at",
    "0",
    "null",
    "true",
    "1e400",
    "${a}",
    "{a}",
    "a.b",
    "a'b\"c",
    "\\u0000",
    "\u2028\u2029",
    "\x7f\x1b",
    "e\u0301",
    "\ufeff",
    "🙂\U0010ffff",
    "ａ",
    "\r\n",
]
TEXTS = st.sampled_from(TRICKY) | st.text(
    st.characters(exclude_categories=["Cs", "Nd"], exclude_characters="\0@"), max_size=12
)
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


PROCESS = {"p.bpmn": bpmn(chain('<userTask id="x" name="X" camunda:candidateGroups="hsf"/>'))}


class Rows:
    """How many rows a table has."""

    def __init__(self, table: str) -> None:
        self.table = table

    def run(self, read: Any) -> int:
        found = sa.select(sa.func.count()).select_from(metadata.tables[self.table])
        return int(read.connection.execute(found).scalar_one())


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(TEXTS.filter(lambda name: name != "startad_av"), VALUES, max_size=4))
def test_what_goes_in_comes_back(house: House, variables: dict[str, Any]) -> None:
    house.do(Deploy(PROCESS))
    try:
        case = house.do(StartCase("p", variables))
    except Guarded:
        return  # a number that could be somebody's: refused, not changed
    found = house.ask(CaseById(case)).variables
    del found["startad_av"]
    assert json.dumps(found, sort_keys=True) == json.dumps(variables, sort_keys=True)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", {1: 2}, (1,), {1, 2}, b"x", 2**70, object()],
    ids=lambda value: ascii(type(value)),
)
def test_what_could_not_come_back_is_refused_and_nothing_is_kept(house: House, value: Any) -> None:
    house.do(Deploy(PROCESS))
    with pytest.raises(Refused):
        house.do(StartCase("p", {"x": value}))
    assert [house.ask(Rows(table)) for table in ("case", "task")] == [0, 0]
