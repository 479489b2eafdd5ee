"""People, what they hold, and their signed-in sessions."""

import sqlalchemy as sa

from engine.db import Id, Moment, Words, metadata

person = sa.Table(
    "person",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("username", sa.Text, nullable=False, unique=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("demo", sa.Boolean, nullable=False, server_default=sa.false()),
)

membership = sa.Table(
    "membership",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("scope", sa.Text),
    sa.Column("side", sa.Text),
    sa.Column("party", sa.Text),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Index("ix_membership_role", "role", "scope"),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False, index=True),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

login_throttle = sa.Table(
    "login_throttle",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failed_at", Moment, nullable=False),
    sa.Column("blocked_until", Moment),
)

read_log = sa.Table(
    "read_log",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("person_id", Id, sa.ForeignKey("person.id"), nullable=False),
    sa.Column("role", sa.Text),
    sa.Column("case_id", Id, index=True),
    sa.Column("what", sa.Text, nullable=False),
)
