"""Which documents an order owes by itself: what its owner's settings make of its state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from app.domain.order import OrderSnapshot, status_words
from app.domain.store_settings import Invoicing
from app.said import Said

MOST_REFUNDS = 200
"""Of one order. A shop that lists more is not refunding."""


def order_cause(remote_id: int, after: int | None = None) -> str:
    """What owes an order's invoice. `after`: the id of the invoice before it that was taken back,
    so that the corrected one is owed once too."""
    return f"order:{remote_id}" if after is None else f"order:{remote_id}:after:{after}"


def refund_cause(refund_id: int, after: int | None = None) -> str:
    """What owes a refund's credit note. `after`: the id of the invoice on which it was credited
    before, and which was taken back."""
    return f"refund:{refund_id}" if after is None else f"refund:{refund_id}:after:{after}"


def document_cause(document_id: int) -> str:
    """What owes the credit note that takes a whole document back."""
    return f"document:{document_id}"


def copy_cause(remote_id: int, number: int) -> str:
    """What owes a copy outside the series: `number` counts those of its kind of an order."""
    return f"order:{remote_id}:{number}"


def copy_in(cause: str) -> int:
    """Which copy of its kind a cause asks for; 1 where it does not count any."""
    _, _, number = cause.partition(":")[2].partition(":")
    return int(number) if number else 1


def id_in(cause: str) -> int:
    """The number of a cause: the order's, refund's or document's."""
    return int(cause.split(":")[1])


def corrected_by(cause: str) -> int | None:
    """The id of the invoice in whose place the one of this cause stands; None: in none's."""
    kind, *parts = cause.split(":")
    return int(parts[2]) if kind == "order" and parts[1:2] == ["after"] else None


def why_no_invoice(order: OrderSnapshot, paid_at: datetime | None, rules: Invoicing) -> Said | None:
    """Why an order owes no invoice by itself now; None: it owes one."""
    if rules.when == "by_hand":
        return Said("invoices of this shop are issued by hand")
    if paid_at is None:
        return Said(
            "order %(number)s is %(status)s and does not count as paid any more",
            number=order.number,
            status=status_words(order.status),
        )
    if rules.when == "completed" and order.completed_at is None and order.status != "completed":
        return Said("order %(number)s is not completed yet", number=order.number)
    if not order.total and not rules.free_orders:
        return Said("order %(number)s is free", number=order.number)
    return None


@dataclass(frozen=True, slots=True)
class Paper:
    """What matters here of a document of an order. `cause` as above; `total` is positive."""

    id: int
    kind: str
    cause: str
    total: Decimal
    refers_to: int | None = None


def cancelled(papers: Iterable[Paper]) -> set[int]:
    """Ids of the invoices that a credit note of their own took back."""
    return {id_in(one.cause) for one in papers if one.cause.startswith("document:")}


def invoice_in_force(papers: Iterable[Paper]) -> Paper | None:
    """The newest invoice of an order that was not taken back."""
    known = list(papers)
    gone = cancelled(known)
    standing = [one for one in known if one.kind == "invoice" and one.id not in gone]
    return standing[-1] if standing else None


def left_of(papers: Iterable[Paper], invoice_id: int) -> Decimal:
    """What credit notes have not taken back of an invoice."""
    known = list(papers)
    stated = sum((one.total for one in known if one.id == invoice_id), Decimal(0))
    return stated - sum((one.total for one in known if one.refers_to == invoice_id), Decimal(0))


def credits_owed(papers: Iterable[Paper], order: OrderSnapshot, before: int | None) -> list[str]:
    """Causes of the credit notes that follow a new invoice, which is over the whole order: for
    refunds that were never credited, and for those that were on the invoice `before` it, in whose
    place it stands."""
    credited: dict[int, set[int | None]] = {}
    for one in papers:
        if one.cause.startswith("refund:"):
            credited.setdefault(id_in(one.cause), set()).add(one.refers_to)
    owed = []
    for refund in order.refunds[:MOST_REFUNDS]:
        if refund.id not in credited:
            owed.append(refund_cause(refund.id))
        elif before is not None and before in credited[refund.id]:
            owed.append(refund_cause(refund.id, after=before))
    return owed


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Where an order and its documents do not agree any more: the owner decides.

    `kind`: `edited` (the order's total is another than its invoice's), `refund_gone` (a credit
    note stands, and the shop has no such refund any more), `cancelled` (the order was cancelled
    without a refund, and its invoice stands).
    """

    kind: str
    document_id: int
    stated: Decimal
    now: Decimal


def discrepancies(order: OrderSnapshot, papers: Iterable[Paper]) -> list[Discrepancy]:
    """What of an order's documents does not agree with what the shop says of it now."""
    known, found = list(papers), list[Discrepancy]()
    invoice = invoice_in_force(known)
    refunds = {one.id for one in order.refunds}
    if invoice is not None and _as_told(invoice.total, order.total) != order.total:
        found.append(Discrepancy("edited", invoice.id, invoice.total, order.total))
    if invoice is not None and order.status in ("cancelled", "failed", "trash") and not refunds:
        found.append(Discrepancy("cancelled", invoice.id, invoice.total, Decimal(0)))
    gone = cancelled(known)
    credited = [one for one in known if one.cause.startswith("refund:")]
    for one in credited:
        if id_in(one.cause) not in refunds and one.refers_to not in gone:
            found.append(Discrepancy("refund_gone", one.id, one.total, Decimal(0)))
    return found


def _as_told(total: Decimal, told: Decimal) -> Decimal:
    """A total with as many decimals as the shop told: payloads are rounded to its setting."""
    exponent = told.as_tuple().exponent
    places = exponent if isinstance(exponent, int) else 0
    return total.quantize(Decimal(1).scaleb(min(places, 0)), rounding=ROUND_HALF_UP)
