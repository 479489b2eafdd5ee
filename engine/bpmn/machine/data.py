"""Data of activities and events: taken as they begin, waited for, given as they end (§10.4, §13.3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from engine.bpmn.changes import Variables, WaitClosed, WaitOpened
from engine.bpmn.machine import incidents
from engine.bpmn.machine.play import Play, Stuck, same
from engine.bpmn.model import DataAssociation, DataFlow, DataSet, Flow, Node

# --- taken -----------------------------------------------------------------------------------------------------------


def is_ready(play: Play, scope: int, node: Node) -> bool:
    """Is there a complete input set? Without one the activity does not begin."""
    data = node.data
    return data is None or not data.input_sets or _chosen(data, play.visible(scope)) is not None


def take(play: Play, number: int, data: DataFlow) -> None:
    """Fill the inputs and properties of run `number`, which now begins."""
    seen = play.visible(number)
    chosen = _chosen(data, seen)
    if data.taken or data.inputs:
        play.keep_local(number, _taken(play, data, seen, chosen))
    if chosen is not None and (chosen.late or chosen.gives is not None):
        play.run(number)["began"] = data.input_sets.index(chosen)
    if chosen is not None and chosen.late:
        play.root.setdefault("late", []).append(number)


def take_back(play: Play, number: int) -> None:
    """Run `number` did not begin after all."""
    play.run(number).pop("began", None)
    root = play.root
    if number in root.get("late", ()):
        root["late"].remove(number)
        if not root["late"]:
            del root["late"]


def _refresh(play: Play) -> None:
    """§10.4.1: some inputs may be taken while the activity executes. Looks at those that have any, no others."""
    root = play.root
    late = [number for number in root["late"] if play.exists(number) and "kept" not in play.run(number)]
    for number in late:
        run = play.run(number)
        data, own = play.node(run).data or DataFlow(), run.get("vars", {})
        chosen = data.input_sets[run["began"]]
        with suppress(Stuck):  # as long as it cannot be made it has not come
            taken = _taken(play, data, play.visible(run["scope"]), chosen)
            new = {name: taken[name] for name in chosen.late if name in taken and not _is(own, name, taken[name])}
            play.keep_local(number, new)
            for name in new:
                play.look_at(name)
    if late:
        root["late"] = late
    else:
        del root["late"]


def _is(own: Variables, name: str, value: Any) -> bool:
    return name in own and same(own[name], value)


def carried(play: Play, scope: int, node: Node) -> Variables:
    """What a throw event takes along: its inputs, by name. An event does not wait for them."""
    data = node.data
    if data is None:
        return {}
    seen = play.visible(scope)
    if data.input_sets and _chosen(data, seen) is None:
        raise _missing(data, seen)
    taken = _taken(play, data, seen, _chosen(data, seen))
    return {name: taken[name] for name in data.inputs if name in taken}


def missing_at_start(data: DataFlow, given: Mapping[str, Any]) -> Stuck | None:
    """What a process should be given to start, by its own input sets, and is not."""
    if not data.input_sets or any(all(name in given for name in one.required) for one in data.input_sets):
        return None
    return _missing(data, given)


def _chosen(data: DataFlow, seen: Mapping[str, Any]) -> DataSet | None:
    """The first input set that is complete."""
    return next((one for one in data.input_sets if not any(_lacks(data, seen, one.required))), None)


def _lacks(data: DataFlow, seen: Mapping[str, Any], required: Sequence[str]) -> Iterator[str]:
    """The variables that inputs wait for. One that nothing is drawn to is filled by its name, if at all."""
    for name in required:
        ways = [one for one in data.taken if one.target == name]
        if ways and not any(all(source in seen for source in way.sources) for way in ways):
            yield from (source for source in ways[0].sources if source not in seen)


def _taken(play: Play, data: DataFlow, seen: Variables, chosen: DataSet | None) -> Variables:
    wanted = data.inputs if chosen is None else (*chosen.required, *chosen.optional)
    taken: Variables = {name: seen[name] for name in wanted if name in seen and not _is_filled(data, name)}
    for one in data.taken:
        if (one.target in wanted or one.target not in data.inputs) and all(name in seen for name in one.sources):
            taken[one.target] = _value(play, one, {**seen, **taken}, taken.get(one.target))
    return taken


def _is_filled(data: DataFlow, name: str) -> bool:
    return any(one.target == name for one in data.taken)


def _value(play: Play, association: DataAssociation, seen: Variables, before: Any) -> Any:
    """The value an association gives its target, of which `before` is what an assignment to a part of it keeps."""
    if association.stores:
        seen = {**seen, **{name: play.in_store(store) for name, store in association.stores.items()}}
    value = before if association.value is None else play.value(association.value, seen)
    for assignment in association.assignments:
        value = _put(value, assignment.path, play.value(assignment.value, seen))
    return value


def _put(whole: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    kept = dict(whole) if isinstance(whole, dict) else {}
    kept[path[0]] = _put(kept.get(path[0]), path[1:], value)
    return kept


# --- given -----------------------------------------------------------------------------------------------------------


def given(play: Play, node: Node, seen: Variables, result: Variables, began: int | None = None) -> Variables:
    """What of `result` reaches the scope around an activity or event that ends. `seen`: what can be seen from it, its
    own variables and `result` included; `began`: the input set that it began with, where that is of importance."""
    data = node.data
    if data is None:
        return result
    kept = {} if data.outputs else {name: value for name, value in result.items() if name not in data.own}
    if not data.given:
        return kept
    there = {name for name in data.outputs if name in result}
    if data.output_sets and data.outputs:
        there &= _output_set(data, there, began)
    for one in data.given:
        if not all(source in there or (source not in data.outputs and source in seen) for source in one.sources):
            continue
        if one.store is not None:
            play.put_in_store(node.id, one.store, _value(play, one, seen, play.in_store(one.store)))
        else:
            kept[one.target] = _value(play, one, seen, kept.get(one.target, seen.get(one.target)))
    return kept


def _output_set(data: DataFlow, there: set[str], began: int | None) -> set[str]:
    """The first output set that is complete, of those that are expected (§10.4.1: where none is, that is an error)."""
    places = None if began is None else data.input_sets[began].gives
    expected = [one for place, one in enumerate(data.output_sets) if places is None or place in places]
    for one in expected:
        if there.issuperset(one.required):
            return {*one.required, *one.optional}
    lacking = ", ".join(sorted(set(expected[0].required) - there)) if expected else "utdata"
    raise Stuck(
        f"Expected {lacking} among what the element gives, but it is not there.",
        f"Här ska {lacking} lämnas vidare, men det finns inte med.",
    )


# --- waited for ------------------------------------------------------------------------------------------------------


def wait(play: Play, scope: int, node: Node, flow: Flow | None) -> None:
    """The token waits before its activity until there is a complete input set."""
    number = play.add({"at": node.id, "scope": scope, "open": "data"})
    run = play.run(number)
    if flow is not None:
        run["via"] = flow.id
    play.root.setdefault("hungry", []).append(number)
    lacking = _names(node.data, play.visible(scope)) if node.data else ""
    play.changes.append(WaitOpened(number, node.id, "data", lacking))


def settle(play: Play) -> None:
    """With every token at rest: let those begin whose data has come. Looks at those that wait for data, no others."""
    root = play.root
    if "late" in root:
        _refresh(play)
    if "hungry" not in root:
        return
    hungry = [number for number in root["hungry"] if play.exists(number) and play.run(number).get("open") == "data"]
    waiting = [
        number for number in hungry if not is_ready(play, play.run(number)["scope"], play.node(play.run(number)))
    ]
    for number in sorted(set(hungry) - set(waiting)):
        _let_in(play, number)
    if waiting:
        root["hungry"] = waiting
    else:
        del root["hungry"]


def _let_in(play: Play, number: int) -> None:
    run = play.run(number)
    node = play.node(run)
    play.changes.append(WaitClosed(number, node.id, "completed", kind="data"))
    play.drop(number)
    play.queue.append(("enter", run["scope"], node, incidents.flow_of(run, node)))


def find_deadlock(play: Play) -> None:
    """Where all that is left waits for data, none can come any more: an incident at each."""
    hungry = play.root.get("hungry")
    if not hungry or any(run.get("open", "data") != "data" or "stuck" in run for run in play.runs.values()):
        return
    del play.root["hungry"]
    for number in hungry:
        run = play.run(number)
        node = play.node(run)
        why = _missing(node.data or DataFlow(), play.visible(run["scope"]))
        play.changes.append(WaitClosed(number, node.id, "cancelled", kind="data"))
        play.drop(number)
        incidents.park(play, ("enter", run["scope"], node, incidents.flow_of(run, node)), why)


def _names(data: DataFlow, seen: Mapping[str, Any]) -> str:
    """What the first input set lacks, for people to read."""
    lacking = [*_lacks(data, seen, data.input_sets[0].required)]
    return ", ".join(dict.fromkeys(lacking or (name for name in data.input_sets[0].required if name not in seen)))


def _missing(data: DataFlow, seen: Mapping[str, Any]) -> Stuck:
    names = _names(data, seen)
    return Stuck(
        f"Expected data to begin with, but nothing gives {names}.",
        f"Här behövs {names} för att börja, men inget lämnar det.",
    )
