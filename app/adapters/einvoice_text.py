"""Texts and numbers as XML takes them."""

from __future__ import annotations

import re
from decimal import Decimal

from app.domain.money import cut

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LIMIT = 1_000


def xml_text(text: str) -> str:
    """`text` without what XML 1.0 cannot hold, on one line, at most 1,000 characters."""
    return " ".join(_NO_XML.sub("", text).split())[:_LIMIT]


def amount(value: Decimal, digits: int) -> Decimal:
    """An amount with exactly `digits` decimals and no minus before zero."""
    written = cut(value, digits)
    return written if written else abs(written)


def plain_decimal(value: Decimal) -> Decimal:
    """A number without exponent and trailing zeros: 19, 0.07, 1000."""
    whole = value.to_integral_value()
    return Decimal(f"{whole:f}") if value == whole else Decimal(f"{value.normalize():f}")
