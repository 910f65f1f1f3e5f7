"""Customers say whether a word about a delay helped; and what their owner's measure walks along."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId, Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ratings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("helped", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_ratings_store_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ratings_order_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_ratings_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("message_id", name=op.f("uq_ratings_message_id")),
    )
    op.create_index(op.f("ix_ratings_order_id"), "ratings", ["order_id"])
    op.create_index(op.f("ix_messages_store_id_sent_at"), "messages", ["store_id", "sent_at"])
    op.create_index(op.f("ix_notices_store_id_decided_at"), "notices", ["store_id", "decided_at"])
