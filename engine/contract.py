"""All that a handler sees: a `Call` in, effects out.

A handler is a plain function registered for a topic. It runs outside any transaction and at least once; what it
returns is applied together with the end of its service task in one transaction, hence exactly once. Only what it does
to the world outside the database (SMTP) can happen twice, and carries `call.idempotency_key` for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail to send after the commit; shown on the page Utskick. `kind`: aterkoppling, paminnelse, kvitto ..."""

    to: str
    subject: str
    body: str
    kind: str = "meddelande"
    rung: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Publish a message to exactly the case that waits for `name` with `key`; kept until somebody does."""

    name: str
    key: str
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Start:
    """Start a case of `process`; where one with the same `business_key` was ever started, nothing happens."""

    process: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    business_key: str | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """Take the next number of `series` for the year of now, e.g. "Storsthlm 2026-0007", into variable `into`."""

    series: str
    into: str


@dataclass(frozen=True, slots=True)
class Link:
    """Relate this case to another one, found by its id, for the case page and for who may read what."""

    case_id: int
    relation: str


Effect = Mail | Message | Start | Number | Link


@dataclass(frozen=True, slots=True)
class Result:
    """What a handler gives back: variables for the case and effects; all of it lands or none."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    effects: Sequence[Effect] = ()


class BpmnError(Exception):
    """The service failed in a way the diagram knows: goes to the event that catches `code`."""

    def __init__(self, code: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.variables = dict(variables or {})


class Retry(Exception):
    """The service could not be reached now: try again after `after` (the usual back-off where None).

    `message` is what the administrator reads, in Swedish; `en` the same in English, else they read it in Swedish.
    """

    def __init__(self, message: str, after: timedelta | None = None, *, en: str = "") -> None:
        super().__init__(message)
        self.after = after
        self.en = en


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """Another case as a handler may see it. `version` counts its steps; `variables` are a copy."""

    id: int
    number: str
    process: str
    business_key: str | None
    title: str
    status: str | None
    state: str
    version: int
    variables: Mapping[str, Any]


class Reader(Protocol):
    """What a handler may ask the house; each call is a read of its own."""

    def cases(
        self, process: str, *, statuses: Sequence[str] = (), state: str | None = "active"
    ) -> list[CaseSummary]: ...

    def case(self, process: str, business_key: str) -> CaseSummary | None: ...

    def reference(self, kind: str) -> list[dict[str, Any]]:
        """Reference data of `kind` (parter, organ, lokala_omraden, ...) valid now."""
        ...

    def setting(self, name: str) -> Any: ...

    def people(self, candidate: str) -> list[dict[str, Any]]:
        """Name and e-mail of those who now hold `role[:scope][@side]`."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One service task to carry out. `variables`: what the task sees (its inputs, else all of the case)."""

    topic: str
    case_id: int
    case_number: str
    business_key: str | None
    element: str
    variables: Mapping[str, Any]
    properties: Mapping[str, str]
    now: datetime
    idempotency_key: str
    attempt: int
    house: Reader


Handler = Callable[[Call], Result | Mapping[str, Any] | None]

_handlers: dict[str, Handler] = {}


def handler(topic: str) -> Callable[[Handler], Handler]:
    """Register the function for service tasks with `camunda:topic="<topic>"`. A topic has one handler."""

    def register(function: Handler) -> Handler:
        if _handlers.get(topic, function) is not function:
            raise ValueError(
                f"Expected one handler for topic {topic!r}, but {_handlers[topic]!r} and {function!r} both claim it."
            )
        _handlers[topic] = function
        return function

    return register


def handlers() -> Mapping[str, Handler]:
    """Topic -> handler, as registered by the modules imported so far."""
    return dict(_handlers)
