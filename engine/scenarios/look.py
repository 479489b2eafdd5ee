"""What a scenario looks at, as queries of the house itself: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.bpmn import machine
from engine.cases import store
from engine.cases.store import Case
from engine.cases.tables import case, case_link, task
from engine.engine import Read
from engine.jobs.tables import incident, job, mail
from engine.runtime.adhoc import OpenWork, open_to


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An open task; `candidates` are those who may do it."""

    id: int
    case_id: int
    element: str
    name: str
    candidates: Sequence[str]
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as it is now, with its variables."""

    case: Case
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CasesNamed:
    """Ids of the cases with this number or business key, callers first."""

    name: str

    def run(self, read: Read) -> list[int]:
        named = sa.select(case.c.id).where(sa.or_(case.c.number == self.name, case.c.business_key == self.name))
        return list(read.connection.execute(named.order_by(case.c.id)).scalars())


@dataclass(frozen=True, slots=True)
class See:
    case_id: int

    def run(self, read: Read) -> Seen:
        found = store.load(read, self.case_id)
        return Seen(found, machine.root_variables(found.data))


@dataclass(frozen=True, slots=True)
class Family:
    """The case and those it called, and those they called."""

    case_id: int

    def run(self, read: Read) -> list[int]:
        below = sa.select(case.c.id).where(case.c.id == self.case_id).cte("below", recursive=True)
        below = below.union_all(sa.select(case.c.id).join(below, case.c.parent_id == below.c.id))
        return sorted(read.connection.execute(sa.select(below.c.id)).scalars())


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """In these cases; None: in all."""

    case_ids: Sequence[int] | None = None

    def run(self, read: Read) -> list[OpenTask]:
        columns = (task.c.id, task.c.case_id, task.c.element, task.c.name, task.c.candidates, task.c.due_at)
        rows = sa.select(*columns).where(task.c.state == "open").order_by(task.c.id)
        if self.case_ids is not None:
            rows = rows.where(task.c.case_id.in_(self.case_ids))
        return [OpenTask(*row) for row in read.connection.execute(rows)]


@dataclass(frozen=True, slots=True)
class OpenWorkIn:
    """Ad-hoc sub-processes of these cases in which the actor may begin or end something: (case id, work)."""

    case_ids: Sequence[int]

    def run(self, read: Read) -> list[tuple[int, OpenWork]]:
        cases = [store.load(read, case_id) for case_id in self.case_ids]
        return [(one.id, work) for one in cases for work in open_to(read, one)]


@dataclass(frozen=True, slots=True)
class CandidatesEver:
    """All who ever had a task in these cases, by candidate, in the order in which they were asked."""

    case_ids: Sequence[int]

    def run(self, read: Read) -> list[str]:
        rows = sa.select(task.c.candidates).where(task.c.case_id.in_(self.case_ids)).order_by(task.c.id)
        return list(dict.fromkeys(one for listed in read.connection.execute(rows).scalars() for one in listed))


@dataclass(frozen=True, slots=True)
class Linked:
    """Ids of cases of `process` that are linked to this one, either way."""

    case_id: int
    process: str

    def run(self, read: Read) -> list[int]:
        there = sa.select(case_link.c.other_id).where(case_link.c.case_id == self.case_id)
        here = sa.select(case_link.c.case_id).where(case_link.c.other_id == self.case_id)
        rows = sa.select(case.c.id).where(case.c.process == self.process, case.c.id.in_(there.union(here)))
        return list(read.connection.execute(rows.order_by(case.c.id)).scalars())


@dataclass(frozen=True, slots=True)
class CasesOf:
    """Ids of all cases of a process, in the order in which they started."""

    process: str

    def run(self, read: Read) -> list[int]:
        rows = sa.select(case.c.id).where(case.c.process == self.process).order_by(case.c.id)
        return list(read.connection.execute(rows).scalars())


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong and is not mended: (topic or element, message) of open incidents and of jobs that failed."""

    def run(self, read: Read) -> list[tuple[str, str]]:
        incidents = sa.select(incident.c.element, incident.c.message).where(incident.c.state == "open")
        failing = sa.select(job.c.topic, job.c.last_error).where(job.c.state == "waiting", job.c.attempts > 0)
        rows = [*read.connection.execute(incidents), *read.connection.execute(failing)]
        return [(str(where), str(message)) for where, message in rows if message]


@dataclass(frozen=True, slots=True)
class OpenIncidents:
    def run(self, read: Read) -> int:
        count = sa.select(sa.func.count()).select_from(incident).where(incident.c.state == "open")
        return int(read.connection.execute(count).scalar_one())


@dataclass(frozen=True, slots=True)
class Mails:
    """How many mails these cases sent (None: all), by kind, `feedback rung` as `kind:rung`, and address."""

    case_ids: Sequence[int] | None

    def run(self, read: Read) -> dict[str, int]:
        rows = sa.select(mail.c.kind, mail.c.rung, mail.c.to)
        if self.case_ids is not None:
            rows = rows.where(mail.c.case_id.in_(self.case_ids))
        counts: dict[str, int] = {}
        for kind, rung, to in read.connection.execute(rows):
            for name in {kind, f"{kind}:{rung}", to}:
                counts[name] = counts.get(name, 0) + 1
        return counts
