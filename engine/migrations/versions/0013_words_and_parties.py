"""Open work is found by words and by party through indexes."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
OPEN = sa.text("state = 'open'")
TAKEN = sa.text("state = 'open' AND assignee IS NOT NULL")
LIVE = sa.text("ended_at IS NULL")
IN_AREA = sa.text("area IS NOT NULL")
PLACE = ["role", "scope", "side"]

PARTIES = """
    UPDATE task_candidate SET
        party = (SELECT c.party FROM task t JOIN "case" c ON c.id = t.case_id WHERE t.id = task_candidate.task_id),
        area = (SELECT CASE WHEN c.area = c.party THEN NULL ELSE c.area END
                FROM task t JOIN "case" c ON c.id = t.case_id WHERE t.id = task_candidate.task_id)
"""


def upgrade() -> None:
    op.add_column("task_candidate", sa.Column("party", sa.Text(), comment="the case's"))
    op.add_column("task_candidate", sa.Column("area", sa.Text(), comment="the case's, where it is not the party's own"))
    op.execute(PARTIES)
    op.create_index("ix_task_candidate_party", "task_candidate", [*PLACE, "party", "due_at", "task_id"])
    op.create_index(
        "ix_task_candidate_area",
        "task_candidate",
        [*PLACE, "area", "due_at", "task_id"],
        sqlite_where=IN_AREA,
        postgresql_where=IN_AREA,
    )
    op.create_index("ix_task_name", "task", ["name"], sqlite_where=OPEN, postgresql_where=OPEN)
    _index_anew("ix_task_assignee", "task", ["assignee", "due_at", "id"], TAKEN)
    _index_anew("ix_case_live", "case", ["definition_id", "id"], LIVE)
    case_word = op.create_table(
        "case_word",
        sa.Column("word", PLAIN, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_word_case_id")),
        sa.PrimaryKeyConstraint("word", "case_id", name=op.f("pk_case_word")),
        comment="words in number and title of live cases: what people search for",
        sqlite_with_rowid=False,
    )
    word_part = op.create_table(
        "word_part",
        sa.Column("part", PLAIN, nullable=False),
        sa.Column("word", PLAIN, nullable=False),
        sa.PrimaryKeyConstraint("part", "word", name=op.f("pk_word_part")),
        comment="every word, from each of its letters on: any part of a word begins one of these",
        sqlite_with_rowid=False,
    )
    _find_words(case_word, word_part)


def downgrade() -> None:
    op.drop_table("word_part")
    op.drop_table("case_word")
    _index_anew("ix_case_live", "case", ["definition_id"], LIVE)
    _index_anew("ix_task_assignee", "task", ["assignee", "due_at"], TAKEN)
    op.drop_index("ix_task_name", "task")
    op.drop_index("ix_task_candidate_area", "task_candidate")
    op.drop_index("ix_task_candidate_party", "task_candidate")
    op.drop_column("task_candidate", "area")
    op.drop_column("task_candidate", "party")


def _index_anew(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.drop_index(name, table)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _find_words(case_word: sa.Table, word_part: sa.Table) -> None:
    """As `engine.cases.words` keeps them, for the cases that are there."""
    known: set[str] = set()
    connection, last = op.get_bind(), 0
    live = sa.text('SELECT id, number, title FROM "case" WHERE ended_at IS NULL AND id > :last ORDER BY id LIMIT 5000')
    while found := connection.execute(live, {"last": last}).all():
        rows = [(word.casefold()[:200], one.id) for one in found for word in _words(f"{one.number} {one.title}")]
        connection.execute(case_word.insert(), [{"word": word, "case_id": one} for word, one in sorted(set(rows))])
        new = {word for word, _ in rows} - known
        parts = sorted({(word[place : place + 40], word) for word in new for place in range(len(word))})
        if parts:
            connection.execute(word_part.insert(), [{"part": part, "word": word} for part, word in parts])
        known |= new
        last = found[-1].id


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)
