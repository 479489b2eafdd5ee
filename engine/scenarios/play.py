"""Plays one scenario: moves the clock, acts through commands, looks through queries, and keeps the story of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.actor import Actor
from engine.calendar import Duration, local, parse_instant
from engine.clock import VirtualClock
from engine.engine import Command, Engine
from engine.errors import Guarded, Invalid, Refused
from engine.identity import permissions
from engine.identity.commands import AddPerson, GrantRole
from engine.runtime.adhoc import BeginActivity, EndAdHoc, OpenWork
from engine.runtime.lifecycle import StartCase
from engine.runtime.messages import PublishMessage
from engine.runtime.tasks import CompleteTask
from engine.scenarios import look
from engine.scenarios.expected import differences
from engine.scenarios.look import OpenTask, Seen
from engine.scenarios.people import part_of, username
from engine.scenarios.read import Scenario, Step, load_yaml
from engine.worker import Worker

Ingest = Callable[[bytes, datetime], Command[Any]]
"""An e-mail and when it came -> the command that makes a case of it."""

SYSTEM = Actor.system("Scenariot")

_NOT_IN_A_FORM = frozenset(
    {"fall", "rubrik", "id", "inkom_datum", "inkom_tid", "kvartal", "kanal", "mottagare", "bekraftelser", "expected"}
)
"""What a report's file says about the report; the rest is the form (see the README of the reports)."""


class Failed(Exception):
    """The scenario does not hold: what was expected, and what was found instead."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"Expected {expected}, but found {found}.")
        self.expected = expected
        self.found = found


class Player:
    """One scenario's world. `people` and `names` may be given, to play on in a house where they are known already."""

    def __init__(
        self,
        engine: Engine,
        clock: VirtualClock,
        worker: Worker,
        reference: Mapping[str, Any],
        *,
        ingest: Ingest | None = None,
    ) -> None:
        self.engine = engine
        self.clock = clock
        self.worker = worker
        self.reference = reference
        self.ingest = ingest
        self.people: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.problems: dict[str, str] = {}
        self.story: list[str] = []
        self.line = 0
        self._folder = Path()

    def play(self, scenario: Scenario) -> None:
        """All its steps. Raises Failed, or whatever else went wrong; `line` and `story` say how far it came."""
        self._folder = scenario.path.parent
        expects_trouble = any("incidenter" in step.given for step in scenario.steps)
        for step in scenario.steps:
            self.line = step.line
            getattr(self, f"_{step.verb}")(step)
            self.settle()
            if not expects_trouble:
                self._require_no_trouble()

    def settle(self) -> None:
        """Let the worker do all that is due."""
        self.worker.run_until_idle()

    def move_to(self, until: datetime) -> None:
        """Go on in time, from one due instant to the next, so that all happens in the order of the calendar."""
        self.worker.live_until(until, self.clock.set)

    def person(self, som: str | Sequence[str]) -> Actor:
        """The one who holds this candidate, or all of these; `storsthlm#2` is another one than `storsthlm`."""
        held = [som] if isinstance(som, str) else list(som)
        name = " + ".join(held)
        if name not in self.people:
            self.people[name] = self._new_person(name, held)
        return self.engine.actor_for(self.people[name])

    def _new_person(self, name: str, held: Sequence[str]) -> int:
        parts = [part_of(candidate.partition("#")[0], self.reference) for candidate in held]
        number = name.partition("#")[2]
        called = " och ".join(part.name for part in parts) + (f" {number}" if number else "")
        address = username(name)
        person = self.engine.execute(AddPerson(address, called[:200], f"{address[:60]}@example.org"), actor=SYSTEM)
        for part in parts:
            self.engine.execute(GrantRole(person, part.role, part.scope, part.side, part.party), actor=SYSTEM)
        return person

    # --- what people do

    def start(
        self,
        process: str,
        som: str | Sequence[str] | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        name: str | None = None,
    ) -> int:
        """Start a case, as this candidate or as the house itself; gives its id. Raises what the house refuses with."""
        actor = SYSTEM if som is None else self.person(som)
        case_id: int = self.engine.execute(StartCase(process, data or {}, business_key=key), actor=actor)
        return self._begun(actor.name, f"started {process} as", case_id, name)

    def mail(self, raw: bytes, name: str | None = None) -> int:
        """An e-mail comes in and becomes a case; gives its id."""
        if self.ingest is None:
            raise Failed("somebody who takes in e-mail", "nobody")
        started = self.engine.execute(self.ingest(raw, self.clock.now()), actor=SYSTEM)
        self.settle()
        return self._begun("an e-mail", "became", self.case_id(started) if isinstance(started, str) else started, name)

    def do(self, task: str, case: str, som: str | Sequence[str], data: Mapping[str, Any] | None = None) -> None:
        """Complete a task, named by its element or name, in a case or in those it called."""
        actor = self.person(som)
        meant = self._task(case, task, actor)
        self.engine.execute(CompleteTask(meant.id, data or {}), actor=actor)
        self._tell(actor.name, f"did ”{meant.name}” in {self.see(meant.case_id).case.number}")

    def begin_activity(self, activity: str, case: str, som: str | Sequence[str]) -> None:
        """Begin an activity, by its element or name, of an ad-hoc sub-process in a case or in those it called."""
        actor = self.person(som)
        for case_id, work in self._open_work(case, actor):
            for element, name in work.activities:
                if activity in (element, name):
                    self.engine.execute(BeginActivity(case_id, work.wait, element), actor=actor)
                    self._tell(actor.name, f"began ”{name}” in {self.see(case_id).case.number}")
                    return
        raise Refused(f"Expected {activity!r} to lie open, but it does not.", f"{activity} går inte att starta nu.")

    def end(self, work_name: str, case: str, som: str | Sequence[str]) -> None:
        """Say that the work in an ad-hoc sub-process is done."""
        actor = self.person(som)
        for case_id, work in self._open_work(case, actor):
            if work_name == work.name and work.may_end:
                self.engine.execute(EndAdHoc(case_id, work.wait), actor=actor)
                self._tell(actor.name, f"ended ”{work.name}” in {self.see(case_id).case.number}")
                return
        raise Failed(f"”{work_name}” in {case} to be ended by {som}", "it does not lie open to them")

    def _open_work(self, case: str, actor: Actor) -> list[tuple[int, OpenWork]]:
        family = self.engine.ask(look.Family(self.case_id(case)), actor=SYSTEM)
        found: list[tuple[int, OpenWork]] = self.engine.ask(look.OpenWorkIn(family), actor=actor)
        return found

    def _begun(self, who: str, did: str, case_id: int, name: str | None) -> int:
        if name is not None:
            self.names[name] = case_id
        self._tell(who, f"{did} {self.see(case_id).case.number}")
        return case_id

    def _task(self, name: str, task: str, actor: Actor) -> OpenTask:
        family = self.engine.ask(look.Family(self.case_id(name)), actor=SYSTEM)
        tasks = self.engine.ask(look.OpenTasks(family), actor=SYSTEM)
        meant = [one for one in tasks if task in (one.element, one.name)]
        if not meant:
            raise Failed(f"an open task ”{task}” in {name}", _listed([one.element for one in tasks]))
        return next((one for one in meant if permissions.standing(actor, one.candidates)), meant[0])

    # --- steps

    def _klocka(self, step: Step) -> None:
        until = step.given.get("till") or Duration.parse(step.given["plus"]).after(self.clock.now())
        if until < self.clock.now():
            raise Failed(f"a time after {_told(self.clock.now())}", _told(until))
        self.move_to(until)
        self._tell("the clock", "moved here")

    def _gor(self, step: Step) -> None:
        try:
            self._act(step.given)
        except Refused as refused:
            who, what = (
                step.given.get("som", "the house"),
                step.given.get("uppgift") or step.given.get("aktivitet") or step.given.get("process") or "e-mail",
            )
            raise Failed(f"{who} to be let do ”{what}”", f"a refusal: {_sentence(refused)}") from None

    _starta = _mejl = _borja = _gor

    def _avsluta(self, step: Step) -> None:
        self.end(step.given["delprocess"], step.given["arende"], step.given["som"])

    def _vagra(self, step: Step) -> None:
        reason = step.given["varfor"]
        try:
            self._act(step.given)
        except Refused as refused:
            told = _sentence(refused)
            if reason.lower() not in told.lower():
                raise Failed(f"a refusal that says ”{reason}”", told) from None
            self._tell("the house", f"refused {step.given.get('som', 'the mail')}: {told}")
        else:
            raise Failed(f"a refusal that says ”{reason}”", "it was done")

    def _act(self, given: Mapping[str, Any]) -> None:
        if "uppgift" in given:
            self.do(given["uppgift"], given["arende"], given["som"], self._data(given))
        elif "aktivitet" in given:
            self.begin_activity(given["aktivitet"], given["arende"], given["som"])
        elif "process" in given:
            self.start(
                given["process"], given.get("som"), self._data(given), key=given.get("nyckel"), name=given.get("namn")
            )
        else:
            self.mail((self._folder / given["fil"]).read_bytes(), given.get("namn"))

    def _data(self, given: Mapping[str, Any]) -> dict[str, Any]:
        said = _attempt(self._folder / given["fil"]) if "fil" in given else {}
        return {
            **{name: value for name, value in said.items() if name not in _NOT_IN_A_FORM},
            **(given.get("med") or {}),
        }

    def _vanta(self, step: Step) -> None:
        self.settle()

    def _meddelande(self, step: Step) -> None:
        given = step.given
        self.engine.execute(PublishMessage(given["namn"], given.get("nyckel"), given.get("med") or {}), actor=SYSTEM)
        self._tell("a message", f"{given['namn']!r} came for {given.get('nyckel')!r}")

    def _kolla(self, step: Step) -> None:
        _Look(self, step.given).all()
        self._tell("the scenario", "looked, and all was as expected")

    def _forvantat(self, step: Step) -> None:
        path = self._folder / step.given["fil"]
        found = differences(self, step.given["arende"], _attempt(path)["expected"])
        if found:
            raise Failed(
                f"of {step.given['arende']} in {path.name}: "
                + "; ".join(f"{key} = {want!r}" for key, want, _ in found),
                "; ".join(f"{key} = {got!r}" for key, _, got in found),
            )
        self._tell("the scenario", f"found {step.given['arende']} as {path.name} expects")

    # --- what there is

    def case_id(self, name: str) -> int:
        """By the name that a step gave it, its number, its business key, or `process/business key`."""
        name = str(name)
        if name in self.names:
            return self.names[name]
        process, _, key = name.rpartition("/")
        found = self.engine.ask(look.CasesNamed(key), actor=SYSTEM)
        if process:
            of_process = self.engine.ask(look.CasesOf(process), actor=SYSTEM)
            found = [case_id for case_id in found if case_id in of_process]
        if not found:
            raise Failed(f"a case called {name!r}", "none")
        return found[0]

    def see(self, case_id: int) -> Seen:
        return self.engine.ask(look.See(case_id), actor=SYSTEM)

    def _require_no_trouble(self) -> None:
        for where, message in self.engine.ask(look.Trouble(), actor=SYSTEM):
            raise Failed("that all services succeed", f"{where}: {message}")

    def _tell(self, who: str, did: str) -> None:
        self.story.append(f"{_told(self.clock.now())}  {who} {did}")


class _Look:
    """One `kolla`: each key that it gives, against what is there."""

    def __init__(self, player: Player, given: Mapping[str, Any]) -> None:
        self.player = player
        self.given = given
        self.case_id = player.case_id(given["arende"]) if "arende" in given else None

    def all(self) -> None:
        for key, expected in self.given.items():
            if key != "arende":
                getattr(self, f"_{key}")(expected)

    def _ask(self, query: Any) -> Any:
        return self.player.engine.ask(query, actor=SYSTEM)

    def _require(self, what: str, expected: Any, found: Any) -> None:
        if not _same(expected, found):
            whose = f" of {self.given['arende']}" if self.case_id else ""
            raise Failed(f"{what}{whose} {expected!r}", repr(found))

    @property
    def seen(self) -> Seen:
        if self.case_id is None:
            raise Failed("`arende` in `kolla`, to know which case", "none")
        return self.player.see(self.case_id)

    def _tasks(self) -> list[OpenTask]:
        tasks: list[OpenTask] = self._ask(look.OpenTasks(None if self.case_id is None else [self.case_id]))
        return tasks

    def _status(self, expected: Any) -> None:
        self._require("status", expected, self.seen.case.status)

    def _tillstand(self, expected: Any) -> None:
        self._require("state", expected, self.seen.case.state)

    def _titel(self, expected: Any) -> None:
        self._require("title", expected, self.seen.case.title)

    def _oppna_uppgifter(self, expected: list[str]) -> None:
        self._named_tasks("open tasks", expected, self._tasks())

    def _forsenade_uppgifter(self, expected: list[str]) -> None:
        now = self.player.clock.now()
        self._named_tasks("late tasks", expected, [task for task in self._tasks() if task.due_at and task.due_at < now])

    def _named_tasks(self, what: str, expected: list[str], tasks: list[OpenTask]) -> None:
        by_name = {task.name for task in tasks} & set(expected)
        found = [task.name if task.name in by_name else task.element for task in tasks]
        self._require(what, sorted(expected), sorted(found))

    def _forfaller(self, expected: Mapping[str, str]) -> None:
        due = {name: task.due_at for task in self._tasks() for name in (task.element, task.name)}
        for name, day in expected.items():
            found = due.get(name)
            self._require(f"last day of ”{name}”", day, found and local(found).date().isoformat())

    def _variabel(self, expected: Mapping[str, Any]) -> None:
        variables = self.seen.variables
        for path, value in expected.items():
            self._require(f"variable {path}", value, value_at(variables, path))

    def _inkorg(self, expected: Mapping[str, Any]) -> None:
        for candidate, wanted in expected.items():
            actor = self.player.person(candidate)
            tasks = [task.element for task in self._tasks() if permissions.standing(actor, task.candidates)]
            if bool(tasks) is not (wanted in ("ja", True)):
                raise Failed(f"a task in the inbox of {candidate}: {wanted}", _listed(tasks))

    def _antal_arenden(self, expected: Mapping[str, int]) -> None:
        for process, count in expected.items():
            self._require(f"number of cases of {process}", count, len(self._ask(look.CasesOf(process))))

    def _utskick(self, expected: Mapping[str, int]) -> None:
        family = None if self.case_id is None else self._ask(look.Family(self.case_id))
        counts = self._ask(look.Mails(family))
        for name, count in expected.items():
            self._require(f"number of mails {name}", count, counts.get(name, 0))

    def _incidenter(self, expected: int) -> None:
        self._require("number of open incidents", expected, self._ask(look.OpenIncidents()))


def value_at(variables: Any, path: str) -> Any:
    """What is at a dotted path, places in lists as numbers (`beslut.-1.utfall`); `antal(path)` counts. None: none."""
    if path.startswith("antal(") and path.endswith(")"):
        counted = value_at(variables, path[6:-1])
        return None if counted is None else len(counted)
    value = variables
    for key in path.split("."):
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (LookupError, TypeError, ValueError):
            return None
    return value


def _same(expected: Any, found: Any) -> bool:
    """Equal; a time is equal however it is written, so a scenario may write it as the wall clock shows it."""
    if expected == found:
        return True
    if not (isinstance(expected, str) and isinstance(found, str) and "T" in expected and "T" in found):
        return False
    try:
        return parse_instant(expected) == parse_instant(found)
    except Refused:
        return False


def _attempt(path: Path) -> dict[str, Any]:
    """A report's file; `08.yaml#2` is its second attempt."""
    name, _, number = path.name.partition("#")
    document = load_yaml(path.with_name(name))
    attempts: list[dict[str, Any]] = document.get("forsok", [document])
    return attempts[int(number or 1) - 1]


def _sentence(refused: Refused) -> str:
    fields = refused.fields.values() if isinstance(refused, Invalid | Guarded) else ()
    return " ".join(dict.fromkeys([refused.sv, *(sentence for listed in fields for sentence in listed)]))


def _told(instant: datetime) -> str:
    return local(instant).strftime("%Y-%m-%d %H:%M")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
