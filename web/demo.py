"""The demo: people to be, one for each role and party, and a year of example cases played on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import handlers
import processes
from engine import Actor, AddPerson, ChangeSetting, Engine, GrantRole, LoadReference, People, Refused, SettingsList
from engine.calendar import Duration
from engine.clock import VirtualClock
from engine.contract import Retry
from engine.jobs.store import Job
from engine.scenarios.people import Part, part_of, username
from engine.scenarios.play import Player
from engine.scenarios.read import Scenario, Step, read
from engine.scenarios.run import needed
from engine.worker import Worker
from web import house

SYSTEM = Actor.system("Demonstration")

REPORTS = processes.HERE / "problem_i_samverkan" / "scenarios" / "tolv_rapporter.yaml"
EXAMPLES = (Path(__file__).parent / "demo_year.yaml", REPORTS, Path(__file__).parent / "demo.yaml")
"""The wheel of 2026, the twelve example reports from November 2025 to July 2026, and the autumn after them."""

STOP = Path(__file__).parent / "demo_stop.yaml"
"""A report whose number cannot be fetched: an incident, which goes on when somebody lets it try again."""

STOPPED_FOR = timedelta(days=2)
"""Longer than all the pauses between the worker's attempts."""

ALONE = (
    *("storsthlm", "storsthlm#2", "hsf", "hsf#2", "sekretariat", "tsg", "vis", "socialtjanstnatverk"),
    *("storsthlms_styrelse", "hsn", "slso", "samradsgrupp:samrad_aldre", "samradsgrupp:samrad_barn_unga"),
    *("samradsgrupp:samrad_psykisk_beroende", "samradsgrupp:samrad_digitalisering"),
    *("samradsgrupp:samrad_funktionsnedsattning", "dialogdeltagare:huddinge", "dialogdeltagare:region_stockholm"),
    *("revisor", "processdesigner", "admin"),
)

FIRST = ["Anna", "Björn", "Cecilia", "David", "Elin", "Fredrik", "Gunilla", "Håkan", "Ingrid", "Johan", "Karin"]
LAST = ["Ahl", "Berg", "Dahlin", "Ek", "Falk", "Granat", "Holm", "Kvist", "Lind", "Malm", "Nord", "Palm", "Ros"]
LAST += ["Sand", "Åström", "Öberg", "Wik", "Ström", "Hall", "Bergman", "Sjö", "Lund", "Rask"]
"""Invented names; 11 and 23 have no common divisor, so the first 253 people differ."""


def furnish(*, database_url: str, now: datetime, start: datetime | None = None) -> datetime:
    """Fill an empty house, and give the time its clock shows; a furnished one goes on from where its clock was.

    `start`: no example cases, and the clock begins there, so that one can play a year from its first day.
    """
    examples = [] if start else [read(path) for path in EXAMPLES]
    clock = VirtualClock(start or min(example.start for example in examples))
    engine = Engine(database_url, clock, kept_mail=True, demo=True)
    try:
        settings = engine.ask(SettingsList(), actor=SYSTEM)
        if settings["demo.clock"]:
            return house.demo_moment(settings, now)
        if engine.ask(People(demo=True), actor=SYSTEM):
            raise Refused(
                "Expected a whole demo or none, but this one was interrupted while it was filled. Remove its database.",
                "Demonstrationen avbröts medan den fylldes. Ta bort dess databas och starta igen.",
            )
        return _fill(engine, clock, now, examples)
    finally:
        engine.close()


def _fill(engine: Engine, clock: VirtualClock, now: datetime, examples: Sequence[Scenario]) -> datetime:
    reference = processes.reference()
    engine.execute(LoadReference(reference), actor=SYSTEM)
    people = {
        candidate: _add(engine, candidate, number, reference) for number, candidate in enumerate(candidates(reference))
    }
    for name, endless in (("session.hours", 200_000), ("session.idle_minutes", 10_000_000)):
        engine.execute(ChangeSetting(name, endless), actor=SYSTEM)  # a moved clock signs nobody out
    handlers.register()
    worker = _Worker(engine, "demo", None)
    player = _Player(engine, clock, worker, reference, ingest=house.ingest)
    player.people.update(people)
    for when, example in _in_order(examples, _stop_of(examples, now)):
        if when <= now:
            player.move_to(when)
            _deploy(engine, example.processes)
            worker.stops = worker.stops or example.path == STOP
            player.play(example)
    player.move_to(max(now, clock.now()) if examples else clock.now())
    _deploy(engine, [folder.name for folder in processes.folders()])
    for name, moment in (("demo.wall", now), ("demo.clock", clock.now())):
        engine.execute(ChangeSetting(name, moment.timestamp()), actor=SYSTEM)
    return clock.now()


class _Worker(Worker):
    """The examples' worker. The first number that is asked for once it `stops` is not given, however often it tries."""

    stops = False
    _stopped: int | None = None

    def _call_handler(self, job: Job) -> None:
        if self.stops and job.topic == "diarienummer" and self._stopped in (None, job.case_id):
            self._stopped = job.case_id
            raise Retry(
                "Diariet svarade inte. Rapporten har inte fått något diarienummer.",
                en="The registry did not answer. The report has no registration number yet.",
            )
        super()._call_handler(job)


class _Player(Player):
    """The examples' player: trouble is allowed once it is made on purpose."""

    def _require_no_trouble(self) -> None:
        if not (isinstance(self.worker, _Worker) and self.worker.stops):
            super()._require_no_trouble()


def _stop_of(examples: Sequence[Scenario], now: datetime) -> Iterator[tuple[datetime, Scenario]]:
    """When which report stops; none before there are reports at all."""
    when = now - STOPPED_FOR
    if any(example.path == REPORTS and example.start <= when for example in examples):
        yield when, read(STOP)


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


def _deploy(engine: Engine, names: Sequence[str]) -> None:
    for folder in needed(processes.HERE, names):
        house.deploy(engine, processes.files(folder))


def _in_order(
    examples: Sequence[Scenario], others: Iterable[tuple[datetime, Scenario]]
) -> list[tuple[datetime, Scenario]]:
    """The examples cut where their clocks move, and others, in the order of the calendar: they happen side by side.

    The first piece of each names the processes to deploy: in use from then on, and starting nothing before.
    """
    pieces = [*(piece for example in examples for piece in _pieces(example)), *others]
    return sorted(pieces, key=lambda piece: piece[0])


def _pieces(example: Scenario) -> Iterator[tuple[datetime, Scenario]]:
    own = example.path.parents[1].name
    needs: tuple[str, ...] = (*example.processes, *([own] if example.path.parents[1].parent == processes.HERE else []))
    when, steps = example.start, list[Step]()
    for step in example.steps:
        if step.verb == "klocka":
            yield when, replace(example, steps=tuple(steps), processes=needs)
            needs = ()
            when, steps = step.given.get("till") or Duration.parse(step.given["plus"]).after(when), []
        else:
            steps.append(step)
    yield when, replace(example, steps=tuple(steps), processes=needs)
