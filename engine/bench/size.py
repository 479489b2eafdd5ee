"""A full house beside an all but empty one: a step, every page of the inbox, and what else is opened all day.

The small house has a hundred finished and a hundred live cases, filled by the same SQL: its pages are as long as those
of the full one, so what differs is what the database does to find them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.bench import diagrams, full
from engine.bench.house import SYSTEM, House
from engine.bench.ladder import PROCESS, STEPS, Ours, Spent
from engine.cases.queries import HistoryOf
from engine.cases.tables import case
from engine.engine import Read
from engine.errors import Conflict
from engine.identity.queries import ReadLog
from engine.runtime.inbox import ALL, DONE, LATE, MINE, Inbox, InboxCounts, ProcessNames, SavedFilters, Search
from engine.runtime.leases import LeaseJobs, NextDue, ReturnJobs
from engine.runtime.messages import BroadcastSignal, PublishMessage
from engine.runtime.queries import StartableProcesses
from engine.runtime.views import CasePage, Cases, CaseWalk, HistorySearch, Mails, Process, Processes, Troubles

SMALL_HOUSE = (100, 100, 2)
"""Finished and live cases, and parties: few, so that what is one party's fills a page here too."""

Look = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Staff:
    """Who opens the pages: one role has every live case in its inbox, one a party's part of them, one twenty."""

    house: House
    everything: Actor
    local: Actor
    few: Actor
    admin: Actor
    auditor: Actor

    @classmethod
    def of(cls, house: House, people: list[int]) -> Staff:
        return cls(house, house.actor, *(house.engine.actor_for(one) for one in people[:4]))


def size(small: House, large: House, finished: int, live: int, samples: int) -> dict[str, Any]:
    """Medians in turns. `…_to_empty`: the full house's beside the small one's; of the inbox's pages the dearest."""
    staffs = []
    for house in (small, large):
        house.deploy(diagrams.ladder())
        staffs.append(Staff.of(house, full.people(house)))
    full.fill(small, *SMALL_HOUSE)
    begun = perf_counter()
    full.fill(large, finished, live)
    filling = perf_counter() - begun
    steps = _steps(small, large, samples)
    looked = {name: _compared(parts, samples) for name, parts in _paired(staffs).items()}
    inbox = {name: one for name, one in looked.items() if name.startswith("inbox")}
    return {
        "finished": finished,
        "live": live,
        "filling_seconds": round(filling),
        "step_to_empty": steps["to_empty"],
        "inbox_to_empty": max(one["to_empty"] for one in inbox.values()),
        "others_ms_at_most": max(one["ms"][1] for name, one in looked.items() if not name.startswith("inbox")),
        "step": steps,
        **looked,
    }


def _steps(small: House, large: House, samples: int) -> dict[str, Any]:
    spent = (Spent(), Spent())
    for house in (small, large):
        Ours(house).play(2, Spent())
    for turn in range(max(samples // STEPS, 2)):
        for place in (0, 1) if turn % 2 else (1, 0):
            Ours((small, large)[place]).play(1, spent[place])
    return _told(*spent)


def _compared(looks: tuple[Look, Look], samples: int) -> dict[str, Any]:
    spent = (Spent(), Spent())
    for look in looks:
        look()
        look()
    for turn in range(samples):
        for place in (0, 1) if turn % 2 else (1, 0):
            spent[place].step(looks[place])
        if spent[1].wall > 5:
            break  # dear enough to be told from a few
    return _told(*spent)


def _told(small: Spent, large: Spent) -> dict[str, Any]:
    return {
        "to_empty": round(median(large.each) / median(small.each), 2),
        "ms": [round(1000 * median(one.each), 2) for one in (small, large)],
        "cpu_ms": [round(1000 * one.cpu / one.steps, 2) for one in (small, large)],
    }


def _paired(staffs: list[Staff]) -> Mapping[str, tuple[Look, Look]]:
    small, large = (pages(staff) for staff in staffs)
    return {name: (look, large[name]) for name, look in small.items()}


def pages(staff: Staff) -> Mapping[str, Look]:
    """What is measured, by name; each asks all that its page asks."""
    house = staff.house

    def ask(query: Any, actor: Actor) -> Look:
        return lambda: house.engine.ask(query, actor=actor)

    def inbox(place: str, actor: Actor, after: str | None = None, **search: Any) -> Look:
        queries = (Inbox(place, Search(**search), after), SavedFilters(), InboxCounts(), ProcessNames())
        return lambda: [house.engine.ask(query, actor=actor) for query in queries]

    role = diagrams.ROLE
    number, open_case = house.engine.ask(_Some(), actor=SYSTEM)
    first = house.engine.ask(Inbox(role), actor=staff.everything)
    local = str(staff.local.memberships[0])
    return {
        "inbox_role": inbox(role, staff.everything),
        "inbox_second_page": inbox(role, staff.everything, first.next_key),
        "inbox_all": inbox(ALL, staff.everything),
        "inbox_mine": inbox(MINE, staff.local),
        "inbox_late": inbox(LATE, staff.everything),
        "inbox_done": inbox(DONE, staff.local),
        "inbox_newest": inbox(role, staff.everything, order="newest"),
        "inbox_free": inbox(role, staff.everything, held="free"),
        "inbox_of_a_party": inbox(role, staff.everything, party=full.PARTY),
        "inbox_of_a_party_newest": inbox(role, staff.everything, party=full.PARTY, order="newest"),
        "inbox_of_a_process": inbox(role, staff.everything, process=PROCESS),
        "inbox_word": inbox(role, staff.everything, text="utskrivning"),
        "inbox_rare_word": inbox(role, staff.everything, text=number[-6:]),
        "inbox_two_words": inbox(role, staff.everything, text=f"utskrivning {number[-6:]}"),
        "inbox_word_of_finished": inbox(role, staff.everything, text=full.SOME),
        "inbox_no_word": inbox(role, staff.everything, text="finnsinte"),
        "inbox_name": inbox(role, staff.everything, text=diagrams.RUNGS[0]),
        "inbox_done_word": inbox(DONE, staff.local, text="finnsinte"),
        "inbox_number": inbox(role, staff.everything, text=number),
        "inbox_local_role": inbox(local, staff.local),
        "inbox_local_newest": inbox(local, staff.local, order="newest"),
        "inbox_small_role": inbox(full.SMALL, staff.few),
        "inbox_small_word": inbox(full.SMALL, staff.few, text="utskrivning"),
        "cases": ask(Cases(), staff.local),
        "cases_open": ask(Cases(state="open"), staff.local),
        "cases_of_a_process": ask(Cases(process=PROCESS), staff.local),
        "cases_by_start": ask(Cases(sort="started"), staff.local),
        "cases_by_number": ask(Cases(sort="number"), staff.local),
        "cases_by_title": ask(Cases(sort="title"), staff.local),
        "cases_number": ask(Cases(search=number), staff.local),
        "cases_word": ask(Cases(search="läkemedel"), staff.local),
        "cases_word_further_back": ask(Cases(search="läkemedel", before=open_case // 2), staff.local),
        "cases_word_of_auditor": ask(Cases(search="läkemedel"), staff.auditor),
        "cases_word_of_some": ask(Cases(search=full.SOME), staff.local),
        "cases_word_of_some_ended": ask(Cases(search=full.SOME, state="closed"), staff.auditor),
        "cases_word_long_ago": ask(Cases(search=full.LONG_AGO), staff.auditor),
        "cases_rare_word": ask(Cases(search=number[-6:]), staff.local),
        "cases_two_words": ask(Cases(search=f"läkemedel {full.SOME}"), staff.auditor),
        "cases_no_word": ask(Cases(search="finnsinte"), staff.local),
        "cases_letter": ask(Cases(search="1"), staff.local),
        "cases_of_few": ask(Cases(), staff.few),
        "cases_of_admin": ask(Cases(), staff.admin),
        "cases_of_auditor": ask(Cases(state="open"), staff.auditor),
        "case": ask(CasePage(open_case), staff.everything),
        "case_walk": ask(CaseWalk(open_case), staff.everything),
        "case_history": ask(HistoryOf(open_case), staff.everything),
        "startable": ask(StartableProcesses(), staff.everything),
        "incidents": ask(Troubles(), staff.admin),
        "incidents_closed": ask(Troubles(closed=True), staff.admin),
        "mails": ask(Mails(), staff.admin),
        "mails_failed": ask(Mails(status="failed"), staff.admin),
        "mails_word": ask(Mails(search="kollega7"), staff.admin),
        "audit": ask(HistorySearch(), staff.auditor),
        "audit_number": ask(HistorySearch(text=number), staff.auditor),
        "audit_kind": ask(HistorySearch(kind="task:completed"), staff.auditor),
        "audit_reads": ask(ReadLog(), staff.auditor),
        "processes": ask(Processes(), staff.admin),
        "process": ask(Process(PROCESS), staff.admin),
        "worker_tick": lambda: _tick(house),
        "worker_next": ask(NextDue(), SYSTEM),
        "signal": lambda: house.engine.execute(BroadcastSignal("ingen_lyssnar"), actor=SYSTEM),
        "message": lambda: house.engine.execute(PublishMessage("svar_1", "ingen_vantar"), actor=SYSTEM),
    }


def _tick(house: House) -> None:
    leased = house.engine.execute(LeaseJobs("bench"), actor=SYSTEM)
    with suppress(Conflict):
        house.engine.execute(ReturnJobs(leased), actor=SYSTEM)


class _Some:
    """The number of a live case in the middle, and the id of the newest."""

    def run(self, read: Read) -> tuple[str, int]:
        newest = read.connection.execute(sa.select(sa.func.max(case.c.id)).where(case.c.ended_at.is_(None))).scalar()
        live = sa.select(case.c.number).where(case.c.id == int(newest or 0) - 20)
        return str(read.connection.execute(live).scalar()), int(newest or 0)
