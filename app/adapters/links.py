"""Addresses that open a document, or the page of an order, for whoever holds them, and for nobody
else."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

from itsdangerous import BadSignature, Signer, URLSafeSerializer

from app.domain.hashed import hash_of

FORM_SECONDS = 24 * 60 * 60
"""How long a form may lie open."""


class SignedLinks:
    """Makes and reads tokens. A token names a row and its nonce, and is signed: neither the
    database nor the signing key alone is enough to make one. A token of one kind opens nothing of
    another.
    """

    def __init__(self, public_url: str, secret_key: str) -> None:
        self.public_url = public_url
        self._documents = URLSafeSerializer(secret_key, salt="document-link")
        self._pages = URLSafeSerializer(secret_key, salt="order-page")
        self._forms = URLSafeSerializer(secret_key, salt="order-page-form")

    def document(self, link_id: int, nonce: str) -> str:
        return f"{self.public_url}/d/{_written(self._documents, link_id, nonce)}"

    def read_document(self, token: str) -> tuple[int, str] | None:
        """(link id, nonce) of a token that we signed; None for any other."""
        return _read(self._documents, token)

    def page(self, link_id: int, nonce: str) -> str:
        return f"{self.public_url}/o/{_written(self._pages, link_id, nonce)}"

    def read_page(self, token: str) -> tuple[int, str] | None:
        """(link id, nonce) of a page's token that we signed; None for any other."""
        return _read(self._pages, token)

    def form(self, nonce: str, now: datetime) -> str:
        """What a form on the page of this nonce carries: proof that the page was looked at."""
        return _written(self._forms, int(now.timestamp()), nonce)

    def is_form(self, form: str, nonce: str, now: datetime) -> bool:
        """Whether a form comes from the page of this nonce, and from less than a day ago."""
        made_at, on = _read(self._forms, form) or (0, "")
        age = now.timestamp() - made_at
        return hmac.compare_digest(on, nonce) and age + 1 >= 0 and age <= FORM_SECONDS


def _written(serializer: URLSafeSerializer, number: int, nonce: str) -> str:
    token = serializer.dumps([number, nonce])
    return token.decode() if isinstance(token, bytes) else token


def _read(serializer: URLSafeSerializer, token: str) -> tuple[int, str] | None:
    try:
        number, nonce = serializer.loads(token[:300])
    except (BadSignature, ValueError, TypeError):
        return None
    if not isinstance(number, int) or not isinstance(nonce, str) or not nonce.isascii():
        return None
    return number, nonce


class SignedStates:
    """One-time states of the key exchange. Whoever posts keys must hold one: the shop's own post
    is not signed (recordings, 23)."""

    def __init__(self, secret_key: str) -> None:
        self._signer = Signer(secret_key, salt="connect-state")

    def make(self) -> tuple[str, str]:
        """A new state of 256 random bits, and its hash, which alone is kept."""
        state = self._signer.sign(secrets.token_urlsafe(32)).decode()
        return state, hash_of(state)

    def read(self, state: str) -> str | None:
        """The hash of a state that we signed; None for any other."""
        try:
            self._signer.unsign(state[:200])
        except (BadSignature, UnicodeError):
            return None
        return hash_of(state)
