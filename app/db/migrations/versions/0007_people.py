"""People see chosen stores, have sessions of their own and a second step; the audit is chained."""

import json

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId, Instant, Json
from app.domain.chain import BEGINNING, link
from app.domain.trail import TrailEntry

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _sessions()
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_marks",
        sa.Column("id", BigId, nullable=False),
        sa.Column("who", sa.String(length=320), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_marks")),
        sa.UniqueConstraint(
            *("who", "action", "noted_on", "subject"),
            name=op.f("uq_audit_marks_who_action_noted_on_subject"),
        ),
    )
    for name, kind, empty in (
        ("position", BigId, "0"),
        ("previous", sa.String(length=64), ""),
        ("sha256", sa.String(length=64), ""),
    ):
        op.add_column("audit", sa.Column(name, kind, nullable=False, server_default=empty))
    _allow_changes()
    _chain()
    op.create_index(op.f("ix_audit_position"), "audit", ["position"], unique=True)
    for column in ("who", "action", "store_id"):
        op.create_index(op.f(f"ix_audit_{column}_position"), "audit", [column, "position"])
    _refuse_changes()


def _people() -> None:
    yes = sa.Column("sees_all", sa.Boolean(), nullable=False, server_default=sa.true())
    op.add_column("people", yes)
    op.add_column("people", sa.Column("code_secret", sa.LargeBinary(), nullable=True))
    op.add_column("people", sa.Column("code_since", Instant(), nullable=True))
    for name, kind in (("code_failures", sa.Integer()), ("code_counter", BigId)):
        op.add_column("people", sa.Column(name, kind, nullable=False, server_default="0"))
    op.add_column("people", sa.Column("removed_at", Instant(), nullable=True))
    op.execute("ALTER TABLE people DROP COLUMN session_epoch")
    op.create_table(
        "person_stores",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_stores_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_person_stores_store_id")
        ),
        sa.PrimaryKeyConstraint("person_id", "store_id", name=op.f("pk_person_stores")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_person_id"), "recovery_codes", ["person_id"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("is_half", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("agent", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sessions_token_sha256")),
    )
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"])


AUDIT = sa.table(
    "audit",
    sa.column("id", BigId),
    sa.column("at", Instant()),
    sa.column("who", sa.String),
    sa.column("action", sa.String),
    sa.column("store_id", sa.Integer),
    sa.column("what", Json),
    sa.column("position", BigId),
    sa.column("previous", sa.String),
    sa.column("sha256", sa.String),
)
AUDIT_HEAD = sa.table(
    "audit_head",
    sa.column("id", sa.Integer),
    sa.column("position", BigId),
    sa.column("sha256", sa.String),
)


def _chain() -> None:
    """What stood there before is chained in the order of its rows."""
    connection = op.get_bind()
    position, head = 0, BEGINNING
    query = sa.select(*(AUDIT.c[name] for name in ("id", "at", "who", "action", "store_id", "what")))
    for row in connection.execute(query.order_by(AUDIT.c.id)).all():
        what = json.loads(row.what) if isinstance(row.what, str) else row.what
        position, previous = position + 1, head
        entry = TrailEntry(position, row.at, row.who, row.action, row.store_id, what)
        head = link(previous, entry)
        connection.execute(
            sa.update(AUDIT)
            .where(AUDIT.c.id == row.id)
            .values(position=position, previous=previous, sha256=head)
        )
    connection.execute(sa.insert(AUDIT_HEAD).values(id=1, position=position, sha256=head))


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _allow_changes() -> None:
    """The triggers of 0001 on `audit`, away for the moment of this migration."""
    if _is_sqlite():
        op.execute("DROP TRIGGER audit_no_update")
        op.execute("DROP TRIGGER audit_no_delete")
        return
    op.execute("DROP TRIGGER audit_no_change ON audit")


def _refuse_changes() -> None:
    if _is_sqlite():
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit BEGIN "
                "SELECT RAISE(ABORT, 'rows of audit are never changed or deleted'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    )
