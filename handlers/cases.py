"""Cases that relate to each other: a problem takes in the reports it joins."""

from __future__ import annotations

from engine.contract import Call, Link, Result, handler


@handler("registrera_problem")
def registrera_problem(call: Call) -> Result:
    """A problem learns its own number and which groups sekretariatet and TSG may ask, and is linked to its reports."""
    return Result(
        {
            "nummer": call.case_number,
            "samradsgrupper": _groups(call, {"samradsgrupp"}),
            "uppdragsgrupper": _groups(call, {"samradsgrupp", "arbetsgrupp"}),
        },
        [Link(report["case_id"], "rapport") for report in call.variables["rapporter"]],
    )


@handler("anslut_rapporter")
def anslut_rapporter(call: Call) -> Result:
    """Link the reports that a later analysis joined to an open problem."""
    return Result(effects=[Link(report["case_id"], "rapport") for report in call.variables["nya_rapporter"]])


def _groups(call: Call, kinds: set[str]) -> list[dict[str, str]]:
    """Groups of today, as options of a form."""
    bodies = call.house.reference("organ")
    return [{"value": body["nyckel"], "label": body["namn"]} for body in bodies if body["typ"] in kinds]
