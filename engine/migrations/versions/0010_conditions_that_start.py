"""The conditions that processes start by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "start_condition",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False, comment="which of the event's triggers"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("is_broken", sa.Boolean(), nullable=False, comment="it has no value, and an incident says so"),
        sa.PrimaryKeyConstraint("process", "element", "part", name=op.f("pk_start_condition")),
        comment="the conditions that processes start by, and whether each held when it was last tried",
    )


def downgrade() -> None:
    op.drop_table("start_condition")
