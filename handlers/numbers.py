"""Diarienummer: each receiving authority has its own series (domain §3.8: the reports are allmänna handlingar where they come in)."""

from __future__ import annotations

from engine.contract import Call, Number, Result, handler

SERIES = {"storsthlm": "Storsthlm", "hsf": "HSF"}
"""Receiving side -> number series."""


@handler("diarienummer")
def diarienummer(call: Call) -> Result:
    """Give the report the next number of the one who received it, once: what comes back from the local rung keeps its number."""
    number = {"nummer": call.case_number}
    if call.variables.get("dnr"):
        return Result(number)
    return Result(number, [Number(SERIES[call.variables["mottagare"]], into="dnr")])
