"""The task without a kind (§13.3.3): done as soon as it is reached."""

from engine.bpmn.changes import CaseEnded, ElementPassed


def test_it_passes_through(play):
    case = play()
    assert case.passed == ["start", "gor", "slut"]
    assert case.outcome == "completed"
    assert case.last == [
        ElementPassed("none.start", flows=("none.start-gor",)),
        ElementPassed("none.gor", flows=("none.gor-slut",)),
        ElementPassed("none.slut"),
        CaseEnded("completed"),
    ]
