"""What may be begun in ad-hoc sub-processes, and by whom: found by an index."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.String(32), "sqlite")


def upgrade() -> None:
    offer = op.create_table(
        "offer",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("wait", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="empty: the person whose id the scope is, by name"),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("elements", sa.Text(), nullable=False, comment="ids of the activities"),
        sa.Column("offered_at", MOMENT, nullable=False, comment="since when something may be begun under the wait"),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_offer_case_id")),
        sa.PrimaryKeyConstraint("case_id", "wait", "role", "scope", "side", name=op.f("pk_offer")),
        comment="what may be begun now in ad-hoc sub-processes, and by whom",
    )
    op.create_index("ix_offer_role", "offer", ["role", "scope", "side", "offered_at", "case_id", "wait"])
    _fill(offer)


OPEN = """
    SELECT wait.case_id, wait.wait, wait.element, history.data, history.at
    FROM wait JOIN history ON history.case_id = wait.case_id AND history.element = wait.element
      AND history.kind = 'ad_hoc:opened'
    WHERE wait.kind = 'ad_hoc'
"""


def _fill(offer: sa.Table) -> None:
    """Whom each that lies open was offered to when it opened. What they may begin, its next step puts in."""
    rows = {}
    for case_id, wait, element, data, at in op.get_bind().execute(sa.text(OPEN)):
        for candidate in json.loads(data).get("candidates", ()):
            named, _, side = candidate.partition("@")
            role, _, scope = named.partition(":")
            key = (case_id, wait, role.strip(), scope.strip(), side.strip())
            if key[2]:
                rows[key] = {"elements": json.dumps([element]), "offered_at": at}
    names = ("case_id", "wait", "role", "scope", "side")
    if rows:
        op.bulk_insert(offer, [{**dict(zip(names, key, strict=True)), **row} for key, row in rows.items()])


def downgrade() -> None:
    op.drop_table("offer")
