"""The joint quarterly analysis: which reports are in it, and what comes of it (riktlinjen §8.6, domain R18-R23)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.contract import Call, CaseSummary, Effect, Link, Message, Result, handler

REPORT = "problem_i_samverkan"
ANALYSIS = "kvartalsanalys"
PROBLEM = "strukturellt_problem"

WAITING = ("vantar_analys", "bevakas")
"""Statuses of a report that the next analysis takes up."""

FROZEN = (
    "rapporterande_part", "lokalt_omrade", "motpart", "verksamhetstyp", "overenskommelser", "processteg",
    "beskrivning", "sedan_nar", "hur_ofta", "konsekvens", "lokal_hantering", "principiell", "forslag",
    "inkom_tid", "kanal", "mottagare",
)  # fmt: skip
"""What a report says; its hash stands in the analysis. Nothing here is contact data (domain R33)."""

SHOWN = (
    "dnr", "rapporterande_part", "mottagare", "kanal", "inkom_datum", "kvartal", "overenskommelser", "processteg",
    "motpart", "sedan_nar", "hur_ofta", "lokal_niva", "principiell",
)  # fmt: skip
"""What the working table shows besides the texts, which are cut."""

TEXT_SHOWN = 1500


@handler("samla_rapporter")
def samla_rapporter(call: Call) -> Result:
    """Freeze the list: every registered report that came in by the quarter's close and is in no other open analysis.

    Gives rapporter, rapportorer (ids of people who may not sign, R31), oregistrerade (numbers that still wait for their
    registration, and so for the next analysis) and oppna_problem.
    """
    closes = call.variables["stangning"]
    taken = _in_other_analyses(call)
    arrived = [case for case in call.house.cases(REPORT) if _day(case) <= closes and case.number not in taken]
    frozen = sorted(
        (case for case in arrived if case.status in WAITING),
        key=lambda case: (datetime.fromisoformat(case.variables["inkom_tid"]), case.number),
    )
    return Result(
        {
            "rapporter": [_row(case) for case in frozen],
            "rapportorer": _people(frozen),
            "oregistrerade": sorted(case.number for case in arrived if case.status == "inkommen"),
            "oppna_problem": [_problem(case) for case in call.house.cases(PROBLEM)],
        },
        [Link(case.id, "rapport") for case in frozen],
    )


@handler("aterkoppling_analys")
def aterkoppling_analys(call: Call) -> Result:
    """Tell each report what the analysis found; start a case for each new problem and extend those that were joined.

    Reports that name the same new problem, by key or else by title, become one: the first creates it, the rest join.
    """
    found = {assessed["nummer"]: assessed for assessed in call.variables["bedomningar"]}
    problems = _Problems(call)
    effects: list[Effect] = []
    for report in call.variables["rapporter"]:
        assessed = found[report["nummer"]]
        problem = problems.join(report, assessed["problem"]) if assessed["bedomning"] == "strukturellt" else None
        outcome = {
            "analyserad_i": call.variables["kvartal"],
            "status": assessed["bedomning"],
            "bedomning": assessed["bedomning"],
            "utfall_analys": [] if problem else list(assessed.get("utfall") or []),
            "motivering_analys": assessed["motivering"],
            "problem": problem,
        }
        effects.append(Message("analys_klar", report["nummer"], outcome))
    return Result({"problem": problems.told()}, [*effects, *problems.messages()])


@dataclass
class _Problem:
    """`case` where it was open before this analysis."""

    key: str
    title: str
    cause: str | None
    case: CaseSummary | None = None
    reports: list[dict[str, Any]] = field(default_factory=list)


class _Problems:
    """The structural problems of one analysis, each with the reports that were joined to it."""

    def __init__(self, call: Call) -> None:
        self._quarter = call.variables["kvartal"]
        self._open = {name: case for case in call.house.cases(PROBLEM) for name in (case.business_key, case.number)}
        self._seen = {name: one for one in call.variables["oppna_problem"] for name in (one["nyckel"], one["nummer"])}
        self._by_key: dict[str, _Problem] = {}

    def join(self, report: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Add a report to the problem it names; gives what the report keeps of it."""
        meant = self._meant(chosen)
        problem = self._by_key.setdefault(meant.key, meant)
        case, role = problem.case, "ansluts" if problem.case or problem.reports else "skapar"
        problem.reports.append({**_joined(report), "roll": role})
        return {
            "nummer": case.number if case else None,
            "status": case.status if case else None,
            "nyckel": problem.key,
            "titel": problem.title,
            "orsak": problem.cause,
            "roll": role,
        }

    def _meant(self, chosen: Mapping[str, Any]) -> _Problem:
        name = (chosen["nyckel"] or "").strip()
        if chosen["val"] == "nytt":
            return self._new(name, chosen)
        if case := self._open.get(name):
            return _Problem(case.business_key or "", case.variables["titel"], case.variables["orsak"], case)
        return self._new(name, self._seen[name])  # it ended since the list was frozen

    def _new(self, name: str, told: Mapping[str, Any]) -> _Problem:
        """Its business key is the same for all rows of this analysis that mean the same."""
        title = " ".join(told["titel"].split())
        return _Problem(
            f"{self._quarter}-{name or hashlib.sha256(title.lower().encode()).hexdigest()[:8]}", title, told["orsak"]
        )

    def told(self) -> list[dict[str, Any]]:
        return [{"nyckel": one.key, "titel": one.title, "antal": len(one.reports)} for one in self._by_key.values()]

    def messages(self) -> Iterable[Message]:
        for one in self._by_key.values():
            if one.case:
                yield Message("rapporter_ansluts", one.key, {"nya_rapporter": one.reports})
            else:
                known = {"nyckel": one.key, "titel": one.title, "orsak": one.cause, "rapporter": one.reports}
                yield Message("problem_bedomt_strukturellt", one.key, {**known, "kvartal": self._quarter})


def digest(variables: Mapping[str, Any]) -> str:
    """SHA-256 over what a report says, so that a later change of it can be seen."""
    said = {name: variables.get(name) for name in FROZEN}
    return hashlib.sha256(
        json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def _row(case: CaseSummary) -> dict[str, Any]:
    said = case.variables
    return {
        "case_id": case.id,
        "nummer": case.number,
        "version": case.version,
        "hash": digest(said),
        "rubrik": case.title,
        "omrade": said["lokalt_omrade"],
        **{name: said.get(name) for name in SHOWN},
        **{name: _cut(said.get(name)) for name in ("beskrivning", "konsekvens", "forslag")},
        "lokalt_forsok": _cut((said.get("lokal_hantering") or {}).get("vad")),
        "bevakas_sedan": said.get("analyserad_i") if case.status == "bevakas" else None,
    }


def _joined(report: Mapping[str, Any]) -> dict[str, Any]:
    """What a problem, and so TSG and VIS, sees of a report."""
    return {
        name: report.get(name)
        for name in (
            "case_id",
            "nummer",
            "rubrik",
            "omrade",
            "rapporterande_part",
            "mottagare",
            "overenskommelser",
            "beskrivning",
        )
    }


def _problem(case: CaseSummary) -> dict[str, Any]:
    return {
        "nummer": case.number,
        "nyckel": case.business_key,
        "titel": case.variables["titel"],
        "orsak": case.variables["orsak"],
        "status": case.status,
        "rapporter": len(case.variables["rapporter"]),
    }


def _in_other_analyses(call: Call) -> set[str]:
    return {
        report["nummer"]
        for case in call.house.cases(ANALYSIS)
        if case.id != call.case_id
        for report in case.variables.get("rapporter") or []
    }


def _people(cases: Iterable[CaseSummary]) -> list[int]:
    reporters = (case.variables.get("rapporterad_av") or {} for case in cases)
    return sorted({reporter["person"] for reporter in reporters if reporter.get("person") is not None})


def _day(case: CaseSummary) -> str:
    """The Swedish day on which a report came in; what never did comes after all days."""
    return case.variables.get("inkom_datum") or "9999"


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= TEXT_SHOWN else text[: TEXT_SHOWN - 1] + "…"
