"""What telling customers needs: approvals, a breaker, opt-outs, their page, and tasks for staff."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId, Instant, Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("approved_at", Instant(), nullable=True))
    op.add_column("messages", sa.Column("approved_by", sa.String(length=200), nullable=True))
    op.add_column("messages", sa.Column("retried_at", Instant(), nullable=True))
    op.add_column("stores", sa.Column("breaker", Json, nullable=True))
    op.create_index(
        op.f("ix_orders_store_id_next_check_at"), "orders", ["store_id", "next_check_at"]
    )
    op.add_column("orders", sa.Column("risk", sa.Integer(), nullable=True))
    op.add_column("orders", sa.Column("peak_risk", sa.Integer(), nullable=True))
    op.create_table(
        "forecasts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("fitted_at", Instant(), nullable=True),
        sa.Column("outcomes", sa.Integer(), nullable=False),
        sa.Column("knows_arrivals", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=True),
        sa.Column("curves", Json, nullable=False),
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
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_forecasts_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecasts")),
        sa.UniqueConstraint("store_id", name=op.f("uq_forecasts_store_id")),
    )
    op.create_index(op.f("ix_forecasts_state_due_at"), "forecasts", ["state", "due_at"])
    op.create_table(
        "opt_outs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_opt_outs_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
        sa.UniqueConstraint("store_id", "email", name=op.f("uq_opt_outs_store_id_email")),
    )
    op.create_table(
        "customer_links",
        sa.Column("id", BigId, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("nonce", sa.String(length=40), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_customer_links_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_links")),
        sa.UniqueConstraint("nonce", name=op.f("uq_customer_links_nonce")),
    )
    op.create_index(op.f("ix_customer_links_order_id"), "customer_links", ["order_id"])
    op.create_table(
        "tasks",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("done_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_tasks_store_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_tasks_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("order_id", "kind", "cause", name=op.f("uq_tasks_order_id_kind_cause")),
    )
    op.create_index(op.f("ix_tasks_done_at"), "tasks", ["done_at"])
