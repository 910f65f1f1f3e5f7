"""Several orders of a customer in one message."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("carried_by_id", BigId, nullable=True))
    op.create_index(op.f("ix_messages_carried_by_id"), "messages", ["carried_by_id"])
