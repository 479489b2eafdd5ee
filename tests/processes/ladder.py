"""The ladder, played by hand: one line per step, so that a test reads as what people did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

import handlers
import processes
from engine import (
    Actor,
    CaseById,
    CompleteTask,
    Engine,
    HistoryOf,
    Mails,
    StartCase,
    TaskById,
    TasksOf,
    VirtualClock,
)
from engine.calendar import parse_instant
from engine.scenarios.play import Player
from engine.scenarios.run import furnished
from web.house import ingest

REPORTS = processes.HERE / "problem_i_samverkan" / "scenarios" / "rapporter"
SYSTEM = Actor.system()
NOT_IN_THE_FORM = {"fall", "rubrik", "id", "inkom_datum", "inkom_tid", "kvartal", "kanal", "mottagare", "expected"}

ASSESSED = {"bedomning": "strukturellt", "motivering": "Fler har sagt det."}
NEW = {"val": "nytt", "nyckel": "P1", "titel": "Datum", "orsak": "implementering"}
DECIDED = {"narvaro": {"kommun": 5, "region": 4}, "lydelse": "Bekräftas.", "grunder": "Underlaget."}


class Ladder:
    def __init__(self, database_url: str, start: str = "2026-02-02T09:00", **settings: Any) -> None:
        handlers.register()
        self.url = database_url
        self.clock = VirtualClock(parse_instant(start))
        self.engine = Engine(database_url, self.clock, kept_mail=True)
        names = ("problem_i_samverkan", "kvartalsanalys", "strukturellt_problem")
        self.player: Player = furnished(self.engine, self.clock, names, settings=settings)

    def to(self, moment: str) -> None:
        self.player.move_to(parse_instant(moment))
        self.player.settle()

    def person(self, som: str | Sequence[str]) -> Actor:
        return self.player.person(som)

    # --- doing

    def report(self, name: str = "05", som: str | Sequence[str] | None = None, **changes: Any) -> int:
        """Send one of the twelve by form, without dates of meetings; by its own rapportör unless said otherwise."""
        given = form_of(name)
        role = "rapportor_vardgivare" if given["rapporterande_part"] == "region_stockholm" else "rapportor_kommun"
        given["lokal_hantering"] = {**given["lokal_hantering"], "nar": []}
        given |= {"ingang": "rapport", **changes}
        return self.start(som or f"{role}:{given['lokalt_omrade']}", given)

    def start(self, som: str | Sequence[str], given: Mapping[str, Any], process: str = "problem_i_samverkan") -> int:
        case_id: int = self.engine.execute(StartCase(process, given), actor=self.person(som))
        self.player.settle()
        return case_id

    def mail(self, message: bytes) -> int | None:
        case_id: int | None = self.engine.execute(ingest(message, self.clock.now()), actor=SYSTEM)
        self.player.settle()
        return case_id

    def do(self, case_id: int, element: str, som: str | Sequence[str], **answers: Any) -> None:
        self.engine.execute(CompleteTask(self.task(case_id, element), answers), actor=self.person(som))
        self.player.settle()

    def register(self, case_id: int, side: str = "storsthlm") -> None:
        self.do(case_id, f"ta_emot_{side}", side, beslut_mottagning="registrera", rubrik="Rubrik")
        self.do(case_id, f"stam_av_{side}", side, avstamning="Går till analysen.")

    def assess(self, analysis: int, *assessments: Mapping[str, Any]) -> None:
        rows = self.variables(analysis)["rapporter"]
        listed = [{"nummer": row["nummer"], **one} for row, one in zip(rows, assessments, strict=True)]
        self.do(analysis, "bedom", "hsf", bedomningar=listed)

    def sign(self, analysis: int) -> None:
        for side in ("storsthlm", "hsf"):
            self.do(analysis, f"signera_{side}", side, signatur="godkanner")

    def structural(self, *case_ids: int) -> tuple[int, int]:
        """Bring registered reports of the first quarter into one problem; gives (analysis, problem)."""
        self.to("2026-04-17T09:00")
        analysis = self.case("2026-Q1")
        self.assess(analysis, *[{**ASSESSED, "problem": NEW}] * len(case_ids))
        self.sign(analysis)
        return analysis, self.case("2026-Q1-P1")

    def next_step(self, problem: int, step: str = "till_tsg", **more: Any) -> None:
        given = {"underlag": "Underlag.", "nasta_steg": step, "motivering": "Därför."}
        self.do(problem, "bedom_nasta_steg", "sekretariat", **given, **more)

    def tsg(self, problem: int, **more: Any) -> None:
        given = {**DECIDED, "datum": self.today, "stallningstagande": "bekraftar"}
        self.do(problem, "tsg_beslutar", "tsg", **{**given, **more})

    def vis(self, problem: int, *outcome: str, **more: Any) -> None:
        given = {**DECIDED, "datum": self.today, "utfall": list(outcome or ["noterar"])}
        self.do(problem, "vis_behandlar", "vis", **{**given, **more})

    # --- looking

    @property
    def today(self) -> str:
        return self.clock.now().date().isoformat()

    def case(self, key: str) -> int:
        return self.player.case_id(key)

    def task(self, case_id: int, element: str, som: Actor = SYSTEM) -> int:
        found = [one.id for one in self.engine.ask(TasksOf(case_id), actor=som) if one.element == element]
        assert len(found) == 1, f"{len(found)} open tasks at {element}: {self.open(case_id)}"
        return int(found[0])

    def form_at(self, case_id: int, element: str, som: str) -> Any:
        actor = self.person(som)
        return self.engine.ask(TaskById(self.task(case_id, element)), actor=actor)

    def open(self, case_id: int) -> list[str]:
        return sorted(one.element for one in self.engine.ask(TasksOf(case_id), actor=SYSTEM))

    def seen(self, case_id: int, som: str | Sequence[str] | None = None) -> Any:
        return self.engine.ask(CaseById(case_id), actor=self.person(som) if som else SYSTEM)

    def variables(self, case_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.seen(case_id).variables
        return found

    def status(self, case_id: int) -> str:
        return str(self.seen(case_id).status)

    def rungs(self, case_id: int) -> list[str]:
        """The rungs that told the rapportör something, in order."""
        return [message["steg"] for message in self.variables(case_id)["aterkoppling"]]

    def mails(self, case_id: int, kind: str = "aterkoppling") -> list[Any]:
        """Oldest first."""
        found = self.engine.ask(Mails(case_id), actor=SYSTEM)
        return [one for one in reversed(found) if one.kind == kind]

    def kinds(self, case_id: int) -> list[str]:
        return [row.kind for row in self.engine.ask(HistoryOf(case_id), actor=SYSTEM)]


def form_of(name: str) -> dict[str, Any]:
    """What an example report says; "08#2" is the second attempt of the eighth."""
    number, _, attempt = name.partition("#")
    document = yaml.safe_load((REPORTS / f"{number}.yaml").read_text(encoding="utf-8"))
    said = document.get("forsok", [document])[int(attempt or 1) - 1]
    return {key: value for key, value in said.items() if key not in NOT_IN_THE_FORM}
