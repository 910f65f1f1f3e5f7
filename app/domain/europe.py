"""The European Union's value added tax area, as far as invoices ask for it."""

from __future__ import annotations

MEMBERS = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
"""ISO 3166 codes of the member states; Monaco counts as France (Directive 2006/112/EC, Art. 7)."""

_PREFIXES = {"EL": "GR"}
"""VAT ids begin with the country's code, but Greek ones with EL (Art. 215)."""


def is_member(country: str) -> bool:
    return country in MEMBERS or country == "MC"


def country_of_vat_id(number: str) -> str:
    """The member state that gave a VAT id (`EL094259216` → GR); "" where none did."""
    prefix = number[:2]
    country = _PREFIXES.get(prefix, prefix)
    return country if country in MEMBERS else ""


def vat_prefix(country: str) -> str:
    """What VAT ids of a member state begin with."""
    return "EL" if country == "GR" else country


def place_of(country: str, state: str, postcode: str) -> str:
    """The country for value added tax: parts of members that lie outside of its area (Art. 6 of
    Directive 2006/112/EC) get the codes that ISO 3166 keeps for them: IC (Canary Islands), EA
    (Ceuta and Melilla), AX (Åland). States as WooCommerce codes them."""
    code = country.strip().upper()
    part = state.strip().upper().removeprefix("ES-")
    if code == "ES" and part in ("GC", "TF"):
        return "IC"
    if code == "ES" and part in ("CE", "ML"):
        return "EA"
    if code == "FI" and postcode.strip().upper().removeprefix("AX-").startswith("22"):
        return "AX"
    return code
