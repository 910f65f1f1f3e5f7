"""Parcels, their scans, readings that are owed, and the secrets of carriers' services."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId, Instant, Json

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _shipments()
    _tracking_events()
    _tracking_reads()
    op.create_table(
        "carrier_secrets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_carrier_secrets_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_secrets")),
        sa.UniqueConstraint(
            "store_id", "source", name=op.f("uq_carrier_secrets_store_id_source")
        ),
    )
    for column in ("fulfillments_off_at", "germanized_off_at"):
        op.add_column("stores", sa.Column(column, Instant(), nullable=True))


def _shipments() -> None:
    op.create_table(
        "shipments",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("carrier", sa.String(length=100), nullable=False),
        sa.Column("carrier_key", sa.String(length=30), nullable=False),
        sa.Column("tracking_number", sa.String(length=100), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("untrusted_link", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("shipped_at", Instant(), nullable=True),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("estimated_on", sa.Date(), nullable=True),
        sa.Column("last_scan", Json, nullable=True),
        sa.Column("pieces", Json, nullable=False),
        sa.Column("source", sa.String(length=30), nullable=False),
        sa.Column("ref", sa.String(length=60), nullable=False),
        sa.Column("told", Json, nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipments_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_shipments_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
        sa.UniqueConstraint("order_id", "key", name=op.f("uq_shipments_order_id_key")),
    )
    op.create_index(op.f("ix_shipments_store_id_number"), "shipments", ["store_id", "number"])


def _tracking_events() -> None:
    op.create_table(
        "tracking_events",
        sa.Column("id", BigId, nullable=False),
        sa.Column("shipment_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_tracking_events_shipment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracking_events")),
        sa.UniqueConstraint("shipment_id", "key", name=op.f("uq_tracking_events_shipment_id_key")),
    )


def _tracking_reads() -> None:
    op.create_table(
        "tracking_reads",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deaths", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.String(length=80), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=True),
        sa.Column("mend", sa.String(length=500), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_tracking_reads_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_tracking_reads_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracking_reads")),
        sa.UniqueConstraint("order_id", name=op.f("uq_tracking_reads_order_id")),
    )
    op.create_index(
        op.f("ix_tracking_reads_state_due_at"), "tracking_reads", ["state", "due_at"]
    )
