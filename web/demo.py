"""The demo: people to be, one for each role and party, and a year of example cases played on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import handlers
import processes
from engine import Actor, AddPerson, ChangeSetting, Engine, GrantRole, LoadReference, People, SettingsList
from engine.clock import VirtualClock
from engine.scenarios.people import Part, part_of, username
from engine.scenarios.play import Player
from engine.scenarios.read import Scenario, read
from engine.scenarios.run import needed
from engine.worker import Worker
from web import house

SYSTEM = Actor.system("Demonstration")

EXAMPLES = (
    processes.HERE / "problem_i_samverkan" / "scenarios" / "tolv_rapporter.yaml",
    Path(__file__).parent / "demo.yaml",
)
"""The twelve example reports, from November 2025 to July 2026, and the autumn after them."""

ALONE = (
    *("storsthlm", "storsthlm#2", "hsf", "hsf#2", "sekretariat", "tsg", "vis", "socialtjanstnatverk"),
    *("storsthlms_styrelse", "hsn", "slso", "samradsgrupp:samrad_aldre", "samradsgrupp:samrad_barn_unga"),
    *("samradsgrupp:samrad_psykisk_beroende", "samradsgrupp:samrad_digitalisering"),
    *("samradsgrupp:samrad_funktionsnedsattning", "revisor", "processdesigner", "admin"),
)

FIRST = ["Anna", "Björn", "Cecilia", "David", "Elin", "Fredrik", "Gunilla", "Håkan", "Ingrid", "Johan", "Karin", "Lars", "Maria", "Nils", "Olga"]
LAST = ["Ahl", "Berg", "Dahlin", "Ek", "Falk", "Granat", "Holm", "Kvist", "Lind", "Malm", "Nord", "Palm", "Ros", "Sand", "Åström", "Öberg", "Wik"]
"""Invented names; 15 and 17 have no common divisor, so the first 255 people differ."""


def furnish(*, database_url: str, now: datetime, start: datetime | None = None) -> datetime:
    """Fill an empty house, and give the time its clock shows; a furnished one goes on from where its clock was.

    `start`: no example cases, and the clock begins there, so that one can play a year from its first day.
    """
    examples = [] if start else [read(path) for path in EXAMPLES]
    clock = VirtualClock(start or examples[0].start)
    engine = Engine(database_url, clock, kept_mail=True, demo=True)
    try:
        settings = engine.ask(SettingsList(), actor=SYSTEM)
        if engine.ask(People(demo=True), actor=SYSTEM):
            return max(now, now.fromtimestamp(settings["demo.clock"], now.tzinfo))
        return _fill(engine, clock, now, examples)
    finally:
        engine.close()


def _fill(engine: Engine, clock: VirtualClock, now: datetime, examples: Sequence[Scenario]) -> datetime:
    reference = processes.reference()
    engine.execute(LoadReference(reference), actor=SYSTEM)
    people = {
        candidate: _add(engine, candidate, number, reference) for number, candidate in enumerate(candidates(reference))
    }
    handlers.register()
    for folder in needed(processes.HERE, [folder.name for folder in processes.folders()]):
        house.deploy(engine, processes.files(folder))
    if examples:
        player = Player(engine, clock, Worker(engine, "demo", None), reference, ingest=house.ingest)
        player.people.update(people)
        for following, example in zip([*examples[1:], None], examples, strict=True):
            until = following.start if following else max(now, clock.now())
            player.play(_until(example, until))
            player.move_to(max(until, clock.now()))
    engine.execute(ChangeSetting("demo.clock", int(clock.now().timestamp())), actor=SYSTEM)
    return clock.now()


def candidates(reference: Mapping[str, Any]) -> Iterator[str]:
    """Whom one may be: `role[:scope][@side]`, and `#2` for a second person of the same role."""
    yield from ALONE
    for area in reference["lokala_omraden"]:
        if area["giltig_till"] is None:
            yield f"rapportor_kommun:{area['nyckel']}"
            yield f"rapportor_vardgivare:{area['nyckel']}"
            yield f"lokal_samverkan:{area['nyckel']}@kommun"
            yield f"lokal_samverkan:{area['nyckel']}@region"
    for party in reference["parter"]:
        yield f"part:{party['nyckel']}"


def _add(engine: Engine, candidate: str, number: int, reference: Mapping[str, Any]) -> int:
    part = part_of(candidate.partition("#")[0], reference)
    name = f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]}"
    account = username(candidate)
    person = engine.execute(AddPerson(account, name, f"{account}@example.org", demo=True), actor=SYSTEM)
    _grant(engine, person, part)
    return int(person)


def _grant(engine: Engine, person: int, part: Part) -> None:
    engine.execute(GrantRole(person, part.role, part.scope, part.side, part.party), actor=SYSTEM)


def _until(scenario: Scenario, until: datetime) -> Scenario:
    """The steps before `until`: what lies ahead has not happened."""
    ahead = (
        number
        for number, step in enumerate(scenario.steps)
        if step.verb == "klocka" and step.given.get("till", until) > until
    )
    return replace(scenario, steps=scenario.steps[: next(ahead, len(scenario.steps))])
