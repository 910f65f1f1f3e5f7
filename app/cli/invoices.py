"""`invoices`: issued documents."""

from __future__ import annotations

import click

from app.cli.output import json_option, limit_option, services, show, show_one, store_option
from app.db import documents
from app.db.orders import Order
from app.usecases.manage_stores import find
from app.usecases.render_document import document_pdf


@click.group("invoices")
def group() -> None:
    """Issued documents. They never change.

    \b
    Example:  python3 run.py invoices list
    """


@group.command("list")
@store_option
@limit_option
@json_option
def list_documents(store_name: str | None, limit: int, as_json: bool) -> None:
    """The newest documents.

    \b
    Example:  python3 run.py invoices list --json
    """
    s = services()
    with s.db.read() as session:
        store_id = find(session, store_name).id if store_name else None
        found = documents.newest(session, store_id=store_id, limit=limit)
        rows = []
        for document in found:
            file = documents.file_of(session, document.id)
            rows.append(
                {
                    "id": document.id,
                    "number": document.number,
                    "kind": document.kind,
                    "order": session.get_one(Order, document.order_id).number,
                    "issued_at": document.issued_at,
                    "total": document.content["total"],
                    "currency": document.content["currency"],
                    "specimen": document.specimen,
                    "pdf": str(s.settings.data_dir / file.path) if file and file.path else None,
                }
            )
    show(rows, as_json=as_json, empty="No document yet. A paid order gets one by itself.")


@group.command()
@click.argument("document_id", type=click.IntRange(1, 2**63 - 1))
@click.argument("target", type=click.Path(dir_okay=False, writable=True))
@json_option
def save(document_id: int, target: str, as_json: bool) -> None:
    """Write a document's PDF to a file.

    \b
    Example:  python3 run.py invoices save 1 invoice.pdf
    """
    s = services()
    document, data = document_pdf(s.db, s.renderer, s.files, document_id)
    with click.open_file(target, "wb") as file:
        file.write(data)
    show_one({"number": document.number, "file": target, "bytes": len(data)}, as_json=as_json)
