"""Connecting a shop: where its REST may be, whether it can send its keys here, what it is like.

an address as people type it -> candidates -> key exchange (recordings, 23) -> steps, one by one
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from app.domain.language import language_of
from app.domain.shop_address import shop_address
from app.domain.store_mode import is_public_https
from app.domain.store_settings import ShopSettings, read_settings
from app.errors import SettingsError
from app.said import Said

APP_NAME = "Kikubari"
STATE_LIFE = timedelta(hours=1)
OLD_SECRET_LIFE = timedelta(hours=24)
"""How long a webhook secret is valid beside its successor."""
LONGEST_BODY = 4096
_KEY = re.compile(r"c[ks]_[0-9a-f]{40}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[a-z]+:(?!\d)")
_WORDPRESS = re.compile(r"/(wp-admin|wp-json|wp-login\.php|wp-content|index\.php)(/.*)?$")


class Step(StrEnum):
    """What is done for a connected shop, in this order."""

    CHECK = "check"
    PROFILE = "profile"
    WEBHOOKS = "webhooks"
    HISTORY = "history"
    DELIVERY = "delivery"
    FINDINGS = "findings"


def next_step(step: Step) -> Step | None:
    steps = list(Step)
    place = steps.index(step) + 1
    return steps[place] if place < len(steps) else None


@dataclass(frozen=True, slots=True)
class FoundShop:
    """Where a shop answers. `is_demo`: it is the demo shop on this machine. `plain`: its
    permalinks are."""

    url: str
    is_demo: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """What a shop says about itself; empty where it says nothing."""

    name: str = ""
    address: tuple[str, ...] = ()
    country: str = ""
    email: str = ""
    time_zone: str = ""
    language: str = ""
    methods: tuple[str, ...] = ()
    """Titles of its shipping methods, as customers see them; without local pickup."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the shop posts to the callback."""

    state: str
    consumer_key: str
    consumer_secret: str


def candidates(text: str) -> list[str]:
    """Addresses at which a shop may answer, the likeliest first: https before http where nothing
    was said, the folder given before the ones above it.

    Raises:
        SettingsError: this can be no shop's address, and why.
    """
    address = text.strip()
    if not _SCHEME.match(address):
        return [*candidates(f"https://{address}"), *candidates(f"http://{address}")]
    parts = urlsplit(shop_address(address.partition("?")[0].partition("#")[0]))
    path = _WORDPRESS.sub("", parts.path).rstrip("/")
    found = []
    while True:
        found.append(urlunsplit((parts.scheme, parts.netloc, path, "", "")))
        if not path:
            return found
        path = path.rpartition("/")[0]


def why_no_exchange(own_url: str, shop: FoundShop) -> Said | None:
    """Why this shop cannot send its keys here; None: it can.

    With plain permalinks WooCommerce's own question has an "Approve" that leads nowhere.
    """
    if shop.plain:
        return Said(
            "The shop uses plain permalinks, with which WooCommerce cannot hand out keys by "
            "itself. Choose any other kind in WordPress > Settings > Permalinks and try again, "
            "or give the keys by hand."
        )
    if is_public_https(own_url) or (shop.is_demo and is_local(own_url)):
        return None
    return Said(
        "A shop sends its keys to a public https address alone, and this service is at %(own)s. "
        "Set PUBLIC_URL to its public https address, or give the keys by hand.",
        own=own_url,
    )


def is_local(url: str) -> bool:
    """Whether an address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def authorize_url(shop_url: str, own_url: str, state: str) -> str:
    """Where the shop asks its owner whether we may have keys."""
    asked = {
        "app_name": APP_NAME,
        "scope": "read_write",
        "user_id": state,
        "return_url": f"{own_url}/setup/return",
        "callback_url": f"{own_url}/setup/callback",
    }
    return f"{shop_url}/wc-auth/v1/authorize?{urlencode(asked)}"


def read_keys(body: object) -> Keys | None:
    """The keys of a callback's body; None where it is no such body."""
    if not isinstance(body, Mapping) or body.get("key_permissions") != "read_write":
        return None
    state, key, secret = (body.get(n) for n in ("user_id", "consumer_key", "consumer_secret"))
    if not isinstance(state, str) or not _is_key(key, "ck_") or not _is_key(secret, "cs_"):
        return None
    return Keys(state, str(key), str(secret))


def _is_key(value: object, start: str) -> bool:
    return isinstance(value, str) and value.startswith(start) and bool(_KEY.fullmatch(value))


def name_for(url: str, taken: set[str]) -> str:
    """A name of our own for a shop: from its host, with a number where that is taken."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    first = host if is_local(url) else host.partition(".")[0]
    base = re.sub(r"[^a-z0-9]+", "-", first.lower()).strip("-")[:40] or "shop"
    numbered = (base if n == 1 else f"{base}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in numbered if name not in taken)


def proposals(profile: Profile, present: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that follow from a profile, for the owner to correct. What was decided before
    stays: only what still has its default is proposed, and what would not be valid is left out."""
    before, default = read_settings(dict(present)), ShopSettings()
    known: dict[str, Any] = {
        "time_zone": profile.time_zone,
        "language": _language(profile.language),
        "contact": profile.email,
        "seller.name": profile.name,
        "seller.address": list(profile.address),
        "seller.country": profile.country,
        "seller.email": profile.email,
        "promise.transit_days": dict.fromkeys(profile.methods, before.promise.default_transit_days),
    }
    wanted: dict[str, Any] = {}
    for key, value in known.items():
        section, _, field = key.rpartition(".")
        old = getattr(getattr(before, section) if section else before, field)
        untouched = getattr(getattr(default, section) if section else default, field)
        if value and old == untouched and _is_valid(section, field, value):
            (wanted.setdefault(section, {}) if section else wanted)[field] = value
    return wanted


def _is_valid(section: str, field: str, value: Any) -> bool:
    try:
        read_settings({section: {field: value}} if section else {field: value})
    except SettingsError:
        return False
    return True


def _language(tag: str) -> str:
    """`de` for `de_AT`; a language that is not spoken is no proposal, see `_is_valid`."""
    return language_of(tag)
