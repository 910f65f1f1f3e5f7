"""What is wrong, or became of something, is kept with what it was made of, which takes more room."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WORK = (
    "connections",
    "diagnoses",
    "document_files",
    "forecasts",
    "inbox",
    "issue_requests",
    "messages",
    "reconciling",
    "tracking_reads",
)
OTHERS = (
    ("coupons", "problem"),
    ("inbox", "outcome"),
    ("messages", "mailer_said"),
    ("notices", "dropped"),
    ("tasks", "words"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return  # its columns have no length
    for table, column in (*((table, one) for table in WORK for one in ("problem", "mend")), *OTHERS):
        op.alter_column(table, column, type_=sa.Text())
