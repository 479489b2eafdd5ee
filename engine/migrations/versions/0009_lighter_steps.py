"""A step touches fewer pages: indexes hold only rows that are looked for; on SQLite two small tables are their key."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

OPEN = sa.text("state = 'open'")
TAKEN = sa.text("state = 'open' AND assignee IS NOT NULL")
CLOSED = sa.text("closed_by IS NOT NULL")

# What these held on SQLite, now without the row numbers beside the key.
TABLES = {
    "task_candidate": (
        "task_id INTEGER NOT NULL CONSTRAINT fk_task_candidate_task_id REFERENCES task (id),"
        " role TEXT NOT NULL, scope TEXT NOT NULL, side TEXT NOT NULL, due_at VARCHAR(32),"
        " CONSTRAINT pk_task_candidate PRIMARY KEY (task_id, role, scope, side)",
        {
            "ix_task_candidate_role": ["role", "scope", "side", "due_at", "task_id"],
            "ix_task_candidate_newest": ["role", "scope", "side", "task_id"],
        },
    ),
    "case_reader": (
        'case_id INTEGER NOT NULL CONSTRAINT fk_case_reader_case_id REFERENCES "case" (id),'
        " role TEXT NOT NULL, scope TEXT NOT NULL, side TEXT NOT NULL,"
        " CONSTRAINT pk_case_reader PRIMARY KEY (case_id, role, scope, side)",
        {"ix_case_reader_role": ["role", "scope", "side", "case_id"]},
    ),
}


def upgrade() -> None:
    _replace("ix_task_assignee", ["assignee", "due_at"], TAKEN)
    _replace("ix_task_closed_by", ["closed_by", "closed_at"], CLOSED)
    if op.get_bind().dialect.name == "sqlite":
        _build_anew(" WITHOUT ROWID")


def downgrade() -> None:
    _replace("ix_task_assignee", ["assignee", "due_at"], OPEN)
    _replace("ix_task_closed_by", ["closed_by", "closed_at"], None)
    if op.get_bind().dialect.name == "sqlite":
        _build_anew("")


def _replace(name: str, columns: list[str], where: sa.TextClause | None) -> None:
    op.drop_index(name, "task")
    op.create_index(name, "task", columns, sqlite_where=where, postgresql_where=where)


def _build_anew(kind: str) -> None:
    for table, (columns, indexes) in TABLES.items():
        for name in indexes:
            op.drop_index(name, table)
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
        op.execute(f"CREATE TABLE {table} ({columns}){kind}")
        op.execute(f"INSERT INTO {table} SELECT * FROM {table}_before")  # noqa: S608
        op.execute(f"DROP TABLE {table}_before")
        for name, named in indexes.items():
            op.create_index(name, table, named)
