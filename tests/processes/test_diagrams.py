"""The drawings themselves: valid BPMN 2.0, whole, and straight enough to read."""

from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnValidator

import processes

NAMES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "dd": "http://www.omg.org/spec/DD/20100524/DI",
    "camunda": "http://camunda.org/schema/1.0/bpmn",
}
DIAGRAMS = sorted(processes.HERE.glob("*/*.bpmn"))

Box = tuple[float, float, float, float]


@pytest.fixture(params=DIAGRAMS, ids=[path.stem for path in DIAGRAMS])
def diagram(request: pytest.FixtureRequest) -> Any:
    return etree.parse(request.param).getroot()


def find(diagram: Any, path: str) -> list[Any]:
    return list(diagram.iterfind(path, NAMES))


def shapes(diagram: Any) -> dict[str, Box]:
    found = {}
    for shape in find(diagram, ".//di:BPMNShape"):
        bounds = shape.find("dc:Bounds", NAMES)
        x, y, width, height = (float(bounds.get(name)) for name in ("x", "y", "width", "height"))
        found[shape.get("bpmnElement")] = (x, y, x + width, y + height)
    return found


def edges(diagram: Any) -> dict[str, list[tuple[float, float]]]:
    return {
        edge.get("bpmnElement"): [(float(point.get("x")), float(point.get("y"))) for point in find(edge, "dd:waypoint")]
        for edge in find(diagram, ".//di:BPMNEdge")
    }


def flow_nodes(diagram: Any) -> dict[str, Any]:
    kinds = ("Event", "Task", "task", "Gateway", "callActivity", "subProcess")
    return {
        element.get("id"): element
        for element in diagram.iter(f"{{{NAMES['bpmn']}}}*")
        if etree.QName(element).localname.endswith(kinds) and element.get("id")
    }


@pytest.mark.parametrize("path", DIAGRAMS, ids=[path.stem for path in DIAGRAMS])
def test_diagram_is_valid_by_the_schema_of_bpmn(path: Path) -> None:
    BpmnValidator().validate(etree.parse(path), str(path))


def test_key_is_the_name_of_the_folder() -> None:
    for path in DIAGRAMS:
        assert path.stem == path.parent.name
        assert find(etree.parse(path).getroot(), "bpmn:process")[0].get("id") == path.stem


def test_folder_explains_its_process() -> None:
    for folder in processes.folders():
        assert (folder / "README.md").is_file(), folder


def test_everything_is_drawn(diagram: Any) -> None:
    drawn = shapes(diagram).keys() | edges(diagram).keys()
    flows = {flow.get("id") for flow in find(diagram, ".//bpmn:sequenceFlow")}
    lanes = {lane.get("id") for lane in find(diagram, ".//bpmn:lane")}
    assert (flow_nodes(diagram).keys() | flows | lanes) - drawn == set()


def test_flows_run_straight_and_touch_what_they_join(diagram: Any) -> None:
    boxes, lines = shapes(diagram), edges(diagram)
    for flow in find(diagram, ".//bpmn:sequenceFlow"):
        points = lines[flow.get("id")]
        for (x1, y1), (x2, y2) in pairwise(points):
            assert x1 == x2 or y1 == y2, f"{flow.get('id')} runs aslant"
        for end, point in (("sourceRef", points[0]), ("targetRef", points[-1])):
            left, top, right, bottom = boxes[flow.get(end)]
            assert left - 1 <= point[0] <= right + 1, flow.get("id")
            assert top - 1 <= point[1] <= bottom + 1, flow.get("id")


def test_nothing_lies_on_anything_else(diagram: Any) -> None:
    boxes, nodes = shapes(diagram), flow_nodes(diagram)
    for one, other in combinations(nodes, 2):
        if nodes[one].getparent() is not nodes[other].getparent():
            continue
        if other == nodes[one].get("attachedToRef") or one == nodes[other].get("attachedToRef"):
            continue
        a, b = boxes[one], boxes[other]
        assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]), f"{one} lies on {other}"


def test_flows_run_through_no_element(diagram: Any) -> None:
    boxes, nodes, lines = shapes(diagram), flow_nodes(diagram), edges(diagram)
    for flow in find(diagram, ".//bpmn:sequenceFlow"):
        ends = {flow.get("sourceRef"), flow.get("targetRef")}
        ends |= {nodes[end].get("attachedToRef") for end in ends}
        for key, (left, top, right, bottom) in boxes.items():
            if key not in nodes or key in ends or nodes[key].tag.endswith("}subProcess"):
                continue
            for (x1, y1), (x2, y2) in pairwise(lines[flow.get("id")]):
                crosses = min(x1, x2) < right and max(x1, x2) > left and min(y1, y2) < bottom and max(y1, y2) > top
                assert not crosses, f"{flow.get('id')} runs through {key}"


def test_each_element_lies_in_the_lane_that_holds_it(diagram: Any) -> None:
    boxes = shapes(diagram)
    for lane in find(diagram, ".//bpmn:lane"):
        left, top, right, bottom = boxes[lane.get("id")]
        for reference in find(lane, "bpmn:flowNodeRef"):
            x1, y1, x2, y2 = boxes[reference.text]
            assert left <= x1 <= x2 <= right, reference.text
            assert top <= (y1 + y2) / 2 <= bottom or reference.text in spanning(diagram), reference.text


def spanning(diagram: Any) -> set[str]:
    """Sub-processes whose work is in more than one lane."""
    return {sub.get("id") for sub in find(diagram, ".//bpmn:subProcess")}


def test_lanes_lie_below_each_other_without_gaps(diagram: Any) -> None:
    boxes = shapes(diagram)
    lanes = sorted((boxes[lane.get("id")] for lane in find(diagram, ".//bpmn:lane")), key=lambda box: box[1])
    for upper, lower in pairwise(lanes):
        assert upper[3] == lower[1]
        assert (upper[0], upper[2]) == (lower[0], lower[2])


def test_every_task_has_a_name(diagram: Any) -> None:
    for key, element in flow_nodes(diagram).items():
        if element.tag.endswith(("Task", "callActivity")):
            assert element.get("name"), key
