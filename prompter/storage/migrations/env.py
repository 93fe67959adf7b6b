"""Alembic's entry point. The connection comes from `prompter.storage.migrate`."""

from alembic import context

from prompter.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
    user_module_prefix="tables.",
)
with context.begin_transaction():
    context.run_migrations()
