"""Processes as they were deployed, version by version."""

import sqlalchemy as sa

from engine.db import Id, Json, Moment, Words, metadata

definition = sa.Table(
    "definition",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("deployed_at", Moment, nullable=False),
    sa.Column("deployed_by", sa.Text, nullable=False),
    sa.Column("source", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("key", "version", name="uq_definition_key_version"),
)

definition_file = sa.Table(
    "definition_file",
    metadata,
    sa.Column("definition_id", Id, sa.ForeignKey("definition.id"), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

start_condition = sa.Table(
    "start_condition",
    metadata,
    sa.Column("process", sa.Text, primary_key=True),
    sa.Column("element", sa.Text, primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False, comment="which of the event's triggers"),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("is_broken", sa.Boolean, nullable=False, comment="it has no value, and an incident says so"),
    comment="the conditions that processes start by, and whether each held when it was last tried",
)

start_arrival = sa.Table(
    "start_arrival",
    metadata,
    sa.Column("process", sa.Text, primary_key=True),
    sa.Column("element", sa.Text, primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True, autoincrement=False, comment="which of the event's triggers"),
    sa.Column("variables", Json, nullable=False, comment="what it carried"),
    sa.Column("arrived_at", Moment, nullable=False),
    comment="of start events that need several triggers: signals, timers and conditions that came, until all are there",
)
