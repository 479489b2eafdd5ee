"""Reminders of late tasks, to those who do them and to sekretariatet. Nothing is decided for anybody (R39)."""

from __future__ import annotations

from engine.contract import Call, Mail, Result, handler
from handlers.words import letter, local_date


@handler("paminnelse")
def paminnelse(call: Call) -> Result:
    """Inputs: `till` (candidate) and `uppgift` (what is late). Gives `pamind`, for the case's list of reminders."""
    till, uppgift = call.variables["till"], call.variables["uppgift"]
    body = letter(
        call.case_number,
        f"Uppgiften ”{uppgift}” i ärende {call.case_number} skulle ha varit klar nu. Den ligger kvar i inkorgen, "
        "markerad som försenad, och väntar på er. Inget beslutas åt er.",
    )
    subject = f"Försenad uppgift i ärende {call.case_number}: {uppgift}"
    people = [person for candidate in (till, "sekretariat") for person in call.house.people(candidate)]
    addresses = dict.fromkeys(person["epost"] for person in people if person["epost"])
    reminded = {"uppgift": uppgift, "till": till, "datum": local_date(call.now)}
    return Result({"pamind": reminded}, [Mail(address, subject, body, "paminnelse") for address in addresses])
