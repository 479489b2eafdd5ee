"""Indexes for a house with a million cases: what an index lets a page find goes in, what none asks for goes out."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

SEALED = sa.text("sealed_to IS NOT NULL AND ended_at IS NULL")
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_index("ix_case_sealed_to", "case", ["sealed_to"], sqlite_where=SEALED, postgresql_where=SEALED)
    op.create_index("ix_task_candidate_newest", "task_candidate", ["role", "scope", "side", "task_id"])
    op.drop_index("ix_task_due_at", "task")


def downgrade() -> None:
    op.create_index("ix_task_due_at", "task", ["due_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index("ix_task_candidate_newest", "task_candidate")
    op.drop_index("ix_case_sealed_to", "case")
