"""What happened since a moment, in numbers: for whoever moves a demo's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.engine import Read
from engine.errors import NotFound
from engine.history.tables import history
from engine.jobs.tables import mail

COUNTED = ("case:started", "case:ended", "task:opened", "incident:opened")


@dataclass(frozen=True, slots=True)
class Happened:
    """Kind of history -> how many rows since then; `mail` counts mails. In a demo only, and nothing of the cases."""

    since: datetime

    def run(self, read: Read) -> dict[str, int]:
        if not read.engine.demo:
            raise NotFound("Expected a demo, but this house runs on real time.", "Sidan finns inte.")
        rows = sa.select(history.c.kind, sa.func.count()).where(history.c.at > self.since, history.c.kind.in_(COUNTED))
        counts = {row[0]: row[1] for row in read.connection.execute(rows.group_by(history.c.kind))}
        mails = sa.select(sa.func.count()).select_from(mail).where(mail.c.created_at > self.since)
        return {**counts, "mail": read.connection.execute(mails).scalar_one()}
