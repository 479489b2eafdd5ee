"""How tokens move: splits, joins, and the discovery that a join waits in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.bpmn.changes import Data, ElementPassed, IncidentCleared, IncidentRaised, Variables
from engine.bpmn.machine.play import Play, Stuck
from engine.bpmn.machine.runs import Run
from engine.bpmn.model import ACTIVITIES, Flow, Node

NO_DATA: Data = {}


# --- away from an element ------------------------------------------------------------------------------------------


def leave(play: Play, scope: int, node: Node, data: Data = NO_DATA) -> None:
    """The token has done its work at `node`: on to the next elements."""
    go(play, scope, node, choose(play, scope, node), data)


def go(play: Play, scope: int, node: Node, flows: Sequence[Flow], data: Data = NO_DATA) -> None:
    """Pass `node`, on flows already chosen. Where there are none, the token ends here (§13.2)."""
    if node.completion_quantity > 1:
        flows = [flow for flow in flows for _ in range(node.completion_quantity)]
    play.changes.append(ElementPassed(node.id, "completed", tuple([flow.id for flow in flows]), data))
    spread(play, scope, flows)
    if play.graph.has_ad_hoc_work and node.kind in ACTIVITIES and "ad_hoc" in play.run(scope):
        play.queue.append(("ad_hoc", scope))


def spread(play: Play, scope: int, flows: Sequence[Flow]) -> None:
    """One token becomes as many as there are flows."""
    run = play.run(scope)
    run["live"] += len(flows) - 1
    play.touched[scope] = None
    for flow in flows:
        play.queue.append(("arrive", scope, play.graph.nodes[flow.target], flow))
    if not run["live"]:
        play.queue.append(("ended", scope))


def choose(play: Play, scope: int, node: Node, given: Mapping[str, Any] | None = None) -> Sequence[Flow]:
    """The flows a token leaves by, with what it is about to write; Stuck where conditions leave it none."""
    if node.completion_quantity > 1:
        _need_room(play, node)
    flows = node.outgoing
    if not flows or node.kind == "parallelGateway" or (len(flows) == 1 and flows[0].condition is None):
        return flows
    seen = play.visible(scope)
    variables = {**seen, **given} if given else seen
    if node.kind == "complexGateway":
        variables = {**variables, "waitingForStart": True}
    if node.kind == "exclusiveGateway":
        chosen = _first_that_holds(play, node, variables)
    else:
        chosen = [flow for flow in flows if flow.id != node.default and holds(play, flow, variables)]
        chosen = chosen or [flow for flow in flows if flow.id == node.default]
    if not chosen:
        raise Stuck(
            "Expected one of the conditions after it to hold, but none does and there is no default flow.",
            "Inget av villkoren på vägarna härifrån är uppfyllt, och ingen väg är förval.",
        )
    return chosen


def _need_room(play: Play, node: Node) -> None:
    """Tokens multiply: no more may be on their way than there are steps left for them."""
    if len(play.queue) + len(node.outgoing) * node.completion_quantity > play.steps_left:
        play.steps_left = -1
        play.check_steps()


def _first_that_holds(play: Play, node: Node, variables: Variables) -> list[Flow]:
    """Or the default flow, wherever it stands."""
    otherwise = []
    for flow in node.outgoing:
        if flow.id == node.default:
            otherwise = [flow]
        elif holds(play, flow, variables):
            return [flow]
    return otherwise


def holds(play: Play, flow: Flow, variables: Variables) -> bool:
    if flow.condition is None:
        return True
    held = play.value(flow.condition, variables)
    if held.__class__ is not bool:
        raise Stuck(
            f"Expected the condition of {flow.id!r} to be true or false, but it is neither.",
            f"Villkoret på ”{flow.name or flow.id}” ska vara sant eller falskt, men är något annat.",
        )
    return bool(held)


# --- joins -----------------------------------------------------------------------------------------------------------


def arrive_at_parallel(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """§13.4.1: fires when each incoming flow has a token, and takes one from each. What is more than that, stays."""
    if len(node.incoming) < 2 or flow is None:
        leave(play, scope, node)
    elif len(put(play, scope, node, flow)) == len(node.incoming):
        fire(play, scope, node)
        play.queue.append(("leave", scope, node))


def arrive_at_inclusive(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """§13.4.3: a join decides when no token moves any more, see `settle`."""
    if len(node.incoming) < 2 or flow is None:
        leave(play, scope, node)
    else:
        put(play, scope, node, flow)


def gather(play: Play, scope: int, node: Node, flow: Flow | None) -> bool:
    """§13.3.2: an activity waits for `startQuantity` tokens, on whichever flows. True: all are there, and one now."""
    if sum(put(play, scope, node, flow).values()) < node.start_quantity:
        return False
    fire(play, scope, node)
    return True


def rest(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """Before an activity of an ad-hoc sub-process a token waits until somebody begins it (§13.3.5)."""
    put(play, scope, node, flow)


def take(play: Play, scope: int, node: Node, count: int) -> None:
    """`count` of the tokens that wait before an activity are used up, in the order of its flows."""
    taken: dict[str, int] = {}
    for flow, waiting in play.run(scope)["joins"][node.id].items():
        taken[flow] = min(waiting, count - sum(taken.values()))
    _use_up(play, scope, node, taken)


def merge(play: Play, scope: int, node: Node, taken: Mapping[str, int]) -> None:
    """So many tokens of each flow, where they wait, become a single one."""
    _use_up(play, scope, node, taken)
    play.run(scope)["live"] += 1


def _use_up(play: Play, scope: int, node: Node, taken: Mapping[str, int]) -> None:
    run = play.run(scope)
    left = {flow: count - taken.get(flow, 0) for flow, count in run["joins"][node.id].items()}
    run["live"] -= sum(taken.values())
    run["joins"][node.id] = {flow: count for flow, count in left.items() if count}
    if not run["joins"][node.id]:
        del run["joins"][node.id]
    if not run["joins"]:
        del run["joins"]


def put(play: Play, scope: int, node: Node, flow: Flow | None) -> dict[str, int]:
    waiting = play.run(scope).setdefault("joins", {}).setdefault(node.id, {})
    came_on = flow.id if flow is not None else ""
    waiting[came_on] = waiting.get(came_on, 0) + 1
    play.touched[scope] = None
    return waiting


def fire(play: Play, scope: int, node: Node) -> None:
    """One token from each incoming flow that has one becomes a single one, which the caller sends on; before an
    activity, all that wait do."""
    waiting = play.run(scope)["joins"][node.id]
    merge(play, scope, node, waiting if node.start_quantity > 1 else dict.fromkeys(waiting, 1))
    if node.kind == "complexGateway":
        play.run(scope).setdefault("resets", {})[node.id] = list(waiting)
    _clear_deadlock(play, scope, node)


def unsettled(play: Play) -> list[int]:
    """The scopes whose tokens moved and in which some wait for others: those have to be settled."""
    found = []
    for scope in play.touched:
        run = play.runs.get(str(scope))
        if run is not None and ("joins" in run or "resets" in run or "ad_hoc" in run):
            found.append(scope)
    return found


def settle(play: Play, scopes: Sequence[int]) -> bool:
    """With every token at rest: let an inclusive join in `scopes` fire, which moves tokens again (true), else look for
    dead joins.

    An ad-hoc sub-process that is closing is over once nothing is under way in it.
    """
    for scope in scopes:
        if _is_over(play.run(scope)):
            play.queue.append(("over", scope))
            return True
    joining = [scope for scope in scopes if "joins" in play.run(scope)]
    for scope in joining:
        ready = next(_ready(play, scope), None)
        if ready:
            fire(play, scope, ready)
            play.queue.append(("leave", scope, ready))
            return True
    for scope in joining:
        _find_deadlocks(play, scope)
    return False


def _is_over(run: Run) -> bool:
    return run.get("ad_hoc") == "closing" and not run.get("kids") and "stuck" not in run


def _ready(play: Play, scope: int) -> Iterator[Node]:
    """Inclusive joins of a scope that need not wait any longer (Table 13.3).

    A token that can still come to an empty incoming flow on a path around the gateway is waited for, unless it can
    also come to a flow where a token waits already.
    """
    for node in _waiting_joins(play, scope):
        if node.kind == "inclusiveGateway":
            waiting = play.run(scope)["joins"][node.id]
            if not any(is_awaited(play, node, waiting, place) for place in all_places(play, scope, node)):
                yield node


def is_awaited(play: Play, node: Node, waiting: Mapping[str, int], place: str) -> bool:
    sources = play.graph.sources
    return any(flow.id not in waiting and place in sources[flow.id] for flow in node.incoming) and not any(
        place in sources[flow] for flow in waiting
    )


def _waiting_joins(play: Play, scope: int) -> Iterator[Node]:
    for node in play.run(scope)["joins"]:
        yield play.graph.nodes[node]


def _places(play: Play, scope: int) -> Iterator[str]:
    """The nodes where tokens of this scope are at work; of one held before or behind an element, also the next ones."""
    for number in play.kids(play.run(scope)):
        run = play.run(number)
        if "asked" in run:  # compensation gives the flow no token
            continue
        yield run["at"]
        if run.get("stuck") == "leave":
            yield from (flow.target for flow in play.node(run).outgoing)
        elif "via" in run:
            yield from (flow.source for flow in play.node(run).incoming if flow.id == run["via"])


def all_places(play: Play, scope: int, but: Node) -> Iterable[str]:
    """As `_places`, with the tokens that wait at other joins."""
    yield from _places(play, scope)
    yield from (node for node in play.run(scope).get("joins", ()) if node != but.id)


# --- deadlock --------------------------------------------------------------------------------------------------------


def _find_deadlocks(play: Play, scope: int) -> None:
    """A join is dead when no token at work can come to a flow it waits for: all later tokens stem from those."""
    ad_hoc = play.run(scope).get("ad_hoc")
    for node in _waiting_joins(play, scope):
        if ad_hoc and (ad_hoc == "closing" or node.kind in ACTIVITIES):
            continue  # it waits for people, or for the end
        if _deadlock(play, scope, node) is None and not _is_fed(play, scope, node):
            number = play.add({"at": node.id, "on": scope, "stuck": "join"})
            play.changes.append(IncidentRaised(number, node.id, *_why_dead(play, scope, node)))


def _is_fed(play: Play, scope: int, node: Node) -> bool:
    waiting = play.run(scope)["joins"][node.id]
    places = [*_places(play, scope), *_can_be_begun(play, scope)]
    takes_more = node.start_quantity > 1
    if node.kind == "complexGateway":  # one more token on any flow, or other data, may be what it waits for
        if node.id in play.run(scope).get("resets", ()):
            return True
        counts = {"activationCount", *(flow.id for flow in node.incoming)}
        if node.activation is not None and node.activation.names - counts:
            return bool(places)
        takes_more = True
    asked = [flow.id for flow in node.incoming if takes_more or flow.id not in waiting]
    empty = [play.graph.sources[flow] for flow in asked]
    return any(place in sources for place in places for sources in empty)


def _can_be_begun(play: Play, scope: int) -> Iterable[str]:
    """In an ad-hoc sub-process: where people may still put a token."""
    run = play.run(scope)
    return (*play.graph.scopes[run["at"]].starts, *run["joins"]) if "ad_hoc" in run else ()


def _why_dead(play: Play, scope: int, node: Node) -> tuple[str, str]:
    """What a dead join waits for, in Swedish and English."""
    waiting = play.run(scope)["joins"][node.id]
    if node.kind == "complexGateway":
        return (
            "Här väntar flöden på att gatewayens villkor ska bli uppfyllt, men inget mer kan komma.",
            "Expected the activation condition of the gateway to hold some time, but nothing more can come.",
        )
    if node.start_quantity > 1:
        needed, count = node.start_quantity, sum(waiting.values())
        return (
            f"Här ska {needed} flöden ha kommit fram, men bara {count} har gjort det och inget mer kan komma.",
            f"Expected {needed} tokens to come here, but only {count} did, and none can come any more.",
        )
    flows = ", ".join(flow.name or flow.id for flow in node.incoming if flow.id not in waiting)
    return (
        f"Här väntar ett flöde på ett annat som inte längre kan komma: {flows}.",
        f"Expected tokens on all incoming flows of the join, but none can come any more on {flows}.",
    )


def _deadlock(play: Play, scope: int, node: Node) -> int | None:
    """The incident that is already raised at this join."""
    for number in play.run(scope).get("watch", ()):
        run: Run = play.run(number)
        if run["at"] == node.id and run.get("stuck") == "join":
            return number
    return None


def _clear_deadlock(play: Play, scope: int, node: Node) -> None:
    number = _deadlock(play, scope, node)
    if number is not None:
        play.drop(number)
        play.changes.append(IncidentCleared(number, node.id))
