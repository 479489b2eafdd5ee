"""Multi-instance behavior (§10.3.8, tables 10.29-10.31): None, One and Complex throw events as instances end."""

import pytest

from engine.bpmn.changes import ElementPassed, EscalationUncaught, MessageThrown, SignalThrown
from engine.bpmn.checks import check
from tests.bpmn.drawing import bpmn, chain

PARTER = {"parter": ["Nacka", "Salem", "Solna"]}


def counters(done, active=None, total=3):
    return {
        "numberOfInstances": total,
        "numberOfActiveInstances": total - done if active is None else active,
        "numberOfCompletedInstances": done,
        "numberOfTerminatedInstances": 0,
    }


def test_none_throws_a_signal_for_each_that_carries_the_counters(play):
    """ "For the behaviors of none and one, a default SignalEventDefinition will be thrown"."""
    case = play("each", PARTER)
    assert case.waiting == ["svara"] * 3, "nobody but the boundary can wait for a signal without a name"
    for done in (1, 2):
        case.complete("svara", nth=0)
        assert case.waiting == ["folj"] * done + ["svara"] * (3 - done)
        assert case.variables == PARTER | counters(done)
        assert not case.found(SignalThrown)
    case.complete("svara")
    assert case.waiting == ["efter", "folj", "folj", "folj"], "the last one throws too, and then a token is produced"


def test_none_one_by_one(play):
    case = play("each_one_by_one", PARTER).complete("svara")
    assert case.waiting == ["folj", "svara"]
    assert case.variables == PARTER | counters(1, active=1)
    case.complete("svara").complete("svara")
    assert case.waiting == ["efter", "folj", "folj", "folj"]


def test_one_throws_upon_the_first_only(play):
    case = play("first", PARTER).complete("svara", instance=2)
    assert case.waiting == ["folj", "svara", "svara"]
    case.complete("svara", nth=0).complete("svara")
    assert case.waiting == ["efter", "folj"]


def test_the_boundary_event_may_interrupt(play):
    case = play("interrupted", PARTER).complete("svara", instance=1)
    assert case.waiting == ["folj"]
    assert case.outcomes("cancelled") == ["svara"] * 3, "two instances and the whole"
    assert [change.outcome for change in case.found(ElementPassed, "svara")] == ["completed"] + ["cancelled"] * 3


def test_the_last_instance_may_be_the_first(play):
    case = play("interrupted", {"parter": ["Nacka"]}).complete("svara")
    assert case.waiting == ["folj"], "interrupted as it ended: its own token is not produced"


def test_the_event_may_be_named(play):
    """Caught at once at the boundary, and broadcast as any signal to everybody else."""
    case = play("named", PARTER)
    assert case.waiting == ["klar", "ocksa"] + ["svara"] * 3
    edges = tuple(case.waits("klar") + case.waits("ocksa"))
    case.complete("svara", instance=0)
    assert case.waiting == ["folj", "folj", "klar", "ocksa", "svara", "svara"]
    (thrown,) = case.found(SignalThrown)
    assert (thrown.name, thrown.payload, thrown.caught) == ("forsta", {}, edges)
    case.complete("svara", instance=1)
    assert not case.found(SignalThrown)


def test_an_edge_with_several_triggers_takes_the_default_signal_as_one_of_them(play):
    case = play("any_of", PARTER)
    assert case.waiting == ["klar", "svara", "svara", "svara"], "for the message"
    case.complete("svara", instance=0)
    assert case.waiting == ["folj", "klar", "svara", "svara"]
    assert case.receive("klar").waiting == ["folj", "folj", "klar", "svara", "svara"]


def test_an_edge_that_needs_all_of_its_triggers_takes_the_event_as_one_of_them(play):
    case = play("all_of", {**PARTER, "n": 0})
    signal, condition = case.waits("klar")
    case.complete("svara", instance=0)
    (thrown,) = case.found(SignalThrown)
    assert (thrown.caught, case.waits("klar"), "folj" in case.waiting) == ((signal,), [condition], False)
    case.complete("svara", instance=1)
    assert case.found(SignalThrown)[-1].caught == (), "it has come, and is not waited for"
    case.complete("svara", n=2)
    assert case.waiting == ["efter", "folj"]


def test_what_the_boundary_does_not_catch_goes_out(play):
    case = play("uncaught", PARTER).complete("svara", nth=0)
    assert [change.caught for change in case.found(SignalThrown)] == [()]
    assert case.waiting == ["svara", "svara"]


def test_an_escalation_goes_up_the_scopes(play):
    case = play("escalated", PARTER).complete("svara", nth=0)
    assert case.waiting == ["folj"]
    assert case.outcomes("cancelled") == ["svara", "svara", "svara", "del"]
    assert not case.found(EscalationUncaught)


def test_complex_throws_and_ends_when_its_condition_holds(play):
    """ "cancels the remaining Activity instances and produces a token"."""
    case = play("complex", PARTER).complete("svara", instance=2, ja=False)
    assert case.waiting == ["efter", "folj"]
    assert case.outcomes("cancelled") == ["svara", "svara"]


def test_complex_without_an_event(play):
    case = play("complex", PARTER).complete("svara", nth=0, ja=True)
    assert case.waiting == ["svara", "svara"]
    assert case.complete("svara", nth=0, ja=True).waiting == ["efter"]


def test_a_complex_condition_that_cannot_be_read_is_an_incident(play):
    case = play("complex", PARTER).complete("svara", instance=0)
    assert case.stuck_at == ["svara"], "there is no variable ja"
    assert case.skip("svara", ja=True).stuck_at == []


def test_a_message_goes_to_the_boundary_event_with_its_key(play):
    case = play("messages", PARTER).complete("svara", nth=0, ja=1)
    assert case.waiting == ["efter", "folj"]
    assert not case.found(MessageThrown)


def test_else_it_is_sent(play):
    case = play("messages", PARTER).complete("svara", nth=0, ja=2)
    assert case.waiting == ["efter"]
    assert [(change.name, change.key) for change in case.found(MessageThrown)] == [("svar", "b")]


def test_a_sub_process(play):
    case = play("sub", PARTER).complete("a", nth=0).complete("a", nth=0)
    assert case.waiting == ["a", "folj", "folj"]


# --- what is refused ---------------------------------------------------------------------------------------------

LOOPED = '<task id="x"><multiInstanceLoopCharacteristics {}><loopCardinality>2</loopCardinality>{}</multiInstanceLoopCharacteristics></task>'  # noqa: E501
COMPLEX = (
    '<complexBehaviorDefinition><condition xsi:type="tFormalExpression">True</condition>{}</complexBehaviorDefinition>'
)
THROWN = "<event><{}EventDefinition/></event>"
ROOT = '<timerEventDefinition id="t"><timeDuration>P1D</timeDuration></timerEventDefinition><signal id="g" name="g"/>'


def found(drawing):
    findings = check({"p.bpmn": bpmn(chain(drawing), beside=ROOT)})
    return {(one.rule, one.element) for one in findings if one.is_error}


@pytest.mark.parametrize(
    ("attributes", "inside"),
    [
        ('behavior="Complex"', ""),
        ("", COMPLEX.format("")),
        ('behavior="One" oneBehaviorEventRef="ingen"', ""),
        ('behavior="One" oneBehaviorEventRef="g"', ""),
        ('behavior="None" noneBehaviorEventRef="t"', ""),
        ('behavior="Complex"', COMPLEX.format(THROWN.format("timer"))),
        ('behavior="Complex"', COMPLEX.format("<event/>")),
        ("", '<inputDataItem id="i" name="i"/>'),
        ("", '<outputDataItem id="i" name="i"/>'),
        ("", "<loopDataInputRef>ingen</loopDataInputRef>"),
        ("", "<loopDataOutputRef>ingen</loopDataOutputRef>"),
    ],
)
def test_what_does_not_fit_is_told(attributes, inside):
    assert ("multi-instance", "x") in found(LOOPED.format(attributes, inside))


@pytest.mark.parametrize(("behavior", "is_error"), [("None", False), ("One", False), ("All", True), ("Complex", True)])
def test_only_the_default_signal_has_no_name(behavior, is_error):
    inside = COMPLEX.format("") if behavior == "Complex" else ""
    edge = '<boundaryEvent id="b" attachedToRef="x"><signalEventDefinition/></boundaryEvent>\nb -> e'
    told = found(LOOPED.format(f'behavior="{behavior}"', inside) + edge)
    assert told == ({("signal-missing", "b")} if is_error else set())
