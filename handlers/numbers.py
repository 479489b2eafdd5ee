"""Diarienummer: a series for each receiving authority (domain §3.8: reports are allmänna handlingar there)."""

from __future__ import annotations

from engine.contract import Call, Number, Result, handler

SERIES = {"storsthlm": "Storsthlm", "hsf": "HSF"}
"""Receiving side -> number series."""


@handler("diarienummer")
def diarienummer(call: Call) -> Result:
    """The next number of the one who received the report. What comes in a second time keeps the number it has."""
    known = {"nummer": call.case_number}
    if call.variables["dnr"]:
        return Result(known)
    return Result(known, [Number(SERIES[call.variables["mottagare"]], into="dnr")])
