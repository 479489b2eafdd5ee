"""What went wrong is told in English too; what was told before stays in Swedish."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("job", sa.Column("last_error_en", sa.Text()))
    op.add_column("incident", sa.Column("message_en", sa.Text(), comment="the same in English; null: nobody said it"))


def downgrade() -> None:
    """Nothing is lost but the English: the Swedish stays."""
    op.drop_column("incident", "message_en")
    op.drop_column("job", "last_error_en")
