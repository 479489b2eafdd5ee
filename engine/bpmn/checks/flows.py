"""The static rules of BPMN 2.0.2 for sequence flows: where they go, and on what condition."""

from __future__ import annotations

from collections.abc import Iterator

from engine.bpmn.checks.subject import Rule, Subject
from engine.bpmn.findings import Finding
from engine.bpmn.model import ACTIVITIES, EVENTS, Flow, Node

_SPLITS_BY_CONDITION = frozenset({"exclusiveGateway", "inclusiveGateway"})


def flows_stay_in_their_scope(subject: Subject) -> Iterator[Finding]:
    """§10.3.5: no sequence flow crosses the edge of a sub-process."""
    for node in subject.nodes():
        for flow in node.outgoing:
            if subject.graph.nodes[flow.target].scope != node.scope:
                yield subject.error(
                    flow,
                    "flow-crosses-scope",
                    "{who} ska hålla sig inom sin delprocess, men går från {source} till {target}",
                    "{who} should stay in its sub-process, but goes from {source} to {target}",
                    "Dra flödet till delprocessens kant, eller använd en händelse.",
                    "Draw the flow to the edge of the sub-process, or use an event.",
                    source=subject.label(node),
                    target=subject.label(flow.target),
                )


def no_double_flows(subject: Subject) -> Iterator[Finding]:
    """Allowed (§13.2.1), and nearly always a slip: two tokens come, or a join waits for both."""
    for node in subject.nodes():
        seen: set[str] = set()
        for flow in node.outgoing:
            if flow.target in seen and flow.condition is None:
                yield subject.warning(
                    flow,
                    "double-flow",
                    "två flöden går från {source} till {target}, och {who} är det andra",
                    "two flows lead from {source} to {target}, and {who} is the second",
                    "Ta bort det ena om det inte är meningen att båda ska gå.",
                    "Remove one of them unless both are meant to be taken.",
                    source=subject.label(node),
                    target=subject.label(flow.target),
                )
            seen.add(flow.target)


def conditions_stand_where_they_count(subject: Subject) -> Iterator[Finding]:
    """§8.4.13: a flow from an event, a parallel or an event-based gateway has no condition."""
    for node in subject.nodes("parallelGateway", "eventBasedGateway", *EVENTS):
        for flow in node.outgoing:
            if flow.condition is not None:
                yield subject.error(
                    flow,
                    "condition-not-allowed",
                    "{who} går från {source} och ska inte ha något villkor, men har ett",
                    "{who} leaves {source} and should have no condition, but has one",
                    "Ta bort villkoret, eller låt flödet gå från en exklusiv eller inkluderande gateway.",
                    "Remove the condition, or let the flow leave an exclusive or inclusive gateway.",
                    source=subject.label(node),
                )


def conditions_have_an_alternative(subject: Subject) -> Iterator[Finding]:
    """§8.4.13: where a conditional flow leaves an activity, another flow does too; else the token could go nowhere."""
    for node in subject.nodes(*ACTIVITIES):
        if len(node.outgoing) == 1 and node.outgoing[0].condition is not None:
            yield subject.error(
                node.outgoing[0],
                "lone-condition",
                "{who} har ett villkor, och då ska minst ett flöde till gå från {source}, men det gör inget",
                "{who} has a condition, and so at least one more flow should leave {source}, but none does",
                "Ta bort villkoret, eller rita vägen för när det inte gäller.",
                "Remove the condition, or draw the way for when it does not hold.",
                source=subject.label(node),
            )


def default_flow_leaves_its_node(subject: Subject) -> Iterator[Finding]:
    """§10.6.2: the default flow is one of those that leave the gateway or activity, and has no condition."""
    for node in subject.nodes():
        if node.default is None or node.id in subject.broken:
            continue
        flow = next((flow for flow in node.outgoing if flow.id == node.default), None)
        if flow is None:
            yield subject.error(
                node,
                "default-flow",
                "standardflödet från {who} ska vara ett av dess utgående flöden, men är det inte",
                "the default flow of {who} should be one of its outgoing flows, but is not",
                "Välj standardflöde på nytt.",
                "Choose the default flow anew.",
            )
        elif flow.condition is not None:
            yield subject.warning(
                flow,
                "default-flow",
                "{who} är standardflöde från {source}, så dess villkor läses aldrig",
                "{who} is the default flow of {source}, so its condition is never looked at",
                "Ta bort villkoret.",
                "Remove the condition.",
                source=subject.label(node),
            )
        elif node.kind in ACTIVITIES and any(_is_bare(subject, node, other) for other in node.outgoing):
            yield subject.warning(
                flow,
                "default-flow",
                "{who} är standardflöde från {source}, men ett annat flöde därifrån går alltid, så det tas aldrig",
                "{who} is the default flow of {source}, but another flow is always taken, so that it never is",
                "Ge de andra flödena villkor, eller ta bort markeringen som standardflöde.",
                "Give the other flows conditions, or remove the default mark.",
                source=subject.label(node),
            )


def splits_have_conditions(subject: Subject) -> Iterator[Finding]:
    """§10.6.2, §10.6.3: each flow out of an exclusive or inclusive split has a condition, or is the default."""
    for node in subject.nodes(*_SPLITS_BY_CONDITION):
        if len(node.outgoing) < 2:
            continue
        bare = [flow for flow in node.outgoing if _is_bare(subject, node, flow)]
        if len(bare) == len(node.outgoing):
            yield subject.error(
                node,
                "split-without-conditions",
                "{who} delar vägen i {count}, men inget av flödena har ett villkor",
                "{who} splits the path in {count}, but none of the flows has a condition",
                "Ge flödena villkor, till exempel ${{utfall == 'ja'}}, och välj ett standardflöde.",
                "Give the flows conditions, such as ${{utfall == 'ja'}}, and choose a default flow.",
                count=len(node.outgoing),
            )
            continue
        for flow in bare:
            yield subject.error(
                flow,
                "flow-without-condition",
                "{who} från {source} ska ha ett villkor eller vara standardflöde, men är inget av dem",
                "{who} from {source} should have a condition or be the default flow, but is neither",
                "Ge flödet ett villkor, eller markera det som standardflöde.",
                "Give the flow a condition, or mark it as the default flow.",
                source=subject.label(node),
            )


def _is_bare(subject: Subject, node: Node, flow: Flow) -> bool:
    return flow.condition is None and flow.id != node.default and flow.id not in subject.broken


def splits_have_a_default(subject: Subject) -> Iterator[Finding]:
    """§13.4.2: where no condition holds and there is no default, a gateway cannot go on. Nor can an activity."""
    for node in subject.nodes(*_SPLITS_BY_CONDITION, "complexGateway", *ACTIVITIES):
        conditional = [flow for flow in node.outgoing if flow.condition is not None]
        if node.kind in ACTIVITIES and len(conditional) < 2:
            continue  # told above
        if conditional and len(conditional) == len(node.outgoing) and node.default is None:
            yield subject.warning(
                node,
                "no-default",
                "{who} har inget standardflöde: gäller inget av villkoren stannar ärendet där",
                "{who} has no default flow: if none of the conditions holds, the case stops there",
                "Välj ett standardflöde, om villkoren inte säkert täcker alla fall.",
                "Choose a default flow, unless the conditions are sure to cover all cases.",
            )


RULES: tuple[Rule, ...] = (
    flows_stay_in_their_scope,
    no_double_flows,
    conditions_stand_where_they_count,
    conditions_have_an_alternative,
    default_flow_leaves_its_node,
    splits_have_conditions,
    splits_have_a_default,
)
