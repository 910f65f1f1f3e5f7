"""Amounts as WooCommerce keeps them: six decimals inside, the shop's decimals outside.

Amounts travel as decimal strings (they are stored as JSON) and are calculated as Decimal.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import lru_cache

INSIDE = 6
"""Decimals that line items and raw taxes keep (recordings: `dp=6` shows them)."""

CURRENCY_DECIMALS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "TND": 3}
"""Decimals of the currencies that do not have two."""


@lru_cache(maxsize=16)
def _step(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def amount(value: object) -> Decimal:
    """Read a number or decimal string; empty and unreadable values count as 0, as in PHP."""
    try:
        return Decimal(str(value)) if value not in (None, "") else Decimal(0)
    except ArithmeticError:
        return Decimal(0)


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Round half away from zero, PHP's way."""
    return value.quantize(_step(decimals), ROUND_HALF_UP)


def floored(value: Decimal, decimals: int) -> Decimal:
    """Cut off, as percentage coupons do for each line."""
    return value.quantize(_step(decimals), ROUND_DOWN)


def inside(value: Decimal) -> str:
    """The stored form: six decimals."""
    return f"{rounded(value, INSIDE):f}"


@lru_cache(maxsize=8192)
def outside(value: str, decimals: int) -> str:
    """The shown form of a stored amount. Minus zero is zero."""
    shown = rounded(amount(value), decimals)
    return f"{shown if shown else abs(shown):f}"


def php_number(value: Decimal) -> int | float:
    """A PHP float in JSON: whole numbers lose their point (recordings, 18)."""
    number = float(value)
    return int(number) if number.is_integer() else number
