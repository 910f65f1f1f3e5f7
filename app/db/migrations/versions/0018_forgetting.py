"""What shops erase is erased here; what deliveries said and words of nobody are not kept."""

import sqlalchemy as sa
from alembic import op

from app.db.types import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEPT = sa.text("emptied_at IS NULL AND state <> 'due'")


def upgrade() -> None:
    op.add_column("orders", sa.Column("erased_at", Instant(), nullable=True))
    op.add_column("inbox", sa.Column("emptied_at", Instant(), nullable=True))
    op.create_index(
        "ix_inbox_kept", "inbox", ["received_at"], sqlite_where=KEPT, postgresql_where=KEPT
    )
    left = sa.Column("was_left", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("search_words", left)
    op.create_index(
        "ix_search_words_left",
        "search_words",
        ["id"],
        sqlite_where=sa.text("was_left = 1"),
        postgresql_where=sa.text("was_left"),
    )
    # Those that orders left before: whether none holds them is looked at by the workers.
    words = sa.table("search_words", sa.column("id"), sa.column("was_left"))
    entries = sa.table("search_entries", sa.column("word_id"))
    held = sa.exists().where(entries.c.word_id == words.c.id)
    op.execute(sa.update(words).where(~held).values(was_left=sa.true()))
