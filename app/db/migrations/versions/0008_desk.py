"""What the desk looks up: orders by their words, a customer's orders, what needs a person.

Orders of before are indexed by the workers."""

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "orders",
        sa.Column("search_due", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    op.create_index(
        op.f("ix_orders_search_due_id"),
        "orders",
        ["search_due", "id"],
        sqlite_where=sa.text("search_due = 1"),
        postgresql_where=sa.text("search_due"),
    )
    op.drop_index(op.f("ix_orders_store_id_email"), "orders")
    op.create_index(
        op.f("ix_orders_store_id_email_created_at"), "orders", ["store_id", "email", "created_at"]
    )
    watched = sa.text("next_check_at IS NOT NULL")
    op.create_index(
        "ix_orders_risk", "orders", ["risk"], sqlite_where=watched, postgresql_where=watched
    )
    trouble = sa.text("state IN ('exception', 'returned')")
    op.create_index(
        "ix_shipments_trouble",
        "shipments",
        ["changed_at"],
        sqlite_where=trouble,
        postgresql_where=trouble,
    )
    word = sa.String(60, collation="C").with_variant(sa.String(60), "sqlite")
    op.create_table(
        "search_words",
        sa.Column("id", BigId, nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("word", word, nullable=False),
        sa.Column("backwards", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_search_words_store_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_words")),
        sa.UniqueConstraint(
            "store_id",
            "backwards",
            "word",
            "kind",
            name=op.f("uq_search_words_store_id_backwards_word_kind"),
        ),
    )
    op.create_table(
        "search_typos",
        sa.Column("word_id", BigId, nullable=False),
        sa.Column("shortened", sa.String(length=60), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["word_id"], ["search_words.id"], name=op.f("fk_search_typos_word_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_search_typos_store_id")),
        sa.PrimaryKeyConstraint("word_id", "shortened", name=op.f("pk_search_typos")),
    )
    op.create_index(
        op.f("ix_search_typos_store_id_shortened"), "search_typos", ["store_id", "shortened"]
    )
    op.create_table(
        "search_entries",
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("word_id", BigId, nullable=False),
        sa.Column("at", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_search_entries_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["word_id"], ["search_words.id"], name=op.f("fk_search_entries_word_id")
        ),
        sa.PrimaryKeyConstraint("order_id", "word_id", name=op.f("pk_search_entries")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_search_entries_word_id_at_order_id"),
        "search_entries",
        ["word_id", "at", "order_id"],
    )


def downgrade() -> None:
    op.drop_table("search_entries")
    op.drop_table("search_typos")
    op.drop_table("search_words")
    op.drop_index("ix_shipments_trouble", "shipments")
    op.drop_index("ix_orders_risk", "orders")
    op.drop_index(op.f("ix_orders_store_id_email_created_at"), "orders")
    op.create_index(op.f("ix_orders_store_id_email"), "orders", ["store_id", "email"])
    op.drop_index(op.f("ix_orders_search_due_id"), "orders")
    op.drop_column("orders", "search_due")
