"""Whether a request comes from the service that it says: each signs in its own way.

AfterShip ("Webhook Signature"): `aftership-hmac-sha256` is base64 of HMAC-SHA256 over the body.
17TRACK (its API's webhooks, from v2 on): `sign` is hex of SHA-256 over the body, `/` and the key.
EasyPost (its client libraries): `X-Hmac-Signature` is `hmac-sha256-hex=` and hex of HMAC-SHA256
over the body, with the secret in NFKD.
Ship24 ("Webhook authentication"): `Authorization` is `Bearer` and the secret itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum

from app.errors import BadSignature


class Service(StrEnum):
    """The services that may tell of parcels, as they stand in their address."""

    AFTERSHIP = "aftership"
    SEVENTEEN_TRACK = "17track"
    EASYPOST = "easypost"
    SHIP24 = "ship24"


def _aftership(body: bytes, secret: str) -> str:
    made = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(made).decode()


def _seventeen_track(body: bytes, secret: str) -> str:
    return hashlib.sha256(body + b"/" + secret.encode()).hexdigest()


def _easypost(body: bytes, secret: str) -> str:
    key = unicodedata.normalize("NFKD", secret).encode()
    return f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}"


def _ship24(_body: bytes, secret: str) -> str:
    return f"Bearer {secret}"


SIGNED: dict[Service, tuple[str, Callable[[bytes, str], str]]] = {
    Service.AFTERSHIP: ("aftership-hmac-sha256", _aftership),
    Service.SEVENTEEN_TRACK: ("sign", _seventeen_track),
    Service.EASYPOST: ("X-Hmac-Signature", _easypost),
    Service.SHIP24: ("Authorization", _ship24),
}
"""Each service's header, and what must stand in it."""


def signature_of(service: Service, body: bytes, secret: str) -> tuple[str, str]:
    """The header and its value with which the service would send this body."""
    header, make = SIGNED[service]
    return header, make(body, secret)


def check(service: Service, headers: Mapping[str, str], body: bytes, secret: str) -> None:
    """Compare in constant time.

    Raises:
        BadSignature: it is missing, or was made with another secret or over another body.
    """
    header, wanted = signature_of(service, body, secret)
    given = headers.get(header, "").strip().encode("latin-1", "replace")
    if not secret or not hmac.compare_digest(wanted.encode(), given):
        raise BadSignature(f"{header} is missing or was made with another secret")
