"""Documents get a chain of hashes, and their content a row of its own that may be erased in time."""

import json
from datetime import date

import sqlalchemy as sa
from alembic import op

from app.db.types import BigId, ExactDecimal, Instant, Json
from app.domain.chain import BEGINNING, Entry, link
from app.domain.retention import keep_until

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_bodies",
        sa.Column("document_id", BigId, nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("buyer", sa.String(length=200), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_bodies_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_bodies")),
    )
    op.create_table(
        "document_chains",
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column("position", BigId, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_document_chains_store_id")
        ),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_document_chains")),
    )
    op.add_column("issue_requests", sa.Column("asked_by", sa.String(length=200), nullable=True))
    op.add_column("issue_requests", sa.Column("reason", sa.String(length=300), nullable=True))
    op.add_column("orders", sa.Column("disagreement", sa.String(length=20), nullable=True))
    op.create_index(op.f("ix_orders_disagreement"), "orders", ["disagreement"])
    _allow_changes()
    for name, kind, empty in (
        ("currency", sa.String(length=8), ""),
        ("total", ExactDecimal(), "0"),
        ("position", BigId, "0"),
        ("chain_sha256", sa.String(length=64), ""),
    ):
        op.add_column("documents", sa.Column(name, kind, nullable=False, server_default=empty))
    op.execute(  # in words: the tool cannot give a column its foreign key on SQLite
        f"ALTER TABLE documents ADD COLUMN refers_to_id {'INTEGER' if _is_sqlite() else 'BIGINT'} "
        "CONSTRAINT fk_documents_refers_to_id REFERENCES documents (id)"
    )
    _move_contents()
    op.execute("ALTER TABLE documents DROP COLUMN content")
    op.create_index(
        op.f("ix_documents_store_id_position"), "documents", ["store_id", "position"], unique=True
    )
    op.create_index(
        op.f("ix_documents_store_id_issued_at"), "documents", ["store_id", "issued_at"]
    )
    op.create_index(op.f("ix_documents_refers_to_id"), "documents", ["refers_to_id"])
    _refuse_changes()
    _refuse_early_erasure()


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _allow_changes() -> None:
    """The triggers of 0001 on `documents`, away for the moment of this migration."""
    if _is_sqlite():
        op.execute("DROP TRIGGER documents_no_update")
        op.execute("DROP TRIGGER documents_no_delete")
        return
    op.execute("DROP TRIGGER documents_no_change ON documents")
    op.execute("DROP TRIGGER documents_no_truncate ON documents")


def _refuse_changes() -> None:
    if _is_sqlite():
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER documents_no_{verb.lower()} BEFORE {verb} ON documents BEGIN "
                "SELECT RAISE(ABORT, 'rows of documents are never changed or deleted'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER documents_no_change BEFORE UPDATE OR DELETE ON documents "
        "FOR EACH ROW EXECUTE FUNCTION documents_refuse()"
    )
    op.execute(
        "CREATE TRIGGER documents_no_truncate BEFORE TRUNCATE ON documents "
        "FOR EACH STATEMENT EXECUTE FUNCTION documents_refuse()"
    )


def _refuse_early_erasure() -> None:
    """A document's content is never changed, and erased only after its retention."""
    words = "the content of a document is kept as long as the law asks for, and never changed"
    if _is_sqlite():
        op.execute(
            "CREATE TRIGGER document_bodies_no_update BEFORE UPDATE ON document_bodies "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
        op.execute(
            "CREATE TRIGGER document_bodies_no_delete BEFORE DELETE ON document_bodies "
            "WHEN OLD.keep_until >= date('now') "
            f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION document_bodies_refuse() RETURNS trigger AS $$ BEGIN "
        "IF TG_OP = 'DELETE' AND OLD.keep_until < (now() AT TIME ZONE 'UTC')::date "
        f"THEN RETURN OLD; END IF; RAISE EXCEPTION '{words}'; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER document_bodies_no_change BEFORE UPDATE OR DELETE ON document_bodies "
        "FOR EACH ROW EXECUTE FUNCTION document_bodies_refuse()"
    )
    op.execute(
        f"CREATE FUNCTION document_bodies_keep() RETURNS trigger AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$ LANGUAGE plpgsql"
    )
    op.execute(
        "CREATE TRIGGER document_bodies_no_truncate BEFORE TRUNCATE ON document_bodies "
        "FOR EACH STATEMENT EXECUTE FUNCTION document_bodies_keep()"
    )


DOCUMENTS = sa.table(
    "documents",
    sa.column("id", BigId),
    sa.column("store_id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("series", sa.String),
    sa.column("sequence", sa.Integer),
    sa.column("number", sa.String),
    sa.column("issued_at", Instant()),
    sa.column("content", Json),
    sa.column("content_sha256", sa.String),
    sa.column("currency", sa.String),
    sa.column("total", sa.String),
    sa.column("position", BigId),
    sa.column("chain_sha256", sa.String),
)
BODIES = sa.table(
    "document_bodies",
    sa.column("document_id", BigId),
    sa.column("content", Json),
    sa.column("buyer", sa.String),
    sa.column("keep_until", sa.Date),
)
CHAINS = sa.table(
    "document_chains",
    sa.column("store_id", sa.Integer),
    sa.column("position", BigId),
    sa.column("sha256", sa.String),
)


def _move_contents() -> None:
    """What was issued before: its content moves, and it is chained in the order of its rows."""
    connection = op.get_bind()
    heads: dict[int, tuple[int, str]] = {}
    for row in connection.execute(sa.select(DOCUMENTS).order_by(DOCUMENTS.c.id)).all():
        content = json.loads(row.content) if isinstance(row.content, str) else row.content
        position, previous = heads.get(row.store_id, (0, BEGINNING))
        entry = Entry(
            position + 1,
            row.kind,
            row.series,
            row.sequence,
            row.number,
            row.issued_at,
            row.content_sha256,
        )
        heads[row.store_id] = (position + 1, link(previous, entry))
        issued_on = date.fromisoformat(content["issued_on"])
        connection.execute(
            sa.insert(BODIES).values(
                document_id=row.id,
                content=content,
                buyer=content["buyer"]["name"][:200],
                keep_until=keep_until(issued_on, content["seller"]["country"]),
            )
        )
        connection.execute(
            sa.update(DOCUMENTS)
            .where(DOCUMENTS.c.id == row.id)
            .values(
                currency=content["currency"],
                total=content["total"],
                position=position + 1,
                chain_sha256=heads[row.store_id][1],
            )
        )
    for store_id, (position, sha256) in heads.items():
        connection.execute(
            sa.insert(CHAINS).values(store_id=store_id, position=position, sha256=sha256)
        )
