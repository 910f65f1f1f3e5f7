"""How long an issued document must be kept before its content may be erased.

Years after the end of the calendar year of issue. Sources: DE § 147 (3) AO and § 14b (1) UStG as
in force since 2025; FR art. L123-22 Code de commerce; GB VAT Notice 700/21; JP 法人税法施行規則 59
(ten years where a loss is carried forward); US 26 CFR 1.6001-1 leaves it open, seven years is what
the IRS asks for at most; AE Cabinet Decision 74/2023. Elsewhere the longest of these.
"""

from __future__ import annotations

from datetime import date

YEARS = {"DE": 8, "FR": 10, "GB": 6, "JP": 10, "US": 7, "AE": 7}
ELSEWHERE = 10


def keep_until(issued_on: date, country: str) -> date:
    """The last day on which a document must still be there. `country`: the seller's."""
    return date(issued_on.year + YEARS.get(country, ELSEWHERE), 12, 31)


def soonest_end(issued_on: date) -> date:
    """The last day on which a document must be there wherever its seller is."""
    return date(issued_on.year + min(YEARS.values()), 12, 31)
