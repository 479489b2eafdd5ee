"""Complex gateways (§10.6.5, §13.4.5): a condition on the tokens that have come decides when one fires.

It is in one of two states. Waiting for start, it fires when its activation condition holds: one token goes from each
incoming flow that has some, and tokens leave by the flows whose conditions hold, as from an inclusive gateway. Then it
waits for reset: for a token on each flow that had none, as far as an inclusive gateway would wait for one. Those are
taken, and leave by the flows whose conditions still hold, maybe by none; a flow without condition takes no part in
this, and where nothing was taken nothing leaves. What comes meanwhile on a flow that had its turn waits for the next
start.

The activation condition sees the variables, `activationCount` (all tokens that wait) and under the id of each incoming
flow how many wait on it; the conditions of outgoing flows see `waitingForStart`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from engine.bpmn.machine import tokens
from engine.bpmn.machine.play import Play, Stuck
from engine.bpmn.model import Flow, Node


def arrive(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    if len(node.incoming) < 2 or flow is None:
        tokens.leave(play, scope, node)
        return
    waiting = play.run(scope).get("joins", {}).get(node.id, {})
    fires = _is_ready(play, scope, node, {**waiting, flow.id: waiting.get(flow.id, 0) + 1})
    tokens.put(play, scope, node, flow)
    if fires:
        _fire(play, scope, node)


def settle(play: Play, scopes: Sequence[int]) -> bool:
    """With every token at rest, look at the gateways of `scopes` that wait for reset, and at conditions that data may
    have made true; whether one of them moved."""
    for scope in scopes:
        run = play.run(scope)
        for node in map(play.graph.nodes.__getitem__, run.get("resets", ())):
            if not _is_awaiting(play, scope, node):
                _reset(play, scope, node)
                return True
        for node in map(play.graph.nodes.__getitem__, run.get("joins", ())):
            if node.kind == "complexGateway" and _has_become_ready(play, scope, node):
                _fire(play, scope, node)
                return True
    return False


def _has_become_ready(play: Play, scope: int, node: Node) -> bool:
    with suppress(Stuck):  # told when the token came
        return _is_ready(play, scope, node, play.run(scope)["joins"][node.id])
    return False


def _is_ready(play: Play, scope: int, node: Node, waiting: Mapping[str, int]) -> bool:
    if node.id in play.run(scope).get("resets", ()):
        return False
    if node.activation is None:
        raise Stuck(
            "Expected the complex gateway to have an activation condition, but it has none.",
            "Den komplexa gatewayen saknar villkor för när den ska gå vidare.",
        )
    counts = {flow.id: waiting.get(flow.id, 0) for flow in node.incoming}
    seen = {**play.visible(scope), **counts, "activationCount": sum(counts.values())}
    held = play.value(node.activation, seen)
    if held.__class__ is not bool:
        raise Stuck(
            "Expected the activation condition to be true or false, but it is neither.",
            "Villkoret för när gatewayen ska gå vidare ska vara sant eller falskt, men är något annat.",
        )
    return bool(held)


def _fire(play: Play, scope: int, node: Node) -> None:
    tokens.fire(play, scope, node)
    play.queue.append(("leave", scope, node))


def _is_awaiting(play: Play, scope: int, node: Node) -> bool:
    """A token can still come to a flow that had none, and not to one that has, or had (as for inclusive gateways)."""
    run = play.run(scope)
    had = {**dict.fromkeys(run["resets"][node.id], 1), **run.get("joins", {}).get(node.id, {})}
    return any(tokens.is_awaited(play, node, had, place) for place in tokens.all_places(play, scope, node))


def _reset(play: Play, scope: int, node: Node) -> None:
    run = play.run(scope)
    first = run["resets"].pop(node.id)
    if not run["resets"]:
        del run["resets"]
    waiting = run.get("joins", {}).get(node.id, {})
    late = [flow for flow in waiting if flow not in first]
    if late:
        tokens.merge(play, scope, node, dict.fromkeys(late, 1))
        play.queue.append(("reset", scope, node))


def leave_again(play: Play, scope: int, node: Node) -> None:
    """What the reset took leaves by the flows whose conditions hold now, or ends here."""
    variables = {**play.visible(scope), "waitingForStart": False}
    conditional = [flow for flow in node.outgoing if flow.condition is not None and flow.id != node.default]
    chosen = [flow for flow in conditional if tokens.holds(play, flow, variables)]
    tokens.go(play, scope, node, chosen or [flow for flow in node.outgoing if flow.id == node.default])
