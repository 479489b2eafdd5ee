"""Signal events (§13.5): for everybody who waits, each time; a second one is not lost (design.md §5)."""

from engine.bpmn.changes import SignalThrown, WaitOpened


def test_every_token_that_waits_has_a_wait_of_its_own(play):
    case = play("catch")
    assert case.found(WaitOpened) == [
        WaitOpened(1, "catch.a", "signal", "larm"),
        WaitOpened(2, "catch.b", "signal", "larm"),
    ]
    assert case.receive("a", plats="Nacka").waiting == ["b"]
    assert case.receive("b").outcome == "completed"
    assert case.variables == {"plats": "Nacka"}


def test_it_is_thrown_with_payload(play):
    case = play("throw", {"plats": "Nacka"})
    assert case.found(SignalThrown) == [SignalThrown("throw.larma", "larm", {"var": "Nacka"})]


def test_at_the_boundary(play):
    case = play("boundary").receive("notera").receive("notera")
    assert case.waiting == ["a", "avbryt", "c", "c", "notera"]
    assert case.receive("avbryt").waiting == ["b", "c", "c"]
