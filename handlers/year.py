"""The year's wheel (riktlinjen §8.1): asking the parties for data, reminding, compiling, and passing the result on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from engine.contract import Call, CaseSummary, Effect, Mail, Result, handler
from handlers.words import in_words, local_date, long_date

REPORT = "problem_i_samverkan"
PROBLEM = "strukturellt_problem"

_SIGNED = "Årshjulet för uppföljningen av samverkan kring hälsa, vård och omsorg i Stockholms län."

_PERIODS = {
    "inhamtning": "januari–mars, inhämtning och sammanställning av data",
    "dialog": "april–maj, dialog och analys",
    "rapport": "juni–september, rapportering till TSG, VIS och kommunerna",
    "uppdrag": "oktober–december, nya uppdrag och verksamhetsplaner",
}

_RESPONSIBLE = {
    "inhamtning": ("tsg",),
    "dialog": (),
    "rapport": ("socialtjanstnatverk", "hsf"),
    "uppdrag": ("tsg", "vis"),
}
"""Period -> who besides sekretariatet hears that what came before it is not ready: those it may wait for."""


@handler("arshjul_begar_uppgifter")
def begar_uppgifter(call: Call) -> Result:
    """Ask every party for its data. Gives `parter` (nyckel, namn, typ), in the order of the reference data."""
    parties = [{name: party[name] for name in ("nyckel", "namn", "typ")} for party in call.house.reference("parter")]
    year, measures = call.variables["ar"], call.variables["nyckeltal"]
    last_day = long_date(f"{year}-{call.house.setting('data_sista_dag')}")
    what = (
        f"Sekretariatet har beslutat om nyckeltal: {in_words(measures)}."
        if measures
        else "Nyckeltal är ännu inte beslutade; beskriv läget i ord."
    )
    mails: list[Effect] = []
    for party in parties:
        body = (
            f"Uppföljningen {year} har börjat. Lämna uppgifterna för {party['namn']} senast den {last_day}. "
            f"De ligger som en uppgift i er inkorg.\n\n{what}"
        )
        mails += _to([f"part:{party['nyckel']}"], call, f"Uppgifter till uppföljningen {year}", body, "begaran")
    return Result({"parter": parties}, mails)


@handler("arshjul_paminn")
def paminn(call: Call) -> Result:
    """Remind of a task, or tell that it is late. Inputs: `till` (a candidate), `uppgift`, `sista_dag`.

    Sekretariatet hears of what is late (R39). Nothing is decided for anybody.
    """
    given = call.variables
    is_late = local_date(call.now) > given["sista_dag"]
    when = (
        f"skulle ha varit klar den {long_date(given['sista_dag'])}"
        if is_late
        else f"ska vara klar senast den {long_date(given['sista_dag'])}"
    )
    body = f"Uppgiften ”{given['uppgift']}” {when}. Den ligger i er inkorg och väntar på er. Inget beslutas åt er."
    subject = f"{'Försenad' if is_late else 'Påminnelse'}: {given['uppgift']}"
    return Result({}, _to([given["till"], *(["sekretariat"] if is_late else [])], call, subject, body, "paminnelse"))


@handler("arshjul_flagga")
def flagga(call: Call) -> Result:
    """Tell that a period opened by the calendar before what it builds on is ready. Property `period`: which one."""
    period = call.properties["period"]
    missing = call.variables["perioder"][period]["ofullstandigt"]
    body = (
        f"Perioden {_PERIODS[period]} {call.variables['ar']} har öppnat efter kalendern, på ofullständigt underlag:\n\n"
        + "\n".join(f"- {what}" for what in missing)
        + "\n\nDet som är försenat ligger kvar i inkorgen hos den som ska göra det."
    )
    return Result(
        {},
        _to(
            ["sekretariat", *_RESPONSIBLE[period]],
            call,
            f"Ofullständigt underlag i årshjulet {call.variables['ar']}",
            body,
            "paminnelse",
        ),
    )


@handler("arshjul_sammanstall")
def sammanstall(call: Call) -> Result:
    """Compile what the parties gave, and what came of the ladder the year before (domain §2.a, step 11).

    Gives `underlag` = {inkomna, saknas: [{part, namn, skal, kommentar}], trappan: [{rad, antal}],
    nyckeltal: [{nyckeltal, svar, medel, lagst, hogst}], lagesbilder: [{namn, text, forslag}]}.
    """
    given = [answer for answer in call.variables["partsuppgifter"] if answer]
    came = [answer for answer in given if answer["inkommen"]]
    underlag = {
        "inkomna": len(came),
        "saknas": [
            {name: answer[name] for name in ("part", "namn", "skal", "kommentar")}
            for answer in given
            if not answer["inkommen"]
        ],
        "nyckeltal": _measures(call.variables["nyckeltal"], came),
        "lagesbilder": [
            {"namn": answer["namn"], "text": answer["lagesbild"], "forslag": answer["forslag"]} for answer in came
        ],
        "trappan": _ladder(call, call.variables["ar"] - 1),
    }
    return Result({"underlag": underlag})


def _measures(names: Iterable[str], answers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    values: dict[str, list[float]] = {name: [] for name in names}
    for answer in answers:
        for row in answer["varden"]:
            values.setdefault(row["nyckeltal"], []).append(row["varde"])
    return [
        {
            "nyckeltal": name,
            "svar": len(given),
            **({"medel": round(sum(given) / len(given), 2), "lagst": min(given), "hogst": max(given)} if given else {}),
        }
        for name, given in values.items()
    ]


def _ladder(call: Call, year: int) -> list[dict[str, Any]]:
    """What the ladder came to in `year`, as rows for a table: counts only, never a text from a report."""
    reports = [
        case
        for case in call.house.cases(REPORT, state=None)
        if str(case.variables.get("inkom_datum") or "").startswith(str(year))
    ]
    problems = [
        case
        for case in call.house.cases(PROBLEM, state=None)
        if str(case.variables.get("kvartal") or "").startswith(str(year))
    ]
    statuses = {code["nyckel"]: code["namn"] for code in call.house.reference("kodlistor.status")}
    agreements = {row["nyckel"]: row.get("kortnamn") or row["namn"] for row in call.house.reference("overenskommelser")}
    return [
        {"rad": "Rapporter om problem i samverkan", "antal": len(reports)},
        *_counted("Rapporter, status", (statuses.get(case.status or "", case.status) for case in reports)),
        *_counted(
            "Rapporter, överenskommelse",
            (agreements.get(key, key) for case in reports for key in case.variables.get("overenskommelser") or []),
        ),
        {"rad": "Strukturella problem", "antal": len(problems)},
        *_counted("Strukturella problem, orsak", (case.variables.get("orsak") for case in problems)),
        {"rad": "Strukturella problem rapporterade till VIS", "antal": sum(_reached_vis(case) for case in problems)},
    ]


def _counted(what: str, values: Iterable[str | None]) -> list[dict[str, Any]]:
    return [
        {"rad": f"{what}: {value}", "antal": count}
        for value, count in sorted(Counter(value for value in values if value).items())
    ]


def _reached_vis(case: CaseSummary) -> bool:
    return any(decision.get("organ") == "vis" for decision in case.variables.get("beslut") or [])


@handler("dialog_kalla")
def kalla(call: Call) -> Result:
    """Invite those who were named to the dialogue; where a party has nobody with that role, its registrator is told."""
    given = call.variables
    mails: list[Effect] = []
    for party in dict.fromkeys(participant["part"] for participant in given["deltagare"]):
        named = in_words(
            [
                f"{participant['namn']} ({participant['funktion']})"
                for participant in given["deltagare"]
                if participant["part"] == party
            ]
        )
        place = f" Plats: {given['dialog_plats']}." if given["dialog_plats"] else ""
        body = (
            f"Uppföljningsdialogen {given['ar']} hålls den {long_date(given['dialog_datum'])}.{place}\n\n"
            f"Utsedda från er: {named}.\n\nFrågor till dialogen:\n{given['fragor']}\n\n"
            "Lämna gärna synpunkter i förväg; de ligger som en uppgift i inkorgen."
        )
        invited = f"dialogdeltagare:{party}"
        to = invited if call.house.people(invited) else f"part:{party}"
        mails += _to([to], call, f"Uppföljningsdialog {given['ar']}", body, "kallelse")
    return Result({}, mails)


@handler("arshjul_sand_resultat")
def sand_resultat(call: Call) -> Result:
    """The result to the kommuner, through socialtjänstnätverket (riktlinjen §8, R45)."""
    given = call.variables
    body = (
        f"Socialtjänstnätverket redovisar resultatet av uppföljningen {given['ar']}.\n\n{given['redovisning']}\n\n"
        f"Rapporten i sin helhet:\n{given['rapport']}"
    )
    kommuner = [f"part:{party['nyckel']}" for party in call.house.reference("parter") if party["typ"] == "kommun"]
    return Result({}, _to(kommuner, call, f"Resultatet av uppföljningen {given['ar']}", body, "redovisning"))


def _to(candidates: Iterable[str], call: Call, subject: str, text: str, kind: str) -> list[Effect]:
    """One mail for each address that holds one of the candidates."""
    addresses = {
        person["epost"]: None for candidate in candidates for person in call.house.people(candidate) if person["epost"]
    }
    body = f"Hej!\n\n{text}\n\nÄrende {call.case_number}. {_SIGNED}\n"
    return [Mail(address, subject, body, kind) for address in addresses]
