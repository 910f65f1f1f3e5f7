"""Issued documents for the owner's own books: as files in one ZIP, as CSV, for DATEV.

Everything is streamed: a year of a large shop does not have to fit into memory. Contents are read
in batches of ids that are settled at the beginning, so a document that is issued meanwhile does
not tear the export apart.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.db import document_search, documents
from app.db.document_search import Wanted
from app.db.documents import Document
from app.db.engine import Database
from app.db.orders import Order
from app.db.stores import Store
from app.domain.datev import CHARSET, Booking, batch, bookings, is_booked
from app.domain.invoice import NUMBERED, DocumentContent, DocumentKind
from app.domain.numbering import file_stem
from app.errors import KikubariError
from app.said import Said
from app.usecases.compose_document import content_of
from app.usecases.ports import Files
from app.usecases.stores import settings_of

BATCH = 100
CSV_COLUMNS = (
    *("number", "kind", "issued_on", "order", "refers_to", "buyer", "country", "vat_id"),
    *("currency", "tax_category", "tax_percent", "net", "tax", "total", "paid_on", "specimen"),
)
OLDEST_IN_ZIP = 1980
FORMULAS = (*"=+-@\t\r\n", "＝", "＋", "－", "＠")
"""What a formula can begin with; Japanese spreadsheets take the wide signs as well."""
Progress = Callable[[int, int], None]


def no_progress(done: int, of: int) -> None:
    """Says nothing."""


@dataclass(frozen=True, slots=True)
class Datevs:
    """A DATEV file. `left_out`: numbers of documents in a currency that has no exchange rate."""

    name: str
    data: bytes
    documents: int
    left_out: list[str]


def export_csv(db: Database, wanted: Wanted, progress: Progress = no_progress) -> Iterator[bytes]:
    """One line for each document and tax group, UTF-8 with a mark that spreadsheets know.

    Amounts have a decimal point; texts that a spreadsheet would run as a formula get a quote.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(CSV_COLUMNS)
    for document, order_number in _documents(db, wanted, progress):
        for row in _csv_rows(document, order_number):
            writer.writerow([harmless(value) for value in row])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _csv_rows(document: Document, order_number: str) -> Iterator[list[str]]:
    if document.body is None:
        head = [document.number, document.kind, "", order_number, "", "", "", "", document.currency]
        yield [*head, "", "", "", "", f"{document.total:f}", "", str(document.specimen)]
        return
    content = content_of(document)
    head = _csv_head(content)
    tail = [
        f"{content.total:f}",
        content.paid_on.isoformat() if content.paid_on else "",
        "yes" if content.specimen else "no",
    ]
    for group in content.tax_groups or (None,):
        taxes = ["", "", f"{content.total_net:f}", f"{content.total_tax:f}"]
        if group is not None:
            percent = f"{group.percent.normalize():f}"
            taxes = [group.category.value, percent, f"{group.net:f}", f"{group.tax:f}"]
        yield [*head, *taxes, *tail]


def _csv_head(content: DocumentContent) -> list[str]:
    vat = next((number for label, number in content.buyer.tax_ids if label == "vat"), "")
    return [
        content.number,
        content.kind.value,
        content.issued_on.isoformat(),
        content.order_number,
        content.refers_to.number if content.refers_to else "",
        content.buyer.name,
        content.buyer.country,
        vat,
        content.currency,
    ]


def harmless(value: str) -> str:
    """Spreadsheets run what begins like a formula, and a buyer chooses their own name."""
    return f"'{value}" if value.startswith(FORMULAS) and not _is_number(value) else value


def _is_number(value: str) -> bool:
    return value.removeprefix("-").replace(".", "", 1).isdecimal()


def export_datev(
    db: Database, store: Store, wanted: Wanted, first: date, last: date, made_at: datetime
) -> Datevs:
    """The bookings of one store from `first` to `last`, both ends included.

    Raises:
        KikubariError: the period reaches over a turn of the year, which DATEV does not take.
    """
    if first.year != last.year or last < first:
        raise KikubariError(
            Said("a DATEV batch lies within one calendar year"),
            mend=Said("export each year for itself"),
        )
    with db.read() as session:
        settings = settings_of(session, store.id)
    rates, left = settings.invoicing.exchange_rates, list[str]()
    entries, booked = list[Booking](), 0
    for content in _counting(db, wanted, first, last):
        if is_booked(content, rates):
            entries += bookings([content], settings.datev, rates)
            booked += 1
        else:
            left.append(content.number)
    lines = batch(
        entries,
        settings.datev,
        first=first,
        last=last,
        made_at=made_at.astimezone(settings.zone),
    )
    data = "".join(f"{line}\r\n" for line in lines).encode(CHARSET, "replace")
    name = f"EXTF_{store.name}_{first:%Y%m%d}-{last:%Y%m%d}.csv"
    return Datevs(name, data, booked, left)


def _counting(db: Database, wanted: Wanted, first: date, last: date) -> Iterator[DocumentContent]:
    """Contents of a period that belong into the books, one at a time: no copies, no specimens."""
    for document, _ in _documents(db, wanted, no_progress):
        if (
            document.body is None
            or document.specimen
            or DocumentKind(document.kind) not in NUMBERED
        ):
            continue
        content = content_of(document)
        if first <= content.issued_on <= last:
            yield content


class _Stream(io.RawIOBase):
    """What a ZIP writer writes to, taken away piece by piece. It cannot be wound back, so the
    writer puts sizes behind each file."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._written += piece
        return len(piece)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def export_zip(
    db: Database, files: Files, wanted: Wanted, progress: Progress = no_progress
) -> Iterator[bytes]:
    """All files and a CSV of them, as one ZIP, piece by piece. PDFs are stored as they are: they
    are compressed already. What has no file yet, or lost it, is named in `missing.txt`."""
    stream, missing = _Stream(), list[str]()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for document, _ in _documents(db, wanted, progress):
            with db.read() as session:
                row = documents.file_of(session, document.id)
            try:
                data = files.load(row.path) if row and row.path else None
            except OSError:
                data = None
            if data is None:
                missing.append(document.number)
                continue
            archive.writestr(_entry(file_name(document), document.issued_at), data)
            yield stream.take()
        now = datetime(1980, 1, 1)  # noqa: DTZ001 -- a ZIP's times have no zone
        table = b"".join(export_csv(db, wanted))
        archive.writestr(_entry("documents.csv", now), table)
        if missing:
            archive.writestr(_entry("missing.txt", now), "\n".join(missing) + "\n")
    yield stream.take()


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    since = (max(at.year, OLDEST_IN_ZIP), at.month, at.day, at.hour, at.minute, at.second)
    made = zipfile.ZipInfo(name, since)
    made.external_attr = 0o600 << 16
    return made


def file_name(document: Document) -> str:
    """`invoice-2026-00042-17.pdf`: with its id, because copies can share a number."""
    mark = "specimen-" if document.specimen and "SPECIMEN" not in document.number else ""
    return f"{mark}{file_stem(document.kind, document.number)}-{document.id}.pdf"


def _documents(db: Database, wanted: Wanted, progress: Progress) -> Iterator[tuple[Document, str]]:
    """The documents that fit with their orders' numbers, in the order in which they were issued."""
    with db.read() as session:
        ids = document_search.ids_in_order(session, wanted)
    for begin in range(0, len(ids), BATCH):
        progress(begin, len(ids))
        with db.read() as session:
            query = (
                select(Document, Order.number)
                .join(Order, Order.id == Document.order_id)
                .where(Document.id.in_(ids[begin : begin + BATCH]))
                .order_by(Document.id)
            )
            rows = [(document, number) for document, number in session.execute(query).unique()]
        yield from rows
    progress(len(ids), len(ids))
