"""The shipped processes, one folder each, and the reference data beside them: data, in a checkout and a wheel alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one of libyaml where it is there: the same data, eight times as fast; each `trappa check` reads them."""
MOST_BYTES = 10_000_000
"""More than any file of a process may have (`engine.bpmn.read` and `engine.forms` take half of it at most)."""


def folders(root: Path = HERE) -> list[Path]:
    """The folders below `root` that hold a process, by name."""
    return sorted(folder for folder in root.iterdir() if folder.is_dir() and any(folder.glob("*.bpmn")))


def files(folder: Path) -> dict[str, bytes]:
    """What a deployment of `folder` takes, by path within it: diagrams, decisions, forms and the README."""
    found = [*folder.glob("*.bpmn"), *folder.glob("*.dmn"), *folder.glob("forms/*.json"), *folder.glob("README.md")]
    return {path.relative_to(folder).as_posix(): content(path) for path in sorted(found) if path.is_file()}


def content(path: Path) -> bytes:
    """The bytes of a file; of an enormous one only so many that whoever reads it will say that it is too large."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def reference(root: Path = HERE) -> dict[str, Any]:
    """The reference data of all files in `<root>/reference`: kind -> rows (parter, organ, roller, installningar ...).

    Two kinds are parts of others, for forms to choose from: `kommuner` of the parties, `uppfoljare` of the bodies.
    """
    kinds: dict[str, Any] = {}
    for path in sorted((root / "reference").glob("*.yaml")):
        kinds |= yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe
    kinds["kommuner"] = [party for party in kinds["parter"] if party["typ"] == "kommun"]
    kinds["uppfoljare"] = [
        body for body in kinds["organ"] if body["typ"] in {"sekretariat", "samradsgrupp", "arbetsgrupp"}
    ]
    return kinds
