"""History in plain sentences. What a step changed tells more than the step's name, so that is asked first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from flask_babel import gettext

from engine.bpmn.model import SUB_PROCESSES, Graph, Node
from engine.identity import permissions
from engine.runtime.views import Event
from web import labels
from web.changes import BY_CHANGE
from web.languages import current

WITHHELD = permissions.WITHHELD


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the timeline. `mark`: done, moved, fault or plain, the shape it carries; `details` for the fold."""

    sentence: str
    at: datetime
    mark: str
    who: str
    role: str
    details: Sequence[tuple[str, str]]
    version: int
    seq: int
    hash: str
    texts: Sequence[tuple[str, str]] = ()
    store: str | None = None
    """The data store that was written to."""


def tell(event: Event, graph: Graph) -> Told:
    """The row as a line of the timeline. `graph` knows what kind of element it speaks of."""
    doer = doer_name(event)
    return Told(
        sentence=_sentence(event, doer, graph.nodes.get(event.element or "")),
        at=event.at,
        mark=_mark(event),
        who=event.person if event.role != "system" else "",
        role=labels.role_name(event.role) if event.role != "system" else "",
        details=_details(event),
        version=event.version,
        seq=event.seq,
        hash=event.hash,
        store=store_of(event),
    )


def grouped(told: Sequence[Told]) -> list[list[Told]]:
    """Neighbours that say the same thing, together: 27 parties that left their figures are one line to open."""
    return [list(same) for _, same in groupby(told, key=lambda one: (one.sentence, one.mark))]


def doer_name(event: Event) -> str:
    """Who acted, as a sentence says it: the body or role rather than the person."""
    candidate = permissions.parse(event.role or "")
    bodies = {
        "storsthlm": "Storsthlm",
        "hsf": "HSF",
        "sekretariat": gettext("Sekretariatet"),
        "tsg": "TSG",
        "vis": "VIS",
        "socialtjanstnatverk": gettext("Socialtjänstnätverket"),
        "admin": gettext("Administratören"),
        "processdesigner": gettext("Processdesignern"),
        "system": gettext("Systemet"),
    }
    if candidate.role in bodies:
        return bodies[candidate.role]
    if candidate.role in ("rapportor_kommun", "rapportor_vardgivare"):
        where = labels.scope_name(candidate.role, candidate.scope)
        return gettext("Rapportören i %(where)s", where=where) if where else gettext("Rapportören")
    return labels.role_name(event.role) if event.role else event.person or gettext("Systemet")


def _sentence(event: Event, doer: str, node: Node | None) -> str:
    for name, teller in BY_CHANGE if event.kind != "store:written" else ():
        change = event.changes.get(name)
        if change is not None and change[1] != WITHHELD:
            told = teller(change[0], change[1], event, doer)
            if told:
                return told
    step = event.element_name or _nameless(node) or event.element or ""
    store = store_of(event)
    known = gettext("”{step}” skrev i datalagret ”{store}”") if store else _by_outcome(event, node)
    known = known or _by_kind().get(event.kind)
    if known is None:
        return f"{event.kind} {step}".strip()
    if not event.element_name and node is not None:  # no name, no quotation
        known = known.replace("”{step}”", "{step}").replace("“{step}”", "{step}")
    told = known.format(who=doer, step=step, code=event.outcome or "", store=store or "")
    return told[:1].upper() + told[1:]


def _nameless(node: Node | None) -> str:
    """What stands for the name of an element that has none in the diagram."""
    if node is None:
        return ""
    words = {
        "startEvent": gettext("starten"),
        "endEvent": gettext("slutet"),
        "boundaryEvent": gettext("händelsen vid sidan av"),
        "intermediateCatchEvent": gettext("händelsen"),
        "intermediateThrowEvent": gettext("händelsen"),
        "exclusiveGateway": gettext("vägvalet"),
        "inclusiveGateway": gettext("vägvalet"),
        "complexGateway": gettext("vägvalet"),
        "eventBasedGateway": gettext("vägvalet"),
        "parallelGateway": gettext("grenen"),
    }
    return words.get(node.kind, gettext("delprocessen") if node.kind in SUB_PROCESSES else gettext("steget"))


_GOOD = ("completed", "terminated", "compensated", None)
"""How a case may end, or a call come back, with nothing amiss."""


def _by_outcome(event: Event, node: Node | None) -> str | None:
    """What is told otherwise than usual, since it went otherwise or turned the case."""
    kind = (event.kind, event.outcome or "")
    if event.kind == "element:passed":
        return _passed(event.outcome, node)
    if event.kind == "case:ended" and event.outcome not in (*_GOOD, "cancelled", "failed"):
        return gettext("Ärendet avslutades med felet ”{code}”")
    return {
        ("case:ended", "terminated"): gettext("Ärendet avslutades i förtid"),
        ("case:ended", "failed"): gettext("Ärendet avslutades med ett fel"),
        ("case:ended", "compensated"): gettext("Ärendet är gjort ogjort"),
        ("case:returned", "failed"): gettext("”{step}” misslyckades"),
        ("case:returned", "cancelled"): gettext("”{step}” behövdes inte längre"),
        ("ad_hoc:closed", "cancelled"): gettext("”{step}” behövdes inte längre"),
        ("task:cancelled", "failed"): gettext("”{step}” misslyckades"),
        ("wait:opened", "condition"): gettext("Väntar på att villkoret för ”{step}” blir uppfyllt"),
        ("wait:opened", "data"): gettext("”{step}” väntar på uppgifter från ett annat steg"),
    }.get(kind)


def _passed(outcome: str | None, node: Node | None) -> str | None:
    """A token went through an element, or ended in it."""
    if outcome == "cancelled":
        is_transaction = node is not None and node.kind == "transaction"
        return (
            gettext("”{step}” avbröts, och det som var gjort där gjordes ogjort")
            if is_transaction
            else gettext("”{step}” avbröts")
        )
    if outcome == "failed":
        return gettext("”{step}” avbröts av ett fel")
    kinds = {event.kind for event in node.event.triggers} if node and node.event else set[str]()
    is_thrown = node is not None and node.kind in ("endEvent", "intermediateThrowEvent")
    for kind, thrown, caught in (
        ("error", gettext("Ett fel uppstod: ”{step}”"), gettext("”{step}” tog hand om felet")),
        ("escalation", gettext("Frågan lyftes: ”{step}”"), gettext("”{step}” tog hand om frågan som lyftes")),
        ("cancel", gettext("”{step}” avbröt delprocessen"), gettext("Gick vidare efter avbrottet: ”{step}”")),
        ("terminate", gettext("”{step}” avslutade allt som pågick"), None),
        ("link", gettext("Gick vidare från ”{step}”"), gettext("Gick vidare vid ”{step}”")),
    ):
        if kind in kinds:
            return thrown if is_thrown else caught
    return None


def store_of(event: Event) -> str | None:
    """The data store that this row tells a write of; None where it is none, or sealed."""
    return next(iter(event.changes), None) if event.kind == "store:written" else None


def _by_kind() -> Mapping[str, str]:
    return {
        "case:started": gettext("{who} startade ärendet"),
        "case:ended": gettext("Ärendet avslutades"),
        "case:suspended": gettext("{who} pausade ärendet"),
        "case:resumed": gettext("{who} återupptog ärendet"),
        "case:cancelled": gettext("{who} avbröt ärendet"),
        "case:reopened": gettext("Ärendet öppnades igen för att göras ogjort"),
        "compensation:called": gettext("Det ärende som ”{step}” startade ska göras ogjort"),
        "case:called": gettext("”{step}” startade ett eget ärende"),
        "case:returned": gettext("”{step}” är klart"),
        "task:opened": gettext("”{step}” lades i inkorgen"),
        "task:claimed": gettext("{who} tog ”{step}”"),
        "task:released": gettext("{who} släppte ”{step}”"),
        "task:delegated": gettext("{who} lämnade över ”{step}”"),
        "task:completed": gettext("{who} gjorde klart ”{step}”"),
        "task:cancelled": gettext("”{step}” behövdes inte längre"),
        "activity:begun": gettext("{who} startade ”{step}”"),
        "ad_hoc:opened": gettext("”{step}” ligger öppet: var och en väljer vad som ska göras"),
        "ad_hoc:ended": gettext("{who} avslutade ”{step}”"),
        "ad_hoc:closed": gettext("I ”{step}” startas inget mer"),
        "element:passed": gettext("Passerade ”{step}”"),
        "element:reached": gettext("Kom fram till ”{step}”"),
        "element:compensated": gettext("”{step}” gjordes ogjort"),
        "escalation:received": gettext("”{step}” eskalerade"),
        "service:added": gettext("”{step}” beställdes"),
        "service:finished": gettext("”{step}” är gjort"),
        "service:failed": gettext("”{step}” misslyckades"),
        "service:cancelled": gettext("”{step}” behövdes inte längre"),
        "timer:set": gettext("Väntar på tiden för ”{step}”"),
        "timer:fired": gettext("Tiden kom för ”{step}”"),
        "timer:cancelled": gettext("Tiden för ”{step}” behövdes inte längre"),
        "wait:opened": gettext("Väntar på ”{step}”"),
        "wait:cancelled": gettext("”{step}” väntas inte längre"),
        "message:received": gettext("”{step}” kom"),
        "message:sent": gettext("”{step}” skickades"),
        "signal:received": gettext("”{step}” kom"),
        "condition:met": gettext("Villkoret för ”{step}” blev uppfyllt"),
        "wait:skipped": gettext("{who} lät ärendet gå vidare från ”{step}”"),
        "condition:lapsed": gettext("Villkoret för ”{step}” gäller inte längre"),
        "data:received": gettext("Det som behövs för ”{step}” finns nu"),
        "signal:sent": gettext("”{step}” skickades"),
        "store:written": gettext("”{step}” skrev i ett datalager"),
        "incident:opened": gettext("”{step}” stannade och väntar på administratören"),
        "incident:retried": gettext("{who} lät ”{step}” försöka igen"),
        "incident:resolved": gettext("{who} löste stoppet i ”{step}”"),
        "comment:added": gettext("{who} skrev en kommentar"),
    }


def _mark(event: Event) -> str:
    if event.kind in ("incident:opened", "service:failed", "case:cancelled", "case:suspended"):
        return "fault"
    if event.kind in ("case:ended", "case:returned") and event.outcome not in _GOOD:
        return "fault"
    if event.kind in ("task:completed", "case:ended", "incident:resolved", "case:started"):
        return "done"
    return (
        "moved" if event.kind in ("message:received", "message:sent", "service:finished", "case:returned") else "plain"
    )


def _failure(event: Event) -> str | None:
    """What went wrong, in the reader's language where the house can say it."""
    return (event.data.get("message_en") if current() == "en" else None) or event.data.get("message")


def _details(event: Event) -> list[tuple[str, str]]:
    """What stands behind the fold: the data is shown in short, withheld and sealed in words."""
    pairs = []
    if event.element and not event.element_name:
        pairs.append((gettext("Steg"), event.element))
    reason = event.data.get("reason") or event.data.get("note") or _failure(event)
    if reason:
        pairs.append((gettext("Skäl"), str(reason)))
    if event.is_sealed:
        pairs.append((gettext("Uppgifter"), gettext("Förseglade: bara den som tog emot rapporten ser dem.")))
    withheld = [name for name, (_, after) in event.changes.items() if after == WITHHELD]
    changed = [name for name in event.changes if name not in withheld and name != store_of(event)]
    if changed:
        pairs.append((gettext("Ändrade uppgifter"), ", ".join(_readable(name) for name in changed)))
    if withheld:
        pairs.append((gettext("Visas inte för din roll"), ", ".join(_readable(name) for name in withheld)))
    return pairs


def _readable(name: str) -> str:
    return name.replace("_", " ")
