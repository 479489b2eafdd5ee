"""Reminders of late tasks. They tell those whose work it is, and sekretariatet; nobody's decision is taken for them (domain R39)."""

from __future__ import annotations

from engine.contract import Call, Mail, Result, handler
from handlers.words import local_date


@handler("paminnelse")
def paminnelse(call: Call) -> Result:
    """Inputs of the service task: `till` (candidate), `uppgift` (what is late). Gives `pamind`, for the case's list of reminders."""
    given = call.variables
    body = (
        f"Hej!\n\nUppgiften ”{given['uppgift']}” i ärende {call.case_number} skulle ha varit klar nu. Den ligger kvar i inkorgen, "
        "markerad som försenad, och väntar på er. Inget beslutas åt er.\n\n"
        f"Ärende {call.case_number} i Tvistetrappa, samverkan kring hälsa, vård och omsorg i Stockholms län.\n"
    )
    addresses = {
        person["epost"]: None
        for candidate in (given["till"], "sekretariat")
        for person in call.house.people(candidate)
        if person["epost"]
    }
    mails = [
        Mail(address, f"Försenad uppgift i ärende {call.case_number}: {given['uppgift']}", body, "paminnelse")
        for address in addresses
    ]
    return Result(
        {"pamind": {"uppgift": given["uppgift"], "till": given["till"], "datum": local_date(call.now)}}, mails
    )
