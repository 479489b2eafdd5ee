"""Processer: versions, the diagram with the cases that stand there, what the checks say; new versions deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from engine import Deploy, Finding, KnownHere, Retire
from engine.bpmn.model import Graph, Node
from engine.bpmn.read import is_process_file
from engine.definitions.check import check
from engine.errors import CheckFailed, Invalid, Refused
from engine.runtime.views import Diagram, Process, Processes, ProcessPage
from web.door import ask, do
from web.errors import sentence
from web.languages import current
from web.rich_text import rich_text
from web.security import SIGNED_IN, allow, holds

processes = Blueprint("processes", __name__)

BESIDE = (".dmn", ".json", ".md")
"""Endings of what may come along with a process file."""


@processes.get("/processes")
@allow("processdesigner", "admin", "revisor")
def index() -> Any:
    return render_template("processes/index.html", rows=ask(Processes()))


@processes.get("/processes/<key>")
@processes.get("/processes/<key>/<int:version>")
@allow("processdesigner", "admin", "revisor")
def show(key: str, version: int | None = None) -> Any:
    page = ask(Process(key, version))
    source = ask(Diagram(page.shown.id))
    findings = check({f"{key}.bpmn": source, **page.files}, ask(KnownHere()))
    return render_template(
        "processes/show.html",
        page=page,
        findings=told(findings, {f"{key}.bpmn": "drawing"}),
        counts=_standing(page),
        outline=_outline(page.graph),
        standing=sorted(
            ((page.graph.nodes[element], count) for element, count in _standing(page).items()),
            key=lambda one: (-one[1], one[0].name),
        ),
        readme=rich_text(page.files.get("README.md", b"").decode("utf-8", "replace")),
    )


def _standing(page: ProcessPage) -> dict[str, int]:
    """Where cases stand. Clocks and messages that only listen beside a step are no place of their own."""
    nodes = page.graph.nodes
    return {
        element: count
        for element, count in page.counts.items()
        if element in nodes and nodes[element].kind not in ("boundaryEvent", "startEvent")
    }


def _outline(graph: Graph) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """The diagram as text, for whoever cannot see it: lane by lane its named steps, and what may come after each."""
    lanes: dict[str, list[tuple[str, list[str]]]] = {lane.name: [] for lane in graph.lanes}
    names = {node: lane.name for lane in graph.lanes for node in lane.nodes}
    for node in graph.nodes.values():
        if node.name:
            around: Node | None = node
            while around and around.id not in names:
                around = graph.nodes.get(around.attached_to or around.scope)
            lane = names[around.id] if around else ""
            host = graph.nodes[node.attached_to].name if node.attached_to else ""
            told = f"{node.name} ({host})" if host else node.name
            lanes.setdefault(lane, []).append((told, list(dict.fromkeys(_ahead(graph, node, {node.id})))))
    return [(lane, steps) for lane, steps in lanes.items() if steps]


def _ahead(graph: Graph, node: Node, seen: set[str]) -> Iterator[str]:
    """Names of what follows; what has no name is passed through."""
    for flow in node.outgoing:
        to = graph.nodes[flow.target]
        if to.name:
            yield f"{flow.name}: {to.name}" if flow.name else to.name
        elif to.id not in seen:
            seen.add(to.id)
            yield from _ahead(graph, to, seen)


@processes.get("/definitions/<int:definition_id>/diagram.xml")
@allow(SIGNED_IN)
def diagram(definition_id: int) -> Any:
    """The file as it was deployed. Served as XML that a browser only shows or saves: no page is made of it."""
    response = Response(ask(Diagram(definition_id)), mimetype="application/xml")
    response.headers["Content-Disposition"] = f'inline; filename="process-{definition_id}.bpmn"'
    return response


@processes.get("/processes/new")
@allow("processdesigner", "admin")
def new() -> Any:
    return _upload_page()


@processes.post("/processes/new")
@allow("processdesigner", "admin")
def upload() -> Any:
    """Check the files that were sent; deploy them where that was the button, and the person may."""
    files = _files_sent()
    if not any(is_process_file(name) for name in files):
        told_so = gettext("Välj minst en processfil, som slutar på .bpmn, .bpmn2 eller .xml.")
        return _upload_page(errors={"files": told_so}), 422
    if request.form.get("action") != "deploy":
        findings = check(files, ask(KnownHere()))
        return _upload_page(files, findings, is_checked=True)
    if not holds("processdesigner"):
        return _upload_page(
            files, errors={"": gettext("Bara den som är processdesigner kan ta en process i bruk.")}
        ), 403
    try:
        deployed = do(Deploy(files))
    except CheckFailed as failed:
        return _upload_page(files, failed.findings, errors={"": sentence(failed)}), 422
    except (Invalid, Refused) as refused:
        return _upload_page(files, errors={"files": sentence(refused)}), 422
    new_ones = [one for one in deployed.definitions if one.is_new]
    if new_ones:
        names = ", ".join(f"{one.key} {one.version}" for one in new_ones)
        flash(gettext("I bruk nu: %(names)s. Pågående ärenden fortsätter på sin version.", names=names), "ok")
    else:
        flash(gettext("Innehållet är detsamma som i den version som redan gäller. Ingen ny version skapades."), "rest")
    first = (new_ones or deployed.definitions)[0]
    return redirect(url_for("processes.show", key=first.key), 303)


@processes.post("/definitions/<int:definition_id>/retire")
@allow("processdesigner")
def retire(definition_id: int) -> Any:
    try:
        do(Retire(definition_id))
        flash(gettext("Versionen och de som är äldre startar inga nya ärenden. Pågående ärenden fortsätter."), "ok")
    except Refused as refused:
        flash(sentence(refused), "late")
    return redirect(url_for("processes.index"), 303)


def _files_sent() -> dict[str, bytes]:
    """By bare name: a form is known by its file name, and a path from somebody's disk is nobody's business here."""
    files: dict[str, bytes] = {}
    for one in request.files.getlist("files"):
        name = PurePosixPath((one.filename or "").replace("\\", "/")).name
        if name and (is_process_file(name) or name.lower().endswith(BESIDE)):
            files[f"forms/{name}" if name.endswith(".json") else name] = one.read()
    return files


def _upload_page(
    files: Mapping[str, bytes] | None = None,
    findings: Sequence[Finding] = (),
    *,
    errors: Mapping[str, str] | None = None,
    is_checked: bool = False,
) -> str:
    faults = sum(finding.is_error for finding in findings)
    verdict = ""
    if is_checked or faults:
        verdict = (
            ngettext("Ett fel behöver rättas.", "%(num)d fel behöver rättas.", faults)
            if faults
            else gettext("Inga fel. Filerna kan tas i bruk.")
        )
        if more := len(findings) - faults:
            verdict += " " + ngettext("En sak till att tänka på.", "%(num)d saker till att tänka på.", more)
    drawings = _drawings(files or {}) if findings else {}
    return render_template(
        "processes/new.html",
        names=sorted(files or ()),
        findings=told(findings, {name: f"drawing-{number}" for number, name in enumerate(drawings)}),
        drawings=drawings,
        verdict=verdict,
        faults=faults,
        errors=errors or {},
        may_deploy=holds("processdesigner"),
    )


def told(findings: Sequence[Finding], drawings: Mapping[str, str]) -> list[dict[str, Any]]:
    """Findings in the reader's language, those of one element together, those with errors first.

    `drawings`: file -> the id on the page of its diagram, where it is drawn.
    """
    is_english = current() == "en"
    groups: dict[tuple[str, int, str], dict[str, Any]] = {}
    for one in findings:
        place = f"{one.file}:{one.line}" if one.line else one.file
        new: dict[str, Any] = {
            "place": place,
            "element": one.element,
            "drawing": drawings.get(one.file) if one.element else None,
            "rows": [],
        }
        group = groups.setdefault((one.file, one.line, one.element), new)
        group["rows"].append(
            {
                "is_error": one.is_error,
                "text": one.en if is_english else one.sv,
                "suggestion": one.suggestion_en if is_english else one.suggestion_sv,
                "path": one.path,
            }
        )
    for group in groups.values():
        group["rows"].sort(key=lambda row: not row["is_error"])
    return sorted(groups.values(), key=lambda group: not group["rows"][0]["is_error"])


def _drawings(files: Mapping[str, bytes]) -> dict[str, str]:
    """The diagrams among the files that have a picture, as text, which the page draws."""
    return {
        name: source.decode("utf-8", "replace")
        for name, source in sorted(files.items())
        if is_process_file(name) and b"BPMNDiagram" in source
    }
