"""Finds scenarios, gives each a world of its own, plays it and tells how it went."""

from __future__ import annotations

import re
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import processes
from engine import ChangeSetting, CheckFailed, Deploy, Engine, LoadReference, Refused, db
from engine.clock import VirtualClock
from engine.scenarios.play import SYSTEM, Failed, Ingest, Player
from engine.scenarios.read import Scenario, read
from engine.worker import Worker

_CALLED = re.compile(rb'calledElement="([a-z0-9_]+)"')


@dataclass(frozen=True, slots=True)
class Played:
    """How one scenario went. `story`: time, who, did what; `line`, `expected` and `found` say where it did not hold."""

    path: Path
    title: str
    passed: bool
    seconds: float
    story: tuple[str, ...] = ()
    line: int = 0
    expected: str = ""
    found: str = ""


def play(paths: Iterable[Path], *, database_url: str | None = None, ingest: Ingest | None = None) -> list[Played]:
    """Play the scenarios in these files and folders, each in a new SQLite database, or one in the empty database given.

    `ingest` turns an e-mail into the command that makes a case of it.
    """
    files = list(dict.fromkeys(file for path in paths for file in _scenarios(path)))
    if database_url is not None and len(files) != 1:
        raise Refused(
            f"Expected one scenario for one database, but found {len(files)}.",
            f"En databas räcker till ett scenario, men här är {len(files)}.",
        )
    with _databases(database_url) as fresh:
        return [_play_one(path, fresh(), ingest) for path in files]


def tell(played: Sequence[Played]) -> str:
    """The stories of those that failed, a line for each, and how many of each there were."""
    lines = []
    for one in played:
        lines.append(f"{'passed' if one.passed else 'FAILED'}  {one.seconds:5.2f} s  {one.path}: {one.title}")
        if not one.passed:
            lines += [f"    {told}" for told in one.story]
            lines += [f"    {one.path}:{one.line}:", f"    Expected: {one.expected}", f"    Found:    {one.found}"]
    passed = sum(one.passed for one in played)
    return "\n".join([*lines, f"{passed} passed, {len(played) - passed} failed"])


def _scenarios(path: Path) -> list[Path]:
    if path.is_dir():
        found = [*path.glob("scenarios/*.yaml"), *path.glob("*/scenarios/*.yaml")]
        return sorted(found or path.glob("*.yaml"))
    return [path]


@contextmanager
def _databases(given: str | None) -> Iterator[Callable[[], str]]:
    """Gives the address of an empty database each time: copies of one that was migrated once, or the one given."""
    with tempfile.TemporaryDirectory(prefix="trappa-") as folder:
        template = Path(folder) / "template.sqlite"
        db.migrate(given or f"sqlite:///{template}")

        def fresh() -> str:
            if given:
                return given
            copy = Path(folder) / "scenario.sqlite"
            for suffix in ("", "-wal", "-shm"):
                copy.with_name(copy.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(template, copy)
            return f"sqlite:///{copy}?synchronous=normal"

        yield fresh


def _play_one(path: Path, database_url: str, ingest: Ingest | None) -> Played:
    started = perf_counter()

    def played(title: str, failure: tuple[str, str] | None, line: int = 0, story: Sequence[str] = ()) -> Played:
        expected, found = failure or ("", "")
        return Played(path, title, failure is None, perf_counter() - started, tuple(story), line, expected, found)

    try:
        scenario = read(path)
    except Refused as refused:
        return played("?", ("a scenario", str(refused)), int(refused.details.get("line") or 0))
    clock = VirtualClock(scenario.start)
    engine = Engine(database_url, clock, kept_mail=True)
    own = path.resolve().parents[1]
    names, settings = [own.name, *scenario.processes], scenario.settings
    try:
        player = furnished(engine, clock, names, root=own.parent, settings=settings, ingest=ingest)
        return played(scenario.title, _failure(player, scenario), player.line, player.story)
    except Refused as refused:  # of the house that was to be furnished
        findings = [str(finding) for finding in refused.findings] if isinstance(refused, CheckFailed) else []
        return played(scenario.title, ("processes and settings that the house takes", refused.sv), 0, findings)
    finally:
        engine.close()


def furnished(
    engine: Engine,
    clock: VirtualClock,
    names: Iterable[str],
    *,
    root: Path = processes.HERE,
    settings: Mapping[str, Any] | None = None,
    ingest: Ingest | None = None,
) -> Player:
    """An empty house made ready: reference data, settings, these processes and those they call. Gives its player."""
    reference = _reference(root)
    engine.execute(LoadReference(reference), actor=SYSTEM)
    for name, value in (settings or {}).items():
        engine.execute(ChangeSetting(name, value), actor=SYSTEM)
    for folder in needed(root, names):
        engine.execute(Deploy(processes.files(folder)), actor=SYSTEM)
    return Player(engine, clock, Worker(engine, "scenario"), reference, ingest=ingest)


@lru_cache(maxsize=4)
def _reference(root: Path) -> Mapping[str, Any]:
    return processes.reference(root)


def needed(root: Path, names: Iterable[str]) -> list[Path]:
    """The folders of these processes and, first, of those that they call."""
    needed: dict[str, Path] = {}

    def need(name: str, callers: tuple[str, ...]) -> None:
        folder = root / name
        if name in needed or name in callers:
            return
        if not folder.is_dir():
            raise Refused(
                f"Expected a process {name!r} in {root}, but there is none.",
                f"Det finns ingen process ”{name}” i {root}.",
            )
        for diagram in sorted(folder.glob("*.bpmn")):
            for called in _CALLED.findall(diagram.read_bytes()):
                need(called.decode(), (*callers, name))
        needed[name] = folder

    for name in names:
        need(name, ())
    return list(needed.values())


def _failure(player: Player, scenario: Scenario) -> tuple[str, str] | None:
    """What was expected and found where the scenario does not hold; None where it does."""
    try:
        player.play(scenario)
    except Failed as failed:
        return failed.expected, failed.found
    except Refused as refused:
        return "no refusal", refused.sv
    except Exception as error:
        player.story += [line.rstrip() for line in traceback.format_exc().splitlines()[-8:]]
        return "no error", f"{type(error).__name__}: {error}"
    return None
