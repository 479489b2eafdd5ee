"""SpiffWorkflow's own run-time with its serializer, for the benchmark to compare with: text in, text out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState


class Peer:
    """One of our own diagrams, parsed once; a case is the text that the serializer makes of it."""

    def __init__(self, source: bytes, process: str) -> None:
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.parse(BytesIO(source)), filename="bench.bpmn")
        self._spec = parser.get_spec(process)
        self._serializer = BpmnWorkflowSerializer()

    def start(self, given: Mapping[str, Any]) -> str:
        workflow = BpmnWorkflow(self._spec)
        workflow.data.update(given)
        workflow.get_next_task(state=TaskState.READY).data.update(given)
        return self._played(workflow)

    def complete(self, text: str, answer: Mapping[str, Any]) -> str:
        """The next task for a person is done."""
        workflow = self._serializer.deserialize_json(text)
        task: Any = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data.update(answer)
        task.run()
        return self._played(workflow)

    def _played(self, workflow: Any) -> str:
        workflow.do_engine_steps()
        workflow.refresh_timers()
        return str(self._serializer.serialize_json(workflow))


def has_ended(text: str) -> bool:
    return bool(json.loads(text)["completed"])
