"""Which tax rates apply to an address and a class, and what they come to."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypedDict

from app.demo.money import amount


class Rate(TypedDict):
    """A row of the tax table, as `GET /taxes` shows it."""

    id: int
    country: str
    state: str
    rate: str
    name: str
    priority: int
    compound: bool
    shipping: bool


def rates_for(
    table: Sequence[Mapping[str, Any]], country: str, state: str, tax_class: str
) -> list[Mapping[str, Any]]:
    """The first matching rate of each priority; an empty country or state matches any."""
    wanted = tax_class or "standard"
    found: dict[int, Mapping[str, Any]] = {}
    for rate in table:
        fits = rate["class"] == wanted
        fits = fits and rate["country"] in ("", country) and rate["state"] in ("", state)
        if fits:
            found.setdefault(rate["priority"], rate)
    return [found[priority] for priority in sorted(found)]


def share_of(rate: Mapping[str, Any]) -> Decimal:
    """The rate as a factor: 19.0000 -> 0.19."""
    return amount(rate["rate"]) / 100


def net_of(gross: Decimal, rates: Sequence[Mapping[str, Any]]) -> Decimal:
    """Take the taxes out of a price that includes them; compound rates come off first."""
    for rate in [r for r in rates if r["compound"]]:
        gross = gross / (1 + share_of(rate))
    return gross / (1 + sum(share_of(r) for r in rates if not r["compound"]))


def taxes_on(net: Decimal, rates: Sequence[Mapping[str, Any]]) -> list[tuple[int, Decimal]]:
    """(rate id, raw tax) for each rate; a compound rate also taxes the taxes before it."""
    taxes: list[tuple[int, Decimal]] = []
    for rate in rates:
        base = net + sum(t for _, t in taxes) if rate["compound"] else net
        taxes.append((rate["id"], base * share_of(rate)))
    return taxes


def rate_code(rate: Mapping[str, Any]) -> str:
    """The code that a tax line carries: DE-MWST. 19%-1."""
    parts = [rate["country"], rate["state"], rate["name"] or "TAX", str(rate["priority"])]
    return "-".join(part for part in parts if part).upper()
