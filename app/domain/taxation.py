"""Tax, rounded once for each group and document; nets that add up; what the shop is off.

    charges -> groups (same percent, same category) -> tax of the group -> nets of its charges

With prices including tax, a group's tax comes out of its gross amount; without, it goes onto its
net amount. The shop rounds for each line instead: where that gives another sum, the difference is
a rounding row, and where it is more than rounding can explain, no document is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.charge import Charge, percent_of, shop_decimals
from app.domain.invoice import Tax, TaxCategory, TaxGroup
from app.domain.money import ZERO, cut, settled
from app.domain.order import OrderSnapshot
from app.domain.supply import Supply
from app.domain.text import plain
from app.errors import InvoiceIncomplete
from app.said import Said

REDUCED_IN_JAPAN = Decimal(8)
"""軽減税率 (消費税法 附則第34条 and its successors, since October 2019)."""
_PERCENT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Taxed:
    """Charges with their taxes. `nets` and `group_of` (an index into `groups`) are by charge;
    `rounding` is what the shop charged beyond groups' nets and taxes."""

    groups: tuple[TaxGroup, ...]
    group_of: tuple[int | None, ...]
    nets: tuple[Decimal, ...]
    rounding: Decimal

    @property
    def net(self) -> Decimal:
        return sum((group.net for group in self.groups), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((group.tax for group in self.groups), ZERO)


Key = tuple[TaxCategory, Decimal]


def taxed(order: OrderSnapshot, charges: Sequence[Charge], supply: Supply, digits: int) -> Taxed:
    """The order's groups, and each charge's place and net in them.

    Raises:
        InvoiceIncomplete: the shop's total or taxes do not follow from its items and rates.
    """
    keys = _keys(charges, supply)
    in_order = sorted({key for key in keys if key}, key=lambda key: (-key[1], key[0].value))
    groups, nets = [], [ZERO] * len(charges)
    for key in in_order:
        members = [index for index, own in enumerate(keys) if own == key]
        amounts = [charges[index].amount for index in members]
        net, tax = net_and_tax(sum(amounts, ZERO), key[1], order.prices_include_tax, digits)
        factor = 1 + key[1] / 100 if order.prices_include_tax else Decimal(1)
        own_nets = settled([amount / factor for amount in amounts], net, digits)
        for index, own in zip(members, own_nets, strict=True):
            nets[index] = own
        rates = _taxes_of([(charges[i], nets[i]) for i in members], tax, digits, supply)
        groups.append(TaxGroup(category=key[0], percent=key[1], net=net, tax=tax, taxes=rates))
    places = tuple(in_order.index(key) if key else None for key in keys)
    rounding = cut(order.total, digits) - sum((group.gross for group in groups), ZERO)
    found = Taxed(tuple(groups), places, tuple(nets), rounding)
    _check_rounding(order, charges, found, digits)
    return found


def net_and_tax(
    amount: Decimal, percent: Decimal, is_gross: bool, digits: int
) -> tuple[Decimal, Decimal]:
    """The net amount and the tax of a group's sum; the one rounding of its tax."""
    if is_gross:
        tax = cut(amount * percent / (100 + percent), digits)
        return amount - tax, tax
    return amount, cut(amount * percent / 100, digits)


def combined_percent(rates: Sequence[tuple[Decimal, bool]]) -> Decimal:
    """What (percent, is compound) rates come to together: compound ones tax the taxes before."""
    factor = 1 + sum((percent for percent, compound in rates if not compound), ZERO) / 100
    for percent, compound in rates:
        factor *= 1 + percent / 100 if compound else 1
    return _normal(cut((factor - 1) * 100, _PERCENT_DIGITS))


def _normal(percent: Decimal) -> Decimal:
    """Without trailing zeros or exponent: 19, not 19.000000 and not 2E+1."""
    whole = percent.to_integral_value()
    return whole if percent == whole else percent.normalize()


def _keys(charges: Sequence[Charge], supply: Supply) -> list[Key | None]:
    """Each charge's group. What is free and has no rate (free shipping) needs none, so long as
    there is another: it would only add a reason for the tax that nothing bears."""
    keys: list[Key | None] = [_key(charge, supply) for charge in charges]
    counts = [bool(charge.amount or charge.before or charge.rates) for charge in charges]
    if any(counts):
        keys = [key if one else None for key, one in zip(keys, counts, strict=True)]
    return keys


def _key(charge: Charge, supply: Supply) -> Key:
    rates = [(percent_of(rate), rate.compound) for rate in charge.rates]
    percent = combined_percent(rates)
    if percent:
        return TaxCategory.STANDARD, percent
    return supply.category_without_tax(has_rate=bool(rates)), ZERO


def _taxes_of(
    members: Sequence[tuple[Charge, Decimal]],
    tax: Decimal,
    digits: int,
    supply: Supply,
) -> tuple[Tax, ...]:
    """A group's tax by rate. Its members may bear different rates that come to the same."""
    nets: dict[tuple[str, Decimal | None], Decimal] = {}
    exact: dict[tuple[str, Decimal | None], Decimal] = {}
    for charge, net in members:
        factor = Decimal(1)
        before = sum((percent_of(r) for r in charge.rates if not r.compound), ZERO)
        seen: set[tuple[str, Decimal]] = set()
        for rate in sorted(charge.rates, key=lambda rate: rate.compound):
            percent = _normal(percent_of(rate))
            key = (plain(rate.label, 60), percent)
            if rate.compound:
                factor *= 1 + before / 100
                before = percent
            nets[key] = nets.get(key, ZERO) + (ZERO if key in seen else net)
            seen.add(key)
            exact[key] = exact.get(key, ZERO) + net * factor * percent / 100
        if not charge.rates:
            nets[("", None)] = nets.get(("", None), ZERO) + net
            exact[("", None)] = exact.get(("", None), ZERO)
    parts = settled(list(exact.values()), tax, digits)
    return tuple(
        Tax(
            label=label,
            percent=percent,
            net=nets[(label, percent)],
            tax=part,
            reduced=is_reduced(percent, supply.seller_country),
        )
        for (label, percent), part in zip(exact, parts, strict=True)
    )


def is_reduced(percent: Decimal | None, seller_country: str) -> bool:
    """Whether a rate is Japan's reduced one, which invoices must mark (消費税法 57-4①三)."""
    return seller_country == "JP" and percent == REDUCED_IN_JAPAN


def taxes_by_rate(groups: Sequence[TaxGroup]) -> tuple[Tax, ...]:
    """Each rate once, with what it was charged on and how much, over all groups."""
    found: dict[tuple[str, Decimal | None], Tax] = {}
    for tax in (tax for group in groups for tax in group.taxes):
        key = (tax.label, tax.percent)
        known = found.get(key)
        found[key] = _together(known, tax) if known else tax
    return tuple(found.values())


def _together(one: Tax, other: Tax) -> Tax:
    return one.model_copy(update={"net": one.net + other.net, "tax": one.tax + other.tax})


def _check_rounding(
    order: OrderSnapshot, charges: Sequence[Charge], found: Taxed, digits: int
) -> None:
    """The shop rounds each line and each of its rates by half a unit at most; we each group."""
    unit = Decimal(1).scaleb(-shop_decimals(order, charges, digits))
    rounded = sum(1 + len(charge.rates) for charge in charges) + len(found.groups)
    bound = unit * (rounded + 1) / 2
    if abs(found.rounding) > bound:
        raise InvoiceIncomplete(
            Said(
                "the items of order %(number)s come to %(sum)s with their taxes, and the shop "
                "charged %(charged)s %(currency)s",
                number=order.number,
                sum=found.net + found.tax,
                charged=cut(order.total, digits),
                currency=order.currency,
            ),
            mend=Said("recalculate the order in the shop, or issue this one by hand"),
        )
    if abs(found.tax - order.total_tax) > bound:
        raise InvoiceIncomplete(
            Said(
                "the taxes of order %(number)s come to %(tax)s at its rates, and the shop "
                "charged %(charged)s %(currency)s",
                number=order.number,
                tax=found.tax,
                charged=cut(order.total_tax, digits),
                currency=order.currency,
            ),
            mend=Said("recalculate the order in the shop, or issue this one by hand"),
        )
