"""What a store may do: the one place where shadow, test and live differ.

shadow  everything is computed and shown; nothing is numbered, nothing leaves
test    documents are specimens; messages go only to orders of the test address
live    orders paid since `live_from` get numbers and messages; older ones are context
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from app.said import Said


class Mode(StrEnum):
    SHADOW = "shadow"
    TEST = "test"
    LIVE = "live"


class Verdict(StrEnum):
    """What happens to a document or a message that is owed."""

    DO = "do"
    SPECIMEN = "specimen"
    SHADOW = "shadow"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a store stands. `since`: when its present mode began (for live: `live_from`)."""

    mode: Mode
    since: datetime
    is_demo: bool = False
    test_address: str = ""


def document_verdict(standing: Standing, paid_at: datetime | None) -> Verdict:
    """Whether an order paid at `paid_at` gets a document."""
    if paid_at is None:
        return Verdict.NOTHING
    if standing.mode is Mode.SHADOW:
        return Verdict.SHADOW
    if paid_at < standing.since:
        return Verdict.NOTHING
    return Verdict.DO if standing.mode is Mode.LIVE else Verdict.SPECIMEN


def asked_verdict(
    standing: Standing, since: datetime | None, *, numbered: bool
) -> tuple[Verdict, Said | None]:
    """Whether a document that somebody asks for by hand is made, and why not. `since`: when the
    order was paid, or placed. Copies outside the series are made of older orders too."""
    if standing.mode is Mode.SHADOW:
        return Verdict.NOTHING, Said("the store is in shadow mode, where nothing is issued")
    if numbered and (since is None or since < standing.since):
        return Verdict.NOTHING, Said("the order is older than the store's going live")
    return (Verdict.DO if standing.mode is Mode.LIVE else Verdict.SPECIMEN), None


def message_verdict(standing: Standing, paid_at: datetime | None, email: str) -> Verdict:
    """Whether a message about an order may leave."""
    verdict = document_verdict(standing, paid_at)
    if verdict is Verdict.SPECIMEN:
        ours = bool(standing.test_address) and (
            email.strip().lower() == standing.test_address.strip().lower()
        )
        return Verdict.DO if ours else Verdict.SHADOW
    return verdict


def may_write_to_shop(mode: Mode) -> bool:
    """Whether any request that changes something may reach the shop."""
    return mode is not Mode.SHADOW


def may_link(standing: Standing, public_url: str) -> bool:
    """Whether links to `public_url` may be sent: a customer must be able to open them."""
    return standing.is_demo or is_public_https(public_url)


def is_public_https(url: str) -> bool:
    """An https address that is no private host, as far as its text tells (no look-up)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" or not host or host == "localhost":
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".test"))
