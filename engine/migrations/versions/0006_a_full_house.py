"""Indexes for a house with a million cases: what an index lets a page find goes in, what none asks for goes out."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

SEALED = sa.text("sealed_to IS NOT NULL")
UNUSUAL = sa.text("state NOT IN ('active', 'completed')")
CANCELLED = sa.text("state = 'cancelled' AND assignee IS NOT NULL")
CLOSED = sa.text("state != 'open'")
UNDONE = sa.text("status IN ('queued', 'failed')")
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    columns = ["ended_at", "sealed_to"]
    op.create_index("ix_case_sealed_to", "case", columns, sqlite_where=SEALED, postgresql_where=SEALED)
    op.create_index("ix_case_state", "case", ["state"], sqlite_where=UNUSUAL, postgresql_where=UNUSUAL)
    op.create_index("ix_task_cancelled", "task", ["assignee"], sqlite_where=CANCELLED, postgresql_where=CANCELLED)
    op.create_index("ix_incident_closed", "incident", ["closed_at"], sqlite_where=CLOSED, postgresql_where=CLOSED)
    op.create_index("ix_mail_status", "mail", ["status"], sqlite_where=UNDONE, postgresql_where=UNDONE)
    op.create_index("ix_task_candidate_newest", "task_candidate", ["role", "scope", "side", "task_id"])
    op.drop_index("ix_task_due_at", "task")


def downgrade() -> None:
    op.create_index("ix_task_due_at", "task", ["due_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index("ix_mail_status", "mail")
    op.drop_index("ix_incident_closed", "incident")
    op.drop_index("ix_task_candidate_newest", "task_candidate")
    op.drop_index("ix_task_cancelled", "task")
    op.drop_index("ix_case_state", "case")
    op.drop_index("ix_case_sealed_to", "case")
