"""Work for the worker, what came of it when it failed, and the mails that leave the house."""

import sqlalchemy as sa

from engine.db import Id, Json, Moment, Words, metadata

_WAITING = sa.text("state = 'waiting'")
_LEASED = sa.text("state = 'leased'")
_OPEN = sa.text("state = 'open'")
_CLOSED = sa.text("state != 'open'")
_UNDONE = sa.text("status IN ('queued', 'failed')")
_KEYED = sa.text("idempotency_key IS NOT NULL")

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("case_id", Id, sa.ForeignKey("case.id")),
    sa.Column("wait", sa.Integer),
    sa.Column("element", sa.Text),
    sa.Column("topic", sa.Text),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("lease_until", Moment),
    sa.Column("lease_owner", sa.Text),
    sa.Column("fence", sa.Integer, nullable=False, comment="one more for each lease: an old lease's report is refused"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("last_error", Words),
    sa.Column("last_error_en", Words),
    sa.Column("payload", Json),
    sa.Column("idempotency_key", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("ix_job_case_id", "case_id", "wait"),
    sa.Index("ix_job_due_at", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    sa.Index("ix_job_lease_until", "lease_until", sqlite_where=_LEASED, postgresql_where=_LEASED),
    sa.Index("uq_job_idempotency_key", "idempotency_key", unique=True, sqlite_where=_KEYED, postgresql_where=_KEYED),
)

incident = sa.Table(
    "incident",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), index=True),
    sa.Column("job_id", Id, sa.ForeignKey("job.id")),
    sa.Column("wait", sa.Integer),
    sa.Column("element", sa.Text),
    sa.Column("message", Words, nullable=False),
    sa.Column("message_en", Words, comment="the same in English; null: nobody said it"),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("closed_at", Moment),
    sa.Column("closed_by", Id, sa.ForeignKey("person.id")),
    sa.Column("note", Words),
    sa.Index("ix_incident_open", "opened_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    sa.Index("ix_incident_closed", "closed_at", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
)

mail = sa.Table(
    "mail",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("case_id", Id, sa.ForeignKey("case.id"), index=True),
    sa.Column("job_id", Id, sa.ForeignKey("job.id"), index=True),
    sa.Column("to", Words, nullable=False),
    sa.Column("subject", Words, nullable=False),
    sa.Column("body", Words, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("rung", sa.Text),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("created_at", Moment, nullable=False, index=True),
    sa.Column("sent_at", Moment),
    sa.Column("idempotency_key", sa.Text, nullable=False, unique=True),
    sa.Index("ix_mail_status", "status", sqlite_where=_UNDONE, postgresql_where=_UNDONE),
)
