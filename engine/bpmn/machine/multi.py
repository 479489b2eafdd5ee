"""Multi-instance activities: a body that counts, and instances that do the work (§13.3.7).

An instance costs the same however many there are: the body knows only numbers, an instance only its body.
"""

from __future__ import annotations

from typing import Any

from engine.bpmn.changes import ElementPassed, Variables
from engine.bpmn.expressions import Expression
from engine.bpmn.machine import compensation, events, tokens, waits
from engine.bpmn.machine.play import Play, Stuck, plain
from engine.bpmn.machine.runs import Run
from engine.bpmn.model import MultiInstance, Node


def begin(play: Play, body: int, node: Node, loop: MultiInstance) -> None:
    """Count the instances once, and start all of them, or the first. With none, the token goes straight on."""
    items = _items(play, body, loop)
    total = len(items)
    _take(play, total, at_once=0 if loop.sequential else total)
    run = play.run(body)
    run.update({"total": total, "first": play.reserve(total), "done": 0, "base": 1})
    if loop.sequential:
        run["sequential"] = True
        if loop.collection is not None:
            run["items"] = items
    for index in range(min(total, 1) if loop.sequential else total):
        play.queue.append(("instance", body, index, items[index]))
    if not total:
        play.queue.append(("body", body, {}))


def _items(play: Play, body: int, loop: MultiInstance) -> list[Any]:
    seen = play.visible(body)
    if loop.collection is not None:
        items = play.value(loop.collection, seen)
        if not isinstance(items, list):
            raise Stuck(
                f"Expected the collection {loop.collection.source!r} to be a list, but it is something else.",
                f"”{loop.collection.source}” ska vara en lista, men är något annat.",
            )
        return items
    count = play.value(loop.cardinality, seen) if loop.cardinality is not None else None
    if count.__class__ is not int or count < 0:
        raise Stuck(
            "Expected the number of instances to be a whole number of at least 0, but it is something else.",
            "Antalet upprepningar ska vara ett heltal från 0 och uppåt, men är något annat.",
        )
    _take(play, count, at_once=0)
    return [None] * count


def _take(play: Play, total: int, at_once: int) -> None:
    """Count instances that begin in this call against its limit; no body may have more than that either."""
    limit = play.env.limits.instances
    if total > limit or at_once > play.instances_left:
        raise Stuck(
            f"Expected at most {limit} instances of multi-instance activities at a time, but there would be more.",
            f"Högst {limit} upprepningar får startas på en gång, men här skulle det bli fler.",
        )
    play.instances_left -= at_once


def add_instance(play: Play, body: int, index: int, item: Any, checked: bool = True) -> int:
    """A run for instance `index`, with the variables it has to itself."""
    held = play.run(body)
    if checked:
        _take(play, held["total"], at_once=1 if "sequential" in held else 0)
    node = play.node(held)
    number = play.add({"at": node.id, "scope": body, "index": index}, held["first"] + index)
    own: Variables = {"loopCounter": held.get("base", 0) + index}
    if node.loop is not None and node.loop.output_item:
        own[node.loop.output_item] = None
    if node.loop is not None and node.loop.element_variable:
        own[node.loop.element_variable] = item
    play.keep_local(number, own, checked)
    play.steps_left += play.env.limits.steps_per_instance
    return number


def item_of(run: Run, node: Node) -> Any:
    """What an instance got of the collection."""
    return run["vars"].get(node.loop.element_variable or "") if node.loop else None


def end_instance(
    play: Play, number: int, node: Node, loop: MultiInstance, result: Variables, keeps: bool = False
) -> None:
    """An instance is done: keep its output, throw what there is to throw, and see whether it was the last or enough.
    With `keeps` it may have to be compensated."""
    run = play.run(number)
    body = run["scope"]
    held = play.run(body)
    seen = {**play.visible(number), **result}
    output, size = _output(play, loop, seen)
    enough, thrown = _decided(play, body, loop, held, seen)
    writes = play.plan(number, result)
    play.weigh(size)
    data = waits.taken_over(play, number, run, play.write(writes))
    compensation.retire(play, number, run, keeps)
    if loop.output_collection:
        if not keeps:
            play.add({"at": node.id, "scope": body, "index": run["index"]}, number)
        play.run(number)["out"] = output
        play.state["bytes"] += size
    play.changes.append(ElementPassed(node.id, "completed", (), data))
    held["done"] += 1
    for implicit in thrown:
        events.throw_at(play, body, node, implicit)
        if not play.exists(body):
            return  # caught by what interrupts it
    if enough:
        _cancel_rest(play, body)
    _next(play, body, held, enough)


def _decided(
    play: Play, body: int, loop: MultiInstance, held: Run, seen: Variables
) -> tuple[bool, list[events.Implicit]]:
    """As an instance ends: whether it was enough, and the events that are thrown (§10.3.8)."""
    counters = _counters(held)
    named = {prefix + name: count for name, count in counters.items() for prefix in ("nrOf", "numberOf")}
    enough = loop.completion is not None and _holds(play, loop.completion, {**seen, **named})
    fulfilled = [one for one in loop.complex if _holds(play, one.condition, {**seen, **named})]
    thrown = [one.event for one in fulfilled if one.event is not None]
    if loop.thrown is not None and (loop.behavior == "None" or not held["done"]):
        thrown.append(loop.thrown)
    own = {f"numberOf{name}": count for name, count in counters.items()}
    return enough or bool(fulfilled), [events.implicit(play, body, event, own) for event in thrown]


def _counters(held: Run) -> dict[str, int]:
    """Table 10.30, with the instance that ends just now."""
    done, total = held["done"] + 1, held["total"]
    active = min(1, total - done) if "sequential" in held else total - done
    return {"Instances": total, "ActiveInstances": active, "CompletedInstances": done, "TerminatedInstances": 0}


def _next(play: Play, body: int, held: Run, enough: bool) -> None:
    if enough or held["done"] == held["total"]:
        play.queue.append(("body", body, {}))
    elif "sequential" in held:
        index = held["done"]
        play.queue.append(("instance", body, index, held["items"][index] if "items" in held else None))


def _output(play: Play, loop: MultiInstance, seen: Variables) -> tuple[Any, int]:
    """The instance's part of the output collection, and its size."""
    if not loop.output_collection:
        return None, 0
    value = play.value(loop.output_element, seen) if loop.output_element is not None else None
    return plain(loop.output_collection, value)


def _holds(play: Play, condition: Expression, seen: Variables) -> bool:
    """A condition sees what the instance sees, and the counters under both their names."""
    held_true = play.value(condition, seen)
    if held_true.__class__ is not bool:
        raise Stuck(
            "Expected the completion condition to be true or false, but it is neither.",
            "Villkoret för när upprepningen är klar ska vara sant eller falskt, men är något annat.",
        )
    return bool(held_true)


def _cancel_rest(play: Play, body: int) -> None:
    for kid in play.kids(play.run(body)):
        if not {"out", "kept"} & play.run(kid).keys():
            waits.cancel(play, kid)
    waits.recall(play, body)


def end_body(play: Play, body: int, given: Variables) -> None:
    """All instances are done: their output, in the order of the instances, reaches the scope around the activity."""
    run = play.run(body)
    node = play.node(run)
    kids = play.kids(run)
    collection = node.loop.output_collection if node.loop else None
    outputs: list[Any] = [None] * run["total"]
    for kid in kids if collection else ():
        outputs[play.run(kid)["index"]] = play.run(kid)["out"]
    result = {collection: outputs, **given} if collection else given
    freed = plain(collection, outputs)[1] if collection else 0
    if "asked" in run:
        compensation.done(play, body, node, result, freed)
        return
    flows, data = events.land(play, run["scope"], node, result, freed)
    waits.stop_listening(play, run)
    for kid in kids:
        play.forget_output(kid)
    compensation.retire(play, body, run, compensation.keeps(play, run, node))
    tokens.go(play, run["scope"], node, flows, data)
