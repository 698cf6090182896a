"""Alembic's entry point: migrations run on the connection that is handed in."""

from alembic import context

from data.tables import metadata


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
