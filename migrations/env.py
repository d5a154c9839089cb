"""How Alembic reaches the database: on the connection that ``pledge.db.migrate`` hands over."""

from alembic import context

from pledge.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
