"""Alembic's entry: runs migrations inside the transaction that `store.schema` hands over."""

from alembic import context

from framemill.store.tables import Job

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Job.metadata,
    # SQLite alters a table by making it anew.
    render_as_batch=True,
    compare_type=True,
    # The caller's transaction holds; another one inside it would commit half-way.
    transactional_ddl=False,
)
context.run_migrations()
