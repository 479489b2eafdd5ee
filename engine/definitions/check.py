"""What stands in the way of a deployment: the same for `trappa check`, for the page that checks, and for `Deploy`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from engine import forms
from engine.bpmn.checks import CheckContext, check_readings
from engine.bpmn.findings import Finding, bounded
from engine.bpmn.read import Reading, is_process_file, read


def check(files: Mapping[str, bytes], known: CheckContext | None = None) -> list[Finding]:
    """All findings of processes, decisions and forms, in the order of files and lines."""
    return check_read(readings_of(files), files, known)


def readings_of(files: Mapping[str, bytes]) -> list[Reading]:
    return [read(files[name], name=name) for name in sorted(files) if is_process_file(name)]


def check_read(readings: list[Reading], files: Mapping[str, bytes], known: CheckContext | None = None) -> list[Finding]:
    """The same where the processes are read already."""
    findings = check_readings(readings, files, known)
    unreadable = {finding.file for finding in findings if finding.rule == "form-unreadable"}
    for name in sorted(files):
        if has(name, ".json") and name not in unreadable:  # each form whole, as the task page will read it
            findings += bounded(forms.check_form(files[name], name), name)
    return sorted(findings, key=lambda finding: (finding.file, finding.line))


def has(name: str, suffix: str) -> bool:
    return PurePosixPath(name).suffix.lower() == suffix
