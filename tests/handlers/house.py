"""What a handler is called with, without an engine: a `Call`, and a house that knows what the test says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine.contract import Call, CaseSummary, Effect, Mail, Message, Result, handlers
from handlers import register

NOW = datetime(2026, 4, 20, 9, 0, tzinfo=UTC)


@dataclass
class Known:
    """`people`: candidate -> addresses. The rest as `contract.Reader` gives it."""

    people_by_role: Mapping[str, Sequence[str]] = field(default_factory=dict)
    all_cases: Sequence[CaseSummary] = ()
    references: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    def cases(self, process: str, *, statuses: Sequence[str] = (), state: str | None = "active") -> list[CaseSummary]:
        found = [case for case in self.all_cases if case.process == process and state in (None, case.state)]
        return [case for case in found if not statuses or case.status in statuses]

    def case(self, process: str, business_key: str) -> CaseSummary | None:
        found = self.cases(process, state=None)
        return next((case for case in found if case.business_key == business_key), None)

    def reference(self, kind: str) -> list[dict[str, Any]]:
        return self.references[kind]

    def setting(self, name: str) -> Any:
        raise KeyError(name)

    def people(self, candidate: str) -> list[dict[str, Any]]:
        addresses = self.people_by_role.get(candidate, ())
        return [{"person": place, "namn": "N", "epost": address} for place, address in enumerate(addresses)]


def call(
    topic: str,
    variables: Mapping[str, Any],
    *,
    house: Known | None = None,
    properties: Mapping[str, str] | None = None,
    case_id: int = 7,
    number: str = "PS-2026-0007",
    now: datetime = NOW,
) -> Result:
    register()
    found = handlers()[topic](
        Call(topic, case_id, number, None, "element", variables, properties or {}, now, "nyckel", 1, house or Known())
    )
    assert isinstance(found, Result)
    return found


def mails(effects: Sequence[Effect]) -> list[Mail]:
    return [effect for effect in effects if isinstance(effect, Mail)]


def messages(effects: Sequence[Effect]) -> list[Message]:
    return [effect for effect in effects if isinstance(effect, Message)]
