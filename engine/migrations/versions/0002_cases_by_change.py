"""The list of cases is sorted by when they last changed."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_case_changed_at", "case", ["changed_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_case_changed_at", "case")
