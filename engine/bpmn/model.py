"""The compact executable graph of one process definition: immutable, shared by all cases of that version.

Names are those of BPMN 2.0.2; every `kind` is the element's XML local name. What a definition says in
expressions is compiled once, here, and never parsed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from engine.bpmn.compensation import Compensation, compensation_in
from engine.bpmn.expressions import Expression, Script, Template

TASKS = frozenset(
    {"task", "userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask"}
)
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"})
SYNCHRONIZING = frozenset({"parallelGateway", "inclusiveGateway", "complexGateway"})
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
GLOBAL_TASKS = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}
"""What may be called without a process around it (§10.3.6) -> what it is there."""
SUB_PROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITIES = TASKS | {"callActivity"} | SUB_PROCESSES
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
OVER_AT_ONCE = frozenset({"task", "scriptTask"})
"""These never wait: nothing can come to their boundary in between."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow (§8.4.13)."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: Expression | None = None
    line: int = 0
    is_link: bool = False
    """Not drawn: what a pair of link events stands for (§10.5.5)."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """How a message is told from others of its name (§8.4.2), by the correlation key with id `key`.

    `paths`: the key's properties as expressions on what the message carries. `expected`: the same as expressions on the
    case's variables, where the process has a subscription; else what the first message of the conversation carried.
    """

    key: str
    paths: tuple[Template, ...]
    expected: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What an event waits for or throws (§10.5).

    `kind`: none, message, timer, signal, error, escalation, conditional, link, compensate, cancel or terminate; of
    several, multiple (any of `parts`) or parallelMultiple (all of them).
    `name`: the name of the message, signal or link, the error's or escalation's code (None: any code), or the id of the
    activity to compensate (None: all of the scope).
    `waits`: a thrown compensation is waited for (waitForCompletion).
    `timer`: a template giving ISO 8601 or cron text; `timer_kind`: timeDate, timeDuration or timeCycle.
    `key`: the correlation key, evaluated when the wait is set up or the message thrown; or else `correlation`.
    `payload`: name -> template, what a thrown message or signal carries.
    `condition`: what a conditional event waits for to become true; of the names in it `stores` are data stores: the
    name -> the store's own.
    `code_variable`, `message_variable`: where a catching error or escalation event stores what it caught.
    """

    kind: str = "none"
    name: str | None = None
    timer: Template | None = None
    timer_kind: str | None = None
    condition: Expression | None = None
    stores: Mapping[str, str] = field(default_factory=dict)
    key: Template | None = None
    correlation: Correlation | None = None
    payload: Mapping[str, Template] = field(default_factory=dict)
    code_variable: str | None = None
    message_variable: str | None = None
    waits: bool = True
    parts: tuple[Event, ...] = ()

    @property
    def triggers(self) -> tuple[Event, ...]:
        """The event itself, or where there are several, its parts."""
        return self.parts or (self,)


@dataclass(frozen=True, slots=True)
class ComplexBehavior:
    """Once `condition` is true as an instance ends, `event` is thrown and the activity is done (§10.3.8)."""

    condition: Expression
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class MultiInstance:
    """Multi-instance loop characteristics (§13.3.7). Either `cardinality` or `collection` is set.

    Each instance has a scope of its own: what it writes stays there unless a variable of that name lies further out,
    and `output_element` (evaluated in that scope as it ends) lands at its index in `output_collection` in the enclosing
    scope when the whole activity ends; the place of an instance that was cancelled is null.

    `behavior` (§10.3.8) says when an instance that ends throws an event for the boundary of the activity: None:
    each, One: the first, All: never, Complex: as `complex` has it. `thrown` is that event; without a name it is the
    default signal, which carries the counters. `output_item` is the outputDataItem, a variable of each instance.
    """

    sequential: bool
    cardinality: Expression | None = None
    collection: Expression | None = None
    element_variable: str | None = None
    completion: Expression | None = None
    output_collection: str | None = None
    output_element: Expression | None = None
    output_item: str | None = None
    behavior: str = "All"
    thrown: Event | None = None
    complex: tuple[ComplexBehavior, ...] = ()


@dataclass(frozen=True, slots=True)
class StandardLoop:
    """Standard loop characteristics (§10.3.8, §13.3.6): turn after turn as long as `condition` is true.

    `test_before`: it is asked before the first turn too. No condition: `maximum` turns. A turn sees in `loopCounter`
    how many went before it; what it writes reaches the scope around at once, as it does without a loop.
    """

    condition: Expression | None = None
    test_before: bool = False
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class AdHoc:
    """How an ad-hoc sub-process goes (§10.3.5). No `completion`: a person says when it is done."""

    is_sequential: bool = False
    completion: Expression | None = None
    cancel_remaining: bool = True


@dataclass(frozen=True, slots=True)
class HumanWork:
    """Who does a user or manual task, until when and with which form.

    `candidates` gives `role[:scope][@side]`, several separated by commas or as a list.
    `due` and `follow_up` give an ISO date or datetime, `priority` a whole number (0-100, 50 the default).
    """

    candidates: Template | None = None
    assignee: Template | None = None
    due: Template | None = None
    follow_up: Template | None = None
    priority: Template | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What a call activity calls: a process by key, `binding` latest, deployment or version.

    Variables: `all_in`/`all_out` pass everything; `inputs`/`outputs` map target name -> expression on the giving side.
    """

    key: Template
    binding: str = "latest"
    version: int | None = None
    business_key: Template | None = None
    all_in: bool = False
    all_out: bool = False
    inputs: Mapping[str, Template] = field(default_factory=dict)
    outputs: Mapping[str, Template] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a business-rule task decides with: a DMN decision by key and where its result goes.

    `mapping`: singleEntry, singleResult, collectEntries or resultList (as in the Camunda 7 profile).
    """

    key: str
    result_variable: str
    mapping: str = "singleResult"


@dataclass(frozen=True, slots=True)
class DataElement:
    """A data object or property of a process or sub-process (§10.4.1): the variable `variable` of that scope.

    `state` and `item` (the structure of its item definition) are what the diagram says of it; they are not enforced.
    """

    id: str
    kind: str
    scope: str
    variable: str
    name: str = ""
    is_collection: bool = False
    state: str = ""
    item: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class DataStore:
    """A data store that the process reads or writes (§10.4.1), known by `name` in all processes and cases.

    `is_written`: some association leads to it. `is_watched`: some event waits for a condition on it. What the diagram
    says of its size (`capacity`, `is_unlimited`) and of what it holds (`item`) is kept, and not enforced.
    """

    name: str
    is_written: bool = False
    capacity: int | None = None
    is_unlimited: bool = True
    item: str = ""
    line: int = 0
    is_watched: bool = False


@dataclass(frozen=True, slots=True)
class DataSet:
    """An input or output set (§10.4.1): it is complete once all `required` variables are there.

    `late`, of an input set: those of the optional ones that are taken while the activity executes too. `gives`: the
    places of the output sets that are expected of the activity where it begins with this one (None: any).
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    gives: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """`value` goes to the place `path` in the target of its association; the empty path is the target itself."""

    value: Template
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataAssociation:
    """§10.4.2. Once all `sources` are there, `target` gets `value` (a copy, or the transformation), then `assignments`.

    All are variables: of the element itself where they are its inputs, outputs or properties, else of those around it.
    But `stores` are data stores: the name by which the association speaks of one -> the store's own. They are always
    there. Where `target` is a data store too, `store` is its own name.
    """

    sources: tuple[str, ...]
    target: str
    value: Template | None = None
    assignments: tuple[Assignment, ...] = ()
    stores: Mapping[str, str] = field(default_factory=dict)
    store: str | None = None

    @property
    def texts(self) -> tuple[Template, ...]:
        own = () if self.value is None else (self.value,)
        return (*own, *(assignment.value for assignment in self.assignments))


@dataclass(frozen=True, slots=True)
class DataFlow:
    """What an activity or event takes and gives (§10.4.1, §13.3.2).

    It begins with the first complete one of `input_sets`, filled by `taken`, and waits until there is one. At its end
    the first complete one of `output_sets` goes on by `given`. Where it has `outputs`, only that reaches the scope
    around; else everything it gave but `own`, its inputs and properties, which live and die with it.
    """

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    input_sets: tuple[DataSet, ...] = ()
    output_sets: tuple[DataSet, ...] = ()
    taken: tuple[DataAssociation, ...] = ()
    given: tuple[DataAssociation, ...] = ()
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Node:
    """A flow node (§8.4.10): an activity, gateway or event, with what the machine needs to play it.

    `scope` is the id of the process or sub-process around it. `incoming`/`outgoing` are in document order.
    `inputs`/`outputs` are camunda:inputOutput: inputs make variables local to the activity; where outputs exist, only
    they reach the enclosing scope, otherwise everything the activity gave does.
    `compensated_by`: of a compensation boundary event, the activities that its associations lead to: its handler.
    `for_compensation`: the activity is such a handler, outside the flow (isForCompensation).
    """

    id: str
    kind: str
    scope: str
    name: str = ""
    lane: str | None = None
    documentation: str = ""
    line: int = 0
    incoming: tuple[Flow, ...] = ()
    outgoing: tuple[Flow, ...] = ()
    default: str | None = None
    event: Event | None = None
    attached_to: str | None = None
    interrupting: bool = True
    boundary: tuple[str, ...] = ()
    loop: MultiInstance | None = None
    standard_loop: StandardLoop | None = None
    ad_hoc: AdHoc | None = None
    start_quantity: int = 1
    """So many tokens must come before the activity begins; it takes them all (§13.3.2)."""
    completion_quantity: int = 1
    """So many tokens leave on each flow that is taken."""
    triggered_by_event: bool = False
    for_compensation: bool = False
    compensated_by: tuple[str, ...] = ()
    instantiate: bool = False
    parallel: bool = False
    """An event-based gateway all of whose events must come (eventGatewayType Parallel, §10.6.6)."""
    activation: Expression | None = None
    """When a complex gateway fires (§10.6.5)."""
    work: HumanWork | None = None
    topic: str | None = None
    script: Script | None = None
    decision: Decision | None = None
    call: Call | None = None
    inputs: Mapping[str, Template] = field(default_factory=dict)
    outputs: Mapping[str, Template] = field(default_factory=dict)
    data: DataFlow | None = None
    async_before: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """A process or sub-process as a container: where it starts and which event sub-processes listen in it."""

    id: str
    starts: tuple[str, ...] = ()
    """Start events a token may be put on; where a scope has none, the nodes without incoming flow."""
    event_sub_processes: tuple[str, ...] = ()
    locals: frozenset[str] = frozenset()
    """The variables that live and die with it: its data objects and properties."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the case shows of itself: templates over its variables, evaluated after each step (properties `case.*`)."""

    title: Template | None = None
    status: Template | None = None
    party: Template | None = None
    area: Template | None = None
    business_key: Template | None = None
    sealed_to: Template | None = None
    readers: Template | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane and the role whose work it shows (its property `role`, else its name)."""

    id: str
    name: str
    role: str
    nodes: frozenset[str]
    line: int = 0


@dataclass(frozen=True)  # no slots: it keeps what is worked out from it
class Graph:
    """One executable process. `nodes` are keyed by id over all scopes; `scopes` holds the process under its own id.

    A global task (`kind` globalUserTask and the like) is one too: a start, the task, an end.
    """

    key: str
    name: str
    nodes: Mapping[str, Node]
    scopes: Mapping[str, Scope]
    lanes: tuple[Lane, ...] = ()
    facts: Facts = field(default_factory=Facts)
    number_series: str | None = None
    starter_roles: tuple[str, ...] = ()
    """Candidates (`role[:scope]`) who may start a case by hand (camunda:candidateStarterGroups)."""
    visible: Mapping[str, Template] = field(default_factory=dict)
    """Variable name -> candidates who may see it (properties `visible.<name>`); others see that it is withheld."""
    properties: Mapping[str, str] = field(default_factory=dict)
    documentation: str = ""
    line: int = 0
    kind: str = "process"
    data: tuple[DataElement, ...] = ()
    takes: DataFlow | None = None
    """What the process itself takes and gives, by its ioSpecification."""
    stores: Mapping[str, DataStore] = field(default_factory=dict)
    """The data stores that it reads or writes, by name."""

    @cached_property
    def locals(self) -> Mapping[str, frozenset[str]]:
        """Sub-process -> the variables that live and die with it, where it has any."""
        return {scope.id: scope.locals for scope in self.scopes.values() if scope.locals and scope.id != self.key}

    @cached_property
    def has_ad_hoc_work(self) -> bool:
        """People may have to choose what is done, and when (§13.3.5)."""
        return any(node.kind == "adHocSubProcess" for node in self.nodes.values())

    @cached_property
    def ways_in(self) -> tuple[Node, ...]:
        """What a case may start at: start events, receive tasks that instantiate, and the alternatives of event-based
        gateways that do."""
        starts = (self.nodes[start] for start in self.scopes[self.key].starts if start in self.nodes)
        return tuple(node for start in starts for node in self._entered_at(start))

    def _entered_at(self, start: Node) -> tuple[Node, ...]:
        if start.kind != "eventBasedGateway":
            return (start,)
        return tuple(self.nodes[flow.target] for flow in start.outgoing)

    @cached_property
    def sources(self) -> Mapping[str, frozenset[str]]:
        """For each flow into a join: the nodes a token can come to it from, on a path around that join (§13.4.3). An
        activity that waits for several tokens is none: it may be at work already, and feed itself. Each is found when
        it is asked for: of many flows into many joins most never are."""
        return _Sources(self.nodes)

    @cached_property
    def fleeting(self) -> frozenset[str]:
        """The activities that are over as they begin: with nothing of their own, and nothing to remember of them."""
        return frozenset(
            node.id
            for node in self.nodes.values()
            if node.kind in OVER_AT_ONCE
            and node.loop is None
            and node.standard_loop is None
            and node.data is None
            and not (node.inputs or node.outputs)
            and node.id not in self.compensation.asked
        )

    @cached_property
    def compensation(self) -> Compensation:
        """How activities are compensated, and which may have to be."""
        return compensation_in(self)


class _Sources(dict[str, frozenset[str]]):
    """Sequence flow -> the nodes before it. Nodes are numbered, and a set of them is an integer with a bit for each."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        super().__init__()
        self._ids = tuple(nodes)
        self._numbers = {node: number for number, node in enumerate(nodes)}
        self._before = [self._just_before(node) for node in nodes.values()]
        self._flows = {flow.id: flow for node in nodes.values() for flow in node.incoming}
        self._joins = {node.id for node in nodes.values() if node.kind in SYNCHRONIZING}

    def _just_before(self, node: Node) -> int:
        before = 1 << self._numbers[node.attached_to] if node.attached_to in self._numbers else 0
        for flow in node.incoming:
            before |= 1 << self._numbers[flow.source]
        return before

    def __missing__(self, flow_id: str) -> frozenset[str]:
        flow = self._flows[flow_id]
        around = 1 << self._numbers[flow.target] if flow.target in self._joins else 0
        ahead, found = (1 << self._numbers[flow.source]) & ~around, 0
        while ahead:
            one = ahead & -ahead
            found |= one
            ahead = (ahead | self._before[one.bit_length() - 1]) & ~(found | around)
        bits = (number for number in range(found.bit_length()) if found >> number & 1)
        self[flow_id] = frozenset(self._ids[number] for number in bits)
        return self[flow_id]
