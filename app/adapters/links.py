"""Addresses that open a document for whoever holds them, and for nobody else."""

from __future__ import annotations

import hashlib
import secrets

from itsdangerous import BadSignature, Signer, URLSafeSerializer


class SignedLinks:
    """Makes and reads document tokens. A token names a row and its nonce, and is signed: neither
    the database nor the signing key alone is enough to make one."""

    def __init__(self, public_url: str, secret_key: str) -> None:
        self.public_url = public_url
        self._serializer = URLSafeSerializer(secret_key, salt="document-link")

    def document(self, link_id: int, nonce: str) -> str:
        token = self._serializer.dumps([link_id, nonce])
        return f"{self.public_url}/d/{token.decode() if isinstance(token, bytes) else token}"

    def read_document(self, token: str) -> tuple[int, str] | None:
        """(link id, nonce) of a token that we signed; None for any other."""
        try:
            link_id, nonce = self._serializer.loads(token[:300])
        except (BadSignature, ValueError, TypeError):
            return None
        if not isinstance(link_id, int) or not isinstance(nonce, str):
            return None
        return link_id, nonce


class SignedStates:
    """One-time states of the key exchange. Whoever posts keys must hold one: the shop's own post
    is not signed (recordings, 23)."""

    def __init__(self, secret_key: str) -> None:
        self._signer = Signer(secret_key, salt="connect-state")

    def make(self) -> tuple[str, str]:
        """A new state of 256 random bits, and its hash, which alone is kept."""
        state = self._signer.sign(secrets.token_urlsafe(32)).decode()
        return state, hashlib.sha256(state.encode()).hexdigest()

    def read(self, state: str) -> str | None:
        """The hash of a state that we signed; None for any other."""
        try:
            self._signer.unsign(state[:200])
        except (BadSignature, UnicodeError):
            return None
        return hashlib.sha256(state.encode()).hexdigest()
