"""What a changed variable tells in a case's history, by the variables of the house's own processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext, ngettext

from engine.runtime.views import Event
from web import labels
from web.ladder import decision_words

Teller = Callable[[Any, Any, Event, str], str]
"""Before, after, the row and who did it, to a sentence; "" where there is none to tell."""


def _added(before: Any, after: Any) -> list[Mapping[str, Any]]:
    """The entries that a list got at its end."""
    if not isinstance(after, list):
        return []
    known = len(before) if isinstance(before, list) else 0
    return [one for one in after[known:] if isinstance(one, Mapping)]


def _feedback(before: Any, after: Any, event: Event, doer: str) -> str:
    entries = _added(before, after)
    if not entries:
        return ""
    last = entries[-1]
    rung = labels.code(last.get("steg"), "aterkopplingssteg")
    words = decision_words(last.get("beslut"), last.get("steg"))
    return gettext("Rapportören fick återkoppling från %(rung)s: %(words)s", rung=_inside(rung), words=words)


def _decision(before: Any, after: Any, event: Event, doer: str) -> str:
    entries = _added(before, after)
    if not entries:
        return ""
    last = entries[-1]
    body = _body(last.get("organ"), doer)
    return gettext(
        "%(body)s beslutade: %(words)s", body=body, words=decision_words(last.get("utfall"), last.get("organ"))
    )


def _assessment(before: Any, after: Any, event: Event, doer: str) -> str:
    words = {
        "strukturellt": gettext("Kvartalsanalysen bedömde problemet som strukturellt"),
        "ej_strukturellt": gettext("Kvartalsanalysen bedömde att problemet inte är strukturellt"),
        "utvecklingsfraga": gettext("Kvartalsanalysen bedömde rapporten som en utvecklingsfråga"),
    }
    return words.get(str(after), "")


def _registration(before: Any, after: Any, event: Event, doer: str) -> str:
    return gettext("Rapporten fick diarienummer %(number)s", number=after) if after and not before else ""


def _signature(before: Any, after: Any, event: Event, doer: str) -> str:
    return gettext("%(who)s signerade kvartalsanalysen", who=doer) if _added(before, after) else ""


def _frozen(before: Any, after: Any, event: Event, doer: str) -> str:
    if not isinstance(after, list) or event.kind != "service:finished" or "fryst" not in event.changes:
        return ""
    count = len(after)
    return ngettext("Listan frystes med en rapport", "Listan frystes med %(num)d rapporter", count)


def _reminder(before: Any, after: Any, event: Event, doer: str) -> str:
    entries = _added(before, after)
    if not entries:
        return ""
    whom = labels.role_name(str(entries[-1].get("till") or ""))
    return gettext("%(whom)s påmindes: uppgiften är försenad", whom=whom or gettext("Den som har uppgiften"))


def _reception(before: Any, after: Any, event: Event, doer: str) -> str:
    words = {
        "registrera": gettext("%(who)s tog emot rapporten", who=doer),
        "ror_individ": gettext("%(who)s lämnade tillbaka rapporten: den rör en enskild individ", who=doer),
        "komplettera": gettext("%(who)s bad rapportören komplettera", who=doer),
    }
    return words.get(str(after), "")


def _check(before: Any, after: Any, event: Event, doer: str) -> str:
    return gettext("%(who)s stämde av rapporten med rapportören", who=doer) if after else ""


def _local(before: Any, after: Any, event: Event, doer: str) -> str:
    words = {
        "ej_lost": gettext("%(who)s prövade frågan lokalt: inte löst", who=doer),
        "delvis_lost": gettext("%(who)s prövade frågan lokalt: delvis löst", who=doer),
        "lost": gettext("%(who)s anser att frågan är löst lokalt", who=doer),
    }
    return words.get(str(after), "") if event.kind == "task:completed" else ""


def _confirmation(before: Any, after: Any, event: Event, doer: str) -> str:
    entries = _added(before, after)
    if not entries:
        return ""
    if entries[-1].get("bekraftar") in (True, "ja"):
        return gettext("%(who)s bekräftade att problemet är löst", who=doer)
    return gettext("%(who)s höll inte med om att problemet är löst", who=doer)


def _report(before: Any, after: Any, event: Event, doer: str) -> str:
    return gettext("%(who)s lämnade rapporten", who=doer) if event.kind == "task:completed" and after else ""


def _start(before: Any, after: Any, event: Event, doer: str) -> str:
    if event.kind != "case:started":
        return ""
    if after == "lokalt_arende":
        return gettext("%(who)s tog upp frågan lokalt", who=doer)
    return gettext("%(who)s lämnade rapporten", who=doer)


def _expertise(before: Any, after: Any, event: Event, doer: str) -> str:
    return gettext("%(who)s lämnade sakkunskap till sekretariatet", who=doer) if _added(before, after) else ""


def _body(key: Any, otherwise: str) -> str:
    """Who decides on a rung."""
    return {"sekretariat": gettext("Sekretariatet"), "tsg": "TSG", "vis": "VIS"}.get(str(key), otherwise)


def _news(before: Any, after: Any, event: Event, doer: str) -> str:
    """A decision about the problem reaches the report's case."""
    if not isinstance(after, Mapping):
        return ""
    rung = str(after.get("steg"))
    words = decision_words(after.get("utfall"), rung)
    return gettext("%(body)s beslutade om problemet: %(words)s", body=_body(rung, rung), words=words)


BY_CHANGE: Sequence[tuple[str, Teller]] = (
    ("paminnelser", _reminder),
    ("bekraftelser", _confirmation),
    ("sakkunskap", _expertise),
    ("beslut_mottagning", _reception),
    ("avstamning", _check),
    ("resultat_lokalt", _local),
    ("ingang", _start),
    ("rapporterad_av", _report),
    ("senaste_beslut", _news),
    ("aterkoppling", _feedback),
    ("beslut", _decision),
    ("bedomning", _assessment),
    ("dnr", _registration),
    ("signaturer", _signature),
    ("rapporter", _frozen),
)


def _inside(words: str) -> str:
    """As it stands within a sentence; abbreviations keep their capitals."""
    return words if words.isupper() else words[:1].lower() + words[1:]
