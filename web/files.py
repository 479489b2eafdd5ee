"""The files that a command names, and what can be known about them without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import handlers
import processes
from engine import contract
from engine.bpmn.checks import CheckContext
from engine.bpmn.read import is_process_file
from engine.errors import Refused
from engine.settings import DEFAULTS
from engine.settings.functions import functions


def read_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """Bytes of the files named; of a folder its diagrams, decisions and forms. A diagram alone brings its forms."""
    files: dict[str, bytes] = {}
    for path in paths:
        try:
            files |= _read_at(path)
        except OSError as error:
            raise Refused(
                f"Expected a file that can be read, but for {path}: {error.strerror}.",
                f"{path} går inte att läsa. Kontrollera sökvägen och vem som får läsa filen.",
            ) from None
    return files


def _read_at(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return processes.files(path)
    if not path.is_file():
        raise Refused(
            f"Expected a file or folder, but {path} does not exist.",
            f"Det finns ingen fil eller mapp {path}. Kontrollera sökvägen.",
        )
    _require_known_kind(path)
    beside = processes.files(path.parent) if is_process_file(path.name) else {}
    kept = {name: content for name, content in beside.items() if not name.endswith(".bpmn")}
    return kept | {path.name: processes.content(path)}


def _require_known_kind(path: Path) -> None:
    """What is named is looked at, or it is said why not."""
    if not is_process_file(path.name) and path.suffix.lower() not in (".dmn", ".json", ".md"):
        raise Refused(
            f"Expected a process (.bpmn), decision (.dmn) or form (.json), but {path.name} is none.",
            f"{path.name} är varken en process (.bpmn), en beslutstabell (.dmn) eller ett formulär (.json).",
        )


def deployments(paths: Sequence[Path]) -> list[dict[str, bytes]]:
    """One deployment for each folder, and one of all loose files together; folders of folders are opened."""
    found = []
    for path in paths:
        if path.is_dir():
            found += [
                processes.files(folder) for folder in ([path] if any(path.glob("*.bpmn")) else processes.folders(path))
            ]
    loose = [path for path in paths if not path.is_dir()]
    return found + ([read_files(loose)] if loose else [])


def check_context(now: datetime) -> CheckContext:
    """What checks may take as known without a database: shipped reference data and processes, topics, functions."""
    handlers.register()
    return CheckContext.of_house(
        processes.reference(),
        topics=frozenset(contract.handlers()),
        processes=frozenset(folder.name for folder in processes.folders()),
        functions=frozenset(functions(now, {})),
        settings=frozenset(DEFAULTS),
    )
