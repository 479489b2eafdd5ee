"""How dates, people's places and numbers are written: filters for templates, in the reader's language.

Times are stored in UTC and always shown in Swedish time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date as babel_date
from flask import Flask
from flask_babel import get_locale, gettext, ngettext
from markupsafe import Markup, escape

from web.door import now

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def local(value: datetime | date | str | None) -> datetime | date | None:
    """An instant in Swedish time, or the date itself; ISO text is read first. Text that is no date gives None."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.astimezone(STOCKHOLM)
    return value


def local_date(value: datetime | date | str | None) -> date | None:
    moment = local(value)
    return moment.date() if isinstance(moment, datetime) else moment


def today() -> date:
    return now().astimezone(STOCKHOLM).date()


def day_text(value: datetime | date | str | None, weekday: bool = True) -> str:
    """ "tis 14 apr", with the year where it is not this one."""
    day = local_date(value)
    if day is None:
        return "" if value is None else str(value)
    pattern = ("EEE " if weekday else "") + ("d MMM" if day.year == today().year else "d MMM y")
    return babel_date(day, pattern, locale=get_locale() or "sv").replace(".", "")


def moment_text(value: datetime | str | None) -> str:
    """ "tis 14 apr 10:42"."""
    moment = local(value)
    if not isinstance(moment, datetime):
        return day_text(value)
    return f"{day_text(moment)} {moment:%H:%M}"


def distance_text(value: datetime | date | str | None) -> str:
    """ "om 3 dagar", "i dag", "för 2 dagar sedan"; counted in Swedish calendar days."""
    day = local_date(value)
    if day is None:
        return ""
    days = (day - today()).days
    near = {0: gettext("i dag"), 1: gettext("i morgon"), -1: gettext("i går")}
    if days in near:
        return near[days]
    if abs(days) >= 60:
        months = round(abs(days) / 30.4)
        if days > 0:
            return ngettext("om %(num)d månad", "om %(num)d månader", months)
        return ngettext("för %(num)d månad sedan", "för %(num)d månader sedan", months)
    if days > 0:
        return ngettext("om %(num)d dag", "om %(num)d dagar", days)
    return ngettext("för %(num)d dag sedan", "för %(num)d dagar sedan", -days)


def _time_element(value: Any, text: str) -> Markup:
    moment = local(value)
    if moment is None:
        return escape(text)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="minutes") if isinstance(moment, datetime) else moment.isoformat(), text
    )


def day(value: datetime | date | str | None, weekday: bool = True) -> Markup:
    return _time_element(value, day_text(value, weekday))


def moment(value: datetime | str | None) -> Markup:
    return _time_element(value, moment_text(value))


def day_and_distance(value: datetime | date | str | None) -> Markup:
    """ "tis 14 apr (om 3 dagar)"."""
    return _time_element(value, f"{day_text(value)} ({distance_text(value)})") if local(value) else Markup("")


def due_kind(value: datetime | None) -> str:
    """late, soon (within two days) or plain: which mark a due date carries."""
    if value is None:
        return "plain"
    if value < now():
        return "late"
    return "soon" if value - now() <= timedelta(days=2) else "plain"


def ceiling(number: int, limit: int = 1000) -> str:
    """Counts stop at a limit, so that they stay cheap: "1 000+"."""
    return f"{number:,}".replace(",", "\u202f") if number < limit else f"{limit:,}+".replace(",", "\u202f")


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        day=day,
        moment=moment,
        distance=distance_text,
        day_and_distance=day_and_distance,
        due_kind=due_kind,
        ceiling=ceiling,
        day_text=day_text,
        moment_text=moment_text,
    )
