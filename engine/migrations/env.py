"""Alembic's way in: runs the revisions in the transaction that `engine.db.migrate` has begun."""

from alembic import context

import engine.schema

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=engine.schema.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()
