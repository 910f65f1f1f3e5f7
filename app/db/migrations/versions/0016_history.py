"""What a customer bought is added up from an index alone."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_orders_store_id_email_created_at"), table_name="orders")
    op.create_index(
        "ix_orders_of_email",
        "orders",
        ["store_id", "email", "created_at", "currency", "total", "status", "paid_at"],
    )
