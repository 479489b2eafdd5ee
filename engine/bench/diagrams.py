"""The diagrams of the benchmark, as bytes, with the form that their tasks show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

RUNGS = ("lokalt", "rapport", "analys", "sekretariat", "delregional")
ROLE = "bench"

FORM = b"""{"type": "default", "components": [
 {"type": "select", "key": "svar", "label": "Svar", "validate": {"required": true},
  "values": [{"label": "Vidare", "value": "vidare"}, {"label": "Klart", "value": "klart"}]},
 {"type": "textarea", "key": "motivering", "label": "Motivering", "validate": {"maxLength": 4000}}]}"""

TEXT = (
    "Frågan gäller vem som svarar för hjälpmedel efter utskrivning, se avtalet 2024-03-14 och mötet kl 10.30 i sal 12. "
)
"""What people write, with the few figures that stand in such a text."""

GIVEN = {"omrade": "nord", "antal": 0, "rubrik": "Sena besked", "beskrivning": (TEXT * 15)[:1900]}
"""Together with its answers about 2 kB of variables."""

ANSWER = {"svar": "vidare", "motivering": (TEXT * 4)[:200]}

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' id="bench" targetNamespace="https://tvistetrappa/bench">\n'
)


@dataclass
class _Process:
    """Elements and flows in the order in which they are added; `nodes` by id, with their XML around the flows."""

    key: str
    nodes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    flows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, kind: str, name: str, inside: str = "", **attributes: str) -> str:
        told = "".join(f' {key.replace("__", ":")}="{value}"' for key, value in attributes.items())
        self.nodes[name] = (kind, told, inside)
        return name

    def flow(self, source: str, target: str, condition: str = "") -> str:
        self.flows.append((source, target, condition))
        return f"{source}__{target}"

    def xml(self, lanes: Sequence[str] = ()) -> str:
        lane = "".join(
            f'<lane id="{self.key}_lane_{place}" name="{ROLE}"><flowNodeRef>{node}</flowNodeRef></lane>'
            for place, node in enumerate(lanes)
        )
        parts = [f'<laneSet id="{self.key}_lanes">{lane}</laneSet>'] if lane else []
        for name, (kind, told, inside) in self.nodes.items():
            ends = "".join(f"<incoming>{s}__{t}</incoming>" for s, t, _ in self.flows if t == name)
            ends += "".join(f"<outgoing>{s}__{t}</outgoing>" for s, t, _ in self.flows if s == name)
            parts.append(f'<{kind} id="{name}" name="{name}"{told}>{ends}{inside}</{kind}>')
        for source, target, condition in self.flows:
            held = f'<conditionExpression xsi:type="tFormalExpression">{condition}</conditionExpression>'
            parts.append(
                f'<sequenceFlow id="{source}__{target}" sourceRef="{source}" targetRef="{target}">'
                f"{held if condition else ''}</sequenceFlow>"
            )
        return f'<process id="{self.key}" name="{self.key}" isExecutable="true">' + "\n".join(parts) + "</process>"


def _file(*processes: str) -> bytes:
    return (_HEAD + "\n".join(processes) + "</definitions>").encode()


def _task(process: _Process, name: str, timer: str) -> None:
    process.add(
        "userTask", name, camunda__candidateGroups=ROLE, camunda__formKey="steg", camunda__dueDate="${workdays(5)}"
    )
    process.add(
        "boundaryEvent",
        f"{name}_sent",
        f"<timerEventDefinition><timeDuration>{timer}</timeDuration></timerEventDefinition>",
        attachedToRef=name,
        cancelActivity="false",
    )
    process.add("endEvent", f"{name}_sent_slut")
    process.flow(f"{name}_sent", f"{name}_sent_slut")


def ladder(key: str = "bench_ladder", rungs: Sequence[str] = RUNGS, timer: str = "P30D") -> bytes:
    """The workload: task with timer, script, gateway; five times, each in a lane of its own."""
    process = _Process(key)
    before = process.add("startEvent", "start")
    process.add("endEvent", "slut_tidigt")
    for name in rungs:
        _task(process, name, timer)
        script = process.add(
            "scriptTask",
            f"{name}_skript",
            f'<script>steg = "{name}"\nantal = antal + 1</script>',
            scriptFormat="trappa",
        )
        choice = process.add("exclusiveGateway", f"{name}_val")
        process.flow(before, name)
        process.flow(name, script)
        process.flow(script, choice)
        process.flow(choice, "slut_tidigt", 'svar == "klart"')
        before = choice
    process.add("endEvent", "slut")
    process.flow(before, "slut")
    for place, name in enumerate(rungs):
        kind, _, inside = process.nodes[f"{name}_val"]
        following = rungs[place + 1] if place + 1 < len(rungs) else "slut"
        process.nodes[f"{name}_val"] = (kind, f' default="{name}_val__{following}"', inside)
    return _file(process.xml(lanes=rungs))


def loop() -> bytes:
    process = _Process("bench_loop")
    process.add("startEvent", "start")
    process.add("exclusiveGateway", "in")
    _task(process, "steg", "P30D")
    process.add("scriptTask", "rakna", "<script>antal = antal + 1</script>", scriptFormat="trappa")
    process.add("exclusiveGateway", "ut", default="ut__in")
    process.add("endEvent", "slut")
    for source, target in (("start", "in"), ("in", "steg"), ("steg", "rakna"), ("rakna", "ut"), ("ut", "in")):
        process.flow(source, target)
    process.flow("ut", "slut", 'svar == "klart"')
    return _file(process.xml())


def many() -> bytes:
    """A task for each of a list, in parallel, with its answers collected."""
    process = _Process("bench_many")
    process.add("startEvent", "start")
    process.add(
        "userTask",
        "steg",
        '<multiInstanceLoopCharacteristics camunda:collection="delar" camunda:elementVariable="del">'
        '<extensionElements><camunda:properties><camunda:property name="outputCollection" value="svaren"/>'
        '<camunda:property name="outputElement" value="svar"/></camunda:properties></extensionElements>'
        "</multiInstanceLoopCharacteristics>",
        camunda__candidateGroups=ROLE,
        camunda__formKey="steg",
    )
    process.add("endEvent", "slut")
    process.flow("start", "steg")
    process.flow("steg", "slut")
    return _file(process.xml())


def large(elements: int) -> bytes:
    """A ladder of at least so many elements; a rung has five, flows not counted."""
    return ladder("bench_large", [f"steg_{place}" for place in range(-(-elements // 5))])
