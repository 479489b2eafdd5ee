"""Ad-hoc sub-processes (§10.3.5, §13.3.5): people choose what is done and when; events in them come again and again."""

import pytest

from engine.bpmn import machine
from engine.bpmn.changes import ABSENT, AdHocClosed, AdHocOpened, ElementPassed, TaskClosed, WaitClosed
from engine.bpmn.checks import check
from engine.errors import Refused
from tests.bpmn.drawing import bpmn, chain


def test_nothing_begins_by_itself(play):
    case = play("by_hand", {"n": 0})
    assert case.waiting == ["fritt"]
    assert case.offered("fritt") == ["a", "b", "rakna"]
    (opened,) = case.found(AdHocOpened)
    assert opened.candidates == ("samordnare", "handlaggare", "chef")


def test_each_activity_any_number_of_times_and_side_by_side(play):
    """ "This implies the possibility of the multiple parallel instances of the same inner Activity"."""
    case = play("by_hand", {"n": 0}).begin("fritt", "a").begin("fritt", "a").begin("fritt", "b")
    assert case.waiting == ["a", "a", "b", "fritt"]
    case.begin("fritt", "rakna").begin("fritt", "rakna")
    assert case.variables == {"n": 2}
    case.complete("a", nth=1).complete("a").complete("b")
    assert case.waiting == ["fritt"], "that nothing is under way does not end it"
    assert case.offered("fritt") == ["a", "b", "rakna"]


def test_without_a_condition_people_say_when_it_is_done(play):
    """§13.3.5 leaves that open; ours: those who may begin something say so, and what is under way is cancelled."""
    case = play("by_hand", {"n": 0}).begin("fritt", "a").begin("fritt", "b").complete("b").end("fritt")
    assert case.waiting == ["efter"]
    assert [change.outcome for change in case.found(TaskClosed)] == ["cancelled"]
    assert [change.outcome for change in case.found(AdHocClosed)] == ["completed"]
    assert [c.outcome for c in case.found(ElementPassed, "fritt")] == ["completed"]


def test_it_may_be_done_with_nothing_done(play):
    assert play("by_hand").end("fritt").waiting == ["efter"]


def test_the_condition_is_asked_after_each_activity(play):
    case = play("until", {"klart": False, "n": 0}).begin("fritt", "a").begin("fritt", "b").begin("fritt", "rakna")
    case.complete("a", klart=False)
    assert case.waiting == ["b", "fritt"]
    case.begin("fritt", "a").complete("a", klart=True)
    assert case.waiting == ["efter"], "what else was under way is cancelled"
    assert case.outcomes("cancelled") == ["b"]
    assert case.variables == {"klart": True, "n": 1}


def test_a_condition_decides_alone(play):
    case = play("until", {"klart": True})
    assert case.waiting == ["fritt"], "it is asked after an activity, not before"
    with pytest.raises(Refused):
        case.end("fritt")
    assert case.waiting == ["fritt"]


def test_what_is_under_way_may_come_to_its_end(play):
    case = play("keeps", {"klart": False, "n": 0}).begin("fritt", "a").begin("fritt", "b").complete("a", klart=True)
    assert case.waiting == ["b"]
    assert case.found(AdHocClosed)
    assert case.complete("b", klart=False).waiting == ["efter"]


def test_one_at_a_time(play):
    case = play("one_by_one", {"klart": False, "n": 0}).begin("fritt", "a")
    assert case.offered("fritt") == []
    with pytest.raises(Refused):
        case.begin("fritt", "b")
    case.complete("a")
    assert case.offered("fritt") == ["a", "b", "rakna"]
    case.begin("fritt", "rakna").begin("fritt", "b").complete("b", klart=True)
    assert case.waiting == ["efter"]


def test_a_flow_enables_what_it_leads_to(play):
    """ "An inner Activity is now enabled if [...] there are sufficiently many tokens"."""
    case = play("flows", {"klart": False})
    assert case.offered("fritt") == ["a", "c"]
    with pytest.raises(Refused):
        case.begin("fritt", "b")
    case.begin("fritt", "a").begin("fritt", "a").complete("a", nth=0).complete("a")
    assert case.waiting == ["fritt"]
    assert case.offered("fritt") == ["a", "c", "b"]
    case.begin("fritt", "b").begin("fritt", "b")
    assert case.offered("fritt") == ["a", "c"], "each time once"
    assert case.complete("b", nth=0).complete("b", klart=True).waiting == ["efter"]


def test_tokens_that_wait_go_with_it(play):
    case = play("flows", {"klart": False}).begin("fritt", "a").complete("a", klart=True)
    assert case.waiting == ["efter"]
    assert case.outcomes("cancelled") == ["b"]


def test_gateways_and_events_go_on_by_themselves(play):
    case = play("gateways").begin("fritt", "a").complete("a")
    assert case.stuck_at == [], "b can still be begun, so the join waits for it"
    case.begin("fritt", "b").complete("b")
    assert case.waiting == ["fritt", "svar"]
    assert case.receive("svar").offered("fritt") == ["a", "b", "c"]
    case.begin("fritt", "c").begin("fritt", "a").complete("c")
    assert case.end("fritt").waiting == ["a"]
    assert case.complete("a").waiting == ["efter"], "its token at the join is not waited for"


def test_a_complex_gateway_waits_for_what_people_may_begin(play):
    case = play("complex").begin("fritt", "a").complete("a")
    assert (case.waiting, case.stuck_at) == (["fritt"], []), "a may be done once more, and so may b"
    case.begin("fritt", "a").complete("a")
    assert case.waiting == ["fritt", "svar"]
    assert case.receive("svar").offered("fritt") == ["a", "b", "c"]
    assert case.begin("fritt", "b").end("fritt").complete("b").waiting == ["svar"], "with the token that was left"
    assert case.receive("svar").waiting == ["efter"]


def test_quantities(play):
    case = play("quantities").begin("fritt", "a").complete("a")
    assert case.offered("fritt") == ["a"]
    case.begin("fritt", "a").complete("a")
    assert case.offered("fritt") == ["a", "b"]
    case.begin("fritt", "b")
    assert case.offered("fritt") == ["a"], "one token of four is left"
    assert case.complete("b").end("fritt").waiting == ["efter"]


def test_interrupted_from_outside(play):
    case = play("bounded").begin("fritt", "a").begin("fritt", "a").fire("frist")
    assert case.waiting == ["sent2"]
    assert case.outcomes("cancelled") == ["a", "a", "fritt"]
    assert [change.outcome for change in case.found(AdHocClosed)] == ["cancelled"]


def test_boundary_events_inside(play):
    case = play("bounded").begin("fritt", "a").fire("sent")
    assert case.offered("fritt") == ["a", "tjanst", "paminn"]
    case.begin("fritt", "paminn").complete("paminn").begin("fritt", "tjanst")
    assert case.fail("tjanst", "fel").waiting == ["fick_fel"]


def test_an_event_sub_process_that_interrupts_ends_it(play):
    case = play("handled").begin("fritt", "a").receive("hstart")
    assert case.waiting == ["b", "fritt"]
    assert case.offered("fritt") == []
    with pytest.raises(Refused):
        case.end("fritt")
    assert case.complete("b").waiting == ["efter"]


def test_many_times(play):
    case = play("many", {"klart": False})
    assert case.waiting == ["fritt", "fritt"]
    case.begin("fritt", "a", nth=1).begin("fritt", "b").complete("b", klart=True)
    assert case.waiting == ["a", "fritt"]
    assert case.complete("a").waiting == ["efter"]


def test_what_repeats_counts_once_as_a_whole(play):
    case = play("inside", {"klart": False}).begin("fritt", "del").complete("a", klart=False)
    assert case.waiting == ["a", "fritt"]
    case.complete("a").begin("fritt", "om").complete("om").complete("om", klart=True)
    assert case.waiting == ["efter"]


# --- events that no flow leads to --------------------------------------------------------------------------------


def test_an_event_is_waited_for_as_long_as_it_lies_open(play):
    """§13.3.5: "Intermediate Events will have outgoing Sequence Flows and they can be triggered multiple times while
    the Ad-Hoc Sub-Process is active". What they lead to is then enabled like anything a flow leads to."""
    case = play("called", {"klart": False})
    assert (case.waiting, case.offered("fritt")) == (["fritt", "svar"], ["a"])
    with pytest.raises(Refused):
        case.begin("fritt", "svar")
    case.receive("svar", text="ett").receive("svar", text="två")
    assert (case.waiting, case.offered("fritt")) == (["fritt", "svar"], ["a", "b"])
    assert (case.variables["text"], case.passed.count("svar")) == ("två", 2)
    case.begin("fritt", "b").begin("fritt", "b")
    assert case.offered("fritt") == ["a"], "each time once"
    case.complete("b", nth=0).receive("svar").complete("b", klart=True)
    assert case.waiting == ["efter"], "it is over: nothing listens, and its token that waits for somebody goes with it"
    assert case.outcomes("cancelled") == ["b"]


def test_nothing_comes_once_it_closes(play):
    """§10.3.5: what is under way may come to its end, but nothing more begins."""
    case = play("called", {"klart": False}).begin("fritt", "a").begin("fritt", "a").complete("a", nth=0, klart=True)
    assert case.waiting == ["a"]
    assert [(c.outcome, c.kind) for c in case.found(WaitClosed)] == [("cancelled", "message")]
    assert case.complete("a").waiting == ["efter"]


def test_each_kind_comes_as_often_as_it_may(play):
    """As at an edge: a message, signal or condition again and again, a cycle as it says, a date or duration once."""
    case = play("kinds", {"belopp": 0})
    assert case.waiting == ["fritt", "hogt", "larm", "snart", "varje"]
    case.receive("larm").receive("larm").fire("snart").fire("varje").fire("varje")
    assert case.waiting == ["fritt", "hogt", "larm"]
    case.begin("fritt", "a").complete("a", belopp=200).begin("fritt", "a").complete("a", belopp=300)
    assert case.passed.count("hogt") == 1, "it holds on: it must first become false"
    case.begin("fritt", "a").complete("a", belopp=1).begin("fritt", "a").complete("a", belopp=101)
    assert [case.passed.count(event) for event in ("larm", "snart", "varje", "hogt")] == [2, 1, 2, 2]
    assert case.passed.count("sagt") == 7
    assert case.end("fritt").waiting == ["efter"]
    assert len(case.found(WaitClosed)) == 2


def test_any_or_all_of_several(play):
    case = play("several").receive("nagot").receive("nagot", nth=1)
    assert case.passed == ["start", "nagot", "sagt", "nagot", "sagt"]
    case.receive("bada")
    assert case.passed.count("bada") == 0, "§10.5.1: all of its triggers must come"
    case.receive("bada")
    assert case.passed.count("bada") == 1
    assert case.waiting == ["bada", "bada", "fritt", "nagot", "nagot"], "and all of them again"
    case.receive("bada").receive("bada")
    assert case.passed.count("bada") == 2
    assert case.receive("bada").end("fritt").waiting == ["efter"], "also where it was half way"


def test_an_event_is_no_activity(play):
    """Sequential ordering and the completion condition are about activities (Table 10.22)."""
    case = play("in_turn", {"klart": False}).begin("fritt", "a").receive("svar")
    assert (case.waiting, case.offered("fritt")) == (["a", "fritt", "svar"], []), "it comes while one is under way"
    case.complete("a")
    assert case.offered("fritt") == ["a", "b"]
    case.receive("svar", klart=True)
    assert case.waiting == ["fritt", "svar"], "the condition is asked after an activity"
    assert case.begin("fritt", "b").complete("b").waiting == ["efter"]


def test_an_event_may_be_all_that_begins_by_itself(play):
    """Who may begin what it leads to may say that it is done, too."""
    case = play("by_event")
    assert (case.waiting, case.offered("fritt")) == (["fritt", "svar"], [])
    (opened,) = case.found(AdHocOpened)
    assert opened.candidates == ("chef",)
    assert case.receive("svar").offered("fritt") == ["a"]
    assert case.begin("fritt", "a").end("fritt").waiting == ["efter"]


def test_each_instance_waits_for_its_own(play):
    case = play("each").receive("svar", nth=1)
    assert case.waiting == ["fritt", "fritt", "svar", "svar"]
    case.begin("fritt", "b", nth=1).complete("b").end("fritt")
    assert case.waiting == ["fritt", "svar"]
    assert case.end("fritt").waiting == ["efter"]


def test_an_event_that_cannot_be_waited_for_is_an_incident(play):
    case = play("late", {"tid": "snart", "klart": False})
    assert (case.stuck_at, case.waiting) == (["frist"], ["fritt"])
    case.begin("fritt", "a").complete("a", tid="PT1H").retry("frist")
    assert (case.stuck_at, case.waiting) == ([], ["frist", "fritt"])
    assert case.fire("frist").offered("fritt") == ["a", "b"]


def test_an_incident_does_not_hold_open_what_is_done(play):
    case = play("late", {"tid": "snart", "klart": False}).begin("fritt", "a").complete("a", klart=True)
    assert (case.stuck_at, case.waiting) == ([], ["efter"])
    case = play("late", {"tid": "snart", "klart": False}).begin("fritt", "a").begin("fritt", "a")
    assert (case.complete("a", nth=0, klart=True).stuck_at, case.waiting) == ([], ["a"])
    assert case.complete("a").waiting == ["efter"]


def test_helped_past_an_event(play):
    """As if it had come: it may come again."""
    case = play("called", {"klart": False}).skip("svar", text="x")
    assert (case.waiting, case.variables["text"]) == (["fritt", "svar"], "x")
    assert case.offered("fritt") == ["a", "b"]


# --- what goes wrong ---------------------------------------------------------------------------------------------


def test_what_is_done_cannot_be_begun(play):
    case = play("by_hand")
    (wait,) = case.waits("fritt")
    case.end("fritt")
    with pytest.raises(machine.Stale):
        case.step(lambda graph, state, env: machine.begin_activity(graph, state, env, wait, "by_hand.a"))
    with pytest.raises(machine.Stale):
        case.step(lambda graph, state, env: machine.end(graph, state, env, wait))


@pytest.mark.parametrize("element", ["efter", "by_hand.efter", "fritt", "finns inte"])
def test_only_what_is_in_it(play, element):
    with pytest.raises(Refused):
        play("by_hand").begin("fritt", element)


def test_a_condition_that_is_neither_true_nor_false_is_an_incident(play):
    case = play("until", {"klart": 1}).begin("fritt", "a").begin("fritt", "b").complete("a")
    assert case.stuck_at == ["fritt"]
    assert case.waiting == ["b"], "nothing more begins until it is known whether it is done"
    case.complete("b", klart=False)
    assert case.stuck_at == ["fritt"]
    assert case.retry("fritt").waiting == ["fritt"]
    assert case.offered("fritt") == ["a", "b", "rakna"]
    assert case.begin("fritt", "a").complete("a", klart=True).waiting == ["efter"]


@pytest.mark.parametrize("klart", [False, 1])
def test_helped_past(play, klart):
    case = play("until", {"klart": klart}).begin("fritt", "a").begin("fritt", "b").complete("a")
    case.skip("fritt", text="x")
    assert case.waiting == ["efter"]
    assert case.outcomes("cancelled") == ["b"]
    assert case.variables["text"] == "x"


def test_an_activity_that_cannot_begin_is_an_incident_of_its_own(play):
    case = play("by_hand").begin("fritt", "rakna")
    assert case.stuck_at == ["rakna"], "there is no n"
    assert case.waiting == ["fritt"]
    assert case.skip("rakna", n=1).begin("fritt", "rakna").variables == {"n": 2}
    assert case.found(ElementPassed, "rakna")[0].data == {"n": (1, 2)}
    assert ABSENT not in case.variables.values()


def test_nobody_may_begin_anything(play):
    assert play("nobody", {"vem": ""}).stuck_at == ["fritt"]
    assert play("nobody", {"vem": "chef"}).offered("fritt") == ["a"]


WHO = (
    '<extensionElements><camunda:properties><camunda:property name="candidateGroups" value="x"/>'
    "</camunda:properties></extensionElements>"
)


DAILY = (
    '<intermediateCatchEvent id="i"><timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>'
    "</intermediateCatchEvent>"
)


def found(inside, properties=WHO):
    findings = check({"p.bpmn": bpmn(chain(f'<adHocSubProcess id="x">{properties}{inside}\n</adHocSubProcess>'))})
    return [(one.rule, one.severity, one.element) for one in findings]


def test_activities_need_no_flows():
    assert found('<task id="a"/><task id="b"/>') == []


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ('<startEvent id="i"/><task id="a"/>\ni -> a', ("ad-hoc", "error", "i")),
        ('<task id="a"/><endEvent id="i"/>\na -> i', ("ad-hoc", "error", "i")),
        ('<task id="a"/><task id="b"/><exclusiveGateway id="g"/>\ng -> b', ("ad-hoc", "error", "g")),
        ('<task id="a"/><task id="b"/>\na -> b\nb -> a', ("ad-hoc", "error", "x")),
        ("", ("empty", "error", "x")),
        ('<task id="a"/><intermediateThrowEvent id="i"/>\ni -> a', ("ad-hoc", "error", "i")),
        (
            f'<task id="a"/>{DAILY}',
            ("ad-hoc", "warning", "i"),
        ),
        ('<task id="a"/><intermediateThrowEvent id="i"/>\na -> i', ("ad-hoc", "warning", "i")),
    ],
)
def test_what_it_may_hold(inside, told):
    assert told in found(inside)


def test_somebody_must_be_able_to_begin_each():
    assert ("no-candidates", "error", "a") in found('<task id="a"/>', properties="")
    assert found('<userTask id="a" name="A" camunda:candidateGroups="b"/>', properties="") == []
