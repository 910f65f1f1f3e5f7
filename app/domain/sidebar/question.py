"""What every vendor's request comes down to: the e-mail addresses that a conversation is about.

What was sent is hostile until its signature was checked, and bounded afterwards too: a customer
chooses the name and the address that their help desk hands on.
"""

from __future__ import annotations

import hmac
import json
import re
from enum import StrEnum
from typing import Any

from app.errors import BadSignature, SettingsError
from app.said import Said

LARGEST = 64 * 1024
"""Bytes of a request. Help desks send the conversation's heads, not its texts."""
MOST_ADDRESSES = 5
DEEPEST = 12
_ADDRESS = re.compile(r"[^\s@<>\"',;:\\()\[\]\x00-\x1f\x7f]+@[^\s@<>\"',;:\\()\[\]\x00-\x1f\x7f]+")
_ORIGIN = re.compile(r"(https)://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?")
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?")


class Vendor(StrEnum):
    """The help desks, as they stand in the database and on the command line."""

    CHATWOOT = "chatwoot"
    FREESCOUT = "freescout"
    HELP_SCOUT = "helpscout"
    ZENDESK = "zendesk"

    @property
    def is_framed(self) -> bool:
        """Whether a browser shows our page in a frame; else the vendor's server fetches HTML."""
        return self in (Vendor.CHATWOOT, Vendor.ZENDESK)


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object of bounded size and depth. Raises BadSignature for anything else."""
    if len(body) > LARGEST or _is_deep(body):
        raise BadSignature("unreadable")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise BadSignature("unreadable") from None
    if not isinstance(found, dict):
        raise BadSignature("unreadable")
    return found


def _is_deep(body: bytes) -> bool:
    """Counts brackets, also those within texts: who is wrongly called deep has sent hundreds."""
    depth = deepest = 0
    for sign in body:
        if sign in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in b"}]":
            depth = max(depth - 1, 0)
    return deepest > DEEPEST


def addresses(*given: object) -> tuple[str, ...]:
    """The e-mail addresses among these values, in lower case, each once, at most five."""
    found: dict[str, None] = {}
    for one in given:
        if not isinstance(one, str) or len(one) > 320:
            continue
        address = one.strip().lower()
        if address.isprintable() and _ADDRESS.fullmatch(address):
            found[address] = None
    return tuple(found)[:MOST_ADDRESSES]


def is_same(wanted: str, given: object) -> bool:
    """Compare secrets in constant time; no secret fits nothing."""
    if not isinstance(given, str) or not wanted:
        return False
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))


def origin_of(text: str) -> str:
    """An origin that may frame us, as it stands in a header: `https://desk.example`. Plain http
    is taken for this machine alone.

    Raises:
        SettingsError: it is no origin.
    """
    origin = text.strip().lower().rstrip("/")
    if not _ORIGIN.fullmatch(origin) and not _LOOPBACK.fullmatch(origin):
        raise SettingsError(
            Said("that is no address of a help desk"),
            mend=Said("give it as https://desk.example, without a path"),
        )
    return origin
