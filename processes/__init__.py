"""The shipped processes, one folder each, and the reference data beside them. Data, found alike in a checkout and a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


def folders(root: Path = HERE) -> list[Path]:
    """The folders below `root` that hold a process, by name."""
    return sorted(folder for folder in root.iterdir() if folder.is_dir() and any(folder.glob("*.bpmn")))


def files(folder: Path) -> dict[str, bytes]:
    """What a deployment of `folder` takes, by path within it: diagrams, decisions, forms and the README."""
    found = [*folder.glob("*.bpmn"), *folder.glob("*.dmn"), *folder.glob("forms/*.json"), *folder.glob("README.md")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(found)}


def reference(root: Path = HERE) -> dict[str, Any]:
    """The reference data of all files in `<root>/reference` as one mapping of kind -> rows (parter, organ, installningar ...)."""
    kinds: dict[str, Any] = {}
    for path in sorted((root / "reference").glob("*.yaml")):
        kinds |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return kinds
