"""Året: the wheel as a ring of twelve months with four periods, today as a hand, open and late work as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import get_month_names
from flask import Blueprint, abort, redirect, render_template, url_for
from flask_babel import get_locale, gettext

from engine.runtime.views import Year, YearStory, YearTask
from engine.runtime.views.year import PERIODS
from web import labels
from web.door import ask
from web.formats import local_date, today
from web.security import SIGNED_IN, allow

year = Blueprint("year", __name__)

FIRST, LAST = 2020, 2100
DONE, NOW, AHEAD, MISSED, INCOMPLETE = "done", "now", "ahead", "missed", "incomplete"

_MONTHS = {"inhamtning": (1, 3), "dialog": (4, 5), "rapport": (6, 9), "uppdrag": (10, 12)}
"""First and last month of each period (riktlinjen §8.1)."""


@dataclass(frozen=True, slots=True)
class Period:
    """One period of the wheel with what is known of it; `state` is None where there is no wheel to know it from."""

    key: str
    name: str
    months: str
    about: str
    state: str | None
    opened: str | None
    done: str | None
    last_day: str | None
    incomplete: tuple[str, ...]
    tasks: tuple[YearTask, ...]

    @property
    def open(self) -> int:
        return len(self.tasks)

    @property
    def late(self) -> int:
        return sum(task.is_late for task in self.tasks)

    @property
    def word(self) -> str:
        words = {
            DONE: gettext("Klar"),
            NOW: gettext("Pågår"),
            AHEAD: gettext("Kommer"),
            MISSED: gettext("Försenad"),
            INCOMPLETE: gettext("Klar, med brister"),
        }
        return words.get(self.state or "", "")

    @property
    def mark(self) -> str:
        marks = {DONE: "done", NOW: "others", AHEAD: "plain", MISSED: "late", INCOMPLETE: "soon"}
        return marks.get(self.state or "", "plain")


@year.get("/year")
@allow(SIGNED_IN)
def index() -> Any:
    return redirect(url_for("year.show", number=today().year))


@year.get("/year/<int:number>")
@allow(SIGNED_IN)
def show(number: int) -> Any:
    if not FIRST <= number <= LAST:
        abort(404)
    story: YearStory = ask(Year(number))
    periods = [_period(key, story) for key in PERIODS]
    awaited = [answer for answer in story.answers if answer.given is None]
    return render_template(
        "year/show.html",
        story=story,
        year=number,
        periods=periods,
        ring=ring(number, periods, story),
        today=today(),
        answers=sorted(story.answers, key=lambda one: labels.in_order(labels.party_name(one.party) or one.title)),
        awaited=sorted(awaited, key=lambda one: labels.in_order(labels.party_name(one.party) or one.title)),
        sentence=_sentence(number, periods, story),
        first=FIRST,
        last=LAST,
    )


def _period(key: str, story: YearStory) -> Period:
    known = story.variables.get("perioder")
    facts: Mapping[str, Any] = known.get(key, {}) if isinstance(known, Mapping) else {}
    name, months, about = _words()[key]
    tasks = tuple(task for task in story.tasks if task.period == key)
    return Period(
        key,
        name,
        months,
        about,
        _state(key, facts, story, tasks),
        _text(facts.get("oppnad")),
        _text(facts.get("klar")),
        _text(facts.get("sista_dag")),
        tuple(str(one) for one in facts.get("ofullstandigt") or ()),
        tasks,
    )


def _state(key: str, facts: Mapping[str, Any], story: YearStory, tasks: Sequence[YearTask]) -> str | None:
    if story.case_id is None:
        return None
    missed = key in (story.variables.get("missade_perioder") or ())
    if facts.get("klar"):
        return INCOMPLETE if missed else DONE
    last = local_date(facts.get("sista_dag"))
    if missed or (last and last < today() and story.state in ("active", "suspended")):
        return MISSED
    if facts.get("oppnad") or tasks:
        return NOW
    return AHEAD


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _words() -> dict[str, tuple[str, str, str]]:
    return {
        "prioritering": (
            gettext("Prioritering"),
            gettext("före året"),
            gettext("TSG beslutar vilka överenskommelser som följs upp. Sekretariatet väljer metoder."),
        ),
        "inhamtning": (
            gettext("Inhämtning"),
            gettext("januari–mars"),
            gettext("Parterna lämnar uppgifter. Sekretariatet ställer samman dem med trappans utfall."),
        ),
        "dialog": (
            gettext("Dialog och analys"),
            gettext("april–maj"),
            gettext("Kommuner och region går igenom resultatet tillsammans."),
        ),
        "rapport": (
            gettext("Rapport till VIS"),
            gettext("juni–september"),
            gettext("Sekretariatets rapport går genom TSG till VIS, och till kommunerna."),
        ),
        "uppdrag": (
            gettext("Nya uppdrag"),
            gettext("oktober–december"),
            gettext("VIS ger uppdrag. HSF och Storsthlm skriver dem i sina verksamhetsplaner."),
        ),
    }


def _sentence(number: int, periods: Sequence[Period], story: YearStory) -> str:
    """The ring in one sentence, for those who do not see it."""
    if story.case_id is None:
        return gettext(
            "Årets fyra perioder: %(periods)s.", periods=", ".join(f"{one.name} {one.months}" for one in periods[1:])
        )
    opened, late = sum(one.open for one in periods), sum(one.late for one in periods)
    return gettext("%(year)d: %(open)d öppna uppgifter, varav %(late)d försenade.", year=number, open=opened, late=late)


# --- the ring --------------------------------------------------------------------------------------------------------

CENTRE, OUTER, INNER, RIM = 210.0, 186.0, 132.0, 198.0


@dataclass(frozen=True, slots=True)
class Arc:
    """A period on the ring. `lines`: its name in one or two lines; `badge`: where its numbers stand."""

    period: Period
    path: str
    lines: tuple[str, ...]
    label: tuple[float, float]
    badge: tuple[float, float]


@dataclass(frozen=True, slots=True)
class QuarterMark:
    """A quarter's analysis on the rim: where the quarter closes."""

    text: str
    at: tuple[float, float]
    state: str
    case_id: int | None


@dataclass(frozen=True, slots=True)
class Ring:
    arcs: tuple[Arc, ...]
    months: tuple[tuple[str, float, float, bool], ...]
    ticks: tuple[tuple[float, float, float, float], ...]
    hand: tuple[float, float, float, float] | None
    quarters: tuple[QuarterMark, ...]


def ring(number: int, periods: Sequence[Period], story: YearStory) -> Ring:
    """Places on the ring: January begins at the top, the year goes clockwise."""
    by_key = {period.key: period for period in periods}
    arcs = tuple(_arc(number, by_key[key], first, last) for key, (first, last) in _MONTHS.items())
    names = get_month_names("abbreviated", locale=get_locale() or "sv")
    day = today()
    months = tuple(
        (
            names[month].strip(".")[:3],
            *_at(_turn(date(number, month, 15)), RIM + 2),
            day.year == number and day.month == month,
        )
        for month in range(1, 13)
    )
    ticks = tuple((*_at((month - 1) / 12, OUTER), *_at((month - 1) / 12, OUTER + 5)) for month in range(1, 13))
    hand = (*_at(_turn(day), INNER - 8), *_at(_turn(day), OUTER + 6)) if day.year == number else None
    return Ring(arcs, months, ticks, hand, tuple(_quarters(number, story)))


def _arc(number: int, period: Period, first: int, last: int) -> Arc:
    gap = 0.0022
    start, end = (first - 1) / 12 + gap, last / 12 - gap
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = _at(start, OUTER), _at(end, OUTER), _at(end, INNER), _at(start, INNER)
    big = 1 if end - start > 0.5 else 0
    path = f"M{x1} {y1}A{OUTER} {OUTER} 0 {big} 1 {x2} {y2}L{x3} {y3}A{INNER} {INNER} 0 {big} 0 {x4} {y4}Z"
    middle = (start + end) / 2
    return Arc(period, path, _lines(period.name), _at(middle, INNER - 42), _at(middle, (OUTER + INNER) / 2))


def _lines(name: str) -> tuple[str, ...]:
    words = name.split()
    if len(name) < 12 or len(words) < 2:
        return (name,)
    half = (len(words) + 1) // 2
    return " ".join(words[:half]), " ".join(words[half:])


def _quarters(number: int, story: YearStory) -> list[QuarterMark]:
    known = {one.key: one for one in story.quarters}
    marks = []
    for quarter in (1, 2, 3, 4):
        one = known.get(f"{number}-Q{quarter}")
        state = "ahead" if one is None else "done" if one.ended_at else "now"
        marks.append(
            QuarterMark(f"Q{quarter}", _at(quarter / 4, (OUTER + INNER) / 2), state, one.case_id if one else None)
        )
    return marks


def _turn(day: date) -> float:
    """How much of the ring has gone by: months are equally long on it."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    length = (following - date(day.year, day.month, 1)).days
    return (day.month - 1 + (day.day - 0.5) / length) / 12


def _at(turn: float, radius: float) -> tuple[float, float]:
    angle = 2 * math.pi * turn
    return round(CENTRE + radius * math.sin(angle), 1), round(CENTRE - radius * math.cos(angle), 1)
