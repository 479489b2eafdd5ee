"""SpiffWorkflow's own run-time on the same ladder, with its serializer and the whole state in one row: the comparison.

It keeps no tasks, jobs or history of ours, so it writes far less; its state holds every task it ever made.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import bindparam

from engine import db
from engine.bench import diagrams
from engine.bench.ladder import PROCESS, Spent
from engine.bpmn import peer

_rows = sa.table("peer_state", sa.column("id", sa.Integer), sa.column("data", sa.Text))
_LOAD = sa.select(_rows.c.data).where(_rows.c.id == bindparam("case_id")).with_for_update()
_SAVE = _rows.update().where(_rows.c.id == bindparam("case_id")).values(data=bindparam("state"))
_INSERT = _rows.insert()


class Peer:
    def __init__(self, url: str) -> None:
        self.database = db.create(url)
        self.run_time = peer.Peer(diagrams.ladder(timer='"P30D"'), PROCESS)
        self.begun = 0
        with self.database.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS peer_state (id INTEGER PRIMARY KEY, data TEXT)")
            connection.commit()

    def play(self, cases: int, spent: Spent) -> None:
        for _ in range(cases):
            case_id = self._start()
            for _ in diagrams.RUNGS:
                spent.step(self._step, case_id)

    def _start(self) -> int:
        self.begun += 1
        text = self.run_time.start(diagrams.GIVEN)
        with self.database.connect() as connection:
            connection.execute(_INSERT, {"id": self.begun, "data": text})
            connection.commit()
        return self.begun

    def _step(self, case_id: int) -> None:
        with self.database.connect() as connection:
            text = connection.execute(_LOAD, {"case_id": case_id}).scalar_one()
            text = self.run_time.complete(text, diagrams.ANSWER)
            connection.execute(_SAVE, {"case_id": case_id, "state": text})
            connection.commit()

    def ended(self, case_id: int = 1) -> bool:
        """Whether it came to its end: else the comparison would compare nothing."""
        with self.database.connect() as connection:
            return peer.has_ended(connection.execute(_LOAD, {"case_id": case_id}).scalar_one())

    def close(self) -> None:
        self.database.dispose()
