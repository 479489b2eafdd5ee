"""A start form that is sent twice, in impatience or by a connection that broke, starts one case."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "case_start",
        sa.Column("form", sa.String(length=64), nullable=False, comment="hash of who sent which answers"),
        sa.Column("case_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_start_case_id")),
        sa.PrimaryKeyConstraint("form", name=op.f("pk_case_start")),
        comment="a form sent twice starts one case",
    )


def downgrade() -> None:
    raise NotImplementedError("Expected to keep what was stored, but an older schema has no room for it.")
