"""What is left of an invoice after its credit notes, by group and rate.

Invoice and credit notes sum to zero in every group, in net and in tax, once all was given back:
the last credit note takes what is left, whatever rounding did in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.invoice import DocumentContent, Tax, TaxCategory, TaxGroup
from app.domain.money import ZERO, cut, shares

Amounts = tuple[Decimal, Decimal]
"""Net and tax."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """The invoice's groups, in its order, with what is left of them; `total` with the rounding.
    `digits`: the most decimals that the invoice or a credit note on it was written with."""

    groups: tuple[TaxGroup, ...]
    total: Decimal
    home_tax: Decimal
    digits: int

    @property
    def rounding(self) -> Decimal:
        return self.total - sum((group.gross for group in self.groups), ZERO)


def remainder_of(invoice: DocumentContent, earlier: Sequence[DocumentContent]) -> Remainder:
    """What the `earlier` credit notes left of the invoice."""
    taken = [group for note in earlier for group in note.tax_groups]
    home = [document.home_tax.tax for document in earlier if document.home_tax]
    first = invoice.home_tax.tax if invoice.home_tax else ZERO
    return Remainder(
        groups=tuple(_less(group, taken) for group in groups_of(invoice)),
        total=invoice.total - sum((note.total for note in earlier), ZERO),
        home_tax=first - sum(home, ZERO),
        digits=max(document.decimals for document in (invoice, *earlier)),
    )


def groups_of(invoice: DocumentContent) -> tuple[TaxGroup, ...]:
    """The invoice's groups; of one that was issued before groups were kept, its rates."""
    return invoice.tax_groups or tuple(
        TaxGroup(
            category=TaxCategory.STANDARD if tax.percent else TaxCategory.EXEMPT,
            percent=tax.percent or ZERO,
            net=tax.net,
            tax=tax.tax,
            taxes=(tax,),
        )
        for tax in invoice.taxes
    )


def _less(group: TaxGroup, taken: Sequence[TaxGroup]) -> TaxGroup:
    for one in taken:
        if (one.category, one.percent) == (group.category, group.percent):
            given = {(tax.label, tax.percent): tax for tax in one.taxes}
            taxes = tuple(
                _tax_less(tax, given.get((tax.label, tax.percent))) for tax in group.taxes
            )
            group = group.model_copy(
                update={"net": group.net - one.net, "tax": group.tax - one.tax, "taxes": taxes}
            )
    return group


def _tax_less(tax: Tax, given: Tax | None) -> Tax:
    if given is None:
        return tax
    return tax.model_copy(update={"net": tax.net - given.net, "tax": tax.tax - given.tax})


def within(left: TaxGroup, net: Decimal, tax: Decimal) -> Amounts:
    """`net` and `tax`, moved against each other so far that neither exceeds what is left."""
    gross = net + tax
    least, most = sorted((gross - left.net, left.tax))
    tax = min(max(tax, least), most)
    return gross - tax, tax


def part_of(left: TaxGroup, amounts: Amounts, digits: int) -> TaxGroup:
    """The part of a group that is given back, with its tax by rate."""
    net, tax = amounts
    if (net, tax) == (left.net, left.tax):
        return left
    taxes = shares(tax, [one.tax for one in left.taxes], digits)
    by_rate = tuple(
        one.model_copy(update={"net": _net_part(one, left, net, digits), "tax": part})
        for one, part in zip(left.taxes, taxes, strict=True)
    )
    return left.model_copy(update={"net": net, "tax": tax, "taxes": by_rate})


def _net_part(one: Tax, left: TaxGroup, net: Decimal, digits: int) -> Decimal:
    if one.net == left.net or not left.net:
        return net
    return cut(one.net * net / left.net, digits)
