"""What a run is: a token at rest, or a scope that holds tokens. And what can be seen from one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from engine.bpmn.changes import Variables

ROOT = 0


class Run(TypedDict, total=False):
    """A token at rest, or a scope that holds tokens: one entry of `state["runs"]`; its number is also its `wait`.

    Every run: `at` (node id; the root has none) and `scope` (the run around it), or `on` where it only listens for
    another one (boundary event, event sub-process, alternative of an event-based gateway, incident at a join).
    """

    at: str
    scope: int
    on: int
    open: str
    """What the world outside was asked for: task, job, go_on (an asynchronous point), call, ad_hoc, timer, message or
    signal; or condition or data, which come from within the case. Closed by exactly one change."""
    hungry: list[int]
    """Of the root: the runs that wait for data."""
    late: list[int]
    """Of the root: the runs that take data while they execute."""
    began: int
    """The input set that this activity began with, where its output sets go by that."""
    stuck: str
    """An incident holds the token; names the move that a retry makes again, or is `join` for a dead join."""
    via: str
    """The flow on which a stuck token came."""
    part: int
    """Which of several triggers of its event this one waits for; or, with `undo`, which of those it throws is next."""
    came: int
    """Of a parallel multiple event: this one has come, as the so-manieth, with `given`; the rest is waited for."""
    reads: dict[str, list[int]]
    """The variables and data stores that an expected condition names, each with its neighbours in the chain of all who
    wait for it, 0 for none; `state["watched"]` knows where each chain begins."""
    held: bool
    """The condition held when it was last looked at, and must first become false again."""
    given: Variables
    """What came with the stuck move and is not taken over yet; `direct`: past the output mapping."""
    direct: bool
    watch: list[int]
    """The runs that listen `on` this one."""
    vars: Variables
    ad_hoc: str
    """This is the scope of an ad-hoc sub-process: open, or closing once nothing more begins in it."""
    live: int
    """This is a scope, with so many tokens inside: in runs, at joins or on their way."""
    kids: list[int]
    kept: bool
    """This activity was completed and may have to be compensated: with `vars` as they were, and what is kept inside."""
    completed: list[int]
    """The kept ones of this scope or multi-instance body, in the order in which they were completed."""
    partial: bool
    """Of this kept one only parts were completed, before it was cancelled with the transaction around it."""
    undo: list[int]
    """The kept ones that this run still has to compensate, the next one last: a throwing event, a sub-process or body
    that is compensated, or a transaction that is cancelled."""
    asked: int | None
    """This run compensates, outside the flow: a handler, a sub-process that is compensated, a throwing event that does
    not wait. Names the run that goes on when it is done."""
    undoes: str
    """The activity that this handler compensates."""
    undoable: bool
    """Of a call activity: the case it called is completed, and can compensate itself."""
    undoing: bool
    """Of the root: the case was completed, and compensates itself now."""
    cancelling: bool
    """This transaction is cancelled; it ends when all is undone."""
    joins: dict[str, dict[str, int]]
    """Gateway, or activity that waits for several tokens -> incoming flow ("" for none) -> tokens that wait there.
    Never a zero."""
    resets: dict[str, list[str]]
    """Complex gateway that waits for reset -> the incoming flows it has had a token from."""
    interrupted: bool
    """An interrupting event sub-process has taken over this scope, or it was terminated, cancelled or is compensated:
    nothing else can start in it, and it will not have been completed."""
    total: int
    """This is the body of a multi-instance activity with so many instances."""
    sequential: bool
    first: int
    """The body's instance k has the number `first` + k: so a body stays small however many there are."""
    done: int
    base: int
    """The loopCounter of the body's first instance: 1, as Table 10.30 has it; missing where it began before that was
    so, and counts from 0 to its end."""
    items: list[Any]
    """What a sequential body hands out, where it has a collection."""
    turns: int
    """This is the body of a standard loop, which has done so many turns."""
    turn: int
    """This is a turn of the body `scope`; so many went before."""
    index: int
    """This is an instance of the body `scope`."""
    out: Any
    """A finished instance's part of the output collection; all that is left of it."""
    key: str
    """The correlation key of an expected message."""
    keys: dict[str, str]
    """Of the root or an instance: the correlation keys of its conversations (§8.4.2)."""
    due: str
    rule: str
    anchor: str
    fired: int
    """A timer that may fire again: its rule, when it was set, and how often it fired."""


def visible(runs: Mapping[str, Run], number: int) -> Variables:
    found: Variables | None = None
    while True:
        run = runs[str(number)]
        own = run.get("vars")
        if own:
            found = own if found is None else {**own, **found}
        if number == ROOT:
            return {} if found is None else found
        number = run["on"] if "on" in run else run["scope"]


def around(runs: Mapping[str, Run], number: int) -> Iterator[int]:
    """The run itself and all around it, out to the root."""
    while number != ROOT:
        yield number
        number = runs[str(number)]["scope"]
    yield ROOT
