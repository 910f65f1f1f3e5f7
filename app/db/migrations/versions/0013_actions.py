"""What staff do by hand happens once for each form, and a message can be held by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_events", sa.Column("request", sa.String(length=40), nullable=True))
    op.create_index(
        op.f("ix_order_events_order_id_request"),
        "order_events",
        ["order_id", "request"],
        unique=True,
    )
    op.add_column("messages", sa.Column("held_by", sa.String(length=200), nullable=True))
