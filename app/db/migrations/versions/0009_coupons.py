"""Coupons for customers who had to wait."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId, ExactDecimal, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coupons",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("cause", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("minimum", ExactDecimal(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("worth", ExactDecimal(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("given_by", sa.String(length=200), nullable=False),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("remote_id", BigId, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("posted_at", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=True),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("swept_at", Instant(), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_coupons_store_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_coupons_order_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_coupons_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("store_id", "cause", name=op.f("uq_coupons_store_id_cause")),
        sa.UniqueConstraint("store_id", "code", name=op.f("uq_coupons_store_id_code")),
    )
    op.create_index(op.f("ix_coupons_order_id"), "coupons", ["order_id"])
    op.create_index(op.f("ix_coupons_message_id"), "coupons", ["message_id"])
    op.create_index(op.f("ix_coupons_store_id_month"), "coupons", ["store_id", "month"])
