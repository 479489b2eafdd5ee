"""The writes of data stores are found among all of the history."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

WRITES = sa.text("kind = 'store:written'")


def upgrade() -> None:
    op.create_index("ix_history_store", "history", ["at", "id"], sqlite_where=WRITES, postgresql_where=WRITES)


def downgrade() -> None:
    op.drop_index("ix_history_store", "history")
