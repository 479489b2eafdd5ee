"""Link events (§10.5.5, §13.5.1): a pair stands for a flow; several sources may lead to one target of their scope."""

from engine.bpmn.changes import ElementPassed


def test_a_token_goes_from_the_source_to_the_target(play):
    case = play("pair").complete("a")
    assert case.waiting == ["b"]
    assert case.passed == ["start", "a", "ut", "in"]
    assert case.complete("b").outcome == "completed"


def test_only_flows_that_are_drawn_are_told(play):
    """What a link stands for has no id in the diagram."""
    case = play("pair").complete("a")
    assert case.found(ElementPassed, "ut") == [ElementPassed("pair.ut")]
    assert case.found(ElementPassed, "in") == [ElementPassed("pair.in", flows=("pair.in-b",))]


def test_several_sources_lead_to_one_target_as_an_implicit_merge(play):
    case = play("several").complete("a")
    assert case.waiting == ["b", "c"]
    case.complete("b")
    assert case.waiting == ["c", "c"]
    assert case.complete("c", nth=0).complete("c").outcome == "completed"


def test_a_loop_may_go_by_a_link(play):
    case = play("loop")
    for _ in range(3):
        case.complete("a", svar="igen")
    assert case.waiting == ["a"]
    assert case.complete("a", svar="klar").outcome == "completed"
    assert case.passed.count("tillbaka") == case.passed.count("igen") == 3


def test_the_same_name_in_another_scope_is_another_link(play):
    case = play("scopes")
    assert case.waiting == ["ia"]
    assert case.complete("ia").waiting == ["a"]
    assert case.passed == ["start", "istart", "iut", "iin", "ia", "islut", "del", "ut", "in"]


def test_an_inclusive_join_waits_for_what_comes_over_a_link(play):
    case = play("join").complete("b")
    assert case.waiting == ["a"], "a token can still come over the link"
    assert case.complete("a").waiting == ["c"]
    assert case.complete("c").outcome == "completed"


def test_a_dead_join_is_found_where_nothing_can_come_over_the_link(play):
    case = play("dead", {"lank": False}).complete("b")
    assert case.stuck_at == ["samla"]
    other = play("dead", {"lank": True})
    assert other.stuck_at == ["samla"]
