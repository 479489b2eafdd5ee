"""User tasks (§13.3.3): offered to roles or a person, done with what they fill in."""

from datetime import UTC, datetime

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import ABSENT, ElementPassed, TaskClosed, TaskOpened
from engine.bpmn.machine import Stale

GIVEN = {"omrade": "huddinge", "ansvarig": None, "klart": "2026-03-31"}


def test_it_is_offered_with_all_that_the_diagram_says(play):
    assert play("work", GIVEN).found(TaskOpened) == [
        TaskOpened(
            wait=1,
            element="work.granska",
            name="Granska rapporten",
            candidates=("storsthlm", "lokal_samverkan:huddinge@kommun"),
            assignee=None,
            due=datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC),  # the end of that day in Stockholm, in summer time
            follow_up=datetime(2026, 3, 20, 8, tzinfo=UTC),
            priority=25,
            form="granska",
        )
    ]


def test_resources_say_who_may_do_it_and_who_does_it(play):
    """§10.3.4: a potential owner may claim it, a performer does it."""
    case = play("resources", {**GIVEN, "ansvarig": "7"})
    opened = case.opened("granska")
    assert (opened.candidates, opened.assignee) == (("hsf", "lokal_samverkan:huddinge@kommun"), "7")
    assert case.complete("granska").outcome == "completed"


def test_a_due_date_may_be_an_instant_or_a_length_of_time_or_missing(play):
    for given, due in (
        ("2026-03-31T12:00:00+02:00", datetime(2026, 3, 31, 10, tzinfo=UTC)),
        ("P10D", datetime(2026, 3, 12, 8, tzinfo=UTC)),
        (None, None),
        ("", None),
    ):
        assert play("work", {**GIVEN, "klart": given}).opened("granska").due == due


@pytest.mark.parametrize("given", ["i morgon", "2026-02-30", "9999-12-31", 12])
def test_a_due_date_that_is_none_becomes_an_incident(play, given):
    case = play("work", {**GIVEN, "klart": given})
    assert (case.waiting, case.stuck_at) == ([], ["granska"])


def test_completing_it_writes_what_was_filled_in_and_tells_what_changed(play):
    case = play("work", GIVEN | {"svar": "nej", "orört": 1}).complete(
        "granska", svar="ja", orört=1, nytt=[1, {"a": None}]
    )
    assert case.outcome == "completed"
    assert case.variables == GIVEN | {"svar": "ja", "orört": 1, "nytt": [1, {"a": None}]}
    (closed,) = case.found(TaskClosed)
    assert closed == TaskClosed(
        1, "work.granska", "completed", {"svar": ("nej", "ja"), "nytt": (ABSENT, [1, {"a": None}])}
    )
    assert case.found(ElementPassed, "granska") == [ElementPassed("work.granska", flows=("work.granska-slut",))]


def test_it_is_done_once(play):
    case = play("work", GIVEN)
    wait = case.wait("granska", TaskOpened)
    case.complete("granska")
    with pytest.raises(Stale):
        case.step(lambda graph, state, env: machine.complete(graph, state, env, wait, {}))


@pytest.mark.parametrize(
    ("given", "candidates"),
    [("a, b:c@d,", ("a", "b:c@d")), (["a", "b, c"], ("a", "b", "c")), ([" a "], ("a",))],
)
def test_candidates_come_as_text_or_list(play, given, candidates):
    assert play("roles", {"roller": given}).opened("granska").candidates == candidates


@pytest.mark.parametrize("given", ["", " , ", [], None, 7])
def test_a_task_that_nobody_could_see_becomes_an_incident(play, given):
    case = play("roles", {"roller": given})
    assert case.stuck_at == ["granska"]
    case.skip("granska", svar="ja")
    assert case.outcome == "completed"
    assert case.variables["svar"] == "ja"


def test_inputs_are_its_own_and_only_outputs_come_out(play):
    case = play("mapped", {"rapport": {"text": "T"}})
    assert case.seen_at("granska") == {"rapport": {"text": "T"}, "underlag": "T", "egen": "1"}
    case.complete("granska", svar="ja", annat=1)
    assert case.variables == {"rapport": {"text": "T"}, "beslut": "ja", "underlaget": "T"}


def test_an_output_that_fails_keeps_what_was_filled_in(play):
    case = play("mapped", {"rapport": {"text": "T"}}).complete("granska", annat=1)
    assert (case.waiting, case.stuck_at) == ([], ["granska"])
    assert case.found(TaskClosed) == [TaskClosed(1, "mapped.granska", "completed")]
    assert case.retry("granska").stuck_at == ["granska"]
    assert case.skip("granska", beslut="för hand").outcome == "completed"
    assert case.variables == {"rapport": {"text": "T"}, "beslut": "för hand"}


def test_an_input_that_fails_holds_the_task_back(play):
    case = play("mapped", {"rapport": {}})
    assert (case.waiting, case.stuck_at) == ([], ["granska"])
    assert case.found(TaskOpened) == []
    assert case.retry("granska").stuck_at == ["granska"]
    assert case.skip("granska", beslut="för hand").variables == {"rapport": {}, "beslut": "för hand"}
