"""What a step of the machine decided, as values in the order in which it happened: nobody alters one.

They are not frozen, since a frozen one takes three times as long to make, and each step makes some seven.

The machine returns them, `engine.runtime.apply` writes them: tasks, jobs, waits and history stand or fall together.
`wait` is a whole number, unique within the case, naming one thing the case waits for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Variables = dict[str, Any]
Data = Mapping[str, tuple[Any, Any]]
"""Variable name -> (before, after); an absent value is `changes.ABSENT` (JSON: left out)."""

ABSENT = object()


@dataclass(slots=True)
class ElementPassed:
    """A token went through an element (or it ended): `outcome` completed, cancelled or failed; `flows` taken.

    Outcome compensated: an activity that was completed before has now been undone.
    """

    element: str
    outcome: str = "completed"
    flows: tuple[str, ...] = ()
    data: Data = field(default_factory=dict)


@dataclass(slots=True)
class TaskOpened:
    """Work for a person. `candidates` are `role[:scope][@side]`; `due`/`follow_up` are aware UTC."""

    wait: int
    element: str
    name: str
    candidates: tuple[str, ...]
    assignee: str | None = None
    due: datetime | None = None
    follow_up: datetime | None = None
    priority: int = 50
    form: str | None = None
    instance: int | None = None
    """0-based index within a multi-instance activity."""


@dataclass(slots=True)
class TaskClosed:
    """The task is done (outcome completed) or no longer needed (cancelled)."""

    wait: int
    element: str
    outcome: str
    data: Data = field(default_factory=dict)


@dataclass(slots=True)
class JobAdded:
    """A service to call through handler `topic`, or (topic None) a point to go on from asynchronously."""

    wait: int
    element: str
    topic: str | None
    variables: Variables = field(default_factory=dict)


@dataclass(slots=True)
class JobClosed:
    """The job is done (completed), ended with a BPMN error (failed), or is no longer needed (cancelled)."""

    wait: int
    element: str
    outcome: str
    data: Data = field(default_factory=dict)


@dataclass(slots=True)
class TimerSet:
    """Fire at `due` (UTC). `repetition` counts firings of a cycle, from 0; each has a `wait` of its own."""

    wait: int
    element: str
    due: datetime
    repetition: int = 0


@dataclass(slots=True)
class TimerFired:
    wait: int
    element: str


@dataclass(slots=True)
class TimerCancelled:
    wait: int
    element: str


@dataclass(slots=True)
class WaitOpened:
    """A message or signal (`kind`) called `name` is expected; a message's `key` must be equal (None: no key).

    Or a condition (`kind`) is to become true, which the machine itself will see; `name` is its text. Where it looks
    into data `stores`, the machine must be told (`machine.look`) what other cases write to them.
    Or an activity waits for data (`kind` data) that others in the case are to give; `name` says which.
    """

    wait: int
    element: str
    kind: str
    name: str
    key: str | None = None
    stores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionLapsed:
    """Another case has written to a data store, and what an event waited for to become true again is false now."""

    wait: int
    element: str


@dataclass(slots=True)
class WaitClosed:
    """The expected message, signal, condition or data (`kind`) came (completed) or is no longer wanted (cancelled).

    What goes on listening after it came opens at once again, under the same `wait`.
    """

    wait: int
    element: str
    outcome: str
    data: Data = field(default_factory=dict)
    kind: str = "message"


@dataclass(slots=True)
class MessageThrown:
    element: str
    name: str
    key: str | None
    payload: Variables


@dataclass(slots=True)
class SignalThrown:
    """For everybody who waits for it, but those waits of this case that have `caught` it already."""

    element: str
    name: str
    payload: Variables
    caught: tuple[int, ...] = ()


@dataclass(slots=True)
class AdHocOpened:
    """An ad-hoc sub-process lies open: `candidates` may begin what `machine.ad_hoc_work` offers just now."""

    wait: int
    element: str
    name: str
    candidates: tuple[str, ...]


@dataclass(slots=True)
class AdHocClosed:
    """Nothing more begins in it: its work is done (completed), or it is not wanted any more (cancelled)."""

    wait: int
    element: str
    outcome: str
    data: Data = field(default_factory=dict)


@dataclass(slots=True)
class StoreWritten:
    """The data store `name` holds `after` from now on, for all cases; null is what one holds that nobody wrote to."""

    element: str
    name: str
    before: Any
    after: Any


@dataclass(slots=True)
class CaseCalled:
    """A call activity calls a process; the child's end comes back by `wait`."""

    wait: int
    element: str
    key: str
    binding: str
    version: int | None
    business_key: str | None
    variables: Variables


@dataclass(slots=True)
class CallClosed:
    """The called case came back (completed, or failed with an error), or is to be cancelled with everything in it."""

    wait: int
    element: str
    outcome: str
    data: Data = field(default_factory=dict)


@dataclass(slots=True)
class CompensationCalled:
    """A call that was completed is compensated by the process it called: that case compensates itself, and its end
    comes back by `wait`, which is that of the call."""

    wait: int
    element: str


@dataclass(slots=True)
class IncidentRaised:
    """An element could not be played; its token stays there under `wait` until somebody retries or resolves.

    `message` is a Swedish sentence, `message_en` the same in English; neither quotes what a case holds.
    """

    wait: int
    element: str
    message: str
    message_en: str


@dataclass(slots=True)
class IncidentCleared:
    wait: int
    element: str


@dataclass(slots=True)
class EscalationUncaught:
    """An escalation that nobody in this case caught; a calling case may (§10.5.6)."""

    element: str
    code: str | None


@dataclass(slots=True)
class CaseEnded:
    """No token is left. `outcome`: completed, terminated, failed (an error nobody caught: `code`) or cancelled; or
    compensated, of a case that was reopened for that.

    `undoable`: it was completed, and its process can compensate it, should the case that called it ask for that.
    """

    outcome: str
    code: str | None = None
    variables: Variables = field(default_factory=dict)
    undoable: bool = False


@dataclass(slots=True)
class CaseReopened:
    """The case had completed; now its process compensates it, and then it ends once more."""


Change = (
    ElementPassed
    | TaskOpened
    | TaskClosed
    | JobAdded
    | JobClosed
    | TimerSet
    | TimerFired
    | TimerCancelled
    | WaitOpened
    | WaitClosed
    | ConditionLapsed
    | MessageThrown
    | SignalThrown
    | AdHocOpened
    | AdHocClosed
    | StoreWritten
    | CaseCalled
    | CallClosed
    | CompensationCalled
    | IncidentRaised
    | IncidentCleared
    | EscalationUncaught
    | CaseEnded
    | CaseReopened
)
