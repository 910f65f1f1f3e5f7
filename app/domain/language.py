"""In which language to speak to the customer of an order."""

from __future__ import annotations

import re
from typing import Literal, get_args

from babel.languages import get_official_languages, get_territory_language_info

from app.domain.order import OrderSnapshot

# fmt: off
CustomerLanguage = Literal[
    "en", "de", "fr", "ja",
    "ar", "cs", "da", "es", "he", "it", "ko", "nl", "pl", "pt", "sv", "zh", "zh_Hant",
]
# fmt: on
"""In which customers can be written to: each has a catalogue (`CUSTOMER_LANGUAGES`)."""

MOST = 50
"""Per cent of a country that reads a language: Finns are not written to in Swedish, nor are
Croats in Italian, although both are official there."""

LANGUAGE_META = ("wpml_language", "_wpml_language", "pll_language", "trp_language", "_locale")


SPOKEN: tuple[str, ...] = get_args(CustomerLanguage)
TRADITIONAL = ("hant", "tw", "hk", "mo")
"""What a tag says after `zh` where Chinese is written in traditional characters."""


def customer_language(order: OrderSnapshot, wanted: tuple[str, ...], default: str) -> str:
    """A BCP 47 tag of one of our languages, with the customer's territory. `wanted`: those that
    the shop limits itself to; where none is left, all.

    A multilingual plug-in's word counts first, then the billing country's languages (the shop's
    own among them where it is one: a shop in German writes German to Belgium), then `default`.
    """
    spoken = tuple(one for one in SPOKEN if one in wanted) or SPOKEN
    country = order.billing.country.strip().upper()
    territory = country if len(country) == 2 and country.isalpha() else ""
    language = _from_meta(order, spoken) or _from_country(territory, spoken, default) or default
    tag = language.replace("_", "-")
    return f"{tag}-{territory}" if territory else tag


def _from_meta(order: OrderSnapshot, spoken: tuple[str, ...]) -> str | None:
    value = order.meta(*LANGUAGE_META)
    language = language_of(str(value)) if value else ""
    return language if language in spoken else None


def language_of(tag: str) -> str:
    """`de` for `de_AT`, `zh_Hant` for `zh-TW`."""
    language, *more = re.split("[-_]", tag.lower())
    return "zh_Hant" if language == "zh" and more and more[0] in TRADITIONAL else language


def _from_country(territory: str, spoken: tuple[str, ...], default: str) -> str | None:
    if not territory:
        return None
    official = get_official_languages(territory, regional=True, de_facto=True)
    if default in official:
        return default
    widely = (code for code in official if _share(territory, code) >= MOST)
    known = next((code for code in widely if code in spoken), None)
    return known or ("en" if "en" in spoken else None)


def _share(territory: str, language: str) -> float:
    """How much of a country reads a language, in per cent; 0 where that is not known."""
    known = get_territory_language_info(territory).get(language, {})
    return float(known.get("population_percent") or 0)
