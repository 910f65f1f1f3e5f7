"""In which language to speak to the customer of an order."""

from __future__ import annotations

from babel.languages import get_official_languages

from app.domain.order import OrderSnapshot

LANGUAGE_META = ("wpml_language", "_wpml_language", "pll_language", "trp_language", "_locale")


def customer_language(order: OrderSnapshot, spoken: tuple[str, ...], default: str) -> str:
    """A BCP 47 tag whose language is one of `spoken`, with the customer's territory.

    A multilingual plug-in's word counts first, then the billing country's languages (the shop's
    own among them where it is one: a shop in German writes German to Belgium), then `default`.
    """
    country = order.billing.country.strip().upper()
    territory = country if len(country) == 2 and country.isalpha() else ""
    language = _from_meta(order, spoken) or _from_country(territory, spoken, default) or default
    return f"{language}-{territory}" if territory else language


def _from_meta(order: OrderSnapshot, spoken: tuple[str, ...]) -> str | None:
    value = order.meta(*LANGUAGE_META)
    code = str(value)[:2].lower() if value else ""
    return code if code in spoken else None


def _from_country(territory: str, spoken: tuple[str, ...], default: str) -> str | None:
    if not territory:
        return None
    official = get_official_languages(territory, regional=True, de_facto=True)
    if default in official:
        return default
    known = next((code for code in official if code in spoken), None)
    return known or ("en" if "en" in spoken else None)
