"""Amounts with a currency: exact, never a float.

Decimals of a currency come from CLDR (through Babel), which follows ISO 4217 for the currencies
that shops use: JPY 0, EUR 2, KWD 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from babel.numbers import get_currency_precision

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency (ISO 4217 code, upper case)."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def rounded(self) -> Money:
        """To the currency's own decimals, halves away from zero, as shops and tax offices do."""
        return Money(rounded(self.amount, self.currency), self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return other


@cache
def decimals(currency: str) -> int:
    """How many decimals the currency has: 0 for JPY, 2 for EUR, 3 for KWD, 2 where unknown."""
    return int(get_currency_precision(currency))


def quantum(currency: str) -> Decimal:
    """The smallest unit, e.g. `0.01` for EUR."""
    return Decimal(1).scaleb(-decimals(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole minor units, halves away from zero."""
    return amount.quantize(quantum(currency), rounding=ROUND_HALF_UP)


def to_decimal(value: object, default: Decimal = ZERO) -> Decimal:
    """A shop's amount (`"4.12"`, `""`, None, 4, 12.5966385) as a Decimal; `default` if no number.

    Shops send strings for amounts and floats for `price` (recordings, 18); a float goes through
    its shortest text, so 0.1 stays 0.1. NaN and infinities count as no number.
    """
    if value is None or isinstance(value, bool):
        return default
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return default
    return number if number.is_finite() and abs(number.adjusted()) < 15 else default


def cut(amount: Decimal, digits: int) -> Decimal:
    """`amount` with `digits` decimals, halves away from zero."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def split(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """`total` in parts proportional to `weights`, in whole minor units, losing nothing."""
    return shares(total, weights, decimals(currency))


def shares(total: Decimal, weights: Sequence[Decimal], digits: int) -> list[Decimal]:
    """`total` in parts proportional to `weights`, with `digits` decimals each. They add up to
    `total` (itself rounded so); without any weight the first part takes all."""
    whole = sum(weights, ZERO)
    if not weights:
        return []
    if whole == 0:
        return [cut(total, digits)] + [ZERO] * (len(weights) - 1)
    return settled([total * weight / whole for weight in weights], total, digits)


def settled(exact: Sequence[Decimal], total: Decimal, digits: int) -> list[Decimal]:
    """`exact` amounts rounded to `digits` decimals so that they add up to `total`.

    Largest remainder: every part is rounded down, and the units left over go to the parts that
    lost most. What is zero stays so as long as another part can take the unit.
    """
    unit = Decimal(1).scaleb(-digits)
    parts = [value.quantize(unit, rounding=ROUND_FLOOR) for value in exact]
    left = int((cut(total, digits) - sum(parts, ZERO)) / unit)
    lost = [value - part for value, part in zip(exact, parts, strict=True)]
    order = sorted(range(len(parts)), key=lambda i: (exact[i] != 0, lost[i]), reverse=left > 0)
    takers = [index for index in order if exact[index] != 0] or order
    for step in range(abs(left) if takers else 0):
        parts[takers[step % len(takers)]] += unit if left > 0 else -unit
    return parts
