"""Processes deployed and retired. Everything wrong is told at once; then nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine import contract
from engine.actor import Actor
from engine.bpmn.checks import CheckContext
from engine.bpmn.findings import Finding
from engine.bpmn.model import Graph
from engine.definitions import store
from engine.definitions.check import check_read, has, readings_of
from engine.definitions.conditions import replace_start_conditions
from engine.definitions.starts import replace_start_timers
from engine.definitions.tables import definition, definition_file
from engine.engine import Engine, Read, Transaction
from engine.errors import CheckFailed, NotFound
from engine.identity import permissions
from engine.reference import rows as reference_rows
from engine.settings.functions import functions
from engine.settings.stored import Settings


class DeployedDefinition(NamedTuple):
    """A process of the deployment, as it now stands; `is_new`: this deployment made a version of it."""

    key: str
    version: int
    id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Deployed:
    """`findings` are warnings; with an error there is no deployment."""

    definitions: tuple[DeployedDefinition, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Deploy:
    """Check the files and make a new version of each process whose content is new.

    `files`: path -> bytes; each process of each `*.bpmn`, with the forms (`*.json`, by file name) and decisions
    (`*.dmn`) that it uses, and the README. CheckFailed, with every finding, where there is an error.
    """

    files: Mapping[str, bytes]

    def prepare(self, engine: Engine, actor: Actor) -> _Deployment:
        """Reading and checking takes its time, and needs no transaction."""
        _require_designer(actor)
        return prepare(self.files, engine.ask(KnownHere(), actor=actor))

    def execute(self, tx: Transaction) -> Deployed:
        raise NotImplementedError  # `prepare` gives what is executed


@dataclass(frozen=True, slots=True)
class Retire:
    """No new cases of this version or an older one; running ones go on as they are (R36)."""

    definition_id: int

    def execute(self, tx: Transaction) -> None:
        _require_designer(tx.actor)
        found = sa.select(definition.c.key, definition.c.version).where(definition.c.id == self.definition_id)
        row = tx.connection.execute(found).one_or_none()
        if row is None:
            raise NotFound("Expected a deployed process, but there is none.", "Processen finns inte.")
        older = sa.and_(definition.c.key == row.key, definition.c.version <= row.version)
        tx.connection.execute(definition.update().where(older).values(state="retired"))
        newest = store.newest(tx, row.key)
        replace_start_timers(tx, row.key, newest.graph if newest else None)
        replace_start_conditions(tx, row.key, newest.graph if newest else None)


@dataclass(frozen=True, slots=True)
class KnownHere:
    """What the checks may take as known in this house: roles, handlers, functions, settings, deployed processes."""

    def run(self, read: Read) -> CheckContext:
        roles = frozenset(row["nyckel"] for row in reference_rows(read, "roller"))
        return CheckContext(
            roles=roles or None,
            topics=frozenset(contract.handlers()),
            functions=frozenset(functions(read.now, {})),
            processes=frozenset(read.connection.execute(sa.select(definition.c.key)).scalars()),
            settings=frozenset(Settings(read.connection)),
        )


def prepare(files: Mapping[str, bytes], known: CheckContext) -> _Deployment:
    """Files to definitions; CheckFailed where they are not fit to run."""
    readings = readings_of(files)
    findings = check_read(readings, files, known)
    bundles = [_bundle(graph, reading.name, files) for reading in readings for graph in reading.graphs]
    if not bundles and not findings:
        findings.append(_nothing_to_deploy())
    if any(finding.is_error for finding in findings):
        raise CheckFailed(findings)
    return _Deployment(tuple(bundles), tuple(findings))


# --- within --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bundle:
    """A process with everything that belongs to it; `hash` covers all of that."""

    graph: Graph
    source: bytes
    files: dict[str, bytes]
    hash: str


@dataclass(frozen=True, slots=True)
class _Deployment:
    bundles: tuple[_Bundle, ...]
    findings: tuple[Finding, ...]

    def execute(self, tx: Transaction) -> Deployed:
        _require_designer(tx.actor)
        return Deployed(tuple(_deploy(tx, bundle) for bundle in self.bundles), self.findings)


def _require_designer(actor: Actor) -> None:
    permissions.require(actor, "processdesigner", to="publish a process", att="ta processer i bruk")


_NEWEST = (
    sa.select(definition.c.id, definition.c.version, definition.c.hash, definition.c.state)
    .where(definition.c.key == bindparam("of_key"))
    .order_by(definition.c.version.desc())
    .limit(1)
)


def _deploy(tx: Transaction, bundle: _Bundle) -> DeployedDefinition:
    key = bundle.graph.key
    newest = tx.connection.execute(_NEWEST, {"of_key": key}).one_or_none()
    if newest and newest.hash == bundle.hash and newest.state == "active":
        return DeployedDefinition(key, newest.version, newest.id, False)
    version = newest.version + 1 if newest else 1
    row: dict[str, Any] = {
        "key": key,
        "version": version,
        "name": bundle.graph.name,
        "hash": bundle.hash,
        "state": "active",
        "deployed_at": tx.now,
        "deployed_by": tx.actor.name,
        "source": bundle.source,
    }
    definition_id = tx.connection.execute(definition.insert().returning(definition.c.id), row).scalar_one()
    if bundle.files:
        rows = [{"definition_id": definition_id, "name": name, "content": data} for name, data in bundle.files.items()]
        tx.connection.execute(definition_file.insert(), rows)
    replace_start_timers(tx, key, bundle.graph)
    replace_start_conditions(tx, key, bundle.graph)
    return DeployedDefinition(key, version, definition_id, True)


def _bundle(graph: Graph, name: str, files: Mapping[str, bytes]) -> _Bundle:
    used = {node.work.form for node in graph.nodes.values() if node.work and node.work.form}
    decides = any(node.decision for node in graph.nodes.values())
    own: dict[str, bytes] = {}
    for path in sorted(files):
        stem = PurePosixPath(path).stem
        if has(path, ".json") and stem in used:
            own[store.form_file(stem)] = files[path]
        elif (has(path, ".dmn") and decides) or PurePosixPath(path).name == "README.md":
            own[PurePosixPath(path).name] = files[path]
    return _Bundle(graph, files[name], own, _hash(graph.key, files[name], own))


def _hash(key: str, source: bytes, files: Mapping[str, bytes]) -> str:
    parts = [("", source), *sorted(files.items())]
    named = "".join(f"{name}\0{sha256(content).hexdigest()}\n" for name, content in parts)
    return sha256(f"{key}\n{named}".encode()).hexdigest()


def _nothing_to_deploy() -> Finding:
    return Finding(
        "nothing-to-deploy",
        "error",
        "",
        0,
        "",
        "Här ska finnas minst en processfil (.bpmn), men det finns ingen.",
        "Expected at least one process file (.bpmn), but there is none.",
        "Välj diagrammet som ska tas i bruk, med sina formulär.",
        "Choose the diagram that is to be deployed, with its forms.",
    )
