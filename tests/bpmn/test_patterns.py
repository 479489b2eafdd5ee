"""Workflow patterns (Russell et al. 2006): the control-flow patterns that BPMN can express, each as a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Play = Callable[..., Any]

PATTERNS = {
    1: ("Sequence", "sequence flow"),
    2: ("Parallel split", "parallel gateway, or several flows out"),
    3: ("Synchronization", "parallel gateway"),
    4: ("Exclusive choice", "exclusive gateway"),
    5: ("Simple merge", "exclusive gateway, or several flows in"),
    6: ("Multi-choice", "inclusive gateway, or conditional flows"),
    7: ("Structured synchronizing merge", "inclusive gateway"),
    8: ("Multi-merge", "exclusive gateway, or several flows in: each token goes on"),
    9: ("Structured discriminator", "complex gateway"),
    10: ("Arbitrary cycles", "sequence flows back, several ways in and out"),
    11: ("Implicit termination", "a process ends with its last token"),
    12: ("Multiple instances without synchronization", "multi-instance, behavior None: each end goes on by itself"),
    13: ("Multiple instances, number known at design time", "multi-instance, loopCardinality"),
    14: ("Multiple instances, number known at run time", "multi-instance over a collection"),
    15: ("Multiple instances, number not known before", "non-interrupting event sub-process: one more each time"),
    16: ("Deferred choice", "event-based gateway"),
    17: ("Interleaved parallel routing", "sequential ad-hoc sub-process, with flows inside for the order"),
    18: ("Milestone", "no: BPMN cannot ask whether a token stands somewhere else"),
    19: ("Cancel task", "interrupting boundary event"),
    20: ("Cancel case", "terminate end event, also in an event sub-process"),
    21: ("Structured loop", "standard loop, testBefore or not"),
    22: ("Recursion", "call activity that calls its own process"),
    23: ("Transient trigger", "signal: reaches who waits then, and is not kept"),
    24: ("Persistent trigger", "message: kept until somebody waits"),
    25: (
        "Cancel region",
        "interrupting boundary event on a sub-process; a region that is no sub-process cannot be drawn",
    ),
    26: ("Cancel multiple instance activity", "interrupting boundary event on it"),
    27: ("Complete multiple instance activity", "interrupting boundary event that joins the flow behind it"),
    28: ("Blocking discriminator", "complex gateway; what comes meanwhile waits for its reset"),
    29: ("Cancelling discriminator", "sub-process whose branches end in a terminate end event"),
    30: ("Structured partial join", "complex gateway"),
    31: ("Blocking partial join", "complex gateway; what comes meanwhile waits for its reset"),
    32: ("Cancelling partial join", "complex gateway in a sub-process that a terminate end event ends"),
    33: ("Generalized AND-join", "parallel gateway: tokens wait for those of the other flows, none is lost"),
    34: (
        "Static partial join for multiple instances",
        "multi-instance, behavior None, and a gateway that counts: goes on at N, the rest leads nowhere",
    ),
    35: ("Cancelling partial join for multiple instances", "multi-instance, completionCondition"),
    36: ("Dynamic partial join for multiple instances", "no: BPMN counts the instances once, before the first"),
    37: ("Local synchronizing merge", "inclusive gateway, between gateways that are not in pairs"),
    38: ("General synchronizing merge", "inclusive gateway, in loops too (§13.4.3)"),
    39: ("Critical section", "no: BPMN has no lock between two places of a process"),
    40: ("Interleaved routing", "sequential ad-hoc sub-process"),
    41: ("Thread merge", "startQuantity"),
    42: ("Thread split", "completionQuantity"),
    43: ("Explicit termination", "terminate end event"),
}
"""Number -> (name, how, or `no:` why not). README's table is made of it (`tests/documents.py`)."""


def test_wcp_1_sequence(play: Play) -> None:
    case = play("p1")
    assert case.waiting == ["a"]
    assert case.complete("a").waiting == ["b"]


def test_wcp_2_parallel_split(play: Play) -> None:
    assert play("p2").waiting == ["a", "b"]


def test_wcp_3_synchronization(play: Play) -> None:
    case = play("p3").complete("b")
    assert case.waiting == ["a"]
    assert case.complete("a").waiting == ["efter"]


@pytest.mark.parametrize(("n", "way"), [(1, "b"), (2, "a")])
def test_wcp_4_exclusive_choice(play: Play, n: int, way: str) -> None:
    assert play("p4", {"n": n}).waiting == [way]


@pytest.mark.parametrize(("n", "way"), [(1, "b"), (2, "a")])
def test_wcp_5_simple_merge(play: Play, n: int, way: str) -> None:
    assert play("p5", {"n": n}).complete(way).waiting == ["efter"]


@pytest.mark.parametrize(("n", "ways"), [(1, ["a"]), (2, ["a", "b"]), (3, ["a", "b", "c"])])
def test_wcp_6_multi_choice(play: Play, n: int, ways: list[str]) -> None:
    assert play("p6", {"n": n}).waiting == ways


@pytest.mark.parametrize(("n", "ways"), [(1, ["a"]), (2, ["a", "b"]), (3, ["a", "b", "c"])])
def test_wcp_7_structured_synchronizing_merge(play: Play, n: int, ways: list[str]) -> None:
    case = play("p7", {"n": n})
    for way in ways:
        assert "efter" not in case.waiting
        case.complete(way)
    assert case.waiting == ["efter"]


def test_wcp_8_multi_merge(play: Play) -> None:
    case = play("p8").complete("a")
    assert case.waiting == ["b", "efter"]
    assert case.complete("b").waiting == ["efter", "efter"]


@pytest.mark.parametrize("order", ["abc", "cab"])
def test_wcp_9_structured_discriminator(play: Play, order: str) -> None:
    case = play("p9").complete(order[0])
    assert "efter" in case.waiting
    case.complete("efter").complete(order[1]).complete(order[2])
    assert (case.outcome, case.passed.count("efter")) == ("completed", 1)


def test_wcp_10_arbitrary_cycles(play: Play) -> None:
    case = play("p10", {"klart": False, "tillbaka": False, "igen": False}).complete("a").complete("a", klart=True)
    case.complete("b", igen=True).complete("b", tillbaka=True)
    assert case.waiting == ["a"]
    case.complete("a").complete("b", tillbaka=False, igen=False)
    assert (case.outcome, case.passed.count("a"), case.passed.count("b")) == ("completed", 3, 3)


def test_wcp_11_implicit_termination(play: Play) -> None:
    case = play("p11").complete("a")
    assert case.outcome is None
    assert case.complete("b").outcome == "completed"


def test_wcp_12_multiple_instances_without_synchronization(play: Play) -> None:
    case = play("p12", {"parter": ["x", "y"]}).complete("svara", instance=1)
    assert case.waiting.count("folj") == 1  # goes on before the other is done
    case.complete("folj").complete("svara", instance=0)
    assert case.waiting.count("folj") == 1


def test_wcp_13_multiple_instances_known_at_design_time(play: Play) -> None:
    case = play("p13")
    for instance in (2, 0, 1):
        assert "efter" not in case.waiting
        case.complete("svara", instance=instance)
    assert case.waiting == ["efter"]


@pytest.mark.parametrize("parts", [[], ["x"], ["x", "y", "z"]])
def test_wcp_14_multiple_instances_known_at_run_time(play: Play, parts: list[str]) -> None:
    case = play("p14", {"parter": parts})
    for instance in range(len(parts)):
        assert "efter" not in case.waiting
        case.complete("svara", instance=instance)
    assert case.waiting == ["efter"]


def test_wcp_15_multiple_instances_not_known_before(play: Play) -> None:
    case = play("p15").receive("bes").receive("bes").complete("forsta").complete("en_till", nth=0)
    assert case.waiting == ["bes", "en_till"]
    case.receive("bes").complete("en_till", nth=0)
    assert case.complete("en_till").waiting == ["efter"]


def test_wcp_16_deferred_choice(play: Play) -> None:
    case = play("p16")
    assert case.waiting == ["svar", "tid"]
    assert case.receive("svar").waiting == ["a"]


def test_wcp_17_interleaved_parallel_routing(play: Play) -> None:
    case = play("p17", {"klara": 0})
    assert case.offered("fritt") == ["a", "c"]  # b comes after a
    case.begin("fritt", "c")
    assert case.offered("fritt") == []  # one at a time
    case.complete("c", klara=1).begin("fritt", "a").complete("a", klara=2)
    assert case.begin("fritt", "b").complete("b", klara=3).waiting == ["efter"]


def test_wcp_19_cancel_task(play: Play) -> None:
    assert play("p19").receive("avbryt").waiting == ["b"]


def test_wcp_20_cancel_case(play: Play) -> None:
    assert play("p20").complete("a").outcome == "terminated"
    assert play("p20").receive("larm").waiting == []


@pytest.mark.parametrize("n", [0, 1, 3])
def test_wcp_21_structured_loop(play: Play, n: int) -> None:
    case = play("p21", {"n": n})
    for _ in range(n):
        case.complete("a")
    assert case.waiting == ["efter"]


def test_wcp_22_recursion(play: Play) -> None:
    case = play("p22", {"n": 2})
    called = case.opened("sig_sjalv")
    assert (called.key, called.variables) == ("p22", {"n": 1})
    assert play("p22", {"n": 0}).waiting == ["klar"]
    assert case.complete("sig_sjalv").outcome == "completed"


def test_wcp_23_transient_trigger(play: Play) -> None:
    """Nobody waits while the case is at its first task: what is thrown then is gone (tests/engine/test_messages.py)."""
    case = play("p23")
    assert case.waiting == ["fore"]
    assert case.complete("fore").waiting == ["larm"]
    assert case.receive("larm").waiting == ["efter"]


def test_wcp_24_persistent_trigger(play: Play) -> None:
    """The house keeps a message that came early (tests/engine/test_messages.py); here it comes in time."""
    assert play("p24").receive("svar").waiting == ["efter"]


def test_wcp_25_cancel_region(play: Play) -> None:
    assert play("p25").receive("avbryt").waiting == ["bredvid", "efter"]


def test_wcp_26_cancel_multiple_instance_activity(play: Play) -> None:
    assert play("p26").complete("svara", instance=1).receive("avbryt").waiting == ["annat"]


def test_wcp_27_complete_multiple_instance_activity(play: Play) -> None:
    assert play("p27").complete("svara", instance=1).receive("racker").waiting == ["efter"]


def test_wcp_28_blocking_discriminator(play: Play) -> None:
    case = play("p28").complete("a")  # two tokens on one flow: the second waits for the next round
    assert case.waiting == ["b", "c", "efter"]
    case.complete("b").complete("c")
    assert case.waiting == ["efter", "efter"]


@pytest.mark.parametrize("first", ["a", "b", "c"])
def test_wcp_29_cancelling_discriminator(play: Play, first: str) -> None:
    assert play("p29").complete(first).waiting == ["efter"]


@pytest.mark.parametrize("order", ["abc", "cab"])
def test_wcp_30_structured_partial_join(play: Play, order: str) -> None:
    case = play("p30").complete(order[0])
    assert "efter" not in case.waiting
    case.complete(order[1]).complete(order[2])
    assert case.waiting == ["efter"]


def test_wcp_31_blocking_partial_join(play: Play) -> None:
    case = play("p31").complete("b").complete("c")
    assert case.waiting == ["a", "efter"]
    assert case.complete("a").waiting == ["efter"]  # two tokens: one ends the round, the other waits for the next
    assert case.complete("efter").outcome is None
    assert case.stuck_at == ["samla"]  # where nobody comes any more


@pytest.mark.parametrize("order", ["ab", "bc", "ca"])
def test_wcp_32_cancelling_partial_join(play: Play, order: str) -> None:
    case = play("p32").complete(order[0])
    assert "efter" not in case.waiting
    assert case.complete(order[1]).waiting == ["efter"]


def test_wcp_33_generalized_and_join(play: Play) -> None:
    case = play("p33").complete("a").complete("b")
    assert case.waiting == ["c"]  # two tokens wait on one flow
    assert case.complete("c").waiting == ["efter", "efter"]


def test_wcp_34_static_partial_join_for_multiple_instances(play: Play) -> None:
    case = play("p34").complete("svara", instance=0)
    assert "efter" not in case.waiting
    case.complete("svara", instance=2)
    assert case.waiting == ["efter", "svara"]
    case.complete("svara", instance=1)
    assert case.waiting == ["efter"]  # once


def test_wcp_35_cancelling_partial_join_for_multiple_instances(play: Play) -> None:
    case = play("p35").complete("svara", instance=0)
    assert case.waiting == ["svara", "svara"]
    assert case.complete("svara", instance=2).waiting == ["efter"]


@pytest.mark.parametrize("stray", [True, False])
def test_wcp_37_local_synchronizing_merge(play: Play, stray: bool) -> None:
    """The join waits for the first way only as long as its token may still come."""
    case = play("p37", {"n": 2}).complete("b")
    assert case.waiting == ["a"]
    assert case.complete("a", avvik=stray).waiting == (["c", "efter"] if stray else ["efter"])


def test_wcp_38_general_synchronizing_merge(play: Play) -> None:
    case = play("p38", {"n": 2, "igen": True})
    for again in (True, False):
        assert case.complete("b").waiting == ["a"]
        assert case.complete("a").waiting == ["efter"]
        case.complete("efter", igen=again)
    assert case.outcome == "completed"


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_wcp_40_interleaved_routing(play: Play, order: str) -> None:
    case = play("p40", {"klara": 0})
    for done, name in enumerate(order, 1):
        case.begin("fritt", name)
        assert case.offered("fritt") == []
        case.complete(name, klara=done)
    assert case.waiting == ["efter"]


def test_wcp_41_thread_merge(play: Play) -> None:
    case = play("p41").complete("a")
    assert case.waiting == ["b"]
    assert case.complete("b").waiting == ["efter"]


def test_wcp_42_thread_split(play: Play) -> None:
    assert play("p42").complete("a").waiting == ["b", "b", "b"]


def test_wcp_43_explicit_termination(play: Play) -> None:
    assert play("p43").complete("a").outcome == "terminated"
