"""A decision as it is asked: SpiffWorkflow's model and engine walk the rules, the subclass goes on where it stops.

Stock, its parser reads one decision a file and stumbles over descriptions; its engine knows the hit policies UNIQUE
(where it stops at the first match, and so never sees that there are two) and COLLECT (without aggregation); its cells
are Python. Here cells, columns and outputs are compiled already when it gets them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from lxml import etree
from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
from SpiffWorkflow.dmn.parser.DMNParser import DMNParser
from SpiffWorkflow.exceptions import SpiffWorkflowException

from engine.bpmn.dmn.feel import INNER, Cell
from engine.bpmn.dmn.types import Type
from engine.bpmn.expressions import BUILTINS, Budget, Compiled, Functions
from engine.bpmn.expressions.values import unlimited
from engine.bpmn.findings import listed, shown
from engine.bpmn.read.document import local
from engine.errors import ExpressionError, Refused

MANY = frozenset({"COLLECT", "RULE ORDER", "OUTPUT ORDER"})
"""Hit policies that give a list."""

_SKIPPED = frozenset({"description", "annotation", "extensionElements"})


@dataclass(frozen=True, slots=True)
class Column:
    """An input: `inner` is the name of its value in cells, `label` what people call it."""

    inner: str
    label: str
    value: Compiled
    type: Type


@dataclass(frozen=True, slots=True)
class Output:
    """`order`: the values of outputValues, most important first. `default` applies where no rule does."""

    name: str
    type: Type
    order: tuple[Any, ...] = ()
    default: Compiled | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A table as SpiffWorkflow holds it, or a literal expression.

    `required`: the decisions it rests on, with the inner name of each one's value and those of its outputs. `order`:
    all it rests on, through others too, in the order in which they are decided. `known`: inner name -> what people call
    it.
    `inputs`: inner name -> variable of the case, for input data whose name has blanks. `reads`: the variables that it
    needs of the case, `calls`: the functions; both with those of all it rests on.
    """

    key: str
    name: str
    line: int
    file: str
    variable: str
    policy: str = ""
    aggregation: str = ""
    columns: tuple[Column, ...] = ()
    outputs: tuple[Output, ...] = ()
    table: Any = None
    literal: Compiled | None = None
    required: tuple[tuple[str, str, Mapping[str, str]], ...] = ()
    order: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()

    @property
    def gives_many(self) -> bool:
        return self.policy in MANY and not self.aggregation


Results = list[dict[str, Any]]
"""An object for each rule that counts, in order; one at most where the hit policy is for one."""


def results_of(decision: Decision, scope: dict[str, Any], functions: Functions, budget: Budget) -> Results:
    """Decide, with `scope` holding the variables and what is required. Raises Refused (ExpressionError where a cell has
    no value), which says where."""
    task = _Task(decision, scope, functions, budget)
    if decision.literal is not None:
        value = task.value(decision.literal)
        _fitting(task, decision.outputs[0], value)
        return [{decision.outputs[0].name: value}]
    matches = _Engine(decision.table, decision.policy).decide(task)
    if not matches:
        return _by_default(task)
    found = _POLICIES[decision.policy](task, matches)
    return _aggregated(decision, found) if decision.aggregation else found


def value_in(result: Any, name: str) -> Any:
    """The value of output `name`; `a.b` stands inside `a`, as SpiffWorkflow lays it out."""
    for part in name.split("."):
        result = result[part]
    return result


def value_of(decision: Decision, results: Results) -> Any:
    """What a decision that requires this one sees of it."""
    if len(decision.outputs) == 1:
        values = [value_in(result, decision.outputs[0].name) for result in results]
    else:
        values = list(results)
    return values if decision.gives_many else values[0] if values else None


def refused(decision: Decision, en: str, sv: str) -> Refused:
    return Refused(f"{_who(decision)[0]}: Expected {en}.", f"{_who(decision)[1]}: {sv}.")


def _who(decision: Decision) -> tuple[str, str]:
    name = shown(decision.name or decision.key)
    return f'Decision "{name}"', f"Beslutstabellen ”{name}”"


# --- hit policies (DMN 1.3 §8.2.10) --------------------------------------------------------------------------------


def _one(task: _Task, matches: list[Any]) -> Results:
    if len(matches) > 1:
        en, sv = _rows(matches)
        raise refused(
            task.decision,
            f"one rule to match, but rules {en} do",
            f"en enda regel ska gälla, men reglerna {sv} gör det",
        )
    return [task.result(matches[0])]


def _first(task: _Task, matches: list[Any]) -> Results:
    return [task.result(matches[0])]


def _all(task: _Task, matches: list[Any]) -> Results:
    return [task.result(rule) for rule in matches]


def _any(task: _Task, matches: list[Any]) -> Results:
    results = _all(task, matches)
    if any(result != results[0] for result in results):
        en, sv = _rows(matches)
        raise refused(
            task.decision,
            f"all rules that match to say the same, but rules {en} do not",
            f"alla regler som gäller ska säga samma sak, men reglerna {sv} gör inte det",
        )
    return results[:1]


def _by_priority(task: _Task, matches: list[Any]) -> Results:
    return sorted(_all(task, matches), key=lambda result: _rank(task.decision, result))


def _highest(task: _Task, matches: list[Any]) -> Results:
    return _by_priority(task, matches)[:1]


def _rank(decision: Decision, result: dict[str, Any]) -> tuple[int, ...]:
    """Places in outputValues, the first output first; outputs without are no part of it."""
    return tuple(
        next((place for place, known in enumerate(output.order) if known == value_in(result, output.name)), 10**6)
        for output in decision.outputs
        if output.order
    )


_POLICIES: Mapping[str, Callable[[_Task, list[Any]], Results]] = {
    "UNIQUE": _one,
    "FIRST": _first,
    "ANY": _any,
    "PRIORITY": _highest,
    "COLLECT": _all,
    "RULE ORDER": _all,
    "OUTPUT ORDER": _by_priority,
}


def _rows(rules: list[Any]) -> tuple[str, str]:
    rows = [str(rule.row_number) for rule in rules]
    return listed(rows, "and"), listed(rows, "och")


def _by_default(task: _Task) -> Results:
    decision = task.decision
    if any(output.default for output in decision.outputs):
        result: dict[str, Any] = {}
        for output in decision.outputs:
            value = task.value(output.default) if output.default else None
            _fitting(task, output, value)
            _put(result, output.name, value)
        return [result]
    return [_nested(decision, 0)] if decision.aggregation == "COUNT" else []


def _aggregated(decision: Decision, results: Results) -> Results:
    values = [value_in(result, decision.outputs[0].name) for result in results]
    if decision.aggregation == "COUNT":
        return [_nested(decision, len(values))]
    try:
        return [_nested(decision, BUILTINS[decision.aggregation.lower()][0](unlimited(), values))]
    except ExpressionError:
        raise refused(
            decision,
            f"numbers for {decision.aggregation}, but an output is something else or the result is too large",
            f"{decision.aggregation} behöver tal, men ett utvärde är något annat eller resultatet för stort",
        ) from None


def _nested(decision: Decision, value: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    _put(result, decision.outputs[0].name, value)
    return result


def _put(result: dict[str, Any], name: str, value: Any) -> None:
    *outer, last = name.split(".")
    for part in outer:
        result = result.setdefault(part, {})
    result[last] = value


# --- SpiffWorkflow, extended ---------------------------------------------------------------------------------------


class _Stopped(SpiffWorkflowException):  # type: ignore[misc]
    """Carries our error through SpiffWorkflow, which wraps any that is not of its own kind."""

    def __init__(self, error: Refused) -> None:
        super().__init__("")
        self.error = error


class _Expressions:
    """What SpiffWorkflow's rules ask of a script engine: the value of an output entry."""

    def evaluate(self, task: _Task, entry: Compiled) -> Any:
        try:
            return task.value(entry)
        except Refused as error:
            raise _Stopped(error) from None


class _Task:
    """What SpiffWorkflow's DMN engine asks of a task: one asking of one decision."""

    workflow = SimpleNamespace(script_engine=_Expressions())

    def __init__(self, decision: Decision, data: dict[str, Any], functions: Functions, budget: Budget) -> None:
        self.decision = decision
        self.data = data
        self.functions = functions
        self.budget = budget
        self._columns = {column.inner: column for column in decision.columns}

    def value(self, compiled: Compiled) -> Any:
        for name in compiled.names & self._columns.keys():
            self.see(self._columns[name])
        try:
            return compiled.evaluate(self.data, self.functions, self.budget)
        except ExpressionError as error:
            raise self.at(error, "", "") from None

    def see(self, column: Column) -> None:
        """Have the column's value at hand: evaluated once, and only where a rule looks at it."""
        if column.inner in self.data:
            return
        try:
            value = column.value.evaluate(self.data, self.functions, self.budget)
            self.data[column.inner] = column.type.taken(value, self.data, self.functions, self.budget)
        except Refused as error:
            raise self.at(error, f', column "{column.label}"', f", kolumnen ”{column.label}”") from None

    def result(self, rule: Any) -> dict[str, Any]:
        """What a matching rule gives, by output."""
        try:
            result: dict[str, Any] = dict(rule.output_as_dict(self))
            for output in self.decision.outputs:
                _fitting(self, output, value_in(result, output.name))
        except _Stopped as stopped:
            raise self.at(stopped.error, *_row(rule)) from None
        except Refused as error:
            raise self.at(error, *_row(rule)) from None
        return result

    def at(self, error: Refused, en: str, sv: str) -> Refused:
        """The error with the decision and what else is known of the place, once."""
        begin_en, begin_sv = _who(self.decision)
        said_en, said_sv = (
            INNER.sub(lambda match: self.decision.known.get(match[0], match[0]), text) for text in (error.en, error.sv)
        )
        if said_en.startswith(begin_en):
            said = type(error)(begin_en + en + said_en[len(begin_en) :], begin_sv + sv + said_sv[len(begin_sv) :])
        else:
            said = type(error)(f"{begin_en}{en}: {said_en}", f"{begin_sv}{sv}: {said_sv}")
        if isinstance(error, ExpressionError) and isinstance(said, ExpressionError):
            said.source = error.source
        return said


def _row(rule: Any) -> tuple[str, str]:
    return f", rule {rule.row_number}", f", regel {rule.row_number}"


def _fitting(task: _Task, output: Output, value: Any) -> None:
    try:
        output.type.taken(value, task.data, task.functions, task.budget)
    except Refused as error:
        raise task.at(error, f', output "{output.name}"', f", utkolumnen ”{output.name}”") from None


class _Engine(DMNEngine):  # type: ignore[misc]
    """Walks all rules as the hit policy needs them; what a cell is, its own compiled test says."""

    def __init__(self, table: Any, policy: str) -> None:
        super().__init__(table)
        self._policy = policy

    def decide(self, task: _Task) -> list[Any]:
        matches = []
        for rule in self.decision_table.rules:
            task.budget.steps -= 1 + len(rule.inputEntries)
            try:
                if self._DMNEngine__check_rule(rule, task):
                    matches.append(rule)
            except _Stopped as stopped:
                raise task.at(stopped.error, *_row(rule)) from None
            if matches and self._policy == "FIRST":
                break
        return matches

    def evaluate(self, column: Column, cell: Cell | None, task: _Task) -> bool:
        if cell is None or cell.test is None:
            return True
        try:
            task.see(column)
            return task.value(cell.test) is True
        except Refused as error:
            raise _Stopped(error) from None


class Parser(DMNParser):  # type: ignore[misc]
    """Reads one decision of a file that may hold several."""

    def decision_from(self, element: etree._Element) -> Any:
        return self._parse_decision([element])

    def _parse_inputs_outputs(self, table: Any, element: etree._Element) -> None:
        super()._parse_inputs_outputs(table, [child for child in element if local(child) not in _SKIPPED])

    def _parse_input_output_element(self, table: Any, element: etree._Element, kind: Any, index: int) -> Any:
        """Stock, it parses outputs as Python. Ours are read as FEEL, by `read`, and put in their place there."""
        column = (table.inputs if kind.__name__ == "InputEntry" else table.outputs)[index]
        entry = kind(element.get("id"), column)
        if hasattr(entry, "lhs"):
            entry.lhs = [None]
        return entry
