"""What has come of the several triggers that a start event needs."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "start_arrival",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False, comment="which of the event's triggers"),
        sa.Column("variables", sa.Text(), nullable=False, comment="what it carried"),
        sa.Column("arrived_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("process", "element", "part", name=op.f("pk_start_arrival")),
        comment="of start events that need several triggers: signals, timers and conditions that came, until all are"
        " there",
    )


def downgrade() -> None:
    op.drop_table("start_arrival")
