"""Our own rules: work reaches people who exist, tasks can be told apart, and those who reported hear back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.bpmn.checks.named import suggestion
from engine.bpmn.checks.paths import Paths
from engine.bpmn.checks.subject import HUMAN, Rule, Subject
from engine.bpmn.expressions import Template
from engine.bpmn.findings import Finding, listed, shown
from engine.bpmn.model import ACTIVITIES, GLOBAL_TASKS, TASKS, Graph, Node

FEEDBACK = "aterkoppling"


# --- who does it (R38) ---------------------------------------------------------------------------------------------


def human_tasks_reach_somebody(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes(*HUMAN):
        if node.work and node.work.candidates is None and node.work.assignee is None and node.id not in subject.broken:
            yield subject.error(
                node,
                "no-candidates",
                "{who} ska visas för någon, men har varken kandidatgrupp eller ansvarig",
                "{who} should reach somebody, but has neither candidate groups nor an assignee",
                "Ange rollen som kandidatgrupp (candidateGroups), till exempel storsthlm.",
                "Give the role as a candidate group, such as storsthlm.",
            )


def ad_hoc_activities_reach_somebody(subject: Subject) -> Iterator[Finding]:
    """Somebody must be able to begin each: its own candidates, or those of the ad-hoc sub-process."""
    for whole in subject.nodes("adHocSubProcess"):
        if whole.work is not None or whole.id in subject.broken:
            continue
        for node in subject.inside[whole.id]:
            if node.kind in ACTIVITIES and node.kind not in HUMAN and not node.triggered_by_event and not node.work:
                yield subject.error(
                    node,
                    "no-candidates",
                    "{who} ska kunna startas av någon, men varken den eller {whole} har en kandidatgrupp",
                    "{who} should be begun by somebody, but neither it nor {whole} has candidate groups",
                    "Ge ad hoc-delprocessen egenskapen candidateGroups med rollen, till exempel storsthlm.",
                    "Give the ad-hoc sub-process the property candidateGroups with the role, such as storsthlm.",
                    whole=subject.label(whole),
                )


def roles_are_known(subject: Subject) -> Iterator[Finding]:
    """Wherever candidates stand: at what people do, and at who may start a case, read it or see some of it."""
    known = subject.context.roles
    if known is None:
        return
    for owner, roles in _all_roles(subject):
        for role in sorted(roles - set(known)):
            yield subject.error(owner, "unknown-role", *_UNKNOWN_ROLE, role=shown(role), known=suggestion(role, known))


_UNKNOWN_ROLE = (
    "{who} anger rollen ”{role}”, som inte finns",
    '{who} names the role "{role}", which does not exist',
    "Rätta rollen. {known}",
    "Correct the role. {known}",
)


def _all_roles(subject: Subject) -> Iterator[tuple[Node | Graph, set[str]]]:
    for node in subject.nodes(*HUMAN, "adHocSubProcess"):
        if node.work and node.work.candidates:
            yield node, _named_roles(node.work.candidates)
    graph = subject.graph
    yield graph, {_role(candidate) or candidate for candidate in graph.starter_roles}
    for candidates in (graph.facts.readers, *graph.visible.values()):
        if candidates is not None:
            yield graph, _named_roles(candidates)


def _named_roles(candidates: Template) -> set[str]:
    """All that are surely roles: those outside expressions, and `'role:'` before a scope within one."""
    named = {role for part in _outside_expressions(candidates) if (role := _role(part))}
    return named if candidates.literal is not None else named | set(_BEFORE_SCOPE.findall(candidates.source))


_BEFORE_SCOPE = re.compile(r"""(?<=['"])[\w-]+(?=:['"])""")


def human_tasks_lie_in_the_lane_of_their_role(subject: Subject) -> Iterator[Finding]:
    """R38: a lane per task, known as role, and the same role as does the task."""
    known = subject.context.roles
    if known is None or subject.graph.kind in GLOBAL_TASKS:  # which lie nowhere
        return
    if not subject.graph.lanes and any(subject.nodes(*HUMAN)):
        yield subject.error(
            subject.graph,
            "no-lane",
            "{who} ska ha en bana för varje roll som gör något, men har inga banor",
            "{who} should have a lane for each role that does something, but has no lanes",
            "Rita en pool med banor, och lägg varje uppgift i den bana vars roll gör den.",
            "Draw a pool with lanes, and put each task in the lane whose role does it.",
        )
        return
    for node in subject.nodes(*HUMAN):
        lane, roles = subject.lanes.get(node.lane), _roles(node)
        if lane is None:
            yield subject.error(
                node,
                "no-lane",
                "{who} ska ligga i en bana som visar vem som gör den, men ligger inte i någon",
                "{who} should lie in a lane that shows who does it, but lies in none",
                "Dra uppgiften till rollens bana, eller rita en.",
                "Drag the task to the lane of the role, or draw one.",
            )
        elif lane.role not in known:
            yield subject.error(
                node,
                "lane-role",
                "{who} ligger i {lane}, men ”{role}” är ingen roll",
                '{who} lies in {lane}, but "{role}" is no role',
                "Ge banan egenskapen role med rollens nyckel. {known}",
                "Give the lane the property role with the key of the role. {known}",
                lane=subject.label(lane),
                role=shown(lane.role),
                known=suggestion(lane.role, known),
            )
        elif roles and lane.role not in roles:
            yield subject.error(
                node,
                "lane-role",
                "{who} görs av {roles}, men ligger i {lane}, som hör till {role}",
                "{who} is done by {roles_en}, but lies in {lane}, which belongs to {role}",
                "Flytta uppgiften till rätt bana, eller ändra kandidatgruppen.",
                "Move the task to the right lane, or change the candidate group.",
                roles=listed(sorted(roles), "eller"),
                roles_en=listed(sorted(roles), "or"),
                lane=subject.label(lane),
                role=shown(lane.role),
            )


def _roles(node: Node) -> set[str] | None:
    """The roles that candidates name, as far as that can be seen without a case; None where it cannot."""
    candidates = node.work.candidates if node.work else None
    if candidates is None:
        return set()
    named = {_role(part) for part in _outside_expressions(candidates)}
    return None if None in named else {role for role in named if role}


def _outside_expressions(candidates: Template) -> set[str]:
    """`a:${x}@kommun, b` -> parts, split at commas that stand in no expression."""
    if candidates.literal is not None:
        return set(candidates.literal.split(","))
    whole = re.sub(r"\$\{[^}]*\}", lambda found: found[0].replace(",", " "), candidates.source)
    return set(whole.split(","))


def _role(candidate: str) -> str | None:
    """`role[:scope][@side]` -> role; from `${'role:' + x}` too; None where only the case will tell."""
    candidate = candidate.strip()
    if found := re.match(r"\$\{\s*(['\"])([\w-]+)[:@]", candidate):
        return found[2]
    role = re.split(r"[:@]", candidate, maxsplit=1)[0].strip()
    return None if "$" in role or "{" in role else role


# --- names and numbers ---------------------------------------------------------------------------------------------


def human_tasks_have_names(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes(*HUMAN):
        if not node.name.strip():
            yield subject.warning(
                node,
                "no-name",
                "{who} har inget namn, och det är namnet som syns i inkorgen",
                "{who} has no name, and the name is what the inbox shows",
                "Ge uppgiften ett namn, till exempel Bedöm rapporten.",
                "Name the task, for example Assess the report.",
            )


def tasks_have_names_of_their_own(subject: Subject) -> Iterator[Finding]:
    """In the whole process: the inbox and the history of a case show names, not levels. Handlers that do the same in
    several places may be called the same."""
    seen: dict[str, Node] = {}
    for node in subject.nodes(*TASKS, "callActivity"):
        name = " ".join(node.name.split()).casefold()
        if name and (other := seen.setdefault(name, node)) is not node and not _do_the_same(node, other):
            yield subject.warning(
                node,
                "same-name",
                "{who} heter likadant som {other}, så de går inte att skilja åt i inkorgen och historiken",
                "{who} has the same name as {other}, so the inbox and the history cannot tell them apart",
                "Ge dem olika namn.",
                "Give them different names.",
                other=subject.label(other),
            )


def _do_the_same(one: Node, other: Node) -> bool:
    return one.topic is not None and (one.kind, one.topic) == (other.kind, other.topic)


def number_series_is_short(subject: Subject) -> Iterator[Finding]:
    series = subject.graph.number_series
    if series is not None and not re.fullmatch(r"[A-ZÅÄÖ]{1,6}", series):
        yield subject.error(
            subject.graph,
            "number-series",
            "{who}: nummerserien ska vara en till sex stora bokstäver, som PS i PS-2026-0001, men är ”{series}”",
            '{who}: the number series should be one to six capitals, as PS in PS-2026-0001, but is "{series}"',
            "Rätta egenskapen case.numberSeries.",
            "Correct the property case.numberSeries.",
            series=shown(series),
        )


# --- feedback on each rung (R38) -----------------------------------------------------------------------------------


def each_decision_is_followed_by_feedback(subject: Subject) -> Iterator[Finding]:
    """Where the process asks for it (`check.feedback` = true): after each human task with the property `beslut`, before
    the next such task or the end, whoever reported hears back. On no path: an error; not on all: a warning.
    """
    graph = subject.graph
    if graph.properties.get("check.feedback", "").strip().casefold() != "true":
        return
    decisions = {node.id for node in subject.nodes(*HUMAN) if "beslut" in node.properties}
    feedback = {node.id for node in subject.nodes() if _gives_feedback(node)}
    paths = Paths(graph, interruptions=False)
    for node in (graph.nodes[decision] for decision in sorted(decisions)):
        until = paths.reachable(paths.after(node.id), stop=lambda step: step in decisions or step in feedback)
        if not until & feedback:
            yield subject.error(
                node,
                "no-feedback",
                "{who} är ett beslut, men ingen återkoppling följer före nästa beslut eller slut",
                "{who} is a decision, but no feedback follows before the next decision or the end",
                "Rita en tjänsteuppgift med ämnet aterkoppling efter beslutet, eller sänd ett sådant meddelande.",
                "Draw a service task with topic aterkoppling after the decision, or throw a message of that name.",
            )
        elif any(step in decisions or not paths.after(step) for step in until - feedback):
            yield subject.warning(
                node,
                "no-feedback",
                "{who} är ett beslut, men på någon väg följer ingen återkoppling före nästa beslut eller slut",
                "{who} is a decision, but on some path no feedback follows before the next decision or the end",
                "Kontrollera de vägarna, och rita återkoppling där den fattas.",
                "Look at those paths, and draw feedback where it is missing.",
            )


def _gives_feedback(node: Node) -> bool:
    throws = node.kind in ("intermediateThrowEvent", "endEvent", "sendTask")
    said = node.event.name if throws and node.event and node.event.kind == "message" else node.topic
    return said is not None and re.fullmatch(rf"{FEEDBACK}([_.-].*)?", said) is not None


RULES: tuple[Rule, ...] = (
    human_tasks_reach_somebody,
    ad_hoc_activities_reach_somebody,
    roles_are_known,
    human_tasks_lie_in_the_lane_of_their_role,
    human_tasks_have_names,
    tasks_have_names_of_their_own,
    number_series_is_short,
    each_decision_is_followed_by_feedback,
)
