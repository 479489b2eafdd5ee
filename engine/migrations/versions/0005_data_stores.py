"""Data stores: values known by name, which outlive the cases that read and write them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    op.create_table(
        "data_store",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "value",
            sa.Text(),
            nullable=True,
            comment="null: nobody has written to it yet, or somebody has emptied it",
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="how often it was written"),
        sa.Column("written_at", MOMENT, nullable=True),
        sa.Column("case_id", ID, nullable=True, comment="the case that wrote it last"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_data_store_case_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_data_store")),
    )


def downgrade() -> None:
    raise NotImplementedError("Expected to go back to 0004, but what the data stores hold would be lost.")
