"""Data objects, their references, and properties (§10.4.1): variables of the scope they are drawn in."""

from pathlib import Path

from tests.bpmn.driver import graph_of

DIAGRAM = Path(__file__).with_name("data_object.bpmn")


def test_what_is_drawn_in_a_sub_process_lives_and_dies_with_it(play):
    case = play("scopes")
    assert case.seen_at("a") == {"egen": 1, "inre": 2, "Hela_ärendet": 3, "fri": 4}
    assert case.variables == {"Hela_ärendet": 3, "fri": 4}
    case.complete("a", inre=5, egen=6, fri=7)
    assert case.outcome == "completed"
    assert case.variables == {"Hela_ärendet": 3, "fri": 7}


def test_each_instance_of_a_sub_process_has_its_own(play):
    case = play("many", {"yttre": 0})
    assert case.waiting == ["a", "a"]
    case.complete("a", nth=0, inre="ett", yttre=1)
    assert case.seen_at("a") == {"loopCounter": 2, "yttre": 1}
    assert case.complete("a").variables == {"yttre": 1}


def test_what_the_diagram_says_of_them_is_kept():
    graph = graph_of(DIAGRAM, "scopes")
    told = [(one.kind, one.scope, one.variable, one.item, one.is_collection) for one in graph.data]
    assert told == [
        ("dataObject", "scopes", "Hela_ärendet", "Rapport", False),
        ("property", "scopes.del", "egen", "", False),
        ("dataObject", "scopes.del", "inre", "", True),
    ]
