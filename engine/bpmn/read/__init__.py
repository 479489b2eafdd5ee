"""Bytes to graphs, with everything that stands in the way as findings. `read` is the only door for BPMN files.

`xml.py` makes a safe tree of the bytes, `files.py` opens it, with what `schema.py` and `references.py` find;
`refused.py` names what is not carried out, `graph.py` reads what is, `picture.py` looks at what is only drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from engine.bpmn.findings import Finding, Place, bounded
from engine.bpmn.model import FLOW_NODES, GLOBAL_TASKS, Graph
from engine.bpmn.read.document import DIAGRAM, Document, in_model, local, model
from engine.bpmn.read.extensions import is_true
from engine.bpmn.read.files import open_bpmn
from engine.bpmn.read.graph import graph_of
from engine.bpmn.read.picture import rules_of_the_picture
from engine.bpmn.read.refused import refused_at_root, refused_in
from engine.bpmn.read.xml import Unreadable

__all__ = ["Reading", "is_process_file", "read"]

_ENDINGS = (".bpmn", ".bpmn2", ".xml")


def is_process_file(name: str) -> bool:
    """By its name: as Camunda, bpmn.io and most tools call them, jBPM (.bpmn2), Flowable and ADONIS (.xml)."""
    return name.lower().endswith(_ENDINGS)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file holds. `graphs` are its executable processes, or where it has none, what its processes would be.

    `is_draft`: it can be shown and worked on, but not deployed, because it holds no executable process or has errors.
    `exporter` is the tool that wrote it, as far as it says.
    """

    name: str
    graphs: tuple[Graph, ...] = ()
    findings: tuple[Finding, ...] = ()
    executable: bool = False
    exporter: str = ""
    has_diagram: bool = False

    @property
    def is_draft(self) -> bool:
        return not self.executable or any(finding.is_error for finding in self.findings)


def read(source: bytes, *, name: str = "<file>") -> Reading:
    """The processes of a BPMN 2.0 file. Never raises for anything the bytes may hold."""
    try:
        document = open_bpmn(source, name)
    except Unreadable as unreadable:
        return Reading(name, findings=(unreadable.finding,))
    processes = list(document.root.iterchildren(model("process")))
    executable = [process for process in processes if is_true(process, "isExecutable")]
    tasks = [element for element in document.root.iterchildren(etree.Element) if _is_global_task(element)]
    only_tasks = bool(tasks) and not any(map(_has_content, processes))
    if not only_tasks:
        document.findings += _unexecutable(document, processes, executable)
    document.findings += refused_at_root(document)
    document.findings += rules_of_the_picture(document)
    pools = _pools(document)
    graphs = []
    for process in [*(executable or filter(_has_content, processes)), *tasks]:
        document.findings += refused_in(document, process)
        graphs.append(graph_of(document, process, pools.get(process.get("id", ""), "")))
    has_diagram = document.root.find(f"{{{DIAGRAM}}}BPMNDiagram") is not None
    if graphs and not has_diagram:
        document.findings.append(_no_diagram(document.place(document.root)))
    exporter = f"{document.root.get('exporter', '')} {document.root.get('exporterVersion', '')}".strip()
    in_order = sorted(bounded(document.findings, name), key=lambda finding: finding.line)
    return Reading(name, tuple(graphs), tuple(in_order), bool(executable) or only_tasks, exporter, has_diagram)


def _pools(document: Document) -> dict[str, str]:
    """Process id -> the name of its pool."""
    return {
        pool.get("processRef", "").rpartition(":")[2]: pool.get("name", "")
        for pool in document.root.iter(model("participant"))
        if pool.get("processRef")
    }


def _is_global_task(element: etree._Element) -> bool:
    return in_model(element) and local(element) in GLOBAL_TASKS


def _has_content(process: etree._Element) -> bool:
    return any(local(child) in FLOW_NODES for child in process.iterchildren(etree.Element))


def _unexecutable(
    document: Document, processes: list[etree._Element], executable: list[etree._Element]
) -> Iterator[Finding]:
    if not executable:
        first = processes[0] if processes else document.root
        yield document.place(first).error(
            "not-executable",
            "filen ska ha en process som är märkt som körbar, men den har ingen; den kan bara tas in som utkast",
            "Expected a process marked as executable, but there is none; the file can come in as a draft only.",
            "Markera processen eller poolen, och kryssa i Executable i egenskapspanelen.",
            "Select the process or pool and tick Executable in the properties panel.",
        )
        return
    for process in processes:
        if process not in executable and _has_content(process):
            who = document.label(process)
            yield document.place(process).warning(
                "not-executable",
                f"{who.sv} är inte märkt som körbar och följer bara med som bild",
                f"{who.en} is not marked as executable and comes along as a picture only.",
                "Kryssa i Executable om den ska köras.",
                "Tick Executable if it is to run.",
            )


def _no_diagram(place: Place) -> Finding:
    return place.warning(
        "no-diagram",
        "filen saknar bilddel, så processen kan köras men inte visas",
        "The file has no diagram part, so the process can run but not be shown.",
        "Öppna filen i ett verktyg som kan rita upp den, och spara.",
        "Open the file in a tool that can lay it out, and save.",
    )
