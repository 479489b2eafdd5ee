"""Send tasks (§13.3.3): a message leaves, and the token goes on at once; or a handler sends it, as a job."""

from engine.bpmn.changes import ElementPassed, JobAdded, MessageThrown


def test_it_throws_its_message_with_key_and_payload(play):
    case = play("message", {"nummer": 26, "vem": "Nacka"})
    assert case.found(MessageThrown) == [
        MessageThrown("message.skicka", "svar", "26", {"text": "Till Nacka", "antal": 2})
    ]
    assert case.outcome == "completed"
    assert case.variables == {"nummer": 26, "vem": "Nacka"}
    assert [type(change) for change in case.last[1:3]] == [MessageThrown, ElementPassed]


def test_without_its_key_nothing_is_sent(play):
    case = play("message", {"nummer": "", "vem": "Nacka"})
    assert case.stuck_at == ["skicka"]
    assert case.found(MessageThrown) == []


def test_with_a_topic_a_handler_sends_it(play):
    case = play("handled")
    assert case.found(JobAdded) == [JobAdded(1, "handled.skicka", "brev")]
    assert case.complete("skicka").outcome == "completed"
