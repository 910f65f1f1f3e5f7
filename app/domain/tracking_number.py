"""Tracking numbers: when two are the same, and whose one is, where its check digit proves it.

Most formats are shared by several carriers (twelve digits can be FedEx, DHL or Yamato), so only
two are trusted: UPS's 1Z, and the UPU's S10, which names the country of its postal operator.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 60
_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
_UPS = re.compile(r"1Z[0-9A-Z]{15}\d")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)

POSTAL_OPERATORS = {
    "AT": "austrian-post",
    "AU": "australia-post",
    "BE": "bpost",
    "BR": "correios",
    "CA": "canada-post",
    "CH": "swiss-post",
    "DE": "dhl",
    "ES": "correos",
    "FR": "la-poste",
    "GB": "royal-mail",
    "IT": "poste-italiane",
    "JP": "japan-post",
    "NL": "postnl",
    "US": "usps",
}
"""The designated operator of a country, by the two letters at the end of an S10 number."""


def normalised(number: str) -> str:
    """The number without blanks and signs, in capitals; two that are equal so are the same."""
    text = unicodedata.normalize("NFKC", number[: 4 * LONGEST]).upper()
    return "".join(sign for sign in text if sign.isalnum())[:LONGEST]


def carrier_of(number: str) -> str:
    """The key of the carrier whose number it must be; "" where it could be several's."""
    text = normalised(number)
    if _UPS.fullmatch(text) and _ups_digit(text) == int(text[-1]):
        return "ups"
    if _S10.fullmatch(text) and _s10_digit(text) == int(text[10]):
        return POSTAL_OPERATORS.get(text[-2:], "")
    return ""


def _ups_digit(text: str) -> int:
    """UPS's check digit: letters count (code - 63) mod 10, every second place twice."""
    values = [int(sign) if sign.isdigit() else (ord(sign) - 63) % 10 for sign in text[2:17]]
    return -(sum(values[::2]) + 2 * sum(values[1::2])) % 10


def _s10_digit(text: str) -> int:
    """UPU standard S10, 4.2.3: weights 8 6 4 2 3 5 9 7, 11 less the rest; 10 is 0 and 11 is 5."""
    total = sum(int(sign) * weight for sign, weight in zip(text[2:10], _S10_WEIGHTS, strict=True))
    digit = 11 - total % 11
    return {10: 0, 11: 5}.get(digit, digit)
