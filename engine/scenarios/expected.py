"""A report against the block `expected` of its file (the README of the reports explains each key)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.actor import Actor
from engine.identity import permissions
from engine.scenarios import look

if TYPE_CHECKING:
    from engine.scenarios.play import Player

ANALYSIS = "kvartalsanalys"
PROBLEM = "strukturellt_problem"

_RUNGS = {"lokalt": "L", "rapport": "R", "kvartalsanalys": "A", "sekretariat": "S", "tsg": "T", "vis": "V"}
_NOT_FOUND_BY_LOOKING = frozenset({"notering", "regler"})
_SYSTEM = Actor.system("Scenariot")


def differences(player: Player, name: str, expected: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(key, expected, found) for each key that is not as expected. `slutstatus: null`: there is no such case."""
    if expected["slutstatus"] is None:
        return [("slutstatus", None, name)] if name in player.names else []
    found = _Report(player, name, expected).all()
    wanted = {key: value for key, value in expected.items() if key not in _NOT_FOUND_BY_LOOKING}
    return [(key, value, found[key]) for key, value in wanted.items() if value != found[key]]


class _Report:
    """What is found of one report, in the words of `expected`."""

    def __init__(self, player: Player, name: str, expected: Mapping[str, Any]) -> None:
        self.player = player
        self.expected = expected
        seen = player.see(player.case_id(name))
        self.case = seen.case
        self.said = seen.variables
        self.problem = self.said.get("problem") or {}
        key = self.problem.get("nyckel")
        problems = [player.see(one) for one in self._ask(look.Linked(seen.case.id, PROBLEM))] if key else []
        self.decisions = [
            decision
            for problem in problems
            if problem.case.business_key == key
            for decision in problem.variables.get("beslut") or []
        ]
        self.asked = self._roles([seen.case.id, *(problem.case.id for problem in problems)])
        self.own_inboxes = self._roles([seen.case.id])

    def all(self) -> dict[str, Any]:
        feedback = self.said.get("aterkoppling") or []
        rungs = self.said.get("stegdatum") or {}
        returned = self.said.get("avvisning")
        return {
            "ingang": self.said.get("ingang"),
            "vag": [letter for rung, letter in _RUNGS.items() if rungs.get(rung)] + (["X"] if returned else []),
            "lokal_niva": self.said.get("lokal_niva"),
            "inkorg": next(
                (inbox for inbox in ("storsthlm", "hsf", "lokal_samverkan") if inbox in self.own_inboxes), None
            ),
            "aldrig_i_inkorg": [role for role in self.expected["aldrig_i_inkorg"] if role not in self.asked],
            "kvartalsanalys": self._analysis(),
            "bedomning": self.said.get("bedomning"),
            "utfall_analys": self.said.get("utfall_analys") or [],
            "strukturellt_problem": self._problem(),
            "sekretariat": self._outcomes("sekretariat"),
            "tsg": self._outcomes("tsg"),
            "vis": self._outcomes("vis"),
            "sakkunskap_fran": self._last("sakkunskap_fran"),
            "uppdrag_till": self._last("uppdrag_till"),
            "nasta_bedomning": self._last("nasta_bedomning"),
            "foljdprocess": self.said.get("foljdprocess"),
            "slutstatus": self.case.status,
            "aterkoppling": {"antal": len(feedback), "steg": [message["steg"] for message in feedback]},
            "avvisning": returned,
        }

    def _ask(self, query: Any) -> Any:
        return self.player.engine.ask(query, actor=_SYSTEM)

    def _roles(self, case_ids: list[int]) -> set[str]:
        return {permissions.parse(candidate).role for candidate in self._ask(look.CandidatesEver(case_ids))}

    def _analysis(self) -> str | None:
        """The first analysis that had the report on its list and is done."""
        for case_id in self._ask(look.Linked(self.case.id, ANALYSIS)):
            analysis = self.player.see(case_id).case
            if analysis.state == "completed":
                return analysis.business_key
        return None

    def _problem(self) -> dict[str, Any] | None:
        """`nyckel` is the file's own name for a problem: the same one must always be the same problem here."""
        wanted = self.expected["strukturellt_problem"]
        if not self.problem:
            return None
        name = wanted["nyckel"] if wanted else None
        known = self.player.problems.setdefault(name, self.problem["nyckel"]) if name else None
        return {
            "nyckel": name if known == self.problem["nyckel"] else self.problem["nyckel"],
            **{key: self.problem.get(key) for key in ("roll", "titel", "orsak")},
        }

    def _outcomes(self, body: str) -> list[str]:
        return [part for decision in self.decisions if decision["organ"] == body for part in decision["utfall"]]

    def _last(self, name: str) -> Any:
        return next((decision[name] for decision in reversed(self.decisions) if decision.get(name)), None)
