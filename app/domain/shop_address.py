"""The address of a shop, as far as its text tells whether it can be one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from app.errors import SettingsError
from app.said import Said

LONGEST = 300
MEND = Said("give it as https://shop.example, with its sub-folder where it has one")


def shop_address(text: str) -> str:
    """The address without what stands around it (spaces, a slash at the end).

    Raises:
        SettingsError: it cannot be a shop's, and why.
    """
    address = text.strip().rstrip("/")
    if why := _no_shop(address):
        raise SettingsError(why, mend=MEND)
    return address


def _no_shop(address: str) -> Said | None:
    """Why this cannot be the address of a shop; None: it can."""
    if not address or len(address) > LONGEST or re.search(r"[\s\\\x00-\x20\x7f]", address):
        return Said("not the address of a shop")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return Said("not the address of a shop: its host or port cannot be read")
    if parts.scheme not in ("http", "https"):
        return Said(
            "a shop is reached by https:// or http://, not by %(scheme)s",
            scheme=parts.scheme[:20] or Said("nothing"),
        )
    if not parts.hostname or port == 0:
        return Said("not the address of a shop: it names no host")
    if "@" in parts.netloc:
        return Said("an address with a name or password in it is not taken: they would end in logs")
    if parts.query or parts.fragment:
        return Said("not the address of a shop: leave out everything from ? or # on")
    return None
