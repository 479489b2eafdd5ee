"""What happened, row by row. Nobody changes or deletes one: triggers refuse it on both databases."""

from typing import Any

import sqlalchemy as sa

from engine.db import Id, Moment, Words, metadata

ROWS_PER_CASE = 2**24
"""A row's id is case_id * ROWS_PER_CASE + seq: rows of a case lie together, and an id cannot be altered unnoticed."""

_STORE_WRITES = sa.text("kind = 'store:written'")

history = sa.Table(
    "history",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("element", sa.Text),
    sa.Column("element_name", Words),
    sa.Column("outcome", Words),
    sa.Column("person_id", Id, sa.ForeignKey("person.id")),
    sa.Column("person_name", Words, nullable=False),
    sa.Column("role", sa.Text),
    sa.Column("party", sa.Text),
    sa.Column("definition_key", sa.Text, nullable=False),
    sa.Column("definition_version", sa.Integer, nullable=False),
    sa.Column("data", sa.Text, comment="canonical JSON, kept as the text that was hashed"),
    sa.Column("data_hash", sa.String(64)),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("ix_history_store", "at", "id", sqlite_where=_STORE_WRITES, postgresql_where=_STORE_WRITES),
    sa.CheckConstraint(f"id = case_id * {ROWS_PER_CASE} + seq", name="id"),
)


def rows_of(case_id: Any, after: Any = 0) -> sa.ColumnElement[bool]:
    """SQL: the rows of a case, those after a number. By their ids: `case_id` has no index of its own."""
    first = case_id * ROWS_PER_CASE
    return history.c.id.between(first + after + 1, first + ROWS_PER_CASE - 1)
