"""Alembic's way into our metadata. The connection comes from `app.db.schema.upgrade`."""

from alembic import context

from app.db import documents, inbox, notices, orders, reconciling, staff, stores  # noqa: F401
from app.db.base import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
