"""The quarterly analysis as a working table: what its page shows of each report, and how its answers are read.

In the page a report is joined to a problem by one list, whose values say both kind and key:
"befintligt:SP-2026-0003" or "nytt:P1". A new problem is named on one of its reports; the others take over its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint
from flask_babel import gettext

from engine import TaskDetail
from web import labels

VIEW = "kvartalsanalys"
SPARE = 10
"""How many problems not named yet one can choose from at most; never more than there are reports."""


@dataclass(frozen=True, slots=True)
class Row:
    """A report of the frozen list with what has been said of it so far. `name`: prefix of its fields."""

    name: str
    report: Mapping[str, Any]
    answer: Mapping[str, Any]
    problem: str
    errors: Mapping[str, str]

    @property
    def is_assessed(self) -> bool:
        return bool(self.answer.get("bedomning") and self.answer.get("motivering"))


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[Row, ...]
    open_problems: Sequence[tuple[str, str]]
    new_problems: Sequence[tuple[str, str]]
    causes: Sequence[str]

    @property
    def assessed(self) -> int:
        return sum(row.is_assessed for row in self.rows)


def views_of(task: TaskDetail) -> list[str]:
    """The templates to draw a task's form with, in order of preference; the plain form comes after them."""
    name = task.properties.get("view")
    return [f"task/views/{name}.html"] if name else []


def tidied(task: TaskDetail, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as the form has them, from those of the working table. Of other tasks nothing changes."""
    if task.properties.get("view") != VIEW or not isinstance(answers.get("bedomningar"), list):
        return answers
    rows = [row for row in answers["bedomningar"] if isinstance(row, dict)]
    problems = [row["problem"] for row in rows if isinstance(row.get("problem"), dict)]
    for problem in problems:
        kind, mark, key = str(problem.get("nyckel") or "").partition(":")
        if mark and kind in ("nytt", "befintligt"):
            problem |= {"val": kind, "nyckel": key}
    named = _named(rows)
    for problem in problems:
        known = named.get(str(problem.get("nyckel")))
        if known and problem.get("val") == "nytt":
            problem |= {name: problem.get(name) or known[name] for name in ("titel", "orsak")}
    return answers


def named(task: TaskDetail, errors: Mapping[str, str]) -> Mapping[str, str]:
    """Errors of the working table say which report they are about; there are many alike."""
    if task.properties.get("view") != VIEW:
        return errors
    reports = [str(one.get("nummer")) for one in task.variables.get("rapporter") or () if isinstance(one, Mapping)]

    def told(path: str, sentence: str) -> tuple[str, str]:
        if path.endswith((".problem.val", ".problem.nyckel")):
            path = path.removesuffix(".val").removesuffix(".nyckel") + ".nyckel"
            sentence = gettext("Välj vilket problem rapporten förs till, eller ett nytt.")
        index = path.split(".")[1] if path.startswith("bedomningar.") else ""
        known = index.isdecimal() and int(index) < len(reports)
        return path, f"{reports[int(index)]}: {sentence}" if known else sentence

    return dict(told(path, sentence) for path, sentence in errors.items())


def _named(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """New problems by key, with the first title and cause that some report gives them."""
    named: dict[str, dict[str, Any]] = {}
    for row in rows:
        problem = row.get("problem")
        if isinstance(problem, Mapping) and problem.get("val") == "nytt" and problem.get("nyckel"):
            known = named.setdefault(str(problem["nyckel"]), {"titel": None, "orsak": None})
            for name in known:
                known[name] = known[name] or problem.get(name)
    return named


def table(variables: Mapping[str, Any], answers: Mapping[str, Any], errors: Mapping[str, str]) -> Table:
    """The reports of the frozen list, in its order, with draft and errors."""
    reports = [one for one in variables.get("rapporter") or () if isinstance(one, Mapping)]
    given = [one for one in answers.get("bedomningar") or () if isinstance(one, Mapping)]
    by_number = {str(one.get("nummer")): one for one in given}
    rows = tuple(
        _row(index, report, by_number.get(str(report.get("nummer")), {}), errors)
        for index, report in enumerate(reports)
    )
    return Table(
        rows,
        [(f"befintligt:{one['nummer']}", f"{one['nummer']} {one['titel']}") for one in _problems(variables)],
        _new_problems(given, len(reports)),
        [str(row.get("namn") or row["nyckel"]) for row in labels.reference("orsak")],
    )


def _row(index: int, report: Mapping[str, Any], answer: Mapping[str, Any], errors: Mapping[str, str]) -> Row:
    name = f"bedomningar.{index}"
    given = answer.get("problem")
    problem: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    kind, key = problem.get("val"), problem.get("nyckel")
    number = f"{report.get('nummer')}: "
    own = {
        path.removeprefix(f"{name}."): told.removeprefix(number)
        for path, told in errors.items()
        if path.startswith(f"{name}.")
    }
    return Row(name, report, answer, f"{kind}:{key}" if kind and key else "", own)


def _problems(variables: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in variables.get("oppna_problem") or () if isinstance(one, Mapping)]


def _new_problems(given: Sequence[Mapping[str, Any]], reports: int) -> list[tuple[str, str]]:
    """Those named so far, and as many more to name as the reports may need."""
    named = _named(given)
    highest = max((int(key[1:]) for key in named if key[:1] == "P" and key[1:].isdecimal()), default=0)
    last = min(highest + SPARE, max(highest, reports))
    keys = [
        *named,
        *(f"P{number}" for number in range(1, last + 1) if f"P{number}" not in named),
    ]
    return [
        (
            f"nytt:{key}",
            gettext("Nytt problem %(key)s", key=key)
            + (f": {named[key]['titel']}" if key in named and named[key]["titel"] else ""),
        )
        for key in keys
    ]


def signatures(variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Both sides: who signed and when, or that they have not."""
    given = [one for one in variables.get("signaturer") or () if isinstance(one, Mapping)]
    sides = []
    for side, name in (("storsthlm", "Storsthlm"), ("hsf", "HSF")):
        found = next((one for one in reversed(given) if one.get("sida") == side), None)
        sides.append(
            {"name": name, "answer": found, "signature": found if found and found.get("svar") == "godkanner" else None}
        )
    return sides


def assessed_of(found: Any, number: str) -> Mapping[str, Any] | None:
    """What was said of a report, whether the assessments are kept by number or as a list."""
    if isinstance(found, Mapping):
        one = found.get(number)
        return one if isinstance(one, Mapping) else None
    rows = found if isinstance(found, list) else []
    return next((one for one in rows if isinstance(one, Mapping) and one.get("nummer") == number), None)


def agreement(key: Any) -> str:
    """An agreement by its short name, as lists show it."""
    for kind in ("overenskommelser", "overenskommelser_ovriga_val"):
        row = next((row for row in labels.reference(kind) if row.get("nyckel") == key), None)
        if row:
            return str(row.get("kortnamn") or row["namn"])
    return str(key or "")


def init_blueprint(blueprint: Blueprint) -> None:
    blueprint.add_app_template_global(assessed_of, "assessed_of")
    blueprint.add_app_template_filter(agreement)
    blueprint.add_app_template_global(table, "assessment_table")
    blueprint.add_app_template_global(signatures, "assessment_signatures")
