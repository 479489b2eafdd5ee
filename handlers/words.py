"""Swedish words and dates as the mails say them."""

from __future__ import annotations

from datetime import date, datetime

from engine.calendar import local

_MONTHS = (
    "januari", "februari", "mars", "april", "maj", "juni",
    "juli", "augusti", "september", "oktober", "november", "december",
)  # fmt: skip
_ORDINALS = {"1": "första", "2": "andra", "3": "tredje", "4": "fjärde"}

ORGAN = {
    "storsthlm": "Storsthlm",
    "hsf": "Hälso- och sjukvårdsförvaltningen (HSF)",
    "sekretariat": "Gemensamma sekretariatet",
    "tsg": "Tjänstemannastyrgruppen (TSG)",
    "vis": "Politiska styrgruppen Vård i samverkan (VIS)",
}

PROCESS = {
    "samradsgrupp": "uppdrag till samråds- eller arbetsgrupp",
    "overenskommelse": "ta fram eller revidera en överenskommelse",
    "utvecklingsfraga": "utvecklingsfråga",
    "prioriterade_omraden": "prioriterade områden",
}


def local_date(moment: datetime) -> str:
    """The date in Stockholm, as ISO."""
    return local(moment).date().isoformat()


def long_date(iso: str) -> str:
    """ "2026-04-25" -> "25 april 2026"."""
    day = date.fromisoformat(iso[:10])
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def quarter_words(key: str) -> str:
    """ "2026-Q1" -> "första kvartalet 2026"."""
    year, _, number = key.partition("-Q")
    return f"{_ORDINALS[number]} kvartalet {year}"


def in_words(parts: list[str]) -> str:
    """ "a", "a och b", "a, b och c"."""
    return " och ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def letter(case_number: str, text: str) -> str:
    """The body of a mail about a case."""
    signed = f"Ärende {case_number} i Tvistetrappa, samverkan kring hälsa, vård och omsorg i Stockholms län."
    return f"Hej!\n\n{text}\n\n{signed}\n"
