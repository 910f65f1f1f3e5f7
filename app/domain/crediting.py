"""Credit notes: for each refund, and for an invoice that is taken back as a whole.

    refund -> its items in the invoice's groups -> amounts of each group -> lines and rows

A refund's own amount is what the credit note comes to. Where its items do not explain it (a refund
by amount names none), the rest is split over the invoice's groups by what is left of them. The
last refund takes what is left in every group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.domain.calendar import BusinessCalendar
from app.domain.charge import Charge, charge_of, decimals_of, percent_of
from app.domain.einvoicing import carries_einvoice
from app.domain.entries import described, row_words
from app.domain.invoice import (
    DocumentContent,
    DocumentKind,
    HomeTax,
    Line,
    Reference,
    Row,
    RowKind,
    Statement,
    TaxGroup,
)
from app.domain.invoicing import MOST_LINES, chosen_looks
from app.domain.money import ZERO, cut, rounded, settled, shares
from app.domain.order import LineItem
from app.domain.refund import Refund, refunded_item
from app.domain.remainder import Remainder, part_of, remainder_of, within
from app.domain.store_settings import ShopSettings
from app.domain.taxation import combined_percent, is_reduced, net_and_tax, taxes_by_rate
from app.domain.text import plain
from app.errors import InvoiceIncomplete
from app.said import Said


def build_credit_note(
    invoice: DocumentContent,
    earlier: Sequence[DocumentContent],
    refund: Refund,
    settings: ShopSettings,
    calendar: BusinessCalendar,
    *,
    language: str,
    issued_at: datetime,
) -> DocumentContent:
    """The content of the credit note for a refund of an invoiced order, without its number.

    `earlier` are all credit notes on this invoice so far, in any order. Parties, rates and the
    exchange rate are the invoice's.

    Raises:
        InvoiceIncomplete: the refund is larger than what is left of the invoice.
    """
    left = remainder_of(invoice, earlier)
    digits = max(left.digits, decimals_of(refund.amount))
    if refund.amount > left.total:
        raise InvoiceIncomplete(
            Said(
                "refund %(id)s gives back %(amount)s %(currency)s, and %(total)s is left of "
                "invoice %(invoice)s",
                id=refund.id,
                amount=refund.amount,
                currency=invoice.currency,
                total=left.total,
                invoice=invoice.number,
            ),
            mend=Said("delete the refund in the shop, or issue the difference by hand"),
        )
    facts: dict[str, Any] = {
        "reason": plain(refund.reason, 200),
        "paid": True,
        "paid_on": calendar.day_of(refund.created_at or issued_at),
    }
    if refund.amount == left.total and not earlier:
        entries = _mirror(invoice)
    else:
        entries = _refunded(invoice, left, refund, digits)
    facts |= entries
    return _note(invoice, left, facts, settings, calendar, language, issued_at, digits)


def build_cancellation(
    invoice: DocumentContent,
    earlier: Sequence[DocumentContent],
    settings: ShopSettings,
    calendar: BusinessCalendar,
    *,
    language: str,
    issued_at: datetime,
    reason: str = "",
) -> DocumentContent:
    """The credit note that takes back all that is left of an invoice: a wrong one is corrected by
    this and a new invoice, never changed.

    Raises:
        InvoiceIncomplete: nothing is left of it.
    """
    left = remainder_of(invoice, earlier)
    whole = not earlier
    if not whole and not left.total and not any(group.net or group.tax for group in left.groups):
        raise InvoiceIncomplete(
            Said(
                "nothing is left of invoice %(invoice)s: credit notes took all of it back",
                invoice=invoice.number,
            ),
            mend=Said("issue the new invoice without another credit note"),
        )
    digits = left.digits
    entries = _mirror(invoice) if whole else _entries([], left.groups, left.total, invoice, digits)
    facts = {"reason": plain(reason, 200), "paid": invoice.paid, "paid_on": invoice.paid_on}
    return _note(invoice, left, facts | entries, settings, calendar, language, issued_at, digits)


def _note(
    invoice: DocumentContent,
    left: Remainder,
    facts: dict[str, Any],
    settings: ShopSettings,
    calendar: BusinessCalendar,
    language: str,
    issued_at: datetime,
    digits: int,
) -> DocumentContent:
    groups: tuple[TaxGroup, ...] = facts["tax_groups"]
    tax = sum((group.tax for group in groups), ZERO)
    content = DocumentContent(
        kind=DocumentKind.CREDIT_NOTE,
        number="",
        specimen=invoice.specimen,
        language=language,
        currency=invoice.currency,
        decimals=digits,
        issued_on=calendar.day_of(issued_at),
        order_number=invoice.order_number,
        ordered_on=invoice.ordered_on,
        payment_method=invoice.payment_method,
        prices_include_tax=invoice.prices_include_tax,
        seller=invoice.seller,
        buyer=invoice.buyer,
        ship_to=invoice.ship_to,
        taxes=taxes_by_rate(groups),
        total_net=sum((group.net for group in groups), ZERO),
        total_tax=tax,
        footer=invoice.footer,
        supplied_on=invoice.supplied_on,
        refers_to=Reference(number=invoice.number, issued_on=invoice.issued_on),
        statements=_statements(invoice),
        home_tax=_home_tax(invoice, left, tax, facts["total"]),
        **chosen_looks(settings, language),
        **facts,
    )
    return content.model_copy(update={"einvoice": carries_einvoice(settings, content)})


def _statements(invoice: DocumentContent) -> tuple[Statement, ...]:
    """The invoice's; the Emirates want their own title (Art. 60(1)(a) Cabinet Decision No. 52 of
    2017)."""
    titles = {"tax_invoice": Statement(key="tax_credit_note")}
    return tuple(titles.get(one.key, one) for one in invoice.statements)


def _home_tax(
    invoice: DocumentContent, left: Remainder, tax: Decimal, total: Decimal
) -> HomeTax | None:
    """At the invoice's rate, and no more than is left; the last one takes what is left."""
    home = invoice.home_tax
    if home is None:
        return None
    amount = min(rounded(tax * home.rate, home.currency), left.home_tax)
    amount = left.home_tax if total == left.total else amount
    return home.model_copy(update={"tax": amount}) if tax or amount else None


def _mirror(invoice: DocumentContent) -> dict[str, Any]:
    """All of an invoice of which nothing was given back yet, as it stands."""
    groups = remainder_of(invoice, ()).groups
    return {
        "lines": invoice.lines,
        "rows": invoice.rows,
        "tax_groups": groups,
        "total": invoice.total,
    }


@dataclass(frozen=True, slots=True)
class _Item:
    """A refunded item: what was given back, and the group that it belongs to."""

    charge: Charge
    group: int


def _refunded(
    invoice: DocumentContent, left: Remainder, refund: Refund, digits: int
) -> dict[str, Any]:
    items = _items(invoice, left, refund, digits)
    if refund.amount == left.total:
        return _entries(items, left.groups, refund.amount, invoice, digits)
    sums = _sums(items, left, invoice, digits)
    grosses = [net + tax for net, tax in sums]
    rest = refund.amount - sum(grosses, ZERO)
    if not _is_rounding(rest, items, digits):
        wanted = _spread(grosses, rest, refund.amount, left, digits)
        sums = [
            own if gross == before else net_and_tax(gross, group.percent, True, digits)
            for own, gross, before, group in zip(sums, wanted, grosses, left.groups, strict=True)
        ]
    groups = tuple(
        part_of(group, within(group, *own), digits)
        for group, own in zip(left.groups, sums, strict=True)
    )
    return _entries(items, groups, refund.amount, invoice, digits)


def _items(invoice: DocumentContent, left: Remainder, refund: Refund, digits: int) -> list[_Item]:
    known = {line.ref: line.group for line in invoice.lines if line.ref}
    known |= {row.ref: row.group for row in invoice.rows if row.ref}
    parts = refund.parts if len(refund.parts) <= MOST_LINES else ()  # else it is one by amount
    found = []
    for part in parts:
        charge = charge_of(part, refund.tax_lines, digits, is_gross=invoice.prices_include_tax)
        group = known.get(refunded_item(part))
        if group is None:
            group = _group_by_rate(charge, left)
        if charge.amount and group is not None:
            found.append(_Item(charge, group))
    return found


def _group_by_rate(charge: Charge, left: Remainder) -> int | None:
    """For invoices that do not know the shop's ids: the group that bears the item's taxes."""
    rates = [(percent_of(rate), rate.compound) for rate in charge.rates]
    percent = combined_percent(rates)
    return next((i for i, group in enumerate(left.groups) if group.percent == percent), None)


def _sums(
    items: Sequence[_Item], left: Remainder, invoice: DocumentContent, digits: int
) -> list[tuple[Decimal, Decimal]]:
    """Net and tax of each group's items; no more than is left of it."""
    found = []
    for index, group in enumerate(left.groups):
        amount = sum((item.charge.amount for item in items if item.group == index), ZERO)
        net, tax = net_and_tax(amount, group.percent, invoice.prices_include_tax, digits)
        gross = _capped(net + tax, group.gross)
        if gross != net + tax:
            net, tax = net_and_tax(gross, group.percent, True, digits)
        found.append((net, tax))
    return found


def _capped(amount: Decimal, limit: Decimal) -> Decimal:
    """Between zero and the limit, which may be negative (a fee that took something off)."""
    return min(max(amount, ZERO), limit) if limit >= 0 else max(min(amount, ZERO), limit)


def _is_rounding(rest: Decimal, items: Sequence[_Item], digits: int) -> bool:
    """Whether the shop's rounding of each item explains what its items are off its amount."""
    rates = sum(1 + len(item.charge.rates) for item in items)
    return bool(items) and abs(rest) <= Decimal(1).scaleb(-digits) * (rates + 1) / 2


def _spread(
    grosses: list[Decimal], rest: Decimal, amount: Decimal, left: Remainder, digits: int
) -> list[Decimal]:
    """Gross amounts of the groups that come to the refund's, by what is left of them; where the
    items come to more than was given back, each less in proportion."""
    if rest < 0:
        wanted = shares(amount, grosses, digits)
    else:
        room = [group.gross - own for group, own in zip(left.groups, grosses, strict=True)]
        added = shares(rest, room, digits)
        wanted = [own + more for own, more in zip(grosses, added, strict=True)]
    return [_capped(own, group.gross) for own, group in zip(wanted, left.groups, strict=True)]


def _entries(
    items: Sequence[_Item],
    groups: Sequence[TaxGroup],
    total: Decimal,
    invoice: DocumentContent,
    digits: int,
) -> dict[str, Any]:
    """Lines and rows over the amounts of the groups. What items do not explain is a refund row of
    its group; what groups do not, a rounding row."""
    entries: list[Line | Row] = []
    kept: list[TaxGroup] = []
    for index, group in enumerate(groups):
        own = [item.charge for item in items if item.group == index]
        if own or group.net or group.tax:
            entries += _entries_of(own, group, len(kept), invoice, digits)
            kept.append(group)
    off = total - sum((group.gross for group in kept), ZERO)
    if off:
        entries.append(Row(kind=RowKind.ROUNDING, amount=off))
    return {
        "lines": tuple(entry for entry in entries if isinstance(entry, Line)),
        "rows": tuple(entry for entry in entries if isinstance(entry, Row)),
        "tax_groups": tuple(kept),
        "total": total,
    }


def _entries_of(
    charges: Sequence[Charge], group: TaxGroup, place: int, invoice: DocumentContent, digits: int
) -> Iterator[Line | Row]:
    """A group's items, and a refund row over what they do not explain."""
    is_gross = invoice.prices_include_tax
    amounts = [charge.amount for charge in charges]
    amounts.append((group.gross if is_gross else group.net) - sum(amounts, ZERO))
    factor = 1 + group.percent / 100 if is_gross else Decimal(1)
    nets = settled([amount / factor for amount in amounts], group.net, digits)
    for charge, net in zip(charges, nets, strict=False):
        yield _entry(charge, net, place, invoice, digits)
    if amounts[-1] or nets[-1] or not charges:
        yield Row(kind=RowKind.REFUND, amount=amounts[-1], net=nets[-1], group=place)


def _entry(
    charge: Charge, net: Decimal, group: int, invoice: DocumentContent, digits: int
) -> Line | Row:
    part, ref = charge.source, refunded_item(charge.source)
    if not isinstance(part, LineItem):
        kind, label = row_words(part)
        return Row(kind=kind, label=label, amount=charge.amount, net=net, group=group, ref=ref)
    quantity = part.quantity or Decimal(1)
    percents = tuple(percent_of(rate) for rate in charge.rates)
    country = invoice.seller.country
    return Line(
        **described(part) | {"ref": ref},
        quantity=quantity,
        unit_price=cut(charge.amount / quantity, digits),
        total=charge.amount,
        tax_percents=percents,
        net=net,
        group=group,
        reduced=any(is_reduced(percent, country) for percent in percents),
    )
