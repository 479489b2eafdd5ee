"""Alembic's way in: runs the revisions in one transaction. Of several processes, one at a time gets in."""

import sqlalchemy as sa
from alembic import context

import engine.schema

with context.config.attributes["engine"].begin() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(5061997)"))
    context.configure(
        connection=connection,
        target_metadata=engine.schema.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    context.run_migrations()
