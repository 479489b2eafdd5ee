"""Which cases wait for a condition on a data store."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "data_store_watch",
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_data_store_watch_case_id")),
        sa.PrimaryKeyConstraint("store", "case_id", "wait", name=op.f("pk_data_store_watch")),
        comment="which cases wait for a condition on the store",
    )
    op.create_index("ix_data_store_watch_case_id", "data_store_watch", ["case_id", "wait"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_data_store_watch_case_id", "data_store_watch")
    op.drop_table("data_store_watch")
