"""Our own rules: what a process names exists, its work reaches people, and those who reported hear back."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from engine.bpmn.checks.paths import Paths
from engine.bpmn.checks.subject import HUMAN, CheckContext, Compiled, Subject, texts_of, texts_of_graph
from engine.bpmn.dmn import Decision
from engine.bpmn.expressions import BUILTINS, Template
from engine.bpmn.findings import Finding, Label, Place, label, listed, shown
from engine.bpmn.model import ACTIVITIES, GLOBAL_TASKS, Graph, Node

FEEDBACK = "aterkoppling"
_NOT_LISTED = 12  # names to suggest from, at most


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
    known = subject.context.roles
    if known is None:
        return
    for node in subject.nodes(*HUMAN, "adHocSubProcess"):
        for role in sorted((_roles(node) or set()) - set(known)):
            yield subject.error(node, "unknown-role", *_UNKNOWN_ROLE, role=shown(role), known=_suggestion(role, known))
    for role in sorted({_role(candidate) or candidate for candidate in subject.graph.starter_roles} - set(known)):
        yield subject.error(
            subject.graph, "unknown-role", *_UNKNOWN_ROLE, role=shown(role), known=_suggestion(role, known)
        )


_UNKNOWN_ROLE = (
    "{who} anger rollen ”{role}”, som inte finns",
    '{who} names the role "{role}", which does not exist',
    "{known}",
    "{known}",
)


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
                known=_suggestion(lane.role, known),
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


# --- what is named exists ------------------------------------------------------------------------------------------


def forms_exist(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes(*HUMAN, "startEvent"):
        form = node.work.form if node.work else None
        if form is not None and form not in subject.forms:
            yield subject.error(
                node,
                "unknown-form",
                "{who} visar formuläret ”{form}”, men filen forms/{form}.json finns inte med",
                '{who} shows form "{form}", but there is no file forms/{form}.json',
                "Lägg till filen, eller rätta formulärnyckeln. {known}",
                "Add the file, or correct the form key. {known}",
                form=shown(form),
                known=_suggestion(form, subject.forms),
            )


def handlers_exist(subject: Subject) -> Iterator[Finding]:
    """R38: only handlers that were reviewed and registered."""
    known = subject.context.topics
    for node in subject.nodes("serviceTask", "sendTask"):
        if node.id in subject.broken:
            continue
        if node.topic is None and node.event is None:
            yield subject.error(
                node,
                "no-topic",
                "{who} ska säga vad den gör, men har inget ämne (topic)",
                "{who} should say what it does, but has no topic",
                "Välj Implementation: External och ange ämnet.",
                "Choose Implementation: External and give the topic.",
            )
        elif node.topic is not None and node.event is not None:
            yield subject.error(
                node,
                "no-topic",
                "{who} ska antingen sända ett meddelande eller ha ett ämne (topic), men har båda",
                "{who} should either send a message or have a topic, but has both",
                "Ta bort det ena.",
                "Remove one of them.",
            )
        elif node.topic is not None and known is not None and node.topic not in known:
            yield subject.error(
                node,
                "unknown-topic",
                "{who} har ämnet ”{topic}”, som ingen hanterare svarar för",
                '{who} has topic "{topic}", for which there is no handler',
                "{known}",
                "{known}",
                topic=shown(node.topic),
                known=_suggestion(node.topic, known),
            )


def decisions_exist(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes("businessRuleTask"):
        if node.decision and node.decision.key not in subject.decisions:
            yield subject.error(
                node,
                "unknown-decision",
                "{who} frågar beslutstabellen ”{key}”, som inte finns bland processens filer utan fel",
                '{who} asks decision "{key}", which is not among the files of the process without errors',
                "Lägg till beslutstabellen (.dmn), eller rätta namnet. {known}",
                "Add the decision table (.dmn), or correct the name. {known}",
                key=shown(node.decision.key),
                known=_suggestion(node.decision.key, subject.decisions),
            )


def called_processes_exist(subject: Subject) -> Iterator[Finding]:
    if subject.context.processes is None:
        return
    for node in subject.nodes("callActivity"):
        key = node.call.key.literal if node.call else None
        if node.call is None or key is None:
            continue
        known = set(subject.processes)
        if node.call.binding != "deployment":
            known |= set(subject.context.processes)
        if key.strip() not in known:
            yield subject.error(
                node,
                "unknown-process",
                "{who} anropar processen ”{key}”, som inte finns",
                '{who} calls process "{key}", which does not exist',
                "Ta med den processen samtidigt, eller rätta namnet. {known}",
                "Bring that process along, or correct the name. {known}",
                key=shown(key),
                known=_suggestion(key, known),
            )


def functions_exist(subject: Subject) -> Iterator[Finding]:
    if subject.context.functions is None:
        return
    known = {*BUILTINS, *subject.context.functions}
    for owner, text in _all_texts(subject):
        for name in sorted(text.calls - known):
            yield subject.error(
                owner, "unknown-function", *_UNKNOWN_FUNCTION, name=shown(name), known=_suggestion(name, known)
            )


def decisions_use_known_functions(decisions: Iterable[Decision], context: CheckContext) -> Iterator[Finding]:
    """The same for decision tables, which belong to all processes beside them."""
    if context.functions is None:
        return
    known = {*BUILTINS, *context.functions}
    for table in decisions:
        for name in sorted(table.calls - known):
            yield Place(table.file, table.line, shown(table.key)).error(
                "unknown-function",
                *_UNKNOWN_FUNCTION,
                who=label("decision", table.key, table.name),
                name=shown(name),
                known=_suggestion(name, known),
            )


_UNKNOWN_FUNCTION = (
    "{who} använder funktionen {name}, som inte finns",
    "{who} uses function {name}, which does not exist",
    "{known}",
    "{known}",
)


def settings_exist(subject: Subject) -> Iterator[Finding]:
    known = subject.context.settings
    if known is None:
        return
    for owner, text in _all_texts(subject):
        if "setting" not in text.calls:
            continue
        for _, name in re.findall(r"\bsetting\(\s*(['\"])([^'\"]*)\1", text.source):
            if name not in known:
                yield subject.error(
                    owner,
                    "unknown-setting",
                    "{who} läser inställningen ”{name}”, som inte finns",
                    '{who} reads setting "{name}", which does not exist',
                    "{known}",
                    "{known}",
                    name=shown(name),
                    known=_suggestion(name, known),
                )


def _all_texts(subject: Subject) -> Iterator[tuple[Node | Graph, Compiled]]:
    for _, text in texts_of_graph(subject.graph):
        yield subject.graph, text
    for node in subject.nodes():
        for _, text in texts_of(node):
            yield node, text


def _suggestion(name: str, known: Collection[str]) -> Label:
    if close := get_close_matches(name[:80], known, n=1, cutoff=0.7):
        return Label(f"Menas {close[0]}?", f"Is {close[0]} meant?")
    if not known:
        return Label("", "")
    names = sorted(known)
    more = " …" if len(names) > _NOT_LISTED else ""
    return Label(
        f"De som finns är {listed(names[:_NOT_LISTED], 'och', _NOT_LISTED)}{more}.",
        f"There are {listed(names[:_NOT_LISTED], 'and', _NOT_LISTED)}{more}.",
    )


# --- names and numbers ---------------------------------------------------------------------------------------------


def human_tasks_have_names_of_their_own(subject: Subject) -> Iterator[Finding]:
    for nodes in subject.inside.values():
        seen: dict[str, Node] = {}
        for node in nodes:
            if node.kind not in HUMAN:
                continue
            name = " ".join(node.name.split()).casefold()
            if not name:
                yield subject.warning(
                    node,
                    "no-name",
                    "{who} har inget namn, och det är namnet som syns i inkorgen",
                    "{who} has no name, and the name is what the inbox shows",
                    "Ge uppgiften ett namn, till exempel Bedöm rapporten.",
                    "Name the task, for example Assess the report.",
                )
            elif name in seen:
                yield subject.warning(
                    node,
                    "same-name",
                    "{who} heter likadant som {other}, så de går inte att skilja åt i inkorgen",
                    "{who} has the same name as {other}, so the inbox cannot tell them apart",
                    "Ge dem olika namn.",
                    "Give them different names.",
                    other=subject.label(seen[name]),
                )
            seen.setdefault(name, node)


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


RULES = (
    human_tasks_reach_somebody,
    ad_hoc_activities_reach_somebody,
    roles_are_known,
    human_tasks_lie_in_the_lane_of_their_role,
    forms_exist,
    handlers_exist,
    decisions_exist,
    called_processes_exist,
    functions_exist,
    settings_exist,
    human_tasks_have_names_of_their_own,
    number_series_is_short,
    each_decision_is_followed_by_feedback,
)
