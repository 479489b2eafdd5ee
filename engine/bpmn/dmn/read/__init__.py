"""DMN files to decisions that can be asked, and everything that keeps one from being asked: table, row and column.

`files` opens them, `requirements` puts their decisions in order, `decisions` makes each out of what it rests on and its
`logic`: a table or an expression, whose `cells` are compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from engine.bpmn.dmn.read.decisions import decision_of
from engine.bpmn.dmn.read.drafts import Draft
from engine.bpmn.dmn.read.files import opened
from engine.bpmn.dmn.read.requirements import in_order
from engine.bpmn.dmn.tables import Decision
from engine.bpmn.findings import Finding, Place, bounded, label
from engine.bpmn.limits import LIMITS

MAX_TEXT = LIMITS.cells


@lru_cache(maxsize=64)
def read(files: tuple[tuple[str, bytes], ...]) -> tuple[Mapping[str, Decision], tuple[Finding, ...]]:
    """The decisions that are without errors, by key, and all findings; of (name, content) of every DMN file."""
    findings: list[Finding] = []
    drafts: dict[str, Draft] = {}
    room = MAX_TEXT
    for name, source in files:
        file, said = opened(source, name)
        findings += said
        if file is None:
            continue
        room -= sum(len(text.text or "") for text in file.document.root.iter("{*}text"))
        if room < 0:
            findings.append(_too_much(name))
            continue
        for element in file.document.root.iterchildren("{*}decision"):
            key = element.get("id", "")
            draft = Draft(file, element, key, element.get("name", ""), label("decision", key, element.get("name", "")))
            if not key:
                draft.say(
                    ": ett id saknas",
                    ": there is no id",
                    "Ge beslutet ett id.",
                    "Give the decision an id.",
                    "missing-id",
                )
            elif key in drafts:
                draft.say(
                    " ska finnas en gång, men finns i flera filer",
                    " should be there once, but several files have it",
                    "Ge beslutet ett eget id.",
                    "Give the decision an id of its own.",
                    "duplicate-decision",
                )
            if key and key not in drafts:
                drafts[key] = draft
            else:
                findings += draft.findings
    decisions: dict[str, Decision] = {}
    for draft in in_order(drafts):
        decision = decision_of(draft, decisions, drafts)
        if decision is not None:
            decisions[decision.key] = decision
    for draft in drafts.values():
        findings += bounded(draft.findings, draft.file.document.name)
    return decisions, tuple(findings)


def _too_much(name: str) -> Finding:
    return Place(name, 1, "").error(
        "too-many-expressions",
        f"cellerna i alla beslut får ha högst {MAX_TEXT // 1000} 000 tecken tillsammans, men har fler",
        f"Expected at most {MAX_TEXT // 1000},000 characters in all cells together, but there are more.",
        "Dela upp processen, så att varje del har sina tabeller.",
        "Split the process, so that each part has its own tables.",
    )
