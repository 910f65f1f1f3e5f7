"""Whose parcel it is, and where it can be followed.

    the shop's own word -> else a number whose check digit proves it -> else nobody we know

A link of the shop's is opened only where it is https and leads to a known carrier or tracking
service: anyone who can write an order's meta could otherwise send customers anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from urllib.parse import quote, urlsplit

from app.domain.carrier_table import CARRIERS, TRUSTED_TRACKERS, Carrier
from app.domain.text import clean
from app.domain.tracking_number import carrier_of, normalised

LONGEST_LINK = 400
_PLACEHOLDER = re.compile(r"%\d\$s|%s|\{[^}]*\}")


def folded(name: str) -> str:
    """A carrier's name without case, accents and signs: `La Poste / Colissimo` is one word with
    `la-poste_colissimo`. Kana keep their marks, which are letters there."""
    text = unicodedata.normalize("NFKC", name[:120]).casefold()
    bare = "".join(
        unicodedata.normalize("NFD", sign)[0] if sign < "\u0250" else sign for sign in text
    )
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())


@cache
def _by_name() -> dict[str, str]:
    return {
        name: carrier.key
        for carrier in CARRIERS
        for name in (*carrier.names, folded(carrier.key), folded(carrier.name))
    }


@cache
def _by_key() -> dict[str, Carrier]:
    return {carrier.key: carrier for carrier in CARRIERS}


def known_carrier(said: str, number: str = "") -> str:
    """The key of the carrier that the shop names, else of the one whose number it must be, else
    "". A name that we do not know is never overruled by a number: it may be a carrier that only
    the shop knows."""
    name = folded(said)
    return _by_name().get(name, "") if name else carrier_of(number)


def carrier_name(key: str) -> str:
    """How people call a carrier; "" for a key that is none."""
    carrier = _by_key().get(key)
    return carrier.name if carrier else ""


def tracking_link(key: str, number: str) -> str:
    """Where a known carrier's parcel is followed; "" without a carrier or number."""
    carrier = _by_key().get(key)
    text = normalised(number)
    return carrier.address.replace("{}", quote(text, safe="")) if carrier and text else ""


def trusted_link(link: str, number: str = "") -> str:
    """A shop's link with the number in it, if it may be opened; else "".

    `%1$s` stands for the number in Shipment Tracking; a link with other gaps is not complete.
    """
    filled = link.strip()[: LONGEST_LINK + 1].replace("%1$s", quote(normalised(number), safe=""))
    if len(filled) > LONGEST_LINK or _PLACEHOLDER.search(filled) or re.search(r"[\s\\]", filled):
        return ""
    try:
        parts = urlsplit(filled)
        port = parts.port
    except ValueError:
        return ""
    bare = parts.username is None and parts.password is None and port in (None, 443)
    return filled if parts.scheme == "https" and bare and _is_trusted(parts.hostname or "") else ""


def links(said_link: str, key: str, number: str) -> tuple[str, str]:
    """(the link that opens, the shop's link that is only shown): either may be empty."""
    trusted = trusted_link(said_link, number) if said_link else ""
    shown = "" if trusted else clean(said_link, 200)
    return trusted or tracking_link(key, number), shown


def _is_trusted(host: str) -> bool:
    known = [*TRUSTED_TRACKERS, *(host for carrier in CARRIERS for host in carrier.hosts)]
    return any(host == one or host.endswith(f".{one}") for one in known)
