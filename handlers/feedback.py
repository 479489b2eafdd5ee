"""Återkoppling: "Rapportören ska få återkoppling om den fortsatta processen", i alla berörda led (riktlinjen §8.6).

A report case gives its own rapportör feedback and alone knows the address; a problem case only sends its decision to
the report cases it joins. So contact data never leaves the case it belongs to (domain R33).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.contract import Call, Effect, Mail, Message, Result, handler
from handlers.words import ORGAN, PROCESS, in_words, letter, local_date, long_date, quarter_words

OWN_DUTY = (
    "Kom ihåg: en rapport om problem i samverkan ersätter inte verksamhetens eget ansvar att rapportera avvikelser."
)

INDIVIDUAL = (
    "Rapporten rör en enskild individ och hör därför till verksamhetens egen avvikelsehantering. Vi lämnar tillbaka "
    "den, och den går inte vidare till analys. Texten är stängd för alla utom den handläggare som tog emot den.\n\n"
    "Rapportera händelsen enligt er egen rutin för avvikelser, om det inte redan är gjort. Ser ni ett återkommande "
    "problem i samverkan är ni välkomna med en ny rapport som beskriver mönstret utan uppgifter om enskilda."
)

_ANALYSIS = {
    "ater_lokalt": "Frågan går åter till lokal samverkan, som arbetar vidare med den.",
    "bevaka": "Frågan bevakas och tas upp igen i nästa kvartalsanalys.",
    "avslutas": "Ärendet avslutas.",
    "utvecklingsfraga": (
        "Frågan är en utvecklingsfråga. Den startar inte av sig själv: en kommun lyfter den genom sin socialchef till "
        "socialtjänstnätverket, en vårdgivare genom HSF (riktlinjen 8.5). Ärendet avslutas här."
    ),
}

_DECISION = {
    "sekretariat": {
        "till_tsg": "lämnar frågan till tjänstemannastyrgruppen (TSG) för beslut",
        "beredning_samradsgrupp": "hämtar in sakkunskap från en samrådsgrupp och bedömer därefter frågan igen",
        "ater_analys": "lämnar tillbaka frågan till den gemensamma kvartalsanalysen",
        "ater_lokalt": "lämnar tillbaka frågan till lokal samverkan",
        "bevaka": "bevakar frågan",
    },
    "tsg": {
        "rapportera_vis": "bekräftar att problemet är strukturellt och rapporterar det till politiska styrgruppen VIS",
        "uppdrag": "ger uppdrag",
        "utvecklingsfraga": "tar upp frågan som utvecklingsfråga",
        "revidering": "vill att överenskommelsen revideras",
        "aterremiss": "återremitterar frågan till gemensamma sekretariatet",
    },
    "vis": {
        "noterar": "noterar rapporten om problemet",
        "ger_uppdrag": "ger uppdrag",
        "prioriterar": "tar upp frågan bland sina prioriterade områden",
    },
}
"""Body -> outcome -> what it does. VIS judges nobody (domain R28)."""

_NEXT = {
    "problem": "Ni får återkoppling igen vid nästa beslut.",
    "analys": "Rapporten tas upp igen i nästa kvartalsanalys.",
    "lokalt": "Lokal samverkan får frågan tillbaka i sin inkorg.",
    "slut": "Det här är den sista återkopplingen. Ärendet avslutas.",
}

_BELOW = {
    "sekretariat": ("storsthlm", "hsf"),
    "tsg": ("storsthlm", "hsf", "sekretariat"),
    "vis": ("storsthlm", "hsf", "sekretariat", "tsg"),
}
"""Who decides -> the rungs below that are to know (domain R16). Those further down hear of it from the report case."""


@handler("kvitto")
def kvitto(call: Call) -> Result:
    """Tell the sender of a mail that it came in, as the screen tells whoever uses the form. It is no feedback yet."""
    body = (
        f"Vi har fått ert mejl. Det har ärendenummer {call.case_number}.\n\n"
        "Så går det till nu: en handläggare hos HSF läser mejlet och registrerar rapporten. Ni får återkoppling när "
        f"det är gjort, och sedan vid varje beslut.\n\n{OWN_DUTY} Skicka aldrig uppgifter om enskilda personer hit."
    )
    subject = f"Vi har fått ert mejl, ärende {call.case_number}"
    return Result(effects=[_mail(call, call.variables["tjanste_epost"], subject, body, "kvitto")])


@handler("aterkoppling")
def aterkoppling(call: Call) -> Result:
    """One feedback message to the rapportör, kept in the case; from the analysis on local samverkan hears the same.

    The rung is the property `steg` of the service task; `beslut` stands for that of the decision that came by message.
    """
    given = call.variables
    latest = given["senaste_beslut"] if call.properties["steg"] == "beslut" else None
    rung = latest["steg"] if latest else call.properties["steg"]
    decision, text = _RUNGS[rung](call)
    entry = {"steg": rung, "beslut": decision, "datum": local_date(call.now), "text": text, "till": given["funktion"]}
    subject = f"Återkoppling i ärende {call.case_number}: {_SUBJECTS[rung]}"
    effects: list[Effect] = [_mail(call, given["tjanste_epost"], subject, text, "aterkoppling", rung)]
    if rung not in {"mottagning", "avstamning"}:
        around = [f"lokal_samverkan:{given['lokalt_omrade']}"]
        effects += _copies(call, around, subject, text, rung, {given["tjanste_epost"]})
    kept = _noted(call, latest) if latest else {}
    return Result({"aterkoppling": [*given["aterkoppling"], entry], **kept}, effects)


def _noted(call: Call, latest: Mapping[str, Any]) -> dict[str, Any]:
    """What the report case keeps of a decision on its problem."""
    given, rung = call.variables, latest["steg"]
    dates = dict(given["stegdatum"])
    if reached := {"hos_tsg": "tsg", "rapporterad_vis": "vis"}.get(latest["status"]):
        dates[reached] = dates[reached] or latest["datum"]
    return {
        rung: [*given[rung], *latest["utfall"]],
        "status": latest["status"],
        "stegdatum": dates,
        **{name: latest[name] or given[name] for name in ("foljdprocess", "sakkunskap_fran", "uppdrag_till")},
        "nasta_bedomning": latest["nasta_bedomning"],
    }


@handler("aterkoppling_komplettering")
def aterkoppling_komplettering(call: Call) -> Result:
    """Tell the rapportör what is missing. Not a decision on the report, so it does not count among its feedback."""
    given = call.variables
    body = (
        f"{ORGAN[given['mottagare']]} har läst er rapport och behöver en komplettering:\n\n{given['komplettering']}\n\n"
        "Rapporten ligger i er inkorg. Ändra den och skicka den igen. Den räknas som inkommen den dag då den först kom."
    )
    subject = f"Er rapport behöver kompletteras, ärende {call.case_number}"
    return Result(effects=[_mail(call, given["tjanste_epost"], subject, body, "komplettering")])


@handler("aterkoppling_beslut")
def aterkoppling_beslut(call: Call) -> Result:
    """Send the latest decision on a problem to each report it joins, and to the rungs below the one that decided.

    Each report gets exactly one message per decision (domain R17): all leave together with the end of this task.
    """
    given = call.variables
    decision = given["beslut"][-1]
    organ = decision["organ"]
    text = _decision_text(decision, given["titel"], given["fortsatt"])
    problem = {name: given[name] for name in ("nummer", "nyckel", "titel", "orsak")}
    latest = {
        **{name: decision.get(name) for name in _PASSED_ON},
        "steg": organ,
        "text": text,
        "foljdprocess": given["foljdprocess"],
        "status": given["rapportstatus"],
        "fortsatt": given["fortsatt"],
    }
    effects: list[Effect] = []
    for report in given["rapporter"]:
        told = {"senaste_beslut": latest, "problem": {**problem, "roll": report["roll"]}}
        effects.append(Message("problem_beslut", report["nummer"], told))
    below = list(_BELOW[organ])
    if decision.get("uppdrag_till"):
        below.append(f"samradsgrupp:{decision['uppdrag_till']}")
    subject = f"{given['titel']} ({call.case_number}): {_SUBJECTS[organ]}"
    return Result(effects=[*effects, *_copies(call, below, subject, text, organ, set())])


_PASSED_ON = ("utfall", "datum", "nasta_bedomning", "sakkunskap_fran", "uppdrag_till")


def _local(call: Call) -> tuple[str, str]:
    given = call.variables
    if given["ror_individ"] == "ja":
        return "hanvisad_egen_avvikelse", _paragraphs(
            "Lokal samverkan har sett att frågan rör en enskild individ. Den hör därför till verksamhetens egen "
            "avvikelsehantering, och ärendet avslutas här.",
            OWN_DUTY,
        )
    tried = given["lokal_hantering"]
    return "lost_lokalt", _paragraphs(
        "Båda sidor har bekräftat att problemet är löst lokalt.",
        tried.get("resultat") or tried.get("vad"),
        f"Ärendet avslutas. {OWN_DUTY}",
    )


def _reception(call: Call) -> tuple[str, str]:
    given = call.variables
    receiver = ORGAN[given["mottagare"]]
    if given["beslut_mottagning"] == "ror_individ":
        return "hanvisad_egen_avvikelse", _paragraphs(f"{receiver} har läst rapporten.", INDIVIDUAL, OWN_DUTY)
    return "registrerad", _paragraphs(
        f"{receiver} har tagit emot rapporten och registrerat den med diarienummer {given['dnr']}.",
        given["meddelande"],
        f"Så går det vidare: {receiver} stämmer av rapporten och hör av sig igen. Därefter bedöms den i den gemensamma "
        "kvartalsanalysen, som Storsthlm och HSF gör tillsammans efter varje kvartal.",
        OWN_DUTY,
    )


def _running_check(call: Call) -> tuple[str, str]:
    return "avstamd", _paragraphs(
        f"{ORGAN[call.variables['mottagare']]} har stämt av rapporten.",
        call.variables["avstamning"],
        "Rapporten väntar nu på den gemensamma kvartalsanalysen. Ni får återkoppling när den är klar.",
    )


def _analysis(call: Call) -> tuple[str, str]:
    given = call.variables
    if given["problem"]:
        found = f"problemet är strukturellt. Det behandlas vidare under rubriken ”{given['problem']['titel']}”."
        following = "Gemensamma sekretariatet bedömer nu nästa steg. Ni får återkoppling vid varje beslut."
    else:
        is_wish = given["bedomning"] == "utvecklingsfraga"
        found = "rapporten gäller en utvecklingsfråga och inte" if is_wish else "rapporten inte gäller"
        found += " ett strukturellt problem."
        following = " ".join(_ANALYSIS[part] for part in given["utfall_analys"])
    return given["bedomning"], _paragraphs(
        f"Den gemensamma kvartalsanalysen för {quarter_words(given['analyserad_i'])} är klar.",
        f"Storsthlm och HSF bedömer att {found}",
        f"Motivering: {given['motivering_analys']}",
        following,
    )


def _decision(call: Call) -> tuple[str, str]:
    latest = call.variables["senaste_beslut"]
    return ", ".join(latest["utfall"]), latest["text"]


def _decision_text(decision: Mapping[str, Any], title: str, following: str) -> str:
    organ = decision["organ"]
    does = in_words([_DECISION[organ][part] for part in decision["utfall"]])
    processes = [PROCESS[process] for process in decision.get("foljdprocesser") or []]
    return _paragraphs(
        f"Det gäller det strukturella problemet ”{title}”.",
        f"{ORGAN[organ]} fattade beslut den {long_date(decision['datum'])} och {does}.",
        decision.get("lydelse"),
        decision.get("grunder") and f"Grunder: {decision['grunder']}",
        f"Frågan tas vidare i en egen process: {in_words(processes)}." if processes else None,
        decision.get("nasta_bedomning") and f"Ny bedömning görs den {long_date(decision['nasta_bedomning'])}.",
        _NEXT[following],
    )


_RUNGS: dict[str, Callable[[Call], tuple[str, str]]] = {
    "lokal": _local,
    "mottagning": _reception,
    "avstamning": _running_check,
    "analys": _analysis,
    "sekretariat": _decision,
    "tsg": _decision,
    "vis": _decision,
}
"""Rung -> (decision, text)."""

_SUBJECTS = {
    "lokal": "lokal samverkan",
    "mottagning": "mottagning",
    "avstamning": "löpande avstämning",
    "analys": "gemensam kvartalsanalys",
    "sekretariat": "beslut i gemensamma sekretariatet",
    "tsg": "beslut i TSG",
    "vis": "beslut i VIS",
}


def _copies(call: Call, candidates: Iterable[str], subject: str, text: str, rung: str, told: set[str]) -> list[Effect]:
    """For information to those who hold a role, each address once and none that is `told` already."""
    mails: list[Effect] = []
    for candidate in candidates:
        for person in call.house.people(candidate):
            if person["epost"] and person["epost"] not in told:
                told.add(person["epost"])
                mails.append(_mail(call, person["epost"], f"För kännedom: {subject}", text, "kannedom", rung))
    return mails


def _mail(call: Call, to: str, subject: str, text: str, kind: str, rung: str | None = None) -> Mail:
    return Mail(to, subject, letter(call.case_number, text), kind, rung)


def _paragraphs(*parts: str | None) -> str:
    return "\n\n".join(part.strip() for part in parts if part and part.strip())
