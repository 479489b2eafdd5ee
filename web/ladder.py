"""The ladder of a report or a problem (riktlinjen §8.3, §8.6): six rungs, how far it has come, what went back.

`ladder_of` says what is true; `stairs.py` draws it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext, ngettext

from web import labels
from web.formats import local_date

RUNGS = ("lokalt", "rapport", "kvartalsanalys", "sekretariat", "tsg", "vis")

PASSED, NOW, AHEAD, SKIPPED, UNNEEDED = "passed", "now", "ahead", "skipped", "unneeded"

_AT = {
    "utkast": "lokalt", "lokalt": "lokalt", "lost_lokalt": "lokalt",
    "inkommen": "rapport", "hanvisad_egen_avvikelse": "rapport",
    "vantar_analys": "kvartalsanalys", "bevakas": "kvartalsanalys", "ej_strukturellt": "kvartalsanalys",
    "utvecklingsfraga": "kvartalsanalys",
    "strukturellt": "sekretariat", "hos_sekretariat": "sekretariat", "hos_tsg": "tsg", "rapporterad_vis": "vis",
}  # fmt: skip
"""Status -> the rung it means. Not those after the last decision, whose rung only the dates know."""

_ENDS_THERE = ("lost_lokalt", "hanvisad_egen_avvikelse", "ej_strukturellt", "utvecklingsfraga")
"""Statuses after which no further rung is needed."""

_RUNG_OF_FEEDBACK = {
    "lokal": "lokalt", "mottagning": "rapport", "avstamning": "rapport", "analys": "kvartalsanalys",
    "sekretariat": "sekretariat", "tsg": "tsg", "vis": "vis",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feedback:
    """What went back to the rapportör from a rung: when, and what was decided, in words."""

    date: str
    text: str


@dataclass(frozen=True, slots=True)
class Rung:
    """One step. `date`: when it was left, or reached where the case stands there; `who`: whose it is; `note`: more."""

    key: str
    name: str
    short: str
    who: str
    state: str
    date: str | None = None
    note: str = ""
    feedback: tuple[Feedback, ...] = ()

    @property
    def word(self) -> str:
        words = {
            PASSED: gettext("Passerat"),
            NOW: gettext("Här sedan") if self.date else gettext("Här nu"),
            AHEAD: gettext("Återstår"),
            SKIPPED: gettext("Hoppas över"),
            UNNEEDED: gettext("Behövs inte"),
        }
        return words[self.state]


@dataclass(frozen=True, slots=True)
class Ladder:
    rungs: tuple[Rung, ...]
    skips: bool = False
    """A matter of principle, which need not wait on the local rung (R25)."""

    @property
    def now(self) -> Rung | None:
        return next((rung for rung in self.rungs if rung.state == NOW), None)

    @property
    def sentence(self) -> str:
        """The picture in one sentence."""
        if self.now:
            return gettext("Ärendet är nu på steget %(rung)s.", rung=self.now.name)
        reached = [rung for rung in self.rungs if rung.state == PASSED]
        if not reached:
            return gettext("Ärendet är avslutat.")
        return gettext("Ärendet är avslutat. Det nådde steget %(rung)s.", rung=reached[-1].name)


def ladder_of(
    process: str, status: str | None, state: str, variables: Mapping[str, Any], started: datetime | None = None
) -> Ladder | None:
    """None for processes that do not stand on the ladder, and where nothing of the case may be seen."""
    if not variables:
        return None
    if process == "problem_i_samverkan":
        return _of_report(status, state, variables)
    if process == "strukturellt_problem":
        return _of_problem(status, state, variables, local_date(started))
    if process == "kvartalsanalys":
        return _of_analysis(state, variables, local_date(started))
    return None


def _of_report(status: str | None, state: str, known: Mapping[str, Any]) -> Ladder:
    dates = _dates(known)
    over = state not in ("active", "suspended")
    at = _AT.get(status or "") or _highest(dates)
    skips = known.get("lokal_niva") == "hoppas_over"
    reached = _height(at)
    ends = over or status in _ENDS_THERE
    notes = {
        "lokalt": _local_note(known),
        "kvartalsanalys": _analysis_note(status, known),
        "rapport": _report_note(status, known),
    }
    feedback = _feedback(known)
    rungs = []
    for index, key in enumerate(RUNGS):
        if key == "lokalt" and skips:
            rung_state = SKIPPED
        elif index < reached or (index == reached and (over or (key in feedback and status == "aterkopplad"))):
            rung_state = PASSED
        elif index == reached:
            rung_state = NOW
        else:
            rung_state = UNNEEDED if ends else AHEAD
        given = feedback.get(key, ())
        day = _left(key, dates, given) if rung_state == PASSED else dates.get(key)
        rungs.append(_rung(key, rung_state, day, _who(key, known), notes.get(key, ""), given))
    return Ladder(tuple(rungs), skips)


def _of_problem(status: str | None, state: str, known: Mapping[str, Any], started: date | None) -> Ladder:
    """A problem stands on the three upper rungs; its reports have walked the lower ones."""
    decisions = _list(known.get("beslut"))
    over = state not in ("active", "suspended")
    at = _AT.get(status or "") or max((str(one.get("organ")) for one in decisions), key=_height, default="sekretariat")
    reached = max(_height(at), _height("sekretariat"))
    is_done = over or status == "aterkopplad"
    below = count_words(len(_list(known.get("rapporter"))))
    notes = {"lokalt": below, "rapport": below, "kvartalsanalys": quarter_words(known.get("kvartal"))}
    if known.get("nasta_bedomning") and not over:
        notes["sekretariat"] = gettext("Bevakas")
    begun = started.isoformat() if started else None
    reached_on = {
        "sekretariat": begun,
        "tsg": _date_of(decisions, "till_tsg"),
        "vis": _date_of(decisions, "rapportera_vis"),
    }
    dates = {key: day for key, day in reached_on.items() if day}
    rungs = []
    for index, key in enumerate(RUNGS):
        if index < reached or (index == reached and is_done):
            rung_state = PASSED
        elif index == reached:
            rung_state = NOW
        else:
            rung_state = UNNEEDED if over else AHEAD
        sent = [_sent(one) for one in decisions if one.get("organ") == key]
        above_reports = index >= _height("kvartalsanalys")
        day = _left(key, dates, sent) if rung_state == PASSED and above_reports else dates.get(key)
        rungs.append(_rung(key, rung_state, day, _who(key, {}), notes.get(key, ""), sent))
    return Ladder(tuple(rungs))


def _height(key: str) -> int:
    return RUNGS.index(key) if key in RUNGS else -1


def _date_of(decisions: Sequence[Mapping[str, Any]], outcome: str) -> str | None:
    """When the decision fell by which the matter went on."""
    dates = [str(one.get("datum")) for one in decisions if outcome in (one.get("utfall") or ())]
    return dates[-1] if dates else None


def count_words(count: int) -> str:
    return ngettext("En rapport", "%(num)d rapporter", count)


def _of_analysis(state: str, known: Mapping[str, Any], started: date | None) -> Ladder:
    """An analysis stands on the third rung: the quarter closed below it, and the last signature lifts the problems."""
    over = state not in ("active", "suspended")
    problems = len(_list(known.get("problem")))
    below = count_words(len(_list(known.get("rapporter"))))
    notes = {"rapport": below, "kvartalsanalys": quarter_words(known.get("kvartal"))}
    if over and problems:
        notes["sekretariat"] = gettext("%(count)d problem", count=problems)
    states = {"lokalt": PASSED, "rapport": PASSED, "kvartalsanalys": PASSED if over else NOW}
    above = UNNEEDED if over and not problems else AHEAD
    begun = started.isoformat() if started else None
    signed = [local_date(one["tid"]) for one in _list(known.get("signaturer")) if one.get("tid")]
    last = max((day for day in signed if day), default=None)
    dates = {
        "rapport": str(known["stangning"]) if known.get("stangning") else None,
        "kvartalsanalys": (last.isoformat() if last else None) if over else begun,
    }
    rungs = (_rung(key, states.get(key, above), dates.get(key), _who(key, {}), notes.get(key, "")) for key in RUNGS)
    return Ladder(tuple(rungs))


def _rung(key: str, state: str, date: str | None, who: str, note: str, feedback: Sequence[Feedback] = ()) -> Rung:
    name, short = _names()[key]
    return Rung(key, name, short, who, state, date if state in (PASSED, NOW) else None, note, tuple(feedback))


def _left(key: str, dates: Mapping[str, str], feedback: Sequence[Feedback]) -> str | None:
    """When a rung that was passed was left: as the next one was reached, else with its last feedback."""
    later = [dates[rung] for rung in RUNGS[_height(key) + 1 :] if dates.get(rung)]
    if later:
        return later[0]
    return feedback[-1].date if feedback else dates.get(key)


def _names() -> dict[str, tuple[str, str]]:
    """In full and short, for the small picture."""
    return {
        "lokalt": (gettext("Lokal nivå"), gettext("Lokalt")),
        "rapport": (gettext("Rapport"), gettext("Rapport")),
        "kvartalsanalys": (gettext("Kvartalsanalys"), gettext("Analys")),
        "sekretariat": (gettext("Sekretariatet"), gettext("Sekr.")),
        "tsg": ("TSG", "TSG"),
        "vis": ("VIS", "VIS"),
    }


def _who(key: str, known: Mapping[str, Any]) -> str:
    if key == "lokalt":
        return labels.area_name(str(known.get("lokalt_omrade") or "")) or gettext("Lokal samverkan")
    if key == "rapport":
        receiver = {"storsthlm": "Storsthlm", "hsf": "HSF"}.get(str(known.get("mottagare")))
        return receiver or gettext("Storsthlm eller HSF")
    return {
        "kvartalsanalys": gettext("Storsthlm och HSF"),
        "sekretariat": gettext("Region och Storsthlm"),
        "tsg": gettext("Tjänstemannastyrgrupp"),
        "vis": gettext("Politisk styrgrupp"),
    }[key]


def _local_note(known: Mapping[str, Any]) -> str:
    return {
        "hoppas_over": gettext("Principiell fråga"),
        "dokumenterat_i_rapport": gettext("Prövat före rapporten"),
        "lost": gettext("Löst lokalt"),
        "delvis_lost": gettext("Delvis löst"),
        "ej_lost": gettext("Inte löst"),
    }.get(str(known.get("lokal_niva")), "")


def _report_note(status: str | None, known: Mapping[str, Any]) -> str:
    return gettext("Till egen avvikelse") if status == "hanvisad_egen_avvikelse" else str(known.get("dnr") or "")


def _analysis_note(status: str | None, known: Mapping[str, Any]) -> str:
    if status == "bevakas":
        return gettext("Bevakas")
    words = {
        "strukturellt": gettext("Strukturellt"),
        "ej_strukturellt": gettext("Inte strukturellt"),
        "utvecklingsfraga": gettext("Utvecklingsfråga"),
    }
    return words.get(str(known.get("bedomning")), "") or quarter_words(known.get("kvartal"))


def quarter_words(key: Any) -> str:
    """ "2026-Q1" -> "kvartal 1 2026"."""
    year, mark, number = str(key or "").partition("-Q")
    return gettext("Kvartal %(number)s %(year)s", number=number, year=year) if mark else ""


def _dates(known: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in _map(known.get("stegdatum")).items() if key in RUNGS and value}


def _highest(dates: Mapping[str, str]) -> str:
    return next((key for key in reversed(RUNGS) if key in dates), "rapport")


def _feedback(known: Mapping[str, Any]) -> dict[str, tuple[Feedback, ...]]:
    given: dict[str, list[Feedback]] = {}
    for one in _list(known.get("aterkoppling")):
        rung = _RUNG_OF_FEEDBACK.get(str(one.get("steg")))
        if rung:
            given.setdefault(rung, []).append(
                Feedback(str(one.get("datum") or ""), decision_words(one.get("beslut"), one.get("steg")))
            )
    return {rung: tuple(feedback) for rung, feedback in given.items()}


def _sent(decision: Mapping[str, Any]) -> Feedback:
    outcome = decision.get("utfall")
    return Feedback(str(decision.get("datum") or ""), decision_words(outcome, decision.get("organ")))


def decision_words(decision: Any, rung: Any) -> str:
    """A decision's codes in words; `rung` says whose list they come from."""
    parts = decision if isinstance(decision, list) else [part.strip() for part in str(decision or "").split(",")]
    known = {
        "registrerad": gettext("registrerad"),
        "avstamd": gettext("avstämd"),
        "lost_lokalt": gettext("löst lokalt"),
    }
    known |= {
        "strukturellt": gettext("strukturellt problem"),
        "ej_strukturellt": gettext("inte strukturellt"),
        "hanvisad_egen_avvikelse": gettext("hänvisad till egen avvikelsehantering"),
    }
    words = [known.get(str(part)) or _from_list(str(part), str(rung)) for part in parts if part]
    return ", ".join(words)


def _from_list(part: str, rung: str) -> str:
    for kind in (f"utfall_{rung}", "utfall_analys", "status"):
        word = labels.code(part, kind)
        if word != part:
            return word[:1].lower() + word[1:] if not word.isupper() else word
    return part.replace("_", " ")


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
