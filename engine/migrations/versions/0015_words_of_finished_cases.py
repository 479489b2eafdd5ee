"""Finished cases are found by their words too; words that no case has are forgotten."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
LIVE: sa.Column[bool] = sa.Column("is_live", sa.Boolean(), nullable=False, comment="the case is not over")


def upgrade() -> None:
    op.drop_table("case_word")
    _find_words(_create([LIVE], "words in number and title of cases: what people search for"), live_only=False)


def downgrade() -> None:
    op.drop_table("case_word")
    _find_words(_create([], "words in number and title of live cases: what people search for"), live_only=True)


def _create(more: list[sa.Column[bool]], comment: str) -> sa.Table:
    return op.create_table(
        "case_word",
        sa.Column("word", PLAIN, nullable=False),
        *more,
        sa.Column("case_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_word_case_id")),
        sa.PrimaryKeyConstraint("word", *(one.name for one in more), "case_id", name=op.f("pk_case_word")),
        comment=comment,
        sqlite_with_rowid=False,
    )


def _find_words(case_word: sa.Table, *, live_only: bool) -> None:
    """As `engine.cases.words` keeps them, for the cases that are there."""
    op.execute("DELETE FROM word_part")
    word_part = sa.table("word_part", sa.column("part"), sa.column("word"))
    known: set[str] = set()
    connection, last = op.get_bind(), 0
    some = "AND ended_at IS NULL" if live_only else ""
    cases = sa.text(
        'SELECT id, number, title, ended_at IS NULL AS is_live FROM "case"'  # noqa: S608
        f" WHERE id > :last {some} ORDER BY id LIMIT 5000"
    )
    while found := connection.execute(cases, {"last": last}).all():
        rows = {
            (word.casefold()[:200], bool(one.is_live), one.id)
            for one in found
            for word in re.findall(r"[^\W_]+", f"{one.number} {one.title}")
        }
        values = [{"word": word, "is_live": is_live, "case_id": one} for word, is_live, one in sorted(rows)]
        for value in values if live_only else ():
            del value["is_live"]
        connection.execute(case_word.insert(), values)
        new = {word for word, _, _ in rows} - known
        parts = sorted({(word[place : place + 40], word) for word in new for place in range(len(word))})
        if parts:
            connection.execute(word_part.insert(), [{"part": part, "word": word} for part, word in parts])
        known |= new
        last = found[-1].id
