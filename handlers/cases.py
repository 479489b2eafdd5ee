"""Cases that relate to each other: a problem takes in the reports it joins."""

from __future__ import annotations

from engine.contract import Call, Link, Result, handler


@handler("registrera_problem")
def registrera_problem(call: Call) -> Result:
    """A structural problem learns its own number and the groups that sekretariatet and TSG may ask, and is linked to its reports."""
    groups = [group for group in call.house.reference("organ") if group["typ"] in {"samradsgrupp", "arbetsgrupp"}]
    return Result(
        {"nummer": call.case_number, "grupper": [{"value": group["nyckel"], "label": group["namn"]} for group in groups]},
        [Link(report["case_id"], "rapport") for report in call.variables["rapporter"]],
    )


@handler("anslut_rapporter")
def anslut_rapporter(call: Call) -> Result:
    """Link the reports that a later analysis joined to an open problem."""
    return Result(effects=[Link(report["case_id"], "rapport") for report in call.variables["nya_rapporter"]])
