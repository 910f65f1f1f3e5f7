"""`invoices`: issued documents."""

from __future__ import annotations

import os
from typing import Any

import click
from sqlalchemy.orm import Session

from app.cli.output import WHO, json_option, limit_option, services, show, show_one, store_option
from app.db import document_search
from app.db.document_search import Wanted
from app.db.documents import Document, file_of
from app.db.orders import Order
from app.domain.invoice import DocumentKind
from app.errors import KikubariError
from app.usecases.ask_document import Outcome, ask_document, issue_asked, take_back
from app.usecases.close_links import close_links, open_link
from app.usecases.manage_stores import find_store
from app.usecases.render_document import document_pdf, document_xml
from app.usecases.work_off import Turn

FORMS = ("pdf", "cii", "ubl")
KINDS = [kind.value for kind in DocumentKind]
ASKED_KINDS = [kind for kind in KINDS if kind != DocumentKind.CREDIT_NOTE.value]


@click.group("invoices")
def group() -> None:
    """Issued documents: invoices, credit notes and their copies. They never change.

    \b
    Example:  python3 run.py invoices list
    """


@group.command("list")
@click.argument("words", default="")
@store_option
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@limit_option
@json_option
def list_documents(
    words: str, store_name: str | None, kind: str | None, limit: int, as_json: bool
) -> None:
    """The newest documents; WORDS: a part of a number or a buyer's name, an order, an amount.

    \b
    Example:  python3 run.py invoices list smith --kind invoice --json
    """
    s = services()
    with s.db.read() as session:
        store_id = find_store(session, store_name).id if store_name else None
        found = document_search.search(session, Wanted(store_id, words, kind), limit=limit)
        rows = [_row(session, document) for document in found]
    empty = "No document fits." if words else "No document yet. A paid order gets one by itself."
    show(rows, as_json=as_json, empty=empty)


def _row(session: Session, document: Document) -> dict[str, Any]:
    file = file_of(session, document.id)
    folder = services().settings.data_dir
    return {
        "id": document.id,
        "number": document.number,
        "kind": document.kind,
        "order": session.get_one(Order, document.order_id).number,
        "issued_at": document.issued_at,
        "total": document.total,
        "currency": document.currency,
        "specimen": document.specimen,
        "pdf": str(folder / file.path) if file and file.path else None,
    }


@group.command("show")
@click.argument("document_id", type=click.IntRange(1, 2**63 - 1))
@json_option
def show_document(document_id: int, as_json: bool) -> None:
    """One document with its whole frozen content and its place in the chain.

    \b
    Example:  python3 run.py invoices show 1 --json
    """
    with services().db.read() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise KikubariError(f"there is no document {document_id}", mend="see `invoices list`")
        facts = _row(session, document) | {
            "cause": document.cause,
            "position": document.position,
            "chain_sha256": document.chain_sha256,
            "content_sha256": document.content_sha256,
            "keep_until": document.body.keep_until if document.body else None,
            "content": document.body.content if document.body else None,
        }
    show_one(facts, as_json=as_json)


@group.command()
@click.argument("store_name")
@click.argument("order_id", type=click.IntRange(1, 2**63 - 1))
@click.option(
    "--kind", type=click.Choice(ASKED_KINDS), default="invoice", show_default=True, help="What."
)
@json_option
def issue(store_name: str, order_id: int, kind: str, as_json: bool) -> None:
    """Issue a document of an order by hand. ORDER_ID is the shop's.

    Proformas, receipts and packing slips are copies outside the series of numbers.

    \b
    Example:  python3 run.py invoices issue tea 84 --kind packing_slip
    """
    s = services()
    asked = ask_document(s.db, store_name, order_id, DocumentKind(kind), who=WHO, now=s.clock())
    show_one(_outcome(asked), as_json=as_json)


@group.command()
@click.argument("document_id", type=click.IntRange(1, 2**63 - 1))
@click.option("--reason", default="", help="Why, as it stands on the credit note.")
@click.option("--again", is_flag=True, help="Then issue the order's invoice anew, as it is now.")
@json_option
def credit(document_id: int, reason: str, again: bool, as_json: bool) -> None:
    """Take an invoice back by a credit note over what is left of it.

    A refund in the shop gets its credit note by itself; this is for what was wrong.

    \b
    Example:  python3 run.py invoices credit 1 --reason "Wrong address" --again
    """
    s = services()
    asked = take_back(s.db, document_id, who=WHO, reason=reason, now=s.clock(), again=again)
    done = [_outcome(one) for one in asked]
    show(done, as_json=as_json, empty="")


def _outcome(request_id: int) -> dict[str, Any]:
    """Issue it here and now, and say what came of it."""
    s = services()
    turn = Turn(f"{WHO}:{os.getpid()}", s.settings.lease_seconds, 1)
    made: Outcome = issue_asked(s.db, s.shop, s.clock, s.gate, request_id, turn)
    document = made.document
    return {
        "request": made.request_id,
        "number": document.number if document else None,
        "kind": document.kind if document else None,
        "total": document.total if document else None,
        "id": document.id if document else None,
        "problem": made.problem or None,
        "mend": made.mend or None,
    }


@group.command("link")
@click.argument("document_id", type=click.IntRange(1, 2**63 - 1))
@click.option("--close", is_flag=True, help="Close every link of the document instead.")
@json_option
def link(document_id: int, close: bool, as_json: bool) -> None:
    """The link that opens a document for its customer; with --close none does any more.

    \b
    Example:  python3 run.py invoices link 1 --close
    """
    s = services()
    if close:
        closed = close_links(s.db, document_id, who=WHO, now=s.clock())
        show_one({"document": document_id, "closed": closed}, as_json=as_json)
        return
    address = open_link(s.db, s.links, document_id, who=WHO, now=s.clock())
    show_one({"document": document_id, "link": address}, as_json=as_json)


@group.command()
@click.argument("document_id", type=click.IntRange(1, 2**63 - 1))
@click.argument("target", type=click.Path(dir_okay=False, writable=True))
@click.option(
    "--as", "form", type=click.Choice(FORMS), default="pdf", show_default=True, help="As what."
)
@json_option
def save(document_id: int, target: str, form: str, as_json: bool) -> None:
    """Write a document to a file: its PDF, or an e-invoice as CII or UBL.

    \b
    Example:  python3 run.py invoices save 1 invoice.pdf
    """
    s = services()
    if form == "pdf":
        document, data = document_pdf(s.db, s.press, document_id)
    else:
        document, data = document_xml(s.db, s.press, document_id, form)
    with click.open_file(target, "wb") as file:
        file.write(data)
    show_one({"number": document.number, "file": target, "bytes": len(data)}, as_json=as_json)
