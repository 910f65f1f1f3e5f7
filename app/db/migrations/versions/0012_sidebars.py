"""Sidebars in help desks."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId, Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sidebars",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("vendor", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("audience", sa.String(length=400), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("sees_all", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("rotated_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sidebars")),
        sa.UniqueConstraint("name", name=op.f("uq_sidebars_name")),
        sa.UniqueConstraint("key", name=op.f("uq_sidebars_key")),
    )
    op.create_table(
        "sidebar_stores",
        sa.Column("sidebar_id", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sidebar_id"], ["sidebars.id"], name=op.f("fk_sidebar_stores_sidebar_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_sidebar_stores_store_id")
        ),
        sa.PrimaryKeyConstraint("sidebar_id", "store_id", name=op.f("pk_sidebar_stores")),
    )
    op.create_table(
        "sidebar_tokens",
        sa.Column("id", BigId, nullable=False),
        sa.Column("sidebar_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sidebar_id"], ["sidebars.id"], name=op.f("fk_sidebar_tokens_sidebar_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sidebar_tokens")),
        sa.UniqueConstraint(
            "sidebar_id", "sha256", name=op.f("uq_sidebar_tokens_sidebar_id_sha256")
        ),
    )
    op.create_index(op.f("ix_sidebar_tokens_expires_at"), "sidebar_tokens", ["expires_at"])
