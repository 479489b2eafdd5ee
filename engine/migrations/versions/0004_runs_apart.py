"""The runs of a big case in rows of their own; the cases that are there stay as they are until their next step."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "case_run",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("data", sa.Text(), nullable=False, comment="one run of the machine's state, as JSON"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_run_case_id")),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_run")),
        comment="of big cases only: what would make each step cost what all their runs cost",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("Expected to go back to 0003, but the state of big cases would be lost.")
