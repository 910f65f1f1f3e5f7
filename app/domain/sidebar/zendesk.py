"""Zendesk, an app with `signedUrls`: the browser posts a form with a token to the app's frame.

`token` is a JWT that Zendesk signs with the app's private key, RS256; `aud` is the address of the
installation, `iss` the account's host (developer.zendesk.com, "Securing the app"). Who asks for
another algorithm than RS256 is refused, whatever the token's own head says: a public key must never
be taken for a shared secret. The token says which account asks, not about whom: the frame asks
Zendesk for the requester's address afterwards.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.domain.sidebar.question import origin_of
from app.errors import BadSignature, SettingsError
from app.said import Said

ALGORITHMS = ["RS256"]
LONGEST_TOKEN = 8_000
OLDEST = timedelta(hours=1)
"""How long ago a token may have been made, whatever it says of its own end."""
SKEW = timedelta(seconds=60)
"""By how much Zendesk's clock may be ahead of ours, or behind."""
CLAIMS = ("iss", "aud", "iat", "exp")
UNCHECKED = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_jti": False}
UNCHECKED |= {"verify_sub": False, "verify_iss": False}
"""Times are compared here, with the moment that is handed in; the issuer too."""


@dataclass(frozen=True, slots=True)
class Token:
    """A good token. `sha256` names it: it opens one frame. It can be forgotten at `expires_at`."""

    sha256: str
    expires_at: datetime


def audience_of(origin: str, installation: str) -> str:
    """The `aud` of an installation's tokens.

    Raises:
        SettingsError: the installation is no number, or the origin not Zendesk's.
    """
    if not installation.isascii() or not installation.isdigit() or len(installation) > 20:
        raise SettingsError(
            Said("the installation of the Zendesk app is no number"),
            mend=Said("copy its id from /api/v2/apps/installations.json of your account"),
        )
    return f"{origin_of(origin)}/api/v2/apps/installations/{installation}.json"


def check_key(pem: str) -> None:
    """Raises SettingsError where this is no RSA public key of at least 2048 bits, as PEM."""
    mend = Said("copy it whole from /api/v2/apps/<id of the app>/public_key.pem of your account")
    try:
        if "PUBLIC KEY" not in pem or "PRIVATE" in pem:
            raise ValueError
        key: Any = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).prepare_key(pem)
        if key.key_size < 2048:
            raise ValueError
    except (ValueError, TypeError, jwt.InvalidKeyError):
        raise SettingsError(Said("that is no public key of a Zendesk app"), mend=mend) from None


def read(token: str, public_key: str, audience: str, now: datetime) -> Token:
    """Whether a token is this installation's, and still good.

    Raises:
        BadSignature: it is not; its text names the part that did not fit.
    """
    if not token or len(token) > LONGEST_TOKEN or not token.isascii():
        raise BadSignature("token")
    try:
        claims = jwt.decode(
            token,
            public_key,
            algorithms=ALGORITHMS,
            audience=audience,
            options={"require": list(CLAIMS), **UNCHECKED},  # type: ignore[arg-type]
        )
    except jwt.InvalidAudienceError:
        raise BadSignature("audience") from None
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise BadSignature("signature") from None
    host = audience.split("/")[2]
    if claims["iss"] not in (host, f"https://{host}"):
        raise BadSignature("issuer")
    return Token(_name_of(token, claims), _end_of(claims, now))


def _end_of(claims: dict[str, Any], now: datetime) -> datetime:
    """Until when the token is good. Raises BadSignature where it is not now."""
    made_at, ends_at = _moment(claims["iat"]), _moment(claims["exp"])
    begins_at = _moment(claims.get("nbf", claims["iat"]))
    if max(made_at, begins_at) > now + SKEW:
        raise BadSignature("too early")
    ends_at = min(ends_at, made_at + OLDEST) + SKEW
    if ends_at <= now:
        raise BadSignature("too old")
    return ends_at


def _moment(value: object) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**33:
        raise BadSignature("time")
    return datetime.fromtimestamp(value, tz=UTC)


def _name_of(token: str, claims: dict[str, Any]) -> str:
    """By its id where it has one, else by what was signed. Not by its whole text: base64 can write
    the same signature in several ways."""
    given = claims.get("jti")
    name = f"jti:{given}" if given is not None else token.rpartition(".")[0]
    return hashlib.sha256(name.encode()).hexdigest()
