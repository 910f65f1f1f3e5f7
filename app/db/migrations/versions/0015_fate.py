"""What became of a mail is its fate: a delivery is a webhook request and nothing else."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE messages RENAME COLUMN delivery TO fate")
