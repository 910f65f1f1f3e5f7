"""Several orders of a customer in one message; mail servers of the shops' own."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId, Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("carried_by_id", BigId, nullable=True))
    op.create_index(op.f("ix_messages_carried_by_id"), "messages", ["carried_by_id"])
    op.create_table(
        "mail_passwords",
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=420), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_mail_passwords_store_id")
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_mail_passwords")),
    )
