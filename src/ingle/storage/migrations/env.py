"""How alembic runs the migrations of this folder: on the connection that it is handed."""

from alembic import context

from ingle.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # All steps are one transaction, which the caller owns: an interrupted upgrade changes nothing.
    transactional_ddl=True,
    transaction_per_migration=False,
    # SQLite changes a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
