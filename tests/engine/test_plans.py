"""What is opened all day scans no table: every statement of the inbox, the lists, a case, the worker and the messages.

The statements are taken down while the pages of the benchmark are asked for, so a new query of theirs is looked at too.
On SQLite the plan names what is gone through from end to end; on PostgreSQL scans are forbidden, and one that is still
there has no index to use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from engine.bench import diagrams, full
from engine.bench.house import House
from engine.bench.size import Staff, pages

BIG = (
    *("case", "case_reader", "case_word", "word_part", "task", "task_candidate", "job", "history"),
    *("mail", "wait", "message", "read_log"),
)
"""Tables that grow with the cases."""

LIVE = "SCAN case USING INDEX ix_case_live"
WALKS = {
    "SCAN case USING INDEX ix_case_changed_at": "in the order of the list, to the end of its page",
    "SCAN case USING COVERING INDEX ix_case_changed_at": "the same, for its count",
    "SCAN case USING INDEX sqlite_autoindex_case_1": "the same, by number",
    LIVE: "live cases, counted for the list of processes",
    "SCAN case USING COVERING INDEX ix_case_sealed_to": "the few that are sealed",
    "SCAN case": "by id, which is the order in which they were started",
    "SCAN job USING INDEX ix_job_due_at": "waiting jobs, to the first that is not a suspended case's",
    "SCAN mail": "by id, the newest first",
    "SCAN read_log": "by id, the newest first",
    "SCAN history USING INDEX ix_history_at": "the newest first",
    "SCAN history USING COVERING INDEX ix_history_at": "the same, to tell where the search goes on",
}
"""Gone through in the order that is shown, and not to the end: each of these statements has a limit, or a reason."""


@pytest.fixture
def staff(database_url: str) -> Iterator[Staff]:
    house = House(database_url)
    house.deploy(diagrams.ladder())
    people = full.people(house)
    full.fill(house, 200, 100)
    yield Staff.of(house, people)
    house.close()


@pytest.mark.parametrize("common", [False, True], ids=["words by the index", "words along the list"])
def test_no_page_scans_a_table(staff: Staff, common: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if common:
        monkeypatch.setattr("engine.runtime.inbox.search._LIMITS", (-1,) * 3)
        monkeypatch.setattr("engine.runtime.views.case_list.FEW", 0)
        monkeypatch.setattr("engine.runtime.views.case_search.FEW", 10)
    database = staff.house.engine._database
    scanned: dict[str, str] = {}
    for name, look in pages(staff).items():
        for statement, given in _statements(database, look):
            for scan in _scans(database, statement, given):
                scanned.setdefault(scan, f"{name}: {statement}")
    unknown = [f"{scan} by {told}" for scan, told in scanned.items() if scan not in WALKS]
    assert not unknown, "\n".join(unknown)
    if database.dialect.name == "sqlite":
        for scan, told in scanned.items():
            assert "LIMIT" in told or scan == "SCAN case USING INDEX ix_case_live", told


def _statements(database: sa.Engine, look: Any) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if re.match(r"\s*(SELECT|WITH|UPDATE|DELETE)", statement) and not many:
            seen.append((statement, given))

    event.listen(database, "before_cursor_execute", note)
    look()
    event.remove(database, "before_cursor_execute", note)
    return seen


def _scans(database: sa.Engine, statement: str, given: Any) -> list[str]:
    with database.connect() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            scans = [row[3] for row in rows if row[3].startswith("SCAN ")]
            return [scan for scan in scans if scan.split()[1] in BIG]
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", given))
        scans = re.findall(r"Seq Scan on \"?(\w+)\"?", plan)
        return [f"Seq Scan on {table}" for table in scans if table in BIG]
