"""Orders at random become invoices and credit notes: does every one hold before EN 16931?

    .venv/bin/python benchmarks/einvoice_fuzz.py --orders 10000 --seed 1

Each order (gross and net prices, several and compound taxes, coupons, fees, reverse charge,
exports, refunds in steps, currencies with 0, 2 and 3 decimals) comes with the amounts that
WooCommerce would send. Its invoice must come to what the shop charged, its credit notes to what
was refunded, and all together to zero where everything was given back. Every document is written
as CII and as UBL and checked with XSD and schematron, offline, in other processes. Documents that
the norm cannot say (three decimals, say) have an obstacle and no XML; they are counted. A sample
is made as PDF with its data embedded, and the marks of PDF/A-3b and Factur-X are looked up in it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from common import finish

from app.adapters.einvoice import cii, ubl
from app.adapters.pdf import PdfRenderer
from app.domain.calendar import calendar_of
from app.domain.crediting import build_credit_note
from app.domain.einvoicing import obstacle
from app.domain.invoice import DocumentContent
from app.domain.invoicing import build_invoice, numbered
from app.domain.order import read_order
from app.domain.refund import read_refund
from app.errors import InvoiceIncomplete
from tests.documents.marks import missing_marks
from tests.domain.papers import left_over
from tests.einvoice.norm import Checker, checking
from tests.random_orders import RandomOrder, random_orders

AT = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
BATCH = 200


@dataclass
class Tally:
    documents: int = 0
    rejected: int = 0
    mismatches: int = 0
    checked: int = 0
    obstacles: Counter[str] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    currencies: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    rendered: int = 0
    marks_missing: int = 0


def documents_of(made: RandomOrder, tally: Tally) -> Iterator[DocumentContent]:
    """The invoice and the credit notes of an order, each compared with the shop's amounts."""
    settings = made.shop.settings()
    calendar = calendar_of(settings)
    order = read_order(made.payload)
    try:
        invoice = build_invoice(
            order, settings, calendar, language="en", issued_at=AT, specimen=False
        )
    except InvoiceIncomplete as error:
        tally.parked[str(error).split(" of order ")[0][:60]] += 1
        return
    invoice = numbered(invoice, f"2026-{order.id:06d}")
    tally.mismatches += invoice.total != Decimal(made.payload["total"])
    yield invoice
    notes: list[DocumentContent] = []
    for payload in made.refunds:
        note = build_credit_note(
            invoice,
            notes,
            read_refund(payload),
            settings,
            calendar,
            language="en",
            issued_at=AT,
        )
        notes.append(numbered(note, f"CN-{order.id:06d}-{len(notes)}"))
        tally.mismatches += note.total != Decimal(payload["amount"])
        yield notes[-1]
    if made.refunded_in_full and any(left_over(invoice, notes)):
        tally.mismatches += 1
        tally.reasons[f"order {order.id} does not sum to zero"] += 1


def check(batch: list[DocumentContent], checker: Checker, tally: Tally) -> None:
    """Write a batch in both syntaxes and have it checked."""
    written = [(name, write(doc)) for doc in batch for name, write in (("cii", cii), ("ubl", ubl))]
    found = list(checker.all_complaints(written))
    for index in range(len(batch)):
        complaints = [*found[2 * index], *found[2 * index + 1]]
        tally.checked += 1
        tally.rejected += bool(complaints)
        tally.reasons.update(complaint[:200] for complaint in complaints)


def render(document: DocumentContent, renderer: PdfRenderer, tally: Tally) -> None:
    """Make the file of a document, and look for the marks of PDF/A-3b and Factur-X in it."""
    data = cii(document)
    missing = missing_marks(renderer.render(document, xml=data), data)
    tally.rendered += 1
    tally.marks_missing += bool(missing)
    tally.reasons.update(missing)


def fuzz(orders: int, seed: int, processes: int, sample: int) -> Tally:
    tally, batch, began = Tally(), [], time.monotonic()
    renderer = PdfRenderer()
    with checking(processes) as checker:
        for count, made in enumerate(random_orders(seed, orders), start=1):
            for document in documents_of(made, tally):
                tally.documents += 1
                tally.currencies.add(document.currency)
                tally.categories |= {group.category.value for group in document.tax_groups}
                if why := obstacle(document):
                    tally.obstacles[why] += 1
                else:
                    batch.append(document)
            if len(batch) >= BATCH or count == orders:
                check(batch, checker, tally)
                wanted = sample * count // orders - tally.rendered
                for document in batch[:wanted]:
                    render(document, renderer, tally)
                batch = []
                pace = count / (time.monotonic() - began)
                print(
                    f"{count} orders, {tally.documents} documents, {pace:.0f} orders/s", flush=True
                )
    return tally


def report(tally: Tally, seed: int) -> dict[str, Any]:
    for name in ("parked", "obstacles", "reasons"):
        for words, times in getattr(tally, name).most_common(20):
            print(f"{name}: {times} × {words}", file=sys.stderr)
    return {
        "documents": tally.documents,
        "rejected": tally.rejected,
        "total_mismatch": tally.mismatches,
        "checked": tally.checked,
        "obstacles": sum(tally.obstacles.values()),
        "parked": sum(tally.parked.values()),
        "currencies": len(tally.currencies),
        "categories": "".join(sorted(tally.categories)),
        "rendered": tally.rendered,
        "pdf_marks_missing": tally.marks_missing,
        "seed": seed,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="that check (default 2)")
    parser.add_argument("--sample", type=int, default=200, help="documents made as PDF too")
    asked = parser.parse_args()
    tally = fuzz(asked.orders, asked.seed, asked.processes, asked.sample)
    good = not tally.rejected and not tally.mismatches and tally.documents > 0
    good = good and not tally.marks_missing
    return finish(report(tally, asked.seed), good=good)


if __name__ == "__main__":
    raise SystemExit(main())
