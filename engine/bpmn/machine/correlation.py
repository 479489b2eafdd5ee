"""Correlation keys (§8.4.2): what a message carries, and what a case expects.

A key of one property is that value as a text; one of several is the JSON list of such texts. By key: the first message
that a case sends or starts by sets it, one it sends later sets it anew, and the case then receives only messages with
that key. By context: where the process has a subscription, what it says when the wait begins. A multi-instance instance
has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from engine.bpmn.machine.play import Play, Stuck
from engine.bpmn.machine.runs import Run, around
from engine.bpmn.model import Correlation, Event


def expected(play: Play, number: int, event: Event, seen: Mapping[str, Any]) -> str | None:
    """The key that a wait in run `number` is to be met with; None where the event has none."""
    if event.key is not None:
        return key_text(play.value(event.key, seen))
    correlation = event.correlation
    if correlation is None:
        return None
    if correlation.expected:
        return _joined([play.value(path, seen) for path in correlation.expected])
    while True:
        run = play.run(number)
        if correlation.key in run.get("keys", ()):
            return run["keys"][correlation.key]
        if "on" not in run and "scope" not in run:
            break
        number = run["on"] if "on" in run else run["scope"]
    raise Stuck(
        "Expected the correlation key to be set by a message sent or begun with, but there was none.",
        "Nyckeln till meddelandet är inte satt: inget meddelande har skickats, och inget har startat ärendet.",
    )


def sent(play: Play, number: int, event: Event, seen: Mapping[str, Any], payload: Mapping[str, Any]) -> str | None:
    """The key of a message that run `number` sends; from now on the case expects it back."""
    if event.key is not None:
        return key_text(play.value(event.key, seen))
    return None if event.correlation is None else carried(play, number, event.correlation, payload)


def carried(play: Play, number: int, correlation: Correlation, payload: Mapping[str, Any]) -> str:
    """The key that a message carries, which the conversation of run `number` has from now on."""
    key = _joined([play.value(path, payload) for path in correlation.paths])
    _holder(play, number).setdefault("keys", {})[correlation.key] = key
    return key


def _holder(play: Play, number: int) -> Run:
    for outer in around(play.runs, number):
        run = play.run(outer)
        if "index" in run:
            return run
    return run


def _joined(values: list[Any]) -> str:
    texts = [key_text(value) for value in values]
    return texts[0] if len(texts) == 1 else orjson.dumps(texts).decode()


def key_text(key: Any) -> str:
    """Where a key is asked for, an empty one would meet any other empty one: it is refused."""
    if key.__class__ is int:
        return str(key)
    if not isinstance(key, str) or not key.strip():
        raise Stuck(
            "Expected the correlation key to be a text or a whole number, but it is empty or something else.",
            "Meddelandets nyckel ska vara en text eller ett heltal, men är tom eller något annat.",
        )
    return key
