"""Connecting proves deliveries, plain permalinks are spoken, copies of a shop are remembered."""

import sqlalchemy as sa
from alembic import op

from app.db.types import Instant, Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    plain = sa.Column("plain_permalinks", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("stores", plain)
    op.add_column("stores", sa.Column("copies", Json, nullable=False, server_default="[]"))
    op.add_column("connections", sa.Column("test_begun_at", Instant(), nullable=True))
    op.add_column("connections", sa.Column("test_order", sa.BigInteger(), nullable=True))
    verdict = sa.Column("test_verdict", sa.String(length=20), nullable=False, server_default="")
    op.add_column("connections", verdict)
