"""Decisions (DMN): tables and literal expressions, alone or resting on each other, decided by SpiffWorkflow's engine.

    hit policies   UNIQUE, FIRST, ANY, PRIORITY, RULE ORDER, OUTPUT ORDER, COLLECT; COLLECT with SUM, MIN, MAX, COUNT
    cells          FEEL unary tests, see `feel`; each column's value can be named in cells by the column's label
    columns        typeRef is kept to, allowed values too; outputs may have defaults, and values in order of priority
    required       decisions of the same deployment, in whichever file: known by their variable's name, their own name
                   or id; and, as Camunda has it, each output of one by its own name

A case keeps dates as ISO text; `date("2026-01-01")`, or the type of a column, makes a cell compare them as dates.
Files of DMN 1.1 to 1.5 are read. Whatever else DMN has is refused by name when a process is deployed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.bpmn.dmn.read import read
from engine.bpmn.dmn.tables import Decision, Results, refused, results_of, value_in, value_of
from engine.bpmn.expressions import NO_FUNCTIONS, Budget, Functions, Variables
from engine.bpmn.findings import Finding
from engine.errors import Refused

__all__ = ["Decision", "decide", "decisions_in"]


def decide(
    files: Mapping[str, bytes],
    key: str,
    variables: Variables,
    functions: Functions = NO_FUNCTIONS,
    *,
    mapping: str = "resultList",
    budget: Budget | None = None,
) -> Any:
    """The result of decision `key`, found in the `*.dmn` of `files`, for these variables.

    `mapping` as in the Camunda 7 profile: `resultList` an object per matching rule; `singleResult` that of the only
    match, or None; `collectEntries` the values of the only output; `singleEntry` its one value, or None.
    Raises `Refused` where there is no such decision or the rules do not give what is asked for, `ExpressionError` where
    a cell cannot be evaluated.
    """
    decisions, _ = read(_sources(files))
    if key not in decisions:
        raise Refused(
            f"Expected a decision {key!r} among the files of the process, but there is none.",
            f"Beslutstabellen {key!r} finns inte bland processens filer.",
        )
    budget = budget or Budget()
    decided: dict[str, Results] = {}
    for one in (*decisions[key].order, key):
        decided[one] = results_of(decisions[one], _scope(decisions, one, variables, decided), functions, budget)
    return _mapped(decisions[key], decided[key], mapping)


def decisions_in(files: Mapping[str, bytes]) -> tuple[dict[str, Decision], list[Finding]]:
    """The decisions of all `*.dmn` that can be asked, by key, and everything found."""
    decisions, findings = read(_sources(files))
    return dict(decisions), list(findings)


def _sources(files: Mapping[str, bytes]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, files[name]) for name in sorted(files) if Path(name).suffix.lower() == ".dmn")


def _scope(
    decisions: Mapping[str, Decision], key: str, variables: Variables, decided: Mapping[str, Results]
) -> dict[str, Any]:
    """The variables, and under their inner names what was decided before and input data with blanks in its name."""
    decision = decisions[key]
    scope = dict(variables)
    for required, inner, outputs in decision.required:
        scope[inner] = value_of(decisions[required], decided[required])
        for name, output in outputs.items():
            scope[output] = value_in(decided[required][0], name) if decided[required] else None
    for inner, name in decision.inputs.items():
        if name in variables:
            scope[inner] = variables[name]
    return scope


def _mapped(decision: Decision, results: Results, mapping: str) -> Any:
    if mapping == "resultList":
        return results
    if mapping in ("singleEntry", "collectEntries") and len(decision.outputs) != 1:
        raise refused(
            decision,
            f"one output for {mapping}, but there are {len(decision.outputs)}",
            f"{mapping} kräver en enda utkolumn, men det finns {len(decision.outputs)}",
        )
    name = decision.outputs[0].name
    if mapping == "collectEntries":
        return [value_in(result, name) for result in results]
    if len(results) > 1:
        raise refused(
            decision,
            f"at most one match for {mapping}, but there are {len(results)}",
            f"{mapping} kräver att högst en regel gäller, men {len(results)} gör det",
        )
    if not results:
        return None
    return results[0] if mapping == "singleResult" else value_in(results[0], name)
