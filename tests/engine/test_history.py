"""History: complete, append-only, and proof against whoever alters it behind the house's back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from engine import CancelCase, HistoryOf, NotAllowed, VerifyHistory, db
from engine.history.tables import ROWS_PER_CASE
from engine.history.tables import history as table
from tests.engine.house import House
from web.cli import main


@pytest.fixture
def lived(house: House) -> House:
    """Three cases: one finished, one cancelled, one under way."""
    house.deploy("arende")
    anna = house.person("Anna Berg", "storsthlm", party="storsthlm")
    cases = [house.start() for _ in range(3)]
    house.clock.advance(timedelta(hours=1))
    house.complete(cases[0], "granska", anna, beslut="ja", motivering="Åäö")
    house.complete(cases[0], "aterkoppla", anna)
    house.do(CancelCase(cases[1], "Fel"), house.person("Ada Admin", "admin"))
    return house


@contextmanager
def behind_the_house(house: House) -> Iterator[Connection]:
    """Somebody who owns the database: no trigger, no key and no check stands in the way."""
    engine = db.create(house.url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.commit()
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.execute("PRAGMA foreign_keys=OFF")
                raw.execute("PRAGMA ignore_check_constraints=ON")
                for name in ("update", "delete", "replace"):
                    connection.exec_driver_sql(f"DROP TRIGGER history_refuses_{name}")
                connection.exec_driver_sql("DROP TRIGGER case_refuses_delete")
            else:
                connection.exec_driver_sql("SET session_replication_role = replica")
                connection.exec_driver_sql("ALTER TABLE history DROP CONSTRAINT ck_history_id")
            yield connection
            connection.commit()
    finally:
        engine.dispose()


def test_an_untouched_history_is_whole(lived: House) -> None:
    report = lived.ask(VerifyHistory())
    assert (report.cases, report.first_bad) == (3, None)
    assert report.rows == sum(len(lived.ask(HistoryOf(case))) for case in (1, 2, 3))
    assert report.sentence_sv.startswith("Historiken är hel: ")
    assert lived.ask(VerifyHistory(2)).cases == 1


def test_R37_every_row_says_who_in_which_role_when_and_in_which_version(lived: House) -> None:
    rows = lived.ask(HistoryOf(1))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    done = next(row for row in rows if row.kind == "task:completed")
    assert (done.person_name, done.role, done.party) == ("Anna Berg", "storsthlm", "storsthlm")
    assert (done.definition_key, done.definition_version, done.element, done.outcome) == (
        "arende",
        1,
        "granska",
        "completed",
    )
    assert done.at == lived.clock.now()
    assert done.data is not None
    assert done.data["changes"]["beslut"] == {"after": "ja"}
    assert [row.kind for row in rows][:2] == ["case:started", "element:passed"]


def test_only_some_roles_ask_for_the_proof(lived: House) -> None:
    assert lived.ask(VerifyHistory(), lived.person("Rev Isor", "revisor")).first_bad is None
    with pytest.raises(NotAllowed):
        lived.ask(VerifyHistory(), lived.person("Hanna", "hsf"))


GUARDS = {
    "sqlite": ["update", "delete", "replace"],
    "postgresql": ["update", "delete", "truncate"],
}


def test_guards_that_are_missing_or_turned_off_are_told(lived: House, monkeypatch, capsys) -> None:
    monkeypatch.setenv("TRAPPA_DATABASE_URL", lived.url)
    assert lived.ask(VerifyHistory()).unguarded == ()
    assert main(["verify"]) == 0
    engine = db.create(lived.url)
    names = [f"history_refuses_{verb}" for verb in GUARDS[engine.dialect.name]]
    first = "ALTER TABLE history DISABLE TRIGGER {}" if engine.dialect.name == "postgresql" else "DROP TRIGGER {}"
    drop = "DROP TRIGGER {} ON history" if engine.dialect.name == "postgresql" else "DROP TRIGGER {}"
    for name in names:
        with engine.begin() as connection:
            connection.exec_driver_sql((first if name == names[0] else drop).format(name))
    engine.dispose()
    report = lived.ask(VerifyHistory())
    assert (report.unguarded, report.first_bad) == (tuple(sorted(names)), None)
    assert report.sentence_sv.startswith("Historiken är hel: ")
    assert names[0] in report.warning_sv
    assert names[0] in report.warning_en
    capsys.readouterr()
    assert main(["verify"]) == 1
    assert capsys.readouterr().out.endswith(f"{report.sentence_sv}\n{report.warning_sv}\n")


FORBIDDEN = [
    "UPDATE history SET person_name = 'X'",
    "UPDATE history SET seq = seq",
    "DELETE FROM history",
    "DELETE FROM history WHERE seq = 1",
    'DELETE FROM "case"',
    "DELETE FROM task",
    "DELETE FROM definition",
    "DELETE FROM person",
    "UPDATE read_log SET what = ''",
    "DELETE FROM read_log",
]


def test_R53_the_database_refuses_to_alter_or_delete_records(lived: House) -> None:
    lived.ask(HistoryOf(1), lived.person("Rev Isor", "revisor"))
    engine = db.create(lived.url)
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError, match=r"append-only|never deleted"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()
    assert lived.ask(VerifyHistory()).first_bad is None


def test_the_database_refuses_to_replace_or_empty_the_history(lived: House) -> None:
    engine = db.create(lived.url)
    columns = ", ".join(column.name for column in table.columns)
    statement = (
        f"INSERT OR REPLACE INTO history ({columns}) SELECT {columns} FROM history WHERE seq = 1"
        if engine.dialect.name == "sqlite"
        else "TRUNCATE history"
    )
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def _other(value: Any) -> Any:
    match value:
        case None:
            return "x"
        case int():
            return value + 1
        case str():
            return ("x" if value[:1] != "x" else "y") + value[1:]
        case _:
            return value + timedelta(microseconds=1)


def test_a_change_of_any_column_is_found(lived: House) -> None:
    with behind_the_house(lived) as connection:
        row = connection.execute(sa.select(table).where(table.c.case_id == 2, table.c.seq == 3)).one()._mapping
        for column in table.columns:
            value = {"id": row["id"] + 1000, "person_id": 7}.get(column.name) or _other(row[column])
            altered = row["id"] + 1000 if column.name == "id" else row["id"]
            connection.execute(table.update().where(table.c.id == row["id"]).values({column.name: value}))
            connection.commit()
            bad = lived.ask(VerifyHistory()).first_bad
            connection.execute(table.update().where(table.c.id == altered).values({column.name: row[column]}))
            connection.commit()
            assert bad is not None, column.name
            assert bad.seq in (3, 4), column.name
            assert bad.case == "PS-2026-0002", column.name
    assert lived.ask(VerifyHistory()).first_bad is None


def test_data_taken_away_is_found(lived: House) -> None:
    with behind_the_house(lived) as connection:
        connection.execute(
            table.update().where(table.c.case_id == 1, table.c.kind == "task:completed").values(data=None)
        )
    bad = lived.ask(VerifyHistory()).first_bad
    assert (bad.case, bad.wrong) == ("PS-2026-0001", "data")


def test_a_deleted_row_is_found(lived: House) -> None:
    with behind_the_house(lived) as connection:
        for case, seq in ((1, 1), (2, 4)):
            connection.execute(table.delete().where(table.c.case_id == case, table.c.seq == seq))
    bad = lived.ask(VerifyHistory()).bad
    assert [(one.case, one.seq, one.wrong) for one in bad] == [("PS-2026-0001", 1, "gap"), ("PS-2026-0002", 4, "gap")]
    assert bad[1].sentence_sv.startswith("PS-2026-0002, rad 4: ")


def test_a_cut_tail_is_found(lived: House) -> None:
    last = {case: len(lived.ask(HistoryOf(case))) for case in (2, 3)}
    with behind_the_house(lived) as connection:
        for case, cut in ((2, 1), (3, 3)):
            connection.execute(table.delete().where(table.c.case_id == case, table.c.seq > last[case] - cut))
    bad = [(one.case, one.seq, one.wrong) for one in lived.ask(VerifyHistory()).bad]
    assert bad == [("PS-2026-0002", last[2], "head"), ("PS-2026-0003", last[3] - 2, "head")]


def test_a_history_emptied_for_one_case_is_found(lived: House) -> None:
    with behind_the_house(lived) as connection:
        connection.execute(table.delete().where(table.c.case_id == 2))
    bad = lived.ask(VerifyHistory()).first_bad
    assert (bad.case, bad.seq, bad.wrong) == ("PS-2026-0002", 1, "head")


def test_swapped_rows_are_found(lived: House) -> None:
    with behind_the_house(lived) as connection:
        for number, place in ((3, 99), (4, 3), (99, 4)):
            moved = table.update().where(table.c.case_id == 2, table.c.seq == number)
            connection.execute(moved.values(seq=place, id=2 * ROWS_PER_CASE + place))
    bad = lived.ask(VerifyHistory()).first_bad
    assert (bad.case, bad.seq) == ("PS-2026-0002", 3)


def test_a_row_of_another_case_is_found(lived: House) -> None:
    with behind_the_house(lived) as connection:
        connection.execute(table.delete().where(table.c.case_id == 2, table.c.seq == 2))
        moved = table.update().where(table.c.case_id == 3, table.c.seq == 2)
        connection.execute(moved.values(case_id=2, id=2 * ROWS_PER_CASE + 2))
    bad = lived.ask(VerifyHistory()).first_bad
    assert (bad.case, bad.seq) == ("PS-2026-0002", 2)


def test_an_inserted_row_is_found(lived: House) -> None:
    last = len(lived.ask(HistoryOf(3)))
    with behind_the_house(lived) as connection:
        row = dict(connection.execute(sa.select(table).where(table.c.case_id == 3, table.c.seq == last)).one()._mapping)
        row.update(id=3 * ROWS_PER_CASE + last + 1, seq=last + 1, previous=row["hash"])
        connection.execute(table.insert(), row)
    bad = lived.ask(VerifyHistory()).first_bad
    assert (bad.case, bad.seq, bad.wrong) == ("PS-2026-0003", last + 1, "hash")


def test_a_changed_case_is_found(lived: House) -> None:
    changes = ("history_seq = history_seq - 1", "history_head = 'x'", "number = 'PS-2026-0009'")
    with behind_the_house(lived) as connection:
        for case, change in enumerate(changes, 1):
            connection.exec_driver_sql(f'UPDATE "case" SET {change} WHERE id = {case}')
    assert [bad.case for bad in lived.ask(VerifyHistory()).bad] == ["PS-2026-0001", "PS-2026-0002", "PS-2026-0009"]


def test_a_deleted_case_leaves_rows_that_tell(lived: House) -> None:
    with behind_the_house(lived) as connection:
        connection.exec_driver_sql('DELETE FROM "case" WHERE id = 2')
    report = lived.ask(VerifyHistory())
    assert (report.first_bad.case, report.first_bad.wrong, report.cases) == ("ärende 2", "case", 2)


def test_every_bad_case_is_told_and_the_rest_is_read_on(lived: House) -> None:
    with behind_the_house(lived) as connection:
        connection.execute(table.update().where(table.c.seq == 2, table.c.case_id != 2).values(kind="x"))
    report = lived.ask(VerifyHistory())
    assert [bad.case for bad in report.bad] == ["PS-2026-0001", "PS-2026-0003"]
    assert "fel i 2" in report.sentence_sv
    assert "2 bad" in report.sentence_en
