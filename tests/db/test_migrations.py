"""A database of before the chain keeps every document, and each finds its place in it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app.adapters.disk import DiskFiles
from app.db import schema
from app.db.documents import Document
from app.db.engine import Database
from app.db.stores import Store
from app.domain.chain import content_hash
from app.usecases.compose_document import content_of
from app.usecases.verify_documents import verify_documents
from tests.documents.contents import GERMAN

BEFORE = "0002"
NEW = {"tax_groups", "supplied_on", "refers_to", "reason", "statements", "home_tax", "bank", "qr"}
NEW |= {"note", "design", "einvoice", "rounding"}


def upgrade_to(db: Database, revision: str) -> None:
    with db.migration_connection() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def old_content(number: str) -> dict[str, object]:
    """A content as the version before froze it."""
    values = GERMAN.model_copy(update={"number": number, "order_number": "84"}).model_dump(
        mode="json"
    )
    return {key: value for key, value in values.items() if key not in NEW} | {
        "template_version": "1"
    }


def fill(db: Database, number: int) -> None:
    """A store with as many issued invoices as version 0002 kept them."""
    with db.write() as session:
        at = "2026-11-23T09:00:00.000000Z" if db.is_sqlite else "2026-11-23 09:00:00+00"
        session.execute(
            text(
                "INSERT INTO stores (id, name, key, url, auth, is_demo, mode, mode_since, "
                "consumer_key, consumer_secret, webhook_secret, created_at) VALUES "
                "(1, 'tea', 'k', 'https://tea.example', 'header', :no, 'live', :at, "
                ":x, :x, :x, :at)"
            ),
            {"at": at, "x": b"x", "no": False},
        )
        for one in range(1, number + 1):
            session.execute(
                text(
                    "INSERT INTO orders (id, store_id, remote_id, number, status, currency, "
                    "total, buyer, email, payload, read_at, promise_version) VALUES "
                    "(:one, 1, :one, '84', 'completed', 'EUR', '1', '', '', '{}', :at, 0)"
                ),
                {"at": at, "one": one},
            )
        for one in range(1, number + 1):
            content = old_content(f"2026-{one:05}")
            session.execute(
                text(
                    "INSERT INTO documents (id, store_id, order_id, kind, cause, specimen, "
                    "series, sequence, number, language, issued_at, content, content_sha256) "
                    "VALUES (:id, 1, :id, 'invoice', :cause, :no, 'invoice', :id, :number, :lang, "
                    ":at, :content, :sha256)"
                ),
                {
                    "id": one,
                    "cause": f"order:{one}",
                    "no": False,
                    "number": content["number"],
                    "lang": content["language"],
                    "at": at,
                    "content": json.dumps(content),
                    "sha256": content_hash(content),
                },
            )
        session.execute(
            text(
                "INSERT INTO document_series (id, store_id, series, next_number) "
                "VALUES (1, 1, 'invoice', :next)"
            ),
            {"next": number + 1},
        )


def test_documents_of_before_are_chained_and_still_readable(blank_url: str, tmp_path: Path) -> None:
    db = Database(blank_url)
    upgrade_to(db, BEFORE)
    fill(db, 3)
    schema.upgrade(db)
    (found,) = verify_documents(db, DiskFiles(tmp_path), today=date(2026, 11, 28))
    assert (found.documents, found.broken) == (3, [])
    with db.read() as session:
        documents = session.query(Document).order_by(Document.id).all()
        assert [content_of(one).number for one in documents] == [one.number for one in documents]
        assert documents[0].total == GERMAN.total and documents[0].body is not None
        assert documents[0].body.keep_until.year == 2034
        assert session.query(Store).one().breaker is None
    db.dispose()


def test_the_migrations_lead_to_the_tables_that_the_code_means(database_url: str) -> None:
    db = Database(database_url)
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": not db.is_sqlite})
        assert compare_metadata(context, schema.Base.metadata) == []
    db.dispose()
